"""An ODS workbook -> its sheets, and the rows of one of them as the texts a person sees. Pure.

The text that is shown stands beside each value (OpenDocument 1.3, part 3, section 9.1.4). Readers of values do not tell
it, so this reads the XML, a chunk at a time; never whole.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final
from xml.parsers import expat

from app.errors import AppError, Code
from app.imports.workbooks.number_formats import general
from app.imports.workbooks.package import Package, parse

COLUMNS: Final = 16_384
"""The most columns a spreadsheet has; what a file claims to stand behind them is not kept."""

_MANIFEST: Final = "META-INF/manifest.xml"
_OASIS: Final = "urn:oasis:names:tc:opendocument:xmlns:"
_TABLE: Final = f"{_OASIS}table:1.0 "
_TEXT: Final = f"{_OASIS}text:1.0 "
_OFFICE: Final = f"{_OASIS}office:1.0 "
_STYLE: Final = f"{_OASIS}style:1.0 "
_ROWS_REPEATED: Final = f"{_TABLE}number-rows-repeated"
_COLUMNS_REPEATED: Final = f"{_TABLE}number-columns-repeated"
_VALUES: Final = ("string-value", "date-value", "time-value", "boolean-value")
_BLANKS: Final = re.compile("[ \t\r\n]{2,}|[\t\r\n]")

Attributes = dict[str, str]


def is_ods(package: Package) -> bool:
    """Whether a package is an OpenDocument spreadsheet. Raises AppError where it is encrypted."""
    manifest = b"".join(package.chunks(_MANIFEST)) if _MANIFEST in package.names else b""
    if b"encryption-data" in manifest:
        raise AppError(Code.FILE_PROTECTED)
    kind = b"".join(package.chunks("mimetype")) if "mimetype" in package.names else manifest
    return b"application/vnd.oasis.opendocument.spreadsheet" in kind


class Ods:
    """One workbook, of which one sheet is read: the wanted one, or the first with anything in it."""

    def __init__(self, package: Package, wanted: str | None) -> None:
        self.sheets: list[str] = []
        """The names of the sheets a person sees, as far as the workbook was read."""
        self.sheet: str | None = None
        """The sheet that is read, from its first filled row on."""
        self._package = package
        self._wanted = wanted
        self._depth = 0
        self._left_out_at = 0  # the depth of an element that is left out with all that is in it
        self._style = ""
        self._hidden: set[str] = set()
        self._table = ""
        self._blank_rows = 0
        self._ready: list[tuple[int, list[str]]] = []
        self._row: list[str] = []
        self._blank_cells = 0
        self._width = 0
        self._row_times = 1
        self._is_hidden = False
        self.hidden_rows = 0
        """How many rows of it nobody sees, as far as it was read."""
        self._cell_depth = 0
        self._cell: Attributes = {}
        self._paragraphs: list[str] = []
        self._paragraph: list[str] | None = None
        self._starts: dict[str, Callable[[Attributes], None]] = {
            f"{_STYLE}style": self._start_style,
            f"{_STYLE}table-properties": self._start_properties,
            f"{_TABLE}table": self._start_table,
            f"{_TABLE}table-row": self._start_row,
            f"{_TABLE}table-cell": self._start_cell,
            f"{_TABLE}covered-table-cell": self._start_cell,
            f"{_TEXT}p": self._start_paragraph,
            f"{_TEXT}s": self._start_blanks,
            f"{_TEXT}tab": lambda _: self._add("\t"),
            f"{_TEXT}line-break": lambda _: self._add("\n"),
            f"{_OFFICE}annotation": self._leave_out,
            f"{_TABLE}shapes": self._leave_out,
            f"{_TABLE}tracked-changes": self._leave_out,
        }
        self._ends: dict[str, Callable[[], None]] = {
            f"{_TABLE}table": self._end_table,
            f"{_TABLE}table-row": self._end_row,
            f"{_TABLE}table-cell": self._end_cell,
            f"{_TABLE}covered-table-cell": self._end_covered_cell,
            f"{_TEXT}p": self._end_paragraph,
        }

    def rows(self) -> Iterator[list[str]]:
        """Every row of the sheet down to its last filled one, from column A on, as wide as any above; empty ones []."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        for _ in parse(self._package.chunks("content.xml"), parser):
            for times, row in self._ready:
                for _ in range(times):
                    yield row
            self._ready.clear()

    def _start(self, name: str, attributes: Attributes) -> None:
        self._depth += 1
        if not self._left_out_at and (start := self._starts.get(name)):
            start(attributes)

    def _end(self, name: str) -> None:
        if not self._left_out_at:
            if end := self._ends.get(name):
                end()
        elif self._left_out_at == self._depth:
            self._left_out_at = 0
        self._depth -= 1

    def _leave_out(self, _: Attributes) -> None:
        """What is no part of the grid: comments, drawings, what was changed before."""
        self._left_out_at = self._depth

    # styles and tables

    def _start_style(self, attributes: Attributes) -> None:
        self._style = attributes.get(f"{_STYLE}name", "")

    def _start_properties(self, attributes: Attributes) -> None:
        if attributes.get(f"{_TABLE}display") == "false":
            self._hidden.add(self._style)

    def _start_table(self, attributes: Attributes) -> None:
        """Read it, or leave it out: a hidden sheet, not the wanted one, one behind it, a table in a cell."""
        is_sheet = not self._table and attributes.get(f"{_TABLE}style-name") not in self._hidden
        name = attributes.get(f"{_TABLE}name", "")
        if is_sheet:
            self.sheets.append(name)
        if is_sheet and self.sheet is None and self._wanted in (None, name):
            self._table = name
            self._blank_rows = 0
        else:
            self._left_out_at = self._depth

    def _end_table(self) -> None:
        self._table = ""

    # rows and cells

    def _start_row(self, attributes: Attributes) -> None:
        self._row_times = _times(attributes.get(_ROWS_REPEATED))
        self._is_hidden = attributes.get(f"{_TABLE}visibility", "visible") != "visible"
        self._row = []
        self._blank_cells = 0

    def _end_row(self) -> None:
        if not self._row:
            self._blank_rows += self._row_times
            return
        self.sheet = self._table
        self.hidden_rows += self._row_times * self._is_hidden
        self._width = max(self._width, len(self._row))
        self._row += [""] * (self._width - len(self._row))
        self._ready += [(self._blank_rows, []), (self._row_times, self._row)]
        self._blank_rows = 0

    def _start_cell(self, attributes: Attributes) -> None:
        self._cell_depth = self._depth
        self._cell = attributes
        self._paragraphs = []

    def _end_cell(self) -> None:
        self._keep("\n".join(self._paragraphs) if self._paragraphs else _value(self._cell))

    def _end_covered_cell(self) -> None:
        self._keep("")  # it lies under a merged one

    def _keep(self, text: str) -> None:
        self._cell_depth = 0
        times = _times(self._cell.get(_COLUMNS_REPEATED))
        if not text:
            self._blank_cells += times
        elif len(self._row) + self._blank_cells < COLUMNS:
            self._row += [""] * self._blank_cells
            self._row += [text] * min(times, COLUMNS - len(self._row))
            self._blank_cells = 0

    # texts

    def _start_paragraph(self, _: Attributes) -> None:
        if self._depth == self._cell_depth + 1:
            self._paragraph = []

    def _end_paragraph(self) -> None:
        if self._paragraph is not None and self._depth == self._cell_depth + 1:
            self._paragraphs.append("".join(self._paragraph))
            self._paragraph = None

    def _start_blanks(self, attributes: Attributes) -> None:
        self._add(" " * min(_times(attributes.get(f"{_TEXT}c")), 1000))

    def _characters(self, text: str) -> None:
        if self._paragraph is not None and not self._left_out_at:
            self._paragraph.append(_BLANKS.sub(" ", text) if _BLANKS.search(text) else text)

    def _add(self, text: str) -> None:
        if self._paragraph is not None:
            self._paragraph.append(text)


def _times(repeated: str | None) -> int:
    return int(repeated) if repeated and repeated.isdecimal() else 1


def _value(cell: Attributes) -> str:
    """What a cell holds that shows no text: some programs write only values."""
    for name in _VALUES:
        if f"{_OFFICE}{name}" in cell:
            return cell[f"{_OFFICE}{name}"]
    try:
        return general(float(cell[f"{_OFFICE}value"]))
    except (KeyError, ValueError):
        return ""
