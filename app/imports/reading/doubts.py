"""What words beyond ASCII tell of a file that is not UTF-8: what it may be written in, the likeliest first. Pure.

Keeps some words, never the file. What is read as cp1252 without a question has to look like words in every part.
"""

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.imports.reading.encodings import codec
from app.imports.reading.letters import IMPOSSIBLE, Script, oddity

WINDOWS: Final = "cp1252"
CHOICES: Final = 6
SURER: Final = 1.5
_WORDS: Final = 2000
_MORE_WORDS: Final = 1000
_COMPARED: Final = 200
_SHOWN: Final = 5
_SHOWN_CHARACTERS: Final = 40

# Of equals, the first is likelier.
_SINGLE_BYTE: Final[Mapping[str, Script]] = {
    WINDOWS: Script.WESTERN,
    "mac-roman": Script.WESTERN,
    "cp850": Script.WESTERN,
    "iso8859-15": Script.WESTERN,
    "cp1254": Script.TURKISH,
    "cp1250": Script.CENTRAL,
    "iso8859-2": Script.CENTRAL,
    "cp1257": Script.BALTIC,
    "cp1251": Script.CYRILLIC,
    "cp1253": Script.GREEK,
    "cp437": Script.WESTERN,
    "cp852": Script.CENTRAL,
    "cp1255": Script.HEBREW,
    "cp1256": Script.ARABIC,
    "koi8-r": Script.CYRILLIC,
    "iso8859-5": Script.CYRILLIC,
    "cp866": Script.CYRILLIC,
    "iso8859-1": Script.WESTERN,
}
_MULTI_BYTE: Final[Mapping[str, Script]] = {
    "shift_jis": Script.JAPANESE,
    "euc-kr": Script.KOREAN,
    "gb18030": Script.SIMPLIFIED,
    "big5": Script.TRADITIONAL,
    "euc-jp": Script.JAPANESE,
}
_SCRIPTS: Final = {**_SINGLE_BYTE, **_MULTI_BYTE}
_HIGH: Final = range(0x80, 0x100)
_ASCII: Final = bytes(range(0x80))
# Runs of bytes that are no blanks, digits or punctuation, with one beyond ASCII: second bytes of characters are all
# of 0x40 and more.
_WORD: Final = re.compile(rb"(?<![\x40-\xff])[\x40-\x7f]{0,500}+[\x80-\xff][\x40-\xff]{0,100}+")
_LONGEST: Final = 500
_UNFINISHED: Final = re.compile(rb"[\x40-\xff]+\Z")
_OF_WINDOWS_ALONE: Final = re.compile(rb"[\x80-\x9f]")


def _undefined(encoding: str) -> frozenset[int]:
    table = bytes(_HIGH).decode(codec(encoding), "replace")
    return frozenset(byte for byte, letter in zip(_HIGH, table, strict=True) if letter == "\ufffd")


