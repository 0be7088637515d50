"""A disk that fails once: at every single write of a small import in turn, from the upload to the accepted invitation.

The fault is raised where SQLite would raise it: by the driver's cursor, or by its commit. Who is told that the database
is unavailable tries again; in the end the ledger adds up as if nothing had been, and no mail is sent twice.
"""

import shutil
import sqlite3
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from enum import StrEnum
from functools import partial
from itertools import count
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from app.access.tokens import Keyring, Link, Purpose
from app.db import bulk
from app.db.base import utcnow
from app.imports.work import MAX_ATTEMPTS
from app.jobs import embedded
from app.jobs.imports import do_next
from app.jobs.mails import deliver
from app.worker import make_pump
from tests.api.test_import_story import map_columns, upload
from tests.conftest import SECRET, Desk, Template
from tests.delivery.fast_sink import FastSink
from tests.delivery.ledger import Client, Ledger, discrepancies, new_key
from tests.delivery.test_delivery import FOUR, commit, people
from tests.delivery.test_kill import wait_for

SIX = [f"p{number}@example.com" for number in range(6)]
FILE = people(6) + people(1).split(b"\n", 1)[1] + b",,not an address,\n"
ALONE = "alone@example.com"
PEOPLE = 4000
COMMITS = ("COMMIT",)
WRITES = ("INSERT", "UPDATE", "DELETE", *COMMITS)
STATEMENTS = ("SELECT", "BEGIN", *WRITES)
_REST_SECONDS = 30.0

pytestmark = [pytest.mark.sqlite, pytest.mark.long]  # the fault is the disk of its file


class Fault(StrEnum):
    """What a failing disk does."""

    REFUSED = "refused"
    """Nothing was written; the transaction is still open."""
    ROLLED_BACK = "rolled back"
    """Nothing was written, and SQLite has ended the transaction (sqlite.org/lang_transaction.html, section 3.1)."""
    UNTOLD = "untold"
    """The commit succeeded, and the program was told it did not."""


