"""What people do with an import: map, look at the preview, commit, delete. Starts work; check and commit do it.

Decides by the import's state which step is allowed (steps); never plans a row itself, never commits a transaction.
"""

import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.access import audit
from app.access.actor import Actor
from app.access.audit import Action
from app.db.base import new_id, utcnow
from app.db.session import Database
from app.errors import AppError, Code, FieldError
from app.imports import issues as findings
from app.imports import queries, work
from app.imports.check import check_import
from app.imports.commit import empty_result
from app.imports.look import find_import, require_file
from app.imports.matching.headers import is_known_header
from app.imports.matching.mapping import check_mapping
from app.imports.meanings import language_of
from app.imports.models import Import
from app.imports.pieces import Limits, forget_starts
from app.imports.reading.detect import detect
from app.imports.reading.dialect import Overrides
from app.imports.remembered import remember
from app.imports.sheets import Sheet, another_sheet, take_over
from app.imports.steps import FINISHED, ImportState, Task, may_follow
from app.imports.sweep import drop_file
from app.imports.undo import nothing_undone
from app.imports.upload import note_detected
from app.imports.work import Job
from app.invitations.people import add_message
from app.texts import languages

LINES_CHECKED_AT_ONCE = 2000
_CHECKS_AT_ONCE = threading.BoundedSemaphore(4)
_TURN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class NewMapping:
    """How people match a file: columns by position (None: only read it anew), defaults, and how it is read."""

    columns: Sequence[str | None] | None
    defaults: Mapping[str, Any]
    overrides: Overrides
    sheet: Sheet | None = None
    """Another sheet, by `chosen_sheet`."""


@dataclass(frozen=True, slots=True)
class CommitOptions:
    """What POST commit says; two commits are the same if all but `version` is."""

    version: int | None
    send_invitations: bool
    hold_minutes: int
    message: str | None
    on_rejected: str

    def stored(self) -> dict[str, Any]:
        """What a later commit is compared with."""
        return {
            "send_invitations": self.send_invitations,
            "hold_minutes": self.hold_minutes,
            "message": self.message,
            "on_rejected": self.on_rejected,
        }


def set_mapping(
    session: Session, actor: Actor, import_id: uuid.UUID, mapping: NewMapping, *, columns_limit: int
) -> Job | None:
    """Map the columns, or without columns only read the file anew.

    A small file's check is the caller's to do at once: its job is returned; a larger one waits for the worker.
    Raises not_found, import_closed, file_deleted, mapping_invalid, and what reading the file anew raises.
    """
    imported = find_import(session, actor, import_id, is_locked=True)
    if imported.commit_options is not None:
        raise AppError(Code.IMPORT_CLOSED)
    require_file(imported)
    if mapping.sheet is not None:
        take_over(session, imported, mapping.sheet)
    overrides = _merged(imported, mapping.overrides)
    if mapping.sheet is not None or overrides != Overrides(**imported.overrides):
        _read_anew(session, imported, overrides, columns_limit)
    defaults = _understood(mapping.defaults)
    if mapping.columns is not None:
        errors = check_mapping(mapping.columns, defaults, imported.headers)
        if errors:
            raise AppError(Code.MAPPING_INVALID, fields=errors)
    imported.defaults = defaults
    imported.columns = list(mapping.columns) if mapping.columns is not None else None
    audit.record(session, actor, Action.IMPORT_MAPPED, imported.id, is_matched=mapping.columns is not None)
    if mapping.columns is None:
        imported.version += 1
        work.stop(imported, ImportState.UPLOADED)
        return None
    now = utcnow()
    remember(session, imported, mapping.columns, now=now)
    return check_anew(imported, now=now)


@contextmanager
def chosen_sheet(
    database: Database, actor: Actor, import_id: uuid.UUID, name: str | None, limits: Limits
) -> Iterator[Sheet | None]:
    """The sheet a mapping asks for, read; None where that is the one the import has. Takes seconds.

    Raises not_found, import_closed, file_deleted, mapping_invalid, service_busy, and what reading it raises.
    """
    with database.reading() as session:
        imported = find_import(session, actor, import_id)
    if name is None or name == imported.sheet:
        yield None
        return
    if imported.commit_options is not None:
        raise AppError(Code.IMPORT_CLOSED)
    require_file(imported)
    if name not in imported.sheets:
        code = "sheet_unknown" if imported.sheets else "no_sheets"
        raise AppError(
            Code.MAPPING_INVALID, fields=[FieldError("/sheet", code, {"sheets": ", ".join(imported.sheets[:20])})]
        )
    with another_sheet(database, actor.platform_id, import_id, name, limits) as sheet:
        yield sheet


