"""When two names mean the same organisation, student group, label or team (rule 10). Pure."""

import unicodedata
from functools import lru_cache


@lru_cache(maxsize=65_536)  # a file names few things many times
def tidy(name: str) -> str:
    """A name as it is kept: NFC, no outer spaces, single inner ones."""
    return " ".join(unicodedata.normalize("NFC", name).split())


@lru_cache(maxsize=65_536)
def name_key(name: str) -> str:
    """A name as it is compared: tidy and without regard to case. `" ACME  Corp"` and `"Acme corp"` are one."""
    return unicodedata.normalize("NFC", tidy(name).casefold())
