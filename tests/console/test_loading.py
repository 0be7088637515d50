"""How the pages come: small, at once, in their places, and never standing still while work goes on behind them."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from app.console.joined import top_names
from app.console.router import ASSETS
from tests.conftest import link_of
from tests.console.conftest import DESK, PHONE, Service, Visits
from tests.console.test_import import NEW, check, heading, named, people, start, upload
from tests.console.test_people import invite
from tests.delivery.test_kill import wait_for

pytest_plugins = ("tests.browser",)
pytestmark = [pytest.mark.xdist_group("browser of imports"), pytest.mark.long]

MOST_BYTES = 60_000
SCREENS = ("users", "invitations", "imports", "import/new", "mails", "settings", "settings/keys", "settings/password")
LONGEST_TASK = 200  # milliseconds

_LOADED = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .filter(({ name }) => !name.includes('/api/'))
  .map(({ name, encodedBodySize }) => [name.split('#')[0], encodedBodySize])"""
_WATCH_SHIFTS = """window.shifts = []; new PerformanceObserver((list) => { for (const shift of list.getEntries())
  if (!shift.hadRecentInput) window.shifts.push([shift.value, ...shift.sources.map(({ node }) => node?.outerHTML)]); })
  .observe({ type: 'layout-shift', buffered: true });"""
_WATCH_TASKS = """() => { window.tasks = []; new PerformanceObserver((list) =>
  window.tasks.push(...list.getEntries().map((task) => task.duration))).observe({ entryTypes: ['longtask'] }); }"""


def settled(page: Page) -> Page:
    """The page, when it shows what it is for."""
    expect(page.locator("h1").first).to_be_visible()
    expect(page.get_by_role("main").locator(".loading")).to_have_count(0)
    page.wait_for_timeout(150)  # what comes a little later comes now
    return page


def letter_to(service: Service, email: str) -> str:
    """The address in somebody's invitation, below that of the service."""
    invite(service, email, language="fr")
    assert wait_for(lambda: service.desk.mails(email) != [])
    return f"/accept#{link_of(service.desk.mails(email)[0])}"


def test_everything_that_all_pages_ever_load_travels_in_60_kilobytes(visit: Visits, service: Service) -> None:
    loaded: dict[str, int] = {}
    page = visit("/console/", signed_in=False, locale="fr-BE")
    expect(page.get_by_role("heading", name="Se connecter")).to_be_visible()
    service.sign_in(page.context)
    page.reload()
    for screen in SCREENS:
        page.evaluate("screen => { location.hash = `/${screen}`; }", screen)
        settled(page)
    upload(visit_new(page), named("personnel.csv", people(3)))
    check(page)
    start(page)
    expect(heading(page, "C’est fait : 3 personnes ajoutées")).to_be_visible()
    loaded |= dict(page.evaluate(_LOADED))
    for path in (letter_to(service, "zoe@example.com"), "/accept#dead", "/reset#dead"):
        loaded |= dict(settled(visit(path, signed_in=False, locale="fr-BE")).evaluate(_LOADED))
    assert len(loaded) >= 10, loaded
    assert all(size > 0 for size in loaded.values()), loaded
    assert sum(loaded.values()) < MOST_BYTES, loaded


def visit_new(page: Page) -> Page:
    """The first step of the import, without another load of the page."""
    page.evaluate("location.hash = '/import/new'")
    expect(page.locator(".drop")).to_be_visible()
    return page


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_nothing_moves_while_a_page_comes(visit: Visits, service: Service, size: tuple[int, int]) -> None:
    invite(service, *(f"person{number}@example.com" for number in range(30)), send=False)
    paths = [f"/console/#/{screen}" for screen in SCREENS] + [letter_to(service, "zoe@example.com"), "/reset#dead"]
    page = visit("/accept#dead", signed_in=False, size=size)
    page.context.add_init_script(_WATCH_SHIFTS)
    service.sign_in(page.context)
    moved = {}
    for path in paths:
        page.goto("about:blank")
        page.goto(path)
        moved[path] = settled(page).evaluate("window.shifts")
    assert moved == {path: [] for path in paths}


def test_no_name_at_the_top_of_a_module_hides_one_of_the_browser(browser: Browser) -> None:
    scripts = [path for path in ASSETS.rglob("*.js") if "vendor" not in path.parts]
    names = [name for path in scripts for name in top_names(path.read_text(encoding="utf-8"))]
    assert len(names) > 200
    page = browser.new_page()
    # Joined modules share their top: `name` there would be another than the `name` a browser gives to everybody.
    hidden: Any = page.evaluate("names => names.filter((name) => name in globalThis)", names)
    page.close()
    assert hidden == []


def test_a_large_import_at_work_never_holds_up_the_page(visit: Visits) -> None:
    page = visit(NEW)

    def follow(many: int) -> float:
        upload(visit_new(page), named("staff.csv", people(many)))
        page.evaluate(_WATCH_TASKS)
        check(page)
        page.get_by_role("radio", name="Add people without a mail").check()
        start(page)
        expect(heading(page, f"Done: {many:,} people were added")).to_be_visible(timeout=30_000)
        tasks: list[float] = page.evaluate("window.tasks")
        return max(tasks, default=0.0)

    if (longest := follow(10_000)) > LONGEST_TASK:
        longest = follow(10_000)  # what only a busy machine makes long is short another time
    assert longest <= LONGEST_TASK
