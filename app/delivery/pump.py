"""Moves mails from the outbox to the mail server: a tick claims and records, couriers send. Knows no kind of mail.

No transaction spans a network call. A tick is one short transaction; what a crash repeats is what was in flight.
"""

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.orm import Session

from app.db.base import new_id, utcnow
from app.db.session import Database
from app.delivery import claims
from app.delivery.claims import LEASE, Claimed, Failure
from app.delivery.couriers import Couriers, Outgoing, Result
from app.delivery.models import MailKind
from app.delivery.rates import Rates, end_pause, show_pause
from app.delivery.senders.base import Sender

log = structlog.get_logger()

TICK_SECONDS = 0.05
IN_FLIGHT_PER_CONNECTION = 128
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=5)


class Writer(Protocol):
    """Writes the mails of one kind."""

    def write(self, session: Session, platform_id: int, claimed: Sequence[Claimed], now: datetime) -> list[Outgoing]:
        """The mails of those that may still leave; what is left out is dropped."""
        ...


@dataclass(frozen=True, slots=True)
class _Pause:
    """Nothing goes until a moment, and why; how many times in a row."""

    until: datetime
    times: int
    reason: Failure


class Pump:
    """Delivers what is due until it is stopped."""

    def __init__(
        self,
        database: Database,
        sender: Sender,
        writers: Mapping[MailKind, Writer],
        *,
        connections: int,
        rates: Rates | None = None,
        is_switched_off: bool = False,
    ) -> None:
        self._rates = rates
        self._is_switched_off = is_switched_off
        self._database = database
        self._writers = writers
        self._connections = connections
        self._lease = new_id()
        self._capacity = connections * IN_FLIGHT_PER_CONNECTION
        self._couriers = Couriers(sender, connections, is_ours=self._is_ours, many=max(1, self._capacity // 2))
        self._in_flight: dict[_Key, tuple[Claimed, float]] = {}
        self._unrecorded: list[Result] = []
        self._returned: list[Claimed] = []
        self._pause: _Pause | None = None
        self._may_show_pause = True  # that of the worker before us

    def start(self) -> None:
        """Begin to send what ticks claim."""
        self._couriers.start()

    @property
    def is_busy(self) -> bool:
        """Whether mails are in our hands."""
        return bool(self._in_flight)

    def rest(self) -> None:
        """Between two ticks while mails are in our hands: a moment, cut short where many have left meanwhile."""
        self._couriers.wait_for_many(TICK_SECONDS)

    def tick(self, *, claim: bool = True) -> None:
        """Record results, renew leases, claim more: one short transaction, none where there is nothing to do.

        Who is switched off claims nothing: what waits goes on waiting, until a worker that is not finds it.
        A transaction that fails changes nothing here either: its results are recorded by a later tick.
        """
        self._unrecorded += self._couriers.finished(self._capacity)
        results = self._unrecorded
        now = utcnow()
        pause = self._pause_after(results, now)
        claim = claim and not self._is_switched_off and (pause is None or pause.until <= now)
        renewal = self._needs_renewal()
        if claim and not results and not renewal:
            with self._database.asking() as session:
                claim = claims.is_due(session, now)
        if not (claim or results or renewal):
            return
        done = {_key(result.claimed) for result in results}
        held = {key: claimed for key, (claimed, _) in self._in_flight.items() if key not in done}
        with self._database.writing() as session:
            self._record(session, results, pause, now)
            if renewal:
                claims.renew(session, held.values(), lease=self._lease, now=now)
            claimed = self._claim(session, len(held), pause, now) if claim else []
            # A clock that jumped makes what we hold due again: claimed anew it is still the same mail in our hands.
            outgoing = self._write(session, [item for item in claimed if _key(item) not in held], now)
            self._show(session, pause, now)
        self._unrecorded = []
        leased_at = time.monotonic()
        for key in done:
            self._in_flight.pop(key, None)
        for key in held if renewal else {_key(item) for item in claimed} & held.keys():
            self._in_flight[key] = (held[key], leased_at)
        if claim and pause is not None:
            self._couriers.try_again()
        self._pause = pause
        self._may_show_pause = pause is not None
        for mail in outgoing:
            self._in_flight[_key(mail.claimed)] = (mail.claimed, leased_at)
            self._couriers.put(mail)

    def drain(self, seconds: float) -> None:
        """Stop: what is being sent is finished and recorded, what waits is given back. May be repeated if it fails."""
        self._give_back_waiting()
        self._couriers.stop(seconds)
        self._give_back_waiting()  # what came back on the way home
        self.tick(claim=False)

    def _give_back_waiting(self) -> None:
        self._returned += self._couriers.take_back()
        if self._returned:
            with self._database.writing() as session:
                claims.give_back(session, self._returned, lease=self._lease, due_at=utcnow())
            for claimed in self._returned:
                self._in_flight.pop(_key(claimed), None)
            self._returned = []

    # --- a tick ------------------------------------------------------------------------------------------------

    def _record(self, session: Session, results: Sequence[Result], pause: _Pause | None, now: datetime) -> None:
        sent = [result.claimed for result in results if result.is_sent]
        untried = [result.claimed for result in results if result.unavailable is not None]
        if sent:
            claims.settle_sent(session, sent, lease=self._lease, now=now)
        if untried:
            claims.give_back(session, untried, lease=self._lease, due_at=pause.until if pause else now)
        for result in results:
            if result.failure is not None:
                state = claims.settle_failed(session, result.claimed, result.failure, lease=self._lease, now=now)
                log.warning(
                    "mail_not_sent",
                    about_id=str(result.claimed.about_id),
                    code=result.failure.code,
                    attempt=result.claimed.attempts,
                    state=state.value,
                )

    def _needs_renewal(self) -> bool:
        oldest = min((since for _, since in self._in_flight.values()), default=None)
        return oldest is not None and time.monotonic() - oldest > LEASE.total_seconds() / 3

    def _claim(self, session: Session, held: int, pause: _Pause | None, now: datetime) -> list[Claimed]:
        """More to send; after a pause a single mail, which finds out for the others."""
        return claims.claim(
            session,
            lease=self._lease,
            free=(self._capacity if pause is None else 1) - held,
            now=now,
            free_for_single=self._connections if pause is None else 0,
            rates=self._rates,
        )

    def _write(self, session: Session, claimed: Sequence[Claimed], now: datetime) -> list[Outgoing]:
        grouped: dict[tuple[MailKind, int], list[Claimed]] = {}
        for item in claimed:
            grouped.setdefault((item.kind, item.platform_id), []).append(item)
        outgoing: list[Outgoing] = []
        for (kind, platform_id), items in grouped.items():
            written = self._writers[kind].write(session, platform_id, items, now)
            outgoing += written
            kept = {_key(mail.claimed) for mail in written}
            dropped = [item for item in items if _key(item) not in kept]
            if dropped:
                claims.settle_dropped(session, dropped, lease=self._lease)
        return outgoing

    def _is_ours(self, claimed: Claimed) -> bool:
        """Whether the lease holds. While we were held up it may have run out: then somebody else sends the mail."""
        _, since = self._in_flight.get(_key(claimed), (claimed, 0.0))
        return time.monotonic() - since < LEASE.total_seconds() * 0.9

    # --- the sender as a whole -----------------------------------------------------------------------------------

    def _pause_after(self, results: Sequence[Result], now: datetime) -> _Pause | None:
        """The pause these results lead to: a mail that left ends it, one that could not be tried begins the next."""
        pause = None if any(result.is_sent for result in results) else self._pause
        reason = next((result.unavailable for result in results if result.unavailable is not None), None)
        if reason is None or (pause is not None and now < pause.until):
            return pause
        times = pause.times + 1 if pause else 1
        length = min(_FIRST_PAUSE * 2 ** min(times - 1, 10), _LONGEST_PAUSE)
        log.error("sender_paused", seconds=round(length.total_seconds()), code=reason.code, detail=reason.detail)
        return _Pause(now + length, times, reason)

    def _show(self, session: Session, pause: _Pause | None, now: datetime) -> None:
        """Keep true what the API shows. A pause ends when a mail has left, not when the next one is tried."""
        if pause is not None:
            until = pause.until if now < pause.until else now + LEASE
            show_pause(session, until, f"{pause.reason.code}: {pause.reason.detail}", now)
        elif self._may_show_pause:
            end_pause(session)


_Key = tuple[int, uuid.UUID, int]


def _key(claimed: Claimed) -> _Key:
    return claimed.platform_id, claimed.about_id, claimed.generation
