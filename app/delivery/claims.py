"""Takes mails out of the outbox under a lease, and writes down what became of them.

Decides which mail goes next and what a result means; never opens a connection to a mail server, never commits.
"""

import random
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    bindparam,
    case,
    func,
    literal_column,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from app.db import bulk
from app.db.base import UtcDateTime
from app.delivery.models import Delivery, DeliveryState, Lane, MailKind, SendCount
from app.delivery.outbox import count_in_batches
from app.delivery.rates import Buckets, Rates, give_back_to_day, waiting_for_their_day, waits_for_its_day

LEASE = timedelta(seconds=30)
RETRY_FOR = timedelta(hours=72)
_FIRST_RETRY = timedelta(seconds=10)
_LONGEST_RETRY = timedelta(hours=1)
_FINAL = frozenset({"sent", "failed", "dropped"})


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail that is ours to send until its lease ends."""

    platform_id: int
    about_id: uuid.UUID
    generation: int
    kind: MailKind
    lane: Lane
    attempts: int
    first_tried_at: datetime


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a mail did not leave. `is_final`: trying again would not help."""

    code: str
    detail: str
    is_final: bool


def is_due(session: Session, now: datetime) -> bool:
    """Whether any mail is due."""
    return any(_platforms_with_due_mail(session, now).values())


