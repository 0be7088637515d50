"""How many requests a key or a signed-in person may make in a minute, over all processes of the service.

A process counts for itself and tells the database now and then: a request costs no write of its own. So each process
may let a twentieth of the number through, once a minute, that the others do not know of. Never looks into a request.
"""

import threading
import time
from dataclasses import dataclass
from math import ceil
from typing import Final

from app.access import limits
from app.access.actor import Actor
from app.access.limits import Bucket, Limit
from app.db.base import utcnow
from app.db.session import Database
from app.errors import AppError, Code

MINUTE: Final = 60.0
STEPS: Final = 20
"""The database is told at every twentieth of the number."""
_ACTORS: Final = 10_000


@dataclass(slots=True)
class _Count:
    """What this process knows of one actor: requests it has not told of, since when, and until when none may pass."""

    untold: int = 0
    since: float = 0.0
    refused_until: float = 0.0


class Throttle:
    """Counts the requests of actors in this process."""

    def __init__(self, database: Database, a_minute: int) -> None:
        self._database = database
        self._limit = Limit(a_minute, MINUTE)
        self._step = max(1, a_minute // STEPS)
        self._counts: dict[tuple[int, str], _Count] = {}
        self._lock = threading.Lock()

    def admit(self, actor: Actor) -> None:
        """Count a request. Raises AppError too_many_requests."""
        if not self._limit.number:
            return
        key = (actor.platform_id, f"requests/{actor.kind}/{actor.id}")
        now = time.monotonic()
        with self._lock:
            count = self._count(key, now)
            if count.refused_until > now:
                raise _refusal(count.refused_until - now)
            count.untold += 1
            if count.untold < self._step:
                return
            told, count.untold, count.since = count.untold, 0, now
        wait = self._tell(Bucket(*key, self._limit), told)
        if wait:
            with self._lock:
                count.refused_until = time.monotonic() + wait
            raise _refusal(wait)

    def _count(self, key: tuple[int, str], now: float) -> _Count:
        count = self._counts.get(key)
        if count is None:
            if len(self._counts) >= _ACTORS:
                self._counts = {key: one for key, one in self._counts.items() if now - one.since < MINUTE}
            count = self._counts[key] = _Count(since=now)
        elif now - count.since > MINUTE:  # so few in a minute are worth no write
            count.untold, count.since = 0, now
        return count

    def _tell(self, bucket: Bucket, requests: int) -> float:
        """Take for requests that have passed, into debt where need be, and for this one. The seconds to wait for it."""
        now = utcnow()
        with self._database.writing() as session:
            rows = limits.locked(session, [bucket], now)
            row = rows[bucket.platform_id, bucket.key]
            limits.spend([bucket], rows, now, number=requests - 1)
            wait = bucket.limit.wait(row.tokens, 1)
            if not wait:
                limits.spend([bucket], rows, now, number=1)
        return wait


def _refusal(wait: float) -> AppError:
    return AppError(Code.TOO_MANY_REQUESTS, retry_after=max(1, ceil(wait)))
