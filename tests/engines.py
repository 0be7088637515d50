"""On which databases the tests of a folder run."""

import pytest


def run_on(metafunc: pytest.Metafunc, *engines: str) -> None:
    """Have a test that needs a database run on each of these; one marked `sqlite` on SQLite alone."""
    if "engine" in metafunc.fixturenames:
        chosen = ["sqlite"] if metafunc.definition.get_closest_marker("sqlite") else list(engines)
        metafunc.parametrize("engine", chosen, scope="session")
