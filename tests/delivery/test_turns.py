"""Lanes and turns with 50,000 mails waiting, and how fast mails may leave."""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from app.access.models import RateBucket
from app.db.base import new_id, utcnow
from app.db.session import Database
from app.delivery import claims, outbox
from app.delivery.claims import Claimed
from app.delivery.couriers import Couriers, Result
from app.delivery.models import Lane, MailKind
from app.delivery.rates import Rates
from app.delivery.senders.folder import FolderSender
from app.invitations.people import Invite, NewPerson, People, add_people
from app.worker import make_pump
from tests.conftest import Desk
from tests.delivery.sink import Sink
from tests.delivery.test_delivery import posting, sink

__all__ = ["posting", "sink"]  # fixtures

WAITING = 50_000


def fill(desk: Desk, subdomain: str, number: int, lane: Lane) -> None:
    """People with waiting mails, as an import's commit adds them."""
    invite = Invite(inviter_name=None, inviter_email=None, message_id=None, lane=lane)
    people = [
        NewPerson(f"p{n}@{subdomain}.example.com", f"p{n}@{subdomain}.example.com", "P", str(n), None, "Acme", (),
                  None, None, "en")
        for n in range(number)
    ]  # fmt: skip
    platform_id = desk.platform_id(subdomain)
    for start in range(0, number, 5000):
        with desk.database.writing() as session:
            add_people(session, platform_id, People.of(people[start : start + 5000]), invite=invite, now=utcnow())


@pytest.mark.long
def test_with_50000_waiting_one_person_is_first_and_another_platforms_hundred_are_not_behind(
    posting: Desk, sink: Sink
) -> None:
    posting.platform("globex")
    fill(posting, "acme", WAITING, Lane.BULK)
    fill(posting, "globex", 100, Lane.BULK)
    posting.http.post("/invitations", json={"email": "urgent@example.com", "organisation": "Acme"})
    pump = make_pump(posting.settings, posting.database)
    pump.start()
    until = time.monotonic() + 30
    while time.monotonic() < until and sum("globex" in to for to, _ in sink.accepted) < 100:
        pump.tick()
        time.sleep(0.01)
    pump.drain(10)
    arrived = [to for to, _ in sink.accepted]
    of_globex = [position for position, to in enumerate(arrived) if "globex" in to]
    print(
        f"urgent was number {arrived.index('urgent@example.com') + 1} of {WAITING + 101} waiting; "
        f"globex's hundred were among the first {max(of_globex) + 1}"
    )
    assert arrived.index("urgent@example.com") < 3 * posting.settings.mail_connections  # what the threads took
    assert len(of_globex) == 100
    assert max(of_globex) < 2000
    assert len(arrived) < WAITING / 5


def claimed_in(database: Database, seconds: float, rates: Rates) -> dict[int, int]:
    """How many mails of each platform are claimed in a time, asked 20 times a second, from empty buckets."""
    now = utcnow()
    with database.writing() as session:
        for row in session.query(RateBucket):
            session.delete(row)
    found: dict[int, int] = {}
    lease = new_id()
    for step in range(int(seconds * 20)):
        with database.writing() as session:
            for item in claims.claim(
                session, lease=lease, free=200, now=now + timedelta(seconds=step / 20), rates=rates
            ):
                found[item.platform_id] = found.get(item.platform_id, 0) + 1
    return found


def test_the_sender_and_each_platform_have_a_rate(desk: Desk) -> None:
    desk.platform("globex")
    for subdomain in ("acme", "globex"):
        with desk.database.writing() as session:
            ids = [new_id().bytes for _ in range(2000)]
            platform_id = desk.platform_id(subdomain)
            outbox.enqueue(session, platform_id, ids, kind=MailKind.INVITATION, lane=Lane.BULK, now=utcnow())
    all_together = claimed_in(desk.database, 5.0, Rates(sender=40.0))
    assert 180 <= sum(all_together.values()) <= 245
    each = claimed_in(desk.database, 5.0, Rates(platform=10.0))
    assert all(40 <= number <= 65 for number in each.values())
    assert len(each) == 2
    slow = claimed_in(desk.database, 6.0, Rates(sender=0.5))
    assert 2 <= sum(slow.values()) <= 5


def test_whoever_waits_for_results_is_woken_as_soon_as_there_are_many() -> None:
    couriers = Couriers(FolderSender(Path()), 1, is_ours=lambda _claimed: True, many=2)
    mail = Claimed(1, new_id(), 1, MailKind.INVITATION, Lane.SINGLE, 1, utcnow())
    couriers.report(Result(mail))
    began = time.monotonic()
    couriers.wait_for_many(0.05)
    assert time.monotonic() - began >= 0.05
    couriers.report(Result(mail))
    couriers.wait_for_many(60)
    assert time.monotonic() - began < 30
    assert len(couriers.finished(10)) == 2
    began = time.monotonic()
    couriers.wait_for_many(0.05)
    assert time.monotonic() - began >= 0.05
