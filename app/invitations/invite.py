"""Inviting people from a form or a list, any number in one transaction (rules 1 and 2). One is a list of one.

Decides by eligibility; never sends a mail itself, never commits.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.access import audit
from app.access.actor import Actor
from app.access.audit import Action
from app.access.credentials import platform_by_id
from app.delivery.models import Lane
from app.delivery.rates import take_from_day
from app.directory import queries as directory
from app.directory.models import Label, Organisation, StudentGroup, Team, User, UserStudentGroup
from app.directory.names import name_key
from app.directory.queries import KnownUser, Named
from app.directory.service import ensure_names
from app.errors import AppError, Code, FieldError
from app.invitations import queries
from app.invitations.address import canonical
from app.invitations.eligibility import Decision, Standing, one_by_one
from app.invitations.people import Invite, NewPerson, People, add_invitations, add_message, add_people
from app.invitations.queries import InvitationView

_COLLISIONS = 3


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
class Refused:
    """Somebody who is not invited, and why; `invitation_id` of the one that stands."""

    code: Code
    invitation_id: uuid.UUID | None = None
    fields: Sequence[FieldError] = ()


Invited = InvitationView | Refused


def invite(
    session: Session, actor: Actor, new: NewInvitation, *, now: datetime, mails_a_day: int = 0
) -> InvitationView:
    """Invite one person; one mail goes out (unless `send` is false: then a resend releases it).

    Raises AppError already_a_user, already_invited (with the invitation's id), unknown_names, too_many_mails; a
    collision (`db.session.is_collision`) where somebody else adds them at the same moment: done again, it is decided.
    """
    (result,) = _decided_and_invited(session, actor, [new], now, mails_a_day)
    if isinstance(result, Refused):
        extra = {"invitation_id": str(result.invitation_id)} if result.invitation_id else None
        raise AppError(result.code, fields=result.fields, extra=extra)
    return result


def invite_all(
    session: Session, actor: Actor, wanted: Sequence[NewInvitation], *, now: datetime, mails_a_day: int = 0
) -> list[Invited]:
    """Invite people, in order: each is invited or refused. An address that repeats an earlier one is refused.

    Where an import adds one of them at the same moment, all is decided once more, in the world as it then is.
    Raises AppError too_many_mails where the platform's day has not so many left (0: as many as one likes).
    """
    for _ in range(_COLLISIONS):
        with suppress(IntegrityError), session.begin_nested():
            return _decided_and_invited(session, actor, wanted, now, mails_a_day)
    return _decided_and_invited(session, actor, wanted, now, mails_a_day)


def _decided_and_invited(
    session: Session, actor: Actor, wanted: Sequence[NewInvitation], now: datetime, mails_a_day: int
) -> list[Invited]:
    platform_id = actor.platform_id
    addresses = [canonical(new.email) for new in wanted]
    known = directory.known_users(session, platform_id, set(addresses), is_locked=True)
    pending = queries.pending_of_users(session, platform_id, [user.id for user in known.values()], now)
    names = KnownKeys(session, platform_id, wanted)
    results: list[Invited | None] = [None] * len(wanted)
    chosen: dict[str, int] = {}
    for position, (new, address) in enumerate(zip(wanted, addresses, strict=True)):
        if address in chosen:
            results[position] = Refused(Code.ALREADY_INVITED)
            continue
        refused = _refusal(new, known.get(address), pending, names)
        if refused is not None:
            results[position] = refused
        else:
            chosen[address] = position
    people = _people(session, platform_id, {address: wanted[at] for address, at in chosen.items()}, now)
    ids = _invite_people(session, actor, [(wanted[chosen[person.address]], person) for person in people], known, now)
    views = queries.views_by_id(session, platform_id, list(ids.values()), now)
    for address, position in chosen.items():
        results[position] = views[ids[address]]
    # Last: from here to the end of the transaction nobody else of the platform counts.
    mails = sum(wanted[at].send for at in chosen.values())
    take_from_day(session, platform_id, mails, a_day=mails_a_day, now=now)
    return [result for result in results if result is not None]


def _refusal(
    new: NewInvitation, user: KnownUser | None, pending: Mapping[uuid.UUID, uuid.UUID], known: "KnownKeys"
) -> Refused | None:
    invitation_id = pending.get(user.id) if user else None
    decision = one_by_one(Standing(user.state if user else None, invitation_id))
    if decision is Decision.ALREADY_A_USER:
        return Refused(Code.ALREADY_A_USER)
    if decision is Decision.ALREADY_INVITED:
        return Refused(Code.ALREADY_INVITED, invitation_id)
    unknown = [] if new.create_missing else known.unknown(new)
    return Refused(Code.UNKNOWN_NAMES, fields=unknown) if unknown else None


class KnownKeys:
    """Which of the names these invitations give exist; looked up once, and only for those that may create none."""

    def __init__(self, session: Session, platform_id: int, wanted: Sequence[NewInvitation]) -> None:
        strict = [new for new in wanted if not new.create_missing]
        self._known: dict[type[Named], Collection[str]] = {
            model: directory.names(
                session, platform_id, model, [name_key(name) for new in strict for _, name in _named(new, model)]
            )
            for model in (Organisation, StudentGroup, Label, Team)
        }

    def unknown(self, new: NewInvitation) -> list[FieldError]:
        """The names of one invitation that do not exist, each at its place."""
        return [
            FieldError(pointer, "unknown_name", {"name": name})
            for model, known in self._known.items()
            for pointer, name in _named(new, model)
            if name_key(name) not in known
        ]


def _named(new: NewInvitation, model: type[Named]) -> list[tuple[str, str]]:
    """The names an invitation gives of a kind, each with its place."""
    if model is StudentGroup:
        return [(f"/student_groups/{position}", name) for position, name in enumerate(new.student_groups)]
    pointer, name = {
        Organisation: ("/organisation", new.organisation),
        Label: ("/label", new.label),
        Team: ("/team", new.team),
    }[model]
    return [(pointer, name)] if name else []


def _people(session: Session, platform_id: int, wanted: Mapping[str, NewInvitation], now: datetime) -> list[NewPerson]:
    """The people by canonical address, with what they are put into found or created."""
    language = platform_by_id(session, platform_id).default_language
    new = list(wanted.values())
    organisations = ensure_names(session, platform_id, Organisation, (one.organisation for one in new), now=now)
    groups = ensure_names(
        session, platform_id, StudentGroup, (name for one in new for name in one.student_groups), now=now
    )
    labels = ensure_names(session, platform_id, Label, (one.label for one in new if one.label), now=now)
    teams = ensure_names(session, platform_id, Team, (one.team for one in new if one.team), now=now)
    return [
        NewPerson(
            email=one.email,
            address=address,
            first_name=one.first_name,
            last_name=one.last_name,
            organisation_id=organisations[name_key(one.organisation)].bytes,
            organisation=one.organisation,
            group_ids=tuple(groups[name_key(name)].bytes for name in one.student_groups),
            label_id=labels[name_key(one.label)].bytes if one.label else None,
            team_id=teams[name_key(one.team)].bytes if one.team else None,
            language=one.language or language,
        )
        for address, one in wanted.items()
    ]


def _invite_people(
    session: Session,
    actor: Actor,
    people: Sequence[tuple[NewInvitation, NewPerson]],
    known: Mapping[str, KnownUser],
    now: datetime,
) -> dict[str, uuid.UUID]:
    """Add who is new, invite all; the invitation of each canonical address."""
    platform_id = actor.platform_id
    newcomers = [person for _, person in people if person.address not in known]
    added = add_people(session, platform_id, People.of(newcomers), invite=None, now=now)
    user_ids = {person.address: user_id for person, user_id in zip(newcomers, added, strict=True)}
    alike: dict[tuple[str | None, int | None, bool], list[tuple[bytes, NewPerson]]] = {}
    for new, given in people:
        person = given
        if person.address in known:
            user_id = known[person.address].id
            user_ids[person.address] = user_id.bytes
            person = _update_waiting_person(session, platform_id, user_id, given, is_language_given=bool(new.language))
        key = (new.message, new.expires_in_days, new.send)
        alike.setdefault(key, []).append((user_ids[person.address], person))
    ids: dict[str, uuid.UUID] = {}
    for (message, days, send), group in alike.items():
        how = Invite(
            inviter_name=actor.inviter_name,
            inviter_email=actor.email,
            message_id=add_message(session, platform_id, message),
            lane=Lane.SINGLE,
            lifetime_days=days,
            is_held=not send,
        )
        everybody = People.of([person for _, person in group])
        made = add_invitations(session, platform_id, [one for one, _ in group], everybody, invite=how, now=now)
        ids |= {address: uuid.UUID(bytes=one) for address, one in zip(everybody.address, made, strict=True)}
    if ids:
        audit.record(session, actor, Action.INVITATION_CREATED, *ids.values())
    return ids


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
