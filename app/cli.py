"""The command line. Parses, calls once, prints; exit status 0 done, 1 refused, 2 used wrongly."""

import json
import socket
import sys
import threading
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from sqlalchemy.exc import DatabaseError

import app.tables  # noqa: F401 completes the tables
from app import logs, terminal
from app.access import credentials
from app.access.actor import Scope, command_line
from app.access.tokens import Keyring
from app.accounts.service import create_api_key
from app.db.base import utcnow
from app.db.migrate import SchemaError, migrate, require_current
from app.db.session import Database
from app.delivery.senders.base import sender_from_url
from app.errors import AppError
from app.jobs.lock import WorkerIsRunning
from app.jobs.open import open_database
from app.settings import DatabaseSettings, Settings, SettingsError
from app.setup import NewPlatform, administrator_link, create_platform
from app.spans import require_installed
from app.texts import FALLBACK, languages, text, texts

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Rollcall, the invitation desk: people come onto a platform, and each gets exactly one mail. "
    "Settings are ROLLCALL_* environment variables; the README lists them.",
)
out = Console()
err = Console(stderr=True)


class _Refused(Exception):  # noqa: N818 it is the request that is refused
    """Something was refused; the text is for people."""


def main() -> None:
    """The entry point: errors of ours become a sentence and a status, never a stack trace."""
    try:
        cli()
    except (SettingsError, SchemaError, _Refused) as error:
        _end(str(error))
    except WorkerIsRunning:
        _end("Another worker is running on this database file; one is enough.")
    except AppError as error:
        _end(sentence(error))
    except DatabaseError as error:
        _end(f"The database cannot be used: {type(error.orig).__name__}. Is ROLLCALL_DATABASE_URL right?")


def _end(message: str) -> NoReturn:
    err.print(message, style="red", highlight=False, markup=False)
    sys.exit(1)


def sentence(error: AppError) -> str:
    """An error in English, with the places it names."""
    lines = [text(FALLBACK, f"problems.{error.code}.detail", **error.params)]
    for field in error.fields:
        key = next((key for key in (f"fields.{field.code}", f"issues.{field.code}") if key in texts(FALLBACK)), "")
        lines.append(f"{field.pointer}: {text(FALLBACK, key or 'fields.other', **field.params)}")
    return "\n".join(lines)


@cli.command("migrate")
def migrate_command() -> None:
    """Bring the database to the schema of this version.

    Example: `ROLLCALL_DATABASE_URL=sqlite:///var/rollcall.db rollcall migrate`
    """
    database = Database(DatabaseSettings.load().database_url)
    migrate(database)
    database.close()
    out.print("The database is up to date.")


@cli.command("create-platform")
def create_platform_command(
    subdomain: Annotated[str, typer.Argument(help="Letters, digits and hyphens: `acme`.")],
    name: Annotated[str, typer.Option(help="What people call it: `Acme Academy`.")],
    admin: Annotated[str, typer.Option(help="The first administrator's e-mail address.")],
    language: Annotated[str, typer.Option(help="Its default language.")] = FALLBACK,
) -> None:
    """Create a platform, and print the one-time link by which its administrator sets a password.

    Example: `rollcall create-platform acme --name "Acme Academy" --admin ann@example.com`
    """
    if language not in languages():
        raise typer.BadParameter(f"not installed; there are {', '.join(languages())}", param_hint="--language")
    settings = Settings.load()
    database = _database(settings)
    now = utcnow()
    with database.writing() as session:
        platform = create_platform(session, NewPlatform(subdomain, name, admin, language), now=now)
        link = administrator_link(session, keyring_of(settings), platform.id, public_url=settings.public_url, now=now)
    typer.echo(link)


