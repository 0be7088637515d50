"""Somebody who is to be forgotten: their row, their invitations, and all they are known by. Looks only."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.directory.models import User
from app.errors import not_found
from app.invitations.address import NotAnAddress, canonical
from app.invitations.models import Invitation
from app.privacy.traces import Traces


@dataclass(frozen=True, slots=True)
class Person:
    """A person, as looked up at a time."""

    platform_id: int
    id: uuid.UUID
    seen_at: datetime
    role: str
    first_name: str | None
    last_name: str | None
    shown_as: str
    addresses: frozenset[str]
    canonical: str
    invitations: tuple[uuid.UUID, ...]
    messages: tuple[uuid.UUID, ...]
    imports: frozenset[uuid.UUID]
    traces: Traces


def known_of(session: Session, platform_id: int, user_id: uuid.UUID, *, now: datetime) -> Person:
    """A person of a platform. Raises AppError not_found."""
    user = session.get(User, (platform_id, user_id))
    if user is None:
        raise not_found()
    copies = _invitations_of(session, user)
    addresses = frozenset({user.email, user.email_canonical, *(copy.email for copy in copies)})
    names = {(user.first_name, user.last_name), *((copy.first_name, copy.last_name) for copy in copies)}
    made_by = {user.created_by_import_id, *(copy.import_id for copy in copies)}
    return Person(
        platform_id=platform_id,
        id=user.id,
        seen_at=now,
        role=user.role,
        first_name=user.first_name,
        last_name=user.last_name,
        shown_as=" ".join(filter(None, (user.first_name, user.last_name))) or user.email,
        addresses=addresses,
        canonical=user.email_canonical,
        invitations=tuple(copy.id for copy in copies),
        messages=tuple({copy.message_id for copy in copies if copy.message_id and copy.import_id is None}),
        imports=frozenset(import_id for import_id in made_by if import_id is not None),
        traces=Traces(addresses, names),
    )


def is_as_seen(session: Session, person: Person) -> bool:
    """Whether nothing was added to what is known of a person since; from here on nothing is, until the commit.

    Raises AppError not_found: somebody else was quicker.
    """
    user = session.get(User, (person.platform_id, person.id), populate_existing=True, with_for_update=True)
    if user is None:
        raise not_found()
    theirs = session.scalars(
        select(Invitation.id).where(Invitation.platform_id == person.platform_id, Invitation.user_id == person.id)
    )
    names = (user.first_name, user.last_name)
    return set(theirs) <= set(person.invitations) and names == (person.first_name, person.last_name)


def _invitations_of(session: Session, user: User) -> list[Invitation]:
    """Theirs, and the copies that earlier ones kept when the person was taken off the platform before."""
    of_platform = Invitation.platform_id == user.platform_id
    theirs = session.scalars(select(Invitation).where(of_platform, Invitation.user_id == user.id)).all()
    alike = Invitation.email.ilike(_pattern(user.email_canonical), escape="\\")
    alone = session.scalars(select(Invitation).where(of_platform, Invitation.user_id.is_(None), alike))
    return [*theirs, *(one for one in alone if _canonical(one.email) == user.email_canonical)]


def _pattern(address: str) -> str:
    """Finds at least every spelling of an address. Databases disagree about the case of letters beyond ASCII."""
    local, _, domain = address.rpartition("@")
    domain = "%" if "xn--" in domain else domain
    escaped = f"{local}@{domain}".replace("\\", "\\\\").replace("_", "\\_")
    if domain != "%":
        escaped = escaped.replace("%", "\\%")
    return "".join(character if character.isascii() else "%" for character in escaped)


def _canonical(email: str) -> str | None:
    try:
        return canonical(email)
    except NotAnAddress:
        return None
