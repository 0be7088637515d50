"""What a mail says, in its reader's language. Words: texts/*.json; shape: templates/. The bytes are message's business.

Never sends or looks anything up, knows no clock and no settings; a field can never become markup or a link.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

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
class Rendered:
    """What a reader sees: the subject and the two alternatives of the body."""

    subject: str
    text: str
    html: str


def render(letter: Letter) -> Rendered:
    """The words of a mail. Raises KeyError for a language, ValueError for a kind or time zone nobody installed."""
    return say(wording_of(letter), greeting_name(letter.first_name), one_line(letter.link), _until(letter))


# --- What it says ----------------------------------------------------------------------------------------------------

_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(("html",), default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


class Wording(NamedTuple):
    """What decides the words, apart from the three fields that are each reader's own."""

    kind: str
    language: str
    platform: str
    inviter: str
    message: str | None
    days: int | None


def wording_of(letter: Letter) -> Wording:
    """What a letter shares with those of its batch."""
    days = letter.valid_days if letter.expires_at is None else None
    if letter.kind == "invitation":
        return Wording(letter.kind, letter.language, letter.platform, letter.inviter, letter.message, days)
    return Wording(letter.kind, letter.language, letter.platform, "", None, days)  # nobody invites to a new password


def say(wording: Wording, name: str | None, link: str, until: str | None) -> Rendered:
    """The words, with a reader's own. Raises ValueError for a kind of mail there is not."""
    if wording.kind not in KINDS:
        raise ValueError("not a kind of mail")
    platform, inviter = one_line(wording.platform), one_line(wording.inviter)
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
    return date_time(letter.language, letter.time_zone, letter.expires_at.replace(second=0, microsecond=0))


@lru_cache(maxsize=1024)
def date_time(language: str, time_zone: str, moment: datetime) -> str:
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

CONTROLS: Final = (
    r"\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: line breaks among them
    r"\u202a-\u202e\u2066-\u2069"  # embeddings and overrides: would turn the direction of our words behind them
    r"\u2028\u2029"  # line and paragraph separators
    r"\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"  # cannot be encoded, or are no characters (our marks: _MARKS)
)
_NOT_IN_A_LINE: Final = re.compile(f"[ {CONTROLS}]+")
_LINE_BREAK: Final = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_NOT_IN_LINES: Final = re.compile(f"[{CONTROLS}](?<!\n)")
_LINK_LIKE: Final = re.compile(r"[/\\@＠]|www[.。．｡]|[.。．｡]\w\w", re.IGNORECASE)
_LINK_JOINT: Final = re.compile(r"([.。．｡:/\\@＠])")


def one_line(value: str) -> str:
    """A field as one line: what cannot be seen in it (line breaks, controls) becomes a space."""
    return _NOT_IN_A_LINE.sub(" ", value).strip()


def _lines(value: str) -> str:
    """The personal message: its line breaks stay, other controls become spaces."""
    return _NOT_IN_LINES.sub(" ", _LINE_BREAK.sub("\n", value)).strip()


def greeting_name(first_name: str | None) -> str | None:
    """The name to greet, None without one. A "name" that mail programs would turn into a link is advertising by
    invitation, an old trick: whoever has `/`, `@`, `www.` or a dot with letters behind it (`evil.example`, but not
    `J. P.`) in the first name is greeted without it.
    """
    name = one_line(first_name or "")
    return name if name and not _LINK_LIKE.search(name) else None


def _unlinked(name: str) -> str:
    """A platform's or inviter's name, which cannot be left out: a zero-width space keeps `learn.example` from
    becoming a link in mail programs that look for addresses in plain words.
    """
    return _LINK_JOINT.sub("\\1\u200b", name) if _LINK_LIKE.search(name) else name
