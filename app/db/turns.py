"""Whose turn it is to write to an SQLite file, which takes one writer at a time. Never touches the database itself.

Whoever waits says so by a lock on a file beside it, in whatever process; whoever writes again and again gives way.
"""

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_LOOK_AGAIN_SECONDS = 0.001
_LONGEST_SECONDS = 0.1


class Turns:
    """The turns of one file."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".waiting")
        self._first = threading.Lock()

    def wait(self, begins: Callable[[], bool], seconds: float) -> bool:
        """Whether a transaction begins within so long. It is tried again and again, by one thread of a process."""
        until = time.monotonic() + seconds
        with self._said():
            if not self._first.acquire(timeout=seconds):
                return False
            try:
                while time.monotonic() < until:
                    if begins():
                        return True
                    time.sleep(_LOOK_AGAIN_SECONDS)
            finally:
                self._first.release()
        return False

    def give_way(self) -> None:
        """Come back when nobody waits any more, or in a moment: whoever waits has its turn first."""
        until = time.monotonic() + _LONGEST_SECONDS
        while self._does_anybody_wait() and time.monotonic() < until:
            time.sleep(_LOOK_AGAIN_SECONDS)

    @contextmanager
    def _said(self) -> Iterator[None]:
        """While it lasts, others can see that somebody waits; where no file can be made, they see nothing."""
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError:
            yield
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)
            yield
        finally:
            os.close(handle)

    def _does_anybody_wait(self) -> bool:
        with suppress(OSError):
            handle = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            finally:
                os.close(handle)
        return False
