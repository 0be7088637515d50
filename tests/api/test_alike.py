"""Who is there cannot be learnt: status, body, statements, commits and hashes are the same for known and unknown.

What a watch would tell is measured by tests/delivery/test_alike_in_time.py (`make soak`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from httpx2 import Response
from sqlalchemy import event, select, update

from app.access import passwords
from app.access.tokens import Keyring, Link, Purpose
from app.db.base import new_id, utcnow
from app.delivery.models import Delivery
from app.directory.models import User
from app.invitations.models import Invitation
from tests.api.test_accounts import ADMIN, activate_admin, reset_token
from tests.conftest import SECRET, Desk, link_of

NOBODY = "nobody@acme.example.com"
WRONG = "wrong horse"


@pytest.fixture
def admins(desk: Desk) -> Desk:
    activate_admin(desk)
    return desk


@contextmanager
def work_of(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What an answer costs: its statements, commits and hashes, in order."""
    done: list[str] = []
    engine = desk.app.state.context.database.engine

    def statement(_connection: Any, _cursor: Any, text: str, *_more: Any) -> None:
        if not text.startswith(("BEGIN", "PRAGMA")):
            done.append(text.partition(" (")[0] if text.startswith("INSERT") else text)  # a column more is no work

    def commit(_connection: Any) -> None:
        done.append("COMMIT")

    class Counting(PasswordHasher):
        def verify(self, *arguments: Any) -> Any:
            done.append("VERIFY")
            return super().verify(*arguments)

        def hash(self, *arguments: Any, **more: Any) -> str:
            done.append("HASH")
            return super().hash(*arguments, **more)

    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "commit", commit)
    with monkeypatch.context() as patched:
        patched.setattr(passwords, "_HASHER", Counting(time_cost=2, memory_cost=19 * 1024, parallelism=1))
        yield done
    event.remove(engine, "before_cursor_execute", statement)
    event.remove(engine, "commit", commit)


def answers(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, path: str, bodies: Mapping[str, Mapping[str, str]]
) -> dict[str, tuple[int, str, list[str]]]:
    """Status, body and work of each, asked from a place of its own."""
    found = {}
    for number, (name, body) in enumerate(bodies.items()):
        with work_of(desk, monkeypatch) as done:
            answer: Response = desk.stranger(f"10.2.{number}.1").post(path, json=body)
        told = answer.json()
        told.pop("request_id", None)
        found[name] = (answer.status_code, str(told), list(done))
    return found


