"""Senders against a real SMTP server on loopback and real folders: what gets through, what each failure is called.

Never leaves this machine. Each test of a fault asserts how often the fault really happened.
"""

import asyncio
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from app.delivery.senders.base import (
    Connection,
    ConnectionEnded,
    Mail,
    PermanentFailure,
    SendError,
    SenderUnavailable,
    TemporaryFailure,
    impersonal,
    sender_from_url,
)
from app.delivery.senders.folder import FolderSender
from app.delivery.senders.smtp import SmtpSender

CONTENT = b"From: i@example.com\r\nTo: ann.lee@example.com\r\nSubject: x\r\n\r\n.dotted\r\nline\r\n.\r\nend\r\n"
MAIL = Mail("invitations@example.com", "ann.lee@example.com", CONTENT, "0190-1")

# For "localhost" and 127.0.0.1, until the year 2126; of use to nobody but this test.
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBqzCCAVGgAwIBAgIUKJcXIQSrWX5/MYCsXJY/dQX57yAwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjIyNDgwNloYDzIxMjYxMDI5
MjI0ODA2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASHgoNIgh2sSNRrj2/KwVwMsH+kFuESkEGPjbmLUmlV3PncRxpyeiaY
bPLpkNktVJZ0OMTqGeXh6Xjxh1HQOesUo38wfTAdBgNVHQ4EFgQUkvuccZlTTIv8
YhuCd97vOJYVmTIwHwYDVR0jBBgwFoAUkvuccZlTTIv8YhuCd97vOJYVmTIwGgYD
VR0RBBMwEYcEfwAAAYIJbG9jYWxob3N0MA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0P
AQH/BAQDAgKEMAoGCCqGSM49BAMCA0gAMEUCIQCcKJYLh1P02o11veePAe3FuA1F
cOLKqkm2A4cdJLQQrAIgZTWnWCi8NgIXzKSH9ozKEjzzI3ZFMjIdDOQo8KNNjq4=
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEINO/q5BO1uRz87BtNJ88GIpRh4d8jKC4sjz//s2IG4cBoAoGCCqGSM49
AwEHoUQDQgAEh4KDSIIdrEjUa49vysFcDLB/pBbhEpBBj425i1JpVdz53Ecacnom
mGzy6ZDZLVSWdDjE6hnl4el48YdR0DnrFA==
-----END EC PRIVATE KEY-----
"""

DROP = "drop"


@dataclass
class Script:
    """What the server does instead of the usual, once each per command, and what happened."""

    faults: dict[str, list[str]] = field(default_factory=dict)
    fired: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    mails: list[Envelope] = field(default_factory=list)

    def next(self, command: str) -> str | None:
        self.seen[command] += 1
        planned = self.faults.get(command)
        fault = planned.pop(0) if planned else None
        if fault:
            self.fired[command] += 1
        return fault

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 aiosmtpd's name and shape
        fault = self.next("dot")
        if fault == DROP:
            _hang_up(server)
            return "250 never heard"
        if fault:
            return fault
        self.mails.append(envelope)
        return "250 kept"


def _hang_up(server: SMTP, *, politely: bool = False) -> None:
    assert isinstance(server.transport, asyncio.WriteTransport)
    if politely:
        server.transport.close()  # what was said still arrives
    else:
        server.transport.abort()


class _Server(SMTP):
    def __init__(self, script: Script, **options: Any) -> None:
        super().__init__(script, hostname="localhost", **options)
        self._script = script

    def connection_made(self, transport: Any) -> None:
        self._script.seen["connect"] += 1
        super().connection_made(transport)

    async def _or_fault(self, command: str, usual: Any, arg: str) -> None:
        fault = self._script.next(command)
        if fault == DROP:
            _hang_up(self)
        elif fault:
            await self.push(fault)
            if fault.startswith("421"):
                _hang_up(self, politely=True)
        else:
            await usual(arg)

    async def smtp_MAIL(self, arg: str) -> None:  # noqa: N802 aiosmtpd's name and shape
        await self._or_fault("mail", super().smtp_MAIL, arg)

    async def smtp_RCPT(self, arg: str) -> None:  # noqa: N802 aiosmtpd's name and shape
        await self._or_fault("rcpt", super().smtp_RCPT, arg)

    async def smtp_RSET(self, arg: str) -> None:  # noqa: N802 aiosmtpd's name and shape
        await self._or_fault("rset", super().smtp_RSET, arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 aiosmtpd's name and shape
        if self._script.faults.get("data") == [DROP]:
            await self.push("354 go on")
        await self._or_fault("data", super().smtp_DATA, arg)


class _Controller(Controller):
    def __init__(self, script: Script, port: int, implicit_tls: ssl.SSLContext | None, **options: Any) -> None:
        super().__init__(script, "127.0.0.1", port, ssl_context=implicit_tls)
        self._script, self._options = script, options

    def factory(self) -> SMTP:
        return _Server(self._script, **self._options)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _serving(script: Script, implicit_tls: ssl.SSLContext | None = None, **options: Any) -> Iterator[int]:
    controller = _Controller(script, _free_port(), implicit_tls, **options)
    controller.start()
    script.seen.clear()  # the controller tries the port itself
    try:
        yield controller.port
    finally:
        controller.stop()


@contextmanager
def _connected(script: Script, query: str = "", **options: Any) -> Iterator[Connection]:
    with _serving(script, **options) as port:
        connection = sender_from_url(f"smtp://127.0.0.1:{port}{query}").connect()
        try:
            yield connection
        finally:
            connection.close()


@contextmanager
def _listening(greeting: bytes | None) -> Iterator[int]:
    """A port where a greeting is all one hears, or not even that."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def answer() -> None:
            client, _ = server.accept()
            held.append(client)
            if greeting is not None:
                client.sendall(greeting)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            thread.join(5)
            assert len(held) == 1
            held[0].close()


