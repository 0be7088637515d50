"""The outbox: mails are put in with what they are about, in one transaction, and taken out under a lease.

Decides which mail goes next and what a result means; never opens a connection to a mail server, never commits.
"""

import random
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from app.access.models import Platform
from app.db import bulk
from app.delivery.models import Delivery, DeliveryBatch, DeliveryState, Lane, MailKind, SendCount
from app.delivery.rates import Buckets, Rates

LEASE = timedelta(seconds=30)
RETRY_FOR = timedelta(hours=72)
_FIRST_RETRY = timedelta(seconds=10)
_LONGEST_RETRY = timedelta(hours=1)
UNSENT = (DeliveryState.QUEUED, DeliveryState.HELD, DeliveryState.SENDING)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail that is ours to send until its lease ends."""

    platform_id: int
    about_id: uuid.UUID
    generation: int
    kind: MailKind
    lane: Lane
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a mail did not leave. `is_final`: trying again would not help."""

    code: str
    detail: str
    is_final: bool


def enqueue(
    session: Session,
    platform_id: int,
    about_ids: Sequence[bytes],
    *,
    kind: MailKind,
    lane: Lane,
    now: datetime,
    generation: int = 1,
    is_held: bool = False,
    held_until: datetime | None = None,
    batch_id: uuid.UUID | None = None,
) -> None:
    """Put in one mail about each of these. Held ones wait for a release, or for `held_until`."""
    due_at = held_until if is_held else now
    bulk.insert(
        session,
        Delivery,
        ["about_id"],
        [(about_id,) for about_id in about_ids],
        same={
            "platform_id": platform_id,
            "generation": generation,
            "kind": kind.value,
            "lane": lane.value,
            "state": (DeliveryState.HELD if is_held else DeliveryState.QUEUED).value,
            "due_at": bulk.moment(due_at) if due_at else None,
            "attempts": 0,
            "batch_id": batch_id.bytes if batch_id else None,
            "created_at": bulk.moment(now),
        },
    )
    batches = [(platform_id, batch_id)] * len(about_ids)
    _count(session, batches, {"total": 1, "held": 1} if is_held else {"total": 1})


def open_batch(session: Session, platform_id: int, batch_id: uuid.UUID) -> None:
    """Begin to count the mails of an import. Once is enough, twice does no harm."""
    if session.get(DeliveryBatch, (platform_id, batch_id)) is None:
        session.add(DeliveryBatch(platform_id=platform_id, id=batch_id))
        session.flush()


def totals_of(session: Session, platform_id: int, batch_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, DeliveryBatch]:
    """The counted mails of imports."""
    rows = session.scalars(
        select(DeliveryBatch).where(DeliveryBatch.platform_id == platform_id, DeliveryBatch.id.in_(list(batch_ids)))
    )
    return {row.id: row for row in rows}


def deliveries_of(
    session: Session, platform_id: int, about_ids: Collection[uuid.UUID]
) -> dict[tuple[uuid.UUID, int], Delivery]:
    """The mails about these, by id and generation."""
    rows = session.scalars(
        select(Delivery).where(Delivery.platform_id == platform_id, Delivery.about_id.in_(list(about_ids)))
    )
    return {(row.about_id, row.generation): row for row in rows}


def release(session: Session, delivery: Delivery, *, now: datetime) -> None:
    """Let a waiting mail go now, before those of imports: somebody asked for this one."""
    if delivery.state not in {DeliveryState.HELD, DeliveryState.QUEUED}:
        return
    if delivery.state == DeliveryState.HELD:
        _count(session, [(delivery.platform_id, delivery.batch_id)], {"held": -1})
    delivery.state = DeliveryState.QUEUED
    delivery.lane = Lane.SINGLE
    delivery.due_at = now


