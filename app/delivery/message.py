"""The bytes of a mail: a complete message from what it says and who it is for, fast, from a cached skeleton.

Never sends or looks anything up, knows no clock and no settings; a field can never become a header.

Its headers, and why:

| header | value and reason |
|---|---|
| From | The platform's sender name and MAIL_FROM, the one address whose domain SPF, DKIM and DMARC can vouch for. |
| To | The one recipient, by name: nobody sees who else was invited. |
| Date | When it was written, UTC (required by RFC 5322). |
| Message-ID | Invitation and generation at MAIL_FROM's domain: a mail sent again after a crash has the same, \
so mailboxes and people recognise it. |
| Reply-To | The administrator who invites, else MAIL_FROM: an answer reaches a person. |
| Subject | Who invites and to what; no prefix, no reader's name. |
| Auto-Submitted | `auto-generated` (RFC 3834): no vacation notice answers it. |
| X-Auto-Response-Suppress | `OOF, AutoReply`: the same for Exchange. Not `All`, which keeps bounces back too. |
| MIME-Version | `1.0` (required by RFC 2045). |
| Content-Language | The reader's language (RFC 3282), for screen readers and translators. |
| Content-Type | `multipart/alternative`, the plain text first as RFC 2046 has it. It is `format=flowed` (RFC 3676): \
lines for terminals that phones join again. Both are UTF-8. |
| Content-Transfer-Encoding | `quoted-printable`, for both parts: 7 bit and lines of 76, legal for every server. |

What it has not, and why: no List-Unsubscribe, List-Id or Precedence: it is one person's mail about their own account
and no subscription; nothing could be unsubscribed (RFC 8058 and the rules of large mailboxes ask it of marketing and
subscriptions only), and saying so would make it a newsletter. No Feedback-ID: it counts only under the DKIM signature
of whoever signs, so that server sets it. No Return-Path, Received or DKIM-Signature: the mail server's. No
Disposition-Notification-To, no picture, no counted link: nobody is watched. No X-Mailer, priority or importance.
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
from textwrap import wrap
from typing import Final, NamedTuple

from app.delivery.harmless import CONTROLS, greeting_name, one_line
from app.delivery.letter import MARKS, Letter, OwnWords, Wording, say, split


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
    wording, in_text, in_html = split(letter)
    skeleton = _skeleton(_Frame(wording, envelope.sender_address, envelope.sender_name, envelope.reply_to))
    text_words = _encoded(in_text)
    html_words = text_words if in_html == in_text else _encoded(in_html)
    values = (  # in the order of _Gap
        _mailbox(greeting_name(envelope.recipient_name), envelope.recipient),
        _header_date(envelope.date.replace(microsecond=0)),
        _message_id(envelope.message_id),
        *text_words,
        *html_words,
    )
    pieces = list(skeleton.pieces)
    for place, gap in skeleton.gaps:
        pieces[place] = values[gap]
    return b"".join(pieces)


_ADDRESS: Final = re.compile(rf'(?!.*=\?.*\?=)[^\s{CONTROLS}<>()\[\],:;"\\@]+@[^\s{CONTROLS}<>()\[\],:;"\\@]+')
_MESSAGE_ID: Final = re.compile(r"<?([\w!#$%&'*+/=?^`{|}~.-]+@[\w.-]+)>?", re.ASCII)

# --- Headers ---------------------------------------------------------------------------------------------------------

_ENCODED: Final = 52  # with `=?utf-8?b?..?=` around it and a header's name before it: below 76
_CHUNK: Final = _ENCODED // 4 * 3  # bytes that base64 makes that long
_PLAIN: Final = 60  # with a header's name before it or an address behind it: below 78


def _encoded_words(value: str) -> str:
    """RFC 2047: one encoded word where that is enough, else several, none of them splitting a character."""
    whole = value.encode()
    if len(whole) <= _CHUNK:
        return _encoded_word(whole)
    if header_length(whole) <= _ENCODED:
        return header_encode(whole, "utf-8")
    chunks = [b""]
    for character in value:
        encoded = character.encode()
        if len(chunks[-1]) + len(encoded) > _CHUNK:
            chunks.append(b"")
        chunks[-1] += encoded
    return "\r\n ".join(map(_encoded_word, chunks))


def _encoded_word(value: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(value).decode()}?="


def _is_plain(value: str) -> bool:
    """Words that need no encoding. What only looks like an encoded word does, and a word too long for a line."""
    return value.isascii() and "=?" not in value and (len(value) <= _PLAIN or max(map(len, value.split(" "))) <= _PLAIN)


def _folded(value: str) -> str:
    """Plain words in lines; unfolded (RFC 5322, 2.2.3) they are what they were."""
    if len(value) <= _PLAIN:
        return value
    return "\r\n ".join(wrap(value, _PLAIN, break_long_words=False, break_on_hyphens=False))


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
    display = _quoted(name) if _is_plain(name) else _encoded_words(name)
    gap = " " if len(display) + len(address) <= 64 else "\r\n "
    return f"{display}{gap}<{address}>".encode()


def _quoted(name: str) -> str:
    return _folded('"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"')


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


_AT_A_MARK: Final = re.compile("([" + "".join(MARKS) + "])")
_TEXT_GAPS: Final = dict(zip(MARKS, (_Gap.TEXT_NAME, _Gap.TEXT_LINK, _Gap.TEXT_UNTIL), strict=True))
_HTML_GAPS: Final = dict(zip(MARKS, (_Gap.HTML_NAME, _Gap.HTML_LINK, _Gap.HTML_UNTIL), strict=True))
_PLAIN_TEXT: Final = "text/plain; charset=utf-8; format=flowed"
_HTML: Final = "text/html; charset=utf-8"
_BOUNDARY: Final = "=_rollcall"  # quoted-printable can never contain `=_` (RFC 2045, 6.7), so no part can


class _Frame(NamedTuple):
    """Everything mails of a batch share."""

    wording: Wording
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
    said = say(wording)
    reply_to = [f"Reply-To: {_address(frame.reply_to)}"] if frame.reply_to else []
    before_to = "From: " + _mailbox(frame.sender_name, frame.sender_address).decode() + "\r\nTo: "
    headers = [
        "",
        *reply_to,
        "Subject: " + (_folded(said.subject) if _is_plain(said.subject) else _encoded_words(said.subject)),
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "MIME-Version: 1.0",
        f"Content-Language: {wording.language}",
        f'Content-Type: multipart/alternative; boundary="{_BOUNDARY}"',
        "",
        "",
    ]
    parts: list[bytes | _Gap] = [before_to.encode(), _Gap.TO, b"\r\nDate: ", _Gap.DATE]
    parts += [b"\r\nMessage-ID: ", _Gap.MESSAGE_ID, "\r\n".join(headers).encode()]
    for kind, content, gaps in ((_PLAIN_TEXT, said.text, _TEXT_GAPS), (_HTML, said.html, _HTML_GAPS)):
        opening = [
            f"--{_BOUNDARY}",
            f"Content-Type: {kind}",
            "Content-Transfer-Encoding: quoted-printable",
            "",
            "",
        ]
        parts += ["\r\n".join(opening).encode(), *_body(content, gaps), b"\r\n"]
    return _joined([*parts, f"--{_BOUNDARY}--\r\n".encode()])


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


def _joined(parts: Sequence[bytes | _Gap]) -> _Skeleton:
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
    """Without a line break of its own at the end. The space of a flowed line is encoded here: b2a_qp does not always
    leave room for it in the 76 characters of a line.
    """
    if " \n" not in value:
        return _without_line_end(value)
    first, *others = value.split(" \n")
    encoded = _without_line_end(first)
    for other in others:
        room = 76 - len(encoded) + encoded.rfind(b"\n") + 1
        encoded += (b"=20\r\n" if room >= 3 else b"=\r\n=20\r\n") + _without_line_end(other)
    return encoded


def _without_line_end(value: str) -> bytes:
    """b2a_qp fills the very last line to 76 characters, which leaves no room for the `=` of a soft line break: a
    character behind the end, taken off again, keeps it free.
    """
    return b2a_qp(value.encode() + b"x")[:-1].replace(b"\n", b"\r\n")


def _encoded(words: OwnWords) -> tuple[bytes, bytes, bytes]:
    return _quoted_printable(words.name), _quoted_printable(words.link), _encoded_until(words.until)


_encoded_until = lru_cache(maxsize=1024)(_quoted_printable)  # the same for all mails of a minute
