"""The audit list as JSON."""

import uuid
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class AuditEventOut(BaseModel):
    """Something that was done. Never a name, an e-mail address or a secret: who and what are told by their ids."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    at: datetime
    actor_kind: str = Field(
        examples=["user"],
        description="`api_key`, `user`, `cli` (the command line), `worker`, or `anonymous`: who proved nothing.",
    )
    actor_id: uuid.UUID | None = Field(description="The key, or the user.")
    action: str = Field(examples=["invitation.revoked"], description="More may come.")
    subject_kind: str = Field(examples=["invitation"])
    subject_id: uuid.UUID | None = Field(description="null: the platform itself, or nobody that is known.")
    details: dict[str, Any] = Field(examples=[{"fields": ["sender_name"]}])
    request_id: str | None = Field(description="The `X-Request-Id` of the request. null: not asked over HTTP.")
    remote_address: str | None = Field(examples=["192.0.2.7"], description="From where the request came.")
