"""What a mail says, in its reader's language, and the bytes that say it. Words: texts/*.json; shape: templates/.

Never sends or looks anything up, knows no clock and no settings; a field can never become a header, markup or a link.
"""

import base64
import re
from binascii import b2a_qp
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.quoprimime import header_encode, header_length
from email.utils import format_datetime
from enum import IntEnum
from functools import lru_cache, partial
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import escape

from app.texts import text as words

KINDS: Final = frozenset({"invitation", "password_reset"})
"""The kinds of mail; each has a folder of templates and a section of texts under its name."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail is about. All but `first_name`, `link` and `expires_at` is usually the same for a whole batch."""

    kind: str
    language: str
    platform: str
    inviter: str
    message: str | None
    first_name: str | None
    link: str
    expires_at: datetime | None
    """When the link stops working (aware). None while that is not known, as in a preview: `valid_days` then says it."""
    time_zone: str
    valid_days: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who a mail is from and for. `message_id` stays the same however often the mail is tried; `date` is aware."""

    sender_address: str
    sender_name: str
    recipient: str
    recipient_name: str | None
    reply_to: str
    message_id: str
    date: datetime


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a reader sees: the subject and the two alternatives of the body."""

    subject: str
    text: str
    html: str


def render(letter: Letter) -> Rendered:
    """The words of a mail. Raises KeyError for a language, ValueError for a kind or time zone nobody installed."""
    return _render(_wording(letter), _greeting_name(letter.first_name), _line(letter.link), _until(letter))


def build(letter: Letter, envelope: Envelope) -> bytes:
    """The complete RFC 5322 message: 7 bit, CRLF, ready to send. Only an address outside ASCII makes it 8 bit.

    What it shares with the mail before (nearly everything) comes from a cache; it says exactly what `render` says.
    Raises what `render` raises, and ValueError for an address or Message-ID that could not stand in a header.
    """
    name = _greeting_name(letter.first_name)
    frame = _Frame(_wording(letter), name is not None, envelope.sender_address, envelope.sender_name, envelope.reply_to)
    skeleton = _skeleton(frame)
    text_name, html_name = _both_ways(name or "")
    text_link, html_link = _both_ways(_line(letter.link))
    text_until, html_until = _until_both_ways(letter.language, letter.time_zone, letter.expires_at)
    values = (  # in the order of _Gap
        _mailbox(_greeting_name(envelope.recipient_name), envelope.recipient),
        _header_date(envelope.date.replace(microsecond=0)),
        _message_id(envelope.message_id),
        text_name,
        text_link,
        text_until,
        html_name,
        html_link,
        html_until,
    )
    pieces = list(skeleton.pieces)
    for place, gap in skeleton.gaps:
        pieces[place] = values[gap]
    return b"".join(pieces)


# --- What it says ----------------------------------------------------------------------------------------------------