_UNDEFINED: Final = {encoding: _undefined(encoding) for encoding in _SINGLE_BYTE}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a file may be written in: the choices, likeliest first, and some of its words under each.

    `is_certain`: the first needs no question. `line`: the first that looks odd as cp1252. `holds_utf8`: some words
    are UTF-8, so it was written in more than one encoding.
    """

    is_certain: bool
    choices: Sequence[str]
    samples: Mapping[str, str]
    line: int | None
    holds_utf8: bool = False


class Doubts:
    """Gathers what tells the encodings of a file apart, while it passes by."""

    def __init__(self) -> None:
        self._lines: dict[bytes, int] = {}  # of each word, the first it stands on
        self._bytes: set[int] = set()
        self._decoders = {name: codecs.getincrementaldecoder(codec(name))() for name in _MULTI_BYTE}
        self._begun = b""
        self._line = 1

    def see(self, chunk: bytes, line: int) -> None:
        """The next bytes, which begin on a line."""
        seen = self._begun + chunk
        unfinished = _UNFINISHED.search(seen, max(0, len(seen) - _LONGEST))
        self._begun = unfinished[0] if unfinished else b""
        self._line = line + _line_breaks(chunk)
        if seen.isascii():
            return
        self._bytes.update(chunk.translate(None, _ASCII))
        for name, decoder in list(self._decoders.items()):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                del self._decoders[name]
        self._gather(seen[: len(seen) - len(self._begun)], line)

    def _gather(self, chunk: bytes, line: int) -> None:
        for word in dict.fromkeys(_WORD.findall(chunk)):
            if word in self._lines or not self._has_room(word):
                continue
            self._lines[word] = line + _line_breaks(chunk[: chunk.find(word)])

    def _has_room(self, word: bytes) -> bool:
        room = _WORDS + _MORE_WORDS * bool(_OF_WINDOWS_ALONE.search(word))
        return len(self._lines) < room

    def judge(self, *, is_question: bool) -> Judgement:
        """What all that was seen comes to; `is_question`: even if it looks like words to the last one."""
        self._gather(self._begun, self._line)
        fitting = [name for name in _SINGLE_BYTE if not self._bytes & _UNDEFINED[name]]
        fitting += [name for name, decoder in self._decoders.items() if not decoder.getstate()[0]]
        odd = {word: _oddity_as_windows(word) for word in self._lines} if WINDOWS in fitting else {}
        if WINDOWS in fitting and not any(odd.values()) and not is_question:
            return Judgement(is_certain=True, choices=[WINDOWS], samples={}, line=None)
        words = sorted(self._lines, key=lambda word: -odd.get(word, 0))[:_COMPARED]
        readings = {name: [_read(word, name) for word in words] for name in fitting}
        oddities = {name: [oddity(text, _SCRIPTS[name]) for text in texts] for name, texts in readings.items()}
        is_possible = bool(odd) and max(odd.values()) < IMPOSSIBLE
        is_certain = not is_question and is_possible and _is_likeliest(WINDOWS, readings, oddities)
        ranked = sorted(fitting, key=lambda name: sum(oddities[name]))
        choices = [WINDOWS] if is_certain else _unlike_each_other(ranked, readings)[:CHOICES]
        samples = {name: ", ".join(_shown(text) for text in readings[name][:_SHOWN]) for name in choices}
        line = min((self._lines[word] for word in words if odd.get(word, IMPOSSIBLE)), default=None)
        return Judgement(is_certain, choices, samples, line, any(map(_is_utf8, self._lines)))


def _line_breaks(raw: bytes) -> int:
    return raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")


def _oddity_as_windows(word: bytes) -> int:
    """How odd a word looks as cp1252; very, where it is UTF-8."""
    return IMPOSSIBLE if _is_utf8(word) else oddity(_read(word, WINDOWS), Script.WESTERN)


def _is_utf8(word: bytes) -> bool:
    """Whether a word decodes as UTF-8, by more than chance: `É»` is a letter of the phonetic alphabet too."""
    try:
        text = word.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not any("\u0180" <= letter < "\u0370" or "\u0700" <= letter < "\u0900" for letter in text)


def _read(word: bytes, encoding: str) -> str:
    return word.decode(codec(encoding), "replace")


def _is_likeliest(encoding: str, readings: Mapping[str, list[str]], oddities: Mapping[str, list[int]]) -> bool:
    """Whether every other encoding is at least three times as odd, where it reads other words."""
    for other, texts in readings.items():
        differing = [n for n, text in enumerate(texts) if text != readings[encoding][n]]
        ours = sum(oddities[encoding][n] for n in differing)
        theirs = sum(oddities[other][n] for n in differing)
        if ours and theirs < SURER * ours:
            return False
    return True


def _unlike_each_other(ranked: Sequence[str], readings: Mapping[str, list[str]]) -> list[str]:
    """Encodings that read a file differently: of those that read the same, the first."""
    found: dict[tuple[str, ...], str] = {}
    for name in ranked:
        found.setdefault(tuple(readings[name]), name)
    return list(found.values())


def _shown(text: str) -> str:
    return text[:_SHOWN_CHARACTERS]
