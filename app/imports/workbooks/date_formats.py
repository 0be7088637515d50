"""A number and its date format -> the date, time or duration a spreadsheet shows for it. Pure.

Never guesses what the format leaves to the reader's country: that is ISO 8601.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple

Token = tuple[str, str]
"""A part of a format code: what it is, and its text."""


class _Names(NamedTuple):
    months: list[str]
    short_months: list[str]
    weekdays: list[str]
    short_weekdays: list[str]


def _names(*lists: str) -> _Names:
    return _Names(*(names.split() for names in lists))


# By the primary language of a Windows locale id ([MS-LCID]); weekdays from Monday.
_NAMES: Final = {
    0x09: _names(
        "January February March April May June July August September October November December",
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "Mon Tue Wed Thu Fri Sat Sun",
    ),
    0x0C: _names(
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "lun. mar. mer. jeu. ven. sam. dim.",
    ),
    0x13: _names(
        "januari februari maart april mei juni juli augustus september oktober november december",
        "jan feb mrt apr mei jun jul aug sep okt nov dec",
        "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
        "ma di wo do vr za zo",
    ),
    0x07: _names(
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "Jan Feb Mrz Apr Mai Jun Jul Aug Sep Okt Nov Dez",
        "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
        "Mo Di Mi Do Fr Sa So",
    ),
}
_LANGUAGES: Final = {"en": 0x09, "fr": 0x0C, "nl": 0x13, "de": 0x07}
_OF_THE_READER: Final = {"f400", "f800", "x-sysdate", "x-systime"}
_DAYS: Final = 2_958_466  # the day after 31 December 9999
_DAYS_BEFORE_1904: Final = 1462
_SECONDS: Final = {"h": 3600, "m": 60, "s": 1}


def with_minutes(section: Sequence[Token]) -> tuple[Token, ...]:
    """A section with `n` for the minutes: an `m` behind hours or in front of seconds."""
    times = [(at, text) for at, (kind, text) in enumerate(section) if kind in {"date", "elapsed"}]
    found = list(section)
    for place, (at, text) in enumerate(times):
        before = times[place - 1][1] if place else ""
        after = times[place + 1][1] if place + 1 < len(times) else ""
        if text in {"m", "mm"} and section[at][0] == "date" and (before.startswith("h") or after.startswith("s")):
            found[at] = ("date", "n" * len(text))
    return tuple(found)


def date_text(section: Sequence[Token], value: float, *, dates_from_1904: bool) -> str | None:
    """What a section shows for a number of days; None where that is no date."""
    days = _DAYS - _DAYS_BEFORE_1904 if dates_from_1904 else _DAYS
    seconds = round(value * 86_400, 3)
    if not 0 <= seconds < days * 86_400 or any(kind == "place" for kind, _ in section):
        return None
    moment = _day_zero(value, dates_from_1904) + timedelta(seconds=seconds)
    language = _language(section)
    names = _NAMES.get(language or 0)
    units = {text[:1] for kind, text in section if kind in {"date", "elapsed"}}
    has_names = any(kind == "date" and text.startswith(("mmm", "ddd")) for kind, text in section)
    if language is None or any(kind == "era" for kind, _ in section) or (has_names and names is None):
        return _as_iso(moment, units)
    is_halved = any(kind == "half" for kind, _ in section)
    return "".join(_shown(token, moment, seconds, names, is_halved=is_halved) for token in section).strip()


def iso(value: date | time | timedelta) -> str:
    """A date, time or duration whose format is not known: ISO 8601, a duration as hours, minutes and seconds."""
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    return value.isoformat("seconds") if isinstance(value, time) else value.isoformat()


def _day_zero(days: float, dates_from_1904: bool) -> datetime:
    """1 is 1 January 1900 and 60 a 29 February 1900 that never was; or 0 is 1 January 1904."""
    if dates_from_1904:
        return datetime(1904, 1, 1)  # noqa: DTZ001 a cell has no time zone
    return datetime(1899, 12, 30 if days >= 60 else 31)  # noqa: DTZ001 a cell has no time zone


def _language(section: Iterable[Token]) -> int | None:
    """The language a section asks for, 0 where it asks for none; None: whatever the reader's country has."""
    for kind, text in section:
        if kind == "locale" and text:
            tag = re.split("[-,]", text)[0]
            number = int(tag, 16) & 0x3FF if re.fullmatch("[0-9a-f]{3,8}", tag) else _LANGUAGES.get(tag, 0)
            return None if text in _OF_THE_READER else number
    return 0


def _shown(token: Token, moment: datetime, seconds: float, names: _Names | None, *, is_halved: bool) -> str:
    kind, text = token
    if kind == "elapsed":
        return f"{int(seconds // _SECONDS[text[0]]):0{len(text)}}"
    if kind == "half":
        return "AM" if moment.hour < 12 else "PM"
    if kind != "date":
        return "" if kind == "locale" else text
    if names is not None and text[0] in "md" and len(text) > 2:
        return _name(text, moment, names)
    return _number(text, moment, is_halved=is_halved)


def _name(text: str, moment: datetime, names: _Names) -> str:
    if text[0] == "d":
        return (names.weekdays if len(text) > 3 else names.short_weekdays)[moment.weekday()]
    month = moment.month - 1
    if len(text) == 5:
        return names.months[month][0]
    return names.short_months[month] if len(text) == 3 else names.months[month]


def _number(text: str, moment: datetime, *, is_halved: bool) -> str:
    unit, _, fraction = text.partition(".")
    if unit[0] == "y":
        return f"{moment.year % 100:02}" if len(unit) < 3 else f"{moment.year:04}"
    numbers = {
        "m": moment.month,
        "d": moment.day,
        "h": (moment.hour + 11) % 12 + 1 if is_halved else moment.hour,
        "n": moment.minute,
        "s": moment.second,
    }
    parts = f".{moment.microsecond:06}"[: len(fraction) + 1] if fraction else ""
    return f"{numbers[unit[0]]:0{min(len(unit), 2)}}{parts}"


def _as_iso(moment: datetime, units: set[str]) -> str:
    if not units & {"y", "m", "d"}:
        return moment.time().isoformat("seconds")
    return moment.isoformat(" ", "seconds") if units & {"h", "s"} else moment.date().isoformat()
