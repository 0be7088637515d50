"""Where the database of a measured service lies, how it is copied, and the floor its commit is compared with.

An SQLite file in the service's own folder, or a database of a PostgreSQL server. Measures nothing itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from tests.benchmarks import floors
from tests.benchmarks.apart import isolated
from tests.postgres import Cluster, Server


class Home(Protocol):
    """A kind of database."""

    name: str
    floor_name: str

    def url(self, folder: Path) -> str:
        """The address of the database of the service in a folder, as a setting has it."""
        ...

    def make_empty(self, folder: Path) -> None:
        """A new database for that service."""
        ...

    def copy(self, folder: Path, to: Path) -> None:
        """Give another service a copy; neither may be running."""
        ...

    def floor(self, folder: Path, to: Path) -> float:
        """Seconds that writing the newest import's rows takes when nothing is decided any more."""
        ...


class SqliteHome:
    """A file in the folder: it travels with the folder."""

    name = "sqlite"
    floor_name = "raw executemany"

    def url(self, folder: Path) -> str:
        """See Home."""
        return f"sqlite:///{folder}/rollcall.db"

    def make_empty(self, folder: Path) -> None:
        """The service makes the file by itself."""

    def copy(self, folder: Path, to: Path) -> None:
        """The file was copied with its folder."""

    def floor(self, folder: Path, to: Path) -> float:
        """Raw `executemany` into a frozen copy of our tables."""
        return isolated(floors.raw_executemany, folder / "rollcall.db", to / "raw.db")


class PostgresHome:
    """A database of a server, named after the folder."""

    name = "postgresql"
    floor_name = "raw COPY"

    def __init__(self, server: Server) -> None:
        self._server = server

    def url(self, folder: Path) -> str:
        """See Home."""
        return self._server.url(f"bench_{folder.name}")

    def make_empty(self, folder: Path) -> None:
        """Anew, whatever there was."""
        self._server.drop(self.url(folder))
        self._server.run(f"CREATE DATABASE bench_{folder.name}")

    def copy(self, folder: Path, to: Path) -> None:
        """By the server, file by file."""
        self._server.drop(self.url(to))
        self._server.run(f"CREATE DATABASE bench_{to.name} TEMPLATE bench_{folder.name} STRATEGY file_copy")
        self._server.run("CHECKPOINT")

    def floor(self, folder: Path, to: Path) -> float:
        """Raw COPY into a frozen copy of our tables."""
        raw = to / "raw"
        self.make_empty(raw)
        ours, empty = (self.url(one).replace("postgresql+psycopg", "postgresql") for one in (folder, raw))
        return isolated(floors.raw_copy, ours, empty)


@contextmanager
def home(name: str) -> Iterator[Home]:
    """A kind of database by its name; PostgreSQL 18 as it is installed, but for memory fit for its work."""
    if name == "sqlite":
        yield SqliteHome()
        return
    durable = {"fsync": "on", "full_page_writes": "on", "shared_buffers": "'1GB'", "max_wal_size": "'8GB'"}
    with Cluster(18, **durable) as cluster:
        yield PostgresHome(Server(cluster.url))
