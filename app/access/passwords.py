"""What a password must be, and its hash (argon2id). Never stores, logs or compares in the clear."""

from typing import Final

from argon2 import PasswordHasher

MIN_CHARACTERS: Final = 8
MAX_CHARACTERS: Final = 1024

# OWASP Password Storage Cheat Sheet, argon2id: m = 19 MiB, t = 2, p = 1.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """The argon2id hash, with its salt and parameters. Takes some 20 ms of CPU: never inside a transaction."""
    return _HASHER.hash(password)
