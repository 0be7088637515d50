"""What a person is known by in a text: found however it is written, and not in somebody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.privacy.traces import Traces

JAN = Traces(["Jan.Peeters@Example.com", "jan.peeters@example.com"], [("Jan", "Peeters"), (None, "Peeters")])


@pytest.mark.parametrize(
    "text",
    [
        "jan.peeters@example.com",
        "JAN.PEETERS@EXAMPLE.COM",
        "x;Jan.Peeters@example.com;y",
        '"Jan" <jan.peeters@example.com>',
        "mailto:jan.peeters@example.com",
        "write to jan.peeters@example.com.",
        "Jan;Peeters;other@example.com",
        "Peeters, Jan",
        "a\nb;JAN;x;PEETERS\nc",
        '{"first_name":"Jan","last_name":"Peeters"}',
    ],
)
def test_a_person_is_found(text: str) -> None:
    assert JAN.are_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "arjan.peeters@example.com",
        "Jan\nPeeters",
        "Jane;Peeters",
        "Jan;Peetersen",
        "Jan Janssens",
        "An Peeters",
    ],
)
def test_somebody_else_is_not_taken_for_them(text: str) -> None:
    assert not JAN.are_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "arjan.peeters@example.com",
        "x.jan.peeters@example.com",
        "jan.peeters+news@example.com",
        "jan.peeters@example.community",
        "jan.peeters@example.com.au",
        "jan.peeters@example.com-x.org",
    ],
)
def test_an_address_that_begins_or_ends_like_theirs_is_another(text: str) -> None:
    assert not JAN.has_address(text)


def test_letters_beyond_ascii_are_compared_in_any_case_and_composition() -> None:
    zoe = Traces(["zoé@exämple.com", "zoé@xn--exmple-cua.com"], [("Zoé", "Ünal")])
    for text in ("ZOÉ@EXÄMPLE.COM", "Zoe\u0301@exa\u0308mple.com", "zoé@xn--exmple-cua.com", "ZOE\u0301;U\u0308NAL"):
        assert zoe.are_in(text)
    assert not zoe.are_in("Zoe;Unal")


def test_who_has_one_name_is_known_by_the_address_alone() -> None:
    one = Traces(["a@example.com"], [("Madonna", None), ("", "Madonna"), (" ", "x")])
    assert not one.are_in("Madonna x")
    assert one.are_in("Madonna a@example.com")


def test_names_that_are_patterns_are_no_patterns() -> None:
    odd = Traces(["a+b@example.com"], [("(.*)", "[x]")])
    assert not odd.are_in("anything at all")
    assert odd.are_in("a+b@example.com")
    assert odd.are_in("(.*) [x]")


def test_of_a_value_only_the_texts_that_tell_of_them_are_emptied() -> None:
    value = {"code": "x", "params": {"samples": ["Jan", "Zoe"], "n": 3, "by": "Jan Peeters"}, "value": None}
    taken_out = {"code": "x", "params": {"samples": ["", "Zoe"], "n": 3, "by": ""}, "value": None}
    assert JAN.taken_out(value) == taken_out


@given(st.text(), st.text(), st.text(min_size=1), st.text(min_size=1))
def test_nobody_is_known_by_nothing_and_nothing_breaks(before: str, after: str, first: str, last: str) -> None:
    assert not Traces([], []).are_in(before)
    Traces([first], [(first, last)]).are_in(f"{before}{first} {last}{after}")
    Traces([first], [(first, last)]).taken_out([before, {"x": after}])
