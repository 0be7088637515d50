"""What will happen to each row: THE one plan, shown by the preview and executed by the commit (rules 3 to 10). Pure.

Rows go through `read` (their own merits, and the file's), then `settle` (who is on the platform already), and at the
end `finish` (leaders, who may stand anywhere). Never looks anything up: it is told who and what is known.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from operator import itemgetter
from os import urandom
from typing import Any, Final

from pydantic import ValidationError

from app.directory.names import name_key, tidy
from app.imports.columns import COLUMNS, GROUP_SEPARATOR, REQUIRED, ROW
from app.imports.issues import Issue, IssueCode
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
    issues: list[Issue] = field(default_factory=list)

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


class FirstLines:
    """Which line each address of the file stands on first. 96-bit keyed hashes: a million addresses in some 120 MB.

    Two addresses share a hash with a probability below 1e-17 in a file of a million: a hit needs no second look.
    """

    def __init__(self) -> None:
        self._lines: dict[bytes, int] = {}
        self._key = urandom(16)

    def claim(self, address: str, line: int) -> int | None:
        """None if the address is new, and the line is noted; else the line it stands on first."""
        first = self._lines.setdefault(self._hash(address), line)
        return None if first == line else first

    def __contains__(self, address: str) -> bool:
        return self._hash(address) in self._lines

    def _hash(self, address: str) -> bytes:
        return blake2b(address.encode(), digest_size=12, key=self._key).digest()


class Plan:
    """The fold of a file's rows into what happens to them."""

    def __init__(self, recipe: Recipe, known: KnownNames) -> None:
        self.totals = Totals()
        self.leaders: dict[str, LeaderClaim] = {}
        self._recipe = recipe
        self._known = known
        self._first_lines = FirstLines()
        self._width = len(recipe.columns)
        fed = [(position, column) for position, column in enumerate(recipe.columns) if column is not None]
        self._positions = tuple(position for position, _ in fed)
        self._names = tuple(column for _, column in fed)
        self._pick = _picker(self._positions)
        self._languages = {language: language for language in recipe.languages}
        self._defaults = dict(recipe.defaults)

    # --- a row on its own merits -------------------------------------------------------------------------------

    def read(self, records: Iterable[Record]) -> list[PlannedRow]:
        """Rows planned as far as the file alone can tell; who might be added stands as `add`."""
        return [self._row(line, cells) for line, cells in records]

    def _row(self, line: int, cells: list[str]) -> PlannedRow:
        width = len(cells)
        issues: list[Issue] = []
        if width != self._width:
            if not is_filled(cells):
                return PlannedRow(line, Outcome.EMPTY, {})
            if width < self._width:
                issues.append(Issue(IssueCode.TOO_FEW_CELLS, line, None, None, {"cells": width, "of": self._width}))
                cells = cells + [""] * (self._width - width)
            elif is_filled(cells[self._width :]):
                params = {"cells": width, "of": self._width}
                issues.append(Issue(IssueCode.TOO_MANY_CELLS, line, None, None, params))
        given = dict(zip(self._names, self._pick(cells), strict=True))
        try:
            values: dict[str, str] = ROW.validate_python(given)  # type: ignore[assignment] # a TypedDict of texts
        except ValidationError as error:
            values = {column: value.strip() for column, value in given.items()}
            issues += _issues_of(error, line, values)
        if not any(values.values()) and not is_filled(cells):
            return PlannedRow(line, Outcome.EMPTY, {})
        for column, default in self._defaults.items():
            if not values.get(column):
                values[column] = default
        row = PlannedRow(line, Outcome.ADD, values, issues=issues)
        self._check(row)
        if issues and any(issue.severity == "error" for issue in issues):
            row.outcome = Outcome.REJECTED
        else:
            self._place(row)
        return row

    def _check(self, row: PlannedRow) -> None:
        values, issues, line = row.values, row.issues, row.line
        for column in REQUIRED:
            if not values.get(column):
                issues.append(Issue(IssueCode.REQUIRED_VALUE_MISSING, line, column, None))
        email = values.get("email")
        if email:
            try:
                row.address = canonical(email)
            except NotAnAddress:
                issues.append(Issue(IssueCode.EMAIL_INVALID, line, "email", email))
        self._check_language(row)
        if groups := values.get("student_groups"):
            self._check_groups(row, groups)

    def _check_language(self, row: PlannedRow) -> None:
        language = row.values.get("language")
        if not language:
            row.values["language"] = self._recipe.language
        elif language not in self._languages:
            understood = self._languages.get(language.lower())
            if understood is not None:
                row.values["language"] = understood
                return
            params = {"languages": ", ".join(self._recipe.languages)}
            row.issues.append(Issue(IssueCode.LANGUAGE_UNKNOWN, row.line, "language", language, params))

    def _check_groups(self, row: PlannedRow, cell: str) -> None:
        row.groups = _split_groups(cell)
        if len(row.groups) > GROUPS:
            params = {"groups": len(row.groups), "limit": GROUPS}
            row.issues.append(Issue(IssueCode.TOO_MANY_GROUPS, row.line, "student_groups", cell, params))
        for group in row.groups:
            if len(group) > TITLE_CHARACTERS:
                limit = {"limit": TITLE_CHARACTERS}
                row.issues.append(Issue(IssueCode.VALUE_TOO_LONG, row.line, "student_groups", group, limit))

    # --- a row among the others --------------------------------------------------------------------------------

    def _place(self, row: PlannedRow) -> None:
        first = self._first_lines.claim(row.address, row.line)
        if first is not None:
            row.outcome = Outcome.DUPLICATE
            row.first_line = first
            params = {"first_line": first}
            row.issues.append(Issue(IssueCode.DUPLICATE_IN_FILE, row.line, "email", row.values["email"], params))
        elif row.values.get("team_leader"):
            self._note_leader(row)

    def _note_leader(self, row: PlannedRow) -> None:
        email = row.values["team_leader"]
        warning: tuple[IssueCode, dict[str, Any]] | None = None
        team = row.values.get("team")
        try:
            address = canonical(email)
        except NotAnAddress:
            warning = (IssueCode.LEADER_NOT_AN_ADDRESS, {})
        else:
            warning = self._claim_team(team, email, address, row) if team else (IssueCode.LEADER_WITHOUT_TEAM, {})
        if warning is not None:
            row.issues.append(Issue(warning[0], row.line, "team_leader", email, warning[1]))

    def _claim_team(
        self, team: str, email: str, address: str, row: PlannedRow
    ) -> tuple[IssueCode, dict[str, Any]] | None:
        key = name_key(team)
        leader = self._known.teams.get(key)
        if leader is not None:
            return None if leader == address else (IssueCode.LEADER_KEPT, {"team": tidy(team)})
        claim = self.leaders.setdefault(key, LeaderClaim(tidy(team), email, address, row))
        if claim.address == address:
            return None
        return IssueCode.LEADER_ALREADY_NAMED, {"team": tidy(team), "first_line": claim.row.line}

    # --- a row in the world ------------------------------------------------------------------------------------

    def settle(self, rows: Sequence[PlannedRow], known_addresses: Collection[str]) -> None:
        """Decide who of the rows that might be added is on the platform already, and count. Once for every row."""
        totals = self.totals
        totals.rows += len(rows)
        for row in rows:
            if row.outcome is Outcome.ADD:
                decision = from_a_file(is_known=row.address in known_addresses)
                if decision is Decision.ADD_AND_INVITE:
                    totals.mails[row.values["language"]] += 1
                    self._note_names(row)
                else:
                    row.outcome = Outcome.ALREADY_USER
            totals.outcomes[row.outcome] += 1
            for issue in row.issues:
                totals.issues[issue.code] += 1

    def _note_names(self, row: PlannedRow) -> None:
        values, known, creates = row.values, self._known, self.totals.creates
        _note(values["company"], known.organisations, creates["organisations"])
        for group in row.groups:
            _note(group, known.student_groups, creates["student_groups"])
        if label := values.get("label"):
            _note(label, known.labels, creates["labels"])
        if team := values.get("team"):
            _note(team, known.teams, creates["teams"])

    def finish(self, who_is_known: Callable[[Collection[str]], Collection[str]]) -> list[PlannedRow]:
        """The rows that name a leader nobody is: found neither in the file nor on the platform. They get a warning."""
        elsewhere = {claim.address for claim in self.leaders.values() if claim.address not in self._first_lines}
        missing = elsewhere - set(who_is_known(elsewhere))
        warned = []
        for claim in self.leaders.values():
            if claim.address in missing:
                params = {"team": claim.team}
                issue = Issue(IssueCode.LEADER_NOT_FOUND, claim.row.line, "team_leader", claim.email, params)
                claim.row.issues.append(issue)
                self.totals.issues[issue.code] += 1
                warned.append(claim.row)
        return warned


