"""Hands mails to an SMTP server and tells apart what failed: this mail for now, this mail for good, or the server.

Never tries a mail twice, never continues without the TLS asked for.
"""

import base64
import binascii
import contextlib
import smtplib
import ssl
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from app.delivery.senders.base import (
    ConnectionEnded,
    Mail,
    PermanentFailure,
    SendError,
    SenderUnavailable,
    TemporaryFailure,
    impersonal,
)
from app.delivery.senders.talk import Reply, Talk, TlsTalk

Tls = Literal["none", "starttls", "implicit"]

_TIMEOUT: Final = 60.0
_FINAL_TIMEOUT: Final = 600.0
_GOODBYE_TIMEOUT: Final = 2.0
_WORD_BY_WORD_SECONDS: Final = 600.0  # longer than the first retries of a mail are apart
_CLOSING: Final = 421
_LOGIN_CODES: Final = frozenset({530, 534, 535, 538})  # RFC 4954: about our login, at whatever command they come


class Manners:
    """Whether a server may be told all of a mail's envelope at once (RFC 2920).

    One that refuses and hangs up before it has heard all leaves us without its words (a reset takes them along), and so
    with a mail to try again for ever: after a hang-up it is asked word by word for a while, and its refusal is heard.
    """

    def __init__(self) -> None:
        self._word_by_word_until = 0.0

    @property
    def all_at_once(self) -> bool:
        """Whether all may be said at once now."""
        return time.monotonic() >= self._word_by_word_until

    def was_hung_up_on(self) -> None:
        """A server hung up on words it had not been asked for yet."""
        self._word_by_word_until = time.monotonic() + _WORD_BY_WORD_SECONDS


