"""What a password must be, and its hash (argon2id). Never stores, logs or compares in the clear."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import AppError, Code, FieldError

MIN_CHARACTERS: Final = 8
MAX_CHARACTERS: Final = 1024

# What everybody tries first (NIST SP 800-63B, 5.1.1.2), of at least eight characters and in our languages. The pages
# know the same list (console/static/assets/strength.js); a test holds them equal.
COMMON: Final = frozenset(
    [
        "00000000",
        "11111111",
        "11223344",
        "12121212",
        "12341234",
        "12345678",
        "123123123",
        "123456789",
        "1234567890",
        "123456789a",
        "87654321",
        "88888888",
        "987654321",
        "a1b2c3d4",
        "aaaaaaaa",
        "abc12345",
        "abcd1234",
        "abcdefgh",
        "admin123",
        "admin1234",
        "administrator",
        "adminadmin",
        "asdfasdf",
        "asdfghjk",
        "asdfghjkl",
        "azerty12",
        "azerty123",
        "azertyui",
        "azertyuiop",
        "baseball",
        "basketball",
        "belgie123",
        "belgique",
        "bonjour1",
        "bonjour123",
        "changeme",
        "changeme1",
        "changeme123",
        "chocolat",
        "chocolate",
        "computer",
        "doudou123",
        "football",
        "geheim123",
        "iloveyou",
        "iloveyou1",
        "internet",
        "jennifer",
        "jetaime1",
        "letmein1",
        "letmein123",
        "liverpool",
        "loulou123",
        "marseille",
        "michelle",
        "motdepasse",
        "motdepasse1",
        "motdepasse123",
        "nederland",
        "p@ssw0rd",
        "p@ssword",
        "passw0rd",
        "passwort",
        "passwort1",
        "password",
        "password!",
        "password01",
        "password1",
        "password12",
        "password123",
        "password1234",
        "princess",
        "q1w2e3r4",
        "qazwsxedc",
        "qwer1234",
        "qwerty12",
        "qwerty123",
        "qwertyui",
        "qwertyuiop",
        "qwertzui",
        "qwertzuiop",
        "soleil123",
        "starwars",
        "sunshine",
        "superman",
        "trustno1",
        "voetbal1",
        "wachtwoord",
        "wachtwoord1",
        "wachtwoord123",
        "welcome1",
        "welcome123",
        "welkom01",
        "welkom12",
        "welkom123",
        "welkom1234",
        "whatever",
        "zaq12wsx",
        "1q2w3e4r",
        "1q2w3e4r5t",
        "1qaz2wsx",
    ]
)
_FEWEST_DIFFERENT: Final = 4
_FEWEST_OF_ONES_OWN: Final = 4

# OWASP Password Storage Cheat Sheet, argon2id: m = 19 MiB, t = 2, p = 1.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODYS = _HASHER.hash("nobody has this password")


def is_right(password: str, hashed: str | None) -> bool:
    """Whether a password is the one of a hash. As slow for nobody's hash (None), so that time tells nothing."""
    try:
        _HASHER.verify(hashed or _NOBODYS, password)
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None


def hash_anew(password: str, hashed: str) -> str:
    """The hash of a password that was right just now: as it is, or by today's parameters where they have changed."""
    return hash_password(password) if _HASHER.check_needs_rehash(hashed) else hashed


def hash_password(password: str) -> str:
    """The argon2id hash, with its salt and parameters. Takes some 20 ms of CPU: never inside a transaction, and in
    turn (web/hashing).
    """
    return _HASHER.hash(password)


def is_common(password: str) -> bool:
    """Whether it is one of those everybody tries first, or made of hardly any different characters."""
    return password.casefold() in COMMON or len(set(password.casefold())) < _FEWEST_DIFFERENT


def is_personal(password: str, about: Iterable[str | None]) -> bool:
    """Whether hardly anything of it is left without somebody's names and address."""
    words = re.split(r"[\W_]+", " ".join(filter(None, about)).casefold())
    left = password.casefold()
    for word in sorted(words, key=len, reverse=True):
        left = left.replace(word, "") if len(word) > 2 else left
    return len(left) < _FEWEST_OF_ONES_OWN


@dataclass(frozen=True, slots=True)
class Chosen:
    """A password somebody chose: hashed before the transaction that sets it, looked at beside who they are within."""

    hashed: str
    _plain: str = field(repr=False)

    @classmethod
    def of(cls, password: str) -> "Chosen":
        """Hash it. Takes some 20 ms of CPU: never inside a transaction."""
        return cls(hash_password(password), password)

    def require_not_personal(self, *about: str | None) -> None:
        """Refuse what is nothing but these names and address. Raises AppError invalid_request."""
        if is_personal(self._plain, about):
            raise AppError(Code.INVALID_REQUEST, fields=[FieldError("/password", "password_personal")])
