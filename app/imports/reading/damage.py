"""Signs that a text was garbled before it came to us: that cannot be mended by reading it otherwise. Pure.

Replacement characters, and UTF-8 that was once taken for cp1252 and written again: `ZoÃ©` for `Zoé`.
"""

import re
from dataclasses import dataclass
from typing import Final

_REPLACEMENT: Final = "\ufffd"
_SHOWN: Final = 40
_TAIL: Final = "".join(
    bytes([byte]).decode("cp1252", "replace").replace(_REPLACEMENT, chr(byte)) for byte in range(128, 192)
)
_BEGINNING: Final = re.compile(f"[\xc2-\xf4][{_TAIL}]")  # a set to begin with is what makes the search fast
_TWICE_ENCODED: Final = re.compile(f"(?:[\xc2-\xdf][{_TAIL}]|[\xe0-\xef][{_TAIL}]{{2}}|[\xf0-\xf4][{_TAIL}]{{3}})+")


@dataclass(frozen=True, slots=True)
class Damage:
    """Where a text is garbled: the position, the word, and what it was meant to be, where that can be told."""

    position: int
    word: str
    meant: str | None


def first_damage(text: str) -> Damage | None:
    """The first place at which a text is garbled."""
    replaced = text.find(_REPLACEMENT)
    for beginning in _BEGINNING.finditer(text, 0, replaced if replaced >= 0 else len(text)):
        found = _TWICE_ENCODED.match(text, beginning.start())
        if found and (meant := _meant(found[0])) is not None:
            start, end = _word(text, found.start(), found.end())
            word = text[start:end]
            return Damage(found.start(), word, word.replace(found[0], meant))
    if replaced < 0:
        return None
    start, end = _word(text, replaced, replaced + 1)
    return Damage(replaced, text[start:end], None)


def mended(text: str) -> str | None:
    """A garbled text as it was meant to be; None where a letter of it is lost."""
    if _REPLACEMENT in text:
        return None
    return _TWICE_ENCODED.sub(lambda found: _meant(found[0]) or found[0], text)


def _meant(garbled: str) -> str | None:
    """What characters were before they were encoded twice; None where they may well be meant as they are."""
    try:
        written = b"".join(_byte(letter) for letter in garbled).decode("utf-8")
    except UnicodeDecodeError:
        return None
    is_likely = all("\xa0" <= letter < "\u0180" or "\u2010" <= letter <= "\u20ac" for letter in written)
    return written if is_likely or len(written) > 2 else None


def _byte(letter: str) -> bytes:
    try:
        return letter.encode("cp1252")
    except UnicodeEncodeError:
        return letter.encode("latin-1")


def _word(text: str, start: int, end: int) -> tuple[int, int]:
    """The bounds of the word around a place."""
    while start > 0 and end - start < _SHOWN and (text[start - 1].isalnum() or text[start - 1] == _REPLACEMENT):
        start -= 1
    while end < len(text) and end - start < _SHOWN and (text[end].isalnum() or text[end] == _REPLACEMENT):
        end += 1
    return start, end
