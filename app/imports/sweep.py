"""Forgets what is over: files kept long enough, broken uploads, deletions cut short. Never an import that is in use."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from app.access import audit
from app.access.actor import worker
from app.access.audit import Action
from app.db.base import first_id_of
from app.db.session import Database
from app.imports import queries, work
from app.imports.models import Import, ImportEdit, ImportOriginal, ImportPiece, ImportRow
from app.imports.steps import WORKING

log = structlog.get_logger()

_UPLOADS_END_WITHIN = timedelta(hours=24)
_AT_ONCE = 100
_Key = tuple[int, uuid.UUID]


def sweep(database: Database, *, now: datetime, keep_files: timedelta) -> None:
    """Drop the files of imports older than `keep_files`, and take out of the database what nobody can reach."""
    for platform_id, import_id in _too_old(database, now - keep_files):
        with database.writing() as session:
            imported = queries.get_import(session, platform_id, import_id, is_locked=True)
            if imported is not None and not work.is_working(imported):
                drop_file(session, imported, now=now)
                audit.record(session, worker(platform_id), Action.IMPORT_DELETED, import_id, reason="retention")
                log.info("file_dropped", import_id=str(import_id))
    orphans = _orphans(database, now - _UPLOADS_END_WITHIN)
    for platform_id, import_id in [*orphans, *_dropped(database)]:
        work.forget(database, platform_id, import_id)
    if orphans:
        log.info("broken_uploads_swept", uploads=len(orphans))


def drop_file(session: Session, imported: Import, *, now: datetime) -> None:
    """From here on the file, its rows and what people made of them are gone for everybody; the counts stay.

    `work.forget` takes them out of the database, a few at a time.
    """
    imported.file_deleted_at = now
    imported.samples = [[] for _ in imported.headers]
    imported.value_edits = {}
    preview = queries.preview_of(session, imported.platform_id, imported.id)
    if preview is not None:
        preview.content = preview.content | {"rows": []}


def _too_old(database: Database, before: datetime) -> Sequence[_Key]:
    """Imports at rest that have a file, created before a moment."""
    statement = select(Import.platform_id, Import.id).where(
        Import.id < first_id_of(before),
        Import.file_deleted_at.is_(None),
        Import.state.not_in(WORKING),
        Import.due_at.is_(None),
    )
    with database.reading() as session:
        return [(platform_id, import_id) for platform_id, import_id in session.execute(statement.limit(_AT_ONCE))]


def _orphans(database: Database, before: datetime) -> set[_Key]:
    """Uploads begun before a moment that never became an import."""
    found: set[_Key] = set()
    with database.reading() as session:
        for model in (ImportPiece, ImportOriginal):
            is_imported = exists().where(Import.platform_id == model.platform_id, Import.id == model.import_id)
            statement = select(model.platform_id, model.import_id).where(
                model.number == 0, model.import_id < first_id_of(before), ~is_imported
            )
            found |= {(platform_id, id_) for platform_id, id_ in session.execute(statement.limit(_AT_ONCE))}
    return found


def _dropped(database: Database) -> Sequence[_Key]:
    """Imports whose file is dropped and not yet out of the database."""
    has_some = or_(
        *(
            exists().where(model.platform_id == Import.platform_id, model.import_id == Import.id)
            for model in (ImportRow, ImportPiece, ImportOriginal, ImportEdit)
        )
    )
    statement = select(Import.platform_id, Import.id).where(Import.file_deleted_at.is_not(None), has_some)
    with database.reading() as session:
        return [(platform_id, import_id) for platform_id, import_id in session.execute(statement.limit(_AT_ONCE))]
