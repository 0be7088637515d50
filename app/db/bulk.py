"""Writing many rows at once: all that differs between the databases. Knows no table; never commits.

Rows carry driver values: ids as 16 bytes, times by `moment`, JSON as text. SQLite's half; PostgreSQL's comes with it.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import uuid_utils
from sqlalchemy.orm import Session

from app.db.base import Base

_uuid7 = uuid_utils.uuid7


def new_id_bytes() -> bytes:
    """A new UUIDv7 as its 16 bytes, without the detour over an object."""
    return _uuid7().bytes


def moment(value: datetime) -> str:
    """A time as the database keeps it."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def as_json(value: object) -> str:
    """A value of a JSON column."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def insert(
    session: Session,
    model: type[Base],
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    *,
    same: Mapping[str, Any] | None = None,
    or_replace: bool = False,
) -> None:
    """Insert rows by one prepared statement. `same` holds the columns that have one value for all of them."""
    if not rows:
        return
    constants = dict(same or {})
    names = ", ".join(f'"{name}"' for name in [*constants, *columns])
    values = ", ".join([*(_literal(value) for value in constants.values()), *("?" for _ in columns)])
    verb = "INSERT OR REPLACE" if or_replace else "INSERT"
    session.connection().exec_driver_sql(f"{verb} INTO {model.__tablename__} ({names}) VALUES ({values})", list(rows))


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    return "'" + str(value).replace("'", "''") + "'"
