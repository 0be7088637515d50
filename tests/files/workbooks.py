"""Workbooks as bytes, made from rows: just the XML that Excel and LibreOffice write for them. Knows no product code."""

import io
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OASIS = "urn:oasis:names:tc:opendocument:xmlns"


@dataclass(frozen=True)
class Shown:
    """A number with a format code; in ODS a value with the text that is shown for it."""

    value: float
    format: str


@dataclass(frozen=True)
class Raw:
    """A cell as XML; in XLSX `{place}` is where it stands."""

    xml: str


Cell = str | float | bool | Shown | Raw | None
Rows = Sequence[Sequence[Cell]]


def zipped(parts: Mapping[str, bytes | str]) -> bytes:
    """A ZIP of parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return file.getvalue()


def xlsx(sheets: Mapping[str, Rows], *, hidden: Collection[str] = (), dates_from_1904: bool = False) -> bytes:
    """An XLSX workbook. `None` is no cell at all."""
    return zipped(xlsx_parts(sheets, hidden=hidden, dates_from_1904=dates_from_1904))


def xlsx_parts(
    sheets: Mapping[str, Rows], *, hidden: Collection[str] = (), dates_from_1904: bool = False
) -> dict[str, str]:
    """The parts of an XLSX workbook; its sheets are `xl/worksheets/sheet1.xml` and so on."""
    book = _Book()
    bodies = {f"xl/worksheets/sheet{number}.xml": book.sheet(rows) for number, rows in enumerate(sheets.values(), 1)}
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"'
        + (' state="hidden"/>' if name in hidden else "/>")
        for number, name in enumerate(sheets, 1)
    )
    related = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, len(sheets) + 1)
    )
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        f'<workbookPr date1904="{int(dates_from_1904)}"/><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{related}'
        f'<Relationship Id="s" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        f'<Relationship Id="t" Type="{_OFFICE}/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>',
        "xl/styles.xml": book.styles(),
        "xl/sharedStrings.xml": book.strings(),
        **bodies,
    }


class _Book:
    """What the sheets of a workbook share."""

    def __init__(self) -> None:
        self._texts: dict[str, int] = {}
        self._formats: dict[str, int] = {}

    def sheet(self, rows: Rows) -> str:
        written = "".join(
            f'<row r="{line}">' + "".join(self._cell(f"{_letters(at)}{line}", cell) for at, cell in enumerate(cells))
            + "</row>"
            for line, cells in enumerate(rows, 1)
            if cells
        )  # fmt: skip
        return f'<?xml version="1.0"?><worksheet xmlns="{_MAIN}"><sheetData>{written}</sheetData></worksheet>'

    def styles(self) -> str:
        codes = "".join(
            f'<numFmt numFmtId="{164 + number}" formatCode={quoteattr(code)}/>'
            for code, number in self._formats.items()
        )
        used = "".join(f'<xf numFmtId="{164 + number}"/>' for number in self._formats.values())
        return (
            f'<styleSheet xmlns="{_MAIN}"><numFmts>{codes}</numFmts><cellStyleXfs><xf numFmtId="9"/></cellStyleXfs>'
            f'<cellXfs><xf numFmtId="0"/>{used}</cellXfs></styleSheet>'
        )

    def strings(self) -> str:
        written = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in self._texts)
        return f'<sst xmlns="{_MAIN}">{written}</sst>'

    def _cell(self, place: str, cell: Cell) -> str:
        match cell:
            case None:
                return ""
            case Raw(xml):
                return xml.replace("{place}", place)
            case bool():
                return f'<c r="{place}" t="b"><v>{int(cell)}</v></c>'
            case str():
                return f'<c r="{place}" t="s"><v>{self._texts.setdefault(cell, len(self._texts))}</v></c>'
            case Shown(value, format=code):
                style = self._formats.setdefault(code, len(self._formats)) + 1
                return f'<c r="{place}" s="{style}"><v>{value!r}</v></c>'
        return f'<c r="{place}"><v>{cell!r}</v></c>'


def _letters(position: int) -> str:
    letters = ""
    position += 1
    while position:
        position, digit = divmod(position - 1, 26)
        letters = chr(65 + digit) + letters
    return letters


def ods(sheets: Mapping[str, Rows], *, hidden: Collection[str] = ()) -> bytes:
    """An ODS workbook. A row of one `Raw` is the XML of the whole row."""
    return zipped(ods_parts(sheets, hidden=hidden))


def ods_parts(sheets: Mapping[str, Rows], *, hidden: Collection[str] = ()) -> dict[str, str]:
    """The parts of an ODS workbook."""
    tables = "".join(
        f'<table:table table:name={quoteattr(name)} table:style-name="{"off" if name in hidden else "on"}">'
        f"{''.join(_ods_row(cells) for cells in rows)}</table:table>"
        for name, rows in sheets.items()
    )
    spaces = " ".join(f'xmlns:{name}="{_OASIS}:{name}:1.0"' for name in ("office", "style", "table", "text", "drawing"))
    return {
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{_OASIS}:manifest:1.0"/>',
        "content.xml": f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}>'
        '<office:automatic-styles><style:style style:name="on" style:family="table"><style:table-properties '
        'table:display="true"/></style:style><style:style style:name="off" style:family="table">'
        '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>",
    }


def _ods_row(cells: Sequence[Cell]) -> str:
    if len(cells) == 1 and isinstance(cells[0], Raw):
        return cells[0].xml
    return f"<table:table-row>{''.join(map(_ods_cell, cells))}</table:table-row>"


def _ods_cell(cell: Cell) -> str:
    match cell:
        case None:
            return "<table:table-cell/>"
        case Raw(xml):
            return xml
        case str():
            kind, text = 'office:value-type="string"', cell
        case Shown(value, format=text):
            kind = f'office:value-type="float" office:value="{value!r}"'
        case _:
            return f'<table:table-cell office:value-type="float" office:value="{cell!r}"/>'
    return f"<table:table-cell {kind}><text:p>{escape(text)}</text:p></table:table-cell>"
