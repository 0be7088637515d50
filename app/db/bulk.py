"""Writing many rows at once: all that differs between the databases. Knows no table; never commits.

Rows carry driver values: ids as 16 bytes, times by `moment`, JSON as text. SQLite's half; PostgreSQL's comes with it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import uuid_utils
from pydantic_core import from_json, to_json
from sqlalchemy import ColumnElement, exists, func, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

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
    return to_json(value).decode()


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


def upsert(session: Session, model: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that may be given `on_conflict_do_update`: both databases have it, each with a class of its own."""
    return sqlite.insert(model) if session.get_bind().dialect.name == "sqlite" else postgresql.insert(model)


def present(
    session: Session, texts: Collection[str], column: InstrumentedAttribute[Any], *conditions: ColumnElement[bool]
) -> set[str]:
    """Which of many texts a column holds. SQLite takes them as one parameter, and looks each up by the index."""
    if session.get_bind().dialect.name != "sqlite":
        return set(session.scalars(select(column).where(column.in_(list(texts)), *conditions)))
    value: ColumnElement[str] = literal_column("value")
    given = select(func.json_group_array(value)).select_from(func.json_each(as_json(list(texts))))
    found = session.execute(given.where(exists().where(column == value, *conditions))).scalar_one()
    return set(from_json(found))


def merged_json(session: Session, old: ColumnElement[Any], new: ColumnElement[Any]) -> ColumnElement[Any]:
    """Two JSON objects as one; where both have a key, the new one's value."""
    return func.json_patch(old, new) if session.get_bind().dialect.name == "sqlite" else old.op("||")(new)


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    return "'" + str(value).replace("'", "''") + "'"
