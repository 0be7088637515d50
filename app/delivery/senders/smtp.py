"""Hands mails to an SMTP server and tells apart what failed: this mail for now, this mail for good, or the server.

Never retries a mail (but for an idle connection the server has closed), never continues without the TLS asked for.
"""

import contextlib
import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from app.delivery.senders.base import (
    Mail,
    PermanentFailure,
    SendError,
    SenderUnavailable,
    TemporaryFailure,
    impersonal,
)

Tls = Literal["none", "starttls", "implicit"]
_Reply = tuple[int, bytes]

_TIMEOUT: Final = 30.0
_GOODBYE_TIMEOUT: Final = 2.0
_CLOSING: Final = 421
_LOGIN_CODES: Final = frozenset({530, 534, 535, 538})  # RFC 4954: about our login, at whatever command they come


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
        return SmtpConnection(self)

    def open(self) -> smtplib.SMTP:
        """The same as a bare smtplib object, for SmtpConnection. Raises SenderUnavailable."""
        try:
            smtp = self._greeted()
            try:
                smtp.ehlo_or_helo_if_needed()
                if self.tls == "starttls":
                    self._start_tls(smtp)
                if self.user is not None:
                    smtp.login(self.user, self.password)
            except BaseException:
                smtp.close()
                raise
        except OSError as error:  # all of smtplib's exceptions are
            raise _unavailable(error) from error
        return smtp

    def _greeted(self) -> smtplib.SMTP:
        if self.tls == "implicit":
            return smtplib.SMTP_SSL(self.host, self.port, _our_name(), timeout=self.timeout, context=self.context)
        return smtplib.SMTP(self.host, self.port, _our_name(), timeout=self.timeout)

    def _start_tls(self, smtp: smtplib.SMTP) -> None:
        if not smtp.has_extn("starttls"):
            raise SenderUnavailable("starttls_unsupported", "the server offers no STARTTLS; tls=none goes without")
        smtp.starttls(context=self.context)
        smtp.ehlo_or_helo_if_needed()


class SmtpConnection:
    """One connection to the server, kept between mails and made anew when it is gone."""

    def __init__(self, sender: SmtpSender) -> None:
        self._sender = sender
        self._smtp: smtplib.SMTP | None = sender.open()

    def send(self, mail: Mail) -> None:
        """Return once the server has said 250 to the whole mail.

        Raises TemporaryFailure (4xx, `timeout`, `connection_lost`), PermanentFailure (5xx about this mail,
        `smtputf8_unsupported`, `address_invalid`), SenderUnavailable (cannot reconnect, 5xx about us).
        """
        if any(not _plain(address) for address in (mail.sender, mail.recipient)):
            raise PermanentFailure("address_invalid", "the address cannot stand in an SMTP command")
        try:
            smtp = self._begin(mail)
            self._require(smtp.rcpt(mail.recipient), mail)
            self._require(_data(smtp, mail.content), mail)
        except smtplib.SMTPResponseException as error:  # a reply of endless length
            self._drop()
            raise TemporaryFailure("bad_reply", impersonal(str(error.smtp_error), mail.recipient)) from None
        except OSError as error:  # SMTPServerDisconnected is one
            self._drop()
            raise TemporaryFailure("timeout" if _timed_out(error) else "connection_lost", "") from None

    def close(self) -> None:
        """Say goodbye, without waiting long for the answer. Never raises."""
        if self._smtp is not None:
            with contextlib.suppress(OSError):
                if self._smtp.sock is not None:
                    self._smtp.sock.settimeout(_GOODBYE_TIMEOUT)
                self._smtp.quit()
        self._drop()

    def _begin(self, mail: Mail) -> smtplib.SMTP:
        """MAIL FROM accepted. A kept connection the server has closed meanwhile is replaced, once."""
        if self._smtp is not None:
            try:
                reply = _mail_from(self._smtp, mail)
            except smtplib.SMTPServerDisconnected as error:
                if _timed_out(error):
                    raise
                reply = (_CLOSING, b"")
            if reply[0] != _CLOSING:
                self._require(reply, mail, about_us=mail.recipient.isascii())
                return self._smtp
            self._drop()
        self._smtp = self._sender.open()
        self._require(_mail_from(self._smtp, mail), mail, about_us=mail.recipient.isascii())
        return self._smtp

    def _require(self, reply: _Reply, mail: Mail, *, about_us: bool = False) -> None:
        """Go on after 2xx; else leave the connection usable and raise what the reply means."""
        code, words = reply
        if 200 <= code < 300:
            return
        if code == _CLOSING or not 400 <= code < 600:
            self._drop()
        else:
            self._reset()
        raise _failure(code, impersonal(words, mail.recipient), about_us=about_us)

    def _reset(self) -> None:
        try:
            if self._smtp is None or self._smtp.rset()[0] != 250:
                self._drop()
        except OSError:
            self._drop()

    def _drop(self) -> None:
        if self._smtp is not None:
            with contextlib.suppress(OSError):
                self._smtp.close()
        self._smtp = None


# --- What the server's words mean ------------------------------------------------------------------------------------


def _mail_from(smtp: smtplib.SMTP, mail: Mail) -> _Reply:
    options = []
    if not (mail.sender.isascii() and mail.recipient.isascii() and mail.content.isascii()):
        if not smtp.has_extn("smtputf8"):
            raise PermanentFailure("smtputf8_unsupported", "the mail server takes ASCII addresses only")
        options = ["SMTPUTF8", "BODY=8BITMIME"]
    return smtp.mail(mail.sender, options)


def _data(smtp: smtplib.SMTP, content: bytes) -> _Reply:
    try:
        return smtp.data(content)
    except smtplib.SMTPDataError as error:  # DATA itself was refused
        words = error.smtp_error
        return error.smtp_code, words if isinstance(words, bytes) else words.encode()


def _failure(code: int, detail: str, *, about_us: bool) -> SendError:
    """5xx to MAIL FROM (`about_us`) would be the same for every mail: it must not burn a whole import."""
    if code in _LOGIN_CODES or (about_us and 500 <= code < 600):
        return SenderUnavailable(f"smtp_{code}", detail)
    if 500 <= code < 600:
        return PermanentFailure(f"smtp_{code}", detail)
    if 400 <= code < 500:
        return TemporaryFailure(f"smtp_{code}", detail)
    return TemporaryFailure("bad_reply", detail)


def _unavailable(error: OSError) -> SenderUnavailable:
    """Why there is no connection."""
    if isinstance(error, smtplib.SMTPResponseException):
        code = f"smtp_{error.smtp_code}" if error.smtp_code > 0 else "bad_reply"
        return SenderUnavailable(code, impersonal(error.smtp_error, ""))
    if _timed_out(error):
        return SenderUnavailable("timeout", "the mail server does not answer in time")
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return SenderUnavailable("connection_lost", "the mail server closed the connection")
    if isinstance(error, smtplib.SMTPException):
        return SenderUnavailable("auth_unsupported", impersonal(str(error), ""))
    if isinstance(error, ssl.SSLError):
        return SenderUnavailable("tls_failed", impersonal(error.strerror or str(error), ""))
    return SenderUnavailable("cannot_connect", impersonal(error.strerror or str(error), ""))


def _timed_out(error: BaseException) -> bool:
    """smtplib turns a timeout into a disconnection; what it was before stands in its context."""
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


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


@cache
def _our_name() -> str:
    """Our name for EHLO, looked up once and not for each connection."""
    name = socket.getfqdn()
    return name if "." in name and name.isascii() else "[127.0.0.1]"
