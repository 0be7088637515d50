"""Erases a person: every name and address of theirs, wherever it is kept. The audit list keeps their id.

Decides what is deleted and what is only made nameless; never touches what belongs to somebody else. A file that tells
of them is dropped whole.
"""

import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.access import audit
from app.access.actor import Actor
from app.access.audit import Action
from app.access.credentials import end_sessions
from app.access.models import ApiKey, IdempotencyKey
from app.db.base import utcnow
from app.db.session import Database
from app.delivery import outbox
from app.delivery.outbox import StillLeaving
from app.delivery.senders.base import sender_from_url
from app.delivery.senders.folder import FolderSender
from app.directory.models import Role, Team, User
from app.directory.service import remove_people
from app.errors import AppError, Code, not_found
from app.imports import queries as imports
from app.imports import work
from app.imports.models import Import, RememberedMapping
from app.imports.sweep import drop_file
from app.invitations.address import NotAnAddress, canonical
from app.invitations.models import Invitation, InvitationMessage
from app.privacy.files import imports_with
from app.privacy.traces import Traces

NAMELESS = "—"
"""Stands where a name must stand."""
_WAIT_SECONDS = 5.0
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Person:
    """Somebody to forget, and all they are known by."""

    platform_id: int
    id: uuid.UUID
    role: str
    shown_as: str
    addresses: frozenset[str]
    canonical: str
    invitations: tuple[uuid.UUID, ...]
    messages: tuple[uuid.UUID, ...]
    imports: frozenset[uuid.UUID]
    traces: Traces


def erase(database: Database, actor: Actor, user_id: uuid.UUID, *, mail_url: str) -> None:
    """Erase a person of the actor's platform. Cut short, it may be asked for again.

    Raises not_found; import_busy while an import that tells of them is at work; service_busy while a mail to them is
    just leaving.
    """
    sender = sender_from_url(mail_url)
    folder = sender if isinstance(sender, FolderSender) else None
    with database.reading() as session:
        person = _known_of(session, actor.platform_id, user_id)
    files = person.imports | set(imports_with(database, person.platform_id, person.traces))
    with database.reading() as session:
        _require_at_rest(session, person, files)
    _forget_as_inviter(database, person, folder)
    _erase(database, actor, person, files, folder)
    _forget_as_inviter(database, person, folder)  # what they did in the meantime; from here on they are nobody
    for import_id in files:
        work.forget(database, person.platform_id, import_id)


def _known_of(session: Session, platform_id: int, user_id: uuid.UUID) -> _Person:
    user = session.get(User, (platform_id, user_id))
    if user is None:
        raise not_found()
    copies = _invitations_of(session, user)
    addresses = frozenset({user.email, user.email_canonical, *(copy.email for copy in copies)})
    names = {(user.first_name, user.last_name), *((copy.first_name, copy.last_name) for copy in copies)}
    made_by = {user.created_by_import_id, *(copy.import_id for copy in copies)}
    return _Person(
        platform_id=platform_id,
        id=user.id,
        role=user.role,
        shown_as=" ".join(filter(None, (user.first_name, user.last_name))) or user.email,
        addresses=addresses,
        canonical=user.email_canonical,
        invitations=tuple(copy.id for copy in copies),
        messages=tuple({copy.message_id for copy in copies if copy.message_id and copy.import_id is None}),
        imports=frozenset(import_id for import_id in made_by if import_id is not None),
        traces=Traces(addresses, names),
    )


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


def _erase(
    database: Database, actor: Actor, person: _Person, files: Iterable[uuid.UUID], folder: FolderSender | None
) -> None:
    until = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            with database.writing() as session:
                _erase_rows(session, actor, person, sorted(files), folder, now=utcnow())
            return
        except StillLeaving:
            if time.monotonic() > until:
                raise AppError(Code.SERVICE_BUSY, retry_after=5) from None
            time.sleep(0.1)


