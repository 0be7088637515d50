"""Bytes of a file -> how to read it, its header, its records with the line each starts on. Pure; never whole in memory.

The csv module parses; this module decides what it is fed, knows where every record starts as an editor counts lines,
and refuses what cannot be read with certainty. Lines end with LF, CRLF or CR.
"""

import codecs
import csv
import io
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any, Final

from app.errors import AppError, Code

CELL_CHARACTERS: Final = 1024 * 1024
csv.field_size_limit(CELL_CHARACTERS)  # the csv module keeps one limit for the whole process

DELIMITERS: Final = (",", ";", "\t", "|")
ENCODINGS: Final = ("utf-8", "cp1252", "iso8859-1", "iso8859-15", "iso8859-2", "cp1250", "mac-roman")
SAMPLES: Final = 3
_SAMPLE_RECORDS: Final = 200
_SEP_LINE: Final = re.compile(r'"?sep=(.)"?(?:\r\n|\r|\n)?', re.IGNORECASE)
_CP1252_HOLES: Final = (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d")
_ADDRESS_LIKE: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

# First bytes of what people upload by mistake (File signatures as each format's specification gives them).
_SIGNATURES: Final = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"%PDF-", "pdf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
)

Record = tuple[int, list[str]]
"""A record: the line it starts on, and its cells."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is read. `header_line` 0: it has none, and the first record is a person."""

    encoding: str
    delimiter: str
    quote: str
    header_line: int

    @property
    def ignored_lines(self) -> int:
        """Lines above the header: blank ones and `sep=`."""
        return max(0, self.header_line - 1)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a person says about their file; None: as detected."""

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    header_line: int | None = None


@dataclass(frozen=True, slots=True)
class Detected:
    """What was found at the top of a file: how to read it, its headers, and up to 3 samples for each."""

    dialect: Dialect
    headers: list[str]
    samples: list[list[str]]


class Inspector:
    """Looks at every byte of an upload as it passes by: is it text, UTF-8, too long? Keeps none of them."""

    def __init__(self) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._is_utf8 = True
        self._fits_cp1252 = True
        self._line_feeds = 0
        self._carriage_returns = 0

    def look(self, chunk: bytes, *, is_first: bool) -> None:
        """See the next bytes. Raises AppError for what is no text at all."""
        if is_first:
            _refuse_other_kinds(chunk)
        self._line_feeds += chunk.count(b"\n")
        self._carriage_returns += chunk.count(b"\r")
        if self._is_utf8:
            try:
                self._utf8.decode(chunk)
            except UnicodeDecodeError:
                self._is_utf8 = False
        if self._fits_cp1252:
            self._fits_cp1252 = not any(hole in chunk for hole in _CP1252_HOLES)

    @property
    def line_breaks(self) -> int:
        """How many lines have ended so far."""
        return max(self._line_feeds, self._carriage_returns)

    def encoding(self) -> str:
        """What the whole file is written in. Raises AppError file_undecodable."""
        if self._is_utf8:
            try:
                self._utf8.decode(b"", final=True)
            except UnicodeDecodeError:
                self._is_utf8 = False
        if self._is_utf8:
            return "utf-8"
        if self._fits_cp1252:
            return "cp1252"
        raise AppError(Code.FILE_UNDECODABLE)


def _refuse_other_kinds(chunk: bytes) -> None:
    for signature, kind in _SIGNATURES:
        if chunk.startswith(signature):
            raise AppError(Code.FILE_TYPE_UNSUPPORTED, kind=kind)
    if b"\0" in chunk[:65_536]:
        raise AppError(Code.FILE_BINARY)


def detect(
    head: bytes,
    *,
    is_whole: bool,
    encoding: str,
    overrides: Overrides,
    is_known_header: Callable[[str], bool],
    max_columns: int,
) -> Detected:
    """Read the top of a file. Raises AppError: empty, no header, too many columns, an open quote, undecodable."""
    encoding = overrides.encoding or encoding
    try:
        text = codecs.getincrementaldecoder(encoding)("strict").decode(head, is_whole).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise AppError(Code.FILE_UNDECODABLE, line=head.count(b"\n", 0, error.start) + 1) from None
    lines = list(io.StringIO(text, newline=""))
    if not is_whole and len(lines) > 1:
        lines.pop()  # cut in the middle
    if not any(line.strip() for line in lines):
        raise AppError(Code.FILE_EMPTY)
    dialect = _dialect(lines, encoding, overrides, is_known_header)
    reader = RecordReader(iter(["".join(lines)]), dialect, is_text=True, is_whole=is_whole)
    records = _not_blank(reader.records())
    found = [cells for _, cells in islice(records, _SAMPLE_RECORDS)]
    if is_whole:
        deque(records, maxlen=0)  # a small file is read to its end: what is wrong with it is said at once
    headers = _headers(reader.header, found)
    if dialect.header_line == 0:
        headers = [f"Column {position + 1}" for position in range(max(map(len, found), default=0))]
    elif overrides.header_line is None and _looks_like_a_person(headers, is_known_header):
        raise AppError(Code.FILE_WITHOUT_HEADER, line=dialect.header_line)
    if len(headers) > max_columns:
        raise AppError(Code.FILE_TOO_MANY_COLUMNS, line=dialect.header_line, columns=len(headers), limit=max_columns)
    return Detected(dialect, headers, [_samples(found, position) for position in range(len(headers))])


def _headers(cells: Sequence[str], records: Sequence[Sequence[str]]) -> list[str]:
    """The header's cells, without the empty columns at its end that spreadsheets leave."""
    headers = [_tidy_header(cell) for cell in cells]
    while headers and not headers[-1] and not any(is_filled(record[len(headers) - 1 :]) for record in records):
        headers.pop()
    return headers


