"""The job engine of PostgreSQL, Procrastinate: wakes workers, and looks after those that died.

Its jobs carry ids only. The work lies in our rows: a job that is lost, repeated or stranded costs a moment, never work.
"""

import asyncio
import logging
import uuid
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import Any

import structlog
from procrastinate import App, Blueprint, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import DeleteJobCondition, Status
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.db import wake
from app.db.base import utcnow
from app.db.session import UNAVAILABLE, Database, is_collision, kind_of
from app.imports import work
from app.imports.ahead import let_others_go_first
from app.jobs.imports import do_next
from app.jobs.tidy import Tidying
from app.privacy.retention import Keep

log = structlog.get_logger()

IMPORTS, SOON = "imports", "soon"
"""Queues: work that takes minutes, and what must not wait behind it."""
ENGINES_PER_WORKER = 2
"""Each of our workers is two of Procrastinate's, one a queue."""
ALIVE_SECONDS = 30
SWEEP_SECONDS = 10
_IMPORTS_A_SWEEP = 100
_SOON_AT_ONCE = 4
_START_AGAIN_SECONDS = 1.0
_CLAIMS = 3
"""How often a claim is tried that meets other transactions; after that the sweep finds the import due."""
_LOOK_ANYWAY_SECONDS = 1.0
"""A word that comes while a worker looks for its next job may be lost on it."""


class _Tasks:
    """What workers may be asked to do. The names are stored with the jobs."""

    DO_IMPORT = "rollcall:do_import"
    DELIVER = "rollcall:deliver"


class ProcrastinateWaker:
    """Puts a job beside the work, in the transaction of the work. What waits already is not put there twice."""

    def __init__(self) -> None:
        self._app = App(connector=SyncPsycopgConnector())

    def wake(self, session: Session, imports: Collection[tuple[int, uuid.UUID]], *, has_mails: bool) -> None:
        """See `app.db.wake.Waker`."""
        for platform_id, import_id in sorted(imports):
            ids: dict[str, int | str] = {"platform_id": platform_id, "import_id": str(import_id)}
            self._defer(session, _Tasks.DO_IMPORT, IMPORTS, f"import:{import_id}", ids)
        if has_mails:
            self._defer(session, _Tasks.DELIVER, SOON, "deliver", {})

    def _defer(self, session: Session, task: str, queue: str, lock: str, ids: Mapping[str, int | str]) -> None:
        waiting = text("SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = :lock AND status = 'todo'")
        if session.scalar(waiting, {"lock": lock}):
            return
        # In a savepoint: somebody else may put the same job there this moment, which must not cost us the transaction.
        with suppress(AlreadyEnqueued), session.begin_nested():
            driver = session.connection().connection.driver_connection  # the savepoint is set only by asking here
            self._app.configure_task(task, connection=driver, queue=queue, queueing_lock=lock).defer(**ids)


@dataclass(frozen=True, slots=True)
class Orders:
    """How a worker works: imports side by side, most lines of one, how long files are kept."""

    concurrency: int
    max_lines: int
    keep_files: timedelta
    keep: Keep | None = None


def run(database: Database, orders: Orders, stop: Event, mails_are_due: Event, *, drain_seconds: float) -> None:
    """Do what Procrastinate's jobs ask for, until stopped; then finish, or give back, what is being done."""
    for name in ("procrastinate", "psycopg"):  # they tell arguments and addresses; what matters we tell ourselves
        logging.getLogger(name).setLevel(logging.CRITICAL)
    asyncio.run(_Engine(database, orders, stop, mails_are_due, drain_seconds).run())


