"""Sessions and the only commit of the project. Knows no table; decides when a transaction begins and ends."""

import copy
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app.db.turns import Turns

BUSY_SECONDS = 20.0
_BUSY_MILLISECONDS = 1000


class Database:
    """One database and its connections. Threads may share it; processes may not."""

    def __init__(self, url: str, *, connections: int = 20) -> None:
        self._turns = Turns(Path(url.removeprefix("sqlite:///"))) if url.startswith("sqlite") else None
        self.engine = _sqlite_engine(url, connections, self._turns) if self._turns else _engine(url, connections)
        self._writer = self.engine.execution_options(rollcall_writes=True)
        self._kept: Connection | None = None
        self._not_copied = 0

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one snapshot and never waits for a writer. What it changes is thrown away."""
        with Session(self._bound(self.engine, writes=False), autoflush=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction: committed at the end of the block, rolled back by an exception. Keep it short."""
        with Session(self._bound(self._writer, writes=True), expire_on_commit=False) as session:
            yield session
            try:
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
            _set(driver, _LONG_WORK)
            try:
                yield own
            finally:
                _set(driver, _USUAL)

    def give_way(self) -> None:
        """Between two transactions of long work: whoever waits to write goes first.

        Then is also the moment to copy what was written from SQLite's log into its file: nobody waits for that.
        """
        if self._turns is None:
            return
        self._turns.give_way()
        self._not_copied += 1
        if self._kept is not None and self._not_copied >= _COPIED_AT_ONCE:
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
        except DatabaseError:
            return False
        return True

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


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


def _engine(url: str, connections: int) -> Engine:
    return create_engine(
        url, pool_size=connections, max_overflow=0, pool_timeout=10, pool_pre_ping=True, hide_parameters=True
    )


def _has_begun(driver: Any, turns: Turns) -> bool:
    """Begin to write as soon as nobody else does. SQLite's own waiting sleeps up to 100 ms and misses short pauses."""
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        return _begins(driver) or turns.wait(partial(_begins, driver), BUSY_SECONDS)
    finally:
        driver.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")


def _begins(driver: Any) -> bool:
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    return True


_COPIED_AT_ONCE = 8
"""Transactions of long work. In a million people's tables they come to fewer pages than others copy (below)."""
_USUAL = {
    "cache_size": -8 * 1024,  # KiB
    # Pages that are written again and again are copied from the log into the file once in a while, not each time.
    "wal_autocheckpoint": 20_000,
}
_LONG_WORK = {
    "cache_size": -48 * 1024,  # most of the indexes of a million people
    "wal_autocheckpoint": 0,  # not while others wait: see give_way
}


def _set(driver: Any, pragmas: Mapping[str, int]) -> None:
    for name, value in pragmas.items():
        driver.execute(f"PRAGMA {name} = {value}").close()


def _sqlite_engine(url: str, connections: int, turns: Turns) -> Engine:
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    # hide_parameters: an error's text ends in logs, and the values of a statement are people's data.
    engine = create_engine(url, pool_size=connections, max_overflow=60, pool_timeout=10, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing; _begin below does
        for pragma in (
            f"busy_timeout = {_BUSY_MILLISECONDS}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
        _set(connection, _USUAL)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if not connection.get_execution_options().get("rollcall_writes", False):
            connection.exec_driver_sql("BEGIN")
            return
        # A writer that begins as a reader cannot wait its turn once another has written: it fails at once.
        if not _has_begun(connection.connection.driver_connection, turns):
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # its error is the one to raise

    return engine
