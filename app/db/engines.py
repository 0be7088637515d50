"""How connections to either database are opened, and how their transactions begin. Knows no table, commits nothing.

An SQLite file has one writer: whoever writes waits for its turn first. PostgreSQL has many.
"""

import math
import select
import sqlite3
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError

from app.db import base
from app.db.turns import Turns

if TYPE_CHECKING:
    from psycopg import Connection as Driver

BUSY_SECONDS: Final = 20.0
"""Whoever waits longer for somebody else's transaction gives up, and is told to come back."""
_BUSY_MILLISECONDS: Final = 1000
_CONNECT_SECONDS: Final = 5
_POOL_SECONDS: Final = 5
"""Where all connections are taken for so long, whoever waits is told to come back."""
_TRIED_AFTER_SECONDS: Final = 30.0
"""A connection nobody has used for so long is tried before it is used: it costs a round trip."""
COPIED_AT_ONCE: Final = 8
"""Transactions of long work on SQLite: in a million people's tables fewer pages than others copy (below)."""
USUAL: Final = {
    "cache_size": -8 * 1024,  # KiB
    # Pages that are written again and again are copied from the log into the file once in a while, not each time.
    "wal_autocheckpoint": 20_000,
}
LONG_WORK: Final = {
    "cache_size": -48 * 1024,  # most of the indexes of a million people
    "wal_autocheckpoint": 0,  # not while others wait: see Database.give_way
}


def postgresql_engine(url: str, connections: int) -> Engine:
    """Connections to PostgreSQL. Times are in UTC, and time is told by its clock: the machines' own may differ."""
    engine = create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=_POOL_SECONDS,
        hide_parameters=True,
        json_serializer=base.as_json,
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "application_name": "rollcall",
            "options": f"-c TimeZone=UTC -c lock_timeout={BUSY_SECONDS:.0f}s",
        },
    )

    @event.listens_for(engine, "connect")
    def _tell_the_time(connection: Any, _record: Any) -> None:
        before = datetime.now(UTC)
        theirs = connection.execute("SELECT clock_timestamp()").fetchone()[0]
        connection.rollback()
        base.set_clock(theirs - (before + (datetime.now(UTC) - before) / 2))

    @event.listens_for(engine, "checkin")
    def _lay_down(_connection: object, record: Any) -> None:
        record.info["since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _is_alive(connection: Any, record: Any, _proxy: object) -> None:
        # After a restart of the server the first request already finds a living connection. A server that ends says so,
        # and one that is there has nothing to say to who asks nothing; a network forgets who is silent without a word.
        is_old = time.monotonic() - record.info.get("since", math.inf) > _TRIED_AFTER_SECONDS
        try:
            if is_old or _has_something_to_read(connection.fileno()):
                connection.execute("SELECT 1")
                connection.rollback()
        except connection.Error as error:
            raise InvalidatePoolError from error

    @event.listens_for(engine, "commit")
    def _refuse_to_lose(connection: Connection) -> None:
        # PostgreSQL answers the COMMIT of a failed transaction by a ROLLBACK, and no error.
        driver = cast("Driver[Any]", connection.connection.driver_connection)
        if driver.info.transaction_status.name == "INERROR":
            raise RuntimeError("a transaction that has failed cannot be committed")

    return engine


def _has_something_to_read(socket: int) -> bool:
    waiting = select.poll()
    waiting.register(socket, select.POLLIN)
    return bool(waiting.poll(0))


def sqlite_engine(url: str, connections: int, turns: Turns) -> Engine:
    """Connections to an SQLite file, whose folder is made where it is missing."""
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    # hide_parameters: an error's text ends in logs, and the values of a statement are people's data.
    engine = create_engine(
        url,
        pool_size=connections,
        max_overflow=60,
        pool_timeout=_POOL_SECONDS,
        hide_parameters=True,
        json_serializer=base.as_json,
    )

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
        set_pragmas(connection, USUAL)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if not connection.get_execution_options().get("rollcall_writes", False):
            connection.exec_driver_sql("BEGIN")
            return
        # A writer that begins as a reader cannot wait its turn once another has written: it fails at once.
        if not _has_begun(connection.connection.driver_connection, turns):
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # its error is the one to raise

    return engine


def set_pragmas(driver: Any, pragmas: Mapping[str, int]) -> None:
    """Have one connection to SQLite work in another way."""
    for name, value in pragmas.items():
        driver.execute(f"PRAGMA {name} = {value}").close()


def _has_begun(driver: Any, turns: Turns) -> bool:
    """Begin to write as soon as nobody else does. SQLite's own waiting sleeps up to 100 ms and misses short pauses."""
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        begins: Callable[[], bool] = partial(_begins, driver)
        return begins() or turns.wait(begins, BUSY_SECONDS)
    finally:
        driver.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")


def _begins(driver: Any) -> bool:
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    return True
