"""Reads a sheet of a workbook in a process of its own. What a file may do to a reader, it does to that process alone.

Decides nothing about the file; keeps none of it.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BufferedReader
from typing import Final, cast

from app.errors import AppError, Code

UNPACKED_BYTES: Final = 1024 * 1024 * 1024
SECONDS: Final = 120
"""Of a processor's time; five times as long by the clock."""
TURNS: Final = threading.BoundedSemaphore(2)
"""Who reads a sheet takes a turn first: a flood of workbooks takes neither all memory nor all processors."""
TURN_SECONDS: Final = 20
_READ_AT_ONCE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Workbook:
    """What a workbook is (`xlsx` or `ods`), the sheets a person sees in it, and the one that was read.

    `hidden_rows`: how many of that one's rows nobody sees, as a filter leaves them.
    """

    format: str
    sheets: list[str]
    sheet: str
    hidden_rows: int


def read_sheet(original: Iterable[bytes], sheet: str | None, take: Callable[[bytes], None]) -> Workbook:
    """Hand the rows of a sheet (None: the first that is not empty) to `take`, as text, while they are read.

    A row is a line with a JSON array of texts; an empty one is an empty line. Raises AppError: the file is damaged,
    protected, empty, no workbook, or larger than it may be; and whatever `take` raises.
    """
    program = [sys.executable, "-m", "app.imports.workbooks.sheet_reader"]
    surroundings = {"PYTHONPATH": os.pathsep.join(sys.path)}  # no secrets
    with tempfile.TemporaryFile() as file:  # it has no name: it goes with whoever holds it
        for piece in original:
            file.write(piece)
        file.seek(0)
        reader = subprocess.Popen(  # noqa: S603 our own program
            [*program, *map(json.dumps, (UNPACKED_BYTES, SECONDS, sheet))],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=surroundings,
            start_new_session=True,  # what a terminal says to us is not for it
        )
    too_long = threading.Timer(5 * SECONDS, reader.kill)
    too_long.start()
    with reader:
        rows, answers = cast("BufferedReader", reader.stdout), cast("BufferedReader", reader.stderr)
        try:
            while lines := rows.read1(_READ_AT_ONCE):
                take(lines)
            answer = answers.read()
            status = reader.wait()
        finally:
            too_long.cancel()
            reader.kill()
    return _workbook(answer, was_killed=status < 0)


def _workbook(answer: bytes, *, was_killed: bool) -> Workbook:
    if not answer:  # it had no time or no memory left; or the file broke the library
        raise AppError(Code.FILE_UNPACKS_TOO_LARGE if was_killed else Code.FILE_DAMAGED)
    found = json.loads(answer)
    if "code" in found:
        raise AppError(Code(found["code"]), **found["params"])
    return Workbook(**found)


def take_turn() -> None:
    """Wait for a turn, and give it back by `TURNS.release()`. Raises AppError service_busy."""
    if not TURNS.acquire(timeout=TURN_SECONDS):
        raise busy()


def busy() -> AppError:
    """All turns are taken, for long."""
    return AppError(Code.SERVICE_BUSY, retry_after=5)
