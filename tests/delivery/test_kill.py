"""A pulled plug: `kill -9` of a real worker in the middle of a commit. For deliveries see test_crashes.

Each test fails if its kill hit nothing.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app.db.base import utcnow
from app.delivery.models import Delivery
from app.directory.models import User
from app.invitations.models import Invitation
from tests.api.test_import_story import adds_up, map_columns, upload
from tests.conftest import SECRET, Desk
from tests.delivery.test_delivery import FOUR, people, posting, sink

__all__ = ["posting", "sink"]  # fixtures

PEOPLE = 12_000
RESUMES_WITHIN_SECONDS = 45.0


def environment(desk: Desk) -> dict[str, str]:
    """What a worker of this desk is told."""
    settings = desk.settings
    return {
        "PATH": os.environ["PATH"],
        "ROLLCALL_DATABASE_URL": settings.database_url,
        "ROLLCALL_SECRET_KEYS": SECRET,
        "ROLLCALL_PUBLIC_URL": settings.public_url,
        "ROLLCALL_MAIL_URL": settings.mail_url,
        "ROLLCALL_MAIL_FROM": settings.mail_from,
        "ROLLCALL_DELIVERY_PAUSED": str(settings.delivery_paused),
    }


@contextmanager
def worker(desk: Desk, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker process; ended at the end of the block, if it still lives."""
    with log.open("ab") as stderr:
        process = subprocess.Popen([sys.executable, "-m", "app.cli", "worker"], env=environment(desk), stderr=stderr)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)


def wait_for(what: Callable[[], bool], seconds: float = RESUMES_WITHIN_SECONDS) -> bool:
    """Whether something comes true in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.005)
    return what()


def let_leases_end(desk: Desk) -> None:
    """What a dead worker held is free on PostgreSQL when its lease has run out; on SQLite the next one frees it."""
    if desk.database.is_shared:
        desk.rows("UPDATE imports SET due_at = :now WHERE lease IS NOT NULL", now=utcnow())


def import_of(desk: Desk, import_id: str) -> dict[str, Any]:
    return dict(desk.http.get(f"/imports/{import_id}").json())


def count(desk: Desk, column: Any) -> int:
    with desk.database.reading() as session:
        return session.scalar(select(func.count(func.distinct(column)))) or 0


def committed(desk: Desk, hold_minutes: int = 0) -> str:
    """An import of PEOPLE people (and 20 duplicates), handed to the worker."""
    imported = upload(desk, people(PEOPLE) + people(20).split(b"\n", 1)[1])
    map_columns(desk, imported["id"], FOUR)
    desk.work()
    body = {"hold_minutes": hold_minutes}
    assert desk.http.post(f"/imports/{imported['id']}/commit", json=body).status_code == 202
    return str(imported["id"])


@pytest.mark.long
@pytest.mark.xdist_group("plugs")
@pytest.mark.sqlite  # beside PostgreSQL others go on: test_takeover
def test_a_commit_killed_in_its_middle_goes_on_at_its_checkpoint(posting: Desk, tmp_path: Path) -> None:
    import_id = committed(posting, hold_minutes=600)
    kills = 0
    with worker(posting, tmp_path / "log") as process:
        assert wait_for(lambda: (import_of(posting, import_id)["progress"] or {})["done"] >= 500)
        process.send_signal(signal.SIGKILL)
        process.wait()
    middle = import_of(posting, import_id)
    kills += middle["state"] == "committing" and 0 < middle["result"]["added"] < PEOPLE
    assert kills == 1, f"the kill came too late: {middle['progress']}"
    assert adds_up(middle["result"])
    print(f"killed after {middle['result']['added']} of {PEOPLE} people; kills that hit: {kills}")

    let_leases_end(posting)
    with worker(posting, tmp_path / "log"):
        assert wait_for(lambda: import_of(posting, import_id)["state"] == "completed")
    result = import_of(posting, import_id)["result"]
    assert adds_up(result)
    assert (result["added"], result["duplicates"], result["changed_since_preview"]) == (PEOPLE, 20, {})
    assert result["mails"]["held"] == PEOPLE
    assert count(posting, User.email_canonical) == PEOPLE + 1  # and the administrator
    assert count(posting, Invitation.email) == PEOPLE + 1
    assert count(posting, Delivery.about_id) == PEOPLE + 1


@pytest.mark.xdist_group("plugs")
@pytest.mark.sqlite
def test_a_second_worker_on_the_same_file_is_refused(posting: Desk, tmp_path: Path) -> None:
    with worker(posting, tmp_path / "log"):
        assert wait_for(lambda: posting.http.get("http://testserver/readyz").json()["workers_alive"] == 1, 20.0)
        second = subprocess.run(
            [sys.executable, "-m", "app.cli", "worker"],
            env=environment(posting),
            capture_output=True,
            timeout=20,
            check=False,
        )
    assert second.returncode == 1
    assert b"Another worker is running" in second.stderr