def _failure(connection: Connection, mail: Mail = MAIL) -> SendError:
    with pytest.raises(SendError) as caught:
        connection.send(mail)
    return caught.value


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_text(KEY + CERTIFICATE)
    return path


@pytest.fixture(scope="session")
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


# --- What gets through -----------------------------------------------------------------------------------------------


def test_mails_arrive_whole_over_one_connection() -> None:
    script = Script()
    with _connected(script) as connection:
        for at in range(3):
            connection.send(replace(MAIL, recipient=f"p{at}@example.com"))
    assert [mail.rcpt_tos for mail in script.mails] == [["p0@example.com"], ["p1@example.com"], ["p2@example.com"]]
    assert {mail.mail_from for mail in script.mails} == {"invitations@example.com"}
    assert {mail.original_content for mail in script.mails} == {CONTENT}
    assert script.seen["connect"] == 1


def test_an_address_outside_ascii_arrives_where_the_server_speaks_smtputf8() -> None:
    script = Script()
    mail = replace(MAIL, recipient="zoë@example.com", content="To: zoë@example.com\r\n\r\nx\r\n".encode())
    with _connected(script, enable_SMTPUTF8=True) as connection:
        connection.send(mail)
        connection.send(MAIL)
    assert [envelope.rcpt_tos for envelope in script.mails] == [["zoë@example.com"], ["ann.lee@example.com"]]
    assert script.mails[0].original_content == mail.content


def test_an_address_outside_ascii_fails_for_good_where_it_does_not() -> None:
    script = Script()
    with _connected(script, enable_SMTPUTF8=False) as connection:
        failure = _failure(connection, replace(MAIL, recipient="zoë@example.com"))
        connection.send(MAIL)
    assert isinstance(failure, PermanentFailure)
    assert failure.code == "smtputf8_unsupported"
    assert len(script.mails) == 1


@pytest.mark.parametrize(
    "address", ["a@b.example\r\nRCPT TO:<c@d.example>", "a b@c.example", "<a@b.example>", "nobody"]
)
def test_an_address_that_is_none_never_reaches_the_server(address: str) -> None:
    script = Script()
    with _connected(script) as connection:
        for mail in (replace(MAIL, recipient=address), replace(MAIL, sender=address)):
            failure = _failure(connection, mail)
            assert isinstance(failure, PermanentFailure)
            assert failure.code == "address_invalid"
    assert script.seen["mail"] == 0


def test_a_closed_connection_takes_no_more_mail() -> None:
    script = Script()
    with _connected(script) as connection:
        connection.close()
        connection.close()
        with pytest.raises(ConnectionEnded):
            connection.send(MAIL)
    assert script.seen["connect"] == 1


# --- Login and TLS ---------------------------------------------------------------------------------------------------


def test_starttls_with_a_private_authority_and_login_works(certificate: Path, server_tls: ssl.SSLContext) -> None:
    script, logins = Script(), []

    def login(*arguments: Any) -> AuthResult:
        logins.append(arguments[-1])
        return AuthResult(success=True)

    with _serving(script, tls_context=server_tls, require_starttls=True, authenticator=login) as port:
        url = f"smtp://us%40er:p%2Fa%3Ass@127.0.0.1:{port}?tls=starttls&ca={certificate}"
        connection = sender_from_url(url).connect()
        connection.send(MAIL)
        connection.close()
    assert [(login.login, login.password) for login in logins] == [(b"us@er", b"p/a:ss")]
    assert len(script.mails) == 1


