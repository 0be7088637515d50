"""What every table shares: the declarative base, ids, times and their column types. Never opens a connection."""

import uuid
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import uuid_utils
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
    TypeDecorator,
    Uuid,
    and_,
    false,
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
        return value if value is None or value.tzinfo is not None else value.replace(tzinfo=UTC)


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


def new_id() -> uuid.UUID:
    """A new UUIDv7: unique, and later ones sort later."""
    return uuid.UUID(bytes=uuid_utils.uuid7().bytes)


def first_id_of(moment: datetime) -> uuid.UUID:
    """The smallest UUIDv7 of a moment: its first 48 bits are milliseconds (RFC 9562 section 5.7)."""
    return uuid.UUID(int=max(0, int(moment.timestamp() * 1000)) << 80)


def utcnow() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)
