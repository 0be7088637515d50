"""What was done stands in the audit list, exactly if it was done: who, what, when, from where, and no name.

Generated from the description like the wall: an operation that is new and changes something without writing it down
fails here.
"""

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import Session

from app.access import audit
from app.access.actor import Scope, command_line
from app.access.audit import Action
from app.access.models import AuditEvent
from app.db.base import utcnow
from app.db.session import Database
from tests.api.test_wall import CANARY, OF_PEOPLE, OPERATIONS, PASSWORD, PUBLIC, Operation, World
from tests.conftest import Desk, Template
from tests.contract.test_settings import good

LONG_ON_POSTGRESQL = True

CHANGES_NOTHING = {
    "inspect_invitation": "looks at what a link is for; opening a link changes nothing (rule 14)",
    "preview_invitation": "shows a mail; nothing is stored or sent",
}
"""Unsafe methods that leave nothing in the audit list, and why."""

UNSAFE = [operation for operation in OPERATIONS if operation.method != "GET"]
CHANGING = [operation for operation in UNSAFE if operation.id not in CHANGES_NOTHING]
BY_NOBODY = {"create_password_reset"}
"""Operations that anybody may ask for who proves nothing."""


PATHS: dict[str, Callable[[World], str]] = {
    "change_user": lambda world: f"/users/{accepted(world)}",
}
"""Where the wall meets a conflict, and here something must change."""


def accepted(world: World) -> str:
    """Somebody who has set a password."""
    body = {"token": world.token(), "password": PASSWORD}
    return str(world.desk.stranger().post("/invitations/accept", json=body).json()["id"])


def _each(operations: list[Operation]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("operation", operations, ids=lambda operation: operation.id)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, migrated: Template) -> Iterator[World]:
    """One world for the file: each test makes the objects it changes."""
    folder = tmp_path_factory.mktemp("audit")
    desk = Desk(folder, migrated)
    yield World(desk)
    desk.close()


def events(client: TestClient, **wanted: str) -> list[dict[str, Any]]:
    """All events of a platform, newest first."""
    found: list[dict[str, Any]] = []
    params: dict[str, Any] = {"limit": 200, **wanted}
    while True:
        page = client.get("/audit-events", params=params)
        assert page.status_code == 200, page.text
        found += page.json()["items"]
        if page.json()["next_cursor"] is None:
            return found
        params["cursor"] = page.json()["next_cursor"]


def actions(client: TestClient, **wanted: str) -> list[str]:
    """What was done, oldest first."""
    return [event["action"] for event in reversed(events(client, **wanted))]


# --- every operation ---------------------------------------------------------------------------------------------


@_each(CHANGING)
def test_whatever_changes_something_is_written_down(operation: Operation, world: World) -> None:
    client = world.desk.stranger() if operation.id in PUBLIC else world.owner
    if operation.id in OF_PEOPLE:
        client = world.signed_in()
    path = PATHS[operation.id](world) if operation.id in PATHS else operation.filled(world)
    body, request_id = operation.body(world), uuid.uuid4().hex
    answer = operation.call(client, path, headers={"X-Request-Id": request_id}, **body)
    assert 200 <= answer.status_code < 300, answer.text
    ours = [event for event in events(world.owner) if event["request_id"] == request_id]
    assert ours, f"{operation.id} changed something and left no trace: call audit.record, or say in CHANGES_NOTHING why"
    for one in ours:
        assert one["remote_address"] == "testclient"
        wanted = "user" if operation.id in PUBLIC | OF_PEOPLE else "api_key"
        assert one["actor_kind"] == ("anonymous" if operation.id in BY_NOBODY else wanted)
        assert (one["actor_id"] is None) == (operation.id in BY_NOBODY)
        assert Action(one["action"]).partition(".")[0] == one["subject_kind"]


@_each([operation for operation in UNSAFE if operation.id in CHANGES_NOTHING])
def test_what_changes_nothing_leaves_nothing(operation: Operation, world: World) -> None:
    path, body = operation.filled(world), operation.body(world)
    before = events(world.owner)
    answer = operation.call(world.owner, path, **body)
    assert answer.status_code == 200, answer.text
    assert events(world.owner) == before


def test_every_declared_exception_is_an_operation() -> None:
    assert set(CHANGES_NOTHING) <= {operation.id for operation in UNSAFE}


def test_no_name_or_address_and_no_secret_stands_in_the_list(world: World) -> None:
    world.reset_token()
    world.sign_in()
    world.done_import()
    shown = world.owner.get("/audit-events", params={"limit": 200}).text
    kept = str([tuple(row) for row in _rows(world.desk.database)])
    for text_ in (shown, kept):
        assert "invitation.created" in text_
        for forbidden in (CANARY, "@", "example.com", "rck_", "rcs_", PASSWORD, "$argon2"):
            assert forbidden not in text_


