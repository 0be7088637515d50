"""A gzip file -> what was packed into it, as it arrives. Pure; never more in memory than a piece."""

import zlib
from collections.abc import Iterator
from typing import Final

from app.errors import AppError, Code

MAGIC: Final = b"\x1f\x8b"
RATIO: Final = 200
SMALL: Final = 16 * 1024 * 1024
"""What may always be unpacked, however small it was packed; above it, so many times what was packed."""
MEMBERS: Final = 100_000
_PACKED_AT_ONCE: Final = 16 * 1024
_UNPACKED_AT_ONCE: Final = 1024 * 1024
_WITH_HEADER: Final = 16 + zlib.MAX_WBITS


class Gunzip:
    """Unpacks one gzip file, of one or many members (RFC 1952 section 2.2)."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_WITH_HEADER)
        self._members = 1
        self._packed = 0
        self._unpacked = 0

    def write(self, chunk: bytes) -> Iterator[bytes]:
        """What the next bytes unpack to. Raises AppError: damaged, or far larger than it is packed."""
        for start in range(0, len(chunk), _PACKED_AT_ONCE):
            yield from self._unpack(chunk[start : start + _PACKED_AT_ONCE])

    def end(self) -> None:
        """Raises AppError where the file ends too early."""
        if not self._member.eof:
            raise AppError(Code.FILE_DAMAGED)

    def _unpack(self, waiting: bytes) -> Iterator[bytes]:
        self._packed += len(waiting)
        while waiting := self._at_a_member(waiting):
            try:
                piece = self._member.decompress(waiting, _UNPACKED_AT_ONCE)
            except zlib.error:
                raise AppError(Code.FILE_DAMAGED) from None
            self._unpacked += len(piece)
            if self._unpacked > max(SMALL, RATIO * self._packed):
                raise AppError(Code.FILE_UNPACKS_TOO_LARGE)
            yield piece
            waiting = self._member.unused_data if self._member.eof else self._member.unconsumed_tail

    def _at_a_member(self, waiting: bytes) -> bytes:
        """Behind a member: begin the next one. Zeros are skipped there, they fill up blocks."""
        if not self._member.eof or not (waiting := waiting.lstrip(b"\0")):
            return waiting
        self._members += 1
        if self._members > MEMBERS:
            raise AppError(Code.FILE_DAMAGED)
        self._member = zlib.decompressobj(_WITH_HEADER)
        return waiting
