"""API keys and sign-in sessions: made, found, ended. Stores only hashes; a key or token is shown once, to its maker."""

import hashlib
import secrets
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.access.actor import Actor, ActorKind, Scope, granted
from app.access.models import ApiKey, Platform, SignInSession
from app.db.base import new_id

KEY_MARK = "rck_"
SESSION_MARK = "rcs_"
SESSION_LIFETIME = timedelta(hours=12)
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


def revoke_api_key(session: Session, platform_id: int, key_id: uuid.UUID, now: datetime) -> bool:
    """Revoke a key; False where there is none."""
    revoked = session.execute(
        update(ApiKey)
        .where(ApiKey.platform_id == platform_id, ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ApiKey.id)
    )
    return revoked.first() is not None


def list_api_keys(session: Session, platform_id: int, *, limit: int, after: uuid.UUID | None) -> Sequence[ApiKey]:
    """Keys that are not revoked, newest first."""
    statement = (
        select(ApiKey)
        .where(ApiKey.platform_id == platform_id, ApiKey.revoked_at.is_(None))
        .order_by(ApiKey.id.desc())
        .limit(limit)
    )
    return session.scalars(statement if after is None else statement.where(ApiKey.id < after)).all()


def open_session(
    session: Session, platform_id: int, user_id: uuid.UUID, *, name: str, email: str, mode: str, now: datetime
) -> str:
    """A new sign-in of an administrator; its token in the clear, this once."""
    token = SESSION_MARK + secrets.token_urlsafe(32)
    session.add(
        SignInSession(
            platform_id=platform_id,
            id=new_id(),
            user_id=user_id,
            name=name,
            email=email,
            token_hash=_hash(token),
            mode=mode,
            created_at=now,
            expires_at=now + SESSION_LIFETIME,
        )
    )
    return token


def actor_of_session(session: Session, token: str, now: datetime) -> Actor | None:
    """The administrator behind a session token; None for an unknown or expired one."""
    found = session.scalar(
        select(SignInSession).where(SignInSession.token_hash == _hash(token), SignInSession.expires_at > now)
    )
    if found is None:
        return None
    # Who is disabled is signed out everywhere: a session that is there is an active administrator's.
    return Actor(found.platform_id, ActorKind.USER, found.user_id, found.name, frozenset(Scope), found.email)


def end_session(session: Session, platform_id: int, token: str) -> None:
    """Sign out."""
    session.execute(
        delete(SignInSession).where(SignInSession.platform_id == platform_id, SignInSession.token_hash == _hash(token))
    )


def end_sessions(session: Session, platform_id: int, user_id: uuid.UUID) -> None:
    """Sign a person out everywhere."""
    session.execute(
        delete(SignInSession).where(SignInSession.platform_id == platform_id, SignInSession.user_id == user_id)
    )


def find_platform(session: Session, subdomain: str) -> Platform | None:
    """A platform by its subdomain."""
    return session.execute(select(Platform).where(Platform.subdomain == subdomain)).scalar()


def platform_by_id(session: Session, platform_id: int) -> Platform:
    """The platform of an actor."""
    return session.get_one(Platform, platform_id)


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
