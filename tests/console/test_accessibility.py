"""Nobody is kept out: axe-core finds nothing to object to (WCAG 2.2 AA) on any screen, dialog or page.

Each is looked at by day and by night, on a desk and on a phone, and is never wider than the window.
"""

from collections.abc import Callable, Iterator
from typing import Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from tests.conftest import Template, link_of
from tests.console.conftest import DESK, PASSWORD, PHONE, Service, Visits, serving
from tests.console.test_import import NEW, check, heading, named, people, start, total, upload
from tests.console.test_import_trouble import fail_halfway
from tests.console.test_people import accept, invite, line, open_invite, picker
from tests.delivery.test_kill import wait_for

pytest_plugins = ("tests.browser",)
pytestmark = pytest.mark.xdist_group("browser")

EVERYTHING = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast"]
LOOKS: tuple[tuple[Literal["light", "dark"], tuple[int, int], list[str]], ...] = (
    ("light", DESK, EVERYTHING),
    ("light", PHONE, COLOURS),
    ("dark", PHONE, EVERYTHING),
    ("dark", DESK, COLOURS),
)
"""By day or night, on which screen, and by which rules: colours alone depend on both."""
_AXE = """(only) => axe.run(document, {runOnly: only, resultTypes: ['violations'], iframes: false,
  preload: false, performanceTimer: false}).then((found) =>
  found.violations.flatMap(({id, nodes}) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`)))"""

Look = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, migrated: Template) -> Iterator[Service]:
    """One for all tests: the people of each are its own."""
    with serving(tmp_path_factory.mktemp("looks"), migrated) as service:
        yield service


@pytest.fixture
def look() -> Iterator[Look]:
    """Looks at what is on the screen; in the end nothing may have been found anywhere."""
    problems: list[str] = []

    def look(page: Page, name: str) -> None:
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        for scheme, (width, height), rules in LOOKS:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": height})
            found = page.evaluate(_AXE, rules)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            problems.extend(f"{name}, {scheme}, {width}: {one}" for one in found)
            problems.extend([f"{name}, {width}: {wide} pixels too wide"] if wide > 0 else [])

    yield look
    assert not problems, "\n".join(problems)


def test_signing_in(visit: Visits, look: Look) -> None:
    page = visit(signed_in=False)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    look(page, "sign in")
    page.get_by_label("E-mail address").fill("nobody@example.com")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look(page, "signing in failed")
    page.get_by_role("button", name="Forgot your password?").click()
    look(page, "password forgotten")


def test_users_and_invitations(visit: Visits, service: Service, look: Look) -> None:
    invite(service, "ann@example.com", first_name="Ann", last_name="Ode", student_groups=["Starters"], label="Trainer")
    accept(service, "ann@example.com")
    invite(service, "held@example.com", message="Welcome!", send=False)
    page = visit("/console/#/invitations")
    expect(line(page, "held@example.com")).to_be_visible()
    look(page, "invitations")
    page.get_by_role("button", name="held@example.com", exact=True).click()
    look(page, "an invitation")
    page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    look(page, "withdrawing")
    page.keyboard.press("Escape")
    page.get_by_role("searchbox").fill("nobody")
    expect(page.get_by_role("heading", name="No invitation matches")).to_be_visible()
    look(page, "no invitation found")
    page.get_by_role("link", name="Users").click()
    expect(line(page, "Ann Ode")).to_be_visible()
    look(page, "users")
    page.get_by_role("button", name="Ann Ode", exact=True).click()
    look(page, "a user")
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    look(page, "disabling")


def test_inviting(visit: Visits, service: Service, look: Look) -> None:
    invite(service, "zoe@example.com")
    page = visit("/console/#/invitations")
    dialog = open_invite(page)
    look(page, "inviting")
    dialog.get_by_label("E-mail addresses").fill("zoe@example.com, eve@example.com, nobody")
    dialog.get_by_role("button", name="Invite people").click()
    expect(dialog.get_by_text("1 address is not right.")).to_be_visible()
    look(page, "inviting, with mistakes")
    dialog.get_by_role("button", name="Remove nobody").click()
    picker(page, "Organisation").fill("acm")
    expect(dialog.get_by_role("option", name="Acme Belgium")).to_be_visible()
    page.keyboard.press("ArrowDown")
    look(page, "choosing an organisation")
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Invite 2 people").click()
    expect(dialog.get_by_text("1 person is invited.")).to_be_visible()
    look(page, "who was invited")


