"""Plain text in lines that fit a terminal and flow again on a phone: RFC 3676, `format=flowed`. Pure.

Never breaks a word, so never a link or an address; never changes a word that is said.
"""

from typing import Final

WIDTH: Final = 76
"""Characters of a line. With the space of a soft line break it stays within the 78 of RFC 3676 and RFC 5322."""

_BREAK: Final = " \n"  # the space says: this line goes on below
_QUOTE: Final = "> "


def flowed(*pieces: str) -> str:
    """One paragraph. Each piece begins a line, softly: a mail program that reflows shows no trace of it."""
    return _BREAK.join(_stuffed(line) for piece in pieces for line in _lines(piece, WIDTH))


def flowed_within(value: str, width: int) -> str:
    """Words that stand within a line of their own (`Hello {value},`): only what follows the first break is a line."""
    if len(value) <= width:
        return value
    first, *rest = _lines(value, width)
    return _BREAK.join([first, *map(_stuffed, rest)])


def quoted(text: str) -> str:
    """Somebody else's words with `>` before each line, as mail programs show what another person wrote.

    Line breaks stay. The words cannot be taken for ours, nor our lines for theirs.
    """
    return "\n".join(_BREAK.join(_quote(line)) for line in text.split("\n"))


def _quote(line: str) -> list[str]:
    return [_QUOTE + piece for piece in _lines(line, WIDTH - len(_QUOTE))] if line.strip(" ") else [_QUOTE.rstrip()]


def _lines(text: str, width: int) -> list[str]:
    """Cut at single spaces, which the breaks stand for. Other blanks (no-break spaces) are part of their words."""
    first, *words = text.rstrip(" ").split(" ")
    lines = [first]
    for word in words:
        fits = len(lines[-1]) + 1 + len(word) <= width
        if fits or not word or not lines[-1].strip(" "):
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _stuffed(line: str) -> str:
    """RFC 3676, 4.4: a line that begins like a quotation or a mailbox separator gets a space, taken off when read."""
    return f" {line}" if line.startswith((" ", ">", "From ")) else line
