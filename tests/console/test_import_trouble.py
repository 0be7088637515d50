"""Imports in the console that are broken off: by the database, the network, a second tab, a person. Nothing is lost.

What the service did is asked of the service itself.
"""

import re
from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import JSHandle, Locator, Page, Route, expect

from tests.api.test_cancel_undo import time_passes
from tests.conftest import Template
from tests.console.conftest import PASSWORD, Service, Visits, serving
from tests.console.test_import import (
    FILES,
    HEADER,
    NEW,
    check,
    choose,
    heading,
    imports,
    named,
    people,
    start,
    the_import,
    total,
    upload,
)
from tests.delivery.test_kill import wait_for

pytest_plugins = ("tests.browser",)
pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.long]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, migrated: Template) -> Iterator[Service]:
    """One for all tests: the people of each are its own."""
    with serving(tmp_path_factory.mktemp("trouble"), migrated) as service:
        yield service


def fail_halfway(page: Page, service: Service, many: int = 600) -> None:
    """Start an import whose last person the database refuses, again and again, until it is given up."""
    upload(page, named("staff.csv", people(many - 1) + f"Bo,Day,breaks{many}@example.com,Acme,en\n"))
    check(page)
    tries = 0
    with service.desk.refusing(f"INSERT ON users WHEN NEW.email = 'breaks{many}@example.com'"):
        start(page)
        while the_import(page, service)["state"] != "failed":
            assert (tries := tries + 1) < 1000, "it was never given up"
            time_passes(service.desk)
            page.wait_for_timeout(20)
        expect(heading(page, "The import stopped halfway")).to_be_visible()


def test_a_commit_that_fails_halfway_says_so_and_goes_on_where_it_stopped(visit: Visits, service: Service) -> None:
    page = visit(NEW)
    fail_halfway(page, service)
    halfway = the_import(page, service)["result"]
    assert 0 < halfway["added"] < 600
    assert halfway["not_done"] == 600 - halfway["added"]
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("nobody is added or mailed twice")
    expect(page.locator(".sum").first).to_contain_text(f"{halfway['added']}")
    page.get_by_role("button", name="Go on").click()
    expect(heading(page, "Done: 600 people were added")).to_be_visible()
    expect(alert).to_have_count(0)
    expect(page.get_by_text("Every mail has left.")).to_be_visible(timeout=20_000)
    result = the_import(page, service)["result"]
    assert (result["added"], result["mails"]["sent"]) == (600, 600)
    assert len(list((service.desk.folder / "mails").glob("*.eml"))) == 600


def test_another_sheet_of_a_workbook_is_chosen_where_everybody_sees_it(visit: Visits, service: Service) -> None:
    page = visit(NEW)
    upload(page, FILES / "several_sheets.xlsx")
    sheet = page.get_by_label(re.compile("^Sheet that is read"))
    expect(sheet).to_have_value("Lyon")
    expect(page.locator(".pairing").nth(3)).to_contain_text("lea.roux@example.com")
    sheet.select_option("Lille")
    expect(page.locator(".pairing").nth(3)).to_contain_text("max.dupuis@example.com")
    expect(sheet).to_have_value("Lille")
    check(page)
    expect(page.locator("tbody tr")).to_contain_text("max.dupuis@example.com")
    start(page)
    expect(heading(page, "Done: 1 person was added")).to_be_visible()
    assert the_import(page, service)["file"]["sheet"] == "Lille"


def test_mails_are_held_back_for_as_long_as_was_chosen_and_can_leave_earlier(visit: Visits, service: Service) -> None:
    page = visit(NEW)
    upload(page, named("staff.csv", people(2)))
    check(page)
    page.get_by_role("radio", name=re.compile("^Hold the invitations back")).check()
    page.get_by_label("For how long").select_option(label="4 hours")
    page.locator(".onward button").click()
    expect(page.get_by_role("dialog")).to_contain_text("4 hours")
    page.keyboard.press("Escape")
    start(page)
    expect(heading(page, "Done: 2 people were added")).to_be_visible()
    expect(page.get_by_text(re.compile("^They leave by themselves"))).to_be_visible()
    held = the_import(page, service)
    assert (held["commit"]["hold_minutes"], held["result"]["mails"]["held"]) == (240, 2)
    page.get_by_role("button", name="Send 2 invitations now").click()
    page.get_by_role("dialog").get_by_role("button", name="Send 2 invitations now").click()
    expect(page.get_by_text("Every mail has left.")).to_be_visible()
    assert the_import(page, service)["result"]["mails"]["sent"] == 2


