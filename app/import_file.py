"""The whole import of one file in this process, for `rollcall import`. Calls what the API calls; mails nobody."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rich.console import Console

from app import terminal
from app.access.actor import command_line
from app.access.credentials import find_platform
from app.db.base import utcnow
from app.db.session import Database
from app.errors import AppError, Code, not_found
from app.imports import look, one_shot, service, show
from app.imports.pieces import limits_of
from app.imports.service import CommitOptions
from app.imports.steps import WORKING
from app.imports.upload import Upload
from app.imports.work import Job
from app.jobs.imports import do_next
from app.jobs.lock import WorkerIsRunning, WorkerLock
from app.settings import Settings
from app.texts import FALLBACK

_READ_AT_ONCE = 1024 * 1024
_LOOK_AGAIN_SECONDS = 0.05


class FileImport:
    """One file on its way in. Does the work itself where no worker runs, else waits for the worker."""

    def __init__(self, settings: Settings, database: Database, subdomain: str, console: Console) -> None:
        self._settings = settings
        self._database = database
        self._console = console
        self._lock = WorkerLock(settings.sqlite_path) if settings.sqlite_path else None
        with database.reading() as session:
            platform = find_platform(session, subdomain)
        if platform is None:
            self.close()
            raise not_found()
        self._actor = command_line(platform.id)
        self._import_id = uuid.UUID(int=0)

    @property
    def imported(self) -> dict[str, Any]:
        """The import as the API shows it."""
        with self._database.reading() as session:
            view = look.get_import(session, self._actor, self._import_id)
            return show.import_out(view, FALLBACK).model_dump(mode="json")

    def preview(self, file: Path) -> dict[str, Any]:
        """Upload, map by suggestion, check, and show. Raises AppError where the file or its mapping is refused."""
        job = self._upload(file)
        if job is not None:
            service.check_now(self._database, job, max_lines=self._settings.upload_lines)
        self._follow("Checking")
        with self._database.reading() as session:
            stored = look.get_preview(session, self._actor, self._import_id)
            found = look.list_issues(session, self._actor, self._import_id, code=None, limit=50, after=None)
        if stored is None:
            raise AppError(Code.CHECK_FAILED, reason="")
        preview = show.preview_out(stored, FALLBACK).model_dump(mode="json")
        terminal.show_preview(self._console, preview)
        terminal.show_issues(
            self._console, [show.issue_out(issue, FALLBACK).model_dump(mode="json") for _, issue in found]
        )
        return preview

    def commit(self) -> None:
        """ "Import and Invite". Raises AppError where it fails."""
        options = CommitOptions(None, send_invitations=True, hold_minutes=0, message=None, on_rejected="skip")
        with self._database.writing(self._actor.platform_id) as session:
            service.commit(session, self._actor, self._import_id, options, now=utcnow())
        imported = self._follow("Importing")
        if imported["failure"] is not None:
            raise AppError(Code(imported["failure"]["code"]))

    def close(self) -> None:
        """Give the database back."""
        self._database.close()

    def _upload(self, file: Path) -> Job | None:
        """Take a file in and map it by its suggestion; what is not certain leaves nothing behind."""
        upload = Upload(self._database, self._actor, limits_of(self._settings))
        self._import_id = upload.id
        try:
            with file.open("rb") as opened:
                while chunk := opened.read(_READ_AT_ONCE):
                    upload.write(chunk)
            upload.end()
            now = utcnow()
            with self._database.writing(self._actor.platform_id) as session:
                imported = upload.finish(session, file_name=file.name, now=now)
                shown = show.import_out(look.ImportView(imported, None), FALLBACK).model_dump(mode="json")
                terminal.show_file(self._console, shown)
                terminal.show_mapping(self._console, shown)
                return one_shot.map_certainly(session, self._actor, imported, {}, with_commit=False, now=now)
        except BaseException:
            upload.discard()
            raise

    def _follow(self, what: str) -> dict[str, Any]:
        """A bar until the work is done: by us where no worker has the file, else by the worker."""
        try:
            if self._lock is not None:
                self._lock.acquire()
        except WorkerIsRunning:
            return dict(terminal.follow(self._console, what, lambda: self.imported))
        try:
            with ThreadPoolExecutor(1) as pool:
                work = pool.submit(self._work)
                terminal.follow(self._console, what, lambda: self.imported, is_over=work.done)
                work.result()
        finally:
            if self._lock is not None:
                self._lock.release()
        return self.imported

    def _work(self) -> None:
        """Do it ourselves. On PostgreSQL a worker may be faster: then it is the worker's."""
        ours = (self._actor.platform_id, self._import_id)
        while self.imported["state"] in WORKING:
            if not do_next(self._database, max_lines=self._settings.upload_lines, only=ours):
                time.sleep(_LOOK_AGAIN_SECONDS)  # not due yet: an attempt failed, or somebody else is at it
