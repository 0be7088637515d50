"""One worker per SQLite file: an advisory lock beside it, gone with its holder however it dies. POSIX only."""

import fcntl
import os
from pathlib import Path
from typing import Self


class WorkerIsRunning(Exception):  # noqa: N818 nothing is wrong: another worker does the work
    """Another process holds the worker's lock."""


class WorkerLock:
    """The right to do a database file's background work."""

    def __init__(self, database: Path) -> None:
        self._path = _lock_path(database)
        self._handle: int | None = None

    def acquire(self) -> Self:
        """Take the lock. Raises WorkerIsRunning."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise WorkerIsRunning from None
        self._handle = handle
        return self

    @property
    def is_held(self) -> bool:
        """Whether the lock is ours."""
        return self._handle is not None

    def release(self) -> None:
        """Give the lock back."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def is_worker_alive(database: Path | None) -> int:
    """How many workers are alive: 1 if the lock of the file is held, else 0."""
    if database is None or not _lock_path(database).exists():
        return 0
    try:
        WorkerLock(database).acquire().release()
    except WorkerIsRunning:
        return 1
    return 0


def _lock_path(database: Path) -> Path:
    return database.with_name(database.name + ".worker")