def test_tls_from_the_start_works(certificate: Path, server_tls: ssl.SSLContext) -> None:
    script = Script()
    with _serving(script, server_tls) as port:
        connection = sender_from_url(f"smtps://127.0.0.1:{port}?ca={certificate}").connect()
        connection.send(MAIL)
        connection.close()
    assert len(script.mails) == 1


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_nobody_vouches_for_is_not_accepted(scheme: str, server_tls: ssl.SSLContext) -> None:
    script = Script()
    implicit = server_tls if scheme == "smtps" else None
    options = {} if implicit else {"tls_context": server_tls}
    with _serving(script, implicit, **options) as port:
        sender = sender_from_url(f"{scheme}://127.0.0.1:{port}" + ("?tls=starttls" if scheme == "smtp" else ""))
        with pytest.raises(SenderUnavailable) as caught:
            sender.connect()
    assert caught.value.code == "tls_failed"
    assert script.seen["mail"] == 0


@pytest.mark.parametrize("url", ["smtp://127.0.0.1:{port}?tls=starttls", "smtp://user:pass@127.0.0.1:{port}"])
def test_without_starttls_nothing_is_sent_in_the_clear(url: str) -> None:
    script = Script()
    with _serving(script, authenticator=lambda *_: AuthResult(success=True), auth_require_tls=False) as port:
        with pytest.raises(SenderUnavailable) as caught:
            sender_from_url(url.format(port=port)).connect()
    assert caught.value.code == "starttls_unsupported"
    assert script.seen == {"connect": 1}


def test_a_refused_login_is_about_the_sender() -> None:
    script, tries = Script(), []

    def refuse(*arguments: Any) -> AuthResult:
        tries.append(arguments)
        return AuthResult(success=False, handled=False)

    with _serving(script, authenticator=refuse, auth_require_tls=False) as port:
        with pytest.raises(SenderUnavailable) as caught:
            sender_from_url(f"smtp://user:hunter2@127.0.0.1:{port}?tls=none").connect()
    assert caught.value.code == "smtp_535"
    assert "hunter2" not in str(caught.value)
    assert tries


def test_a_server_without_login_is_about_the_sender() -> None:
    script = Script()
    with _serving(script, auth_exclude_mechanism=["PLAIN", "LOGIN"]) as port:
        with pytest.raises(SenderUnavailable) as caught:
            sender_from_url(f"smtp://user:pass@127.0.0.1:{port}?tls=none").connect()
    assert caught.value.code == "auth_unsupported"
    assert script.seen["connect"] == 1


# --- No connection ---------------------------------------------------------------------------------------------------


def test_a_refused_connection_is_about_the_sender() -> None:
    with pytest.raises(SenderUnavailable) as caught:
        sender_from_url(f"smtp://127.0.0.1:{_free_port()}").connect()
    assert caught.value.code == "cannot_connect"
    assert caught.value.detail == "Connection refused"


@pytest.mark.parametrize(
    ("greeting", "code"),
    [
        (b"421 too busy\r\n", "smtp_421"),
        (b"554 go away\r\n", "smtp_554"),
        (b"SSH-2.0-OpenSSH\r\n", "bad_reply"),
        (None, "timeout"),
    ],
)
def test_a_server_that_does_not_welcome_us_is_about_the_sender(greeting: bytes | None, code: str) -> None:
    with _listening(greeting) as port:
        with pytest.raises(SenderUnavailable) as caught:
            replace(SmtpSender.from_url(f"smtp://127.0.0.1:{port}"), timeout=0.2).connect()
    assert caught.value.code == code