def claim(
    session: Session,
    *,
    lease: uuid.UUID,
    free: int,
    now: datetime,
    free_for_single: int = 0,
    rates: Rates | None = None,
) -> list[Claimed]:
    """Take up to `free` due mails under a lease: lane by lane, and in a lane each platform its share.

    `free_for_single`: room kept for mails a person waits for, when those of imports fill all the rest.
    """
    due = _platforms_with_due_mail(session, now)
    buckets = Buckets(session, rates or Rates(), now, due)
    claimed: list[Claimed] = []
    for lane, platforms in due.items():
        left = (max(free, free_for_single) if lane is Lane.SINGLE else free) - len(claimed)
        left = buckets.of_sender(max(0, left))
        random.shuffle(platforms)
        waiting = len(platforms)
        for platform_id in platforms:
            share = -(-left // waiting)  # rounded up; what one leaves over, the next ones share
            if share <= 0:
                break
            share = buckets.of_platform(platform_id, lane, share)
            found = _claim_of_platform(session, platform_id, lane, share, lease, now) if share else []
            buckets.take(platform_id, lane, len(found), tried_before=sum(item.attempts > 1 for item in found))
            claimed += found
            left -= len(found)
            waiting -= 1
    return claimed


def _platforms_with_due_mail(session: Session, now: datetime) -> dict[Lane, list[int]]:
    """The platforms of which each lane has due mail. Those of imports wait where the platform's day is used up."""
    rows = session.execute(_WAITING, {"now": now}).all()
    return {lane: [row.platform_id for row in rows if row.lane == lane] for lane in Lane}


_NOW: Final = bindparam("now", type_=UtcDateTime())


def _of_lane(lane: Lane) -> Select[int, int]:
    """The platforms with due mail of a lane: stepping through its index, from one platform with mails to the next.

    However many platforms there are without, and however many mails of one.
    """
    of_lane = (Delivery.lane == lane, Delivery.due_at.is_not(None))
    first = select(Delivery.platform_id).where(*of_lane).order_by(Delivery.platform_id).limit(1)
    found = select(first.scalar_subquery().label("platform_id")).cte(f"found_{lane.name.lower()}", recursive=True)
    following = first.where(Delivery.platform_id > found.c.platform_id).correlate(found).scalar_subquery()
    found = found.union_all(select(following).where(found.c.platform_id.is_not(None)))
    due = select(Delivery.lane).where(*of_lane, Delivery.platform_id == found.c.platform_id, Delivery.due_at <= _NOW)
    chosen = select(literal_column(str(lane.value), Integer).label("lane"), found.c.platform_id)
    chosen = chosen.where(due.limit(1).correlate(found).scalar_subquery().is_not(None))
    return chosen.where(~waits_for_its_day(found.c.platform_id, _NOW)) if lane is Lane.BULK else chosen


_WAITING: Final = union_all(*(_of_lane(lane) for lane in Lane))
"""Lanes and platforms with due mail at `now`. Put together once, and asked for in one round trip."""


def _claim_of_platform(
    session: Session, platform_id: int, lane: Lane, share: int, lease: uuid.UUID, now: datetime
) -> list[Claimed]:
    rows = session.execute(
        select(
            Delivery.about_id,
            Delivery.generation,
            Delivery.kind,
            Delivery.attempts,
            Delivery.first_tried_at,
            Delivery.state,
            Delivery.batch_id,
        )
        .where(Delivery.lane == lane, Delivery.platform_id == platform_id, Delivery.due_at <= now)
        .order_by(Delivery.due_at)
        .limit(share)
        .with_for_update(skip_locked=True)
    ).all()
    if not rows:
        return []
    claimed = [
        Claimed(
            platform_id,
            row.about_id,
            row.generation,
            MailKind(row.kind),
            lane,
            row.attempts + 1,
            row.first_tried_at or now,
        )
        for row in rows
    ]
    for (_, generation), about_ids in _alike(claimed).items():
        session.execute(
            update(Delivery)
            .where(*_these(session, platform_id, generation, about_ids))
            .values(
                state=DeliveryState.SENDING,
                due_at=now + LEASE,
                lease=lease,
                attempts=Delivery.attempts + 1,
                first_tried_at=func.coalesce(Delivery.first_tried_at, now),
            )
            .execution_options(synchronize_session=False)
        )
    count_in_batches(
        session,
        [(platform_id, row.batch_id) for row in rows if row.state == DeliveryState.HELD],
        {"held": -1},
    )
    return claimed


def renew(session: Session, claimed: Iterable[Claimed], *, lease: uuid.UUID, now: datetime) -> None:
    """Keep the lease of mails that take long."""
    for (platform_id, generation), about_ids in _alike(claimed).items():
        session.execute(_leased(session, platform_id, generation, about_ids, lease).values(due_at=now + LEASE))


def settle_sent(session: Session, sent: Iterable[Claimed], *, lease: uuid.UUID, now: datetime) -> None:
    """These have left."""
    _settle(session, sent, lease, {"state": DeliveryState.SENT, "sent_at": now, "due_at": None}, "sent")


def settle_dropped(session: Session, dropped: Iterable[Claimed], *, lease: uuid.UUID) -> None:
    """These are about nothing any more (revoked, accepted, superseded, expired)."""
    _settle(session, dropped, lease, {"state": DeliveryState.DROPPED, "due_at": None}, "dropped")


def settle_failed(
    session: Session, claimed: Claimed, failure: Failure, *, lease: uuid.UUID, now: datetime
) -> DeliveryState:
    """This did not leave: try again later, or never. Says which."""
    noted = {"error_code": failure.code, "error_detail": failure.detail[:500]}
    if failure.is_final or now - claimed.first_tried_at > RETRY_FOR:
        values = {"state": DeliveryState.FAILED, "due_at": None, **noted}
        _settle(session, [claimed], lease, values, "failed")
        return DeliveryState.FAILED
    later = {"state": DeliveryState.QUEUED, "due_at": now + retry_delay(claimed.attempts), **noted}
    _settle(session, [claimed], lease, later, "deferred")
    return DeliveryState.QUEUED


def give_back(session: Session, claimed: Iterable[Claimed], *, lease: uuid.UUID, due_at: datetime) -> None:
    """These were never tried (the sender is paused, or we stop): nothing is burnt, neither attempt nor day."""
    claimed = list(claimed)
    untried = Counter(item.platform_id for item in claimed if item.lane is Lane.BULK and item.attempts == 1)
    for platform_id, mails in sorted(untried.items()):
        give_back_to_day(session, platform_id, mails)
    values = {
        "state": DeliveryState.QUEUED,
        "due_at": due_at,
        "attempts": Delivery.attempts - 1,
        "first_tried_at": case((Delivery.attempts <= 1, None), else_=Delivery.first_tried_at),
    }
    _settle(session, claimed, lease, values, None)


def clear_leases(session: Session, now: datetime) -> int:
    """Make every leased mail due at once. Only for the one worker of an SQLite file: nobody else can hold any."""
    freed = session.execute(
        update(Delivery)
        .where(Delivery.due_at.is_not(None), Delivery.state == DeliveryState.SENDING)
        .values(due_at=now, lease=None)
        .returning(Delivery.about_id)
    )
    return len(freed.all())


def lag_seconds(session: Session, now: datetime) -> dict[Lane, float]:
    """How long the mail of each lane that is due longest has been waiting. Mails that wait for a platform's next day
    are late for nobody.
    """
    lags = {}
    waiting = waiting_for_their_day(session, now)
    for lane in Lane:
        oldest_first = select(func.min(Delivery.due_at)).where(Delivery.lane == lane, Delivery.due_at.is_not(None))
        if waiting and lane is Lane.BULK:
            oldest_first = oldest_first.where(Delivery.platform_id.not_in(waiting))
        oldest = session.scalar(oldest_first)
        lags[lane] = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    return lags


def sends_by_result(session: Session) -> dict[str, int]:
    """How often sending ended how, since the beginning."""
    return {row.result: row.number for row in session.scalars(select(SendCount))}


def retry_delay(attempts: int) -> timedelta:
    """Exponential back-off with 20 % of jitter: 10 s, 20 s, 40 s ... at most an hour (RFC 5321 section 4.5.4.1)."""
    delay: timedelta = min(_FIRST_RETRY * 2 ** min(attempts - 1, 20), _LONGEST_RETRY)
    return delay * random.uniform(0.8, 1.2)  # noqa: S311 jitter, not a secret


def _these(
    session: Session, platform_id: int, generation: int, about_ids: list[uuid.UUID]
) -> tuple[ColumnElement[bool], ...]:
    """The condition for mails of one generation, as nearly all are: one value for each, where a key would be two."""
    return (
        Delivery.platform_id == platform_id,
        bulk.among(session, Delivery.about_id, about_ids),
        Delivery.generation == generation,
    )


def _leased(session: Session, platform_id: int, generation: int, about_ids: list[uuid.UUID], lease: uuid.UUID) -> Any:
    return (
        update(Delivery)
        .where(
            *_these(session, platform_id, generation, about_ids),
            Delivery.state == DeliveryState.SENDING,
            Delivery.lease == lease,
        )
        .execution_options(synchronize_session=False)
    )


def _settle(
    session: Session, claimed: Iterable[Claimed], lease: uuid.UUID, values: Mapping[str, Any], result: str | None
) -> None:
    # A lease that ran out belongs to somebody else: the late write changes, and counts, nothing.
    for (platform_id, generation), about_ids in _alike(claimed).items():
        changed = session.execute(
            _leased(session, platform_id, generation, about_ids, lease)
            .values(**values, lease=None)
            .returning(Delivery.batch_id)
        ).all()
        if result in _FINAL:
            count_in_batches(session, [(platform_id, row[0]) for row in changed], {result: 1})
        if result:
            _count_sends(session, result, len(changed))


def _alike(claimed: Iterable[Claimed]) -> dict[tuple[int, int], list[uuid.UUID]]:
    """What mails are about, by platform and generation."""
    grouped: dict[tuple[int, int], list[uuid.UUID]] = {}
    for item in claimed:
        grouped.setdefault((item.platform_id, item.generation), []).append(item.about_id)
    return grouped


def _count_sends(session: Session, result: str, number: int) -> None:
    if not number:
        return
    new = bulk.upsert(session, SendCount).values(result=result, number=number)
    session.execute(
        new.on_conflict_do_update(index_elements=["result"], set_={"number": SendCount.number + new.excluded.number})
    )
