"""Looks up invitations with their mail and person. Every query takes the platform; never changes anything.

`expired` is decided here: a pending invitation whose time has passed.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Row, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.db import bulk
from app.db.base import containing, is_not, is_one_of
from app.delivery import outbox
from app.delivery.models import ASIDE, Delivery, DeliveryBatch, DeliveryState
from app.directory import queries as directory
from app.directory.models import Label, Team, User
from app.directory.queries import Reference
from app.invitations.models import Invitation, InvitationMessage, InvitationState


@dataclass(frozen=True, slots=True)
class Invitee:
    """The person an invitation is for, as they stand, and the names of what they are in."""

    state: str
    role: str
    label: str | None
    team: str | None
    student_groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation as it stands now, with its current mail and (where there still is one) its person."""

    invitation: Invitation
    state: InvitationState
    message: str | None
    delivery: Delivery | None
    person: Invitee | None


def stands(invitation: Invitation, now: datetime) -> InvitationState:
    """The state of an invitation at a time."""
    if invitation.state == InvitationState.PENDING and invitation.expires_at and invitation.expires_at <= now:
        return InvitationState.EXPIRED
    return InvitationState(invitation.state)


def in_state(state: InvitationState, now: datetime) -> ColumnElement[bool]:
    """The condition for a state at a time; `stands` says the same of one invitation."""
    if state is InvitationState.PENDING:
        return and_(Invitation.state == state, or_(Invitation.expires_at.is_(None), Invitation.expires_at > now))
    if state is InvitationState.EXPIRED:
        return and_(Invitation.state == InvitationState.PENDING, Invitation.expires_at <= now)
    return and_(Invitation.state == state, is_not(Invitation.state, InvitationState.PENDING))  # there is an index


def pending_of_users(
    session: Session, platform_id: int, user_ids: Collection[uuid.UUID], now: datetime
) -> dict[uuid.UUID, uuid.UUID]:
    """The pending invitations of people, by the person."""
    if not user_ids:
        return {}
    rows = session.execute(
        select(Invitation.user_id, Invitation.id).where(
            Invitation.platform_id == platform_id,
            bulk.among(session, Invitation.user_id, user_ids),
            in_state(InvitationState.PENDING, now),
        )
    )
    return {user_id: found for user_id, found in rows if user_id is not None}


def pending_of_user(session: Session, platform_id: int, user_id: uuid.UUID, now: datetime) -> uuid.UUID | None:
    """The pending invitation of a person."""
    return pending_of_users(session, platform_id, [user_id], now).get(user_id)


def take_hold(session: Session, platform_id: int, invitation_id: uuid.UUID) -> None:
    """Nobody else changes an invitation, its mails and its person before the transaction ends.

    Everybody takes hold in this order (person, mails, what counts them, invitation), or they would wait for each other
    in a circle.
    """
    of_invitation = (Invitation.platform_id == platform_id, Invitation.id == invitation_id)
    person = select(Invitation.user_id).where(*of_invitation).scalar_subquery()
    about_it = (Delivery.platform_id == platform_id, Delivery.about_id == invitation_id)
    for rows in (
        select(User.id).where(User.platform_id == platform_id, User.id == person),
        select(Delivery.generation).where(*about_it).order_by(Delivery.generation),
        select(DeliveryBatch.id).where(
            DeliveryBatch.platform_id == platform_id,
            DeliveryBatch.id.in_(select(Delivery.batch_id).where(*about_it, Delivery.state.in_(outbox.UNSENT))),
        ),
        select(Invitation.id).where(*of_invitation),
    ):
        session.execute(rows.with_for_update()).close()


def list_invitations(
    session: Session,
    platform_id: int,
    *,
    state: InvitationState | None,
    delivery: str | None,
    q: str | None,
    import_id: uuid.UUID | None,
    limit: int,
    after: uuid.UUID | None,
    now: datetime,
) -> list[InvitationView]:
    """Invitations, newest first, behind an id."""
    conditions: list[ColumnElement[bool]] = []
    position: InstrumentedAttribute[uuid.UUID] = Invitation.id
    if delivery in ASIDE:  # looked up by their own index, in its order
        position = Delivery.about_id
        conditions += [Delivery.platform_id == platform_id, is_one_of(Delivery.state, *ASIDE)]
    elif delivery is not None and delivery != DeliveryState.SENT:
        conditions.append(Delivery.due_at.is_not(None))  # as it is of those that wait, and these have an index too
    if after is not None:
        conditions.append(position < after)
    if state is not None:
        conditions.append(in_state(state, now))
    if delivery is not None:
        conditions.append(Delivery.state == delivery)
    if import_id is not None:
        conditions.append(Invitation.import_id == import_id)
    if q:
        conditions.append(containing(q, Invitation.email, Invitation.first_name, Invitation.last_name))
    return _views(session, platform_id, conditions, limit, now, position)


