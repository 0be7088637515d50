"""The console lives on another site than the service: the same files, one address changed, a token instead of a cookie.

`localhost` and `127.0.0.1` are two sites to a browser.
"""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from app.console.router import STATIC
from tests.conftest import Template
from tests.console.conftest import ADMIN, PASSWORD, Service, Visits, serving
from tests.console.test_import import check, choose, heading, named, people, start, total
from tests.console.test_people import line
from tests.delivery.test_kill import wait_for

pytest_plugins = ("tests.browser",)
pytestmark = [pytest.mark.xdist_group("browser of imports"), pytest.mark.long]


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, as any web server does, and says nothing."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


@dataclass(frozen=True)
class Elsewhere:
    """A site with the console's files, and the service they talk to."""

    site: str
    service: Service


@pytest.fixture
def elsewhere(tmp_path: Path, migrated: Template) -> Iterator[Elsewhere]:
    """The console's folder served by `localhost`, the service by `127.0.0.1`."""
    folder = tmp_path / "site"
    shutil.copytree(STATIC, folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    site = f"http://localhost:{server.server_port}"
    (tmp_path / "service").mkdir()
    with serving(tmp_path / "service", migrated, allowed_origins=site) as service:
        config = folder / "assets" / "config.js"
        as_it_comes = 'export const SERVICE = "";'
        assert as_it_comes in config.read_text(encoding="utf-8")
        config.write_text(f'export const SERVICE = "{service.url}";\n', encoding="utf-8")
        yield Elsewhere(site, service)
    server.shutdown()
    thread.join()
    server.server_close()


class FromElsewhere(Visits):
    """Visits to a page that may ask two sites: its own and the service's. Notes the mark that needs a cookie."""

    site = ""

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(self.site):
            super()._asked(request)
        if "x-rollcall-request" in request.headers or "cookie" in request.headers:
            self.problems.append(f"as if from the same site: {request.url}")


@pytest.fixture
def page(browser: Browser, elsewhere: Elsewhere) -> Iterator[Page]:
    """Somebody opens the console on the other site."""
    visits = FromElsewhere(browser, elsewhere.service)
    visits.site = elsewhere.site
    yield visits(f"{elsewhere.site}/index.html#/import/new", signed_in=False)
    visits.close()
    assert visits.problems == []


def test_an_import_and_an_invitation_from_a_console_on_another_site(page: Page, elsewhere: Elsewhere) -> None:
    desk = elsewhere.service.desk
    page.get_by_label("E-mail address").fill(ADMIN)
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    choose(page, named("staff.csv", people(3) + "Bo,Day,bo at example.com,Acme,en\n"))
    check(page)
    expect(total(page, "will be added")).to_contain_text("3")
    start(page)
    expect(heading(page, "Done: 3 people were added")).to_be_visible()
    expect(page.get_by_text("Every mail has left.")).to_be_visible()
    assert wait_for(lambda: len(desk.mails()) == 3)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download 1 row that could not be added").click()
    assert "staff" in download.value.suggested_filename
    assert "bo at example.com" in download.value.path().read_text(encoding="utf-8-sig")

    page.reload()  # still signed in
    expect(heading(page, "Done: 3 people were added")).to_be_visible()
    page.get_by_role("link", name="See the invitations").click()
    expect(page.locator(".people > li")).to_have_count(3)
    page.get_by_role("button", name="Only from one import").click()
    expect(page.locator(".people > li")).to_have_count(4)  # the administrator's own too
    page.get_by_role("button", name="Invite people").click()
    page.get_by_label("E-mail addresses").fill("ann@example.com")
    page.get_by_role("combobox", name="Organisation").fill("Acme")
    expect(page.frame_locator("iframe").get_by_role("heading", name="You are invited")).to_be_visible()
    page.get_by_role("button", name="Invite 1 person").click()
    expect(line(page, "ann@example.com")).to_contain_text("Mail sent just now")
    assert len(desk.mails("ann@example.com")) == 1

    page.get_by_role("combobox", name="Language", exact=True).select_option("nl")
    expect(page.get_by_role("heading", name="Uitnodigingen")).to_be_visible()
    page.get_by_role("button", name="Afmelden").click()
    expect(page.get_by_role("heading", name="Aanmelden")).to_be_visible()
    assert page.context.cookies() == []
    page.reload()
    expect(page.get_by_role("heading", name="Aanmelden")).to_be_visible()
