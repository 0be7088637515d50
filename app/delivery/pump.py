"""Moves mails from the outbox to the mail server: a tick claims and records, threads send. Knows no kind of mail.

No transaction spans a network call. A tick is one short transaction; what a crash repeats is what was in flight.
"""

import queue
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Protocol

import structlog
from sqlalchemy.orm import Session

from app.db.base import new_id, utcnow
from app.db.session import Database
from app.delivery import claims
from app.delivery.claims import LEASE, Claimed, Failure
from app.delivery.letter import Letter
from app.delivery.message import Envelope, build
from app.delivery.models import Lane, MailKind
from app.delivery.rates import SENDER, Rates, bucket
from app.delivery.senders.base import (
    Connection,
    Mail,
    PermanentFailure,
    Sender,
    SenderUnavailable,
    TemporaryFailure,
)

log = structlog.get_logger()

TICK_SECONDS = 0.05
IN_FLIGHT_PER_CONNECTION = 64
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail that may leave: what was claimed, what it says and who it is for."""

    claimed: Claimed
    letter: Letter
    envelope: Envelope


class Writer(Protocol):
    """Writes the mails of one kind."""

    def write(self, session: Session, platform_id: int, claimed: Sequence[Claimed], now: datetime) -> list[Outgoing]:
        """The mails of those that may still leave; what is left out is dropped."""
        ...


@dataclass(frozen=True, slots=True, order=True)
class _Turn:
    """A mail's place among those in our hands: its lane first, then as it came. No mail: the thread may end."""

    lane: Lane
    number: int
    mail: Outgoing | None = field(compare=False)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one mail. `unavailable`: never tried, the sender cannot be reached; `is_lost`: no longer ours."""

    claimed: Claimed
    failure: Failure | None = None
    unavailable: Failure | None = None
    is_lost: bool = False

    @property
    def is_sent(self) -> bool:
        """Whether the mail server has it."""
        return self.failure is None and self.unavailable is None and not self.is_lost


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
    ) -> None:
        self._rates = rates
        self._database = database
        self._sender = sender
        self._writers = writers
        self._connections = connections
        self._lease = new_id()
        self._capacity = connections * IN_FLIGHT_PER_CONNECTION
        self._to_send: queue.PriorityQueue[_Turn] = queue.PriorityQueue()
        self._turns = count()
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self._in_flight: dict[tuple[int, uuid.UUID, int], tuple[Claimed, float]] = {}
        self._unrecorded: list[Result] = []
        self._pauses = 0
        self._paused_until: datetime | None = None
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the sending threads."""
        for number in range(self._connections):
            thread = threading.Thread(target=self._send_all, name=f"sender-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    @property
    def is_busy(self) -> bool:
        """Whether mails are in our hands."""
        return bool(self._in_flight)

    def tick(self, *, claim: bool = True) -> None:
        """Record results, renew leases, claim more: one short transaction, none where there is nothing to do.

        A transaction that fails changes nothing here either: its results are recorded by a later tick.
        """
        self._unrecorded += self._finished()
        results = self._unrecorded
        now = utcnow()
        claim = claim and not self._is_paused(now)
        renewal = self._needs_renewal()
        if claim and not results and not renewal:
            with self._database.reading() as session:
                claim = claims.is_due(session, now)
        if not (claim or results or renewal):
            return
        done = {_key(result.claimed) for result in results}
        held = {key: claimed for key, (claimed, _) in self._in_flight.items() if key not in done}
        with self._database.writing() as session:
            self._record(session, results, now)
            if renewal:
                claims.renew(session, held.values(), lease=self._lease, now=now)
            claimed = self._claim(session, self._capacity - len(held), now) if claim else []
            # A clock that jumped makes what we hold due again: claimed anew it is still the same mail in our hands.
            outgoing = self._write(session, [item for item in claimed if _key(item) not in held], now)
        self._unrecorded = []
        leased_at = time.monotonic()
        for key in done:
            self._in_flight.pop(key, None)
        for key in held if renewal else {_key(item) for item in claimed} & held.keys():
            self._in_flight[key] = (held[key], leased_at)
        for mail in sorted(outgoing, key=lambda mail: mail.claimed.lane):
            self._in_flight[_key(mail.claimed)] = (mail.claimed, leased_at)
            self._to_send.put(_Turn(mail.claimed.lane, next(self._turns), mail))

    def drain(self, seconds: float) -> None:
        """Stop: what is being sent is finished and recorded, what waits is given back."""
        waiting = []
        while not self._to_send.empty():
            try:
                item = self._to_send.get_nowait()
            except queue.Empty:
                break
            if item.mail is not None:
                waiting.append(item.mail.claimed)
        for _ in self._threads:
            self._to_send.put(_Turn(max(Lane), next(self._turns), None))
        if waiting:
            with self._database.writing() as session:
                claims.give_back(session, waiting, lease=self._lease, due_at=utcnow())
            for claimed in waiting:
                self._in_flight.pop(_key(claimed), None)
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self.tick(claim=False)

    def _claim(self, session: Session, free: int, now: datetime) -> list[Claimed]:
        return claims.claim(
            session,
            lease=self._lease,
            free=free,
            now=now,
            free_for_single=len(self._threads),
            rates=self._rates,
        )

    # --- a tick ------------------------------------------------------------------------------------------------

    def _finished(self) -> list[Result]:
        results: list[Result] = []
        while len(results) < self._capacity:
            try:
                results.append(self._results.get_nowait())
            except queue.Empty:
                break
        return results

    def _record(self, session: Session, results: Sequence[Result], now: datetime) -> None:
        sent = [result.claimed for result in results if result.is_sent]
        if sent:
            claims.settle_sent(session, sent, lease=self._lease, now=now)
            self._resume(session)
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
        self._pause(session, [result for result in results if result.unavailable is not None], now)

    def _needs_renewal(self) -> bool:
        oldest = min((since for _, since in self._in_flight.values()), default=None)
        return oldest is not None and time.monotonic() - oldest > LEASE.total_seconds() / 3

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

    # --- the sender as a whole -----------------------------------------------------------------------------------

    def _is_paused(self, now: datetime) -> bool:
        return self._paused_until is not None and now < self._paused_until

    def _pause(self, session: Session, untried: Sequence[Result], now: datetime) -> None:
        if not untried:
            return
        if not self._is_paused(now):
            self._pauses += 1
            self._paused_until = now + min(_FIRST_PAUSE * 2 ** min(self._pauses - 1, 10), _LONGEST_PAUSE)
        reason = untried[0].unavailable
        until = self._paused_until or now
        claims.give_back(session, [result.claimed for result in untried], lease=self._lease, due_at=until)
        row = bucket(session, SENDER, now)
        row.paused_until = until
        row.reason = f"{reason.code}: {reason.detail}"[:500] if reason else None
        log.error("sender_paused", seconds=round((until - now).total_seconds()), code=reason.code if reason else None)

    def _resume(self, session: Session) -> None:
        if self._pauses:
            self._pauses = 0
            self._paused_until = None
            row = bucket(session, SENDER, utcnow())
            row.paused_until = None
            row.reason = None

    # --- the sending threads -------------------------------------------------------------------------------------

    def _send_all(self) -> None:
        connection: Connection | None = None
        while (outgoing := self._to_send.get().mail) is not None:
            claimed = outgoing.claimed
            try:
                if self._is_lost(claimed):
                    result = Result(claimed, is_lost=True)
                else:
                    connection = connection or self._sender.connect()
                    connection.send(_mail(outgoing))
                    result = Result(claimed)
            except TemporaryFailure as error:
                result = Result(claimed, failure=Failure(error.code, error.detail, is_final=False))
            except PermanentFailure as error:
                result = Result(claimed, failure=Failure(error.code, error.detail, is_final=True))
            except SenderUnavailable as error:
                connection = None
                result = Result(claimed, unavailable=Failure(error.code, error.detail, is_final=False))
            except ValueError:  # the address cannot stand in a header
                result = Result(claimed, failure=Failure("address_invalid", "", is_final=True))
            except Exception as error:
                connection = None
                result = Result(claimed, failure=Failure("internal_error", type(error).__name__, is_final=False))
            self._results.put(result)
        if connection is not None:
            connection.close()

    def _is_lost(self, claimed: Claimed) -> bool:
        """Whether the lease may have run out while we were held up: then somebody else sends it."""
        _, since = self._in_flight.get(_key(claimed), (claimed, 0.0))
        return time.monotonic() - since > LEASE.total_seconds() * 0.9


def _key(claimed: Claimed) -> tuple[int, uuid.UUID, int]:
    return claimed.platform_id, claimed.about_id, claimed.generation


def _mail(outgoing: Outgoing) -> Mail:
    envelope = outgoing.envelope
    return Mail(
        sender=envelope.sender_address,
        recipient=envelope.recipient,
        content=build(outgoing.letter, envelope),
        name=f"{outgoing.claimed.about_id}.{outgoing.claimed.generation}",
    )