def test_settings_keys_and_mails(visit: Visits, service: Service, look: Look) -> None:
    invite(service, "kim@example.com")
    assert wait_for(lambda: service.desk.mails("kim@example.com") != [])
    page = visit("/console/#/settings")
    expect(page.get_by_label("Time zone")).to_be_visible()
    look(page, "settings")
    page.get_by_role("link", name="API keys").click()
    look(page, "keys")
    page.get_by_role("button", name="New key").click()
    look(page, "a new key")
    page.get_by_role("dialog").get_by_label("Name").fill("HR system")
    page.get_by_role("dialog").get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("dialog", name="Your new key")).to_be_visible()
    look(page, "a key is shown once")
    page.get_by_role("dialog").get_by_role("button", name="I have kept it").click()
    page.get_by_role("button", name="Revoke: HR system").click()
    look(page, "revoking a key")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Password").click()
    look(page, "own password")
    page.get_by_role("link", name="Sent mails").click()
    expect(page.get_by_role("table")).to_contain_text("kim@example.com")
    look(page, "mails")
    page.get_by_role("table").get_by_role("link").first.click()
    expect(page.frame_locator("iframe").get_by_role("heading")).to_be_visible()
    look(page, "a mail")


def test_the_steps_of_an_import(visit: Visits, look: Look) -> None:
    page = visit("/console/#/imports")
    expect(page.get_by_role("link", name="Import your first file")).to_be_visible()
    look(page, "no imports")
    page.goto(NEW)
    expect(page.locator(".drop")).to_be_visible()
    look(page, "uploading")
    upload(page, named("staff.csv", people(3) + "Bo,Day,bo at example.com,Acme,en\n"))
    look(page, "matching")
    check(page)
    look(page, "preview")
    total(page, "cannot be added").click()
    expect(page.get_by_label("E-mail address, line 5")).to_be_visible()
    look(page, "mending")
    page.locator(".onward button").click()
    look(page, "confirming")
    page.keyboard.press("Escape")
    start(page)
    expect(heading(page, "Done: 3 people were added")).to_be_visible()
    look(page, "result")
    page.get_by_role("button", name="Undo the import").click()
    look(page, "undoing")
    page.keyboard.press("Escape")
    page.goto("/console/#/imports")
    expect(page.get_by_text("staff.csv")).to_be_visible()
    look(page, "imports")


def test_imports_that_were_stopped_that_failed_and_that_were_undone(
    visit: Visits, service: Service, look: Look
) -> None:
    page = visit(NEW)
    fail_halfway(page, service)
    look(page, "failed")
    page.get_by_role("button", name="Undo the import").click()
    page.get_by_role("dialog").get_by_role("button", name="Undo the import").click()
    expect(heading(page, "The import was undone")).to_be_visible()
    look(page, "undone")
    page.goto(NEW)
    upload(page, named("staff.csv", people(12_000)))
    check(page)
    page.get_by_role("radio", name="Hold the invitations back").check()
    start(page)
    with service.standing_still() as states:
        assert "committing" in states, "it was over before anybody looked"
        expect(heading(page, "The import is running")).to_be_visible()
        look(page, "running")
    page.get_by_role("button", name="Stop the import").click()
    look(page, "stopping")
    page.get_by_role("dialog").get_by_role("button", name="Stop the import").click()
    expect(heading(page, "The import was stopped")).to_be_visible()
    look(page, "stopped")


def test_signing_in_again(visit: Visits, service: Service, look: Look) -> None:
    page = visit("/console/#/settings")
    expect(page.get_by_label("Time zone")).to_be_visible()
    page.context.clear_cookies()
    page.get_by_role("link", name="Users").click()
    dialog = page.get_by_role("dialog", name="Please sign in again")
    expect(dialog.get_by_label("Password")).to_be_focused()
    look(page, "signing in again")
    dialog.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_be_visible()
    look(page, "signing in again failed")


def test_the_pages_behind_links_in_mails(visit: Visits, service: Service, look: Look) -> None:
    invite(service, "amy@example.com", first_name="Ann")
    assert wait_for(lambda: service.desk.mails("amy@example.com") != [])
    page = visit(f"/accept#{link_of(service.desk.mails('amy@example.com')[0])}", signed_in=False)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    look(page, "accepting")
    page.locator("input[type=password]").first.fill("short")
    page.get_by_role("button", name="Set password").click()
    look(page, "accepting, with a bad password")
    page.locator("input[type=password]").first.fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_role("heading", name="You are in")).to_be_visible()
    look(page, "accepted")
    dead = visit("/accept#nothing", signed_in=False)
    expect(dead.get_by_role("heading", level=1)).to_be_visible()
    look(dead, "a dead link")
    reset = visit("/reset#anything", signed_in=False)
    expect(reset.get_by_role("heading", level=1)).to_be_visible()
    look(reset, "a new password")
