"""What every sender has in common: a mail to carry, the ways not to, and the choice of a sender by its URL.

Never retries, waits or keeps count, and never lets a recipient's address or name into what it reports.
"""

import re
from dataclasses import dataclass
from typing import Final, Protocol

DETAIL_LENGTH: Final = 200


@dataclass(frozen=True, slots=True)
class Mail:
    """One finished mail. `name` is unique to its delivery and safe as a file's name (without an ending)."""

    sender: str
    recipient: str
    content: bytes
    name: str


class SendError(Exception):
    """A mail did not leave. `code` is stable (`smtp_550`), `detail` is for people and free of personal data."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class TemporaryFailure(SendError):  # noqa: N818 the words of the domain
    """This mail may get through later."""


class PermanentFailure(SendError):  # noqa: N818 the words of the domain
    """This mail will never get through."""


class SenderUnavailable(SendError):  # noqa: N818 it says what is so
    """No mail gets through this way just now (no connection, no login, no room): it says nothing about this one."""


class ConnectionEnded(Exception):  # noqa: N818 it says what is so
    """The connection was over before the mail began: it is as if nobody had tried. Another connection may take it."""


class Connection(Protocol):
    """Carries mails one after another, until it ends. Belongs to one thread at a time."""

    def send(self, mail: Mail) -> None:
        """Return when the provider has taken responsibility. Raises one of the three failures, or ConnectionEnded."""

    def close(self) -> None:
        """Let go, politely where possible. Never raises."""


class Sender(Protocol):
    """A provider, as configured. Shared by all threads."""

    def connect(self) -> Connection:
        """A connection of one's own. Raises SenderUnavailable."""


def sender_from_url(url: str) -> Sender:
    """The sender for `smtp://`, `smtps://` or `folder://`. Raises ValueError, which never repeats the URL's secrets."""
    from app.delivery.senders.folder import FolderSender
    from app.delivery.senders.smtp import SmtpSender

    scheme = url.partition("://")[0].lower()
    if scheme in {"smtp", "smtps"}:
        return SmtpSender.from_url(url)
    if scheme == "folder":
        return FolderSender.from_url(url)
    raise ValueError("must start with smtp://, smtps:// or folder://")


# Looked for only where a word begins: at every letter of an endless one it would take for ever.
_ADDRESS: Final = re.compile(r"(?<![^\s<>\"(),;:@])[^\s<>\"(),;:@]*+@[^\s<>\"(),;]+")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x20\x7f-\x9f]+")


def impersonal(reply: bytes | str, recipient: str) -> str:
    """A provider's words without the person in them, at most 200 characters.

    Out goes everything like an address, and the recipient's local part, whole and in its parts (`ann.lee`: `Lee`).
    """
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    text = _UNPRINTABLE.sub(" ", text)
    local = recipient.rpartition("@")[0]
    parts = (part for part in re.split(r"[._+'\-]", local) if len(part) > 2)
    for personal in sorted({recipient, local, *parts} - {""}, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(personal)}(?!\w)", "[address]", text, flags=re.IGNORECASE)
    return _ADDRESS.sub("[address]", text).strip()[:DETAIL_LENGTH]
