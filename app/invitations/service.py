"""Inviting one by one, and the life of an invitation: resend, revoke, accept (rules 1, 2, 14, 15).

Decides by eligibility and by the state of the invitation; never sends a mail itself, never commits.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.credentials import platform_by_id
from app.access.models import Platform
from app.access.tokens import BadToken, Keyring, Purpose
from app.delivery import outbox
from app.delivery.message import Letter, Rendered, render
from app.delivery.models import DeliveryState, Lane, MailKind
from app.directory import queries as directory
from app.directory.models import Label, Organisation, StudentGroup, Team, User, UserState, UserStudentGroup
from app.directory.names import name_key
from app.directory.queries import Named, Person
from app.directory.service import ensure_names, remove_person
from app.errors import AppError, Code, FieldError, not_found
from app.invitations import queries
from app.invitations.address import canonical
from app.invitations.eligibility import Decision, Standing, one_by_one
from app.invitations.models import Invitation, InvitationState
from app.invitations.people import Invite, NewPerson, add_invitations, add_message, add_people
from app.invitations.queries import InvitationView

LINK_IN_A_PREVIEW = "https://example.com/accept#preview"


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """One person to invite, as the form gives it; the address is valid, names are tidy."""

    email: str
    first_name: str | None
    last_name: str | None
    organisation: str
    student_groups: Sequence[str]
    label: str | None
    language: str | None
    team: str | None
    message: str | None
    send: bool
    expires_in_days: int | None
    create_missing: bool


@dataclass(frozen=True, slots=True)
class Places:
    """What a person is put into, by id."""

    organisation_id: bytes
    group_ids: tuple[bytes, ...]
    label_id: bytes | None
    team_id: bytes | None


def invite(session: Session, actor: Actor, new: NewInvitation, *, now: datetime) -> InvitationView:
    """Invite one person; one mail goes out (unless `send` is false: then a resend releases it).

    Raises AppError already_a_user, already_invited (with the invitation's id), unknown_names.
    """
    platform_id = actor.platform_id
    address = canonical(new.email)
    user = directory.known_users(session, platform_id, [address]).get(address)
    pending = queries.pending_of_user(session, platform_id, user.id, now) if user else None
    decision = one_by_one(Standing(user.state if user else None, pending))
    if decision is Decision.ALREADY_A_USER:
        raise AppError(Code.ALREADY_A_USER)
    if decision is Decision.ALREADY_INVITED:
        raise AppError(Code.ALREADY_INVITED, extra={"invitation_id": str(pending)})
    platform = platform_by_id(session, platform_id)
    places = _places(session, platform_id, new, now)
    how = Invite(
        inviter_name=actor.inviter_name,
        inviter_email=actor.email,
        message_id=add_message(session, platform_id, new.message),
        lane=Lane.SINGLE,
        lifetime_days=new.expires_in_days,
        is_held=not new.send,
    )
    person = NewPerson(
        email=new.email,
        address=address,
        first_name=new.first_name,
        last_name=new.last_name,
        organisation_id=places.organisation_id,
        organisation=new.organisation,
        group_ids=places.group_ids,
        label_id=places.label_id,
        team_id=places.team_id,
        language=new.language or platform.default_language,
    )
    if user is None:
        user_id = add_people(session, platform_id, [person], invite=None, now=now)[0]
    else:
        user_id = user.id.bytes
        person = _update_waiting_person(session, platform_id, user.id, person, is_language_given=bool(new.language))
    invitation_id = add_invitations(session, platform_id, [(user_id, person)], invite=how, now=now)[0]
    return get_invitation(session, actor, uuid.UUID(bytes=invitation_id), now=now)


def _places(session: Session, platform_id: int, new: NewInvitation, now: datetime) -> Places:
    wanted: list[tuple[str, type[Named], list[str]]] = [
        ("/organisation", Organisation, [new.organisation]),
        ("/student_groups", StudentGroup, list(new.student_groups)),
        ("/label", Label, [new.label] if new.label else []),
        ("/team", Team, [new.team] if new.team else []),
    ]
    if not new.create_missing:
        _refuse_unknown(session, platform_id, wanted)
    ids = {
        pointer: ensure_names(session, platform_id, model, names, now=now) for pointer, model, names in wanted if names
    }
    return Places(
        organisation_id=ids["/organisation"][name_key(new.organisation)].bytes,
        group_ids=tuple(found.bytes for found in ids.get("/student_groups", {}).values()),
        label_id=ids["/label"][name_key(new.label)].bytes if new.label else None,
        team_id=ids["/team"][name_key(new.team)].bytes if new.team else None,
    )


def _refuse_unknown(
    session: Session, platform_id: int, wanted: Sequence[tuple[str, type[Named], Sequence[str]]]
) -> None:
    unknown = []
    for pointer, model, names in wanted:
        known = directory.names(session, platform_id, model, [name_key(name) for name in names])
        for position, name in enumerate(names):
            if name_key(name) not in known:
                place = f"{pointer}/{position}" if model is StudentGroup else pointer
                unknown.append(FieldError(place, "unknown_name", {"name": name}))
    if unknown:
        raise AppError(Code.UNKNOWN_NAMES, fields=unknown)


def _update_waiting_person(
    session: Session, platform_id: int, user_id: uuid.UUID, given: NewPerson, *, is_language_given: bool
) -> NewPerson:
    """Somebody added earlier who never accepted: what the form names is set, groups are added, the rest stays."""
    user = session.get_one(User, (platform_id, user_id))
    user.organisation_id = uuid.UUID(bytes=given.organisation_id) if given.organisation_id else None
    user.first_name = given.first_name or user.first_name
    user.last_name = given.last_name or user.last_name
    user.label_id = uuid.UUID(bytes=given.label_id) if given.label_id else user.label_id
    user.team_id = uuid.UUID(bytes=given.team_id) if given.team_id else user.team_id
    user.language = given.language if is_language_given else user.language
    for group_id in given.group_ids:
        key = (platform_id, user_id, uuid.UUID(bytes=group_id))
        if session.get(UserStudentGroup, key) is None:
            session.add(UserStudentGroup(platform_id=key[0], user_id=key[1], student_group_id=key[2]))
    session.flush()
    return given._replace(first_name=user.first_name, last_name=user.last_name, language=user.language)


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


def resend(session: Session, actor: Actor, invitation_id: uuid.UUID, *, now: datetime) -> InvitationView:
    """Send the mail that still waits, or else a new one whose link replaces the older ones (rule 14).

    Raises AppError not_found, not_resendable (accepted, revoked), already_invited (another one is pending).
    """
    view = get_invitation(session, actor, invitation_id, now=now)
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
        outbox.release(session, view.delivery, now=now)
    else:
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
    return get_invitation(session, actor, invitation_id, now=now)


def revoke(session: Session, actor: Actor, invitation_id: uuid.UUID, *, now: datetime) -> InvitationView:
    """End an invitation: its links are dead, its unsent mail is dropped, and who never accepted is removed.

    Revoking again is harmless. Raises AppError not_found, not_revocable (accepted).
    """
    view = get_invitation(session, actor, invitation_id, now=now)
    invitation = view.invitation
    if view.state is InvitationState.ACCEPTED:
        raise AppError(Code.NOT_REVOCABLE)
    if view.state is not InvitationState.REVOKED:
        invitation.state = InvitationState.REVOKED
        invitation.revoked_at = now
        outbox.drop(session, actor.platform_id, [invitation.id])
        session.flush()
        if invitation.user_id is not None:
            _remove_if_never_accepted(session, actor.platform_id, invitation.user_id, now)
        session.expire_all()
    return get_invitation(session, actor, invitation_id, now=now)


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
    remove_person(session, platform_id, user_id)


# --- the invited person's side: nobody is signed in, the token is all there is -----------------------------------


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the page behind the link shows before a password is set."""

    platform: Platform
    invitation: Invitation
    inviter: str


def inspect(session: Session, keyring: Keyring, token: str, *, now: datetime) -> Welcome:
    """What a link is for; consumes nothing. Raises AppError invitation_not_usable, one answer for every reason."""
    invitation = _usable(session, keyring, token, now)
    platform = platform_by_id(session, invitation.platform_id)
    return Welcome(platform, invitation, invitation.inviter_name or platform.sender_name)


def accept(
    session: Session,
    keyring: Keyring,
    token: str,
    *,
    password_hash: str,
    first_name: str | None,
    last_name: str | None,
    now: datetime,
) -> Person:
    """Set the password of an invited person; the link is used up. Raises AppError invitation_not_usable."""
    invitation = _usable(session, keyring, token, now)
    platform_id = invitation.platform_id
    user = session.get(User, (platform_id, invitation.user_id)) if invitation.user_id else None
    if user is None or user.state != UserState.INVITED:
        raise AppError(Code.INVITATION_NOT_USABLE)
    user.state = UserState.ACTIVE
    user.password_hash = password_hash
    user.activated_at = now
    user.first_name = first_name or user.first_name
    user.last_name = last_name or user.last_name
    invitation.state = InvitationState.ACCEPTED
    invitation.accepted_at = now
    outbox.drop(session, platform_id, [invitation.id])
    session.flush()
    return directory.people_by_id(session, platform_id, [user.id])[user.id]


def _usable(session: Session, keyring: Keyring, token: str, now: datetime) -> Invitation:
    try:
        link = keyring.open_link(Purpose.INVITATION, token)
    except BadToken:
        raise AppError(Code.INVITATION_NOT_USABLE) from None
    invitation = session.get(Invitation, (link.platform_id, link.id))
    if (
        invitation is None
        or invitation.generation != link.generation
        or queries.stands(invitation, now) is not InvitationState.PENDING
    ):
        raise AppError(Code.INVITATION_NOT_USABLE)
    return invitation