def release_held(
    session: Session, platform_id: int, batch_id: uuid.UUID, *, after: uuid.UUID, limit: int, now: datetime
) -> uuid.UUID | None:
    """Let up to `limit` held mails of a batch go, behind an id; the id of the last one, None where there are none."""
    held = session.scalars(
        select(Delivery.about_id)
        .where(
            Delivery.platform_id == platform_id,
            Delivery.about_id > after,
            Delivery.batch_id == batch_id,
            Delivery.state == DeliveryState.HELD,
        )
        .order_by(Delivery.about_id)
        .limit(limit)
    ).all()
    if not held:
        return None
    released = session.execute(
        update(Delivery)
        .where(Delivery.platform_id == platform_id, Delivery.about_id.in_(held), Delivery.state == DeliveryState.HELD)
        .values(state=DeliveryState.QUEUED, due_at=now)
        .returning(Delivery.platform_id, Delivery.batch_id)
        .execution_options(synchronize_session=False)
    ).all()
    _count(session, [(row[0], row[1]) for row in released], {"held": -1})
    return held[-1]


def drop(session: Session, platform_id: int, about_ids: Collection[uuid.UUID]) -> None:
    """Mails about these that have not left never will."""
    for state in (DeliveryState.QUEUED, DeliveryState.HELD):
        dropped = session.execute(
            update(Delivery)
            .where(Delivery.platform_id == platform_id, Delivery.about_id.in_(list(about_ids)), Delivery.state == state)
            .values(state=DeliveryState.DROPPED, due_at=None)
            .returning(Delivery.platform_id, Delivery.batch_id)
        ).all()
        change = {"dropped": 1} | ({"held": -1} if state is DeliveryState.HELD else {})
        _count(session, [(row[0], row[1]) for row in dropped], change)


# --- the worker's side ---------------------------------------------------------------------------------------------


