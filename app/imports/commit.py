"""Does what the preview showed: adds the people, chunk by chunk, each chunk one transaction with its checkpoint.

Plans every row again by the same plan, in the world as it is now. Killed, it goes on at its checkpoint elsewhere.
"""

import time
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.base import utcnow
from app.db.session import Database
from app.delivery import outbox
from app.delivery.models import Lane
from app.directory import queries as directory
from app.directory.models import Label, Organisation, StudentGroup, Team
from app.directory.names import name_key
from app.directory.queries import Named
from app.directory.service import ensure_names, set_leaders
from app.errors import AppError
from app.imports import queries, work
from app.imports.models import Import
from app.imports.plan import Outcome, Plan, PlannedRow
from app.imports.steps import ImportState
from app.imports.work import Job
from app.invitations.people import Invite, NewPerson, add_people

_CHUNK_ROWS = 500
_PAUSE_SECONDS = 0.003  # SQLite has one writer: whoever waits gets its turn between two chunks
_LEADERS_AT_ONCE = 200

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
        _commit(database, job, max_lines)
    except AppError as error:
        work.fail(database, job, error)


def _commit(database: Database, job: Job, max_lines: int) -> None:
    with work.ours(database, job) as (session, imported):
        plan = work.plan_of(session, imported)
        invite = _invite(imported)
        checkpoint = imported.checkpoint
        if invite is not None:
            outbox.open_batch(session, job.platform_id, job.import_id)
    places = Places(job.platform_id, job.import_id)
    for batch in work.reader_of(database, imported, max_lines=max_lines).batches(_CHUNK_ROWS):
        # Rows before the checkpoint are done; they are read again for what they mean to those behind them.
        rows = [row for row in plan.read(batch) if row.line > checkpoint]
        if rows:
            with work.ours(database, job) as (session, imported):
                _commit_chunk(session, imported, plan, rows, places, invite)
            time.sleep(_PAUSE_SECONDS)
    _give_teams_their_leaders(database, job, plan)
    with work.ours(database, job) as (session, imported):
        imported.result = (imported.result or empty_result()) | {"creates": _created(session, job)}
        work.stop(imported, ImportState.COMPLETED)


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


def _commit_chunk(
    session: Session, imported: Import, plan: Plan, rows: Sequence[PlannedRow], places: "Places", invite: Invite | None
) -> None:
    platform_id, now = imported.platform_id, utcnow()
    plan.settle(rows, work.known_addresses(session, platform_id, rows))
    new = [row for row in rows if row.outcome is Outcome.ADD]
    places.ensure(session, new, now)
    people = [places.person(row) for row in new]
    add_people(session, platform_id, people, invite=invite, now=now, import_id=imported.id)
    result = dict(imported.result or empty_result())
    for outcome, count in Counter(row.outcome for row in rows).items():
        result[COUNTED[outcome]] += count
    changed = _changed_since_preview(session, imported, rows)
    work.keep_rows(session, imported, changed)
    totals = Counter(result["changed_since_preview"])
    totals.update(row.outcome.value for row in changed)
    imported.result = result | {"changed_since_preview": dict(totals)}
    imported.checkpoint = rows[-1].line
    imported.rows_done += len(rows)


def _changed_since_preview(session: Session, imported: Import, rows: Sequence[PlannedRow]) -> list[PlannedRow]:
    """Rows whose outcome is not what the preview showed: the world has moved."""
    shown = queries.rows_between(session, imported.platform_id, imported.id, rows[0].line, rows[-1].line)
    changed = []
    for row in rows:
        kept = shown.get(row.line)
        if row.outcome != (kept.outcome if kept else Outcome.ADD):
            changed.append(row)
    return changed


class Places:
    """What people are put into, by name key, as 16-byte ids; grows as the file names new ones."""

    def __init__(self, platform_id: int, import_id: uuid.UUID) -> None:
        self._platform_id = platform_id
        self._import_id = import_id
        self._ids: dict[type[Named], dict[str, bytes]] = {Organisation: {}, StudentGroup: {}, Label: {}, Team: {}}

    def ensure(self, session: Session, rows: Sequence[PlannedRow], now: datetime) -> None:
        """Find or create whatever these rows name."""
        self._learn(session, Organisation, (row.values["company"] for row in rows), now)
        self._learn(session, StudentGroup, (group for row in rows for group in row.groups), now)
        self._learn(session, Label, (row.values.get("label", "") for row in rows), now)
        self._learn(session, Team, (row.values.get("team", "") for row in rows), now)

    def person(self, row: PlannedRow) -> NewPerson:
        """The person of a row."""
        values = row.values
        label, team = values.get("label"), values.get("team")
        return NewPerson(
            email=values["email"],
            address=row.address,
            first_name=values["first_name"],
            last_name=values["last_name"],
            organisation_id=self._ids[Organisation][name_key(values["company"])],
            organisation=values["company"],
            group_ids=tuple(self._ids[StudentGroup][name_key(group)] for group in row.groups),
            label_id=self._ids[Label][name_key(label)] if label else None,
            team_id=self._ids[Team][name_key(team)] if team else None,
            language=values["language"],
        )

    def _learn(self, session: Session, model: type[Named], names: Iterable[str], now: datetime) -> None:
        known = self._ids[model]
        missing = dict.fromkeys(name for name in names if name and name_key(name) not in known)
        if missing:
            found = ensure_names(session, self._platform_id, model, missing, now=now, import_id=self._import_id)
            known.update({key: found_id.bytes for key, found_id in found.items()})


def _give_teams_their_leaders(database: Database, job: Job, plan: Plan) -> None:
    claims = list(plan.leaders.items())
    for start in range(0, len(claims), _LEADERS_AT_ONCE):
        part = dict(claims[start : start + _LEADERS_AT_ONCE])
        with work.ours(database, job) as (session, _):
            teams = directory.names(session, job.platform_id, Team, part)
            leaders = {team_id: (part[key].email, part[key].address) for key, team_id in teams.items()}
            set_leaders(session, job.platform_id, leaders, import_id=job.import_id)


def _created(session: Session, job: Job) -> dict[str, list[str]]:
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
