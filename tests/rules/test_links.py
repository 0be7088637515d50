"""Ten thousand links: each its own, none to be guessed from the others, none that works with one sign changed."""

import base64
import random
import uuid

import pytest

from app.access.tokens import BadToken, Keyring, Link, Purpose
from app.db.base import new_id

LINKS = 10_000
OURS, OTHERS = "one secret of thirty-two characters and more", "two secret of thirty-two characters and more"


@pytest.fixture(scope="module")
def links() -> dict[str, Link]:
    keyring = Keyring([OURS])
    made = [Link(1 + number % 3, new_id(), 1 + number % 2) for number in range(LINKS)]
    return {keyring.sign_link(Purpose.INVITATION, link): link for link in made}


def test_every_link_is_another_and_opens_only_itself(links: dict[str, Link]) -> None:
    assert len(links) == LINKS
    keyring = Keyring([OURS])
    assert all(keyring.open_link(Purpose.INVITATION, token) == link for token, link in links.items())


def test_the_signatures_are_256_bits_that_look_like_chance(links: dict[str, Link]) -> None:
    macs = [base64.urlsafe_b64decode(token.partition(".")[2] + "==")[-32:] for token in links]
    assert len(set(macs)) == LINKS
    assert len({mac[:8] for mac in macs}) == LINKS  # 64 bits of them are enough to tell 10,000 apart
    ones = sum(int.from_bytes(mac, "big").bit_count() for mac in macs)
    assert abs(ones / (LINKS * 256) - 0.5) < 0.002  # six standard deviations
    for place in range(32):
        assert len({mac[place] for mac in macs}) == 256


def test_neighbours_have_nothing_in_common() -> None:
    keyring, one = Keyring([OURS]), new_id()
    neighbours = [
        Link(1, one, 1),
        Link(1, one, 2),
        Link(2, one, 1),
        Link(1, uuid.UUID(int=one.int + 1), 1),
    ]
    tokens = [
        keyring.sign_link(purpose, link) for link in neighbours for purpose in (Purpose.INVITATION, Purpose.RESET)
    ]
    macs = [base64.urlsafe_b64decode(token.partition(".")[2] + "==")[-32:] for token in tokens]
    for number, mac in enumerate(macs):
        for other in macs[:number]:
            differing = (int.from_bytes(mac, "big") ^ int.from_bytes(other, "big")).bit_count()
            assert 70 < differing < 186  # of 256; half of them, seven standard deviations around


def test_no_changed_shortened_or_foreign_link_opens(links: dict[str, Link]) -> None:
    keyring, chance = Keyring([OURS]), random.Random(8)  # noqa: S311 where to change a sign, not a secret
    signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    tried = 0
    for token in links:
        place = chance.randrange(len(token))
        changed = token[:place] + chance.choice(signs.replace(token[place], "")) + token[place + 1 :]
        for forged in (changed, token[: place or 1], token + "A", token.upper()):
            with pytest.raises(BadToken):
                keyring.open_link(Purpose.INVITATION, forged)
            tried += 1
    assert tried == 4 * LINKS
    foreign = Keyring([OTHERS])
    for token, link in list(links.items())[:1000]:
        forged = foreign.sign_link(Purpose.INVITATION, link)
        for bad in (forged, token.partition(".")[0] + "." + forged.partition(".")[2]):
            with pytest.raises(BadToken):
                keyring.open_link(Purpose.INVITATION, bad)
        with pytest.raises(BadToken):
            keyring.open_link(Purpose.RESET, token)
