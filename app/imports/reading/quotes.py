"""Where quotes open in a record that spans lines, and whether one of them swallows the people below it. Pure.

Looks only at such records, as they stand in the file; reads no cell.
"""

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

ADDRESS_LIKE: Final = re.compile(r"[^@\s,;|]+@[^@\s,;|.]+(?:\.[^@\s,;|.]+)+")  # one way to match: never quadratic
_NARROW: Final = 3
_CELLS: Final = 10_000
"""How many cells of a record are looked at: what has more is refused for that."""


@dataclass(frozen=True, slots=True)
class QuotedCell:
    """A quoted cell: the position of its quote in the record, its column, what it holds, and how it ends."""

    position: int
    column: int
    content: str
    is_closed: bool
    rest: str
    """What stands between the closing quote and the next delimiter: nothing, in a well-formed file."""


def split_lines(text: str) -> list[str]:
    """A text's lines with their ends as an editor counts them; `str.splitlines` splits at form feeds and more."""
    return list(io.StringIO(text, newline=""))


def open_quote(record: Sequence[str], *, delimiter: str, quote: str, escape: str) -> int:
    """Which of a record's lines, from 0, holds the quote that is never closed; the first where none is found."""
    text = "".join(record)
    for cell in _quoted_cells(text, delimiter, quote, escape):
        if not cell.is_closed:
            return _lines_above(text, cell.position)
    return 0


def swallowing_quote(record: Sequence[str], *, delimiter: str, quote: str, escape: str, columns: int) -> int | None:
    """Which of a record's lines, from 0, holds a quote that swallows people: they would be one big cell.

    In a file of so many columns that is a cell over several lines one of which looks like a record of its own, one
    that begins as one record ends and ends as another begins, or one that does not end where its quote is closed.
    """
    text = "".join(record)
    for cell in _quoted_cells(text, delimiter, quote, escape):
        lines = split_lines(cell.content)
        if len(lines) > 1 and (cell.rest.strip() or _is_swallowed(lines, cell.column, delimiter, columns)):
            return _lines_above(text, cell.position)
    return None


def _is_swallowed(lines: Sequence[str], column: int, delimiter: str, columns: int) -> bool:
    for line in lines:
        if line.count(delimiter) >= columns - 1 and _has_address(line, delimiter):
            return True
    ends_a_record = lines[0].count(delimiter) == columns - 1 - column
    begins_one = lines[-1].count(delimiter) == column
    is_wide = columns >= _NARROW
    return is_wide and ends_a_record and begins_one and any(_has_address(line, delimiter) for line in lines)


def _has_address(line: str, delimiter: str) -> bool:
    return "@" in line and any(ADDRESS_LIKE.fullmatch(part.strip(" \"'\r\n")) for part in line.split(delimiter))


def _quoted_cells(text: str, delimiter: str, quote: str, escape: str) -> Iterator[QuotedCell]:
    pattern = _cell(delimiter, quote, escape)
    column = position = 0
    while position < len(text) and column < _CELLS:
        found = pattern.match(text, position)
        if found is None:  # a blank cell
            end = position
        else:
            end = found.end()
            if found["open"]:
                yield QuotedCell(position, column, found["content"], bool(found["close"]), found["rest"] or "")
        column += 1
        position = end + 1
        if text[end : end + 1] != delimiter:
            return


@lru_cache(maxsize=32)
def _cell(delimiter: str, quote: str, escape: str) -> re.Pattern[str]:
    """What matches one cell as the csv module reads it, in one way only."""
    d, q, e = re.escape(delimiter), re.escape(quote), re.escape(escape)
    escaped = f"|{e}." if escape else ""
    plain = f"[^{q}{e}]*+"
    return re.compile(
        rf"(?P<open>{q})(?P<content>{plain}(?:(?:{q}{q}{escaped}){plain})*+)(?P<close>{q})?+(?P<rest>[^{d}\r\n]*+)"
        rf"|[^{d}\r\n]++",
        re.DOTALL,
    )


def _lines_above(text: str, position: int) -> int:
    return len(split_lines(text[:position] + "?")) - 1
