"""Talks SMTP over one connection: Python's smtplib, with a patience that ends. What answers mean is smtp's business.

Never waits for ever for a whole answer, however slowly its bytes trickle in; never reads an endless one.
"""

import re
import smtplib
import socket
import time
from functools import cache
from typing import Any, Final

Reply = tuple[int, bytes]

_LONGEST_REPLY: Final = 65_536
_REPLY_LINE: Final = re.compile(rb"[2-5][0-9][0-9](?:[ -].*)?", re.DOTALL)


class Talk(smtplib.SMTP):
    """One connection, in the clear until `starttls`. `timeout` (seconds) is for connecting, and for each whole answer.

    Every method raises TimeoutError, smtplib.SMTPServerDisconnected, and SMTPResponseException with the code -1 for
    an answer that is none; after each of them the connection is closed.
    """

    _unread: bytes = b""

    @property
    def has_unread(self) -> bool:
        """Whether the server has said more than it was asked."""
        return bool(self._unread)

    @property
    def our_name(self) -> str:
        """What we call ourselves: this machine's full name, else the address we speak from (RFC 5321, 4.1.3)."""
        if _full_name() or self.sock is None:
            return _full_name()
        address = self.sock.getsockname()[0].partition("%")[0]
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"

    def leave(self, patience: float) -> None:
        """Say goodbye, wait that long for an answer, and close."""
        if self.sock is not None:
            self.timeout = patience
            self.sock.settimeout(patience)
            self.quit()

    def send(self, s: Any) -> None:
        """Say something."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        try:
            self.sock.sendall(s.encode() if isinstance(s, str) else s)
        except TimeoutError:
            self.close()
            raise
        except OSError as error:
            self.close()
            raise smtplib.SMTPServerDisconnected(str(error)) from None

    def getreply(self, patience: float | None = None) -> Reply:
        """The code and the words of an answer (without the codes of its lines).

        `patience` seconds may pass before its last byte is waited for, which may take another `timeout`.
        """
        until = time.monotonic() + (self.timeout if patience is None else patience)
        words: list[bytes] = []
        room = _LONGEST_REPLY
        try:
            while True:
                line = self._line(until, room)
                room -= len(line) + 1
                if not _REPLY_LINE.fullmatch(line):
                    raise smtplib.SMTPResponseException(-1, line)
                words.append(line[4:].strip())
                if line[3:4] != b"-":
                    break
        except OSError:
            self.close()
            raise
        return int(line[:3]), b"\n".join(words)

    def content(self, content: bytes, patience: float) -> Reply:
        """The mail itself (whole lines, CRLF), dots doubled (RFC 5321, 4.5.2), and the answer to its end."""
        self.send((b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n")
        return self.getreply(patience)

    def _line(self, until: float, room: int) -> bytes:
        while (end := self._unread.find(b"\n")) < 0 and len(self._unread) <= room:
            self._unread += self._heard(until)
        if not 0 <= end <= room:
            raise smtplib.SMTPResponseException(-1, b"an answer without end")
        line, self._unread = self._unread[:end], self._unread[end + 1 :]
        return line.removesuffix(b"\r")

    def _heard(self, until: float) -> bytes:
        while time.monotonic() < until:
            if self.sock is None:
                raise smtplib.SMTPServerDisconnected("not connected")
            try:
                heard = self.sock.recv(8192)
            except TimeoutError:
                continue
            except OSError as error:
                raise smtplib.SMTPServerDisconnected(str(error)) from None
            if not heard:
                raise smtplib.SMTPServerDisconnected("closed by the server")
            return heard
        raise TimeoutError


class TlsTalk(Talk, smtplib.SMTP_SSL):
    """One connection, encrypted from its first byte."""


@cache
def _full_name() -> str:
    """This machine's full name, looked up once and not for each connection; empty where it has none."""
    name = socket.getfqdn()
    return name if "." in name and name.isascii() else ""
