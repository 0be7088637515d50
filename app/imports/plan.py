"""What will happen to each row: THE one plan, shown by the preview and executed by the commit (rules 3 to 10). Pure.

Rows go through `read` (their own merits, and the file's), then `settle` (who is on the platform already), and at the
end `finish` (leaders, who may stand anywhere). Never looks anything up: it is told who and what is known.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2s
from operator import itemgetter
from os import urandom
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.directory.names import name_key, tidy
from app.imports.columns import COLUMNS, GROUP_SEPARATOR, REQUIRED, texts_of
from app.imports.issues import Issue, IssueCode, Severity
from app.imports.table import Record, is_filled
from app.invitations.address import NotAnAddress, canonical
from app.invitations.eligibility import Decision, from_a_file
from app.invitations.fields import GROUPS, TITLE_CHARACTERS


class Outcome(StrEnum):
    """What happens to a row: exactly one of these."""

    EMPTY = "empty"
    SKIPPED = "skipped"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    ALREADY_USER = "already_user"
    ADD = "add"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How rows become people: which of our columns each cell feeds, defaults, and the platform's language."""

    columns: tuple[str | None, ...]
    defaults: Mapping[str, str]
    language: str
    languages: Collection[str]


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What the platform has, by name key. `teams` tells each team's leader or remembered leader, None without one."""

    organisations: Collection[str]
    student_groups: Collection[str]
    labels: Collection[str]
    teams: Mapping[str, str | None]


@dataclass(slots=True)
class PlannedRow:
    """A row and what happens to it. `values` by our columns, defaults filled in; `address` is the canonical one."""

    line: int
    outcome: Outcome
    values: dict[str, str]
    address: str = ""
    groups: tuple[str, ...] = ()
    first_line: int | None = None
    issues: tuple[Issue, ...] = ()

    def note(self, code: IssueCode, column: str, value: str | None = None, **params: Any) -> None:
        """Add a finding about one of the row's columns."""
        self.issues += (Issue(code, self.line, column, value, params),)

    @property
    def is_clean_add(self) -> bool:
        """Whether nothing needs to be kept of it: the file says it all."""
        return self.outcome is Outcome.ADD and not self.issues

    def shown_values(self) -> dict[str, Any]:
        """The values as people see them: groups as a list, empty ones as null."""
        shown: dict[str, Any] = {column.name: self.values.get(column.name) or None for column in COLUMNS}
        shown["student_groups"] = list(self.groups)
        return shown


@dataclass(slots=True)
class LeaderClaim:
    """Who a file names first as a team's leader, and the row that does."""

    team: str
    email: str
    address: str
    row: PlannedRow


@dataclass(slots=True)
class Totals:
    """What the whole plan comes to. `creates` holds unknown names by kind and key, spelt as first given."""

    rows: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    mails: Counter[str] = field(default_factory=Counter)
    issues: Counter[str] = field(default_factory=Counter)
    creates: dict[str, dict[str, str]] = field(
        default_factory=lambda: {kind: {} for kind in ("organisations", "student_groups", "labels", "teams")}
    )


