"""The import in the console: a spreadsheet's export becomes people, whatever is strange about it or goes wrong.

What the service did is asked of the service itself.
"""

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, Route, expect

from tests.conftest import Template
from tests.console.conftest import PASSWORD, PHONE, Service, Visits, serving
from tests.delivery.test_kill import wait_for

pytest_plugins = ("tests.browser",)
pytestmark = pytest.mark.xdist_group("browser of imports")

FILES = Path(__file__).parent.parent / "files"
NEW = "/console/#/import/new"
HEADER = "first_name,last_name,email,company,language\n"


_prefixes = count()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, migrated: Template) -> Iterator[Service]:
    """One for all tests: the people and columns of each are its own."""
    with serving(tmp_path_factory.mktemp("imports"), migrated) as service:
        yield service


def people(many: int, header: str = HEADER) -> str:
    """A file of so many new people nobody could object to."""
    prefix = f"p{next(_prefixes)}-"
    return header + "".join(f"Ann,Lee,{prefix}{number}@example.com,Acme,en\n" for number in range(many))


def named(name: str, content: str | bytes, kind: str = "text/csv") -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": content.encode() if isinstance(content, str) else content}


def choose(page: Page, file: FilePayload | Path) -> None:
    """Choose a file, as a person does by the button."""
    with page.expect_file_chooser() as chooser:
        page.locator(".drop button").click()
    chooser.value.set_files(file)


def upload(page: Page, file: FilePayload | Path) -> None:
    """Choose a file; the columns are shown."""
    choose(page, file)
    expect(page.locator(".match")).to_be_visible()


def check(page: Page) -> None:
    page.locator(".onward button").click()
    expect(page.locator(".totals")).to_be_visible()


def start(page: Page) -> None:
    page.locator(".onward button").click()
    dialog = page.get_by_role("dialog")
    dialog.locator(".button.primary").click()
    expect(dialog).to_be_hidden()


def total(page: Page, name: str) -> Locator:
    """One of the totals of the whole file, a filter."""
    return page.locator(".totals").get_by_role("button", name=name)


def heading(page: Page, words: str | re.Pattern[str]) -> Locator:
    return page.get_by_role("heading", level=2, name=words)


def the_import(page: Page, service: Service) -> dict[str, Any]:
    """The import before us, as the service tells it."""
    found = re.search(r"#/import/([0-9a-f-]{36})", page.url)
    assert found
    answer: dict[str, Any] = service.desk.http.get(f"/imports/{found[1]}").json()
    return answer


def imports(service: Service) -> list[str]:
    """The names of all imports."""
    items = service.desk.http.get("/imports", params={"limit": 200}).json()["items"]
    return [imported["file"]["name"] for imported in items]


def test_a_french_excel_file_becomes_people_with_one_mail_each(visit: Visits, service: Service) -> None:
    before = len(service.desk.mails())
    page = visit("/console/#/imports", locale="fr-BE")
    page.get_by_role("link", name=re.compile("^Importer .* fichier")).click()
    upload(page, FILES / "french_office.csv")
    expect(page.locator(".read-as")).to_contain_text("Colonnes séparées par des points-virgules")
    expect(page.get_by_label("Prénom devient")).to_have_value("first_name")
    expect(page.get_by_label("Chef d’équipe devient")).to_have_value("team_leader")
    check(page)
    to_add = service.desk.http.get(f"/imports/{the_import(page, service)['id']}/preview").json()["summary"]["to_add"]
    expect(page.locator("tbody tr").first).to_contain_text("Aurélie")
    start(page)
    expect(heading(page, f"C’est fait : {to_add} personnes ajoutées")).to_be_visible()
    assert wait_for(lambda: len(service.desk.mails()) == before + to_add)
    expect(page.get_by_text("Tous les e-mails sont partis.")).to_be_visible()
    result = the_import(page, service)["result"]
    terms = ("added", "already_users", "duplicates", "rejected", "skipped", "empty", "not_done")
    assert result["rows"] == sum(result[term] for term in terms)
    shown = [int(number) for number in page.locator(".sum").first.locator("td").all_inner_texts()]
    assert shown[-1] == sum(shown[:-1]) == result["rows"]


