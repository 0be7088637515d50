"""Has PostgreSQL look at tables that bulk work has made many times as large. SQLite plans without.

Its own housekeeping comes once a minute. Until then a table it has never looked at is thought to hold a handful of rows
of a platform: a page of 50 invitations among 150,000 took 11 s, and 1 ms afterwards.
"""

from collections.abc import Sequence
from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.db.base import Base
from app.db.session import Database, kind_of

log = structlog.get_logger()

_FEWEST: Final = 1000
"""Fewer rows are found fast by any plan."""
_PART: Final = 0.01
"""So large a part of a table may be new before it is worth a look (autovacuum's own default: a tenth)."""
_TIMES: Final = 10


class Growth:
    """How many rows were added to tables that grow together, and when that is worth a look."""

    def __init__(self, database: Database, models: Sequence[type[Base]]) -> None:
        self._database = database
        self._tables = [model.__tablename__ for model in models]
        self._added = 0
        self._worth_at: float | None = None

    def add(self, rows: int) -> None:
        """So many more were committed. Looks at the first thousand, where that is much, and at ten times as many again
        and again. What cannot be looked at costs time, and no import.
        """
        if not self._database.is_shared:
            return
        self._added += rows
        try:
            if self._worth_at is None:
                self._worth_at = max(_FEWEST, _PART * self._known())
            if self._added >= self._worth_at:
                while self._worth_at <= self._added:
                    self._worth_at *= _TIMES
                self._look()
        except (DBAPIError, PoolTimeoutError) as error:
            log.warning("tables_not_looked_at", kind=kind_of(error))

    def _look(self) -> None:
        with self._database.writing() as session:  # what somebody else looks at just now need not be looked at
            session.execute(text(f"ANALYZE (SKIP_LOCKED) {', '.join(self._tables)}"))
        log.info("tables_looked_at", rows=self._added)

    def _known(self) -> float:
        """How many rows the server thinks the first of the tables has."""
        with self._database.asking() as session:
            known = text("SELECT reltuples FROM pg_class WHERE oid = CAST(:name AS regclass)")
            return float(session.scalar(known, {"name": self._tables[0]}) or 0.0)
