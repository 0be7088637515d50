"""One worker per SQLite file: an advisory lock beside it, gone with its holder however it dies. POSIX only."""

import fcntl
import os
from pathlib import Path
from threading import Event
from typing import Self

_LOOK_AGAIN_SECONDS = 0.5


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

    def wait(self, stop: Event) -> bool:
        """Take the lock as soon as it is free; False if `stop` came first."""
        while not stop.is_set():
            try:
                self.acquire()
            except WorkerIsRunning:
                stop.wait(_LOOK_AGAIN_SECONDS)
            else:
                return True
        return False

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
    handle = os.open(_lock_path(database), os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: those who look do not see each other
    except BlockingIOError:
        return 1
    finally:
        os.close(handle)
    return 0


def _lock_path(database: Path) -> Path:
    return database.with_name(database.name + ".worker")
