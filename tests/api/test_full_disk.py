"""A full disk: whoever asks is told to come back, nothing is half done, and all works once there is room again.

The database file may not grow (`PRAGMA max_page_count`), or the files of the folder of mails may not.
"""

import resource
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
from sqlalchemy import event, update
from sqlalchemy.exc import OperationalError

from app.db.base import utcnow
from app.db.session import Database
from app.delivery.models import Delivery
from app.imports.work import MAX_ATTEMPTS
from tests.api.test_import_story import adds_up, map_columns, upload
from tests.conftest import Desk

COLUMNS = ["first_name", "last_name", "email", "company"]
FILE = b"first name,last name,email,company\n" + b"".join(
    b"Ann%d,Lee,person%d@example.com,Acme %d\n" % (number, number, number) for number in range(1_500)
)


class Disk:
    """How far the database may grow, for every connection of the service and of the worker."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.pages = 0
        self.refused: Counter[str] = Counter()
        for database in (desk.database, desk.app.state.context.database):
            self._watch(database)

    def _watch(self, database: Database) -> None:
        @event.listens_for(database.engine, "checkout")
        def _limit(connection: object, _record: object, _proxy: object) -> None:
            limit = self.pages or 1_073_741_823
            connection.execute(f"PRAGMA max_page_count = {limit}").close()  # type: ignore[attr-defined] # the driver is sqlite3 here

        @event.listens_for(database.engine, "handle_error")
        def _count(context: object) -> None:
            error = getattr(context, "original_exception", None)
            self.refused[getattr(error, "sqlite_errorname", type(error).__name__)] += 1

    @contextmanager
    def full(self, *, but: int = 0) -> Iterator[None]:
        """No more room than this many pages of 4 KiB."""
        ((taken,),) = self.desk.rows("PRAGMA page_count")
        ((free,),) = self.desk.rows("PRAGMA freelist_count")
        self.pages = taken - free + but
        yield
        self.pages = 0


@pytest.mark.sqlite
def test_an_upload_to_a_full_disk_is_put_off_and_leaves_nothing(desk: Desk) -> None:
    disk = Disk(desk)
    for room in range(0, 24, 2):
        with disk.full(but=room):
            answer = desk.http.post("/imports", content=FILE * 4, headers={"Content-Type": "text/csv"})
            if answer.status_code == 201:
                break
            assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
            assert "retry-after" in answer.headers
            assert desk.http.get("/imports").json()["items"] == []
            assert desk.stranger().get("http://testserver/healthz").status_code == 200
    assert disk.refused["SQLITE_FULL"] >= 3, disk.refused
    assert upload(desk, FILE)["state"] == "uploaded", "without a restart"


@pytest.mark.sqlite
def test_a_disk_that_fills_up_in_any_step_of_an_import_loses_and_doubles_nobody(desk: Desk) -> None:
    disk = Disk(desk)
    imported = upload(desk, FILE)
    mapped = map_columns(desk, imported["id"], COLUMNS, header_line=1)
    assert mapped["state"] == "ready"
    path, room = f"/imports/{imported['id']}", 0
    accepted = False
    while not accepted:
        with disk.full(but=room):
            answer = desk.http.post(f"{path}/commit", json={})
            assert answer.status_code in {202, 503}, answer.text
            accepted = answer.status_code == 202
            room += 1
    failed = 0
    for more in range(0, 700, 25):
        with disk.full(but=more):
            before = disk.refused["SQLITE_FULL"]
            with suppress(OperationalError):
                desk.work()
            failed += disk.refused["SQLITE_FULL"] > before
        desk.rows(
            "UPDATE imports SET due_at = created_at WHERE due_at IS NOT NULL"
        )  # the lease of the failed turn is over
        if desk.http.get(path).json()["state"] == "completed":
            break
    assert failed > MAX_ATTEMPTS, disk.refused
    desk.work()
    with desk.database.writing() as session:  # those whose result could not be written down are tried again
        session.execute(
            update(Delivery).where(Delivery.due_at.is_not(None)).values(due_at=utcnow() - timedelta(seconds=1))
        )
    desk.work()
    result = desk.http.get(path).json()["result"]
    assert adds_up(result)
    assert (result["added"], result["mails"]["sent"]) == (1_500, 1_500)
    assert desk.rows("SELECT count(*) FROM users WHERE role = 'member'") == [(1_500,)]
    assert len({str(mail["To"]) for mail in desk.mails(to="person")}) == len(desk.mails(to="person")) == 1_500


@contextmanager
def small_files(size: int) -> Iterator[None]:
    """No file of this process may grow beyond a size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_mails_that_find_no_room_in_their_folder_leave_later(desk: Desk, engine: str) -> None:
    if engine == "sqlite":
        pytest.skip("the limit would keep the database of this process from growing too")
    for number in range(5):
        body = {"email": f"person{number}@example.com", "organisation": "Acme", "message": "x" * 4_000}
        assert desk.http.post("/invitations", json=body).status_code == 201
    with small_files(2_000):
        desk.work()
    assert desk.mails() == []
    assert list((desk.folder / "mails").glob(".*")) == [], "half a mail was left"
    waiting = desk.http.get("/invitations", params={"q": "person"}).json()["items"]
    assert [one["delivery"]["state"] for one in waiting] == ["queued"] * 5
    assert len(desk.rows("SELECT 1 FROM deliveries WHERE state = 'queued' AND due_at IS NOT NULL")) >= 5
    with desk.database.writing() as session:
        session.execute(
            update(Delivery).where(Delivery.due_at.is_not(None)).values(due_at=utcnow() - timedelta(seconds=1))
        )
    for _ in range(50):
        desk.work()
        if len(desk.mails(to="person")) == 5:
            break
        time.sleep(0.2)
    assert len({str(mail["To"]) for mail in desk.mails(to="person")}) == len(desk.mails(to="person")) == 5
