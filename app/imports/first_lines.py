"""On which line of a file each address stands first: a million of them take some 35 MB, however long they are. Pure.

A table of keyed 96-bit hashes with open addressing: that two addresses of a file ever share one has a probability below
1e-17, so a hit needs no second look, and nobody who does not know the key can make two collide.
"""

from array import array
from collections.abc import Iterable, Sequence
from hashlib import blake2s
from os import urandom
from struct import Struct
from typing import Final

_SLOTS: Final = 1024
_FULL: Final = 0.6
_HASH: Final = Struct("<QI")
HASH_BYTES: Final = _HASH.size


def new_key() -> bytes:
    """A key for hashes nobody can foresee."""
    return urandom(16)


def hashes_of(addresses: Iterable[str], key: bytes) -> bytes:
    """The hashes of addresses, one behind the other. Whoever has the key makes the same, in another process too."""
    keyed = blake2s(digest_size=HASH_BYTES, key=key)
    found = []
    for address in addresses:
        hashed = keyed.copy()
        hashed.update(address.encode())
        found.append(hashed.digest())
    return b"".join(found)


class FirstLines:
    """Addresses, as hashes, and the lines they stand on first. `expected`: about how many there will be."""

    def __init__(self, expected: int = 0) -> None:
        self._count = 0
        slots = _SLOTS
        while slots * _FULL < expected:
            slots *= 2
        self._make_room(slots)

    def place(self, hashes: bytes, lines: Sequence[int]) -> list[tuple[int, int]]:
        """Put in addresses and the lines they stand on. Which of them stand above already, and on which line first."""
        while self._count + len(lines) > self._most:
            self._grow()
        keys, tags, firsts, mask = self._keys, self._tags, self._lines, self._mask
        repeated = []
        for position, (hashed, tag) in enumerate(_HASH.iter_unpack(hashes)):
            key = hashed or 1  # 0 is an empty slot
            at = key & mask
            while (found := keys[at]) and (found != key or tags[at] != tag):
                at = (at + 1) & mask
            if found:
                repeated.append((position, firsts[at]))
            else:
                keys[at], tags[at], firsts[at] = key, tag, lines[position]
        self._count += len(lines) - len(repeated)
        return repeated

    def holds(self, hashes: bytes) -> list[bool]:
        """Whether each of these is there."""
        return [self._keys[self._slot(hashed or 1, tag)] != 0 for hashed, tag in _HASH.iter_unpack(hashes)]

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
