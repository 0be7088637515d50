"""An XLSX workbook -> its sheets, and the rows of one of them as the texts a person sees. Pure.

python-calamine reads the cells. It does not tell how a number is shown: xlsx_formats does, in step with the rows.
"""

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import BinaryIO, Final, cast

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from app.errors import AppError, Code
from app.imports.workbooks.date_formats import iso
from app.imports.workbooks.number_formats import general
from app.imports.workbooks.package import Package
from app.imports.workbooks.xlsx_formats import FormattedCells

_ONLY_TEXT: Final = {str}
Cell = str | int | float | bool | date | time | timedelta


def is_xlsx(package: Package) -> bool:
    """Whether a package is an Office Open XML workbook: not another document, not the binary XLSB."""
    return any(name.lower().endswith("workbook.xml") for name in package.names)


class Xlsx:
    """One workbook, of which one sheet is read: the wanted one, or the first with anything in it.

    Raises AppError where it is damaged.
    """

    def __init__(self, file: BinaryIO, package: Package, wanted: str | None) -> None:
        self._package = package
        self._wanted = wanted
        file.seek(0)
        try:
            self._workbook = CalamineWorkbook.from_filelike(file)
        except CalamineError:
            raise AppError(Code.FILE_DAMAGED) from None
        self.sheets = [
            sheet.name
            for sheet in self._workbook.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
        ]
        """The names of the sheets a person sees."""
        self.sheet: str | None = None
        """The sheet that is read."""
        self.hidden_rows = 0
        """How many of its rows nobody sees, once it is read."""

    def rows(self) -> Iterator[list[str]]:
        """Every row of the sheet down to its last filled one, from column A to the last filled one; empty ones []."""
        for name in self.sheets if self._wanted is None else [self._wanted]:
            try:
                sheet = self._workbook.get_sheet_by_name(name)
            except CalamineError:
                raise AppError(Code.FILE_DAMAGED) from None
            if sheet.start is not None:
                self.sheet = name
                yield from self._rows(sheet, columns_before=sheet.start[1])
                return

    def _rows(self, sheet: CalamineSheet, *, columns_before: int) -> Iterator[list[str]]:
        before = [""] * columns_before
        formatted = FormattedCells(self._package, sheet.name)
        for number, cells in enumerate(sheet.iter_rows(), 1):
            texts = before + _texts(cells)
            for column, text in formatted.of_row(number):
                if column < len(texts):
                    texts[column] = text
            yield texts if any(texts) else []
        self.hidden_rows = formatted.hidden_rows


def _texts(cells: list[Cell]) -> list[str]:
    if _ONLY_TEXT.issuperset(map(type, cells)):  # most rows: nothing to do, quickly
        return cast("list[str]", cells)
    return [_text(cell) for cell in cells]


def _text(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float | int):
        return general(cell)
    return cell if isinstance(cell, str) else iso(cell)
