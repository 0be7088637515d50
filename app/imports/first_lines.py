"""On which line of a file each address stands first: a million of them take some 35 MB, however long they are. Pure.

A table of keyed 96-bit hashes with open addressing: that two addresses of a file ever share one has a probability below
1e-17, so a hit needs no second look, and nobody who does not know the key can make two collide.
"""

from array import array
from hashlib import blake2s
from os import urandom
from struct import Struct
from typing import Final

_SLOTS: Final = 1024
_FULL: Final = 0.6
_HASH: Final = Struct("<QI")


class FirstLines:
    """Addresses and the lines they stand on first."""

    def __init__(self) -> None:
        self._keyed = blake2s(digest_size=_HASH.size, key=urandom(16))
        self._count = 0
        self._make_room(_SLOTS)

    def first(self, address: str, line: int) -> int:
        """The line an address stands on first: this one, where it was not there yet."""
        key, tag = self._hash(address)
        at = self._slot(key, tag)
        if self._keys[at]:
            return self._lines[at]
        self._keys[at], self._tags[at], self._lines[at] = key, tag, line
        self._count += 1
        if self._count > self._most:
            self._grow()
        return line

    def __contains__(self, address: str) -> bool:
        return self._keys[self._slot(*self._hash(address))] != 0

    def _hash(self, address: str) -> tuple[int, int]:
        hashed = self._keyed.copy()
        hashed.update(address.encode())
        key, tag = _HASH.unpack(hashed.digest())
        return key or 1, tag  # 0 is an empty slot

    def _slot(self, key: int, tag: int) -> int:
        """Where a hash stands, or would."""
        keys, mask = self._keys, self._mask
        at = key & mask
        while (found := keys[at]) and (found != key or self._tags[at] != tag):
            at = (at + 1) & mask
        return at

    def _make_room(self, slots: int) -> None:
        self._keys = array("Q", bytes(8 * slots))
        self._tags = array("I", bytes(4 * slots))
        self._lines = array("I", bytes(4 * slots))
        self._mask = slots - 1
        self._most = int(_FULL * slots)

    def _grow(self) -> None:
        old = zip(self._keys, self._tags, self._lines, strict=True)
        self._make_room(2 * len(self._keys))
        for key, tag, line in old:
            if key:
                at = self._slot(key, tag)
                self._keys[at], self._tags[at], self._lines[at] = key, tag, line
