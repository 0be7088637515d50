"""Lists in pages behind an opaque, signed cursor. Never counts a table."""

import uuid
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field

from app.access.tokens import BadToken, Keyring, Purpose
from app.errors import AppError, Code, FieldError
from app.web.deps import ContextOf, Reader

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

Row = TypeVar("Row")
Out = TypeVar("Out")


class Listing(BaseModel, Generic[Out]):
    """A page of a list. `next_cursor` is null on the last page."""

    items: list[Out]
    next_cursor: str | None = Field(examples=[None])


class Pager:
    """One page of one list of one platform. A cursor of another list or platform is invalid."""

    def __init__(self, keyring: Keyring, scope: str, limit: int, cursor: str | None) -> None:
        self._keyring = keyring
        self._scope = scope.encode()
        self._limit = limit
        self._after = None if cursor is None else self._open(cursor)

    @property
    def fetch(self) -> int:
        """How many rows to fetch: one more than shown, to know whether there is a next page."""
        return self._limit + 1

    @property
    def after_id(self) -> uuid.UUID | None:
        """The id the page starts behind."""
        return None if self._after is None else uuid.UUID(self._after)

    @property
    def after_text(self) -> str | None:
        """The sort key the page starts behind."""
        return self._after

    @property
    def after_number(self) -> int:
        """The number the page starts behind, 0 for the first page."""
        return 0 if self._after is None else int(self._after)

    def listing(
        self, found: Sequence[Row], *, position: Callable[[Row], object], show: Callable[[Row], Out]
    ) -> Listing[Out]:
        """The page: what is shown of each row, and the cursor behind the last one."""
        shown = found[: self._limit]
        more = len(found) > self._limit
        cursor = self._keyring.sign(Purpose.CURSOR, self._scope + str(position(shown[-1])).encode()) if more else None
        return Listing(items=[show(row) for row in shown], next_cursor=cursor)

    def _open(self, cursor: str) -> str:
        try:
            payload = self._keyring.open(Purpose.CURSOR, cursor)
        except BadToken:
            payload = b""
        if not payload.startswith(self._scope):
            raise AppError(Code.INVALID_CURSOR, fields=[FieldError("/cursor", "invalid_cursor")])
        return payload.removeprefix(self._scope).decode()


def _pager(
    request: Request,
    context: ContextOf,
    actor: Reader,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many items at most.")] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=8000, description="`next_cursor` of the page before.")] = None,
) -> Pager:
    return Pager(context.keyring, f"{actor.platform_id} {request.url.path} ", limit, cursor)


Paged = Annotated[Pager, Depends(_pager)]
