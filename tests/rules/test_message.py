"""What a mail says and the bytes that say it: read back by the standard library, compared with what it would write.

Never sends anything; knows no database.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html.parser import HTMLParser
from string import Formatter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.delivery.letter import Letter, Rendered, render
from app.delivery.message import Envelope, build
from app.texts import texts

LANGUAGES = ("en", "fr", "nl")
KINDS = ("invitation", "password_reset")
LINK = "https://learn.example.com/accept#k1." + "Ab-_09" * 16
LETTER = Letter(
    kind="invitation",
    language="en",
    platform="Évolution Academy",
    inviter="Zoë Lefèvre",
    message="Welcome aboard!\nSee you on Monday.",
    first_name="Ann",
    link=LINK,
    expires_at=datetime(2026, 11, 27, 13, 5, 59, tzinfo=UTC),
    time_zone="Europe/Brussels",
    valid_days=7,
)
ENVELOPE = Envelope(
    sender_address="invitations@example.com",
    sender_name="Évolution Academy",
    recipient="ann.lee@example.com",
    recipient_name="Ann Lee",
    reply_to="help@example.com",
    message_id="<0190.1@example.com>",
    date=datetime(2026, 11, 20, 13, 5, 59, 123456, tzinfo=UTC),
)


class _Page(HTMLParser):
    """What a reader sees of an HTML mail, and where it leads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words = ""
        self.links: list[str | None] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in {"href", "src", "background"}]

    def handle_data(self, data: str) -> None:
        self.words += data


def _read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _said(message: EmailMessage) -> Rendered:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    return Rendered(str(message["Subject"]), *(part.get_content().replace("\r\n", "\n") for part in (text, html)))


def _defects(message: EmailMessage) -> list[object]:
    found = [defect for part in message.walk() for defect in part.defects]
    return found + [defect for header in message.values() for defect in getattr(header, "defects", ())]


