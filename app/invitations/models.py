"""The table of invitations. `expired` is never stored: it is a pending one whose time has passed (see queries)."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Id, PlatformId, UtcDateTime


class InvitationState(StrEnum):
    """Where an invitation stands. EXPIRED is seen, never stored."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REVOKED = "revoked"
    EXPIRED = "expired"


class InvitationMessage(Base):
    """A personal message, kept once for all the invitations that carry it."""

    __tablename__ = "invitation_messages"

    platform_id: Mapped[int] = mapped_column(PlatformId, ForeignKey("platforms.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    text: Mapped[str] = mapped_column(Text)


class Invitation(Base):
    """An invitation of a person, with its own copy of what the mail says about them."""

    __tablename__ = "invitations"
    __table_args__ = (
        ForeignKeyConstraint(["platform_id", "user_id"], ["users.platform_id", "users.id"]),
        ForeignKeyConstraint(["platform_id", "import_id"], ["imports.platform_id", "imports.id"]),
        ForeignKeyConstraint(
            ["platform_id", "message_id"], ["invitation_messages.platform_id", "invitation_messages.id"]
        ),
        Index(None, "platform_id", "user_id"),
        Index(
            None,
            "platform_id",
            "import_id",
            "id",
            sqlite_where=text("import_id IS NOT NULL"),
            postgresql_where=text("import_id IS NOT NULL"),
        ),
        # Not of pending ones: what an import adds pays nothing for it.
        Index(
            None,
            "platform_id",
            "state",
            "id",
            sqlite_where=text("state <> 'pending'"),
            postgresql_where=text("state <> 'pending'"),
        ),
    )

    platform_id: Mapped[int] = mapped_column(PlatformId, ForeignKey("platforms.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    user_id: Mapped[uuid.UUID | None] = mapped_column(Id)
    import_id: Mapped[uuid.UUID | None] = mapped_column(Id)
    email: Mapped[str] = mapped_column(String(320))
    first_name: Mapped[str | None] = mapped_column(String(300))
    last_name: Mapped[str | None] = mapped_column(String(300))
    organisation: Mapped[str] = mapped_column(String(600))
    language: Mapped[str] = mapped_column(String(35))
    message_id: Mapped[uuid.UUID | None] = mapped_column(Id)
    inviter_name: Mapped[str | None] = mapped_column(String(200))
    """None: the platform's sender name."""
    inviter_email: Mapped[str | None] = mapped_column(String(320))
    generation: Mapped[int]
    lifetime_days: Mapped[int | None]
    """None: the platform's invitation_days."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
