"""What a commit did and what an undo took back, as JSON. Looks nothing up; `schemas` has all else about imports."""

import uuid
from typing import Literal

from pydantic import BaseModel, Field


class MailsOut(BaseModel):
    """The mails of an import by state; `queued` are those that wait or are being sent."""

    queued: int
    sent: int
    failed: int
    held: int
    dropped: int


class CreatesOut(BaseModel):
    """What is (or was) created because rows name it: the first 1,000 of each kind."""

    organisations: list[str]
    student_groups: list[str]
    labels: list[str]
    teams: list[str]


class NamesOut(BaseModel):
    """A number of each kind of thing people are put into."""

    organisations: int
    student_groups: int
    labels: int
    teams: int


class LeftOut(BaseModel):
    """Somebody or something of the import that an undo leaves, and why."""

    kind: Literal["user", "organisation", "student_group", "label", "team"]
    id: uuid.UUID
    reason: Literal["accepted", "in_use"]


class LeftCountsOut(BaseModel):
    """How many an undo leaves: people who accepted, names that others use."""

    accepted: int
    in_use: int


class UndoOut(BaseModel):
    """What an undo took back. When it is done: `added = removed + already_gone + left_counts.accepted`."""

    removed: int = Field(description="People.")
    already_gone: int = Field(description="People who were removed one by one before, such as by a revoke.")
    removed_names: NamesOut
    left: list[LeftOut] = Field(description="The first 1,000; `left_counts` counts them all.")
    left_counts: LeftCountsOut


class ResultOut(BaseModel):
    """What the commit did: the terms always add up to `rows`."""

    rows: int
    added: int
    already_users: int
    duplicates: int
    rejected: int
    empty: int
    skipped: int
    not_done: int
    mails: MailsOut
    creates: CreatesOut
    changed_since_preview: dict[str, int]
    undo: UndoOut | None
