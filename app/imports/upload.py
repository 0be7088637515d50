"""Takes a file in, piece by piece, and looks at its top. Never holds it whole; a broken upload leaves nothing."""

import hashlib
import uuid
import zlib
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.db.base import new_id
from app.db.session import Database
from app.errors import AppError, Code
from app.imports.detect import Detected, Inspector, Overrides, detect
from app.imports.mapping import is_known_header, suggest
from app.imports.models import Import, ImportPiece
from app.imports.steps import ImportState

PIECE_BYTES = 1024 * 1024
_COMPRESSION = 1  # the fastest: CSV shrinks to a quarter all the same


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be."""

    size: int
    lines: int
    columns: int


class Upload:
    """One file on its way in. Each piece is a transaction of its own: a slow client never holds the database."""

    def __init__(self, database: Database, actor: Actor, limits: Limits) -> None:
        self.id = new_id()
        self._database = database
        self._actor = actor
        self._limits = limits
        self._inspector = Inspector()
        self._sha256 = hashlib.sha256()
        self._size = 0
        self._waiting = bytearray()
        self._head: bytes | None = None
        self._pieces = 0

    def write(self, chunk: bytes) -> None:
        """The next bytes. Raises AppError where the file is too large or is no text."""
        if not chunk:
            return
        self._inspector.look(chunk, is_first=self._size == 0)
        self._size += len(chunk)
        if self._size > self._limits.size:
            raise AppError(Code.FILE_TOO_LARGE, limit=f"{self._limits.size / 1024**2:.4g}")
        if self._inspector.line_breaks > self._limits.lines + 1:
            raise AppError(Code.FILE_TOO_MANY_LINES, limit=self._limits.lines)
        self._sha256.update(chunk)
        self._waiting += chunk
        while len(self._waiting) >= PIECE_BYTES:
            self._store(self._cut())

    def finish(self, session: Session, *, file_name: str, now: datetime) -> Import:
        """The import of the whole file. Raises AppError: empty, undecodable, no header and their like."""
        encoding = self._inspector.encoding()
        if self._waiting or not self._pieces:
            self._store(bytes(self._waiting))
        found = detect(
            self._head or b"",
            is_whole=self._pieces == 1,
            encoding=encoding,
            overrides=Overrides(),
            is_known_header=is_known_header,
            max_columns=self._limits.columns,
        )
        imported = Import(
            platform_id=self._actor.platform_id,
            id=self.id,
            state=ImportState.UPLOADED,
            version=1,
            created_at=now,
            created_by=self._actor.name,
            inviter_name=self._actor.inviter_name,
            inviter_email=self._actor.email,
            file_name=file_name,
            size=self._size,
            sha256=self._sha256.hexdigest(),
            line_breaks=self._inspector.line_breaks,
            file_issues=[],
            overrides=asdict(Overrides()),
            defaults={},
        )
        note_detected(imported, found)
        session.add(imported)
        session.flush()
        return imported

    def discard(self) -> None:
        """Leave nothing behind."""
        with self._database.writing() as session:
            delete_pieces(session, self._actor.platform_id, self.id)

    def _cut(self) -> bytes:
        """The next piece: it ends with a line where one ends in its second half."""
        end = self._waiting.rfind(b"\n", PIECE_BYTES // 2, PIECE_BYTES) + 1 or PIECE_BYTES
        piece = bytes(self._waiting[:end])
        del self._waiting[:end]
        return piece

    def _store(self, piece: bytes) -> None:
        if self._head is None:
            self._head = piece
        with self._database.writing() as session:
            session.add(
                ImportPiece(
                    platform_id=self._actor.platform_id,
                    import_id=self.id,
                    number=self._pieces,
                    content=zlib.compress(piece, _COMPRESSION),
                )
            )
        self._pieces += 1


def note_detected(imported: Import, found: Detected) -> None:
    """Write down how the file is read, what its headers are and what they probably mean."""
    imported.encoding = found.dialect.encoding
    imported.delimiter = found.dialect.delimiter
    imported.quote = found.dialect.quote
    imported.header_line = found.dialect.header_line
    imported.headers = found.headers
    imported.samples = found.samples
    imported.suggestion = [suggestion.as_json() for suggestion in suggest(found.headers, found.samples)]


def delete_pieces(session: Session, platform_id: int, import_id: uuid.UUID) -> None:
    """Delete the bytes of a file."""
    session.execute(
        delete(ImportPiece).where(ImportPiece.platform_id == platform_id, ImportPiece.import_id == import_id)
    )
