"""Forgets what is over, on every platform, again and again. Never what is in use."""

import time
from datetime import timedelta

from app.access import sweep as access
from app.db.base import utcnow
from app.db.session import Database
from app.imports import sweep
from app.privacy.retention import Keep, purge

TIDY_EVERY_SECONDS = 60.0
PURGE_EVERY_SECONDS = 3600.0


class Tidying:
    """Every minute what is over, every hour what was kept long enough (`keep` None: that stays)."""

    def __init__(self, database: Database, keep_files: timedelta, keep: Keep | None) -> None:
        self._database = database
        self._keep_files = keep_files
        self._keep = keep
        self._tidy_at = self._purge_at = 0.0

    def now_and_then(self) -> None:
        """Forget, where it is time to. What was too much for once has its turn soon."""
        if time.monotonic() >= self._tidy_at:
            tidy_up(self._database, self._keep_files)
            self._tidy_at = time.monotonic() + TIDY_EVERY_SECONDS
        if self._keep is not None and time.monotonic() >= self._purge_at:
            is_all = purge(self._database, self._keep, now=utcnow())
            self._purge_at = time.monotonic() + (PURGE_EVERY_SECONDS if is_all else 0.0)


def tidy_up(database: Database, keep_files: timedelta) -> None:
    """Broken uploads, deleted and old files, kept answers, ended sessions."""
    now = utcnow()
    sweep.sweep(database, now=now, keep_files=keep_files)
    with database.writing() as session:
        access.sweep(session, now)
