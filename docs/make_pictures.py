"""Makes the pictures of the README: a service with made-up people, and what its console shows of them in Chromium.

From the root of the repository: `.venv/bin/python -m docs.make_pictures`. Changes nothing but the pictures.
"""

import base64
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, expect, sync_playwright
from sqlalchemy import update

from app import logs
from app.delivery.models import Delivery
from tests.chromium import QUIETLY, find_chromium
from tests.conftest import SqliteTemplate, link_of
from tests.console.conftest import PASSWORD, Service, Visits, serving

FOLDER: Final = Path(__file__).parent
FILE: Final = FOLDER.parent / "tests" / "files" / "french_office.csv"
MOST_BYTES: Final = 80_000
PEOPLE: Final = (
    ("Zoé", "Dupont", "Acme Belgium", "fr"),
    ("Jan", "Peeters", "Acme Belgium", "nl"),
    ("Maria", "Schmidt", "Globex", "en"),
    ("ليلى", "الخطيب", "Globex", "en"),
    ("Tom", "Hanssen", "Acme Netherlands", "nl"),
    ("Inês", "Costa", "Acme Belgium", "fr"),
    ("Ann", "Ode", "Globex", "en"),
)
HELD, FAILED, ACCEPTED = "person5@example.com", "person4@example.com", "person6@example.com"


def main() -> None:
    """Make them all."""
    logs.configure("ERROR")
    with tempfile.TemporaryDirectory() as folder, started(Path(folder)) as service, sync_playwright() as playwright:
        program = find_chromium()
        assert program, "the pictures are taken with Chromium"
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIETLY))
        visits = Visits(browser, service)
        page = visits("/console/#/import/new")
        show_import(page)
        show_people(page, service)
        assert visits.problems == []
        visits.close()
        browser.close()


@contextmanager
def started(folder: Path) -> Iterator[Service]:
    """A service with a fresh database in a folder."""
    template = SqliteTemplate(folder / "template.db")
    (folder / "service").mkdir()
    with serving(folder / "service", template) as service:
        yield service


def show_import(page: Page) -> None:
    """An export of an HR system: its columns, then what will happen to its rows."""
    page.locator(".drop").wait_for()
    with page.expect_file_chooser() as chooser:
        page.locator(".drop button").click()
    chooser.value.set_files(FILE)
    page.locator(".match").wait_for()
    take(page, "columns")
    page.locator(".onward button").click()
    page.locator(".totals").wait_for()
    take(page, "preview")
    page.get_by_role("button", name="cannot be added").click()
    page.locator("[aria-invalid=true]").first.wait_for()
    take(page, "mending")


def show_people(page: Page, service: Service) -> None:
    """Who was invited, and the form in which two more are."""
    invite_people(service)
    page.goto("/console/#/invitations")
    expect(page.get_by_role("list", name="Invitations").get_by_role("listitem")).to_have_count(len(PEOPLE) + 1)
    take(page, "invitations")
    page.get_by_role("button", name="Invite people").click()
    page.get_by_label("E-mail addresses").fill("Amélie Laurent <amelie@example.com>, bob@example.com")
    page.get_by_role("combobox", name="Organisation").fill("Acme Belgium")
    page.get_by_role("combobox", name="Student groups").fill("Starters")
    page.get_by_label("Language of the mail").select_option("fr")
    page.get_by_label("Personal message").fill("Bienvenue ! On se voit lundi à 9 h.")
    expect(page.frame_locator("iframe").get_by_text("Bonjour Amélie,")).to_be_visible()
    expect(page.frame_locator("iframe").get_by_text("On se voit lundi")).to_be_visible()
    take(page, "invite")


def invite_people(service: Service) -> None:
    """People in every state: invited, accepted, held back, with a mail that failed."""
    http = service.desk.http
    for number, (first, last, organisation, language) in enumerate(PEOPLE):
        email = f"person{number}@example.com"
        person = {"email": email, "first_name": first, "last_name": last, "organisation": organisation}
        how = {"language": language, "send": email not in {HELD, FAILED}}
        assert http.post("/invitations", json={**person, **how}).status_code == 201
    while any(http.get("/invitations", params={"delivery": state}).json()["items"] for state in ("queued", "sending")):
        time.sleep(0.05)
    token = link_of(service.desk.mails(ACCEPTED)[0])
    service.desk.stranger().post("/invitations/accept", json={"token": token, "password": PASSWORD})
    (failed,) = http.get("/invitations", params={"q": FAILED}).json()["items"]
    with service.desk.database.writing() as session:
        session.execute(
            update(Delivery)
            .where(Delivery.about_id == uuid.UUID(failed["id"]))
            .values(state="failed", error_code="smtp_550", error_detail="5.1.1 No such user")
        )


def take(page: Page, name: str) -> None:
    """Write a picture of what is seen. WebP: a third of what PNG takes."""
    page.wait_for_load_state("networkidle")
    session = page.context.new_cdp_session(page)
    answer = session.send("Page.captureScreenshot", {"format": "webp", "quality": 80})
    picture = base64.b64decode(answer["data"])
    assert len(picture) < MOST_BYTES, f"{name}: {len(picture)} bytes"
    (FOLDER / f"{name}.webp").write_bytes(picture)


if __name__ == "__main__":
    main()
