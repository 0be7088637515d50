"""What the plan of an import needs to know, and how its file is read: the same for preview, commit and every look.

Decides nothing about rows.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sqlalchemy.orm import Session

from app.access.credentials import platform_by_id
from app.db.session import Database
from app.directory import queries as directory
from app.directory.models import Label, Organisation, StudentGroup
from app.errors import AppError, Code
from app.imports import queries
from app.imports.by_column import NO_EDITS
from app.imports.issues import IssueCode
from app.imports.models import Import
from app.imports.plan import KnownNames, Plan
from app.imports.reading.lines import Start
from app.imports.reading.table import Dialect, Record, RecordReader
from app.imports.row import Edit, Recipe
from app.imports.rows import Rows
from app.texts import languages

_FEW: Final = 100_000
"""So many addresses take some 15 MB of memory."""


def plan_of(session: Session, imported: Import, *, expected: int = 0) -> Plan:
    """The plan of an import in the world as it is now. The same for preview and commit. `expected`: so many rows."""
    platform_id = imported.platform_id
    teams = directory.all_teams(session, platform_id)
    known = KnownNames(
        organisations=directory.all_names(session, platform_id, Organisation),
        student_groups=directory.all_names(session, platform_id, StudentGroup),
        labels=directory.all_names(session, platform_id, Label),
        teams={key: team.name for key, team in teams.items()},
        leaders={key: team.leader for key, team in teams.items() if team.leader is not None},
    )
    return Plan(recipe_of(imported, platform_by_id(session, platform_id).default_language), known, expected)


def recipe_of(imported: Import, platform_language: str) -> Recipe:
    """How the rows of an import become people."""
    if imported.columns is None:
        raise AppError(Code.NOT_MAPPED)
    defaults = {
        column: "/".join(value) if isinstance(value, list) else value for column, value in imported.defaults.items()
    }
    return Recipe(
        columns=tuple(imported.columns),
        defaults=defaults,
        language=platform_language,
        languages=languages(),
        value_edits=imported.value_edits,
        may_be_garbled=_may_be_garbled(imported),
    )


def _may_be_garbled(imported: Import) -> bool:
    """Who has looked at every letter of a file says so; a workbook, and what is read as somebody says, nobody has."""
    was_seen_through = imported.format == "csv" and not imported.overrides.get("encoding")
    return not was_seen_through or any(issue["code"] == IssueCode.TEXT_DAMAGED for issue in imported.file_issues)


def edits_of(session: Session, imported: Import, records: Sequence[Record]) -> Mapping[int, Edit]:
    """What people made of these rows, by line; costs nothing where they edited none."""
    if not imported.edited_rows or not records:
        return NO_EDITS
    return queries.edits_between(session, imported.platform_id, imported.id, records[0][0], records[-1][0])


def reader_of(source: Database | Session, imported: Import, *, start_at: Start | None = None) -> RecordReader:
    """A reader of the import's file: by a session that is open, or piece by piece in short transactions."""
    first = start_at.piece if start_at else 0
    if isinstance(source, Session):
        found = queries.pieces_in(source, imported.platform_id, imported.id, first)
    else:
        found = queries.pieces(source, imported.platform_id, imported.id, first)
    return RecordReader(found, dialect_of(imported), start=start_at)


def dialect_of(imported: Import) -> Dialect:
    """How the import's file is read."""
    return Dialect(
        encoding=imported.encoding,
        delimiter=imported.delimiter,
        quote=imported.quote,
        header_line=imported.header_line,
        escape=imported.escape,
        headers=tuple(imported.headers),
        ignores_lines=imported.overrides.get("ignore_lines") is not False,
        is_sheet=imported.format != "csv",
    )


def known_addresses(session: Session, platform_id: int, rows: Rows) -> set[str]:
    """Which of the addresses of rows that might be added are on the platform."""
    return directory.known_addresses(session, platform_id, rows.addresses) if rows.addresses else set()


class KnownThroughout:
    """Who is on the platform while a file is checked. Where they are few beside its rows, as it was when that began:
    each row is looked up in memory then, not in the database.
    """

    def __init__(self, database: Database, platform_id: int, *, expected: int) -> None:
        self._database = database
        self._platform_id = platform_id
        with database.reading() as session:
            self._all = directory.all_addresses(session, platform_id, at_most=min(_FEW, expected // 10))

    def among(self, rows: Rows) -> Collection[str]:
        """At least those of the addresses of rows that are on the platform."""
        if self._all is not None:
            return self._all
        with self._database.reading() as session:
            return known_addresses(session, self._platform_id, rows)
