"""Makes what people wrote harmless in a mail: no name breaks a line, turns ours around, or becomes markup or a link.

Pure. Never leaves out what can be shown; a first name that would be advertising is not shown at all.
"""

import re
from typing import Final

from markupsafe import Markup

CONTROLS: Final = (
    r"\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: line breaks among them
    r"\u202a-\u202e\u2066-\u2069"  # embeddings, overrides and isolates: would turn the direction of our words
    r"\u2028\u2029"  # line and paragraph separators
    r"\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"  # cannot be encoded, or are no characters (letter's MARKS are not)
)

# --- Lines -----------------------------------------------------------------------------------------------------------

_NOT_IN_A_LINE: Final = re.compile(f"[ {CONTROLS}]+")
_LINE_BREAK: Final = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_NOT_IN_LINES: Final = re.compile(f"[{CONTROLS}](?<!\n)")
_EMPTY_LINES: Final = re.compile("\n(?:[^\\S\n]*\n){2,}")


def one_line(value: str) -> str:
    """A field as one line: what cannot be seen in it (line breaks, controls) becomes a space."""
    if value.isascii() and value.isprintable() and "  " not in value:
        return value.strip()  # the usual case, sooner
    return _NOT_IN_A_LINE.sub(" ", value).strip()


def lines(value: str) -> str:
    """The personal message: its line breaks stay (one empty line in a row), other controls become spaces."""
    return _EMPTY_LINES.sub("\n\n", _NOT_IN_LINES.sub(" ", _LINE_BREAK.sub("\n", value))).strip()


# --- Names that look like links --------------------------------------------------------------------------------------

_LINK_LIKE: Final = re.compile(r"[/\\@＠]|www[.。．｡]|[.。．｡]\w\w", re.IGNORECASE)
_LINK_JOINT: Final = re.compile(r"([.。．｡:/\\@＠])")
_ADDRESS: Final = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")


def greeting_name(first_name: str | None) -> str | None:
    """The name to greet, None without one. A "name" that mail programs would turn into a link is advertising by
    invitation, an old trick: whoever has `/`, `@`, `www.` or a dot with letters behind it (`evil.example`, but not
    `J. P.`) in the first name is greeted without it.
    """
    name = one_line(first_name or "")
    return name if name and not _LINK_LIKE.search(name) else None


def unlinked(name: str) -> str:
    """A platform's or inviter's name, which cannot be left out: an invisible word joiner keeps `learn.example` from
    becoming a link in mail programs that look for addresses in plain words. It stands behind the dot, so that what
    follows is no domain any program knows. (Markup in its place would help the HTML part alone, and not everywhere;
    a zero-width space would break the name at the end of a line.)

    An e-mail address stays whole: so an administrator without a name is called, people copy it, and a mail program
    that offers to write to it is right.
    """
    return name if _ADDRESS.fullmatch(name) or not _LINK_LIKE.search(name) else _LINK_JOINT.sub("\\1\u2060", name)


# --- Names that run from right to left -------------------------------------------------------------------------------

_RIGHT_TO_LEFT: Final = re.compile(
    "[\u0590-\u08ff\u200f\ufb1d-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def isolated(name: str) -> str:
    """A name among plain words, kept from turning their direction: in Unicode's isolates, where it could."""
    return f"\u2068{name}\u2069" if not name.isascii() and _RIGHT_TO_LEFT.search(name) else name


def isolated_in_html(name: str) -> Markup:
    """The same in HTML, escaped. By an attribute: the element made for it, `bdi`, is dropped by some mail programs."""
    return Markup('<span dir="auto">{}</span>').format(name)
