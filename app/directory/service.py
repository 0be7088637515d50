"""Who and what is on a platform: shows it, creates what is named for the first time, gives teams their leaders.

Never invites anybody and never replaces a leader.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import CursorResult, delete, exists, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.db import bulk
from app.db.base import Ids
from app.directory import queries
from app.directory.models import Label, Organisation, StudentGroup, Team, User, UserStudentGroup
from app.directory.names import name_key, tidy
from app.directory.queries import Named, Person
from app.errors import not_found

NamedKind = Literal["organisation", "student_group", "label", "team"]
MODELS: Mapping[NamedKind, type[Named]] = {
    "organisation": Organisation,
    "student_group": StudentGroup,
    "label": Label,
    "team": Team,
}


@dataclass(frozen=True, slots=True)
class NamedCount:
    """Something people are put into, and how many are."""

    id: uuid.UUID
    name: str
    name_key: str
    users: int
    leader: tuple[uuid.UUID, str] | None
    pending_leader_email: str | None


def list_people(
    session: Session, actor: Actor, *, q: str | None, state: str | None, limit: int, after: uuid.UUID | None
) -> list[Person]:
    """People of the actor's platform, newest first."""
    return queries.list_people(session, actor.platform_id, q=q, state=state, limit=limit, after=after)


def get_person(session: Session, actor: Actor, user_id: uuid.UUID) -> Person:
    """One person of the actor's platform. Raises AppError not_found."""
    person = queries.people_by_id(session, actor.platform_id, [user_id]).get(user_id)
    if person is None:
        raise not_found()
    return person


def list_named(
    session: Session, actor: Actor, kind: NamedKind, *, q: str | None, limit: int, after: str | None
) -> list[NamedCount]:
    """Organisations, student groups, labels or teams of the actor's platform, by name, with their people counted."""
    found = queries.list_named(session, actor.platform_id, MODELS[kind], q=q, limit=limit, after=after)
    counts = queries.user_counts(session, actor.platform_id, MODELS[kind], [item.id for item in found])
    teams = [item for item in found if isinstance(item, Team)]
    leaders = [team.leader_id for team in teams if team.leader_id]
    emails = queries.emails_of(session, actor.platform_id, leaders) if leaders else {}
    of_team = {team.id: (team.leader_id, emails[team.leader_id]) for team in teams if team.leader_id}
    pending = {team.id: team.pending_leader_email for team in teams}
    return [
        NamedCount(
            item.id, item.name, item.name_key, counts.get(item.id, 0), of_team.get(item.id), pending.get(item.id)
        )
        for item in found
    ]


def ensure_names(
    session: Session,
    platform_id: int,
    model: type[Named],
    wanted: Iterable[str],
    *,
    now: datetime,
    import_id: uuid.UUID | None = None,
) -> dict[str, uuid.UUID]:
    """The id of every name by its key; those that do not exist are created, spelt as first given."""
    spelling: dict[str, str] = {}
    for name in wanted:
        spelling.setdefault(name_key(name), tidy(name))
    found = queries.names(session, platform_id, model, spelling)
    missing = {key: bulk.new_id_bytes() for key in spelling if key not in found}  # ids sort as the names were given
    if not missing:
        return found
    bulk.insert_missing(
        session,
        model,
        ["id", "name", "name_key"],
        # In order, so that two who create the same names never wait for each other in a circle.
        [(missing[key], spelling[key], key) for key in sorted(missing)],
        same={
            "platform_id": platform_id,
            "created_at": bulk.moment(now),
            "created_by_import_id": import_id.bytes if import_id else None,
        },
    )
    return found | queries.names(session, platform_id, model, missing)  # somebody else may have been faster


