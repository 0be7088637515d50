"""Some rows of a file, one below the other, in columns: a million pass by, and few are ever looked at alone. Pure.

Keeps what was found about each of them; decides nothing.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain, compress
from operator import attrgetter
from typing import Any, Self, TypeVar

from app.imports.first_lines import HASH_BYTES
from app.imports.issues import Issue, IssueCode
from app.imports.row import Outcome, PlannedRow

T = TypeVar("T")
_line_of = attrgetter("line")


@dataclass(frozen=True, slots=True)
class Added:
    """Those of some rows that are added, in columns; `positions` tells which of the rows they are."""

    positions: Sequence[int]
    columns: Mapping[str, Sequence[str]]
    addresses: Sequence[str]
    groups: Sequence[tuple[str, ...]]

    def column(self, name: str) -> Sequence[str]:
        """The texts of one of our columns; empty ones where nothing feeds it."""
        return self.columns.get(name) or [""] * len(self.positions)

    def first(self, column: str, name: str) -> int:
        """The position of the first row that names something in a column."""
        if column == "student_groups":
            return next(at for at, groups in zip(self.positions, self.groups, strict=True) if name in groups)
        return self.positions[self.columns[column].index(name)]


@dataclass(slots=True)
class Rows:
    """Rows that might be added, in columns; beside them the `others`, which cannot, as they are.

    A position counts the rows that might be added. Whoever is `left_out` is not added after all.
    """

    lines: Sequence[int]
    columns: dict[str, Sequence[str]]
    """The texts by our columns, defaults filled in. What nothing feeds is not there."""
    addresses: Sequence[str]
    groups: Sequence[tuple[str, ...]]
    hashes: bytes = b""
    """Of the addresses, one behind the other (first_lines)."""
    issues: dict[int, tuple[Issue, ...]] = field(default_factory=dict)
    others: list[PlannedRow] = field(default_factory=list)
    left_out: dict[int, tuple[Outcome, int | None]] = field(default_factory=dict)
    """What becomes of them by position, and of a duplicate the line it repeats."""
    claims: dict[int, str] = field(default_factory=dict)
    """Which of them name a team's leader first: the team's key by position."""
    _seen: dict[int, PlannedRow] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, rows: Sequence[PlannedRow]) -> Self:
        """Rows that were read one by one."""
        might = [row for row in rows if row.outcome is Outcome.ADD]
        names = dict.fromkeys(chain.from_iterable(row.values for row in might))
        return cls(
            lines=[row.line for row in might],
            columns={name: [row.values.get(name, "") for row in might] for name in names},
            addresses=[row.address for row in might],
            groups=[row.groups for row in might],
            issues={position: row.issues for position, row in enumerate(might) if row.issues},
            others=[row for row in rows if row.outcome is not Outcome.ADD],
        )

    @classmethod
    def joined(cls, parts: Sequence["Rows"]) -> "Rows":
        """All the rows of some parts, one behind the other."""
        if len(parts) == 1:
            return parts[0]
        names = dict.fromkeys(chain.from_iterable(part.columns for part in parts))
        above = list(accumulate((len(part.lines) for part in parts), initial=0))
        return Rows(
            lines=_in_a_row(part.lines for part in parts),
            columns={name: _in_a_row(part.column(name) for part in parts) for name in names},
            addresses=_in_a_row(part.addresses for part in parts),
            groups=_in_a_row(part.groups for part in parts),
            hashes=b"".join(part.hashes for part in parts),
            issues=_at_once(_moved(part.issues, by) for part, by in zip(parts, above, strict=False)),
            others=_in_a_row(part.others for part in parts),
            left_out=_at_once(_moved(part.left_out, by) for part, by in zip(parts, above, strict=False)),
            claims=_at_once(_moved(part.claims, by) for part, by in zip(parts, above, strict=False)),
        )

    def with_more(self, rows: Sequence[PlannedRow]) -> "Rows":
        """These and others from between them, in the order of the file."""
        more = Rows.of(sorted(rows, key=_line_of))
        if not more.lines:
            self.others = more.others
            return self
        joined = Rows.joined([self, more])
        order = sorted(range(len(joined.lines)), key=joined.lines.__getitem__)
        place = {old: new for new, old in enumerate(order)}
        return Rows(
            lines=[joined.lines[old] for old in order],
            columns={name: [column[old] for old in order] for name, column in joined.columns.items()},
            addresses=[joined.addresses[old] for old in order],
            groups=[joined.groups[old] for old in order],
            issues={place[old]: issues for old, issues in joined.issues.items()},
            others=joined.others,
        )

    def only(self, is_wanted: Sequence[bool]) -> "Rows":
        """Some of them, of which nothing was found yet."""
        return Rows(
            lines=list(compress(self.lines, is_wanted)),
            columns={name: list(compress(column, is_wanted)) for name, column in self.columns.items()},
            addresses=list(compress(self.addresses, is_wanted)),
            groups=list(compress(self.groups, is_wanted)),
        )

    def __len__(self) -> int:
        return len(self.lines) + len(self.others)

    def __iter__(self) -> Iterator[PlannedRow]:
        """Each row as it stands, in the order of the file."""
        return iter(sorted([*map(self.row, range(len(self.lines))), *self.others], key=_line_of))

    @property
    def first_line(self) -> int:
        """The line of the first row; there must be one."""
        return min([*self.lines[:1], *(row.line for row in self.others[:1])])

    @property
    def last_line(self) -> int:
        """The line of the last row; there must be one."""
        return max([*self.lines[-1:], *(row.line for row in self.others[-1:])])

    def column(self, name: str) -> Sequence[str]:
        """The texts of one of our columns; empty ones where nothing feeds it."""
        return self.columns.get(name) or [""] * len(self.lines)

    def row(self, position: int) -> PlannedRow:
        """A row that might be added, or might have been, as it stands. The same one whenever it is asked for."""
        found = self._seen.get(position)
        if found is None:
            outcome, first_line = self.left_out.get(position, (Outcome.ADD, None))
            found = self._seen[position] = PlannedRow(
                self.lines[position],
                outcome,
                {name: column[position] for name, column in self.columns.items()},
                self.addresses[position],
                self.groups[position],
                first_line,
                self.issues.get(position, ()),
            )
        return found

    def unclean(self) -> list[PlannedRow]:
        """The rows that something is to be said about: they are kept. Of any other the file says it all."""
        return [*map(self.row, sorted(self.left_out.keys() | self.issues.keys())), *self.others]

    def unlike(self, shown: Mapping[int, str]) -> list[PlannedRow]:
        """The rows whose outcome is not what was shown, by line; of a line that is not there, an `add`."""
        added = [
            position for position, line in enumerate(self.lines) if line in shown and position not in self.left_out
        ]
        others = [*map(self.row, self.left_out), *self.others]
        return [
            *map(self.row, added),
            *(row for row in others if row.outcome != shown.get(row.line, Outcome.ADD)),
        ]

    def outcomes(self) -> Counter[Outcome]:
        """How many of them come to what."""
        found = Counter([row.outcome for row in self.others])
        found.update([outcome for outcome, _ in self.left_out.values()])
        found[Outcome.ADD] = len(self.lines) - len(self.left_out)
        return +found  # without those that none comes to

    def added(self) -> Added:
        """Those that are added."""
        if not self.left_out:
            return Added(range(len(self.lines)), self.columns, self.addresses, self.groups)
        is_added = [position not in self.left_out for position in range(len(self.lines))]
        return Added(
            list(compress(range(len(self.lines)), is_added)),
            {name: list(compress(column, is_added)) for name, column in self.columns.items()},
            list(compress(self.addresses, is_added)),
            list(compress(self.groups, is_added)),
        )

    # --- what is found about them --------------------------------------------------------------------------------

    def note(self, position: int, code: IssueCode, column: str, value: str | None = None, **params: Any) -> None:
        """Add a finding about one of a row's columns."""
        found = Issue(code, self.lines[position], column, value, params)
        self.issues[position] = (*self.issues.get(position, ()), found)
        self._seen.pop(position, None)

    def leave_out(self, position: int, outcome: Outcome, first_line: int | None = None) -> None:
        """A row is not added after all."""
        self.left_out[position] = outcome, first_line
        self._seen.pop(position, None)

    # --- parts of them -------------------------------------------------------------------------------------------

    def cut(self, count: int) -> tuple["Rows", "Rows"]:
        """The first so many of them, and the rest."""
        if count >= len(self):
            return self, self._part(len(self.lines), len(self.others))
        line = sorted([*self.lines, *map(_line_of, self.others)])[count]
        return self._part(0, 0, before=line), self._from(line)

    def behind(self, line: int) -> "Rows":
        """Those that start behind a line."""
        return self if not self or self.first_line > line else self._from(line + 1)

    def _from(self, line: int) -> "Rows":
        return self._part(bisect_left(self.lines, line), bisect_left(self.others, line, key=_line_of))

    def _part(self, first: int, first_other: int, *, before: int | None = None) -> "Rows":
        end = len(self.lines) if before is None else bisect_left(self.lines, before)
        end_of_others = len(self.others) if before is None else bisect_left(self.others, before, key=_line_of)
        return Rows(
            lines=self.lines[first:end],
            columns={name: column[first:end] for name, column in self.columns.items()},
            addresses=self.addresses[first:end],
            groups=self.groups[first:end],
            hashes=self.hashes[HASH_BYTES * first : HASH_BYTES * end],
            issues=_moved(_within(self.issues, first, end), -first),
            others=self.others[first_other:end_of_others],
            left_out=_moved(_within(self.left_out, first, end), -first),
            claims=_moved(_within(self.claims, first, end), -first),
        )


def _in_a_row(parts: Iterable[Iterable[T]]) -> list[T]:
    return list(chain.from_iterable(parts))


def _at_once(parts: Iterable[Mapping[int, T]]) -> dict[int, T]:
    return {position: what for part in parts for position, what in part.items()}


def _within(found: Mapping[int, T], first: int, end: int) -> dict[int, T]:
    return {position: what for position, what in found.items() if first <= position < end}


def _moved(found: Mapping[int, T], by: int) -> dict[int, T]:
    return {position + by: what for position, what in found.items()}
