"""Users and invitations in the console: found, looked at, invited, sent again, withdrawn, disabled.

What the service did is asked of the service itself; a list that only looks right is not enough.
"""

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import update

from app.db.base import utcnow
from app.delivery.models import Delivery
from app.invitations.models import Invitation
from tests.conftest import link_of
from tests.console.conftest import PASSWORD, PHONE, Service, Visits
from tests.delivery.test_kill import wait_for

pytest_plugins = ("tests.browser",)
pytestmark = pytest.mark.xdist_group("browser of imports")


def invite(service: Service, *emails: str, **more: Any) -> list[dict[str, Any]]:
    """Invitations made over the API."""
    people = [{"email": email, "organisation": "Acme Belgium", **more} for email in emails]
    answer = service.desk.http.post("/invitations/batch", json={"invitations": people}).json()
    assert [result["outcome"] for result in answer["results"]] == ["invited"] * len(emails)
    return [result["invitation"] for result in answer["results"]]


def accept(service: Service, email: str) -> None:
    """Somebody follows the link in their mail."""
    assert wait_for(lambda: service.desk.mails(email) != [])
    body = {"token": link_of(service.desk.mails(email)[0]), "password": PASSWORD}
    assert service.desk.stranger().post("/invitations/accept", json=body).status_code == 200


def invitations(service: Service, **query: str) -> list[dict[str, Any]]:
    """What the service says."""
    items: list[dict[str, Any]] = service.desk.http.get("/invitations", params=query).json()["items"]
    return items


def line(page: Page, words: str) -> Locator:
    """The line of a list in which some words stand."""
    return page.locator(".people > li").filter(has_text=words)


def picker(page: Page, name: str) -> Locator:
    return page.get_by_role("combobox", name=name)


def open_invite(page: Page) -> Locator:
    page.get_by_role("button", name="Invite people").first.click()
    dialog = page.get_by_role("dialog", name="Invite people")
    expect(dialog.get_by_label("E-mail addresses")).to_be_focused()
    return dialog


def test_two_people_are_invited_from_one_form_and_get_the_mail_that_was_previewed(page: Page, service: Service) -> None:
    invite(service, "zoe@example.com")
    dialog = open_invite(page)
    addresses = dialog.get_by_label("E-mail addresses")
    addresses.fill("Ann Ode <ann@example.com>; bob@example.com")
    addresses.press("Enter")
    expect(dialog.get_by_role("list", name="People to invite").get_by_role("listitem")).to_have_count(2)

    picker(page, "Organisation").fill("acme b")
    dialog.get_by_role("option", name="Acme Belgium").click()
    picker(page, "Student groups").fill("Starters")
    dialog.get_by_role("option", name=re.compile("Create “.?Starters.?”")).click()
    expect(dialog.get_by_role("list", name="Student groups")).to_contain_text("Startersnew")
    picker(page, "Label").fill("Trainer")
    expect(dialog.get_by_role("option", name=re.compile("Create “.?Trainer.?”"))).to_be_visible()
    picker(page, "Label").press("Tab")
    dialog.get_by_label("Language of the mail").select_option("fr")
    expect(dialog.get_by_text("is new: it is created with the invitation.")).to_be_visible()
    dialog.get_by_label("Personal message").fill("See you on <b>Monday</b>!\nلقاؤنا")

    mail = page.frame_locator("iframe")
    expect(mail.get_by_text("Bonjour Ann,")).to_be_visible()
    expect(mail.get_by_text("See you on <b>Monday</b>!")).to_be_visible()
    button = mail.get_by_text("Choisir mon mot de passe")
    assert button.evaluate("e => getComputedStyle(e.parentElement).backgroundColor") == "rgb(31, 95, 191)"
    subject = dialog.locator(".subject strong").inner_text()

    expect(dialog.get_by_text("2 people get a mail in French.")).to_be_visible()
    dialog.get_by_role("button", name="Invite 2 people").click()
    expect(page.get_by_text("2 people are invited.")).to_be_visible()
    expect(dialog).to_be_hidden()
    expect(line(page, "Ann Ode")).to_contain_text("Acme Belgium")
    expect(line(page, "ann@example.com")).to_contain_text("Mail sent just now")
    expect(line(page, "bob@example.com")).to_contain_text("Mail sent just now")

    (sent,) = service.desk.mails("bob@example.com")
    assert sent["Subject"] == subject
    assert "See you on <b>Monday</b>!" in str(sent.get_body(("plain",)))
    ann = invitations(service, q="ann@example.com")[0]
    assert (ann["first_name"], ann["last_name"], ann["language"]) == ("Ann", "Ode", "fr")
    assert (ann["student_groups"], ann["label"], ann["inviter"]) == (["Starters"], "Trainer", "Ann Lee")


