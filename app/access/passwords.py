"""What a password must be, and its hash (argon2id). Never stores, logs or compares in the clear."""

import os
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_CHARACTERS: Final = 8
MAX_CHARACTERS: Final = 1024

# OWASP Password Storage Cheat Sheet, argon2id: m = 19 MiB, t = 2, p = 1.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


# A hash takes 19 MiB and a core: more at once than there are cores would only make everybody wait.
_AT_ONCE = BoundedSemaphore(os.cpu_count() or 2)
_NOBODYS = _HASHER.hash("nobody has this password")


def is_right(password: str, hashed: str | None) -> bool:
    """Whether a password is the one of a hash. As slow for nobody's hash (None), so that time tells nothing."""
    with _AT_ONCE:
        try:
            _HASHER.verify(hashed or _NOBODYS, password)
        except (VerificationError, InvalidHashError):
            return False
    return hashed is not None


def hash_password(password: str) -> str:
    """The argon2id hash, with its salt and parameters. Takes some 20 ms of CPU: never inside a transaction."""
    with _AT_ONCE:
        return _HASHER.hash(password)
