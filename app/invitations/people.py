"""Adds people and their invitations, any number at a time: the one way anybody comes onto a platform.

Takes them off again, too. Writes what was decided; never decides who is added, never commits.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from app.db import bulk
from app.db.base import Ids
from app.delivery import outbox
from app.delivery.models import Lane, MailKind
from app.directory import service as directory
from app.directory.models import Role, User, UserState, UserStudentGroup
from app.invitations.models import Invitation, InvitationMessage, InvitationState


class NewPerson(NamedTuple):
    """Somebody to add. Ids as 16 bytes."""

    email: str
    address: str
    """The canonical form of `email`."""
    first_name: str | None
    last_name: str | None
    organisation_id: bytes | None
    organisation: str
    group_ids: tuple[bytes, ...]
    label_id: bytes | None
    team_id: bytes | None
    language: str


@dataclass(frozen=True, slots=True)
class People:
    """Any number of people to add, in columns: a million pass by."""

    email: Sequence[str]
    address: Sequence[str]
    first_name: Sequence[str | None]
    last_name: Sequence[str | None]
    organisation_id: Sequence[bytes | None]
    organisation: Sequence[str]
    group_ids: Sequence[tuple[bytes, ...]]
    label_id: Sequence[bytes | None]
    team_id: Sequence[bytes | None]
    language: Sequence[str]

    @classmethod
    def of(cls, people: Sequence[NewPerson]) -> Self:
        """Some people who were put together one by one."""
        return cls(*zip(*people, strict=True)) if people else cls(*([()] * len(NewPerson._fields)))


@dataclass(frozen=True, slots=True)
class Invite:
    """How people are invited: what the mail says, how long the link lives, and when it leaves."""

    inviter_name: str | None
    inviter_email: str | None
    message_id: uuid.UUID | None
    lane: Lane
    lifetime_days: int | None = None
    is_held: bool = False
    held_until: datetime | None = None


def add_message(session: Session, platform_id: int, text: str | None) -> uuid.UUID | None:
    """Keep a personal message for the invitations that will carry it."""
    if not text:
        return None
    message_id = bulk.new_id_bytes()
    bulk.insert(session, InvitationMessage, ["id", "text"], [(message_id, text)], same={"platform_id": platform_id})
    return uuid.UUID(bytes=message_id)


def add_people(
    session: Session,
    platform_id: int,
    people: People,
    *,
    invite: Invite | None,
    now: datetime,
    import_id: uuid.UUID | None = None,
    role: Role = Role.MEMBER,
) -> list[bytes]:
    """Add people nobody on the platform shares an address with; with `invite`, each gets one invitation, one mail.

    Returns the ids of the users, in order.
    """
    user_ids = [bulk.new_id_bytes() for _ in people.address]
    users = {
        "id": user_ids,
        "email": people.email,
        "email_canonical": people.address,
        "first_name": people.first_name,
        "last_name": people.last_name,
        "organisation_id": people.organisation_id,
        "label_id": people.label_id,
        "team_id": people.team_id,
        "language": people.language,
    }
    bulk.insert(
        session,
        User,
        list(users),
        list(zip(*users.values(), strict=True)),
        same={
            "platform_id": platform_id,
            "state": UserState.INVITED.value,
            "role": role.value,
            "created_at": bulk.moment(now),
            "created_by_import_id": import_id.bytes if import_id else None,
        },
    )
    bulk.insert(
        session,
        UserStudentGroup,
        ["user_id", "student_group_id"],
        [
            (user_id, group_id)
            for user_id, group_ids in zip(user_ids, people.group_ids, strict=True)
            for group_id in group_ids
        ],
        same={"platform_id": platform_id},
    )
    if invite is not None:
        add_invitations(session, platform_id, user_ids, people, invite=invite, now=now, import_id=import_id)
    directory.attach_pending_leaders(session, platform_id, dict(zip(people.address, user_ids, strict=True)))
    return user_ids


def add_invitations(
    session: Session,
    platform_id: int,
    user_ids: Sequence[bytes],
    people: People,
    *,
    invite: Invite,
    now: datetime,
    import_id: uuid.UUID | None = None,
) -> list[bytes]:
    """Invite people who are there; each gets one mail. Returns the ids of the invitations, in order."""
    invitation_ids = [bulk.new_id_bytes() for _ in user_ids]
    invitations = {
        "id": invitation_ids,
        "user_id": user_ids,
        "email": people.email,
        "first_name": people.first_name,
        "last_name": people.last_name,
        "organisation": people.organisation,
        "language": people.language,
    }
    bulk.insert(
        session,
        Invitation,
        list(invitations),
        list(zip(*invitations.values(), strict=True)),
        same={
            "platform_id": platform_id,
            "state": InvitationState.PENDING.value,
            "import_id": import_id.bytes if import_id else None,
            "message_id": invite.message_id.bytes if invite.message_id else None,
            "inviter_name": invite.inviter_name,
            "inviter_email": invite.inviter_email,
            "generation": 1,
            "lifetime_days": invite.lifetime_days,
            "created_at": bulk.moment(now),
        },
    )
    outbox.enqueue(
        session,
        platform_id,
        invitation_ids,
        kind=MailKind.INVITATION,
        lane=invite.lane,
        now=now,
        is_held=invite.is_held,
        held_until=invite.held_until,
        batch_id=import_id,
    )
    return invitation_ids


def start_lifetimes(session: Session, platform_id: int, ids: Sequence[uuid.UUID], *, expires_at: datetime) -> None:
    """From the first attempt to send on, these invitations work until then (rule 14)."""
    session.execute(
        update(Invitation)
        .where(Invitation.platform_id == platform_id, bulk.among(session, Invitation.id, ids))
        .values(expires_at=expires_at)
        .execution_options(synchronize_session=False)
    )


def remove_people(session: Session, platform_id: int, user_ids: Ids, *, now: datetime) -> int:
    """Take those of these off the platform who never accepted. Returns how many.

    Their invitations that stand or have expired are revoked and keep their own copy of whom they were for; mails that
    have not left are dropped.
    """
    waiting = select(User.id).where(
        User.platform_id == platform_id, User.id.in_(user_ids), User.state == UserState.INVITED
    )
    people = session.scalars(waiting.order_by(User.id).with_for_update()).all()  # from here on nobody accepts
    of_them = (Invitation.platform_id == platform_id, Invitation.user_id.in_(people))
    # First the mails, then what they are about: the order in which whoever sends them takes hold of both.
    outbox.drop(session, platform_id, session.scalars(select(Invitation.id).where(*of_them)).all(), now=now)
    stood = Invitation.state == InvitationState.PENDING
    session.execute(
        update(Invitation)
        .where(*of_them)
        .values(
            user_id=None,
            state=case((stood, InvitationState.REVOKED), else_=Invitation.state),
            revoked_at=case((stood, now), else_=Invitation.revoked_at),
        )
        .execution_options(synchronize_session=False)
    )
    return directory.remove_people(session, platform_id, people)
