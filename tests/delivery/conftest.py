"""Every test of this folder runs on SQLite and on PostgreSQL 16."""

import pytest

from tests.engines import run_on


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the databases."""
    run_on(metafunc, "sqlite", "postgresql-16")


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit has several chunks here too, though the files are small."""
    monkeypatch.setattr("app.imports.commit.CHUNK_ROWS", 500)
