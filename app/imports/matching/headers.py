"""One header by itself -> the column of ours it names, and how surely. Pure.

An alias, else what its words speak of, slips of the pen forgiven. Knows nothing of the other headers, nor of values:
weighing them is mapping's.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import OSA

from app.imports.columns import BY_NAME, FULL_NAME, MAPPABLE
from app.imports.matching.words import MEANINGS, NEVER
from app.imports.meanings import folded

NAME: Final = "name"
"""What `Name`, `Nom` and `Naam` speak of: a last name or a whole one, the other headers tell."""

_OWN, _ALIAS, _WORDS, _PER_SLIP, _WITH_ASIDE = 1.0, 0.95, 0.9, 0.1, 0.05
_LONGEST: Final = 100
_ELSE: Final = frozenset(("else",))
_BARE_NAMES: Final = frozenset(("name", "nom", "naam"))


@dataclass(frozen=True, slots=True)
class Reading:
    """What a header says: a column of ours, or NAME, and how surely.

    `needs_values`: not enough without values that bear it out. `is_barred`: whatever its values are, no column.
    """

    column: str | None = None
    confidence: float = 0.0
    needs_values: bool = False
    is_barred: bool = False


def header_key(header: str) -> str:
    """A header as it is compared: without regard to case, accents and punctuation. `"E-Mail "` is `"email"`."""
    return "".join(filter(str.isalnum, folded(header)))


# --- aliases -------------------------------------------------------------------------------------------------------

_KNOWN: Final[Mapping[str, str]] = {
    header_key(alias): column.name
    for column in MAPPABLE
    for alias in (column.name, *(alias for aliases in column.aliases.values() for alias in aliases))
}


def is_known_header(header: str) -> bool:
    """Whether a text is a name of one of our columns; tells a header line from data."""
    return header_key(header) in _KNOWN


def usual_column(header: str) -> str | None:
    """The column a header is an alias of."""
    return _KNOWN.get(header_key(header))


# --- words ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rule:
    """A header that speaks of all it `needs`, and of nothing but what it `may`, names a column."""

    column: str
    needs: frozenset[str]
    may: frozenset[str]
    confidence: float
    needs_values: bool = False


def _rule(column: str, needs: str, may: str = "", confidence: float = _WORDS, *, needs_values: bool = False) -> _Rule:
    needed = frozenset(needs.split())
    return _Rule(column, needed, needed | frozenset(may.split()), confidence, needs_values)


_RULES: Final = (
    _rule("email", "mail work", "address electronic main preferred contact person user", _ALIAS),
    _rule("email", "mail", "address electronic main preferred contact person user"),
    _rule("email", "electronic address", "work main preferred contact person user"),
    _rule("email", "mail login", "address user", 0.85),
    _rule("email", "mail private", "address electronic main preferred contact person user", 0.8),
    _rule("email", "electronic address private", "person user", 0.8),
    _rule("email", "mail company", "address electronic", 0.75),
    _rule("email", "mail second", "address electronic work private person user", 0.7),
    _rule("email", "user main name", confidence=0.82),
    _rule("first_name", "firstname", "main person user"),
    _rule("first_name", "first name", "firstname main person user"),
    _rule("first_name", "firstname legal", "name person user", 0.88),
    _rule("first_name", "first name legal", "firstname person user", 0.88),
    _rule("first_name", "firstname preferred", "person user", 0.85),
    _rule("first_name", "first name preferred", "firstname person user", 0.85),
    _rule("first_name", "firstname all", "person user", 0.82),
    _rule("last_name", "lastname", "last name main person user"),
    _rule("last_name", "last name", "main person user"),
    _rule("last_name", "lastname legal", "last name person user", 0.88),
    _rule("last_name", "last name legal", "person user", 0.88),
    _rule("last_name", "lastname preferred", "last name person user", 0.85),
    _rule("last_name", "last name preferred", "person user", 0.85),
    _rule(FULL_NAME, "full name", "firstname lastname legal preferred contact person user"),
    _rule(FULL_NAME, "firstname name", "last lastname all person user"),
    _rule(FULL_NAME, "firstname lastname", "all person user"),
    _rule(FULL_NAME, "first last name", "lastname person user"),
    _rule(FULL_NAME, "first name lastname", "person user"),
    _rule(NAME, "name", "contact person"),
    _rule("company", "company", "name legal main person user"),
    _rule("company", "entity legal", "name", 0.85),
    _rule("company", "account name", confidence=0.75),
    _rule("language", "language", "code preferred contact platform full main person user"),
    _rule("student_groups", "group", "name person user"),
    _rule("student_groups", "cohort", "name person user", 0.8),
    _rule("team", "team", "name person user"),
    _rule("team_leader", "leader mail", "team address electronic work main person user"),
    _rule("team_leader", "team leader", "person"),
    _rule("team_leader", "leader", "person", needs_values=True),
    _rule("label", "label", "name person user"),
    _rule("label", "type user"),
)

_HUMP: Final = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])")
_PART: Final = re.compile(r"[^\W\d_]+|\d+")
_ASIDE: Final = re.compile(r"[(\[{<]([^)\]}>]*)[)\]}>]?")
# What is in compounds that are never matched: `wachtwoordhash`, `Geburtsdatum`, `mobilephone`.
_NEVER_PARTS: Final = (
    "passw",
    "wachtwoord",
    "motdepasse",
    "geboorte",
    "geburt",
    "naissance",
    "birth",
    "telef",
    "phone",
)


def words_of(text: str) -> list[str]:
    """The words of a header, folded: `"teamLeader_eMail1"` is team, leader, email, 1."""
    words: list[str] = []
    for word in _PART.findall(folded(_HUMP.sub(" ", text))):
        if words and words[-1] == "e" and word.startswith("mail"):
            words[-1] += word
        else:
            words.append(word)
    return words


@lru_cache(maxsize=4096)
def read_header(header: str) -> Reading:
    """What a header says by itself."""
    if header.strip() in BY_NAME:
        return Reading(header.strip(), _OWN)
    key = header_key(header)
    if key in _BARE_NAMES:
        return Reading(NAME, _ALIAS)
    if key in _KNOWN:
        return Reading(_KNOWN[key], _ALIAS)
    if len(header) > _LONGEST:
        return Reading()
    said, asides = words_of(_ASIDE.sub(" ", header)), words_of(" ".join(_ASIDE.findall(header)))
    if _is_barred(key, [*said, *asides]):
        return Reading(is_barred=True)
    if not said:
        said, asides = asides, []
    return _read_words(said, asides) or _read_aside(said, asides) or _read_slip(key, said)


def _is_barred(key: str, words: Iterable[str]) -> bool:
    return any(part in key for part in _NEVER_PARTS) or any(NEVER in (_meaning(word)[0] or ()) for word in words)


def _read_words(said: list[str], asides: list[str]) -> Reading | None:
    """By what all its words speak of; of what stands in brackets, what is understood."""
    meanings: set[str] = set()
    slips, penalty = 0, 0.0
    for word in said:
        meaning, distance = _meaning(word)
        if meaning is None:
            return None
        meanings |= meaning
        slips += distance
    for word in asides:
        meaning, distance = _meaning(word)
        if meaning is None or meaning == _ELSE:
            penalty = _WITH_ASIDE
        else:
            meanings |= meaning
            slips += distance
    for rule in _RULES:
        if rule.needs <= meanings <= rule.may:
            is_last_first = rule.column == FULL_NAME and _names_last_name_first([*said, *asides])
            confidence = round(rule.confidence - slips * _PER_SLIP - penalty, 2)
            return Reading(rule.column, confidence, rule.needs_values or is_last_first)
    return None


def _names_last_name_first(words: Iterable[str]) -> bool:
    """`Nom et prénom`: its values may well be last name first, and nothing in them tells."""
    places: dict[str, int] = {}
    for place, word in enumerate(words):
        for meaning in _meaning(word)[0] or ():
            places.setdefault(meaning, place)
    first = places.get("firstname", places.get("first"))
    last = places.get("lastname", places.get("last", places.get("name")))
    return first is not None and last is not None and last < first


def _read_aside(said: Iterable[str], asides: list[str]) -> Reading | None:
    """`User name [userPrincipalName] Required`: what stands in brackets, where the rest is just a user's name."""
    meanings = [_meaning(word)[0] for word in said]
    if any(meaning is None or not meaning <= {"user", "name"} for meaning in meanings):
        return None
    return _read_words(asides, [])


