"""Looks up people and what they are put into. Every query takes the platform; never changes anything."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Row, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.db import bulk
from app.db.base import containing, is_not
from app.directory.models import Label, Organisation, StudentGroup, Team, User, UserState, UserStudentGroup

Named = Organisation | StudentGroup | Label | Team

_LOOK_UP_AT_ONCE = 1000
_PLACE_OF: Mapping[type[Named], InstrumentedAttribute[Any]] = {
    Organisation: User.organisation_id,
    Label: User.label_id,
    Team: User.team_id,
}


@dataclass(frozen=True, slots=True)
class Reference:
    """Something by id and name."""

    id: uuid.UUID
    name: str


@dataclass(frozen=True, slots=True)
class Person:
    """A user with the names of what they are in."""

    id: uuid.UUID
    state: str
    role: str
    email: str
    first_name: str | None
    last_name: str | None
    organisation: Reference | None
    student_groups: tuple[Reference, ...]
    label: Reference | None
    team: Reference | None
    language: str
    created_at: datetime
    activated_at: datetime | None


@dataclass(frozen=True, slots=True)
class KnownUser:
    """What deciding needs of somebody already there."""

    id: uuid.UUID
    state: UserState


@dataclass(frozen=True, slots=True)
class KnownTeam:
    """A team and who leads it or is remembered to (canonical addresses)."""

    id: uuid.UUID
    name: str
    leader: str | None


def known_users(
    session: Session, platform_id: int, addresses: Collection[str], *, is_locked: bool = False
) -> dict[str, KnownUser]:
    """Who of these canonical addresses is on the platform; locked, nobody else changes or invites them meanwhile."""
    known: dict[str, KnownUser] = {}
    wanted = list(addresses)
    for start in range(0, len(wanted), _LOOK_UP_AT_ONCE):
        part = wanted[start : start + _LOOK_UP_AT_ONCE]
        found = (
            select(User.email_canonical, User.id, User.state)
            .where(User.platform_id == platform_id, User.email_canonical.in_(part))
            .order_by(User.id)
        )
        rows = session.execute(found.with_for_update() if is_locked else found)
        known.update({address: KnownUser(user_id, UserState(state)) for address, user_id, state in rows})
    return known


def known_addresses(session: Session, platform_id: int, addresses: Collection[str]) -> set[str]:
    """Which of these canonical addresses are on the platform. Any number of them."""
    return bulk.present(session, addresses, User.email_canonical, User.platform_id == platform_id)


def all_addresses(session: Session, platform_id: int, *, at_most: int) -> set[str] | None:
    """The canonical addresses of everybody on the platform; None where these are more than so many."""
    mine = select(User.email_canonical).where(User.platform_id == platform_id)
    found = set(session.scalars(mine.limit(at_most + 1)))
    return found if len(found) <= at_most else None


def names(session: Session, platform_id: int, model: type[Named], keys: Iterable[str]) -> dict[str, uuid.UUID]:
    """The ids of those of these name keys that exist."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    rows = session.execute(
        select(model.name_key, model.id).where(model.platform_id == platform_id, model.name_key.in_(wanted))
    )
    return {row[0]: row[1] for row in rows}


def all_names(session: Session, platform_id: int, model: type[Named]) -> dict[str, str]:
    """Every name of a kind on the platform by its key."""
    rows = session.execute(select(model.name_key, model.name).where(model.platform_id == platform_id))
    return {row[0]: row[1] for row in rows}


def all_teams(session: Session, platform_id: int) -> dict[str, KnownTeam]:
    """Every team by its name key, with its leader's or remembered leader's canonical address."""
    rows = session.execute(
        select(Team.name_key, Team.id, Team.name, func.coalesce(User.email_canonical, Team.pending_leader_canonical))
        .join(User, (User.platform_id == Team.platform_id) & (User.id == Team.leader_id), isouter=True)
        .where(Team.platform_id == platform_id)
    )
    return {key: KnownTeam(team_id, name, leader) for key, team_id, name, leader in rows}


def list_named(
    session: Session, platform_id: int, model: type[Named], *, q: str | None, limit: int, after: str | None
) -> Sequence[Named]:
    """Things people are put into, by name, behind a name key."""
    statement = select(model).where(model.platform_id == platform_id).order_by(model.name_key).limit(limit)
    if after is not None:
        statement = statement.where(model.name_key > after)
    if q:
        statement = statement.where(containing(q, model.name))
    return cast("Sequence[Named]", session.scalars(statement).all())


def user_counts(
    session: Session, platform_id: int, model: type[Named], ids: Collection[uuid.UUID]
) -> Mapping[uuid.UUID, int]:
    """How many people are in each of these."""
    member: InstrumentedAttribute[Any]
    if model is StudentGroup:
        member, of_platform = UserStudentGroup.student_group_id, UserStudentGroup.platform_id == platform_id
    else:
        member = _PLACE_OF[model]
        of_platform = User.platform_id == platform_id
    rows = session.execute(select(member, func.count()).where(of_platform, member.in_(list(ids))).group_by(member))
    return {found: count for found, count in rows if found is not None}


