"""Two transactions that wait for each other: PostgreSQL ends one, and whoever asked over HTTP does not notice."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from app.web import metrics
from app.web.again import TIMES
from tests.conftest import Desk
from tests.delivery.test_kill import wait_for

pytestmark = pytest.mark.postgresql


class InACircle:
    """Somebody who holds an invitation, and wants the person as soon as the other side has it: again and again."""

    def __init__(self, desk: Desk, times: int) -> None:
        self.desk = desk
        self.times = times
        self.holds = threading.Event()
        self.thread = threading.Thread(target=self._play)

    def _play(self) -> None:
        person = text("SELECT id FROM users WHERE state = 'invited' FOR UPDATE")
        with self.desk.database.engine.begin() as connection:
            connection.execute(text("SET LOCAL deadlock_timeout = '20s'"))  # so the other side is the one to end
            connection.execute(text("SELECT id FROM invitations FOR UPDATE")).close()
            self.holds.set()
            for _ in range(self.times):
                while not self._is_waited_for():
                    time.sleep(0.01)
                with connection.begin_nested() as taken:
                    connection.execute(person).close()
                    taken.rollback()

    def _is_waited_for(self) -> bool:
        return bool(self.desk.rows("SELECT pid FROM pg_locks WHERE NOT granted"))


def revoke_in_a_circle(desk: Desk, times: int) -> tuple[int, float]:
    """The answer, and how often it was done again."""
    (invitation,) = desk.http.get("/invitations").json()["items"]  # the first administrator's
    other = InACircle(desk, times)
    other.thread.start()
    assert other.holds.wait(10)
    before = done_again()
    status = desk.http.post(f"/invitations/{invitation['id']}/revoke").status_code
    other.thread.join(60)
    return status, done_again() - before


def resend_in_a_circle(desk: Desk, key: str) -> tuple[int, bool]:
    """The status of a resend that is done again once under an idempotency key, and whether its answer is kept."""
    (invitation,) = desk.http.get("/invitations").json()["items"]
    other = InACircle(desk, 1)
    other.thread.start()
    assert other.holds.wait(10)
    headers = {"Idempotency-Key": key}
    first = desk.http.post(f"/invitations/{invitation['id']}/resend", headers=headers)
    other.thread.join(60)
    second = desk.http.post(f"/invitations/{invitation['id']}/resend", headers=headers)
    assert second.content == first.content
    return first.status_code, second.headers.get("Idempotent-Replayed") == "true"


def done_again() -> float:
    return metrics.REGISTRY.get_sample_value("rollcall_requests_done_again_total") or 0.0


def test_who_was_ended_by_a_deadlock_is_done_again_by_itself(desk: Desk) -> None:
    assert revoke_in_a_circle(desk, 1) == (200, 1)
    assert desk.rows("SELECT state FROM invitations") == [("revoked",)]
    assert desk.rows("SELECT count(*) FROM audit_events WHERE action = 'invitation.revoked'") == [(1,)]


def test_whoever_is_ended_again_and_again_is_told_to_come_back(desk: Desk) -> None:
    assert revoke_in_a_circle(desk, TIMES) == (503, TIMES - 1)
    assert desk.rows("SELECT state FROM invitations") == [("pending",)]


def test_a_request_that_is_done_again_answers_once_for_its_idempotency_key(desk: Desk) -> None:
    before = done_again()
    assert resend_in_a_circle(desk, "once") == (200, True)
    assert done_again() - before == 1
    assert desk.rows("SELECT count(*) FROM audit_events WHERE action = 'invitation.resent'") == [(1,)]


def test_who_invites_somebody_another_adds_this_moment_is_told_so(desk: Desk) -> None:
    add = text(
        "INSERT INTO users (platform_id, id, state, role, email, email_canonical, language, created_at) VALUES "
        "(1, gen_random_uuid(), 'active', 'member', 'ann@example.com', 'ann@example.com', 'en', now())"
    )
    before = done_again()
    with ThreadPoolExecutor(1) as pool:
        with desk.database.engine.begin() as connection:
            connection.execute(add)
            body = {"email": "Ann@example.com", "organisation": "Acme"}
            answer = pool.submit(desk.http.post, "/invitations", json=body)
            assert wait_for(lambda: bool(desk.rows("SELECT pid FROM pg_locks WHERE NOT granted")), 10.0)
        assert (answer.result().status_code, answer.result().json()["code"]) == (409, "already_a_user")
    assert done_again() - before == 1
    assert desk.rows("SELECT count(*) FROM users WHERE email_canonical = 'ann@example.com'") == [(1,)]
    assert desk.rows("SELECT count(*) FROM organisations WHERE name = 'Acme'") == [(0,)]
