"""Who does an import's work (a lease), how long, and what happens when it breaks; the rows it keeps.

Decides nothing about rows.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event

from sqlalchemy import delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session, object_session

from app.access import audit
from app.access.actor import worker
from app.access.audit import Action
from app.db import bulk, wake
from app.db.base import as_json, new_id, utcnow
from app.db.session import UNAVAILABLE, Database
from app.errors import AppError, Code
from app.imports import queries
from app.imports.models import Import, ImportEdit, ImportOriginal, ImportPiece, ImportRow
from app.imports.row import PlannedRow
from app.imports.steps import WORKING, ImportState, Task, after_failure, step

LEASE = timedelta(seconds=30)
VALUE_CHARACTERS = 1000
"""A rejected cell may be as long as a cell can be: so much of it is kept to be shown."""
NAMES_SHOWN = 1000
"""How many of the names it creates an import tells of each kind."""
MAX_ATTEMPTS = 5
_RETRY_AFTER = timedelta(seconds=10)
_LOOK_AGAIN_AFTER = timedelta(seconds=0.5)


@dataclass(frozen=True, slots=True)
class Job:
    """Work on one import that is ours until its lease ends."""

    platform_id: int
    import_id: uuid.UUID
    state: ImportState
    lease: uuid.UUID
    attempts: int
    task: Task | None = None
    stop: Event | None = field(default=None, compare=False)
    """Set when the worker is to end: the work is given back at its next step."""


class GivenBack(Exception):  # noqa: N818 nothing went wrong: the worker ends, another goes on
    """The work stops between two of its steps, and is due at once."""


class NoLongerOurs(Exception):  # noqa: N818 nothing went wrong: somebody else goes on, or the import was taken back
    """The lease is somebody else's, or the import is in another state."""


def start(
    imported: Import, state: ImportState, *, now: datetime, lease: uuid.UUID | None = None, task: Task | None = None
) -> None:
    """Put work in front of a worker, or with `lease` into our own hands. Whoever does other work on it stops.

    Raises WrongStep.
    """
    imported.state = step(ImportState(imported.state), state)
    imported.task = task
    imported.work_started_at = now
    imported.failure_code = None
    imported.failure_params = None
    imported.attempts = 0
    imported.lease = lease
    imported.due_at = now + LEASE if lease else now
    if lease is None:
        wake.for_import(object_session(imported), imported.platform_id, imported.id)


_ENDED: Mapping[ImportState, Action] = {
    ImportState.READY: Action.IMPORT_CHECKED,
    ImportState.COMPLETED: Action.IMPORT_COMPLETED,
    ImportState.CANCELLED: Action.IMPORT_CANCEL_FINISHED,
    ImportState.UNDONE: Action.IMPORT_UNDO_FINISHED,
}
_ENDED_TASK: Mapping[Task, Action] = {
    Task.SEND: Action.IMPORT_SEND_FINISHED,
    Task.HOLD: Action.IMPORT_CANCEL_FINISHED,
}


def finish(session: Session, imported: Import, state: ImportState) -> None:
    """A worker has done its work, to the end; the audit says so. Raises WrongStep."""
    action = _ENDED_TASK.get(Task(imported.task)) if imported.task and imported.state == state else None
    stop(imported, state)
    audit.record(session, worker(imported.platform_id), action or _ENDED[state], imported.id)


def stop(imported: Import, state: ImportState) -> None:
    """Nobody is to do anything about it any more. Raises WrongStep."""
    imported.state = step(ImportState(imported.state), state)
    imported.task = None
    imported.due_at = None
    imported.lease = None


def due(session: Session, now: datetime, *, limit: int) -> list[tuple[int, uuid.UUID]]:
    """Imports whose work is due, longest first: platform and id."""
    found = (
        select(Import.platform_id, Import.id)
        .where(Import.due_at <= now, Import.due_at.is_not(None))
        .order_by(Import.due_at)
        .limit(limit)
    )
    return [(platform_id, import_id) for platform_id, import_id in session.execute(found)]


