"""The pages behind the links in mails: on a phone, without a mouse, in one's own language, and when a link is dead."""

import re
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import expect

from app.access.passwords import COMMON, is_common, is_personal
from tests.conftest import Template, link_of
from tests.console.conftest import ADMIN, PHONE, Service, Visits, serving

pytest_plugins = ("tests.browser",)
pytestmark = pytest.mark.xdist_group("browser of imports")

PASSWORD = "un cheval sous la pluie"
_numbers = count()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, migrated: Template) -> Iterator[Service]:
    """One for all tests: everybody is invited under an address of their own."""
    with serving(tmp_path_factory.mktemp("accept"), migrated) as service:
        yield service


def invite(service: Service, **person: Any) -> tuple[dict[str, Any], str]:
    """An invitation, and the token in its mail."""
    body = {"email": f"zoe{next(_numbers)}@example.com", "organisation": "Acme", "language": "fr"} | person
    answer = service.desk.http.post("/invitations", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json(), link_of(mail_to(service, body["email"]))


def mail_to(service: Service, address: str) -> Any:
    until = time.monotonic() + 20
    while not (found := service.desk.mails(to=address)):
        assert time.monotonic() < until, "no mail has left"
        time.sleep(0.01)
    return found[-1]


def state_of(service: Service, invitation: dict[str, Any]) -> str:
    return str(service.desk.http.get(f"/invitations/{invitation['id']}").json()["state"])


def test_somebody_accepts_on_a_phone_in_their_own_language_or_another(service: Service, visit: Visits) -> None:
    service.desk.http.patch("/platform", json={"after_accept_url": f"{service.url}/docs"})
    invitation, token = invite(service)
    page = visit(f"/accept#{token}", signed_in=False, size=PHONE, locale="nl-BE")
    expect(page.get_by_role("heading", level=1)).to_have_text("Bienvenue sur Acme Academy")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.get_by_label("Adresse e-mail")).to_have_value(invitation["email"])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert state_of(service, invitation) == "pending"
    page.get_by_label("Prénom").fill("Zoé")
    page.get_by_label("Nom", exact=True).fill("Dupont")
    page.get_by_label("Langue").select_option("nl")
    expect(page.get_by_role("heading", level=1)).to_have_text("Welkom bij Acme Academy")
    expect(page.get_by_label("Voornaam")).to_have_value("Zoé")
    page.get_by_label("Taal").select_option("fr")
    page.get_by_label("Choisissez un mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Confirmer").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tout est prêt")
    expect(page.get_by_role("link", name="Continuer vers Acme Academy")).to_have_attribute(
        "href", f"{service.url}/docs"
    )
    assert state_of(service, invitation) == "accepted"
    user = service.desk.http.get(f"/users/{invitation['user_id']}").json()
    assert (user["state"], user["first_name"], user["last_name"]) == ("active", "Zoé", "Dupont")
    assert "#" not in page.url


def test_somebody_accepts_without_a_mouse(service: Service, visit: Visits) -> None:
    invitation, token = invite(service, language="en", first_name="Zoe", last_name="Dupont")
    page = visit(f"/accept#{token}", signed_in=False)
    expect(page.get_by_label("Choose a password")).to_be_focused()
    expect(page.get_by_label("First name")).to_have_count(0)
    page.keyboard.type("a horse in the rain")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Show the password")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_label("Choose a password")).to_have_attribute("type", "text")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    done = page.get_by_role("heading", name="You are in")
    expect(done).to_be_focused()
    assert state_of(service, invitation) == "accepted"


