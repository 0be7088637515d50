"""The service the demo talks to: a real one on a free port, with a fresh database in ./var/demo. Ends with the demo.

Never touches a database or setting of the user's own.
"""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from app.access.actor import Scope, command_line
from app.accounts.service import create_api_key
from app.db.base import utcnow
from app.db.migrate import migrate
from app.db.session import Database
from app.jobs.lock import is_worker_alive
from app.setup import NewPlatform, create_platform

FOLDER = Path("var/demo")
MAILS = FOLDER / "mails"
LOG = FOLDER / "serve.log"
DATABASE = FOLDER / "rollcall.db"
FILE = Path(__file__).parent.parent / "tests" / "files" / "french_office.csv"
PLATFORM = NewPlatform("default", "Demo Academy", "admin@example.com")
_START_SECONDS = 30.0
_END_SECONDS = 40.0


class NotAsExpected(Exception):  # noqa: N818 it is the demo that fails
    """A step went otherwise than it must; the text says which and how."""


def prepare() -> str:
    """A fresh folder, database and platform; an API key."""
    if not FILE.is_file():
        raise NotAsExpected(f"it needs tests/files/{FILE.name} of the repository, which is not there.")
    if is_worker_alive(DATABASE):
        raise NotAsExpected(f"another demo is running in {FOLDER}; end it first.")
    if FOLDER.exists():
        shutil.rmtree(FOLDER)
    MAILS.mkdir(parents=True)
    database = Database(f"sqlite:///{DATABASE}")
    migrate(database)
    with database.writing() as session:
        platform = create_platform(session, PLATFORM, now=utcnow())
        actor, scopes = command_line(platform.id), [Scope.IMPORT, Scope.INVITE]
        key = create_api_key(session, actor, name="Demo", scopes=scopes, now=utcnow())[1]
    database.close()
    return key


@contextmanager
def running_service() -> Iterator[str]:
    """`rollcall serve` on a free port while this lasts; its address."""
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ROLLCALL_")} | {
        "ROLLCALL_DATABASE_URL": f"sqlite:///{DATABASE}",
        "ROLLCALL_SECRET_KEYS": secrets.token_urlsafe(48),
        "ROLLCALL_PUBLIC_URL": address,
        "ROLLCALL_MAIL_URL": f"folder://./{MAILS}",
        "ROLLCALL_MAIL_FROM": "invitations@example.com",
    }
    command = [sys.executable, "-m", "app.cli", "serve", "--port", str(port)]
    with LOG.open("wb") as log:
        # A session of its own: Ctrl-C is ours to answer, and the service ends as it does in production, by SIGTERM.
        service = subprocess.Popen(  # noqa: S603 our own program
            command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait_until_ready(service, address)
            yield address
        finally:
            _end(service)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _wait_until_ready(service: "subprocess.Popen[bytes]", address: str) -> None:
    until = time.monotonic() + _START_SECONDS
    with httpx.Client(timeout=5.0, trust_env=False) as http:
        while time.monotonic() < until:
            if service.poll() is not None:
                raise NotAsExpected(f"the service ended with status {service.returncode}; its log: {LOG}")
            with suppress(httpx.TransportError):
                answer = http.get(f"{address}/readyz")
                if answer.status_code == httpx.codes.OK and answer.json()["workers_alive"]:
                    return
            time.sleep(0.05)
    raise NotAsExpected(f"the service was not ready within {_START_SECONDS:.0f} seconds; its log: {LOG}")


def _end(service: "subprocess.Popen[bytes]") -> None:
    service.terminate()
    try:
        service.wait(_END_SECONDS)
    except BaseException:
        service.kill()  # its children see the pipe close, and end
        service.wait()
        raise
