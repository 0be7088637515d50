"""Tables of imports: the file in pieces, and of its rows only those that are not a clean `add`."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, BigInt, Id, Json, PlatformId, UtcDateTime


class Import(Base):
    """One file on its way in. `due_at` and `lease` say whether work waits or who does it, as in the outbox."""

    __tablename__ = "imports"
    __table_args__ = (
        Index(
            "ix_imports_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_imports_platform_id_sha256", "platform_id", "sha256"),
    )

    platform_id: Mapped[int] = mapped_column(PlatformId, ForeignKey("platforms.id"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    state: Mapped[str] = mapped_column(String(12))
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(200))
    inviter_name: Mapped[str | None] = mapped_column(String(200))
    inviter_email: Mapped[str | None] = mapped_column(String(320))

    # The file, and how it is read.
    file_name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInt)
    sha256: Mapped[str] = mapped_column(String(64))
    line_breaks: Mapped[int]
    format: Mapped[str] = mapped_column(String(8), default="csv", server_default="csv")
    """`csv`, `xlsx` or `ods`."""
    encoding: Mapped[str] = mapped_column(String(40))
    delimiter: Mapped[str] = mapped_column(String(1))
    quote: Mapped[str] = mapped_column(String(1))
    """Empty: no cell is quoted."""
    escape: Mapped[str] = mapped_column(String(1), default="", server_default="")
    r"""`\\` where a quote in a cell is written `\\"`; empty where it is doubled."""
    header_line: Mapped[int]
    sheet: Mapped[str | None] = mapped_column(String(255))
    sheets: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    """The names of a workbook's sheets."""
    overrides: Mapped[dict[str, Any]] = mapped_column(Json)
    """What people said about how to read the file; the rest is detected."""
    lines: Mapped[int | None]
    file_issues: Mapped[list[Any]] = mapped_column(Json)
    ignored: Mapped[list[Any]] = mapped_column(Json, default=list, server_default="[]")
    """Lines that are no rows, `{line, why}`: preamble, repeated headers, footers; the first 100."""
    file_deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    headers: Mapped[list[str]] = mapped_column(Json)
    samples: Mapped[list[list[str]]] = mapped_column(Json)
    suggestion: Mapped[list[Any]] = mapped_column(Json)

    # What is to be done with it.
    columns: Mapped[list[str | None] | None] = mapped_column(Json)
    defaults: Mapped[dict[str, Any]] = mapped_column(Json)
    value_edits: Mapped[dict[str, dict[str, str]]] = mapped_column(Json, default=dict, server_default="{}")
    """What people made of a value wherever it stands: by column, from -> to."""
    edited_rows: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many rows have edits of their own."""
    commit_options: Mapped[dict[str, Any] | None] = mapped_column(Json)
    message_id: Mapped[uuid.UUID | None] = mapped_column(Id)

    # What was found and done.
    result: Mapped[dict[str, Any] | None] = mapped_column(Json)
    failure_code: Mapped[str | None] = mapped_column(String(60))
    failure_params: Mapped[dict[str, Any] | None] = mapped_column(Json)

    # How far the work is. `checkpoint` is the line after which rows are not done yet.
    task: Mapped[str | None] = mapped_column(String(8))
    """What a worker is to do where the state does not tell: `send` or `hold` mails of a finished import."""
    undo_requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    work_started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    checkpoint: Mapped[int] = mapped_column(default=0)
    rows_total: Mapped[int | None]
    rows_done: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease: Mapped[uuid.UUID | None] = mapped_column(Id)
    attempts: Mapped[int] = mapped_column(default=0)


class ImportPreview(Base):
    """The preview of an import as its last check found it. Apart from the import, whose row a commit writes often."""

    __tablename__ = "import_previews"
    __table_args__ = (ForeignKeyConstraint(["platform_id", "import_id"], ["imports.platform_id", "imports.id"]),)

    platform_id: Mapped[int] = mapped_column(PlatformId, primary_key=True)
    import_id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    version: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(Json)


class ImportPiece(Base):
    """About 1 MiB of the file, compressed. No key to its import: pieces arrive first, and broken uploads are swept."""

    __tablename__ = "import_pieces"

    platform_id: Mapped[int] = mapped_column(PlatformId, ForeignKey("platforms.id"), primary_key=True)
    import_id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    first_line: Mapped[int | None]
    """The first line of a record that starts in this piece; None until checked, or where none starts."""
    checkpoint: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What a reader must know to start at that line."""


class ImportOriginal(Base):
    """About 1 MiB of a workbook as it was uploaded: kept so that another sheet can be chosen. Its pieces are text."""

    __tablename__ = "import_originals"

    platform_id: Mapped[int] = mapped_column(PlatformId, ForeignKey("platforms.id"), primary_key=True)
    import_id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ImportEdit(Base):
    """What people made of one row: other values, or skipped. Apart from the rows, which every check writes anew."""

    __tablename__ = "import_edits"
    __table_args__ = (ForeignKeyConstraint(["platform_id", "import_id"], ["imports.platform_id", "imports.id"]),)

    platform_id: Mapped[int] = mapped_column(PlatformId, primary_key=True)
    import_id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    values: Mapped[dict[str, str]] = mapped_column(Json)
    """By our columns; an empty text empties the cell."""
    is_skipped: Mapped[bool]


class ImportRow(Base):
    """A row that is not a clean `add`."""

    __tablename__ = "import_rows"
    __table_args__ = (ForeignKeyConstraint(["platform_id", "import_id"], ["imports.platform_id", "imports.id"]),)

    platform_id: Mapped[int] = mapped_column(PlatformId, primary_key=True)
    import_id: Mapped[uuid.UUID] = mapped_column(Id, primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outcome: Mapped[str] = mapped_column(String(12))
    first_line: Mapped[int | None]
    values: Mapped[dict[str, Any]] = mapped_column(Json)
    issues: Mapped[list[Any]] = mapped_column(Json)
    codes: Mapped[str] = mapped_column(String(500))
    """The codes of the issues between commas, `,email_invalid,too_few_cells,`: what a filter looks into."""


class RememberedMapping(Base):
    """How a platform matched a set of headers the last time."""

    __tablename__ = "remembered_mappings"

    platform_id: Mapped[int] = mapped_column(PlatformId, ForeignKey("platforms.id"), primary_key=True)
    headers_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    columns: Mapped[dict[str, str | None]] = mapped_column(Json)
    """Header key -> column."""
    used_at: Mapped[datetime] = mapped_column(UtcDateTime)
