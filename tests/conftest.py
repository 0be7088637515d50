"""A desk: the whole service on a fresh, migrated SQLite file, driven over HTTP, with a folder for its mails."""

import email
import email.policy
import shutil
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app import logs
from app.access import credentials
from app.access.actor import Scope
from app.db.base import new_id, utcnow
from app.db.migrate import migrate
from app.db.session import Database
from app.jobs import embedded
from app.main import create_app
from app.settings import Settings
from app.setup import NewPlatform, create_platform
from app.worker import make_pump

SECRET = "a secret of the tests with thirty-two characters and more"


class Desk:
    """One service. What a worker would do is done when a test says `work()`, by the worker's own functions."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.settings = Settings.model_validate(
            {
                "database_url": f"sqlite:///{folder}/rollcall.db",
                "secret_keys": SECRET,
                "public_url": "http://testserver",
                "mail_url": f"folder://{folder}/mails",
                "mail_from": "invitations@example.com",
                "log_level": "ERROR",
                **settings,
            }
        )
        self.database = Database(self.settings.database_url)
        self.app = create_app(self.settings)
        self.clients: list[TestClient] = []
        self.platform("acme")
        self.http = self.client("acme", Scope.ADMIN)

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

    def stranger(self) -> TestClient:
        """A client without a key."""
        client = TestClient(self.app, base_url="http://testserver/api/v1", raise_server_exceptions=False)
        self.clients.append(client)
        return client

    def work(self) -> None:
        """Do all import work that is due, and deliver all mails that are due."""
        lease = new_id()
        while embedded.do_one(self.database, lease, max_lines=self.settings.upload_lines):
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

    def close(self) -> None:
        """Let go of the database."""
        for client in self.clients:
            client.close()
        self.app.state.context.database.close()
        self.database.close()


def link_of(mail: EmailMessage) -> str:
    """The token of the link in a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    return str(text).split("/accept#", 1)[1].split()[0]


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> None:
    logs.configure("ERROR")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file to copy."""
    file = tmp_path_factory.mktemp("template") / "rollcall.db"
    database = Database(f"sqlite:///{file}")
    migrate(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return file


@pytest.fixture
def desk(tmp_path: Path, migrated: Path) -> Iterator[Desk]:
    """A fresh desk with the platform `acme`."""
    shutil.copy(migrated, tmp_path / "rollcall.db")
    desk = Desk(tmp_path)
    yield desk
    desk.close()
