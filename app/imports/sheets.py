"""A sheet of an uploaded workbook -> text in the database. Never looks into a row, never decides which sheet."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.db.base import new_id
from app.db.session import Database
from app.imports import queries
from app.imports.issues import Issue, IssueCode
from app.imports.models import Import, ImportEdit
from app.imports.pieces import Limits, TextPieces, delete_pieces, move_text
from app.imports.workbooks.workbook import TURNS, Workbook, read_sheet, take_turn


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet whose text is in the database, under an id of its own until it is an import's."""

    id: uuid.UUID
    workbook: Workbook
    lines: int


def hidden_rows(workbook: Workbook | None) -> list[dict[str, Any]]:
    """A warning where a sheet has rows that nobody sees: they are people like the others."""
    if workbook is None or not workbook.hidden_rows:
        return []
    return [Issue(IssueCode.ROWS_HIDDEN, None, params={"count": workbook.hidden_rows}).as_json_of_file()]


def store_sheet(
    database: Database, platform_id: int, import_id: uuid.UUID, name: str | None, pieces: TextPieces, limits: Limits
) -> tuple[Workbook, int]:
    """Read a sheet (None: the first that is not empty) of an uploaded workbook into pieces: what it is, its lines.

    Takes seconds: hold no transaction, but a turn. Raises AppError where it cannot be read, or is too large.
    """
    lines = 0

    def take(chunk: bytes) -> None:
        nonlocal lines
        lines += chunk.count(b"\n")
        limits.check_lines(lines)
        limits.check_unpacked(pieces.size + len(chunk))
        pieces.write(chunk)

    workbook = read_sheet(queries.originals(database, platform_id, import_id), name, take)
    pieces.end()
    return workbook, lines


@contextmanager
def another_sheet(
    database: Database, platform_id: int, import_id: uuid.UUID, name: str, limits: Limits
) -> Iterator[Sheet]:
    """Another sheet of an import's workbook, to be given to it by `take_over`. Raises AppError, service_busy too."""
    id_ = new_id()
    take_turn()
    try:
        try:
            pieces = TextPieces(database, platform_id, id_)
            workbook, lines = store_sheet(database, platform_id, import_id, name, pieces, limits)
        finally:
            TURNS.release()
        yield Sheet(id_, workbook, lines)
    finally:
        with database.writing() as session:
            delete_pieces(session, platform_id, id_)


def take_over(session: Session, imported: Import, sheet: Sheet) -> None:
    """From here on the import reads this sheet. What was said and made of the other one's lines is forgotten."""
    move_text(session, imported.platform_id, sheet.id, to=imported.id)
    session.execute(
        delete(ImportEdit).where(ImportEdit.platform_id == imported.platform_id, ImportEdit.import_id == imported.id)
    )
    imported.value_edits = {}
    imported.edited_rows = 0
    imported.overrides = {}
    imported.sheet = sheet.workbook.sheet
    of_file = [issue for issue in imported.file_issues if issue["code"] != IssueCode.ROWS_HIDDEN]
    imported.file_issues = of_file + hidden_rows(sheet.workbook)
    imported.line_breaks = sheet.lines
