"""Which header feeds which of our columns: suggests a mapping and checks a given one. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.errors import FieldError
from app.imports.columns import BY_NAME, COLUMNS, REQUIRED

_VALUES_NEEDED: Final = 0.8
_ADDRESS_LIKE: Final = re.compile(r"[^@\s,;|]+@[^@\s,;|.]+(?:\.[^@\s,;|.]+)+")  # one way to match: never quadratic


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a header probably is. `by`: `header` or `values`; `column` None: nothing sure enough."""

    header: str
    column: str | None
    confidence: float
    by: str | None

    def as_json(self) -> dict[str, Any]:
        """The suggestion as stored and answered."""
        return {"header": self.header, "column": self.column, "confidence": self.confidence, "by": self.by}


def header_key(header: str) -> str:
    """A header as it is compared: without regard to case, accents and punctuation. `"E-Mail "` is `"email"`."""
    plain = unicodedata.normalize("NFKD", header.casefold().replace("œ", "oe"))
    return "".join(character for character in plain if character.isalnum())


def _known_headers() -> dict[str, str]:
    known: dict[str, str] = {}
    for column in COLUMNS:
        for alias in (column.name, *(alias for aliases in column.aliases.values() for alias in aliases)):
            known.setdefault(header_key(alias), column.name)
    return known


_KNOWN: Final[Mapping[str, str]] = _known_headers()


def is_known_header(header: str) -> bool:
    """Whether a text is a name of one of our columns; tells a header line from data."""
    return header_key(header) in _KNOWN


def suggest(headers: Sequence[str], samples: Sequence[Sequence[str]]) -> list[Suggestion]:
    """A suggestion for each header, by position. No column is suggested twice; the first header that fits has it."""
    suggestions: list[Suggestion] = []
    taken: set[str] = set()
    for header in headers:
        column = _KNOWN.get(header_key(header))
        if column is None or column in taken:
            suggestions.append(Suggestion(header, None, 0.0, None))
            continue
        taken.add(column)
        exact = header.strip() == column
        suggestions.append(Suggestion(header, column, 1.0 if exact else 0.95, "header"))
    if "email" not in taken:
        _suggest_email_by_values(suggestions, samples)
    return suggestions


def _suggest_email_by_values(suggestions: list[Suggestion], samples: Sequence[Sequence[str]]) -> None:
    """The first column of addresses that is nothing else; where there are several, that is hardly more than a guess."""
    fitting = [
        position
        for position, (suggestion, values) in enumerate(zip(suggestions, samples, strict=True))
        if suggestion.column is None and _are_addresses(values)
    ]
    if fitting:
        first = fitting[0]
        confidence = 0.8 if len(fitting) == 1 else 0.5
        suggestions[first] = Suggestion(suggestions[first].header, "email", confidence, "values")


def _are_addresses(values: Sequence[str]) -> bool:
    filled = [value.strip() for value in values if value.strip()]
    addresses = sum(1 for value in filled if _ADDRESS_LIKE.fullmatch(value))
    return bool(filled) and addresses / len(filled) >= _VALUES_NEEDED


def check_mapping(
    columns: Sequence[str | None], defaults: Mapping[str, Any], headers: Sequence[str]
) -> list[FieldError]:
    """What is wrong with a mapping: its length, unknown or repeated columns, required ones nothing feeds."""
    if len(columns) != len(headers):
        return [FieldError("/columns", "mapping_length", {"given": len(columns), "expected": len(headers)})]
    errors: list[FieldError] = []
    first: dict[str, int] = {}
    for position, column in enumerate(columns):
        if column is None:
            continue
        if column not in BY_NAME:
            errors.append(FieldError(f"/columns/{position}", "unknown_column", {"column": column}))
        elif column in first:
            errors.append(
                FieldError(f"/columns/{position}", "column_twice", {"column": column, "header": headers[first[column]]})
            )
        else:
            first[column] = position
    missing = (name for name in REQUIRED if name not in first and not defaults.get(name))
    return errors + [FieldError("/columns", "required_column_missing", {"column": name}) for name in missing]
