"""All words people read (mails, problems, issues, pages), one JSON file a language, read once at start.

A language is installed when its file lies here. Never decides which language to speak.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

FALLBACK: Final = "en"

Texts = Mapping[str, str]


def _flatten(tree: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= _flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = str(value)
    return flat


@cache
def texts(language: str) -> Texts:
    """The texts of an installed language by dotted key, `problems.not_found.title`. Raises KeyError for another one."""
    if language not in languages():
        raise KeyError(language)
    content = (Path(__file__).parent / f"{language}.json").read_text(encoding="utf-8")
    return _flatten(json.loads(content))


@cache
def languages() -> tuple[str, ...]:
    """The installed languages, English first: `("en", "fr", "nl")`."""
    found = sorted(path.stem for path in Path(__file__).parent.glob("*.json"))
    return (FALLBACK, *(language for language in found if language != FALLBACK))


def text(language: str, key: str, /, **params: object) -> str:
    """One sentence, `{placeholders}` filled. Raises KeyError for an unknown key."""
    return texts(language)[key].format_map(params)
