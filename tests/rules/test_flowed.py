"""Plain text wrapped as format=flowed: read back by a reader of its own, written from RFC 3676."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.delivery.flowed import WIDTH, flowed, flowed_within, quoted

WORD = st.text(st.sampled_from("aé>F\N{NO-BREAK SPACE}-"), min_size=1, max_size=12) | st.just("From")
SENTENCE = st.lists(WORD).map(" ".join)
ANYTHING = st.text(st.sampled_from("aé >F\N{NO-BREAK SPACE}-"), max_size=300).map(lambda text: text.rstrip(" "))


def read_flowed(text: str) -> list[str]:
    """The paragraphs of a text, quoted or not (RFC 3676, 4: a line that ends in a space goes on in the next)."""
    paragraphs: list[str] = []
    goes_on = None
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ")
        if goes_on == depth:
            paragraphs[-1] += content
        else:
            paragraphs.append(content)
        goes_on = depth if content.endswith(" ") and content != "-- " else None
    return paragraphs


@given(SENTENCE | ANYTHING)
def test_what_is_read_is_what_was_written(text: str) -> None:
    assert read_flowed(flowed(text)) == [text]
    assert read_flowed(quoted(text)) == [text]


@given(SENTENCE)
def test_no_line_is_longer_than_78(sentence: str) -> None:
    for written in (flowed(sentence), quoted(sentence), flowed_within(sentence, 60)):
        assert all(len(line) <= 78 for line in written.split("\n"))


@given(SENTENCE)
def test_a_long_word_is_never_broken(sentence: str) -> None:
    link = "https://example.com/" + "x" * 100
    assert link in flowed(f"{sentence} {link} {sentence}")
    assert link in quoted(f"{sentence} {link} {sentence}")


@given(st.lists(ANYTHING, min_size=1, max_size=5))
def test_a_quotation_keeps_its_lines(lines: list[str]) -> None:
    written = quoted("\n".join(lines))
    assert read_flowed(written) == lines
    assert all(line.startswith(">") for line in written.split("\n"))


def test_pieces_begin_lines_that_leave_no_trace() -> None:
    written = flowed("The link works until ", "Friday.")
    assert written == "The link works until \nFriday."
    assert read_flowed(written) == ["The link works until Friday."]


@pytest.mark.parametrize("start", ["> a", "From a", " a"])
def test_a_line_that_looks_like_a_quotation_or_a_mailbox_is_read_as_it_was(start: str) -> None:
    assert read_flowed(flowed(start)) == [start]
    assert flowed(start).startswith(" ")


def test_a_value_within_a_line_is_stuffed_only_behind_its_first_break() -> None:
    assert flowed_within("> x", WIDTH) == "> x"
    assert flowed_within("a b > c", 4) == "a b \n > c"
    assert flowed_within("", WIDTH) == ""
