"""Sends what a commit did not: invites people added quietly, releases mails that are held (rule 11).

Done by the worker in chunks; done twice, it does nothing the second time.
"""

import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from app.db.base import utcnow
from app.db.session import Database
from app.delivery import outbox
from app.delivery.models import Lane
from app.directory.models import Organisation, User, UserState
from app.imports import mails, work
from app.imports.models import Import
from app.imports.work import Job
from app.invitations.models import Invitation
from app.invitations.people import Invite, People, add_invitations

_CHUNK = 500


def send_import(database: Database, job: Job, *, max_lines: int) -> None:
    """Send for an import whose lease we hold. `max_lines` is for checks and commits; all handlers are called alike."""
    del max_lines
    with work.ours(database, job) as (session, _):
        outbox.open_batch(session, job.platform_id, job.import_id)
    mails.release(database, job)
    for quiet in work.found(database, job, _quiet_ones, at_once=_CHUNK):
        with work.chunk(database, job) as (session, imported):
            _invite(session, imported, quiet)
    with work.ours(database, job) as (session, imported):
        work.finish(session, imported, job.state)


def _is_quiet(platform_id: int) -> tuple[ColumnElement[bool], ...]:
    """Added, never invited, never accepted."""
    return (
        User.platform_id == platform_id,
        User.state == UserState.INVITED,
        ~exists().where(Invitation.platform_id == User.platform_id, Invitation.user_id == User.id),
    )


def _quiet_ones(
    session: Session, platform_id: int, import_id: uuid.UUID, after: uuid.UUID, limit: int
) -> Sequence[uuid.UUID]:
    return session.scalars(
        select(User.id)
        .where(*_is_quiet(platform_id), User.id > after, User.created_by_import_id == import_id)
        .order_by(User.id)
        .limit(limit)
    ).all()


def _invite(session: Session, imported: Import, user_ids: Sequence[uuid.UUID]) -> None:
    these = (User.platform_id == imported.platform_id, User.id.in_(list(user_ids)))
    # Whoever invites one of them just now finishes first; a statement later we see it.
    session.execute(select(User.id).where(*these).order_by(User.id).with_for_update()).close()
    people = session.execute(
        select(User, Organisation.name)
        .join(
            Organisation,
            (Organisation.platform_id == User.platform_id) & (Organisation.id == User.organisation_id),
        )
        .where(*_is_quiet(imported.platform_id), User.id.in_(list(user_ids)))
    ).all()
    invite = Invite(
        inviter_name=imported.inviter_name,
        inviter_email=imported.inviter_email,
        message_id=imported.message_id,
        lane=Lane.BULK,
    )
    add_invitations(
        session,
        imported.platform_id,
        [user.id.bytes for user, _ in people],
        _as_people([(user, name) for user, name in people]),
        invite=invite,
        now=utcnow(),
        import_id=imported.id,
    )


def _as_people(people: Sequence[tuple[User, str]]) -> People:
    users, organisations = [user for user, _ in people], [name for _, name in people]
    return People(
        email=[user.email for user in users],
        address=[user.email_canonical for user in users],
        first_name=[user.first_name for user in users],
        last_name=[user.last_name for user in users],
        organisation_id=[None] * len(users),
        organisation=organisations,
        group_ids=[()] * len(users),
        label_id=[None] * len(users),
        team_id=[None] * len(users),
        language=[user.language for user in users],
    )
