"""Delivers what is due, tick by tick, until it is stopped. Decides nothing about mails."""

import time
from threading import Event

import structlog

from app.db.session import UNAVAILABLE, Database, is_collision, kind_of
from app.delivery.pump import TICK_SECONDS, Pump

log = structlog.get_logger()

_LOOK_ANYWAY_SECONDS = 1.0
"""What falls due without a word: retries, held mails, those of a worker that died."""
_TRY_AGAIN_SECONDS = 0.2


def deliver(database: Database, pump: Pump, stop: Event, woken: Event, *, drain_seconds: float) -> None:
    """Deliver mails until stopped, then finish what is being sent. `woken`: somebody says that mails are due."""
    pump.start()
    watch = database.watch()
    look_at = 0.0
    while not stop.is_set():
        try:
            if pump.is_busy or woken.is_set() or watch.has_changed() or time.monotonic() >= look_at:
                woken.clear()
                look_at = time.monotonic() + _LOOK_ANYWAY_SECONDS
                pump.tick()
        except UNAVAILABLE as error:
            if not is_collision(error):
                log.error("database_unavailable", kind=kind_of(error))
                stop.wait(1.0)
        if pump.is_busy:
            pump.rest()
        elif not database.is_shared:
            stop.wait(TICK_SECONDS)
        else:
            woken.wait(_LOOK_ANYWAY_SECONDS)
    watch.close()
    _finish(pump, drain_seconds)


def _finish(pump: Pump, drain_seconds: float) -> None:
    """Finish what is being sent and write it down, though the database fails us meanwhile: else it is sent again."""
    until = time.monotonic() + drain_seconds
    while True:
        try:
            pump.drain(max(0.0, until - time.monotonic()))
        except UNAVAILABLE as error:
            log.error("database_unavailable", kind=kind_of(error))
            if time.monotonic() >= until:
                return
            time.sleep(_TRY_AGAIN_SECONDS)
        else:
            return
