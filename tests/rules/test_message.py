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

from app.delivery import message as bytes_of_mails
from app.delivery.letter import Letter, Rendered, render
from app.delivery.message import Envelope, build
from app.texts import text, texts
from tests.rules.test_flowed import read_flowed

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
        self.paragraphs: list[str] = []
        self._in_a_paragraph = False
        self.links: list[str | None] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "p":
            self.paragraphs.append("")
            self._in_a_paragraph = True
        self.links += [value for name, value in attrs if name in {"href", "src", "background"}]

    def handle_endtag(self, tag: str) -> None:
        self._in_a_paragraph = self._in_a_paragraph and tag != "p"

    def handle_data(self, data: str) -> None:
        self.words += data
        if self._in_a_paragraph:
            self.paragraphs[-1] += data


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
    message.set_content(said.text, cte="base64", params={"format": "flowed"})
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
    for mine, same in zip(ours.walk(), theirs.walk(), strict=True):
        assert mine.get_content_type() == same.get_content_type()
        assert mine["Content-Type"].params.keys() == same["Content-Type"].params.keys()


def _assert_fit_for_any_server(raw: bytes) -> None:
    assert raw.isascii()
    assert b"\0" not in raw
    assert raw.endswith(b"\r\n")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    body = raw.partition(b"\r\n\r\n")[2]
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def _paragraphs(said: Rendered) -> list[str]:
    """What the text part says, its lines joined as a mail program joins them."""
    return [_in_one_line(paragraph) for paragraph in read_flowed(said.text)]


def _in_one_line(words: str) -> str:
    return re.sub("[ \n]+", " ", words).strip(" ")


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
    for seen in ("\n".join(_paragraphs(said)), page.words):
        assert "Hello Ann," in seen
        assert "Zoë Lefèvre has invited you to join Évolution Academy" in seen
        assert "Welcome aboard!\nSee you on Monday." in seen
        assert "until Friday 27 November 2026 at 14:05 (Europe/Brussels)." in seen
        assert "because Zoë Lefèvre invited you" in seen
        assert "ignore it" in seen
        assert LINK in seen
    assert f"\n{LINK}\n" in said.text
    assert page.links == [LINK, LINK]
    assert not {"img", "script", "form", "link", "iframe"} & set(page.tags)
    assert page.tags.count("h1") == 1
    assert '<html lang="en" dir="ltr">' in said.html


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("changes", [{}, {"expires_at": None}, {"message": None, "inviter": "", "first_name": None}])
def test_the_plain_text_says_all_that_the_page_says(kind: str, language: str, changes: dict[str, None]) -> None:
    letter = replace(LETTER, kind=kind, language=language, **changes)  # type: ignore[arg-type] # fields by name
    said = render(letter)
    in_text = " ".join(_paragraphs(said))
    only_on_the_page = {letter.platform, text(language, "mail.link_hint")}
    for paragraph in _Page(said.html).paragraphs:
        told = _in_one_line(paragraph)
        assert told in only_on_the_page or told in in_text


def test_the_plain_text_is_wrapped_and_its_paragraphs_stand_apart() -> None:
    for kind, language in ((kind, language) for kind in KINDS for language in LANGUAGES):
        letter = replace(LETTER, kind=kind, language=language, message="Lots of words. " * 300, first_name="Ann " * 150)
        said = render(letter)
        assert {line for line in said.text.split("\n") if len(line) > 78} == {LINK}
        assert "\n\n\n" not in said.text
        assert said.text.count("\n\n") == (8 if kind == "invitation" else 5)


def test_a_personal_message_keeps_its_lines_and_is_quoted_in_the_plain_text() -> None:
    said = render(replace(LETTER, message="  Dear Ann,\r\n\r\n\r\n\r\n> you\u2028-- \nZoë \n"))
    assert "\n\n> Dear Ann,\n>\n> > you\n> --\n> Zoë\n\n" in said.text
    assert _Page(said.html).paragraphs[4:6] == ["Dear Ann,", "> you\n-- \nZoë"]


def test_the_mail_stays_small_whatever_the_message() -> None:
    def size(message: str) -> int:
        return len(render(replace(LETTER, message=message)).html.encode())

    assert size("Lots of words. " * 333) < 20_000
    for worst in ("a\n\n" * 1_666, '"' * 5_000, "\N{PARTY POPPER}" * 5_000):
        assert size(worst) < 102_400, "some mailboxes cut here"


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
        assert f"\n{expected}.\n" in render(letter).text
        assert expected in _said(_read(build(letter, ENVELOPE))).html


def test_a_preview_says_how_long_the_link_will_work() -> None:
    preview = replace(LETTER, expires_at=None)
    assert "works for 7 days after" in render(preview).text
    assert "works for one day after" in render(replace(preview, valid_days=1)).text
    assert "works for one hour." in render(replace(preview, kind="password_reset")).text


def test_a_password_reset_says_nothing_of_inviters_and_their_messages() -> None:
    said = render(replace(LETTER, kind="password_reset"))
    assert said.subject == "Choose a new password for Évolution Academy"
    assert any("one hour, until Friday 27 November" in paragraph for paragraph in _paragraphs(said))
    for seen in (said.text, said.html):
        assert "Zoë" not in seen
        assert "Welcome aboard" not in seen


