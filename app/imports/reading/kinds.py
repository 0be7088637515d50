"""The first bytes of a file -> what is to be done with it, whatever it is called. Pure.

Files nobody can read here are refused, each with its own reason where a person can mend it.
"""

import re
from enum import StrEnum
from typing import Final

from app.errors import AppError, Code

FIRST_BYTES: Final = 64 * 1024
"""How many bytes of a file it takes to tell."""
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_MARKUP: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!doctype|html|head|meta|style|table|workbook)\b", re.IGNORECASE
)


class Kind(StrEnum):
    """What a file is read as."""

    TEXT = "text"
    WORKBOOK = "workbook"
    OLE = "ole"
    """What Excel wrote before 2007, and what it wraps a workbook with a password into."""


def kind_of(first: bytes) -> Kind:
    """The kind of a file that starts like this; text where nothing else is known.

    Raises AppError for HTML and XML, which many programs call .xls.
    """
    if _MARKUP.match(first):
        raise AppError(Code.FILE_TYPE_UNSUPPORTED, kind="html")
    if first.startswith(_ZIP):
        return Kind.WORKBOOK
    return Kind.OLE if first.startswith(_OLE) else Kind.TEXT


class OleFile:
    """A file in Microsoft's older container: looked through for why it cannot be read ([MS-OFFCRYPTO] 2.3.4.4)."""

    def __init__(self) -> None:
        self._is_encrypted = False
        self._last = b""

    def write(self, chunk: bytes) -> None:
        """The next bytes."""
        seen = self._last + chunk
        self._is_encrypted = self._is_encrypted or _ENCRYPTED in seen
        self._last = seen[-len(_ENCRYPTED) :]

    def end(self) -> None:
        """Raises AppError: protected by a password, or too old."""
        if self._is_encrypted:
            raise AppError(Code.FILE_PROTECTED)
        raise AppError(Code.FILE_TYPE_UNSUPPORTED, kind="xls")
