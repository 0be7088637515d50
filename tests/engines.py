"""On which databases the tests of a folder run."""

import pytest


def run_on(metafunc: pytest.Metafunc, *engines: str) -> None:
    """Have a test that needs a database run on each of these; those marked with a database on it alone.

    Those of a module with `LONG_ON_POSTGRESQL = True` are less about databases than others, or many: `make test` runs
    them on SQLite, `make test-long` on PostgreSQL.
    """
    if "engine" in metafunc.fixturenames:
        marked = [name for name in ("sqlite", "postgresql") if metafunc.definition.get_closest_marker(name)]
        chosen = [engine for engine in engines if not marked or engine.startswith(tuple(marked))]
        if metafunc.definition.get_closest_marker("once"):
            chosen = chosen[:1]
        is_long = len(chosen) > 1 and getattr(metafunc.module, "LONG_ON_POSTGRESQL", False)
        marks = [pytest.mark.long] if is_long else []
        params = [pytest.param(one, marks=marks if one.startswith("postgresql") else []) for one in chosen]
        metafunc.parametrize("engine", params, scope="session")
