"""The directory as JSON."""

import uuid
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class ReferenceOut(BaseModel):
    """Something by id and name."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    name: str = Field(examples=["Acme"])


class UserOut(BaseModel):
    """A person on the platform."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    state: str = Field(examples=["invited"], description="`invited`, `active` or `disabled`.")
    role: str = Field(examples=["member"], description="`member` or `admin`.")
    email: str = Field(examples=["jan.peeters@example.com"])
    first_name: str | None = Field(examples=["Jan"])
    last_name: str | None = Field(examples=["Peeters"])
    organisation: ReferenceOut | None
    student_groups: list[ReferenceOut]
    label: ReferenceOut | None
    team: ReferenceOut | None
    language: str = Field(examples=["nl"])
    created_at: datetime
    activated_at: datetime | None


class NamedOut(BaseModel):
    """An organisation, student group or label, with how many people are in it."""

    id: uuid.UUID
    name: str = Field(examples=["Acme"])
    users: int = Field(examples=[12])


class LeaderOut(BaseModel):
    """A team's leader."""

    id: uuid.UUID
    email: str = Field(examples=["ann.maes@example.com"])


class TeamOut(NamedOut):
    """A team. `pending_leader_email` is remembered until somebody with that address is on the platform."""

    leader: LeaderOut | None
    pending_leader_email: str | None
