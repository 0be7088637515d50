"""The mails of an import as a whole, a few at a time: released, held, dropped.

What is just being sent finishes. Never sends a mail, never decides where the import stands.
"""

from app.db.base import utcnow
from app.db.session import Database
from app.delivery import outbox
from app.imports import work
from app.imports.work import Job

_AT_ONCE = 500


def release(database: Database, job: Job) -> None:
    """Let the held ones go. Raises NoLongerOurs."""
    for held in work.found(database, job, outbox.held_of, at_once=_AT_ONCE):
        with work.chunk(database, job) as (session, _):
            outbox.release_held(session, job.platform_id, held, now=utcnow())


def hold(database: Database, job: Job) -> bool:
    """Hold those that have not left. False: some are in a sender's hands, and may come back. Raises NoLongerOurs."""
    for leaving in work.found(database, job, outbox.leaving_of, at_once=_AT_ONCE):
        with work.chunk(database, job) as (session, _):
            outbox.hold(session, job.platform_id, job.import_id, leaving, now=utcnow())
    return _is_over(database, job)


def drop(database: Database, job: Job) -> bool:
    """Drop those that have not left. False: some are in a sender's hands, and may come back. Raises NoLongerOurs."""
    for leaving in work.found(database, job, outbox.leaving_of, at_once=_AT_ONCE):
        with work.chunk(database, job) as (session, _):
            outbox.drop(session, job.platform_id, leaving, now=utcnow())
    return _is_over(database, job)


def _is_over(database: Database, job: Job) -> bool:
    return next(work.found(database, job, outbox.leaving_of, at_once=1), None) is None
