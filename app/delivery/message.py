"""The bytes of a mail: a complete message from what it says and who it is for, fast, from a cached skeleton.

Never sends or looks anything up, knows no clock and no settings; a field can never become a header.
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
from functools import lru_cache
from typing import Final, NamedTuple

from markupsafe import escape

from app.delivery.letter import CONTROLS, Letter, Wording, date_time, greeting_name, one_line, say, wording_of


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


def build(letter: Letter, envelope: Envelope) -> bytes:
    """The complete RFC 5322 message: 7 bit, CRLF, ready to send. Only an address outside ASCII makes it 8 bit.

    What it shares with the mail before (nearly everything) comes from a cache; it says exactly what `render` says.
    Raises what `render` raises, and ValueError for an address or Message-ID that could not stand in a header.
    """
    name = greeting_name(letter.first_name)
    frame = _Frame(
        wording_of(letter), name is not None, envelope.sender_address, envelope.sender_name, envelope.reply_to
    )
    skeleton = _skeleton(frame)
    text_name, html_name = _both_ways(name or "")
    text_link, html_link = _both_ways(one_line(letter.link))
    text_until, html_until = _until_both_ways(letter.language, letter.time_zone, letter.expires_at)
    values = (  # in the order of _Gap
        _mailbox(greeting_name(envelope.recipient_name), envelope.recipient),
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


_ADDRESS: Final = re.compile(rf'(?!.*=\?.*\?=)[^\s{CONTROLS}<>()\[\],:;"\\@]+@[^\s{CONTROLS}<>()\[\],:;"\\@]+')
_MESSAGE_ID: Final = re.compile(r"<?([\w!#$%&'*+/=?^`{|}~.-]+@[\w.-]+)>?", re.ASCII)

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
    name = one_line(name or "")
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
"""Rendered in place of what is each mail's own. Noncharacters: the cleaning of fields (letter) lets none through."""
_AT_A_MARK: Final = re.compile("([" + "".join(_MARKS) + "])")
_TEXT_GAPS: Final = dict(zip(_MARKS, (_Gap.TEXT_NAME, _Gap.TEXT_LINK, _Gap.TEXT_UNTIL), strict=True))
_HTML_GAPS: Final = dict(zip(_MARKS, (_Gap.HTML_NAME, _Gap.HTML_LINK, _Gap.HTML_UNTIL), strict=True))
_BOUNDARY: Final = "=_rollcall"  # quoted-printable can never contain `=_` (RFC 2045, 6.7), so no part can


class _Frame(NamedTuple):
    """Everything mails of a batch share."""

    wording: Wording
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
    said = say(wording, _NAME_MARK if frame.named else None, _LINK_MARK, until)
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
    return _both_ways(date_time(language, time_zone, moment))