def test_rows_that_could_not_be_added_are_downloaded_mended_and_uploaded_again(visit: Visits) -> None:
    page = visit(NEW)
    upload(page, named("personnel.csv", people(1) + "Bo,Day,bo.again at example.com,Acme,en\n"))
    check(page)
    start(page)
    expect(heading(page, "Done: 1 person was added")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download 1 row that could not be added").click()
    name, text = download.value.suggested_filename, download.value.path().read_text(encoding="utf-8-sig")
    assert "personnel" in name
    assert "bo.again at example.com" in text
    assert "problem" in text
    page.get_by_role("link", name="Import another file").click()
    upload(page, named(name, text.replace("bo.again at", "bo.again@").replace("@ ", "@")))
    expect(page.get_by_label("email becomes")).to_have_value("email")
    check(page)
    start(page)
    expect(heading(page, "Done: 1 person was added")).to_be_visible()


def dragged(page: Page, name: str, content: str) -> JSHandle:
    """What a browser hands over when a file is dragged from the desktop."""
    return page.evaluate_handle(
        """([name, content]) => { const all = new DataTransfer();
        all.items.add(new File([content], name, { type: 'text/csv' })); return all; }""",
        [name, content],
    )


def is_over(target: Locator, file: JSHandle) -> bool:
    """Whether the page shows that a file is held over it. A browser says so again and again while it is."""
    target.dispatch_event("dragover", {"dataTransfer": file})
    return bool(target.page.evaluate("document.body.classList.contains('is-over')"))


def test_a_file_is_dropped_onto_the_drop_zone_or_beside_it(visit: Visits, service: Service) -> None:
    page = visit(NEW)
    drop = page.locator(".drop")
    for target in (drop, page.get_by_role("heading", level=1)):
        file = dragged(page, "dropped.csv", people(2))
        assert wait_for(partial(is_over, target, file))
        target.dispatch_event("dragleave", {"dataTransfer": file})
        expect(page.locator("body")).not_to_have_class("is-over")
        target.dispatch_event("dragover", {"dataTransfer": file})
        target.dispatch_event("drop", {"dataTransfer": file})
        expect(page.locator(".match")).to_be_visible()
        assert the_import(page, service)["file"]["name"] == "dropped.csv"
        page.goto(NEW)
        expect(drop).to_be_visible()


def test_an_upload_that_is_stopped_in_its_middle_leaves_nothing(visit: Visits, service: Service) -> None:
    page, before = visit(NEW), imports(service)
    slow = page.context.new_cdp_session(page)
    slow.send("Network.emulateNetworkConditions",
              {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000})  # fmt: skip
    choose(page, named("large.csv", people(20_000)))
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_js_property("max", 100)
    page.wait_for_function("() => document.querySelector('progress').value > 0")
    assert bar.evaluate("bar => bar.value") < 100
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("The upload was stopped. Nothing was kept.")).to_be_visible()
    assert imports(service) == before
    slow.detach()
    upload(page, named("small.csv", people(2)))


def test_a_service_that_stops_in_the_middle_of_an_import_is_waited_for(visit: Visits, service: Service) -> None:
    page, many = visit(NEW), 12_000
    upload(page, named("staff.csv", people(many)))
    check(page)
    page.get_by_role("radio", name="Add people without a mail").check()
    start(page)
    with service.standing_still() as states:
        assert "committing" in states, "it was over before the service stopped"
        with service.gone():
            expect(page.get_by_role("status").filter(has_text="The service cannot be reached just now")).to_be_visible()
            expect(page.get_by_role("progressbar")).to_be_visible()
    expect(heading(page, f"Done: {many:,} people were added")).to_be_visible(timeout=30_000)
    assert the_import(page, service)["result"]["added"] == many


def test_a_page_that_nobody_answers_says_so_and_how_to_go_on(visit: Visits, service: Service) -> None:
    page = visit(NEW)
    upload(page, named("staff.csv", people(2)))
    with service.gone():
        page.get_by_role("button", name="Check the file").click()
        expect(page.get_by_role("alert")).to_contain_text("The service cannot be reached")
        page.get_by_role("link", name="Users").click()
        expect(page.get_by_role("main").get_by_role("alert")).to_contain_text("The service cannot be reached")
        page.go_back()
        expect(page.get_by_role("main").get_by_role("alert")).to_contain_text("The service cannot be reached")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".match")).to_be_visible()
    check(page)
    expect(total(page, "will be added")).to_contain_text("2")


