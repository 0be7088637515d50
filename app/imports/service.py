"""What people do with an import: map, look at the preview, commit, delete. Starts work; check and commit do it.

Decides by the import's state which step is allowed (steps); never plans a row itself, never commits a transaction.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.credentials import platform_by_id
from app.db.base import new_id, utcnow
from app.db.session import Database
from app.delivery import outbox
from app.delivery.models import DeliveryBatch
from app.errors import AppError, Code, FieldError, not_found
from app.imports import issues as findings
from app.imports import queries, work
from app.imports.check import check_import
from app.imports.commit import COUNTED, empty_result
from app.imports.issues import Issue
from app.imports.mapping import check_mapping, is_known_header
from app.imports.models import Import, ImportRow
from app.imports.plan import KnownNames, Outcome, Plan, Recipe
from app.imports.steps import ImportState, may_follow
from app.imports.table import Overrides, Record, detect
from app.imports.upload import delete_pieces, note_detected
from app.imports.work import Job
from app.invitations.people import add_message
from app.texts import languages

LINES_CHECKED_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class ImportView:
    """An import with the count of its mails."""

    imported: Import
    mails: DeliveryBatch | None


@dataclass(frozen=True, slots=True)
class RowView:
    """A row as planned: what is shown of it."""

    line: int
    outcome: str
    values: Mapping[str, Any]
    issues: Sequence[Issue]


@dataclass(frozen=True, slots=True)
class NewMapping:
    """How people match a file: columns by position (None: only read it anew), defaults, and how it is read."""

    columns: Sequence[str | None] | None
    defaults: Mapping[str, Any]
    overrides: Overrides


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


# --- looking -----------------------------------------------------------------------------------------------------


def get_import(session: Session, actor: Actor, import_id: uuid.UUID) -> ImportView:
    """One import of the actor's platform. Raises AppError not_found."""
    imported = _get(session, actor, import_id)
    return ImportView(imported, outbox.totals_of(session, actor.platform_id, [import_id]).get(import_id))


def list_imports(session: Session, actor: Actor, *, limit: int, after: uuid.UUID | None) -> list[ImportView]:
    """Imports of the actor's platform, newest first."""
    found = queries.list_imports(session, actor.platform_id, limit=limit, after=after)
    mails = outbox.totals_of(session, actor.platform_id, [imported.id for imported in found])
    return [ImportView(imported, mails.get(imported.id)) for imported in found]


def result_of(view: ImportView) -> dict[str, Any] | None:
    """What the commit did so far, in rule 8's terms: they always add up to `rows`. None before it."""
    imported = view.imported
    if imported.commit_options is None:
        return None
    stored = imported.result or empty_result()
    rows = imported.rows_total or 0
    done = sum(stored[name] for name in COUNTED.values())
    mails = view.mails
    totals = {name: getattr(mails, name) if mails else 0 for name in ("sent", "failed", "held", "dropped")}
    creates: dict[str, list[str]] = {"organisations": [], "student_groups": [], "labels": [], "teams": []}
    return {
        "rows": rows,
        **{name: stored[name] for name in COUNTED.values()},
        "not_done": rows - done,
        "mails": {"queued": (mails.total if mails else 0) - sum(totals.values()), **totals},
        "creates": stored.get("creates", creates),
        "changed_since_preview": stored["changed_since_preview"],
        "undo": stored.get("undo"),
    }


def get_preview(session: Session, actor: Actor, import_id: uuid.UUID) -> Mapping[str, Any] | None:
    """The preview of the last check; None while one is running. Raises not_found, not_mapped, check_failed."""
    imported = _get(session, actor, import_id)
    if imported.state == ImportState.CHECKING:
        return None
    if imported.columns is None:
        raise AppError(Code.NOT_MAPPED)
    if imported.state == ImportState.FAILED and imported.commit_options is None:
        raise AppError(Code.CHECK_FAILED, reason=imported.failure_code or "")
    preview = queries.preview_of(session, actor.platform_id, import_id)
    if preview is None:
        raise AppError(Code.NOT_MAPPED)
    return {"version": preview.version, **preview.content}


def list_rows(
    database: Database,
    session: Session,
    actor: Actor,
    import_id: uuid.UUID,
    *,
    outcome: Outcome | None,
    code: str | None,
    limit: int,
    after: int,
) -> list[RowView]:
    """Planned rows behind a line, in the order of the file. Raises not_found, not_mapped, not_ready, file_deleted."""
    imported = _planned(session, actor, import_id)
    if code is not None or (outcome is not None and outcome is not Outcome.ADD):
        kept = queries.list_rows(
            session,
            actor.platform_id,
            import_id,
            outcome=outcome,
            code=code,
            from_line=after + 1,
            limit=limit,
        )
        return [_kept_view(row) for row in kept]
    return _rows_of_the_file(database, session, imported, outcome, limit, after)