_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(("html",), default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


class _Wording(NamedTuple):
    """What decides the words, apart from the three fields that are each reader's own."""

    kind: str
    language: str
    platform: str
    inviter: str
    message: str | None
    days: int | None


def _wording(letter: Letter) -> _Wording:
    days = letter.valid_days if letter.expires_at is None else None
    if letter.kind == "invitation":
        return _Wording(letter.kind, letter.language, letter.platform, letter.inviter, letter.message, days)
    return _Wording(letter.kind, letter.language, letter.platform, "", None, days)  # nobody invites to a new password


def _render(wording: _Wording, name: str | None, link: str, until: str | None) -> Rendered:
    if wording.kind not in KINDS:
        raise ValueError("not a kind of mail")
    platform, inviter = _line(wording.platform), _line(wording.inviter)
    context = {
        "t": partial(_say, wording.language),
        "language": wording.language,
        "own": not inviter or inviter.casefold() == platform.casefold(),  # not "Acme invites you to Acme"
        "days": wording.days,
        "name": name,
        "link": link,
        "until": until,
    }
    subject = _TEMPLATES.get_template(f"{wording.kind}/subject.txt").render(context, platform=platform, inviter=inviter)
    context |= {
        "subject": subject,
        "platform": _unlinked(platform),
        "inviter": _unlinked(inviter),
        "message": _lines(wording.message or ""),
    }
    text = _TEMPLATES.get_template(f"{wording.kind}/body.txt").render(context)
    html = _TEMPLATES.get_template(f"{wording.kind}/body.html").render(context)
    return Rendered(subject, text + "\n", html + "\n")


def _say(language: str, key: str, **params: object) -> str:
    return words(language, f"mail.{key}", **params)


def _until(letter: Letter) -> str | None:
    if letter.expires_at is None:
        return None
    return _date_time(letter.language, letter.time_zone, letter.expires_at.replace(second=0, microsecond=0))


@lru_cache(maxsize=1024)
def _date_time(language: str, time_zone: str, moment: datetime) -> str:
    """`Friday 27 November 2026 at 14:05 (Europe/Brussels)`; to the minute, rounded down: never a promise too long."""
    if moment.tzinfo is None:
        raise ValueError("a time without a time zone")
    try:
        local = moment.astimezone(ZoneInfo(time_zone))
    except (KeyError, OSError) as error:
        raise ValueError("not a time zone") from error
    say = partial(_say, language)
    return say(
        "date_time",
        weekday=say(f"weekday.{local.isoweekday()}"),
        day=say("first_day") if local.day == 1 else local.day,
        month=say(f"month.{local.month}"),
        year=local.year,
        hour=local.hour,
        minute=local.minute,
        time_zone=time_zone,
    )


# --- What a field may hold -------------------------------------------------------------------------------------------

_CONTROLS: Final = (
    r"\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: line breaks among them
    r"\u202a-\u202e\u2066-\u2069"  # embeddings and overrides: would turn the direction of our words behind them
    r"\u2028\u2029"  # line and paragraph separators
    r"\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"  # cannot be encoded, or are no characters (our marks: _MARKS)
)
_NOT_IN_A_LINE: Final = re.compile(f"[ {_CONTROLS}]+")
_LINE_BREAK: Final = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_NOT_IN_LINES: Final = re.compile(f"[{_CONTROLS}](?<!\n)")
_LINK_LIKE: Final = re.compile(r"[/\\@＠]|www[.。．｡]|[.。．｡]\w\w", re.IGNORECASE)
_LINK_JOINT: Final = re.compile(r"([.。．｡:/\\@＠])")
_ADDRESS: Final = re.compile(rf'(?!.*=\?)[^\s{_CONTROLS}<>()\[\],:;"\\@]+@[^\s{_CONTROLS}<>()\[\],:;"\\@]+')
_MESSAGE_ID: Final = re.compile(r"<?([\w!#$%&'*+/=?^`{|}~.-]+@[\w.-]+)>?", re.ASCII)


def _line(value: str) -> str:
    """A field as one line: what cannot be seen in it (line breaks, controls) becomes a space."""
    return _NOT_IN_A_LINE.sub(" ", value).strip()


def _lines(value: str) -> str:
    """The personal message: its line breaks stay, other controls become spaces."""
    return _NOT_IN_LINES.sub(" ", _LINE_BREAK.sub("\n", value)).strip()


def _greeting_name(first_name: str | None) -> str | None:
    """The name to greet, None without one. A "name" that mail programs would turn into a link is advertising by
    invitation, an old trick: whoever has `/`, `@`, `www.` or a dot with letters behind it (`evil.example`, but not
    `J. P.`) in the first name is greeted without it.
    """
    name = _line(first_name or "")
    return name if name and not _LINK_LIKE.search(name) else None


def _unlinked(name: str) -> str:
    """A platform's or inviter's name, which cannot be left out: a zero-width space keeps `learn.example` from
    becoming a link in mail programs that look for addresses in plain words.
    """
    return _LINK_JOINT.sub("\\1\u200b", name) if _LINK_LIKE.search(name) else name


# --- Headers ---------------------------------------------------------------------------------------------------------

_ENCODED: Final = 52  # with `=?utf-8?b?..?=` around it and a header's name before it: below 76
_PLAIN: Final = 200


def _encoded_words(value: str) -> str:
    """RFC 2047: one encoded word where that is enough, else several, none of them splitting a character."""
    whole = value.encode()
    if len(whole) > _ENCODED // 4 * 3 and header_length(whole) <= _ENCODED:
        return header_encode(whole, "utf-8")
    chunks = [b""]
    for character in value:
        encoded = character.encode()
        if len(chunks[-1]) + len(encoded) > _ENCODED // 4 * 3:
            chunks.append(b"")
        chunks[-1] += encoded
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(chunk).decode()}?=" for chunk in chunks)


