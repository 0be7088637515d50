"""The audit list: who did what, when, from where. Written in the transaction of the change, and never changed again.

Subjects by id: no name, address, secret or value of a person ever stands in it.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import cast

from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.models import AuditEvent
from app.db.base import first_id_of, new_id, utcnow

NO_PLATFORM = 0
"""What concerns no platform that there is: somebody who names one that is not there. No API shows it."""
_EVENTS = cast("Table", AuditEvent.__table__)
_IDS_MAY_BE_OFF = timedelta(seconds=5)
_BEFORE_ALL, _AFTER_ALL = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class Action(StrEnum):
    """What may be done: the noun it is done to, and the verb. Stable: clients branch on them."""

    PLATFORM_CREATED = "platform.created"
    PLATFORM_CHANGED = "platform.changed"
    API_KEY_CREATED = "api_key.created"
    API_KEY_REVOKED = "api_key.revoked"
    USER_SIGNED_IN = "user.signed_in"
    USER_SIGN_IN_FAILED = "user.sign_in_failed"
    USER_SIGNED_OUT = "user.signed_out"
    USER_PASSWORD_CHANGED = "user.password_changed"  # noqa: S105 what is done, not a password
    USER_RESET_ASKED = "user.reset_asked"
    USER_RESET_COMPLETED = "user.reset_completed"
    USER_DISABLED = "user.disabled"
    USER_ENABLED = "user.enabled"
    USER_DELETED = "user.deleted"
    INVITATION_CREATED = "invitation.created"
    INVITATION_RESENT = "invitation.resent"
    INVITATION_REVOKED = "invitation.revoked"
    INVITATION_ACCEPTED = "invitation.accepted"
    INVITATION_PURGED = "invitation.purged"
    DELIVERY_PURGED = "delivery.purged"
    AUDIT_EVENT_PURGED = "audit_event.purged"
    IMPORT_UPLOADED = "import.uploaded"
    IMPORT_MAPPED = "import.mapped"
    IMPORT_EDITED = "import.edited"
    IMPORT_CHECKED = "import.checked"
    IMPORT_COMMITTED = "import.committed"
    IMPORT_COMPLETED = "import.completed"
    IMPORT_CANCELLED = "import.cancelled"
    IMPORT_UNDONE = "import.undone"
    IMPORT_SENT = "import.sent"
    IMPORT_FAILED = "import.failed"
    IMPORT_CANCEL_FINISHED = "import.cancel_finished"
    IMPORT_UNDO_FINISHED = "import.undo_finished"
    IMPORT_SEND_FINISHED = "import.send_finished"
    IMPORT_DELETED = "import.deleted"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events to list; None: any."""

    action: Action | None = None
    actor_id: uuid.UUID | None = None
    subject_id: uuid.UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


def record(session: Session, actor: Actor, action: Action, *subject_ids: uuid.UUID, **details: object) -> None:
    """Write down what an actor did: one event for each subject, or one where what was done has none.

    Details are numbers, codes and names of fields. Call it in the transaction of the change, once it is decided.
    """
    now = utcnow()
    event = {
        "platform_id": actor.platform_id,
        "at": now,
        "actor_kind": actor.kind.value,
        "actor_id": actor.id,
        "action": action.value,
        "subject_kind": action.partition(".")[0],
        "details": details,
        "request_id": actor.origin.request_id,
        "remote_address": actor.origin.remote_address,
    }
    subjects = subject_ids or (None,)
    # Of the table, not the model: the same statement whether there is a subject or not (time tells nothing).
    session.execute(_EVENTS.insert(), [event | {"id": new_id(), "subject_id": subject} for subject in subjects])


def list_events(
    session: Session, platform_id: int, wanted: Wanted, *, limit: int, after: uuid.UUID | None
) -> Sequence[AuditEvent]:
    """Events of a platform, newest first, behind an id."""
    statement = select(AuditEvent).where(AuditEvent.platform_id == platform_id)
    for column, value in (
        (AuditEvent.action, wanted.action),
        (AuditEvent.actor_id, wanted.actor_id),
        (AuditEvent.subject_id, wanted.subject_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    # Ids sort by time: they find the place in the list, the time itself decides.
    if wanted.since is not None:
        since = _possible(wanted.since)
        statement = statement.where(AuditEvent.id >= first_id_of(since - _IDS_MAY_BE_OFF), AuditEvent.at >= since)
    if wanted.until is not None:
        until = _possible(wanted.until)
        statement = statement.where(AuditEvent.id < first_id_of(until + _IDS_MAY_BE_OFF), AuditEvent.at < until)
    if after is not None:
        statement = statement.where(AuditEvent.id < after)
    return session.scalars(statement.order_by(AuditEvent.id.desc()).limit(limit)).all()


def _possible(moment: datetime) -> datetime:
    """A moment an event may have: far outside, calendars and databases end."""
    return min(max(moment, _BEFORE_ALL), _AFTER_ALL)


def list_older(session: Session, platform_id: int, before: datetime, *, limit: int) -> Sequence[uuid.UUID]:
    """Up to so many events of a platform from before a moment, the oldest first."""
    return session.scalars(
        select(AuditEvent.id)
        .where(AuditEvent.platform_id == platform_id, AuditEvent.id < first_id_of(before), AuditEvent.at < before)
        .order_by(AuditEvent.id)
        .limit(limit)
    ).all()


def forget_older(session: Session, platform_id: int, before: datetime, *, limit: int) -> int:
    """Forget up to so many events of a platform from before a moment, the oldest first. Returns how many.

    The only way an event is ever taken out; the database itself refuses it for younger ones.
    """
    old = list_older(session, platform_id, before, limit=limit)
    if old:
        session.execute(
            delete(AuditEvent).where(
                AuditEvent.platform_id == platform_id, AuditEvent.id <= old[-1], AuditEvent.at < before
            )
        )
    return len(old)
