"""What a mail says, in its reader's language. Words: texts/*.json; shape: templates/. The bytes are message's business.

Never sends or looks anything up, knows no clock and no settings; a field can never become markup or a link.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from app.delivery.flowed import flowed, flowed_within, quoted
from app.delivery.harmless import greeting_name, isolated, isolated_in_html, lines, one_line, unlinked
from app.texts import text, texts

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
    wording, in_text, in_html = split(letter)
    said = say(wording)
    return Rendered(said.subject, _filled(said.text, in_text), _filled(said.html, in_html))


# --- What a batch shares, and what is each reader's own ---------------------------------------------------------------

NAME, LINK, UNTIL = MARKS = "\ufdd0", "\ufdd1", "\ufdd2"
"""Stand in the words for what is each reader's own. Noncharacters: no field may hold one (harmless)."""


_NAME_WIDTH: Final = 60  # leaves room for "Hello ,"


class Wording(NamedTuple):
    """What decides the words, apart from the reader's own."""

    kind: str
    language: str
    platform: str
    inviter: str
    message: str | None
    is_named: bool
    days: int | None
    """How long the link will work, where it is not known until when."""


class OwnWords(NamedTuple):
    """What is the reader's own, as it stands in one part of the mail; in the order of MARKS."""

    name: str
    link: str
    until: str


def split(letter: Letter) -> tuple[Wording, OwnWords, OwnWords]:
    """What a letter shares with those of its batch, and its reader's own words in the text and in the HTML part."""
    is_invitation = letter.kind == "invitation"  # nobody invites to a new password
    name = greeting_name(letter.first_name)
    wording = Wording(
        letter.kind,
        letter.language,
        letter.platform,
        letter.inviter if is_invitation else "",
        letter.message if is_invitation else None,
        name is not None,
        letter.valid_days if letter.expires_at is None else None,
    )
    name, link, until = name or "", one_line(letter.link), _until(letter)
    in_text = OwnWords(flowed_within(isolated(name), _NAME_WIDTH), link, until)
    return wording, in_text, OwnWords(escape(name), escape(link), escape(until))


def _filled(words: str, own: OwnWords) -> str:
    for mark, value in zip(MARKS, own, strict=True):
        words = words.replace(mark, value)
    return words


# --- What it says ----------------------------------------------------------------------------------------------------

_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(("html",), default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_TEMPLATES.filters["flowed"] = lambda words: flowed(*re.split(f"(?={UNTIL})", words))  # its length is not known yet
_TEMPLATES.filters["quoted"] = quoted


def say(wording: Wording) -> Rendered:
    """The words, with MARKS for the reader's own. Raises ValueError for a kind of mail there is not."""
    if wording.kind not in KINDS:
        raise ValueError("not a kind of mail")
    platform = one_line(wording.platform)
    inviter = one_line(wording.inviter)
    is_own = not inviter or inviter.casefold() == platform.casefold()  # not "Acme invites you to Acme"
    names = {"platform": platform, "inviter": platform if is_own else inviter, "name": NAME}
    facts = {"is_own": is_own, "is_named": wording.is_named, "days": wording.days, "link": LINK, "until": UNTIL}
    facts |= {"language": wording.language, "message": lines(wording.message or "")}

    def part(file: str, speak: Callable[..., str], shown: Callable[[str], str], **more: str) -> str:
        context = {name: shown(value) for name, value in names.items()} | facts | more
        template = _TEMPLATES.get_template(f"{wording.kind}/{file}")
        return template.render(context, t=partial(speak, wording.language))

    subject = part("subject.txt", _say, isolated)
    plain = part("body.txt", _say, lambda name: isolated(unlinked(name)))
    page = part("body.html", _say_in_html, lambda name: isolated_in_html(unlinked(name)), subject=subject)
    return Rendered(subject, plain + "\n", page + "\n")


def _say(language: str, key: str, **params: object) -> str:
    return text(language, f"mail.{key}", **params)


def _say_in_html(language: str, key: str, **params: object) -> Markup:
    return escape(texts(language)[f"mail.{key}"]).format(**params)


def _until(letter: Letter) -> str:
    if letter.expires_at is None:
        return ""
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