def check_anew(imported: Import, *, now: datetime) -> Job | None:
    """Something about the import was changed: a new version, and its check. A small one's job is the caller's."""
    imported.version += 1
    if imported.line_breaks > LINES_CHECKED_AT_ONCE:
        work.start(imported, ImportState.CHECKING, now=now)
        return None
    lease = new_id()
    work.start(imported, ImportState.CHECKING, now=now, lease=lease)
    return Job(imported.platform_id, imported.id, ImportState.CHECKING, lease, attempts=1)


def check_now(database: Database, job: Job, *, max_lines: int) -> None:
    """Check a small file within the request. If a newer mapping came in between, that one's check counts.

    Only a few at a time, so that a flood of them stops nobody else: what finds no turn soon is left to the worker.
    """
    if not _CHECKS_AT_ONCE.acquire(timeout=_TURN_SECONDS):
        work.leave_to_worker(database, job)
        return
    try:
        check_import(database, job, max_lines=max_lines)
    except work.NoLongerOurs:
        return
    finally:
        _CHECKS_AT_ONCE.release()


def commit(session: Session, actor: Actor, import_id: uuid.UUID, options: CommitOptions, *, now: datetime) -> None:
    """ "Import and Invite": hand the import to the worker. Committing twice is committing once.

    Raises, in this order: already_committed, preview_outdated, not_ready, question_open, rows_rejected.
    """
    imported = find_import(session, actor, import_id, is_locked=True)
    if imported.commit_options is not None:
        stored = {key: value for key, value in imported.commit_options.items() if key != "held_until"}
        if stored != options.stored():
            raise AppError(Code.ALREADY_COMMITTED)
        if imported.state == ImportState.FAILED and imported.undo_requested_at is None:
            require_file(imported)
            work.start(imported, ImportState.COMMITTING, now=now)  # goes on at its checkpoint
            audit.record(session, actor, Action.IMPORT_COMMITTED, imported.id, is_resumed=True)
        return
    if options.version is not None and options.version != imported.version:
        raise AppError(Code.PREVIEW_OUTDATED, version=imported.version)
    require_file(imported)
    if not may_follow(ImportState(imported.state), ImportState.COMMITTING) or imported.state == ImportState.FAILED:
        raise AppError(Code.NOT_READY, state=imported.state)
    imported.inviter_name, imported.inviter_email = actor.inviter_name, actor.email
    begin_commit(session, actor, imported, options, now=now)


def begin_commit(session: Session, actor: Actor, imported: Import, options: CommitOptions, *, now: datetime) -> None:
    """Hand a checked import to the worker. Raises question_open, rows_rejected."""
    if any(issue["code"] not in findings.WARNINGS for issue in imported.file_issues):
        raise AppError(Code.QUESTION_OPEN)
    preview = queries.preview_of(session, imported.platform_id, imported.id)
    rejected = preview.content["summary"]["rejected"] if preview else 0
    if options.on_rejected == "abort" and rejected:
        raise AppError(Code.ROWS_REJECTED, rejected=rejected)
    held_until = now + timedelta(minutes=options.hold_minutes) if options.hold_minutes else None
    imported.commit_options = options.stored() | {"held_until": held_until.isoformat() if held_until else None}
    imported.message_id = add_message(session, imported.platform_id, options.message)
    imported.result = empty_result()
    imported.checkpoint = imported.rows_done = 0
    work.start(imported, ImportState.COMMITTING, now=now)
    audit.record(
        session,
        actor,
        Action.IMPORT_COMMITTED,
        imported.id,
        send_invitations=options.send_invitations,
        hold_minutes=options.hold_minutes,
        on_rejected=options.on_rejected,
    )


def send(session: Session, actor: Actor, import_id: uuid.UUID, *, now: datetime) -> None:
    """Hand to the worker: invite who was added quietly, release what is held. Raises not_found, not_sendable."""
    imported = find_import(session, actor, import_id, is_locked=True)
    if imported.state not in FINISHED:
        raise AppError(Code.NOT_SENDABLE, state=imported.state)
    imported.inviter_name, imported.inviter_email = actor.inviter_name, actor.email
    work.start(imported, ImportState(imported.state), now=now, task=Task.SEND)
    audit.record(session, actor, Action.IMPORT_SENT, imported.id)