def _looks_like_a_person(headers: Sequence[str], is_known_header: Callable[[str], bool]) -> bool:
    return any(_ADDRESS_LIKE.fullmatch(header) for header in headers) and not any(map(is_known_header, headers))


def _samples(records: Sequence[Sequence[str]], position: int) -> list[str]:
    filled = (cells[position].strip() for cells in records if len(cells) > position and cells[position].strip())
    return [sample[:200] for sample in islice(filled, SAMPLES)]


def _tidy_header(cell: str) -> str:
    return " ".join(cell.split())[:200]


def _not_blank(records: Iterable[Record]) -> Iterator[Record]:
    return (record for record in records if is_filled(record[1]))


def is_filled(cells: Sequence[str]) -> bool:
    """Whether a record holds anything but separators and blanks."""
    return any(cell and not cell.isspace() for cell in cells)


def _dialect(
    lines: Sequence[str], encoding: str, overrides: Overrides, is_known_header: Callable[[str], bool]
) -> Dialect:
    quote = overrides.quote or '"'
    told = _SEP_LINE.fullmatch(lines[0])
    above = 1 if told else 0
    delimiter = overrides.delimiter or (told[1] if told else None)
    if overrides.header_line == 0:
        first = above
    elif overrides.header_line is not None:
        if overrides.header_line > len(lines):
            raise AppError(Code.FILE_WITHOUT_HEADER, line=overrides.header_line)
        first = overrides.header_line - 1
    else:
        blank = "".join(DELIMITERS) + quote + " \t\r\n\ufeff\xa0"
        first = next((n for n, line in enumerate(lines) if n >= above and line.strip(blank)), -1)
        if first < 0:
            raise AppError(Code.FILE_EMPTY)
    if delimiter is None:
        delimiter = _best_delimiter(lines[first:], quote, is_known_header)
    return Dialect(encoding, delimiter, quote, 0 if overrides.header_line == 0 else first + 1)


def _best_delimiter(lines: Sequence[str], quote: str, is_known_header: Callable[[str], bool]) -> str:
    """The delimiter under which most headers are known, most records are as wide as most others, and widest."""

    def fitness(delimiter: str) -> tuple[int, float, int]:
        try:
            parsed = csv.reader(iter(lines), delimiter=delimiter, quotechar=quote)
            records = [cells for cells in islice(parsed, _SAMPLE_RECORDS) if is_filled(cells)]
        except csv.Error:
            return (0, 0.0, 0)
        widths = Counter(map(len, records))
        width, times = widths.most_common(1)[0] if widths else (1, 0)
        if width == 1:
            return (0, 0.0, 0)
        return (sum(map(is_known_header, records[0])), times / len(records), width)

    return max(DELIMITERS, key=fitness)  # the first of equals: the comma


@dataclass(slots=True)
class Start:
    """Where a reader may start in the middle: at a piece, `skip` lines into it, at a record on `line`."""

    piece: int
    line: int
    skip: int


