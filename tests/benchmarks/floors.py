"""The floors: the least the same work can cost in plain Python. Frozen, and never imports the product.

The bare loop reads and validates; raw `executemany` writes rows that lie ready into a frozen copy of our tables.
"""

import csv
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import StringConstraints, TypeAdapter, ValidationError
from python_calamine import CalamineWorkbook
from typing_extensions import TypedDict

FROZEN = Path(__file__).parent / "frozen.sql"
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