class Plan:
    """The fold of a file's rows into what happens to them."""

    def __init__(self, recipe: Recipe, known: KnownNames) -> None:
        self.totals = Totals()
        self.leaders: dict[str, LeaderClaim] = {}
        self._known = known
        # Which line each address stands on first. By a keyed hash: a million of them take some 130 MB, however long
        # they are, and that two ever share one of 120 bits is less likely than 1e-24: a hit needs no second look.
        self._first_lines: dict[bytes, int] = {}
        self._keyed = blake2s(digest_size=15, key=urandom(16))
        fed = [(position, column) for position, column in enumerate(recipe.columns) if column is not None]
        self._width = len(recipe.columns)
        self._pick = _picker([position for position, _ in fed])
        self._names = tuple(column for _, column in fed)
        self._texts_of = texts_of(self._names)
        defaults = {column: default for column, default in recipe.defaults.items() if default}
        self._defaults = tuple(({"language": recipe.language} | defaults).items())
        self._languages = frozenset(recipe.languages)
        self._languages_shown = ", ".join(recipe.languages)

    # --- a row on its own merits -------------------------------------------------------------------------------

    def read(self, records: Iterable[Record]) -> list[PlannedRow]:
        """Rows planned as far as the file alone can tell; who might be added stands as `add`."""
        return [self._row(line, cells) for line, cells in records]

    def _row(self, line: int, cells: Sequence[str]) -> PlannedRow:
        issues: tuple[Issue, ...] = ()
        faulty: Collection[str] = ()
        if len(cells) != self._width:
            cells, issues = self._fitted(line, cells)
        picked = self._pick(cells)
        try:
            texts = self._texts_of(picked)
        except ValidationError as error:
            texts = tuple(cell.strip() for cell in picked)
            found = [_issue_of(item, line, self._names, texts) for item in error.errors(include_url=False)]
            faulty = {issue.column or "" for issue in found}
            issues += tuple(found)
        if not any(texts) and not is_filled(cells):
            return PlannedRow(line, Outcome.EMPTY, {})
        values = dict(zip(self._names, texts))  # noqa: B905 as many by construction; asking costs 3 % of a row
        for column, default in self._defaults:
            if not values.get(column):
                values[column] = default
        row = PlannedRow(line, Outcome.ADD, values, "", (), None, issues)
        self._check(row, faulty)
        if row.issues and any(issue.severity is Severity.ERROR for issue in row.issues):
            row.outcome = Outcome.REJECTED
        else:
            self._place(row)
        return row

    def _fitted(self, line: int, cells: Sequence[str]) -> tuple[Sequence[str], tuple[Issue, ...]]:
        """A ragged row's cells, at least as many as the file has columns, and what there is to say about it."""
        width = len(cells)
        params = {"cells": width, "of": self._width}
        if width < self._width:
            return [*cells, *([""] * (self._width - width))], (Issue(IssueCode.TOO_FEW_CELLS, line, params=params),)
        if is_filled(cells[self._width :]):
            return cells, (Issue(IssueCode.TOO_MANY_CELLS, line, params=params),)
        return cells, ()

    def _check(self, row: PlannedRow, faulty: Collection[str]) -> None:
        """What a row's texts mean, but for those columns that are known to be faulty."""
        values = row.values
        for column in REQUIRED:
            if not values.get(column) and column not in faulty:
                row.note(IssueCode.REQUIRED_VALUE_MISSING, column)
        email = values.get("email")
        if email and "email" not in faulty:
            try:
                row.address = canonical(email)
            except NotAnAddress:
                row.note(IssueCode.EMAIL_INVALID, "email", email)
        if values["language"] not in self._languages and "language" not in faulty:
            self._check_language(row)
        groups = values.get("student_groups")
        if groups and "student_groups" not in faulty:
            if len(groups) <= _SHORT:
                row.groups = _few_groups(groups)
            else:
                self._check_groups(row, groups)

    def _check_language(self, row: PlannedRow) -> None:
        given = row.values["language"]
        if given.lower() in self._languages:
            row.values["language"] = given.lower()
        else:
            row.note(IssueCode.LANGUAGE_UNKNOWN, "language", given, languages=self._languages_shown)

    def _check_groups(self, row: PlannedRow, cell: str) -> None:
        row.groups = groups = _groups_of(cell)
        if len(groups) > GROUPS:
            row.note(IssueCode.TOO_MANY_GROUPS, "student_groups", cell, groups=len(groups), limit=GROUPS)
        for group in groups:
            if len(group) > TITLE_CHARACTERS:
                row.note(IssueCode.VALUE_TOO_LONG, "student_groups", group, limit=TITLE_CHARACTERS)

    # --- a row among the others --------------------------------------------------------------------------------

    def _place(self, row: PlannedRow) -> None:
        first = self._first_lines.setdefault(self._hash(row.address), row.line)
        if first != row.line:
            row.outcome = Outcome.DUPLICATE
            row.first_line = first
            row.note(IssueCode.DUPLICATE_IN_FILE, "email", row.values["email"], first_line=first)
        elif leader := row.values.get("team_leader"):
            self._note_leader(row, leader)

    def _hash(self, address: str) -> bytes:
        hashed = self._keyed.copy()
        hashed.update(address.encode())
        return hashed.digest()

    def _note_leader(self, row: PlannedRow, email: str) -> None:
        team = row.values.get("team")
        try:
            address = canonical(email)
        except NotAnAddress:
            row.note(IssueCode.LEADER_NOT_AN_ADDRESS, "team_leader", email)
            return
        if not team:
            row.note(IssueCode.LEADER_WITHOUT_TEAM, "team_leader", email)
            return
        name, key = tidy(team), name_key(team)
        kept = self._known.teams.get(key)
        if kept is not None:
            if kept != address:
                row.note(IssueCode.LEADER_KEPT, "team_leader", email, team=name)
            return
        claim = self.leaders.setdefault(key, LeaderClaim(name, email, address, row))
        if claim.address != address:
            row.note(IssueCode.LEADER_ALREADY_NAMED, "team_leader", email, team=name, first_line=claim.row.line)

    # --- a row in the world ------------------------------------------------------------------------------------

    def settle(self, rows: Sequence[PlannedRow], known_addresses: Collection[str]) -> None:
        """Decide who of the rows that might be added is on the platform already, and count. Once for every row."""
        added = []
        might_be_added, is_new = Outcome.ADD, Decision.ADD_AND_INVITE
        for row in rows:
            if row.outcome is might_be_added:
                if from_a_file(is_known=row.address in known_addresses) is is_new:
                    added.append(row)
                else:
                    row.outcome = Outcome.ALREADY_USER
            if row.issues:
                self.totals.issues.update(issue.code for issue in row.issues)
        self.totals.rows += len(rows)
        self.totals.outcomes.update([row.outcome for row in rows])
        self.totals.mails.update([row.values["language"] for row in added])
        self._note_names(added)

    def _note_names(self, rows: Sequence[PlannedRow]) -> None:
        known, creates = self._known, self.totals.creates
        people = [row.values for row in rows]
        _note([values["company"] for values in people], known.organisations, creates["organisations"])
        _note([group for row in rows for group in row.groups], known.student_groups, creates["student_groups"])
        _note([values.get("label", "") for values in people], known.labels, creates["labels"])
        _note([values.get("team", "") for values in people], known.teams, creates["teams"])

    def finish(self, who_is_known: Callable[[Collection[str]], Collection[str]]) -> list[PlannedRow]:
        """The rows that name a leader nobody is: found neither in the file nor on the platform. They get a warning."""
        addresses = {claim.address for claim in self.leaders.values()}
        elsewhere = {address for address in addresses if self._hash(address) not in self._first_lines}
        missing = elsewhere - set(who_is_known(elsewhere))
        warned = []
        for claim in self.leaders.values():
            if claim.address in missing:
                claim.row.note(IssueCode.LEADER_NOT_FOUND, "team_leader", claim.email, team=claim.team)
                self.totals.issues[IssueCode.LEADER_NOT_FOUND] += 1
                warned.append(claim.row)
        return warned


