"""When two names mean the same organisation, student group, label or team (rule 10)."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.directory.names import name_key, tidy


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme Corp", " ACME  corp "),
        ("Société", "SOCIE\u0301TE\u0301"),
        ("Straße", "STRASSE"),
        ("A\xa0B", "a b"),
        ("A\u3000B", "a b"),
        ("ΑΣ", "ας"),
    ],
)
def test_names_are_the_same_regardless_of_case_spaces_and_composition(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("Acme", "Acmé"), ("A B", "AB"), ("Sales-1", "Sales 1"), ("日本", "日木")])
def test_accents_punctuation_and_inner_spaces_make_other_names(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


def test_a_name_is_kept_as_it_is_spelt() -> None:
    assert tidy("  ACME \t Corp\n") == "ACME Corp"
    assert tidy("Zoe\u0308") == "Zoë"


def test_blanks_are_no_name() -> None:
    assert tidy(" \t\xa0\u2003") == name_key(" \n") == ""


@given(st.text(max_size=30))
@settings(max_examples=500, deadline=None)
def test_tidying_and_keying_again_change_nothing_and_all_spellings_have_one_key(text: str) -> None:
    key = name_key(text)
    assert tidy(tidy(text)) == tidy(text)
    assert name_key(key) == key
    assert name_key(tidy(text)) == name_key(unicodedata.normalize("NFD", text)) == name_key(f"  {text} ") == key


@given(st.text(alphabet=st.characters(max_codepoint=0x17F, exclude_characters="ı"), max_size=30))
@settings(max_examples=300, deadline=None)
def test_capitals_make_no_difference_in_latin_scripts(text: str) -> None:
    assert name_key(text.upper()) == name_key(text.lower()) == name_key(text)
