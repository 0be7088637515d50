"""One mail, whatever goes wrong on our own side: a database that fails a tick, a clock that jumps, days of waiting."""

import sqlite3
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from app.db.base import new_id, utcnow
from app.delivery import claims
from app.delivery.models import Delivery, DeliveryState, Lane
from app.directory.models import User
from app.invitations.models import Invitation
from app.jobs import imports
from app.jobs.imports import do_next
from app.worker import make_pump
from tests.api.test_accounts import activate_admin
from tests.api.test_import_story import map_columns, upload
from tests.conftest import Desk
from tests.delivery.sink import Sink
from tests.delivery.test_delivery import FOUR, commit, make_due, people, posting, sink

__all__ = ["posting", "sink"]  # fixtures


def states(desk: Desk) -> set[tuple[str, int]]:
    with desk.database.reading() as session:
        rows = session.execute(select(Delivery.state, Delivery.attempts).where(Delivery.batch_id.is_not(None)))
        return {(row[0], row[1]) for row in rows}


@pytest.mark.sqlite
def test_a_tick_the_database_fails_forgets_nothing_that_was_sent(
    posting: Desk, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(posting, people(40))
    while do_next(posting.database, max_lines=10_000):
        pass
    pump = make_pump(posting.settings, posting.database)
    pump.start()
    pump.tick()
    while len(sink.accepted) < 40:
        pass
    # The file is locked by somebody else for as long as we would wait: the tick fails as it would in the field.
    monkeypatch.setattr("app.db.engines.BUSY_SECONDS", 0.05)
    blocker = sqlite3.connect(posting.settings.database_url.removeprefix("sqlite:///"), isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    failed = 0
    for _ in range(3):
        try:
            pump.tick()
        except OperationalError:
            failed += 1
    blocker.execute("ROLLBACK")
    blocker.close()
    assert failed >= 1
    print(f"ticks that failed: {failed}")
    while pump.is_busy:
        pump.tick()
    pump.drain(5)
    make_due(posting)
    posting.work()
    assert states(posting) == {("sent", 1)}
    recipients, repeats = sink.ledger()
    assert (len(recipients), repeats) == (40, 0)


def test_a_clock_that_jumps_sends_nothing_twice(posting: Desk, sink: Sink) -> None:
    commit(posting, people(30))
    while do_next(posting.database, max_lines=10_000):
        pass
    pump = make_pump(posting.settings, posting.database)
    pump.tick()  # claimed, and no thread has begun: all of them are in our hands
    make_due(posting)
    pump.tick()
    pump.start()
    while pump.is_busy:
        pump.tick()
    pump.drain(5)
    recipients, repeats = sink.ledger()
    assert (len(recipients), repeats) == (30, 0)


def test_two_mails_about_one_person_are_two_mails(desk: Desk) -> None:
    activate_admin(desk)
    for _ in range(2):
        desk.stranger().post("/password-resets", json={"email": "admin@acme.example.com"})
        with desk.database.writing() as session:
            session.execute(update(User).values(reset_expires_at=utcnow() + timedelta(minutes=30)))
    desk.work()
    with desk.database.reading() as session:
        found = session.execute(
            select(Delivery.generation, Delivery.state).where(Delivery.kind == "password_reset").order_by("generation")
        ).all()
    assert [tuple(row) for row in found] == [(1, "dropped"), (2, "sent")]
    assert len(desk.mails()) == 1


def test_a_mail_that_was_held_for_days_is_still_tried_for_days(posting: Desk, sink: Sink) -> None:
    posting.http.post("/invitations", json={"email": "later@example.com", "organisation": "Acme", "send": False})
    with posting.database.writing() as session:
        session.execute(update(Delivery).values(created_at=utcnow() - timedelta(days=5)))
    (item,) = posting.http.get("/invitations", params={"q": "later"}).json()["items"]
    posting.http.post(f"/invitations/{item['id']}/resend")
    posting.work()
    (item,) = posting.http.get("/invitations", params={"q": "later"}).json()["items"]
    assert (item["delivery"]["state"], item["delivery"]["attempts"]) == ("queued", 1)
    assert sink.refused["later@example.com"] == 1


def test_days_without_a_mail_server_take_nothing_off_the_lifetime(posting: Desk, sink: Sink) -> None:
    posting.http.post("/invitations", json={"email": "p@example.com", "organisation": "Acme"})
    with posting.database.writing() as session:  # it was claimed and given back, and days went by
        session.execute(update(Invitation).values(expires_at=utcnow() - timedelta(days=1)))
    posting.work()
    assert [recipient for recipient, _ in sink.accepted] == ["p@example.com"]
    (item,) = posting.http.get("/invitations", params={"q": "p@"}).json()["items"]
    assert item["state"] == "pending"


def test_a_resend_of_an_expired_invitation_whose_mail_still_waits_sends_it(posting: Desk, sink: Sink) -> None:
    invited = posting.http.post("/invitations", json={"email": "later@example.com", "organisation": "Acme"}).json()
    posting.work()
    with posting.database.writing() as session:
        session.execute(update(Invitation).values(expires_at=utcnow() - timedelta(minutes=1)))
    resent = posting.http.post(f"/invitations/{invited['id']}/resend").json()
    assert (resent["state"], resent["generation"], resent["delivery"]["state"]) == ("pending", 1, "queued")
    assert resent["expires_at"] is not None  # a link has an end: no first attempt will begin its lifetime any more


@pytest.mark.sqlite
def test_a_claim_finds_its_mails_by_their_key_however_many_wait(desk: Desk) -> None:
    with desk.database.reading() as session:
        statement = select(Delivery.about_id).where(*claims._these(session, 1, 1, [new_id(), new_id()]))
        sql = str(
            statement.compile(session.get_bind(), compile_kwargs={"literal_binds": False, "render_postcompile": True})
        )
        parameters = statement.compile(session.get_bind(), compile_kwargs={"render_postcompile": True})
        plan = session.connection().exec_driver_sql(
            f"EXPLAIN QUERY PLAN {sql}", tuple(None for _ in parameters.positiontup or ())
        )
        details = " ".join(str(row) for row in plan)
    assert "sqlite_autoindex_deliveries_1" in details
    assert "ix_deliveries_due" not in details


def test_platforms_with_due_mail_are_found_by_stepping_through_their_index(desk: Desk) -> None:
    for name in ("globex", "initech", "umbrella"):
        desk.platform(name)
    for name in ("acme", "globex", "initech", "umbrella"):  # each with a mail, one of them not due yet
        invited = {"email": "ann@example.com", "organisation": "Acme"}
        assert desk.client(name).post("/invitations", json=invited).status_code == 201
    desk.rows(
        "UPDATE deliveries SET due_at = :later WHERE platform_id = :platform_id",
        later=utcnow() + timedelta(hours=1),
        platform_id=desk.platform_id("initech"),
    )
    desk.rows("UPDATE deliveries SET lane = 1 WHERE platform_id = :platform_id", platform_id=desk.platform_id("globex"))
    with desk.database.reading() as session:
        assert claims._platforms_with_due_mail(session, utcnow()) == {
            Lane.SINGLE: [desk.platform_id("acme"), desk.platform_id("umbrella")],
            Lane.BULK: [desk.platform_id("globex")],
        }
        explain = "EXPLAIN " if desk.database.is_shared else "EXPLAIN QUERY PLAN "
        compiled = claims._WAITING.compile(session.get_bind(), compile_kwargs={"render_postcompile": True})
        if desk.database.is_shared:  # in tables this small nobody takes an index of his own accord
            session.connection().exec_driver_sql("SET enable_seqscan = off")
            session.connection().exec_driver_sql("SET enable_sort = off")
            session.connection().exec_driver_sql("SET enable_bitmapscan = off")
        given: Any = compiled.construct_params({"now": utcnow()})
        if compiled.positiontup is not None:
            given = tuple(str(given[name]) for name in compiled.positiontup)
        plan = [str(row) for row in session.connection().exec_driver_sql(explain + str(compiled), given)]
    assert sum("ix_deliveries_due" in step for step in plan) >= 4, plan
    assert not any("platforms" in step for step in plan), plan


def test_issues_are_paged_without_losing_one(desk: Desk) -> None:
    rows = b"".join(b",,bad%d,\n" % n for n in range(7))
    imported = upload(desk, b"first_name,last_name,email,company\n" + rows)
    map_columns(desk, imported["id"], FOUR)
    path = f"/imports/{imported['id']}/issues"
    everything = desk.http.get(path, params={"limit": 200}).json()["items"]
    assert len(everything) == 28
    for limit in (1, 2, 3, 5):
        seen: list[Any] = []
        cursor = None
        while True:
            page = desk.http.get(path, params={"limit": limit} | ({"cursor": cursor} if cursor else {})).json()
            seen += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == everything


def test_work_that_was_taken_back_while_it_broke_does_not_stop_the_worker(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported = upload(desk)
    map_columns(desk, imported["id"], ["first_name", "last_name", "email", "company", None, None, None, None])
    desk.http.post(f"/imports/{imported['id']}/commit", json={})

    def breaks(*_arguments: object, **_more: object) -> None:
        with desk.database.writing() as session:
            from app.imports.models import Import  # the lease is somebody else's, and then something unforeseen

            session.execute(update(Import).values(lease=new_id()))
        raise RuntimeError

    monkeypatch.setattr(imports, "HANDLERS", dict.fromkeys(imports.HANDLERS, breaks))
    assert do_next(desk.database, max_lines=100) is True


def test_a_send_that_breaks_leaves_the_import_completed(desk: Desk) -> None:
    from app.errors import AppError, Code
    from app.imports import work

    import_id = commit(desk, people(3), send_invitations=False)
    desk.work()
    desk.http.post(f"/imports/{import_id}/send")
    with desk.database.writing() as session:
        job = work.claim(session, now=utcnow())
    assert job is not None
    work.fail(desk.database, job, AppError(Code.INTERNAL_ERROR))
    assert desk.http.get(f"/imports/{import_id}").json()["state"] == "completed"
    desk.http.post(f"/imports/{import_id}/send")
    desk.work()
    assert len(desk.mails()) == 3
    with desk.database.reading() as session:
        assert set(session.scalars(select(Delivery.state).where(Delivery.batch_id.is_not(None)))) == {
            DeliveryState.SENT
        }