def is_used(model: type[Named]) -> ColumnElement[bool]:
    """The condition for something that people are in, or a team with a leader, there or awaited."""
    if model is StudentGroup:
        return exists().where(
            UserStudentGroup.platform_id == StudentGroup.platform_id,
            UserStudentGroup.student_group_id == StudentGroup.id,
        )
    has_people = exists().where(User.platform_id == model.platform_id, _PLACE_OF[model] == model.id)
    is_led = or_(Team.leader_id.is_not(None), Team.pending_leader_canonical.is_not(None))
    return or_(has_people, is_led) if model is Team else has_people


def created_by(
    session: Session, platform_id: int, import_id: uuid.UUID, after: uuid.UUID, limit: int, *, model: type[Named]
) -> Sequence[uuid.UUID]:
    """Up to `limit` things of a kind that an import created, behind an id, in order."""
    return session.scalars(
        select(model.id)
        .where(model.platform_id == platform_id, model.id > after, model.created_by_import_id == import_id)
        .order_by(model.id)
        .limit(limit)
    ).all()


def emails_of(session: Session, platform_id: int, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, str]:
    """The addresses of users."""
    rows = session.execute(select(User.id, User.email).where(User.platform_id == platform_id, User.id.in_(list(ids))))
    return {row[0]: row[1] for row in rows}


def list_people(
    session: Session, platform_id: int, *, q: str | None, state: str | None, limit: int, after: uuid.UUID | None
) -> list[Person]:
    """People, newest first, behind an id."""
    conditions = []
    if after is not None:
        conditions.append(User.id < after)
    if state is not None:
        conditions.append(User.state == state)
        if state != UserState.INVITED:
            conditions.append(is_not(User.state, UserState.INVITED))  # there is an index of these
    if q:
        conditions.append(containing(q, User.email, User.first_name, User.last_name))
    return _people(session, platform_id, conditions, limit)


def people_by_id(session: Session, platform_id: int, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Person]:
    """People by id; unknown ids are left out."""
    return {
        person.id: person for person in _people(session, platform_id, [bulk.among(session, User.id, ids)], len(ids))
    }


_PEOPLE: Final = (
    select(User, Organisation.name, Label.name, Team.name)
    .join(
        Organisation,
        (Organisation.platform_id == User.platform_id) & (Organisation.id == User.organisation_id),
        isouter=True,
    )
    .join(Label, (Label.platform_id == User.platform_id) & (Label.id == User.label_id), isouter=True)
    .join(Team, (Team.platform_id == User.platform_id) & (Team.id == User.team_id), isouter=True)
    .order_by(User.id.desc())
)
"""Users with the names of where they are. Put together once: that takes longer than to run it."""


def _people(session: Session, platform_id: int, conditions: list[ColumnElement[bool]], limit: int) -> list[Person]:
    rows = session.execute(_PEOPLE.where(User.platform_id == platform_id, *conditions).limit(limit)).all()
    groups = groups_of(session, platform_id, [row[0].id for row in rows])
    return [_person(row, groups.get(row[0].id, ())) for row in rows]


def _person(row: Row[User, str, str, str], groups: tuple[Reference, ...]) -> Person:
    user, organisation, label, team = row[0], row[1], row[2], row[3]
    return Person(
        id=user.id,
        state=user.state,
        role=user.role,
        email=user.email,
        first_name=user.first_name,
        last_name=user.last_name,
        organisation=Reference(user.organisation_id, organisation) if user.organisation_id else None,
        student_groups=groups,
        label=Reference(user.label_id, label) if user.label_id else None,
        team=Reference(user.team_id, team) if user.team_id else None,
        language=user.language,
        created_at=user.created_at,
        activated_at=user.activated_at,
    )


_GROUPS: Final = (
    select(UserStudentGroup.user_id, StudentGroup.id, StudentGroup.name)
    .join(
        StudentGroup,
        (StudentGroup.platform_id == UserStudentGroup.platform_id)
        & (StudentGroup.id == UserStudentGroup.student_group_id),
    )
    .order_by(StudentGroup.name_key)
)


def groups_of(
    session: Session, platform_id: int, user_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, tuple[Reference, ...]]:
    """The student groups of people, by name; who is in none is left out."""
    if not user_ids:
        return {}
    rows = session.execute(
        _GROUPS.where(
            UserStudentGroup.platform_id == platform_id, bulk.among(session, UserStudentGroup.user_id, user_ids)
        )
    )
    found: dict[uuid.UUID, tuple[Reference, ...]] = {}
    for user_id, group_id, name in rows:
        found[user_id] = (*found.get(user_id, ()), Reference(group_id, name))
    return found
