"""SQLite has one writer: whoever writes again and again gives way to whoever waits, in its process or in another."""

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.db import engines
from app.db.session import Database
from app.db.turns import Turns

TRANSACTIONS = 3000
WAITS = """
import sys
from app.db.session import Database
database = Database(sys.argv[1])
with database.writing() as session:
    session.connection()
"""


def _write_again_and_again(database: Database, is_over: threading.Event, waits: threading.Event) -> int:
    """Long work, until somebody else has written. Returns how many transactions it was done in."""
    for number in range(TRANSACTIONS):
        with database.writing() as session:
            session.connection()
            waits.set()
            is_over.wait(0.02)
        database.give_way()
        if is_over.is_set():
            return number
    return TRANSACTIONS


def test_another_thread_gets_its_turn_before_long_work_ends(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/rollcall.db")
    taken, is_over = threading.Event(), threading.Event()

    def waits() -> None:
        taken.wait()
        with database.writing() as session:
            session.connection()
            is_over.set()

    thread = threading.Thread(target=waits)
    thread.start()
    assert _write_again_and_again(database, is_over, taken) < TRANSACTIONS
    thread.join()
    database.close()


@pytest.mark.xdist_group("plugs")
def test_another_process_gets_its_turn_before_long_work_ends(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/rollcall.db"
    database = Database(url)
    is_over = threading.Event()
    process = subprocess.Popen([sys.executable, "-c", WAITS, url])

    def listens() -> None:
        process.wait()
        is_over.set()

    thread = threading.Thread(target=listens)
    thread.start()
    assert _write_again_and_again(database, is_over, threading.Event()) < TRANSACTIONS
    thread.join()
    assert process.returncode == 0
    database.close()


def test_nobody_waits_for_somebody_who_is_gone(tmp_path: Path) -> None:
    turns = Turns(tmp_path / "rollcall.db")
    turns.give_way()  # nobody ever waited: there is no file
    assert turns.wait(lambda: True, 1.0)
    assert not turns.wait(lambda: False, 0.01)
    assert not turns._does_anybody_wait()


def test_whoever_waits_too_long_is_told_that_the_database_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(engines, "_BUSY_MILLISECONDS", 50)
    database, other = (Database(f"sqlite:///{tmp_path}/rollcall.db") for _ in range(2))
    with database.writing() as session:
        session.connection()
        with pytest.raises(OperationalError, match="locked"), other.writing() as waiting:
            waiting.execute(text("SELECT 1"))
    database.close()
    other.close()


def test_what_long_work_writes_is_copied_into_the_file_between_its_transactions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.db.session.COPIED_AT_ONCE", 1)
    file = tmp_path / "rollcall.db"
    database = Database(f"sqlite:///{file}")
    with database.for_long_work() as own:
        for number in range(3):
            with own.writing() as session:
                session.execute(text("CREATE TABLE IF NOT EXISTS numbers (number INTEGER)"))
                session.execute(text("INSERT INTO numbers VALUES (:number)"), {"number": number})
            with own.reading() as session:
                assert session.scalar(text("SELECT count(*) FROM numbers")) == number + 1
            own.give_way()
            with closing(sqlite3.connect(f"file:{file}?immutable=1", uri=True)) as without_log:
                assert without_log.execute("SELECT count(*) FROM numbers").fetchone() == (number + 1,)
    database.close()


def test_long_work_that_fails_leaves_its_connection_clean(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/rollcall.db", connections=1)
    with database.for_long_work() as own:
        with suppress(ZeroDivisionError), own.writing() as session:
            session.execute(text("CREATE TABLE numbers (number INTEGER)"))
            session.scalar(text(f"SELECT {1 // 0}"))
        with own.writing() as session:
            assert session.scalar(text("SELECT count(*) FROM sqlite_schema")) == 0
    with database.writing() as session:
        assert session.scalar(text("SELECT count(*) FROM sqlite_schema")) == 0
        assert session.scalar(text("PRAGMA cache_size")) == -8 * 1024
    database.close()
