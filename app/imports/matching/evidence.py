"""What the values below a header tell: whether they bear out what it says, or say it themselves. Pure.

Looks at a few filled values, never at the header.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from app.imports.columns import FULL_NAME, GROUP_SEPARATOR
from app.imports.matching.headers import NAME
from app.imports.meanings import language_of
from app.imports.reading.quotes import ADDRESS_LIKE
from app.texts import languages

_WORD: Final = re.compile(r"[^\s,]+")

Values = Sequence[str]


def contradicts(column: str, values: Values) -> bool:
    """Whether values cannot be a column's own; where there are none, they do not contradict."""
    return bool(values) and not _OWN_VALUES.get(column, _are_no_addresses)(values)


def are_whole_names(values: Values) -> bool:
    """Whether values are names of several words; some people have but one."""
    return _may_be_names(values) and _most(values, _has_several_words, of_all=0.6)


def show_the_last_name(values: Values) -> bool:
    """Whether whole names say themselves which part is the last name, by a comma or by capitals."""

    def shows(value: str) -> bool:
        words = [word for word in value.split() if len(word) > 1]
        return "," in value or 0 < sum(map(str.isupper, words)) < len(words)

    return _most(values, shows)


def hold_an_address(values: Values) -> bool:
    """Whether there is an e-mail address among the values."""
    return any(map(ADDRESS_LIKE.fullmatch, values))


def _are_no_addresses(values: Values) -> bool:
    return not hold_an_address(values)


def _are_meant_as_addresses(values: Values) -> bool:
    return any("@" in value for value in values)


def _are_anything(_values: Values) -> bool:
    return True


def _may_be_names(values: Values) -> bool:
    return not _most(values, lambda value: "@" in value or any(map(str.isdecimal, value)))


def _may_be_parts_of_names(values: Values) -> bool:
    """Names, or what stands for one in a trial: `Last 12`, but no numbers and no codes."""
    return not _most(values, lambda value: "@" in value or 2 * sum(map(str.isdecimal, value)) > len(value))


def _has_several_words(value: str) -> bool:
    return len(_WORD.findall(value)) > 1


def _hold_a_whole_name(values: Values) -> bool:
    return _may_be_names(values) and any(map(_has_several_words, values))


def _most(values: Values, is_one: Callable[[str], object], *, of_all: float = 0.8) -> bool:
    return bool(values) and sum(1 for value in values if is_one(value)) >= of_all * len(values)


_OWN_VALUES: Final[Mapping[str, Callable[[Values], bool]]] = {
    "email": _are_meant_as_addresses,
    "team_leader": _are_anything,
    "first_name": _may_be_parts_of_names,
    "last_name": _may_be_parts_of_names,
    NAME: _may_be_names,
    FULL_NAME: _hold_a_whole_name,
}
"""What the values of a column look like; those of every other one are anything but addresses."""


# --- values that speak for themselves ------------------------------------------------------------------------------


def _are_addresses(values: Values) -> bool:
    return _most(values, ADDRESS_LIKE.fullmatch)


def _are_languages(values: Values) -> bool:
    """Nothing but installed languages, and not codes alone: `FR` and `NL` are countries, too."""
    are_all = len(values) > 1 and all(language_of(value, languages()) for value in values)
    return are_all and any(len(value) > 2 or value.casefold() == "en" for value in values)


def _are_lists(values: Values) -> bool:
    """Several lists of names, one of them now in front, now behind: no dates or `M/F`, no path like `Europe/Paris`."""
    parts = [tuple(part.strip() for part in value.split(GROUP_SEPARATOR)) for value in values]
    lists = {names for names in parts if len(names) > 1}
    are_names = all(len(name) > 2 and name[0].isalpha() and ":" not in name for names in parts for name in names)
    places = {(name, place) for names in lists for place, name in enumerate(names)}
    return len(lists) > 2 and are_names and len({name for name, _ in places}) < len(places)


TELLING: Final[Sequence[tuple[str, Callable[[Values], bool], float]]] = (
    ("email", _are_addresses, 0.8),
    ("language", _are_languages, 0.7),
    ("student_groups", _are_lists, 0.65),
)
"""Columns that values alone tell, and how surely."""
