"""Every test of this folder runs on SQLite and on PostgreSQL 18."""

import pytest

from tests.engines import run_on


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the databases."""
    run_on(metafunc, "sqlite", "postgresql-18")
