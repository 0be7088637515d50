"""The top of a file -> how to read it, its header, samples, and what there is to say about it. Pure.

Looks at the first records only, or at all of them where the top is the whole file: then what is wrong is said at once.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Final

from app.errors import AppError, Code
from app.imports.columns import OUR_HEADERS
from app.imports.issues import Issue, IssueCode
from app.imports.reading.damage import first_damage
from app.imports.reading.dialect import DELIMITERS, Overrides, choose_dialect, sheet_dialect
from app.imports.reading.encodings import codec
from app.imports.reading.header import HEADER_CHARACTERS, filled_width, tidy_headers
from app.imports.reading.inspector import damage_issue
from app.imports.reading.lines import CELL_CHARACTERS, TOP, Lines
from app.imports.reading.table import IGNORED_SHOWN, Dialect, RecordReader, is_filled, without_guard

SAMPLES: Final = 3
_VALUES: Final = 20
_SAMPLE_RECORDS: Final = 200


@dataclass(frozen=True, slots=True)
class Detected:
    """What was found at the top of a file: how to read it, its headers, and up to 20 values below each."""

    dialect: Dialect
    headers: list[str]
    values: list[list[str]]
    issues: tuple[Issue, ...] = ()
    settled: frozenset[IssueCode] = frozenset()
    """What an earlier look at the file found, and this one takes the place of."""

    @property
    def samples(self) -> list[list[str]]:
        """The values that are shown below each header: up to 3."""
        return [values[:SAMPLES] for values in self.values]

    @property
    def preamble(self) -> range:
        """The lines above the header, as far as they are shown."""
        return range(1, min(self.dialect.header_line, IGNORED_SHOWN + 1))


def detect(
    head: bytes,
    *,
    is_whole: bool,
    encoding: str,
    overrides: Overrides,
    is_known_header: Callable[[str], bool],
    max_columns: int,
    is_sheet: bool = False,
) -> Detected:
    """Read the top of a file, where its header must stand; a file that is all there is read to its end.

    Raises AppError: empty, no header where somebody says there is one, too many columns, and what reading raises.
    """
    encoding = "utf-8" if is_sheet else overrides.encoding or encoding
    top = head if is_whole else _whole_lines(head, encoding, max_columns)
    lines = list(chain.from_iterable(Lines([top], encoding, TOP).runs()))
    if is_sheet:
        dialect = sheet_dialect(lines, overrides, is_known_header)
    else:
        dialect = choose_dialect(lines, encoding, overrides, is_known_header)
    dialect = replace(dialect, ignores_lines=overrides.ignore_lines is not False)
    header, records, _ = _first_records(top, dialect)
    headers = _headers(header, records, dialect)
    if not headers:
        raise AppError(Code.FILE_WITHOUT_HEADER, line=dialect.header_line)
    if len(headers) > max_columns:
        raise AppError(Code.FILE_TOO_MANY_COLUMNS, line=dialect.header_line, columns=len(headers), limit=max_columns)
    dialect = replace(dialect, headers=tuple(headers))
    _, records, unclosed = _first_records(top, dialect, to_the_end=is_whole)
    values = [_values(records, position) for position in range(len(headers))]
    issues, settled = [], {IssueCode.HEADER_MISSING, IssueCode.QUOTE_UNCLOSED}
    if unclosed is not None and is_whole:  # else it may only be cut off
        issues.append(Issue(IssueCode.QUOTE_UNCLOSED, unclosed))
    if dialect.header_line == 0 and overrides.header_line is None:
        issues.append(Issue(IssueCode.HEADER_MISSING, None))
    if is_sheet or overrides.encoding is not None:  # else the inspector has looked, to the end of the file
        settled |= {IssueCode.ENCODING_UNCERTAIN, IssueCode.TEXT_DAMAGED}
        issues += _damage(lines)
    return Detected(dialect, headers, values, tuple(issues), frozenset(settled))


def _whole_lines(head: bytes, encoding: str, max_columns: int) -> bytes:
    """The top of a file without the line that is cut at its end."""
    ends = [mark.encode(codec(encoding)) for mark in "\n\r"]
    cut = max(_last(head, end) + len(end) for end in ends)
    if cut < len(ends[0]):
        columns = max(head.count(delimiter.encode(codec(encoding))) for delimiter in DELIMITERS)
        if columns > max_columns:
            raise AppError(Code.FILE_TOO_MANY_COLUMNS, line=1, columns=columns, limit=max_columns)
        raise AppError(Code.FILE_CELL_TOO_LARGE, line=1, limit=CELL_CHARACTERS)
    return head[:cut]


def _last(head: bytes, mark: bytes) -> int:
    """Where a character stands last; of two bytes, it starts at an even place. Below zero: nowhere."""
    found = head.rfind(mark)
    while found > 0 and found % len(mark):
        found = head.rfind(mark, 0, found + len(mark) - 1)
    return found if found % len(mark) == 0 else -len(mark)


def _first_records(
    top: bytes, dialect: Dialect, *, to_the_end: bool = False
) -> tuple[list[str], list[list[str]], int | None]:
    """The header, the first records with anything in them, and where a quote opens that nothing closes."""
    reader = RecordReader([top], dialect)
    filled = (cells for _, cells in reader.records() if is_filled(cells))
    found: list[list[str]] = []
    try:
        found.extend(islice(filled, _SAMPLE_RECORDS))
        if to_the_end:
            deque(filled, maxlen=0)
    except AppError as error:
        if error.code is not Code.FILE_QUOTE_UNCLOSED or not (reader.header or found):
            raise
        return reader.header, found, int(str(error.params["line"]))
    return reader.header, found, None


def _headers(header: Sequence[str], records: Sequence[Sequence[str]], dialect: Dialect) -> list[str]:
    """The header's cells as shown, without the empty columns at its end that spreadsheets leave."""
    width = max(map(filled_width, [header, *records]))
    if dialect.header_line == 0:
        return [f"Column {position + 1}" for position in range(width)]
    headers = tidy_headers(header[:width])
    if tuple(headers[-2:]) == OUR_HEADERS:
        headers = list(map(without_guard, headers))
    return headers if any(headers) else []


def _values(records: Sequence[Sequence[str]], position: int) -> list[str]:
    filled = (cells[position].strip() for cells in records if len(cells) > position and cells[position].strip())
    return [value[:HEADER_CHARACTERS] for value in islice(filled, _VALUES)]


def _damage(lines: Sequence[str]) -> list[Issue]:
    for number, line in enumerate(lines, 1):
        if not line.isascii() and (damage := first_damage(line)):
            return [damage_issue(number, damage.word, damage.meant)]
    return []