def _rows(database: Database) -> list[Any]:
    with database.reading() as session:
        return list(session.execute(select(AuditEvent.__table__)))


# --- with the change, or not at all ------------------------------------------------------------------------------


def test_what_is_rolled_back_is_not_in_the_list(desk: Desk) -> None:
    fired = 0

    def _fail(session: Session) -> None:
        nonlocal fired
        written = session.scalar(select(func.count()).where(AuditEvent.action == Action.INVITATION_CREATED))
        assert written == 2, "the event is there before the commit that fails"
        fired += 1
        raise OperationalError("COMMIT", None, Exception("the disk is gone"))

    desk.http.get("/platform")  # the key's use is noted: that commit is not the one to fail
    before = len(_rows(desk.database))
    event.listen(Session, "before_commit", _fail)
    try:
        answer = desk.http.post("/invitations", json={"email": "ann@example.com", "organisation": "Acme"})
    finally:
        event.remove(Session, "before_commit", _fail)
    assert (answer.status_code, fired) == (503, 1)
    assert len(_rows(desk.database)) == before
    assert desk.http.get("/invitations", params={"q": "ann@example.com"}).json()["items"] == []


def test_a_request_that_is_refused_is_not_in_the_list(desk: Desk) -> None:
    person = {"email": "ann@example.com", "organisation": "Acme"}
    desk.http.post("/invitations", json=person)
    before = len(_rows(desk.database))
    assert desk.http.post("/invitations", json=person).status_code == 409
    assert desk.http.post(f"/invitations/{uuid.uuid4()}/revoke").status_code == 404
    assert desk.client("acme", Scope.READ).post("/invitations", json=person).status_code == 403
    assert len(_rows(desk.database)) == before


def test_doing_it_again_without_effect_is_not_in_the_list_again(desk: Desk) -> None:
    invited = desk.http.post("/invitations", json={"email": "ann@example.com", "organisation": "Acme"}).json()
    for _ in range(2):
        assert desk.http.post(f"/invitations/{invited['id']}/revoke").status_code == 200
    assert actions(desk.http, subject_id=invited["id"]) == ["invitation.created", "invitation.revoked"]


def test_an_answer_that_is_replayed_was_given_once(desk: Desk) -> None:
    for _ in range(2):
        answer = desk.http.post(
            "/invitations",
            json={"email": "ann@example.com", "organisation": "Acme"},
            headers={"Idempotency-Key": "once"},
        )
    assert answer.headers["idempotent-replayed"] == "true"
    assert actions(desk.http, subject_id=answer.json()["id"]) == ["invitation.created"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_events SET action = 'nothing'",
        "UPDATE audit_events SET at = '2001-01-01 00:00:00.000000'",
        "DELETE FROM audit_events",
    ],
)
def test_the_database_itself_refuses_to_change_what_was_written(change: str, desk: Desk) -> None:
    before = _rows(desk.database)
    assert before
    with pytest.raises(DatabaseError, match="audit events"), desk.database.writing() as session:
        session.execute(text(change))
    assert _rows(desk.database) == before


# --- the list ----------------------------------------------------------------------------------------------------


def test_the_list_is_looked_through_by_what_who_whom_and_when(desk: Desk) -> None:
    began = utcnow()
    ann, bob = (
        desk.http.post("/invitations", json={"email": f"{name}@example.com", "organisation": "Acme"}).json()
        for name in ("ann", "bob")
    )
    other = desk.client("acme", Scope.ADMIN)
    assert other.post(f"/invitations/{ann['id']}/revoke").status_code == 200
    both = events(desk.http, subject_id=ann["id"])
    assert [one["action"] for one in both] == ["invitation.revoked", "invitation.created"]
    assert both[0]["actor_id"] != both[1]["actor_id"]
    assert events(desk.http, actor_id=both[0]["actor_id"]) == both[:1]
    created = events(desk.http, action="invitation.created")
    assert {one["subject_id"] for one in created} >= {ann["id"], bob["id"]}
    assert {one["action"] for one in created} == {"invitation.created"}
    assert len(events(desk.http, since=began.isoformat())) == 3
    assert began.isoformat() < both[0]["at"]
    at = both[0]["at"]
    assert events(desk.http, since=at) == both[:1]
    assert both[0] not in events(desk.http, until=at)
    assert events(desk.http, since=began.isoformat(), until=at, subject_id=ann["id"]) == both[1:]
    assert events(desk.http, since="0001-01-01T00:00:00+14:00", until="9999-12-31T23:59:59-14:00") == events(desk.http)
    for wrong in ({"action": "nothing"}, {"since": "yesterday"}, {"since": "2026-11-01T00:00:00"}):
        assert desk.http.get("/audit-events", params=wrong).status_code == 422