def _is_plain(value: str) -> bool:
    """Words that need no encoding. What only looks like an encoded word does."""
    return value.isascii() and len(value) <= _PLAIN and "=?" not in value


def _address(value: str) -> str:
    if len(value) > 320 or not _ADDRESS.fullmatch(value):
        raise ValueError("not an e-mail address that could stand in a header")
    return value


def _mailbox(name: str | None, address: str) -> bytes:
    """`"Name" <address>`, or the address alone."""
    address = _address(address)
    name = _line(name or "")
    if not name:
        return address.encode()
    display = '"' + re.sub(r'(["\\])', r"\\\1", name) + '"' if _is_plain(name) else _encoded_words(name)
    gap = " " if len(display) + len(address) <= 64 else "\r\n "
    return f"{display}{gap}<{address}>".encode()


def _message_id(value: str) -> bytes:
    match = _MESSAGE_ID.fullmatch(value)
    if match is None or len(value) > 250:
        raise ValueError("not a Message-ID")
    return f"<{match[1]}>".encode()


@lru_cache(maxsize=64)
def _header_date(moment: datetime) -> bytes:
    if moment.tzinfo is None:
        raise ValueError("a time without a time zone")
    return format_datetime(moment).encode()


# --- Bytes -----------------------------------------------------------------------------------------------------------


class _Gap(IntEnum):
    """What is put into a skeleton for each mail, and where it stands in `values` of `build`."""

    TO = 0
    DATE = 1
    MESSAGE_ID = 2
    TEXT_NAME = 3
    TEXT_LINK = 4
    TEXT_UNTIL = 5
    HTML_NAME = 6
    HTML_LINK = 7
    HTML_UNTIL = 8


_NAME_MARK, _LINK_MARK, _UNTIL_MARK = _MARKS = "\ufdd0", "\ufdd1", "\ufdd2"
"""Rendered in place of what is each mail's own. Noncharacters: `_line` and `_lines` let none through from a field."""
_AT_A_MARK: Final = re.compile("([" + "".join(_MARKS) + "])")
_TEXT_GAPS: Final = dict(zip(_MARKS, (_Gap.TEXT_NAME, _Gap.TEXT_LINK, _Gap.TEXT_UNTIL), strict=True))
_HTML_GAPS: Final = dict(zip(_MARKS, (_Gap.HTML_NAME, _Gap.HTML_LINK, _Gap.HTML_UNTIL), strict=True))
_BOUNDARY: Final = "=_rollcall"  # quoted-printable can never contain `=_` (RFC 2045, 6.7), so no part can


class _Frame(NamedTuple):
    """Everything mails of a batch share."""

    wording: _Wording
    named: bool
    sender_address: str
    sender_name: str
    reply_to: str


@dataclass(frozen=True, slots=True)
class _Skeleton:
    """A message with gaps: `pieces` holds b"" at each place that `gaps` names."""

    pieces: tuple[bytes, ...]
    gaps: tuple[tuple[int, int], ...]