# --- A mail that fails -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "reply", "expected"),
    [
        ("mail", "451 4.3.0 later", TemporaryFailure),
        ("mail", "550 5.7.1 you may not send as this", SenderUnavailable),
        ("mail", "530 5.7.0 log in first", SenderUnavailable),
        ("rcpt", "451 4.7.1 greylisted", TemporaryFailure),
        ("rcpt", "452 4.2.2 mailbox full", TemporaryFailure),
        ("rcpt", "550 5.1.1 no such user", PermanentFailure),
        ("rcpt", "530 5.7.0 log in first", SenderUnavailable),
        ("data", "451 4.3.0 not now", TemporaryFailure),
        ("data", "554 5.5.1 no", PermanentFailure),
        ("dot", "452 4.3.1 disk full", TemporaryFailure),
        ("dot", "554 5.7.1 looks like spam", PermanentFailure),
    ],
)
def test_a_refusal_is_called_what_it_is_and_leaves_the_connection_usable(
    command: str, reply: str, expected: type[SendError]
) -> None:
    script = Script({command: [reply]})
    with _connected(script) as connection:
        failure = _failure(connection)
        connection.send(MAIL)
    assert type(failure) is expected
    assert failure.code == f"smtp_{reply[:3]}"
    assert failure.detail == reply[4:]
    assert script.fired == {command: 1}
    assert script.seen["connect"] == 1
    assert script.seen["rset"] == 1
    assert len(script.mails) == 1


@pytest.mark.parametrize(
    ("command", "fault", "code"),
    [
        ("rcpt", "421 4.3.2 shutting down", "smtp_421"),
        ("data", "421 4.3.2 shutting down", "smtp_421"),
        ("mail", DROP, "connection_lost"),
        ("rcpt", DROP, "connection_lost"),
        ("data", DROP, "connection_lost"),
        ("dot", DROP, "connection_lost"),
    ],
)
def test_a_connection_that_ends_in_the_middle_fails_its_mail_for_now_and_takes_no_other(
    command: str, fault: str, code: str
) -> None:
    script = Script({command: [fault]})
    with _connected(script) as connection:
        failure = _failure(connection)
        with pytest.raises(ConnectionEnded):
            connection.send(MAIL)
    assert isinstance(failure, TemporaryFailure)
    assert failure.code == code
    assert script.fired == {command: 1}
    assert script.seen["connect"] == 1
    assert script.mails == []


@pytest.mark.parametrize("fault", [DROP, "421 4.4.2 idle for too long"])
def test_a_kept_connection_the_server_has_closed_says_nothing_about_the_next_mail(fault: str) -> None:
    script = Script()
    with _connected(script) as connection:
        connection.send(MAIL)
        script.faults["mail"] = [fault]
        with pytest.raises(ConnectionEnded):
            connection.send(MAIL)
    assert script.fired == {"mail": 1}
    assert len(script.mails) == 1


def test_a_server_saying_421_to_the_first_mail_is_about_the_sender() -> None:
    script = Script({"mail": ["421 4.7.0 too many connections"]})
    with _connected(script) as connection:
        failure = _failure(connection)
    assert isinstance(failure, SenderUnavailable)
    assert failure.code == "smtp_421"
    assert script.fired == {"mail": 1}


def test_a_failed_reset_ends_the_connection_and_fails_no_other_mail() -> None:
    script = Script({"rcpt": ["550 no such user"], "rset": [DROP]})
    with _connected(script) as connection:
        assert isinstance(_failure(connection), PermanentFailure)
        with pytest.raises(ConnectionEnded):
            connection.send(MAIL)
    assert script.fired == {"rcpt": 1, "rset": 1}


def test_a_server_that_falls_silent_fails_for_now() -> None:
    with _listening(b"220 hello\r\n250 hello\r\n") as port:  # answers EHLO before it is said, and nothing after
        connection = replace(SmtpSender.from_url(f"smtp://127.0.0.1:{port}"), timeout=0.2).connect()
        failure = _failure(connection)
        connection.close()
    assert isinstance(failure, TemporaryFailure)
    assert failure.code == "timeout"


def test_what_a_server_says_is_kept_without_the_person_in_it() -> None:
    script = Script({"rcpt": ["550 5.1.1 <Ann.Lee@example.com>: user ann.lee (Ms Lee) unknown " + "x" * 300]})
    with _connected(script) as connection:
        failure = _failure(connection)
    assert script.fired == {"rcpt": 1}
    assert failure.detail.startswith("5.1.1 <[address]>: user [address] (Ms [address]) unknown xxx")
    assert len(failure.detail) == 200


@pytest.mark.parametrize(
    ("reply", "recipient", "expected"),
    [
        (b"no \xff\r\nthing\x00here", "a@b.example", "no \N{REPLACEMENT CHARACTER} thing here"),
        (b"o'brien=b.example@srs.example refused", "o'brien@b.example", "[address] refused"),
        ("Zoë@exämple.com? zoë!".encode(), "zoë@exämple.com", "[address]? [address]!"),
        (b"x" * 195 + b" ann@b.example", "ann@b.example", "x" * 195 + " [add"),
        (b"a mailbox is full", "", "a mailbox is full"),
    ],
)
def test_a_detail_is_one_short_line_without_addresses(reply: bytes, recipient: str, expected: str) -> None:
    assert impersonal(reply, recipient) == expected