def workers_alive(session: Session) -> int:
    """How many workers have shown themselves of late."""
    beat = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => :seconds)"
    return -(-int(session.scalar(text(beat), {"seconds": ALIVE_SECONDS}) or 0) // ENGINES_PER_WORKER)


class _Engine:
    """Procrastinate's workers within one of ours."""

    def __init__(
        self, database: Database, orders: Orders, stop: Event, mails_are_due: Event, drain_seconds: float
    ) -> None:
        self._database = database
        self._orders = orders
        self._stop = stop
        self._mails_are_due = mails_are_due
        self._drain_seconds = drain_seconds
        self._app = App(connector=PsycopgConnector(conninfo=conninfo(database.engine), min_size=1, max_size=6))
        self._tidying = Tidying(database, orders.keep_files, orders.keep)

    async def run(self) -> None:
        """Until stopped; begun anew where the database was gone."""
        threads = self._orders.concurrency + _SOON_AT_ONCE + 2
        asyncio.get_running_loop().set_exception_handler(_tell)
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(threads, thread_name_prefix="import"))
        self._app.add_tasks_from(self._tasks(), namespace="rollcall")
        while not self._stop.is_set():
            try:
                async with self._app.open_async():
                    await self._work()
            except (ConnectorException, *UNAVAILABLE) as error:
                log.error("database_unavailable", kind=kind_of(error.__cause__ or error))
            if not self._stop.is_set():
                await asyncio.sleep(_START_AGAIN_SECONDS)

    async def _work(self) -> None:
        """Both queues, until stopped or until one of them ends, which happens where the database is gone."""
        working = [
            asyncio.create_task(self._serve(IMPORTS, self._orders.concurrency)),
            asyncio.create_task(self._serve(SOON, _SOON_AT_ONCE)),
        ]
        stopped = asyncio.create_task(self._stopped())
        await asyncio.wait([*working, stopped], return_when=asyncio.FIRST_COMPLETED)
        for task in (*working, stopped):
            task.cancel()
        results = await asyncio.gather(*working, return_exceptions=True)
        for error in results:
            if isinstance(error, Exception):
                raise error

    async def _serve(self, queue: str, concurrency: int) -> None:
        await self._app.run_worker_async(
            queues=[queue],
            name=queue,
            concurrency=concurrency,
            install_signal_handlers=False,
            shutdown_graceful_timeout=self._drain_seconds,
            delete_jobs=DeleteJobCondition.ALWAYS,
            fetch_job_polling_interval=_LOOK_ANYWAY_SECONDS,
            update_heartbeat_interval=ALIVE_SECONDS / 3,
            stalled_worker_timeout=ALIVE_SECONDS,
        )

    async def _stopped(self) -> None:
        while not self._stop.is_set():
            await asyncio.sleep(0.1)

    # --- what jobs ask for ---------------------------------------------------------------------------------------

    def _tasks(self) -> Blueprint:
        tasks = Blueprint()

        @tasks.task(name="do_import", queue=IMPORTS)
        def _do_import(platform_id: int, import_id: str) -> None:
            self._do_import(platform_id, uuid.UUID(import_id))

        @tasks.task(name="deliver", queue=SOON)
        async def _deliver() -> None:
            self._mails_are_due.set()

        @tasks.periodic(cron=f"* * * * * */{SWEEP_SECONDS}")
        @tasks.task(name="sweep", queue=SOON, queueing_lock="sweep")
        async def _sweep(timestamp: int) -> None:
            del timestamp
            await self._sweep()

        return tasks

    def _do_import(self, platform_id: int, import_id: uuid.UUID) -> None:
        let_others_go_first()
        for _ in range(_CLAIMS):
            try:
                only = (platform_id, import_id)
                do_next(self._database, max_lines=self._orders.max_lines, stop=self._stop, only=only)
            except UNAVAILABLE as error:
                if is_collision(error):  # in the claim itself: nothing is done yet
                    continue
                log.error("database_unavailable", kind=kind_of(error))  # the lease brings it back
            return

    async def _sweep(self) -> None:
        """What a dead worker held, and what is due by now without anybody's word."""
        jobs = self._app.job_manager
        for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=ALIVE_SECONDS):
            # The import it was about is due again when its lease has run out, and gets a job anew just below.
            await jobs.finish_job(job, Status.FAILED, delete_job=True)
            log.warning("stalled_job_ended", job=job.task_name)
        await jobs.prune_stalled_workers(ALIVE_SECONDS)
        with suppress(*UNAVAILABLE):  # the next one finds the same
            await asyncio.to_thread(self._look_after)

    def _look_after(self) -> None:
        with self._database.reading() as session:
            due = work.due(session, utcnow(), limit=_IMPORTS_A_SWEEP)
        if due:
            with self._database.writing() as session:
                for platform_id, import_id in due:
                    wake.for_import(session, platform_id, import_id)
        self._tidying.now_and_then()


def _tell(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What a task of the library ended with and nobody asked for, as where the database went away under it.

    Python would print it, with arguments and addresses.
    """
    error = context.get("exception")
    log.warning("task_ended", kind=kind_of(error.__cause__ or error) if error else "none")


def conninfo(engine: Engine) -> str:
    """The address of a database as its own driver takes it."""
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
