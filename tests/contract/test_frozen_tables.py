"""The tables that the floor of the benchmarks writes into are ours, to the last index: else it would tell nothing."""

import sqlite3
from contextlib import closing

import psycopg

from tests.benchmarks.floors import FROZEN, FROZEN_POSTGRESQL, FROZEN_TABLES
from tests.conftest import SqliteTemplate
from tests.postgres import Server


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


_CATALOG = """
SELECT c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || ' '
    || coalesce(co.collname, '') || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_collation co ON co.oid = a.attcollation LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relname = ANY(%(tables)s)
UNION ALL SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = ANY(%(tables)s::text[]::regclass[]) AND contype <> 'n'
UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%(tables)s)
"""


def _in_catalog(url: str) -> dict[str, str]:
    with closing(psycopg.connect(url.replace("+psycopg", ""))) as connection:
        return dict(connection.execute(_CATALOG, {"tables": list(FROZEN_TABLES)}).fetchall())


def test_the_frozen_tables_are_those_of_postgresql_too(servers: dict[int, Server]) -> None:
    ours, frozen = servers[18].migrated(), servers[18].empty()
    with closing(psycopg.connect(frozen.replace("+psycopg", ""), autocommit=True)) as connection:
        connection.execute(FROZEN_POSTGRESQL.read_bytes())
    found = _in_catalog(ours)
    assert _in_catalog(frozen) == found, "copy the new declarations into tests/benchmarks/frozen_postgresql.sql"
    assert len(found) > 80
    for url in (ours, frozen):
        servers[18].drop(url)
