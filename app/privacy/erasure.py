"""Erases a person: every name and address of theirs, wherever it is kept. The audit list keeps their id.

Decides what is deleted and what is only made nameless; never touches what belongs to somebody else. A file that tells
of them is dropped whole.
"""

import time
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.access import audit
from app.access.actor import Actor
from app.access.audit import Action
from app.access.credentials import end_sessions
from app.access.models import ApiKey
from app.db.base import utcnow
from app.db.session import Database
from app.delivery import outbox
from app.delivery.outbox import StillLeaving
from app.delivery.senders.base import sender_from_url
from app.delivery.senders.folder import FolderSender
from app.directory.models import Role, Team
from app.directory.service import remove_people
from app.errors import AppError, Code
from app.imports import queries as imports
from app.imports import work
from app.imports.models import Import, RememberedMapping
from app.imports.sweep import drop_file
from app.invitations.models import Invitation, InvitationMessage
from app.privacy.files import imports_with
from app.privacy.nameless import NAMELESS, answers_naming, empty_answers, imports_naming, make_imports_nameless
from app.privacy.person import Person, is_as_seen, known_of

_WAIT_SECONDS = 5.0
_ATTEMPTS = 3
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Named:
    """What tells of somebody among much that does not."""

    imports: Sequence[uuid.UUID]
    answers: Sequence[bytes]


def erase(database: Database, actor: Actor, user_id: uuid.UUID, *, mail_url: str) -> None:
    """Erase a person of the actor's platform. Cut short, it may be asked for again.

    Raises not_found; import_busy while an import that tells of them is at work; service_busy while a mail to them is
    just leaving.
    """
    sender = sender_from_url(mail_url)
    folder = sender if isinstance(sender, FolderSender) else None
    for _ in range(_ATTEMPTS):
        with suppress(_Moved):
            _erase_as_seen(database, actor, user_id, folder)
            return
    raise AppError(Code.SERVICE_BUSY, retry_after=5)


class _Moved(Exception):  # noqa: N818 nothing is wrong: they were invited anew, or accepted, while we looked
    """There is more of somebody than we looked for."""


def _erase_as_seen(database: Database, actor: Actor, user_id: uuid.UUID, folder: FolderSender | None) -> None:
    with database.reading() as session:
        person = known_of(session, actor.platform_id, user_id, now=utcnow())
        named = Named(imports_naming(session, person), answers_naming(session, person))
    files = person.imports | set(imports_with(database, person.platform_id, person.traces))
    with database.reading() as session:
        _require_at_rest(session, person, files)
    _forget_as_inviter(database, person, folder)
    _erase(database, actor, person, files, named, folder)
    _forget_as_inviter(database, person, folder)  # what they did in the meantime; from here on they are nobody
    for import_id in files:
        work.forget(database, person.platform_id, import_id)


def _erase(
    database: Database,
    actor: Actor,
    person: Person,
    files: Iterable[uuid.UUID],
    named: Named,
    folder: FolderSender | None,
) -> None:
    until = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            with database.writing() as session:
                _erase_rows(session, actor, person, sorted(files), named, folder, now=utcnow())
            return
        except StillLeaving:
            if time.monotonic() > until:
                raise AppError(Code.SERVICE_BUSY, retry_after=5) from None
            time.sleep(0.1)


def _require_at_rest(
    session: Session, person: Person, import_ids: Iterable[uuid.UUID], *, is_locked: bool = False
) -> list[Import]:
    """Those of these imports that have a file. Raises AppError import_busy where somebody reads it just now."""
    found = []
    for import_id in import_ids:
        imported = imports.get_import(session, person.platform_id, import_id, is_locked=is_locked)
        if imported is None or imported.file_deleted_at is not None:
            continue
        if work.is_working(imported):
            raise AppError(Code.IMPORT_BUSY, state=imported.state, retry_after=5)
        found.append(imported)
    return found


def _erase_rows(
    session: Session,
    actor: Actor,
    person: Person,
    files: Sequence[uuid.UUID],
    named: Named,
    folder: FolderSender | None,
    *,
    now: datetime,
) -> None:
    platform_id, traces = person.platform_id, person.traces
    if not is_as_seen(session, person):
        raise _Moved
    # First the mails, then what they are about: the order in which whoever sends them takes hold of both.
    names = outbox.forget(session, platform_id, [*person.invitations, person.id], now=now)
    for imported in _require_at_rest(session, person, files, is_locked=True):
        drop_file(session, imported, now=now)
    make_imports_nameless(session, person, named.imports)
    end_sessions(session, platform_id, person.id)
    of_person = Invitation.platform_id == platform_id, Invitation.id.in_(person.invitations)
    session.execute(delete(Invitation).where(*of_person))
    _forget_messages(session, person)
    session.execute(
        update(Team)
        .where(Team.platform_id == platform_id, Team.pending_leader_canonical == person.canonical)
        .values(pending_leader_email=None, pending_leader_canonical=None, leader_set_by_import_id=None)
    )
    remove_people(session, platform_id, [person.id])
    empty_answers(session, person, named.answers)
    for remembered in session.scalars(select(RememberedMapping).where(RememberedMapping.platform_id == platform_id)):
        if traces.are_in(" ".join(remembered.columns)):
            session.delete(remembered)
    for key in session.scalars(select(ApiKey).where(ApiKey.platform_id == platform_id)):
        if traces.are_in(key.name):
            key.name = NAMELESS
    audit.record(session, actor, Action.USER_DELETED, person.id, files_dropped=len(files))
    session.flush()
    if folder is not None:
        folder.remove(names)  # last: from here on only the commit can fail, and then a mail less is kept


def _forget_messages(session: Session, person: Person) -> None:
    """Personal messages that were theirs alone. A message is kept just before the invitations that carry it."""
    for message_id in person.messages:
        is_used = session.scalar(
            select(Invitation.id)
            .where(
                Invitation.platform_id == person.platform_id,
                Invitation.id.between(message_id, uuid.UUID(int=message_id.int + (_AN_HOUR << 80))),
                Invitation.message_id == message_id,
            )
            .limit(1)
        )
        if is_used is None:
            session.execute(
                delete(InvitationMessage).where(
                    InvitationMessage.platform_id == person.platform_id, InvitationMessage.id == message_id
                )
            )


_AN_HOUR = 3_600_000
"""In milliseconds, which a UUIDv7 begins with."""


def _forget_as_inviter(database: Database, person: Person, folder: FolderSender | None) -> None:
    """Invitations an administrator signed are the platform's from now on. A few at a time: there may be a million."""
    if person.role != Role.ADMIN:
        return
    last = uuid.UUID(int=0)
    while True:
        with database.reading() as session:
            found = session.execute(
                select(Invitation.id, Invitation.generation)
                .where(
                    Invitation.platform_id == person.platform_id,
                    Invitation.id > last,
                    Invitation.inviter_email.in_(person.addresses),
                )
                .order_by(Invitation.id)
                .limit(_AT_ONCE)
            ).all()
        if not found:
            return
        with database.writing() as session:
            session.execute(
                update(Invitation)
                .where(
                    Invitation.platform_id == person.platform_id,
                    Invitation.id.in_([row.id for row in found]),
                )
                .values(inviter_name=None, inviter_email=None)
            )
        if folder is not None:
            folder.remove(
                outbox.file_name(row.id, generation) for row in found for generation in range(1, row.generation + 1)
            )
        last = found[-1].id
        database.give_way()
