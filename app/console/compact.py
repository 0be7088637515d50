"""Takes out of scripts and style sheets what only their authors read: comments, indentation, blanks.

Never changes what they mean or what anything is called. Files from elsewhere (`vendor/`) are not for this module.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

_GAP: Final = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_TOKEN: Final = re.compile(
    r"""  "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*'
    | [\w$]+
    | .""",
    re.VERBOSE | re.DOTALL,
)
_REGEX: Final = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_BEFORE_A_REGEX: Final = {*"(,=:[!&|?{};+-*%~^<>", "", "return", "typeof", "case", "in", "of", "await", "yield"}
"""After these a slash begins a regular expression; after anything else it divides."""
_TEMPLATE: Final = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{)", re.DOTALL)
_INDENTATION: Final = re.compile(r"[ \t]*\n\s*")
_OPEN: Final = {*"{([,;:?=>&|*%!~^<."}
"""No statement ends with one of these, so a line break behind it means nothing."""
_CLOSED: Final = {*")],;:?=.&|*%^<>}"}
"""No statement begins with one of these; before a brace one ends with or without a line break."""
_SHEET: Final = re.compile(r"""(?P<string>"[^"]*")|(?P<comment>/\*.*?\*/\s*)|\s*(?P<sign>[{};,])\s*|\s+""", re.DOTALL)


@cache
def script(source: str) -> str:
    """A module without comments and blanks that mean nothing. Indentation in `html` templates is blank as well."""
    out: list[str] = []
    before = ""
    gap = ""
    for token in _tokens(source):
        if token.isspace():
            gap = token
            continue
        if gap and (between := _between(before, token, gap)):
            out.append(between)
        out.append(token)
        before, gap = token, ""
    return "".join(out)


def _between(before: str, after: str, gap: str) -> str:
    """What has to stay of a gap between two tokens: a line break, a blank, or nothing."""
    one, other = before[-1:], after[:1]
    if "\n" in gap and not (before in _OPEN or after in _CLOSED or not before):
        return "\n"
    if (_is_of_a_word(one) and _is_of_a_word(other)) or (one in "+-/" and other in "+-/"):
        return " "
    return " " if one.isdigit() and other == "." else ""


def _is_of_a_word(sign: str) -> bool:
    return sign.isalnum() or sign in ("_", "$")


def _tokens(source: str) -> Iterator[str]:
    """The tokens of a script; of a gap, with comments or without, a line break or a blank."""
    position, before = 0, ""
    braces: list[str] = []  # of each open one: "{", or the tag of the template it stands in
    while position < len(source):
        if gap := _GAP.match(source, position):
            yield "\n" if "\n" in gap[0] else " "
            position = gap.end()
            continue
        sign = source[position]
        if sign == "`" or (sign == "}" and braces and braces[-1] != "{"):
            tag = before if sign == "`" else braces.pop().removeprefix("`")
            end = _end(_TEMPLATE, source, position + 1)
            piece = source[position:end]
            yield _INDENTATION.sub("\n", piece) if tag == "html" else piece
            if piece.endswith("${"):
                braces.append(f"`{tag}")
            position, before = end, piece[-1]
            continue
        if sign == "/" and before in _BEFORE_A_REGEX:
            end = _end(_REGEX, source, position)
            yield source[position:end]
            position, before = end, "/"
            continue
        end = _end(_TOKEN, source, position)
        piece = source[position:end]
        if piece == "{":
            braces.append(piece)
        elif piece == "}":
            braces.pop()
        yield piece
        position, before = end, piece
    if braces:
        raise ValueError(f"Not closed: {braces[-1]}")


def _end(pattern: re.Pattern[str], source: str, start: int) -> int:
    """Where what begins at a place ends. Raises ValueError where it does not."""
    found = pattern.match(source, start)
    if found is None:
        raise ValueError(f"Not closed: {source[start : start + 40]!r}")
    return found.end()


def sheet(source: str) -> str:
    """A style sheet without comments and blanks that mean nothing."""
    return _SHEET.sub(
        lambda found: found["string"] or found["sign"] or ("" if found["comment"] else " "), source
    ).strip()