def test_only_administrators_read_the_list(desk: Desk) -> None:
    for scope in (Scope.READ, Scope.INVITE, Scope.IMPORT):
        assert desk.client("acme", scope).get("/audit-events").status_code == 403
    assert desk.client("acme", Scope.ADMIN).get("/audit-events").status_code == 200


# --- imports, the worker, the command line -----------------------------------------------------------------------


def _import(desk: Desk, people: int) -> str:
    rows = "".join(f"Ann,Other,ann{number}@example.com,Acme\n" for number in range(people))
    file = ("people.csv", f"first name,last name,email,company\n{rows}".encode(), "text/csv")
    imported = desk.http.post("/imports", files={"file": file}).json()
    columns = {"columns": ["first_name", "last_name", "email", "company"]}
    assert desk.http.put(f"/imports/{imported['id']}/mapping", json=columns).status_code == 200
    return str(imported["id"])


def test_an_import_is_told_step_by_step_and_not_person_by_person(desk: Desk) -> None:
    import_id = _import(desk, people=1500)
    before = len(_rows(desk.database))
    body = {"values": {"first_name": "Anna"}}
    assert desk.http.patch(f"/imports/{import_id}/rows/2", json=body).status_code == 200
    assert desk.http.post(f"/imports/{import_id}/commit", json={"send_invitations": False}).status_code == 202
    desk.work()
    assert desk.http.post(f"/imports/{import_id}/send", json={}).status_code == 202
    desk.work()
    assert desk.http.post(f"/imports/{import_id}/cancel", json={}).status_code == 202
    desk.work()
    assert desk.http.post(f"/imports/{import_id}/undo", json={}).status_code == 202
    desk.work()
    assert desk.http.delete(f"/imports/{import_id}").status_code == 204
    told = list(reversed(events(desk.http, subject_id=import_id)))
    assert [(one["action"].removeprefix("import."), one["actor_kind"]) for one in told] == [
        ("uploaded", "api_key"),
        ("mapped", "api_key"),
        ("checked", "worker"),
        ("edited", "api_key"),
        ("checked", "worker"),
        ("committed", "api_key"),
        ("completed", "worker"),
        ("sent", "api_key"),
        ("send_finished", "worker"),
        ("cancelled", "api_key"),
        ("cancel_finished", "worker"),
        ("undone", "api_key"),
        ("undo_finished", "worker"),
        ("deleted", "api_key"),
    ]
    assert len(_rows(desk.database)) == before + 11, "of 1,500 people added, invited and removed none has an event"


def test_an_import_that_fails_says_why(desk: Desk) -> None:
    content = b"first name,last name,email,company\n" + b"Ann,Other,ann@example.com,Acme\n" * 40_000
    late = content + "Ann,Ötter,ann@example.com,Acme\n".encode("cp1252")
    imported = desk.http.post("/imports", files={"file": ("people.csv", late, "text/csv")}).json()
    columns = {"columns": ["first_name", "last_name", "email", "company"], "encoding": "utf-8"}
    assert desk.http.put(f"/imports/{imported['id']}/mapping", json=columns).status_code == 200
    desk.work()
    failed = desk.http.get(f"/imports/{imported['id']}").json()
    last = events(desk.http, subject_id=imported["id"])[0]
    assert (failed["state"], last["action"], last["actor_kind"]) == ("failed", "import.failed", "worker")
    assert last["details"] == {"code": failed["failure"]["code"], "work": "checking"}


def test_one_call_from_file_to_invitations_is_told_like_the_steps(desk: Desk) -> None:
    file = ("people.csv", b"first name,last name,email,company\nAnn,Other,ann@example.com,Acme\n", "text/csv")
    answer = desk.http.post("/imports", params={"auto": True, "commit": True}, files={"file": file})
    assert answer.status_code == 202, answer.text
    desk.work()
    told = actions(desk.http, subject_id=answer.json()["id"])
    assert told == [f"import.{verb}" for verb in ("uploaded", "mapped", "checked", "committed", "completed")]


def test_a_list_of_people_is_told_one_by_one(desk: Desk) -> None:
    people = [{"email": f"ann{number}@example.com", "organisation": "Acme"} for number in range(3)]
    answer = desk.http.post("/invitations/batch", json={"invitations": [*people, people[0]]}).json()
    ids = [result["invitation"]["id"] for result in answer["results"] if result["outcome"] == "invited"]
    assert len(ids) == 3
    for invitation_id in ids:
        assert actions(desk.http, subject_id=invitation_id) == ["invitation.created"]


