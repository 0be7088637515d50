"""Bytes of a file -> its records with the line each starts on. Pure; never whole in memory.

The csv module parses; this module decides what it is fed, knows where every record starts as an editor counts lines,
and refuses what cannot be read with certainty. Encodings are those that contain ASCII.
"""

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from app.errors import AppError, Code

CELL_CHARACTERS: Final = 1024 * 1024
csv.field_size_limit(CELL_CHARACTERS)  # the csv module keeps one limit for the whole process
# What no row of people comes near, so that no file fills the memory with a single record.
RECORD_CHARACTERS: Final = 4 * CELL_CHARACTERS
CELLS: Final = 10_000

SEP_LINE: Final = re.compile(r'"?sep=([^\w\s"\']|\t)"?(?:\r\n|\r|\n)?', re.IGNORECASE)

Record = tuple[int, list[str]]
"""A record: the line it starts on, and its cells."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is read. `header_line` 0: it has none, and the first record is a person."""

    encoding: str
    delimiter: str
    quote: str
    header_line: int


def is_filled(cells: Sequence[str]) -> bool:
    """Whether a record holds anything but separators and blanks."""
    return any(cell and not cell.isspace() for cell in cells)


@dataclass(frozen=True, slots=True)
class Start:
    """Where a reader may start in the middle: at a piece, `skip` lines into it, at a record on `line`."""

    piece: int
    line: int
    skip: int


TOP: Final = Start(piece=0, line=1, skip=0)


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
        self._dialect = dialect
        self._is_at_top = start is None
        self._first = start or Start(piece=0, line=max(1, dialect.header_line), skip=max(0, dialect.header_line - 1))
        self._limit = None if max_lines is None else dialect.header_line + max_lines
        self._max_lines = max_lines
        self._file = Lines(pieces, dialect.encoding, self._first)
        self._record_line = self._first.line  # the line that the record starts on that the parser is at

    @property
    def lines(self) -> int:
        """How many lines the file has, as far as it was read."""
        return self._file.count

    def records(self) -> Iterator[Record]:
        """Every record below the header, blank ones too."""
        dialect, file, most = self._dialect, self._file, CELLS
        lines, above = self._without_lines_above(chain.from_iterable(self._runs()))
        parser = csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote)
        line = self._record_line = above + 1
        try:
            if self._is_at_top and dialect.header_line > 0:
                self.header = next(parser, [])
                line = self._record_line = above + parser.line_num + 1
            for cells in parser:
                if file.next_start is not None:
                    self._note_start(line)
                if len(cells) > most:
                    raise AppError(Code.FILE_TOO_MANY_COLUMNS, line=line, columns=len(cells), limit=most)
                yield line, cells
                line = self._record_line = above + parser.line_num + 1
        except csv.Error:
            # The one error of the lenient csv module: a cell above the limit. One that spans lines is an open quote.
            spans = above + parser.line_num > line
            code = Code.FILE_QUOTE_UNCLOSED if spans else Code.FILE_CELL_TOO_LARGE
            raise AppError(code, line=line, limit=CELL_CHARACTERS) from None

    def batches(self, size: int) -> Iterator[Iterable[Record]]:
        """The records `size` at a time, the last time fewer. Use one up before asking for the next: nothing is kept."""
        records = self.records()
        for first in records:
            yield chain([first], islice(records, size - 1))

    def _without_lines_above(self, lines: Iterator[str]) -> tuple[Iterator[str], int]:
        """The lines from the first record on, and how many stand above it in the file."""
        if self._is_at_top and self._dialect.header_line == 0:
            top = list(islice(lines, 1))
            return (lines, 1) if top and SEP_LINE.fullmatch(top[0]) else (chain(top, lines), 0)
        deque(islice(lines, self._first.skip), maxlen=0)
        return lines, self._first.line - 1

    def _runs(self) -> Iterator[list[str]]:
        """What the parser is fed. It asks for more in the middle of a record only while a quote is open."""
        swallowed = 0
        for run in self._file.runs():
            if self._limit is not None and self._file.count > self._limit:
                raise AppError(Code.FILE_TOO_MANY_LINES, limit=self._max_lines)
            yield run
            is_one_record = self._record_line <= self._file.count - len(run)
            swallowed = swallowed + sum(map(len, run)) if is_one_record else 0
            if swallowed > RECORD_CHARACTERS:
                raise AppError(Code.FILE_QUOTE_UNCLOSED, line=self._record_line)
        if self._record_line <= self._file.count:
            raise AppError(Code.FILE_QUOTE_UNCLOSED, line=self._record_line)

    def _note_start(self, line: int) -> None:
        start = self._file.next_start
        if start is not None and line >= start.line:
            self.starts.append(Start(start.piece, line, start.skip + line - start.line))
            self._file.next_start = None


class Lines:
    """The lines of a file from its pieces: LF, CRLF and CR end one, wherever the pieces are cut."""

    def __init__(self, pieces: Iterable[bytes], encoding: str, first: Start) -> None:
        self.count = first.line - first.skip - 1
        """How many lines stand above whatever comes next."""
        self.next_start: Start | None = None
        """The first line that starts in the newest piece, if a reader can start there."""
        self._pieces = pieces
        self._encoding = encoding
        self._first_piece = first.piece
        is_marked = encoding == "utf-8" and first.piece == 0
        self._decoder = codecs.getincrementaldecoder("utf-8-sig" if is_marked else encoding)("strict")

    def runs(self) -> Iterator[list[str]]:
        """The lines with their ends, as many at a time as a piece completes. Raises AppError."""
        begun = ""  # a line that ends in a later piece
        for number, piece in enumerate(self._pieces, self._first_piece):
            if number > self._first_piece:
                self.next_start = self._start_in(number, piece, begun)
            text = begun + self._decode(piece, begun)
            end = max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1  # a CR at the very end may be half a CRLF
            begun = text[end:]
            run = split_lines(text[:end])
            self.count += len(run)
            if len(begun) > RECORD_CHARACTERS:
                raise AppError(Code.FILE_CELL_TOO_LARGE, line=self.count + 1, limit=CELL_CHARACTERS)
            yield run
        run = split_lines(begun + self._decode(b"", begun, final=True))
        self.count += len(run)
        yield run

    def _start_in(self, number: int, piece: bytes, begun: str) -> Start | None:
        """The first line that starts in a piece; the end of one begun before is skipped. None in mid-character."""
        if self._decoder.getstate()[0]:
            return None
        if not begun:
            return Start(number, self.count + 1, 0)
        is_ended = begun.endswith("\r") and not piece.startswith(b"\n")
        return Start(number, self.count + 2, 0 if is_ended else 1)

    def _decode(self, piece: bytes, begun: str, *, final: bool = False) -> str:
        try:
            return self._decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            read = begun + error.object[: error.start].decode(self._encoding)
            line = self.count + len(split_lines(read + "?"))
            raise AppError(Code.FILE_UNDECODABLE, line=line) from None


def split_lines(text: str) -> list[str]:
    """A text's lines with their ends as an editor counts them; `str.splitlines` splits at form feeds and more."""
    return list(io.StringIO(text, newline=""))
