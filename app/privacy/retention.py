"""Forgets what was kept long enough: mails that are over, invitations that are over, old audit events.

A few at a time, and only for a moment: what is left has its turn at the next call. Never touches what may still happen.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.access import audit
from app.access.actor import worker
from app.access.audit import NO_PLATFORM, Action
from app.access.models import Platform
from app.db.base import first_id_of
from app.db.session import Database
from app.delivery.models import Delivery, DeliveryState
from app.delivery.outbox import file_name
from app.delivery.senders.base import sender_from_url
from app.delivery.senders.folder import FolderSender
from app.invitations.models import Invitation, InvitationState
from app.settings import Settings

log = structlog.get_logger()

_AT_ONCE = 1000
_SECONDS = 2.0
_OVER = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.DROPPED)


@dataclass(frozen=True, slots=True)
class Keep:
    """How long what is over is kept, and where mails lie that are kept as files."""

    deliveries: timedelta
    invitations: timedelta
    events: timedelta
    folder: FolderSender | None


def keep_of(settings: Settings) -> Keep:
    """How long, by the settings."""
    sender = sender_from_url(settings.mail_url)
    return Keep(
        deliveries=timedelta(days=settings.delivery_retention_days),
        invitations=timedelta(days=settings.invitation_retention_days),
        events=timedelta(days=settings.audit_retention_days),
        folder=sender if isinstance(sender, FolderSender) else None,
    )


def purge(database: Database, keep: Keep, *, now: datetime) -> bool:
    """Forget, for two seconds at most. Returns whether that was all."""
    until = time.monotonic() + _SECONDS
    with database.reading() as session:
        platforms = list(session.scalars(select(Platform.id)))
    steps = [_deliveries(keep, now - keep.deliveries), _invitations(now - keep.invitations), _events(now - keep.events)]
    for platform_id in [NO_PLATFORM, *platforms]:
        for find, forget in steps:
            while True:
                with database.reading() as session:
                    if not find(session, platform_id, 1):
                        break
                try:
                    with database.writing() as session:
                        forget(session, platform_id)
                except OSError as error:  # a folder that cannot be written: its mails stay, and so do their rows
                    log.error("mails_not_removed", kind=type(error).__name__)
                    break
                if time.monotonic() > until:
                    return False
                database.give_way()
    return True


_Find = Callable[[Session, int, int], Sequence[uuid.UUID]]
"""Finds up to so many of a platform that are over, the oldest first."""
_Step = tuple[_Find, Callable[[Session, int], None]]


def _deliveries(keep: Keep, before: datetime) -> _Step:
    """Mails that have left, failed or were dropped. One of the same generation is never written again."""
    over = (Delivery.about_id < first_id_of(before), Delivery.created_at < before, Delivery.state.in_(_OVER))

    def find(session: Session, platform_id: int, limit: int) -> Sequence[uuid.UUID]:
        of_platform = select(Delivery.about_id).where(Delivery.platform_id == platform_id, *over)
        return session.scalars(of_platform.order_by(Delivery.about_id).limit(limit)).all()

    def forget(session: Session, platform_id: int) -> None:
        found = find(session, platform_id, _AT_ONCE)
        gone = session.execute(
            delete(Delivery)
            .where(Delivery.platform_id == platform_id, Delivery.about_id.in_(found), *over)
            .returning(Delivery.about_id, Delivery.generation)
            .execution_options(synchronize_session=False)
        ).all()
        audit.record(session, worker(platform_id), Action.DELIVERY_PURGED, number=len(gone))
        if keep.folder is not None:
            keep.folder.remove(file_name(row.about_id, row.generation) for row in gone)

    return find, forget


def _invitations(before: datetime) -> _Step:
    """Invitations that were accepted or revoked. One that nobody accepted stays as long as its person does."""
    over = (
        Invitation.id < first_id_of(before),
        Invitation.state.in_((InvitationState.ACCEPTED, InvitationState.REVOKED)),
        func.coalesce(Invitation.accepted_at, Invitation.revoked_at) < before,
    )

    def find(session: Session, platform_id: int, limit: int) -> Sequence[uuid.UUID]:
        of_platform = select(Invitation.id).where(Invitation.platform_id == platform_id, *over)
        return session.scalars(of_platform.order_by(Invitation.id).limit(limit)).all()

    def forget(session: Session, platform_id: int) -> None:
        found = find(session, platform_id, _AT_ONCE)
        session.execute(
            delete(Invitation)
            .where(Invitation.platform_id == platform_id, Invitation.id.in_(found), *over)
            .execution_options(synchronize_session=False)
        )
        audit.record(session, worker(platform_id), Action.INVITATION_PURGED, number=len(found))

    return find, forget


def _events(before: datetime) -> _Step:
    def find(session: Session, platform_id: int, limit: int) -> Sequence[uuid.UUID]:
        return audit.list_older(session, platform_id, before, limit=limit)

    def forget(session: Session, platform_id: int) -> None:
        number = audit.forget_older(session, platform_id, before, limit=_AT_ONCE)
        audit.record(session, worker(platform_id), Action.AUDIT_EVENT_PURGED, number=number)

    return find, forget
