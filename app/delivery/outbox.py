"""The outbox: mails are put in with what they are about, in one transaction; held, released, dropped, counted.

Who takes them out again is claims. Never opens a connection to a mail server, never commits.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import bulk
from app.delivery.models import Delivery, DeliveryBatch, DeliveryState, Lane, MailKind

UNSENT = (DeliveryState.QUEUED, DeliveryState.HELD, DeliveryState.SENDING)


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
    count_in_batches(session, batches, {"total": 1, "held": 1} if is_held else {"total": 1})


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


def release(session: Session, delivery: Delivery, *, now: datetime) -> None:
    """Let a waiting mail go now, before those of imports: somebody asked for this one."""
    if delivery.state not in {DeliveryState.HELD, DeliveryState.QUEUED}:
        return
    if delivery.state == DeliveryState.HELD:
        count_in_batches(session, [(delivery.platform_id, delivery.batch_id)], {"held": -1})
    delivery.state = DeliveryState.QUEUED
    delivery.lane = Lane.SINGLE
    delivery.due_at = now


def held_of(session: Session, platform_id: int, batch_id: uuid.UUID, after: uuid.UUID, limit: int) -> list[uuid.UUID]:
    """What up to `limit` held mails of a batch are about, behind an id."""
    return list(
        session.scalars(
            select(Delivery.about_id)
            .where(
                Delivery.platform_id == platform_id,
                Delivery.about_id > after,
                Delivery.batch_id == batch_id,
                Delivery.state == DeliveryState.HELD,
            )
            .order_by(Delivery.about_id)
            .limit(limit)
        )
    )


def release_held(session: Session, platform_id: int, about_ids: Collection[uuid.UUID], *, now: datetime) -> None:
    """Let held mails about these go now."""
    released = session.execute(
        update(Delivery)
        .where(
            Delivery.platform_id == platform_id,
            Delivery.about_id.in_(list(about_ids)),
            Delivery.state == DeliveryState.HELD,
        )
        .values(state=DeliveryState.QUEUED, due_at=now)
        .returning(Delivery.platform_id, Delivery.batch_id)
        .execution_options(synchronize_session=False)
    ).all()
    count_in_batches(session, [(row[0], row[1]) for row in released], {"held": -1})


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
        count_in_batches(session, [(row[0], row[1]) for row in dropped], change)


def count_in_batches(
    session: Session, batches: Sequence[tuple[int, uuid.UUID | None]], change: Mapping[str, int]
) -> None:
    """Keep the totals of the batches these mails belong to; `change` is for each mail."""
    for (platform_id, batch_id), times in Counter(batches).items():
        if batch_id is not None:
            session.execute(
                update(DeliveryBatch)
                .where(DeliveryBatch.platform_id == platform_id, DeliveryBatch.id == batch_id)
                .values({name: getattr(DeliveryBatch, name) + step * times for name, step in change.items()})
                .execution_options(synchronize_session=False)
            )
