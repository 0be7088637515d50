"""Brings a database to the schema of this code. Never runs by itself on anything but an SQLite file."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError

from app.db.session import Database

_LOCK_NOT_AVAILABLE = "55P03"
_LOCKED = (
    "Nothing was migrated: somebody holds a table that is to be changed, and everybody would have waited behind us. "
    "Run it again when long transactions are over."
)
_ROOT = Path(__file__).parent.parent.parent


class SchemaError(Exception):
    """The database has not the schema this code needs; the text says what to do."""


def migrate(database: Database, revision: str = "head") -> None:
    """Run the migrations that are missing. Raises SchemaError: the schema is newer than the code, or in use."""
    _refuse_newer(database)
    try:
        with database.engine.begin() as connection:
            config = _config()
            config.attributes["connection"] = connection
            if revision == "base":
                command.downgrade(config, revision)
            else:
                command.upgrade(config, revision)
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise SchemaError(_LOCKED) from None
        raise


def require_current(database: Database) -> None:
    """Raises SchemaError where a migration is missing, or the schema is newer than the code."""
    _refuse_newer(database)
    if _revision(database) != ScriptDirectory.from_config(_config()).get_current_head():
        raise SchemaError("The database needs migrating. Run: rollcall migrate")


def _refuse_newer(database: Database) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if _revision(database) not in {None, *known}:
        raise SchemaError("The database has a newer schema than this version of Rollcall. Install the newer version.")


def _revision(database: Database) -> str | None:
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_ROOT / "migrations"))
    return config
