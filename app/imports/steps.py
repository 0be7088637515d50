"""The states of an import and which may follow which. Pure: the only place that knows."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class ImportState(StrEnum):
    """Where an import stands."""

    UPLOADED = "uploaded"
    CHECKING = "checking"
    READY = "ready"
    COMMITTING = "committing"
    COMPLETED = "completed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"


class Task(StrEnum):
    """What there is to do where the state alone does not tell. Of a finished import, it leaves the state as it is."""

    SEND = "send"
    HOLD = "hold"
    COMMIT = "commit"
    """Of an import that is being checked, or was: what comes next without anybody asking."""


S = ImportState

ALLOWED: Final[Mapping[ImportState, frozenset[ImportState]]] = {
    S.UPLOADED: frozenset({S.UPLOADED, S.CHECKING}),
    S.CHECKING: frozenset({S.UPLOADED, S.CHECKING, S.READY, S.FAILED}),
    S.READY: frozenset({S.UPLOADED, S.CHECKING, S.READY, S.COMMITTING}),
    S.COMMITTING: frozenset({S.COMPLETED, S.CANCELLING, S.UNDOING, S.FAILED}),
    S.CANCELLING: frozenset({S.CANCELLED, S.UNDOING}),
    S.COMPLETED: frozenset({S.COMPLETED, S.UNDOING}),
    S.CANCELLED: frozenset({S.CANCELLED, S.UNDOING}),
    S.FAILED: frozenset({S.UPLOADED, S.CHECKING, S.COMMITTING, S.CANCELLING, S.UNDOING}),
    S.UNDOING: frozenset({S.UNDONE, S.FAILED}),
    S.UNDONE: frozenset(),
}

WORKING: Final = frozenset({S.CHECKING, S.COMMITTING, S.CANCELLING, S.UNDOING})
"""States in which a worker has something to do."""

COUNTED: Final = WORKING - {S.CANCELLING}
"""States in which the work is counted as it goes."""

FINISHED: Final = frozenset({S.COMPLETED, S.CANCELLED})
"""States in which the people are there, nobody adds any more, and mails may be sent or held: a worker's tasks."""


class WrongStep(Exception):  # noqa: N818 as it is spoken of
    """A state that may not follow."""


def may_follow(now: ImportState, then: ImportState) -> bool:
    """Whether a step is allowed."""
    return then in ALLOWED[now]


def step(now: ImportState, then: ImportState) -> ImportState:
    """`then`, which follows. Raises WrongStep where it may not."""
    if not may_follow(now, then):
        raise WrongStep(f"{now} -> {then}")
    return then


def after_failure(now: ImportState) -> ImportState:
    """Where work that cannot be done leaves an import. What was only to follow by itself changes nothing else."""
    if now in FINISHED or now is S.READY:
        return now
    return S.CANCELLED if now is S.CANCELLING else S.FAILED
