"""How fast mails may leave: buckets of the sender and of each platform, in the database, for all workers.

A mail that a person waits for is refused once the platform's day is used up; one of an import leaves when it may.
Decides how many may go now; claims nothing itself, and only notes a pause.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from app.access import limits
from app.access.limits import Bucket, Limit
from app.access.models import RateBucket
from app.delivery.models import Lane
from app.errors import AppError, Code

SENDER: Final = (0, "sender")
"""The bucket of the sender; its row also tells when the sender is paused."""
_DAY_KEY: Final = "mails/day"
"""The mails of a platform's day; its row also tells until when those of imports wait."""
_DAY_SECONDS: Final = 86_400
_KEPT_FOR_PEOPLE: Final = 0.1
"""What is left of a day when the mails of imports stop: whoever invites one person still can."""
_LOOK_AGAIN_AFTER: Final = timedelta(minutes=1)
_LOOK_AGAIN_WITHIN: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Rates:
    """Mails per second of the sender and of a platform, and of a platform in a day; 0 is no limit."""

    sender: float = 0.0
    platform: float = 0.0
    platform_day: int = 0


def take_from_day(session: Session, platform_id: int, mails: int, *, a_day: int, now: datetime) -> None:
    """Count mails that people wait for. Raises AppError too_many_mails where so many are not left."""
    if not a_day or not mails:
        return
    wait = limits.take(session, [_day(platform_id, a_day)], now, number=mails)
    if wait:
        raise AppError(Code.TOO_MANY_MAILS, retry_after=wait, limit=a_day, hours=-(-wait // 3600))


def give_back_to_day(session: Session, platform_id: int, mails: int) -> None:
    """Mails of imports that were counted and never tried."""
    session.execute(
        update(RateBucket)
        .where(RateBucket.platform_id == platform_id, RateBucket.key == _DAY_KEY)
        .values(tokens=RateBucket.tokens + mails)
        .execution_options(synchronize_session=False)
    )


def waits_for_its_day(platform_id: ColumnElement[int], now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Whether the imports' mails of a platform wait because its day is used up."""
    return exists().where(
        RateBucket.platform_id == platform_id, RateBucket.key == _DAY_KEY, RateBucket.paused_until > now
    )


def waiting_for_their_day(session: Session, now: datetime) -> Sequence[int]:
    """The platforms whose imports' mails wait because the day is used up."""
    return session.scalars(
        select(RateBucket.platform_id).where(RateBucket.key == _DAY_KEY, RateBucket.paused_until > now)
    ).all()


class Buckets:
    """The buckets of some platforms and of the sender, filled to a moment, inside the transaction of a claim."""

    def __init__(
        self, session: Session, rates: Rates, now: datetime, platforms: Mapping[Lane, Collection[int]]
    ) -> None:
        self._rates = rates
        self._now = now
        wanted = [bucket for lane, some in platforms.items() for one in some for bucket in self._of(one, lane)]
        self._rows = limits.locked(session, list(dict.fromkeys([*self._sender(), *wanted])), now)

    def of_sender(self, wanted: int) -> int:
        """How many of these the sender may take now."""
        return self._available(self._sender(), wanted)

    def of_platform(self, platform_id: int, lane: Lane, wanted: int) -> int:
        """How many of these a platform may send now."""
        return self._available(self._of(platform_id, lane), wanted)

    def take(self, platform_id: int, lane: Lane, number: int, *, tried_before: int) -> None:
        """These go. Of the day only those are taken that were never tried."""
        per_second = [*self._sender(), *self._platform(platform_id)]
        limits.spend(per_second, self._rows, self._now, number=number)
        for day in self._day(platform_id, lane):
            limits.spend([day], self._rows, self._now, number=number - tried_before)
            self._pause_where_empty(day)

    def _pause_where_empty(self, day: Bucket) -> None:
        row = self._rows[day.platform_id, day.key]
        wait = timedelta(seconds=day.limit.wait(row.tokens, _kept(day) + 1))
        row.paused_until = self._now + min(max(wait, _LOOK_AGAIN_AFTER), _LOOK_AGAIN_WITHIN) if wait else None

    def _available(self, buckets: Sequence[Bucket], wanted: int) -> int:
        for bucket in buckets:
            tokens = limits.tokens_in(bucket, self._rows[bucket.platform_id, bucket.key], self._now)
            wanted = min(wanted, int(tokens - _kept(bucket)))
        return max(0, wanted)

    def _sender(self) -> list[Bucket]:
        return [Bucket(*SENDER, _a_second(self._rates.sender))] if self._rates.sender else []

    def _of(self, platform_id: int, lane: Lane) -> list[Bucket]:
        return [*self._platform(platform_id), *self._day(platform_id, lane)]

    def _platform(self, platform_id: int) -> list[Bucket]:
        return [Bucket(platform_id, "mails", _a_second(self._rates.platform))] if self._rates.platform else []

    def _day(self, platform_id: int, lane: Lane) -> list[Bucket]:
        is_counted_here = self._rates.platform_day and lane is Lane.BULK  # those of people were counted when asked for
        return [_day(platform_id, self._rates.platform_day)] if is_counted_here else []


def _day(platform_id: int, mails: int) -> Bucket:
    return Bucket(platform_id, _DAY_KEY, Limit(mails, _DAY_SECONDS))


def _a_second(rate: float) -> Limit:
    return Limit(max(rate, 1.0), max(rate, 1.0) / rate)


def _kept(bucket: Bucket) -> int:
    return int(bucket.limit.number * _KEPT_FOR_PEOPLE) if bucket.key == _DAY_KEY else 0


def show_pause(session: Session, until: datetime, reason: str, now: datetime) -> None:
    """Note for all to see that nothing goes. `reason`: a code, a colon, words."""
    row = limits.locked(session, [Bucket(*SENDER, Limit(1, 1))], now)[SENDER]
    row.paused_until, row.reason = until, reason[:500]


def end_pause(session: Session) -> None:
    """Mails go again."""
    row = session.get(RateBucket, SENDER)
    if row is not None:
        row.paused_until = row.reason = None