def views_by_id(
    session: Session, platform_id: int, ids: Collection[uuid.UUID], now: datetime
) -> dict[uuid.UUID, InvitationView]:
    """Invitations by id; unknown ids are left out."""
    found = _views(session, platform_id, [bulk.among(session, Invitation.id, ids)], len(ids), now)
    return {view.invitation.id: view for view in found}


_VIEWS: Final = (
    select(Invitation, Delivery, InvitationMessage.text, User.state, User.role, Label.name, Team.name)
    .join(
        Delivery,
        and_(
            Delivery.platform_id == Invitation.platform_id,
            Delivery.about_id == Invitation.id,
            Delivery.generation == Invitation.generation,
        ),
        isouter=True,
    )
    .join(
        InvitationMessage,
        and_(InvitationMessage.platform_id == Invitation.platform_id, InvitationMessage.id == Invitation.message_id),
        isouter=True,
    )
    .join(User, and_(User.platform_id == Invitation.platform_id, User.id == Invitation.user_id), isouter=True)
    .join(Label, and_(Label.platform_id == User.platform_id, Label.id == User.label_id), isouter=True)
    .join(Team, and_(Team.platform_id == User.platform_id, Team.id == User.team_id), isouter=True)
)
"""Invitations with their current mail, message and person. Put together once: that takes longer than to run it."""
_ViewRow = Row[Invitation, Delivery, str, str, str, str, str]


def _views(
    session: Session,
    platform_id: int,
    conditions: Sequence[ColumnElement[bool]],
    limit: int,
    now: datetime,
    position: InstrumentedAttribute[uuid.UUID] = Invitation.id,
) -> list[InvitationView]:
    chosen = _VIEWS.where(Invitation.platform_id == platform_id, *conditions)
    rows = session.execute(chosen.order_by(position.desc()).limit(limit)).all()
    groups = directory.groups_of(session, platform_id, [row[0].user_id for row in rows if row[0].user_id])
    return [_view(row, groups, now) for row in rows]


def _view(row: _ViewRow, groups: Mapping[uuid.UUID, Sequence[Reference]], now: datetime) -> InvitationView:
    invitation, delivery, message, state, role, label, team = row
    person = None
    if invitation.user_id is not None:
        names = tuple(group.name for group in groups.get(invitation.user_id, ()))
        person = Invitee(state, role, label, team, names)
    return InvitationView(invitation, stands(invitation, now), message, delivery, person)


@dataclass(frozen=True, slots=True)
class Due:
    """What a pending invitation's mail is written from. Columns only: a busy worker asks for thousands a second."""

    id: uuid.UUID
    generation: int
    email: str
    first_name: str | None
    last_name: str | None
    language: str
    inviter_name: str | None
    inviter_email: str | None
    lifetime_days: int | None
    expires_at: datetime | None
    message: str | None


def due_for_mail(session: Session, platform_id: int, ids: Collection[uuid.UUID]) -> Sequence[Due]:
    """Those of these invitations that are pending or expired, with their message, for writing their mails."""
    rows = session.execute(
        select(
            Invitation.id,
            Invitation.generation,
            Invitation.email,
            Invitation.first_name,
            Invitation.last_name,
            Invitation.language,
            Invitation.inviter_name,
            Invitation.inviter_email,
            Invitation.lifetime_days,
            Invitation.expires_at,
            InvitationMessage.text,
        )
        .join(
            InvitationMessage,
            and_(
                InvitationMessage.platform_id == Invitation.platform_id, InvitationMessage.id == Invitation.message_id
            ),
            isouter=True,
        )
        .where(
            Invitation.platform_id == platform_id,
            bulk.among(session, Invitation.id, ids),
            Invitation.state == InvitationState.PENDING,
        )
    )
    return [Due(*row) for row in rows]
