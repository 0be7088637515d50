"""A whole name in one cell -> first and last name. Pure.

Follows what the writer shows (a comma, capitals, a particle), else takes the last word for the last name; it cannot
tell that `Peeters Jan` means Jan.
"""

import re
from collections.abc import Sequence
from typing import Final

from app.directory.names import tidy


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# With these a last name begins: `van der Berg`, `de La Fontaine`, `El Amrani`.
_PARTICLES: Final = _words(
    "van vande vanden vander von vom zu zur zum de den der des du d del della delle di da das dal la le les lo "
    "el al ben bin ibn ten ter te 't ’t in op aan af av"
)
_SUFFIXES: Final = frozenset(("jr", "sr", "ii", "iii", "iv"))
_TITLES: Final = _words("dr drs prof ir ing mr mrs ms miss mx mme mlle dhr mevr mw herr frau")
_SMALL_START: Final = re.compile(r"^(?:Mc|Mac|[dD]['’])(?=[^\W\d_]{2})")
_SHORTEST_IN_CAPITALS: Final = 3


def split_name(text: str) -> tuple[str, str]:
    """First and last name; one word alone is the first name. Titles (`Dr.`, `Mevr.`) are no part of either.

    `Jansen, Piet`, `Piet Jansen`, `Berg, Jan van der`, `Jan van der Berg`, `DUPONT Jean`, `Jean DUPONT`.
    """
    last, comma, first = tidy(text).partition(",")
    if comma:
        return _around_a_comma(_without_titles(first.split()), _without_titles(last.split()))
    words = last.split()
    named = _without_titles(words)
    if len(named) < 2:
        alone = " ".join(named)
        return ("", alone) if len(named) < len(words) else (alone, "")  # `Mevr. Peeters` is no first name
    start, end = _last_name_in(named)
    return " ".join(named[:start] + named[end:]), " ".join(named[start:end])


def _around_a_comma(first: Sequence[str], last: Sequence[str]) -> tuple[str, str]:
    """`Berg, Jan van der`: the particles at the end belong in front of the last name."""
    start = _before_particles(first, len(first))
    return " ".join(first[:start]), " ".join([*first[start:], *last])


def _last_name_in(words: Sequence[str]) -> tuple[int, int]:
    """From where to where the last name goes: the capitals, else from the first particle on, else the last word."""
    end = len(words)
    capitals = [position for position, word in enumerate(words) if _is_in_capitals(word)]
    if 0 < len(capitals) < end and capitals[-1] - capitals[0] + 1 == len(capitals):
        start, behind = capitals[0], capitals[-1] + 1
        is_initials = start == 0 and len("".join(words[:behind])) < _SHORTEST_IN_CAPITALS  # `AJ Smith`
        if not is_initials:
            return _before_particles(words, start), behind
    for position in range(1, end - 1):
        if _plain(words[position]) in _PARTICLES:
            return position, end
    belongs_to_the_one_before = _plain(words[-1]) in _SUFFIXES or words[-1].startswith("(")
    return (end - 2 if end > 2 and belongs_to_the_one_before else end - 1), end


def _before_particles(words: Sequence[str], end: int) -> int:
    """Where the particles start that stand before a position; the first word is never one."""
    while end > 1 and _plain(words[end - 1]) in _PARTICLES:
        end -= 1
    return end


def _is_in_capitals(word: str) -> bool:
    letters = _SMALL_START.sub("", word)
    return len(letters) > 1 and letters.isupper() and "." not in word


def _without_titles(words: Sequence[str]) -> list[str]:
    start = next((at for at, word in enumerate(words) if _plain(word) not in _TITLES), len(words))
    return list(words[start:])


def _plain(word: str) -> str:
    return word.casefold().rstrip(".'’")
