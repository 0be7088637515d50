"""The migrations make the schema of the models, take it away again, and say what to do where they have not run."""

import hashlib
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from procrastinate.schema import SchemaManager
from sqlalchemy import TextClause, inspect

import app
from app.db.engines import BUSY_SECONDS
from app.db.migrate import SchemaError, migrate, require_current
from app.db.session import Database
from app.tables import metadata
from tests.contract.test_settings import good, run
from tests.postgres import VERSIONS, Server

SCRIPTS = ScriptDirectory(str(Path(app.__file__).parent.parent / "migrations"))
HEAD = SCRIPTS.get_current_head()
_OF_THE_JOB_ENGINE = "c70ec4b400a60ad9592787653aae5ae77ae41bf801d56b5bd2712751a07f2009"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """An empty database file."""
    return Database(f"sqlite:///{tmp_path}/rollcall.db")


@pytest.fixture(params=["sqlite", *VERSIONS], ids=lambda found: str(found))
def either(request: pytest.FixtureRequest, tmp_path: Path, servers: dict[int, Server]) -> Iterator[Database]:
    """An empty database: an SQLite file, and one of each version of PostgreSQL."""
    url = f"sqlite:///{tmp_path}/rollcall.db" if request.param == "sqlite" else servers[request.param].empty()
    database = Database(url)
    yield database
    database.close()
    if database.is_shared:
        servers[request.param].drop(url)


def _tables(database: Database) -> set[str]:
    """Our own tables; those of the job engine are another one's business."""
    with database.engine.connect() as connection:
        found = set(inspect(connection).get_table_names()) - {"alembic_version"}
    return {table for table in found if not table.startswith("procrastinate_")}


_OF_POSTGRESQL = """
SELECT 'table ' || relname || ' ' || relkind::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT 'type ' || typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
UNION ALL SELECT 'function ' || oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'key ' || conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
    FROM information_schema.columns WHERE table_schema = 'public'
"""


def _schema(database: Database) -> list[str]:
    with database.engine.connect() as connection:
        if database.is_shared:
            return sorted(connection.exec_driver_sql(_OF_POSTGRESQL).scalars())
        rows = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name")
        return [row[0] for row in rows]


def _stamp(folder: Path, revision: str | None) -> None:
    with sqlite3.connect(folder / "rollcall.db") as connection:
        if revision is None:
            connection.execute("DROP TABLE alembic_version")
        else:
            assert connection.execute("UPDATE alembic_version SET version_num = ?", [revision]).rowcount == 1
    connection.close()


def test_migrations_run_up_and_down_and_up_again(either: Database) -> None:
    migrate(either)
    first = _schema(either)
    assert _tables(either) == set(metadata.tables)
    migrate(either, "base")
    assert _tables(either) == set()
    assert [line for line in _schema(either) if "alembic_version" not in line] == []
    migrate(either)
    assert _schema(either) == first


def test_migrating_again_changes_nothing(either: Database) -> None:
    migrate(either)
    first = _schema(either)
    migrate(either)
    assert _schema(either) == first


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not (name or "").startswith("procrastinate_")


def test_the_migrated_schema_is_that_of_the_models(either: Database) -> None:
    migrate(either)
    with either.engine.connect() as connection:
        options = {"compare_type": True, "render_as_batch": not either.is_shared, "include_name": _is_ours}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == [], "write a migration: alembic revision --autogenerate"


def test_the_job_engines_schema_is_the_one_that_was_migrated_to() -> None:
    told = (
        "the job engine has a new schema: write a migration that runs those of procrastinate/sql/migrations that are "
        "newer than the version locked before, let migration 0003 keep the old schema as text of its own, and put the "
        "new hash here"
    )
    assert hashlib.sha256(SchemaManager.get_schema().encode()).hexdigest() == _OF_THE_JOB_ENGINE, told


def test_a_migration_gives_up_where_somebody_holds_a_table(servers: dict[int, Server]) -> None:
    url = servers[VERSIONS[0]].empty()
    database = Database(url)
    migrate(database)
    first = _schema(database)
    with database.engine.begin() as other:
        other.exec_driver_sql("SELECT * FROM users FOR UPDATE")  # as any transaction that is not over
        began = time.monotonic()
        with pytest.raises(SchemaError, match=r"^Nothing was migrated: somebody holds a table"):
            migrate(database, "base")
        seconds = time.monotonic() - began
    print(f"gave up after {seconds:.1f} s")
    assert seconds < BUSY_SECONDS
    assert _schema(database) == first
    database.close()
    servers[VERSIONS[0]].drop(url)


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


WRONG: dict[str, tuple[str, list[str], str]] = {
    "a host that is none": ("//rollcall:hunter2hunter2@nowhere.invalid/rollcall", ["serve", "--port", "0"], "URL"),
    "nobody who listens": ("//rollcall:hunter2hunter2@127.0.0.1:1/rollcall", ["worker"], "URL"),
    "a name nobody has": ("//stranger:hunter2hunter2@/postgres?host={host}", ["worker"], "URL"),
    "a database that is none": ("//postgres:hunter2hunter2@/nowhere?host={host}", ["import", "FILE"], "URL"),
    "a database without a schema": ("//postgres:hunter2hunter2@/{empty}?host={host}", ["serve"], "rollcall migrate"),
    "the same for a key": ("//postgres:hunter2hunter2@/{empty}?host={host}", ["create-key"], "rollcall migrate"),
}
_ARGUMENTS = {"import": ["--platform", "acme", "--yes"], "create-key": ["acme", "--name", "x", "--scope", "read"]}


@pytest.mark.parametrize("case", WRONG)
def test_a_postgresql_that_cannot_be_used_is_one_sentence_without_the_password(
    case: str, tmp_path: Path, servers: dict[int, Server]
) -> None:
    address, (command, *arguments), said = WRONG[case]
    empty = urlsplit(servers[VERSIONS[0]].empty())
    (tmp_path / "people.csv").write_text("email\n", encoding="ascii")
    url = "postgresql+psycopg:" + address.format(host=parse_qs(empty.query)["host"][0], empty=empty.path[1:])
    arguments = [str(tmp_path / "people.csv") if one == "FILE" else one for one in arguments]
    environment = good(tmp_path) | {"ROLLCALL_DATABASE_URL": url}
    ended = run(environment, command, *arguments, *_ARGUMENTS.get(command, []), folder=tmp_path)
    servers[VERSIONS[0]].drop(empty.geturl())
    assert ended.returncode == 1, ended.stderr
    assert said in ended.stderr
    assert "hunter2" not in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.split()) < 30, "one sentence"