def test_a_bad_row_is_mended_in_its_cell(visit: Visits, service: Service) -> None:
    page = visit(NEW)
    upload(page, named("staff.csv", people(2) + "Bo,Day,bo at example.com,Acme,en\nCy,Fox,,Acme,en\n"))
    check(page)
    total(page, "cannot be added").click()
    cell = page.get_by_label("E-mail address, line 4")
    expect(cell).to_have_attribute("aria-invalid", "true")
    expect(cell).to_have_accessible_description(re.compile("is not an e-mail address"))
    cell.fill("bo@example.com")
    cell.press("Enter")
    row = page.locator("tr", has=cell)
    expect(row.get_by_role("status")).to_have_text("Will be added")
    expect(total(page, "will be added")).to_contain_text("3")
    page.locator("tr", has=page.get_by_label("E-mail address, line 5")).get_by_role("button", name="Leave out").click()
    expect(total(page, "left out by you")).to_contain_text("1")
    start(page)
    expect(heading(page, "Done: 3 people were added")).to_be_visible()
    assert wait_for(lambda: len(service.desk.mails("bo@example.com")) == 1)


def test_all_rows_with_an_issue_are_mended_at_once(visit: Visits) -> None:
    page = visit(NEW)
    lines = "".join(f"Ann,Lee,a{number}@gmial.com,Acme,en\n" for number in range(4))
    lines += "".join(f"Ann,Lee,b{number}@example.com,Acme,klingon\n" for number in range(3))
    upload(page, named("staff.csv", HEADER + lines + "Ann,Lee,c@example.com,,en\n"))
    check(page)
    page.get_by_role("button", name="Probably a slip in the address 4").click()
    page.get_by_role("button", name="Take all suggestions").click()
    expect(page.get_by_text("4 rows were changed.")).to_be_visible()
    page.get_by_role("button", name="Unknown language 3").click()
    page.get_by_label("Language for all 3 rows").select_option("nl")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("3 rows were changed.")).to_be_visible()
    page.get_by_role("button", name="Something needed is empty 1").click()
    page.get_by_label("Company wherever it is empty").fill("Globex")
    page.get_by_role("button", name="Apply").click()
    expect(total(page, "will be added")).to_contain_text("8")
    expect(page.get_by_text("Nothing is wrong with this file.")).to_be_visible()
    expect(page.locator(".what")).to_contain_text("3 × Dutch")
    page.get_by_role("button", name="Change a value everywhere").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Column").select_option("company")
    dialog.get_by_label("“Acme” becomes").fill("Acme Belgium")
    dialog.get_by_label("“Acme” becomes").press("Enter")
    expect(dialog.get_by_text("saved")).to_be_attached()
    dialog.get_by_role("button", name="Done").click()
    expect(page.locator(".what")).to_contain_text("Acme Belgium, Globex")


def test_a_question_about_the_letters_is_answered_by_looking(visit: Visits, service: Service) -> None:
    page = visit(NEW)
    upload(page, FILES / "excel_macintosh.csv")
    check(page)
    expect(page.get_by_text("Answer the question about the file first")).to_be_visible()
    expect(page.locator(".onward button")).to_be_disabled()
    question = page.get_by_role("group", name="In which line do these words look right?")
    question.get_by_role("radio", name=re.compile("Hélène")).check()
    page.get_by_role("button", name="Read the file this way").click()
    expect(question).to_be_hidden()
    assert the_import(page, service)["file"]["encoding"] == "mac-roman"
    start(page)
    expect(heading(page, re.compile("^Done"))).to_be_visible()


def test_how_the_file_is_read_can_be_said_otherwise(visit: Visits) -> None:
    page = visit(NEW)
    upload(page, named("staff.csv", "Staff of Acme\n" + people(2)))
    page.get_by_text("Not read correctly?").click()
    page.get_by_label("Line with the column names").fill("0")
    page.get_by_role("button", name="Read the file again").click()
    expect(page.get_by_text("No column names", exact=True).first).to_be_visible()
    page.get_by_label("Line with the column names").fill("2")
    page.get_by_role("button", name="Read the file again").click()
    expect(page.get_by_label("first_name becomes")).to_have_value("first_name")


def test_a_quotation_mark_that_is_never_closed_is_explained_wherever_it_stands(visit: Visits) -> None:
    page = visit(NEW)
    rows = people(20_000).splitlines()
    rows[18_000] = rows[18_000].replace("Lee", '"Lee')
    upload(page, named("far down.csv", "\n".join(rows)))
    page.locator(".onward button").click()
    expect(heading(page, "The file could not be read to its end")).to_be_visible()
    expect(page.get_by_text("On line 18001 a quotation mark opens")).to_be_visible()
    page.get_by_role("button", name="Read quotation marks as ordinary characters").click()
    expect(heading(page, "What do the columns mean?")).to_be_visible()
    page.goto(NEW)
    upload(page, FILES / "open_quote.csv")
    note = page.locator(".note").filter(has_text="A quotation mark is never closed")
    note.get_by_role("button", name="Read quotation marks as ordinary characters").click()
    expect(note).to_be_hidden()


