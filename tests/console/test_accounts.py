"""Signing in, staying in, and what an administrator sets: sessions, passwords, languages, settings, keys, mails."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import delete

from app.access.models import SignInSession
from tests.conftest import Template
from tests.console.conftest import ADMIN, PASSWORD, PHONE, Service, Visits, serving

pytest_plugins = ("tests.browser",)
pytestmark = pytest.mark.xdist_group("browser")


def sign_in(page: Page, password: str = PASSWORD, email: str = ADMIN) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def end_sessions(service: Service) -> None:
    """As if the time of every session were over."""
    with service.desk.database.writing() as session:
        ended = session.execute(delete(SignInSession).where(SignInSession.platform_id > 0))
        assert ended.rowcount > 0  # type: ignore[attr-defined] # an UPDATE's result has it


def menu(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Main menu").get_by_role("link", name=name).click()


# --- signing in ------------------------------------------------------------------------------------------------------


def test_an_administrator_signs_in_with_the_keyboard_alone_and_out_again(visit: Visits) -> None:
    page = visit("/", signed_in=False)
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.keyboard.type(ADMIN)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Invitations")).to_be_visible()
    expect(page).to_have_title("Invitations · Acme Academy")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_wrong_password_and_a_lost_connection_are_said_in_words_and_keep_what_was_typed(visit: Visits) -> None:
    page = visit(signed_in=False)
    sign_in(page, "not my password")
    expect(page.get_by_role("alert")).to_contain_text("Signing in did not work")
    expect(page.get_by_label("E-mail address")).to_have_value(ADMIN)
    page.context.set_offline(True)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The service cannot be reached")
    page.context.set_offline(False)
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_role("navigation", name="Main menu")).to_be_visible()


def test_where_the_address_names_no_platform_one_can_be_chosen(service: Service, visit: Visits) -> None:
    service.desk.platform("globex")
    page = visit(signed_in=False)
    expect(page.get_by_label("Platform")).to_have_count(0)
    sign_in(page)
    page.get_by_role("button", name="Are you on another platform").click()
    page.get_by_label("Platform").fill("acme")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="Acme Academy")).to_be_visible()
    expect(visit("/console/?platform=globex", signed_in=False).get_by_label("Platform")).to_have_value("globex")


def test_a_forgotten_password_gets_the_same_friendly_answer_for_anybody(service: Service, visit: Visits) -> None:
    for address in ("nobody@example.com", ADMIN):
        page = visit(signed_in=False)
        page.get_by_role("button", name="Forgot your password?").click()
        page.get_by_label("E-mail address").fill(address)
        page.get_by_role("button", name="Send me the link").click()
        expect(page.get_by_role("status")).to_contain_text("If there is an account with this address")
        page.get_by_role("button", name="Back to signing in").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


# --- a session that ends in the middle -----------------------------------------------------------------------------


def test_a_session_that_ends_in_the_middle_loses_nothing(service: Service, visit: Visits) -> None:
    page = visit("/console/#/settings")
    page.get_by_label("Name of the platform").fill("Acme College")
    end_sessions(service)
    page.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog", name="Please sign in again")
    expect(dialog.get_by_label("E-mail address")).to_have_value(ADMIN)
    expect(dialog.get_by_label("Password")).to_be_focused()
    page.keyboard.press("Escape")
    dialog.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("Signing in did not work")
    dialog.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("The settings are saved.")).to_be_visible()
    expect(dialog).to_have_count(0)
    expect(page.get_by_label("Name of the platform")).to_have_value("Acme College")
    assert service.desk.http.get("/platform").json()["name"] == "Acme College"

    end_sessions(service)
    menu(page, "Users")  # several requests at once, one question
    dialog.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("main").get_by_text(ADMIN).first).to_be_visible()


# --- the language ----------------------------------------------------------------------------------------------------


def test_the_console_speaks_the_browsers_language_until_another_is_chosen(visit: Visits) -> None:
    page = visit("/console/#/settings", locale="nl-BE")
    expect(page.get_by_role("heading", level=1)).to_have_text("Instellingen")
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    page.get_by_label("Naam van het platform").fill("Typed before")
    page.get_by_label("Taal", exact=True).first.select_option("fr")
    expect(page.get_by_role("heading", level=1)).to_have_text("Paramètres")
    expect(page.get_by_label("Nom de la plateforme")).to_have_value("Typed before")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Paramètres")
    other = visit(signed_in=False, locale="ja-JP")
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()


# --- settings --------------------------------------------------------------------------------------------------------


def test_settings_are_changed_and_what_is_wrong_stands_beside_its_field(service: Service, visit: Visits) -> None:
    page = visit("/console/#/settings")
    page.get_by_label("Name of the sender").fill("Acme HR")
    page.get_by_label("Language", exact=True).last.select_option("fr")
    page.get_by_label("Days an invitation works").fill("14")
    page.get_by_label("Where people go").fill("https://learn.acme.example.com/start")
    page.get_by_label("Time zone").fill("Europe/Nowhere")
    page.get_by_role("button", name="Save").click()
    zone = page.get_by_label("Time zone")
    expect(zone).to_have_attribute("aria-invalid", "true")
    expect(zone).to_have_accessible_description(re.compile("no time zone we know"))
    zone.fill("Europe/Paris")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The settings are saved.")).to_be_visible()
    saved = service.desk.http.get("/platform").json()
    assert (saved["sender_name"], saved["default_language"], saved["time_zone"]) == ("Acme HR", "fr", "Europe/Paris")
    assert (saved["invitation_days"], saved["after_accept_url"]) == (14, "https://learn.acme.example.com/start")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Nothing has changed.")).to_be_visible()


def test_ones_own_password_is_changed_and_this_browser_stays_signed_in(service: Service, visit: Visits) -> None:
    other = visit()
    page = visit("/console/#/settings/password")
    page.get_by_label("Current password").fill("not it")
    page.get_by_label("New password").fill("wachtwoord123")
    expect(page.get_by_role("listitem").filter(has_text="Not one that anybody would try first")).not_to_have_class(
        "kept"
    )
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_label("New password")).to_have_accessible_description(re.compile("among the first"))
    page.get_by_label("New password").fill("a horse in the rain")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_label("Current password")).to_have_accessible_description("This is not the old password.")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    menu(page, "Users")
    expect(page.get_by_role("main").get_by_text(ADMIN).first).to_be_visible()
    other.reload()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()


# --- keys ------------------------------------------------------------------------------------------------------------


def test_a_key_is_made_shown_once_used_and_revoked(service: Service, visit: Visits) -> None:
    page = visit("/console/#/settings/keys")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_be_focused()
    page.keyboard.type("HR system")
    dialog.get_by_role("checkbox", name=re.compile("^Import")).uncheck()
    page.get_by_role("button", name="Make the key").click()
    expect(dialog.get_by_text("Choose at least one.")).to_be_visible()
    dialog.get_by_role("checkbox", name=re.compile("^Look")).check()
    page.get_by_role("button", name="Make the key").click()
    expect(dialog.get_by_role("heading", name="Your new key")).to_be_visible()
    key = dialog.get_by_label("Key", exact=True).input_value()
    expect(dialog.get_by_role("button", name="Copy")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == key
    with service.desk.client(key=key) as client:
        assert client.get("/users").status_code == 200
        dialog.get_by_role("button", name="I have kept it").click()
        line = page.get_by_role("row").filter(has_text="HR system")
        expect(line).to_contain_text("Look")
        assert key not in page.content()
        line.get_by_role("button", name="Revoke").click()
        expect(page.get_by_role("dialog")).to_contain_text("can no longer do anything here")
        page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        expect(page.get_by_text("The key “HR system” is revoked.")).to_be_visible()
        expect(line).to_have_count(0)
        assert client.get("/users").status_code == 401


# --- sent mails ------------------------------------------------------------------------------------------------------


def test_a_sent_mail_is_read_as_its_reader_sees_it_and_runs_nothing(service: Service, visit: Visits) -> None:
    page = visit("/console/#/mails")
    expect(page.get_by_role("heading", name="No mails yet")).to_be_visible()
    person = {
        "email": "zoe@example.com",
        "organisation": "Acme",
        "language": "fr",
        "message": "<script>alert(1)</script>",
    }
    assert service.desk.http.post("/invitations", json=person).status_code == 201
    mail = page.get_by_role("link", name="Votre invitation à rejoindre Acme Academy")
    for _ in range(50):
        page.get_by_role("button", name="Look again").click()
        expect(page.get_by_role("button", name="Look again")).to_have_attribute("aria-disabled", "false")
        if mail.count():
            break
    mail.click()
    inside = page.frame_locator("iframe")
    expect(inside.get_by_role("heading", name="Votre invitation")).to_be_visible()
    expect(inside.get_by_text("<script>alert(1)</script>")).to_be_visible()
    assert page.locator("iframe").get_attribute("sandbox") == "allow-same-origin"
    page.get_by_text("As plain text").click()
    expect(page.locator("pre")).to_contain_text(f"{service.url}/accept#")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Open the link in this mail").click()
    expect(opened.value.get_by_role("heading", name="Bienvenue sur Acme Academy")).to_be_visible()
    page.go_back()
    expect(mail).to_be_visible()


def test_where_mails_leave_for_real_there_is_nothing_to_read(
    tmp_path: Path, migrated: Template, browser: Browser
) -> None:
    with serving(tmp_path, migrated, mail_url="smtp://127.0.0.1:9") as service:
        visits = Visits(browser, service)
        page = visits(size=PHONE)
        expect(page.get_by_role("link", name="Invitations")).to_be_visible()
        expect(page.get_by_role("link", name="Sent mails")).to_have_count(0)
        visits.close()
        assert visits.problems == []
