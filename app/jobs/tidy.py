"""Forgets what is over, on every platform, again and again. Never what is in use."""

from datetime import timedelta

from app.access import sweep as access
from app.db.base import utcnow
from app.db.session import Database
from app.imports import sweep

TIDY_EVERY_SECONDS = 60.0


def tidy_up(database: Database, keep_files: timedelta) -> None:
    """Broken uploads, deleted and old files, kept answers, ended sessions."""
    now = utcnow()
    sweep.sweep(database, now=now, keep_files=keep_files)
    with database.writing() as session:
        access.sweep(session, now)
