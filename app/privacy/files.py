"""Finds the imports whose file, edits or description tell of a person. Looks only, a piece at a time.

A file that tells of them is dropped whole (erasure): a row cannot be cut out of what a checksum, line numbers and other
people's rows hang on.
"""

import codecs
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.session import Database
from app.imports import queries
from app.imports.models import Import, ImportEdit
from app.imports.reading.encodings import codec
from app.imports.workbooks.package import Package
from app.privacy.traces import Traces

_OVERLAP = 400
"""Characters: an address that is cut by the end of a chunk is whole in the next one."""
_EDITS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class _Kept:
    """An import whose file is kept."""

    id: uuid.UUID
    format: str
    encoding: str
    file_name: str
    sheets: list[str]


def imports_with(database: Database, platform_id: int, traces: Traces) -> list[uuid.UUID]:
    """The imports of a platform whose kept file, or what people made of it, tells of a person."""
    with database.reading() as session:
        kept = _kept(session, platform_id)
    return [one.id for one in kept if _tells(database, platform_id, one, traces)]


def _kept(session: Session, platform_id: int) -> Sequence[_Kept]:
    rows = session.execute(
        select(Import.id, Import.format, Import.encoding, Import.file_name, Import.sheets).where(
            Import.platform_id == platform_id, Import.file_deleted_at.is_(None)
        )
    )
    return [_Kept(*row) for row in rows]


def _tells(database: Database, platform_id: int, kept: _Kept, traces: Traces) -> bool:
    if any(traces.are_in(name) for name in (kept.file_name, *kept.sheets)):
        return True
    if any(traces.are_in(text) for text in _texts(database, platform_id, kept)):
        return True
    if any(traces.are_in(text) for text in _edits(database, platform_id, kept.id)):
        return True
    return kept.format != "csv" and _is_in_workbook(database, platform_id, kept.id, traces)


def _texts(database: Database, platform_id: int, kept: _Kept) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(codec(kept.encoding))("replace")
    rest = ""
    for piece in queries.pieces(database, platform_id, kept.id):
        text = rest + decoder.decode(piece)
        yield text
        rest = text[text.rfind("\n", max(0, len(text) - _OVERLAP)) + 1 :][-_OVERLAP:]


def _edits(database: Database, platform_id: int, import_id: uuid.UUID) -> Iterator[str]:
    """What people made of rows, each as a line."""
    with database.reading() as session:
        imported = queries.get_import(session, platform_id, import_id)
        if imported is None:
            return
        yield from (to for changed in imported.value_edits.values() for pair in changed.items() for to in pair)
    line = -1
    while True:
        with database.reading() as session:
            found = session.execute(
                select(ImportEdit.line, ImportEdit.values)
                .where(ImportEdit.platform_id == platform_id, ImportEdit.import_id == import_id, ImportEdit.line > line)
                .order_by(ImportEdit.line)
                .limit(_EDITS_AT_ONCE)
            ).all()
        if not found:
            return
        line = found[-1].line
        yield from (" ".join(values.values()) for _, values in found)


def _is_in_workbook(database: Database, platform_id: int, import_id: uuid.UUID, traces: Traces) -> bool:
    """Whether an address stands in any part of a workbook: on another sheet, in a comment, behind a link."""
    with tempfile.TemporaryFile() as file:
        for piece in queries.originals(database, platform_id, import_id):
            file.write(piece)
        package = Package(file, limit=2**63)
        return any(_has_address(package.chunks(name), traces) for name in package.names)


def _has_address(chunks: Iterable[bytes], traces: Traces) -> bool:
    rest = ""
    for chunk in chunks:
        text = rest + chunk.decode("utf-8", "replace")
        if traces.has_address(text):
            return True
        rest = text[-_OVERLAP:]
    return False