def test_the_invite_dialog_says_who_was_not_invited_and_keeps_what_is_to_be_mended(
    page: Page, service: Service
) -> None:
    invite(service, "zoe@example.com")
    dialog = open_invite(page)
    addresses = dialog.get_by_label("E-mail addresses")
    addresses.fill("zoe@example.com, new@example.com, wrong@example..com, slip@-example.com")
    dialog.get_by_role("button", name="Invite people").click()  # what is still typed counts
    expect(dialog.get_by_text("2 addresses are not right.")).to_be_visible()
    expect(dialog.get_by_text("Say which organisation they belong to.")).to_be_visible()
    expect(addresses).to_be_focused()

    dialog.get_by_role("button", name="Remove wrong@example..com").click()
    dialog.get_by_role("button", name="Change slip@-example.com").click()
    expect(addresses).to_have_value("slip@-example.com")
    addresses.fill("slip@company.local")  # what the page lets pass, the service need not
    picker(page, "Organisation").fill("Acme Belgium")
    dialog.get_by_role("button", name="Invite 3 people").click()
    expect(dialog.get_by_text("1 person is invited.")).to_be_visible()
    expect(dialog.get_by_text("zoe@example.com: already has an open invitation.")).to_be_visible()
    expect(dialog.get_by_text("1 address could not be used.")).to_be_visible()
    expect(
        dialog.get_by_role("button", name="Change slip@company.local, this is not an e-mail address.")
    ).to_be_visible()
    assert len(invitations(service, q="example.com", state="pending")) == 2

    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Invite people")).to_be_focused()
    expect(open_invite(page).get_by_role("button", name="Remove slip@company.local")).to_be_visible()


def test_everything_about_inviting_works_with_the_keyboard_alone(page: Page, service: Service) -> None:
    invite(service, "zoe@example.com")
    keyboard = page.keyboard
    page.get_by_role("button", name="Invite people").focus()
    keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Invite people")
    expect(dialog.get_by_label("E-mail addresses")).to_be_focused()
    keyboard.type("one@example.com two@example.com,nonsense ")
    keyboard.press("Enter")
    expect(dialog.get_by_role("list", name="People to invite").get_by_role("listitem")).to_have_count(3)
    expect(dialog.get_by_label("E-mail addresses")).to_have_accessible_description(re.compile("1 address is not right"))
    expect(dialog.get_by_role("button", name="Invite 2 people")).to_be_visible()
    keyboard.press("Backspace")  # the last one comes back to be corrected
    expect(dialog.get_by_label("E-mail addresses")).to_have_value("nonsense")
    keyboard.press("Control+A")
    keyboard.press("Delete")
    keyboard.press("Tab")
    expect(picker(page, "Organisation")).to_be_focused()
    keyboard.press("ArrowDown")
    expect(dialog.get_by_role("option", name="Acme Belgium")).to_have_attribute("aria-selected", "true")
    keyboard.press("Escape")
    expect(dialog.get_by_role("listbox")).to_have_count(0)
    expect(dialog).to_be_visible()
    keyboard.press("ArrowUp")
    expect(dialog.locator("[aria-selected=true]")).to_be_visible()
    keyboard.press("Enter")
    expect(picker(page, "Organisation")).not_to_have_value("")
    while page.evaluate("document.activeElement.textContent") != "Invite 2 people":
        keyboard.press("Tab")
    keyboard.press("Space")
    expect(page.get_by_text("2 people are invited.")).to_be_visible()
    expect(page.get_by_role("button", name="Invite people")).to_be_focused()


