"""Which header feeds which of our columns: suggests a mapping and checks a given one. Pure.

A suggestion weighs what each header says against the values below it and against the other headers; where it is not
sure enough it stays empty, rather than wrong.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from app.errors import AppError, Code, FieldError
from app.imports.columns import BY_NAME, FULL_NAME, MAPPABLE, OUR_HEADERS, REQUIRED
from app.imports.matching.evidence import TELLING, are_whole_names, contradicts, hold_an_address, show_the_last_name
from app.imports.matching.headers import NAME, Reading, header_key, read_header, usual_column

SUGGESTED: Final = 0.6
"""Below this nothing is suggested."""
CERTAIN: Final = 0.8
"""Below this a person has to say yes."""
_TIE: Final = 0.65
_GUESS: Final = 0.7
_CONTRADICTED: Final = 0.4  # less this, an alias is no longer suggested, our own name just still


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a header probably is. `by`: `header`, `values` or `remembered`; `column` None: nothing sure enough."""

    header: str
    column: str | None
    confidence: float
    by: str | None

    def as_json(self) -> dict[str, Any]:
        """The suggestion as stored and answered."""
        return {"header": self.header, "column": self.column, "confidence": self.confidence, "by": self.by}


@dataclass(frozen=True, slots=True)
class _Offer:
    """A header that might feed a column (for the time being also NAME), how surely, and the filled values below it."""

    position: int
    header: str
    column: str
    confidence: float
    values: Sequence[str]
    by: str = "header"


# --- suggesting ----------------------------------------------------------------------------------------------------


def suggest(
    headers: Sequence[str], samples: Sequence[Sequence[str]], remembered: Mapping[str, str | None] | None = None
) -> list[Suggestion]:
    """A suggestion for each header, by position; no column twice. `remembered`: what was chosen, by `header_keys`.

    `samples`: a few values below each header, or none at all.
    """
    if remembered is not None:
        return [
            Suggestion(header, remembered.get(key), 1.0, "remembered") if key else Suggestion(header, None, 0.0, None)
            for header, key in zip(headers, header_keys(headers), strict=True)
        ]
    values = [[value.strip() for value in column if value.strip()] for column in samples] or [[] for _ in headers]
    won = _by_headers(headers, values)
    won |= _by_values(headers, values, won)
    chosen = {offer.position: offer for offer in won.values()}
    return [
        Suggestion(header, offer.column, offer.confidence, offer.by)
        if (offer := chosen.get(position))
        else Suggestion(header, None, 0.0, None)
        for position, header in enumerate(headers)
    ]


def _award(offers: Iterable[_Offer]) -> dict[str, _Offer]:
    """Each column to the surest header; to the first of several, but then that is hardly more than a guess."""
    rivals: defaultdict[str, list[_Offer]] = defaultdict(list)
    for offer in offers:
        if offer.confidence >= SUGGESTED:
            rivals[offer.column].append(offer)
    won: dict[str, _Offer] = {}
    for column, offered in rivals.items():
        surest = max(offered, key=lambda offer: offer.confidence)
        are_several = sum(offer.confidence == surest.confidence for offer in offered) > 1
        won[column] = replace(surest, confidence=min(surest.confidence, _TIE)) if are_several else surest
    return won


def _by_headers(headers: Sequence[str], values: Sequence[Sequence[str]]) -> dict[str, _Offer]:
    offers = [
        _Offer(position, header, reading.column, _weighed(reading, values[position]), values[position])
        for position, header in enumerate(headers)
        if (reading := read_header(header)).column is not None
    ]
    won = _award(offer for offer in offers if offer.column not in (NAME, FULL_NAME))
    names = [offer for offer in offers if offer.column == NAME]
    if "first_name" not in won and "last_name" not in won:
        return won | _award([offer for offer in offers if offer.column == FULL_NAME] + _whole_names(names))
    if "last_name" not in won:
        return won | _award(_last_names(names, won["first_name"]))
    if "first_name" not in won:
        return won | _award(_first_names(names))
    return won


def _weighed(reading: Reading, values: Sequence[str]) -> float:
    """How surely a header names its column, once the values below it are looked at."""
    if reading.needs_values:
        tell = show_the_last_name if reading.column == FULL_NAME else hold_an_address
        return reading.confidence if tell(values) else 0.0
    is_contradicted = contradicts(reading.column or "", values)
    return round(reading.confidence - _CONTRADICTED, 2) if is_contradicted else reading.confidence


