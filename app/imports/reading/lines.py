"""Bytes of a file, in pieces -> its lines, counted as an editor counts them. Pure; never more than a piece in memory.

Knows encodings, not what stands in a line.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from unicodedata import normalize

from app.errors import AppError, Code
from app.imports.reading.encodings import codec
from app.imports.reading.quotes import split_lines

CELL_CHARACTERS: Final = 1024 * 1024
RECORD_CHARACTERS: Final = 4 * CELL_CHARACTERS
"""What no row of people comes near, so that no file fills the memory with a single record."""
_NO_VALUE: Final = re.compile(r"(?<![^\t,;|\r\n])\\N(?![^\t,;|\r\n])")


@dataclass(frozen=True, slots=True)
class Start:
    """Where a reader may start in the middle: at a piece, `skip` lines into it, at a record on `line`."""

    piece: int
    line: int
    skip: int


TOP: Final = Start(piece=0, line=1, skip=0)


class Lines:
    """The lines of a file from its pieces: LF, CRLF and CR end one, wherever the pieces are cut."""

    def __init__(self, pieces: Iterable[bytes], encoding: str, first: Start) -> None:
        self.count = first.line - first.skip - 1
        """How many lines stand above whatever comes next."""
        self.next_start: Start | None = None
        """The first line that starts in the newest piece, if a reader can start there."""
        self._pieces = pieces
        self._codec = codec(encoding)
        self._first_piece = first.piece
        self._decoder = codecs.getincrementaldecoder(self._codec)("strict")
        self._line_feed = "\n".encode(self._codec)

    def runs(self) -> Iterator[list[str]]:
        """The lines with their ends, as many at a time as a piece completes. Raises AppError."""
        begun = ""  # a line that ends in a later piece
        for number, piece in enumerate(self._pieces, self._first_piece):
            if number > self._first_piece:
                self.next_start = self._start_in(number, piece, begun)
            elif number == 0 and not self._codec.startswith("utf"):
                piece = piece.removeprefix(codecs.BOM_UTF8)  # whoever says how to read the file, it is no text
            text = begun + self._decode(piece, begun)
            end = max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1  # a CR at the very end may be half a CRLF
            begun = text[end:]
            run = self._counted(text[:end])
            if len(begun) > RECORD_CHARACTERS:
                raise AppError(Code.FILE_CELL_TOO_LARGE, line=self.count + 1, limit=CELL_CHARACTERS)
            yield run
        yield self._counted(begun + self._decode(b"", begun, final=True))

    def _counted(self, text: str) -> list[str]:
        """The lines of a text, counted; the very first one without a byte order mark.

        Accents become part of their letters, and the `\\N` of databases, which is no value, an empty cell.
        """
        if "\\" in text and "\\N" in text:  # the shorter search is the faster one
            text = _NO_VALUE.sub("", text)
        run = split_lines(text if text.isascii() else normalize("NFC", text))
        if run and self.count == 0 and self._first_piece == 0:
            run[0] = run[0].removeprefix("\ufeff")
        self.count += len(run)
        return run

    def _start_in(self, number: int, piece: bytes, begun: str) -> Start | None:
        """The first line that starts in a piece; the end of one begun before is skipped. None in mid-character."""
        if self._decoder.getstate()[0]:
            return None
        if not begun:
            return Start(number, self.count + 1, 0)
        is_ended = begun.endswith("\r") and not piece.startswith(self._line_feed)
        return Start(number, self.count + 2, 0 if is_ended else 1)

    def _decode(self, piece: bytes, begun: str, *, final: bool = False) -> str:
        try:
            return self._decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            read = begun + error.object[: error.start].decode(self._codec)
            line = self.count + len(split_lines(read + "?"))
            raise AppError(Code.FILE_UNDECODABLE, line=line) from None