def test_a_platform_that_invites_in_its_own_name_does_not_invite_to_itself() -> None:
    said = render(replace(LETTER, inviter="évolution  academy"))
    assert said.subject == "Your invitation to Évolution Academy"
    assert "We invite you to join Évolution Academy" in said.text
    assert render(replace(LETTER, inviter=" \r\n")) == said


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
    said = render(replace(LETTER, platform="school.example", inviter="www.evil.example/win"))
    for seen in (said.text, _Page(said.html).words.partition("Hello")[2]):
        assert "school.example" not in seen
        assert "evil.example" not in seen
        assert "school.\N{WORD JOINER}example" in seen


def test_an_administrator_without_a_name_is_called_by_an_address_that_can_be_copied() -> None:
    said = render(replace(LETTER, inviter="ann-lee@acme.example"))
    assert said.subject == "ann-lee@acme.example invites you to Évolution Academy"
    for seen in (said.text, _Page(said.html).words):
        assert "ann-lee@acme.example has invited you" in seen


@pytest.mark.parametrize("name", ["שרה", "محمد בן", "שרה (2026)"])
def test_a_name_from_right_to_left_does_not_turn_the_words_around_it(name: str) -> None:
    letter = replace(LETTER, platform=name, inviter=f"{name} Lee", first_name=name)
    said = render(letter)
    assert said.subject == f"\u2068{name} Lee\u2069 invites you to \u2068{name}\u2069"
    assert said.text.startswith(f"Hello \u2068{name}\u2069,\n")
    assert f'Hello <span dir="auto">{name}</span>,' in said.html
    assert _said(_read(build(letter, ENVELOPE))) == said


def test_no_name_can_leave_the_isolation_it_is_put_in() -> None:
    trick = "\u202eevil\u2069 שרה \u2066\u2067"
    said = render(replace(LETTER, platform=trick, inviter=trick, first_name=trick, message=trick))
    for seen in (said.subject, said.text, said.html):
        assert not re.search("[\u202a-\u202e\u2066\u2067]", seen)
        assert seen.count("\u2068") == seen.count("\u2069")


def test_markup_in_any_field_is_shown_and_never_obeyed() -> None:
    trick = '<b onclick="x">&amp;\'</b>'
    letter = replace(LETTER, platform=f"P{trick}", inviter=f"I{trick}", message=f"M{trick}", first_name="F<img src=x>")
    for message in (_said(_read(build(letter, ENVELOPE))), render(letter)):
        page = _Page(message.html)
        assert "b" not in page.tags
        assert "img" not in page.tags
        assert f"M{trick}" in page.words
        assert f"M{trick}" in " ".join(_paragraphs(message))
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
        "Plain words that go on " * 26 + "and on",
        'Plain "words" and signs ' * 24 + "and on",
        "x" * 600,
        "é" * 39,
    ],
)
def test_a_name_in_a_header_is_read_back_as_it_was(name: str) -> None:
    raw = build(replace(LETTER, platform=name), replace(ENVELOPE, sender_name=name, recipient_name=name))
    message = _read(raw)
    assert _defects(message) == []
    for header in ("From", "To"):
        assert _without_spaces(message[header].addresses[0])[0] == name.replace(" ", "")
    assert re.sub("[\u2068\u2069]", "", str(message["Subject"])) == f"Zoë Lefèvre invites you to {name}"
    assert max(map(len, raw.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 78


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
            build(LETTER, replace(ENVELOPE, **{field: address}))  # type: ignore[arg-type] # fields by name
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
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert message["Content-Language"] == "en"
    assert message["Reply-To"] == "help@example.com"
    assert message["Message-ID"] == "<0190.1@example.com>"
    assert "Reply-To" not in _read(build(LETTER, replace(ENVELOPE, reply_to="")))


def test_every_header_is_documented_with_its_reason() -> None:
    rows = re.findall(r"^\| ([A-Z][\w-]+) \| .{20,} \|$", bytes_of_mails.__doc__ or "", re.MULTILINE)
    headers = {name: None for part in _read(build(LETTER, ENVELOPE)).walk() for name in part.keys()}  # noqa: SIM118 a message gives no keys by itself
    assert rows == list(headers)


def test_what_only_word_reads_is_closed_again() -> None:
    for kind in KINDS:
        html = render(replace(LETTER, kind=kind)).html
        read_by_word = "".join(re.findall(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", html))
        assert re.findall(r"</?\w+", read_by_word) == ["<table", "<tr", "<td", "</td", "</tr", "</table"]
        assert html.count("<!--") == html.count("-->") == 2


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
    other = replace(LETTER, **{field: "Something else"})  # type: ignore[arg-type] # fields by name
    assert _said(_read(build(other, ENVELOPE))) == render(other)
    assert "Something else" in " ".join(_paragraphs(render(other)))


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
    letter = replace(LETTER, kind=kind, language=language, **fields)  # type: ignore[arg-type] # fields by name
    raw = build(letter, replace(ENVELOPE, **names))  # type: ignore[arg-type] # fields by name
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
