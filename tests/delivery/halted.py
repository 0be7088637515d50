"""An import worker on a database of its own that halts before a transaction of our choice, or dies there."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from sqlalchemy.orm import Session

from app.db.session import Database
from app.jobs.imports import do_next
from tests.conftest import Desk

_LONGEST_SECONDS = 60.0


class Killed(BaseException):
    """What a worker dies of: nothing in the product catches it."""


class TooLittleWork(AssertionError):  # noqa: N818 as it is spoken of
    """The worker was done before it had begun that many transactions."""


class _Database(Database):
    """Says so before each of its transactions, while it holds no lock."""

    def __init__(self, url: str, before_writing: Callable[[], None]) -> None:
        super().__init__(url, connections=2)
        self._before_writing = before_writing

    @contextmanager
    def writing(self, platform_id: int | None = None) -> Iterator[Session]:
        self._before_writing()
        with super().writing(platform_id) as session:
            yield session


class HaltedWorker:
    """Does all import work that is due, in a thread; halts before its `before`th transaction (the first is a claim).

    For a block: at its beginning the worker has halted, at its end it has gone on to its end, or is dead.
    """

    def __init__(self, desk: Desk, *, before: int, dies: bool = False) -> None:
        self._desk = desk
        self._before = before
        self._dies = dies
        self._begun = 0
        self._stands = threading.Event()
        self._goes_on = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._has_halted = False

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._stands.wait(_LONGEST_SECONDS)
        if not self._has_halted:
            raise TooLittleWork
        return self

    def __exit__(self, *_exception: object) -> None:
        self.go_on()

    def go_on(self) -> None:
        """Let it go on, and wait until it has nothing left to do."""
        self._goes_on.set()
        self._thread.join(_LONGEST_SECONDS)
        assert not self._thread.is_alive()

    def _work(self) -> None:
        database = _Database(self._desk.settings.database_url, self._halt)
        try:
            while do_next(database, max_lines=self._desk.settings.upload_lines):
                pass
        except Killed:
            return
        finally:
            self._stands.set()
            database.close()

    def _halt(self) -> None:
        self._begun += 1
        if self._begun == self._before:
            self._has_halted = True
            self._stands.set()
            self._goes_on.wait(_LONGEST_SECONDS)
            if self._dies:
                raise Killed