def test_an_answer_that_was_lost_invites_nobody_twice(page: Page, service: Service) -> None:
    lost: list[str] = []

    def lose(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().text())
            route.abort()

    page.route("**/invitations/batch", lose)
    dialog = open_invite(page)
    dialog.get_by_label("E-mail addresses").fill("ann@example.com")
    picker(page, "Organisation").fill("Acme")
    dialog.get_by_role("button", name="Invite 1 person").click()
    expect(dialog.get_by_text("The service cannot be reached")).to_be_visible()
    dialog.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("1 person is invited.")).to_be_visible()
    assert len(lost) == 1
    assert wait_for(lambda: len(service.desk.mails("ann@example.com")) == 1)
    assert len(invitations(service, q="ann@example.com")) == 1


def test_an_invitation_is_looked_at_sent_again_and_withdrawn_where_it_stands(page: Page, service: Service) -> None:
    failed, _, held = invite(service, "fail@example.com", "ann@example.com", "held@example.com", send=False)
    with service.desk.database.writing() as session:
        session.execute(
            update(Delivery)
            .where(Delivery.about_id.in_([i.id for i in session.query(Invitation).filter_by(email=failed["email"])]))
            .values(state="failed", error_code="smtp_550", error_detail="5.1.1 No such user here")
        )
    page.reload()
    expect(line(page, "fail@example.com")).to_contain_text("the mail server does not know this address.")
    line(page, "held@example.com").get_by_role("button", name="held@example.com", exact=True).click()
    details = page.get_by_role("dialog")
    expect(details).to_contain_text("Mail is held back until you send it")
    expect(details).to_contain_text("Acme Belgium")
    details.get_by_role("button", name="Send now").click()
    expect(page.get_by_role("dialog")).to_contain_text("gets the mail that is waiting now")
    page.get_by_role("dialog").get_by_role("button", name="Send now").click()
    expect(line(page, "held@example.com")).to_contain_text("Mail sent just now")

    order = page.locator(".people .name").all_inner_texts()
    page.get_by_role("button", name="Send again: fail@example.com").click()
    expect(page.get_by_role("dialog")).to_contain_text("The links in earlier mails stop working.")
    page.get_by_role("dialog").get_by_role("button", name="Send again").click()
    expect(page.get_by_role("button", name="Send again: fail@example.com")).to_be_focused()
    expect(line(page, "fail@example.com")).to_contain_text("Mail sent just now")
    assert invitations(service, q="fail@example.com")[0]["generation"] == 2

    page.get_by_role("button", name="Withdraw: ann@example.com").click()
    expect(page.get_by_role("dialog")).to_contain_text("is removed from the users")
    page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    expect(line(page, "ann@example.com")).to_contain_text("Withdrawn")
    assert page.locator(".people .name").all_inner_texts() == order
    assert invitations(service, state="revoked")[0]["email"] == "ann@example.com"

    accept(service, held["email"])  # meanwhile, elsewhere
    page.get_by_role("button", name="Withdraw: held@example.com").click()
    page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("already accepted")
    page.keyboard.press("Escape")
    expect(line(page, "held@example.com")).to_contain_text("Accepted")


