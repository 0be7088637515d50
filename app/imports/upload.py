"""Takes a file in as it arrives, whatever its kind, and looks at its top. Never holds it whole.

A broken upload leaves nothing behind.
"""

import hashlib
from dataclasses import asdict
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from app.access import audit
from app.access.actor import Actor
from app.access.audit import Action
from app.db.base import new_id
from app.db.session import Database
from app.imports import queries
from app.imports.issues import Issue, IssueCode
from app.imports.matching.headers import is_known_header
from app.imports.models import Import
from app.imports.pieces import Limits, OriginalPieces, TextPieces, delete_pieces
from app.imports.reading.detect import Detected, detect
from app.imports.reading.dialect import Overrides
from app.imports.reading.gunzip import MAGIC, Gunzip
from app.imports.reading.inspector import Inspector, Verdict
from app.imports.reading.kinds import FIRST_BYTES, Kind, OleFile, kind_of
from app.imports.remembered import suggestions_for
from app.imports.sheets import hidden_rows, store_sheet
from app.imports.steps import ImportState
from app.imports.workbooks.workbook import Workbook


class Upload:
    """One file on its way in: `write` its bytes, `end` it, then `finish` it as an import; or `discard` it.

    Each piece is a transaction of its own: a slow client never holds the database.
    """

    def __init__(self, database: Database, actor: Actor, limits: Limits) -> None:
        self.id = new_id()
        self._database = database
        self.actor = actor
        self._limits = limits
        self._sha256 = hashlib.sha256()
        self._size = 0
        self._gunzip: Gunzip | None = None
        self._first = b""
        self._taker: _Taker | None = None
        self._inspector = Inspector()
        self._text = TextPieces(database, actor.platform_id, self.id)
        self._workbook: Workbook | None = None
        self._line_breaks = 0

    @property
    def is_workbook(self) -> bool:
        """Whether `end` reads a sheet: that takes seconds, and a turn."""
        return kind_of(self._first) is Kind.WORKBOOK

    def write(self, chunk: bytes) -> None:
        """The next bytes. Raises AppError where the file is too large or cannot be read."""
        if not chunk:
            return
        if not self._size and chunk.startswith(MAGIC):
            self._gunzip = Gunzip()
        self._size += len(chunk)
        self._limits.check_size(self._size)
        self._sha256.update(chunk)
        for piece in [chunk] if self._gunzip is None else self._gunzip.write(chunk):
            self._take(piece)

    def end(self) -> None:
        """All has arrived. Raises AppError where it ends too early or cannot be read."""
        if self._gunzip is not None:
            self._gunzip.end()
        taker = self._taker or self._begin()
        taker.end()
        if self.is_workbook:
            self._workbook, self._line_breaks = store_sheet(
                self._database, self.actor.platform_id, self.id, None, self._text, self._limits
            )

    def finish(self, session: Session, *, file_name: str, now: datetime) -> Import:
        """The import of the whole file. Raises AppError: empty, undecodable, no header and their like."""
        workbook = self._workbook
        verdict = Verdict("utf-8") if workbook else self._inspector.verdict()
        found = detect(
            self._text.head,
            is_whole=self._text.count == 1,
            encoding=verdict.encoding,
            overrides=Overrides(),
            is_known_header=is_known_header,
            max_columns=self._limits.columns,
            is_sheet=workbook is not None,
        )
        imported = Import(
            platform_id=self.actor.platform_id,
            id=self.id,
            state=ImportState.UPLOADED,
            version=1,
            created_at=now,
            created_by=self.actor.name,
            inviter_name=self.actor.inviter_name,
            inviter_email=self.actor.email,
            file_name=file_name,
            size=self._size,
            sha256=self._sha256.hexdigest(),
            line_breaks=self._line_breaks or self._inspector.line_breaks,
            file_issues=[
                *self._seen_before(session),
                *(issue.as_json_of_file() for issue in verdict.issues),
                *hidden_rows(workbook),
            ],
            overrides=asdict(Overrides()),
            defaults={},
        )
        if workbook is not None:
            imported.format, imported.sheets, imported.sheet = workbook.format, workbook.sheets, workbook.sheet
        note_detected(session, imported, found)
        session.add(imported)
        session.flush()
        audit.record(session, self.actor, Action.IMPORT_UPLOADED, imported.id, bytes=self._size)
        return imported

    def discard(self) -> None:
        """Leave nothing behind, unless the import is there: a commit may succeed and its answer be lost."""
        with self._database.writing() as session:
            if session.get(Import, (self.actor.platform_id, self.id)) is None:
                delete_pieces(session, self.actor.platform_id, self.id)

    def _take(self, chunk: bytes) -> None:
        """The next bytes, unpacked."""
        if self._taker is not None:
            self._taker.write(chunk)
            return
        self._first += chunk
        if len(self._first) >= FIRST_BYTES:
            self._begin()

    def _begin(self) -> "_Taker":
        """It is clear what the file is, or there is no more of it."""
        place = (self._database, self.actor.platform_id, self.id)
        match kind_of(self._first):
            case Kind.WORKBOOK:
                self._taker = OriginalPieces(*place)
            case Kind.OLE:
                self._taker = OleFile()
            case Kind.TEXT:
                self._taker = _Text(self._text, self._inspector, self._limits, is_packed=self._gunzip is not None)
        if self._first:
            self._taker.write(self._first)
        self._first = self._first[:FIRST_BYTES]
        return self._taker

    def _seen_before(self, session: Session) -> list[dict[str, Any]]:
        """A warning where the very same file was uploaded before."""
        earlier = queries.import_of_file(session, self.actor.platform_id, self._sha256.hexdigest())
        if earlier is None:
            return []
        params = {
            "import_id": str(earlier.id),
            "created_at": earlier.created_at.isoformat().replace("+00:00", "Z"),
            "created_by": earlier.created_by,
            "state": earlier.state,
            "day": earlier.created_at.date().isoformat(),
        }
        return [Issue(IssueCode.FILE_SEEN_BEFORE, None, params=params).as_json()]


class _Taker(Protocol):
    """What is done with the bytes of a file of one kind."""

    def write(self, chunk: bytes) -> None: ...

    def end(self) -> None: ...


class _Text:
    """A file that is text: looked at and stored as it passes by."""

    def __init__(self, pieces: TextPieces, inspector: Inspector, limits: Limits, *, is_packed: bool) -> None:
        self._pieces = pieces
        self._inspector = inspector
        self._limits = limits
        self._is_packed = is_packed

    def write(self, chunk: bytes) -> None:
        self._inspector.look(chunk, is_first=not self._pieces.size)
        self._limits.check_lines(self._inspector.line_breaks)
        if self._is_packed:
            self._limits.check_unpacked(self._pieces.size + len(chunk))
        self._pieces.write(chunk)

    def end(self) -> None:
        self._pieces.end()


def note_detected(session: Session, imported: Import, found: Detected) -> None:
    """Write down how the file is read, what its headers are and what they probably mean."""
    imported.encoding = found.dialect.encoding
    imported.delimiter = found.dialect.delimiter
    imported.quote = found.dialect.quote
    imported.escape = found.dialect.escape
    imported.header_line = found.dialect.header_line
    imported.headers = found.headers
    imported.samples = found.samples
    imported.ignored = [{"line": line, "why": "preamble"} for line in found.preamble]
    imported.file_issues = [
        *(stored for stored in imported.file_issues if stored["code"] not in found.settled),
        *(issue.as_json_of_file() for issue in found.issues),
    ]
    suggestions = suggestions_for(session, imported.platform_id, found)
    imported.suggestion = [suggestion.as_json() for suggestion in suggestions]
