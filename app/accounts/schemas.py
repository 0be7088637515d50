"""Accounts, keys and platform settings as JSON."""

import re
import uuid
from datetime import datetime
from functools import cache
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.access.actor import Scope
from app.access.models import Platform
from app.access.passwords import MAX_CHARACTERS
from app.directory.schemas import UserOut
from app.invitations.fields import Title
from app.web.fields import Language, NewPassword, Token
from app.web.problems import InvalidValue


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_time_zone(value: str) -> str:
    if value not in _time_zones():
        raise InvalidValue("time_zone_unknown")
    return value


_NOT_IN_AN_ADDRESS = re.compile(r"[\s\x00-\x20\x7f-\x9f\"'<>\\^`{|}]")


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or _NOT_IN_AN_ADDRESS.search(value):
        raise InvalidValue("not_a_web_address")
    return value


def _said(value: str) -> str:
    said = " ".join(value.split())
    if not said:
        raise InvalidValue("too_short", limit=1)
    return said


GivenPassword = Annotated[str, Field(max_length=MAX_CHARACTERS)]
AnyAddress = Annotated[str, Field(max_length=320, examples=["ann@example.com"])]
Subdomain = Annotated[str, Field(max_length=63, examples=["acme"])]
Name = Annotated[Title, AfterValidator(_said)]


class SignIn(BaseModel):
    """Who signs in, and how the session is carried: in a cookie, or as a token for `Authorization: Bearer`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"email": "ann@example.com", "password": "correct horse battery", "mode": "token"}]
        },
    )

    platform: Subdomain | None = Field(None, description="Default: the Host's, else the only one.")
    email: AnyAddress
    password: GivenPassword
    mode: Literal["cookie", "token"] = "cookie"


class SessionOut(BaseModel):
    """A new session. `token` is null in cookie mode."""

    token: str | None = Field(examples=["rcs_..."])
    expires_at: datetime
    user: UserOut


class CurrentSessionOut(BaseModel):
    """The session a request is made with."""

    user: UserOut


class ResetIn(BaseModel):
    """Whose password was forgotten."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"email": "ann@example.com"}]})

    platform: Subdomain | None = None
    email: AnyAddress


class ResetCompleteIn(BaseModel):
    """A new password, by the token of a mail."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"token": "...", "password": "correct horse battery"}]}
    )

    token: Token
    password: NewPassword


class PasswordIn(BaseModel):
    """A new password, by the old one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"old_password": "correct horse", "password": "correct horse battery"}]},
    )

    old_password: GivenPassword
    password: NewPassword


class Done(BaseModel):
    """It was done, or taken note of."""

    status: Literal["done", "accepted"]


class UserStateIn(BaseModel):
    """Disable a person, or let them in again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"state": "disabled"}]})

    state: Literal["active", "disabled"]


class ApiKeyIn(BaseModel):
    """A key to make."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "HR system", "scopes": ["import"]}]}
    )

    name: Name
    scopes: list[Scope] = Field(min_length=1, max_length=4)


class ApiKeyOut(BaseModel):
    """A key, without the key."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    name: str
    scopes: list[str]
    prefix: str = Field(examples=["rck_6fK2xQ9a"])
    created_at: datetime
    last_used_at: datetime | None


class NewApiKeyOut(ApiKeyOut):
    """A new key. `key` is shown this once."""

    key: str


class PlatformOut(BaseModel):
    """The settings of a platform."""

    model_config = ConfigDict(from_attributes=True)

    subdomain: str = Field(examples=["acme"])
    name: str = Field(examples=["Acme Academy"])
    default_language: str = Field(examples=["en"])
    time_zone: str = Field(examples=["Europe/Brussels"])
    sender_name: str = Field(examples=["Acme Academy"])
    invitation_days: int = Field(examples=[7])
    after_accept_url: str | None
    mails_kept: bool = Field(False, description="Whether sent mails can be read: GET /sent-mails.")


def platform_out(platform: Platform, *, mails_kept: bool) -> PlatformOut:
    """The settings of a platform as they are answered."""
    return PlatformOut.model_validate(platform).model_copy(update={"mails_kept": mails_kept})


class PlatformIn(BaseModel):
    """Settings to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"sender_name": "Acme HR"}]})

    name: Name = ""
    default_language: Language = ""
    time_zone: Annotated[str, AfterValidator(_known_time_zone)] = ""
    sender_name: Name = ""
    invitation_days: int = Field(0, ge=1, le=30)
    after_accept_url: Annotated[str, Field(max_length=2000), AfterValidator(_web_address)] | None = None
