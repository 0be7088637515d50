"""What will happen to each row: THE one plan, shown by the preview and executed by the commit (rules 3 to 10). Pure.

Rows go through `place` (what they are in their file), then `settle` (who is on the platform already), and at the
end `finish` (leaders, who may stand anywhere). Never looks anything up: it is told who and what is known.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from app.directory.names import name_key, tidy
from app.imports.first_lines import FirstLines
from app.imports.issues import IssueCode
from app.imports.meanings import domain_suggestion, near_name
from app.imports.reading.table import Record
from app.imports.row import Edit, Outcome, PlannedRow, Recipe, RowReader
from app.invitations.address import NotAnAddress, canonical
from app.invitations.eligibility import Decision, from_a_file

NO_EDITS: Final[Mapping[int, Edit]] = {}
_leader_address: Final = lru_cache(maxsize=4096)(canonical)  # leaders are few, and each is named by many rows
COMPARED: Final = 200
"""How many unknown names of each kind are compared with the known ones: a file of nothing else is no slip."""


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What the platform has: names by name key, and each team's leader or remembered leader, by the team's key."""

    organisations: Mapping[str, str]
    student_groups: Mapping[str, str]
    labels: Mapping[str, str]
    teams: Mapping[str, str]
    leaders: Mapping[str, str]


NOTHING_KNOWN: Final = KnownNames({}, {}, {}, {}, {})


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
        self.recipe = recipe
        self.leaders: dict[str, LeaderClaim] = {}
        self._known = known
        self._seen: dict[str, set[str]] = {kind: {""} for kind in self.totals.creates}  # names as they are spelt
        self._reader = RowReader(recipe)
        self._first_lines = FirstLines()

    # --- a row among the others --------------------------------------------------------------------------------

    def read(self, records: Iterable[Record], edits: Mapping[int, Edit] = NO_EDITS) -> list[PlannedRow]:
        """Records as rows, and `place` done with them. `edits` by line."""
        read = self._reader.read
        rows = [read(record, edits.get(record[0])) for record in records]
        self.place(rows)
        return rows

    def place(self, rows: Iterable[PlannedRow]) -> None:
        """What each row is beside those above it, as far as the file alone can tell. Once for every row, in order."""
        place, might_be_added = self._place, Outcome.ADD
        for row in rows:
            if row.outcome is might_be_added:
                place(row)

    def _place(self, row: PlannedRow) -> None:
        first = self._first_lines.first(row.address, row.line)
        if first != row.line:
            row.outcome = Outcome.DUPLICATE
            row.first_line = first
            row.note(IssueCode.DUPLICATE_IN_FILE, "email", row.values["email"], first_line=first)
        elif leader := row.values.get("team_leader"):
            self._note_leader(row, leader)

    def _note_leader(self, row: PlannedRow, email: str) -> None:
        team = row.values.get("team")
        try:
            address = _leader_address(email)
        except NotAnAddress:
            row.note(IssueCode.LEADER_NOT_AN_ADDRESS, "team_leader", email)
            return
        if not team:
            row.note(IssueCode.LEADER_WITHOUT_TEAM, "team_leader", email)
            return
        name, key = tidy(team), name_key(team)
        kept = self._known.leaders.get(key)
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
        added = self.added(rows, known_addresses)
        _note_mistyped_domains(added)
        self._note_names(added)
        for row in rows:
            if row.issues:
                self.totals.issues.update(issue.code for issue in row.issues)
        self.totals.rows += len(rows)
        self.totals.outcomes.update([row.outcome for row in rows])
        self.totals.mails.update([row.values["language"] for row in added])

    def added(self, rows: Sequence[PlannedRow], known_addresses: Collection[str]) -> list[PlannedRow]:
        """Those that are added; of the others that might have been it is known now that they are there already."""
        added = []
        is_added = {known: from_a_file(is_known=known) is Decision.ADD_AND_INVITE for known in (False, True)}
        for row in rows:
            if row.outcome is not Outcome.ADD:
                continue
            if is_added[row.address in known_addresses]:
                added.append(row)
            else:
                row.outcome = Outcome.ALREADY_USER
        return added

    def _note_names(self, rows: Sequence[PlannedRow]) -> None:
        people, known = [row.values for row in rows], self._known
        groups = [group for row in rows for group in row.groups]
        self._note("organisations", "company", [values["company"] for values in people], known.organisations, rows)
        self._note("student_groups", "student_groups", groups, known.student_groups, rows)
        self._note("labels", "label", [values.get("label", "") for values in people], known.labels, rows)
        self._note("teams", "team", [values.get("team", "") for values in people], known.teams, rows)

    def _note(
        self, kind: str, column: str, names: Sequence[str], known: Mapping[str, str], rows: Sequence[PlannedRow]
    ) -> None:
        """Names that nothing known has will be created, spelt as first given; one close to a known one is asked about.

        The question stands with the first row that names it.
        """
        creates, seen = self.totals.creates[kind], self._seen[kind]
        for name in dict.fromkeys(names):
            if name in seen:
                continue
            seen.add(name)
            if (key := name_key(name)) in known or key in creates:
                continue
            creates[key] = tidy(name)
            if known and len(creates) <= COMPARED and (near := near_name(name, known.values())):
                first = next(row for row in rows if name in row.names(column))
                first.note(IssueCode.NAME_CLOSE_TO_KNOWN, column, tidy(name), suggestion=near)

    def finish(self, who_is_known: Callable[[Collection[str]], Collection[str]]) -> list[PlannedRow]:
        """The rows that name a leader nobody is: found neither in the file nor on the platform. They get a warning."""
        addresses = {claim.address for claim in self.leaders.values()}
        elsewhere = {address for address in addresses if address not in self._first_lines}
        missing = elsewhere - set(who_is_known(elsewhere))
        warned = []
        for claim in self.leaders.values():
            if claim.address in missing:
                claim.row.note(IssueCode.LEADER_NOT_FOUND, "team_leader", claim.email, team=claim.team)
                self.totals.issues[IssueCode.LEADER_NOT_FOUND] += 1
                warned.append(claim.row)
        return warned


def _note_mistyped_domains(rows: Sequence[PlannedRow]) -> None:
    """Warn of addresses whose domain looks like a slip for a well-known one."""
    domains = {row.address[row.address.rindex("@") + 1 :] for row in rows}
    suggestions = {domain: likely for domain in domains if (likely := domain_suggestion(domain))}
    if not suggestions:
        return
    for row in rows:
        local, _, domain = row.address.rpartition("@")
        if domain in suggestions:
            suggestion = f"{local}@{suggestions[domain]}"
            row.note(IssueCode.EMAIL_DOMAIN_MISTYPED, "email", row.values["email"], suggestion=suggestion)