def _picker(positions: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    if len(positions) == 1:
        only = positions[0]
        return lambda cells: (cells[only],)
    if not positions:
        return lambda _cells: ()
    return itemgetter(*positions)


@lru_cache(maxsize=16_384)  # a file has few combinations of groups
def _split_groups(cell: str) -> tuple[str, ...]:
    groups: dict[str, str] = {}
    for part in cell.split(GROUP_SEPARATOR):
        if name := tidy(part):
            groups.setdefault(name_key(name), name)
    return tuple(groups.values())


def _note(name: str, known: Collection[str], creates: dict[str, str]) -> None:
    key = name_key(name)
    if key not in known:
        creates.setdefault(key, tidy(name))


_PYDANTIC: Final = {
    "string_too_long": IssueCode.VALUE_TOO_LONG,
    "string_pattern_mismatch": IssueCode.CHARACTERS_NOT_ALLOWED,
    "string_unicode": IssueCode.CHARACTERS_NOT_ALLOWED,
}


def _issues_of(error: ValidationError, line: int, values: dict[str, str]) -> list[Issue]:
    found = []
    for item in error.errors(include_url=False):
        column = str(item["loc"][0])
        params = {"limit": item["ctx"]["max_length"]} if item["type"] == "string_too_long" else {}
        found.append(Issue(_PYDANTIC[item["type"]], line, column, values[column], params))
    return found
