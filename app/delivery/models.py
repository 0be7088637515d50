"""The outbox. Its primary key is the promise: one mail per invitation and generation."""

import uuid
from datetime import datetime
from enum import IntEnum, StrEnum

from sqlalchemy import ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, BigInt, Id, PlatformId, UtcDateTime


class DeliveryState(StrEnum):
    """Where a mail stands. HELD waits for a person (or its due time), DROPPED will never leave."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    HELD = "held"
    DROPPED = "dropped"


ASIDE = ("failed", "held", "dropped")
"""States of mails set aside, which neither wait for their turn nor have left: few among many, they have an index."""
_ASIDE = text(f"state IN {ASIDE}")


class MailKind(StrEnum):
    """What a mail is about."""

    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105 a kind of mail, not a password


class Lane(IntEnum):
    """Which mails go first: those a person waits for, then those of imports."""

    SINGLE = 0
    BULK = 1


class Delivery(Base):
    """One mail. `due_at` is when to act next: not before, or (while sending) until when it is leased; None = never."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index(
            "ix_deliveries_due",
            "lane",
            "platform_id",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index(
            "ix_deliveries_aside",
            "platform_id",
            "state",
            "about_id",
            sqlite_where=_ASIDE,
            postgresql_where=_ASIDE,
        ),
    )

    platform_id: Mapped[int] = mapped_column(PlatformId, ForeignKey("platforms.id"), primary_key=True)
    about_id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    """The invitation, or the user whose password is reset."""
    generation: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(20))
    lane: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(String(10))
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease: Mapped[uuid.UUID | None] = mapped_column(Id)
    attempts: Mapped[int] = mapped_column(SmallInteger)
    first_tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """From here on it is tried for 72 hours. A mail that was only held has not been tried."""
    batch_id: Mapped[uuid.UUID | None] = mapped_column(Id)
    """The batch (an import) whose totals count this mail."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error_code: Mapped[str | None] = mapped_column(String(60))
    error_detail: Mapped[str | None] = mapped_column(String(500))


class SendCount(Base):
    """How often sending ended how, since the beginning: what a metric is made of."""

    __tablename__ = "send_counts"

    result: Mapped[str] = mapped_column(String(10), primary_key=True)
    number: Mapped[int] = mapped_column(BigInt, default=0)


class DeliveryBatch(Base):
    """The mails of one import, counted where they change state: nobody counts a million rows to show a bar."""

    __tablename__ = "delivery_batches"

    platform_id: Mapped[int] = mapped_column(PlatformId, ForeignKey("platforms.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    total: Mapped[int] = mapped_column(default=0)
    sent: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    dropped: Mapped[int] = mapped_column(default=0)
