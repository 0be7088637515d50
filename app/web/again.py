"""A request whose transaction met another one is done again: nobody asks twice for what is nobody's fault.

PostgreSQL ends one of two transactions that wait for each other, and all that it did is undone. Knows no route.
"""

from typing import Final

import structlog
from sqlalchemy.exc import DBAPIError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.db.session import is_collision, kind_of
from app.web import metrics

log = structlog.get_logger()

TIMES: Final = 3
"""After so many it is told: the database is unavailable, or there is a fault of ours."""
_KEPT_BYTES: Final = 1024 * 1024
"""Longer bodies are not kept to be read again: whole files, and the longest lists of invitations."""


class DoneAgain:
    """Passes a request on once more where it failed by a collision and nothing was answered yet."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _Body(receive)
        is_answered = False

        async def send_and_note(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        for times in range(1, TIMES + 1):
            scope.setdefault("state", {})["is_last_try"] = times == TIMES
            try:
                await self.app(scope, body.receive, send_and_note)
            except DBAPIError as error:
                if times == TIMES or is_answered or not is_collision(error) or not body.rewind():
                    raise
                metrics.DONE_AGAIN.inc()
                log.warning("done_again", kind=kind_of(error), times=times)
            else:
                return


class _Body:
    """What a client sends, kept to be read once more."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._kept: list[Message] = []
        self._bytes = 0
        self._next = 0

    async def receive(self) -> Message:
        """The next message: one that is kept, or a new one."""
        if self._next == len(self._kept):
            message = await self._receive()
            if message["type"] != "http.request" or self._bytes > _KEPT_BYTES:
                return message
            self._bytes += len(message.get("body", b""))
            self._kept.append(message)
        self._next += 1
        return self._kept[self._next - 1]

    def rewind(self) -> bool:
        """Whether all can be read from the start again."""
        self._next = 0
        return self._bytes <= _KEPT_BYTES