@cli.command("create-key")
def create_key_command(
    subdomain: Annotated[str, typer.Argument(help="The platform.")],
    name: Annotated[str, typer.Option(help="What the key is for: `HR system`.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do; repeat for several.")],
) -> None:
    """Create an API key and print it. It is shown this once.

    Example: `rollcall create-key acme --name "HR system" --scope import --scope invite`
    """
    database = _database(DatabaseSettings.load())
    with database.writing() as session:
        platform = credentials.find_platform(session, subdomain)
        if platform is None:
            raise _Refused(f"There is no platform “{subdomain}”.")
        _, key = create_api_key(session, command_line(platform.id), name=name, scopes=scope, now=utcnow())
    typer.echo(key)


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on; 0 takes a free one.")] = 8000,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Only the API; workers run elsewhere.")] = False,
) -> None:
    """Serve the API, with a worker beside it. SIGTERM drains.

    Example: `rollcall serve --host 0.0.0.0 --port 8000`
    """
    from app.supervisor import supervise

    settings = prepare(Settings.load())
    try:
        listening = listen(host, port)
    except OSError as error:
        raise _Refused(f"Cannot listen on {host}:{port}: {error.strerror}.") from None
    typer.echo(f"Rollcall listens on http://{host}:{listening.getsockname()[1]}", err=True)
    logs.configure(settings.log_level)
    sys.exit(supervise(listening, with_worker=not no_worker))


@cli.command()
def worker(
    concurrency: Annotated[
        int, typer.Option(min=1, max=16, help="Imports it does side by side. On SQLite there is one writer: 1.")
    ] = 2,
) -> None:
    """Check and commit imports and deliver mails, until SIGTERM, which drains within 30 seconds.

    Example: `rollcall worker --concurrency 4`
    """
    from app.worker import run_worker, stop_on_signals

    settings = Settings.load()
    logs.configure(settings.log_level)
    stop = threading.Event()
    stop_on_signals(stop)
    run_worker(settings, stop, concurrency=concurrency)


@cli.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The CSV file.")],
    platform: Annotated[str, typer.Option(help="The platform's subdomain.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the preview and stop.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before the commit.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the import and its preview as JSON.")] = False,
) -> None:
    """Import a CSV file: detect, map, preview, and after a yes “Import and Invite”. The worker sends the mails.

    Example: `rollcall import people.csv --platform acme --dry-run`
    """
    from app.import_file import FileImport

    settings = prepare(Settings.load())
    database = _database(settings)
    logs.configure("WARNING")  # the bar tells the rest
    console = Console(stderr=True) if as_json else out
    task = FileImport(settings, database, platform, console)
    try:
        preview = task.preview(file)
        if not dry_run:
            people = preview["summary"]["to_add"]
            if not yes:
                if not sys.stdin.isatty():
                    raise typer.BadParameter("add it: nobody is there to be asked", param_hint="--yes")
                if not typer.confirm(f"Import and invite {people:,} people?", err=as_json):
                    raise _Refused("Nothing was imported.")
            task.commit()
        if as_json:
            typer.echo(json.dumps({"import": task.imported, "preview": preview}, ensure_ascii=False))
        elif not dry_run:
            terminal.show_result(out, task.imported["result"])
    finally:
        task.close()


@cli.command()
def demo(
    exit_: Annotated[bool, typer.Option("--exit", help="End when done, with status 0.")] = False,
) -> None:
    """Show the main job on a platform of its own, in `var/demo`, with mails as files."""
    from app.demo import run_demo

    sys.exit(run_demo(stay=not exit_))


@cli.command()
def openapi() -> None:
    """Print the OpenAPI description of the API."""
    from app.main import describe

    typer.echo(json.dumps(describe(), indent=2, ensure_ascii=False))


# --- shared with make run and the demo -----------------------------------------------------------------------------


def keyring_of(settings: Settings) -> Keyring:
    """The secrets of the installation."""
    return Keyring([key.get_secret_value() for key in settings.secret_keys])


def prepare(settings: Settings) -> Settings:
    """What must be right before anything starts: the sender, and the schema (an SQLite file is migrated by itself)."""
    try:
        sender_from_url(settings.mail_url)
    except ValueError as error:
        raise SettingsError(f"ROLLCALL_MAIL_URL: {error}") from None
    require_installed(settings)
    database = open_database(settings.database_url)
    if settings.sqlite_path is not None:
        migrate(database)
    require_current(database)
    database.close()
    return settings


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=512)


def _database(settings: DatabaseSettings) -> Database:
    database = open_database(settings.database_url)
    require_current(database)
    return database


if __name__ == "__main__":
    main()
