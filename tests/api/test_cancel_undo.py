"""Cancel and undo, over HTTP, at every moment of an import (rule 13)."""

import uuid
from typing import Any

import pytest
from sqlalchemy import update

from app.access.tokens import Keyring, Link, Purpose
from app.db.base import utcnow
from app.delivery.models import Delivery
from app.imports.models import Import
from app.imports.work import MAX_ATTEMPTS
from app.jobs.imports import do_next
from app.worker import make_pump
from tests.api.test_import_story import adds_up, map_columns, upload
from tests.api.test_sending_later import events_of
from tests.conftest import SECRET, Desk
from tests.delivery.halted import HaltedWorker
from tests.delivery.sink import Sink
from tests.delivery.test_delivery import FOUR, people, posting, sink

LONG_ON_POSTGRESQL = True

__all__ = ["posting", "sink"]  # fixtures

EIGHT = [*FOUR, "student_groups", "label", "team", "team_leader"]
NO_MAILS = {"queued": 0, "sent": 0, "failed": 0, "held": 0, "dropped": 0}
FIVE_ROWS = """first_name,last_name,email,company,student_groups,label,team,team_leader
Ann,A,ann@example.com,New,One/Two,Staff,Red,dan@example.com
Bob,B,bob@example.com,New,One,,Red,
Cid,C,cid@example.com,Acme,Two,,Blue,far@example.com
Dan,D,dan@example.com,New,,,,
Eve,E,eve@example.com,Other,Three,Guest,,
"""


# --- what these tests do over and over -----------------------------------------------------------------------------


def ready(desk: Desk, content: bytes, columns: list[str] = FOUR) -> str:
    imported = upload(desk, content)
    map_columns(desk, imported["id"], columns)
    imports_work(desk)
    assert state_of(desk, imported["id"]) == "ready"
    return str(imported["id"])


def committing(desk: Desk, content: bytes, columns: list[str] = FOUR, **options: Any) -> str:
    import_id = ready(desk, content, columns)
    ask(desk, import_id, "commit", options)
    return import_id


def completed(desk: Desk, **options: Any) -> str:
    """Five people in all kinds of places, added; their mails are sent."""
    import_id = committing(desk, FIVE_ROWS.encode(), EIGHT, **options)
    desk.work()
    assert state_of(desk, import_id) == "completed"
    return import_id


