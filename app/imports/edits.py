"""What people make of a file without touching it: one row's values, a value wherever it stands, rows left out.

Edits are kept beside the file and a new check plans with them; never edits an import that was committed.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from app.access import audit
from app.access.actor import Actor
from app.access.audit import Action
from app.db import bulk
from app.db.base import Json, utcnow
from app.errors import AppError, Code, FieldError
from app.imports import queries
from app.imports.issues import IssueCode
from app.imports.look import find_import, planned_import, require_file
from app.imports.models import Import, ImportEdit, ImportRow
from app.imports.service import check_anew
from app.imports.work import Job

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class RowChange:
    """What to do with a row. `are_forgotten`: back to the file's own values; `is_skipped` None: as it is."""

    values: Mapping[str, str]
    are_forgotten: bool
    is_skipped: bool | None


def open_import(session: Session, actor: Actor, import_id: uuid.UUID, *, is_locked: bool = True) -> Import:
    """An import that may be edited, locked where it will be.

    Raises AppError not_found, import_closed, not_mapped, file_deleted.
    """
    imported = find_import(session, actor, import_id, is_locked=is_locked)
    if imported.commit_options is not None:
        raise AppError(Code.IMPORT_CLOSED)
    if imported.columns is None:
        raise AppError(Code.NOT_MAPPED)
    require_file(imported)
    return imported


def edit_row(session: Session, actor: Actor, import_id: uuid.UUID, line: int, change: RowChange) -> Job | None:
    """Change one row; returns the check of a small file, the caller's to do. Raises what `open_import` raises."""
    imported = open_import(session, actor, import_id)
    edit = session.get(ImportEdit, (actor.platform_id, import_id, line))
    if edit is None:
        edit = ImportEdit(platform_id=actor.platform_id, import_id=import_id, line=line, values={}, is_skipped=False)
    if change.are_forgotten:
        edit.values = {}
    else:
        edit.values = edit.values | dict(change.values)
    if change.is_skipped is not None:
        edit.is_skipped = change.is_skipped
    if edit.values or edit.is_skipped:
        session.add(edit)
    elif edit in session:
        session.delete(edit)
    return _edited(session, actor, imported, "row", rows=1)


def edit_value(
    session: Session, actor: Actor, import_id: uuid.UUID, *, column: str, value: str, becomes: str
) -> Job | None:
    """Make one value of a column another wherever it stands; itself again takes that back.

    Raises mapping_invalid for a column that nothing of the file feeds, and what `open_import` raises.
    """
    imported = open_import(session, actor, import_id)
    if column not in (imported.columns or ()):
        raise AppError(Code.MAPPING_INVALID, fields=[FieldError("/column", "column_not_mapped", {"column": column})])
    of_column = dict(imported.value_edits.get(column, {}))
    if value == becomes:
        of_column.pop(value, None)
    else:
        of_column[value] = becomes
    imported.value_edits = imported.value_edits | {column: of_column}
    return _edited(session, actor, imported, "value", column=column)


def edit_rows_with(
    session: Session,
    actor: Actor,
    import_id: uuid.UUID,
    *,
    issue: IssueCode,
    values: Mapping[str, str],
    is_skipped: bool,
) -> tuple[int, Job | None]:
    """Change every row that has an issue, in one statement; how many they are, and the check.

    Raises not_ready while a check is running, and what `open_import` raises.
    """
    imported = open_import(session, actor, import_id)
    planned_import(session, actor, import_id)
    rows = select(
        ImportRow.platform_id,
        ImportRow.import_id,
        ImportRow.line,
        literal(dict(values), Json),
        literal(is_skipped),
    ).where(
        ImportRow.platform_id == actor.platform_id,
        ImportRow.import_id == import_id,
        queries.has_issue(issue.value),
    )
    changed = session.scalar(select(func.count()).select_from(rows.subquery())) or 0
    insert = bulk.upsert(session, ImportEdit).from_select(
        ["platform_id", "import_id", "line", "values", "is_skipped"], rows
    )
    keys = [ImportEdit.platform_id, ImportEdit.import_id, ImportEdit.line]
    merged = bulk.merged_json(session, ImportEdit.__table__.c["values"], insert.excluded["values"])
    skipped = ImportEdit.is_skipped | insert.excluded.is_skipped
    session.execute(insert.on_conflict_do_update(index_elements=keys, set_={"values": merged, "is_skipped": skipped}))
    return changed, _edited(session, actor, imported, "issue", issue=issue.value, rows=changed)


def accept_suggestions(
    session: Session, actor: Actor, import_id: uuid.UUID, *, issue: IssueCode
) -> tuple[int, Job | None]:
    """Make every row that has an issue what the issue suggests; how many rows have a suggestion, and the check.

    What is suggested for a name holds wherever it stands. Raises not_ready while a check is running, and what
    `open_import` raises.
    """
    imported = open_import(session, actor, import_id)
    planned_import(session, actor, import_id)
    changed = from_line = 0
    while rows := queries.list_rows(
        session, actor.platform_id, import_id, code=issue.value, from_line=from_line, limit=_AT_ONCE
    ):
        suggested = {row.line: found for row in rows if (found := _suggested(row, issue))}
        if issue is IssueCode.NAME_CLOSE_TO_KNOWN:
            for found in suggested.values():
                imported.value_edits = _with(imported.value_edits, found)
        else:
            _merge_values(session, imported, {line: _values(found) for line, found in suggested.items()})
        changed += len(suggested)
        from_line = rows[-1].line + 1
    return changed, _edited(session, actor, imported, "accept", issue=issue.value, rows=changed)


def _suggested(row: ImportRow, issue: IssueCode) -> list[tuple[str, str, str]]:
    """Column, value and suggestion of each finding of a kind that has one."""
    return [
        (found["column"], found["value"], found["params"]["suggestion"])
        for found in row.issues
        if found["code"] == issue and found["params"].get("suggestion")
    ]


def _values(suggested: list[tuple[str, str, str]]) -> dict[str, str]:
    return {column: suggestion for column, _, suggestion in suggested}


def _with(
    value_edits: Mapping[str, Mapping[str, str]], suggested: list[tuple[str, str, str]]
) -> dict[str, dict[str, str]]:
    changed = {column: dict(becomes) for column, becomes in value_edits.items()}
    for column, value, suggestion in suggested:
        changed.setdefault(column, {})[value] = suggestion
    return changed


def _merge_values(session: Session, imported: Import, values: Mapping[int, Mapping[str, str]]) -> None:
    """Give rows values beside those they were given before; by line."""
    if not values:
        return
    insert = bulk.upsert(session, ImportEdit)
    merged = bulk.merged_json(session, ImportEdit.__table__.c["values"], insert.excluded["values"])
    keys = [ImportEdit.platform_id, ImportEdit.import_id, ImportEdit.line]
    of_import = {"platform_id": imported.platform_id, "import_id": imported.id, "is_skipped": False}
    session.execute(
        insert.on_conflict_do_update(index_elements=keys, set_={"values": merged}),
        [of_import | {"line": line, "values": dict(given)} for line, given in values.items()],
    )


def _edited(session: Session, actor: Actor, imported: Import, what: str, **details: object) -> Job | None:
    session.flush()
    audit.record(session, actor, Action.IMPORT_EDITED, imported.id, what=what, **details)
    imported.edited_rows = queries.count_edits(session, imported.platform_id, imported.id)
    return check_anew(imported, now=utcnow())
