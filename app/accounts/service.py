"""Sign-in, passwords, keys, and the settings of a platform. Never invites anybody, never commits.

To the outside, a wrong password, an unknown address and an unknown platform are one and the same.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.access import audit, credentials
from app.access.actor import Actor, ActorKind, Origin, Scope, known_person, stranger
from app.access.audit import Action
from app.access.models import ApiKey, Platform
from app.access.passwords import Chosen, is_right
from app.access.tokens import NOTHING, BadToken, Keyring, Purpose
from app.delivery import outbox
from app.delivery.models import Lane, MailKind
from app.directory import queries as directory
from app.directory.models import Role, User, UserState
from app.errors import AppError, Code, not_found
from app.invitations.address import NotAnAddress, canonical

RESET_LIFETIME = timedelta(hours=1)
RESET_AGAIN_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session."""

    token: str
    expires_at: datetime
    person: directory.Person


def platform_meant(session: Session, subdomain: str | None, host: str) -> Platform | None:
    """The platform somebody wants to sign in to: the one they name, else the Host's, else the only one."""
    if subdomain is not None:
        return credentials.find_platform(session, subdomain)
    by_host = credentials.find_platform(session, host.partition(".")[0].lower())
    if by_host is not None:
        return by_host
    found = session.scalars(select(Platform).limit(2)).all()
    return found[0] if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom an address on a platform means, by its canonical form; platform and user may be nobody's."""

    platform_id: int
    address: str
    user: User | None


def find_user(session: Session, email: str, *, subdomain: str | None, host: str) -> Meant:
    """The user of an address on the platform that is meant."""
    platform = platform_meant(session, subdomain, host)
    try:
        address = canonical(email.strip())
    except NotAnAddress:
        address = email.strip().casefold()
    platform_id = platform.id if platform else audit.NO_PLATFORM  # asked in any case: time tells nothing
    found = select(User).where(User.platform_id == platform_id, User.email_canonical == address)
    return Meant(platform_id, address, session.scalar(found))


def check_password(user: User | None, password: str) -> User | None:
    """An active administrator with this password, else None. Takes the same time for anybody."""
    right = is_right(password, user.password_hash if user else None)
    if user is None or not right or user.state != UserState.ACTIVE or user.role != Role.ADMIN:
        return None
    return user


def note_failed_sign_in(session: Session, meant: Meant, origin: Origin) -> None:
    """Write down that somebody did not get in. Takes the same time for anybody; an address nobody has is not kept."""
    subject = [meant.user.id] if meant.user else []
    audit.record(session, stranger(meant.platform_id, origin), Action.USER_SIGN_IN_FAILED, *subject)


def sign_in(session: Session, checked: User, *, hash_now: str, mode: str, origin: Origin, now: datetime) -> SignedIn:
    """Open a session for somebody whose password was right. Raises sign_in_failed if it was changed since.

    `hash_now`: their password's hash by today's parameters.
    """
    user = session.get(User, (checked.platform_id, checked.id), populate_existing=True, with_for_update=True)
    if user is None or user.password_hash != checked.password_hash:
        raise AppError(Code.SIGN_IN_FAILED)
    if user.state != UserState.ACTIVE or user.role != Role.ADMIN:
        raise AppError(Code.SIGN_IN_FAILED)
    user.password_hash = hash_now
    name = " ".join(filter(None, (user.first_name, user.last_name))) or user.email
    token = credentials.open_session(
        session, user.platform_id, user.id, name=name, email=user.email, mode=mode, now=now
    )
    session.flush()
    audit.record(session, known_person(user.platform_id, user.id, origin), Action.USER_SIGNED_IN, user.id, mode=mode)
    person = directory.people_by_id(session, user.platform_id, [user.id])[user.id]
    return SignedIn(token, now + credentials.SESSION_LIFETIME, person)


def sign_out(session: Session, actor: Actor, token: str) -> None:
    """End a session. Raises AppError not_found for a key, which has none."""
    if actor.kind is not ActorKind.USER or actor.id is None:
        raise not_found()
    credentials.end_session(session, actor.platform_id, token)
    audit.record(session, actor, Action.USER_SIGNED_OUT, actor.id)


def ask_for_reset(session: Session, meant: Meant, *, origin: Origin, now: datetime) -> None:
    """Send an active person a link to set a new password; for anybody else nothing happens but a line in the audit.

    In the same time. Who asked within a minute is sent no second mail: a flood neither mails nor kills the link on its
    way.
    """
    asked_before = User.reset_expires_at <= now + RESET_LIFETIME - RESET_AGAIN_AFTER
    found = session.execute(
        update(User)
        .where(
            User.platform_id == meant.platform_id,
            User.email_canonical == meant.address,
            User.state == UserState.ACTIVE,
            or_(User.reset_expires_at.is_(None), asked_before),
        )
        .values(reset_generation=User.reset_generation + 1, reset_expires_at=now + RESET_LIFETIME)
        .returning(User.id, User.reset_generation)
        .execution_options(synchronize_session=False)
    ).first()
    subject = [meant.user.id] if meant.user else []
    is_mailed = found is not None
    audit.record(session, stranger(meant.platform_id, origin), Action.USER_RESET_ASKED, *subject, is_mailed=is_mailed)
    outbox.enqueue(  # for nobody too: workers are woken in any case
        session,
        meant.platform_id,
        [found.id.bytes] if found is not None else [],
        kind=MailKind.PASSWORD_RESET,
        lane=Lane.SINGLE,
        generation=found.reset_generation if found is not None else 0,
        now=now,
    )


