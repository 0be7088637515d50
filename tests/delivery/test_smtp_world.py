"""SMTP as it is in the world: a server that misbehaves in every way we know of, and what becomes of the mails.

Everything goes over the API, the outbox and a real socket. Each test says how often its fault fired, and fails at 0.
"""

import base64
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pytest
from sqlalchemy import select, update

from app.access.models import RateBucket
from app.db.base import utcnow
from app.delivery import claims, couriers, pump
from app.delivery.models import Delivery, DeliveryState
from app.delivery.pump import Pump
from app.delivery.senders import talk
from app.delivery.senders.base import Mail, Sender, sender_from_url
from app.delivery.senders.smtp import SmtpSender
from app.jobs.imports import do_next
from app.worker import make_pump
from tests.api.test_import_story import map_columns, upload
from tests.conftest import Desk, Template
from tests.delivery.scripted import EXTENSIONS, Deed, Fault, Scripted, answer, drip, drop, hold, silence
from tests.delivery.test_delivery import FOUR, make_due, people
from tests.delivery.test_senders import certificate, server_tls

LONG_ON_POSTGRESQL = True

__all__ = ["certificate", "server_tls"]  # fixtures

ALWAYS = None


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted() as server:
        yield server


@pytest.fixture
def office(tmp_path: Path, migrated: Template) -> Iterator[Callable[..., Desk]]:
    """A desk whose mails go to a server; its senders are patient for as long as the test says."""
    desks = []

    def open_desk(url: str, **settings: object) -> Desk:
        desks.append(Desk(tmp_path, migrated, mail_url=url, **settings))
        return desks[-1]

    yield open_desk
    for desk in desks:
        desk.close()


