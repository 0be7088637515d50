"""What an e-mail address is and when two are the same person's (canonical form). Pure.

Syntax is email-validator's verdict, to the letter. What is plain ASCII is decided here, in a fraction of the time;
its verdict on any other domain is kept (a file has few domains and many people).
"""

import re
import unicodedata
from functools import lru_cache

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

# RFC 5322 dot-atom: all that an ASCII local part may be.
_ATOM = r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]++"
_is_plain = re.compile(rf"{_ATOM}(?:\.{_ATOM})*").fullmatch
# RFC 1123 host name with a dot, ending with a letter. Labels with two hyphens may be Punycode: not judged here.
# No possessive groups: CPython before 3.11.5 matches too much with them where the group could backtrack (gh-106052).
_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_is_host = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}(?<=[A-Za-z])").fullmatch
_SPECIAL = tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES)
_MAX_ADDRESS = 254  # bytes
_MAX_DOMAIN = 253  # characters


class NotAnAddress(ValueError):  # noqa: N818 reads as what it says
    """The text is not an e-mail address."""


def canonical(address: str) -> str:
    """The form in which addresses are compared: NFC, lower case, domain in ASCII (IDNA). No folding of dots or `+`.

    Takes an address without outer spaces. Raises NotAnAddress.
    """
    local, _, domain = address.rpartition("@")
    if not _is_plain(local) or len(domain) > _MAX_DOMAIN:
        if address.isascii():
            raise NotAnAddress
        return _canonical_by_validator(address)
    known = _known_domain(domain)
    if known is None or len(local) + known[1] > _MAX_ADDRESS:
        raise NotAnAddress
    return local.lower() + known[0]


def deliverable(email: str) -> str:
    """A valid address with its domain in ASCII, which every mail server takes; the local part as it was given."""
    local, _, domain = email.rpartition("@")
    return email if domain.isascii() else f"{local}@{canonical(email).rpartition('@')[2]}"


def _canonical_by_validator(address: str) -> str:
    try:
        valid = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        raise NotAnAddress from None
    local = unicodedata.normalize("NFC", valid.local_part.lower())
    return f"{local}@{valid.ascii_domain.lower()}"


@lru_cache(maxsize=16_384)
def _known_domain(domain: str) -> tuple[str, int] | None:
    """A domain in ASCII behind its `@`, and the bytes that takes in the longest spelling; None: it is none."""
    if _is_host(domain) and "--" not in domain:
        host = f".{domain.lower()}"
        return None if host.endswith(_SPECIAL) else (f"@{host[1:]}", len(host))
    try:
        valid = validate_email(f"x@{domain}", check_deliverability=False)
    except EmailNotValidError:
        return None
    spellings = (domain, valid.domain, valid.ascii_domain)
    return f"@{valid.ascii_domain.lower()}", 1 + max(len(spelling.encode()) for spelling in spellings)
