"""How often somebody may try to sign in or ask for a new password, by whom it is about and where it comes from.

Counts the same for people who are there and for people who are not. Never looks at a password, never commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access import limits
from app.access.limits import Bucket, Limit
from app.access.models import RateBucket
from app.access.tokens import Keyring
from app.db import bulk
from app.errors import AppError, Code

FAILED_SIGN_INS: Final = Limit(10, 5 * 60)
"""Of one account from one place, and of one place over all accounts."""
FAILED_SIGN_INS_OF_STRANGERS: Final = Limit(100, 60 * 60)
"""Of one account, from all places together from which nobody has signed in to it."""
RESETS: Final = Limit(5, 24 * 60 * 60)
"""Of one account: by strangers together, and from each place it has signed in from."""
RESETS_OF_A_PLACE: Final = Limit(20, 24 * 60 * 60)
KNOWN_FOR: Final = timedelta(days=90)
"""How long a place is remembered after somebody signed in from it."""
_KNOWN: Final = "known/"
COUNTED: Final = ("sign_in/", "reset/", "requests/")
"""The kinds of buckets that say nothing any more once they are full."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody tries something: the buckets it counts in, what refuses it, and the mark of a known place."""

    buckets: Sequence[Bucket]
    refusal: Code
    known: tuple[int, str]


def place_of(address: str) -> str:
    """The network an address belongs to that one person may have for themselves: IPv6 gives everybody a /64."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or f"{IPv6Address(int(found) >> 64 << 64)}/64")
    return str(found)


def to_sign_in(
    session: Session, keyring: Keyring, platform_id: int, account: str, place: str, now: datetime
) -> Attempt:
    """An attempt to sign in. Raises AppError too_many_sign_ins where it needs no counting to know."""
    here = keyring.pseudonym(str(platform_id), account, place)
    buckets = [
        Bucket(0, f"sign_in/place/{keyring.pseudonym(place)}", FAILED_SIGN_INS),
        Bucket(platform_id, f"sign_in/here/{here}", FAILED_SIGN_INS),
    ]
    known = (platform_id, _KNOWN + here)
    if not _is_known(session, known, now):
        everywhere = keyring.pseudonym(str(platform_id), account)
        buckets.append(Bucket(platform_id, f"sign_in/account/{everywhere}", FAILED_SIGN_INS_OF_STRANGERS))
    return _unless_spent(session, Attempt(buckets, Code.TOO_MANY_SIGN_INS, known), now)


def to_reset(session: Session, keyring: Keyring, platform_id: int, account: str, place: str, now: datetime) -> Attempt:
    """An attempt to get a mail with a link. Raises AppError too_many_resets where it needs no counting to know."""
    here = keyring.pseudonym(str(platform_id), account, place)
    known = (platform_id, _KNOWN + here)
    if _is_known(session, known, now):
        of_account = Bucket(platform_id, f"reset/here/{here}", RESETS)
    else:
        of_account = Bucket(platform_id, f"reset/account/{keyring.pseudonym(str(platform_id), account)}", RESETS)
    of_place = Bucket(0, f"reset/place/{keyring.pseudonym(place)}", RESETS_OF_A_PLACE)
    return _unless_spent(session, Attempt([of_place, of_account], Code.TOO_MANY_RESETS, known), now)


def count(session: Session, attempt: Attempt, now: datetime) -> None:
    """Count it, before anything is done for it. Raises its refusal where there were too many."""
    _refuse(attempt, limits.take(session, attempt.buckets, now, is_secret=True))


def succeeded(session: Session, attempt: Attempt, now: datetime) -> None:
    """It was no failure, and the account is at home in this place from now on."""
    limits.give_back(session, attempt.buckets, now)
    _mark(session, attempt.known, now)


def remember(session: Session, keyring: Keyring, platform_id: int, account: str, place: str, now: datetime) -> None:
    """Somebody whose account it is was here: strangers' attempts count no more against those from here."""
    _mark(session, (platform_id, _KNOWN + keyring.pseudonym(str(platform_id), account, place)), now)


def _mark(session: Session, known: tuple[int, str], now: datetime) -> None:
    platform_id, key = known
    mark = bulk.upsert(session, RateBucket).values(platform_id=platform_id, key=key, tokens=0, refilled_at=now)
    session.execute(mark.on_conflict_do_update(index_elements=["platform_id", "key"], set_={"refilled_at": now}))


def sweep(session: Session, now: datetime) -> None:
    """Forget what is full again, and places nobody has come from for long."""
    limits.sweep(session, COUNTED, now - limits.FORGOTTEN_AFTER)
    limits.sweep(session, [_KNOWN], now - KNOWN_FOR)


def _is_known(session: Session, mark: tuple[int, str], now: datetime) -> bool:
    platform_id, key = mark
    return (
        session.scalar(
            select(RateBucket.key).where(
                RateBucket.platform_id == platform_id, RateBucket.key == key, RateBucket.refilled_at > now - KNOWN_FOR
            )
        )
        is not None
    )


def _unless_spent(session: Session, attempt: Attempt, now: datetime) -> Attempt:
    _refuse(attempt, limits.seconds_to_wait(session, attempt.buckets, now))
    return attempt


def _refuse(attempt: Attempt, wait: int) -> None:
    if wait:
        raise AppError(attempt.refusal, retry_after=wait, minutes=-(-wait // 60), hours=-(-wait // 3600))
