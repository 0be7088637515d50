"""The outbox: mails are put in with what they are about, in one transaction; held, released, dropped, counted.

Who takes them out again is claims. Never opens a connection to a mail server, never commits.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from app.db import bulk, wake
from app.db.base import Ids
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
    if not is_held:
        wake.for_mails(session)
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
    wake.for_mails(session)


def held_of(
    session: Session, platform_id: int, batch_id: uuid.UUID, after: uuid.UUID, limit: int
) -> Sequence[uuid.UUID]:
    """What up to `limit` held mails of a batch are about, behind an id."""
    return _about(session, platform_id, batch_id, Delivery.state == DeliveryState.HELD, after, limit)


def leaving_of(
    session: Session, platform_id: int, batch_id: uuid.UUID, after: uuid.UUID, limit: int
) -> Sequence[uuid.UUID]:
    """What up to `limit` mails of a batch are about that leave by themselves, or are leaving; behind an id."""
    return _about(session, platform_id, batch_id, Delivery.due_at.is_not(None), after, limit)


def release_held(session: Session, platform_id: int, about_ids: Ids, *, now: datetime) -> None:
    """Let held mails about these go now."""
    held = (*_all_about(platform_id, about_ids), Delivery.state == DeliveryState.HELD)
    _change(session, held, {"state": DeliveryState.QUEUED, "due_at": now}, {"held": -1})
    wake.for_mails(session)


def hold(session: Session, platform_id: int, batch_id: uuid.UUID, about_ids: Ids, *, now: datetime) -> None:
    """Mails of a batch about these wait until somebody releases them; those being sent may arrive, or come back."""
    of_batch = (*_all_about(platform_id, about_ids), Delivery.batch_id == batch_id)
    timed = (*of_batch, Delivery.state == DeliveryState.HELD, Delivery.due_at.is_not(None))
    _change(session, timed, {"due_at": None}, {})
    at_rest = {"state": DeliveryState.HELD, "due_at": None, "lease": None}
    _change(session, (*of_batch, _waits(now)), at_rest, {"held": 1})


def drop(session: Session, platform_id: int, about_ids: Ids, *, now: datetime) -> None:
    """Mails about these that have not left never will; those being sent may arrive."""
    about = _all_about(platform_id, about_ids)
    gone = {"state": DeliveryState.DROPPED, "due_at": None, "lease": None}
    _change(session, (*about, Delivery.state == DeliveryState.HELD), gone, {"dropped": 1, "held": -1})
    _change(session, (*about, _waits(now)), gone, {"dropped": 1})


class StillLeaving(Exception):  # noqa: N818 nothing is wrong: it takes a moment
    """A mail is in a sender's hands just now."""


def forget(session: Session, platform_id: int, about_ids: Collection[uuid.UUID], *, now: datetime) -> list[str]:
    """Take all mails about these out, those that have left too; what batches counted stays counted.

    Returns the names of their files. Raises StillLeaving: who sends would write down a result of nothing.
    """
    drop(session, platform_id, about_ids, now=now)
    all_about = _all_about(platform_id, about_ids)
    rows = session.execute(
        select(Delivery.about_id, Delivery.generation, Delivery.state).where(*all_about).with_for_update()
    ).all()
    if any(row.state == DeliveryState.SENDING for row in rows):
        raise StillLeaving
    session.execute(delete(Delivery).where(*all_about).execution_options(synchronize_session=False))
    return [file_name(row.about_id, row.generation) for row in rows]


def file_name(about_id: uuid.UUID, generation: int) -> str:
    """What a mail is called where it is kept as a file."""
    return f"{about_id}.{generation}"


def _about(
    session: Session,
    platform_id: int,
    batch_id: uuid.UUID,
    condition: ColumnElement[bool],
    after: uuid.UUID,
    limit: int,
) -> Sequence[uuid.UUID]:
    return session.scalars(
        select(Delivery.about_id)
        .where(Delivery.platform_id == platform_id, Delivery.about_id > after, Delivery.batch_id == batch_id, condition)
        .order_by(Delivery.about_id)
        .limit(limit)
    ).all()


def _all_about(platform_id: int, about_ids: Ids) -> tuple[ColumnElement[bool], ...]:
    return Delivery.platform_id == platform_id, Delivery.about_id.in_(about_ids)


def _waits(now: datetime) -> ColumnElement[bool]:
    """In nobody's hands: queued, or its sender's lease ran out."""
    return or_(
        Delivery.state == DeliveryState.QUEUED, and_(Delivery.state == DeliveryState.SENDING, Delivery.due_at <= now)
    )


def _change(
    session: Session, conditions: Iterable[ColumnElement[bool]], values: Mapping[str, Any], counted: Mapping[str, int]
) -> None:
    changed = session.execute(
        update(Delivery)
        .where(*conditions)
        .values(**values)
        .returning(Delivery.platform_id, Delivery.batch_id)
        .execution_options(synchronize_session=False)
    )
    if counted:
        count_in_batches(session, [(row[0], row[1]) for row in changed], counted)


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
