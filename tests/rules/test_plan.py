"""What happens to each row of a file: rules 3 to 10, one sentence each, and what holds for any file at all."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.directory.names import name_key
from app.imports.columns import COLUMNS
from app.imports.issues import Issue, IssueCode, Severity
from app.imports.plan import NOTHING_KNOWN, KnownNames, Plan, Totals
from app.imports.reading.table import Record
from app.imports.row import Edit, Outcome, PlannedRow, Recipe, RowReader

ALL = tuple(column.name for column in COLUMNS)
NOTHING = NOTHING_KNOWN
JAN = {"first_name": "Jan", "last_name": "Peeters", "email": "jan@example.com", "company": "Acme"}
ANN = JAN | {"first_name": "Ann", "email": "ann@example.com"}
ZOE = JAN | {"first_name": "Zoë", "email": "zoe@example.com"}


def _recipe(columns: Sequence[str | None] = ALL, **defaults: str) -> Recipe:
    return Recipe(tuple(columns), defaults, "en", ("en", "fr", "nl"))


def _records(people: Iterable[Mapping[str, str] | Sequence[str]]) -> list[Record]:
    """Rows below a header on line 1, of all our columns."""
    cells = [[row.get(name, "") for name in ALL] if isinstance(row, Mapping) else list(row) for row in people]
    return list(enumerate(cells, 2))


class Planned:
    """A whole file planned at once."""

    def __init__(
        self,
        *people: Mapping[str, str] | Sequence[str],
        recipe: Recipe | None = None,
        users: Collection[str] = (),
        known: KnownNames = NOTHING,
    ) -> None:
        plan = Plan(recipe or _recipe(), known)
        rows = plan.read(_records(people))
        plan.settle(rows, users)
        self.warned = plan.finish(lambda addresses: {address for address in addresses if address in users})
        self.rows = list(rows)
        self.totals = plan.totals
        self.leaders = plan.leaders

    @property
    def outcomes(self) -> list[Outcome]:
        return [row.outcome for row in self.rows]

    @property
    def codes(self) -> list[list[IssueCode]]:
        return [[issue.code for issue in row.issues] for row in self.rows]

    def issue(self) -> Issue:
        """The one issue there is."""
        (only,) = (issue for row in self.rows for issue in row.issues)
        return only


# --- rules 3 and 4: columns, defaults, values ------------------------------------------------------------------------


def test_a_complete_row_is_added_as_given() -> None:
    planned = Planned({**JAN, "language": "nl", "student_groups": "Sales / Newcomers", "label": "Staff", "team": "A"})
    (row,) = planned.rows
    assert (row.outcome, row.line, row.address, row.issues) == (Outcome.ADD, 2, "jan@example.com", ())
    assert row.shown_values() == {
        **JAN,
        "language": "nl",
        "student_groups": ["Sales", "Newcomers"],
        "label": "Staff",
        "team": "A",
        "team_leader": None,
    }


def test_outer_spaces_are_off_and_inner_ones_stay() -> None:
    (row,) = Planned({**JAN, "first_name": "  Jan  Willem\t", "email": " jan@example.com\xa0"}).rows
    assert (row.values["first_name"], row.values["email"]) == ("Jan  Willem", "jan@example.com")


def test_cells_nothing_is_fed_from_are_not_imported() -> None:
    columns = ["first_name", None, "last_name", "email", "company", None]
    (row,) = Planned(["Jan", "secret", "Peeters", "jan@example.com", "Acme", "1"], recipe=_recipe(columns)).rows
    assert row.outcome is Outcome.ADD
    assert "secret" not in row.values.values()


@pytest.mark.parametrize("column", ["first_name", "last_name", "email", "company"])
def test_an_empty_required_cell_rejects_the_row(column: str) -> None:
    planned = Planned({**JAN, column: " "})
    assert planned.outcomes == [Outcome.REJECTED]
    assert planned.issue() == Issue(IssueCode.REQUIRED_VALUE_MISSING, 2, column)


def test_a_required_column_nothing_feeds_rejects_every_row_without_a_default() -> None:
    columns = ["first_name", "last_name", "email"]
    people = [["Jan", "Peeters", "jan@example.com"], ["Ann", "Maes", "ann@example.com"]]
    assert Planned(*people, recipe=_recipe(columns)).codes == [[IssueCode.REQUIRED_VALUE_MISSING]] * 2
    planned = Planned(*people, recipe=_recipe(columns, company="Acme"))
    assert planned.outcomes == [Outcome.ADD, Outcome.ADD]
    assert planned.rows[0].values["company"] == "Acme"


def test_a_default_fills_empty_cells_only() -> None:
    recipe = _recipe(company="Fallback", label="Guest", student_groups="A/B", team="T")
    empty, full = Planned({**JAN, "company": ""}, {**ANN, "label": "Staff", "student_groups": "C"}, recipe=recipe).rows
    assert (empty.values["company"], empty.values["label"], empty.groups) == ("Fallback", "Guest", ("A", "B"))
    assert (full.values["company"], full.values["label"], full.groups) == ("Acme", "Staff", ("C",))
    assert full.values["team"] == "T"


def test_an_empty_default_is_none() -> None:
    assert Planned({**JAN, "company": ""}, recipe=_recipe(company="")).outcomes == [Outcome.REJECTED]
    assert Planned(JAN, recipe=_recipe(language="")).rows[0].values["language"] == "en"


def test_an_empty_language_takes_the_imports_default_then_the_platforms() -> None:
    assert Planned(JAN).rows[0].values["language"] == "en"
    assert Planned(JAN, recipe=_recipe(language="fr")).rows[0].values["language"] == "fr"
    without_column = _recipe(["first_name", "last_name", "email", "company"], language="fr")
    assert Planned(list(JAN.values()), recipe=without_column).rows[0].values["language"] == "fr"


@pytest.mark.parametrize("given_", ["nl", "NL", "Nl", " nl "])
def test_a_language_is_understood_regardless_of_case(given_: str) -> None:
    assert Planned({**JAN, "language": given_}).rows[0].values["language"] == "nl"


@pytest.mark.parametrize("given_", ["de", "German", "Belgisch", "n"])
def test_a_language_that_is_not_installed_rejects_the_row(given_: str) -> None:
    planned = Planned({**JAN, "language": given_}, recipe=_recipe(language="fr"))
    assert planned.outcomes == [Outcome.REJECTED]
    assert planned.issue() == Issue(IssueCode.LANGUAGE_UNKNOWN, 2, "language", given_, {"languages": "en, fr, nl"})


def test_student_groups_are_separated_by_slashes_and_each_counts_once() -> None:
    (row,) = Planned({**JAN, "student_groups": " Sales /sales// SALES  team / Sales team/"}).rows
    assert row.groups == ("Sales", "SALES team")


@pytest.mark.parametrize("separator", ["/", " / "])
def test_more_than_fifty_groups_reject_the_row(separator: str) -> None:
    fifty = separator.join(f"G{n}" for n in range(50))
    assert Planned({**JAN, "student_groups": fifty}).outcomes == [Outcome.ADD]
    planned = Planned({**JAN, "student_groups": f"{fifty}{separator}One more"})
    assert planned.outcomes == [Outcome.REJECTED]
    assert planned.issue().params == {"groups": 51, "limit": 50}


@pytest.mark.parametrize("group", ["x" * 201, "\u0958" * 101])
def test_a_group_with_a_name_too_long_rejects_the_row(group: str) -> None:
    planned = Planned({**JAN, "student_groups": f"Sales/{group}"})
    assert planned.outcomes == [Outcome.REJECTED]
    assert (planned.issue().code, planned.issue().params) == (IssueCode.VALUE_TOO_LONG, {"limit": 200})


@pytest.mark.parametrize(
    ("column", "limit"),
    [("first_name", 100), ("last_name", 100), ("company", 200), ("label", 200), ("team", 200)],
)
def test_a_text_that_is_too_long_rejects_the_row(column: str, limit: int) -> None:
    assert Planned({**JAN, column: "x" * limit + "  "}).outcomes == [Outcome.ADD]
    planned = Planned({**JAN, column: "x" * (limit + 1)})
    assert planned.outcomes == [Outcome.REJECTED]
    assert planned.issue() == Issue(IssueCode.VALUE_TOO_LONG, 2, column, "x" * (limit + 1), {"limit": limit})


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r", "\t", "\0", "\x85", "\u2028", "\x1b"])
@pytest.mark.parametrize("column", ["first_name", "last_name", "company", "label", "team", "student_groups"])
def test_line_breaks_and_controls_in_names_reject_the_row_with_line_and_column(column: str, break_: str) -> None:
    value = f"A{break_}Bcc: everyone@example.com"
    planned = Planned(JAN, {**ANN, column: value})
    assert planned.outcomes == [Outcome.ADD, Outcome.REJECTED]
    assert planned.issue() == Issue(IssueCode.CHARACTERS_NOT_ALLOWED, 3, column, value)


def test_names_in_any_script_are_kept_exactly() -> None:
    names = {"first_name": "محمد", "last_name": "O’Neill-Łukasz", "company": "日本語 & Co — «Ünï»"}
    (row,) = Planned({**JAN, **names}).rows
    assert {name: row.values[name] for name in names} == names


@pytest.mark.parametrize("email", ["jan", "jan@", "jan@example", "jan@example.com; ann@example.com", "x" * 321])
def test_what_is_no_address_rejects_the_row(email: str) -> None:
    planned = Planned({**JAN, "email": email})
    assert planned.outcomes == [Outcome.REJECTED]
    assert planned.issue().column == "email"
    assert planned.issue().value == email


def test_everything_that_is_wrong_with_a_row_is_said_at_once_and_nothing_twice() -> None:
    planned = Planned({"first_name": "x" * 101, "email": "y\n" * 200, "language": "de", "student_groups": "a\nb"})
    assert Counter(planned.codes[0]) == {
        IssueCode.VALUE_TOO_LONG: 2,
        IssueCode.CHARACTERS_NOT_ALLOWED: 1,
        IssueCode.LANGUAGE_UNKNOWN: 1,
        IssueCode.REQUIRED_VALUE_MISSING: 2,
    }


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("company", "\x1c", IssueCode.CHARACTERS_NOT_ALLOWED),
        ("language", "x" * 36, IssueCode.VALUE_TOO_LONG),
        ("student_groups", "/".join(f"G{n}" for n in range(3000)), IssueCode.VALUE_TOO_LONG),
        ("email", "a\nb", IssueCode.CHARACTERS_NOT_ALLOWED),
    ],
)
def test_one_cell_has_one_thing_wrong_with_it(column: str, value: str, code: IssueCode) -> None:
    assert Planned({**JAN, column: value}).codes == [[code]]


# --- ragged and empty rows -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cells", [[], [""], ["", " ", "\t"], [" "] * 9, ["\x1c", "\xa0"], [""] * 30])
def test_a_row_of_separators_and_blanks_is_empty_and_harmless(cells: list[str]) -> None:
    planned = Planned(cells, JAN, recipe=_recipe(company="Acme"))
    assert planned.outcomes == [Outcome.EMPTY, Outcome.ADD]
    assert planned.codes == [[], []]


def test_a_row_with_something_in_a_column_that_is_not_imported_is_not_empty() -> None:
    planned = Planned(["", "", "", "", "x"], recipe=_recipe(["first_name", "last_name", "email", "company", None]))
    assert planned.outcomes == [Outcome.REJECTED]


def test_missing_cells_count_as_empty_with_a_warning() -> None:
    planned = Planned([*JAN.values()])
    assert planned.outcomes == [Outcome.ADD]
    assert planned.issue() == Issue(IssueCode.TOO_FEW_CELLS, 2, None, None, {"cells": 4, "of": 9})
    assert planned.issue().severity is Severity.WARNING


def test_cells_beyond_the_columns_reject_the_row_unless_they_are_blank() -> None:
    whole = _records([JAN])[0][1]
    planned = Planned([*whole, "", " "], [*_records([ANN])[0][1], "", "surplus"])
    assert planned.outcomes == [Outcome.ADD, Outcome.REJECTED]
    assert planned.issue() == Issue(IssueCode.TOO_MANY_CELLS, 3, None, None, {"cells": 11, "of": 9})


# --- rule 6: once per person -----------------------------------------------------------------------------------------


def test_a_person_already_on_the_platform_is_not_added_again() -> None:
    planned = Planned(JAN, ANN, users={"jan@example.com"})
    assert planned.outcomes == [Outcome.ALREADY_USER, Outcome.ADD]
    assert planned.totals.mails == {"en": 1}


def test_the_same_address_twice_is_one_person_and_every_later_row_names_the_first() -> None:
    planned = Planned(JAN, ANN, JAN, JAN)
    assert planned.outcomes == [Outcome.ADD, Outcome.ADD, Outcome.DUPLICATE, Outcome.DUPLICATE]
    assert [row.first_line for row in planned.rows] == [None, None, 2, 2]
    assert planned.rows[3].issues == (
        Issue(IssueCode.DUPLICATE_IN_FILE, 5, "email", "jan@example.com", {"first_line": 2}),
    )


def test_duplicates_of_an_existing_user_name_the_line_that_stands_for_it() -> None:
    planned = Planned(JAN, JAN, users={"jan@example.com"})
    assert planned.outcomes == [Outcome.ALREADY_USER, Outcome.DUPLICATE]
    assert planned.rows[1].first_line == 2


def test_an_earlier_row_that_is_rejected_or_empty_stands_for_nobody() -> None:
    planned = Planned([], {**JAN, "language": "de"}, {**JAN, "company": ""}, JAN, JAN)
    assert planned.outcomes == [
        Outcome.EMPTY,
        Outcome.REJECTED,
        Outcome.REJECTED,
        Outcome.ADD,
        Outcome.DUPLICATE,
    ]
    assert planned.rows[4].first_line == 5


def test_a_rejected_row_is_rejected_even_where_its_address_was_seen_before() -> None:
    assert Planned(JAN, {**JAN, "language": "de"}).outcomes == [Outcome.ADD, Outcome.REJECTED]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("jan@example.com", "JAN@Example.com"),
        ("zoe\u0308@example.com", "ZO\u00cb@example.com"),
        ("jan@exämple.com", "jan@xn--exmple-cua.com"),
    ],
)
def test_addresses_are_compared_regardless_of_case_idna_and_composition(one: str, other: str) -> None:
    planned = Planned({**JAN, "email": one}, {**JAN, "email": other})
    assert planned.outcomes == [Outcome.ADD, Outcome.DUPLICATE]
    assert planned.rows[0].values["email"] == one


def test_dots_and_plus_parts_make_other_people() -> None:
    people = [{**JAN, "email": email} for email in ("ab@gmail.com", "a.b@gmail.com", "ab+x@gmail.com")]
    assert Planned(*people).outcomes == [Outcome.ADD] * 3


# --- rules 7 and 10: totals and what is created ----------------------------------------------------------------------


def test_mails_are_counted_per_language_of_those_who_are_added() -> None:
    planned = Planned(JAN, {**ANN, "language": "FR"}, {**ZOE, "language": "nl"}, JAN, users={"zoe@example.com"})
    assert planned.totals.mails == {"en": 1, "fr": 1}


def test_unknown_names_on_added_rows_are_created_once_spelt_as_first_given() -> None:
    planned = Planned(
        {**JAN, "company": " ACME  Corp", "student_groups": "Sales/Ops", "label": "Staff", "team": "A"},
        {**ANN, "company": "Acme corp", "student_groups": "OPS", "label": "staff", "team": "a"},
    )
    assert planned.totals.creates == {
        "organisations": {"acme corp": "ACME Corp"},
        "student_groups": {"sales": "Sales", "ops": "Ops"},
        "labels": {"staff": "Staff"},
        "teams": {"a": "A"},
    }


def test_names_the_platform_has_in_any_case_are_not_created() -> None:
    known = KnownNames({"acme": "Acme"}, {"sales": "Sales"}, {"staff": "Staff"}, {"a": "A"}, {})
    person = {**JAN, "company": "ACME ", "student_groups": "SALES", "label": "Staff", "team": "A"}
    assert not any(Planned(person, known=known).totals.creates.values())


def test_rows_that_are_not_added_create_nothing() -> None:
    planned = Planned(
        {**JAN, "company": "One"},
        {**JAN, "company": "Two"},
        {**ANN, "company": "Three", "language": "de"},
        users={"jan@example.com"},
    )
    assert planned.outcomes == [Outcome.ALREADY_USER, Outcome.DUPLICATE, Outcome.REJECTED]
    assert not any(planned.totals.creates.values())


# --- rule 9: leaders -------------------------------------------------------------------------------------------------


def _led(person: Mapping[str, str], leader: str, team: str = "Antwerp") -> dict[str, str]:
    return {**person, "team": team, "team_leader": leader}


def test_a_leader_may_stand_below_or_above_their_people() -> None:
    for people in ([_led(JAN, "ann@example.com"), ANN], [ANN, _led(JAN, "ann@example.com")]):
        planned = Planned(*people)
        assert planned.codes == [[], []]
        assert planned.leaders["antwerp"].address == "ann@example.com"


def test_a_leader_may_lead_the_team_of_their_own_row() -> None:
    assert Planned(_led(JAN, "jan@example.com")).codes == [[]]


def test_a_leader_may_be_on_the_platform_already() -> None:
    planned = Planned(_led(JAN, "Ann@Example.com"), users={"ann@example.com"})
    assert planned.codes == [[]]
    assert (planned.leaders["antwerp"].email, planned.leaders["antwerp"].address) == (
        "Ann@Example.com",
        "ann@example.com",
    )


def test_a_leader_found_nowhere_is_a_warning_and_the_person_is_added() -> None:
    planned = Planned(_led(JAN, "ann@example.com"), ZOE)
    assert planned.outcomes == [Outcome.ADD, Outcome.ADD]
    assert planned.issue() == Issue(
        IssueCode.LEADER_NOT_FOUND, 2, "team_leader", "ann@example.com", {"team": "Antwerp"}
    )
    assert planned.warned == [planned.rows[0]]
    assert planned.totals.issues == {IssueCode.LEADER_NOT_FOUND: 1}
    assert planned.leaders["antwerp"].address == "ann@example.com"


def test_a_leader_whose_only_row_is_rejected_is_found_nowhere() -> None:
    planned = Planned(_led(JAN, "ann@example.com"), {**ANN, "company": ""})
    assert planned.codes[0] == [IssueCode.LEADER_NOT_FOUND]


def test_a_leader_without_a_team_is_a_warning() -> None:
    planned = Planned({**JAN, "team_leader": "ann@example.com"}, ANN)
    assert planned.outcomes == [Outcome.ADD, Outcome.ADD]
    assert planned.issue() == Issue(IssueCode.LEADER_WITHOUT_TEAM, 2, "team_leader", "ann@example.com")
    assert planned.leaders == {}


def test_a_leader_that_is_no_address_is_a_warning() -> None:
    planned = Planned(_led(JAN, "Ann Maes"))
    assert planned.outcomes == [Outcome.ADD]
    assert planned.issue() == Issue(IssueCode.LEADER_NOT_AN_ADDRESS, 2, "team_leader", "Ann Maes")
    assert planned.leaders == {}


def test_of_two_leaders_of_a_team_the_first_wins_and_the_second_is_a_warning() -> None:
    planned = Planned(_led(JAN, "ann@example.com"), ANN, _led(ZOE, "zoe@example.com", " ANTWERP "))
    assert planned.leaders["antwerp"].address == "ann@example.com"
    assert planned.issue() == Issue(
        IssueCode.LEADER_ALREADY_NAMED,
        4,
        "team_leader",
        "zoe@example.com",
        {"team": "ANTWERP", "first_line": 2},
    )


def test_the_same_leader_on_every_row_of_the_team_is_no_warning() -> None:
    assert Planned(_led(JAN, "ann@example.com"), _led(ANN, "ANN@example.com")).codes == [[], []]


def test_an_existing_or_remembered_leader_is_never_replaced() -> None:
    known = KnownNames({}, {}, {}, {"antwerp": "Antwerp"}, {"antwerp": "boss@example.com"})
    planned = Planned(_led(JAN, "ann@example.com"), ANN, known=known)
    assert planned.issue() == Issue(IssueCode.LEADER_KEPT, 2, "team_leader", "ann@example.com", {"team": "Antwerp"})
    assert planned.leaders == {}
    assert Planned(_led(JAN, "BOSS@example.com"), known=known).codes == [[]]


def test_a_team_that_is_known_without_a_leader_gets_one() -> None:
    planned = Planned(_led(JAN, "jan@example.com"), known=KnownNames({}, {}, {}, {"antwerp": "Antwerp"}, {}))
    assert planned.leaders["antwerp"].address == "jan@example.com"


def test_leaders_are_read_from_rows_of_existing_users_but_not_from_duplicates_or_rejected_rows() -> None:
    planned = Planned(
        _led(JAN, "jan@example.com", "One"),
        _led(JAN, "ann@example.com", "Two"),
        {**_led(ANN, "ann@example.com", "Three"), "language": "de"},
        users={"jan@example.com"},
    )
    assert planned.outcomes == [Outcome.ALREADY_USER, Outcome.DUPLICATE, Outcome.REJECTED]
    assert set(planned.leaders) == {"one"}


# --- any file --------------------------------------------------------------------------------------------------------

ADDRESSES = ["jan@example.com", "JAN@example.com", "ann@example.com", "zoe@exämple.com", "not an address", ""]
NAMES = ["", "A", "a ", "B", "B/A", "x" * 201, "\n", "A\nB"]
CELL = st.sampled_from([*ADDRESSES, *NAMES, "en", "FR", "de"]) | st.text(max_size=5)
PERSON = st.fixed_dictionaries(
    {"first_name": st.just("Jan"), "last_name": st.just("P"), "email": st.sampled_from(ADDRESSES)},
    optional={name: st.sampled_from([*NAMES, "en", *ADDRESSES[:3]]) for name in ALL[3:]},
)
FILES = st.lists(PERSON | st.lists(CELL, max_size=11), max_size=12).map(_records)
RECIPES = st.builds(
    Recipe,
    columns=st.just(ALL) | st.permutations(ALL).map(tuple) | st.permutations([*ALL, None, None]).map(tuple),
    defaults=st.fixed_dictionaries(
        {}, optional={"company": st.just("Acme"), "language": st.just("fr"), "team": st.just("A"), "label": st.just("")}
    ),
    language=st.just("en"),
    languages=st.just(("en", "fr", "nl")),
)
USERS = st.sets(st.sampled_from(["jan@example.com", "ann@example.com", "zoe@xn--exmple-cua.com"]))


def _named(*names: str) -> st.SearchStrategy[dict[str, str]]:
    return st.sets(st.sampled_from(names)).map(lambda found: {name: name.title() for name in found})


KNOWN = st.builds(
    KnownNames,
    _named("a", "acme"),
    _named("a", "b"),
    _named("a", "b"),
    _named("a", "b"),
    st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["jan@example.com", "x@example.com"])),
)


def _fold(
    records: Iterable[Record], recipe: Recipe, known: KnownNames, users: Collection[str], batch: int = 1000
) -> tuple[list[PlannedRow], Totals, dict[str, str]]:
    """A whole plan, as check folds it."""
    plan = Plan(recipe, known)
    rows: list[PlannedRow] = []
    remaining = iter(records)
    while read := plan.read(islice(remaining, batch)):
        plan.settle(read, users)
        rows += read
    plan.finish(lambda addresses: set(addresses) & set(users))
    return rows, plan.totals, {key: claim.address for key, claim in plan.leaders.items()}


@given(FILES, RECIPES, KNOWN, USERS)
@settings(max_examples=300, deadline=None)
def test_the_totals_of_any_file_add_up(
    records: list[Record], recipe: Recipe, known: KnownNames, users: set[str]
) -> None:
    rows, totals, _ = _fold(records, recipe, known, users)
    assert totals.rows == sum(totals.outcomes.values()) == len(records)
    assert [row.line for row in rows] == [line for line, _ in records]
    assert totals.outcomes == Counter(row.outcome for row in rows)
    assert totals.mails == Counter(row.values["language"] for row in rows if row.outcome is Outcome.ADD)
    assert totals.issues == Counter(issue.code for row in rows for issue in row.issues)
    added = [row for row in rows if row.outcome is Outcome.ADD]
    assert set(totals.creates["organisations"]) == {name_key(row.values["company"]) for row in added} - set(
        known.organisations
    )
    assert set(totals.creates["student_groups"]) == {name_key(group) for row in added for group in row.groups} - set(
        known.student_groups
    )


@given(FILES, RECIPES, KNOWN, USERS)
@settings(max_examples=300, deadline=None)
def test_in_any_file_each_address_stands_on_one_row_and_rejections_have_reasons(
    records: list[Record], recipe: Recipe, known: KnownNames, users: set[str]
) -> None:
    rows, _, _ = _fold(records, recipe, known, users)
    first: dict[str, int] = {}
    for row in rows:
        has_error = any(issue.severity is Severity.ERROR for issue in row.issues)
        assert (row.outcome is Outcome.REJECTED) == has_error
        assert all(issue.line == row.line for issue in row.issues)
        if row.outcome in {Outcome.ADD, Outcome.ALREADY_USER}:
            assert row.address not in first
            assert (row.outcome is Outcome.ALREADY_USER) == (row.address in users)
            assert all(row.values[column] for column in ("first_name", "last_name", "email", "company", "language"))
            first[row.address] = row.line
        elif row.outcome is Outcome.DUPLICATE:
            assert row.first_line == first[row.address]


@given(FILES, RECIPES, KNOWN, USERS)
@settings(max_examples=100, deadline=None)
def test_preview_equals_commit(records: list[Record], recipe: Recipe, known: KnownNames, users: set[str]) -> None:
    assert _fold(records, recipe, known, users) == _fold(records, recipe, known, users)


@given(FILES, RECIPES, KNOWN, USERS, st.integers(1, 5))
@settings(max_examples=200, deadline=None)
def test_planning_in_batches_of_any_size_gives_the_same_result(
    records: list[Record], recipe: Recipe, known: KnownNames, users: set[str], batch: int
) -> None:
    assert _fold(records, recipe, known, users, batch) == _fold(records, recipe, known, users)


@given(FILES, RECIPES, KNOWN, USERS, st.integers(0, 14))
@settings(max_examples=200, deadline=None)
def test_a_commit_resumed_at_its_checkpoint_does_to_the_rest_what_it_would_have_done(
    records: list[Record], recipe: Recipe, known: KnownNames, users: set[str], checkpoint: int
) -> None:
    rows, _, leaders = _fold(records, recipe, known, users)
    done = {row.address for row in rows if row.line <= checkpoint and row.outcome is Outcome.ADD}
    plan = Plan(recipe, known)
    resumed: list[PlannedRow] = []
    for record in records:
        read = plan.read([record]).behind(checkpoint)
        plan.settle(read, users | done)
        resumed += read
    expected = [row for row in rows if row.line > checkpoint]
    assert [(row.line, row.outcome, row.address, row.first_line) for row in resumed] == [
        (row.line, row.outcome, row.address, row.first_line) for row in expected
    ]
    assert {key: claim.address for key, claim in plan.leaders.items()} == leaders


@given(FILES, RECIPES)
@settings(max_examples=50, deadline=None)
def test_planning_leaves_the_records_as_they_are(records: list[Record], recipe: Recipe) -> None:
    before = [(line, list(cells)) for line, cells in records]
    Plan(recipe, NOTHING).read(records)
    assert records == before


# --- names in parts, and whole ones ---------------------------------------------------------------------------------


def _name_of(columns: tuple[str, ...], *cells: str, edit: Edit | None = None) -> tuple[str, str]:
    recipe = Recipe((*columns, "email", "company"), {}, "nl", ("en", "fr", "nl"))
    row = RowReader(recipe).read((2, [*cells, "piet@example.com", "Acme"]), edit)
    return row.values["first_name"], row.values["last_name"]


def test_a_prefix_in_a_cell_of_its_own_becomes_part_of_the_last_name() -> None:
    columns = ("first_name", "name_prefix", "last_name")
    assert _name_of(columns, "Piet", "van der", "Meer") == ("Piet", "van der Meer")
    assert _name_of(columns, "Piet", "", "Meer") == ("Piet", "Meer")
    assert _name_of(columns, "Piet", "van", "") == ("Piet", "")
    assert _name_of(columns, "Piet", "van der", "Meer", edit=Edit({"last_name": "de Boer"})) == ("Piet", "de Boer")


def test_a_whole_name_is_taken_apart_and_an_edited_part_stands() -> None:
    assert _name_of(("full_name",), "Jan van der Berg") == ("Jan", "van der Berg")
    assert _name_of(("full_name",), "Jan Berg", edit=Edit({"first_name": "Johan"})) == ("Johan", "Berg")


def test_a_composed_name_that_is_too_long_rejects_the_row() -> None:
    recipe = Recipe(("first_name", "name_prefix", "last_name", "email", "company"), {}, "nl", ("nl",))
    row = RowReader(recipe).read((2, ["Piet", "van " * 20, "x" * 60, "piet@example.com", "Acme"]))
    assert (row.outcome, row.issues[0].code, row.issues[0].column) == (Outcome.REJECTED, "value_too_long", "last_name")