def _rows_of_the_file(
    database: Database, session: Session, imported: Import, outcome: Outcome | None, limit: int, after: int
) -> list[RowView]:
    platform_id = imported.platform_id
    recipe = work.recipe_of(imported, platform_by_id(session, platform_id).default_language)
    start = queries.start_before(session, platform_id, imported.id, after + 1)
    records = (record for record in work.reader_of(database, imported, start_at=start).records() if record[0] > after)
    found: list[RowView] = []
    while len(found) < limit and (batch := list(islice(records, max(limit, 200)))):
        kept = queries.rows_between(session, platform_id, imported.id, batch[0][0], batch[-1][0])
        for record in batch:
            row = kept.get(record[0])
            if row is None:
                found.append(_clean_view(recipe, record))
            elif outcome is None or row.outcome == outcome:
                found.append(_kept_view(row))
    return found[:limit]


def _clean_view(recipe: Recipe, record: Record) -> RowView:
    row = Plan(recipe, KnownNames((), (), (), {})).read([record])[0]
    return RowView(row.line, Outcome.ADD, row.shown_values(), ())


def _kept_view(row: ImportRow) -> RowView:
    return RowView(
        row.line, row.outcome, row.values, tuple(findings.from_json(stored, row.line) for stored in row.issues)
    )


def list_issues(
    session: Session, actor: Actor, import_id: uuid.UUID, *, code: str | None, limit: int, after: str | None
) -> list[tuple[str, Issue]]:
    """Findings behind a position (`line.number`), the file's first, each with its own position."""
    imported = _planned(session, actor, import_id)
    line, number = map(int, after.split(".")) if after else (0, -1)
    found: list[tuple[str, Issue]] = []
    stored_by_line: list[tuple[int, list[Any]]] = [(0, imported.file_issues)] if line == 0 else []
    rows = queries.list_rows(
        session, actor.platform_id, import_id, code=code, with_issues=True, from_line=max(line, 1), limit=limit
    )
    stored_by_line += [(row.line, row.issues) for row in rows]
    for at, stored in stored_by_line:
        for position, item in enumerate(stored):
            if (at, position) > (line, number) and code in (None, item["code"]):
                found.append((f"{at}.{position}", findings.from_json(item, at or None)))
    return found[:limit]


# --- doing -------------------------------------------------------------------------------------------------------


def set_mapping(
    database: Database, session: Session, actor: Actor, import_id: uuid.UUID, mapping: NewMapping, *, columns_limit: int
) -> Job | None:
    """Map the columns, or without columns only read the file anew.

    A small file's check is the caller's to do at once: its job is returned; a larger one waits for the worker.
    Raises not_found, import_closed, file_deleted, mapping_invalid, and what reading the file anew raises.
    """
    imported = _get(session, actor, import_id)
    if imported.commit_options is not None:
        raise AppError(Code.IMPORT_CLOSED)
    _require_file(imported)
    overrides = _merged(imported, mapping.overrides)
    if overrides != Overrides(**imported.overrides):
        _read_anew(database, imported, overrides, columns_limit)
    _check_defaults(mapping.defaults)
    if mapping.columns is not None:
        errors = check_mapping(mapping.columns, mapping.defaults, imported.headers)
        if errors:
            raise AppError(Code.MAPPING_INVALID, fields=errors)
    now = utcnow()
    imported.version += 1
    imported.defaults = dict(mapping.defaults)
    imported.columns = list(mapping.columns) if mapping.columns is not None else None
    if mapping.columns is None:
        work.stop(imported, ImportState.UPLOADED)
        return None
    if imported.line_breaks > LINES_CHECKED_AT_ONCE:
        work.start(imported, ImportState.CHECKING, now=now)
        return None
    lease = new_id()
    work.start(imported, ImportState.CHECKING, now=now, lease=lease)
    return Job(actor.platform_id, import_id, ImportState.CHECKING, lease, attempts=1)


def check_now(database: Database, job: Job, *, max_lines: int) -> None:
    """Check a small file within the request. If a newer mapping came in between, that one's check counts."""
    try:
        check_import(database, job, max_lines=max_lines)
    except work.NoLongerOurs:
        return


