"""What a person is known by in a text: their addresses, or both their names on one line. Pure.

Finds too much rather than too little: somebody of the same name is taken for them.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, Final

_BEFORE: Final = r"(?<![\w.+\-])"
_AFTER: Final = r"(?![\w\-])(?!\.\w)"


class Traces:
    """A person's addresses, and their names: first and last, neither counts without the other."""

    def __init__(self, addresses: Iterable[str], names: Iterable[tuple[str | None, str | None]]) -> None:
        self._addresses = sorted({_folded(address) for address in addresses if address})
        pairs = {(_folded(first), _folded(last)) for first, last in names if first and last}
        self._names = sorted((first, last) for first, last in pairs if first.strip() and last.strip())
        self._address = _words(self._addresses, _BEFORE, _AFTER)

    def has_address(self, text: str) -> bool:
        """Whether one of the addresses stands in a text."""
        return self._finds_address(_folded(text))

    def are_in(self, text: str) -> bool:
        """Whether the person stands in a text: by an address, or by both names on one line."""
        folded = _folded(text)
        return self._finds_address(folded) or any(self._finds_names(folded, pair) for pair in self._names)

    def taken_out(self, value: Any) -> Any:
        """A JSON value of which every text that holds an address or any one of the names is empty."""
        match value:
            case str():
                return "" if self._touches(_folded(value)) else value
            case list():
                return [self.taken_out(item) for item in value]
            case dict():
                return {key: self.taken_out(item) for key, item in value.items()}
        return value

    def _finds_address(self, folded: str) -> bool:
        return any(address in folded for address in self._addresses) and self._address.search(folded) is not None

    def _finds_names(self, folded: str, pair: tuple[str, str]) -> bool:
        first, last = pair
        if first not in folded or last not in folded:
            return False
        word = _words([last])
        return any(word.search(line) for line in _lines_with(folded, first))

    def _touches(self, folded: str) -> bool:
        words = [name for pair in self._names for name in pair]
        return self._finds_address(folded) or (bool(words) and _words(words).search(folded) is not None)


def _lines_with(folded: str, word: str) -> Iterator[str]:
    for found in _words([word]).finditer(folded):
        end = folded.find("\n", found.end())
        yield folded[folded.rfind("\n", 0, found.start()) + 1 : end if end >= 0 else len(folded)]


def _words(texts: Iterable[str], before: str = r"(?<!\w)", after: str = r"(?!\w)") -> re.Pattern[str]:
    return re.compile(f"{before}(?:{'|'.join(re.escape(text) for text in texts)}){after}")


def _folded(text: str) -> str:
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()
