"""Two transactions that wait for each other: PostgreSQL ends one, and whoever asked over HTTP does not notice."""

import threading
import time

import pytest
from sqlalchemy import text

from app.web import metrics
from app.web.again import TIMES
from tests.conftest import Desk

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


def done_again() -> float:
    return metrics.REGISTRY.get_sample_value("rollcall_requests_done_again_total") or 0.0


def test_who_was_ended_by_a_deadlock_is_done_again_by_itself(desk: Desk) -> None:
    assert revoke_in_a_circle(desk, 1) == (200, 1)
    assert desk.rows("SELECT state FROM invitations") == [("revoked",)]
    assert desk.rows("SELECT count(*) FROM audit_events WHERE action = 'invitation.revoked'") == [(1,)]


def test_whoever_is_ended_again_and_again_is_told_to_come_back(desk: Desk) -> None:
    assert revoke_in_a_circle(desk, TIMES) == (503, TIMES - 1)
    assert desk.rows("SELECT state FROM invitations") == [("pending",)]
