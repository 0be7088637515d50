"""Looks at every byte of a text file as it passes by: is it text, written in what, how many lines has it? Pure.

What is UTF-8 to its end, or UTF-16, is certain; the rest is for doubts.py to judge. Keeps none of the file.
"""

import codecs
import re
from dataclasses import dataclass
from typing import Final

from app.errors import AppError, Code
from app.imports.issues import Issue, IssueCode
from app.imports.reading.damage import first_damage
from app.imports.reading.doubts import Doubts

TOP_BYTES: Final = 1024 * 1024
"""What is read otherwise further down than this is a question, whatever it looks like."""
_LOOKED_AT: Final = 65_536
_CONTROLS: Final = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_FEW_CONTROLS: Final = 8
_TEXT_PER_CONTROL: Final = 30

# First bytes of what people upload by mistake (File signatures as each format's specification gives them).
_SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"%PDF-", "pdf"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a file is written in, until somebody says otherwise, and what there is to say about it."""

    encoding: str
    issues: tuple[Issue, ...] = ()


class Inspector:
    """Sees a file chunk by chunk; when all have passed, it gives its verdict."""

    def __init__(self) -> None:
        self.line_breaks = 0
        """How many lines have ended so far."""
        self._size = 0
        self._ends_with_cr = False
        self._unicode = "utf-8"
        self._decoder: codecs.IncrementalDecoder = codecs.getincrementaldecoder("utf-8")()
        self._refuted_on: int | None = None  # the line that is not in the Unicode encoding it looked like
        self._is_refuted_late = False
        self._doubts = Doubts()
        self._damage: Issue | None = None

    def look(self, chunk: bytes, *, is_first: bool) -> None:
        """See the next bytes. Raises AppError for what is no text at all."""
        if is_first:
            _refuse_other_kinds(chunk)
            self._unicode = _unicode_of(chunk)
            self._decoder = codecs.getincrementaldecoder(self._unicode)()
            _refuse_binary(chunk[:_LOOKED_AT].decode(self._unicode, "replace"))
        text = None if self._is_refuted else self._decoded(chunk)
        if self._unicode == "utf-8" and (self._is_refuted or self._size < TOP_BYTES):
            self._doubts.see(chunk, self.line_breaks + 1)
        if text is not None and self._damage is None and not text.isascii():
            self._damage = self._damage_in(text)
        self._count_line_breaks(chunk.decode("latin-1") if text is None else text)
        self._size += len(chunk)

    def verdict(self) -> Verdict:
        """What the whole file is written in. Raises AppError file_undecodable for UTF-16 that is broken."""
        if not self._is_refuted and self._decoder.getstate()[0]:  # it ends in mid-character
            self._refute(self.line_breaks + 1, self._size)
        if not self._is_refuted:
            return Verdict(self._unicode, (self._damage,) if self._damage else ())
        if self._unicode != "utf-8":
            raise AppError(Code.FILE_UNDECODABLE, line=self._refuted_on)
        judged = self._doubts.judge(is_question=self._is_refuted_late)
        if judged.is_certain:
            return Verdict(judged.choices[0])
        question = Issue(
            IssueCode.ENCODING_UNCERTAIN,
            self._refuted_on if self._is_refuted_late or judged.holds_utf8 else judged.line,
            params={"choices": list(judged.choices), "samples": dict(judged.samples)},
        )
        return Verdict("utf-8" if self._is_refuted_late else judged.choices[0], (question,))

    @property
    def _is_refuted(self) -> bool:
        return self._refuted_on is not None

    def _decoded(self, chunk: bytes) -> str | None:
        try:
            return self._decoder.decode(chunk)
        except UnicodeDecodeError as error:
            above = error.object[: error.start].decode(self._unicode)
            line = self.line_breaks + _line_breaks(above) + 1
            self._refute(line, self._size + error.start - (len(error.object) - len(chunk)))
            return None

    def _refute(self, line: int, offset: int) -> None:
        self._refuted_on = line
        self._is_refuted_late = offset >= TOP_BYTES

    def _damage_in(self, text: str) -> Issue | None:
        found = first_damage(text)
        if found is None:
            return None
        line = self.line_breaks + _line_breaks(text[: found.position]) + 1
        return damage_issue(line, found.word, found.meant)

    def _count_line_breaks(self, text: str) -> None:
        self.line_breaks += _line_breaks(text)
        if self._ends_with_cr and text.startswith("\n"):
            self.line_breaks -= 1  # the second half of one counted before
        self._ends_with_cr = text.endswith("\r") if text else self._ends_with_cr


def damage_issue(line: int, word: str, meant: str | None) -> Issue:
    """The warning that a text came garbled."""
    return Issue(IssueCode.TEXT_DAMAGED, line, value=word, params={"meant": meant})


def _line_breaks(text: str) -> int:
    breaks = text.count("\n")
    return breaks + text.count("\r") - text.count("\r\n") if "\r" in text else breaks


def _refuse_other_kinds(chunk: bytes) -> None:
    for signature, kind in _SIGNATURES:
        if chunk.startswith(signature):
            raise AppError(Code.FILE_TYPE_UNSUPPORTED, kind=kind)


def _unicode_of(chunk: bytes) -> str:
    """UTF-16 by its mark, or by the zeros of its ASCII characters; else perhaps UTF-8."""
    if chunk.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if chunk.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    top = chunk[:_LOOKED_AT]
    zeros_first, zeros_second = top[::2].count(0), top[1::2].count(0)
    many, few = len(top) // 10, len(top) // 100
    if zeros_second > many and zeros_first <= few:
        return "utf-16-le"
    if zeros_first > many and zeros_second <= few:
        return "utf-16-be"
    return "utf-8"


def _refuse_binary(top: str) -> None:
    controls = len(_CONTROLS.findall(top))
    if controls > _FEW_CONTROLS and controls * _TEXT_PER_CONTROL > len(top):
        raise AppError(Code.FILE_BINARY)
