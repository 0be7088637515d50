"""A desk: the whole service on a fresh, migrated database, driven over HTTP, with a folder for its mails.

Tests of `tests/api` and `tests/delivery` run on SQLite and on PostgreSQL; those marked `sqlite` are about its file.
"""

import email
import email.policy
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import bindparam, inspect, text
from sqlalchemy.types import NullType, TypeEngine

from app import logs
from app.access import credentials
from app.access.actor import Scope
from app.db.base import Id, UtcDateTime, utcnow
from app.db.migrate import migrate
from app.db.session import Database
from app.jobs.imports import do_next
from app.main import create_app, open_context
from app.settings import Settings
from app.setup import NewPlatform, create_platform
from app.worker import make_pump
from tests import postgres

SECRET = "a secret of the tests with thirty-two characters and more"

_SPARE: list[FastAPI] = []
"""The service with usual settings, of desks that are closed."""


class Desk:
    """One service. What a worker would do is done when a test says `work()`, by the worker's own functions."""

    def __init__(self, folder: Path, template: "Template", **settings: object) -> None:
        self.folder = folder
        self._template = template
        self.settings = Settings.model_validate(
            {
                "database_url": template.copied_into(folder),
                "secret_keys": SECRET,
                "public_url": "http://testserver",
                "mail_url": f"folder://{folder}/mails",
                "mail_from": "invitations@example.com",
                "log_level": "ERROR",
                **settings,
            }
        )
        self.database = Database(self.settings.database_url)
        self._is_usual = settings.keys() <= {"mail_url"}
        self.app = self._served()
        self.clients: list[TestClient] = []
        self.platform("acme")
        self.http = self.client("acme", Scope.ADMIN)

    def _served(self) -> FastAPI:
        """The service. Its routes take longer to make than most tests, so desks hand it on."""
        if not (self._is_usual and _SPARE):
            return create_app(self.settings)
        app = _SPARE.pop()
        app.state.context = open_context(self.settings)
        return app

    def platform(self, subdomain: str) -> None:
        """Another platform."""
        new = NewPlatform(subdomain, f"{subdomain.title()} Academy", f"admin@{subdomain}.example.com")
        with self.database.writing() as session:
            create_platform(session, new, now=utcnow())

    def platform_id(self, subdomain: str = "acme") -> int:
        """The inner number of a platform."""
        with self.database.reading() as session:
            found = credentials.find_platform(session, subdomain)
            assert found is not None
            return found.id

    def key(self, subdomain: str = "acme", *scopes: Scope) -> str:
        """A new API key."""
        with self.database.writing() as session:
            platform = credentials.find_platform(session, subdomain)
            assert platform is not None
            return credentials.create_api_key(
                session, platform.id, name="tests", scopes=scopes or [Scope.ADMIN], now=utcnow()
            )[1]

    def client(self, subdomain: str = "acme", *scopes: Scope, key: str | None = None) -> TestClient:
        """A client that signs its requests; paths are relative to `/api/v1`."""
        bearer = key or self.key(subdomain, *scopes)
        headers = {"Authorization": f"Bearer {bearer}"}
        client = TestClient(
            self.app, base_url="http://testserver/api/v1", headers=headers, raise_server_exceptions=False
        )
        self.clients.append(client)
        return client

    def stranger(self, address: str = "testclient") -> TestClient:
        """A client without a key, perhaps from a certain address."""
        client = TestClient(
            self.app,
            base_url="http://testserver/api/v1",
            client=(address, 50_000),
            raise_server_exceptions=False,
        )
        self.clients.append(client)
        return client

    def work(self) -> None:
        """Do all import work that is due, and deliver all mails that are due."""

        while do_next(self.database, max_lines=self.settings.upload_lines):
            pass
        pump = make_pump(self.settings, self.database)
        pump.start()
        pump.tick()
        while pump.is_busy:
            time.sleep(0.001)
            pump.tick()
        pump.drain(10.0)

    def mails(self, to: str | None = None) -> list[EmailMessage]:
        """The mails that have left, oldest first."""
        files = sorted((self.folder / "mails").glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        found = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
        return [mail for mail in found if to is None or to in str(mail["To"])]

    def rows(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        """What a statement finds, or changes, in the database itself, by SQL both databases know.

        Ids and times may be given as they are; ids come as the database keeps them (`id_of`).
        """
        types: dict[type, TypeEngine[Any]] = {uuid.UUID: Id(), datetime: UtcDateTime()}
        bound = [bindparam(name, value, types.get(type(value), NullType())) for name, value in values.items()]
        looks = statement.lstrip().startswith(("SELECT", "PRAGMA"))
        with self.database.reading() if looks else self.database.writing() as session:
            found = session.connection().execute(text(statement).bindparams(*bound))
            return [tuple(row) for row in found] if found.returns_rows else []

    def dump(self) -> str:
        """All that lies in the database, as text; bytes as the letters they may be."""
        with self.database.engine.connect() as connection:
            tables = inspect(connection).get_table_names()
            rows = [row for table in tables for row in connection.exec_driver_sql(f"SELECT * FROM {table}")]
        return "\n".join(_as_text(value) for row in rows for value in row)

    @contextmanager
    def refusing(self, when: str) -> Iterator[None]:
        """The database refuses a kind of statement for a while: `DELETE ON users`."""
        table = when.rpartition(" ")[2]
        if self.database.is_shared:
            body = "BEGIN RAISE EXCEPTION 'broken'; END"
            self.rows(f"CREATE OR REPLACE FUNCTION broken() RETURNS trigger AS $$ {body} $$ LANGUAGE plpgsql")
            self.rows(f"CREATE TRIGGER broken BEFORE {when} FOR EACH ROW EXECUTE FUNCTION broken()")
        else:
            self.rows(f"CREATE TRIGGER broken BEFORE {when} BEGIN SELECT RAISE(ABORT, 'broken'); END")
        yield
        self.rows(f"DROP TRIGGER broken ON {table}" if self.database.is_shared else "DROP TRIGGER broken")

    def close(self) -> None:
        """Let go of the database."""
        for client in self.clients:
            client.close()
        self.app.state.context.database.close()
        self.database.close()
        self._template.give_back(self.settings.database_url)
        if self._is_usual:
            _SPARE.append(self.app)


def _as_text(value: object) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)


def id_of(kept: uuid.UUID | bytes) -> uuid.UUID:
    """An id as a database keeps it: PostgreSQL as one, SQLite as its bytes."""
    return kept if isinstance(kept, uuid.UUID) else uuid.UUID(bytes=kept)


def link_of(mail: EmailMessage) -> str:
    """The token of the link in a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    return str(text).split("/accept#", 1)[1].split()[0]


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> None:
    logs.configure("ERROR")


class Template(Protocol):
    """A migrated, empty database to copy."""

    def copied_into(self, folder: Path) -> str:
        """The address of a fresh copy; of an SQLite file, `rollcall.db` in that folder."""
        ...

    def give_back(self, url: str) -> None:
        """A copy may be used for another test: nobody is connected any more, or will be."""
        ...


class SqliteTemplate:
    """An SQLite file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        database = Database(f"sqlite:///{file}")
        migrate(database)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()

    def copied_into(self, folder: Path) -> str:
        """A copy of the file."""
        shutil.copy(self.file, folder / "rollcall.db")
        return f"sqlite:///{folder}/rollcall.db"

    def give_back(self, url: str) -> None:
        """The file goes with its folder."""


class PostgresTemplate:
    """A database of a server. To make one takes longer than most tests, so what a desk gives back is emptied."""

    def __init__(self, server: postgres.Server) -> None:
        self.server = server
        self._made: list[str] = []
        self._free: list[str] = []

    def copied_into(self, folder: Path) -> str:
        """A database of the same server."""
        del folder
        while self._free:
            url = self._free.pop()
            if self.server.emptied(url):
                return url
        self._made.append(self.server.migrated())
        return self._made[-1]

    def give_back(self, url: str) -> None:
        """Nobody uses it any more."""
        self._free.append(url)

    def drop_all(self) -> None:
        """Take the copies away."""
        for url in self._made:
            self.server.drop(url)
        self._made.clear()
        self._free.clear()


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[int, postgres.Server]]:
    """The PostgreSQL servers that run by now, by version; whoever needs one starts it."""
    with ExitStack() as stack:

        class Started(dict[int, postgres.Server]):
            def __missing__(self, version: int) -> postgres.Server:
                self[version] = stack.enter_context(postgres.running(version))
                return self[version]

        yield Started()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> SqliteTemplate:
    """A migrated, empty SQLite file to copy."""
    return SqliteTemplate(tmp_path_factory.mktemp("template") / "rollcall.db")


@pytest.fixture(scope="session")
def engine() -> str:
    """Which database a test runs on: `sqlite`, `postgresql-16`. Tests of some folders run on several."""
    return "sqlite"


@pytest.fixture(scope="session")
def templates(sqlite_template: SqliteTemplate, servers: dict[int, postgres.Server]) -> Iterator[dict[str, Template]]:
    """A migrated, empty database to copy, by the name of its engine."""
    with ExitStack() as stack:

        class Made(dict[str, Template]):
            def __missing__(self, engine: str) -> Template:
                template = PostgresTemplate(servers[int(engine.removeprefix("postgresql-"))])
                stack.callback(template.drop_all)
                self[engine] = template
                return template

        yield Made(sqlite=sqlite_template)


@pytest.fixture(scope="module")  # that of a session would be kept for tests that run on one database only
def migrated(engine: str, templates: dict[str, Template]) -> Template:
    """A migrated, empty database to copy."""
    return templates[engine]


@pytest.fixture
def desk(tmp_path: Path, migrated: Template) -> Iterator[Desk]:
    """A fresh desk with the platform `acme`."""
    desk = Desk(tmp_path, migrated)
    yield desk
    desk.close()
