"""Tables of who may ask: platforms, keys, sessions, and what is counted and written down about asking."""

import uuid
from datetime import datetime

from sqlalchemy import Float, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Id, Json, Key, PlatformId, UtcDateTime


class Platform(Base):
    """A tenant."""

    __tablename__ = "platforms"

    id: Mapped[int] = mapped_column(PlatformId, primary_key=True, autoincrement=True)
    subdomain: Mapped[str] = mapped_column(Key(63), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    default_language: Mapped[str] = mapped_column(String(35))
    time_zone: Mapped[str] = mapped_column(String(64))
    sender_name: Mapped[str] = mapped_column(String(200))
    invitation_days: Mapped[int]
    after_accept_url: Mapped[str | None] = mapped_column(String(2000))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiKey(Base):
    """A key of a platform. Only the SHA-256 of the key is kept; 256 random bits need no slower hash."""

    __tablename__ = "api_keys"

    platform_id: Mapped[int] = mapped_column(PlatformId, ForeignKey("platforms.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    prefix: Mapped[str] = mapped_column(String(16))
    key_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    scopes: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInSession(Base):
    """A signed-in administrator. Only the hash of the session token is kept."""

    __tablename__ = "sessions"
    __table_args__ = (
        ForeignKeyConstraint(["platform_id", "user_id"], ["users.platform_id", "users.id"]),
        Index(None, "platform_id", "user_id"),
    )

    platform_id: Mapped[int] = mapped_column(PlatformId, primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(320))
    email: Mapped[str] = mapped_column(String(320))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    mode: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class RateBucket(Base):
    """A token bucket (sign-ins, requests, mails). platform_id 0 is the whole installation, a sender's pause for one.

    Keys name no person and no network: where they are about one, they hold its pseudonym.
    """

    __tablename__ = "rate_buckets"

    platform_id: Mapped[int] = mapped_column(PlatformId, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    tokens: Mapped[float] = mapped_column(Float)
    refilled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(String(500))


class AuditEvent(Base):
    """Who did what, when, from where. Append-only; subjects by id, never by name or address.

    No key to the platform: 0 is what concerns none. Triggers refuse to change an event, or to delete a young one.
    """

    __tablename__ = "audit_events"
    __table_args__ = (
        Index(
            None,
            "platform_id",
            "subject_id",
            "id",
            sqlite_where=text("subject_id IS NOT NULL"),
            postgresql_where=text("subject_id IS NOT NULL"),
        ),
    )

    platform_id: Mapped[int] = mapped_column(PlatformId, primary_key=True, autoincrement=False)
    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[uuid.UUID | None] = mapped_column(Id)
    action: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str | None] = mapped_column(String(40))
    subject_id: Mapped[uuid.UUID | None] = mapped_column(Id)
    details: Mapped[dict[str, object]] = mapped_column(Json)
    request_id: Mapped[str | None] = mapped_column(String(64))
    remote_address: Mapped[str | None] = mapped_column(String(64))


class IdempotencyKey(Base):
    """One Idempotency-Key of one actor on one method and path; `key_hash` covers all four."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index(None, "created_at"),)

    platform_id: Mapped[int] = mapped_column(PlatformId, ForeignKey("platforms.id"), primary_key=True)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    fingerprint: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    lease: Mapped[uuid.UUID | None] = mapped_column(Id)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[int | None]
    location: Mapped[str | None] = mapped_column(String(500))
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