def cancel(session: Session, actor: Actor, import_id: uuid.UUID, *, now: datetime) -> None:
    """Stop a commit, or give up one that failed; of a finished import, hold the mails that have not left (rule 13).

    What was added stays. Again is harmless. Raises not_found; not_running where nothing was committed, or it is taken
    back.
    """
    imported = find_import(session, actor, import_id, is_locked=True)
    state = ImportState(imported.state)
    if state is ImportState.CANCELLING:
        return
    if state in FINISHED:
        work.start(imported, state, now=now, task=Task.HOLD)
    elif _is_committed(imported) and may_follow(state, ImportState.CANCELLING):
        work.start(imported, ImportState.CANCELLING, now=now)
    else:
        raise AppError(Code.NOT_RUNNING, state=imported.state)
    audit.record(session, actor, Action.IMPORT_CANCELLED, imported.id)


def undo(session: Session, actor: Actor, import_id: uuid.UUID, *, now: datetime) -> None:
    """Take back what a commit did, also while it does it (rule 13). Needs no file. An undo that failed goes on.

    Again is harmless. Raises not_found; not_undoable before any commit.
    """
    imported = find_import(session, actor, import_id, is_locked=True)
    state = ImportState(imported.state)
    if state in {ImportState.UNDOING, ImportState.UNDONE}:
        return
    if imported.commit_options is None:
        raise AppError(Code.NOT_UNDOABLE, state=imported.state)
    if imported.undo_requested_at is None:
        imported.undo_requested_at = now
        imported.result = (imported.result or empty_result()) | {"undo": nothing_undone()}
        imported.rows_done = 0  # progress is told in people from here on
    work.start(imported, ImportState.UNDOING, now=now)
    audit.record(session, actor, Action.IMPORT_UNDONE, imported.id)


def _is_committed(imported: Import) -> bool:
    """Whether what a commit did stands: it was begun, and nobody takes it back."""
    return imported.commit_options is not None and imported.undo_requested_at is None


def delete_import(session: Session, actor: Actor, import_id: uuid.UUID, *, now: datetime) -> None:
    """Drop the file and its rows; the counts stay. Again is harmless. Raises not_found, import_busy.

    From here on they are gone for everybody; `work.forget` takes them out of the database, a few at a time.
    """
    imported = find_import(session, actor, import_id, is_locked=True)
    if work.is_working(imported):
        raise AppError(Code.IMPORT_BUSY, state=imported.state)
    if imported.file_deleted_at is None:
        drop_file(session, imported, now=now)
        audit.record(session, actor, Action.IMPORT_DELETED, imported.id)


def forget(database: Database, actor: Actor, import_id: uuid.UUID) -> None:
    """Take what a deleted import dropped out of the database. The sweep goes on where this is cut short."""
    work.forget(database, actor.platform_id, import_id)


def _merged(imported: Import, given: Overrides) -> Overrides:
    """What was said before stays said until it is said differently."""
    before = Overrides(**imported.overrides)
    return Overrides(
        encoding=given.encoding or before.encoding,
        delimiter=given.delimiter or before.delimiter,
        quote=before.quote if given.quote is None else given.quote,
        escape=before.escape if given.escape is None else given.escape,
        header_line=before.header_line if given.header_line is None else given.header_line,
        ignore_lines=before.ignore_lines if given.ignore_lines is None else given.ignore_lines,
    )


def _read_anew(session: Session, imported: Import, overrides: Overrides, columns_limit: int) -> None:
    head = queries.piece(session, imported.platform_id, imported.id, 0) or b""
    found = detect(
        head,
        is_whole=queries.piece(session, imported.platform_id, imported.id, 1) is None,
        encoding=imported.encoding,
        overrides=overrides,
        is_known_header=is_known_header,
        max_columns=columns_limit,
        is_sheet=imported.format != "csv",
    )
    imported.overrides = asdict(overrides)
    forget_starts(session, imported.platform_id, imported.id)
    note_detected(session, imported, found)


def _understood(defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults, the language understood as in a cell."""
    given = defaults.get("language")
    if given is None:
        return dict(defaults)
    language = language_of(given, languages())
    if language is None:
        params = {"value": given, "languages": ", ".join(languages())}
        raise AppError(Code.MAPPING_INVALID, fields=[FieldError("/defaults/language", "language_unknown", params)])
    return {**defaults, "language": language}