# --- A folder --------------------------------------------------------------------------------------------------------


def test_a_folder_gets_one_whole_file_a_mail(tmp_path: Path) -> None:
    connection = sender_from_url(f"folder://{tmp_path}/out%20box/mails").connect()
    connection.send(MAIL)
    connection.send(replace(MAIL, name="0190-2"))
    connection.send(MAIL)
    connection.close()
    folder = tmp_path / "out box" / "mails"
    assert sorted(path.name for path in folder.iterdir()) == ["0190-1.eml", "0190-2.eml"]
    assert (folder / "0190-1.eml").read_bytes() == CONTENT
    assert (folder / "0190-1.eml").stat().st_mode & 0o077 == 0


def test_a_folder_may_be_named_from_where_the_process_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sender = sender_from_url("folder://./var/mails")
    monkeypatch.chdir("/")
    sender.connect().send(MAIL)
    assert [path.name for path in (tmp_path / "var" / "mails").iterdir()] == ["0190-1.eml"]


def test_a_folder_that_cannot_be_written_is_about_the_sender(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SenderUnavailable) as caught:
        FolderSender(tmp_path / "file").connect()
    assert caught.value.code == "folder_unwritable"

    connection = FolderSender(tmp_path / "folder").connect()
    (tmp_path / "folder" / "0190-1.eml").mkdir()
    failure = _failure(connection)
    assert isinstance(failure, SenderUnavailable)
    assert "ann" not in str(failure)
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["0190-1.eml"], "nothing half-written stays"


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "", "a\0b", "x" * 300])
def test_a_file_is_never_written_outside_its_folder(tmp_path: Path, name: str) -> None:
    connection = FolderSender(tmp_path / "mails").connect()
    with pytest.raises(ValueError, match="safe name"):
        connection.send(replace(MAIL, name=name))
    assert list(tmp_path.rglob("*")) == [tmp_path / "mails"]


# --- URLs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", SmtpSender("mail.example", 25, "none")),
        ("smtp://mail.example:587?tls=starttls", SmtpSender("mail.example", 587, "starttls")),
        ("smtp://u:p@mail.example", SmtpSender("mail.example", 25, "starttls", "u", "p")),
        ("smtp://u:p%40%2F@mail.example:25/?tls=none", SmtpSender("mail.example", 25, "none", "u", "p@/")),
        ("smtps://u:p@mail.example", SmtpSender("mail.example", 465, "implicit", "u", "p")),
        ("smtp://[::1]:2525", SmtpSender("::1", 2525, "none")),
    ],
)
def test_a_url_says_server_login_and_encryption(url: str, expected: SmtpSender) -> None:
    sender = sender_from_url(url)
    assert isinstance(sender, SmtpSender)
    assert replace(sender, context=None) == expected
    assert (sender.context is None) == (sender.tls == "none")
    if sender.context is not None:
        assert sender.context.verify_mode is ssl.CERT_REQUIRED
        assert sender.context.check_hostname
    assert "p@/" not in repr(sender)


def test_the_answer_to_a_whole_mail_is_waited_for_as_long_as_the_standard_says() -> None:
    sender = SmtpSender.from_url("smtp://mail.example")
    assert sender.final_timeout == 600  # RFC 5321, 4.5.3.2.6: who gives up earlier sends it twice
    assert sender.timeout == 60


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example",
        "smtp://",
        "smtp://user:s3cr3t@",
        "smtp://user:s3cr3t/x@mail.example",
        "smtp://user:s3cr3t?x@mail.example",
        "smtp://user:s3cr3t#x@mail.example",
        "smtp://user:s3cr3t@mail.example:s3cr3t",
        "smtp://user:s3cr3t\N{FULLWIDTH COLON}@mail.example",
        "smtp://user:s3cr3t%C3%A9@mail.example",
        "smtp://user:s3cr3t%0D%0A@mail.example",
        "smtp://user@mail.example",
        "smtp://mail.example?tls=s3cr3t",
        "smtp://mail.example?s3cr3t=1",
        "smtp://mail.example?ca=/s3cr3t",
        "smtps://mail.example?ca=/s3cr3t",
        "smtps://mail.example?tls=none",
        "folder://",
        "folder:///",
        "folder:///mails?s3cr3t=1",
    ],
)
def test_a_url_that_is_wrong_is_refused_without_repeating_its_secrets(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        sender_from_url(url)
    assert "s3cr3t" not in str(caught.value)
