"""An SMTP server on loopback that misbehaves as told, and counts how often it did.

It is a script, not a mail server: what it is told to answer it answers, whether that is SMTP or not.
"""

import base64
import email
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Self

EXTENSIONS: Final = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")
_GIVE_UP_SECONDS: Final = 30.0


Deed = Callable[["Conversation"], bool]
"""What the server does instead of the usual. False: the usual, after all."""


def answer(reply: str | bytes) -> Deed:
    """Say this (bytes: as they are, without a line's end), and hang up after a 421."""

    def deed(talk: "Conversation") -> bool:
        talk.say(reply)
        if talk.last_word == "connect" or (isinstance(reply, str) and reply.startswith("421")):
            raise HungUp
        return True

    return deed


def drop(*, rudely: bool = False) -> Deed:
    """Hang up. `rudely`: with a reset, as a firewall does."""

    def deed(talk: "Conversation") -> bool:
        if rudely:
            talk.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise HungUp

    return deed


def silence() -> Deed:
    """Say nothing, and stay until the other side leaves."""

    def deed(talk: "Conversation") -> bool:
        while talk.socket.recv(65_536):
            pass
        raise HungUp

    return deed


def drip(reply: str, seconds: float) -> Deed:
    """Say this, one byte at a time."""

    def deed(talk: "Conversation") -> bool:
        for byte in f"{reply}\r\n".encode():
            talk.socket.sendall(bytes([byte]))
            talk.server.over.wait(seconds)
        return True

    return deed


def hold(released: threading.Event) -> Deed:
    """Do the usual, once released."""

    def deed(_talk: "Conversation") -> bool:
        released.wait(_GIVE_UP_SECONDS)
        return False

    return deed


@dataclass
class Fault:
    """What the server does at a word: `connect`, a command, `content` (in the middle of a mail), `.` (its end) or
    `kept` (it has the mail, and has not said so).
    """

    at: str
    does: Deed
    times: int | None = 1
    """How often; None: always."""
    of: str = ""
    """Only for recipients with this in their address."""
    fired: int = 0

    def fires(self, word: str, recipient: str) -> bool:
        """Whether it is its turn; counts."""
        if word != self.at or self.of not in recipient or self.fired == self.times:
            return False
        self.fired += 1
        return True


class HungUp(Exception):  # noqa: N818 a way out, not an error
    """The conversation is over."""


@dataclass(frozen=True)
class Arrived:
    """A mail the server took responsibility for."""

    sender: str
    recipient: str
    options: str
    content: bytes
    connection: int

    @property
    def message_id(self) -> str:
        """Its Message-ID."""
        return str(email.message_from_bytes(self.content)["Message-ID"])


