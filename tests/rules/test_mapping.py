"""Which header feeds which column: what is suggested, and what is wrong with a mapping a person gives."""

import csv
import io
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import FieldError
from app.imports.columns import BY_NAME, COLUMNS, DEFAULTABLE, REQUIRED, template_csv
from app.imports.mapping import Suggestion, check_mapping, header_key, is_known_header, suggest
from app.texts import languages

ALIASES = [(column.name, alias) for column in COLUMNS for aliases in column.aliases.values() for alias in aliases]
COMPLETE = ["first_name", "last_name", "email", "company"]


def _columns(*headers: str) -> list[str | None]:
    return [suggestion.column for suggestion in suggest(headers, [[] for _ in headers])]


# --- suggestions by header -------------------------------------------------------------------------------------------


def test_no_alias_is_claimed_by_two_columns() -> None:
    claims: dict[str, set[str]] = {}
    for name, alias in [*ALIASES, *((column.name, column.name) for column in COLUMNS)]:
        claims.setdefault(header_key(alias), set()).add(name)
    assert {key: names for key, names in claims.items() if len(names) > 1} == {}


def test_every_column_has_aliases_in_every_installed_language() -> None:
    assert all(set(languages()) <= set(column.aliases) for column in COLUMNS)


@pytest.mark.parametrize(("column", "alias"), ALIASES)
def test_an_alias_is_recognised_regardless_of_case_accents_and_punctuation(column: str, alias: str) -> None:
    bare = "".join(c for c in unicodedata.normalize("NFD", alias) if not unicodedata.combining(c))
    for header in (
        alias,
        alias.upper(),
        alias.title(),
        bare,
        unicodedata.normalize("NFD", alias),
        f"  {alias.replace(' ', '_')} * :",
        alias.replace(" ", "-"),
        alias.replace("'", "’"),
    ):
        assert _columns(header) == [column], header


def test_our_own_names_are_certain_and_aliases_nearly() -> None:
    assert suggest(["email", "E-Mail"], [[], []])[0] == Suggestion("email", "email", 1.0, "header")
    assert suggest(["E-Mail"], [[]])[0] == Suggestion("E-Mail", "email", 0.95, "header")


def test_the_headers_of_a_real_file_are_all_recognised() -> None:
    assert _columns("Prénom", "NOM", "Adresse e-mail", "Société", "Langue", "Groupes", "Équipe") == [
        "first_name",
        "last_name",
        "email",
        "company",
        "language",
        "student_groups",
        "team",
    ]
    assert _columns("Voornaam", "Achternaam", "E-mailadres", "Bedrijf", "Taal", "Klas", "Teamleider") == [
        "first_name",
        "last_name",
        "email",
        "company",
        "language",
        "student_groups",
        "team_leader",
    ]


def test_a_ligature_is_two_letters_in_capitals_too() -> None:
    assert header_key("Œuvre") == header_key("ŒUVRE") == header_key("oeuvre")


def test_no_column_is_suggested_twice_and_the_first_header_has_it() -> None:
    assert _columns("Email", "E-mail", "Naam", "Nom") == ["email", None, "last_name", None]


@pytest.mark.parametrize(
    "header",
    ["password", "Mot de passe", "Wachtwoord", "admin", "is_admin", "role", "Rôle", "Rol", "state", "id", "platform"],
)
def test_headers_that_would_give_power_are_never_matched(header: str) -> None:
    assert not is_known_header(header)
    assert suggest([header], [["secret", "admin", "1"]]) == [Suggestion(header, None, 0.0, None)]


@pytest.mark.parametrize("header", ["", "  ", "?", "Column 3", "phone", "e mail 2"])
def test_unknown_headers_stay_empty(header: str) -> None:
    assert _columns(header) == [None]


@given(st.lists(st.text(max_size=12) | st.sampled_from([alias for _, alias in ALIASES]), max_size=12))
@settings(max_examples=200, deadline=None)
def test_any_headers_get_one_suggestion_each_and_no_column_twice(headers: list[str]) -> None:
    suggestions = suggest(headers, [["a@example.com"] for _ in headers])
    assert [suggestion.header for suggestion in suggestions] == headers
    columns = [suggestion.column for suggestion in suggestions if suggestion.column]
    assert len(columns) == len(set(columns))
    assert set(columns) <= set(BY_NAME)


