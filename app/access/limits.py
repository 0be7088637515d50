"""How often something may be done: token buckets in the database, so that they hold over all processes.

Knows no action by name; refuses by telling how long to wait. Never commits, never sleeps.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import ColumnElement, delete, or_, select, tuple_
from sqlalchemy.orm import Session

from app.access.models import RateBucket
from app.db import bulk

FORGOTTEN_AFTER = timedelta(days=1)
"""Every limit fills an empty bucket within a day: a row nobody touched for so long says no more than no row."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many at once, and so many again within so many seconds."""

    number: float
    seconds: float

    def filled(self, tokens: float, seconds: float) -> float:
        """What is in a bucket that held so many tokens so many seconds ago."""
        return min(self.number, tokens + self.number / self.seconds * max(0.0, seconds))

    def wait(self, tokens: float, wanted: float) -> float:
        """How many seconds until there are enough. For more than a bucket holds: until it is full."""
        return max(0.0, (min(wanted, self.number) - tokens) * self.seconds / self.number)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket: whose, for what, and how large. Platform 0 is the whole installation."""

    platform_id: int
    key: str
    limit: Limit


def seconds_to_wait(session: Session, buckets: Sequence[Bucket], now: datetime) -> int:
    """How long until each has a token; 0: now. Takes nothing, locks nothing: for a refusal that costs no write."""
    rows = session.scalars(select(RateBucket).where(_these(buckets)))
    return _longest_wait(buckets, {(row.platform_id, row.key): row for row in rows}, 1, now)


def take(
    session: Session, buckets: Sequence[Bucket], now: datetime, *, number: float = 1, is_secret: bool = False
) -> int:
    """Take so many tokens of each, or of none: then the seconds to wait are told. 0: taken.

    The rows stay locked to the end of the transaction, in one order for all: nobody waits in a circle.
    """
    rows = locked(session, buckets, now, is_secret=is_secret)
    wait = _longest_wait(buckets, rows, number, now)
    if not wait:
        spend(buckets, rows, now, number=number)
    return wait


def spend(buckets: Iterable[Bucket], rows: dict[tuple[int, str], RateBucket], now: datetime, *, number: float) -> None:
    """So many tokens less in each of these rows, into debt too; with a negative number they come back."""
    for bucket in buckets:
        row = rows[bucket.platform_id, bucket.key]
        row.tokens = min(bucket.limit.number, _filled(bucket, row, now) - number)
        row.refilled_at = max(now, row.refilled_at)


def give_back(session: Session, buckets: Sequence[Bucket], now: datetime, *, number: float = 1) -> None:
    """What was taken did not count. Like an attempt, it tells by no time whether there were rows before."""
    spend(buckets, locked(session, buckets, now, is_secret=True), now, number=-number)


def locked(
    session: Session, buckets: Sequence[Bucket], now: datetime, *, is_secret: bool = False
) -> dict[tuple[int, str], RateBucket]:
    """The rows of buckets, made where they are missing (full), locked to the end of the transaction.

    `is_secret`: whether they were there, the time it takes does not tell. Several are made before any is locked: locked
    in one order, nobody waits in a circle.
    """
    found: dict[tuple[int, str], RateBucket] = {}
    if len(set(buckets)) == 1 and not is_secret:
        found = _locked(session, buckets)
    if len(found) < len(set(buckets)):
        before = now - timedelta(seconds=1)  # a new row is written to as an old one is: time tells nothing
        new = [
            {"platform_id": bucket.platform_id, "key": bucket.key, "tokens": bucket.limit.number, "refilled_at": before}
            for bucket in sorted(set(buckets), key=lambda bucket: (bucket.platform_id, bucket.key))
        ]
        session.execute(bulk.upsert(session, RateBucket).values(new).on_conflict_do_nothing())
        found = _locked(session, buckets)
    return found


def _locked(session: Session, buckets: Sequence[Bucket]) -> dict[tuple[int, str], RateBucket]:
    if not buckets:
        return {}
    rows = session.scalars(
        select(RateBucket)
        .where(_these(buckets))
        .order_by(RateBucket.platform_id, RateBucket.key)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {(row.platform_id, row.key): row for row in rows}


def tokens_in(bucket: Bucket, row: RateBucket, now: datetime) -> float:
    """How many tokens are in it now."""
    return _filled(bucket, row, now)


def sweep(session: Session, prefixes: Sequence[str], before: datetime) -> None:
    """Forget rows of these kinds that nobody touched since."""
    kinds = or_(*(RateBucket.key.startswith(prefix, autoescape=True) for prefix in prefixes))
    session.execute(delete(RateBucket).where(kinds, RateBucket.refilled_at < before))


def _these(buckets: Sequence[Bucket]) -> ColumnElement[bool]:
    return tuple_(RateBucket.platform_id, RateBucket.key).in_([(bucket.platform_id, bucket.key) for bucket in buckets])


def _filled(bucket: Bucket, row: RateBucket, now: datetime) -> float:
    return bucket.limit.filled(row.tokens, (now - row.refilled_at).total_seconds())


def _longest_wait(
    buckets: Sequence[Bucket], rows: dict[tuple[int, str], RateBucket], number: float, now: datetime
) -> int:
    waits = [
        bucket.limit.wait(_filled(bucket, row, now), number)
        for bucket in buckets
        if (row := rows.get((bucket.platform_id, bucket.key))) is not None
    ]
    return ceil(max(waits, default=0.0))
