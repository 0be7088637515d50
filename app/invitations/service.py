"""The life of an invitation: look at it, resend, revoke, accept (rules 14 and 15).

Decides by the state of the invitation; never invites anybody new, never sends a mail itself, never commits.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.access import audit
from app.access.actor import Actor, Origin, Scope, known_person
from app.access.audit import Action
from app.access.credentials import platform_by_id
from app.access.models import Platform
from app.access.passwords import Chosen
from app.access.tokens import NOTHING, BadToken, Keyring, Link, Purpose
from app.delivery import outbox
from app.delivery.letter import Letter, Rendered, render
from app.delivery.models import DeliveryState, Lane, MailKind
from app.delivery.rates import take_from_day
from app.directory import queries as directory
from app.directory.models import Role, User, UserState
from app.directory.queries import Person
from app.directory.service import remove_people
from app.errors import AppError, Code, not_found
from app.invitations import queries
from app.invitations.models import Invitation, InvitationState
from app.invitations.queries import InvitationView

LINK_IN_A_PREVIEW = "https://example.com/accept#preview"


def sender_name(session: Session, actor: Actor) -> str:
    """Who a key or the command line speaks for: the inviter of invitations nobody signed."""
    return platform_by_id(session, actor.platform_id).sender_name


def get_invitation(session: Session, actor: Actor, invitation_id: uuid.UUID, *, now: datetime) -> InvitationView:
    """One invitation of the actor's platform. Raises AppError not_found."""
    view = queries.views_by_id(session, actor.platform_id, [invitation_id], now).get(invitation_id)
    if view is None:
        raise not_found()
    return view


def list_invitations(
    session: Session,
    actor: Actor,
    *,
    state: InvitationState | None,
    delivery: DeliveryState | None,
    q: str | None,
    import_id: uuid.UUID | None,
    limit: int,
    after: uuid.UUID | None,
    now: datetime,
) -> list[InvitationView]:
    """Invitations of the actor's platform, newest first."""
    return queries.list_invitations(
        session,
        actor.platform_id,
        state=state,
        delivery=delivery,
        q=q,
        import_id=import_id,
        limit=limit,
        after=after,
        now=now,
    )


def preview_mail(
    session: Session, actor: Actor, *, language: str, message: str | None, first_name: str | None
) -> Rendered:
    """The mail as an invited person would get it; nothing is stored or sent."""
    platform = platform_by_id(session, actor.platform_id)
    letter = Letter(
        kind=MailKind.INVITATION.value,
        language=language,
        platform=platform.name,
        inviter=actor.inviter_name or platform.sender_name,
        message=message,
        first_name=first_name,
        link=LINK_IN_A_PREVIEW,
        expires_at=None,
        time_zone=platform.time_zone,
        valid_days=platform.invitation_days,
    )
    return render(letter)


def resend(
    session: Session, actor: Actor, invitation_id: uuid.UUID, *, now: datetime, mails_a_day: int = 0
) -> InvitationView:
    """Send the mail that still waits, or else a new one whose link replaces the older ones (rule 14).

    Raises AppError not_found, not_resendable (accepted, revoked), already_invited (another one is pending),
    too_many_mails (the platform's day is used up; nothing changes).
    """
    queries.take_hold(session, actor.platform_id, invitation_id)
    view = get_invitation(session, actor, invitation_id, now=now)
    _require_admin_for_admins(actor, view)
    invitation = view.invitation
    if view.state not in {InvitationState.PENDING, InvitationState.EXPIRED} or invitation.user_id is None:
        raise AppError(Code.NOT_RESENDABLE)
    if view.state is InvitationState.EXPIRED:
        other = queries.pending_of_user(session, actor.platform_id, invitation.user_id, now)
        if other is not None:
            raise AppError(Code.ALREADY_INVITED, extra={"invitation_id": str(other)})
        if view.person is not None and view.person.state != UserState.INVITED:
            raise AppError(Code.NOT_RESENDABLE)
    if view.delivery is not None and view.delivery.state in outbox.UNSENT:
        if view.state is InvitationState.EXPIRED:  # tried before: there will be no first attempt to begin a lifetime
            invitation.expires_at = now + _lifetime(session, invitation)
        if view.delivery.state == DeliveryState.HELD or view.delivery.lane == Lane.BULK:  # others are counted already
            take_from_day(session, actor.platform_id, 1, a_day=mails_a_day, now=now)
        outbox.release(session, view.delivery, now=now)
    else:
        take_from_day(session, actor.platform_id, 1, a_day=mails_a_day, now=now)
        invitation.generation += 1
        invitation.expires_at = None
        session.flush()
        outbox.enqueue(
            session,
            actor.platform_id,
            [invitation.id.bytes],
            kind=MailKind.INVITATION,
            lane=Lane.SINGLE,
            generation=invitation.generation,
            now=now,
        )
    session.flush()
    audit.record(session, actor, Action.INVITATION_RESENT, invitation.id, generation=invitation.generation)
    return get_invitation(session, actor, invitation_id, now=now)


