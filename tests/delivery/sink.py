"""A real SMTP server on loopback that keeps what it accepts, and can be told to answer otherwise."""

import email
import email.policy
import socket
import threading
from collections import Counter
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Sink:
    """Accepts mails on 127.0.0.1. `refuse` may answer a recipient with an SMTP reply of its own."""

    def __init__(self, refuse: Callable[[str], str | None] | None = None) -> None:
        self._refuse = refuse or (lambda _recipient: None)
        self._lock = threading.Lock()
        self.accepted: list[tuple[str, str]] = []
        """Recipient and Message-ID of every mail accepted, in order."""
        self.refused: Counter[str] = Counter()
        self.last: EmailMessage | None = None
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())

    async def handle_RCPT(  # noqa: N802 aiosmtpd's name and shape
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[Any]
    ) -> str:
        """Take a recipient, or answer as told."""
        reply = self._refuse(address)
        if reply is not None:
            self.refused[address] += 1
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 aiosmtpd's name and shape
        """Keep a mail."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        mail = email.message_from_bytes(content, policy=email.policy.default)
        with self._lock:
            self.accepted.append((envelope.rcpt_tos[0], str(mail["Message-ID"])))
            self.last = mail
        return "250 OK"

    @property
    def url(self) -> str:
        """The MAIL_URL of this server."""
        return f"smtp://127.0.0.1:{self._controller.port}"

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._controller.stop()

    def ledger(self) -> tuple[Counter[str], int]:
        """How often each recipient got a mail, and how many mails were repeats of a Message-ID."""
        recipients = Counter(recipient for recipient, _ in self.accepted)
        messages = Counter(message_id for _, message_id in self.accepted)
        return recipients, sum(times - 1 for times in messages.values())
