"""Signing in and out, forgotten and changed passwords, keys and platform settings, over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.access.actor import Scope
from app.access.models import ApiKey, SignInSession
from app.access.tokens import Keyring, Link, Purpose
from app.db.base import utcnow
from app.directory.models import User
from app.invitations.models import Invitation
from tests.conftest import SECRET, Desk, link_of

LONG_ON_POSTGRESQL = True

ADMIN = {"email": "Admin@Acme.example.com", "password": "correct horse"}
SAME_SITE = {"Origin": "http://testserver", "X-Rollcall-Request": "1"}


def activate_admin(desk: Desk) -> None:
    """The administrator of acme sets their password by the one-time link."""
    with desk.database.reading() as session:
        invitation = session.scalars(select(Invitation).where(Invitation.platform_id == desk.platform_id())).one()
    token = Keyring([SECRET]).sign_link(Purpose.INVITATION, Link(desk.platform_id(), invitation.id, 1))
    answer = desk.stranger().post("/invitations/accept", json={"token": token, "password": ADMIN["password"]})
    assert answer.status_code == 200, answer.text


@pytest.fixture
def admins(desk: Desk) -> Desk:
    activate_admin(desk)
    return desk


def sign_in(desk: Desk, **fields: Any) -> TestClient:
    """A client signed in by token."""
    answer = desk.stranger().post("/sessions", json=ADMIN | {"mode": "token"} | fields)
    assert answer.status_code == 201, answer.text
    return desk.client(key=answer.json()["token"])


def reset_token(desk: Desk) -> str:
    body = desk.mails()[-1].get_body(("plain",))
    assert body is not None
    return str(body.get_content()).split("/reset#", 1)[1].split()[0]


def test_an_administrator_signs_in_by_token_and_may_do_everything(admins: Desk) -> None:
    client = sign_in(admins)
    assert client.get("/users").status_code == 200
    invited = client.post("/invitations", json={"email": "jan@example.com", "organisation": "Acme"}).json()
    assert invited["inviter"] == "Admin@Acme.example.com".lower() or invited["inviter"] == "admin@acme.example.com"
    assert client.delete("/sessions/current").status_code == 204
    assert client.get("/users").json()["code"] == "not_authenticated"


def test_a_cookie_session_needs_the_origin_and_the_header_for_changes(admins: Desk) -> None:
    client = admins.stranger()
    answer = client.post("/sessions", json=ADMIN)
    assert answer.json()["token"] is None
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert client.get("/users").status_code == 200
    new = {"email": "jan@example.com", "organisation": "Acme"}
    for headers in (
        {},
        {"Origin": "http://testserver"},
        {"X-Rollcall-Request": "1"},
        {"Origin": "https://evil.example", "X-Rollcall-Request": "1"},
    ):
        refused = client.post("/invitations", json=new, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "origin_refused")
    assert client.get("/invitations", params={"q": "jan@"}).json()["items"] == []
    assert client.post("/invitations", json=new, headers=SAME_SITE).status_code == 201
    assert client.delete("/sessions/current", headers=SAME_SITE).status_code == 204
    assert client.get("/users").status_code == 401


def test_under_tls_the_cookie_is_bound_to_the_host(tmp_path: Any, migrated: Any) -> None:

    desk = Desk(tmp_path, migrated, public_url="https://testserver")
    activate_admin(desk)
    cookie = desk.stranger().post("/sessions", json=ADMIN).headers["set-cookie"]
    assert cookie.startswith("__Host-rollcall=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    desk.close()


def test_every_failure_to_sign_in_is_the_same_answer(admins: Desk) -> None:
    invited = admins.http.post("/invitations", json={"email": "jan@example.com", "organisation": "Acme"})
    assert invited.status_code == 201
    admins.platform("globex")
    answers = set()
    for fields in (
        {"password": "wrong horse"},
        {"email": "nobody@example.com"},
        {"email": "not an address"},
        {"email": "jan@example.com"},
        {"platform": "globex"},
        {"platform": "nowhere"},
    ):
        answer = admins.stranger().post("/sessions", json=ADMIN | {"platform": "acme"} | fields)
        body = {key: value for key, value in answer.json().items() if key != "request_id"}
        answers.add((answer.status_code, str(body)))
    assert len(answers) == 1
    assert answers.pop()[0] == 401


def test_the_platform_is_named_or_the_hosts_or_the_only_one(admins: Desk) -> None:
    assert admins.stranger().post("/sessions", json=ADMIN).status_code == 201
    admins.platform("globex")
    assert admins.stranger().post("/sessions", json=ADMIN).status_code == 401
    by_host = admins.stranger().post("/sessions", json=ADMIN, headers={"Host": "acme.rollcall.example"})
    assert by_host.status_code == 201
    assert admins.stranger().post("/sessions", json=ADMIN | {"platform": "acme"}).status_code == 201


def test_an_expired_session_is_unknown(admins: Desk) -> None:
    client = sign_in(admins)
    with admins.database.writing() as session:
        session.execute(update(SignInSession).values(expires_at=utcnow() - timedelta(seconds=1)))
    assert client.get("/users").json()["code"] == "not_authenticated"


def test_a_forgotten_password_is_set_by_a_mail_that_works_once(admins: Desk) -> None:
    old_session = sign_in(admins)
    assert admins.stranger().post("/password-resets", json={"email": "ADMIN@acme.example.com"}).status_code == 202
    admins.work()
    token = reset_token(admins)
    done = admins.stranger().post("/password-resets/complete", json={"token": token, "password": "a new horse"})
    assert (done.status_code, done.json()) == (200, {"status": "done"})
    again = admins.stranger().post("/password-resets/complete", json={"token": token, "password": "a newer horse"})
    assert (again.status_code, again.json()["code"]) == (410, "reset_not_usable")
    assert old_session.get("/users").status_code == 401
    assert admins.stranger().post("/sessions", json=ADMIN).status_code == 401
    sign_in(admins, password="a new horse")


def test_a_reset_answers_the_same_for_everybody_and_mails_only_active_people(admins: Desk) -> None:
    admins.http.post("/invitations", json={"email": "jan@example.com", "organisation": "Acme", "send": False})
    answers = {
        (answer.status_code, answer.text)
        for email in ("admin@acme.example.com", "jan@example.com", "nobody@example.com", "nonsense")
        for answer in [admins.stranger().post("/password-resets", json={"email": email})]
    }
    assert len(answers) == 1
    admins.work()
    assert len(admins.mails()) == 1


def test_a_newer_reset_and_an_hour_end_the_older_one(admins: Desk) -> None:
    tokens = []
    for _ in range(2):
        for _again in range(2):  # twice within a minute is one mail
            admins.stranger().post("/password-resets", json={"email": "admin@acme.example.com"})
        admins.work()
        tokens.append(reset_token(admins))
        with admins.database.writing() as session:
            session.execute(update(User).values(reset_expires_at=utcnow() + timedelta(minutes=30)))
    assert len(admins.mails()) == 2
    first, second = tokens
    answer = admins.stranger().post("/password-resets/complete", json={"token": first, "password": "a new horse"})
    assert answer.status_code == 410
    with admins.database.writing() as session:
        session.execute(update(User).values(reset_expires_at=utcnow() - timedelta(seconds=1)))
    answer = admins.stranger().post("/password-resets/complete", json={"token": second, "password": "a new horse"})
    assert answer.status_code == 410


def test_a_password_is_changed_by_the_old_one_and_every_session_ends(admins: Desk) -> None:
    client = sign_in(admins)
    wrong = client.put("/password", json={"old_password": "wrong", "password": "a new horse"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "password_wrong")
    short = client.put("/password", json={"old_password": ADMIN["password"], "password": "short"})
    assert short.json()["errors"][0]["code"] == "password_too_short"
    changed = client.put("/password", json={"old_password": ADMIN["password"], "password": "a new horse"})
    assert changed.status_code == 200
    assert client.get("/users").status_code == 401
    sign_in(admins, password="a new horse")
    assert admins.http.put("/password", json={"old_password": "x", "password": "a new horse"}).status_code == 404


def test_disabling_ends_the_sessions_and_letting_in_again_works(admins: Desk) -> None:
    client = sign_in(admins)
    (admin,) = client.get("/users", params={"q": "admin@"}).json()["items"]
    disabled = admins.http.patch(f"/users/{admin['id']}", json={"state": "disabled"})
    assert disabled.json()["state"] == "disabled"
    assert client.get("/users").status_code == 401
    assert admins.stranger().post("/sessions", json=ADMIN).status_code == 401
    assert admins.http.patch(f"/users/{admin['id']}", json={"state": "active"}).json()["state"] == "active"
    sign_in(admins)
    invited = admins.http.post("/invitations", json={"email": "jan@example.com", "organisation": "Acme"}).json()
    refused = admins.http.patch(f"/users/{invited['user_id']}", json={"state": "disabled"})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_accepted")


def test_keys_are_made_shown_once_used_and_revoked(admins: Desk) -> None:
    client = sign_in(admins)
    made = client.post("/api-keys", json={"name": "HR system", "scopes": ["import"]})
    assert made.status_code == 201
    key = made.json()["key"]
    assert key.startswith(made.json()["prefix"])
    with admins.database.reading() as session:
        stored = [str(vars(row)) for row in session.scalars(select(ApiKey))]
    assert not any(key in row for row in stored)
    hr = admins.client(key=key)
    assert hr.get("/imports").status_code == 200
    assert hr.get("/api-keys").json()["code"] == "scope_missing"
    listed = client.get("/api-keys").json()["items"]
    assert "key" not in listed[0]
    assert next(item for item in listed if item["name"] == "HR system")["last_used_at"] is not None
    assert client.delete(f"/api-keys/{made.json()['id']}").status_code == 204
    assert hr.get("/imports").status_code == 401
    assert client.delete(f"/api-keys/{made.json()['id']}").status_code == 404


def test_the_platform_can_be_changed_and_mails_follow(desk: Desk) -> None:
    assert desk.client("acme", Scope.READ).get("/platform").json()["time_zone"] == "Europe/Brussels"
    changed = desk.http.patch(
        "/platform",
        json={
            "sender_name": "Acme HR",
            "default_language": "nl",
            "invitation_days": 14,
            "after_accept_url": "https://learn.example.com/",
        },
    )
    assert (changed.status_code, changed.json()["name"]) == (200, "Acme Academy")
    desk.http.post("/invitations", json={"email": "jan@example.com", "organisation": "Acme"})
    desk.work()
    (mail,) = desk.mails()
    assert mail["From"].addresses[0].display_name == "Acme HR"
    assert mail["Content-Language"] == "nl"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone_unknown"),
        ({"default_language": "xx"}, "language_unknown"),
        ({"invitation_days": 31}, "out_of_range"),
        ({"after_accept_url": "javascript:alert(1)"}, "not_a_web_address"),
        ({"sender_name": "Evil\r\nBcc: x@example.com"}, "characters_not_allowed"),
        ({"subdomain": "other"}, "unknown_field"),
        ({"name": None}, "wrong_type"),
    ],
)
def test_bad_platform_settings_are_refused(desk: Desk, body: dict[str, Any], code: str) -> None:
    refused = desk.http.patch("/platform", json=body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["code"] == code


def test_pages_of_allowed_origins_may_use_the_api_with_a_token_and_others_may_not(tmp_path: Any, migrated: Any) -> None:

    desk = Desk(tmp_path, migrated, allowed_origins="https://app.example.com")
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,idempotency-key"}
    allowed = desk.stranger().options("/invitations", headers={"Origin": "https://app.example.com"} | asked)
    assert allowed.headers["access-control-allow-origin"] == "https://app.example.com"
    assert "access-control-allow-credentials" not in allowed.headers
    answer = desk.http.get("/users", headers={"Origin": "https://app.example.com"})
    assert {"X-Request-Id", "Content-Disposition"} <= {*answer.headers["access-control-expose-headers"].split(", ")}
    for refused in (
        desk.stranger().options("/invitations", headers={"Origin": "https://evil.example"} | asked),
        desk.http.get("/users", headers={"Origin": "https://evil.example"}),
    ):
        assert "access-control-allow-origin" not in refused.headers
    desk.close()


# --- who is signed in, and what a password must be -----------------------------------------------------------------


def test_a_session_tells_whose_it_is_and_a_key_has_none(admins: Desk) -> None:
    session = sign_in(admins).get("/sessions/current").json()
    assert (session["user"]["email"], session["user"]["role"]) == (ADMIN["email"].lower(), "admin")
    assert admins.http.get("/sessions/current").json()["code"] == "not_found"


@pytest.mark.parametrize("password", ["password1", "Wachtwoord123", "aaaaaaaa", "12121212", "ÉÉÉÉÉÉÉÉÉÉ"])
def test_a_password_everybody_tries_first_is_refused(admins: Desk, password: str) -> None:
    changed = sign_in(admins).put("/password", json={"old_password": ADMIN["password"], "password": password})
    assert changed.status_code == 422
    assert [(error["pointer"], error["code"]) for error in changed.json()["errors"]] == [
        ("/password", "password_common")
    ]
    accepted = admins.stranger().post("/invitations/accept", json={"token": "x", "password": password})
    assert accepted.json()["errors"][0]["code"] == "password_common"


def test_ones_own_name_or_address_is_no_password_by_any_door(admins: Desk) -> None:
    def refused(answer: Any) -> bool:
        return [error["code"] for error in answer.json().get("errors", ())] == ["password_personal"]

    changed = sign_in(admins).put("/password", json={"old_password": ADMIN["password"], "password": "Admin.Acme1"})
    assert refused(changed)
    admins.stranger().post("/password-resets", json={"email": ADMIN["email"]})
    admins.work()
    body = {"token": reset_token(admins), "password": "admin@acme.example.com"}
    assert refused(admins.stranger().post("/password-resets/complete", json=body))
    person = {"email": "jan.peeters@example.com", "organisation": "Acme", "first_name": "Jan"}
    invitation = admins.http.post("/invitations", json=person).json()
    admins.work()
    token = link_of(admins.mails(to="jan.peeters")[0])
    new = {"token": token, "last_name": "Oneill"}  # a name that is given with the password counts too
    assert refused(admins.stranger().post("/invitations/accept", json={"token": token, "password": "janpeeters1"}))
    assert refused(admins.stranger().post("/invitations/accept", json=new | {"password": "oneill-jan"}))
    assert admins.http.get(f"/invitations/{invitation['id']}").json()["state"] == "pending"
    assert admins.stranger().post("/invitations/accept", json=new | {"password": "correct horse"}).status_code == 200
