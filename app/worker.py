"""The worker process: does import work and delivers mails until it is told to stop. Serves nobody."""

import gc
import signal
import threading
from datetime import timedelta
from types import FrameType

import structlog

import app.tables  # noqa: F401 completes the tables
from app.access.tokens import Keyring
from app.accounts.mail import ResetMail
from app.db.migrate import require_current
from app.db.session import Database
from app.delivery.letterhead import Letterhead
from app.delivery.models import MailKind
from app.delivery.pump import Pump
from app.delivery.rates import Rates
from app.delivery.senders.base import sender_from_url
from app.imports.ahead import let_others_go_first, prepare
from app.invitations.mail import InvitationMail
from app.jobs import embedded
from app.jobs.lock import WorkerLock
from app.jobs.mails import deliver
from app.jobs.open import open_database
from app.privacy.retention import keep_of
from app.settings import PREFIX, Settings

log = structlog.get_logger()

DRAIN_SECONDS = 20.0


def make_pump(settings: Settings, database: Database) -> Pump:
    """The pump with its sender and a writer for every kind of mail."""
    keyring = Keyring([key.get_secret_value() for key in settings.secret_keys])
    letterhead = Letterhead(keyring, public_url=settings.public_url, mail_from=settings.mail_from)
    return Pump(
        database,
        sender_from_url(settings.mail_url),
        {MailKind.INVITATION: InvitationMail(letterhead), MailKind.PASSWORD_RESET: ResetMail(letterhead)},
        connections=settings.mail_connections,
        rates=Rates(settings.mail_rate, settings.platform_mail_rate, settings.platform_mails_per_day),
        is_switched_off=settings.delivery_paused,
    )


def run_worker(settings: Settings, stop: threading.Event, *, waits: bool = False, concurrency: int = 2) -> None:
    """Work until `stop` is set. Raises SchemaError.

    An SQLite file has one worker: where another has it, this one waits, or raises WorkerIsRunning. Of PostgreSQL's
    there may be many, each with up to `concurrency` imports side by side.
    """
    lock = WorkerLock(settings.sqlite_path) if settings.sqlite_path else None
    if lock is not None:
        if not waits:
            lock.acquire()
        elif not lock.wait(stop):
            return
    database = open_database(settings.database_url, connections=6 + 2 * concurrency)
    try:
        require_current(database)
        if lock is not None:
            embedded.clear_leases(database)
        dialect = database.engine.dialect
        # With the driver, which no process loads before it opens a database.
        prepare(__name__, type(dialect).__module__, dialect.loaded_dbapi.__name__)
        gc.freeze()  # what is loaded by now stays: the collector need not look through it again and again
        mails_are_due = threading.Event()
        imports = threading.Thread(
            target=_do_imports,
            args=(database, stop, mails_are_due, settings, concurrency),
            name="imports",
            daemon=True,
        )
        imports.start()
        log.info("worker_started")
        if settings.delivery_paused:
            log.warning("delivery_paused", variable=f"{PREFIX}DELIVERY_PAUSED")
        deliver(database, make_pump(settings, database), stop, mails_are_due, drain_seconds=DRAIN_SECONDS)
        imports.join(DRAIN_SECONDS)
        log.info("worker_stopped")
    finally:
        database.close()
        if lock is not None:
            lock.release()


def _do_imports(
    database: Database, stop: threading.Event, mails_are_due: threading.Event, settings: Settings, concurrency: int
) -> None:
    keep_files = timedelta(days=settings.upload_retention_days)
    keep = keep_of(settings)
    try:
        if database.is_shared:
            from app.jobs import engine  # nobody needs Procrastinate beside an SQLite file

            orders = engine.Orders(concurrency, settings.upload_lines, keep_files, keep)
            engine.run(database, orders, stop, mails_are_due, drain_seconds=DRAIN_SECONDS)
        else:
            let_others_go_first()
            embedded.do_imports(database, stop, max_lines=settings.upload_lines, keep_files=keep_files, keep=keep)
    finally:
        stop.set()  # half a worker is none: the parent starts a whole one


def stop_on_signals(stop: threading.Event) -> None:
    """SIGTERM and SIGINT ask to stop; what is being done is finished."""

    def _stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
