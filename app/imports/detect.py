"""The top of a file -> how to read it, its header, samples. Pure.

Looks at every byte of an upload for what it is written in, and at the first records for its delimiter and header.
"""

import codecs
import csv
import re
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from app.errors import AppError, Code
from app.imports.table import CELL_CHARACTERS, SEP_LINE, TOP, Dialect, Lines, RecordReader, is_filled

DELIMITERS: Final = (",", ";", "\t", "|")
ENCODINGS: Final = ("utf-8", "cp1252", "iso8859-1", "iso8859-15", "iso8859-2", "cp1250", "mac-roman")
SAMPLES: Final = 3
_SAMPLE_RECORDS: Final = 200
_CP1252_HOLES: Final = (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d")
_ADDRESS_LIKE: Final = re.compile(r"[^@\s,;|]+@[^@\s,;|.]+(?:\.[^@\s,;|.]+)+")  # one way to match: never quadratic

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
        self.line_breaks = 0
        """How many lines have ended so far."""
        self._ends_with_cr = False

    def look(self, chunk: bytes, *, is_first: bool) -> None:
        """See the next bytes. Raises AppError for what is no text at all."""
        if is_first:
            _refuse_other_kinds(chunk)
            self._fits_cp1252 = not chunk.startswith(codecs.BOM_UTF8)  # it says it is UTF-8: then it must be
        self._count_line_breaks(chunk)
        if self._is_utf8:
            try:
                self._utf8.decode(chunk)
            except UnicodeDecodeError:
                self._is_utf8 = False
        if self._fits_cp1252:
            self._fits_cp1252 = not any(hole in chunk for hole in _CP1252_HOLES)

    def encoding(self) -> str:
        """What the whole file is written in. Raises AppError file_undecodable."""
        ends_in_mid_character = bool(self._utf8.getstate()[0])
        if self._is_utf8 and not ends_in_mid_character:
            return "utf-8"
        if self._fits_cp1252:
            return "cp1252"
        raise AppError(Code.FILE_UNDECODABLE)

    def _count_line_breaks(self, chunk: bytes) -> None:
        self.line_breaks += chunk.count(b"\n")
        if b"\r" in chunk:
            self.line_breaks += chunk.count(b"\r") - chunk.count(b"\r\n")
        if self._ends_with_cr and chunk.startswith(b"\n"):
            self.line_breaks -= 1  # the second half of one counted before
        self._ends_with_cr = chunk.endswith(b"\r")


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
    """Read the top of a file, where its header must stand; a file that is all there is read to its end.

    Raises AppError: empty, no header, too many columns, and what reading raises.
    """
    encoding = overrides.encoding or encoding
    top = head if is_whole else _whole_lines(head)
    lines = list(chain.from_iterable(Lines([top], encoding, TOP).runs()))
    dialect = _dialect(lines, encoding, overrides, is_known_header)
    header, records = _first_records(top, dialect, is_whole=is_whole)
    if dialect.header_line == 0:
        headers = [f"Column {position + 1}" for position in range(max(map(len, records), default=0))]
    else:
        headers = _headers(header, records)
        is_guessed = overrides.header_line is None
        if not headers or (is_guessed and _looks_like_a_person(headers, is_known_header)):
            raise AppError(Code.FILE_WITHOUT_HEADER, line=dialect.header_line)
    if len(headers) > max_columns:
        raise AppError(Code.FILE_TOO_MANY_COLUMNS, line=dialect.header_line, columns=len(headers), limit=max_columns)
    return Detected(dialect, headers, [_samples(records, position) for position in range(len(headers))])


def _whole_lines(head: bytes) -> bytes:
    """The top of a file without the line that is cut at its end."""
    end = max(head.rfind(b"\n"), head.rfind(b"\r")) + 1
    if end == 0:
        raise AppError(Code.FILE_CELL_TOO_LARGE, line=1, limit=CELL_CHARACTERS)
    return head[:end]


def _first_records(top: bytes, dialect: Dialect, *, is_whole: bool) -> tuple[list[str], list[list[str]]]:
    """The header and the first records with anything in them."""
    reader = RecordReader([top], dialect)
    filled = (cells for _, cells in reader.records() if is_filled(cells))
    found: list[list[str]] = []
    try:
        found.extend(islice(filled, _SAMPLE_RECORDS))
        if is_whole:
            deque(filled, maxlen=0)  # what is wrong with a small file is said at once
    except AppError as error:
        is_cut_off = error.code is Code.FILE_QUOTE_UNCLOSED and not is_whole
        if not is_cut_off or not (reader.header or found):
            raise
    return reader.header, found


def _headers(cells: Sequence[str], records: Sequence[Sequence[str]]) -> list[str]:
    """The header's cells, without the empty columns at its end that spreadsheets leave."""
    width = max(map(_filled_width, [cells, *records]))
    headers = [" ".join(cell.split())[:200] for cell in cells[:width]]
    return headers if any(headers) else []


def _filled_width(cells: Sequence[str]) -> int:
    return next((width for width in range(len(cells), 0, -1) if cells[width - 1].strip()), 0)


def _looks_like_a_person(headers: Sequence[str], is_known_header: Callable[[str], bool]) -> bool:
    return any(_ADDRESS_LIKE.fullmatch(header) for header in headers) and not any(map(is_known_header, headers))


def _samples(records: Sequence[Sequence[str]], position: int) -> list[str]:
    filled = (cells[position].strip() for cells in records if len(cells) > position and cells[position].strip())
    return [sample[:200] for sample in islice(filled, SAMPLES)]


def _dialect(
    lines: Sequence[str], encoding: str, overrides: Overrides, is_known_header: Callable[[str], bool]
) -> Dialect:
    quote = overrides.quote or '"'
    told = SEP_LINE.fullmatch(lines[0]) if lines else None
    delimiter = overrides.delimiter or (told[1] if told else None)
    header_line = _first_filled_line(lines, 1 if told else 0, quote + (delimiter or "".join(DELIMITERS)))
    if overrides.header_line is not None:
        header_line = overrides.header_line
        if header_line > len(lines):
            raise AppError(Code.FILE_WITHOUT_HEADER, line=header_line)
    if delimiter is None:
        delimiter = _best_delimiter(lines[max(0, header_line - 1) :], quote, is_known_header)
    return Dialect(encoding, delimiter, quote, header_line)


def _first_filled_line(lines: Sequence[str], above: int, separators: str) -> int:
    for number, line in enumerate(lines[above:], above + 1):
        if "".join(line.split()).strip(separators):
            return number
    raise AppError(Code.FILE_EMPTY)


def _best_delimiter(lines: Sequence[str], quote: str, is_known_header: Callable[[str], bool]) -> str:
    """The delimiter that fits best.

    Under it most headers are known, most records have an address in a cell of its own, most are as wide as most
    others, and widest.
    """

    def fitness(delimiter: str) -> tuple[int, int, float, int]:
        try:
            parsed = csv.reader(iter(lines), delimiter=delimiter, quotechar=quote)
            records = [cells for cells in islice(parsed, _SAMPLE_RECORDS) if is_filled(cells)]
        except csv.Error:
            return (0, 0, 0.0, 0)
        width, times = Counter(map(len, records)).most_common(1)[0] if records else (1, 0)
        if width == 1:
            return (0, 0, 0.0, 0)
        with_address = sum(any(map(_ADDRESS_LIKE.fullmatch, cells)) for cells in records)
        return (sum(map(is_known_header, records[0])), with_address, times / len(records), width)

    return max(DELIMITERS, key=fitness)  # the first of equals: the comma