def ask(desk: Desk, import_id: str, what: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = desk.http.post(f"/imports/{import_id}/{what}", json=body if what == "commit" else None)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/api/v1/imports/{import_id}"
    assert "retry-after" in answer.headers
    return dict(answer.json())


def refusal(desk: Desk, import_id: str, what: str, body: dict[str, Any] | None = None) -> str:
    answer = desk.http.post(f"/imports/{import_id}/{what}", json=body)
    assert answer.status_code == 409, answer.text
    return str(answer.json()["code"])


def import_of(desk: Desk, import_id: str) -> dict[str, Any]:
    imported = dict(desk.http.get(f"/imports/{import_id}").json())
    assert imported["result"] is None or imported["state"] == "committing" or adds_up(imported["result"])
    return imported


def state_of(desk: Desk, import_id: str) -> str:
    return str(desk.http.get(f"/imports/{import_id}").json()["state"])


def imports_work(desk: Desk) -> None:
    """All import work that is due; no mail leaves."""
    while do_next(desk.database, max_lines=desk.settings.upload_lines):
        pass


def time_passes(desk: Desk) -> None:
    """All leases run out, and everything that waits for its time is due."""
    with desk.database.writing() as session:
        for table in (Import, Delivery):
            session.execute(update(table).where(table.due_at.is_not(None)).values(due_at=utcnow()))


def at_rest(desk: Desk) -> None:
    """Work until nothing is left to do, whatever it waits for."""
    for _ in range(20):
        time_passes(desk)
        desk.work()
        due = "SELECT due_at FROM imports WHERE due_at IS NOT NULL UNION ALL "
        due += "SELECT due_at FROM deliveries WHERE due_at IS NOT NULL"
        if not desk.rows(due):
            return
    raise AssertionError("it never came to rest")


def names(desk: Desk, kind: str) -> set[str]:
    return {item["name"] for item in desk.http.get(f"/{kind}").json()["items"]}


def addresses(desk: Desk) -> set[str]:
    found = desk.http.get("/users", params={"limit": 200}).json()["items"]
    return {user["email"] for user in found} - {"admin@acme.example.com"}


def invitations(desk: Desk, **filters: Any) -> dict[str, dict[str, Any]]:
    """Invitations by address; the newest of each."""
    found = desk.http.get("/invitations", params={"limit": 200, **filters}).json()["items"]
    return {item["email"]: item for item in reversed(found)}


def token_of(desk: Desk, invitation: dict[str, Any]) -> str:
    link = Link(desk.platform_id(), uuid.UUID(invitation["id"]), invitation["generation"])
    return Keyring([SECRET]).sign_link(Purpose.INVITATION, link)


def accept(desk: Desk, invitation: dict[str, Any]) -> str:
    """Set a password by an invitation; the id of the person."""
    body = {"token": token_of(desk, invitation), "password": "long enough"}
    answer = desk.stranger().post("/invitations/accept", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def link_works(desk: Desk, invitation: dict[str, Any]) -> bool:
    answer = desk.stranger().post("/invitations/inspect", json={"token": token_of(desk, invitation)})
    assert answer.status_code == 200 or answer.json()["code"] == "invitation_not_usable"
    return answer.status_code == 200


def counts_are_true(desk: Desk) -> bool:
    """The counters of all imports' mails are what a count says; every key points at something."""
    wrong = desk.rows(
        """
        SELECT 1 FROM delivery_batches b WHERE (total, sent, failed, held, dropped) <> (
            SELECT count(*), count(*) FILTER (WHERE state = 'sent'), count(*) FILTER (WHERE state = 'failed'),
                   count(*) FILTER (WHERE state = 'held'), count(*) FILTER (WHERE state = 'dropped')
            FROM deliveries d WHERE d.platform_id = b.platform_id AND d.batch_id = b.id)
        """
    )
    return not wrong and (desk.database.is_shared or not desk.rows("PRAGMA foreign_key_check"))


def attempts_until_given_up(desk: Desk, import_id: str) -> int:
    """How often the work was tried before it was given up."""
    for attempt in range(1, 2 * MAX_ATTEMPTS):
        imports_work(desk)
        if import_of(desk, import_id)["failure"] is not None:
            return attempt
        time_passes(desk)
    raise AssertionError("it was never given up")


# --- cancel --------------------------------------------------------------------------------------------------------


def test_a_commit_cancelled_in_its_middle_keeps_who_was_added_and_mails_nobody(desk: Desk) -> None:
    import_id = committing(desk, people(2000))
    with HaltedWorker(desk, before=5):  # a claim, a beginning, two chunks
        assert ask(desk, import_id, "cancel")["state"] == "cancelling"
        assert ask(desk, import_id, "cancel")["state"] == "cancelling"
    imports_work(desk)
    cancelled = import_of(desk, import_id)
    result = cancelled["result"]
    assert cancelled["state"] == "cancelled"
    added = result["added"]
    assert 500 < added < 2000  # the second chunk is as large as the first one was quick
    assert (result["rows"], result["not_done"]) == (2000, 2000 - added)
    assert result["mails"] == NO_MAILS | {"held": added}
    assert result["creates"]["organisations"] == ["Acme"]
    assert cancelled["progress"] == {"done": added, "total": 2000, "eta_seconds": None}
    at_rest(desk)
    assert desk.mails() == []
    assert counts_are_true(desk)


def test_a_cancelled_commit_never_goes_on(desk: Desk) -> None:
    import_id = committing(desk, people(1200))
    with HaltedWorker(desk, before=4):
        ask(desk, import_id, "cancel")
    at_rest(desk)
    before = import_of(desk, import_id)
    assert ask(desk, import_id, "commit", {})["state"] == "cancelled"
    assert refusal(desk, import_id, "commit", {"message": "Hello"}) == "already_committed"
    at_rest(desk)
    assert import_of(desk, import_id) == before
    assert before["result"]["added"] == 500


def test_a_commit_cancelled_before_it_began_adds_nobody(desk: Desk) -> None:
    import_id = committing(desk, people(3))
    assert ask(desk, import_id, "cancel")["state"] == "cancelling"
    desk.work()
    imported = import_of(desk, import_id)
    assert (imported["state"], imported["result"]["added"], imported["result"]["not_done"]) == ("cancelled", 0, 3)
    assert imported["result"]["mails"] == NO_MAILS
    assert addresses(desk) == set()


def test_send_after_a_cancel_lets_the_mails_go_once(desk: Desk) -> None:
    import_id = committing(desk, people(600), hold_minutes=10)
    with HaltedWorker(desk, before=4):
        ask(desk, import_id, "cancel")
    at_rest(desk)  # the ten minutes of the commit are over: the cancel counts
    assert desk.mails() == []
    for _ in range(2):
        assert ask(desk, import_id, "send")["state"] == "cancelled"
        at_rest(desk)
    assert import_of(desk, import_id)["result"]["mails"] == NO_MAILS | {"sent": 500}
    assert len(desk.mails()) == 500
    assert counts_are_true(desk)


def test_send_after_a_cancel_invites_who_was_added_quietly(desk: Desk) -> None:
    import_id = committing(desk, people(600), send_invitations=False)
    with HaltedWorker(desk, before=4):
        ask(desk, import_id, "cancel")
    at_rest(desk)
    assert import_of(desk, import_id)["result"]["mails"] == NO_MAILS
    ask(desk, import_id, "send")
    at_rest(desk)
    assert import_of(desk, import_id)["result"]["mails"] == NO_MAILS | {"sent": 500}


def test_cancel_on_a_completed_import_holds_what_has_not_left(posting: Desk, sink: Sink) -> None:
    import_id = committing(posting, people(20) + people(20, "later").split(b"\n", 1)[1])
    posting.work()
    assert import_of(posting, import_id)["result"]["mails"] == NO_MAILS | {"sent": 20, "queued": 20}
    assert ask(posting, import_id, "cancel")["state"] == "completed"
    at_rest(posting)
    assert import_of(posting, import_id)["result"]["mails"] == NO_MAILS | {"sent": 20, "held": 20}
    assert (len(sink.accepted), sink.refused.total()) == (20, 20)
    assert ask(posting, import_id, "send")["state"] == "completed"
    posting.work()
    assert import_of(posting, import_id)["result"]["mails"] == NO_MAILS | {"sent": 20, "queued": 20}
    assert (len(sink.accepted), sink.refused.total()) == (20, 40)
    assert counts_are_true(posting)


def test_mails_held_for_a_time_are_held_for_good_by_a_cancel(desk: Desk) -> None:
    import_id = completed(desk, hold_minutes=10)
    for _ in range(2):
        ask(desk, import_id, "cancel")
        at_rest(desk)
    assert import_of(desk, import_id)["result"]["mails"] == NO_MAILS | {"held": 5}
    assert desk.mails() == []
    assert counts_are_true(desk)


def test_a_mail_in_the_senders_hands_that_comes_back_is_held_before_the_import_is_cancelled(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.delivery.pump.IN_FLIGHT_PER_CONNECTION", 32)
    import_id = committing(desk, people(600))
    with HaltedWorker(desk, before=4):
        pump = make_pump(desk.settings, desk.database)
        pump.tick()  # claimed, and nobody has begun to send
        ask(desk, import_id, "cancel")
    imports_work(desk)
    waiting = import_of(desk, import_id)
    assert waiting["state"] == "cancelling"
    in_hand = waiting["result"]["mails"]["queued"]
    assert 0 < in_hand < 500
    assert waiting["result"]["mails"]["held"] == 500 - in_hand
    pump.drain(1.0)  # given back, unsent
    at_rest(desk)
    assert import_of(desk, import_id)["state"] == "cancelled"
    assert import_of(desk, import_id)["result"]["mails"] == NO_MAILS | {"held": 500}
    assert desk.mails() == []
    assert counts_are_true(desk)


def test_a_cancel_stops_a_send_and_a_send_a_cancel(desk: Desk) -> None:
    import_id = completed(desk, hold_minutes=10)
    ask(desk, import_id, "send")
    ask(desk, import_id, "cancel")
    at_rest(desk)
    assert desk.mails() == []
    ask(desk, import_id, "cancel")
    ask(desk, import_id, "send")
    at_rest(desk)
    assert len(desk.mails()) == 5


def test_where_nothing_was_committed_there_is_nothing_to_cancel_or_undo(desk: Desk) -> None:
    uploaded = str(upload(desk, people(3))["id"])
    large = str(upload(desk, people(2500))["id"])
    assert map_columns(desk, large, FOUR)["state"] == "checking"
    for import_id in (uploaded, large):
        assert refusal(desk, import_id, "cancel") == "not_running"
        assert refusal(desk, import_id, "undo") == "not_undoable"
    with desk.refusing("INSERT ON import_previews"):
        attempts_until_given_up(desk, large)
    assert state_of(desk, large) == "failed"
    for import_id in (large, ready(desk, people(3))):
        assert refusal(desk, import_id, "cancel") == "not_running"
        assert refusal(desk, import_id, "undo") == "not_undoable"


def test_what_is_taken_back_cannot_be_cancelled_or_sent(desk: Desk) -> None:
    import_id = completed(desk)
    ask(desk, import_id, "undo")
    for _ in range(2):
        assert refusal(desk, import_id, "cancel") == "not_running"
        assert refusal(desk, import_id, "send") == "not_sendable"
        at_rest(desk)
    assert state_of(desk, import_id) == "undone"


def test_a_commit_that_failed_can_be_given_up(desk: Desk) -> None:
    import_id = committing(desk, people(3))
    with desk.refusing("INSERT ON users"):
        assert attempts_until_given_up(desk, import_id) == MAX_ATTEMPTS
    assert state_of(desk, import_id) == "failed"
    assert ask(desk, import_id, "cancel")["state"] == "cancelling"
    at_rest(desk)
    imported = import_of(desk, import_id)
    assert (imported["state"], imported["failure"], imported["result"]["not_done"]) == ("cancelled", None, 3)


def test_a_cancel_that_fails_says_so_and_never_lets_the_commit_go_on(desk: Desk) -> None:
    import_id = committing(desk, people(600))
    with HaltedWorker(desk, before=4, dies=True):
        ask(desk, import_id, "cancel")
    with desk.refusing("UPDATE OF state ON deliveries"):
        assert attempts_until_given_up(desk, import_id) == MAX_ATTEMPTS
    failed = import_of(desk, import_id)
    assert (failed["state"], failed["failure"]["code"]) == ("cancelled", "internal_error")
    assert failed["result"]["mails"] == NO_MAILS | {"queued": 500}
    ask(desk, import_id, "commit", {})
    imports_work(desk)
    assert import_of(desk, import_id) == failed
    ask(desk, import_id, "cancel")
    at_rest(desk)
    cancelled = import_of(desk, import_id)
    assert (cancelled["state"], cancelled["failure"]) == ("cancelled", None)
    assert cancelled["result"]["mails"] == NO_MAILS | {"held": 500}
    assert desk.mails() == []


# --- undo ----------------------------------------------------------------------------------------------------------


def test_undo_takes_everything_back(desk: Desk) -> None:
    import_id = completed(desk, message="Welcome")
    sent = invitations(desk, import_id=import_id)
    assert (len(desk.mails()), len(sent)) == (5, 5)
    assert all(link_works(desk, invitation) for invitation in sent.values())
    assert ask(desk, import_id, "undo")["state"] == "undoing"
    at_rest(desk)
    undone = import_of(desk, import_id)
    assert (undone["state"], undone["failure"]) == ("undone", None)
    assert undone["progress"] == {"done": 5, "total": 5, "eta_seconds": None}
    assert undone["result"]["undo"] == {
        "removed": 5,
        "already_gone": 0,
        "removed_names": {"organisations": 3, "student_groups": 3, "labels": 2, "teams": 2},
        "left": [],
        "left_counts": {"accepted": 0, "in_use": 0},
    }
    assert undone["result"]["added"] == 5
    assert addresses(desk) == set()
    for kind in ("organisations", "student-groups", "labels", "teams"):
        assert names(desk, kind) == set()
    for email, invitation in invitations(desk, import_id=import_id).items():
        assert (invitation["state"], invitation["user_id"]) == ("revoked", None)
        assert invitation["revoked_at"] is not None
        kept = ("import_id", "first_name", "last_name", "organisation", "language", "message", "generation")
        assert {name: invitation[name] for name in kept} == {name: sent[email][name] for name in kept}
        assert not link_works(desk, invitation)
    assert ask(desk, import_id, "undo") == undone
    assert counts_are_true(desk)


def test_undo_drops_mails_that_have_not_left(desk: Desk) -> None:
    import_id = completed(desk, hold_minutes=10)
    ask(desk, import_id, "undo")
    at_rest(desk)
    assert import_of(desk, import_id)["result"]["mails"] == NO_MAILS | {"dropped": 5}
    assert desk.mails() == []
    assert counts_are_true(desk)


def test_who_accepted_stays_and_so_does_what_they_are_in(desk: Desk) -> None:
    import_id = completed(desk)
    sent = invitations(desk, import_id=import_id)
    ann, eve = accept(desk, sent["ann@example.com"]), accept(desk, sent["eve@example.com"])
    assert desk.http.patch(f"/users/{eve}", json={"state": "disabled"}).status_code == 200
    ask(desk, import_id, "undo")
    at_rest(desk)
    undo = import_of(desk, import_id)["result"]["undo"]
    assert addresses(desk) == {"ann@example.com", "eve@example.com"}
    assert names(desk, "organisations") == {"New", "Other"}
    assert names(desk, "student-groups") == {"One", "Two", "Three"}
    assert names(desk, "labels") == {"Staff", "Guest"}
    assert names(desk, "teams") == {"Red"}
    assert (undo["removed"], undo["already_gone"]) == (3, 0)
    assert undo["left_counts"] == {"accepted": 2, "in_use": 8}
    assert undo["removed_names"] == {"organisations": 1, "student_groups": 0, "labels": 0, "teams": 1}
    assert [item["id"] for item in undo["left"] if item["reason"] == "accepted"] == [ann, eve]
    kinds = [item["kind"] for item in undo["left"] if item["reason"] == "in_use"]
    assert kinds == ["organisation"] * 2 + ["student_group"] * 3 + ["label"] * 2 + ["team"]
    assert invitations(desk, import_id=import_id)["ann@example.com"]["state"] == "accepted"
    assert desk.http.get(f"/users/{ann}").json()["team"]["name"] == "Red"


def test_what_others_use_stays(desk: Desk) -> None:
    import_id = completed(desk)
    desk.http.post(
        "/invitations",
        json={"email": "sue@example.com", "organisation": "new", "student_groups": ["ONE"], "team": "red"},
    )
    ask(desk, import_id, "undo")
    at_rest(desk)
    undo = import_of(desk, import_id)["result"]["undo"]
    assert (undo["removed"], undo["left_counts"]) == (5, {"accepted": 0, "in_use": 3})
    assert {item["kind"] for item in undo["left"]} == {"organisation", "student_group", "team"}
    assert (names(desk, "organisations"), names(desk, "teams")) == ({"New"}, {"Red"})
    assert addresses(desk) == {"sue@example.com"}
    assert link_works(desk, invitations(desk)["sue@example.com"])


def test_what_was_there_before_stays(desk: Desk) -> None:
    desk.http.post("/invitations", json={"email": "ann@example.com", "organisation": "New", "label": "Staff"})
    import_id = completed(desk)
    ask(desk, import_id, "undo")
    at_rest(desk)
    result = import_of(desk, import_id)["result"]
    assert (result["already_users"], result["undo"]["removed"], result["undo"]["left"]) == (1, 4, [])
    assert addresses(desk) == {"ann@example.com"}
    assert (names(desk, "organisations"), names(desk, "labels"), names(desk, "teams")) == ({"New"}, {"Staff"}, set())
    assert link_works(desk, invitations(desk)["ann@example.com"])


def test_leaders_it_set_are_cleared_and_others_stay(desk: Desk) -> None:
    for number, team in enumerate(("Red", "Blue", "Green", "Grey")):
        desk.http.post("/invitations", json={"email": f"old{number}@example.com", "organisation": "Acme", "team": team})
    header = ",".join(EIGHT)
    earlier = f"{header}\nOld,Lead,lead@example.com,Acme,,,Green,lead@example.com\n"
    committing(desk, earlier.encode(), EIGHT)
    desk.work()
    later = (
        f"{header}\nAnn,A,ann@example.com,Acme,,,Red,old0@example.com\n"  # somebody who was there
        "Bob,B,bob@example.com,Acme,,,Blue,nobody@example.com\n"  # somebody nobody knows
        "Cid,C,cid@example.com,Acme,,,Green,cid@example.com\n"  # the team has one
        "Dan,D,dan@example.com,Acme,,,Grey,dan@example.com\n"  # somebody of the file
    )
    import_id = committing(desk, later.encode(), EIGHT)
    desk.work()
    assert leaders(desk) == {
        "Red": "old0@example.com", "Blue": "nobody@example.com", "Green": "lead@example.com", "Grey": "dan@example.com",
    }  # fmt: skip
    ask(desk, import_id, "undo")
    at_rest(desk)
    assert leaders(desk) == {"Red": None, "Blue": None, "Green": "lead@example.com", "Grey": None}
    assert import_of(desk, import_id)["result"]["undo"]["left"] == []


def leaders(desk: Desk) -> dict[str, str | None]:
    teams = desk.http.get("/teams").json()["items"]
    return {team["name"]: (team["leader"] or {}).get("email") or team["pending_leader_email"] for team in teams}


def test_all_invitations_of_a_removed_person_are_revoked_the_expired_ones_too(desk: Desk) -> None:
    import_id = completed(desk, send_invitations=False)
    desk.http.post("/invitations", json={"email": "ann@example.com", "organisation": "New", "expires_in_days": 1})
    desk.work()
    desk.rows("UPDATE invitations SET expires_at = '2020-01-01 00:00:00.000000' WHERE expires_at IS NOT NULL")
    desk.http.post("/invitations", json={"email": "ann@example.com", "organisation": "New", "send": False})
    found = desk.http.get("/invitations", params={"q": "ann@"}).json()["items"]
    assert [item["state"] for item in found] == ["pending", "expired"]
    ask(desk, import_id, "undo")
    at_rest(desk)
    found = desk.http.get("/invitations", params={"q": "ann@"}).json()["items"]
    assert [(item["state"], item["user_id"]) for item in found] == [("revoked", None)] * 2
    assert found[0]["delivery"]["state"] == "dropped"
    assert not any(link_works(desk, item) for item in found)
    assert addresses(desk) == set()


def test_people_who_were_removed_one_by_one_are_counted_too(desk: Desk) -> None:
    import_id = completed(desk)
    bob = invitations(desk)["bob@example.com"]
    assert desk.http.post(f"/invitations/{bob['id']}/revoke").status_code == 200
    ask(desk, import_id, "undo")
    at_rest(desk)
    undo = import_of(desk, import_id)["result"]["undo"]
    assert (undo["removed"], undo["already_gone"]) == (4, 1)


def test_a_commit_is_undone_in_its_middle_by_one_request(desk: Desk) -> None:
    import_id = committing(desk, people(2000))
    with HaltedWorker(desk, before=5):
        assert ask(desk, import_id, "undo")["state"] == "undoing"
    at_rest(desk)
    undone = import_of(desk, import_id)
    assert undone["state"] == "undone"
    added = undone["result"]["added"]
    assert 500 < added < 2000  # two chunks, of which the second is as large as the first one was quick
    assert undone["result"]["not_done"] == 2000 - added
    assert undone["result"]["undo"]["removed"] == added
    assert undone["result"]["mails"] == NO_MAILS | {"dropped": added}
    assert (addresses(desk), desk.mails()) == (set(), [])
    assert counts_are_true(desk)


def test_undo_follows_a_cancel_that_is_not_done(desk: Desk) -> None:
    import_id = committing(desk, people(600))
    with HaltedWorker(desk, before=4):
        ask(desk, import_id, "cancel")
        assert ask(desk, import_id, "undo")["state"] == "undoing"
    at_rest(desk)
    assert state_of(desk, import_id) == "undone"
    assert addresses(desk) == set()


def test_undo_before_the_commit_began_leaves_nothing(desk: Desk) -> None:
    import_id = committing(desk, people(3))
    ask(desk, import_id, "undo")
    at_rest(desk)
    result = import_of(desk, import_id)["result"]
    assert (result["added"], result["not_done"], result["undo"]["removed"]) == (0, 3, 0)


def test_after_an_undo_the_commit_stays_done_and_the_same_file_adds_everybody_again(desk: Desk) -> None:
    import_id = completed(desk)
    ask(desk, import_id, "undo")
    at_rest(desk)
    undone = import_of(desk, import_id)
    assert ask(desk, import_id, "commit", {}) == undone
    assert refusal(desk, import_id, "commit", {"message": "Again"}) == "already_committed"
    at_rest(desk)
    assert import_of(desk, import_id) == undone
    again = completed(desk)
    assert import_of(desk, again)["result"]["added"] == 5
    assert import_of(desk, again)["result"]["mails"] == NO_MAILS | {"sent": 5}
    assert len(desk.mails()) == 10
    assert all(link_works(desk, invitation) for invitation in invitations(desk, import_id=again).values())


def test_an_import_whose_file_was_deleted_can_be_undone(desk: Desk) -> None:
    import_id = completed(desk)
    assert desk.http.delete(f"/imports/{import_id}").status_code == 204
    ask(desk, import_id, "undo")
    assert desk.http.delete(f"/imports/{import_id}").json()["code"] == "import_busy"
    at_rest(desk)
    assert state_of(desk, import_id) == "undone"
    assert addresses(desk) == set()


def test_a_failed_commit_can_be_undone(desk: Desk) -> None:
    import_id = committing(desk, people(600))
    with HaltedWorker(desk, before=4, dies=True):
        pass
    time_passes(desk)
    with desk.refusing("INSERT ON users"):
        attempts_until_given_up(desk, import_id)
    failed = import_of(desk, import_id)
    assert (failed["state"], failed["result"]["added"], failed["result"]["not_done"]) == ("failed", 500, 100)
    ask(desk, import_id, "undo")
    at_rest(desk)
    assert (state_of(desk, import_id), addresses(desk)) == ("undone", set())


def test_an_undo_that_failed_is_taken_up_by_undo_and_never_by_commit(desk: Desk) -> None:
    import_id = completed(desk)
    ask(desk, import_id, "undo")
    with desk.refusing("DELETE ON organisations"):
        assert attempts_until_given_up(desk, import_id) == 1 + MAX_ATTEMPTS  # the first one got on: it removed people
        failed = import_of(desk, import_id)
        assert (failed["state"], failed["failure"]["code"]) == ("failed", "internal_error")
        assert (failed["result"]["undo"]["removed"], addresses(desk)) == (5, set())
        assert ask(desk, import_id, "commit", {}) == failed
        assert refusal(desk, import_id, "cancel") == "not_running"
        at_rest(desk)
        assert import_of(desk, import_id) == failed
    assert ask(desk, import_id, "undo")["state"] == "undoing"
    at_rest(desk)
    undone = import_of(desk, import_id)
    assert (undone["state"], undone["failure"], undone["result"]["undo"]["removed"]) == ("undone", None, 5)
    assert names(desk, "organisations") == set()


def test_an_undo_waits_for_mails_in_the_senders_hands(posting: Desk, sink: Sink) -> None:
    import_id = committing(posting, people(40))
    imports_work(posting)
    pump = make_pump(posting.settings, posting.database)
    pump.tick()
    ask(posting, import_id, "undo")
    imports_work(posting)
    waiting = import_of(posting, import_id)
    assert (waiting["state"], waiting["result"]["undo"]["removed"]) == ("undoing", 40)
    assert waiting["result"]["mails"] == NO_MAILS | {"queued": 40}
    assert addresses(posting) == set()
    pump.start()
    while pump.is_busy:
        pump.tick()
    pump.drain(5.0)
    arrived = len(sink.accepted)
    at_rest(posting)
    undone = import_of(posting, import_id)
    assert (undone["state"], undone["result"]["mails"]) == ("undone", NO_MAILS | {"sent": 40})
    assert len(sink.accepted) == arrived == 40
    assert not any(link_works(posting, invitation) for invitation in invitations(posting, import_id=import_id).values())


def test_a_dead_worker_undoing_is_replaced_and_one_that_comes_back_does_nothing(desk: Desk) -> None:
    import_id = committing(desk, people(1000))
    imports_work(desk)
    ask(desk, import_id, "undo")
    with HaltedWorker(desk, before=4) as zombie:  # a claim, two chunks
        middle = import_of(desk, import_id)
        assert (middle["state"], middle["result"]["undo"]["removed"]) == ("undoing", 500)
        assert middle["progress"]["done"] == 500
        assert middle["progress"]["total"] == 1000
        imports_work(desk)
        assert state_of(desk, import_id) == "undoing"  # the lease holds
        time_passes(desk)
        imports_work(desk)
        undone = import_of(desk, import_id)
        assert (undone["state"], undone["result"]["undo"]["removed"]) == ("undone", 1000)
        zombie.go_on()
    assert import_of(desk, import_id) == undone
    assert counts_are_true(desk)


def test_an_undone_import_is_at_rest_for_who_follows_it(desk: Desk) -> None:
    import_id = completed(desk, hold_minutes=10)
    ask(desk, import_id, "undo")
    at_rest(desk)
    ((event, last_id, told),) = events_of(desk.http.get(f"/imports/{import_id}/events").text)
    assert (event, told["state"], told["at_rest"]) == ("state", "undone", True)
    assert told["result"]["undo"]["removed"] == 5
    assert last_id.startswith("undone")


@pytest.mark.parametrize("what", ["cancel", "undo"])
def test_a_repeated_request_with_its_key_gets_the_first_answer(desk: Desk, what: str) -> None:
    import_id = committing(desk, people(3))
    headers = {"Idempotency-Key": "1"}
    first = desk.http.post(f"/imports/{import_id}/{what}", headers=headers)
    at_rest(desk)
    again = desk.http.post(f"/imports/{import_id}/{what}", headers=headers)
    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == f"/api/v1/imports/{import_id}"