def _lifetime(session: Session, invitation: Invitation) -> timedelta:
    platform = platform_by_id(session, invitation.platform_id)
    return timedelta(days=invitation.lifetime_days or platform.invitation_days)


def revoke(session: Session, actor: Actor, invitation_id: uuid.UUID, *, now: datetime) -> InvitationView:
    """End an invitation: its links are dead, its unsent mail is dropped, and who never accepted is removed.

    Revoking again is harmless. Raises AppError not_found, not_revocable (accepted).
    """
    queries.take_hold(session, actor.platform_id, invitation_id)
    view = get_invitation(session, actor, invitation_id, now=now)
    _require_admin_for_admins(actor, view)
    invitation = view.invitation
    if view.state is InvitationState.ACCEPTED:
        raise AppError(Code.NOT_REVOCABLE)
    if view.state is not InvitationState.REVOKED:
        invitation.state = InvitationState.REVOKED
        invitation.revoked_at = now
        outbox.drop(session, actor.platform_id, [invitation.id], now=now)
        session.flush()
        audit.record(session, actor, Action.INVITATION_REVOKED, invitation.id)
        if invitation.user_id is not None:
            _remove_if_never_accepted(session, actor.platform_id, invitation.user_id, now)
        session.expire_all()
    return get_invitation(session, actor, invitation_id, now=now)


def _require_admin_for_admins(actor: Actor, view: InvitationView) -> None:
    """Who may only invite does not touch an administrator's invitation. Raises AppError scope_missing."""
    if view.person is not None and view.person.role == Role.ADMIN and not actor.may(Scope.ADMIN):
        raise AppError(Code.SCOPE_MISSING, scope=Scope.ADMIN.value)


def _remove_if_never_accepted(session: Session, platform_id: int, user_id: uuid.UUID, now: datetime) -> None:
    user = session.get_one(User, (platform_id, user_id))
    # An expired invitation may be revoked while a newer one stands: then the person stays.
    if user.state != UserState.INVITED or queries.pending_of_user(session, platform_id, user_id, now) is not None:
        return
    session.execute(
        update(Invitation)
        .where(Invitation.platform_id == platform_id, Invitation.user_id == user_id)
        .values(user_id=None)
    )
    remove_people(session, platform_id, [user_id])


# --- the invited person's side: nobody is signed in, the token is all there is -----------------------------------


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the page behind the link shows before a password is set."""

    platform: Platform
    invitation: Invitation
    inviter: str


def inspect(session: Session, keyring: Keyring, token: str, *, now: datetime) -> Welcome:
    """What a link is for; consumes nothing. Raises AppError invitation_not_usable, one answer for every reason."""
    invitation = _usable(session, _link(keyring, token), now)
    platform = platform_by_id(session, invitation.platform_id)
    return Welcome(platform, invitation, invitation.inviter_name or platform.sender_name)


def require_usable(session: Session, keyring: Keyring, token: str, *, now: datetime) -> None:
    """Refuse a link before a password is hashed for it. Raises AppError invitation_not_usable."""
    _usable(session, _link(keyring, token), now)


def accept(
    session: Session,
    keyring: Keyring,
    token: str,
    *,
    password: Chosen,
    first_name: str | None,
    last_name: str | None,
    origin: Origin,
    now: datetime,
) -> Person:
    """Set the password of an invited person; the link is used up.

    Raises AppError invitation_not_usable, invalid_request (the password is the person's name or address).
    """
    link = _link(keyring, token)
    platform_id = link.platform_id
    queries.take_hold(session, platform_id, link.id)
    invitation = _usable(session, link, now)
    user = session.get(User, (platform_id, invitation.user_id)) if invitation.user_id else None
    if user is None or user.state != UserState.INVITED:
        raise AppError(Code.INVITATION_NOT_USABLE)
    user.first_name = first_name or user.first_name
    user.last_name = last_name or user.last_name
    password.require_not_personal(user.email, user.first_name, user.last_name)
    user.state = UserState.ACTIVE
    user.password_hash = password.hashed
    user.activated_at = now
    invitation.state = InvitationState.ACCEPTED
    invitation.accepted_at = now
    outbox.drop(session, platform_id, [invitation.id], now=now)
    session.flush()
    audit.record(session, known_person(platform_id, user.id, origin), Action.INVITATION_ACCEPTED, invitation.id)
    return directory.people_by_id(session, platform_id, [user.id])[user.id]


def _link(keyring: Keyring, token: str) -> Link:
    try:
        return keyring.open_link(Purpose.INVITATION, token)
    except BadToken:
        return NOTHING


def _usable(session: Session, link: Link, now: datetime) -> Invitation:
    """The invitation of a link that works. One that does not is not found, whatever is wrong with it: in one time."""
    invitation = session.scalar(
        select(Invitation)
        .where(
            Invitation.platform_id == link.platform_id,
            Invitation.id == link.id,
            Invitation.generation == link.generation,
            queries.in_state(InvitationState.PENDING, now),
        )
        .execution_options(populate_existing=True)
    )
    if invitation is None:
        raise AppError(Code.INVITATION_NOT_USABLE)
    return invitation
