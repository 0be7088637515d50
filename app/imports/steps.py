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


S = ImportState

ALLOWED: Final[Mapping[ImportState, frozenset[ImportState]]] = {
    S.UPLOADED: frozenset({S.UPLOADED, S.CHECKING}),
    S.CHECKING: frozenset({S.UPLOADED, S.CHECKING, S.READY, S.FAILED}),
    S.READY: frozenset({S.UPLOADED, S.CHECKING, S.COMMITTING}),
    S.COMMITTING: frozenset({S.COMPLETED, S.CANCELLING, S.FAILED}),
    S.CANCELLING: frozenset({S.CANCELLED, S.UNDOING, S.FAILED}),
    S.COMPLETED: frozenset({S.UNDOING}),
    S.CANCELLED: frozenset({S.UNDOING}),
    S.FAILED: frozenset({S.UPLOADED, S.CHECKING, S.COMMITTING, S.UNDOING}),
    S.UNDOING: frozenset({S.UNDONE, S.FAILED}),
    S.UNDONE: frozenset(),
}

WORKING: Final = frozenset({S.CHECKING, S.COMMITTING, S.CANCELLING, S.UNDOING})
"""States in which a worker has something to do."""


def may_follow(now: ImportState, then: ImportState) -> bool:
    """Whether a step is allowed."""
    return then in ALLOWED[now]
