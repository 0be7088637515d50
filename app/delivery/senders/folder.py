"""Puts mails into a folder as .eml files, which any mail program opens: for demos, tests, and a look before sending.

Never shows a half-written file, never writes anywhere but into its folder.
"""

import contextlib
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from app.delivery.senders.base import Mail, SenderUnavailable

_SAFE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


@dataclass(frozen=True, slots=True)
class FolderSender:
    """A folder, made when first needed."""

    folder: Path

    @classmethod
    def from_url(cls, url: str) -> "FolderSender":
        """`folder:///absolute/path`, `folder://./relative/path` (to where the process starts). Raises ValueError."""
        parts = urlsplit(url)
        path = unquote(parts.netloc + parts.path)
        if parts.query or parts.fragment:
            raise ValueError("folder:// takes a path and nothing else")
        if path.strip("/") == "" or "\0" in path:
            raise ValueError("folder:// needs a path")
        return cls(Path(path).absolute())

    def connect(self) -> "FolderConnection":
        """Make the folder. Raises SenderUnavailable when that cannot be done."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(error) from error
        return FolderConnection(self.folder)

    def read(self, name: str) -> bytes | None:
        """A mail as it was sent; None where it is no longer there. Raises ValueError for an unsafe name."""
        if not _SAFE_NAME.fullmatch(name):
            raise ValueError("not a safe name for a file")
        try:
            return (self.folder / f"{name}.eml").read_bytes()
        except OSError:
            return None

    def remove(self, names: Iterable[str]) -> None:
        """Take mails out, those that are there. Raises ValueError for an unsafe name, OSError where it may not."""
        for name in names:
            if not _SAFE_NAME.fullmatch(name):
                raise ValueError("not a safe name for a file")
            (self.folder / f"{name}.eml").unlink(missing_ok=True)


class FolderConnection:
    """Writes one file a mail. The same mail again replaces its file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, mail: Mail) -> None:
        """Write `<name>.eml`, whole or not at all. Raises SenderUnavailable, ValueError for an unsafe name."""
        if not _SAFE_NAME.fullmatch(mail.name):
            raise ValueError("not a safe name for a file")
        target = self._folder / f"{mail.name}.eml"
        unfinished = self._folder / f".{mail.name}.{secrets.token_hex(4)}.part"
        try:
            # The links in mails are as good as passwords: for the owner's eyes only.
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as file:
                file.write(mail.content)
            os.replace(unfinished, target)
        except OSError as error:
            with contextlib.suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise _unwritable(error) from error

    def close(self) -> None:
        """Nothing is held open."""


def _unwritable(error: OSError) -> SenderUnavailable:
    return SenderUnavailable("folder_unwritable", error.strerror or type(error).__name__)
