"""Links in mails and cursors: what we signed for this very purpose opens, nothing else does."""

import base64
import uuid

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.access.tokens import BadToken, Keyring, Link, Purpose

OLD, NEW, FOREIGN = ("one old secret of thirty-two characters", "a newer secret of thirty-two characters", "x" * 40)
KEYRING = Keyring([NEW, OLD])
LINK = Link(7, uuid.UUID(int=2**127 + 12345), 3)
TOKEN = KEYRING.sign_link(Purpose.INVITATION, LINK)
LINKS = st.builds(Link, st.integers(0, 2**32 - 1), st.uuids(), st.integers(0, 2**32 - 1))


def _refused(token: str, purpose: Purpose = Purpose.INVITATION, keyring: Keyring = KEYRING) -> bool:
    with pytest.raises(BadToken):
        keyring.open_link(purpose, token)
    with pytest.raises(BadToken):
        keyring.open(purpose, token)
    return True


@given(LINKS, st.sampled_from(Purpose))
def test_a_link_opens_as_it_was_signed(link: Link, purpose: Purpose) -> None:
    assert KEYRING.open_link(purpose, KEYRING.sign_link(purpose, link)) == link


@given(st.binary(max_size=60))
def test_a_payload_of_any_length_opens_as_it_was_signed(payload: bytes) -> None:
    assert KEYRING.open(Purpose.CURSOR, KEYRING.sign(Purpose.CURSOR, payload)) == payload


def test_the_same_link_is_always_the_same_token() -> None:
    assert KEYRING.sign_link(Purpose.INVITATION, LINK) == TOKEN


def test_a_token_needs_no_escaping_in_a_link() -> None:
    assert set(TOKEN) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@pytest.mark.parametrize("purpose", [Purpose.RESET, Purpose.CURSOR])
def test_a_token_for_another_purpose_is_bad(purpose: Purpose) -> None:
    assert _refused(TOKEN, purpose)


@pytest.mark.parametrize(
    "other",
    [Link(8, LINK.id, LINK.generation), Link(7, uuid.UUID(int=1), LINK.generation), Link(7, LINK.id, 4)],
)
def test_a_token_does_not_pass_for_another_platform_person_or_generation(other: Link) -> None:
    signed = KEYRING.sign_link(Purpose.INVITATION, other)
    assert signed != TOKEN
    key_id, _, ours = TOKEN.partition(".")
    theirs = signed.partition(".")[2]
    payload = len(base64.urlsafe_b64encode(bytes(24)))
    assert _refused(f"{key_id}.{theirs[:payload]}{ours[payload:]}")


def test_a_token_of_a_key_we_never_had_or_no_longer_have_is_bad() -> None:
    assert _refused(Keyring([FOREIGN]).sign_link(Purpose.INVITATION, LINK))
    assert _refused(TOKEN, keyring=Keyring([OLD]))


def test_a_token_signed_with_another_key_under_our_key_id_is_bad() -> None:
    foreign = Keyring([FOREIGN]).sign_link(Purpose.INVITATION, LINK)
    assert _refused(f"{TOKEN.partition('.')[0]}.{foreign.partition('.')[2]}")


def test_a_retired_key_still_opens_but_no_longer_signs() -> None:
    old = Keyring([OLD]).sign_link(Purpose.INVITATION, LINK)
    assert KEYRING.open_link(Purpose.INVITATION, old) == LINK
    assert TOKEN.partition(".")[0] == Keyring([NEW]).sign(Purpose.CURSOR, b"").partition(".")[0]


@pytest.mark.parametrize("length", range(len(TOKEN)))
def test_a_token_cut_short_anywhere_is_bad(length: int) -> None:
    assert _refused(TOKEN[:length])


@given(st.binary(max_size=4), st.data())
@settings(max_examples=300, deadline=None)
def test_a_token_with_any_character_changed_is_bad(payload: bytes, data: st.DataObject) -> None:
    token = KEYRING.sign(Purpose.CURSOR, payload)
    place = data.draw(st.integers(0, len(token) - 1))
    changed = data.draw(st.characters().filter(lambda character: character != token[place]))
    with pytest.raises(BadToken):
        KEYRING.open(Purpose.CURSOR, f"{token[:place]}{changed}{token[place + 1 :]}")


@pytest.mark.parametrize("addition", ["=", "==", "A", "\n", " ", "é", "."])
def test_a_token_with_anything_added_is_bad(addition: str) -> None:
    assert _refused(TOKEN + addition)
    assert _refused(addition + TOKEN)


@pytest.mark.parametrize("payload", [b"", b"short", bytes(25)])
def test_a_signed_payload_that_is_no_link_opens_no_link(payload: bytes) -> None:
    with pytest.raises(BadToken):
        KEYRING.open_link(Purpose.INVITATION, KEYRING.sign(Purpose.INVITATION, payload))


@given(st.text(max_size=200) | st.text(max_size=100).map(lambda text: f"{TOKEN[:9]}{text}"))
@example(TOKEN[:9])
@example(TOKEN[:9] + "é")
@settings(max_examples=500, deadline=None)
def test_any_text_is_a_token_of_ours_or_a_bad_token(text: str) -> None:
    with pytest.raises(BadToken):
        KEYRING.open_link(Purpose.INVITATION, text)
