"""How fast mails may leave: token buckets of the sender and of each platform, in the database, for all workers.

A bucket holds one second's worth. Decides how many may go now; claims nothing itself, and only notes a pause.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.access.models import RateBucket
from app.db import bulk

SENDER = (0, "sender")
"""The bucket of the sender; its row also tells when the sender is paused."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Mails per second; 0 is no limit."""

    sender: float = 0.0
    platform: float = 0.0


class Buckets:
    """The buckets, refilled to a moment, inside the transaction of a claim."""

    def __init__(self, session: Session, rates: Rates, now: datetime) -> None:
        self._session = session
        self._rates = rates
        self._now = now

    def of_sender(self, wanted: int) -> int:
        """How many of these the sender may take now."""
        return self._available(SENDER, self._rates.sender, wanted)

    def of_platform(self, platform_id: int, wanted: int) -> int:
        """How many of these a platform may send now."""
        return self._available((platform_id, "mails"), self._rates.platform, wanted)

    def take(self, platform_id: int, number: int) -> None:
        """These go."""
        for key, rate in ((SENDER, self._rates.sender), ((platform_id, "mails"), self._rates.platform)):
            if rate and number:
                bucket(self._session, key, self._now).tokens -= number

    def _available(self, key: tuple[int, str], rate: float, wanted: int) -> int:
        if not rate:
            return wanted
        row = bucket(self._session, key, self._now)
        full = max(rate, 1.0)
        row.tokens = min(full, row.tokens + rate * max(0.0, (self._now - row.refilled_at).total_seconds()))
        row.refilled_at = self._now
        return max(0, min(wanted, int(row.tokens)))


def show_pause(session: Session, until: datetime, reason: str, now: datetime) -> None:
    """Note for all to see that nothing goes. `reason`: a code, a colon, words."""
    row = bucket(session, SENDER, now)
    row.paused_until, row.reason = until, reason[:500]


def end_pause(session: Session) -> None:
    """Mails go again."""
    row = session.get(RateBucket, SENDER)
    if row is not None:
        row.paused_until = row.reason = None


def bucket(session: Session, key: tuple[int, str], now: datetime) -> RateBucket:
    """The row of a bucket, made where it is missing; nobody else changes it before the transaction ends."""
    row = session.get(RateBucket, key, with_for_update=True)
    if row is None:
        new = bulk.upsert(session, RateBucket).values(platform_id=key[0], key=key[1], tokens=1.0, refilled_at=now)
        session.execute(new.on_conflict_do_nothing())
        row = session.get_one(RateBucket, key, with_for_update=True)
    return row
