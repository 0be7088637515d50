"""Looks up imports, their pieces and their rows. Every query takes the platform; never changes anything."""

import uuid
import zlib
from collections.abc import Iterator, Sequence
from itertools import count

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.db.session import Database
from app.imports.models import Import, ImportEdit, ImportOriginal, ImportPiece, ImportPreview, ImportRow
from app.imports.reading.lines import Start
from app.imports.row import Edit
from app.imports.steps import ImportState

_NOT_COMMITTED = (ImportState.UPLOADED, ImportState.CHECKING, ImportState.READY)


def get_import(session: Session, platform_id: int, import_id: uuid.UUID, *, is_locked: bool = False) -> Import | None:
    """One import; locked, nobody else changes it before the transaction ends (SQLite has one writer anyway)."""
    return session.get(Import, (platform_id, import_id), populate_existing=True, with_for_update=is_locked)


def list_imports(session: Session, platform_id: int, *, limit: int, after: uuid.UUID | None) -> Sequence[Import]:
    """Imports, newest first, behind an id."""
    statement = select(Import).where(Import.platform_id == platform_id).order_by(Import.id.desc()).limit(limit)
    if after is not None:
        statement = statement.where(Import.id < after)
    return session.scalars(statement).all()


def preview_of(session: Session, platform_id: int, import_id: uuid.UUID) -> ImportPreview | None:
    """The preview of an import."""
    return session.get(ImportPreview, (platform_id, import_id))


def rows_between(
    session: Session, platform_id: int, import_id: uuid.UUID, first: int, last: int
) -> dict[int, ImportRow]:
    """The kept rows on these lines."""
    rows = session.scalars(
        select(ImportRow).where(
            ImportRow.platform_id == platform_id,
            ImportRow.import_id == import_id,
            ImportRow.line >= first,
            ImportRow.line <= last,
        )
    )
    return {row.line: row for row in rows}


def edits_between(session: Session, platform_id: int, import_id: uuid.UUID, first: int, last: int) -> dict[int, Edit]:
    """What people made of the rows on these lines."""
    found = session.scalars(
        select(ImportEdit).where(
            ImportEdit.platform_id == platform_id,
            ImportEdit.import_id == import_id,
            ImportEdit.line >= first,
            ImportEdit.line <= last,
        )
    )
    return {edit.line: Edit(edit.values, edit.is_skipped) for edit in found}


def has_issue(code: str) -> ColumnElement[bool]:
    """The condition for a kept row with a finding of a kind."""
    return ImportRow.codes.contains(f",{code},", autoescape=True)


def count_edits(session: Session, platform_id: int, import_id: uuid.UUID) -> int:
    """How many rows people have edited."""
    statement = select(func.count()).where(ImportEdit.platform_id == platform_id, ImportEdit.import_id == import_id)
    return session.scalar(statement) or 0


def list_rows(
    session: Session,
    platform_id: int,
    import_id: uuid.UUID,
    *,
    outcome: str | None = None,
    code: str | None = None,
    with_issues: bool = False,
    from_line: int,
    limit: int,
) -> Sequence[ImportRow]:
    """Kept rows from a line on, in the order of the file."""
    statement = (
        select(ImportRow)
        .where(ImportRow.platform_id == platform_id, ImportRow.import_id == import_id, ImportRow.line >= from_line)
        .order_by(ImportRow.line)
        .limit(limit)
    )
    if outcome is not None:
        statement = statement.where(ImportRow.outcome == outcome)
    if code is not None:
        statement = statement.where(has_issue(code))
    if with_issues:
        statement = statement.where(ImportRow.codes != "")
    return session.scalars(statement).all()


def piece(session: Session, platform_id: int, import_id: uuid.UUID, number: int) -> bytes | None:
    """One piece of a file's bytes; None behind the last one."""
    content = session.scalar(
        select(ImportPiece.content).where(
            ImportPiece.platform_id == platform_id,
            ImportPiece.import_id == import_id,
            ImportPiece.number == number,
        )
    )
    return None if content is None else zlib.decompress(content)


def pieces_in(session: Session, platform_id: int, import_id: uuid.UUID, first: int = 0) -> Iterator[bytes]:
    """The bytes of a file from a piece on, read by a session that is open anyway: nobody holds two connections."""
    for number in count(first):
        found = piece(session, platform_id, import_id, number)
        if found is None:
            return
        yield found


def pieces(database: Database, platform_id: int, import_id: uuid.UUID, first: int = 0) -> Iterator[bytes]:
    """The bytes of a file from a piece on, one piece in memory and one short transaction at a time."""
    for number in count(first):
        with database.reading() as session:
            found = piece(session, platform_id, import_id, number)
        if found is None:
            return
        yield found


def originals(database: Database, platform_id: int, import_id: uuid.UUID) -> Iterator[bytes]:
    """A workbook's bytes as they were uploaded, one piece in memory and one short transaction at a time."""
    for number in count():
        with database.reading() as session:
            found = session.get(ImportOriginal, (platform_id, import_id, number))
        if found is None:
            return
        yield found.content


def import_of_file(session: Session, platform_id: int, sha256: str) -> Import | None:
    """The import of the very same file: the newest that was committed, else the newest. None that was undone."""
    return session.scalars(
        select(Import)
        .where(Import.platform_id == platform_id, Import.sha256 == sha256, Import.state != ImportState.UNDONE)
        .order_by(Import.state.in_(_NOT_COMMITTED), Import.id.desc())
        .limit(1)
    ).first()


def start_before(session: Session, platform_id: int, import_id: uuid.UUID, line: int) -> Start | None:
    """Where a reader may start to reach a line; None: at the top."""
    found = session.execute(
        select(ImportPiece.number, ImportPiece.first_line, ImportPiece.checkpoint)
        .where(
            ImportPiece.platform_id == platform_id,
            ImportPiece.import_id == import_id,
            ImportPiece.first_line <= line,
        )
        .order_by(ImportPiece.number.desc())
        .limit(1)
    ).first()
    if found is None:
        return None
    number, first_line, checkpoint = found
    return Start(piece=number, line=first_line, skip=checkpoint["skip"])
