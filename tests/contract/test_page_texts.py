"""The words of the console and of the pages behind links: each that a page asks for is there, and none lies unused.

What a page asks for is read from its scripts: `t("users.title")`, and `t(`users.state.${state}`)` as a pattern.
"""

import re
from pathlib import Path

import pytest

from app.console.router import _WORDS, ASSETS
from app.texts import languages, texts

SECTIONS = ("accept.", "console.", "reset.", "strength.")
SCRIPTS = {
    path: path.read_text(encoding="utf-8") for path in sorted(ASSETS.rglob("*.js")) if "vendor" not in path.parts
}
_ASKED = re.compile(r"\bt\(\s*(?:\"([^\"]+)\"|`([^`]+)`)")
_ASKED_PLAINLY = re.compile(r"\bt\(\s*\"([^\"]+)\"\s*\)")
_STRING = re.compile(r"\"([a-z_.]+)\"")
_IMPORTED = re.compile(r"from \"(\.[^\"]+)\"")


def _patterns(script: str) -> list[str]:
    """What keys a script asks for, as regular expressions of whole keys without `console.`."""
    asked = [re.escape(plain) if plain else _of_template(template) for plain, template in _ASKED.findall(script)]
    return [key + r"(\.one|\.other)?" for key in asked]


def _of_template(template: str) -> str:
    """The pattern of "users.state.${...}", whatever stands between the braces."""
    pattern, depth = "", 0
    for sign in template.replace("${", "{"):
        if not depth:
            pattern += r"[\w.]+" if sign == "{" else re.escape(sign)
        depth += (sign == "{") - (sign == "}")
    return pattern


def _found(pattern: str) -> list[str]:
    """The keys a pattern means."""
    whole = re.compile(rf"(console\.)?{pattern}")
    return [key for key in texts("en") if whole.fullmatch(key)]


def _reached_from(start: Path) -> set[Path]:
    """A script and all it imports."""
    reached: set[Path] = set()
    waiting = [start.resolve()]
    while waiting:
        path = waiting.pop()
        if path in reached or "vendor" in path.parts:
            continue
        reached.add(path)
        waiting += [(path.parent / name).resolve() for name in _IMPORTED.findall(path.read_text(encoding="utf-8"))]
    return reached


@pytest.mark.parametrize(("page", "scripts"), [("console", ["main.js"]), ("accept", ["accept.js", "reset.js"])])
def test_every_word_a_page_asks_for_is_sent_to_it(page: str, scripts: list[str]) -> None:
    reached = set().union(*(_reached_from(ASSETS / script) for script in scripts))
    assert len(reached) > 5
    shared = {ASSETS / "ui.js"} if page == "accept" else set()  # of the shared parts those pages use but a few
    for path in sorted(reached - shared):
        for pattern in _patterns(path.read_text(encoding="utf-8")):
            sent = [key for key in _found(pattern) if key.startswith(_WORDS[page])]
            assert sent, f"{path.relative_to(ASSETS)} asks for {pattern}"


def test_no_word_of_the_pages_lies_unused() -> None:
    used: set[str] = set()
    for script in SCRIPTS.values():
        for pattern in _patterns(script):
            used.update(_found(pattern))
        for named in _STRING.findall(script):  # keys that stand in a table and are asked for by name
            used.update(_found(re.escape(named) + r"(\.one|\.other)?"))
    assert sorted(key for key in texts("en") if key.startswith(SECTIONS) and key not in used) == []


def test_a_text_that_is_asked_for_plainly_needs_nothing() -> None:
    for path, script in SCRIPTS.items():
        for key in _ASKED_PLAINLY.findall(script):
            for found in _found(re.escape(key)):
                assert "{" not in texts("en")[found], f"{path.relative_to(ASSETS)} fills nothing into {found}"


def test_every_installed_language_can_be_chosen() -> None:
    named = re.search(r"LANGUAGES = .*\(\{(.*)\}\)", (ASSETS / "texts.js").read_text(encoding="utf-8"))
    assert named is not None
    assert set(re.findall(r"(\w+): \"", named[1])) == set(languages())