def set_leaders(
    session: Session,
    platform_id: int,
    leaders: Mapping[uuid.UUID, tuple[str, str]],
    *,
    import_id: uuid.UUID | None,
) -> None:
    """Give teams without a leader theirs: `{team id: (address as given, canonical)}`.

    An address nobody on the platform has is remembered until somebody has it (rule 9). What a team has is kept.
    """
    known = queries.known_users(session, platform_id, {canonical for _, canonical in leaders.values()})
    for team_id, (address, canonical) in leaders.items():
        user = known.get(canonical)
        leader = (
            {"leader_id": user.id} if user else {"pending_leader_email": address, "pending_leader_canonical": canonical}
        )
        session.execute(
            update(Team)
            .where(
                Team.platform_id == platform_id,
                Team.id == team_id,
                Team.leader_id.is_(None),
                Team.pending_leader_canonical.is_(None),
            )
            .values(**leader, leader_set_by_import_id=import_id)
        )


def attach_pending_leaders(session: Session, platform_id: int, newcomers: Mapping[str, bytes]) -> None:
    """Newcomers by canonical address: whoever a team waits for becomes its leader."""
    waiting = select(Team.id).where(Team.platform_id == platform_id, Team.pending_leader_canonical.is_not(None))
    if not session.scalar(select(exists(waiting))):
        return
    came = bulk.present(session, newcomers, Team.pending_leader_canonical, Team.platform_id == platform_id)
    for address in came:
        session.execute(
            update(Team)
            .where(Team.platform_id == platform_id, Team.pending_leader_canonical == address)
            .values(
                leader_id=uuid.UUID(bytes=newcomers[address]), pending_leader_email=None, pending_leader_canonical=None
            )
        )


def attach_leaders_who_came(session: Session, platform_id: int) -> None:
    """Whoever a team waits for and is there by now leads it: who came while the team was told to wait was not seen."""
    came = (User.platform_id == Team.platform_id, User.email_canonical == Team.pending_leader_canonical)
    session.execute(
        update(Team)
        .where(Team.platform_id == platform_id, Team.pending_leader_canonical.is_not(None), exists().where(*came))
        .values(
            leader_id=select(User.id).where(*came).scalar_subquery(),
            pending_leader_email=None,
            pending_leader_canonical=None,
        )
        .execution_options(synchronize_session=False)
    )


def remove_people(session: Session, platform_id: int, user_ids: Ids) -> int:
    """Take people who never accepted off the platform; teams they lead are left without a leader. Returns how many."""
    session.execute(
        update(Team)
        .where(Team.platform_id == platform_id, Team.leader_id.in_(user_ids))
        .values(leader_id=None, leader_set_by_import_id=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(UserStudentGroup)
        .where(UserStudentGroup.platform_id == platform_id, UserStudentGroup.user_id.in_(user_ids))
        .execution_options(synchronize_session=False)
    )
    removed = session.execute(
        delete(User)
        .where(User.platform_id == platform_id, User.id.in_(user_ids))
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", removed).rowcount


def clear_leaders(session: Session, platform_id: int, team_ids: Collection[uuid.UUID], import_id: uuid.UUID) -> None:
    """Teams whose leader, there or awaited, an import set are left without one."""
    session.execute(
        update(Team)
        .where(Team.platform_id == platform_id, Team.id.in_(list(team_ids)), Team.leader_set_by_import_id == import_id)
        .values(leader_id=None, pending_leader_email=None, pending_leader_canonical=None, leader_set_by_import_id=None)
    )


def remove_unused(session: Session, platform_id: int, model: type[Named], ids: Collection[uuid.UUID]) -> int:
    """Take away those of these that nobody is in; a team also has no leader, there or awaited. Returns how many."""
    these = (model.platform_id == platform_id, model.id.in_(list(ids)))
    # Whoever is being put into one of them finishes first; a statement later we see it.
    session.execute(select(model.id).where(*these).order_by(model.id).with_for_update())
    unused = list(session.scalars(select(model.id).where(*these, ~queries.is_used(model))))
    session.execute(delete(model).where(model.platform_id == platform_id, model.id.in_(unused)))
    return len(unused)
