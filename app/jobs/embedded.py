"""The embedded loop of an SQLite file's one worker: looks for due import work, and does it. Decides nothing."""

from datetime import timedelta
from threading import Event

import structlog

from app.db.base import utcnow
from app.db.session import UNAVAILABLE, Database, kind_of
from app.delivery import claims
from app.imports import work
from app.jobs.imports import do_next
from app.jobs.tidy import Tidying
from app.privacy.retention import Keep

log = structlog.get_logger()

_IDLE_SECONDS = 0.05


def clear_leases(database: Database) -> None:
    """What a dead worker held is free at once: for the holder of the one worker lock of an SQLite file, at start."""
    now = utcnow()
    with database.writing() as session:
        freed = claims.clear_leases(session, now)
        work.clear_leases(session, now)
    if freed:
        log.warning("leases_cleared", mails=freed)


def do_imports(
    database: Database, stop: Event, *, max_lines: int, keep_files: timedelta, keep: Keep | None = None
) -> None:
    """Check and commit imports until stopped. A killed one is found again by its lease."""
    tidying = Tidying(database, keep_files, keep)
    while not stop.is_set():
        try:
            tidying.now_and_then()
            if not do_next(database, max_lines=max_lines, stop=stop):
                stop.wait(_IDLE_SECONDS)
        except UNAVAILABLE as error:
            log.error("database_unavailable", kind=kind_of(error))
            stop.wait(1.0)
