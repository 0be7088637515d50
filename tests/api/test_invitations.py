"""Inviting one by one, and the life of an invitation (rules 1, 2, 14, 15), over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from app.access.actor import Scope
from app.invitations.models import Invitation
from tests.conftest import Desk, link_of

JAN = {"email": "jan@example.com", "first_name": "Jan", "last_name": "Peeters", "organisation": "Acme"}


def invite(desk: Desk, **fields: Any) -> dict[str, Any]:
    answer = desk.http.post("/invitations", json=JAN | fields)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def accept(desk: Desk, token: str, **fields: Any) -> Any:
    return desk.stranger().post("/invitations/accept", json={"token": token, "password": "correct horse"} | fields)


def expire(desk: Desk, invitation_id: str) -> None:
    with desk.database.writing() as session:
        session.execute(update(Invitation).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))


def test_a_person_is_invited_gets_one_mail_in_their_language_and_becomes_active(desk: Desk) -> None:
    created = desk.http.post(
        "/invitations",
        json=JAN
        | {
            "student_groups": ["Sales", " sales "],
            "label": "Employee",
            "language": "fr",
            "team": "Lyon",
            "message": "Bienvenue <b>Jan</b> & co",
        },
    )
    assert created.status_code == 201
    body = created.json()
    assert created.headers["location"] == f"/api/v1/invitations/{body['id']}"
    assert (body["state"], body["student_groups"], body["label"], body["team"]) == (
        "pending",
        ["Sales"],
        "Employee",
        "Lyon",
    )
    assert body["expires_at"] is None
    assert body["inviter"] == "Acme Academy"
    desk.work()
    desk.work()
    (mail,) = desk.mails()
    assert mail["Content-Language"] == "fr"
    html = mail.get_body(("html",))
    assert html is not None
    assert "Bienvenue &lt;b&gt;Jan&lt;/b&gt; &amp; co" in html.get_content()
    seen = desk.http.get(f"/invitations/{body['id']}").json()
    assert seen["delivery"]["state"] == "sent"
    assert seen["expires_at"] is not None

    token = link_of(mail)
    inspected = desk.stranger().post("/invitations/inspect", json={"token": token})
    assert inspected.json()["email"] == "jan@example.com"
    user = accept(desk, token, last_name="Janssens")
    assert user.status_code == 200
    assert (user.json()["state"], user.json()["last_name"]) == ("active", "Janssens")
    assert desk.http.get(f"/invitations/{body['id']}").json()["state"] == "accepted"
    again = accept(desk, token)
    assert (again.status_code, again.json()["code"]) == (410, "invitation_not_usable")


def test_an_active_person_is_not_invited_again(desk: Desk) -> None:
    invite(desk)
    desk.work()
    assert accept(desk, link_of(desk.mails()[0])).status_code == 200
    refused = desk.http.post("/invitations", json=JAN | {"email": "JAN@Example.com"})
    assert (refused.status_code, refused.json()["code"]) == (409, "already_a_user")
    desk.work()
    assert len(desk.mails()) == 1


def test_a_pending_invitation_is_named_and_nothing_is_sent(desk: Desk) -> None:
    first = invite(desk)
    refused = desk.http.post("/invitations", json=JAN)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_invited")
    assert refused.json()["invitation_id"] == first["id"]
    desk.work()
    assert len(desk.mails()) == 1


def test_without_send_the_mail_is_held_until_a_resend_releases_it(desk: Desk) -> None:
    held = invite(desk, send=False)
    assert held["delivery"]["state"] == "held"
    desk.work()
    assert desk.mails() == []
    released = desk.http.post(f"/invitations/{held['id']}/resend")
    assert (released.status_code, released.json()["generation"]) == (200, 1)
    desk.work()
    assert len(desk.mails()) == 1


def test_a_resend_sends_a_new_link_and_the_old_one_is_dead(desk: Desk) -> None:
    invitation = invite(desk, message="Hello", language="nl")
    desk.work()
    again = desk.http.post(f"/invitations/{invitation['id']}/resend").json()
    assert (again["generation"], again["expires_at"], again["message"]) == (2, None, "Hello")
    desk.work()
    old, new = (link_of(mail) for mail in desk.mails())
    assert accept(desk, old).status_code == 410
    assert accept(desk, new).status_code == 200
    assert desk.mails()[0]["Message-ID"] != desk.mails()[1]["Message-ID"]


def test_an_expired_invitation_is_dead_shown_as_such_and_can_be_resent(desk: Desk) -> None:
    invitation = invite(desk)
    desk.work()
    expire(desk, invitation["id"])
    token = link_of(desk.mails()[0])
    assert accept(desk, token).status_code == 410
    assert desk.http.get("/invitations", params={"state": "expired"}).json()["items"][0]["id"] == invitation["id"]
    assert [item["email"] for item in desk.http.get("/invitations", params={"state": "pending"}).json()["items"]] == []
    resent = desk.http.post(f"/invitations/{invitation['id']}/resend").json()
    assert (resent["state"], resent["generation"]) == ("pending", 2)
    desk.work()
    assert accept(desk, link_of(desk.mails()[1])).status_code == 200


def test_an_expired_invitation_is_not_resent_while_another_is_pending(desk: Desk) -> None:
    first = invite(desk)
    desk.work()
    expire(desk, first["id"])
    second = invite(desk)
    refused = desk.http.post(f"/invitations/{first['id']}/resend")
    assert (refused.status_code, refused.json()["code"]) == (409, "already_invited")
    assert refused.json()["invitation_id"] == second["id"]
    # Revoking the expired one leaves the person alone: another invitation of theirs stands.
    assert desk.http.post(f"/invitations/{first['id']}/revoke").json()["state"] == "revoked"
    assert desk.http.get(f"/users/{second['user_id']}").status_code == 200


def test_inviting_again_after_expiry_keeps_the_person_and_adds_what_the_form_names(desk: Desk) -> None:
    first = invite(desk, student_groups=["Sales"], label="Employee")
    desk.work()
    expire(desk, first["id"])
    second = invite(desk, organisation="Globex", student_groups=["Buyers"])
    assert second["user_id"] == first["user_id"]
    assert second["organisation"] == "Globex"
    assert (second["student_groups"], second["label"]) == (["Buyers", "Sales"], "Employee")
    assert len(desk.http.get("/users", params={"q": "jan@"}).json()["items"]) == 1


def test_a_revoked_person_is_gone_their_links_are_dead_and_their_mail_is_dropped(desk: Desk) -> None:
    invitation = invite(desk)
    revoked = desk.http.post(f"/invitations/{invitation['id']}/revoke").json()
    assert (revoked["state"], revoked["delivery"]["state"], revoked["user_id"]) == ("revoked", "dropped", None)
    assert (revoked["email"], revoked["organisation"]) == ("jan@example.com", "Acme")
    assert desk.http.post(f"/invitations/{invitation['id']}/revoke").json()["state"] == "revoked"
    desk.work()
    assert desk.mails() == []
    assert desk.http.get(f"/users/{invitation['user_id']}").status_code == 404
    assert desk.http.post(f"/invitations/{invitation['id']}/resend").json()["code"] == "not_resendable"
    invite(desk)


def test_an_accepted_invitation_cannot_be_revoked_or_resent(desk: Desk) -> None:
    invitation = invite(desk)
    desk.work()
    accept(desk, link_of(desk.mails()[0]))
    assert desk.http.post(f"/invitations/{invitation['id']}/revoke").json()["code"] == "not_revocable"
    assert desk.http.post(f"/invitations/{invitation['id']}/resend").json()["code"] == "not_resendable"


def test_opening_the_link_changes_nothing(desk: Desk) -> None:
    invite(desk)
    desk.work()
    token = link_of(desk.mails()[0])
    page = desk.stranger().get("http://testserver/accept")
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["content-security-policy"]
    for _ in range(20):
        assert desk.stranger().post("/invitations/inspect", json={"token": token}).status_code == 200
    assert accept(desk, token).status_code == 200


def test_every_reason_a_link_does_not_work_gets_the_same_answer(desk: Desk) -> None:
    invitation = invite(desk)
    desk.work()
    token = link_of(desk.mails()[0])
    desk.http.post(f"/invitations/{invitation['id']}/revoke")
    answers = []
    for bad in (token, token[:-1], token + "A", "x", "", "nothing.at.all", "ÿ" * 40):
        for path, extra in (("/invitations/inspect", {}), ("/invitations/accept", {"password": "correct horse"})):
            answer = desk.stranger().post(path, json={"token": bad} | extra)
            body = answer.json()
            body.pop("request_id")
            body.pop("instance")
            answers.append((answer.status_code, tuple(sorted(map(str, body.items())))))
    assert len(set(answers)) == 1
    assert answers[0][0] == 410


def test_unknown_names_are_refused_where_they_may_not_be_created(desk: Desk) -> None:
    invite(desk, email="first@example.com")
    refused = desk.http.post(
        "/invitations",
        json=JAN | {"organisation": " ACME ", "student_groups": ["New"], "team": "T", "create_missing": False},
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_names")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/student_groups/0", "/team"]
    assert desk.http.get("/teams").json()["items"] == []
    invite(desk, organisation=" aCME  ", create_missing=False)
    assert [item["name"] for item in desk.http.get("/organisations").json()["items"]] == ["Acme"]


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"email": "not an address"}, "/email", "email_invalid"),
        ({"email": "a@b@c.example.com"}, "/email", "email_invalid"),
        ({"language": "xx"}, "/language", "language_unknown"),
        ({"first_name": "Jan\r\nBcc: x@example.com"}, "/first_name", "characters_not_allowed"),
        ({"organisation": "   "}, "/organisation", "too_short"),
        ({"message": "x" * 5001}, "/message", "too_long"),
        ({"expires_in_days": 31}, "/expires_in_days", "out_of_range"),
        ({"role": "admin"}, "/role", "unknown_field"),
        ({"student_groups": ["ok", "bad\nname"]}, "/student_groups/1", "characters_not_allowed"),
    ],
)
def test_bad_fields_are_named_and_nobody_is_invited(
    desk: Desk, fields: dict[str, Any], pointer: str, code: str
) -> None:
    refused = desk.http.post("/invitations", json=JAN | fields)
    assert refused.status_code == 422
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [(pointer, code)]
    desk.work()
    assert desk.mails() == []
    assert desk.http.get("/invitations").json()["items"][1:] == []


def test_the_preview_is_the_mail_and_stores_nothing(desk: Desk) -> None:
    shown = desk.http.post(
        "/invitations/preview", json={"language": "nl", "message": "Dag!", "first_name": "Jan"}
    ).json()
    assert "Acme Academy" in shown["subject"]
    assert "Dag!" in shown["text"]
    assert '<html lang="nl"' in shown["html"]
    desk.work()
    assert desk.mails() == []


def test_lists_are_paged_newest_first_and_filtered(desk: Desk) -> None:
    for number in range(5):
        invite(desk, email=f"p{number}@example.com", last_name=f"Name{number}")
    page = desk.http.get("/invitations", params={"limit": 2}).json()
    assert [item["email"] for item in page["items"]] == ["p4@example.com", "p3@example.com"]
    rest = desk.http.get("/invitations", params={"limit": 200, "cursor": page["next_cursor"]}).json()
    assert [item["email"] for item in rest["items"]][:3] == ["p2@example.com", "p1@example.com", "p0@example.com"]
    assert rest["next_cursor"] is None
    found = desk.http.get("/invitations", params={"q": "name3", "delivery": "queued"}).json()["items"]
    assert [item["email"] for item in found] == ["p3@example.com"]
    found = desk.http.get("/users", params={"q": " jan  name3"}).json()["items"]  # a name as people type it
    assert [item["email"] for item in found] == ["p3@example.com"]
    for nobody in ("%", "name3 nobody"):
        assert desk.http.get("/invitations", params={"q": nobody}).json()["items"] == []


def test_a_team_waits_for_its_leader_and_gets_them_by_any_door(desk: Desk) -> None:
    from app.directory.models import Team

    invite(desk, team="Gent")
    with desk.database.writing() as session:
        session.execute(
            update(Team).values(pending_leader_email="Ann@example.com", pending_leader_canonical="ann@example.com")
        )
    (team,) = desk.http.get("/teams").json()["items"]
    assert (team["leader"], team["pending_leader_email"], team["users"]) == (None, "Ann@example.com", 1)
    ann = invite(desk, email="ann@example.com")
    (team,) = desk.http.get("/teams").json()["items"]
    assert team["leader"] == {"id": ann["user_id"], "email": "ann@example.com"}
    desk.http.post(f"/invitations/{ann['id']}/revoke")
    (team,) = desk.http.get("/teams").json()["items"]
    assert (team["leader"], team["pending_leader_email"]) == (None, None)


def test_a_key_with_read_cannot_invite(desk: Desk) -> None:
    refused = desk.client("acme", Scope.READ).post("/invitations", json=JAN)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