def test_a_session_that_ends_while_an_import_runs_is_taken_up_where_it_was(visit: Visits, service: Service) -> None:
    page = visit(NEW)
    upload(page, named("staff.csv", people(2)))
    check(page)
    page.get_by_label("Personal message").fill("See you soon")
    page.context.clear_cookies()
    page.locator(".onward button").click()
    page.get_by_role("dialog").locator(".button.primary").click()
    again = page.get_by_role("dialog", name="Please sign in again")
    again.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(heading(page, "Done: 2 people were added")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert the_import(page, service)["commit"]["message"] == "See you soon"


def test_of_two_tabs_the_second_follows_what_the_first_did(visit: Visits, service: Service) -> None:
    page = visit(NEW)
    upload(page, named("staff.csv", people(3) + "Bo,Day,bo at example.com,Acme,en\n"))
    check(page)
    other = page.context.new_page()
    visit.watch(other)
    other.goto(page.url)
    total(other, "cannot be added").click()
    expect(other.locator("tbody tr")).to_have_count(1)  # the list that is typed into is the one that stays
    cell = other.get_by_label("E-mail address, line 5")
    cell.fill("bo.tabs@example.com")
    cell.press("Enter")
    expect(total(other, "will be added")).to_contain_text("4")
    start(page)  # what it shows is no longer so
    expect(page.get_by_role("alert")).to_contain_text("The preview has changed")
    expect(total(page, "will be added")).to_contain_text("4")
    start(other)
    start_of_both = page.locator(".onward button")
    start_of_both.click()
    page.get_by_role("dialog").locator(".button.primary").click()  # the same once more is nothing more
    for tab in (page, other):
        expect(heading(tab, "Done: 4 people were added")).to_be_visible()
    assert wait_for(lambda: len(service.desk.mails("bo.tabs@example.com")) == 1)


def test_the_back_button_never_leads_into_a_dead_end(visit: Visits, service: Service) -> None:
    page = visit("/console/#/imports")
    page.get_by_role("link", name=re.compile("^Import .* file")).click()
    upload(page, named("staff.csv", people(2)))
    check(page)
    total(page, "cannot be added").click()
    page.locator(".onward button").click()
    page.go_back()  # from the question: to the columns
    expect(page.locator(".match")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.go_forward()
    expect(page.locator(".totals")).to_be_visible()
    start(page)
    expect(heading(page, "Done: 2 people were added")).to_be_visible()
    address = page.url
    page.goto(f"{address}?step=match")  # what was possible before is so no more, and says what is
    expect(heading(page, "Done: 2 people were added")).to_be_visible()
    page.get_by_role("button", name="Undo the import").click()
    page.go_back()
    page.go_forward()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert the_import(page, service)["state"] == "completed"


def test_an_answer_to_the_start_that_is_lost_starts_nothing_twice(visit: Visits, service: Service) -> None:
    page, lost = visit(NEW), []

    def lose(route: Route) -> None:
        lost.append(route.fetch().status)
        route.abort()

    upload(page, named("staff.csv", people(2)))
    check(page)
    page.route("**/commit", lose)
    page.locator(".onward button").click()
    button = page.get_by_role("dialog").locator(".button.primary")
    button.click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("The service cannot be reached")
    page.unroute("**/commit")
    button.click()
    expect(heading(page, "Done: 2 people were added")).to_be_visible()
    assert lost == [202]
    assert the_import(page, service)["result"]["added"] == 2


def test_rows_with_markup_or_from_right_to_left_are_mended_as_they_are(visit: Visits, service: Service) -> None:
    page = visit(NEW)
    name = "<script>alert(1)</script>"
    upload(page, named("اسماء.csv", HEADER + f'"{name}",<b>Day</b>,no address,"=cmd|calc",ar\n'))
    expect(page.locator(".import-head bdi")).to_have_text("اسماء.csv")
    check(page)
    total(page, "cannot be added").click()
    expect(page.get_by_text(name, exact=True)).to_be_visible()
    address = page.get_by_label("E-mail address, line 2")
    address.fill("مرحبا")
    assert address.evaluate("input => getComputedStyle(input).direction") == "rtl"
    address.press("Enter")
    expect(address).to_have_accessible_description(re.compile("“.?مرحبا.?” is not an e-mail address"))
    address.fill("markup.mended@example.com")
    address.press("Enter")
    page.get_by_label("Language, line 2").fill("fr")
    page.get_by_label("Language, line 2").press("Enter")
    expect(total(page, "will be added")).to_contain_text("1")
    start(page)
    expect(heading(page, "Done: 1 person was added")).to_be_visible()
    user = service.desk.http.get("/users", params={"q": "markup.mended"}).json()["items"][0]
    assert (user["first_name"], user["organisation"]["name"]) == (name, "=cmd|calc")
