"""The first lines of a file -> its delimiter, how quotes in cells are written, and where its header stands. Pure.

Reads them in each way that people's programs write, and takes the one in which they look most like a list of people.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from app.errors import AppError, Code
from app.imports.reading.header import find_header, has_address
from app.imports.reading.table import SEP_LINE, Dialect, Record, is_filled, parser_of

DELIMITERS: Final = (",", ";", "\t", "|")
ESCAPE: Final = "\\"
_RECORDS: Final = 200


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a person says about their file; None: as detected."""

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    escape: str | None = None
    header_line: int | None = None
    ignore_lines: bool | None = None


@dataclass(frozen=True, slots=True)
class _Reading:
    """The first lines read in one way: the records with anything in them, and the position of the header."""

    dialect: Dialect
    records: list[Record]
    header: int | None

    def fitness(self, is_known_header: Callable[[str], bool]) -> tuple[int, int, int, float, int]:
        """How much it looks like a list of people.

        Most of its headers are known, most of its records have an address in a cell of its own, fewest have a quote
        left over, most are as wide as most others, and widest.
        """
        rows = [cells for _, cells in self.records]
        below = rows if self.header is None else rows[self.header + 1 :]
        counted = below or rows
        if not counted:
            return (0, 0, 0, 0.0, 0)
        width, times = Counter(map(len, counted)).most_common(1)[0]
        if width == 1 and (self.header is None or len(rows[self.header]) == 1):
            return (0, 0, 0, 0.0, 0)
        known = 0 if self.header is None else sum(map(is_known_header, rows[self.header]))
        left_over = sum(1 for cells in below if any(ESCAPE + self.dialect.quote in cell for cell in cells))
        return (known, sum(map(has_address, below)), -left_over, times / len(counted), width)


def choose_dialect(
    lines: Sequence[str], encoding: str, overrides: Overrides, is_known_header: Callable[[str], bool]
) -> Dialect:
    """How the first lines of a file are read. Raises AppError: empty, no header where somebody says there is one."""
    quote = '"' if overrides.quote is None else overrides.quote
    told = SEP_LINE.fullmatch(lines[0]) if lines else None
    delimiter = overrides.delimiter or (told[1] if told else None)
    above = 1 if told else 0
    separators = quote + (delimiter or "".join(DELIMITERS))
    if not any("".join(line.split()).strip(separators) for line in lines[above:]):
        raise AppError(Code.FILE_EMPTY)
    if overrides.header_line is not None and overrides.header_line > len(lines):
        raise AppError(Code.FILE_WITHOUT_HEADER, line=overrides.header_line)
    ways = [
        Dialect(encoding, delimiter_, quote, 0, escape)
        for escape in _escapes(lines, quote, overrides)
        for delimiter_ in ([delimiter] if delimiter else DELIMITERS)
    ]
    readings = [_read(lines, above, way, overrides, is_known_header) for way in ways]
    if len(readings) == 1:
        return readings[0].dialect
    return max(readings, key=lambda reading: reading.fitness(is_known_header)).dialect  # of equals, the first


def sheet_dialect(lines: Sequence[str], overrides: Overrides, is_known_header: Callable[[str], bool]) -> Dialect:
    """How the first rows of a sheet are read. Raises AppError like `choose_dialect`."""
    dialect = Dialect("utf-8", "", "", 0, is_sheet=True)
    if not _filled_records(lines, 0, dialect):
        raise AppError(Code.FILE_EMPTY)
    if overrides.header_line is not None and overrides.header_line > len(lines):
        raise AppError(Code.FILE_WITHOUT_HEADER, line=overrides.header_line)
    return _read(lines, 0, dialect, overrides, is_known_header).dialect


def _escapes(lines: Sequence[str], quote: str, overrides: Overrides) -> Sequence[str]:
    if overrides.escape is not None:
        return (overrides.escape,)
    is_seen = bool(quote) and any(ESCAPE + quote in line for line in lines)
    return ("", ESCAPE) if is_seen else ("",)


def _read(
    lines: Sequence[str], above: int, dialect: Dialect, overrides: Overrides, is_known_header: Callable[[str], bool]
) -> _Reading:
    """The lines read in one way; the header is where somebody says, or where it looks like one."""
    if overrides.header_line is not None:
        above = max(above, overrides.header_line - 1)
        records = _filled_records(lines, above, dialect)
        is_there = overrides.header_line > 0 and bool(records) and records[0][0] == overrides.header_line
        return _Reading(replace(dialect, header_line=overrides.header_line), records, 0 if is_there else None)
    records = _filled_records(lines, above, dialect)
    header = find_header([cells for _, cells in records], is_known_header)
    header_line = 0 if header is None else records[header][0]
    return _Reading(replace(dialect, header_line=header_line), records, header)


def _filled_records(lines: Sequence[str], above: int, dialect: Dialect) -> list[Record]:
    """The first records with anything in them, each with its line."""
    return list(
        islice(((line, cells) for line, cells in _records(lines, above, dialect) if is_filled(cells)), _RECORDS)
    )


def _records(lines: Sequence[str], above: int, dialect: Dialect) -> Iterator[Record]:
    parser = parser_of(iter(lines[above:]), dialect)
    line = above + 1
    try:
        for cells in parser:
            yield line, cells
            line = above + parser.line_num + 1
    except csv.Error:  # a cell above the limit: the reader says so
        return
