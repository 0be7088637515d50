"""Tidies up after broken uploads and deletions that were cut short. Never touches an import that is in use."""

import uuid
from datetime import datetime, timedelta

import structlog
from sqlalchemy import exists, select

from app.db.session import Database
from app.imports import work
from app.imports.models import Import, ImportPiece, ImportRow

log = structlog.get_logger()

_UPLOADS_END_WITHIN = timedelta(hours=24)


def sweep(database: Database, *, now: datetime) -> int:
    """Delete pieces whose upload never became an import. Returns of how many uploads."""
    with database.reading() as session:
        orphans = session.execute(
            select(ImportPiece.platform_id, ImportPiece.import_id)
            .where(
                ImportPiece.number == 0,
                ImportPiece.import_id < _first_id_of(now - _UPLOADS_END_WITHIN),
                ~exists().where(Import.platform_id == ImportPiece.platform_id, Import.id == ImportPiece.import_id),
            )
            .limit(100)
        ).all()
        deleted = session.execute(
            select(Import.platform_id, Import.id)
            .where(
                Import.file_deleted_at.is_not(None),
                exists().where(ImportPiece.platform_id == Import.platform_id, ImportPiece.import_id == Import.id)
                | exists().where(ImportRow.platform_id == Import.platform_id, ImportRow.import_id == Import.id),
            )
            .limit(100)
        ).all()
    for platform_id, import_id in [*orphans, *deleted]:
        work.forget(database, platform_id, import_id)
    if orphans:
        log.info("broken_uploads_swept", uploads=len(orphans))
    return len(orphans)


def _first_id_of(moment: datetime) -> uuid.UUID:
    """The smallest UUIDv7 of a moment: its first 48 bits are milliseconds (RFC 9562 section 5.7)."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)
