"""The console in a real Chromium, against a real service: a desk served on a port of its own, a worker beside it.

Every page is watched: a test whose pages report an error, break the content policy or ask another site fails.
Test modules name `pytest_plugins = ("tests.browser",)` and an xdist_group.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response
from sqlalchemy import text

from app.access.tokens import Keyring
from app.db.base import utcnow
from app.jobs import embedded
from app.jobs.mails import deliver
from app.setup import administrator_link
from app.worker import make_pump
from tests.conftest import SECRET, Desk, Template

ADMIN = "admin@acme.example.com"
PASSWORD = "a long enough password"
DESK, PHONE = (1280, 800), (390, 844)
PATIENCE = 10_000.0
"""Milliseconds after which what is not seen counts as missing."""

_REPORT_POLICY = """addEventListener('securitypolicyviolation', (event) =>
  console.error(`policy broken: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`))"""


class _Http:
    """The HTTP side of a service, in a thread, on a port it keeps."""

    def __init__(self, desk: Desk, listening: socket.socket) -> None:
        self._desk = desk
        self._socket = listening
        self._address = listening.getsockname()

    def start(self) -> None:
        if self._socket.fileno() < 0:
            self._socket = socket.create_server(self._address)
        self._server = uvicorn.Server(
            uvicorn.Config(self._desk.app, log_level="error", access_log=False, timeout_graceful_shutdown=1)
        )
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        self._socket.close()


class Service:
    """A desk that people can reach: `url` is where."""

    def __init__(self, desk: Desk, url: str, http: _Http) -> None:
        self.desk = desk
        self.url = url
        self._http = http
        self._signed_in: list[Any] = []  # the cookies of one session, for every browser profile

    def set_password(self, subdomain: str = "acme", first_name: str | None = "Ann") -> None:
        """The administrator of a platform has followed the link and chosen PASSWORD."""
        with self.desk.database.writing() as session:
            platform_id = self.desk.platform_id(subdomain)
            link = administrator_link(session, Keyring([SECRET]), platform_id, public_url="", now=utcnow())
        body = {"token": link.partition("#")[2], "password": PASSWORD, "first_name": first_name, "last_name": "Lee"}
        assert self.desk.stranger().post("/invitations/accept", json=body).status_code == 200

    @contextmanager
    def standing_still(self) -> Iterator[set[str]]:
        """Nobody writes for a while, so an import at work stays where it is. Yields the states of all imports."""
        with self.desk.database.writing() as session:  # the lock is taken with the first statement
            yield set(session.scalars(text("SELECT state FROM imports")))

    @contextmanager
    def gone(self) -> Iterator[None]:
        """Nobody answers for a while, and every connection breaks; what is at work in the background goes on."""
        self._http.stop()
        try:
            yield
        finally:
            self._http.start()

    def sign_in(self, context: BrowserContext) -> None:
        """Give a browser the cookie of a signed-in administrator. One session is enough, as long as it lasts."""
        if self._signed_in:
            context.add_cookies(self._signed_in)
            if context.request.get(f"{self.url}/api/v1/sessions/current").ok:
                return
        answer = context.request.post(f"{self.url}/api/v1/sessions", data={"email": ADMIN, "password": PASSWORD})
        assert answer.status == 201, answer.text()
        self._signed_in = context.cookies()


@contextmanager
def serving(folder: Path, migrated: Template, **settings: object) -> Iterator[Service]:
    """A service with the platform `acme` and its administrator, served and worked for by threads."""
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    desk = Desk(folder, migrated, public_url=url, **settings)
    http = _Http(desk, listening)
    stop = threading.Event()
    threads = [
        threading.Thread(target=_do_imports, args=(desk, stop)),
        threading.Thread(target=_deliver, args=(desk, stop)),
    ]
    http.start()
    for thread in threads:
        thread.start()
    service = Service(desk, url, http)
    try:
        service.set_password()
        yield service
    finally:
        stop.set()
        http.stop()
        for thread in threads:
            thread.join(20)
        desk.close()


def _do_imports(desk: Desk, stop: threading.Event) -> None:
    lines = desk.settings.upload_lines
    embedded.do_imports(desk.database, stop, max_lines=lines, keep_files=timedelta(days=30))


def _deliver(desk: Desk, stop: threading.Event) -> None:
    deliver(desk.database, make_pump(desk.settings, desk.database), stop, threading.Event(), drain_seconds=5)


class Visits:
    """Opens pages for people, each in a browser profile of their own, and writes down what they complain of."""

    def __init__(self, browser: Browser, service: Service) -> None:
        self._browser = browser
        self._service = service
        self._contexts: list[BrowserContext] = []
        self.problems: list[str] = []

    def __call__(
        self,
        path: str = "/console/",
        *,
        signed_in: bool = True,
        size: tuple[int, int] = DESK,
        locale: str = "en-GB",
        scheme: Literal["light", "dark"] = "light",
    ) -> Page:
        """Somebody opens an address of the service."""
        context = self._browser.new_context(
            base_url=self._service.url,
            viewport={"width": size[0], "height": size[1]},
            has_touch=size == PHONE,
            locale=locale,
            color_scheme=scheme,
            reduced_motion="reduce",
            accept_downloads=True,
        )
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.add_init_script(_REPORT_POLICY)
        if signed_in:
            self._service.sign_in(context)
        page = context.new_page()
        self.watch(page)
        page.goto(path)
        return page

    def watch(self, page: Page) -> None:
        """Write down errors of the page, broken policies, missing files, and requests to other sites."""
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("request", self._asked)
        page.on("response", self._answered)

    def close(self) -> None:
        """Everybody leaves."""
        for context in self._contexts:
            context.close()

    def _heard(self, message: ConsoleMessage) -> None:
        # Chromium reports every answer from 400 on and every lost connection as an error, wanted or not.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.problems.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self._service.url, "data:", "blob:", "about:")):
            self.problems.append(f"another site: {request.url}")

    def _answered(self, response: Response) -> None:
        of_api = "/api/v1/" in response.url
        if response.status >= 500 or (response.status >= 400 and not of_api):
            self.problems.append(f"{response.status}: {response.url}")


@pytest.fixture
def service(tmp_path: Path, migrated: Template) -> Iterator[Service]:
    """A served desk; its administrator ADMIN signs in with PASSWORD."""
    with serving(tmp_path, migrated) as service:
        yield service


@pytest.fixture
def visit(browser: Browser, service: Service) -> Iterator[Visits]:
    """Opens pages: `visit("/console/#/imports", size=PHONE)`. In the end nothing may have gone wrong in any of them."""
    visits = Visits(browser, service)
    yield visits
    visits.close()
    assert visits.problems == []


@pytest.fixture
def page(visit: Visits) -> Page:
    """The console, a signed-in administrator before it."""
    return visit()