def test_what_no_column_has_is_given_for_everyone(visit: Visits, service: Service) -> None:
    page = visit(NEW)
    upload(page, named("staff.csv", "Voornaam;Achternaam;Werkmail\nJan;Peeters;jan.alone@example.com\n"))
    page.locator(".onward button").click()
    expect(page.get_by_text("1 thing is still to be settled.")).to_be_visible()
    page.get_by_role("combobox", name="Company", exact=True).fill("Acme")
    page.get_by_role("combobox", name="Company", exact=True).press("Tab")
    page.get_by_label("Achternaam becomes").select_option("first_name")
    expect(page.get_by_label("Achternaam becomes")).to_have_accessible_description(re.compile("“Voornaam” already"))
    page.get_by_label("Achternaam becomes").select_option("last_name")
    check(page)
    expect(page.locator("tbody tr")).to_contain_text("Acme")
    start(page)
    expect(heading(page, "Done: 1 person was added")).to_be_visible()
    assert (
        service.desk.http.get("/users", params={"q": "jan.alone"}).json()["items"][0]["organisation"]["name"] == "Acme"
    )


def test_an_import_that_was_added_quietly_is_sent_and_then_undone(visit: Visits, service: Service) -> None:
    page = visit(NEW, size=PHONE)
    upload(page, named("staff.csv", people(3)))
    check(page)
    page.get_by_role("radio", name="Add people without a mail").check()
    start(page)
    expect(page.get_by_text("3 people were added without a mail.")).to_be_visible()
    page.get_by_role("button", name="Send 3 invitations now").click()
    page.get_by_role("dialog").get_by_role("button", name="Send 3 invitations now").click()
    expect(page.get_by_text("Every mail has left.")).to_be_visible()
    invited = the_import(page, service)["result"]["mails"]
    assert (invited["sent"], invited["held"], invited["queued"]) == (3, 0, 0)
    query = {"import_id": the_import(page, service)["id"]}
    page.get_by_role("button", name="Undo the import").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("what the import did with 3 people")
    dialog.get_by_role("button", name="Undo the import").click()
    expect(heading(page, "The import was undone")).to_be_visible()
    expect(page.get_by_text("3 people were removed again")).to_be_visible()
    assert service.desk.http.get("/invitations", params=query | {"state": "pending"}).json()["items"] == []
    assert len(service.desk.http.get("/invitations", params=query | {"state": "revoked"}).json()["items"]) == 3


def test_a_reload_in_the_middle_of_a_commit_loses_nothing(visit: Visits, service: Service) -> None:
    page, many = visit(NEW), 12_000
    upload(page, named("staff.csv", people(many)))
    check(page)
    page.get_by_role("radio", name="Add people without a mail").check()
    start(page)
    with service.standing_still() as states:
        assert "committing" in states, "it was over before the reload"
        page.reload()
        expect(heading(page, "The import is running")).to_be_visible()
        expect(page.get_by_role("progressbar")).to_be_visible()
    expect(heading(page, f"Done: {many:,} people were added")).to_be_visible()
    assert the_import(page, service)["result"]["added"] == many


def test_the_back_button_goes_through_the_steps_and_never_undoes_one(visit: Visits) -> None:
    page = visit("/console/#/imports")
    page.get_by_role("link", name=re.compile("^Import .* file")).click()
    upload(page, named("back.csv", people(2, HEADER.replace("last_name", "name last"))))
    page.get_by_label("company becomes").select_option("label")
    page.get_by_role("combobox", name="Company", exact=True).fill("Globex")
    check(page)
    page.go_back()
    expect(page.get_by_label("company becomes")).to_have_value("label")
    expect(page.get_by_role("combobox", name="Company", exact=True)).to_have_value("Globex")
    page.go_back()
    expect(page.get_by_role("button", name="Choose a file")).to_be_visible()
    page.go_back()
    page.get_by_role("row").filter(has_text="back.csv").get_by_role("link", name="Go on").click()
    expect(page.locator(".totals")).to_be_visible()
    start(page)
    expect(heading(page, "Done: 2 people were added")).to_be_focused()
    page.go_back()
    expect(page.get_by_role("link", name="back.csv")).to_be_visible()