def require_usable_reset(session: Session, keyring: Keyring, token: str, *, now: datetime) -> User:
    """The person a link is for. Raises AppError reset_not_usable: one answer, as fast, for every reason."""
    return _resetting(session, keyring, token, now, is_locked=False)


def complete_reset(
    session: Session, keyring: Keyring, token: str, *, password: Chosen, origin: Origin, now: datetime
) -> User:
    """Set a new password by the link of a mail; it is used up, and all sessions end.

    Raises AppError reset_not_usable, invalid_request (the password is the person's name or address).
    """
    user = _resetting(session, keyring, token, now, is_locked=True)
    _set_password(session, user, password)
    audit.record(session, known_person(user.platform_id, user.id, origin), Action.USER_RESET_COMPLETED, user.id)
    return user


def _resetting(session: Session, keyring: Keyring, token: str, now: datetime, *, is_locked: bool) -> User:
    """The person of a link that works. One that does not is not found, whatever is wrong with it: in one time."""
    try:
        link = keyring.open_link(Purpose.RESET, token)
    except BadToken:
        link = NOTHING
    works = (
        select(User)
        .where(
            User.platform_id == link.platform_id,
            User.id == link.id,
            User.state == UserState.ACTIVE,
            User.reset_generation == link.generation,
            User.reset_expires_at > now,
        )
        .execution_options(populate_existing=True)
    )
    user = session.scalar(works.with_for_update() if is_locked else works)
    if user is None:
        raise AppError(Code.RESET_NOT_USABLE)
    return user


def current_user(session: Session, actor: Actor) -> User:
    """The signed-in administrator. Raises AppError not_found for a key."""
    user = session.get(User, (actor.platform_id, actor.id)) if actor.kind is ActorKind.USER else None
    if user is None:
        raise not_found()
    return user


def current_person(session: Session, actor: Actor) -> directory.Person:
    """The signed-in administrator with all that is known of them. Raises AppError not_found for a key."""
    user = current_user(session, actor)
    return directory.people_by_id(session, user.platform_id, [user.id])[user.id]


def change_password(session: Session, actor: Actor, *, password: Chosen) -> None:
    """Set a new password for somebody who gave the old one; all their sessions end.

    Raises AppError invalid_request (the password is the person's name or address).
    """
    user = current_user(session, actor)
    session.refresh(user, with_for_update=True)
    _set_password(session, user, password)
    audit.record(session, actor, Action.USER_PASSWORD_CHANGED, user.id)


def _set_password(session: Session, user: User, password: Chosen) -> None:
    password.require_not_personal(user.email, user.first_name, user.last_name)
    user.password_hash = password.hashed
    user.reset_generation += 1
    user.reset_expires_at = None
    credentials.end_sessions(session, user.platform_id, user.id)


def set_user_state(session: Session, actor: Actor, user_id: uuid.UUID, state: UserState) -> directory.Person:
    """Disable a person, or let them in again. Raises AppError not_found, not_accepted (never set a password)."""
    user = session.get(User, (actor.platform_id, user_id), with_for_update=True)
    if user is None:
        raise not_found()
    if user.state == UserState.INVITED:
        raise AppError(Code.NOT_ACCEPTED)
    if user.state != state:
        is_disabled = state is UserState.DISABLED
        audit.record(session, actor, Action.USER_DISABLED if is_disabled else Action.USER_ENABLED, user.id)
    user.state = state
    if state is UserState.DISABLED:
        credentials.end_sessions(session, actor.platform_id, user_id)
    session.flush()
    return directory.people_by_id(session, actor.platform_id, [user_id])[user_id]


# --- keys and settings ---------------------------------------------------------------------------------------------


def list_api_keys(session: Session, actor: Actor, *, limit: int, after: uuid.UUID | None) -> Sequence[ApiKey]:
    """The keys of the actor's platform, newest first."""
    return credentials.list_api_keys(session, actor.platform_id, limit=limit, after=after)


def create_api_key(
    session: Session, actor: Actor, *, name: str, scopes: Sequence[Scope], now: datetime
) -> tuple[ApiKey, str]:
    """A new key, and its only copy in the clear."""
    row, key = credentials.create_api_key(session, actor.platform_id, name=name, scopes=scopes, now=now)
    audit.record(session, actor, Action.API_KEY_CREATED, row.id, scopes=sorted(set(scopes)))
    return row, key


def delete_api_key(session: Session, actor: Actor, key_id: uuid.UUID, *, now: datetime) -> None:
    """Revoke a key. Raises AppError not_found."""
    if not credentials.revoke_api_key(session, actor.platform_id, key_id, now):
        raise not_found()
    audit.record(session, actor, Action.API_KEY_REVOKED, key_id)


def get_platform(session: Session, actor: Actor) -> Platform:
    """The actor's platform."""
    return credentials.platform_by_id(session, actor.platform_id)


def change_platform(session: Session, actor: Actor, changes: Mapping[str, Any]) -> Platform:
    """Change settings of the actor's platform; they hold for mails that have not left."""
    platform = credentials.platform_by_id(session, actor.platform_id)
    for name, value in changes.items():
        setattr(platform, name, value)
    session.flush()
    if changes:
        audit.record(session, actor, Action.PLATFORM_CHANGED, fields=sorted(changes))
    return platform
