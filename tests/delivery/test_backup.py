"""A backup taken while people are imported and invited, restored elsewhere: whole, goes on, and mails nobody again."""

import contextlib
import copy
import itertools
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import ForeignKeyConstraint, and_, func, select, update

from app.db.base import utcnow
from app.db.session import Database
from app.delivery.models import Delivery, DeliveryBatch, DeliveryState
from app.directory.models import User
from app.imports.models import Import
from app.invitations.models import Invitation
from app.main import create_app
from app.tables import metadata
from tests import postgres
from tests.api.test_import_story import adds_up, map_columns, upload
from tests.conftest import Desk, PostgresTemplate, Template
from tests.delivery.sink import Sink
from tests.delivery.test_delivery import FOUR, people, posting, sink
from tests.delivery.test_kill import import_of, wait_for, worker

__all__ = ["posting", "sink"]  # fixtures

PEOPLE = 12_000


def backup(desk: Desk, migrated: Template, engine: str, folder: Path) -> str:
    """A backup of the database as the README says it is taken, restored. The address of the copy."""
    folder.mkdir()
    if not isinstance(migrated, PostgresTemplate):
        file = folder / "rollcall.db"
        source = sqlite3.connect(desk.settings.database_url.removeprefix("sqlite:///"))
        with contextlib.closing(source), contextlib.closing(sqlite3.connect(file)) as target:
            source.backup(target)
        return f"sqlite:///{file}"
    url, empty = desk.settings.database_url, migrated.server.empty()
    original, target_url = (address.replace("postgresql+psycopg", "postgresql") for address in (url, empty))
    file, version = folder / "rollcall.dump", int(engine.removeprefix("postgresql-"))
    postgres.run_tool(version, "pg_dump", "--format=custom", "--compress=0", f"--file={file}", f"--dbname={original}")
    postgres.run_tool(version, "pg_restore", "--exit-on-error", "--no-owner", f"--dbname={target_url}", str(file))
    return empty


@contextlib.contextmanager
def inviting(client: TestClient) -> Iterator[None]:
    """Somebody invites one person after the other for as long as the block lasts."""
    stop, refused = threading.Event(), list[int]()

    def _invite() -> None:
        for number in itertools.count():
            if stop.is_set():
                return
            person = {"email": f"single{number}@example.com", "organisation": "Acme"}
            status = client.post("/invitations", json=person).status_code
            if status != 201:
                refused.append(status)

    thread = threading.Thread(target=_invite)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert refused == []


@contextlib.contextmanager
def restored(desk: Desk, url: str, sink: Sink) -> Iterator[Desk]:
    """The same desk on a copy of its database, whose mails wait."""
    other = copy.copy(desk)
    other.settings = desk.settings.model_copy(
        update={"database_url": url, "mail_url": sink.url, "delivery_paused": True}
    )
    other.database = Database(url)
    other.app = create_app(other.settings)
    other.clients = []
    other.http = other.client(key=desk.http.headers["Authorization"].removeprefix("Bearer "))
    yield other
    other.close()


def orphans(database: Database) -> Counter[str]:
    """Rows that refer to something that is not there, by foreign key."""
    found: Counter[str] = Counter()
    with database.reading() as session:
        for table in metadata.tables.values():
            for key in table.constraints:
                if isinstance(key, ForeignKeyConstraint):
                    parent = key.referred_table.alias()
                    pairs = [(each.parent, parent.c[each.column.name]) for each in key.elements]
                    missing = select(func.count()).select_from(
                        table.outerjoin(parent, and_(*(ours == theirs for ours, theirs in pairs)))
                    )
                    is_orphan = and_(*(ours.is_not(None) for ours, _ in pairs), pairs[0][1].is_(None))
                    found[str(key.name)] += session.scalar(missing.where(is_orphan)) or 0
    return +found


def ids(desk: Desk) -> set[object]:
    """Everybody the copy has, and their invitations."""
    with desk.database.reading() as session:
        return {*session.scalars(select(User.id)), *session.scalars(select(Invitation.id))}


@pytest.mark.long
@pytest.mark.xdist_group("plugs")
def test_a_backup_under_writes_is_restored_whole_goes_on_and_mails_nobody(
    posting: Desk, sink: Sink, migrated: Template, engine: str, tmp_path: Path
) -> None:
    import_id = upload(posting, people(PEOPLE))["id"]
    map_columns(posting, import_id, FOUR)
    posting.work()
    posting.http.post("/invitations", json={"email": "later@example.com", "organisation": "Acme"})
    assert posting.http.post(f"/imports/{import_id}/commit", json={"hold_minutes": 600}).status_code == 202
    with worker(posting, tmp_path / "log"), inviting(posting.client()):
        assert wait_for(lambda: (import_of(posting, import_id)["progress"] or {})["done"] >= 500)
        url = backup(posting, migrated, engine, tmp_path / "elsewhere")
        assert wait_for(lambda: import_of(posting, import_id)["state"] == "completed")

    with Sink() as nobody, restored(posting, url, nobody) as desk:
        middle = import_of(desk, import_id)
        assert middle["state"] == "committing"
        assert 0 < middle["result"]["added"] < PEOPLE, "the backup was taken too late"
        assert adds_up(middle["result"])
        assert orphans(desk.database) == {}
        before = ids(desk)
        with desk.database.writing() as session:  # time has passed: leases are over, held mails are due
            session.execute(update(Import).where(Import.due_at.is_not(None)).values(due_at=utcnow()))
            session.execute(update(Delivery).where(Delivery.due_at.is_not(None)).values(due_at=utcnow()))
        with worker(desk, tmp_path / "log-of-the-copy"):
            assert wait_for(lambda: import_of(desk, import_id)["state"] == "completed")
        after = import_of(desk, import_id)["result"]
        assert (after["added"], adds_up(after)) == (PEOPLE, True)
        assert before < ids(desk)
        assert orphans(desk.database) == {}
        assert_everybody_is_there_once(desk, import_id)
        assert nobody.accepted == []
        assert "delivery_paused" in (tmp_path / "log-of-the-copy").read_text(encoding="utf-8")
    assert sink.refused["later@example.com"] >= 1  # its mail waited in the backup


def assert_everybody_is_there_once(desk: Desk, import_id: str) -> None:
    """One person, invitation and mail for each row, and counters that tell the mails as they are."""
    with desk.database.reading() as session:
        of_import = session.scalars(select(User.id).where(User.created_by_import_id.is_not(None))).all()
        invited = session.scalars(select(Invitation.user_id).where(Invitation.import_id.is_not(None))).all()
        assert len(of_import) == PEOPLE
        assert sorted(of_import) == sorted(each for each in invited if each is not None)
        mails = Counter(session.scalars(select(Delivery.state).where(Delivery.batch_id.is_not(None))))
        batch = session.scalars(select(DeliveryBatch)).one()
        assert (str(batch.id), batch.total, batch.held) == (import_id, PEOPLE, mails[DeliveryState.HELD])
        assert (batch.sent, batch.failed, batch.dropped) == (0, 0, 0)