def _whole_names(names: Iterable[_Offer]) -> list[_Offer]:
    """What `Name` means in a file with no other names: the whole one, if its values look like it.

    Where they do not show which part is the last name, nothing tells `Peeters Jan` from `Jan Peeters`.
    """
    offers = []
    for name in names:
        if are_whole_names(name.values):
            is_shown = show_the_last_name(name.values)
            offers.append(replace(name, column=FULL_NAME, confidence=name.confidence if is_shown else _GUESS))
        elif not name.values:
            offers.append(replace(name, column=usual_column(name.header) or FULL_NAME, confidence=_GUESS))
    return offers


def _last_names(names: Iterable[_Offer], first_name: _Offer) -> list[_Offer]:
    """What `Name` means beside a first name: the last one, unless the first one is repeated in it."""
    first = {value.casefold() for value in first_name.values}
    return [
        replace(name, column="last_name")
        for name in names
        if not any(word.casefold() in first for value in name.values for word in value.split()[:-1])
    ]


def _first_names(names: Iterable[_Offer]) -> list[_Offer]:
    """What `Name` means beside a surname: perhaps the first one."""
    return [replace(name, column="first_name", confidence=_TIE) for name in names if not are_whole_names(name.values)]


def _by_values(headers: Sequence[str], values: Sequence[Sequence[str]], won: Collection[str]) -> dict[str, _Offer]:
    """Columns that no header names, by the values below headers that say nothing. Where two fit, neither is it."""
    silent = [
        position
        for position, header in enumerate(headers)
        if (reading := read_header(header)).column is None and not reading.is_barred
    ]
    found: dict[str, _Offer] = {}
    for column, are_its_own, confidence in TELLING:
        fitting = [position for position in silent if are_its_own(values[position])]
        if column not in won and len(fitting) == 1:
            at = fitting[0]
            found[column] = _Offer(at, headers[at], column, confidence, values[at], "values")
    return found


# --- remembering ---------------------------------------------------------------------------------------------------


def header_keys(headers: Sequence[str]) -> list[str | None]:
    """What each header is remembered by: its key, of several alike with their number; None for our own two extra."""
    keys = [header_key(header) for header in headers]
    ours: set[int] = set()
    if set(OUR_HEADERS) <= set(keys):
        ours = {len(keys) - 1 - keys[::-1].index(name) for name in OUR_HEADERS}
    times: Counter[str] = Counter()
    found: list[str | None] = []
    for position, key in enumerate(keys):
        if position in ours:
            found.append(None)
            continue
        times[key] += 1
        found.append(key if times[key] == 1 else f"{key} {times[key]}")
    return found


# --- checking ------------------------------------------------------------------------------------------------------


def certain_columns(suggestions: Sequence[Suggestion], defaults: Mapping[str, Any]) -> list[str | None]:
    """The mapping of a file nobody looks at: what is certain. Raises mapping_uncertain, naming what is missing."""
    columns = [found.column if found.confidence >= CERTAIN else None for found in suggestions]
    errors = [FieldError("/columns", "column_uncertain", {"column": name}) for name in _missing(columns, defaults)]
    if errors:
        raise AppError(Code.MAPPING_UNCERTAIN, fields=errors)
    return columns


def check_mapping(
    columns: Sequence[str | None], defaults: Mapping[str, Any], headers: Sequence[str]
) -> list[FieldError]:
    """What is wrong with a mapping: its length, unknown or repeated columns, required ones nothing feeds."""
    if len(columns) != len(headers):
        return [FieldError("/columns", "mapping_length", {"given": len(columns), "expected": len(headers)})]
    errors: list[FieldError] = []
    fed: dict[str, int] = {}
    for position, column in enumerate(columns):
        if column is None:
            continue
        pointer = f"/columns/{position}"
        if column not in BY_NAME:
            valid = ", ".join(known.name for known in MAPPABLE)
            errors.append(FieldError(pointer, "unknown_column", {"column": column, "columns": valid}))
            continue
        parts = _parts(column)
        rival = next((fed[part] for part in parts if part in fed), None)
        if rival is not None:
            params = {"column": columns[rival], "header": headers[rival]}
            errors.append(FieldError(pointer, "column_twice", params))
        for part in parts:
            fed.setdefault(part, position)
    missing = _missing(columns, defaults)
    return errors + [FieldError("/columns", "required_column_missing", {"column": name}) for name in missing]


def _parts(column: str) -> tuple[str, ...]:
    return BY_NAME[column].feeds or (column,)


def _missing(columns: Sequence[str | None], defaults: Mapping[str, Any]) -> list[str]:
    fed = {part for column in columns if column is not None and column in BY_NAME for part in _parts(column)}
    return [name for name in REQUIRED if name not in fed and not defaults.get(name)]
