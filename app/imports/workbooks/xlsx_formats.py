"""The cells of an XLSX sheet whose number is shown by a format of its own: dates, leading zeros, percentages. Pure.

Where a workbook is not as others are it finds fewer of them, and the plain value is shown. It never refuses a file.
"""

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from typing import Final, NamedTuple
from xml.parsers import expat

from app.errors import AppError
from app.imports.workbooks.number_formats import BUILT_IN, NumberFormat, number_format
from app.imports.workbooks.package import Package, parse

# A cell of one of the styles, and from its `<` on a numeric one, perhaps with a formula, with its value. No part of
# either reaches over a `<`: no text, however made, is searched twice.
_STYLED: Final = rb""" s=["'](%s)["']"""
_NUMBER: Final = re.compile(
    rb"""<(?:\w+:)?c
            (?=[^<>]*\sr=["']([A-Z]{1,3})([0-9]{1,7})["'])
            (?![^<>]*\st=["'](?!n["']))
        \s[^<>]*>
        \s*(?:<(?:\w+:)?f\b(?:[^<>]*/>|[^<>]*>[^<]*</(?:\w+:)?f>))?
        \s*<(?:\w+:)?v>([^<]+)</""",
    re.VERBOSE,
)
_HIDDEN_ROW: Final = re.compile(rb"""<(?:\w+:)?row\s(?=[^<>]*\bhidden=["'](?:1|true)["'])[^<>]*[^<>/]>""")
"""A row nobody sees, with cells in it (ECMA-376 part 1, section 18.3.1.73)."""
_END_OF_ROW: Final = b"row>"
_TEXTS_KEPT: Final = 50_000


class FormattedCells:
    """The formatted cells of one sheet, row by row."""

    def __init__(self, package: Package, sheet: str) -> None:
        self.hidden_rows = 0
        """How many rows nobody sees, as far as the sheet was read."""
        self._formats: Mapping[int, NumberFormat] = {}
        self._texts: dict[tuple[bytes, bytes], str | None] = {}
        xml: Iterator[bytes] = iter(())
        with suppress(AppError, KeyError, ValueError):
            xml, self._formats = _sheet_and_formats(package, sheet)
        self._cells = self._found(xml)
        self._next = next(self._cells, None)

    def of_row(self, number: int) -> Iterator[tuple[int, str]]:
        """Columns, from 0, and texts of a row. Ask for the rows in their order."""
        while self._next is not None and self._next[0] <= number:
            row, column, text = self._next
            if row == number:
                yield column, text
            self._next = next(self._cells, None)

    def _found(self, xml: Iterator[bytes]) -> Iterator[tuple[int, int, str]]:
        styled = re.compile(_STYLED % b"|".join(b"%d" % style for style in self._formats)) if self._formats else None
        waiting = b""
        for chunk in chain(xml, [_END_OF_ROW]):
            waiting += chunk
            end = max(waiting.rfind(_END_OF_ROW), 0)
            self.hidden_rows += sum(1 for _ in _HIDDEN_ROW.finditer(waiting, 0, end))
            for style in styled.finditer(waiting, 0, end) if styled else ():
                number = _NUMBER.match(waiting, waiting.rfind(b"<", 0, style.start()), end)
                text = self._text(style[1], number[3]) if number else None
                if number and text is not None:
                    yield int(number[2]), _column(number[1]), text
            waiting = waiting[end:]

    def _text(self, style: bytes, value: bytes) -> str | None:
        known = (style, value)
        if known not in self._texts:
            if len(self._texts) >= _TEXTS_KEPT:
                self._texts.clear()
            try:
                self._texts[known] = self._formats[int(style)].shown(float(value))
            except ValueError:
                self._texts[known] = None
        return self._texts[known]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


# --- where the parts of a workbook are (ECMA-376 part 1, section 12.3; part 2, section 9.3) --------------------------


class _Relation(NamedTuple):
    id: str
    kind: str
    target: str


def _sheet_and_formats(package: Package, sheet: str) -> tuple[Iterator[bytes], Mapping[int, NumberFormat]]:
    """A sheet's XML, and the formats of numbers by style. Raises AppError or KeyError where they are not found."""
    workbook = {relation.kind: relation.target for relation in _relations(package, "")}["officeDocument"]
    related = _relations(package, workbook)
    dates_from_1904 = False
    sheets: dict[str, str] = {}
    for name, attributes in _elements(package, workbook, {"workbookPr", "sheet"}):
        if name == "workbookPr":
            dates_from_1904 = attributes.get("date1904") in {"1", "true"}
        else:
            sheets[attributes["name"]] = attributes["id"]
    styles = {relation.kind: relation.target for relation in related}["styles"]
    xml = {relation.id: relation.target for relation in related}[sheets[sheet]]
    return package.chunks(xml), _formats(package, styles, dates_from_1904)


def _formats(package: Package, styles: str, dates_from_1904: bool) -> dict[int, NumberFormat]:
    codes = dict(BUILT_IN)
    found: dict[int, NumberFormat] = {}
    style: int | None = None  # the next one, inside of cellXfs
    for name, attributes in _elements(package, styles, {"numFmt", "cellXfs", "xf", "cellStyles"}):
        if name == "numFmt" and style is None:
            codes[int(attributes["numFmtId"])] = attributes["formatCode"]
        elif name == "cellXfs":
            style = 0
        elif name == "cellStyles":
            break
        elif style is not None:
            code = codes.get(int(attributes.get("numFmtId", "0")))
            if code is not None:
                found[style] = number_format(code, dates_from_1904=dates_from_1904)
            style += 1
    return found


def _relations(package: Package, part: str) -> list[_Relation]:
    """What a part is related to; the package itself is the part without a name."""
    folder, name = posixpath.split(part)
    found = _elements(package, posixpath.join(folder, "_rels", f"{name}.rels"), {"Relationship"})
    return [
        _Relation(
            attributes["Id"],
            posixpath.basename(attributes["Type"]),
            posixpath.normpath(posixpath.join("/", folder, attributes["Target"])).lstrip("/"),
        )
        for _, attributes in found
    ]


def _elements(package: Package, part: str, names: Collection[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Elements of a part by their names without prefixes, each with its attributes."""
    found: list[tuple[str, dict[str, str]]] = []

    def note(name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local in names:
            found.append((local, {key.rpartition(":")[2]: value for key, value in attributes.items()}))

    parser = expat.ParserCreate()
    parser.StartElementHandler = note
    for _ in parse(package.chunks(part), parser):
        yield from found
        found.clear()
