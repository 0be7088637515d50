"""Writing and looking up many rows at once: all that differs between the databases. Knows no table; never commits.

Rows carry driver values: ids as 16 bytes, times by `moment`, JSON by `as_json`. SQLite takes them by one prepared
statement, PostgreSQL by COPY; a few by INSERT.
"""

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import uuid_utils
from pydantic_core import from_json
from sqlalchemy import ARRAY, ColumnElement, Connection, Text, any_, exists, func, literal, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.db.base import Base, Id, as_json

if TYPE_CHECKING:
    from psycopg import Connection as Driver

_uuid7 = uuid_utils.uuid7

Row = tuple[Any, ...]
_FEW = 8
"""As many rows go to PostgreSQL by INSERT, more by COPY."""


def new_id_bytes() -> bytes:
    """A new UUIDv7 as its 16 bytes, without the detour over an object."""
    return _uuid7().bytes


def moment(value: datetime) -> str:
    """A time as the database keeps it: in UTC, which every connection to PostgreSQL speaks."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def insert(
    session: Session,
    model: type[Base],
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    same: Mapping[str, Any] | None = None,
    or_replace: bool = False,
) -> None:
    """Insert rows. `same` holds the columns that have one value for all of them.

    Raises IntegrityError where a key is taken; with `or_replace` the row that has it gives way.
    """
    if not rows:
        return
    constants = dict(same or {})
    if _is_sqlite(session):
        verb = "INSERT OR REPLACE" if or_replace else "INSERT"
        _insert_into_sqlite(session, verb, model, columns, rows, constants)
        return
    if or_replace:
        _delete_same(session, model, columns, rows, constants)
    if len(rows) <= _FEW:
        _insert_few(session, model, columns, rows, constants)
    else:
        _copy(session, model, columns, rows, constants)


def insert_missing(
    session: Session,
    model: type[Base],
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    same: Mapping[str, Any] | None = None,
) -> None:
    """Insert those rows whose key nobody has; waits for whoever is just taking it. For few rows."""
    if not rows:
        return
    constants = dict(same or {})
    if _is_sqlite(session):
        _insert_into_sqlite(session, "INSERT OR IGNORE", model, columns, rows, constants)
        return
    for start in range(0, len(rows), _FEW):
        part = rows[start : start + _FEW]
        _insert_few(session, model, columns, part, constants, " ON CONFLICT DO NOTHING")


def upsert(session: Session, model: type[Base]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that may be given `on_conflict_do_update`: both databases have it, each with a class of its own."""
    return sqlite.insert(model) if _is_sqlite(session) else postgresql.insert(model)


def present(
    session: Session, texts: Collection[str], column: InstrumentedAttribute[Any], *conditions: ColumnElement[bool]
) -> set[str]:
    """Which of many keys, texts without line breaks, a column holds.

    They travel as one parameter, and each is looked up by the index. As one text: the driver takes longer to write a
    list of thousands down than the database to look them up.
    """
    if not _is_sqlite(session):
        given = func.string_to_array("\n".join(texts), "\n", type_=ARRAY(Text))
        return set(session.scalars(select(column).where(column == any_(given), *conditions)))
    value: ColumnElement[str] = literal_column("value")
    found = session.execute(
        select(func.json_group_array(value))
        .select_from(func.json_each(as_json(list(texts))))
        .where(exists().where(column == value, *conditions))
    ).scalar_one()
    return set(from_json(found))


def among(session: Session, column: InstrumentedAttribute[Any], ids: Collection[uuid.UUID]) -> ColumnElement[bool]:
    """Whether a column holds one of these ids. PostgreSQL gets them as one parameter: a statement of as many parameters
    is put together, sent, parsed and planned anew each time.
    """
    if _is_sqlite(session):
        return column.in_(list(ids))
    return column == any_(literal(list(ids), ARRAY(Id)))


def merged_json(session: Session, old: ColumnElement[Any], new: ColumnElement[Any]) -> ColumnElement[Any]:
    """Two JSON objects as one; where both have a key, the new one's value."""
    return func.json_patch(old, new) if _is_sqlite(session) else old.op("||")(new)


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


# --- SQLite ----------------------------------------------------------------------------------------------------------


def _insert_into_sqlite(
    session: Session,
    verb: str,
    model: type[Base],
    columns: Sequence[str],
    rows: Sequence[Row],
    constants: Mapping[str, Any],
) -> None:
    names = _names([*constants, *columns])
    values = ", ".join([*(_literal(value) for value in constants.values()), *("?" for _ in columns)])
    session.connection().exec_driver_sql(f"{verb} INTO {model.__tablename__} ({names}) VALUES ({values})", list(rows))


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    return "'" + str(value).replace("'", "''") + "'"


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


def _insert_few(
    session: Session,
    model: type[Base],
    columns: Sequence[str],
    rows: Sequence[Row],
    constants: Mapping[str, Any],
    ending: str = "",
) -> None:
    """In one round trip, by a statement the driver soon prepares. COPY takes three, and is parsed each time."""
    names = _names([*constants, *columns])
    row = f"({', '.join(['%s'] * (len(constants) + len(columns)))})"
    into = f"INTO {model.__tablename__} ({names}) VALUES {', '.join([row] * len(rows))}{ending}"
    fixed = _texts(constants.values())
    values = tuple(value for one in rows for value in (*fixed, *_texts(one)))
    session.connection().exec_driver_sql(f"INSERT {into}", values)


def _copy(
    session: Session, model: type[Base], columns: Sequence[str], rows: Sequence[Row], constants: Mapping[str, Any]
) -> None:
    fixed = _texts(constants.values())
    connection = session.connection()
    driver = cast("Driver[Any]", connection.connection.driver_connection)
    with _errors_as_usual(connection), driver.cursor() as cursor:
        with cursor.copy(f"COPY {model.__tablename__} ({_names([*constants, *columns])}) FROM STDIN") as copy:
            write = copy.write_row
            for row in rows:
                write((*fixed, *[value.hex() if type(value) is bytes else value for value in row]))


@contextmanager
def _errors_as_usual(connection: Connection) -> Iterator[None]:
    """COPY goes past SQLAlchemy: its errors come as SQLAlchemy's all the same, and a dead connection is given up."""
    dialect = connection.dialect
    try:
        yield
    except dialect.loaded_dbapi.Error as error:
        is_gone = dialect.is_disconnect(error, connection.connection.dbapi_connection, None)
        if is_gone:
            connection.invalidate(error)
        raise DBAPIError.instance(
            "COPY",
            None,
            error,
            dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=is_gone,
            dialect=dialect,
        ) from error


def _texts(values: Iterable[Any]) -> tuple[Any, ...]:
    """Driver values as PostgreSQL reads them: an id by its digits."""
    return tuple(value.hex() if type(value) is bytes else value for value in values)


def _delete_same(
    session: Session, model: type[Base], columns: Sequence[str], rows: Sequence[Row], constants: Mapping[str, Any]
) -> None:
    """Delete the rows these replace: those with the same key, of which all columns but one are the same for all."""
    key = [column.name for column in model.__table__.primary_key]
    (varying,) = (name for name in key if name not in constants)
    place = list(columns).index(varying)
    conditions = " AND ".join([*(f'"{name}" = %s' for name in key if name in constants), f'"{varying}" = ANY(%s)'])
    values = _texts(constants[name] for name in key if name in constants)
    gone = list(_texts(row[place] for row in rows))
    those = f"FROM {model.__tablename__} WHERE {conditions}"
    session.connection().exec_driver_sql(f"DELETE {those}", (*values, gone))