@dataclass(frozen=True, slots=True)
class SmtpSender:
    """An SMTP server, as configured."""

    host: str
    port: int
    tls: Tls
    user: str | None = None
    password: str = field(default="", repr=False)
    context: ssl.SSLContext | None = field(default=None, repr=False)
    timeout: float = _TIMEOUT
    """Seconds to connect, and for each whole answer."""
    final_timeout: float = _FINAL_TIMEOUT
    """Seconds for the answer to a whole mail: who hangs up before it sends the mail twice (RFC 5321, 4.5.3.2.6)."""
    manners: Manners = field(default_factory=Manners, repr=False, compare=False)

    @classmethod
    def from_url(cls, url: str) -> "SmtpSender":
        """`smtp://user:pass@host:587?tls=starttls&ca=/path`, `smtps://...`; user and password percent-encoded.

        Without `tls=`, a URL with a password means STARTTLS, one without means none: no password travels in the
        clear unless `tls=none` says so. Raises ValueError, which never repeats the URL.
        """
        parts, host, port = _split(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        if parts.fragment or parts.path not in {"", "/"} or options.keys() - {"tls", "ca"}:
            raise ValueError("takes ?tls= and ?ca= and nothing else; percent-encode / ? # @ : in user and password")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if not (user + password).isascii() or not (user + password + host).isprintable():
            raise ValueError("user and password must be printable ASCII")
        if bool(user) != bool(password):
            raise ValueError("needs both user and password, or neither")
        tls = _tls(parts.scheme, options.get("tls"), bool(user))
        default_port = 465 if tls == "implicit" else 25
        return cls(host, port or default_port, tls, user or None, password, _context(tls, options.get("ca")))

    def connect(self) -> "SmtpConnection":
        """A connection, greeted, encrypted and logged in. Raises SenderUnavailable."""
        try:
            talk = self._greeted()
            try:
                self._introduce(talk)
            except BaseException:
                talk.close()
                raise
        except (OSError, ValueError) as error:  # all of smtplib's are OSError; a host or a challenge may be unreadable
            raise _unavailable(error, self._secrets()) from None
        return SmtpConnection(talk, self.final_timeout, self.manners)

    def _greeted(self) -> Talk:
        if self.tls == "implicit":
            return TlsTalk(self.host, self.port, "", timeout=self.timeout, context=self.context)
        return Talk(self.host, self.port, "", timeout=self.timeout)

    def _introduce(self, talk: Talk) -> None:
        talk.local_hostname = talk.our_name
        _hello(talk)
        if self.tls == "starttls":
            if not talk.has_extn("starttls"):
                raise SenderUnavailable("starttls_unsupported", "the server offers no STARTTLS; tls=none goes without")
            talk.starttls(context=self.context)
            if talk.has_unread:  # said in the clear, by whoever sits between us
                raise SenderUnavailable("tls_failed", "the server said more in the clear after agreeing to TLS")
            _hello(talk)
        if self.user is not None:
            talk.login(self.user, self.password)

    def _secrets(self) -> Collection[str]:
        """What a server may repeat of our login, plainly or as it travels (RFC 4616, RFC 4954)."""
        if self.user is None:
            return ()
        travelling = (self.user, self.password, f"\0{self.user}\0{self.password}")
        return (self.password, self.user, *(base64.b64encode(text.encode()).decode() for text in travelling))


class SmtpConnection:
    """One connection to the server, good for many mails."""

    def __init__(self, talk: Talk, final_timeout: float, manners: Manners) -> None:
        self._talk: Talk | None = talk
        self._final_timeout = final_timeout
        self._manners = manners
        self._is_fresh = True
        self._owed = 0
        """Answers to what was said ahead of its turn."""

    def send(self, mail: Mail) -> None:
        """Return once the server has said 250 to the whole mail.

        Raises TemporaryFailure (4xx, `timeout`, `connection_lost`, `bad_reply`), PermanentFailure (5xx about this
        mail, `smtputf8_unsupported`, `address_invalid`), SenderUnavailable (5xx about us, 421 to the first word),
        ConnectionEnded (the server had closed a connection that worked before).
        """
        if any(not _plain(address) for address in (mail.sender, mail.recipient)):
            raise PermanentFailure("address_invalid", "the address cannot stand in an SMTP command")
        if self._talk is None:
            raise ConnectionEnded
        talk, at = self._talk, "MAIL"
        words = f"MAIL FROM:<{mail.sender}>{_options(talk, mail)}", f"RCPT TO:<{mail.recipient}>", "DATA"
        try:
            self._begin(talk, mail, words)
            at = "RCPT"
            self._expect(2, self._answer(talk, words[1]), mail)
            at = "DATA"
            self._expect(3, self._answer(talk, words[2]), mail)
            at = "the end of the mail"
            self._expect(2, talk.content(mail.content, self._final_timeout), mail)
        except smtplib.SMTPResponseException as error:
            self._drop()
            raise TemporaryFailure("bad_reply", impersonal(error.smtp_error, mail.recipient)) from None
        except TimeoutError:
            self._drop()
            raise TemporaryFailure("timeout", f"no answer to {at} in time") from None
        except OSError:  # SMTPServerDisconnected is one
            if self._owed:
                self._manners.was_hung_up_on()
            self._drop()
            raise TemporaryFailure("connection_lost", f"the server hung up at {at}") from None

    def close(self) -> None:
        """Say goodbye, without waiting long for the answer. Never raises."""
        if self._talk is not None:
            with contextlib.suppress(OSError):
                self._talk.leave(_GOODBYE_TIMEOUT)
        self._drop()

    def _begin(self, talk: Talk, mail: Mail, words: Sequence[str]) -> None:
        """MAIL FROM, accepted. Who hangs up on a kept connection has heard nothing of this mail.

        To a server that lets us, all is said at once (RFC 2920): a mail takes two round trips, not four.
        """
        try:
            if talk.has_extn("pipelining") and self._manners.all_at_once:
                talk.send("".join(f"{word}\r\n" for word in words))
                self._owed = len(words)
            reply = self._answer(talk, words[0])
        except smtplib.SMTPServerDisconnected:
            if self._is_fresh:
                raise
            reply = (_CLOSING, b"")
        if reply[0] == _CLOSING:
            self._drop()
            if self._is_fresh:
                raise SenderUnavailable(f"smtp_{_CLOSING}", impersonal(reply[1], mail.recipient))
            raise ConnectionEnded
        self._expect(2, reply, mail, about_us=mail.recipient.isascii())
        self._is_fresh = False

    def _answer(self, talk: Talk, words: str) -> Reply:
        """What the server says to these words, which it has heard already, or hears now."""
        if not self._owed:
            return talk.docmd(words)
        reply = talk.getreply()
        self._owed -= 1
        return reply

    def _expect(self, kind: int, reply: Reply, mail: Mail, *, about_us: bool = False) -> None:
        """Go on after an answer of this kind (its first digit); else raise what it means, connection usable or gone."""
        code, words = reply
        if code // 100 == kind:
            return
        if code == _CLOSING or code < 400:
            self._drop()
        else:
            self._reset()
        raise _failure(code, impersonal(words, mail.recipient), about_us=about_us)

    def _reset(self) -> None:
        try:
            while self._talk is not None and self._owed:
                if self._answer(self._talk, "")[0] // 100 == 3:  # it waits for a mail it has nobody for
                    self._drop()
            if self._talk is None or self._talk.rset()[0] != 250:
                self._drop()
        except OSError:
            self._drop()

    def _drop(self) -> None:
        if self._talk is not None:
            with contextlib.suppress(OSError):
                self._talk.close()
        self._talk = None
        self._owed = 0


# --- What is said, and what the server's words mean ------------------------------------------------------------------


def _hello(talk: Talk) -> None:
    """EHLO, or HELO for a server that never heard of it."""
    code, words = talk.ehlo()
    if code // 100 == 5:
        code, words = talk.helo()
    if code != 250:
        raise smtplib.SMTPHeloError(code, words)


def _options(talk: Talk, mail: Mail) -> str:
    """What MAIL FROM must add. Our mails are 7 bit; only an address outside ASCII asks for more (RFC 6531)."""
    if mail.sender.isascii() and mail.recipient.isascii() and mail.content.isascii():
        return ""
    if not talk.has_extn("smtputf8"):
        raise PermanentFailure("smtputf8_unsupported", "the mail server takes ASCII addresses only")
    return " SMTPUTF8 BODY=8BITMIME"


def _failure(code: int, detail: str, *, about_us: bool) -> SendError:
    """5xx to MAIL FROM (`about_us`) would be the same for every mail: it must not burn a whole import."""
    if code in _LOGIN_CODES or (about_us and code >= 500):
        return SenderUnavailable(f"smtp_{code}", detail)
    if code >= 500:
        return PermanentFailure(f"smtp_{code}", detail)
    if code >= 400:
        return TemporaryFailure(f"smtp_{code}", detail)
    return TemporaryFailure("bad_reply", detail)


def _unavailable(error: OSError | ValueError, secrets: Collection[str]) -> SenderUnavailable:
    """Why there is no connection."""
    if isinstance(error, smtplib.SMTPResponseException):
        code = f"smtp_{error.smtp_code}" if error.smtp_code > 0 else "bad_reply"
        return SenderUnavailable(code, _discreet(error.smtp_error, secrets))
    if isinstance(error, TimeoutError):
        return SenderUnavailable("timeout", "the mail server does not answer in time")
    if isinstance(error, smtplib.SMTPServerDisconnected | ConnectionResetError):
        return SenderUnavailable("connection_lost", "the mail server closed the connection")
    if isinstance(error, smtplib.SMTPException):
        return SenderUnavailable("auth_unsupported", _discreet(str(error), secrets))
    if isinstance(error, binascii.Error):
        return SenderUnavailable("bad_reply", "the mail server's challenge cannot be read")
    if isinstance(error, ssl.SSLError):
        return SenderUnavailable("tls_failed", _discreet(error.strerror or str(error), secrets))
    reason = error.strerror if isinstance(error, OSError) else None
    return SenderUnavailable("cannot_connect", _discreet(reason or str(error), secrets))


def _discreet(words: bytes | str, secrets: Collection[str]) -> str:
    """A server's words without our login in them."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "[login]")
    return impersonal(text, "")


def _plain(address: str) -> bool:
    return "@" in address and address.isprintable() and not any(sign in address for sign in ' <>",\\')


# --- What the URL means ----------------------------------------------------------------------------------------------


def _split(url: str) -> tuple[SplitResult, str, int | None]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:  # its text repeats what may be a piece of the password
        raise ValueError("not a URL with a host and a port; percent-encode / ? # @ : in user and password") from None
    if not host:
        raise ValueError("needs a host")
    return parts, host, port


def _tls(scheme: str, asked: str | None, with_password: bool) -> Tls:
    if scheme == "smtps":
        if asked is not None:
            raise ValueError("smtps:// is TLS from the start and takes no tls=")
        return "implicit"
    if asked is None:
        return "starttls" if with_password else "none"
    if asked == "starttls":
        return "starttls"
    if asked == "none":
        return "none"
    raise ValueError("tls= is starttls or none")


def _context(tls: Tls, ca: str | None) -> ssl.SSLContext | None:
    if tls == "none":
        if ca is not None:
            raise ValueError("ca= without TLS has no meaning")
        return None
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError:
        raise ValueError("the file that ca= names cannot be read as certificates") from None
