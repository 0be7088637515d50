"""One record of a file on its own merits: which texts it holds, whether they can stand, who might be added. Pure.

Knows nothing of the other rows, nor of who is on the platform: that is the plan's.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.directory.names import name_key, tidy
from app.imports.columns import COLUMNS, FULL_NAME, GROUP_SEPARATOR, NAME_PREFIX, REQUIRED, texts_of
from app.imports.full_name import split_name
from app.imports.issues import Issue, IssueCode, Severity
from app.imports.meanings import language_of, likely_address, without_unseen
from app.imports.reading.damage import first_damage, mended
from app.imports.reading.table import Record, is_filled
from app.invitations.address import NotAnAddress, canonical
from app.invitations.fields import GROUPS, NAME_CHARACTERS, TITLE_CHARACTERS

_COLUMN_NAMES: Final = tuple(column.name for column in COLUMNS)
_required_of: Final = itemgetter(*REQUIRED)
NAME_PARTS: Final = ("first_name", "last_name")


class Outcome(StrEnum):
    """What happens to a row: exactly one of these."""

    EMPTY = "empty"
    SKIPPED = "skipped"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    ALREADY_USER = "already_user"
    ADD = "add"


@dataclass(frozen=True, slots=True)
class Edit:
    """What people made of one row: other values by our columns (an empty one empties the cell), or skipped."""

    values: Mapping[str, str]
    is_skipped: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """How rows become people: which of our columns each cell feeds, defaults, and the platform's language.

    `value_edits`: what a value becomes wherever it stands, by column; of a cell with several names, each name.
    """

    columns: tuple[str | None, ...]
    defaults: Mapping[str, str]
    language: str
    languages: Collection[str]
    value_edits: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    may_be_garbled: bool = False
    """Whether texts may have been garbled before they came to us: then each is looked at."""


@dataclass(slots=True)
class PlannedRow:
    """A row and what happens to it. `values` by our columns, defaults filled in; `address` is the canonical one."""

    line: int
    outcome: Outcome
    values: dict[str, str]
    address: str = ""
    groups: tuple[str, ...] = ()
    first_line: int | None = None
    issues: tuple[Issue, ...] = ()

    def note(self, code: IssueCode, column: str, value: str | None = None, **params: Any) -> None:
        """Add a finding about one of the row's columns."""
        self.issues += (Issue(code, self.line, column, value, params),)

    def shown_values(self, characters: int | None = None) -> dict[str, Any]:
        """The values as people see them: groups as a list, empty ones as null; of each, so many characters."""
        values = self.values
        shown: dict[str, Any] = {name: values.get(name, "")[:characters] or None for name in _COLUMN_NAMES}
        shown["student_groups"] = list(self.groups)
        return shown