def test_the_command_line_is_told_as_such(tmp_path: Path) -> None:
    environment = good(tmp_path)
    people = tmp_path / "people.csv"
    people.write_text("first name,last name,email,company\nAnn,Other,ann@example.com,Acme\n")
    for arguments in (
        ["migrate"],
        ["create-platform", "acme", "--name", "Acme", "--admin", "ann@example.com"],
        ["create-key", "acme", "--name", "x", "--scope", "read"],
        ["import", str(people), "--platform", "acme", "--yes"],
    ):
        ran = subprocess.run([sys.executable, "-m", "app.cli", *arguments], env=environment, capture_output=True)
        assert ran.returncode == 0, ran.stderr
    database = Database(environment["ROLLCALL_DATABASE_URL"])
    told = [(row.actor_kind, row.action) for row in _rows(database)]
    database.close()
    assert sorted(told) == [
        ("cli", "api_key.created"),
        ("cli", "import.committed"),
        ("cli", "import.mapped"),
        ("cli", "import.uploaded"),
        ("cli", "invitation.created"),
        ("cli", "platform.created"),
        ("worker", "import.checked"),
        ("worker", "import.completed"),
    ]


# --- accounts ----------------------------------------------------------------------------------------------------


def test_who_does_not_get_in_is_counted_and_told_without_the_address_they_tried(desk: Desk) -> None:
    world = World(desk)
    before = _failures(desk)
    tried = {
        "known": world.sign_in() | {"password": "not the password"},
        "unknown": world.sign_in() | {"email": f"{CANARY}@example.com"},
        "nowhere": world.sign_in() | {"platform": "nowhere"},
    }
    for body in tried.values():
        assert desk.stranger().post("/sessions", json=body).status_code == 401
    assert _failures(desk) == before + 3
    told = events(world.owner, action="user.sign_in_failed")
    assert {one["actor_kind"] for one in told} == {"anonymous"}
    assert [one["subject_id"] is None for one in told] == [True, False]
    nowhere = [row for row in _rows(desk.database) if row.platform_id == audit.NO_PLATFORM]
    assert [row.action for row in nowhere] == ["user.sign_in_failed"]
    assert CANARY not in str(_rows(desk.database))


def _failures(desk: Desk) -> float:
    lines = desk.stranger().get("http://testserver/metrics").text.splitlines()
    (line,) = (line for line in lines if line.startswith("rollcall_sign_in_failures_total "))
    return float(line.split()[1])


def test_whether_a_person_is_there_is_not_told_by_how_much_is_written(desk: Desk) -> None:
    world = World(desk)
    for email in ("admin@acme.example.com", "nobody@example.com", "no address at all"):
        for path, body in (
            ("/sessions", {"platform": "acme", "email": email, "password": "wrong wrong", "mode": "token"}),
            ("/password-resets", {"platform": "acme", "email": email}),
        ):
            before = len(_rows(desk.database))
            desk.stranger().post(path, json=body)
            assert len(_rows(desk.database)) == before + 1, (path, email)
    asked = [one["details"]["is_mailed"] for one in events(world.owner, action="user.reset_asked")]
    assert asked == [False, False, True]


def test_a_setting_is_told_by_its_name_not_its_value(desk: Desk) -> None:
    desk.http.patch("/platform", json={"sender_name": CANARY, "invitation_days": 3})
    (changed,) = events(desk.http, action="platform.changed")
    assert changed["details"] == {"fields": ["invitation_days", "sender_name"]}


def test_disabling_and_enabling_is_told_once_each(desk: Desk) -> None:
    world = World(desk)
    user_id = accepted(world)
    for state in ("disabled", "disabled", "active", "active"):
        assert desk.http.patch(f"/users/{user_id}", json={"state": state}).status_code == 200
    assert actions(desk.http, subject_id=user_id) == ["user.disabled", "user.enabled"]


# --- retention ---------------------------------------------------------------------------------------------------


def test_old_events_are_forgotten_a_few_at_a_time_and_young_ones_never(desk: Desk) -> None:
    now = utcnow()
    with desk.database.writing() as session:
        platform_id = desk.platform_id()
        audit.record(session, command_line(platform_id), Action.PLATFORM_CHANGED, fields=[])
        for days in (500, 400, 300):
            at = now - timedelta(days=days)
            session.add(
                AuditEvent(
                    platform_id=platform_id,
                    id=uuid.UUID(int=int(at.timestamp() * 1000) << 80),
                    at=at,
                    actor_kind="cli",
                    action="platform.changed",
                    details={},
                )
            )
    count = len(_rows(desk.database))
    before = now - timedelta(days=365)
    for expected in (1, 1, 0):
        with desk.database.writing() as session:
            assert audit.forget_older(session, platform_id, before, limit=1) == expected
    assert len(_rows(desk.database)) == count - 2
    with pytest.raises(DatabaseError, match="audit events"), desk.database.writing() as session:
        audit.forget_older(session, platform_id, now + timedelta(seconds=1), limit=1000)
