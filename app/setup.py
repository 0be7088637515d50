"""Makes a platform with its first administrator, who sets a password by a one-time link instead of a mail."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access import audit
from app.access.actor import command_line
from app.access.audit import Action
from app.access.credentials import find_platform
from app.access.models import Platform
from app.access.tokens import Keyring, Link, Purpose
from app.delivery.models import Lane
from app.directory.models import Role, User, UserState
from app.errors import AppError, Code, FieldError
from app.invitations import queries
from app.invitations.address import NotAnAddress, canonical
from app.invitations.models import Invitation, InvitationState
from app.invitations.people import Invite, NewPerson, People, add_people
from app.texts import FALLBACK

DEFAULT_TIME_ZONE = "Europe/Brussels"
DEFAULT_INVITATION_DAYS = 7
_SUBDOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class NewPlatform:
    """What a platform starts with."""

    subdomain: str
    name: str
    admin_email: str
    language: str = FALLBACK


def create_platform(session: Session, new: NewPlatform, *, now: datetime) -> Platform:
    """A platform and its administrator, invited without a mail. Raises AppError invalid_request."""
    if not _SUBDOMAIN.fullmatch(new.subdomain):
        raise _refused("/subdomain", "characters_not_allowed")
    if find_platform(session, new.subdomain) is not None:
        raise _refused("/subdomain", "repeated")
    try:
        address = canonical(new.admin_email.strip())
    except NotAnAddress:
        raise _refused("/admin", "email_invalid", value=new.admin_email) from None
    platform = Platform(
        subdomain=new.subdomain,
        name=new.name,
        default_language=new.language,
        time_zone=DEFAULT_TIME_ZONE,
        sender_name=new.name,
        invitation_days=DEFAULT_INVITATION_DAYS,
        created_at=now,
    )
    session.add(platform)
    session.flush()
    person = NewPerson(
        email=new.admin_email.strip(),
        address=address,
        first_name=None,
        last_name=None,
        organisation_id=None,
        organisation=new.name,
        group_ids=(),
        label_id=None,
        team_id=None,
        language=new.language,
    )
    invite = Invite(inviter_name=None, inviter_email=None, message_id=None, lane=Lane.SINGLE, is_held=True)
    add_people(session, platform.id, People.of([person]), invite=invite, now=now, role=Role.ADMIN)
    for invitation in session.scalars(select(Invitation).where(Invitation.platform_id == platform.id)):
        invitation.expires_at = now + timedelta(days=DEFAULT_INVITATION_DAYS)
        audit.record(session, command_line(platform.id), Action.INVITATION_CREATED, invitation.id)
    audit.record(session, command_line(platform.id), Action.PLATFORM_CREATED)
    return platform


def administrator_link(session: Session, keyring: Keyring, platform_id: int, *, public_url: str, now: datetime) -> str:
    """The one-time link of an administrator who has not set a password yet, renewed if it expired; empty once used."""
    invitation = session.scalars(
        select(Invitation)
        .join(User, (User.platform_id == Invitation.platform_id) & (User.id == Invitation.user_id))
        .where(
            Invitation.platform_id == platform_id,
            Invitation.state == InvitationState.PENDING,
            User.role == Role.ADMIN,
            User.state == UserState.INVITED,
        )
        .order_by(Invitation.id)
    ).first()
    if invitation is None:
        return ""
    if queries.stands(invitation, now) is InvitationState.EXPIRED:
        invitation.generation += 1
        invitation.expires_at = now + timedelta(days=DEFAULT_INVITATION_DAYS)
        session.flush()
        audit.record(
            session,
            command_line(platform_id),
            Action.INVITATION_RESENT,
            invitation.id,
            generation=invitation.generation,
        )
    link = Link(platform_id, invitation.id, invitation.generation)
    return f"{public_url}/accept#{keyring.sign_link(Purpose.INVITATION, link)}"


def _refused(pointer: str, code: str, **params: object) -> AppError:
    return AppError(Code.INVALID_REQUEST, fields=[FieldError(pointer, code, params)])