class Disk:
    """Counts the writes of all connections, and fails the one it is told to. A commit is a write."""

    def __init__(self) -> None:
        self.failed: str | None = None
        """What was to be written when it failed."""
        self.is_well()

    def is_well(self) -> None:
        """Nothing fails."""
        self.fail_at(0)

    def fail_at(self, number: int, fault: Fault = Fault.REFUSED, of: tuple[str, ...] = WRITES) -> None:
        """Count from one again: the statement of this number fails, no other one. `of`: how those that count begin."""
        self.failed = None
        self._numbers = count(1)
        self._fails_at = number
        self._fault = fault
        self._of = of

    def do(self, connection: sqlite3.Connection, statement: str) -> None:
        """A statement is about to be done. Raises sqlite3.OperationalError when it is its turn to fail."""
        if not statement.startswith(self._of) or next(self._numbers) != self._fails_at:
            return
        self.failed = statement
        if self._fault is Fault.ROLLED_BACK:
            connection.rollback()
        if self._fault is Fault.UNTOLD:
            sqlite3.Connection.commit(connection)
        raise sqlite3.OperationalError("disk I/O error")

    def attach(self, desk: Desk) -> None:
        """Stand between a desk's two engines and SQLite."""
        disk = self

        class Cursor(sqlite3.Cursor):
            def execute(self, statement: str, *parameters: Any) -> Any:
                disk.do(self.connection, statement)
                return super().execute(statement, *parameters)

            def executemany(self, statement: str, *parameters: Any) -> Any:
                disk.do(self.connection, statement)
                return super().executemany(statement, *parameters)

        class Connection(sqlite3.Connection):
            def cursor(self, _factory: Any = None) -> Any:
                return super().cursor(Cursor)

            def commit(self) -> None:
                if self.in_transaction:
                    disk.do(self, "COMMIT")
                super().commit()

        def connects(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
            options["factory"] = Connection

        for engine in (desk.database.engine, desk.app.state.context.database.engine):
            engine.dispose()
            event.listen(engine, "do_connect", connects)


class World:
    """A desk on a bad disk, put back to its beginning for each write that is to fail."""

    def __init__(self, desk: Desk, sink: FastSink) -> None:
        self.desk = desk
        self.sink = sink
        self.file = desk.folder / "rollcall.db"
        self._platform_id = desk.platform_id()
        self._beginning = desk.folder / "beginning.db"
        with closing(sqlite3.connect(self.file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(self.file, self._beginning)
        self.disk = Disk()
        self.disk.attach(desk)

    def begin_anew(self) -> None:
        """Forget everything that happened since."""
        for database in (self.desk.database, self.desk.app.state.context.database):
            database.close()
        for file in self.desk.folder.glob("rollcall.db-*"):
            file.unlink()
        shutil.copy(self._beginning, self.file)

    def time_passes(self) -> None:
        """All leases run out: of import work, of mails, of requests that died."""
        now = bulk.moment(utcnow())
        with closing(sqlite3.connect(self.file, isolation_level=None)) as connection:
            for table in ("imports", "deliveries"):
                connection.execute(f"UPDATE {table} SET due_at = ? WHERE due_at > ?", (now, now))
            connection.execute("UPDATE idempotency_keys SET lease_until = ? WHERE lease_until > ?", (now, now))

    def token(self, invitation_id: str, generation: int) -> str:
        """The token of a link, as the mail has it."""
        link = Link(self._platform_id, uuid.UUID(invitation_id), generation)
        return Keyring([SECRET]).sign_link(Purpose.INVITATION, link)

    def is_at_rest(self) -> bool:
        """Whether no worker has anything left to do."""
        with closing(sqlite3.connect(self.file)) as connection:
            due = [
                connection.execute(f"SELECT count(*) FROM {table} WHERE due_at IS NOT NULL").fetchone()
                for table in ("imports", "deliveries")
            ]
        return due == [(0,), (0,)]

    def do_imports(self) -> None:
        """All import work that is due. Raises OperationalError."""
        while do_next(self.desk.database, max_lines=10_000):
            pass

    def work(self) -> None:
        """A worker that lives on when the database fails it, until there is nothing left to do."""
        pump = make_pump(self.desk.settings, self.desk.database)
        pump.start()
        until = time.monotonic() + _REST_SECONDS
        while not (self.is_at_rest() and not pump.is_busy):
            assert time.monotonic() < until, "the work never came to rest"
            try:
                worked = do_next(self.desk.database, max_lines=10_000)
                pump.tick()
            except OperationalError:
                continue  # the next turn tries again, as in app/jobs/embedded.py
            if pump.is_busy:
                time.sleep(0.01)
            elif not worked:
                self.time_passes()
        pump.drain(10.0)


def story(world: World) -> Client:
    """One invitation and one small import, from the upload to mails that arrived, a resend, an acceptance."""
    client = Client(world.desk.http, world.time_passes)
    alone = client.ask("POST", "/invitations", key=new_key(), json={"email": ALONE, "organisation": "Acme"}).body["id"]
    csv = {"headers": {"Content-Type": "text/csv"}, "content": lambda: FILE}
    path = "/imports/" + client.ask("POST", "/imports", key=new_key(), **csv).body["id"]
    assert client.ask("PUT", f"{path}/mapping", json={"columns": FOUR}).body["state"] == "ready"
    preview = client.ask("GET", f"{path}/preview").body["summary"]
    assert (preview["to_add"], preview["duplicates"], preview["rejected"]) == (6, 1, 1)
    assert client.ask("POST", f"{path}/commit", key=new_key(), json={}).status == 202
    world.work()
    result = client.ask("GET", path).body["result"]
    assert (result["added"], result["mails"]["sent"], result["changed_since_preview"]) == (6, 6, {})
    assert client.ask("POST", f"/invitations/{alone}/resend", key=new_key()).body["generation"] == 2
    world.work()
    accepted = client.ask(
        "POST", "/invitations/accept", json={"token": world.token(alone, 2), "password": "long enough"}
    )
    assert accepted.status == 200 or client.unanswered, accepted  # a lost answer was an acceptance all the same
    assert client.ask("GET", f"/invitations/{alone}").body["state"] == "accepted"
    return client


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, migrated: Template) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("disk")
    with FastSink(folder / "accepted") as sink:
        desk = Desk(folder, migrated, mail_url=sink.url)
        with desk.http:
            yield World(desk, sink)
        desk.close()


EACH_FAULT = [
    pytest.param(Fault.REFUSED, WRITES, id="refused"),
    pytest.param(Fault.UNTOLD, COMMITS, id="untold"),
    pytest.param(Fault.ROLLED_BACK, WRITES, id="rolled-back", marks=pytest.mark.soak),
    pytest.param(Fault.REFUSED, STATEMENTS, id="reads-too", marks=pytest.mark.soak),
]
TABLES = {"imports", "import_pieces", "import_rows", "import_previews", "organisations", "users", "invitations",
          "deliveries", "delivery_batches", "send_counts", "idempotency_keys", "api_keys"}  # fmt: skip


@pytest.mark.parametrize(("fault", "of"), EACH_FAULT)
def test_whichever_write_fails_nothing_is_lost_and_nothing_happens_twice(
    world: World, fault: Fault, of: tuple[str, ...]
) -> None:
    wrong: list[str] = []
    failed: list[str] = []
    unanswered: Counter[str] = Counter()
    for number in count(1):
        world.disk.fail_at(number, fault, of)
        ledger, client = told(world)
        mails = Counter(ledger.accepted)
        found = discrepancies(ledger) + [f"{mail} came {times} times" for mail, times in mails.items() if times > 1]
        wrong += [f"number {number}, {world.disk.failed}: {sentence}" for sentence in found]
        unanswered += client.unanswered
        if world.disk.failed is None:  # there are no more than this
            break
        failed.append(world.disk.failed)
    print(f"{len(failed)} statements, each {fault} once: requests tried again {dict(unanswered)}, the rest at work")
    assert wrong == []
    assert failed.count("COMMIT") > 10
    assert unanswered["503"] > 10
    written = {word for statement in failed for word in statement.split()[:5]}
    assert of == COMMITS or written >= TABLES


def told(world: World) -> tuple[Ledger, Client]:
    """The story from its beginning to its end, and the client who lived through it."""
    world.begin_anew()
    before = len(world.sink.accepted())
    client = story(world)
    accepted = world.sink.accepted()[before:]
    return Ledger(world.desk, accepted, [ALONE, *SIX], client.answers, in_flight=len(accepted)), client


def has_more_than(sink: FastSink, number: int) -> bool:
    return len(sink.accepted()) > number


def test_a_worker_that_is_told_to_stop_writes_down_what_it_sent_though_the_disk_fails(world: World) -> None:
    repeated: list[str] = []
    for number in count(1):
        world.begin_anew()
        world.disk.is_well()
        before = len(world.sink.accepted())
        commit(world.desk, people(200))
        world.do_imports()
        stop = threading.Event()
        pump = make_pump(world.desk.settings, world.desk.database)
        worker = threading.Thread(
            target=deliver, args=(world.desk.database, pump, stop, threading.Event()), kwargs={"drain_seconds": 10.0}
        )
        worker.start()
        assert wait_for(partial(has_more_than, world.sink, before))
        world.disk.fail_at(number)
        stop.set()
        worker.join()
        failed = world.disk.failed
        world.disk.is_well()
        embedded.clear_leases(world.desk.database)
        world.work()
        mails = Counter(world.sink.accepted()[before:])
        assert len(mails) == 200
        if sum(mails.values()) > 200:
            repeated.append(f"write {number}, {failed}: {sum(mails.values()) - 200} mails repeated")
        if failed is None:
            break
    print(f"{number - 1} writes at the end of a worker, each failed once")
    assert number > 3
    assert repeated == []


def test_a_worker_lives_on_when_it_cannot_even_look(world: World) -> None:
    world.begin_anew()
    watch = world.desk.database.watch()
    world.disk.fail_at(1, of=("PRAGMA data_version",))
    assert watch.has_changed()
    assert world.disk.failed
    watch.close()


def test_an_import_that_gets_on_is_never_given_up_however_often_its_worker_dies(world: World) -> None:
    world.begin_anew()
    world.disk.is_well()
    imported = upload(world.desk, people(PEOPLE))["id"]
    map_columns(world.desk, imported, FOUR)
    world.do_imports()
    world.desk.http.post(f"/imports/{imported}/commit", json={})
    deaths = 0
    for _ in range(PEOPLE):
        world.disk.fail_at(2, of=("INSERT INTO users",))  # each worker gets one chunk done
        try:
            world.do_imports()
        except OperationalError:
            deaths += 1
            world.time_passes()
        else:
            break
    done = world.desk.http.get(f"/imports/{imported}").json()
    print(f"{deaths} workers died over one import: {done['state']}")
    assert deaths > MAX_ATTEMPTS
    assert (done["state"], done["result"]["added"]) == ("completed", PEOPLE)
