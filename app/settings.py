"""All configuration, read once from ROLLCALL_* variables. Nobody else reads the environment.

Decides what a valid configuration is; never opens, connects to or creates anything.
"""

from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "ROLLCALL_"


class SettingsError(Exception):
    """A setting is missing or weak; the text names each variable and what is wrong with it."""


class DatabaseSettings(BaseSettings):
    """What the commands need that only touch the database (`migrate`, `create-key`)."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    database_url: str = Field(
        default="sqlite:///var/rollcall.db",
        repr=False,  # it may hold a password, as mail_url may
        description="`sqlite:///path/to/file.db`, or `postgresql+psycopg://user:pass@host/name`.",
    )

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("must start with sqlite:/// or postgresql+psycopg://")
        try:
            _ = urlsplit(value).port
        except ValueError:
            raise ValueError("has a port that is no number") from None
        if value in {"sqlite:///", "sqlite:///:memory:"}:
            raise ValueError("must name a file: the API and the worker are two processes")
        return value

    @property
    def sqlite_path(self) -> Path | None:
        """The file of an SQLite database, None for another one."""
        if not self.database_url.startswith("sqlite:///"):
            return None
        return Path(self.database_url.removeprefix("sqlite:///"))

    @classmethod
    def load(cls) -> Self:
        """Read the environment. Raises SettingsError."""
        try:
            return cls()
        except ValidationError as error:
            problems = []
            for item in error.errors():
                name = PREFIX + str(item["loc"][0]).upper() if item["loc"] else PREFIX + "*"
                what = "is missing" if item["type"] == "missing" else item["msg"].removeprefix("Value error, ")
                problems.append(f"{name}: {what}")
            raise SettingsError("\n".join(problems)) from None


class Settings(DatabaseSettings):
    """Everything the service needs to run."""

    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        description="Comma-separated secrets of at least 32 characters. The first signs, all verify. "
        "Keep a retired one for as long as the longest invitation lives (30 days).",
    )
    public_url: str = Field(description="Where people reach this service; the links in mails start with it.")
    mail_url: str = Field(
        repr=False,
        description="`smtp://user:pass@host:587?tls=starttls`, `smtps://user:pass@host:465`, or `folder:///path`.",
    )
    mail_from: str = Field(description="The address mails come from, `invitations@example.com`.")
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Comma-separated origins of front ends on other sites; PUBLIC_URL is always allowed.",
    )
    upload_bytes: int = Field(default=200 * 1024 * 1024, ge=1024, description="Largest file, in bytes.")
    upload_lines: int = Field(default=1_000_000, ge=1, description="Most lines of a file.")
    upload_columns: int = Field(default=200, ge=4, le=10_000, description="Most columns of a file.")
    upload_retention_days: int = Field(
        default=30, ge=1, le=3650, description="Days after which a file and its rows are dropped; its counts stay."
    )
    delivery_retention_days: int = Field(
        default=90, ge=7, le=3650, description="Days after which a mail that left, failed or was dropped is forgotten."
    )
    invitation_retention_days: int = Field(
        default=365, ge=30, le=3650, description="Days after which an accepted or revoked invitation is forgotten."
    )
    audit_retention_days: int = Field(
        default=365, ge=30, le=3650, description="Days after which an audit event is forgotten."
    )
    body_bytes: int = Field(default=1024 * 1024, ge=1024, description="Largest body of any other request, in bytes.")
    mail_connections: int = Field(default=4, ge=1, le=64, description="Connections a worker keeps to the mail server.")
    delivery_paused: bool = Field(
        default=False, description="Workers send no mail, it waits. For a restored copy: nobody is mailed again."
    )
    mail_rate: float = Field(default=0, ge=0, description="Most mails per second in all; 0 is no limit.")
    platform_mail_rate: float = Field(default=0, ge=0, description="Most mails per second of one platform.")
    platform_mails_per_day: int = Field(
        default=1_000_000, ge=0, description="Most invitation mails of one platform in a day; 0 is no limit."
    )
    requests_per_minute: int = Field(
        default=6000, ge=0, description="Most requests a minute of one key or signed-in person; 0 is no limit."
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Comma-separated addresses and networks of proxies whose X-Forwarded-* are believed."
    )
    otel_endpoint: str = Field(
        default="", description="An OpenTelemetry collector that gets spans of requests, `http://collector:4318`."
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")

    @property
    def mails_kept(self) -> bool:
        """Whether mails go into a folder, where they can be read again."""
        return urlsplit(self.mail_url).scheme == "folder"

    @field_validator("secret_keys", "allowed_origins", "trusted_proxies", mode="before")
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("secret_keys")
    @classmethod
    def _strong(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not keys:
            raise ValueError("is missing")
        for key in keys:
            if len(key.get_secret_value()) < 32 or len(set(key.get_secret_value())) < 8:
                raise ValueError("each key needs at least 32 characters, 8 of them different")
        return keys

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            for network in value:
                ip_network(network)
        except ValueError:
            raise ValueError("each must be an address (10.0.0.7) or a network (10.0.0.0/8)") from None
        return value

    @field_validator("public_url")
    @classmethod
    def _absolute(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
            raise ValueError("must be an http:// or https:// address without query")
        return value.rstrip("/")

    @field_validator("otel_endpoint")
    @classmethod
    def _collector(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment):
            raise ValueError("must be an http:// or https:// address without query")
        return value

    @field_validator("mail_url")
    @classmethod
    def _known_sender(cls, value: str) -> str:
        if urlsplit(value).scheme not in {"smtp", "smtps", "folder"}:
            raise ValueError("must start with smtp://, smtps:// or folder://")
        return value

    @field_validator("mail_from")
    @classmethod
    def _address(cls, value: str) -> str:
        address = parseaddr(value)[1]
        if "@" not in address or not value.isascii() or not value.isprintable() or address != value:
            raise ValueError("must be a plain e-mail address")
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()