@dataclass
class Scripted:
    """The server. What it is told may be changed while it runs."""

    faults: list[Fault] = field(default_factory=list)
    extensions: tuple[str, ...] = EXTENSIONS
    tls: ssl.SSLContext | None = None
    login: tuple[str, str] | None = None
    at_most: int | None = None
    """So many connections; more are turned away with 421."""
    is_careless: bool = False
    """It takes a mail for nobody."""
    pace: float = 0.0
    """Seconds a mail takes."""

    arrived: list[Arrived] = field(default_factory=list)
    heard: list[tuple[int, bytes]] = field(default_factory=list)
    """Every line said to the server, with the number of its connection."""
    said_ahead: int = 0
    """Lines behind which another one lay already."""
    connections: int = 0
    turned_away: int = 0
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self.over = threading.Event()
        self._open: set[Conversation] = set()
        self._threads: list[threading.Thread] = []
        self._server = socket.create_server(("127.0.0.1", 0))

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.getsockname()[1])

    @property
    def url(self) -> str:
        """Its MAIL_URL, without login or TLS."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def fired(self) -> int:
        """How often a fault was played."""
        return sum(fault.fired for fault in self.faults) + self.turned_away

    def mend(self) -> None:
        """Misbehave no more."""
        self.faults = []
        self.at_most = None

    def said(self, word: bytes) -> list[bytes]:
        """The lines that began with a word."""
        return [line for _, line in self.heard if line.upper().startswith(word)]

    def ledger(self) -> Counter[str]:
        """How many mails each recipient got."""
        return Counter(mail.recipient for mail in self.arrived)

    def hang_up_on_everybody(self) -> None:
        """Close all connections, as a server does with those that are idle."""
        with self._lock:
            for talk in self._open:
                with suppress(OSError):
                    talk.socket.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        thread = threading.Thread(target=self._accept_all)
        thread.start()
        self._threads.append(thread)
        return self

    def __exit__(self, *_exception: object) -> None:
        self.over.set()
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.hang_up_on_everybody()
        for thread in self._threads:
            thread.join(_GIVE_UP_SECONDS)

    # --- inside --------------------------------------------------------------------------------------------------

    def _accept_all(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            connection.settimeout(_GIVE_UP_SECONDS)
            with self._lock:
                self.connections += 1
                talk = Conversation(self, connection, self.connections)
                self._open.add(talk)
                is_welcome = self.at_most is None or len(self._open) <= self.at_most
                if is_welcome:
                    self.most_at_once = max(self.most_at_once, len(self._open))
                else:
                    self.turned_away += 1
            thread = threading.Thread(target=self._serve, args=(talk, is_welcome))
            thread.start()
            self._threads.append(thread)

    def _serve(self, talk: "Conversation", is_welcome: bool) -> None:
        with suppress(OSError, HungUp):
            if is_welcome:
                talk.run()
            else:
                talk.say("421 4.7.0 too many connections from you")
        with self._lock:
            self._open.discard(talk)
        with suppress(OSError):
            talk.socket.close()

    def play(self, talk: "Conversation", word: str) -> bool:
        """Misbehave if it is time to; False: behave as usual."""
        with self._lock:
            fault = next((fault for fault in self.faults if fault.fires(word, talk.recipient)), None)
        talk.last_word = word
        return fault is not None and fault.does(talk)


class Conversation:
    """One connection as the server sees it."""

    def __init__(self, server: Scripted, connection: socket.socket, number: int) -> None:
        self.server = server
        self.socket = connection
        self.number = number
        self.sender = self.recipient = self.options = self.last_word = ""
        self.said = b""
        self.accepted: set[str] = set()
        """Of a mail's MAIL and RCPT."""
        self._unread = b""

    @property
    def has_unread(self) -> bool:
        """Whether more was said than was answered."""
        return bool(self._unread)

    def say(self, reply: str | bytes) -> None:
        """Answer."""
        self.said = reply if isinstance(reply, bytes) else f"{reply}\r\n".encode()
        self.socket.sendall(self.said)

    def run(self) -> None:
        """Greet, and answer command by command until somebody hangs up."""
        if not self.server.play(self, "connect"):
            self.say("220 scripted.example ESMTP")
        for line in self._lines():
            self.server.heard.append((self.number, line))
            word, _, rest = line.decode("utf-8", "replace").partition(" ")
            self.server.said_ahead += self.has_unread
            self._answer(word.upper(), rest)

    def _answer(self, word: str, rest: str) -> None:
        if word in {"MAIL", "RCPT"}:
            self.recipient = "" if word == "MAIL" else rest.partition("<")[2].partition(">")[0]
            self.accepted -= {word, "RCPT"}
        if word in {"EHLO", "RSET"}:
            self.accepted.clear()
        self.said = b""
        if not self.server.play(self, word):
            self._do(word, rest)
        if self.said.startswith(b"2"):
            self.accepted.add(word)

    def _do(self, word: str, rest: str) -> None:
        needed = {"RCPT": {"MAIL"}, "DATA": {"MAIL", "RCPT"}}.get(word, set())
        if not needed <= self.accepted and not self.server.is_careless:
            self.say("503 5.5.1 not now")
            return
        match word:
            case "EHLO":
                self._introduce()
            case "STARTTLS":
                self._encrypt()
            case "AUTH":
                self._log_in(rest)
            case "MAIL":
                self.sender, _, self.options = rest.partition("<")[2].partition(">")
                self.say("250 2.1.0 OK")
            case "DATA":
                self.say("354 go on")
                self._receive()
            case "QUIT":
                self.say("221 2.0.0 bye")
                raise HungUp
            case "HELO" | "RCPT" | "RSET" | "NOOP":
                self.say("250 OK")
            case _:
                self.say("502 5.5.2 what?")

    def _introduce(self) -> None:
        offers = [*self.server.extensions]
        if self.server.tls is not None and not isinstance(self.socket, ssl.SSLSocket):
            offers.append("STARTTLS")
        if self.server.login is not None:
            offers.append("AUTH PLAIN LOGIN")
        lines = ["scripted.example", *offers]
        marks = ["-"] * len(offers) + [" "]
        self.say("\r\n".join(f"250{mark}{line}" for mark, line in zip(marks, lines, strict=True)))

    def _encrypt(self) -> None:
        if self.server.tls is None:
            self.say("502 5.5.1 no TLS here")
            return
        self.say("220 2.0.0 go on")
        self.socket = self.server.tls.wrap_socket(self.socket, server_side=True)

    def _log_in(self, rest: str) -> None:
        kind, _, given = rest.partition(" ")
        user, _, password = base64.b64decode(given).decode().removeprefix("\0").partition("\0")
        is_right = kind == "PLAIN" and (user, password) == self.server.login
        self.say("235 2.7.0 welcome" if is_right else "535 5.7.8 no")

    def _receive(self) -> None:
        content = b""
        while not content.endswith(b"\r\n.\r\n"):
            content += self._heard()
            if self.server.play(self, "content"):
                raise HungUp
        if self.server.pace:
            threading.Event().wait(self.server.pace)
        self.accepted.clear()
        undotted = (b"\r\n" + content).replace(b"\r\n..", b"\r\n.")[2:].removesuffix(b".\r\n")
        mail = Arrived(self.sender, self.recipient, self.options.strip(), undotted, self.number)
        if self.server.play(self, "."):
            return
        self.server.arrived.append(mail)
        if not self.server.play(self, "kept"):
            self.say("250 2.0.0 taken")

    def _lines(self) -> Iterator[bytes]:
        while True:
            while b"\n" not in self._unread:
                self._unread += self._heard()
            line, _, self._unread = self._unread.partition(b"\n")
            yield line.rstrip(b"\r")

    def _heard(self) -> bytes:
        heard = self.socket.recv(65_536)
        if not heard:
            raise HungUp
        return heard
