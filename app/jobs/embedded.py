"""The embedded loop: takes due import work and due mails from one database until it is stopped.

Work lives in rows with leases; this loop only looks for it. Decides nothing about imports or mails.
"""

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta

import structlog
from sqlalchemy.exc import OperationalError

from app.access import sweep as access
from app.db.base import new_id, utcnow
from app.db.session import Database
from app.delivery import claims
from app.delivery.pump import TICK_SECONDS, Pump
from app.errors import AppError, Code
from app.imports import sweep, work
from app.imports.cancel import hold_import
from app.imports.check import check_import
from app.imports.commit import commit_import
from app.imports.one_shot import commit_checked
from app.imports.send import send_import
from app.imports.steps import WORKING, ImportState, Task
from app.imports.undo import undo_import
from app.imports.work import Job, NoLongerOurs
from app.logs import place_of
from app.privacy.retention import Keep, purge

log = structlog.get_logger()

_IDLE_SECONDS = 0.05
_LOOK_ANYWAY_SECONDS = 1.0
_SWEEP_SECONDS = 60.0
_PURGE_SECONDS = 3600.0
_TRY_AGAIN_SECONDS = 0.2

HANDLERS: Mapping[ImportState | Task, Callable[..., None]] = {
    ImportState.CHECKING: check_import,
    ImportState.COMMITTING: commit_import,
    ImportState.CANCELLING: hold_import,
    ImportState.UNDOING: undo_import,
    Task.SEND: send_import,
    Task.HOLD: hold_import,
    Task.COMMIT: commit_checked,
}


def clear_leases(database: Database) -> None:
    """What a dead worker held is free at once: for the holder of the one worker lock of an SQLite file, at start."""
    now = utcnow()
    with database.writing() as session:
        freed = claims.clear_leases(session, now)
        work.clear_leases(session, now)
    if freed:
        log.warning("leases_cleared", mails=freed)


def deliver(database: Database, pump: Pump, stop: threading.Event, *, drain_seconds: float) -> None:
    """Deliver mails until stopped, then finish what is being sent."""
    pump.start()
    watch = database.watch()
    look_at = 0.0
    while not stop.is_set():
        try:
            if pump.is_busy or watch.has_changed() or time.monotonic() >= look_at:
                look_at = (
                    time.monotonic() + _LOOK_ANYWAY_SECONDS
                )  # what falls due without a change: retries, held mails
                pump.tick()
        except OperationalError as error:
            log.error("database_unavailable", kind=type(error.orig).__name__)
            stop.wait(1.0)
        stop.wait(TICK_SECONDS)
    watch.close()
    _finish(pump, drain_seconds)


def _finish(pump: Pump, drain_seconds: float) -> None:
    """Finish what is being sent and write it down, though the database fails us meanwhile: else it is sent again."""
    until = time.monotonic() + drain_seconds
    while True:
        try:
            pump.drain(max(0.0, until - time.monotonic()))
        except OperationalError as error:
            log.error("database_unavailable", kind=type(error.orig).__name__)
            if time.monotonic() >= until:
                return
            time.sleep(_TRY_AGAIN_SECONDS)
        else:
            return


def do_imports(
    database: Database, stop: threading.Event, *, max_lines: int, keep_files: timedelta, keep: Keep | None = None
) -> None:
    """Check and commit imports until stopped. A killed one is found again by its lease. `keep` None: for ever."""
    lease = new_id()
    swept_at = purge_at = 0.0
    while not stop.is_set():
        try:
            if time.monotonic() - swept_at > _SWEEP_SECONDS:
                tidy_up(database, keep_files)
                swept_at = time.monotonic()
            if keep is not None and time.monotonic() >= purge_at:
                is_all = purge(database, keep, now=utcnow())
                purge_at = time.monotonic() + (_PURGE_SECONDS if is_all else 0.0)
            if not do_one(database, lease, max_lines=max_lines):
                stop.wait(_IDLE_SECONDS)
        except OperationalError as error:
            log.error("database_unavailable", kind=type(error.orig).__name__)
            stop.wait(1.0)


def tidy_up(database: Database, keep_files: timedelta) -> None:
    """Forget what is over: broken uploads, deleted and old files, kept answers, ended sessions."""
    now = utcnow()
    sweep.sweep(database, now=now, keep_files=keep_files)
    with database.writing() as session:
        access.sweep(session, now)


def do_one(database: Database, lease: uuid.UUID, *, max_lines: int) -> bool:
    """Do the import work that is due longest; False where there is none."""
    now = utcnow()
    with database.reading() as session:
        if not work.is_due(session, now):
            return False
    with database.writing() as session:
        job = work.claim(session, lease=lease, now=now)
    if job is not None and job.attempts > work.MAX_ATTEMPTS:  # whatever it is, it kills its worker
        work.fail(database, job, AppError(Code.INTERNAL_ERROR))
    elif job is not None:
        run(database, job, max_lines=max_lines)
    return job is not None


def _what(job: Job) -> ImportState | Task:
    """What there is to do: the state tells, and where nothing is under way the task."""
    return job.task if job.task is not None and job.state not in WORKING else job.state


def run(database: Database, job: Job, *, max_lines: int) -> None:
    """One job to its end. What breaks it is tried again later, and ends as a failed import."""
    bound = log.bind(import_id=str(job.import_id), work=_what(job).value, attempt=job.attempts)
    bound.info("import_work_started")
    try:
        HANDLERS[_what(job)](database, job, max_lines=max_lines)
    except NoLongerOurs:
        bound.info("import_work_taken_over")
    except OperationalError:
        raise  # the lease brings it back
    except Exception as error:
        bound.error("import_work_broke", kind=type(error).__name__, where=place_of(error))
        with suppress(NoLongerOurs):
            work.try_again_later(database, job)
    else:
        bound.info("import_work_done")
