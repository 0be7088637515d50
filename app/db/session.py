"""Sessions and the only commit of the project. Knows no table; decides when a transaction begins and ends."""

import copy
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from app.db import wake
from app.db.engines import (
    COPIED_AT_ONCE,
    LONG_WORK,
    USUAL,
    postgresql_engine,
    set_pragmas,
    sqlite_engine,
)
from app.db.turns import Turns
from app.db.wake import Waker

UNAVAILABLE = (OperationalError, PoolTimeoutError)
"""The database does not answer, or lets us wait too long: what was asked was not done, and may be asked again."""

_UNDEFINED_TABLE = "42P01"
_COLLISIONS = frozenset(
    {
        *("23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"),
        *("23503", "SQLITE_CONSTRAINT_FOREIGNKEY"),
        *("40P01", "40001"),  # a deadlock, a serialization failure
    }
)
_TURNS_OF_PLATFORMS = 0x726F6C6C
"""The first half of our advisory locks' keys; the second is the platform's number."""


class Database:
    """One database and its connections. Threads may share it; processes may not."""

    def __init__(self, url: str, *, connections: int = 20) -> None:
        self.waker: Waker | None = None
        self._turns = Turns(Path(url.removeprefix("sqlite:///"))) if url.startswith("sqlite") else None
        if self._turns:
            self.engine = sqlite_engine(url, connections, self._turns)
            self._reader: Engine = self.engine
            self._writer: Engine = self.engine.execution_options(rollcall_writes=True)
            self._asker = self._reader
        else:
            self.engine = postgresql_engine(url, connections)
            self._reader = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            self._writer = self.engine
            self._asker = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._kept: Connection | None = None
        self._not_copied = 0

    @property
    def is_shared(self) -> bool:
        """Whether workers on many machines may share it: PostgreSQL. An SQLite file has one worker."""
        return self._turns is None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one snapshot and never waits for a writer. What it changes is thrown away."""
        with Session(self._bound(self._reader, writes=False), autoflush=False) as session:
            yield session

    @contextmanager
    def asking(self) -> Iterator[Session]:
        """A session for one statement that reads: on PostgreSQL without the two round trips of a transaction."""
        with Session(self._asker, autoflush=False) as session:
            yield session

    @contextmanager
    def writing(self, platform_id: int | None = None) -> Iterator[Session]:
        """A transaction: committed at the end of the block, rolled back by an exception. Keep it short.

        With a platform, it is the only such one of that platform: what people ask for happens one after the other, as
        it does on SQLite anyway. Bulk work takes no platform's turn: it finds out by its keys (`is_collision`).
        """
        with Session(self._bound(self._writer, writes=True), expire_on_commit=False) as session:
            if platform_id is not None and self.is_shared:
                session.execute(select(func.pg_advisory_xact_lock(_TURNS_OF_PLATFORMS, platform_id)))
            yield session
            try:
                wake.tell(session, self.waker)
                session.commit()
            except BaseException:
                session.rollback()  # closing alone would give the connection back in the middle of its transaction
                raise

    @contextmanager
    def for_long_work(self) -> Iterator["Database"]:
        """This database by one connection that is kept, for one thread that writes again and again.

        SQLite forgets what it holds in memory of a file as soon as another connection has written.
        """
        if self._turns is None:
            yield self
            return
        with self.engine.connect() as connection:
            own = copy.copy(self)
            own._kept = connection
            driver: Any = connection.connection.driver_connection
            set_pragmas(driver, LONG_WORK)
            try:
                yield own
            finally:
                set_pragmas(driver, USUAL)

    def give_way(self) -> None:
        """Between two transactions of long work: whoever waits to write goes first.

        Then is also the moment to copy what was written from SQLite's log into its file: nobody waits for that.
        """
        if self._turns is None:
            return
        self._turns.give_way()
        self._not_copied += 1
        if self._kept is not None and self._not_copied >= COPIED_AT_ONCE:
            driver: Any = self._kept.connection.driver_connection
            driver.execute("PRAGMA wal_checkpoint(PASSIVE)").close()
            self._not_copied = 0

    def _bound(self, engine: Engine, *, writes: bool) -> Engine | Connection:
        """What a session works with: any connection, or the one that is kept."""
        return engine if self._kept is None else self._kept.execution_options(rollcall_writes=writes)

    def watch(self) -> "ChangeWatch":
        """Tells whether anybody has committed."""
        return ChangeWatch(self.engine)

    def is_reachable(self) -> bool:
        """Whether the database answers and carries a schema."""
        try:
            with self.engine.connect() as connection:
                connection.execute(text("SELECT version_num FROM alembic_version"))
        except (DatabaseError, PoolTimeoutError):
            return False
        return True

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def is_collision(error: BaseException) -> bool:
    """Whether a transaction failed because another one did something at the same moment: done again, it succeeds.

    Somebody else has added the same address or name, taken away what ours refers to, or waits for us as we for them.
    """
    if not isinstance(error, IntegrityError | OperationalError):
        return False
    return (getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None)) in _COLLISIONS


def is_unavailable(error: BaseException) -> bool:
    """Whether an error means that the database cannot be used just now: gone, too busy, or without its tables."""
    return isinstance(error, UNAVAILABLE) or getattr(getattr(error, "orig", None), "sqlstate", None) == _UNDEFINED_TABLE


def kind_of(error: BaseException) -> str:
    """What a database's error is, for the log: never its text, which holds people's data."""
    return type(getattr(error, "orig", None) or error).__name__


class ChangeWatch:
    """Whether another connection, in any process, has committed since last asked. Costs microseconds on SQLite.

    Belongs to the thread that asks.
    """

    def __init__(self, engine: Engine) -> None:
        self._connection = engine.raw_connection() if engine.dialect.name == "sqlite" else None
        self._seen: int | None = None

    def has_changed(self) -> bool:
        """True for the first question, and where we cannot know."""
        if self._connection is None:
            return True
        cursor = self._connection.cursor()
        try:  # sqlite.org/pragma.html#pragma_data_version
            version: int = cursor.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.OperationalError:
            return True  # whoever looks now is told why
        finally:
            cursor.close()
        seen, self._seen = self._seen, version
        return seen != version

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
