"""Does the work on one import to its end, whoever asks for it. Decides nothing about imports."""

import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from threading import Event

import structlog

from app.db.base import utcnow
from app.db.session import UNAVAILABLE, Database, is_collision, kind_of
from app.errors import AppError, Code
from app.imports import work
from app.imports.cancel import hold_import
from app.imports.check import check_import
from app.imports.commit import commit_import
from app.imports.one_shot import commit_checked
from app.imports.send import send_import
from app.imports.steps import WORKING, ImportState, Task
from app.imports.undo import undo_import
from app.imports.work import GivenBack, Job, NoLongerOurs
from app.logs import place_of

log = structlog.get_logger()

_ASK_AGAIN_SECONDS = 1.0

HANDLERS: Mapping[ImportState | Task, Callable[..., None]] = {
    ImportState.CHECKING: check_import,
    ImportState.COMMITTING: commit_import,
    ImportState.CANCELLING: hold_import,
    ImportState.UNDOING: undo_import,
    Task.SEND: send_import,
    Task.HOLD: hold_import,
    Task.COMMIT: commit_checked,
}


def do_next(
    database: Database, *, max_lines: int, stop: Event | None = None, only: tuple[int, uuid.UUID] | None = None
) -> bool:
    """Do the import work that is due longest, or that on one import (platform, id). False where none is due."""
    now = utcnow()
    with database.reading() as session:
        if only is None and not work.due(session, now, limit=1):
            return False
    with database.writing() as session:
        job = work.claim(session, now=now, only=only)
    if job is None:
        return False
    if job.attempts > work.MAX_ATTEMPTS:  # whatever it is, it kills its worker
        work.fail(database, job, AppError(Code.INTERNAL_ERROR))
    else:
        run(database, replace(job, stop=stop), max_lines=max_lines)
    return True


def run(database: Database, job: Job, *, max_lines: int) -> None:
    """One job to its end. What breaks it is tried again later, and ends as a failed import.

    Raises one of UNAVAILABLE where the database fails us: the lease brings the work back.
    """
    bound = log.bind(import_id=str(job.import_id), work=_what(job).value, attempt=job.attempts)
    bound.info("import_work_started")
    try:
        HANDLERS[_what(job)](database, job, max_lines=max_lines)
    except NoLongerOurs:
        bound.info("import_work_taken_over")
    except GivenBack:
        work.leave_to_worker(database, job)
        bound.info("import_work_given_back")
    except Exception as error:
        if is_collision(error):
            bound.info("import_work_collided", kind=kind_of(error))
            work.leave_to_worker(database, job)
            return
        if isinstance(error, UNAVAILABLE):
            if database.is_shared:
                _give_back(database, job)
            else:
                work.count_no_attempt(database, job)
            raise
        bound.error("import_work_broke", kind=type(error).__name__, where=place_of(error))
        with suppress(NoLongerOurs):
            work.try_again_later(database, job)
    else:
        bound.info("import_work_done")


def _give_back(database: Database, job: Job) -> None:
    """As soon as the database is back the work is anybody's again, and nobody waits for the end of our lease.

    It was not the import's fault: the attempt does not count.
    """
    until = time.monotonic() + work.LEASE.total_seconds()
    while time.monotonic() < until and not (job.stop is not None and job.stop.is_set()):
        time.sleep(_ASK_AGAIN_SECONDS)
        with suppress(*UNAVAILABLE):
            work.leave_to_worker(database, job, is_attempt=False)
            return


def _what(job: Job) -> ImportState | Task:
    """What there is to do: the state tells, and where nothing is under way the task."""
    return job.task if job.task is not None and job.state not in WORKING else job.state
