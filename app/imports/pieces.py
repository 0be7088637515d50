"""A file on its way into the database in pieces of about 1 MiB. Each is a transaction of its own: nobody waits long.

Decides where pieces are cut and how many there may be; knows nothing of what is in them.
"""

import uuid
import zlib
from dataclasses import dataclass

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.db.session import Database
from app.errors import AppError, Code
from app.imports.models import ImportOriginal, ImportPiece
from app.settings import Settings

PIECE_BYTES = 1024 * 1024
_COMPRESSION = 1  # the fastest: text shrinks to a quarter all the same


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be. `size`: in bytes as it is uploaded, and again as text when it was packed."""

    size: int
    lines: int
    columns: int

    def check_size(self, size: int) -> None:
        """Raises AppError file_too_large."""
        if size > self.size:
            raise AppError(Code.FILE_TOO_LARGE, limit=f"{self.size / 1024**2:.4g}")

    def check_unpacked(self, size: int) -> None:
        """Raises AppError file_unpacks_too_large."""
        if size > self.size:
            raise AppError(Code.FILE_UNPACKS_TOO_LARGE)

    def check_lines(self, line_breaks: int) -> None:
        """Raises AppError file_too_many_lines."""
        if line_breaks > self.lines + 1:
            raise AppError(Code.FILE_TOO_MANY_LINES, limit=self.lines)


def limits_of(settings: Settings) -> Limits:
    """How large a file may be, by the settings."""
    return Limits(size=settings.upload_bytes, lines=settings.upload_lines, columns=settings.upload_columns)


class TextPieces:
    """The text of a file, or of a sheet."""

    def __init__(self, database: Database, platform_id: int, import_id: uuid.UUID) -> None:
        self.count = 0
        self.size = 0
        """Bytes, as far as they were written."""
        self.head = b""
        """The first piece."""
        self._database = database
        self._place = {"platform_id": platform_id, "import_id": import_id}
        self._waiting = bytearray()

    def write(self, chunk: bytes) -> None:
        """The next bytes."""
        self.size += len(chunk)
        self._waiting += chunk
        while len(self._waiting) >= PIECE_BYTES:
            self._store(self._cut())

    def end(self) -> None:
        """There is no more. A file without a byte is one empty piece."""
        if self._waiting or not self.count:
            self._store(bytes(self._waiting))

    def _cut(self) -> bytes:
        """The next piece: it ends with a line where one ends in its second half."""
        end = self._waiting.rfind(b"\n", PIECE_BYTES // 2, PIECE_BYTES) + 1 or PIECE_BYTES
        end += end % 2 and self._waiting[end : end + 1] == b"\0"  # a line feed of two bytes, in UTF-16
        piece = bytes(self._waiting[:end])
        del self._waiting[:end]
        return piece

    def _store(self, piece: bytes) -> None:
        if not self.count:
            self.head = piece
        content = zlib.compress(piece, _COMPRESSION)
        with self._database.writing() as session:
            session.add(ImportPiece(**self._place, number=self.count, content=content))
        self.count += 1


class OriginalPieces:
    """A workbook as it was uploaded: packed already, so kept as it is."""

    def __init__(self, database: Database, platform_id: int, import_id: uuid.UUID) -> None:
        self._database = database
        self._place = {"platform_id": platform_id, "import_id": import_id}
        self._count = 0
        self._waiting = bytearray()

    def write(self, chunk: bytes) -> None:
        """The next bytes."""
        self._waiting += chunk
        if len(self._waiting) >= PIECE_BYTES:
            self.end()

    def end(self) -> None:
        """Store what waits."""
        with self._database.writing() as session:
            session.add(ImportOriginal(**self._place, number=self._count, content=bytes(self._waiting)))
        self._count += 1
        self._waiting.clear()


def delete_pieces(session: Session, platform_id: int, import_id: uuid.UUID) -> None:
    """Delete the bytes of a file."""
    for model in (ImportPiece, ImportOriginal):
        session.execute(delete(model).where(model.platform_id == platform_id, model.import_id == import_id))


def move_text(session: Session, platform_id: int, import_id: uuid.UUID, *, to: uuid.UUID) -> None:
    """Give the text stored under one id to another, in place of what is there."""
    of_platform = ImportPiece.platform_id == platform_id
    session.execute(delete(ImportPiece).where(of_platform, ImportPiece.import_id == to))
    session.execute(update(ImportPiece).where(of_platform, ImportPiece.import_id == import_id).values(import_id=to))


def forget_starts(session: Session, platform_id: int, import_id: uuid.UUID) -> None:
    """Where records start in the pieces is not known any more: the file is read in another way."""
    of_import = (ImportPiece.platform_id == platform_id, ImportPiece.import_id == import_id)
    session.execute(update(ImportPiece).where(*of_import).values(first_line=None, checkpoint=None))