def test_failed_sign_ins_are_the_same_work_for_everybody(admins: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    admins.http.post("/invitations", json={"email": "jan@example.com", "organisation": "Acme"})
    emails = {"known": ADMIN["email"], "unknown": NOBODY, "invited": "jan@example.com", "none": "no address"}
    bodies = {name: {"platform": "acme", "email": email, "password": WRONG} for name, email in emails.items()}
    bodies["nowhere"] = {"platform": "nowhere", "email": ADMIN["email"], "password": WRONG}
    found = answers(admins, monkeypatch, "/sessions", bodies)
    (status, _, done) = found["known"]
    assert status == 401
    assert (done.count("VERIFY"), done.count("COMMIT"), done.count("HASH")) == (1, 2, 0)
    assert [name for name, one in found.items() if one != found["known"]] == []


def test_asking_for_a_reset_is_one_commit_for_everybody(admins: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert admins.stranger().post("/password-resets", json={"email": NOBODY}).status_code == 202  # wakes the workers
    emails = {"unknown": f"{NOBODY}.org", "known": ADMIN["email"], "again": ADMIN["email"], "none": "no address"}
    bodies = {name: {"platform": "acme", "email": email} for name, email in emails.items()}
    found = answers(admins, monkeypatch, "/password-resets", bodies)
    assert {one[:2] for one in found.values()} == {(202, "{'status': 'accepted'}")}
    assert found["unknown"][2] == found["again"][2] == found["none"][2]
    assert found["unknown"][2].count("COMMIT") == 1
    # The mail is put into the outbox, within the commit there is in any case.
    assert [text for text in found["known"][2] if text != "INSERT INTO deliveries"] == found["unknown"][2]
    with admins.database.reading() as session:
        assert len(session.scalars(select(Delivery.kind).where(Delivery.kind == "password_reset")).all()) == 1


def _invitation_tokens(desk: Desk) -> dict[str, str]:
    """Tokens that no longer work, each for another reason, and some that never did."""
    tokens: dict[str, str] = {}
    for number, reason in enumerate(("resent", "revoked", "expired", "used")):
        email = f"p{number}@example.com"
        made = desk.http.post("/invitations", json={"email": email, "organisation": "Acme"}).json()
        desk.work()
        tokens[reason] = link_of(desk.mails(to=email)[-1])
        if reason == "resent":
            desk.http.post(f"/invitations/{made['id']}/resend")
        elif reason == "revoked":
            desk.http.post(f"/invitations/{made['id']}/revoke")
        elif reason == "expired":
            with desk.database.writing() as session:
                past = utcnow() - timedelta(seconds=1)
                session.execute(update(Invitation).where(Invitation.email == email).values(expires_at=past))
        else:
            body = {"token": tokens[reason], "password": "a fine horse"}
            assert desk.stranger().post("/invitations/accept", json=body).status_code == 200
    nobodys = Link(desk.platform_id(), new_id(), 1)
    tokens["never made"] = Keyring([SECRET]).sign_link(Purpose.INVITATION, nobodys)
    tokens["another purpose"] = Keyring([SECRET]).sign_link(Purpose.RESET, nobodys)
    tokens["another service's"] = Keyring(["z" * 20 + "another secret"]).sign_link(Purpose.INVITATION, nobodys)
    tokens["tampered with"] = tokens["resent"][:-1] + ("A" if tokens["resent"][-1] != "A" else "B")
    tokens["none"] = "x"
    return tokens


@pytest.mark.parametrize("verb", ["inspect", "accept"])
def test_every_link_that_does_not_work_gets_one_answer_for_one_look(
    admins: Desk, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    more = {"password": "a fine horse"} if verb == "accept" else {}
    bodies = {reason: {"token": token} | more for reason, token in _invitation_tokens(admins).items()}
    found = answers(admins, monkeypatch, f"/invitations/{verb}", bodies)
    status, told, done = found["used"]
    assert status == 410
    assert "invitation_not_usable" in told
    assert len(done) == 1  # one look, no hash, no commit
    assert [reason for reason, one in found.items() if one != found["used"]] == []


def test_every_reset_that_does_not_work_gets_one_answer_for_one_look(
    admins: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    admins.stranger().post("/password-resets", json={"email": ADMIN["email"]})
    admins.work()
    used = reset_token(admins)
    done_once = admins.stranger().post("/password-resets/complete", json={"token": used, "password": "a fine horse"})
    assert done_once.status_code == 200
    never = Keyring([SECRET]).sign_link(Purpose.RESET, Link(admins.platform_id(), new_id(), 1))
    bodies = {
        reason: {"token": token, "password": "another horse"}
        for reason, token in {"used": used, "never": never, "none": "x", "long": "x" * 400}.items()
    }
    found = answers(admins, monkeypatch, "/password-resets/complete", bodies)
    assert found["used"][0] == 410
    assert len(found["used"][2]) == 1
    assert [reason for reason, one in found.items() if one != found["used"]] == []


def test_a_password_of_older_parameters_is_hashed_anew_when_its_owner_signs_in(admins: Desk) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(ADMIN["password"])
    with admins.database.writing() as session:
        session.execute(update(User).values(password_hash=old))
    body = ADMIN | {"platform": "acme"}
    assert admins.stranger().post("/sessions", json=body | {"password": WRONG}).status_code == 401
    assert _hash(admins) == old
    assert admins.stranger().post("/sessions", json=body).status_code == 201
    new = _hash(admins)
    assert new.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert admins.stranger().post("/sessions", json=body).status_code == 201
    assert _hash(admins) == new


def _hash(desk: Desk) -> str:
    with desk.database.reading() as session:
        return session.scalars(select(User.password_hash).where(User.password_hash.is_not(None))).one() or ""
