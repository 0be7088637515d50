"""Does what the preview showed: adds the people, chunk by chunk, each chunk one transaction with its checkpoint.

Plans every row again by the same plan, in the world as it is now. Killed, it goes on at its checkpoint elsewhere.
"""

import time
import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.db.base import utcnow
from app.db.growth import Growth
from app.db.session import Database, is_collision
from app.delivery import outbox
from app.delivery.models import Delivery, Lane
from app.directory import queries as directory
from app.directory.models import Label, Organisation, StudentGroup, Team, User, UserStudentGroup
from app.directory.names import name_key
from app.directory.queries import Named
from app.directory.service import attach_leaders_who_came, ensure_names, set_leaders
from app.errors import AppError
from app.imports import planning, work
from app.imports.ahead import PlannedAhead
from app.imports.models import Import, ImportRow
from app.imports.plan import Plan
from app.imports.row import Outcome, PlannedRow
from app.imports.rows import Added, Rows
from app.imports.steps import ImportState
from app.imports.work import Job
from app.invitations.models import Invitation
from app.invitations.people import Invite, People, add_people

log = structlog.get_logger()

CHUNK_SECONDS = 0.05
"""SQLite has one writer: whoever else wants to write waits for the chunk that is being written. PostgreSQL has many."""
CHUNK_ROWS = 5000
"""At most; and these are the first and the fewest where others wait."""
_FIRST_ROWS, _FEWEST_ROWS = 500, 200
_LEADERS_AT_ONCE = 200
_COLLISIONS = 5

COUNTED = {
    Outcome.ADD: "added",
    Outcome.ALREADY_USER: "already_users",
    Outcome.DUPLICATE: "duplicates",
    Outcome.REJECTED: "rejected",
    Outcome.EMPTY: "empty",
    Outcome.SKIPPED: "skipped",
}


def empty_result() -> dict[str, Any]:
    """A result nothing was done for yet (rule 8's terms; `rows` and `not_done` are told by how far the work is)."""
    return dict.fromkeys(COUNTED.values(), 0) | {"changed_since_preview": {}}


def commit_import(database: Database, job: Job, *, max_lines: int) -> None:
    """Commit an import whose lease we hold: `completed` with its result, or `failed` with the reason."""
    try:
        with database.for_long_work() as own:
            _commit(own, job, max_lines)
    except AppError as error:
        work.fail(database, job, error)


def _commit(database: Database, job: Job, max_lines: int) -> None:
    with work.ours(database, job) as (session, imported):
        plan = planning.plan_of(session, imported, expected=imported.line_breaks)
        invite = _invite(imported)
        checkpoint = imported.checkpoint
        if invite is not None:
            outbox.open_batch(session, job.platform_id, job.import_id)
    places = Places(job.platform_id, job.import_id)
    pace = Pace(others_wait=not database.is_shared)
    growth = Growth(database, [User, UserStudentGroup, Invitation, Delivery])
    with PlannedAhead(database, imported, plan, max_lines=max_lines) as ahead:
        while rows := ahead.rows(pace.rows, behind=checkpoint):
            began = time.monotonic()
            _write(database, job, plan, rows, places, invite)
            pace.note(len(rows), time.monotonic() - began)
            growth.add(rows.outcomes()[Outcome.ADD])
            database.give_way()
    _give_teams_their_leaders(database, job, plan)
    with work.ours(database, job) as (session, imported):
        attach_leaders_who_came(session, job.platform_id)
        imported.result = (imported.result or empty_result()) | {"creates": created_names(session, job)}
        work.finish(session, imported, ImportState.COMPLETED)


class Pace:
    """How many rows are written at a time: where others wait for it, as many as are written in `CHUNK_SECONDS`."""

    def __init__(self, *, others_wait: bool) -> None:
        self._others_wait = others_wait
        self.rows = min(_FIRST_ROWS, CHUNK_ROWS) if others_wait else CHUNK_ROWS

    def note(self, rows: int, seconds: float) -> None:
        """Writing so many took so long."""
        if not self._others_wait:
            return
        fitting = max(_FEWEST_ROWS, int(rows * CHUNK_SECONDS / seconds))
        self.rows = min(fitting, 2 * self.rows, CHUNK_ROWS)


def _invite(imported: Import) -> Invite | None:
    options = imported.commit_options or {}
    if not options["send_invitations"]:
        return None
    held_until = datetime.fromisoformat(options["held_until"]) if options["held_until"] else None
    return Invite(
        inviter_name=imported.inviter_name,
        inviter_email=imported.inviter_email,
        message_id=imported.message_id,
        lane=Lane.BULK,
        is_held=held_until is not None,
        held_until=held_until,
    )


