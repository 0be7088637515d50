"""The distinct values of a column, how often they stand in the file, and what becomes of each (rules 4 and 10).

Read from the file when asked for; changes nothing.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.credentials import platform_by_id
from app.directory import queries as directory
from app.directory.models import Label, Organisation, StudentGroup, Team
from app.directory.names import name_key
from app.directory.queries import Named
from app.errors import AppError, Code, FieldError
from app.imports import planning
from app.imports.edits import open_import
from app.imports.issues import IssueCode
from app.imports.look import find_import, require_file
from app.imports.meanings import domain_suggestion, language_of, near_name
from app.imports.models import Import
from app.imports.reading.table import is_filled
from app.imports.row import Recipe, RowReader, values_in
from app.texts import languages

DISTINCT = 10_000
"""How many distinct values are told at most: the first ones of the file."""
_NAMES: Mapping[str, type[Named]] = {
    "company": Organisation,
    "student_groups": StudentGroup,
    "label": Label,
    "team": Team,
}


@dataclass(slots=True)
class Value:
    """One value of a column, its rows and what becomes of it. `value` empty: the cell is."""

    value: str
    count: int
    first_line: int
    becomes: str = ""
    issue: IssueCode | None = None
    suggestion: str | None = None


def list_values(
    session: Session, actor: Actor, import_id: uuid.UUID, *, column: str, after: int, limit: int
) -> list[Value]:
    """Distinct values behind a position, the most frequent first. Raises not_found, not_mapped, file_deleted."""
    imported = find_import(session, actor, import_id)
    if imported.columns is None:
        raise AppError(Code.NOT_MAPPED)
    require_file(imported)
    found = sorted(_count(session, imported, column).values(), key=lambda value: (-value.count, value.first_line))
    page = found[after : after + limit]
    _tell_what_becomes(session, imported, column, page)
    return page


def count_rows_with(session: Session, actor: Actor, import_id: uuid.UUID, *, column: str, value: str) -> int:
    """How many rows hold a value, before any edit."""
    imported = open_import(session, actor, import_id, is_locked=False)
    position = _position(imported, column)
    records = planning.reader_of(session, imported).records()
    cells = (cells[position] if len(cells) > position else "" for _, cells in records if is_filled(cells))
    return sum(value in values_in(column, cell) for cell in cells)


def _position(imported: Import, column: str) -> int:
    if column not in (imported.columns or ()):
        raise AppError(Code.MAPPING_INVALID, fields=[FieldError("/column", "column_not_mapped", {"column": column})])
    return (imported.columns or []).index(column)


def _count(session: Session, imported: Import, column: str) -> dict[str, Value]:
    position = _position(imported, column)
    found: dict[str, Value] = {}
    for line, cells in planning.reader_of(session, imported).records():
        if not is_filled(cells):
            continue
        for text in values_in(column, cells[position] if len(cells) > position else ""):
            value = found.get(text)
            if value is not None:
                value.count += 1
            elif len(found) < DISTINCT:
                found[text] = Value(text, 1, line)
    return found


def _tell_what_becomes(session: Session, imported: Import, column: str, values: list[Value]) -> None:
    platform_id = imported.platform_id
    recipe = planning.recipe_of(imported, platform_by_id(session, platform_id).default_language)
    edits = recipe.value_edits.get(column, {})
    default = recipe.defaults.get(column) or (recipe.language if column == "language" else "")
    known = directory.all_names(session, platform_id, _NAMES[column]) if column in _NAMES else {}
    reader = RowReader(Recipe((column,), {}, recipe.language, recipe.languages))
    for value in values:
        value.becomes = edits.get(value.value, value.value) or default
        if column == "language":
            meant = language_of(value.becomes, languages())
            value.becomes, value.issue = (meant, None) if meant else (value.becomes, IssueCode.LANGUAGE_UNKNOWN)
        elif column == "email" and value.becomes:
            read = reader.read((value.first_line, [value.becomes]))
            found = next((issue for issue in read.issues if issue.column == "email"), None)
            local, _, domain = read.address.rpartition("@")
            if found is not None:
                value.issue, value.suggestion = found.code, found.params.get("suggestion")
            elif likely := domain_suggestion(domain):
                value.issue, value.suggestion = IssueCode.EMAIL_DOMAIN_MISTYPED, f"{local}@{likely}"
        elif value.becomes and known and name_key(value.becomes) not in known:
            value.suggestion = near_name(value.becomes, known.values())
            value.issue = IssueCode.NAME_CLOSE_TO_KNOWN if value.suggestion else None