def _require_at_rest(
    session: Session, person: _Person, import_ids: Iterable[uuid.UUID], *, is_locked: bool = False
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
    person: _Person,
    files: Sequence[uuid.UUID],
    folder: FolderSender | None,
    *,
    now: datetime,
) -> None:
    platform_id, traces = person.platform_id, person.traces
    # First the mails, then what they are about: the order in which whoever sends them takes hold of both.
    names = outbox.forget(session, platform_id, [*person.invitations, person.id], now=now)
    for imported in _require_at_rest(session, person, files, is_locked=True):
        drop_file(session, imported, now=now)
    _make_imports_nameless(session, person)
    end_sessions(session, platform_id, person.id)
    of_person = Invitation.platform_id == platform_id, Invitation.id.in_(person.invitations)
    session.execute(delete(Invitation).where(*of_person))
    _forget_messages(session, person)
    session.execute(
        update(Team)
        .where(Team.platform_id == platform_id, Team.pending_leader_canonical == person.canonical)
        .values(pending_leader_email=None, pending_leader_canonical=None, leader_set_by_import_id=None)
    )
    if not remove_people(session, platform_id, [person.id]):
        raise not_found()  # somebody else was quicker
    _forget_answers(session, person)
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


def _make_imports_nameless(session: Session, person: _Person) -> None:
    """What imports tell of a person beside their rows: who made them, headers that are no headers, findings."""
    traces = person.traces
    rows = session.execute(
        select(
            Import.id,
            Import.created_by,
            Import.inviter_name,
            Import.inviter_email,
            Import.file_name,
            Import.headers,
            Import.suggestion,
            Import.file_issues,
            Import.failure_params,
            Import.commit_options,
        ).where(Import.platform_id == person.platform_id)
    )
    for row in rows.all():
        changes: dict[str, Any] = {}
        if traces.are_in(row.created_by) or row.created_by == person.shown_as:
            changes["created_by"] = NAMELESS
        if row.inviter_email in person.addresses or row.inviter_name == person.shown_as:
            changes |= {"inviter_name": None, "inviter_email": None}
        if traces.are_in(row.file_name):
            changes["file_name"] = NAMELESS
        if traces.are_in(" ".join(row.headers)):
            changes |= {"headers": traces.taken_out(row.headers), "suggestion": traces.taken_out(row.suggestion)}
        for name in ("file_issues", "failure_params", "commit_options"):
            value = getattr(row, name)
            if value is not None and traces.are_in(" ".join(_leaves(value))):
                changes[name] = traces.taken_out(value)
        if changes:
            of_import = Import.platform_id == person.platform_id, Import.id == row.id
            session.execute(update(Import).where(*of_import).values(**changes))


def _leaves(value: Any) -> Iterable[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _leaves(item)
        case dict():
            for item in value.values():
                yield from _leaves(item)


def _forget_messages(session: Session, person: _Person) -> None:
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


def _forget_answers(session: Session, person: _Person) -> None:
    """Answers kept for a retry that tell of them: the retry gets an empty one, and still does nothing twice."""
    ids = [str(one).encode() for one in (person.id, *person.invitations)]
    answers = session.execute(
        select(IdempotencyKey.key_hash, IdempotencyKey.body).where(
            IdempotencyKey.platform_id == person.platform_id, IdempotencyKey.body.is_not(None)
        )
    )
    told = [
        key_hash
        for key_hash, body in answers
        if body and (any(one in body for one in ids) or person.traces.are_in(body.decode("utf-8", "replace")))
    ]
    for start in range(0, len(told), _AT_ONCE):
        session.execute(
            update(IdempotencyKey)
            .where(
                IdempotencyKey.platform_id == person.platform_id,
                IdempotencyKey.key_hash.in_(told[start : start + _AT_ONCE]),
            )
            .values(body=b"{}")
        )


def _forget_as_inviter(database: Database, person: _Person, folder: FolderSender | None) -> None:
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
