"""What people see of a mail: built, read back and shown in Chromium, on a phone and a desk, by day and by night.

Mail programs that cannot be run here are stood in for by what they do to a page: one that drops its style sheet (as
some webmail does) and one that turns its colours round (as some phones do at night).
"""

import re
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import product
from typing import Literal

import pytest
from playwright.sync_api import Page

from app.delivery.letter import Letter
from app.delivery.message import build
from app.texts import text
from tests.rules.test_message import ENVELOPE, KINDS, LANGUAGES, LETTER, LINK

pytest_plugins = ("tests.browser",)
pytestmark = pytest.mark.xdist_group("browser of mails")

EACH_MAIL = pytest.mark.parametrize(("kind", "language"), list(product(KINDS, LANGUAGES)))
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
PHONE, DESK = 390, 1280
Colour = tuple[float, float, float]


def html_of(letter: Letter) -> str:
    """The page as a mail program finds it in the bytes of a mail."""
    message = message_from_bytes(build(letter, ENVELOPE), policy=policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def without_style_sheet(html: str) -> str:
    """What is left where a mail program drops it."""
    assert "<style>" in html
    return re.sub("<style>.*?</style>", "", html, flags=re.DOTALL)


def show(page: Page, html: str, *, width: int = PHONE, scheme: Scheme = "light") -> None:
    """Open a mail in a window."""
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.set_content(html)


# --- What is seen ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """Some words on the screen: how large, in which colour, on which ground, and where."""

    words: str
    pixels: float
    colour: Colour
    ground: Colour
    left: float
    right: float


_SEEN = """() => {
  const colour = (value) => value.match(/[\\d.]+/g).map(Number);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const found = colour(getComputedStyle(node).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const seen = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
    const style = getComputedStyle(element), range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    const box = range.getBoundingClientRect();
    seen.push({words: texts.currentNode.data, pixels: parseFloat(style.fontSize), colour: colour(style.color),
               ground: ground(element), left: box.left, right: box.right});
  }
  return seen;
}"""


def all_seen(page: Page) -> list[Seen]:
    """Everything there is to read, in the order of the page."""
    found = [Seen(**one) for one in page.evaluate(_SEEN)]
    assert len(found) > 8
    return found


def contrast(one: Colour, other: Colour) -> float:
    """WCAG 2, 1.4.3: from 1 to 21."""
    dark, light = sorted(map(_luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def turned_round(colour: Colour) -> Colour:
    """As a mail program shows it that makes dark of light by itself."""
    red, green, blue = colour
    return 255 - red, 255 - green, 255 - blue


def assert_legible(page: Page) -> None:
    """Large enough, with enough contrast (its colours turned round too), and nothing beside the window."""
    width = page.evaluate("document.documentElement.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for seen in all_seen(page):
        assert seen.pixels >= 14, seen
        assert contrast(seen.colour, seen.ground) >= 4.5, seen
        assert contrast(turned_round(seen.colour), turned_round(seen.ground)) >= 4.5, seen
        assert 0 <= seen.left < seen.right <= width, seen


def test_contrast_is_counted_as_the_guideline_counts_it() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.005)


# --- Every mail ------------------------------------------------------------------------------------------------------


@EACH_MAIL
def test_every_mail_is_legible_on_a_phone_and_a_desk_by_day_and_by_night(page: Page, kind: str, language: str) -> None:
    html = html_of(replace(LETTER, kind=kind, language=language))
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    for width, scheme in product((PHONE, DESK), SCHEMES):
        show(page, html, width=width, scheme=scheme)
        assert_legible(page)
        ground = all_seen(page)[-1].ground
        assert (_luminance(ground) < 0.05) == (scheme == "dark")
        button = page.get_by_role("link", name=text(language, f"mail.{kind}.button")).bounding_box()
        assert button is not None
        assert button["height"] >= 44
        assert button["width"] > width / 2 if width == PHONE else button["width"] < width / 2
        card = page.locator(".card").bounding_box()
        assert card is not None
        assert card["width"] <= 562
        assert card["x"] + card["width"] / 2 == pytest.approx(width / 2, abs=1)
    assert requests == [], "a mail that is opened tells nobody"


@EACH_MAIL
def test_every_mail_is_legible_without_its_style_sheet(page: Page, kind: str, language: str) -> None:
    html = without_style_sheet(html_of(replace(LETTER, kind=kind, language=language)))
    for width, scheme in product((PHONE, DESK), SCHEMES):
        show(page, html, width=width, scheme=scheme)
        assert_legible(page)


@EACH_MAIL
def test_every_mail_makes_sense_to_a_screen_reader(page: Page, kind: str, language: str) -> None:
    show(page, html_of(replace(LETTER, kind=kind, language=language)))
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("body > div").get_attribute("lang") == language  # webmail drops html and body
    assert page.title()
    assert page.get_by_role("heading").all_inner_texts() == [text(language, f"mail.{kind}.title")]
    assert page.get_by_role("table").count() == 0, "tables that only lay out are not read as tables"
    assert page.locator("table").count() == page.locator('table[role="presentation"]').count() > 0
    links = page.get_by_role("link").all()
    assert [link.inner_text() for link in links] == [text(language, f"mail.{kind}.button"), LINK]
    assert [link.get_attribute("href") for link in links] == [LINK, LINK]
    read_out = page.locator("body").aria_snapshot()
    assert read_out.count(text(language, f"mail.{kind}.action")) == 1, "the line for lists of mails is not read"


# --- What people write -----------------------------------------------------------------------------------------------

MANY, ONE, LINK_LIKE = "Maria de los Ángeles " * 29, "x" * 600, "school.example." * 40
LONG = {
    "names of many words": replace(LETTER, platform=MANY, inviter=MANY[::-1], first_name=MANY),
    "names of one word": replace(LETTER, platform=ONE, inviter=ONE + "y", first_name=ONE),
    "names like links": replace(LETTER, platform=LINK_LIKE, inviter=f"{LINK_LIKE}x@{LINK_LIKE}x"),
    "a message of one word": replace(LETTER, message="w" * 5_000),
    "a message of many words": replace(LETTER, message="Lots of words. " * 333),
    "a message of many lines": replace(LETTER, message="a\n\n" * 1_666),
}


@pytest.mark.parametrize("letter", LONG.values(), ids=LONG)
def test_names_and_messages_of_any_length_stay_within_the_page(page: Page, letter: Letter) -> None:
    html = html_of(letter)
    for width, seen in product((320, DESK), (html, without_style_sheet(html))):
        show(page, seen, width=width)
        assert_legible(page)
        card = page.locator(".card").bounding_box()
        assert card is not None
        assert card["width"] <= min(width, 562)


_FIRST_AND_LAST = """(element) => [0, element.textContent.length - 1].map((at) => {
  const range = document.createRange();
  range.setStart(element.firstChild, at);
  range.setEnd(element.firstChild, at + 1);
  return range.getBoundingClientRect().left;
})"""


def test_a_name_from_right_to_left_does_not_turn_the_words_around_it(page: Page) -> None:
    show(page, html_of(replace(LETTER, inviter="שרה לוי!", platform="אקדמיה", first_name="שרה", message=None)))
    seen = all_seen(page)
    greeting = next(at for at, one in enumerate(seen) if one.words == "Hello ")
    hello, name, comma = seen[greeting : greeting + 3]
    assert (name.words, comma.words) == ("שרה", ",")
    assert hello.right <= name.left < name.right <= comma.left + 1
    inviter, verb = seen[greeting + 3 : greeting + 5]
    assert inviter.words == "שרה לוי!"
    assert verb.words.startswith(" has invited you")
    assert inviter.left < verb.left
    assert inviter.left == hello.left
    first, last = page.get_by_text(inviter.words).first.evaluate(_FIRST_AND_LAST)
    assert last < first, "its last sign is where its readers end"


def test_each_paragraph_of_a_message_runs_in_its_own_direction(page: Page) -> None:
    show(page, html_of(replace(LETTER, message="שלום!\n\nHello!\n\nمرحبا")))
    quote = page.locator(".quote")
    box = quote.bounding_box()
    assert box is not None
    words = {one.words: one for one in all_seen(page)}
    middle = box["x"] + box["width"] / 2
    assert words["Hello!"].right < middle
    assert words["שלום!"].left > middle
    assert words["مرحبا"].left > middle


def test_markup_in_a_message_is_read_as_it_was_written(page: Page) -> None:
    trick = '<img src="https://example.com/seen.gif"><h1>Won!</h1>&amp;<a href="https://example.com">here</a>'
    show(page, html_of(replace(LETTER, message=trick, platform=trick, inviter=trick)))
    assert page.locator(".quote").inner_text() == trick
    assert page.locator("img").count() == 0
    assert page.get_by_role("heading").count() == 1
    assert page.get_by_role("link").count() == 2
