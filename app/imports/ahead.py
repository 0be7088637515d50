"""The rows of a file, planned one after the other; where they are many, read ahead by a process of its own.

Two cores, one file: reading and validating are half of the work. Decides where that is done, never what a row comes to.
"""

import fcntl
import gc
import marshal
import multiprocessing
import os
import signal
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Final, Self

import structlog

from app.db.session import Database
from app.errors import AppError, Code
from app.imports import planning, queries
from app.imports.by_column import NO_EDITS, RowsReader
from app.imports.first_lines import hashes_of
from app.imports.issues import Issue
from app.imports.models import Import
from app.imports.plan import Plan
from app.imports.reading.lines import Start
from app.imports.reading.table import Dialect, RecordReader
from app.imports.row import PlannedRow, Recipe
from app.imports.rows import Rows
from app.logs import place_of

log = structlog.get_logger()

MANY: Final = 20_000
"""From so many lines on, another process is worth its start."""
_AT_ONCE: Final = 1000
_PIPE_BYTES: Final = 1024 * 1024
"""What lies ready, some thousand rows; no system gives everybody more."""
_ENDS_WITHIN_SECONDS: Final = 5.0
_COLLECT_AFTER: Final = 50_000
"""New objects before the collector looks for cycles. Rows hold none, and come and go by the thousand."""

_NICE: Final = 10

_processes = multiprocessing.get_context("forkserver")


def prepare(*modules: str) -> None:
    """Have the parent of reading processes started now, with these modules loaded: the first file need not wait."""
    _processes.set_forkserver_preload(["__main__", *modules])
    forkserver.ensure_running()


def let_others_go_first() -> None:
    """Have the system prefer everybody else to this thread: people wait for answers and mails, not for an import."""
    with suppress(OSError):  # a thread has a priority of its own on Linux only
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


@dataclass(frozen=True, slots=True)
class _File:
    """A file to be read as rows: where it lies, how it is read, what its rows mean, whether people edited some."""

    database_url: str
    platform_id: int
    import_id: uuid.UUID
    dialect: Dialect
    recipe: Recipe
    max_lines: int
    is_edited: bool
    hash_key: bytes


@dataclass(frozen=True, slots=True)
class Read:
    """What reading a file found besides its rows."""

    lines: int
    starts: Sequence[Start]
    ignored: Sequence[tuple[int, str]]
    ignored_lines: int


@dataclass(frozen=True, slots=True)
class _Refused:
    """Why a file cannot be read to its end."""

    code: Code
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Broken:
    """What nobody foresaw: the kind of error, and where it was raised."""

    kind: str
    where: str


_Found = Rows | Read | _Refused | _Broken
_Columns = tuple[bytes, dict[int, tuple[Issue, ...]], list[PlannedRow]]


class PlannedAhead:
    """The rows of a file, in its order, planned as far as the file alone can tell; in the end, what else it holds."""

    def __init__(self, database: Database, imported: Import, plan: Plan, *, max_lines: int, many: int = MANY) -> None:
        self._read: Read | None = None
        self._database = database
        self._plan = plan
        self._file = _File(
            database_url=database.engine.url.render_as_string(hide_password=False),
            platform_id=imported.platform_id,
            import_id=imported.id,
            dialect=planning.dialect_of(imported),
            recipe=plan.recipe,
            max_lines=max_lines,
            is_edited=bool(imported.edited_rows),
            hash_key=plan.hash_key,
        )
        self._is_large = imported.line_breaks >= many
        self._ready: list[Rows] = []
        self._found: Iterator[_Found] = iter(())

    def __enter__(self) -> Self:
        if self._is_large:
            self._connection, theirs = _processes.Pipe(duplex=False)
            self._process = _processes.Process(
                target=_read_ahead, args=(self._file, theirs), name="reader", daemon=True
            )
            self._process.start()
            theirs.close()
            _widen(self._connection)
            self._found = _received(self._connection)
        else:
            self._found = _read(self._database, self._file)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._is_large:
            self._connection.close()  # whoever is still reading finds nobody to read for
            self._process.terminate()
            self._process.join(_ENDS_WITHIN_SECONDS)

    def rows(self, count: int, *, behind: int = 0) -> Rows:
        """The next `count` rows, those behind a line; fewer, then none, at the end of the file.

        Rows up to that line are planned too, for what they mean to those behind them. Raises AppError where the file
        cannot be read on.
        """
        rows = planned = self._next(count)
        while planned:
            self._plan.place(planned)
            rows = planned.behind(behind)
            if rows:
                break
            planned = self._next(count)
        return rows

    @property
    def read(self) -> Read:
        """What reading found besides rows. Raises LookupError before the end of the file."""
        if self._read is None:
            raise LookupError
        return self._read

    def _next(self, count: int) -> Rows:
        while sum(map(len, self._ready)) < count and self._read is None:
            match next(self._found):
                case Rows() as rows:
                    self._ready.append(rows)
                case Read() as read:
                    self._read = read
                case _Refused(code, params):
                    raise AppError(code, **params)
                case _Broken(kind, where):
                    log.error("reading_failed", kind=kind, where=where)
                    raise RuntimeError
        rows, rest = Rows.joined(self._ready).cut(count)
        self._ready = [rest] if rest else []
        return rows


