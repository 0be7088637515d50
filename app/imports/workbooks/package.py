"""The ZIP that a workbook is -> its parts, never unpacked further than they may be. Pure.

Believes no size a file tells of itself: every part is unpacked once, counted and compared, before anything reads it.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from app.errors import AppError, Code
from app.imports.reading.gunzip import RATIO, SMALL

PARTS: Final = 10_000
_DIRECTORY_BYTES: Final = 4 * 1024 * 1024
_AT_ONCE: Final = 256 * 1024

# APPNOTE.TXT 6.3.10, sections 4.3.7 (in front of a part), 4.3.16 (at the end of the file) and 4.4.4.
_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
_END: Final = struct.Struct("<4s8xL6x")
_LONGEST_COMMENT: Final = 65_535
_IS_IN_ZIP64: Final = 0xFFFFFFFF
_IS_ENCRYPTED: Final = 0x1


class Package:
    """A ZIP whose parts can be read. Raises AppError: damaged, protected by a password, too large when unpacked."""

    def __init__(self, file: BinaryIO, *, limit: int) -> None:
        self._file = file
        packed = file.seek(0, 2)
        _check_directory(file, packed)
        try:
            parts = ZipFile(file).infolist()
        except (BadZipFile, OSError, ValueError, NotImplementedError):
            raise AppError(Code.FILE_DAMAGED) from None
        if any(part.flag_bits & _IS_ENCRYPTED for part in parts):
            raise AppError(Code.FILE_PROTECTED)
        self.size = sum(part.file_size for part in parts)
        """Bytes of all parts together, unpacked."""
        most = min(limit, max(SMALL, RATIO * packed))
        if len(parts) > PARTS or self.size > most:
            raise AppError(Code.FILE_UNPACKS_TOO_LARGE)
        for part in parts:
            self._check(part, most)
        self._parts = {part.filename: part for part in parts}

    @property
    def names(self) -> Iterable[str]:
        """The names of all parts."""
        return self._parts.keys()

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a part, some at a time. Raises AppError where there is no such part."""
        part = self._parts.get(name)
        if part is None:
            raise AppError(Code.FILE_DAMAGED)
        return self._unpacked(part)

    def _check(self, part: ZipInfo, most: int) -> None:
        size = checksum = 0
        for chunk in self._unpacked(part):
            size += len(chunk)
            checksum = zlib.crc32(chunk, checksum)
            if size > most:
                raise AppError(Code.FILE_UNPACKS_TOO_LARGE)
        if (size, checksum) != (part.file_size, part.CRC):
            raise AppError(Code.FILE_DAMAGED)

    def _unpacked(self, part: ZipInfo) -> Iterator[bytes]:
        packed = self._packed(part)
        if part.compress_type == ZIP_STORED:
            yield from packed
        elif part.compress_type == ZIP_DEFLATED:
            yield from _inflated(packed)
        else:
            raise AppError(Code.FILE_DAMAGED)

    def _packed(self, part: ZipInfo) -> Iterator[bytes]:
        if part.header_offset < 0:  # what stands before a damaged package is counted off
            raise AppError(Code.FILE_DAMAGED)
        header = self._read(part.header_offset, _LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size:
            raise AppError(Code.FILE_DAMAGED)
        _, name, extra = _LOCAL_HEADER.unpack(header)
        start = part.header_offset + _LOCAL_HEADER.size + name + extra
        end = start + part.compress_size
        while start < end and (chunk := self._read(start, min(_AT_ONCE, end - start))):
            yield chunk
            start += len(chunk)

    def _read(self, start: int, size: int) -> bytes:
        self._file.seek(start)
        return self._file.read(size)


def _check_directory(file: BinaryIO, packed: int) -> None:
    """A list of parts that nobody could read in time is not begun."""
    file.seek(max(0, packed - _END.size - _LONGEST_COMMENT))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + _END.size:
        raise AppError(Code.FILE_DAMAGED)
    _, size = _END.unpack_from(tail, at)
    if _DIRECTORY_BYTES < size != _IS_IN_ZIP64:
        raise AppError(Code.FILE_UNPACKS_TOO_LARGE)


def _inflated(packed: Iterable[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for chunk in packed:
            waiting = chunk
            while waiting and not inflate.eof:
                yield inflate.decompress(waiting, _AT_ONCE)
                waiting = inflate.unconsumed_tail
        yield inflate.flush()
    except zlib.error:
        raise AppError(Code.FILE_DAMAGED) from None


def parse(chunks: Iterable[bytes], parser: expat.XMLParserType) -> Iterator[None]:
    """Feed XML to a parser, a chunk for each step. Raises AppError for what is no XML, or defines entities."""
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.buffer_text = True
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
            yield
        parser.Parse(b"", True)
        yield
    except (expat.ExpatError, LookupError):  # the second: an encoding nobody knows
        raise AppError(Code.FILE_DAMAGED) from None


def _refuse_doctype(*_: object) -> None:
    raise AppError(Code.FILE_DAMAGED)
