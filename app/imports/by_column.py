"""Many records at once, column by column: plain ones cost a third of what they cost one by one. Pure.

Comes to what `row` comes to, to the letter; every record that is not plain is left to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from typing import Final

from pydantic import ValidationError

from app.imports.columns import FULL_NAME, NAME_PREFIX, REQUIRED, column_texts_of, longest_text
from app.imports.meanings import language_of
from app.imports.reading.damage import first_damage
from app.imports.reading.table import Record
from app.imports.row import SHORT, Edit, Recipe, RowReader, few_groups
from app.imports.rows import Rows
from app.invitations.address import NotAnAddress, canonical

_COMPOSED: Final = frozenset((FULL_NAME, NAME_PREFIX))
_BETWEEN: Final = "\N{BROKEN BAR}"
"""A character that can be printed, and makes no text take more room. Where it is in a cell nothing goes wrong."""
NO_EDITS: Final[Mapping[int, Edit]] = {}


class RowsReader:
    """Reads records into rows, any number at a time."""

    def __init__(self, recipe: Recipe) -> None:
        self._one_by_one = one_by_one = RowReader(recipe)
        self._recipe = recipe
        self._width = len(recipe.columns)
        self._defaults = one_by_one.defaults
        are_cells_changed = any(recipe.value_edits.values()) or not _COMPOSED.isdisjoint(recipe.columns)
        self._may_be_plain = any(recipe.columns) and not are_cells_changed

    def read(self, records: Iterable[Record], edits: Mapping[int, Edit] = NO_EDITS) -> Rows:
        """Records, in the order of their file, as rows. `edits` by line."""
        plain, odd = self._divided(list(records), edits)
        rows, odd_too = self._rows(plain) if plain else (Rows([], {}, [], []), [])
        read = self._one_by_one.read
        return rows.with_more([read(record, edits.get(record[0])) for record in (*odd, *odd_too)])

    def _divided(self, records: list[Record], edits: Mapping[int, Edit]) -> tuple[list[Record], list[Record]]:
        """Those that may be plain, and the others: ragged or edited ones."""
        if not self._may_be_plain:
            return [], records
        if not edits and {len(cells) for _, cells in records} <= {self._width}:
            return records, []
        is_plain = [len(cells) == self._width and line not in edits for line, cells in records]
        odd = [record for record, plain in zip(records, is_plain, strict=True) if not plain]
        return list(compress(records, is_plain)), odd

    def _rows(self, records: Sequence[Record]) -> tuple[Rows, list[Record]]:
        """Rows of those that nothing is to be said about, and the records of the others."""
        lines, all_cells = zip(*records, strict=True)
        odd: set[int] = set()
        columns: dict[str, Sequence[str]] = {}
        for column, cells in zip(self._recipe.columns, zip(*all_cells, strict=True), strict=True):
            if column is not None:
                columns[column] = _texts(column, cells, odd)
        for column, default in self._defaults:
            given = columns.get(column)
            if given is None:
                columns[column] = (default,) * len(lines)
            elif default and "" in given:
                columns[column] = [text or default for text in given]
        addresses = _addresses(columns["email"], odd)
        for column in REQUIRED:
            odd |= _where(columns[column], {""})
        odd |= self._odd_languages(columns)
        groups = _groups(columns.get("student_groups") or ("",) * len(lines), odd)
        if self._recipe.may_be_garbled:
            odd |= _garbled(columns)
        rows = Rows(lines, columns, addresses, groups)
        if not odd:
            return rows, []
        return rows.only([position not in odd for position in range(len(lines))]), [
            records[position] for position in sorted(odd)
        ]

    def _odd_languages(self, columns: dict[str, Sequence[str]]) -> set[int]:
        """Puts our codes for the languages people write; where that is not understood is told."""
        installed, given = self._recipe.languages, columns["language"]
        meant = {text: text if text in installed else language_of(text, installed) for text in set(given)}
        unknown = {text for text, code in meant.items() if not code}
        if any(text != code for text, code in meant.items()):
            columns["language"] = [meant[text] or text for text in given]
        return _where(given, unknown) if unknown else set()


def _texts(column: str, cells: Sequence[str], odd: set[int]) -> Sequence[str]:
    """The texts of the cells that feed a column; adds to `odd` where there is none that can stand.

    What can be printed and has no blanks around it is a text as it is: the only blank that can be printed is a space.
    """
    joined = _BETWEEN.join(cells)
    is_stripped = f" {_BETWEEN}" not in joined and f"{_BETWEEN} " not in joined and joined.strip(" ") == joined
    if is_stripped and joined.isprintable() and max(map(len, cells)) <= longest_text(column):
        return cells
    try:
        return column_texts_of(column)(cells)
    except ValidationError as error:
        faulty = {int(item["loc"][0]) for item in error.errors(include_url=False, include_input=False)}
    odd |= faulty
    return column_texts_of(column)(["" if position in faulty else cell for position, cell in enumerate(cells)])


def _addresses(emails: Sequence[str], odd: set[int]) -> list[str]:
    """The canonical form of each; adds to `odd` where there is none."""
    addresses = []
    for position, email in enumerate(emails):
        try:
            addresses.append(canonical(email))
        except NotAnAddress:
            addresses.append("")
            odd.add(position)
    return addresses


def _groups(cells: Sequence[str], odd: set[int]) -> list[tuple[str, ...]]:
    """The student groups each cell names; adds to `odd` where it takes a closer look."""
    if max(map(len, cells)) <= SHORT:
        return list(map(few_groups, cells))
    odd |= {position for position, cell in enumerate(cells) if len(cell) > SHORT}
    return [few_groups(cell) if len(cell) <= SHORT else () for cell in cells]


def _garbled(columns: Mapping[str, Sequence[str]]) -> set[int]:
    return {
        position
        for column in columns.values()
        if not "".join(column).isascii()
        for position, text in enumerate(column)
        if not text.isascii() and first_damage(text)
    }


def _where(texts: Sequence[str], wanted: set[str]) -> set[int]:
    if wanted.isdisjoint(texts):
        return set()
    return {position for position, text in enumerate(texts) if text in wanted}
