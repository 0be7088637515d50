"""When two names mean the same organisation, student group, label or team (rule 10). Pure."""

import hashlib
import unicodedata
from functools import lru_cache
from typing import Final

_KEY_BYTES: Final = 600
"""An index takes keys of about 2,700 bytes (PostgreSQL); 200 characters of some scripts are more."""
_SHORT: Final = _KEY_BYTES // 4


@lru_cache(maxsize=65_536)  # a file names few things many times
def tidy(name: str) -> str:
    """A name as it is kept: NFC, no outer spaces, single inner ones."""
    return " ".join(unicodedata.normalize("NFC", name).split())


@lru_cache(maxsize=65_536)
def name_key(name: str) -> str:
    """A name as it is compared: tidy and without regard to case. `" ACME  Corp"` and `"Acme corp"` are one."""
    key = unicodedata.normalize("NFC", tidy(name).casefold())
    if len(key) <= _SHORT or len(key.encode()) <= _KEY_BYTES:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()  # equal keys stay equal, and sort by their beginning
    return key.encode()[: _KEY_BYTES - len(digest)].decode(errors="ignore") + digest
