"""Bytes of a file -> its records with the line each starts on. Pure; never whole in memory.

The csv module parses; this module decides what it is fed, knows where every record starts as an editor counts lines,
and refuses what cannot be read with certainty.
"""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final, Protocol

from pydantic_core import from_json

from app.errors import AppError, Code
from app.imports.columns import OUR_HEADERS
from app.imports.reading.header import first_cells, is_footer, is_repeated
from app.imports.reading.lines import CELL_CHARACTERS, RECORD_CHARACTERS, Lines, Start
from app.imports.reading.quotes import open_quote, swallowing_quote

csv.field_size_limit(CELL_CHARACTERS)  # the csv module keeps one limit for the whole process
CELLS: Final = 10_000
FOOTER_LINES: Final = 50
"""How many lines at the end of a file may be footers."""
IGNORED_SHOWN: Final = 100
_AT_ONCE: Final = 1000
_FEWEST: Final = 20
_LINE_ENDS: Final = frozenset("\r\n")

SEP_LINE: Final = re.compile(r'"?sep=([^\w\s"\']|\t)"?(?:\r\n|\r|\n)?', re.IGNORECASE)
_GUARDED: Final = re.compile("''*[=+\\-@\t\r]")

Record = tuple[int, list[str]]
"""A record: the line it starts on, and its cells."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is read. `header_line` 0: it has none, and the first record is a person."""

    encoding: str
    delimiter: str
    quote: str
    """Empty: no cell is quoted."""
    header_line: int
    escape: str = ""
    """A backslash where a quote in a cell is written behind one; empty where it is doubled."""
    headers: tuple[str, ...] = ()
    """As shown: where they stand again, that is no row."""
    ignores_lines: bool = True
    """False: repeated headers and footers are rows like any other."""
    is_sheet: bool = False
    """A sheet of a workbook, kept as UTF-8 text: a JSON array of cells on each line, an empty line for an empty row."""


def is_filled(cells: Sequence[str]) -> bool:
    """Whether a record holds anything but separators and blanks."""
    return any(cell and not cell.isspace() for cell in cells)


