"""Tables of the people on a platform and of what they are put into."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, Id, Key, PlatformId, UtcDateTime


class UserState(StrEnum):
    """Invited until a password is set; disabled by an administrator."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


class Role(StrEnum):
    """An administrator of a platform, or a member of it."""

    MEMBER = "member"
    ADMIN = "admin"


class _Named:
    """Columns of everything people are put into. `name_key` is the name as it is compared (rule 10)."""

    platform_id: Mapped[int] = mapped_column(PlatformId, ForeignKey("platforms.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(600))
    """200 characters as they are typed; in one normal form (NFC) a few become three."""
    name_key: Mapped[str] = mapped_column(Key(600))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by_import_id: Mapped[uuid.UUID | None] = mapped_column(Id)


class Organisation(_Named, Base):
    """A company on a platform."""

    __tablename__ = "organisations"
    __table_args__ = (UniqueConstraint("platform_id", "name_key"),)


class StudentGroup(_Named, Base):
    """A student group; a person may be in several."""

    __tablename__ = "student_groups"
    __table_args__ = (UniqueConstraint("platform_id", "name_key"),)


class Label(_Named, Base):
    """A person's kind."""

    __tablename__ = "labels"
    __table_args__ = (UniqueConstraint("platform_id", "name_key"),)


class Team(_Named, Base):
    """A team; its leader is not thereby a member. The pending leader is an address nobody on the platform has yet."""

    __tablename__ = "teams"
    __table_args__ = (
        UniqueConstraint("platform_id", "name_key"),
        # Teams and users point at each other: PostgreSQL adds this key after both exist.
        ForeignKeyConstraint(["platform_id", "leader_id"], ["users.platform_id", "users.id"], use_alter=True),
        Index(None, "platform_id", "leader_id"),
        Index(
            "ix_teams_pending_leader",
            "platform_id",
            "pending_leader_canonical",
            sqlite_where=text("pending_leader_canonical IS NOT NULL"),
            postgresql_where=text("pending_leader_canonical IS NOT NULL"),
        ),
    )

    leader_id: Mapped[uuid.UUID | None] = mapped_column(Id)
    pending_leader_email: Mapped[str | None] = mapped_column(String(320))
    pending_leader_canonical: Mapped[str | None] = mapped_column(Key(320))
    leader_set_by_import_id: Mapped[uuid.UUID | None] = mapped_column(Id)


class User(Base):
    """A person on a platform, unique by canonical address."""

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("platform_id", "email_canonical"),
        ForeignKeyConstraint(["platform_id", "organisation_id"], ["organisations.platform_id", "organisations.id"]),
        ForeignKeyConstraint(["platform_id", "label_id"], ["labels.platform_id", "labels.id"]),
        ForeignKeyConstraint(["platform_id", "team_id"], ["teams.platform_id", "teams.id"]),
        Index(None, "platform_id", "organisation_id"),
        Index(
            None,
            "platform_id",
            "label_id",
            sqlite_where=text("label_id IS NOT NULL"),
            postgresql_where=text("label_id IS NOT NULL"),
        ),
        Index(
            None,
            "platform_id",
            "team_id",
            sqlite_where=text("team_id IS NOT NULL"),
            postgresql_where=text("team_id IS NOT NULL"),
        ),
        # Not of invited ones: what an import adds pays nothing for it.
        Index(
            None,
            "platform_id",
            "state",
            "id",
            sqlite_where=text("state <> 'invited'"),
            postgresql_where=text("state <> 'invited'"),
        ),
    )

    platform_id: Mapped[int] = mapped_column(PlatformId, ForeignKey("platforms.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    role: Mapped[str] = mapped_column(String(10))
    email: Mapped[str] = mapped_column(String(320))
    email_canonical: Mapped[str] = mapped_column(Key(320))
    first_name: Mapped[str | None] = mapped_column(String(300))
    last_name: Mapped[str | None] = mapped_column(String(300))
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(Id)
    label_id: Mapped[uuid.UUID | None] = mapped_column(Id)
    team_id: Mapped[uuid.UUID | None] = mapped_column(Id)
    language: Mapped[str] = mapped_column(String(35))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    reset_generation: Mapped[int] = mapped_column(default=0, server_default="0")
    reset_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by_import_id: Mapped[uuid.UUID | None] = mapped_column(Id)


class UserStudentGroup(Base):
    """A person in a student group."""

    __tablename__ = "user_student_groups"
    __table_args__ = (
        ForeignKeyConstraint(["platform_id", "user_id"], ["users.platform_id", "users.id"]),
        ForeignKeyConstraint(["platform_id", "student_group_id"], ["student_groups.platform_id", "student_groups.id"]),
        Index(None, "platform_id", "student_group_id"),
    )

    platform_id: Mapped[int] = mapped_column(PlatformId, primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    student_group_id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
