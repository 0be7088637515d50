"""Looking at imports: one, many, their result, preview, rows and issues. Changes nothing.

Rows that are clean are read from the file again; the others were kept by the check.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.credentials import platform_by_id
from app.delivery import outbox
from app.delivery.models import DeliveryBatch
from app.errors import AppError, Code, not_found
from app.imports import issues as findings
from app.imports import planning, queries
from app.imports.commit import COUNTED, empty_result
from app.imports.issues import Issue
from app.imports.models import Import, ImportRow
from app.imports.reading.table import Record
from app.imports.row import Edit, Outcome, RowReader
from app.imports.steps import ImportState


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


def get_import(session: Session, actor: Actor, import_id: uuid.UUID) -> ImportView:
    """One import of the actor's platform. Raises AppError not_found."""
    imported = find_import(session, actor, import_id)
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
        "rows": done if imported.state == ImportState.COMMITTING else rows,
        **{name: stored[name] for name in COUNTED.values()},
        "not_done": 0 if imported.state == ImportState.COMMITTING else rows - done,
        "mails": {"queued": (mails.total if mails else 0) - sum(totals.values()), **totals},
        "creates": stored.get("creates", creates),
        "changed_since_preview": stored["changed_since_preview"],
        "undo": stored.get("undo"),
    }


def get_preview(session: Session, actor: Actor, import_id: uuid.UUID) -> Mapping[str, Any] | None:
    """The preview of the last check; None while one is running. Raises not_found, not_mapped, check_failed."""
    imported = find_import(session, actor, import_id)
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
    imported = planned_import(session, actor, import_id)
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
        return [row_view(row) for row in kept]
    return _rows_of_the_file(session, imported, outcome, limit, after)


def _rows_of_the_file(
    session: Session, imported: Import, outcome: Outcome | None, limit: int, after: int
) -> list[RowView]:
    platform_id = imported.platform_id
    reader = RowReader(planning.recipe_of(imported, platform_by_id(session, platform_id).default_language))
    start = queries.start_before(session, platform_id, imported.id, after + 1)
    records = (
        record for record in planning.reader_of(session, imported, start_at=start).records() if record[0] > after
    )
    found: list[RowView] = []
    while len(found) < limit and (batch := list(islice(records, max(limit, 200)))):
        kept = queries.rows_between(session, platform_id, imported.id, batch[0][0], batch[-1][0])
        edits = planning.edits_of(session, imported, batch)
        for record in batch:
            row = kept.get(record[0])
            if row is None:
                found.append(_clean_view(reader, record, edits.get(record[0])))
            elif outcome is None or row.outcome == outcome:
                found.append(row_view(row))
    return found[:limit]


def _clean_view(reader: RowReader, record: Record, edit: Edit | None) -> RowView:
    row = reader.read(record, edit)
    return RowView(row.line, Outcome.ADD, row.shown_values(), ())


def row_view(row: ImportRow) -> RowView:
    """A kept row."""
    return RowView(
        row.line, row.outcome, row.values, tuple(findings.from_json(stored, row.line) for stored in row.issues)
    )


def get_row(session: Session, actor: Actor, import_id: uuid.UUID, line: int) -> RowView:
    """The row on a line as it is planned; while a check is running, as far as it can be told by itself.

    Raises not_found for a line on which no row starts, not_mapped, file_deleted.
    """
    imported = find_import(session, actor, import_id)
    if imported.columns is None:
        raise AppError(Code.NOT_MAPPED)
    require_file(imported)
    kept = queries.rows_between(session, actor.platform_id, import_id, line, line).get(line)
    if kept is not None and imported.state != ImportState.CHECKING:
        return row_view(kept)
    start = queries.start_before(session, actor.platform_id, import_id, line)
    records = planning.reader_of(session, imported, start_at=start).records()
    record = next((found for found in records if found[0] >= line), None)
    if record is None or record[0] != line:
        raise not_found()
    plan = planning.plan_of(session, imported)
    rows = plan.read([record], planning.edits_of(session, imported, [record]))
    plan.settle(rows, planning.known_addresses(session, actor.platform_id, rows))
    (row,) = rows
    return RowView(line, row.outcome, row.shown_values(), row.issues)


def list_issues(
    session: Session, actor: Actor, import_id: uuid.UUID, *, code: str | None, limit: int, after: str | None
) -> list[tuple[str, Issue]]:
    """Findings behind a position (`line.number`), the file's first, each with its own position."""
    imported = planned_import(session, actor, import_id)
    line, number = map(int, after.split(".")) if after else (0, -1)
    found: list[tuple[str, Issue]] = []
    stored_by_line: list[tuple[int, list[Any]]] = [(0, imported.file_issues)] if line == 0 else []
    # One row more than asked for: the one the position is in may have nothing left to tell.
    rows = queries.list_rows(
        session, actor.platform_id, import_id, code=code, with_issues=True, from_line=max(line, 1), limit=limit + 1
    )
    stored_by_line += [(row.line, row.issues) for row in rows]
    for at, stored in stored_by_line:
        for position, item in enumerate(stored):
            if (at, position) > (line, number) and code in (None, item["code"]):
                found.append((f"{at}.{position}", findings.from_json(item, at or None)))
    return found[:limit]


def find_import(session: Session, actor: Actor, import_id: uuid.UUID, *, is_locked: bool = False) -> Import:
    """The row of an import of the actor's platform, locked where it will be changed. Raises AppError not_found."""
    imported = queries.get_import(session, actor.platform_id, import_id, is_locked=is_locked)
    if imported is None:
        raise not_found()
    return imported


def planned_import(session: Session, actor: Actor, import_id: uuid.UUID) -> Import:
    """An import whose rows are planned. Raises not_found, not_mapped, not_ready, check_failed, file_deleted."""
    imported = find_import(session, actor, import_id)
    if imported.columns is None:
        raise AppError(Code.NOT_MAPPED)
    if imported.state == ImportState.CHECKING:
        raise AppError(Code.NOT_READY, state=imported.state)
    if imported.state == ImportState.FAILED and imported.commit_options is None:
        raise AppError(Code.CHECK_FAILED, reason=imported.failure_code or "")
    require_file(imported)
    return imported


def require_file(imported: Import) -> None:
    """Raises AppError file_deleted."""
    if imported.file_deleted_at is not None:
        raise AppError(Code.FILE_DELETED)