def _write(database: Database, job: Job, plan: Plan, rows: Rows, places: "Places", invite: Invite | None) -> None:
    """One chunk. Where somebody else adds one of its people or names at the same moment, it is done once more, in the
    world as it then is.
    """
    for settle in (plan.settle, *[plan.added] * _COLLISIONS):
        try:
            with work.chunk(database, job) as (session, imported):
                settle(rows, planning.known_addresses(session, job.platform_id, rows))
                _commit_chunk(session, imported, rows, places, invite)
        except DBAPIError as error:
            if not is_collision(error):
                raise
            log.info("chunk_collided", import_id=str(job.import_id), kind=type(error.orig).__name__)
            places.forget()
        else:
            return
    raise RuntimeError("a chunk collided again and again")


def _commit_chunk(session: Session, imported: Import, rows: Rows, places: "Places", invite: Invite | None) -> None:
    platform_id, now = imported.platform_id, utcnow()
    people = places.people(session, rows.added(), now)
    add_people(session, platform_id, people, invite=invite, now=now, import_id=imported.id)
    result = dict(imported.result or empty_result())
    for outcome, count in rows.outcomes().items():
        result[COUNTED[outcome]] += count
    changed = _changed_since_preview(session, imported, rows)
    work.keep_rows(session, imported, changed)
    totals = Counter(result["changed_since_preview"])
    totals.update(row.outcome.value for row in changed)
    imported.result = result | {"changed_since_preview": dict(totals)}
    imported.checkpoint = rows.last_line
    imported.rows_done += len(rows)


def _changed_since_preview(session: Session, imported: Import, rows: Rows) -> list[PlannedRow]:
    """Rows whose outcome is not what the preview showed: the world has moved. What it kept no row of is an `add`."""
    kept = session.execute(
        select(ImportRow.line, ImportRow.outcome).where(
            ImportRow.platform_id == imported.platform_id,
            ImportRow.import_id == imported.id,
            ImportRow.line.between(rows.first_line, rows.last_line),
        )
    )
    shown = {line: outcome for line, outcome in kept if outcome != Outcome.ADD}
    return rows.unlike(shown)


class Places:
    """What people are put into: the 16-byte ids of names as the file spells them; grows as it names new ones."""

    def __init__(self, platform_id: int, import_id: uuid.UUID) -> None:
        self._platform_id = platform_id
        self._import_id = import_id
        self._organisations: dict[str, bytes] = {}
        self._groups: dict[str, bytes] = {}
        self._labels: dict[str, bytes] = {}
        self._teams: dict[str, bytes] = {}

    def forget(self) -> None:
        """What was found or created since the last commit may not be there."""
        for known in (self._organisations, self._groups, self._labels, self._teams):
            known.clear()

    def people(self, session: Session, added: Added, now: datetime) -> People:
        """The people of rows; whatever these name is found or created."""
        companies, labels, teams = added.column("company"), added.column("label"), added.column("team")
        named = dict.fromkeys(added.groups)
        learn = partial(self._learn, session, now)
        learn(Organisation, self._organisations, companies)
        learn(StudentGroup, self._groups, chain.from_iterable(named))
        learn(Label, self._labels, labels)
        learn(Team, self._teams, teams)
        group_ids = {groups: tuple(self._groups[group] for group in groups) for groups in named}
        return People(
            email=added.column("email"),
            address=added.addresses,
            first_name=added.column("first_name"),
            last_name=added.column("last_name"),
            organisation_id=[self._organisations[name] for name in companies],
            organisation=companies,
            group_ids=[group_ids[groups] for groups in added.groups],
            label_id=list(map(self._labels.get, labels)),
            team_id=list(map(self._teams.get, teams)),
            language=added.column("language"),
        )

    def _learn(
        self, session: Session, now: datetime, model: type[Named], known: dict[str, bytes], names: Iterable[str]
    ) -> None:
        missing = [name for name in dict.fromkeys(names) if name and name not in known]
        if missing:
            ids = ensure_names(session, self._platform_id, model, missing, now=now, import_id=self._import_id)
            known.update((name, ids[name_key(name)].bytes) for name in missing)


def _give_teams_their_leaders(database: Database, job: Job, plan: Plan) -> None:
    claims = list(plan.leaders.items())
    for start in range(0, len(claims), _LEADERS_AT_ONCE):
        part = dict(claims[start : start + _LEADERS_AT_ONCE])
        with work.chunk(database, job) as (session, _):
            teams = directory.names(session, job.platform_id, Team, part)
            leaders = {team_id: (part[key].email, part[key].address) for key, team_id in teams.items()}
            set_leaders(session, job.platform_id, leaders, import_id=job.import_id)


def created_names(session: Session, job: Job) -> dict[str, list[str]]:
    """The names an import has created, of each kind the first ones."""
    kinds: dict[str, type[Named]] = {
        "organisations": Organisation,
        "student_groups": StudentGroup,
        "labels": Label,
        "teams": Team,
    }
    return {
        kind: list(
            session.scalars(
                select(model.name)
                .where(model.platform_id == job.platform_id, model.created_by_import_id == job.import_id)
                .order_by(model.id)
                .limit(work.NAMES_SHOWN)
            )
        )
        for kind, model in kinds.items()
    }