def _read(database: Database, file: _File) -> Iterator[_Found]:
    """The rows of a file, some at a time, and in the end what else it holds. Raises AppError."""
    pieces = queries.pieces(database, file.platform_id, file.import_id)
    reader = RecordReader(pieces, file.dialect, max_lines=file.max_lines)
    rows_of = RowsReader(file.recipe).read
    for batch in reader.batches(_AT_ONCE):
        records, edits = list(batch), NO_EDITS
        if file.is_edited:
            place = (file.platform_id, file.import_id, records[0][0], records[-1][0])
            with database.reading() as session:
                edits = queries.edits_between(session, *place)
        rows = rows_of(records, edits)
        rows.hashes = hashes_of(rows.addresses, file.hash_key)
        yield rows
    yield Read(reader.lines, reader.starts, reader.ignored, reader.ignored_lines)


# --- in the other process --------------------------------------------------------------------------------------------


def _read_ahead(file: _File, connection: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells everybody; the worker decides
    gc.freeze()  # what is loaded by now stays
    gc.set_threshold(_COLLECT_AFTER, 20, 50)
    let_others_go_first()
    with suppress(BrokenPipeError):  # nobody reads on: the worker has ended, or the import was taken back
        try:
            for found in _read(Database(file.database_url, connections=1), file):
                connection.send(_packed(found))
        except AppError as error:
            connection.send(_Refused(error.code, error.params))
        except BrokenPipeError:
            raise
        except Exception as error:
            connection.send(_Broken(type(error).__name__, place_of(error)))


def _widen(connection: Connection) -> None:
    """Let more lie ready in a pipe, where the system can (Linux)."""
    with suppress(AttributeError, OSError):
        fcntl.fcntl(connection.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _packed(found: _Found) -> _Found | _Columns:
    """What was found, as it travels: a column of texts is one text, and costs a fifth of what they cost one by one."""
    if not isinstance(found, Rows):
        return found
    columns = {name: _as_one(column) for name, column in found.columns.items()}
    plain: Any = (found.lines, columns, _as_one(found.addresses), found.groups, found.hashes)
    return marshal.dumps(plain), found.issues, found.others


def _as_one(texts: Sequence[str]) -> str | Sequence[str]:
    """Some texts as one, where none of them has a line's end in it; none has, but nothing depends on it."""
    text = "\n".join(texts)
    return text if text.count("\n") == len(texts) - 1 else texts


def _unpacked(packed: _Found | _Columns) -> _Found:
    if not isinstance(packed, tuple):
        return packed
    plain, issues, others = packed
    lines, columns, addresses, groups, hashes = marshal.loads(plain)  # noqa: S302 a process of our own wrote it
    columns = {name: _one_by_one(column) for name, column in columns.items()}
    return Rows(lines, columns, _one_by_one(addresses), groups, hashes, issues, others)


def _one_by_one(texts: str | Sequence[str]) -> Sequence[str]:
    return texts.split("\n") if isinstance(texts, str) else texts


def _received(connection: Connection) -> Iterator[_Found]:
    while True:
        try:
            found = _unpacked(connection.recv())
        except EOFError:
            found = _Broken("EOFError", "the process that reads has ended")
        yield found
