"""Runs migrations on the database named by ROLLCALL_DATABASE_URL, or on a connection somebody hands over."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, Connection

from app.db.base import Id, Key, UtcDateTime
from app.db.session import Database
from app.settings import DatabaseSettings
from app.tables import metadata


def _our_types(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    if kind == "type" and isinstance(item, Id | UtcDateTime):
        return f"base.{type(item).__name__}()"
    if kind == "type" and isinstance(item, Key):
        return f"base.Key({item.length})"
    if kind == "type" and isinstance(item, JSON):
        return "base.Json"
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=_our_types,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    database = Database(DatabaseSettings.load().database_url)
    with database.engine.begin() as opened:
        _run(opened)
    database.close()
