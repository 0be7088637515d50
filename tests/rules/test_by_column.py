"""Rows read by column are what they are one by one, and stay what they are however they are parted and joined."""

from collections.abc import Mapping, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from app.imports.ahead import _packed, _unpacked
from app.imports.by_column import RowsReader
from app.imports.columns import COLUMNS
from app.imports.row import Edit, PlannedRow, Recipe, RowReader
from app.imports.rows import Rows

ALL = tuple(column.name for column in COLUMNS)
ADDRESSES = ["jan@example.com", "Ann@Example.com", "\u200bzoe@exämple.com", "mailto:jan@example.com", "jan@", "a b@c.d"]
TEXTS = [
    *("", " ", "Jan", " Jan", "Jan\u00a0", "Ja n", "a¦", " ¦", "¦ ", "Zo\u0308e", "ZoÃ©", "x" * 101, "x" * 201),
    *("a\tb", "a\nb", "a\u2028b", "\x1f", "\ud800", "en", "Dutch", "xx", "A/B", "A/" * 30, "A/" * 200),
]
CELL = st.sampled_from([*ADDRESSES, *TEXTS]) | st.text(max_size=4)
PERSON = st.tuples(
    st.sampled_from(["Jan", *TEXTS]),
    st.just("Peeters"),
    st.sampled_from(ADDRESSES),
    st.sampled_from(["Acme", *TEXTS]),
    st.sampled_from(["nl", "Dutch", "", "xx"]),
    *[CELL] * 4,
).map(list)
RECORDS = st.lists(PERSON | st.lists(CELL, max_size=11), max_size=12).map(lambda rows: list(enumerate(rows, 2)))
RECIPES = st.builds(
    Recipe,
    columns=st.just(ALL)
    | st.permutations([*ALL, None]).map(tuple)
    | st.just((*ALL[:3], None, "full_name"))
    | st.just((None,)),
    defaults=st.fixed_dictionaries({}, optional={"company": st.just("Acme"), "language": st.just("fr")}),
    language=st.just("en"),
    languages=st.just(("en", "fr", "nl")),
    value_edits=st.just({}) | st.just({"company": {"Acme": "Ode"}}),
    may_be_garbled=st.booleans(),
)
EDITS = st.dictionaries(
    st.integers(2, 13), st.builds(Edit, st.just({}) | st.just({"label": "Staff"}), st.booleans()), max_size=2
)


def one_by_one(records: Sequence[tuple[int, list[str]]], recipe: Recipe, edits: Mapping[int, Edit]) -> list[PlannedRow]:
    read = RowReader(recipe).read
    return [read(record, edits.get(record[0])) for record in records]


def _filled(values: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in values.items() if text}


def shown(rows: Rows | Sequence[PlannedRow]) -> list[object]:
    """All there is to a row; a text that is not there is an empty one."""
    return [(row.line, row.outcome, _filled(row.values), row.address, row.groups, row.issues) for row in rows]


@given(RECORDS, RECIPES, EDITS)
@settings(max_examples=500, deadline=None)
def test_rows_by_column_are_what_they_are_one_by_one(
    records: list[tuple[int, list[str]]], recipe: Recipe, edits: dict[int, Edit]
) -> None:
    rows = RowsReader(recipe).read(records, edits)
    assert shown(rows) == shown(one_by_one(records, recipe, edits))
    assert len(rows) == len(records)


@given(RECORDS, RECIPES, EDITS, st.integers(0, 13), st.integers(0, 15))
@settings(max_examples=200, deadline=None)
def test_rows_that_travel_in_parts_arrive_as_they_were(
    records: list[tuple[int, list[str]]], recipe: Recipe, edits: dict[int, Edit], count: int, line: int
) -> None:
    rows = RowsReader(recipe).read(records, edits)
    whole = shown(rows)
    head, rest = rows.cut(count)
    assert (shown(head), shown(rest)) == (whole[:count], whole[count:])
    arrived = [_unpacked(_packed(part)) for part in (head, rest)]
    joined = Rows.joined([part for part in arrived if isinstance(part, Rows)])
    assert shown(joined) == whole
    assert shown(joined.behind(line)) == [row for row, (number, _) in zip(whole, records, strict=True) if number > line]