class RowReader:
    """Reads records into rows: `empty`, `skipped`, `rejected`, or for the time being `add`."""

    def __init__(self, recipe: Recipe) -> None:
        fed = [(position, column) for position, column in enumerate(recipe.columns) if column is not None]
        self._width = len(recipe.columns)
        self._needed = max((position + 1 for position, _ in fed), default=0)
        self.pick = _picker([position for position, _ in fed])
        self.names = tuple(column for _, column in fed)
        self._texts_of = texts_of(self.names)
        self._has_composed_names = FULL_NAME in self.names or NAME_PREFIX in self.names
        self._value_edits = [(column, becomes) for column, becomes in recipe.value_edits.items() if becomes]
        defaults = {column: default for column, default in recipe.defaults.items() if default}
        unmapped = {column: "" for column in REQUIRED if column not in self.names}
        self.defaults = tuple((unmapped | {"language": recipe.language} | defaults).items())
        self._may_be_garbled = recipe.may_be_garbled
        self._languages = frozenset(recipe.languages)
        self._languages_shown = ", ".join(recipe.languages)

    def read(self, record: Record, edit: Edit | None = None) -> PlannedRow:
        """What a record comes to by itself, as people have edited it."""
        line, cells = record
        names, read_texts = self.names, self._texts_of
        issues: tuple[Issue, ...] = ()
        faulty: frozenset[str] | set[str] = _NONE
        if len(cells) != self._width:
            cells, issues = self._fitted(line, cells)
        picked = self.pick(cells)
        if edit is not None or (self._value_edits and is_filled(cells)):
            names, picked = self._edited(picked, edit)
            read_texts = texts_of(names)
        try:
            texts = read_texts(picked)
        except ValidationError as error:
            texts = tuple(cell.strip() for cell in picked)
            found = [_issue_of(item, line, names, texts) for item in error.errors(include_url=False)]
            faulty = {issue.column or "" for issue in found}
            faulty |= set(NAME_PARTS) if FULL_NAME in faulty else set()
            issues += tuple(found)
        if not any(texts) and not is_filled(cells):
            return PlannedRow(line, Outcome.EMPTY, {})
        values = dict(zip(names, texts))  # noqa: B905 as many by construction; asking costs 3 % of a row
        if self._has_composed_names:
            issues += _compose_names(values, line)
        for column, default in self.defaults:
            if not values.get(column):
                values[column] = default
        row = PlannedRow(line, Outcome.ADD, values, "", (), None, issues)
        self._check(row, faulty, edit.values if edit else _NONE)
        if edit is not None and edit.is_skipped:
            row.outcome, row.issues = Outcome.SKIPPED, ()
        elif row.issues and any(issue.severity is Severity.ERROR for issue in row.issues):
            row.outcome = Outcome.REJECTED
        return row

    def _fitted(self, line: int, cells: list[str]) -> tuple[list[str], tuple[Issue, ...]]:
        """A ragged row's cells, at least as many as the file has columns, and what there is to say about it."""
        width = len(cells)
        params = {"cells": width, "of": self._width}
        if width < self._width:
            found = (Issue(IssueCode.TOO_FEW_CELLS, line, params=params),) if width < self._needed else ()
            return [*cells, *([""] * (self._width - width))], found
        if is_filled(cells[self._width :]):
            return cells, (Issue(IssueCode.TOO_MANY_CELLS, line, params=params),)
        return cells, ()

    def _edited(self, picked: Sequence[str], edit: Edit | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The columns and their cells as edited: a value wherever it stands first, then the row's own edits."""
        cells = dict(zip(self.names, picked, strict=True))
        for column, becomes in self._value_edits:
            if column in cells:
                cells[column] = changed_value(column, cells[column], becomes)
        if edit is not None:
            cells |= edit.values
            if "last_name" in edit.values and NAME_PREFIX in cells:
                cells[NAME_PREFIX] = ""  # whoever edits a last name gives it whole
        return tuple(cells), tuple(cells.values())

    def _check(self, row: PlannedRow, faulty: Collection[str], said: Collection[str]) -> None:
        """What a row's texts mean, but for those columns that are known to be faulty; `said`: those people edited."""
        values = row.values
        if "" in _required_of(values):
            for column in REQUIRED:
                if not values[column] and column not in faulty:
                    row.note(IssueCode.REQUIRED_VALUE_MISSING, column)
        email = values.get("email")
        if email and "email" not in faulty:
            try:
                row.address = canonical(email)
            except NotAnAddress:
                _read_unclear_address(row, email)
        if values["language"] not in self._languages and "language" not in faulty:
            self._check_language(row)
        groups = values.get("student_groups")
        if groups and "student_groups" not in faulty:
            if len(groups) <= SHORT:
                row.groups = few_groups(groups)
            else:
                self._check_groups(row, groups)
        if self._may_be_garbled:
            row.issues += _garbled(values, row.line, said)

    def _check_language(self, row: PlannedRow) -> None:
        given = row.values["language"]
        if meant := language_of(given, self._languages):
            row.values["language"] = meant
        else:
            row.note(IssueCode.LANGUAGE_UNKNOWN, "language", given, languages=self._languages_shown)

    def _check_groups(self, row: PlannedRow, cell: str) -> None:
        row.groups = groups = groups_of(cell)
        if len(groups) > GROUPS:
            row.note(IssueCode.TOO_MANY_GROUPS, "student_groups", cell, groups=len(groups), limit=GROUPS)
        for group in groups:
            if len(group) > TITLE_CHARACTERS:
                row.note(IssueCode.VALUE_TOO_LONG, "student_groups", group, limit=TITLE_CHARACTERS)


def _read_unclear_address(row: PlannedRow, text: str) -> None:
    """A text that is no address as it stands: without what nobody sees around it, it may be one.

    Else nothing is taken that nobody wrote: the finding says which address the text probably stands for.
    """
    seen, likely = without_unseen(text), likely_address(text)
    if address := _address_or_none(seen):
        row.values["email"], row.address = seen, address
    elif _address_or_none(likely):
        row.note(IssueCode.EMAIL_INVALID, "email", text, suggestion=likely)
    else:
        row.note(IssueCode.EMAIL_INVALID, "email", text)


def _address_or_none(text: str) -> str | None:
    try:
        return canonical(text)
    except NotAnAddress:
        return None


def _compose_names(values: dict[str, str], line: int) -> tuple[Issue, ...]:
    """Put the parts of a name where they belong, but for those that were edited; says which are too long."""
    whole, prefix = values.pop(FULL_NAME, None), values.pop(NAME_PREFIX, "")
    if whole is not None:
        for column, part in zip(NAME_PARTS, split_name(whole), strict=True):
            values.setdefault(column, part)
    if prefix and values.get("last_name"):
        values["last_name"] = f"{prefix} {values['last_name']}"
    return tuple(
        Issue(IssueCode.VALUE_TOO_LONG, line, column, values[column], {"limit": NAME_CHARACTERS})
        for column in NAME_PARTS
        if len(values.get(column, "")) > NAME_CHARACTERS
    )


def _garbled(values: Mapping[str, str], line: int, said: Collection[str]) -> tuple[Issue, ...]:
    """What of a row was garbled before it came to us, but for what people said themselves."""
    return tuple(
        Issue(IssueCode.VALUE_GARBLED, line, column, text, {"suggestion": meant} if (meant := mended(text)) else {})
        for column, text in values.items()
        if not text.isascii() and column not in said and first_damage(text)
    )


def values_in(column: str, cell: str) -> Sequence[str]:
    """The values a cell holds, tidy: itself, or each of the student groups it names. `[""]` for an empty cell."""
    return groups_of(cell) or ("",) if column == "student_groups" else (tidy(cell),)


def changed_value(column: str, cell: str, becomes: Mapping[str, str]) -> str:
    """A cell whose value, or one of its values, becomes another; every other cell exactly as it is."""
    values = values_in(column, cell)
    if not any(value in becomes for value in values):
        return cell
    return GROUP_SEPARATOR.join(filter(None, (becomes.get(value, value) for value in values)))


def _picker(positions: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """What takes these cells of a row; `itemgetter` makes no tuple of fewer than two."""
    if len(positions) > 1:
        return itemgetter(*positions)
    return lambda cells: tuple(cells[position] for position in positions)


def groups_of(cell: str) -> tuple[str, ...]:
    """The student groups a cell names, each once, spelt as first given."""
    groups: dict[str, str] = {}
    for part in cell.split(GROUP_SEPARATOR):
        if name := tidy(part):
            groups.setdefault(name_key(name), name)
    return tuple(groups.values())


# A cell this short holds neither too many groups nor, NFC making three characters of one at most, one too long.
SHORT: Final = min(TITLE_CHARACTERS // 3, GROUPS)
few_groups = lru_cache(maxsize=16_384)(groups_of)  # a file has few combinations of them

_NONE: Final[frozenset[str]] = frozenset()
_PYDANTIC: Final = {
    "string_too_long": IssueCode.VALUE_TOO_LONG,
    "string_pattern_mismatch": IssueCode.CHARACTERS_NOT_ALLOWED,
    "string_unicode": IssueCode.CHARACTERS_NOT_ALLOWED,
}


def _issue_of(item: ErrorDetails, line: int, columns: Sequence[str], texts: Sequence[str]) -> Issue:
    position = int(item["loc"][0])
    params = {"limit": item["ctx"]["max_length"]} if item["type"] == "string_too_long" else {}
    return Issue(_PYDANTIC[item["type"]], line, columns[position], texts[position], params)
