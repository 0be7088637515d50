"""What will happen to each row: THE one plan, shown by the preview and executed by the commit (rules 3 to 10). Pure.

Rows go through `place` (what they are in their file), then `settle` (who is on the platform already), and at the
end `finish` (leaders, who may stand anywhere). Never looks anything up: it is told who and what is known.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Final

from app.directory.names import name_key, tidy
from app.imports.by_column import NO_EDITS, RowsReader
from app.imports.first_lines import FirstLines, hashes_of, new_key
from app.imports.issues import IssueCode
from app.imports.meanings import domain_suggestion, near_name
from app.imports.reading.table import Record
from app.imports.row import Edit, Outcome, PlannedRow, Recipe
from app.imports.rows import Added, Rows
from app.invitations.address import NotAnAddress, canonical
from app.invitations.eligibility import Decision, from_a_file

_leader_address: Final = lru_cache(maxsize=4096)(canonical)  # leaders are few, and each is named by many rows
_AGREED: Final = 16_384
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
    """Who a file names first as a team's leader, and the row that does, as soon as it is settled."""

    team: str
    email: str
    address: str
    line: int
    row: PlannedRow | None = None


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
    """The fold of a file's rows into what happens to them. `expected`: about how many there will be."""

    def __init__(self, recipe: Recipe, known: KnownNames, expected: int = 0) -> None:
        self.totals = Totals()
        self.recipe = recipe
        self.leaders: dict[str, LeaderClaim] = {}
        self.hash_key = new_key()
        """The key to the hashes of addresses: whoever reads elsewhere makes them."""
        self._known = known
        self._seen: dict[str, set[str]] = {kind: {""} for kind in self.totals.creates}  # names as they are spelt
        self._agreed: set[tuple[str, str]] = set()
        self._reader = RowsReader(recipe)
        self._first_lines = FirstLines(expected)

    # --- a row among the others --------------------------------------------------------------------------------

    def read(self, records: Iterable[Record], edits: Mapping[int, Edit] = NO_EDITS) -> Rows:
        """Records as rows, and `place` done with them. `edits` by line."""
        rows = self._reader.read(records, edits)
        self.place(rows)
        return rows

    def place(self, rows: Rows) -> None:
        """What each row is beside those above it, as far as the file alone can tell. Once for every row, in order."""
        hashes = rows.hashes or hashes_of(rows.addresses, self.hash_key)
        for position, first_line in self._first_lines.place(hashes, rows.lines):
            rows.leave_out(position, Outcome.DUPLICATE, first_line)
            email = rows.columns["email"][position]
            rows.note(position, IssueCode.DUPLICATE_IN_FILE, "email", email, first_line=first_line)
        if leaders := rows.columns.get("team_leader"):
            self._note_leaders(rows, rows.column("team"), leaders)

    def _note_leaders(self, rows: Rows, teams: Sequence[str], leaders: Sequence[str]) -> None:
        agreed = self._agreed
        for position, named in enumerate(zip(teams, leaders, strict=True)):
            if named in agreed or position in rows.left_out:
                continue
            if not named[1] or self._is_agreed(rows, position, *named):
                if len(agreed) >= _AGREED:
                    agreed.clear()
                agreed.add(named)

    def _is_agreed(self, rows: Rows, position: int, team: str, email: str) -> bool:
        """Whether a team's leader is whom a row names, and any other row that does; else the row gets a finding."""
        try:
            address = _leader_address(email)
        except NotAnAddress:
            rows.note(position, IssueCode.LEADER_NOT_AN_ADDRESS, "team_leader", email)
            return False
        if not team:
            rows.note(position, IssueCode.LEADER_WITHOUT_TEAM, "team_leader", email)
            return False
        name, key = tidy(team), name_key(team)
        kept = self._known.leaders.get(key)
        if kept is not None:
            if kept != address:
                rows.note(position, IssueCode.LEADER_KEPT, "team_leader", email, team=name)
            return kept == address
        claim = self.leaders.get(key)
        if claim is None:
            claim = self.leaders[key] = LeaderClaim(name, email, address, rows.lines[position])
            rows.claims[position] = key
        if claim.address != address:
            found = {"team": name, "first_line": claim.line}
            rows.note(position, IssueCode.LEADER_ALREADY_NAMED, "team_leader", email, **found)
        return claim.address == address

    # --- a row in the world ------------------------------------------------------------------------------------

    def settle(self, rows: Rows, known_addresses: Collection[str]) -> None:
        """Decide who of the rows that might be added is on the platform already, and count. Once for every row."""
        added = self.added(rows, known_addresses)
        _note_mistyped_domains(rows, added)
        self._note_names(rows, added)
        for position, key in rows.claims.items():
            self.leaders[key].row = rows.row(position)
        self._count(rows, added)

    def added(self, rows: Rows, known_addresses: Collection[str]) -> Added:
        """Those that are added; of the others that might have been it is known now that they are there already."""
        is_added = {known: from_a_file(is_known=known) is Decision.ADD_AND_INVITE for known in (False, True)}
        for position, address in enumerate(rows.addresses):
            if not is_added[address in known_addresses] and position not in rows.left_out:
                rows.leave_out(position, Outcome.ALREADY_USER)
        return rows.added()

    def _count(self, rows: Rows, added: Added) -> None:
        totals = self.totals
        for found in chain(rows.issues.values(), (row.issues for row in rows.others)):
            totals.issues.update([issue.code for issue in found])
        totals.rows += len(rows)
        totals.outcomes.update(rows.outcomes())
        totals.mails.update(added.column("language"))

    def _note_names(self, rows: Rows, added: Added) -> None:
        groups = chain.from_iterable(dict.fromkeys(added.groups))
        for kind, column, known, names in (
            ("organisations", "company", self._known.organisations, added.column("company")),
            ("student_groups", "student_groups", self._known.student_groups, groups),
            ("labels", "label", self._known.labels, added.column("label")),
            ("teams", "team", self._known.teams, added.column("team")),
        ):
            for name, near in self._unknown(kind, names, known):
                first = added.first(column, name)
                rows.note(first, IssueCode.NAME_CLOSE_TO_KNOWN, column, tidy(name), suggestion=near)

    def _unknown(self, kind: str, names: Iterable[str], known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Names that nothing known has will be created, spelt as first given; those close to a known one are told.

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
                yield name, near

    def finish(self, who_is_known: Callable[[Collection[str]], Collection[str]]) -> list[PlannedRow]:
        """The rows that name a leader nobody is: found neither in the file nor on the platform. They get a warning."""
        addresses = list(dict.fromkeys(claim.address for claim in self.leaders.values()))
        is_here = self._first_lines.holds(hashes_of(addresses, self.hash_key))
        elsewhere = {address for address, here in zip(addresses, is_here, strict=True) if not here}
        missing = elsewhere - set(who_is_known(elsewhere))
        warned = []
        for claim in self.leaders.values():
            if claim.address in missing and claim.row is not None:
                claim.row.note(IssueCode.LEADER_NOT_FOUND, "team_leader", claim.email, team=claim.team)
                self.totals.issues[IssueCode.LEADER_NOT_FOUND] += 1
                warned.append(claim.row)
        return warned


def _note_mistyped_domains(rows: Rows, added: Added) -> None:
    """Warn of addresses whose domain looks like a slip for a well-known one."""
    domains = {address[address.rindex("@") + 1 :] for address in added.addresses}
    suggestions = {domain: likely for domain in domains if (likely := domain_suggestion(domain))}
    if not suggestions:
        return
    for position, address in zip(added.positions, added.addresses, strict=True):
        local, _, domain = address.rpartition("@")
        if domain in suggestions:
            suggestion, email = f"{local}@{suggestions[domain]}", rows.columns["email"][position]
            rows.note(position, IssueCode.EMAIL_DOMAIN_MISTYPED, "email", email, suggestion=suggestion)