def _by_the_standard_library(said: Rendered, envelope: Envelope) -> EmailMessage:
    """The same mail, written the slow way."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = Address(envelope.sender_name, addr_spec=envelope.sender_address)
    message["To"] = Address(envelope.recipient_name or "", addr_spec=envelope.recipient)
    message["Date"] = format_datetime(envelope.date)
    message["Message-ID"] = envelope.message_id
    message["Reply-To"] = envelope.reply_to
    message["Subject"] = said.subject
    message.set_content(said.text, cte="base64")
    message.add_alternative(said.html, subtype="html", cte="base64")
    return _read(message.as_bytes())


def _without_spaces(address: Address) -> tuple[str, str]:
    """Python 3.11 keeps the space between two encoded words of one name, which RFC 2047 says is none."""
    return address.display_name.replace(" ", ""), address.addr_spec


def _assert_same(raw: bytes, said: Rendered, envelope: Envelope) -> None:
    ours, theirs = _read(raw), _by_the_standard_library(said, envelope)
    assert _defects(ours) == []
    assert _said(ours) == _said(theirs) == said
    for header in ("From", "To", "Reply-To"):
        assert [_without_spaces(one) for one in ours[header].addresses] == [
            _without_spaces(one) for one in theirs[header].addresses
        ]
    for header in ("Date", "Message-ID"):
        assert str(ours[header]) == str(theirs[header])
    assert [part.get_content_type() for part in ours.walk()] == [part.get_content_type() for part in theirs.walk()]


def _assert_fit_for_any_server(raw: bytes) -> None:
    assert raw.isascii()
    assert b"\0" not in raw
    assert raw.endswith(b"\r\n")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    body = raw.partition(b"\r\n\r\n")[2]
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert max(map(len, raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("first_name", ["Ann", "Zoë", "שרה", "محمد", "Ng\N{COMBINING CARON}", 'D"Arcy, Jr.', None])
@pytest.mark.parametrize("known", [True, False])
def test_the_bytes_say_what_the_preview_says_and_what_the_standard_library_would(
    kind: str, language: str, first_name: str | None, known: bool
) -> None:
    letter = replace(LETTER, kind=kind, language=language, first_name=first_name)
    letter = letter if known else replace(letter, expires_at=None)
    full_name = f"{first_name} Lee" if first_name else None
    for envelope in (
        replace(ENVELOPE, recipient_name=full_name),
        replace(ENVELOPE, recipient_name=full_name, sender_name='Ünï "q" \\ (co), Ltd; <x> ' + "long " * 30),
    ):
        raw = build(letter, envelope)
        _assert_fit_for_any_server(raw)
        _assert_same(raw, render(letter), replace(envelope, sender_name=envelope.sender_name.strip()))


def test_a_mail_names_platform_inviter_message_link_expiry_and_what_to_do_with_it() -> None:
    said = render(LETTER)
    assert said.subject == "Zoë Lefèvre invites you to Évolution Academy"
    page = _Page(said.html)
    for seen in (said.text, page.words):
        assert "Hello Ann," in seen
        assert "Zoë Lefèvre has invited you to join Évolution Academy" in seen
        assert "Welcome aboard!\nSee you on Monday." in seen
        assert "until Friday 27 November 2026 at 14:05 (Europe/Brussels)." in seen
        assert "because Zoë Lefèvre invited you" in seen
        assert "ignore this e-mail" in seen
        assert LINK in seen
    assert f"\n{LINK}\n" in said.text
    assert page.links == [LINK, LINK]
    assert not {"img", "script", "form", "link", "iframe"} & set(page.tags)
    assert page.tags.count("h1") == 1
    assert '<html lang="en" dir="ltr">' in said.html
    assert len(said.html.encode()) < 20_000


@pytest.mark.parametrize(
    ("language", "moment", "expected"),
    [
        ("en", datetime(2026, 11, 27, 13, 5, tzinfo=UTC), "Friday 27 November 2026 at 14:05 (Europe/Brussels)"),
        (
            "fr",
            datetime(2026, 11, 27, 13, 5, tzinfo=UTC),
            "vendredi 27 novembre 2026 à 14\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}05 (Europe/Brussels)",
        ),
        ("nl", datetime(2026, 11, 27, 13, 5, tzinfo=UTC), "vrijdag 27 november 2026 om 14.05 uur (Europe/Brussels)"),
        ("en", datetime(2026, 8, 31, 22, 5, tzinfo=UTC), "Tuesday 1 September 2026 at 00:05 (Europe/Brussels)"),
        (
            "fr",
            datetime(2026, 8, 1, 6, 5, tzinfo=UTC),
            "samedi 1er août 2026 à 8\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}05 (Europe/Brussels)",
        ),
        ("nl", datetime(2026, 3, 1, 8, 5, tzinfo=UTC), "zondag 1 maart 2026 om 9.05 uur (Europe/Brussels)"),
    ],
)
def test_the_expiry_is_written_in_the_language_and_time_zone_of_the_reader(
    language: str, moment: datetime, expected: str
) -> None:
    for kind in KINDS:
        letter = replace(LETTER, kind=kind, language=language, expires_at=moment)
        assert expected in render(letter).text
        assert expected in _said(_read(build(letter, ENVELOPE))).html


def test_a_preview_says_how_long_the_link_will_work() -> None:
    preview = replace(LETTER, expires_at=None)
    assert "works for 7 days after" in render(preview).text
    assert "works for one day after" in render(replace(preview, valid_days=1)).text
    assert "works for one hour." in render(replace(preview, kind="password_reset")).text


def test_a_password_reset_says_nothing_of_inviters_and_their_messages() -> None:
    said = render(replace(LETTER, kind="password_reset"))
    assert said.subject == "Choose a new password for Évolution Academy"
    assert "one hour, until Friday 27 November" in said.text
    for seen in (said.text, said.html):
        assert "Zoë" not in seen
        assert "Welcome aboard" not in seen


def test_a_platform_that_invites_in_its_own_name_does_not_invite_to_itself() -> None:
    said = render(replace(LETTER, inviter="évolution  academy"))
    assert said.subject == "Your invitation to Évolution Academy"
    assert "You have been invited to join Évolution Academy" in said.text


def test_without_a_first_name_the_greeting_stands_alone() -> None:
    for nameless in (None, "", "  \r\n "):
        assert render(replace(LETTER, first_name=nameless)).text.startswith("Hello,\n")


@pytest.mark.parametrize(
    "name", ["http://evil.example", "evil.com", "WWW.Evil", "Win a phone: bit.ly/x", "a@b.example", "evil。com", "x//y"]
)
def test_a_first_name_that_would_become_a_link_is_not_greeted(name: str) -> None:
    letter = replace(LETTER, first_name=name)
    assert render(letter) == render(replace(LETTER, first_name=None))
    message = _read(build(letter, replace(ENVELOPE, recipient_name=name)))
    assert name not in _said(message).html
    assert message["To"].addresses[0].display_name == ""


@pytest.mark.parametrize("name", ["J. P.", "Dr. No", "O'Brien", "Anne-Marie", "Ann."])
def test_a_first_name_with_a_harmless_dot_is_greeted(name: str) -> None:
    assert f"Hello {name}," in render(replace(LETTER, first_name=name)).text


def test_a_platform_or_inviter_named_like_a_site_is_shown_but_broken_as_a_link() -> None:
    said = render(replace(LETTER, platform="school.example", inviter="ann@evil.example"))
    for seen in (said.text, _Page(said.html).words.partition("Hello")[2]):
        assert "school.example" not in seen
        assert "ann@evil" not in seen
        assert "evil.example" not in seen
        assert "school.\N{ZERO WIDTH SPACE}example" in seen


def test_markup_in_any_field_is_shown_and_never_obeyed() -> None:
    trick = '<b onclick="x">&amp;\'</b>'
    letter = replace(LETTER, platform=f"P{trick}", inviter=f"I{trick}", message=f"M{trick}", first_name="F<img src=x>")
    for message in (_said(_read(build(letter, ENVELOPE))), render(letter)):
        page = _Page(message.html)
        assert "b" not in page.tags
        assert "img" not in page.tags
        assert f"M{trick}" in page.words
        assert f"M{trick}" in message.text
        assert "F<img src=x>" in message.text


def test_line_breaks_in_any_field_add_no_header() -> None:
    evil = "x\r\nBcc: victim@example.com\r\n\r\nbody\x00\u2028\x85"
    plain = _read(build(LETTER, ENVELOPE))
    letter = replace(LETTER, platform=evil, inviter=evil, first_name=evil, message=evil, link=evil)
    message = _read(build(letter, replace(ENVELOPE, sender_name=evil, recipient_name=evil)))
    assert message.keys() == plain.keys()
    assert _defects(message) == []
    assert "x Bcc: victim" in str(message["Subject"])
    _assert_fit_for_any_server(build(letter, ENVELOPE))


@pytest.mark.parametrize(
    "name",
    [
        "Ann Lee",
        "Zoë Lee",
        "Formation professionnelle continue à Liège",
        'A. (B), "C" ' * 9 + "D",
        "=?utf-8?q?x?= Lee",
        "עברית וערבית",
    ],
)
def test_a_name_in_a_header_is_read_back_as_it_was(name: str) -> None:
    message = _read(build(LETTER, replace(ENVELOPE, sender_name=name, recipient_name=name)))
    assert message["From"].addresses[0].display_name == name
    assert message["To"].addresses[0].display_name == name


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example\r\nBcc: c@d.example",
        "a b@c.example",
        "a@b.example, c@d.example",
        "<a@b.example>",
        "a",
        "@",
        "",
        '"a"@b.example',
        "=?utf-8?q?x?=@b.example",
    ],
)
def test_an_address_that_could_be_read_as_something_else_is_refused(address: str) -> None:
    for field in ("recipient", "sender_address"):
        with pytest.raises(ValueError, match=r"^not an e-mail address that could stand in a header$"):
            build(LETTER, replace(ENVELOPE, **{field: address}))  # type: ignore[arg-type]
    if address:
        with pytest.raises(ValueError, match=r"^not an e-mail address"):
            build(LETTER, replace(ENVELOPE, reply_to=address))
    with pytest.raises(ValueError, match=r"^not a Message-ID$"):
        build(LETTER, replace(ENVELOPE, message_id=address + "\r\n<x>"))


def test_an_address_outside_ascii_is_kept_as_it_is() -> None:
    raw = build(LETTER, replace(ENVELOPE, recipient="zoë@exämple.com", recipient_name="Zoë"))
    assert "\r\nTo: =?utf-8?b?Wm/Dqw==?= <zoë@exämple.com>\r\n".encode() in raw
    assert raw.replace("zoë@exämple.com".encode(), b"").isascii()


def test_no_answering_machine_is_provoked() -> None:
    message = _read(build(LETTER, ENVELOPE))
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["Content-Language"] == "en"
    assert message["Reply-To"] == "help@example.com"
    assert message["Message-ID"] == "<0190.1@example.com>"
    assert "Reply-To" not in _read(build(LETTER, replace(ENVELOPE, reply_to="")))


def test_mails_of_one_batch_share_a_skeleton_and_nothing_of_each_other() -> None:
    people = [
        ("Ann", "ann@example.com"),
        ("Bob & Co", "bob@example.com"),
        ("Zoë", "zoe@example.com"),
        (None, "x@example.com"),
    ]
    mails = []
    for at, (name, address) in enumerate(people * 2):
        letter = replace(
            LETTER, first_name=name, link=f"{LINK}{at}&", expires_at=datetime(2026, 12, 1 + at, 9, 0, tzinfo=UTC)
        )
        envelope = replace(ENVELOPE, recipient=address, recipient_name=name, message_id=f"<{at}@example.com>")
        mails.append((build(letter, envelope), render(letter), envelope))
    for raw, said, envelope in mails:
        _assert_same(raw, said, envelope)
    assert len({raw for raw, _, _ in mails}) == len(mails)


@pytest.mark.parametrize("field", ["platform", "inviter", "message"])
def test_what_a_batch_shares_is_not_shared_beyond_it(field: str) -> None:
    build(LETTER, ENVELOPE)
    other = replace(LETTER, **{field: "Something else"})  # type: ignore[arg-type]
    assert _said(_read(build(other, ENVELOPE))) == render(other)
    assert "Something else" in render(other).text


def test_unknown_kinds_languages_and_time_zones_and_local_times_are_refused() -> None:
    with pytest.raises(ValueError, match="kind"):
        render(replace(LETTER, kind="../invitation"))
    with pytest.raises(KeyError):
        build(replace(LETTER, language="xx"), ENVELOPE)
    with pytest.raises(ValueError, match="time zone"):
        build(replace(LETTER, time_zone="Mars/Olympus"), ENVELOPE)
    with pytest.raises(ValueError, match="time zone"):
        build(replace(LETTER, expires_at=datetime(2026, 1, 1)), ENVELOPE)  # noqa: DTZ001 a naive time is what must be refused
    with pytest.raises(ValueError, match="time zone"):
        build(LETTER, replace(ENVELOPE, date=datetime(2026, 1, 1)))  # noqa: DTZ001 a naive time is what must be refused


def test_all_languages_have_the_same_mail_texts_with_the_same_placeholders() -> None:
    def placeholders(language: str) -> dict[str, set[str | None]]:
        mine = {key: value for key, value in texts(language).items() if key.startswith("mail.")}
        return {key: {name for _, name, _, _ in Formatter().parse(value) if name} for key, value in mine.items()}

    assert placeholders("en")
    assert placeholders("fr") == placeholders("en")
    assert placeholders("nl") == placeholders("en")


_ANYTHING = st.text(st.characters(), max_size=120) | st.text(
    "\ufdd0\ufdd1\ufdd2{}%=\r\n\t .<>&\"'?é\ud800\u202e", max_size=40
)


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    language=st.sampled_from(LANGUAGES),
    fields=st.fixed_dictionaries(dict.fromkeys(("platform", "inviter", "message", "first_name", "link"), _ANYTHING)),
    names=st.fixed_dictionaries(dict.fromkeys(("sender_name", "recipient_name"), _ANYTHING)),
)
@example(
    "invitation",
    "en",
    dict.fromkeys(("platform", "inviter", "message", "first_name", "link"), "\ufdd0\ufdd1\ufdd2"),
    {},
)
def test_any_text_in_any_field_makes_a_whole_mail(
    kind: str, language: str, fields: dict[str, str], names: dict[str, str]
) -> None:
    letter = replace(LETTER, kind=kind, language=language, **fields)  # type: ignore[arg-type]
    raw = build(letter, replace(ENVELOPE, **names))  # type: ignore[arg-type]
    _assert_fit_for_any_server(raw)
    message, said = _read(raw), render(letter)
    assert _defects(message) == []
    assert message.keys() == _read(build(LETTER, ENVELOPE)).keys()
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert _said(message) == said
    assert message["To"].addresses[0].addr_spec == ENVELOPE.recipient
    assert len(message["To"].addresses) == len(message["From"].addresses) == 1
    for seen in (said.subject, said.text, said.html):
        assert not re.search("[\ufdd0-\ufdef\u202e\ud800-\udfff]", seen)
    assert _Page(said.html).tags.count("a") == 2


@settings(max_examples=150, deadline=None)
@given(address=_ANYTHING | st.builds("{}@{}".format, _ANYTHING, _ANYTHING))
def test_any_text_as_an_address_is_refused_or_stays_one_header(address: str) -> None:
    try:
        raw = build(LETTER, replace(ENVELOPE, recipient=address, recipient_name=None))
    except ValueError:
        return
    assert f"\r\nTo: {address}\r\n".encode() in raw
    assert _read(raw).keys() == _read(build(LETTER, ENVELOPE)).keys()
