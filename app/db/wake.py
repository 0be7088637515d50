"""Tells workers that there is something to do, in the transaction that gives it to them.

Services note what they put in front of workers; `jobs` registers who wakes them. Where nobody does, workers look for
themselves: work lies in rows, and a lost word costs a moment, never the work.
"""

import uuid
from collections.abc import Collection
from typing import Final, Protocol

from sqlalchemy.orm import Session

_NOTED: Final = "rollcall_work"


class Waker(Protocol):
    """Wakes workers when the transaction commits."""

    def wake(self, session: Session, imports: Collection[tuple[int, uuid.UUID]], *, has_mails: bool) -> None:
        """There is work on these imports (platform, id); and mails are due."""
        ...


def for_import(session: Session | None, platform_id: int, import_id: uuid.UUID) -> None:
    """An import is due."""
    if session is not None:
        session.info.setdefault(_NOTED, set()).add((platform_id, import_id))


def for_mails(session: Session) -> None:
    """Mails are due."""
    session.info.setdefault(_NOTED, set()).add(None)


def tell(session: Session, waker: Waker | None) -> None:
    """Pass on what was noted since; the last thing before a commit."""
    noted = session.info.pop(_NOTED, None)
    if noted and waker is not None:
        session.flush()
        waker.wake(session, noted - {None}, has_mails=None in noted)
