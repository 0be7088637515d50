"""What an e-mail address is and when two are the same person's (canonical form). Pure.

Syntax is email-validator's verdict. Its verdict on a domain is kept (a file has few domains and many people), the
local part is looked at each time; both together say exactly what email-validator says of the whole.
"""

import re
import unicodedata
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

# RFC 5322 dot-atom, the plain case; anything else takes email-validator's own way.
_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(?:\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*")
_MAX_LOCAL = 64
_MAX_ADDRESS = 254


class NotAnAddress(ValueError):  # noqa: N818 reads as what it says
    """The text is not an e-mail address."""


def canonical(address: str) -> str:
    """The form in which addresses are compared: NFC, lower case, domain in ASCII (IDNA). No folding of dots or `+`.

    Takes an address without outer spaces. Raises NotAnAddress.
    """
    local, at, domain = address.rpartition("@")
    if at and len(local) <= _MAX_LOCAL and _PLAIN_LOCAL.fullmatch(local):
        ascii_domain = _ascii_domain(domain)
        if ascii_domain is None:
            raise NotAnAddress
        if len(local) + 1 + max(len(ascii_domain), len(domain)) <= _MAX_ADDRESS:
            return f"{local.lower()}@{ascii_domain}"
    return _canonical_by_validator(address)


def _canonical_by_validator(address: str) -> str:
    try:
        valid = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        raise NotAnAddress from None
    return f"{unicodedata.normalize('NFC', valid.local_part).lower()}@{valid.ascii_domain.lower()}"


@lru_cache(maxsize=65_536)
def _ascii_domain(domain: str) -> str | None:
    try:
        return validate_email(f"x@{domain}", check_deliverability=False).ascii_domain.lower()
    except EmailNotValidError:
        return None
