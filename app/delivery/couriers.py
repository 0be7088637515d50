"""Threads that carry mails to the sender, each over a connection of its own, as many as the server lets us have.

Decides when to connect, when to step aside and when nothing goes; knows no database, and loses no mail it was given.
"""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Final

from app.delivery.claims import Claimed, Failure
from app.delivery.letter import Letter
from app.delivery.message import Envelope, build
from app.delivery.models import Lane
from app.delivery.outbox import file_name
from app.delivery.senders.base import (
    Connection,
    ConnectionEnded,
    Mail,
    PermanentFailure,
    Sender,
    SendError,
    SenderUnavailable,
    TemporaryFailure,
)

IDLE_SECONDS: Final = 5.0
"""A connection without work is closed: servers hang up after 10 s and more, and count whom they keep waiting."""
FIRST_REST_SECONDS: Final = 10.0
_LONGEST_REST_SECONDS: Final = 300.0
ENOUGH: Final = 10
"""So many mails in a row that failed for now are no longer about these mails."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail that may leave: what was claimed, what it says and who it is for."""

    claimed: Claimed
    letter: Letter
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one mail. `unavailable`: never tried, nothing goes just now; `is_lost`: no longer ours."""

    claimed: Claimed
    failure: Failure | None = None
    unavailable: Failure | None = None
    is_lost: bool = False

    @property
    def is_sent(self) -> bool:
        """Whether the mail server has it."""
        return self.failure is None and self.unavailable is None and not self.is_lost


@dataclass(frozen=True, slots=True, order=True)
class _Turn:
    """A mail's place among those in our hands: its lane first, then as it came."""

    lane: Lane
    number: int
    mail: Outgoing = field(compare=False)


class Couriers:
    """The couriers, what waits for them, and what they share."""

    def __init__(self, sender: Sender, number: int, *, is_ours: Callable[[Claimed], bool], many: int = 1) -> None:
        """`is_ours` tells whether a claimed mail still is: one that was held up may be somebody else's.

        Whoever waits for results is woken as soon as there are `many`.
        """
        self.sender = sender
        self.is_ours = is_ours
        self.connected: set[_Courier] = set()
        self.refusal: SendError | None = None
        """Why nothing goes just now. Then nobody connects, and what waits comes back untried."""
        self.door = threading.Lock()
        self.going_home = threading.Event()
        self.results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self._many = many
        self._many_finished = threading.Event()
        self._waiting: list[_Turn] = []
        self._free = 0
        self._lock = threading.Lock()
        self._mail_waits = threading.Condition(self._lock)
        self._help_wanted = threading.Condition(self._lock)
        self._turns = count()
        self._threads = [
            threading.Thread(target=_Courier(self).work, name=f"courier-{place}", daemon=True)
            for place in range(number)
        ]

    # --- for the pump --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Send the couriers to work."""
        for thread in self._threads:
            thread.start()

    def put(self, mail: Outgoing) -> None:
        """One more mail to carry."""
        self.put_back(_Turn(mail.claimed.lane, next(self._turns), mail))

    def finished(self, most: int) -> list[Result]:
        """What became of up to `most` mails since last asked."""
        self._many_finished.clear()
        results: list[Result] = []
        while len(results) < most and not self.results.empty():
            results.append(self.results.get_nowait())
        return results

    def wait_for_many(self, seconds: float) -> None:
        """Wait for so long, or until there are many results: those a worker that dies has not written down repeat."""
        self._many_finished.wait(seconds)

    def take_back(self) -> list[Claimed]:
        """The mails no courier has taken yet: nobody will carry them any more."""
        with self._lock:
            taken = [turn.mail.claimed for turn in self._waiting]
            self._waiting.clear()
        return taken

    def try_again(self) -> None:
        """Whatever was the matter may be over."""
        self.refusal = None

    def stop(self, seconds: float) -> None:
        """Finish what is being carried, for as long as that."""
        self.going_home.set()
        with self._lock:
            self._mail_waits.notify_all()
            self._help_wanted.notify_all()
        until = time.monotonic() + seconds
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))

    # --- for the couriers ----------------------------------------------------------------------------------------

    def put_back(self, turn: _Turn) -> None:
        """A mail for whoever is free; for one more courier where nobody is."""
        with self._lock:
            heappush(self._waiting, turn)
            (self._help_wanted if len(self._waiting) > self._free else self._mail_waits).notify()

    def report(self, result: Result) -> None:
        """What became of a mail."""
        self.results.put(result)
        if self.results.qsize() >= self._many:
            self._many_finished.set()

    def take(self, seconds: float) -> _Turn | None:
        """The next mail for a courier with a connection. None: there was none for so long, or it is time to go home."""
        with self._lock:
            self._free += 1
            came = self._mail_waits.wait_for(lambda: self._waiting or self.going_home.is_set(), seconds)
            self._free -= 1
            return heappop(self._waiting) if came and not self.going_home.is_set() else None

    def is_needed(self) -> bool:
        """Wait until more mails wait than couriers are free. False: it is time to go home."""
        with self._lock:
            self._help_wanted.wait_for(lambda: len(self._waiting) > self._free or self.going_home.is_set())
        return not self.going_home.is_set()

    def refuse(self, reason: SendError) -> None:
        """Nothing goes. Where nothing waits, the next mail finds out anew."""
        with self._lock:
            self.refusal = reason if self._waiting else None

    def hand_back(self, reason: SendError) -> None:
        """Nothing goes: what waits was never tried."""
        for claimed in self.take_back():
            self.report(Result(claimed, unavailable=Failure(reason.code, reason.detail, is_final=False)))