class RecordReader:
    """The records of a file from its pieces, with one piece in memory.

    `header` is there with the first record; `starts` collects where a later reader may start in the middle. While
    reading it raises AppError: an open quote, a cell or a record too large, an unreadable byte, too many lines.
    """

    def __init__(
        self, pieces: Iterable[bytes], dialect: Dialect, *, start: Start | None = None, max_lines: int | None = None
    ) -> None:
        self.header: list[str] = []
        self.starts: list[Start] = []
        self.ignored: list[tuple[int, str]] = []
        """Lines below the header that are no rows, and why (`header`, `footer`): the first 100."""
        self.ignored_lines = 0
        self._dialect = dialect
        self._is_at_top = start is None
        self._first = start or Start(piece=0, line=max(1, dialect.header_line), skip=max(0, dialect.header_line - 1))
        self._limit = None if max_lines is None else dialect.header_line + max_lines
        self._max_lines = max_lines
        self._file = Lines(pieces, dialect.encoding, self._first)
        self._record_line = self._first.line  # the line that the record starts on that the parser is at
        self._runs_of_record: list[list[str]] = []
        self._run: list[str] = []
        self._taken = 0  # how many lines of the run the parser has had, or were taken beside it
        self._plain_until = 0  # records above this line need no second look unless they look odd themselves
        self._odd_until = 0  # some above this line do
        self._held: list[Record] = []  # footers, unless a row follows; and blank records between them

    @property
    def lines(self) -> int:
        """How many lines the file has, as far as it was read."""
        return self._file.count

    def records(self) -> Iterator[Record]:
        """Every record below the header that is a row, blank ones too."""
        return chain.from_iterable(self._records())

    def batches(self, size: int) -> Iterator[list[Record]]:
        """The records `size` at a time, the last time fewer."""
        waiting: list[Record] = []
        for records in self._records():
            waiting += records
            while len(waiting) >= size:
                yield waiting[:size]
                del waiting[:size]
        if waiting:
            yield waiting

    def _records(self) -> Iterator[list[Record]]:
        """The records, many at once where nothing about them needs a second look."""
        records = self._records_as_they_are()
        if self._dialect.headers[-2:] == OUR_HEADERS:  # a file of rejected rows, mended
            return ([(line, [without_guard(cell) for cell in cells]) for line, cells in some] for some in records)
        return records

    def _records_as_they_are(self) -> Iterator[list[Record]]:
        dialect = self._dialect
        lines, above = self._without_lines_above(self._lines())
        parser = parser_of(lines, dialect)
        line = self._record_line = above + 1
        first_headers = first_cells(dialect.headers) if dialect.ignores_lines else frozenset()
        try:
            if self._is_at_top and dialect.header_line > 0:
                header = next(parser, [])
                self._refuse_swallowed(parser.line_num)
                self.header = header
                line = self._record_line = above + parser.line_num + 1
            while (cells := next(parser, None)) is not None:
                below = above + parser.line_num + 1
                self._refuse_swallowed(below - line)
                yield list(self._rows(line, cells))
                line = self._record_line = below
                while many := self._plain_records(line, first_headers):
                    yield list(enumerate(many, line))
                    above += len(many)
                    line = self._record_line = line + len(many)
        except csv.Error:
            # The one error of the lenient csv module: a cell above the limit. One that spans lines is an open quote.
            if above + parser.line_num > line:
                raise self._unclosed() from None
            raise AppError(Code.FILE_CELL_TOO_LARGE, line=line, limit=CELL_CHARACTERS) from None
        yield list(self._without_footers())

    def _plain_records(self, line: int, first_headers: frozenset[str]) -> list[list[str]]:
        """The next records from a line on, where each is one line and none needs a second look; none where one does."""
        count = min(_AT_ONCE, self._plain_until - line)
        if line < self._odd_until or count < _FEWEST:
            return []
        lines = self._run[self._taken : self._taken + count]
        with suppress(csv.Error):  # whoever looks again says where
            found = list(parser_of(iter(lines), self._dialect))
            is_closed = not found[-1] or found[-1][-1][-1:] not in _LINE_ENDS  # an open quote takes the line's end in
            is_plain = len(found) == count and is_closed and max(map(len, found)) <= CELLS
            if is_plain and first_headers.isdisjoint([cells[0] for cells in found if cells]):
                self._taken += count
                return found
        self._odd_until = line + count
        return []

    def _refuse_swallowed(self, count: int) -> None:
        """Raise AppError where the record the parser is at spans so many lines and swallows others."""
        dialect = self._dialect
        if count < 2 or not dialect.quote:
            return
        opens = swallowing_quote(
            self._lines_of_record(count),
            delimiter=dialect.delimiter,
            quote=dialect.quote,
            escape=dialect.escape,
            columns=len(dialect.headers or self.header),
        )
        if opens is not None:
            raise AppError(Code.FILE_QUOTE_UNCLOSED, line=self._record_line + opens)

    def _rows(self, line: int, cells: list[str]) -> Iterator[Record]:
        """What a record comes to that needed a second look: itself, nothing, or with it what was held back."""
        if self._file.next_start is not None:
            self._note_start(line)
        if len(cells) > CELLS:
            raise AppError(Code.FILE_TOO_MANY_COLUMNS, line=line, columns=len(cells), limit=CELLS)
        if self._dialect.ignores_lines:
            if self._dialect.header_line and is_repeated(cells, self._dialect.headers):
                self._ignore(line, "header")
                return
            if self._may_be_footer(line, cells) or (self._held and not is_filled(cells)):
                self._held.append((line, cells))
                while self._held[0][0] <= line - FOOTER_LINES:  # too far above the end, wherever that is
                    yield self._held.pop(0)
                return
        yield from self._held
        self._held.clear()
        if self._file.next_start is None:
            self._plain_until = self._file.count - FOOTER_LINES
        yield line, cells

    def _may_be_footer(self, line: int, cells: list[str]) -> bool:
        return line > self._file.count - FOOTER_LINES and is_footer(cells)

    def _without_footers(self) -> Iterator[Record]:
        """What was held back and is no footer, now that the file has ended."""
        for line, cells in self._held:
            if self._may_be_footer(line, cells):
                self._ignore(line, "footer")
            else:
                yield line, cells

    def _ignore(self, line: int, why: str) -> None:
        self.ignored_lines += 1
        if len(self.ignored) < IGNORED_SHOWN:
            self.ignored.append((line, why))

    def _without_lines_above(self, lines: Iterator[str]) -> tuple[Iterator[str], int]:
        """The lines from the first record on, and how many stand above it in the file."""
        if self._is_at_top and self._dialect.header_line == 0:
            top = list(islice(lines, 1))
            return (lines, 1) if top and SEP_LINE.fullmatch(top[0]) else (chain(top, lines), 0)
        deque(islice(lines, self._first.skip), maxlen=0)
        return lines, self._first.line - 1

    def _lines(self) -> Iterator[str]:
        """The lines the parser is fed, but for those that were taken beside it."""
        for run in self._runs():
            self._run, self._taken = run, 0
            while self._taken < len(run):
                self._taken += 1
                yield run[self._taken - 1]

    def _runs(self) -> Iterator[list[str]]:
        """What the parser is fed. It asks for more in the middle of a record only while a quote is open."""
        swallowed = 0
        for run in self._file.runs():
            if self._limit is not None and self._file.count > self._limit:
                raise AppError(Code.FILE_TOO_MANY_LINES, limit=self._max_lines)
            is_one_record = self._record_line <= self._file.count - len(run)
            self._runs_of_record = [*self._runs_of_record, run] if is_one_record else [run]
            self._plain_until = 0
            yield run
            is_one_record = self._record_line <= self._file.count - len(run)
            swallowed = swallowed + sum(map(len, run)) if is_one_record else 0
            if swallowed > RECORD_CHARACTERS:
                raise self._unclosed()
        if self._record_line <= self._file.count:
            raise self._unclosed()

    def _unclosed(self) -> AppError:
        """The record the parser is at has a quote that is never closed."""
        dialect, opens = self._dialect, 0
        if dialect.quote:
            record = self._lines_of_record(self._file.count)
            opens = open_quote(record, delimiter=dialect.delimiter, quote=dialect.quote, escape=dialect.escape)
        return AppError(Code.FILE_QUOTE_UNCLOSED, line=self._record_line + opens)

    def _lines_of_record(self, count: int) -> list[str]:
        """So many lines of the record that the parser is at, as they stand in the file."""
        *_, newest = self._runs_of_record
        start = self._record_line - 1 - (self._file.count - len(newest))
        if start >= 0:
            return newest[start : start + count]
        lines = list(chain.from_iterable(self._runs_of_record))
        start += len(lines) - len(newest)
        return lines[start : start + count]

    def _note_start(self, line: int) -> None:
        start = self._file.next_start
        if start is not None and line >= start.line:
            self.starts.append(Start(start.piece, line, start.skip + line - start.line))
            self._file.next_start = None


class Parser(Protocol):
    """Gives the cells of one record after the other, and knows how many lines it has taken for them."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


def parser_of(lines: Iterator[str], dialect: Dialect) -> Parser:
    """What makes records of lines. Its iterator may raise csv.Error: a cell above the limit."""
    if dialect.is_sheet:
        return _SheetParser(lines)
    if not dialect.quote:
        return csv.reader(lines, delimiter=dialect.delimiter, quoting=csv.QUOTE_NONE, quotechar=None)
    return csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote, escapechar=dialect.escape or None)


class _SheetParser:
    """The rows of a sheet, as the csv module's reader gives those of a file."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.line_num = 0
        self._lines = lines

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        line = next(self._lines)
        self.line_num += 1
        cells: list[str] = [] if line.isspace() else from_json(line)
        return cells


def without_guard(cell: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    return cell[1:] if cell[:1] == "'" and _GUARDED.match(cell) else cell
