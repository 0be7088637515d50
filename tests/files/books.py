"""Workbooks in the XML that each program writes: Excel, LibreOffice, Numbers and libraries that make XLSX files."""

import io
import zipfile
from collections.abc import Mapping

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

# Cell formats by their position: general, date, text, five digits, percent, date and time, Dutch date.
STYLES = (
    f'{_XML}<styleSheet {_MAIN}><numFmts count="2"><numFmt numFmtId="164" formatCode="00000"/>'
    '<numFmt numFmtId="165" formatCode="dd\\-mm\\-yyyy;@"/></numFmts>'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="1"><fill><patternFill patternType="none"/></fill></fills>'
    '<borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="7">'
    + "".join(
        f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        for number in (0, 14, 49, 164, 9, 22, 165)
    )
    + "</cellXfs></styleSheet>"
)


def stored(parts: Mapping[str, str]) -> bytes:
    """A ZIP of parts without compression and with one date, so that every machine writes the same bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as package:
        for name, content in parts.items():
            part = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            part.create_system = 0
            package.writestr(part, content)
    return file.getvalue()


def xlsx(
    sheets: Mapping[str, str], strings: str = "", *, states: Mapping[str, str] | None = None, book: str = ""
) -> bytes:
    """Sheets as the XML inside `<worksheet>`; `strings`: that inside `<sst>`; `states`: `hidden`, `veryHidden`."""
    states = states or {}
    numbered = list(enumerate(sheets.items(), 1))
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}"'
        + (f' state="{states[name]}"' if name in states else "")
        + f' r:id="rId{n}"/>'
        for n, (name, _) in numbered
    )
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATION}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n, _ in numbered
    )
    typed = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for n, _ in numbered
    )
    shared = {"xl/sharedStrings.xml": f"{_XML}<sst {_MAIN}>{strings}</sst>"} if strings else {}
    return stored(
        {
            "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>{typed}'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
            + (
                f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_TYPE}.sharedStrings+xml"/>'
                if strings
                else ""
            )
            + "</Types>",
            "_rels/.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{_RELATION}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f"{_XML}<workbook {_MAIN} {_R}>{book}<sheets>{listed}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{related}'
            f'<Relationship Id="rId{len(sheets) + 1}" Type="{_RELATION}/styles" Target="styles.xml"/>'
            + (
                f'<Relationship Id="rId{len(sheets) + 2}" Type="{_RELATION}/sharedStrings" Target="sharedStrings.xml"/>'
                if strings
                else ""
            )
            + "</Relationships>",
            **{
                f"xl/worksheets/sheet{n}.xml": f"{_XML}<worksheet {_MAIN} {_R}>{body}</worksheet>"
                for n, (_, body) in numbered
            },
            "xl/styles.xml": STYLES,
            **shared,
        }
    )


def texts(*rows: str, first: int = 1) -> str:
    """Rows of inline texts, cells separated by `|`; an empty cell is not written, as libraries do."""
    written = ""
    for number, row in enumerate(rows, first):
        cells = "".join(
            f'<c r="{"ABCDEFGHIJKL"[at]}{number}" t="inlineStr"><is><t xml:space="preserve">{cell}</t></is></c>'
            for at, cell in enumerate(row.split("|"))
            if cell
        )
        written += f'<row r="{number}">{cells}</row>'
    return f"<sheetData>{written}</sheetData>"


def excel() -> bytes:
    """Excel itself: shared texts (one in two fonts), dates, zeros in front, formulas, an address that is a link."""
    shared = (
        "Personeelsnr", "Voornaam", "Achternaam", "E-mail", "Bedrijf", "In dienst", "Percentage",
        "Zoë", "de Wit", "zoe.dewit@example.com", "Jürgen", "Groß", "Wim", "wim.claes@example.com",
    )  # fmt: skip
    strings = "".join(f"<si><t>{text}</t></si>" for text in shared) + (
        '<si><r><t xml:space="preserve">Bakkerij </t></r><r><rPr><b/></rPr><t>’t Stoepje</t></r></si>'
    )
    header = "".join(f'<c r="{"ABCDEFG"[at]}1" t="s"><v>{at}</v></c>' for at in range(7))
    sheet = (
        '<dimension ref="A1:G5"/><sheetViews><sheetView workbookViewId="0"/></sheetViews>'
        '<sheetFormatPr defaultRowHeight="15"/><cols><col min="1" max="7" width="14" customWidth="1"/></cols>'
        "<sheetData>"
        f'<row r="1" spans="1:7">{header}</row>'
        '<row r="2" spans="1:7"><c r="A2" s="3"><v>417</v></c><c r="B2" t="s"><v>7</v></c><c r="C2" t="s"><v>8</v></c>'
        '<c r="D2" t="s"><v>9</v></c><c r="E2" t="s"><v>14</v></c><c r="F2" s="1"><v>46025</v></c>'
        '<c r="G2" s="4"><v>0.8</v></c></row>'
        '<row r="3" spans="1:7"><c r="A3" s="3"><v>418</v></c><c r="B3" t="s"><v>10</v></c>'
        '<c r="C3" t="s"><v>11</v></c>'
        '<c r="D3" t="str"><f>LOWER("JUERGEN.GROSS")&amp;"@example.com"</f><v>juergen.gross@example.com</v></c>'
        '<c r="E3" t="s"><v>14</v></c><c r="F3" s="6"><v>46034</v></c><c r="G3" s="4"><v>1</v></c></row>'
        '<row r="4" spans="1:7"><c r="A4" s="1"/><c r="G4" s="4"/></row>'
        '<row r="5" spans="1:7"><c r="A5" t="str"><f>TEXT(A3+1,"00000")</f><v>00419</v></c>'
        '<c r="B5" t="s"><v>12</v></c>'
        '<c r="C5" t="e"><f>VLOOKUP(A5,X:Y,2,0)</f><v>#N/A</v></c><c r="D5" t="s"><v>13</v></c>'
        '<c r="E5" t="s"><v>14</v></c></row>'
        '</sheetData><hyperlinks><hyperlink ref="D2" display="mailto:zoe.dewit@example.com" location="x"/></hyperlinks>'
        '<pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/>'
    )
    return xlsx({"Blad1": sheet}, strings)


def titled() -> bytes:
    """A list with a merged title, an empty row and a total, which starts in column B."""
    rows = (
        "|Personnel de la clinique",
        "|Situation au 31/01/2026",
        "",
        "|Prénom|Nom|Courriel|Société",
        "|Ana|Silva|ana.silva@example.com|Clinique",
        "|Rui|Melo|rui.melo@example.com|Clinique",
        "",
        "|Total|2",
    )
    return xlsx({"Personnel": texts(*rows) + '<mergeCells count="1"><mergeCell ref="B1:E1"/></mergeCells>'})


def several_sheets() -> bytes:
    """A hidden sheet in front, an empty one, the people of two sites, and a list of choices."""
    lists = texts("Langues|Sites", "Français|Lyon", "English|Lille")
    lyon = texts("Prénom|Nom|E-mail|Société|Langue", "Léa|Roux|lea.roux@example.com|Soie|Français")
    lille = texts("Prénom|Nom|E-mail|Société|Langue", "Max|Dupuis|max.dupuis@example.com|Lin|English")
    return xlsx(
        {"Listes": lists, "Notes": "<sheetData/>", "Lyon": lyon, "Lille": lille, "Paramètres": lists},
        states={"Listes": "hidden", "Paramètres": "veryHidden"},
    )


def dates_1904() -> bytes:
    """Excel for Mac of old: days counted from 1904; a number where a text is expected."""
    rows = (
        texts("First name|Last name|Email|Company|Team", "May|June|may.june@example.com").removesuffix(
            "</row></sheetData>"
        )
        + '<c r="D2"><v>1984</v></c><c r="E2" s="6"><v>44563</v></c></row></sheetData>'
    )
    return xlsx({"Sheet1": rows}, book='<workbookPr date1904="1"/>')


def library() -> bytes:
    """A library of a web application: inline texts, no places of cells, numbers and truth values as they are."""
    rows = (
        '<row><c t="inlineStr"><is><t>first_name</t></is></c><c t="inlineStr"><is><t>last_name</t></is></c>'
        '<c t="inlineStr"><is><t>email</t></is></c><c t="inlineStr"><is><t>company</t></is></c>'
        '<c t="inlineStr"><is><t>active</t></is></c><c t="inlineStr"><is><t>team</t></is></c></row>'
        '<row><c t="inlineStr"><is><t>Ayşe &amp; Co</t></is></c><c t="inlineStr"><is><t>Kaya</t></is></c>'
        '<c t="inlineStr"><is><t>ayse.kaya@example.com</t></is></c><c t="inlineStr"><is><t>Güneş</t></is></c>'
        '<c t="b"><v>1</v></c><c><v>42</v></c></row>'
        '<row><c t="inlineStr"><is><t>Tim</t></is></c><c t="inlineStr"><is><t>Berg</t></is></c>'
        '<c t="inlineStr"><is><t>tim.berg@example.com</t></is></c><c t="inlineStr"><is><t>Güneş</t></is></c>'
        '<c t="b"><v>0</v></c><c><v>7.5</v></c></row>'
    )
    return xlsx({"Users": f"<sheetData>{rows}</sheetData>"})


def numbers() -> bytes:
    """Numbers, exported for Excel: a sheet about the export first, then one for each table."""
    summary = texts(
        "|This document was exported from Numbers. Each table was converted to an Excel worksheet.",
        "",
        "|Numbers Sheet Name|Numbers Table Name|Excel Worksheet Name",
        "|People||",
        "||Table 1|People - Table 1",
    )
    people = texts(
        "Table 1",
        "First name|Last name|Email|Company",
        "Kim|Lee|kim.lee@example.com|Haneul",
        "Jo|Park|jo.park@example.com|Haneul",
    )
    return xlsx({"Export Summary": summary, "People - Table 1": people})


_OASIS = "urn:oasis:names:tc:opendocument:xmlns"


def libreoffice() -> bytes:
    """LibreOffice: repeated rows and cells to the end of the sheet, covered cells, a date, a blank kept by `text:s`."""
    spaces = " ".join(f'xmlns:{name}="{_OASIS}:{name}:1.0"' for name in ("office", "style", "table", "text"))

    def cell(text: str) -> str:
        return f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'

    header = "".join(map(cell, ("Voornaam", "Achternaam", "E-mail", "Organisatie", "Sinds")))
    rows = (
        '<table:table-row><table:table-cell office:value-type="string" table:number-columns-spanned="5" '
        'table:number-rows-spanned="1"><text:p>Vrijwilligers 2026</text:p></table:table-cell>'
        '<table:covered-table-cell table:number-columns-repeated="4"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="1024"/>'
        "</table:table-row>"
        f"<table:table-row>{header}</table:table-row>"
        f"<table:table-row>{cell('Griet')}{cell('Van<text:s/>Hoof')}"
        '<table:table-cell office:value-type="string"><text:p><text:a xmlns:xlink="http://www.w3.org/1999/xlink" '
        'xlink:href="mailto:griet@example.com">griet.vanhoof@example.com</text:a></text:p></table:table-cell>'
        f"{cell('Zonnebloem')}"
        '<table:table-cell office:value-type="date" office:date-value="2026-01-05"><text:p>05/01/26</text:p>'
        "</table:table-cell></table:table-row>"
        f"<table:table-row>{cell('Björn')}{cell('D’hondt')}{cell('bjorn.dhondt@example.com')}{cell('Zonnebloem')}"
        '<table:table-cell table:number-columns-repeated="1020"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="1024"/>'
        "</table:table-row>"
    )
    return stored(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}>'
            '<office:body><office:spreadsheet><table:table table:name="Blad1"><table:table-column '
            f'table:number-columns-repeated="1024"/>{rows}</table:table></office:spreadsheet></office:body>'
            "</office:document-content>",
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{_OASIS}:manifest:1.0"><manifest:file-entry '
            'manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
            "</manifest:manifest>",
        }
    )


BOOKS = {
    "excel.xlsx": excel,
    "titled.xlsx": titled,
    "several_sheets.xlsx": several_sheets,
    "dates_1904.xlsx": dates_1904,
    "library.xlsx": library,
    "numbers.xlsx": numbers,
    "libreoffice.ods": libreoffice,
}
