"""The table of answers kept for clients that try again."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Id, PlatformId, UtcDateTime


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