@dataclass(slots=True)
class RecordReader:
    """The records of a file from its pieces, one piece in memory at a time.

    `header` is filled by the first record asked for; `starts` collects where a later reader may start.
    Raises AppError while reading: an open quote, a cell too large, a byte that cannot be decoded, too many lines.
    """

    pieces: Iterator[Any]
    dialect: Dialect
    is_text: bool = False
    is_whole: bool = True
    start: Start | None = None
    max_lines: int | None = None
    header: list[str] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    _offset: int = 0
    _piece: int = -1
    _ended: bool = False
    _pending: Start | None = None
    _reader: Any = None

    @property
    def lines(self) -> int:
        """How many lines were read so far, from the top of the file."""
        return self._offset + (self._reader.line_num if self._reader else 0)

    def records(self) -> Iterator[Record]:
        """Every record below the header, blank ones too."""
        lines: Iterator[str] = chain.from_iterable(self._texts())
        if self.start is not None:
            self._offset = self.start.line - 1
            lines = islice(lines, self.start.skip, None)
        elif self.dialect.header_line > 0:
            self._offset = self.dialect.header_line - 1
            lines = islice(lines, self._offset, None)
        else:
            lines = self._without_sep_line(lines)
        self._reader = csv.reader(lines, delimiter=self.dialect.delimiter, quotechar=self.dialect.quote)
        parsed = self._parsed()
        if self.start is None and self.dialect.header_line > 0:
            self.header = next(parsed, (0, []))[1]
        return parsed

    def batches(self, size: int) -> Iterator[list[Record]]:
        """The records in lists of `size`; the last one may be shorter."""
        records = self.records()
        while batch := list(islice(records, size)):
            yield batch

    def _without_sep_line(self, lines: Iterator[str]) -> Iterator[str]:
        first = next(lines, "")
        if _SEP_LINE.fullmatch(first):
            self._offset = 1
            return lines
        return chain([first] if first else [], lines)

    def _parsed(self) -> Iterator[Record]:
        reader, offset = self._reader, self._offset
        line = offset + 1
        limit = self.max_lines + self.dialect.header_line if self.max_lines is not None else None
        try:
            for cells in reader:
                if self._pending is not None:
                    self._note_start(line)
                if self._ended and self.is_whole:  # it asked for more lines than there are: inside quotes
                    raise AppError(Code.FILE_QUOTE_UNCLOSED, line=line)
                if limit is not None and line > limit:
                    raise AppError(Code.FILE_TOO_MANY_LINES, limit=self.max_lines)
                yield line, cells
                line = offset + reader.line_num + 1
        except csv.Error:
            # The one error of the lenient csv module: a cell above the limit. One that spans lines is an open quote.
            spans = offset + reader.line_num > line
            code = Code.FILE_QUOTE_UNCLOSED if spans else Code.FILE_CELL_TOO_LARGE
            raise AppError(code, line=line, limit=CELL_CHARACTERS) from None

    def _note_start(self, line: int) -> None:
        pending = self._pending
        if pending is not None and line >= pending.line:
            self.starts.append(replace(pending, line=line, skip=line - pending.line + pending.skip))
            self._pending = None

    def _texts(self) -> Iterator[io.StringIO]:
        """The file piece by piece as lines with their ends; a line never ends in the middle."""
        decoder = None if self.is_text else codecs.getincrementaldecoder(self.dialect.encoding)("strict")
        carried = ""
        number = self.start.piece if self.start else 0
        for piece in self.pieces:
            text = carried + (piece if decoder is None else self._decode(decoder, piece))
            if number == 0:
                text = text.removeprefix("\ufeff")
            cut = max(text.rfind("\n"), text.rfind("\r", 0, len(text) - 1)) + 1
            is_cut_clean = not carried
            carried, text = text[cut:], text[:cut]
            if self._reader is not None and is_cut_clean and number > 0:
                self._pending = Start(number, self._offset + self._reader.line_num + 1, 0)
            number += 1
            yield io.StringIO(text, newline="")
        if decoder is not None:
            carried += self._decode(decoder, b"", final=True)
        if carried:
            yield io.StringIO(carried, newline="")
        self._ended = True

    def _decode(self, decoder: codecs.IncrementalDecoder, piece: bytes, *, final: bool = False) -> str:
        try:
            return decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            line = self.lines + piece.count(b"\n", 0, error.start) + 1
            raise AppError(Code.FILE_UNDECODABLE, line=line) from None