def tab_to(page: Page, locator: Locator) -> Locator:
    """Press Tab until something has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if locator.evaluate("element => element === document.activeElement"):
            return locator
    raise AssertionError(f"not reached by Tab: {locator}")


def test_the_whole_import_is_done_by_keyboard_alone(visit: Visits, service: Service) -> None:
    page = visit("/console/#/imports")
    expect(page.get_by_role("link", name=re.compile("^Import .* file"))).to_be_visible()
    tab_to(page, page.get_by_role("link", name=re.compile("^Import .* file"))).press("Enter")
    expect(page.get_by_role("button", name="Choose a file")).to_be_visible()
    button = tab_to(page, page.get_by_role("button", name="Choose a file"))
    with page.expect_file_chooser() as chooser:
        button.press("Enter")
    chooser.value.set_files(
        named("staff.csv", HEADER.replace("email", "Reachable at") + "Bo,Day,bo at example.com,Acme,en\n")
    )
    expect(heading(page, "What do the columns mean?")).to_be_focused()
    target = tab_to(page, page.get_by_label("Reachable at becomes"))
    if target.input_value() != "email":
        page.keyboard.type("E-mail")
    tab_to(page, page.get_by_role("button", name="Check the file")).press("Enter")
    expect(heading(page, "This is what will happen")).to_be_focused()
    tab_to(page, total(page, "cannot be added")).press("Enter")
    expect(page.get_by_label("E-mail address, line 2")).to_be_visible()
    cell = tab_to(page, page.get_by_label("E-mail address, line 2"))
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("bo.keys@example.com")
    page.keyboard.press("Enter")
    expect(page.locator("tr", has=cell).get_by_role("status")).to_have_text("Will be added")
    expect(cell).to_be_focused()
    begin = page.get_by_role("button", name="Import and invite 1 person")
    expect(begin).to_be_enabled()
    tab_to(page, begin).press("Enter")
    dialog = page.get_by_role("dialog")
    tab_to(page, dialog.get_by_role("button", name="Import and invite 1 person")).press("Enter")
    expect(heading(page, "Done: 1 person was added")).to_be_focused()
    assert wait_for(lambda: len(service.desk.mails("bo.keys@example.com")) == 1)


def test_files_that_cannot_be_taken_say_why_and_another_one_can_be_chosen(
    tmp_path: Path, migrated: Template, browser: Browser
) -> None:
    refused = {
        "This kind of file cannot be read": named("scan.pdf", b"%PDF-1.7 \x00\x01", "application/pdf"),
        "The file is damaged": named("people.xlsx", b"PK\x03\x04 cut off"),
        "The file is empty": named("people.csv", b""),
        "File too large": named("people.csv", people(20_000)),
    }
    with serving(tmp_path, migrated, upload_bytes=100_000) as service:
        visits = Visits(browser, service)
        page = visits(NEW)
        for words, file in refused.items():
            choose(page, file)
            expect(page.get_by_role("alert")).to_contain_text(words)
        upload(page, named("staff.csv", people(2)))
        assert len(imports(service)) == 1
        visits.close()
        assert visits.problems == []


def test_rows_pasted_from_a_spreadsheet_are_a_file(visit: Visits) -> None:
    page = visit(NEW)
    page.get_by_text("Or paste rows from a spreadsheet").click()
    page.get_by_label("Rows, with the column names first").fill(people(2).replace(",", "\t"))
    page.get_by_role("button", name="Use these rows").click()
    expect(page.locator(".read-as")).to_contain_text("Columns separated by tabs")
    check(page)
    expect(total(page, "will be added")).to_contain_text("2")


def test_an_upload_is_stopped_and_begun_again(visit: Visits, service: Service) -> None:
    page, held, before = visit(NEW), [], imports(service)
    page.route("**/api/v1/imports?*", lambda route: held.append(route))
    choose(page, named("staff.csv", people(2)))
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("The upload was stopped. Nothing was kept.")).to_be_visible()
    assert len(held) == 1
    assert imports(service) == before
    page.unroute("**/api/v1/imports?*")
    upload(page, named("staff.csv", people(2)))


def test_a_service_that_is_gone_for_a_while_costs_nothing(visit: Visits, service: Service) -> None:
    page, lost, before = visit(NEW), [], imports(service)

    def lose(route: Route) -> None:
        lost.append(route.request.method)
        route.abort()

    page.route("**/api/v1/imports?*", lose)
    choose(page, named("staff.csv", people(2) + "Bo,Day,nowhere,Acme,en\n"))
    expect(page.get_by_role("alert")).to_contain_text("The service cannot be reached")
    page.unroute("**/api/v1/imports?*")
    page.get_by_role("button", name="Try again").click()
    check(page)
    total(page, "cannot be added").click()
    page.route("**/rows/*", lose)
    cell = page.get_by_label("E-mail address, line 4")
    cell.fill("bo.gone@example.com")
    cell.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The service cannot be reached")
    page.unroute("**/rows/*")
    expect(cell).to_have_value("bo.gone@example.com")
    cell.press("Enter")
    expect(total(page, "will be added")).to_contain_text("3")
    assert lost == ["POST", "PATCH"]
    assert len(imports(service)) == len(before) + 1


def test_a_session_that_ends_in_the_middle_is_taken_up_again(visit: Visits, service: Service) -> None:
    page = visit(NEW)
    upload(page, named("staff.csv", people(2, HEADER.replace("last_name", "surname"))))
    page.get_by_label("language becomes").select_option("label")
    page.context.clear_cookies()
    page.get_by_role("button", name="Check the file").click()
    dialog = page.get_by_role("dialog", name="Please sign in again")
    dialog.get_by_label(re.compile("password", re.IGNORECASE)).first.fill(PASSWORD)
    dialog.get_by_role("button", name=re.compile("^sign in", re.IGNORECASE)).click()
    expect(page.locator(".totals")).to_be_visible()  # what was asked goes on by itself
    assert the_import(page, service)["mapping"]["columns"][-1] == "label"


def test_two_tabs_never_start_what_nobody_looked_at(visit: Visits, service: Service) -> None:
    page = visit(NEW)
    upload(page, named("staff.csv", people(3)))
    check(page)
    the_id = the_import(page, service)["id"]
    service.desk.http.patch(f"/imports/{the_id}/rows/2", json={"skip": True})
    start(page)
    expect(page.get_by_role("alert")).to_contain_text("The preview has changed")
    expect(total(page, "left out by you")).to_contain_text("1")
    service.desk.http.post(f"/imports/{the_id}/commit", json={"message": "From the other tab"})
    start(page)
    expect(page.get_by_role("alert")).to_contain_text("Already started with other choices")
    expect(heading(page, "Done: 2 people were added")).to_be_visible()


def test_names_with_markup_or_from_right_to_left_are_shown_as_they_are(visit: Visits, service: Service) -> None:
    page = visit(NEW)
    name = "<img src=x onerror=alert(1)>"
    file = (
        HEADER + f'"{name}",<b>Day</b>,bo.markup@example.com,<i>Acme</i>,en\nياسر,الأحمد,yasser@example.com,شركة,xx\n'
    )
    upload(page, named(f"{name}.csv", file))
    expect(page.locator(".import-head")).to_contain_text("onerror=alert(1)>.csv")
    check(page)
    expect(page.locator("tbody tr").first).to_contain_text(name)
    expect(page.locator(".what")).to_contain_text("<i>Acme</i>")
    total(page, "cannot be added").click()
    assert page.get_by_text("ياسر").evaluate("element => getComputedStyle(element).direction") == "rtl"
    assert page.locator("main img, main b").count() == 0


LONGEST_TASK = """() => { window.tasks = [0]; new PerformanceObserver((list) =>
  window.tasks.push(...list.getEntries().map((task) => task.duration))).observe({ entryTypes: ["longtask"] }); }"""


def test_a_thousand_wrong_rows_never_hold_up_the_page(visit: Visits) -> None:
    page = visit(NEW)
    wrong = "".join(f"Ann,Lee,nowhere {number},Acme,klingon\n" for number in range(1000))
    upload(page, named("staff.csv", people(500) + wrong))

    def look_around() -> float:
        page.evaluate(LONGEST_TASK)
        check(page)
        total(page, "cannot be added").click()
        for number in range(2, 6):
            page.get_by_role("button", name="Next").click()
            expect(page.get_by_text(f"Page {number}", exact=True)).to_be_visible()
        page.get_by_role("button", name="Unknown language 1,000").click()
        expect(page.get_by_text("Language for all 1,000 rows")).to_be_visible()
        cell = page.get_by_label("Language, line 502")
        cell.fill("tlh")
        cell.press("Enter")
        expect(page.get_by_text("“tlh” is not an available language")).to_be_visible()
        longest: float = page.evaluate("Math.max(...window.tasks)")
        page.go_back()
        expect(page.locator(".match")).to_be_visible()
        return longest

    if (longest := look_around()) > 200:
        longest = look_around()  # what only a busy machine makes long is short another time
    assert longest <= 200
