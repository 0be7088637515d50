"""API keys: made, found, counted as used. Stores only hashes; the key itself is shown once, to who made it."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor, ActorKind, Scope, granted
from app.access.models import ApiKey, Platform
from app.db.base import new_id

KEY_MARK = "rck_"
_PREFIX_CHARACTERS = 12
_USE_IS_NOTED_EVERY = timedelta(minutes=5)


def create_api_key(
    session: Session, platform_id: int, *, name: str, scopes: Iterable[Scope], now: datetime
) -> tuple[ApiKey, str]:
    """A new key and its only copy in the clear: `rck_` and 256 random bits."""
    key = KEY_MARK + secrets.token_urlsafe(32)
    row = ApiKey(
        platform_id=platform_id,
        id=new_id(),
        name=name,
        prefix=key[:_PREFIX_CHARACTERS],
        key_hash=_hash(key),
        scopes=sorted(set(scopes)),
        created_at=now,
    )
    session.add(row)
    return row, key


def actor_of_key(session: Session, key: str) -> tuple[Actor, datetime | None] | None:
    """The actor behind a key and when its use was last noted; None for an unknown or revoked key."""
    found = session.execute(select(ApiKey).where(ApiKey.key_hash == _hash(key), ApiKey.revoked_at.is_(None))).scalar()
    if found is None:
        return None
    actor = Actor(found.platform_id, ActorKind.API_KEY, found.id, found.name, granted(found.scopes))
    return actor, found.last_used_at


def use_needs_noting(last_used_at: datetime | None, now: datetime) -> bool:
    """Whether `last_used_at` is stale enough to be worth a write."""
    return last_used_at is None or now - last_used_at > _USE_IS_NOTED_EVERY


def note_use(session: Session, actor: Actor, now: datetime) -> None:
    """Write down that a key was used."""
    session.execute(
        update(ApiKey).where(ApiKey.platform_id == actor.platform_id, ApiKey.id == actor.id).values(last_used_at=now)
    )


def revoke_api_key(session: Session, platform_id: int, prefix: str, now: datetime) -> bool:
    """Revoke by visible prefix; False where there is none."""
    revoked = session.execute(
        update(ApiKey)
        .where(ApiKey.platform_id == platform_id, ApiKey.prefix == prefix, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ApiKey.id)
    )
    return revoked.first() is not None


def find_platform(session: Session, subdomain: str) -> Platform | None:
    """A platform by its subdomain."""
    return session.execute(select(Platform).where(Platform.subdomain == subdomain)).scalar()


def platform_by_id(session: Session, platform_id: int) -> Platform:
    """The platform of an actor."""
    return session.get_one(Platform, platform_id)


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
