"""The migrations make the schema of the models, take it away again, and say what to do where they have not run."""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import TextClause, inspect

import app
from app.db.migrate import SchemaError, migrate, require_current
from app.db.session import Database
from app.tables import metadata
from tests.contract.test_settings import good, run

SCRIPTS = ScriptDirectory(str(Path(app.__file__).parent.parent / "migrations"))
HEAD = SCRIPTS.get_current_head()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """An empty database file."""
    return Database(f"sqlite:///{tmp_path}/rollcall.db")


def _tables(database: Database) -> set[str]:
    with database.engine.connect() as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}


def _schema(database: Database) -> list[str]:
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name")
        return [row[0] for row in rows]


def _stamp(folder: Path, revision: str | None) -> None:
    with sqlite3.connect(folder / "rollcall.db") as connection:
        if revision is None:
            connection.execute("DROP TABLE alembic_version")
        else:
            assert connection.execute("UPDATE alembic_version SET version_num = ?", [revision]).rowcount == 1
    connection.close()


def test_migrations_run_up_and_down_and_up_again(database: Database) -> None:
    migrate(database)
    first = _schema(database)
    assert _tables(database) == set(metadata.tables)
    migrate(database, "base")
    assert _tables(database) == set()
    migrate(database)
    assert _schema(database) == first
    database.close()


def test_migrating_again_changes_nothing(database: Database) -> None:
    migrate(database)
    first = _schema(database)
    migrate(database)
    assert _schema(database) == first
    database.close()


def test_the_migrated_schema_is_that_of_the_models(database: Database) -> None:
    migrate(database)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, metadata) == [], "write a migration: alembic revision --autogenerate"
    database.close()


def test_the_migrated_schema_has_the_keys_and_conditions_of_the_models(database: Database, tmp_path: Path) -> None:
    """What alembic does not compare: primary keys, foreign keys' columns, and the conditions of partial indexes."""
    migrate(database)
    fresh = Database(f"sqlite:///{tmp_path}/fresh.db")
    metadata.create_all(fresh.engine)
    with database.engine.connect() as ours, fresh.engine.connect() as wanted:
        have, want = inspect(ours), inspect(wanted)
        for table in metadata.tables:
            assert have.get_pk_constraint(table) == want.get_pk_constraint(table), table
            assert _named(have.get_foreign_keys(table)) == _named(want.get_foreign_keys(table)), table
            assert _named(have.get_indexes(table)) == _named(want.get_indexes(table)), table
            assert _named(have.get_unique_constraints(table)) == _named(want.get_unique_constraints(table)), table
            assert _nullable(have.get_columns(table)) == _nullable(want.get_columns(table)), table
    database.close()
    fresh.close()


def _named(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Keys or indexes as text that can be compared: conditions are objects without equality."""
    return sorted(str(sorted(_plain(item).items())) for item in found)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return str(value) if isinstance(value, TextClause) else value


def _nullable(columns: Sequence[Mapping[str, Any]]) -> dict[str, bool]:
    return {column["name"]: column["nullable"] for column in columns}


def test_there_is_one_line_of_migrations() -> None:
    assert len(SCRIPTS.get_heads()) == 1
    assert all(script.doc for script in SCRIPTS.walk_revisions())


def test_a_database_without_a_schema_is_told_to_migrate(database: Database) -> None:
    with pytest.raises(SchemaError, match=r"^The database needs migrating. Run: rollcall migrate$"):
        require_current(database)
    migrate(database)
    require_current(database)
    database.close()


def test_a_database_that_lost_its_version_is_told_to_migrate(database: Database, tmp_path: Path) -> None:
    migrate(database)
    database.close()
    _stamp(tmp_path, None)
    with pytest.raises(SchemaError, match="rollcall migrate"):
        require_current(database)
    database.close()


def test_a_newer_schema_asks_for_the_newer_version(database: Database, tmp_path: Path) -> None:
    migrate(database)
    database.close()
    _stamp(tmp_path, "20991231_from_tomorrow")
    with pytest.raises(SchemaError, match=r"^The database has a newer schema .* Install the newer version\.$"):
        require_current(database)
    database.close()


# --- the command -------------------------------------------------------------------------------------------------


def test_the_command_migrates_a_fresh_file(tmp_path: Path) -> None:
    ended = run(good(tmp_path), "migrate", folder=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.strip() == "The database is up to date."
    database = Database(f"sqlite:///{tmp_path}/rollcall.db")
    require_current(database)
    database.close()
    again = run(good(tmp_path), "migrate", folder=tmp_path)
    assert (again.returncode, again.stdout) == (0, ended.stdout)


def test_the_command_migrates_a_file_in_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    url = {"ROLLCALL_DATABASE_URL": f"sqlite:///{tmp_path}/new/folder/rollcall.db"}
    assert run(url, "migrate", folder=tmp_path).returncode == 0


@pytest.mark.parametrize("command", ["create-key", "worker"])
def test_a_command_on_a_database_without_a_schema_says_one_sentence(command: str, tmp_path: Path) -> None:
    arguments = {"create-key": ["acme", "--name", "x", "--scope", "read"]}.get(command, [])
    ended = run(good(tmp_path), command, *arguments, folder=tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.strip() == "The database needs migrating. Run: rollcall migrate"


@pytest.mark.parametrize("command", ["serve", "worker", "migrate", "create-key"])
def test_a_command_on_a_newer_schema_says_one_sentence(command: str, database: Database, tmp_path: Path) -> None:
    migrate(database)
    database.close()
    _stamp(tmp_path, "20991231_from_tomorrow")
    arguments = {"create-key": ["acme", "--name", "x", "--scope", "read"], "serve": ["--port", "0"]}.get(command, [])
    ended = run(good(tmp_path), command, *arguments, folder=tmp_path)
    assert ended.returncode == 1
    assert "newer schema" in ended.stderr
    assert "Traceback" not in ended.stderr