@lru_cache(maxsize=256)
def _skeleton(frame: _Frame) -> _Skeleton:
    wording = frame.wording
    until = _UNTIL_MARK if wording.days is None else None
    said = _render(wording, _NAME_MARK if frame.named else None, _LINK_MARK, until)
    reply_to = [f"Reply-To: {_address(frame.reply_to)}"] if frame.reply_to else []
    before_to = "From: " + _mailbox(frame.sender_name, frame.sender_address).decode() + "\r\nTo: "
    headers = [
        "",
        *reply_to,
        "Subject: " + (said.subject if _is_plain(said.subject) else _encoded_words(said.subject)),
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",
        "MIME-Version: 1.0",
        f"Content-Language: {wording.language}",
        f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"',
        "",
        "",
    ]
    parts: list[bytes | _Gap] = [before_to.encode(), _Gap.TO, b"\r\nDate: ", _Gap.DATE]
    parts += [b"\r\nMessage-ID: ", _Gap.MESSAGE_ID, "\r\n".join(headers).encode()]
    for subtype, content, gaps in (("plain", said.text, _TEXT_GAPS), ("html", said.html, _HTML_GAPS)):
        opening = [
            f"--{_BOUNDARY}",
            f'Content-Type: text/{subtype}; charset="utf-8"',
            "Content-Transfer-Encoding: quoted-printable",
            "",
            "",
        ]
        parts += ["\r\n".join(opening).encode(), *_body(content, gaps), b"\r\n"]
    return _folded([*parts, f"--{_BOUNDARY}--\r\n".encode()])


def _body(content: str, gaps: dict[str, _Gap]) -> list[bytes | _Gap]:
    """A body in quoted-printable, cut at its marks. A gap has lines of its own (soft line breaks around it), so
    whatever is put in needs to know nothing about the length of the lines it lands in.
    """
    pieces = _AT_A_MARK.split(content)  # words, mark, words, mark, ..., words
    parts: list[bytes | _Gap] = []
    for place, piece in enumerate(pieces):
        if place % 2:
            parts.append(gaps[piece])
            continue
        after_gap = place > 0 and not piece.startswith("\n")
        before_gap = place < len(pieces) - 1 and not piece.endswith("\n")
        soft = (b"=\r\n" if after_gap else b""), (b"=\r\n" if before_gap else b"")
        parts.append(soft[0] + _quoted_printable(piece) + soft[1])
    return parts


def _folded(parts: Sequence[bytes | _Gap]) -> _Skeleton:
    """Neighbouring bytes joined to one piece."""
    pieces: list[bytes] = [b""]
    gaps: list[tuple[int, int]] = []
    for part in parts:
        if isinstance(part, _Gap):
            gaps.append((len(pieces), int(part)))
            pieces += [b"", b""]
        else:
            pieces[-1] += part
    return _Skeleton(tuple(pieces), tuple(gaps))


def _quoted_printable(value: str) -> bytes:
    """Without a line break of its own at the end. b2a_qp fills the very last line to 76 characters, which leaves no
    room for the `=` of a soft line break: a character behind the end, taken off again, keeps it free.
    """
    return b2a_qp(value.encode() + b"x")[:-1].replace(b"\n", b"\r\n")


def _both_ways(value: str) -> tuple[bytes, bytes]:
    """A value as it stands in the text part and, escaped, in the HTML part."""
    plain = _quoted_printable(value)
    escaped = str(escape(value))
    return plain, plain if escaped == value else _quoted_printable(escaped)


def _until_both_ways(language: str, time_zone: str, moment: datetime | None) -> tuple[bytes, bytes]:
    if moment is None:
        return b"", b""
    return _minute_both_ways(language, time_zone, moment.replace(second=0, microsecond=0))


@lru_cache(maxsize=1024)
def _minute_both_ways(language: str, time_zone: str, moment: datetime) -> tuple[bytes, bytes]:
    return _both_ways(_date_time(language, time_zone, moment))
