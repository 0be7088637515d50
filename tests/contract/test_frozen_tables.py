"""The tables that the floor of the benchmarks writes into are ours, to the last index: else it would tell nothing."""

import sqlite3
from contextlib import closing

from tests.benchmarks.floors import FROZEN, FROZEN_TABLES
from tests.conftest import SqliteTemplate


def _declared(connection: sqlite3.Connection) -> dict[str, str]:
    """How the tables and their indexes are declared, apart from blanks."""
    marks = ", ".join("?" * len(FROZEN_TABLES))
    found = connection.execute(
        f"SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name IN ({marks})", FROZEN_TABLES
    )
    return {name: " ".join(sql.split()) for name, sql in found}


def test_the_frozen_tables_are_those_of_the_migrated_database(sqlite_template: SqliteTemplate) -> None:
    with closing(sqlite3.connect(sqlite_template.file)) as ours, closing(sqlite3.connect(":memory:")) as frozen:
        frozen.executescript(FROZEN.read_text(encoding="utf-8"))
        assert _declared(frozen) == _declared(ours), "copy the new declarations into tests/benchmarks/frozen.sql"
        assert set(_declared(ours)) > set(FROZEN_TABLES)
