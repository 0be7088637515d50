"""`make run`: the service on port 8000 with a platform of its own in ./var. Makes the secret once, never prints it."""

import os
import secrets
import sys
from pathlib import Path

import typer

from app import cli
from app.access.credentials import find_platform
from app.db.base import utcnow
from app.db.session import Database
from app.settings import Settings
from app.setup import NewPlatform, administrator_link, create_platform

PLATFORM = NewPlatform("default", "Default platform", "admin@example.com")


def configure(folder: Path, port: int) -> Settings:
    """Settings for a service of one's own under a folder; what the environment says already stands."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in {
        "DATABASE_URL": f"sqlite:///{folder}/rollcall.db",
        "SECRET_KEYS": _secret(folder / "secret"),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "MAIL_URL": f"folder://{(folder / 'mails').resolve()}",
        "MAIL_FROM": "invitations@example.com",
    }.items():
        os.environ.setdefault(f"ROLLCALL_{name}", value)
    return cli.prepare(Settings.load())


def first_platform(settings: Settings) -> str:
    """Make the platform where it is missing; the administrator's one-time link until it is used."""
    database = Database(settings.database_url)
    now = utcnow()
    with database.writing() as session:
        platform = find_platform(session, PLATFORM.subdomain) or create_platform(session, PLATFORM, now=now)
        keyring = cli.keyring_of(settings)
        link = administrator_link(session, keyring, platform.id, public_url=settings.public_url, now=now)
    database.close()
    return link


def _secret(file: Path) -> str:
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as opened:
        opened.write(secrets.token_urlsafe(48))
    return file.read_text(encoding="ascii")


def main() -> None:
    """Serve until stopped."""
    settings = configure(Path("var"), 8000)
    link = first_platform(settings)
    if link:
        typer.echo(f"Set the password of {PLATFORM.admin_email}: {link}", err=True)
    typer.echo(f"The platform is “{PLATFORM.subdomain}”; its mails are files in var/mails.", err=True)
    typer.echo(f"API and its documentation: {settings.public_url}/docs", err=True)
    sys.argv = ["rollcall", "serve", "--port", "8000"]
    cli.main()


if __name__ == "__main__":
    main()