def claim(session: Session, *, now: datetime, only: tuple[int, uuid.UUID] | None = None) -> Job | None:
    """The work that is due longest, of any platform; or that on one import (platform, id), if it is due."""
    of_one = (Import.platform_id == only[0], Import.id == only[1]) if only else ()
    imported = session.scalars(
        select(Import)
        .where(Import.due_at <= now, Import.due_at.is_not(None), *of_one)
        .order_by(Import.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if imported is None:
        return None
    imported.lease = new_id()
    imported.due_at = now + LEASE
    imported.attempts += 1
    return Job(
        platform_id=imported.platform_id,
        import_id=imported.id,
        state=ImportState(imported.state),
        lease=imported.lease,
        attempts=imported.attempts,
        task=Task(imported.task) if imported.task else None,
    )


def clear_leases(session: Session, now: datetime) -> None:
    """Make all unfinished work due at once. Only for the one worker of an SQLite file."""
    for imported in session.scalars(select(Import).where(Import.due_at.is_not(None))):
        imported.lease = None
        imported.due_at = now


@contextmanager
def ours(database: Database, job: Job) -> Iterator[tuple[Session, Import]]:
    """A transaction on an import whose lease we hold, renewed; nobody else changes it. Raises NoLongerOurs."""
    with database.writing() as session:
        imported = queries.get_import(session, job.platform_id, job.import_id, is_locked=True)
        if imported is None or imported.lease != job.lease or imported.state != job.state:
            raise NoLongerOurs
        imported.due_at = utcnow() + LEASE
        yield session, imported


@contextmanager
def chunk(database: Database, job: Job) -> Iterator[tuple[Session, Import]]:
    """`ours` for one of many steps: whatever ended the workers before, this import gets on.

    Raises NoLongerOurs; GivenBack where the worker is to end.
    """
    may_go_on(job)
    with ours(database, job) as (session, imported):
        yield session, imported
        imported.attempts = 0


def may_go_on(job: Job) -> None:
    """Raises GivenBack where the worker is to end."""
    if job.stop is not None and job.stop.is_set():
        raise GivenBack


def fail(database: Database, job: Job, error: AppError) -> None:
    """The work cannot be done; what was done stays, and the import says why."""
    with ours(database, job) as (session, imported):
        stop(imported, after_failure(job.state))
        # Nobody has said how to read it: then it is a question, not a fault.
        is_question = error.code is Code.FILE_UNDECODABLE and not imported.overrides.get("encoding")
        imported.failure_code = (Code.ENCODING_UNCERTAIN if is_question else error.code).value
        imported.failure_params = error.params
        details = {"code": imported.failure_code, "work": (job.task or job.state).value}
        audit.record(session, worker(job.platform_id), Action.IMPORT_FAILED, imported.id, **details)


def try_again_later(database: Database, job: Job) -> None:
    """The work broke on something unforeseen: another attempt later, a failure after several."""
    if job.attempts >= MAX_ATTEMPTS:
        fail(database, job, AppError(Code.INTERNAL_ERROR))
        return
    with ours(database, job) as (_, imported):
        imported.lease = None
        imported.due_at = utcnow() + _RETRY_AFTER * job.attempts


def count_no_attempt(database: Database, job: Job) -> None:
    """The database failed us, not the work: however long the disk is full, nothing is given up. The lease goes on."""
    with suppress(NoLongerOurs, *UNAVAILABLE), ours(database, job) as (_, imported):
        imported.attempts = job.attempts - 1


def look_again(imported: Import, *, now: datetime) -> None:
    """Nothing can be done about it just now, and nothing went wrong: any worker looks at it again in a moment."""
    imported.lease = None
    imported.due_at = now + _LOOK_AGAIN_AFTER
    imported.attempts = 0


def leave_to_worker(database: Database, job: Job, *, is_attempt: bool = True) -> None:
    """Give work back that was never begun, or stopped between two steps."""
    with suppress(NoLongerOurs), ours(database, job) as (session, imported):
        imported.lease = None
        imported.attempts -= not is_attempt and imported.attempts > 0
        imported.due_at = utcnow()
        wake.for_import(session, job.platform_id, job.import_id)


Look = Callable[[Session, int, uuid.UUID, uuid.UUID, int], Sequence[uuid.UUID]]
"""Finds up to so many ids of what belongs to an import of a platform, behind an id, in order."""


def found(
    database: Database, job: Job, look: Look, *, at_once: int, also_older: bool = False
) -> Iterator[Sequence[uuid.UUID]]:
    """What belongs to an import, a few ids at a time: looked for outside, so that only what is found costs a lock.

    Ids sort by time: whatever an import made is younger than the import.
    """
    last = uuid.UUID(int=0) if also_older else job.import_id
    while True:
        with database.reading() as session:
            ids = look(session, job.platform_id, job.import_id, last, at_once)
        if not ids:
            return
        yield ids
        last = ids[-1]
        database.give_way()


def keep_rows(session: Session, imported: Import, rows: Sequence[PlannedRow]) -> None:
    """Write down rows that are not a clean `add`; a row kept before is replaced."""
    bulk.insert(
        session,
        ImportRow,
        ["line", "outcome", "first_line", "values", "issues", "codes"],
        [
            (
                row.line,
                row.outcome.value,
                row.first_line,
                as_json(row.shown_values(VALUE_CHARACTERS) if row.values else {}),
                as_json([issue.as_json() for issue in row.issues]),
                "".join(f",{code}" for code in dict.fromkeys(issue.code.value for issue in row.issues))
                + ("," if row.issues else ""),
            )
            for row in rows
        ],
        same={"platform_id": imported.platform_id, "import_id": imported.id.bytes},
        or_replace=True,
    )


def forget(database: Database, platform_id: int, import_id: uuid.UUID) -> None:
    """Take a file that is given up out of the database, with its rows and edits: a few at a time, nobody waits."""
    _forget(database, ImportRow, ImportRow.line, platform_id, import_id, at_once=1000)
    _forget(database, ImportEdit, ImportEdit.line, platform_id, import_id, at_once=1000)
    _forget(database, ImportPiece, ImportPiece.number, platform_id, import_id, at_once=8)
    _forget(database, ImportOriginal, ImportOriginal.number, platform_id, import_id, at_once=8)


def forget_rows(database: Database, job: Job) -> None:
    """Take out the rows of an earlier check. Raises NoLongerOurs: a newer check's rows are never touched."""
    _forget(database, ImportRow, ImportRow.line, job.platform_id, job.import_id, at_once=1000, job=job)


def _forget(
    database: Database,
    model: type[ImportRow | ImportEdit | ImportPiece | ImportOriginal],
    key: InstrumentedAttribute[int],
    platform_id: int,
    import_id: uuid.UUID,
    *,
    at_once: int,
    job: Job | None = None,
) -> None:
    of_import = (model.platform_id == platform_id, model.import_id == import_id)
    while True:
        with ExitStack() as stack:
            if job is None:
                session = stack.enter_context(database.writing())
            else:
                session, _ = stack.enter_context(ours(database, job))
            found = session.scalars(select(key).where(*of_import).order_by(key).limit(at_once)).all()
            if not found:
                return
            session.execute(delete(model).where(*of_import, key <= found[-1]))


def is_working(imported: Import) -> bool:
    """Whether a worker has something to do, or is doing it."""
    return imported.state in WORKING or imported.due_at is not None
