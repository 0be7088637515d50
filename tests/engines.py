"""On which databases the tests of a folder run."""

import pytest


def run_on(metafunc: pytest.Metafunc, *engines: str) -> None:
    """Have a test that needs a database run on each of these; those marked with a database on it alone."""
    if "engine" in metafunc.fixturenames:
        marked = [name for name in ("sqlite", "postgresql") if metafunc.definition.get_closest_marker(name)]
        chosen = [engine for engine in engines if not marked or engine.startswith(tuple(marked))]
        if metafunc.definition.get_closest_marker("once"):
            chosen = chosen[:1]
        metafunc.parametrize("engine", chosen, scope="session")