def _picker(positions: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """What takes these cells of a row; `itemgetter` makes no tuple of fewer than two."""
    if len(positions) > 1:
        return itemgetter(*positions)
    return lambda cells: tuple(cells[position] for position in positions)


def _groups_of(cell: str) -> tuple[str, ...]:
    """The student groups a cell names, each once, spelt as first given."""
    groups: dict[str, str] = {}
    for part in cell.split(GROUP_SEPARATOR):
        if name := tidy(part):
            groups.setdefault(name_key(name), name)
    return tuple(groups.values())


# A cell this short holds neither too many groups nor, NFC making three characters of one at most, one too long.
_SHORT: Final = min(TITLE_CHARACTERS // 3, GROUPS)
_few_groups = lru_cache(maxsize=16_384)(_groups_of)  # a file has few combinations of them


def _note(names: Iterable[str], known: Collection[str], creates: dict[str, str]) -> None:
    """Names that nothing known has will be created, spelt as first given."""
    for name in dict.fromkeys(names):
        if name and (key := name_key(name)) not in known:
            creates.setdefault(key, tidy(name))


_PYDANTIC: Final = {
    "string_too_long": IssueCode.VALUE_TOO_LONG,
    "string_pattern_mismatch": IssueCode.CHARACTERS_NOT_ALLOWED,
    "string_unicode": IssueCode.CHARACTERS_NOT_ALLOWED,
}


def _issue_of(item: ErrorDetails, line: int, columns: Sequence[str], texts: Sequence[str]) -> Issue:
    position = int(item["loc"][0])
    params = {"limit": item["ctx"]["max_length"]} if item["type"] == "string_too_long" else {}
    return Issue(_PYDANTIC[item["type"]], line, columns[position], texts[position], params)