def is_due(session: Session, now: datetime) -> bool:
    """Whether any mail is due."""
    return any(_platforms_with_due_mail(session, lane, now) for lane in Lane)


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
    buckets = Buckets(session, rates or Rates(), now)
    claimed: list[Claimed] = []
    for lane in Lane:
        left = (max(free, free_for_single) if lane is Lane.SINGLE else free) - len(claimed)
        left = buckets.of_sender(max(0, left))
        platforms = _platforms_with_due_mail(session, lane, now)
        random.shuffle(platforms)
        waiting = len(platforms)
        for platform_id in platforms:
            share = -(-left // waiting)  # rounded up; what one leaves over, the next ones share
            if share <= 0:
                break
            share = buckets.of_platform(platform_id, share)
            found = _claim_of_platform(session, platform_id, lane, share, lease, now) if share else []
            buckets.take(platform_id, len(found))
            claimed += found
            left -= len(found)
            waiting -= 1
    return claimed


def _platforms_with_due_mail(session: Session, lane: Lane, now: datetime) -> list[int]:
    due = exists().where(Delivery.lane == lane, Delivery.platform_id == Platform.id, Delivery.due_at <= now)
    return list(session.scalars(select(Platform.id).where(due)))


def _claim_of_platform(
    session: Session, platform_id: int, lane: Lane, share: int, lease: uuid.UUID, now: datetime
) -> list[Claimed]:
    rows = session.execute(
        select(
            Delivery.about_id,
            Delivery.generation,
            Delivery.kind,
            Delivery.attempts,
            Delivery.created_at,
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
    session.execute(
        update(Delivery)
        .where(
            Delivery.platform_id == platform_id,
            Delivery.about_id.in_([row.about_id for row in rows]),
            Delivery.lane == lane,
            Delivery.due_at <= now,
        )
        .values(state=DeliveryState.SENDING, due_at=now + LEASE, lease=lease, attempts=Delivery.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    _count(
        session,
        [(platform_id, row.batch_id) for row in rows if row.state == DeliveryState.HELD],
        {"held": -1},
    )
    return [
        Claimed(platform_id, row.about_id, row.generation, MailKind(row.kind), lane, row.attempts + 1, row.created_at)
        for row in rows
    ]


def renew(session: Session, claimed: Iterable[Claimed], *, lease: uuid.UUID, now: datetime) -> None:
    """Keep the lease of mails that take long."""
    for platform_id, ids in _by_platform(claimed).items():
        session.execute(_leased(platform_id, ids, lease).values(due_at=now + LEASE))


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
    if failure.is_final or now - claimed.created_at > RETRY_FOR:
        values = {"state": DeliveryState.FAILED, "due_at": None, **noted}
        _settle(session, [claimed], lease, values, "failed")
        return DeliveryState.FAILED
    later = {"state": DeliveryState.QUEUED, "due_at": now + retry_delay(claimed.attempts), **noted}
    _settle(session, [claimed], lease, later, None)
    return DeliveryState.QUEUED


def give_back(session: Session, claimed: Iterable[Claimed], *, lease: uuid.UUID, due_at: datetime) -> None:
    """These were never tried (the sender is paused, or we stop): no attempt is burnt."""
    values = {"state": DeliveryState.QUEUED, "due_at": due_at, "attempts": Delivery.attempts - 1}
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
    """How long the mail of each lane that is due longest has been waiting."""
    lags = {}
    for lane in Lane:
        oldest = session.scalar(
            select(func.min(Delivery.due_at)).where(Delivery.lane == lane, Delivery.due_at.is_not(None))
        )
        lags[lane] = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    return lags


def sends_by_result(session: Session) -> dict[str, int]:
    """How often sending ended how, since the beginning."""
    return {row.result: row.number for row in session.scalars(select(SendCount))}


def retry_delay(attempts: int) -> timedelta:
    """Exponential back-off with 20 % of jitter: 10 s, 20 s, 40 s ... at most an hour (RFC 5321 section 4.5.4.1)."""
    delay: timedelta = min(_FIRST_RETRY * 2 ** min(attempts - 1, 20), _LONGEST_RETRY)
    return delay * random.uniform(0.8, 1.2)  # noqa: S311 jitter, not a secret


def _leased(platform_id: int, ids: list[uuid.UUID], lease: uuid.UUID) -> Any:
    return (
        update(Delivery)
        .where(
            Delivery.platform_id == platform_id,
            Delivery.about_id.in_(ids),
            Delivery.state == DeliveryState.SENDING,
            Delivery.lease == lease,
        )
        .execution_options(synchronize_session=False)
    )


def _settle(
    session: Session, claimed: Iterable[Claimed], lease: uuid.UUID, values: Mapping[str, Any], counter: str | None
) -> None:
    # A lease that ran out belongs to somebody else: the late write changes, and counts, nothing.
    for platform_id, ids in _by_platform(claimed).items():
        changed = session.execute(
            _leased(platform_id, ids, lease).values(**values, lease=None).returning(Delivery.batch_id)
        ).all()
        if counter:
            _count(session, [(platform_id, row[0]) for row in changed], {counter: 1})
        _count_sends(session, counter or "deferred", len(changed))


def _by_platform(claimed: Iterable[Claimed]) -> dict[int, list[uuid.UUID]]:
    grouped: dict[int, list[uuid.UUID]] = {}
    for item in claimed:
        grouped.setdefault(item.platform_id, []).append(item.about_id)
    return grouped


def _count_sends(session: Session, result: str, number: int) -> None:
    if not number:
        return
    row = session.get(SendCount, result)
    if row is None:
        row = SendCount(result=result, number=0)
        session.add(row)
    row.number += number


def _count(session: Session, batches: Sequence[tuple[int, uuid.UUID | None]], change: Mapping[str, int]) -> None:
    """Keep the totals of the batches these mails belong to; `change` is for each mail."""
    for (platform_id, batch_id), times in Counter(batches).items():
        if batch_id is not None:
            session.execute(
                update(DeliveryBatch)
                .where(DeliveryBatch.platform_id == platform_id, DeliveryBatch.id == batch_id)
                .values({name: getattr(DeliveryBatch, name) + step * times for name, step in change.items()})
                .execution_options(synchronize_session=False)
            )