def _read_slip(key: str, said: Iterable[str]) -> Reading:
    """An alias with a slip in it, where a word is not understood."""
    if all(_meaning(word)[0] is not None for word in said):
        return Reading()
    columns = {_KNOWN.get(near) for near in _nearest(key, _ALL_BY_LETTER, most=1)[0]}
    column = columns.pop() if len(columns) == 1 else None
    return Reading() if column is None else Reading(column, round(_ALIAS - _PER_SLIP, 2))


# --- slips of the pen ----------------------------------------------------------------------------------------------

_SHORTEST: Final = 5
_LONG: Final = 11


def _by_letter(words: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    found: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for word in words:
        if len(word) >= _SHORTEST:
            found[word[0]] += (word,)
    return found


_WORDS_BY_LETTER: Final = _by_letter(MEANINGS)
_ALL_BY_LETTER: Final = _by_letter({**MEANINGS, **_KNOWN})


def _nearest(word: str, known: Mapping[str, tuple[str, ...]], most: int = 2) -> tuple[set[str], int]:
    """The known words fewest slips away: one at most, two in a long word; the first letter is right."""
    if len(word) < _SHORTEST:
        return set(), 0
    least = most if len(word) >= _LONG else 1
    nearest: set[str] = set()
    for other in known.get(word[0], ()):
        distance = OSA.distance(word, other, score_cutoff=least)
        if distance < least:
            least, nearest = distance, {other}
        elif distance == least:
            nearest.add(other)
    return nearest, least


@lru_cache(maxsize=4096)
def _meaning(word: str) -> tuple[frozenset[str] | None, int]:
    """What a word speaks of, and how many slips it takes to see it; None: not understood."""
    if word in MEANINGS:
        return MEANINGS[word], 0
    if word.isdecimal():
        return frozenset(("second",) if word.lstrip("0") != "1" else ()), 0
    words, distance = _nearest(word, _WORDS_BY_LETTER)
    meanings = {MEANINGS[near] for near in words}
    return (meanings.pop(), distance) if len(meanings) == 1 else (None, 0)
