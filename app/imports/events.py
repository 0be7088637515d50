"""An import as a stream of server-sent events: `state` when it changes, `progress` as it goes. Short sessions only.

An event's id says what it told; a client that comes back with the last one is told only what is new.
"""

import asyncio
import threading
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi.concurrency import run_in_threadpool
from fastapi.sse import ServerSentEvent

from app.access.actor import Actor
from app.db.session import Database
from app.errors import AppError, Code
from app.imports import look, show
from app.imports.schemas import ImportOut
from app.imports.work import is_working

STREAMS_PER_ACTOR = 10
_LOOK_EVERY_SECONDS = 0.5
_LONGEST_SECONDS = 60.0  # then a client comes back and is looked at again: its key may be revoked
_COME_BACK_AFTER_MILLISECONDS = 1000

_AN_ACTOR = tuple[int, str, uuid.UUID | None]


@dataclass(frozen=True, slots=True)
class Slot:
    """One of the streams an actor may have open. One that never began is free again when it would have ended."""

    actor: Actor
    since: float


_slots: dict[_AN_ACTOR, list[Slot]] = {}
_slots_lock = threading.Lock()


def admit(actor: Actor) -> Slot:
    """A place for a stream. Raises AppError too_many_streams for an actor who follows too many imports at once."""
    slot = Slot(actor, time.monotonic())
    with _slots_lock:
        taken = [one for one in _slots.get(_of(actor), []) if slot.since - one.since < _LONGEST_SECONDS + 5]
        if len(taken) >= STREAMS_PER_ACTOR:
            raise AppError(Code.TOO_MANY_STREAMS, limit=STREAMS_PER_ACTOR, retry_after=5)
        _slots[_of(actor)] = [*taken, slot]
    return slot


def _free(slot: Slot) -> None:
    with _slots_lock:
        left = [one for one in _slots.pop(_of(slot.actor), []) if one is not slot]
        if left:
            _slots[_of(slot.actor)] = left


async def follow(
    database: Database, slot: Slot, import_id: uuid.UUID, language: str, last_id: str | None
) -> AsyncIterator[ServerSentEvent]:
    """The events of an import while anything moves, for a minute at most.

    Where nothing runs and no mail waits, the stream tells how it stands and ends; a client that comes back with the
    last id (browsers do by themselves) hears of what has begun since.
    """
    try:
        told = last_id or ""
        until = time.monotonic() + _LONGEST_SECONDS
        while time.monotonic() < until:
            imported, is_at_rest = await run_in_threadpool(_look, database, slot.actor, import_id, language)
            now = _id_of(imported) + ("-rest" if is_at_rest else "")
            if now != told:
                changed = now.split(".")[0] != told.split(".")[0]
                yield ServerSentEvent(
                    data=_told(imported) | {"at_rest": is_at_rest},
                    event="state" if changed else "progress",
                    id=now,
                    retry=_COME_BACK_AFTER_MILLISECONDS,
                )
                told = now
            if is_at_rest:
                return
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
    finally:
        _free(slot)


def _look(database: Database, actor: Actor, import_id: uuid.UUID, language: str) -> tuple[ImportOut, bool]:
    """The import, and whether it is at rest: nothing runs or is about to, and no mail waits to leave."""
    with database.reading() as session:
        view = look.get_import(session, actor, import_id)
        shown = show.import_out(view, language)
    return shown, not is_working(view.imported) and not (shown.result and shown.result.mails.queued)


def _told(imported: ImportOut) -> dict[str, object]:
    told = imported.model_dump(mode="json", include={"id", "state", "version", "progress", "result", "failure"})
    if told["result"] is not None:
        del told["result"]["creates"]  # may be long, and does not change
    return told


def _id_of(imported: ImportOut) -> str:
    done = imported.progress.done if imported.progress else 0
    mails = imported.result.mails if imported.result else None
    numbers = (mails.queued, mails.sent, mails.failed, mails.held) if mails else ()
    return f"{imported.state}-{imported.version}.{done}." + "-".join(map(str, numbers))


def _of(actor: Actor) -> _AN_ACTOR:
    return actor.platform_id, actor.kind, actor.id
