"""What was rejected, as a CSV in the file's own columns that can be mended and uploaded again (rule 12).

Two columns more: `line` and `problem`. A cell that a spreadsheet would take for a formula gets an apostrophe in front,
which the reader takes off again where it finds these two headers (OWASP, "CSV Injection").
"""

import csv
import io
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.db.session import Database
from app.imports import planning, queries, show
from app.imports.columns import NAME_PREFIX, OUR_HEADERS
from app.imports.look import planned_import, row_view
from app.imports.models import Import, ImportRow
from app.imports.reading.dialect import DELIMITERS
from app.imports.reading.encodings import codec
from app.imports.row import Edit, Outcome, changed_value

_AT_ONCE = 500
_MARK = "\ufeff"
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")  # the wide ones: so read in Japanese, Chinese, Korean
_SPREADSHEET_DELIMITER = ";"  # what Excel expects where a comma is the decimal sign: most of Europe


@dataclass(frozen=True, slots=True)
class Rejected:
    """How the file of rejected rows is written, and its name. `top` stands above the header."""

    file_name: str
    encoding: str
    delimiter: str
    top: str
    header: Sequence[str]


def describe(database: Database, actor: Actor, import_id: uuid.UUID, language: str) -> Rejected:
    """How what was rejected can be written. Raises not_found, not_mapped, not_ready, check_failed, file_deleted.

    In the file's own encoding where all of it fits in; problems, edits and composed letters may not. A workbook's
    becomes UTF-8.
    """
    with database.reading() as session:
        imported = planned_import(session, actor, import_id)
        mark = _mark_of(session, imported)
    is_sheet = imported.format != "csv"
    delimiter = _SPREADSHEET_DELIMITER if is_sheet else imported.delimiter
    told = "" if delimiter in DELIMITERS else f"sep={delimiter}\r\n"
    rejected = Rejected(
        file_name=f"{PurePath(imported.file_name).stem}-rejected.csv",
        encoding="utf-8" if is_sheet else imported.encoding,
        delimiter=delimiter,
        top=(_MARK if is_sheet else mark) + told,
        header=[*_own_headers(imported), *OUR_HEADERS],
    )
    texts = () if rejected.encoding.startswith("utf") else _texts(database, actor, import_id, rejected, language)
    if all(_fits(text, rejected.encoding) for text in texts):
        return rejected
    return replace(rejected, encoding="utf-8", top=_MARK + told)


def write(database: Database, actor: Actor, import_id: uuid.UUID, rejected: Rejected, language: str) -> Iterator[bytes]:
    """The bytes of the file, some hundred rows at a time."""
    for text in _texts(database, actor, import_id, rejected, language):
        yield text.encode(codec(rejected.encoding))


def _texts(database: Database, actor: Actor, import_id: uuid.UUID, rejected: Rejected, language: str) -> Iterator[str]:
    lines = io.StringIO(newline="")
    lines.write(rejected.top)
    writer = csv.writer(lines, delimiter=rejected.delimiter, lineterminator="\r\n")
    writer.writerow([_harmless(cell) for cell in rejected.header])
    yield _taken(lines)
    with database.reading() as session:
        imported = planned_import(session, actor, import_id)
    width = len(_own_headers(imported))
    for batch in planning.reader_of(database, imported).batches(_AT_ONCE):
        records = list(batch)
        with database.reading() as session:
            planned_import(session, actor, import_id)  # a check that began meanwhile breaks off what would be cut short
            kept = queries.rows_between(session, actor.platform_id, import_id, records[0][0], records[-1][0])
            edits = planning.edits_of(session, imported, records)
        for line, cells in records:
            row = kept.get(line)
            if row is not None and row.outcome == Outcome.REJECTED:
                own, more = _own_cells(imported, cells, edits.get(line), width)
                writer.writerow([_harmless(cell) for cell in [*own, str(line), _problem(row, language), *more]])
        if lines.tell():
            yield _taken(lines)


def _own_headers(imported: Import) -> list[str]:
    """The file's own headers; of a file without any, our column's name or what it is shown under."""
    headers = list(imported.headers)
    if imported.header_line == 0:
        columns = imported.columns or []
        headers = [column or header for header, column in zip(headers, columns, strict=True)]
    return headers[:-2] if tuple(headers[-2:]) == OUR_HEADERS else headers


def _own_cells(
    imported: Import, cells: Sequence[str], edit: Edit | None, width: int
) -> tuple[list[str], Sequence[str]]:
    """A row's cells as edited, as many as there are headers, and those beyond: they stand behind the problem."""
    own = [*cells[:width], *([""] * (width - len(cells)))]
    place = {column: position for position, column in enumerate((imported.columns or ())[:width]) if column}
    for column, becomes in imported.value_edits.items():
        if column in place:
            own[place[column]] = changed_value(column, own[place[column]], becomes)
    for column, text in (edit.values if edit else {}).items():
        if column in place:
            own[place[column]] = text
            if column == "last_name" and NAME_PREFIX in place:
                own[place[NAME_PREFIX]] = ""  # the last name was given whole
    was_ours = len(imported.headers) > width  # its last two are ours of last time
    more = cells[width + 2 :] if was_ours else cells[width:]
    return own, more


def _problem(row: ImportRow, language: str) -> str:
    return " ".join(show.issue_out(issue, language).message for issue in row_view(row).issues)


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(codec(encoding))
    except UnicodeEncodeError:
        return False
    return True


def _mark_of(session: Session, imported: Import) -> str:
    """The byte order mark, if the file starts with one."""
    top = queries.piece(session, imported.platform_id, imported.id, 0) or b""
    is_marked = imported.encoding.startswith("utf") and top.startswith(_MARK.encode(imported.encoding))
    return _MARK if is_marked else ""


def _harmless(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _taken(lines: io.StringIO) -> str:
    text = lines.getvalue()
    lines.seek(0)
    lines.truncate()
    return text
