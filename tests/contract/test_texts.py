"""The words people read: nothing is missing, unused or different in one language, and every sentence can be said.

What the code gives a sentence is read from the code itself (`AppError(Code.X, limit=...)`), so that a placeholder
nobody fills is found here and not by a customer.
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Any, get_args

import pytest

import app
from app.errors import Code
from app.imports.columns import COLUMNS, MAPPABLE
from app.imports.issues import IssueCode
from app.imports.matching.mapping import suggest
from app.imports.plan import KnownNames, Plan
from app.imports.row import Outcome, PlannedRow, Recipe
from app.imports.schemas import ColumnName
from app.imports.show import issue_out
from app.texts import languages, text, texts
from app.web import problems

SOURCE = Path(app.__file__).parent
LANGUAGES = languages()
FINDINGS_ON_A_FILE = {
    IssueCode.FILE_SEEN_BEFORE,
    IssueCode.ENCODING_UNCERTAIN,
    IssueCode.TEXT_DAMAGED,
    IssueCode.HEADER_MISSING,
    IssueCode.QUOTE_UNCLOSED,
    IssueCode.ROWS_HIDDEN,
}
EACH_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)


def _placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


def _under(language: str, section: str) -> set[str]:
    """The keys of a section, below its name."""
    start = section + "."
    return {key.removeprefix(start) for key in texts(language) if key.startswith(start)}


# --- every language says the same --------------------------------------------------------------------------------


def test_the_three_first_languages_are_installed() -> None:
    assert {"en", "fr", "nl"} <= set(LANGUAGES)


@EACH_LANGUAGE
def test_every_language_has_the_same_keys(language: str) -> None:
    assert texts(language).keys() == texts("en").keys()


@EACH_LANGUAGE
def test_every_language_has_the_same_placeholders_in_each_text(language: str) -> None:
    def needed(of: str, key: str) -> set[str]:
        spelt_out = {"count"} if key.endswith(".one") else set()  # "1 person", but in French also "0 personne"
        return _placeholders(texts(of)[key]) - spelt_out

    assert [key for key in texts("en") if needed(language, key) != needed("en", key)] == []


@EACH_LANGUAGE
def test_no_key_is_written_twice_in_one_file(language: str) -> None:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        assert len(names) == len(set(names)), names
        return dict(pairs)

    json.loads((SOURCE / "texts" / f"{language}.json").read_text(encoding="utf-8"), object_pairs_hook=unique)


@EACH_LANGUAGE
def test_no_text_is_empty_or_has_blanks_around_it(language: str) -> None:
    assert [key for key, sentence in texts(language).items() if not sentence or sentence != sentence.strip()] == []


@EACH_LANGUAGE
def test_every_text_formats_with_its_placeholders(language: str) -> None:
    for key, sentence in texts(language).items():
        names = _placeholders(sentence)
        assert all(name.isidentifier() for name in names), key
        said = text(language, key, **dict.fromkeys(names, 7))
        assert "{" not in said, key
        assert said.count("7") >= len(names), key


# --- everything that can be said has its words, and nothing else ---------------------------------------------------


@EACH_LANGUAGE
def test_every_problem_has_a_title_and_a_detail_and_no_other_has(language: str) -> None:
    assert _under(language, "problems") == {f"{code}.{part}" for code in Code for part in ("title", "detail")}


@EACH_LANGUAGE
def test_the_title_of_a_problem_has_no_placeholders_and_no_full_stop(language: str) -> None:
    for code in Code:
        title = texts(language)[f"problems.{code}.title"]
        assert not _placeholders(title), code
        assert title[-1].isalnum(), code


@EACH_LANGUAGE
def test_every_finding_has_its_text_and_no_other_has(language: str) -> None:
    assert _under(language, "issues") == {code.value for code in IssueCode}


@EACH_LANGUAGE
def test_every_column_has_a_title_and_a_description_and_no_other_has(language: str) -> None:
    assert {column.name for column in COLUMNS} == set(get_args(ColumnName))
    names = {column.name for column in MAPPABLE}
    assert _under(language, "columns") == {f"{name}.{part}" for name in names for part in ("title", "description")}


@EACH_LANGUAGE
def test_a_column_is_recognised_by_its_own_title(language: str) -> None:
    titles = [texts(language)[f"columns.{column.name}.title"] for column in COLUMNS]
    assert [found.column for found in suggest(titles, [])] == [column.name for column in COLUMNS]


@EACH_LANGUAGE
def test_every_outcome_has_its_label_and_no_other_has(language: str) -> None:
    assert _under(language, "outcomes") == {outcome.value for outcome in Outcome}


# --- what the code gives is what the texts ask for ---------------------------------------------------------------


def _modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def _calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node


def _code_in(node: ast.AST) -> Code | None:
    """`Code.X`, or None for anything else."""
    is_code = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Code"
    return Code[node.attr] if is_code and isinstance(node, ast.Attribute) else None


def _refusals() -> Iterator[tuple[str, Code, set[str]]]:
    """Every place that raises a problem, its code, and what it gives the text."""
    for path, tree in _modules():
        for call in _calls(tree, "AppError"):
            code = _code_in(call.args[0]) if call.args else None
            if code is not None:
                given = {word.arg for word in call.keywords if word.arg} - {"fields", "extra", "retry_after"}
                yield f"{path.relative_to(SOURCE)}:{call.lineno}", code, given


def _field_codes() -> Iterator[tuple[str, str, set[str] | None]]:
    """Every place that refuses a field, its code, and what it gives the text (None: not told there)."""
    for path, tree in _modules():
        for call in _calls(tree, "InvalidValue", "FieldError"):
            is_value = isinstance(call.func, ast.Name) and call.func.id == "InvalidValue"
            at = 0 if is_value else 1
            code = call.args[at] if len(call.args) > at else None
            if not (isinstance(code, ast.Constant) and isinstance(code.value, str)):
                continue
            given: set[str] | None = {word.arg for word in call.keywords if word.arg}
            if not is_value and len(call.args) > 2:
                params = call.args[2]
                given = None
                if isinstance(params, ast.Dict):
                    given = {str(key.value) for key in params.keys if isinstance(key, ast.Constant)}
            yield f"{path.relative_to(SOURCE)}:{call.lineno}", code.value, given


def test_a_problem_asks_only_for_what_every_place_that_raises_it_gives() -> None:
    refusals = list(_refusals())
    assert len(refusals) > 30
    for place, code, given in refusals:
        assert _placeholders(texts("en")[f"problems.{code}.detail"]) <= given, f"{code} at {place}"


def test_a_problem_the_framework_may_raise_asks_for_nothing() -> None:
    tree = ast.parse(Path(problems.__file__).read_text(encoding="utf-8"))
    codes = {code for node in ast.walk(tree) if (code := _code_in(node)) is not None}
    assert Code.NOT_FOUND in codes
    assert [code for code in codes if _placeholders(texts("en")[f"problems.{code}.detail"])] == []


def test_a_refused_field_asks_only_for_what_every_place_that_refuses_it_gives() -> None:
    found = list(_field_codes())
    assert len(found) > 10
    for place, code, given in found:
        key = f"fields.{code}"
        assert key in texts("en"), f"{code} at {place}"
        assert given is None or _placeholders(texts("en")[key]) <= given, f"{code} at {place}"


def test_what_pydantic_refuses_has_its_words() -> None:
    for code in {*problems._PYDANTIC.values(), "wrong_type", "other"}:
        assert _placeholders(texts("en")[f"fields.{code}"]) <= {"limit"}, code


def _troubled_rows() -> list[PlannedRow]:
    """A file in which everything is wrong that can be."""
    columns = ("first_name", "last_name", "email", "company", "language", "student_groups", "team", "team_leader")
    globex = {"globex industries": "Globex Industries"}
    known = KnownNames(globex, {}, {}, {"kept": "Kept"}, {"kept": "boss@example.com"})
    plan = Plan(Recipe(columns, {}, "en", LANGUAGES, may_be_garbled=True), known)

    def person(email: str, **other: str) -> list[str]:
        cells: Mapping[str, str] = {"first_name": "Ann", "last_name": "Lee", "company": "Acme", "email": email} | other
        return [cells.get(column, "") for column in columns]

    rows = plan.read(
        enumerate(
            [
                person("first@example.com", first_name=""),
                person("long@example.com", last_name="x" * 101),
                person("tab@example.com", last_name="a\tb"),
                person("not an address"),
                person("comma@example,com"),
                person("language@example.com", language="tlh"),
                person("groups@example.com", student_groups="/".join(map(str, range(51)))),
                [*person("many@example.com"), "", "more"],
                person("few@example.com")[:4],
                person("few@example.com"),
                person("a@example.com", team_leader="boss@example.com"),
                person("b@example.com", team="North", team_leader="the boss"),
                person("c@example.com", team="North", team_leader="nobody@example.com"),
                person("d@example.com", team="North", team_leader="somebody@example.com"),
                person("e@example.com", team="Kept", team_leader="somebody@example.com"),
                person("f@gmial.com"),
                person("g@example.com", company="Globex Industrie"),
                person("h@example.com", first_name="ZoÃ©"),
                person("i@example.com", first_name="Zo\ufffd"),
            ],
            start=2,
        )
    )
    plan.settle(rows, ())
    plan.finish(lambda _addresses: ())
    return list(rows)


@EACH_LANGUAGE
def test_every_finding_on_a_row_can_be_said(language: str) -> None:
    issues = [issue for row in _troubled_rows() for issue in row.issues]
    assert {issue.code for issue in issues} == set(IssueCode) - FINDINGS_ON_A_FILE
    for issue in issues:
        message = issue_out(issue, language).message
        assert len(message) > 20, issue.code
        assert "{" not in message, issue.code


# --- each language is set as its readers expect --------------------------------------------------------------------


def test_french_punctuation_never_begins_a_line() -> None:
    wrong = re.compile(r"[^\u00a0:/][:;?!»](?![^\s])|«(?!\u00a0)|'")
    assert {key: sentence for key, sentence in texts("fr").items() if wrong.search(sentence)} == {}


@pytest.mark.parametrize(
    ("language", "foreign"), [("en", "«»‘\"'"), ("fr", "“”‘\"'"), ("nl", "«»“”\"'")], ids=["en", "fr", "nl"]
)
def test_every_language_keeps_to_its_own_quotation_marks(language: str, foreign: str) -> None:
    assert {key: sentence for key, sentence in texts(language).items() if set(sentence) & set(foreign)} == {}
