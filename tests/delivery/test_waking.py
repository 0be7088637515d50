"""Jobs put beside the work: who meets another's job on the way loses nothing of their own.

Two transactions of our choice, one inside the other's way.
"""

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db import wake
from app.jobs.open import open_database
from tests.conftest import Desk
from tests.delivery.test_kill import wait_for

pytestmark = pytest.mark.postgresql


def rename(session: Session, name: str) -> None:
    session.execute(text("UPDATE platforms SET sender_name = :name"), {"name": name})


def is_waiting(desk: Desk) -> bool:
    return bool(desk.rows("SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"))


def test_a_job_that_somebody_else_puts_there_at_the_same_moment_costs_nobody_their_work(desk: Desk) -> None:
    database = open_database(desk.settings.database_url)

    def work() -> None:
        with database.writing() as session:
            rename(session, "kept")
            wake.for_mails(session)

    other = threading.Thread(target=work)
    with desk.database.writing() as session:
        session.execute(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, status, attempts, args) "
                "VALUES ('soon', 'rollcall:deliver', 'deliver', 'todo', 0, '{}')"
            )
        )
        other.start()
        assert wait_for(lambda: is_waiting(desk)), "the other one was not in our way"
    other.join(10)
    database.close()
    assert not other.is_alive()
    assert desk.rows("SELECT sender_name FROM platforms") == [("kept",)]
    assert desk.rows("SELECT count(*) FROM procrastinate_jobs WHERE queueing_lock = 'deliver'") == [(1,)]


def test_a_transaction_that_has_failed_is_never_taken_for_committed(desk: Desk) -> None:
    (before,) = desk.rows("SELECT sender_name FROM platforms")

    def lose() -> None:
        with desk.database.writing() as session:
            rename(session, "lost")
            with pytest.raises(IntegrityError):
                session.execute(text("INSERT INTO platforms SELECT * FROM platforms"))

    with pytest.raises(RuntimeError, match="cannot be committed"):
        lose()
    assert desk.rows("SELECT sender_name FROM platforms") == [before]