def test_somebody_is_found_disabled_and_let_in_again(visit: Visits, service: Service) -> None:
    invite(service, "ann@example.com", first_name="Ann", last_name="Ode")
    accept(service, "ann@example.com")
    invite(service, "bob@example.com")
    page = visit("/console/#/users")
    expect(line(page, "bob@example.com")).to_be_visible()
    page.get_by_role("button", name="Ann Ode", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(page.get_by_role("dialog")).to_contain_text("cannot sign in any more, until you allow it again")
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(line(page, "Ann Ode")).to_contain_text("Disabled")
    assert (
        service.desk.http.get("/users", params={"state": "disabled"}).json()["items"][0]["email"] == "ann@example.com"
    )
    page.get_by_role("button", name="Ann Ode", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Let in again").click()
    page.get_by_role("dialog").get_by_role("button", name="Let in again").click()
    expect(line(page, "Ann Ode")).to_contain_text("Active")

    page.get_by_role("button", name="Ann Lee", exact=True).click()  # who looks cannot lock themselves out
    expect(page.get_by_role("dialog")).to_contain_text("Administrator")
    expect(page.get_by_role("dialog").get_by_role("button", name="Disable")).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="bob@example.com", exact=True).click()
    page.get_by_role("dialog").get_by_role("link", name="See the invitation").click()
    expect(page).to_have_title(re.compile("Invitations"))
    expect(page.locator(".people > li")).to_have_count(1)


def test_filters_stand_in_the_address_so_that_reload_and_back_keep_them(page: Page, service: Service) -> None:
    invite(service, "ann@example.com", "bob@example.com", send=False)
    (old,) = invite(service, "old@example.com")
    assert wait_for(lambda: invitations(service, delivery="sent") != [])
    with service.desk.database.writing() as session:
        late = update(Invitation).where(Invitation.email == old["email"])
        session.execute(late.values(expires_at=utcnow() - timedelta(days=1)))
    page.reload()
    names = page.locator(".people .name")
    expect(names).to_have_count(4)  # the administrator's own too
    page.get_by_role("button", name="Expired", exact=True).click()
    expect(names).to_have_text(["old@example.com"])
    page.get_by_role("button", name="Expired", exact=True).click()
    page.get_by_role("button", name="Held back").click()
    expect(names).to_have_text(["bob@example.com", "ann@example.com"])
    page.get_by_role("searchbox").fill("ann")
    expect(names).to_have_text(["ann@example.com"])
    page.reload()
    expect(names).to_have_text(["ann@example.com"])
    expect(page.get_by_role("searchbox")).to_have_value("ann")
    expect(page.get_by_role("button", name="Held back")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Failed").click()
    expect(page.get_by_role("heading", name="No invitation matches")).to_be_visible()
    page.go_back()
    expect(names).to_have_text(["ann@example.com"])
    page.get_by_role("button", name="Failed").click()
    page.get_by_role("link", name="Show everyone").click()
    expect(names).to_have_count(4)
    expect(page.get_by_role("searchbox")).to_have_value("")


def test_a_long_list_comes_in_pages_and_the_reader_goes_on_where_they_were(page: Page, service: Service) -> None:
    invite(service, *(f"person{number:02}@example.com" for number in range(60)), send=False)
    page.reload()
    names = page.locator(".people .name")
    expect(names).to_have_count(50)
    fifth = names.nth(4).inner_text()
    page.get_by_role("button", name=f"Withdraw: {fifth}").click()
    page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    expect(line(page, fifth)).to_contain_text("Withdrawn")
    page.get_by_role("button", name="Show more").click()
    expect(names).to_have_count(61)
    expect(names.nth(50)).to_be_focused()
    expect(names.nth(4)).to_have_text(fifth)
    expect(line(page, fifth)).to_contain_text("Withdrawn")
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)


def test_names_with_markup_or_from_right_to_left_are_shown_as_they_are(visit: Visits, service: Service) -> None:
    markup = "<img src=x onerror=alert(1)>"
    invite(service, "x@example.com", first_name=markup, last_name="<b>Bold</b>", student_groups=[markup])
    invite(service, "layla@example.com", first_name="ليلى", last_name="الخطيب")
    page = visit("/console/#/invitations", size=PHONE)
    expect(page.get_by_role("button", name="ليلى الخطيب", exact=True)).to_be_visible()
    page.get_by_role("button", name=f"{markup} <b>Bold</b>", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text(markup)
    assert page.locator("main img, dialog img").count() == 0
    page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"{markup} <b>Bold</b>")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