def test_the_meter_and_the_rules_follow_what_is_typed(service: Service, visit: Visits) -> None:
    _, token = invite(service, language="en", first_name="Zoe", last_name="Dupont")
    page = visit(f"/accept#{token}", signed_in=False)
    password, status = (
        page.get_by_label("Choose a password"),
        page.get_by_role("status", name="Strength of the password"),
    )
    kept = page.locator("li.kept")
    expect(kept).to_have_count(0)
    for typed, rules, said in (
        ("zoe", 0, ""),
        ("password1", 2, ""),
        ("zoedupont1", 2, ""),
        ("hortensi", 3, "Weak: longer is better"),
        ("hortensia garden in the rain", 3, "Very good"),
    ):
        password.fill(typed)
        expect(kept).to_have_count(rules)
        expect(status).to_have_text(said)
    password.fill("zoedupont1")
    page.get_by_role("button", name="Set password").click()
    expect(password).to_have_accessible_description(re.compile("little more than your name or address"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to Acme Academy")


def test_a_dead_link_says_what_may_be_the_matter_and_what_to_do(service: Service, visit: Visits) -> None:
    invitation, token = invite(service)
    service.desk.http.post(f"/invitations/{invitation['id']}/revoke")
    for link in (token, ""):
        page = visit(f"/accept#{link}", signed_in=False, locale="nl")
        expect(page.get_by_role("heading", name="Deze link werkt niet meer")).to_be_focused()
        expect(page.get_by_role("listitem")).to_have_count(4)


def test_a_link_that_dies_while_it_is_open_is_said_to_be_dead(service: Service, visit: Visits) -> None:
    invitation, token = invite(service, language="en")
    page = visit(f"/accept#{token}", signed_in=False)
    page.get_by_label("Choose a password").fill(PASSWORD)
    service.desk.http.post(f"/invitations/{invitation['id']}/revoke")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_role("heading", name="This link no longer works")).to_be_focused()


def test_a_lost_connection_keeps_what_was_typed(service: Service, visit: Visits) -> None:
    invitation, token = invite(service, language="en", first_name="Zoe", last_name="Dupont")
    page = visit(f"/accept#{token}", signed_in=False)
    page.get_by_label("Choose a password").fill(PASSWORD)
    page.context.set_offline(True)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_role("alert")).to_contain_text("The service cannot be reached")
    page.context.set_offline(False)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_role("heading", name="You are in")).to_be_visible()
    assert state_of(service, invitation) == "accepted"


def test_a_forgotten_password_is_chosen_anew_and_a_used_link_leads_to_a_new_one(
    service: Service, visit: Visits
) -> None:
    service.desk.stranger().post("/password-resets", json={"email": ADMIN})
    text = mail_to(service, ADMIN).get_body(("plain",)).get_content()
    path = "/reset#" + text.split("/reset#", 1)[1].split()[0]
    page = visit(path, signed_in=False, size=PHONE)
    expect(page.get_by_label("New password")).to_be_focused()
    page.keyboard.type("admin acme")
    page.keyboard.press("Enter")
    expect(page.get_by_label("New password")).to_have_accessible_description(re.compile("little more than your name"))
    page.get_by_label("New password").fill("a horse in the rain")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your new password is saved")).to_be_focused()
    page.get_by_role("link", name="Sign in as an administrator").click()
    page.get_by_label("E-mail address").fill(ADMIN)
    page.get_by_label("Password").fill("a horse in the rain")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Invitations")).to_be_visible()

    again = visit(path, signed_in=False)
    again.get_by_label("New password").fill("another horse in the rain")
    again.keyboard.press("Enter")
    expect(again.get_by_role("heading", name="This link no longer works")).to_be_focused()
    again.get_by_label("E-mail address").fill("nobody@example.com")
    again.keyboard.press("Enter")
    expect(again.get_by_role("status")).to_contain_text("If there is an account with this address")


def test_names_with_markup_and_from_right_to_left_are_shown_as_they_are(service: Service, visit: Visits) -> None:
    name = "<img src=x onerror=alert(1)> أكاديمية"
    before = service.desk.http.get("/platform").json()
    service.desk.http.patch("/platform", json={"name": name, "sender_name": name})
    _, token = invite(service, language="en", first_name="</script><b>Zoe", last_name="כהן")
    page = visit(f"/accept#{token}", signed_in=False)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Welcome to {name}")
    assert page.locator("img").count() == 0
    service.desk.http.patch("/platform", json={what: before[what] for what in ("name", "sender_name")})


def test_the_page_judges_a_password_as_the_service_does(visit: Visits) -> None:
    page = visit("/accept", signed_in=False)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    script = page.locator("script[src]").get_attribute("src")
    assert script is not None
    module = script.replace("accept.js", "strength.js")
    assert set(page.evaluate(f"import('{module}').then((m) => [...m.COMMON])")) == COMMON
    about = ["jan.peeters@example.com", "Jan", "Peeters-O’Neill"]
    passwords = [*sorted(COMMON)[:5], "PassWord1", "aaaaaaab", "janpeeters", "jan.peeters@example.com", "Peeters2024",
                 "peeters 1", "oneill99", "ÉÉÉÉÉÉÉÉ", "hortensia", "a long enough password"]  # fmt: skip
    judged = page.evaluate(
        f"([all, about]) => import('{module}').then((m) => all.map((one) => m.rulesKept(one, about)))",
        [passwords, about],
    )
    for password, kept in zip(passwords, judged, strict=True):
        assert kept["common"] is not is_common(password), password
        assert kept["personal"] is not is_personal(password, about), password