@pytest.fixture
def impatient(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real sender, waiting half a second, or as long as a test says, where it would wait minutes."""
    marker = request.node.get_closest_marker("waits")
    seconds = marker.args[0] if marker else 0.5

    def quick(url: str) -> Sender:
        sender = sender_from_url(url)
        assert isinstance(sender, SmtpSender)
        return replace(sender, timeout=seconds, final_timeout=seconds)

    monkeypatch.setattr("app.worker.sender_from_url", quick)


def invite(desk: Desk, *emails: str) -> None:
    for email in emails:
        answered = desk.http.post("/invitations", json={"email": email, "organisation": "Acme"})
        assert answered.status_code == 201, answered.text


def import_people(desk: Desk, content: bytes) -> str:
    """The whole import, up to the mails."""
    imported = upload(desk, content)
    map_columns(desk, imported["id"], FOUR)
    work(desk)
    assert desk.http.post(f"/imports/{imported['id']}/commit", json={}).status_code == 202
    work(desk)
    return str(imported["id"])


def work(desk: Desk) -> None:
    """Do the import work that is due."""
    while do_next(desk.database, max_lines=desk.settings.upload_lines):
        pass


def delivery(desk: Desk, email: str) -> dict[str, Any]:
    """How the mail to a person stands, as the API tells it."""
    (item,) = desk.http.get("/invitations", params={"q": email}).json()["items"]
    return dict(item["delivery"])


def carry(desk: Desk, until: Callable[[], bool] | None = None) -> Pump:
    """Deliver what is due until nothing is in hand, or until something is true."""
    pump = make_pump(desk.settings, desk.database)
    pump.start()
    give_up = time.monotonic() + 60
    pump.tick()
    while (pump.is_busy if until is None else not until()) and time.monotonic() < give_up:
        time.sleep(0.005)
        pump.tick()
    pump.drain(10)
    return pump


def paused(desk: Desk) -> list[dict[str, Any]]:
    answered = desk.http.get("http://testserver/readyz")
    assert answered.status_code == 200
    return list(answered.json()["senders_paused"])


def tell(server: Scripted) -> None:
    """How often the faults fired; none is no test."""
    print(f"faults fired: {server.fired}", *(f"{fault.at}: {fault.fired}" for fault in server.faults))
    assert server.fired > 0
    assert all(fault.fired for fault in server.faults)


# --- This mail, for now ----------------------------------------------------------------------------------------------

LATER: list[tuple[str, Deed, str]] = [
    ("MAIL", answer("451 4.3.0 not now"), "smtp_451"),
    ("RCPT", answer("450 4.2.0 greylisted"), "smtp_450"),
    ("RCPT", answer("451 4.7.1 greylisted"), "smtp_451"),
    ("RCPT", answer("452 4.2.2 mailbox full"), "smtp_452"),
    ("RCPT", answer("421 4.3.2 shutting down"), "smtp_421"),
    ("DATA", answer("451 4.3.0 not now"), "smtp_451"),
    (".", answer("451 4.3.0 not now"), "smtp_451"),
    (".", answer("452 4.3.1 disk full"), "smtp_452"),
    ("MAIL", drop(), "connection_lost"),
    ("RCPT", drop(), "connection_lost"),
    ("DATA", drop(rudely=True), "connection_lost"),
    ("content", drop(), "connection_lost"),
    ("content", drop(rudely=True), "connection_lost"),
    (".", drop(), "connection_lost"),
    ("RCPT", answer("what?"), "bad_reply"),
    ("RCPT", answer("25"), "bad_reply"),
    ("RCPT", answer("354 go on"), "bad_reply"),
    ("RCPT", answer(b"250-" + b"x" * 70_000 + b"\r\n250 OK\r\n"), "bad_reply"),
    ("RCPT", answer(b"250-and\r\n" * 9_000), "bad_reply"),
    ("DATA", answer("250 OK"), "bad_reply"),
    (".", answer("\N{PILE OF POO}"), "bad_reply"),
]


@pytest.mark.parametrize(("at", "does", "code"), LATER)
def test_what_fails_for_now_is_tried_again_later_and_arrives_once(
    at: str, does: Deed, code: str, server: Scripted, office: Callable[..., Desk]
) -> None:
    server.faults = [Fault(at, does)]
    desk = office(server.url)
    invite(desk, "ann@example.com")
    carry(desk)
    before = delivery(desk, "ann@example.com")
    assert (before["state"], before["attempts"], before["last_error"]["code"]) == ("queued", 1, code)
    with desk.database.reading() as session:
        due_at = session.scalar(select(Delivery.due_at).where(Delivery.state == DeliveryState.QUEUED))
    assert due_at is not None
    assert due_at > utcnow()
    carry(desk)
    assert delivery(desk, "ann@example.com") == before  # not due yet
    tell(server)
    make_due(desk)
    carry(desk)
    after = delivery(desk, "ann@example.com")
    assert (after["state"], after["attempts"]) == ("sent", 2)
    assert server.ledger() == {"ann@example.com": 1}
    assert paused(desk) == []


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA", "content", "."])
@pytest.mark.usefixtures("impatient")
def test_silence_fails_for_now_and_the_mail_arrives_later(
    at: str, server: Scripted, office: Callable[..., Desk]
) -> None:
    server.faults = [Fault(at, silence())]
    desk = office(server.url)
    invite(desk, "ann@example.com")
    carry(desk)
    before = delivery(desk, "ann@example.com")
    assert (before["state"], before["attempts"], before["last_error"]["code"]) == ("queued", 1, "timeout")
    tell(server)
    make_due(desk)
    carry(desk)
    assert server.ledger() == {"ann@example.com": 1}


def test_a_connection_lost_after_the_final_dot_may_repeat_a_mail_and_never_its_message_id(
    server: Scripted, office: Callable[..., Desk]
) -> None:
    server.faults = [Fault("kept", drop())]
    desk = office(server.url)
    invite(desk, "ann@example.com")
    carry(desk)
    assert delivery(desk, "ann@example.com")["last_error"]["code"] == "connection_lost"
    tell(server)
    make_due(desk)
    carry(desk)
    assert server.ledger() == {"ann@example.com": 2}
    assert len({mail.message_id for mail in server.arrived}) == 1


# --- This mail, for good ---------------------------------------------------------------------------------------------

NEVER: list[tuple[str, Deed, str, str]] = [
    ("RCPT", answer("550 5.1.1 no such mailbox"), "smtp_550", "5.1.1 no such mailbox"),
    ("RCPT", answer("552 5.2.2 mailbox full"), "smtp_552", "5.2.2 mailbox full"),
    ("RCPT", answer("553 no"), "smtp_553", "no"),
    ("RCPT", answer("550-5.1.1 no such\r\n550 5.1.1 mailbox"), "smtp_550", "5.1.1 no such 5.1.1 mailbox"),
    ("RCPT", answer("550"), "smtp_550", ""),
    ("RCPT", answer("550 <nobody@example.com>: Nobody here"), "smtp_550", "<[address]>: [address] here"),
    ("DATA", answer("554 5.5.1 no valid recipients"), "smtp_554", "5.5.1 no valid recipients"),
    (".", answer("554 5.7.1 looks like spam"), "smtp_554", "5.7.1 looks like spam"),
    (".", answer("552 5.3.4 too big"), "smtp_552", "5.3.4 too big"),
]


@pytest.mark.parametrize(("at", "does", "code", "detail"), NEVER)
def test_a_refusal_fails_once_with_its_code_and_the_next_mail_arrives(
    at: str, does: Deed, code: str, detail: str, server: Scripted, office: Callable[..., Desk]
) -> None:
    server.faults = [Fault(at, does, times=ALWAYS, of="nobody")]
    desk = office(server.url, mail_connections=1)
    invite(desk, "nobody@example.com", "ann@example.com")
    carry(desk)
    make_due(desk)
    carry(desk)
    failed = delivery(desk, "nobody@example.com")
    assert (failed["state"], failed["attempts"]) == ("failed", 1)
    assert failed["last_error"] == {"code": code, "detail": detail}
    assert server.ledger() == {"ann@example.com": 1}
    assert server.fired == 1
    assert server.connections == 1
    tell(server)


@pytest.mark.parametrize("does", [answer("502 5.5.1 never heard of it"), answer("451 no"), drop(), answer("?")])
def test_a_server_that_cannot_reset_costs_a_connection_and_no_mail(
    does: Deed, server: Scripted, office: Callable[..., Desk]
) -> None:
    server.faults = [Fault("RCPT", answer("550 5.1.1 no"), of="nobody"), Fault("RSET", does)]
    desk = office(server.url, mail_connections=1)
    invite(desk, "nobody@example.com", "ann@example.com")
    carry(desk)
    assert delivery(desk, "nobody@example.com")["last_error"]["code"] == "smtp_550"
    assert delivery(desk, "ann@example.com")["attempts"] == 1
    assert server.ledger() == {"ann@example.com": 1}
    tell(server)


def test_an_address_outside_ascii_fails_once_where_the_server_takes_none(office: Callable[..., Desk]) -> None:
    with Scripted(extensions=("PIPELINING", "8BITMIME")) as server:
        desk = office(server.url)
        invite(desk, "zoë@example.com", "ann@bücher.example.com")
        carry(desk)
        make_due(desk)
        carry(desk)
    failed = delivery(desk, "zoë@example.com")
    assert (failed["state"], failed["attempts"]) == ("failed", 1)
    assert failed["last_error"]["code"] == "smtputf8_unsupported"
    assert "ASCII" in failed["last_error"]["detail"]
    assert server.ledger() == {"ann@xn--bcher-kva.example.com": 1}  # a domain alone has another spelling
    assert all(line.isascii() for _, line in server.heard)


def test_an_address_outside_ascii_arrives_where_the_server_takes_it(
    server: Scripted, office: Callable[..., Desk]
) -> None:
    desk = office(server.url)
    invite(desk, "zoë@example.com")
    carry(desk)
    (mail,) = server.arrived
    assert mail.recipient == "zoë@example.com"
    assert mail.options == "SMTPUTF8 BODY=8BITMIME"
    assert "To: zoë@example.com".encode() in mail.content


def test_a_server_of_the_old_days_gets_seven_bits_one_word_at_a_time(office: Callable[..., Desk]) -> None:
    with Scripted([Fault("EHLO", answer("502 5.5.2 what?"))], extensions=()) as server:
        desk = office(server.url)
        content = "first_name,last_name,email,company\nZoë Özgür,Łukasiewicz,zoe@example.com,Ærø\n"
        import_people(desk, content.encode())
        carry(desk)
        tell(server)
    (mail,) = server.arrived
    assert mail.content.isascii()
    assert mail.options == ""
    assert max(map(len, mail.content.split(b"\r\n"))) <= 998
    assert b"\n" not in mail.content.replace(b"\r\n", b"")
    assert [line.split()[0].upper() for _, line in server.heard[:5]] == [b"EHLO", b"HELO", b"MAIL", b"RCPT", b"DATA"]


def test_we_say_who_we_are_by_name_or_else_by_address(
    server: Scripted, office: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = office(server.url)
    for name in ("desk.example.com", ""):
        monkeypatch.setattr(talk, "_full_name", lambda name=name: name)
        invite(desk, f"to{name or 'nobody'}@example.com")
        carry(desk)
    assert [line.lower() for line in server.said(b"EHLO")] == [b"ehlo desk.example.com", b"ehlo [127.0.0.1]"]


def test_answers_of_many_lines_are_answers(office: Callable[..., Desk]) -> None:
    def welcome(heard: Any) -> bool:
        heard.say("220-welcome\r\n220-to\r\n220 us")
        return True

    faults = [
        Fault("connect", welcome),
        Fault("MAIL", answer("250-2.1.0 a\r\n250 2.1.0 b")),
        Fault("RCPT", answer("250-2.1.5 a\r\n250-\r\n250")),
    ]
    with Scripted(faults) as server:
        desk = office(server.url)
        invite(desk, "ann@example.com")
        carry(desk)
        tell(server)
    assert server.ledger() == {"ann@example.com": 1}


# --- The server as a whole -------------------------------------------------------------------------------------------

UNAVAILABLE: list[tuple[str, Deed, str]] = [
    ("connect", answer("421 4.3.2 too busy"), "smtp_421"),
    ("connect", answer("554 5.7.1 go away"), "smtp_554"),
    ("connect", answer("SSH-2.0-OpenSSH"), "bad_reply"),
    ("connect", drop(), "connection_lost"),
    ("connect", drop(rudely=True), "connection_lost"),
    ("connect", silence(), "timeout"),
    ("connect", drip("220 welcome to the pit, which is a long way down", 0.05), "timeout"),
    ("EHLO", answer("421 4.3.2 shutting down"), "smtp_421"),
    ("EHLO", drop(), "connection_lost"),
    ("MAIL", answer("421 4.7.0 too many connections"), "smtp_421"),
    ("MAIL", answer("550 5.7.1 you may not send as this"), "smtp_550"),
    ("MAIL", answer("530 5.7.0 log in first"), "smtp_530"),
    ("RCPT", answer("530 5.7.0 log in first"), "smtp_530"),
]


@pytest.mark.parametrize(("at", "does", "code"), UNAVAILABLE)
@pytest.mark.usefixtures("impatient")
def test_a_server_that_takes_nothing_pauses_the_sender_burns_no_mail_and_is_tried_again(
    at: str, does: Deed, code: str, server: Scripted, office: Callable[..., Desk]
) -> None:
    server.faults = [Fault(at, does, times=ALWAYS)]
    desk = office(server.url)
    invite(desk, "ann@example.com", "bob@example.com", "cid@example.com")
    carry(desk)
    for email in ("ann@", "bob@", "cid@"):
        assert delivery(desk, email) == {"state": "queued", "attempts": 0, "sent_at": None, "last_error": None}
    (pause,) = paused(desk)
    assert pause["reason"] == code
    assert datetime.fromisoformat(pause["until"]) > utcnow()
    tell(server)
    assert server.fired <= 2 * desk.settings.mail_connections  # nobody hammers a server that is ill
    server.mend()
    make_due(desk)
    carry(desk)
    assert server.ledger() == {"ann@example.com": 1, "bob@example.com": 1, "cid@example.com": 1}
    assert {delivery(desk, email)["attempts"] for email in ("ann@", "bob@", "cid@")} == {1}
    assert paused(desk) == []


@pytest.mark.long
def test_a_paused_sender_is_seen_by_monitors_and_recovers_by_itself(
    server: Scripted, office: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "_FIRST_PAUSE", pump._FIRST_PAUSE / 25)  # 0.2 s
    server.faults = [Fault("connect", answer("421 4.3.2 mx1.internal.example is too busy"), times=ALWAYS)]
    desk = office(server.url)
    import_people(desk, people(300))
    metrics: list[str] = []
    reasons: set[str] = set()

    def is_over() -> bool:
        text = desk.stranger().get("http://testserver/metrics").text
        if "rollcall_sender_paused 1.0" in text:
            metrics.append(text)
        reasons.update(pause["reason"] for pause in paused(desk))
        if metrics and reasons and server.fired > 1:  # the pause has been seen, has ended, and has begun again
            tell(server)
            server.mend()
        return len(server.arrived) == 300

    carry(desk, is_over)
    text = desk.stranger().get("http://testserver/metrics").text
    assert "rollcall_sender_paused 0.0" in text
    assert "rollcall_sender_paused_until_seconds{" not in text
    assert 'rollcall_sends_total{result="deferred"} 0.0' in text  # what was never tried was never put off
    assert reasons == {"smtp_421"}
    assert 'rollcall_sender_paused_until_seconds{reason="smtp_421"}' in metrics[0]
    assert "mx1.internal" not in metrics[0]
    assert paused(desk) == []
    assert attempts(desk) == {1}
    assert set(server.ledger().values()) == {1}


def test_a_worker_that_starts_anew_shows_no_pause_of_the_one_before(
    server: Scripted, office: Callable[..., Desk]
) -> None:
    server.faults = [Fault("connect", answer("421 busy"), times=ALWAYS)]
    desk = office(server.url)
    invite(desk, "ann@example.com")
    carry(desk)
    assert paused(desk)
    tell(server)
    with desk.database.writing() as session:
        session.execute(update(RateBucket).values(paused_until=datetime.fromisoformat("2999-01-01T00:00:00Z")))
    server.mend()
    make_due(desk)
    carry(desk)
    assert paused(desk) == []


# --- Login and TLS ---------------------------------------------------------------------------------------------------


def test_a_refused_login_pauses_the_sender_and_tells_nobody_the_password(office: Callable[..., Desk]) -> None:
    login = ("postmaster", "hunter2-and-more")
    spoken = base64.b64encode("\0".join(["", *login]).encode()).decode()
    with Scripted(login=login) as server:
        server.faults = [Fault("AUTH", answer(f"535 5.7.8 no {spoken} for {login[0]} ({login[1]})"), times=ALWAYS)]
        desk = office(f"smtp://{login[0]}:{login[1]}@127.0.0.1:{server.port}?tls=none")
        invite(desk, "ann@example.com")
        carry(desk)
        tell(server)
        (pause,) = paused(desk)
        assert pause["reason"] == "smtp_535"
        with desk.database.reading() as session:
            (reason,) = session.scalars(select(RateBucket.reason).where(RateBucket.reason.is_not(None)))
        assert reason == "smtp_535: 5.7.8 no [login] for [login] ([login])"
        assert delivery(desk, "ann@")["attempts"] == 0
        server.mend()
        make_due(desk)
        carry(desk)
    assert server.ledger() == {"ann@example.com": 1}


@pytest.mark.parametrize("reply", ["454 4.7.0 try later", "334 not*base64*at*all", "421 bye", "?"])
def test_a_login_that_goes_wrong_otherwise_pauses_the_sender_too(reply: str, office: Callable[..., Desk]) -> None:
    with Scripted([Fault("AUTH", answer(reply), times=ALWAYS)], login=("user", "password")) as server:
        desk = office(f"smtp://user:password@127.0.0.1:{server.port}?tls=none")
        invite(desk, "ann@example.com")
        carry(desk)
        tell(server)
    assert delivery(desk, "ann@") == {"state": "queued", "attempts": 0, "sent_at": None, "last_error": None}
    assert len(paused(desk)) == 1


@pytest.mark.parametrize(
    ("does", "code"),
    [
        (None, "starttls_unsupported"),
        (answer("454 4.7.0 no TLS just now"), "smtp_454"),
        (answer("502 5.5.1 no"), "smtp_502"),
        (drop(), "connection_lost"),
        (answer("220 go on, in the clear"), "tls_failed"),
    ],
)
@pytest.mark.usefixtures("impatient")
def test_without_the_tls_asked_for_no_login_and_no_mail_is_sent(
    does: Deed | None, code: str, server_tls: ssl.SSLContext, certificate: Path, office: Callable[..., Desk]
) -> None:
    faults = [Fault("STARTTLS", does, times=ALWAYS)] if does else []
    with Scripted(faults, tls=server_tls if does else None, login=("user", "password")) as server:
        desk = office(f"smtp://user:password@127.0.0.1:{server.port}?tls=starttls&ca={certificate}")
        invite(desk, "ann@example.com")
        carry(desk)
        if does:
            tell(server)
        assert [pause["reason"] for pause in paused(desk)] == [code]
        assert server.connections >= 1
        assert not server.said(b"AUTH")
        assert not server.said(b"MAIL")
        server.mend()
        server.tls = server_tls
        make_due(desk)
        carry(desk)
    assert server.ledger() == {"ann@example.com": 1}
    assert delivery(desk, "ann@")["attempts"] == 1


def test_words_said_in_the_clear_before_tls_are_nobodys(
    server_tls: ssl.SSLContext, certificate: Path, office: Callable[..., Desk]
) -> None:
    def go_on_in_the_clear(heard: Any) -> bool:
        heard.say(b"220 go on\r\n250-scripted.example\r\n250 AUTH PLAIN\r\n")
        heard.socket = server_tls.wrap_socket(heard.socket, server_side=True)
        return True

    with Scripted([Fault("STARTTLS", go_on_in_the_clear, times=ALWAYS)], tls=server_tls) as server:
        desk = office(f"smtp://127.0.0.1:{server.port}?tls=starttls&ca={certificate}")
        invite(desk, "ann@example.com")
        carry(desk)
        tell(server)
    assert [pause["reason"] for pause in paused(desk)] == ["tls_failed"]
    assert not server.said(b"MAIL")


# --- Connections -----------------------------------------------------------------------------------------------------


def attempts(desk: Desk) -> set[int]:
    """How often the mails of imports were tried."""
    with desk.database.reading() as session:
        return set(session.scalars(select(Delivery.attempts).where(Delivery.batch_id.is_not(None))))


@pytest.mark.long
def test_a_server_with_few_connections_gets_few_and_more_when_it_has_more(
    server: Scripted, office: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(couriers, "FIRST_REST_SECONDS", 0.05)
    server.at_most, server.pace = 2, 0.002
    desk = office(server.url)
    import_people(desk, people(800))
    most_while_few: list[int] = []

    def is_over() -> bool:
        assert paused(desk) == []
        if len(server.arrived) > 200 and server.at_most:
            most_while_few.append(server.most_at_once)
            server.at_most = None
        return len(server.arrived) == 800

    carry(desk, is_over)
    tell(server)
    assert most_while_few == [2]
    assert server.most_at_once > 2
    assert set(server.ledger().values()) == {1}
    assert attempts(desk) == {1}


@pytest.mark.usefixtures("impatient")
@pytest.mark.long
def test_a_server_that_keeps_further_connections_waiting_burns_and_delays_nothing(
    server: Scripted, office: Callable[..., Desk]
) -> None:
    server.faults = [Fault("connect", lambda heard: heard.number > 1 and silence()(heard), times=ALWAYS)]
    server.pace = 0.002
    desk = office(server.url)
    import_people(desk, people(200))
    carry(desk)
    tell(server)
    assert server.connections > 1
    assert {mail.connection for mail in server.arrived} == {1}
    assert set(server.ledger().values()) == {1}
    assert len(server.ledger()) == 200
    assert attempts(desk) == {1}
    assert paused(desk) == []


def test_a_lone_mail_opens_one_connection(server: Scripted, office: Callable[..., Desk]) -> None:
    desk = office(server.url, mail_connections=8)
    invite(desk, "ann@example.com")
    carry(desk)
    assert server.connections == 1
    assert server.ledger() == {"ann@example.com": 1}


@pytest.mark.parametrize("how", ["silently", "after 421"])
def test_a_kept_connection_the_server_has_closed_costs_no_attempt(
    how: str, server: Scripted, office: Callable[..., Desk]
) -> None:
    desk = office(server.url, mail_connections=1)
    pump = make_pump(desk.settings, desk.database)
    pump.start()
    for number in range(3):
        invite(desk, f"p{number}@example.com")
        pump.tick()
        while pump.is_busy:
            pump.tick()
        if how == "silently":
            server.hang_up_on_everybody()
        elif number < 2:
            server.faults.append(Fault("MAIL", answer("421 4.4.2 idle for too long")))
    pump.drain(10)
    assert server.connections == 3
    assert {delivery(desk, f"p{number}@")["attempts"] for number in range(3)} == {1}
    assert {delivery(desk, f"p{number}@")["state"] for number in range(3)} == {"sent"}
    assert set(server.ledger().values()) == {1}
    assert how == "silently" or server.fired == 2


def test_a_connection_without_work_is_closed_politely(
    server: Scripted, office: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(couriers, "IDLE_SECONDS", 0.05)
    desk = office(server.url)
    invite(desk, "ann@example.com")
    carry(desk, lambda: bool(server.said(b"QUIT")))
    assert len(server.said(b"QUIT")) == 1


def test_a_server_that_takes_one_mail_a_connection_gets_them_all(server: Scripted, office: Callable[..., Desk]) -> None:
    taken: set[int] = set()

    def only_one(heard: Any) -> bool:
        if heard.number in taken:
            heard.say("421 4.7.0 one is enough")
            return True
        taken.add(heard.number)
        return False

    server.faults = [Fault("MAIL", only_one, times=ALWAYS)]
    desk = office(server.url)
    import_people(desk, people(60))
    carry(desk)
    tell(server)
    assert set(server.ledger().values()) == {1}
    assert len(server.ledger()) == 60
    assert attempts(desk) == {1}


def test_a_server_that_puts_everything_off_is_left_alone_for_a_while(
    server: Scripted, office: Callable[..., Desk]
) -> None:
    server.faults = [Fault("MAIL", answer("450 4.7.1 too much mail from you"), times=ALWAYS)]
    desk = office(server.url)
    import_people(desk, people(250))
    carry(desk)
    tell(server)
    assert [pause["reason"] for pause in paused(desk)] == ["smtp_450"]
    assert server.fired <= desk.settings.mail_connections * couriers.ENOUGH
    with desk.database.reading() as session:
        tried = session.scalars(select(Delivery.attempts).where(Delivery.batch_id.is_not(None))).all()
    assert sum(tried) == server.fired
    assert len(tried) == 250


class Unforeseen:
    """A provider nobody has tested: its first connection breaks, and so does its first mail."""

    def __init__(self) -> None:
        self.broke = 0
        self.sent: list[str] = []

    def connect(self) -> Self:
        self._break(1)
        return self

    def send(self, mail: Mail) -> None:
        self._break(2)
        self.sent.append(mail.recipient)

    def close(self) -> None:
        pass

    def _break(self, times: int) -> None:
        if self.broke < times:
            self.broke += 1
            raise RuntimeError


def test_what_nobody_foresaw_costs_no_mail_and_no_courier(
    office: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = Unforeseen()
    monkeypatch.setattr("app.worker.sender_from_url", lambda _url: sender)
    desk = office("smtp://127.0.0.1:1", mail_connections=1)
    invite(desk, "ann@example.com")
    carry(desk)
    assert [pause["reason"] for pause in paused(desk)] == ["internal_error"]
    assert delivery(desk, "ann@")["attempts"] == 0
    make_due(desk)
    carry(desk)
    assert delivery(desk, "ann@")["last_error"] == {"code": "internal_error", "detail": "RuntimeError"}
    make_due(desk)
    carry(desk)
    assert (sender.broke, sender.sent) == (2, ["ann@example.com"])


# --- All at once (RFC 2920) -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("extensions", "ahead"), [(EXTENSIONS, 2), (("8BITMIME",), 0)])
def test_who_may_says_all_at_once_and_nobody_else(
    extensions: tuple[str, ...], ahead: int, office: Callable[..., Desk]
) -> None:
    with Scripted(extensions=extensions) as server:
        desk = office(server.url, mail_connections=1)
        invite(desk, "ann@example.com", "bob@example.com")
        carry(desk)
        assert server.ledger() == {"ann@example.com": 1, "bob@example.com": 1}
        assert (server.connections, server.said_ahead) == (1, 2 * ahead)


@pytest.mark.parametrize(("extensions", "connections"), [(EXTENSIONS, 2), (("8BITMIME",), 1)])
def test_a_server_that_waits_for_a_mail_to_nobody_gets_none(
    extensions: tuple[str, ...], connections: int, office: Callable[..., Desk]
) -> None:
    fault = Fault("RCPT", answer("550 5.1.1 no such mailbox here"))
    with Scripted([fault], extensions=extensions, is_careless=True) as server:
        desk = office(server.url, mail_connections=1)
        invite(desk, "ann@example.com", "bob@example.com")
        carry(desk)
        tell(server)
        assert (len(server.arrived), server.connections) == (1, connections)
        states = {email: delivery(desk, f"{email}@")["state"] for email in ("ann", "bob")}
        assert sorted(states.values()) == ["failed", "sent"]
        assert server.ledger() == {f"{email}@example.com": 1 for email, state in states.items() if state == "sent"}


def test_a_refusal_lost_with_a_hang_up_is_heard_at_the_next_attempt(
    server: Scripted, office: Callable[..., Desk]
) -> None:
    def refuse_and_hang_up(heard: Any) -> bool:
        heard.say("550 5.1.1 no such mailbox here")
        return drop(rudely=heard.has_unread)(heard)  # as the system does for whoever leaves words unread

    server.faults = [Fault("RCPT", refuse_and_hang_up, times=ALWAYS)]
    desk = office(server.url)
    names = ["ann", "bob", "cid", "dot"]
    invite(desk, *(f"{name}@example.com" for name in names))
    pump = make_pump(desk.settings, desk.database)
    pump.start()
    for _ in range(2):
        pump.tick()
        while pump.is_busy:
            time.sleep(0.005)
            pump.tick()
        make_due(desk)
    pump.drain(10)
    tell(server)
    assert server.said_ahead > 0
    for name in names:
        found = delivery(desk, f"{name}@")
        assert (found["state"], found["last_error"]["code"]) == ("failed", "smtp_550")
        assert found["attempts"] <= 2


# --- One byte a second -----------------------------------------------------------------------------------------------


@pytest.mark.waits(1.2)  # no usual answer takes so long, on whatever machine
@pytest.mark.usefixtures("impatient")
def test_a_tarpit_holds_nobody_for_ever_and_others_get_through(server: Scripted, office: Callable[..., Desk]) -> None:
    # No wait for a byte is long; only the whole answer is.
    server.faults = [Fault("RCPT", drip("250 2.1.5 welcome to the pit, sit down", 0.05), times=ALWAYS, of="slow")]
    desk = office(server.url)
    slow = people(6, "slow").split(b"\n", 1)[1]
    import_people(desk, people(60) + slow)
    carry(desk)
    tell(server)
    assert len(server.ledger()) == 60
    assert set(server.ledger().values()) == {1}
    for number in range(6):
        put_off = delivery(desk, f"slow{number}@")
        assert (put_off["state"], put_off["attempts"]) == ("queued", 1)
        assert put_off["last_error"] == {"code": "timeout", "detail": "no answer to RCPT in time"}


def test_a_mail_that_takes_long_keeps_its_lease_and_is_sent_once(
    server: Scripted, office: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (pump, claims):
        monkeypatch.setattr(module, "LEASE", timedelta(seconds=0.6))
    released = threading.Event()
    server.faults = [Fault(".", hold(released))]
    desk = office(server.url)
    invite(desk, "ann@example.com")
    leases: set[datetime | None] = set()

    def has_it_for_long() -> bool:
        with desk.database.reading() as session:
            leases.add(session.scalar(select(Delivery.due_at).where(Delivery.state == DeliveryState.SENDING)))
        if len(leases - {None}) > 3:
            released.set()
        return bool(server.arrived)

    carry(desk, has_it_for_long)
    tell(server)
    assert server.ledger() == {"ann@example.com": 1}
    assert (delivery(desk, "ann@")["state"], delivery(desk, "ann@")["attempts"]) == ("sent", 1)


def test_one_person_waits_for_no_import_that_is_stuck(server: Scripted, office: Callable[..., Desk]) -> None:
    released = threading.Event()
    server.faults = [Fault(".", hold(released), times=3, of="p")]
    desk = office(server.url)
    import_people(desk, people(3))
    pump = make_pump(desk.settings, desk.database)
    pump.start()
    pump.tick()
    while server.fired < 3:
        time.sleep(0.005)
    invite(desk, "urgent@example.com")
    while not server.arrived:
        pump.tick()
        time.sleep(0.005)
    assert server.ledger() == {"urgent@example.com": 1}
    tell(server)
    released.set()
    pump.drain(10)
    assert len(server.ledger()) == 4


# --- Many ------------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_of_5000_the_50_that_cannot_be_sent_fail_once_each_and_4950_arrive(
    server: Scripted, office: Callable[..., Desk]
) -> None:
    server.faults = [
        Fault("RCPT", answer("550 5.1.1 no such mailbox here"), times=ALWAYS, of="gone"),
        Fault("RCPT", answer("552 5.2.2 mailbox full"), times=ALWAYS, of="full"),
        Fault(".", answer("554 5.7.1 not wanted"), times=ALWAYS, of="shut"),
    ]
    desk = office(server.url)
    unsendable = b"".join(people(n, kind).split(b"\n", 1)[1] for kind, n in (("gone", 20), ("full", 15), ("shut", 15)))
    import_id = import_people(desk, people(4950) + unsendable)
    carry(desk)
    make_due(desk)
    carry(desk)
    tell(server)
    assert [fault.fired for fault in server.faults] == [20, 15, 15]
    ledger = server.ledger()
    assert len(ledger) == 4950
    assert set(ledger.values()) == {1}
    assert len({mail.message_id for mail in server.arrived}) == 4950
    found = desk.http.get("/invitations", params={"delivery": "failed", "limit": 200}).json()
    assert found["next_cursor"] is None
    errors = {
        "gone": {"code": "smtp_550", "detail": "5.1.1 no such mailbox here"},
        "full": {"code": "smtp_552", "detail": "5.2.2 mailbox full"},
        "shut": {"code": "smtp_554", "detail": "5.7.1 not wanted"},
    }
    assert len(found["items"]) == 50
    for item in found["items"]:
        assert item["delivery"]["attempts"] == 1
        assert item["delivery"]["last_error"] == errors[item["email"][:4]]
    mails = desk.http.get(f"/imports/{import_id}").json()["result"]["mails"]
    assert mails == {"queued": 0, "sent": 4950, "failed": 50, "held": 0, "dropped": 0}
