"""Idempotency-Key: a client may try again without doing anything twice. Knows no noun of the customer.

A key is reserved in a transaction of its own, under a lease as long as the request. The answer is kept in the
transaction of the effect, so both are there or neither. Answers of 400 and above are not kept.
"""

import asyncio
import contextlib
import hashlib
import json
import re
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.models import ERASED_ANSWER, IdempotencyKey
from app.access.sweep import ANSWERS_ARE_KEPT_FOR
from app.db import bulk
from app.db.base import new_id, utcnow
from app.db.session import UNAVAILABLE, Database
from app.errors import AppError, Code, FieldError
from app.web.deps import ContextOf

LEASE = timedelta(seconds=60)
_FREE_AGAIN_SECONDS = 1.0
REPLAYED = "Idempotent-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_NOT_PRINTABLE = FieldError("/Idempotency-Key", "idempotency_key_form", {"limit": 255})


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that was given before."""

    fingerprint: bytes
    status: int
    location: str | None
    body: bytes


class Replay(Exception):  # noqa: N818 nothing is wrong: the answer is there already
    """The request was answered before; this is the answer."""

    def __init__(self, kept: Kept) -> None:
        super().__init__("replay")
        self.kept = kept


@dataclass(frozen=True, slots=True)
class Reservation:
    """The right to answer for a key, until its lease ends."""

    database: Database
    platform_id: int
    key_hash: bytes
    lease: uuid.UUID

    def keep(self, session: Session, fingerprint: bytes, response: Response) -> None:
        """Keep the answer, in the transaction of what it tells of."""
        kept = session.execute(
            self._ours()
            .values(
                fingerprint=fingerprint,
                status=response.status_code,
                location=response.headers.get("location"),
                body=bytes(response.body),
                lease=None,
                lease_until=None,
            )
            .returning(IdempotencyKey.platform_id)
        ).first()
        if kept is None:  # the lease ran out and another request has the key: what we did is rolled back
            raise AppError(Code.IDEMPOTENCY_KEY_IN_USE, retry_after=1)

    def renew(self) -> None:
        """Keep the lease of a request that takes long."""
        with self.database.writing() as session:
            session.execute(self._ours().values(lease_until=utcnow() + LEASE))

    def give_up(self) -> None:
        """Free the key: nothing was kept. Does nothing to an answer that was."""
        with self.database.writing() as session:
            session.execute(
                delete(IdempotencyKey).where(
                    IdempotencyKey.platform_id == self.platform_id,
                    IdempotencyKey.key_hash == self.key_hash,
                    IdempotencyKey.lease == self.lease,
                )
            )

    def _ours(self) -> Any:
        return update(IdempotencyKey).where(
            IdempotencyKey.platform_id == self.platform_id,
            IdempotencyKey.key_hash == self.key_hash,
            IdempotencyKey.lease == self.lease,
        )


def reserve(database: Database, actor: Actor, method: str, path: str, key: str, now: datetime) -> Reservation | Kept:
    """Reserve a key, or find its answer. Raises AppError: the key has a bad form, or its request is still running."""
    if not _KEY.fullmatch(key):
        raise AppError(Code.IDEMPOTENCY_KEY_INVALID, fields=[_NOT_PRINTABLE])
    scope = "\0".join([actor.kind, str(actor.id), method, path, key])
    key_hash = hashlib.sha256(scope.encode()).digest()
    reservation = Reservation(database, actor.platform_id, key_hash, new_id())
    with database.writing() as session:
        new = bulk.upsert(session, IdempotencyKey).values(
            platform_id=actor.platform_id, key_hash=key_hash, created_at=now
        )
        session.execute(new.on_conflict_do_nothing())
        row = session.get(IdempotencyKey, (actor.platform_id, key_hash), with_for_update=True)
        if row is None or (row.lease_until is not None and row.lease_until > now):  # None: swept away this moment
            raise AppError(Code.IDEMPOTENCY_KEY_IN_USE, retry_after=1)
        if row.created_at < now - ANSWERS_ARE_KEPT_FOR:
            row.created_at, row.fingerprint, row.status, row.location, row.body = now, None, None, None, None
        elif row.status is not None and row.fingerprint is not None:
            return Kept(row.fingerprint, row.status, row.location, row.body or b"")
        row.lease, row.lease_until = reservation.lease, now + LEASE
    return reservation


def replay_or_refuse(kept: Kept, fingerprint: bytes) -> Replay:
    """The replay of a kept answer. Raises AppError idempotency_key_reused for another request, answer_erased."""
    if kept.fingerprint != fingerprint:
        raise AppError(Code.IDEMPOTENCY_KEY_REUSED)
    if kept.body == ERASED_ANSWER:
        raise AppError(Code.ANSWER_ERASED)
    return Replay(kept)


def fingerprint_of(body: bytes) -> bytes:
    """SHA-256 of a JSON body in one canonical form: the order of fields and blanks do not count."""
    with contextlib.suppress(ValueError, RecursionError):
        body = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(body).digest()


@contextlib.asynccontextmanager
async def renewing(reservation: Reservation | None) -> AsyncIterator[None]:
    """Renews a lease while a request lives; frees the key where the request fails."""
    if reservation is None:
        yield
        return

    async def _renew() -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            with contextlib.suppress(*UNAVAILABLE):  # the next turn tries again
                await run_in_threadpool(reservation.renew)

    task = asyncio.create_task(_renew())
    try:
        yield
    except BaseException:
        if not await _is_freed(reservation):
            freeing = asyncio.create_task(_free(reservation))
            _FREEING.add(freeing)
            freeing.add_done_callback(_FREEING.discard)
        raise
    finally:
        task.cancel()


_FREEING: set[asyncio.Task[None]] = set()
"""The loop itself holds no task: one that nobody holds may end before its time."""


async def _free(reservation: Reservation) -> None:
    """Free a key as soon as the database is back: whoever asks again need not wait until the lease is over."""
    until = time.monotonic() + LEASE.total_seconds()
    while time.monotonic() < until:
        await asyncio.sleep(_FREE_AGAIN_SECONDS)
        if await _is_freed(reservation):
            return


async def _is_freed(reservation: Reservation) -> bool:
    try:
        await run_in_threadpool(reservation.give_up)
    except UNAVAILABLE:
        return False
    return True


KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Makes it safe to try again: the same key and body within 24 hours get the first answer.",
        examples=["3f1c2a52-9d0e-4b8e-9f5c-0c9a3c7f4b11"],
    ),
]


async def _once(request: Request, context: ContextOf, key: KeyHeader = None) -> AsyncIterator[None]:
    """Needs the actor: name it after the actor, and before the session."""
    if key is None:
        yield
        return
    fingerprint = fingerprint_of(await request.body())
    actor: Actor = request.state.actor
    found = await run_in_threadpool(reserve, context.database, actor, request.method, request.url.path, key, utcnow())
    if isinstance(found, Kept):
        raise replay_or_refuse(found, fingerprint)
    request.state.reservation = (found, fingerprint)
    async with renewing(found):
        yield


Once = Annotated[None, Depends(_once, scope="function")]
"""What a route asks for whose effect must not happen twice. Its router needs `OnceRoute`."""


class OnceRoute(APIRoute):
    """Keeps the answer of a route that asks for `Once`, while the transaction of its effect is still open."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler; behind it, before the session's commit, the answer is kept."""
        answer: Callable[[Request], Awaitable[Response]] = super().get_route_handler()

        async def handler(request: Request) -> Response:
            response = await answer(request)
            found: tuple[Reservation, bytes] | None = getattr(request.state, "reservation", None)
            if found is not None:
                reservation, fingerprint = found
                await run_in_threadpool(reservation.keep, request.state.session, fingerprint, response)
            return response

        return handler


def install(app: FastAPI) -> None:
    """Answer a request that was answered before: byte for byte."""

    @app.exception_handler(Replay)
    def _replay(_request: Request, replay: Replay) -> Response:
        headers = {REPLAYED: "true"} | ({"Location": replay.kept.location} if replay.kept.location else {})
        return Response(replay.kept.body, replay.kept.status, headers, media_type="application/json")
