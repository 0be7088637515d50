"""What every table shares: the declarative base, ids, times and their column types. Never opens a connection."""

import re
import uuid
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import uuid_utils
from pydantic_core import to_json
from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    TypeDecorator,
    Uuid,
    and_,
    false,
    literal_column,
    or_,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute
from sqlalchemy.types import TypeEngine

NAMING = {
    "pk": "pk_%(table_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


class Id(TypeDecorator[uuid.UUID]):
    """A UUIDv7: native on PostgreSQL, a 16-byte BLOB on SQLite (half the size of text, sorts by time)."""

    impl = LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Uuid() if dialect.name == "postgresql" else LargeBinary(16))

    def process_bind_param(self, value: uuid.UUID | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else value.bytes

    def process_result_value(self, value: Any, dialect: Dialect) -> uuid.UUID | None:
        return value if value is None or dialect.name == "postgresql" else uuid.UUID(bytes=value)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC. SQLite keeps it as naive text that sorts; it comes back aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time cannot be stored")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Key(TypeDecorator[str]):
    """A text that is looked up and sorted by: compared byte by byte, alike on both databases whatever their locale."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return value and _NO_TEXT.sub("\ufffd", value)  # what cannot be kept is nobody's key, and may be asked for

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String(self.length, collation="C" if dialect.name == "postgresql" else None))


_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_NUL_IN_JSON = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def as_json(value: object) -> str:
    """A value of a JSON column. A NUL, which PostgreSQL keeps nowhere, is kept as the picture of one."""
    text = to_json(value).decode()
    return _NUL_IN_JSON.sub("\\1\N{SYMBOL FOR NULL}", text) if "\\u0000" in text else text


Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
PlatformId = Integer
BigInt = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention=NAMING)


Ids = Collection[uuid.UUID] | Select[uuid.UUID]
"""Some ids: as they are, or as a question only the database needs to answer. For `in_`, which takes both."""


def containing(text: str, *columns: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    """Whether each word of a text stands in one of these columns, in any case: "ann ode" finds Ann's last name too.

    A NUL, which ends a pattern on SQLite, none contains.
    """
    if "\0" in text:
        return false()
    words = (or_(*(column.icontains(word, autoescape=True) for column in columns)) for word in text.split())
    return and_(true(), *words)


def is_one_of(column: InstrumentedAttribute[str], *values: str) -> ColumnElement[bool]:
    """A condition in the words of a partial index, values and all: only then SQLite sees that the index will do."""
    return column.in_([literal_column(f"'{value}'") for value in values])


def is_not(column: InstrumentedAttribute[str], value: str) -> ColumnElement[bool]:
    """The same for all values but one."""
    return column != literal_column(f"'{value}'")


def new_id() -> uuid.UUID:
    """A new UUIDv7: unique, and later ones sort later."""
    return uuid.UUID(bytes=uuid_utils.uuid7().bytes)


def first_id_of(moment: datetime) -> uuid.UUID:
    """The smallest UUIDv7 of a moment: its first 48 bits are milliseconds (RFC 9562 section 5.7)."""
    return uuid.UUID(int=max(0, int(moment.timestamp() * 1000)) << 80)


_ahead = timedelta(0)


def set_clock(ahead: timedelta) -> None:
    """How far the database's clock is ahead of ours: many machines share one, and tell the time by it."""
    global _ahead
    _ahead = ahead


def utcnow() -> datetime:
    """The time now, aware, in UTC, by the clock of the database."""
    return datetime.now(UTC) + _ahead
