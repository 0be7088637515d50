"""The floors: the least the same work can cost in plain Python. Frozen, and never imports the product.

The bare loop reads and validates; raw `executemany` and raw COPY write rows that lie ready into a frozen copy of our
tables, on SQLite and on PostgreSQL.
"""

import csv
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import psycopg
from pydantic import StringConstraints, TypeAdapter, ValidationError
from python_calamine import CalamineWorkbook
from typing_extensions import TypedDict

FROZEN = Path(__file__).parent / "frozen.sql"
FROZEN_POSTGRESQL = Path(__file__).parent / "frozen_postgresql.sql"
FROZEN_TABLES = (
    "organisations",
    "student_groups",
    "labels",
    "teams",
    "users",
    "user_student_groups",
    "invitations",
    "deliveries",
)
_KEYS_ONLY = ("imports", "invitation_messages")
_PLACES = FROZEN_TABLES[:4]
_WRITTEN = {
    "users": "SELECT * FROM users WHERE created_by_import_id = ? ORDER BY rowid",
    "user_student_groups": "SELECT m.* FROM users u CROSS JOIN user_student_groups m "
    "ON m.platform_id = u.platform_id AND m.user_id = u.id WHERE u.created_by_import_id = ? ORDER BY u.rowid",
    "invitations": "SELECT * FROM invitations WHERE import_id = ? ORDER BY rowid",
    "deliveries": "SELECT * FROM deliveries WHERE batch_id = ? ORDER BY rowid",
}
"""What an import writes for its people, and where that is found."""
_AT_ONCE = 100_000

_Text = Annotated[str, StringConstraints(strip_whitespace=True)]
_Address = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


class _Row(TypedDict):
    first_name: _Text
    last_name: _Text
    email: _Address
    company: _Text
    language: _Text
    student_groups: _Text
    label: _Text
    team: _Text
    team_leader: _Text


def bare_loop(file: Path) -> float:
    """Seconds to read and validate a file row by row."""
    started = time.perf_counter()
    with file.open(encoding="utf-8", newline="") as opened:
        _validate(csv.reader(opened))
    return time.perf_counter() - started


def calamine_loop(file: Path) -> float:
    """Seconds to read the first sheet of a workbook by calamine and validate it row by row."""
    started = time.perf_counter()
    _validate(CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).iter_rows())
    return time.perf_counter() - started


def _validate(rows: Iterator[list[Any]]) -> None:
    validate = TypeAdapter(_Row).validate_python
    valid = refused = 0
    header = next(rows)
    for cells in rows:
        try:
            validate(dict(zip(header, cells, strict=False)))
            valid += 1
        except ValidationError:
            refused += 1
    assert valid > refused


def raw_executemany(committed: Path, file: Path) -> float:
    """Seconds to write what the newest import of a database wrote, from memory, 100,000 rows a transaction."""
    _forget(file)
    source, target = sqlite3.connect(committed), sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -65536"):
        target.execute(f"PRAGMA {pragma}")
    target.executescript(FROZEN.read_text(encoding="utf-8"))
    (import_id,) = source.execute("SELECT max(id) FROM imports").fetchone()
    _fill_before(target, committed, import_id)
    target.execute("PRAGMA foreign_keys = ON")
    seconds = sum(_write(target, table, source.execute(rows, [import_id])) for table, rows in _WRITTEN.items())
    source.close()
    target.close()
    _forget(file)
    return seconds


def _fill_before(target: sqlite3.Connection, committed: Path, import_id: bytes) -> None:
    """What is there before, and what people are put into. Not timed."""
    target.execute("ATTACH ? AS source", [str(committed)])
    target.execute("INSERT INTO platforms SELECT id FROM source.platforms")
    for table in _KEYS_ONLY:
        target.execute(f"INSERT INTO {table} SELECT platform_id, id FROM source.{table}")
    for table in _PLACES:
        target.execute(f"INSERT INTO {table} SELECT * FROM source.{table}")
    target.execute("INSERT INTO users SELECT * FROM source.users WHERE created_by_import_id IS NOT ?", [import_id])
    target.execute("DETACH source")


def _write(target: sqlite3.Connection, table: str, rows: sqlite3.Cursor) -> float:
    insert = f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows.description))})"
    seconds = 0.0
    while batch := rows.fetchmany(_AT_ONCE):
        started = time.perf_counter()
        target.execute("BEGIN IMMEDIATE")
        target.executemany(insert, batch)
        target.execute("COMMIT")
        seconds += time.perf_counter() - started
    return seconds


def _forget(file: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


_COPIED = {
    "users": "created_by_import_id = '{id}'",
    "user_student_groups": "user_id IN (SELECT id FROM users WHERE created_by_import_id = '{id}')",
    "invitations": "import_id = '{id}'",
    "deliveries": "batch_id = '{id}'",
}
_ORDER = {"user_student_groups": "user_id", "deliveries": "about_id"}


def raw_copy(committed: str, empty: str) -> float:
    """Seconds to write what the newest import of a PostgreSQL database wrote, from memory, 100,000 rows a transaction.

    Takes the addresses of that database and of an empty one.
    """
    with closing(psycopg.connect(committed)) as source, closing(psycopg.connect(empty, autocommit=True)) as target:
        target.execute(FROZEN_POSTGRESQL.read_bytes())
        row = source.execute("SELECT id FROM imports ORDER BY id DESC LIMIT 1").fetchone()
        import_id = row[0] if row else None
        _carry(source, target, "platforms (id)", "SELECT id FROM platforms")
        for table in _KEYS_ONLY:
            _carry(source, target, f"{table} (platform_id, id)", f"SELECT platform_id, id FROM {table}")
        # Teams point at their leaders, people at their teams: no order suits both, and no key is asked about.
        target.execute("SET session_replication_role = replica")
        for table in _PLACES:
            _carry(source, target, table, f"SELECT * FROM {table}")
        before = f"created_by_import_id IS DISTINCT FROM '{import_id}'"
        _carry(source, target, "users", f"SELECT * FROM users WHERE {before}")
        target.execute("SET session_replication_role = origin")
        target.execute("CHECKPOINT")
        return sum(
            _write_copied(target, table, _lines(source, table, condition.format(id=import_id)))
            for table, condition in _COPIED.items()
        )


def _carry(source: psycopg.Connection, target: psycopg.Connection, into: str, query: str) -> None:
    """Copy rows from one database into another. Not timed."""
    with (
        source.cursor().copy(f"COPY ({query}) TO STDOUT".encode()) as rows,
        target.cursor().copy(f"COPY {into} FROM STDIN".encode()) as copy,
    ):
        for block in rows:
            copy.write(block)


def _lines(source: psycopg.Connection, table: str, condition: str) -> Sequence[bytes]:
    order = _ORDER.get(table, "id")
    query = f"COPY (SELECT * FROM {table} WHERE {condition} ORDER BY {order}) TO STDOUT"
    with source.cursor().copy(query.encode()) as rows:
        return b"".join(rows).splitlines(keepends=True)


def _write_copied(target: psycopg.Connection, table: str, lines: Sequence[bytes]) -> float:
    seconds = 0.0
    for first in range(0, len(lines), _AT_ONCE):
        content = b"".join(lines[first : first + _AT_ONCE])
        started = time.perf_counter()
        with target.transaction(), target.cursor().copy(f"COPY {table} FROM STDIN".encode()) as copy:
            copy.write(content)
        seconds += time.perf_counter() - started
    return seconds
