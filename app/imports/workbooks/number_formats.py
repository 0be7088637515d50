"""A number and its format code -> the text a spreadsheet shows for it. Pure.

Never guesses what the code leaves to the reader's country: thousands stay ungrouped, the decimal sign is a point.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from app.imports.workbooks.date_formats import Token, date_text, with_minutes

# ECMA-376 part 1, section 18.8.30. 14 and 22 follow the reader's country, 15 to 17 its names of months, 27 to 36 and 50
# to 58 its calendar. What is missing is a plain number: 0 (General), fractions, exponents, text.
_DATE: Final = "yyyy-mm-dd"
BUILT_IN: Final = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    **dict.fromkeys((14, 15, 16, 17, *range(27, 37), *range(50, 59)), _DATE),
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: f"{_DATE} h:mm",
    37: "#,##0;-#,##0",
    38: "#,##0;-#,##0",
    39: "#,##0.00;-#,##0.00",
    40: "#,##0.00;-#,##0.00",
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
}

# ECMA-376 part 1, section 18.8.31.
_TOKEN: Final = re.compile(
    r""" "(?P<quoted>[^"]*)"? | \\(?P<escaped>.)
        | _(?P<blank>.)   # a gap as wide as this character
        | \*(?P<fill>.)   # this character as often as the cell is wide
        | \[\$(?P<symbol>[^\]-]*)(?:-(?P<locale>[^\]]*))?\]
        | \[(?P<elapsed>h+|m+|s+)\] | \[(?P<condition>[<>=][^\]]*)\] | \[(?P<colour>[^\]]*)\]
        | (?P<half>am/pm|a/p) | (?P<general>general) | (?P<exponent>e[+-])
        | (?P<date>y+|m+|d+|h+|s+(?:\.0+)?) | (?P<era>[beg]+)
        | (?P<place>[0\#?]) | (?P<point>\.) | (?P<comma>,) | (?P<percent>%)
        | (?P<end>;) | (?P<text>@) | (?P<literal>.)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_CODE_CHARACTERS: Final = 255
_NOT_A_NUMBER: Final = {"general", "text", "condition", "exponent"}
_DATES: Final = {"date", "elapsed", "era"}
_MOST: Final = 10**21


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A format code, understood: one section for all numbers, or positive; negative; zero."""

    sections: tuple[tuple[Token, ...], ...]
    dates_from_1904: bool = False

    def shown(self, value: float) -> str | None:
        """The text of a number; None where the code does not say, and `general` must do."""
        section, sign = self._section_for(value)
        kinds = {kind for kind, _ in section}
        if not section or kinds & _NOT_A_NUMBER:
            return None
        if kinds & _DATES:
            return date_text(section, value, dates_from_1904=self.dates_from_1904)
        text = _laid_out(section, abs(value))
        return sign + text if text and re.search("[1-9]", text) else text

    def _section_for(self, value: float) -> tuple[tuple[Token, ...], str]:
        sections = self.sections
        if value < 0:
            return (sections[1], "") if len(sections) > 1 else (sections[0], "-")
        return sections[2 if value == 0 and len(sections) > 2 else 0], ""


def number_format(code: str, *, dates_from_1904: bool = False) -> NumberFormat:
    """Understand a format code of a workbook."""
    sections: list[list[Token]] = [[]]
    for kind, text in _tokens(code[:_CODE_CHARACTERS]):
        if kind == "end":
            sections.append([])
        else:
            sections[-1].append((kind, text))
    return NumberFormat(tuple(map(with_minutes, sections)), dates_from_1904)


def _tokens(code: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(code):
        kind = match.lastgroup or "literal"
        if match["symbol"] is not None:
            yield "literal", match["symbol"]
            yield "locale", (match["locale"] or "").lower()
        elif kind in {"quoted", "escaped"}:
            yield "literal", match[kind]
        elif kind == "blank":
            yield "literal", " "
        elif kind == "literal":
            yield kind, match[0]
        elif kind not in {"colour", "fill"}:
            yield kind, match[0].lower().strip("[]")


def general(value: float) -> str:
    """A number as it is: at most 15 digits, no exponent, no `.0`."""
    if not abs(value) < _MOST:
        return f"{value:.15g}"
    text = format(Decimal(f"{value:.15g}"), "f")
    return "0" if text == "-0" else text


def _laid_out(section: Sequence[Token], value: float) -> str | None:
    """The digits of a number in the places of a section; None for fractions, and where it counts in thousands."""
    kinds = [kind for kind, _ in section]
    point = kinds.index("point") if "point" in kinds else len(kinds)
    before = [text for kind, text in section[:point] if kind == "place"]
    after = [text for kind, text in section[point:] if kind == "place"]
    number = Decimal(f"{value:.15g}").scaleb(2 * kinds.count("percent"))
    if not before or len(after) > 15 or number >= _MOST or ("literal", "/") in section or _counts_thousands(kinds):
        return None
    whole, _, part = format(number.quantize(Decimal(1).scaleb(-len(after)), ROUND_HALF_UP), "f").partition(".")
    digits = iter([*_whole(whole.lstrip("0"), before), *_part(part, after)])
    silent = {"comma", "locale"}
    texts = (next(digits) if kind == "place" else text for kind, text in section if kind not in silent)
    return "".join(texts).strip()


def _counts_thousands(kinds: Sequence[str]) -> bool:
    """Whether a comma stands behind the last place of the whole number."""
    triples = zip(kinds, kinds[1:], [*kinds[2:], ""], strict=False)
    return any((one, two) == ("place", "comma") and three != "place" for one, two, three in triples)


def _whole(digits: str, places: Sequence[str]) -> list[str]:
    """A text for each place; the first takes all digits there is no place for."""
    more = len(digits) - len(places)
    if more >= 0:
        return [digits[: more + 1], *digits[more + 1 :]]
    return [*("0" if place == "0" else "" for place in places[: -len(digits) or None]), *digits]


def _part(digits: str, places: Sequence[str]) -> list[str]:
    """A text for each place behind the point; zeros at the end only where the place asks for them."""
    shown = [digit != "0" or place == "0" for digit, place in zip(digits, places, strict=True)]
    return [digit if any(shown[at:]) else "" for at, digit in enumerate(digits)]