# --- suggestions by values -------------------------------------------------------------------------------------------


def test_a_column_of_addresses_is_the_e_mail_column() -> None:
    suggestions = suggest(["Wie", "Waar", "Wo"], [["Jan"], ["jan@example.com", " zoe@example.com "], ["Gent"]])
    assert suggestions[1] == Suggestion("Waar", "email", 0.8, "values")
    assert suggestions[0].column is suggestions[2].column is None


def test_values_do_not_outvote_a_header() -> None:
    samples = [["jan@example.com"], ["Jan"], ["ann@example.com"]]
    assert [s.column for s in suggest(["Login", "E-mail", "Manager"], samples)] == [None, "email", "team_leader"]
    assert [s.column for s in suggest(["Manager", "Login"], samples[:2])] == ["team_leader", None]


def test_of_two_columns_of_addresses_the_first_is_a_mere_guess() -> None:
    suggestions = suggest(["x", "y"], [["jan@example.com"], ["ann@example.com"]])
    assert suggestions == [Suggestion("x", "email", 0.5, "values"), Suggestion("y", None, 0.0, None)]


@pytest.mark.parametrize("values", [[], ["", " "], ["jan@example.com", "Jan"], ["jan@example", "@x.y", "a b@c.d"]])
def test_values_that_are_not_nearly_all_addresses_suggest_nothing(values: list[str]) -> None:
    assert suggest(["x"], [values])[0].column is None


# --- a given mapping -------------------------------------------------------------------------------------------------


def test_a_complete_mapping_has_no_errors() -> None:
    assert check_mapping(COMPLETE, {}, ["a", "b", "c", "d"]) == []
    assert check_mapping([*COMPLETE, None, "team"], {}, list("abcdef")) == []


def test_the_mapping_must_say_something_about_every_header() -> None:
    assert check_mapping(COMPLETE, {}, ["a"]) == [
        FieldError("/columns", "mapping_length", {"given": 4, "expected": 1}),
    ]


def test_unknown_columns_are_named_with_their_place() -> None:
    assert check_mapping([*COMPLETE, "password"], {}, list("abcde")) == [
        FieldError("/columns/4", "unknown_column", {"column": "password"}),
    ]


def test_a_column_fed_twice_is_named_with_the_header_that_has_it() -> None:
    assert check_mapping([*COMPLETE, "email"], {}, list("abcde")) == [
        FieldError("/columns/4", "column_twice", {"column": "email", "header": "c"}),
    ]


@pytest.mark.parametrize("column", REQUIRED)
def test_a_required_column_nothing_feeds_is_named(column: str) -> None:
    columns = [name if name != column else None for name in COMPLETE]
    assert check_mapping(columns, {}, list("abcd")) == [
        FieldError("/columns", "required_column_missing", {"column": column}),
    ]


def test_a_default_satisfies_a_required_column_but_not_an_empty_one() -> None:
    columns = ["first_name", "last_name", "email", None]
    assert check_mapping(columns, {"company": "Acme"}, list("abcd")) == []
    assert check_mapping(columns, {"company": ""}, list("abcd")) != []
    assert "company" in DEFAULTABLE


def test_all_errors_are_named_at_once() -> None:
    errors = check_mapping(["email", "email", "nonsense"], {}, list("abc"))
    assert [error.code for error in errors] == [
        "column_twice",
        "unknown_column",
        "required_column_missing",
        "required_column_missing",
        "required_column_missing",
    ]


# --- the template ----------------------------------------------------------------------------------------------------


def test_the_template_maps_itself() -> None:
    header, *people = csv.reader(io.StringIO(template_csv(), newline=""))
    suggestions = suggest(header, [[] for _ in header])
    assert [suggestion.column for suggestion in suggestions] == [column.name for column in COLUMNS]
    assert check_mapping([s.column for s in suggestions], {}, header) == []
    assert all(len(person) == len(header) for person in people)