def commit(session: Session, actor: Actor, import_id: uuid.UUID, options: CommitOptions, *, now: datetime) -> None:
    """ "Import and Invite": hand the import to the worker. Committing twice is committing once.

    Raises, in this order: already_committed, preview_outdated, not_ready, question_open, rows_rejected.
    """
    imported = _get(session, actor, import_id)
    if imported.commit_options is not None:
        stored = {key: value for key, value in imported.commit_options.items() if key != "held_until"}
        if stored != options.stored():
            raise AppError(Code.ALREADY_COMMITTED)
        if imported.state == ImportState.FAILED:
            work.start(imported, ImportState.COMMITTING, now=now)  # goes on at its checkpoint
        return
    if options.version is not None and options.version != imported.version:
        raise AppError(Code.PREVIEW_OUTDATED, version=imported.version)
    _require_file(imported)
    if not may_follow(ImportState(imported.state), ImportState.COMMITTING) or imported.state == ImportState.FAILED:
        raise AppError(Code.NOT_READY, state=imported.state)
    if any(issue["code"] not in findings.WARNINGS for issue in imported.file_issues):
        raise AppError(Code.QUESTION_OPEN)
    preview = queries.preview_of(session, actor.platform_id, import_id)
    rejected = preview.content["summary"]["rejected"] if preview else 0
    if options.on_rejected == "abort" and rejected:
        raise AppError(Code.ROWS_REJECTED, rejected=rejected)
    held_until = now + timedelta(minutes=options.hold_minutes) if options.hold_minutes else None
    imported.commit_options = options.stored() | {"held_until": held_until.isoformat() if held_until else None}
    imported.message_id = add_message(session, actor.platform_id, options.message)
    imported.inviter_name, imported.inviter_email = actor.inviter_name, actor.email
    imported.result = empty_result()
    imported.checkpoint = imported.rows_done = 0
    work.start(imported, ImportState.COMMITTING, now=now)


def send(session: Session, actor: Actor, import_id: uuid.UUID, *, now: datetime) -> None:
    """Hand to the worker: invite who was added quietly, release what is held. Raises not_found, not_sendable."""
    imported = _get(session, actor, import_id)
    if imported.state not in work.SENDABLE:
        raise AppError(Code.NOT_SENDABLE, state=imported.state)
    imported.inviter_name, imported.inviter_email = actor.inviter_name, actor.email
    imported.due_at = now
    imported.lease = None
    imported.attempts = 0


def delete_import(session: Session, actor: Actor, import_id: uuid.UUID, *, now: datetime) -> None:
    """Drop the file and its rows; the counts stay. Again is harmless. Raises not_found, import_busy."""
    imported = _get(session, actor, import_id)
    if work.is_working(imported):
        raise AppError(Code.IMPORT_BUSY, state=imported.state)
    if imported.file_deleted_at is not None:
        return
    imported.file_deleted_at = now
    imported.samples = [[] for _ in imported.headers]
    delete_pieces(session, actor.platform_id, import_id)
    session.execute(
        delete(ImportRow).where(ImportRow.platform_id == actor.platform_id, ImportRow.import_id == import_id)
    )
    preview = queries.preview_of(session, actor.platform_id, import_id)
    if preview is not None:
        preview.content = preview.content | {"rows": []}


# --- parts -------------------------------------------------------------------------------------------------------


def _get(session: Session, actor: Actor, import_id: uuid.UUID) -> Import:
    imported = queries.get_import(session, actor.platform_id, import_id)
    if imported is None:
        raise not_found()
    return imported


def _planned(session: Session, actor: Actor, import_id: uuid.UUID) -> Import:
    imported = _get(session, actor, import_id)
    if imported.columns is None:
        raise AppError(Code.NOT_MAPPED)
    if imported.state == ImportState.CHECKING:
        raise AppError(Code.NOT_READY, state=imported.state)
    if imported.state == ImportState.FAILED and imported.commit_options is None:
        raise AppError(Code.CHECK_FAILED, reason=imported.failure_code or "")
    _require_file(imported)
    return imported


def _require_file(imported: Import) -> None:
    if imported.file_deleted_at is not None:
        raise AppError(Code.FILE_DELETED)


def _merged(imported: Import, given: Overrides) -> Overrides:
    """What was said before stays said until it is said differently."""
    before = Overrides(**imported.overrides)
    return Overrides(
        encoding=given.encoding or before.encoding,
        delimiter=given.delimiter or before.delimiter,
        quote=given.quote or before.quote,
        header_line=before.header_line if given.header_line is None else given.header_line,
    )


def _read_anew(database: Database, imported: Import, overrides: Overrides, columns_limit: int) -> None:
    pieces = queries.pieces(database, imported.platform_id, imported.id)
    head = next(pieces, b"")
    found = detect(
        head,
        is_whole=imported.size == len(head),
        encoding=imported.encoding,
        overrides=overrides,
        is_known_header=is_known_header,
        max_columns=columns_limit,
    )
    imported.overrides = {
        "encoding": overrides.encoding,
        "delimiter": overrides.delimiter,
        "quote": overrides.quote,
        "header_line": overrides.header_line,
    }
    note_detected(imported, found)


def _check_defaults(defaults: Mapping[str, Any]) -> None:
    language = defaults.get("language")
    if language is not None and language not in languages():
        params = {"value": language, "languages": ", ".join(languages())}
        raise AppError(Code.MAPPING_INVALID, fields=[FieldError("/defaults/language", "language_unknown", params)])