class _Courier:
    """One thread with at most one connection."""

    def __init__(self, us: Couriers) -> None:
        self._us = us
        self._connection: Connection | None = None
        self._failed_in_a_row = 0
        self._rest = 0.0
        self._rests = 0

    def work(self) -> None:
        """Carry mails until it is time to go home."""
        while not self._us.going_home.is_set():
            if self._connection is None:
                self._us.going_home.wait(self._rest)
                self._rest = 0.0
                if self._us.is_needed():
                    self._connect()
            elif (turn := self._us.take(IDLE_SECONDS)) is not None:
                self._carry(turn, self._connection)
            else:
                self._hang_up()
        self._hang_up()

    def _carry(self, turn: _Turn, connection: Connection) -> None:
        claimed = turn.mail.claimed
        try:
            result = self._sent(turn.mail, connection)
        except ConnectionEnded:
            self._hang_up()
            self._us.put_back(turn)
        except SenderUnavailable as error:
            self._us.put_back(turn)
            self._give_way(error)
        except TemporaryFailure as error:
            self._us.report(Result(claimed, Failure(error.code, error.detail, is_final=False)))
            self._failed_in_a_row += 1
            if self._failed_in_a_row >= ENOUGH:
                self._give_way(error)
        except Exception as error:
            self._us.report(Result(claimed, Failure("internal_error", type(error).__name__, is_final=False)))
            self._hang_up()
        else:
            self._us.report(result)
            self._failed_in_a_row = self._rests = 0

    def _sent(self, mail: Outgoing, connection: Connection) -> Result:
        """What became of a mail, where another time or connection would change nothing."""
        if not self._us.is_ours(mail.claimed):
            return Result(mail.claimed, is_lost=True)
        try:
            connection.send(_written(mail))
        except PermanentFailure as error:
            return Result(mail.claimed, Failure(error.code, error.detail, is_final=True))
        return Result(mail.claimed)

    def _connect(self) -> None:
        """Open a connection. The first one is opened by one courier alone: a refusal then means none, not no more."""
        with self._us.door:
            if self._us.refusal is not None:
                self._us.hand_back(self._us.refusal)
                return
            if not self._us.connected:
                self._open()
                return
        self._open()

    def _open(self) -> None:
        try:
            self._connection = self._us.sender.connect()
        except SenderUnavailable as error:
            self._give_way(error)
        except Exception as error:
            self._give_way(SenderUnavailable("internal_error", type(error).__name__))
        else:
            self._us.connected.add(self)

    def _give_way(self, reason: SendError) -> None:
        """This way nothing goes. While others get through, leave it to them for a while: the server may want fewer of
        us. The last one's trouble is everybody's.
        """
        self._hang_up()
        self._failed_in_a_row = 0
        if self._us.connected:
            self._rest = min(FIRST_REST_SECONDS * 2**self._rests, _LONGEST_REST_SECONDS)
            self._rests += 1
        else:
            self._us.refuse(reason)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._us.connected.discard(self)
            self._connection.close()
            self._connection = None


def _written(mail: Outgoing) -> Mail:
    """The mail as it travels. Raises PermanentFailure for an address that cannot stand in a header."""
    envelope = mail.envelope
    try:
        content = build(mail.letter, envelope)
    except ValueError:
        raise PermanentFailure("address_invalid", "") from None
    return Mail(
        sender=envelope.sender_address,
        recipient=envelope.recipient,
        content=content,
        name=file_name(mail.claimed.about_id, mail.claimed.generation),
    )
