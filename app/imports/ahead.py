"""Plans the next rows of a file while the last ones are written: two cores, one file.

Decides how many rows that is at a time; never what happens to one, and writes nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from queue import SimpleQueue
from threading import Thread
from typing import Self

from app.imports.plan import Plan
from app.imports.row import Edit, PlannedRow
from app.imports.table import Record

# SQLite has one writer: whoever else wants to write waits for the chunk that is being written.
CHUNK_SECONDS = 0.05
CHUNK_ROWS = 2000
"""At most; and these are the first and the fewest."""
_FIRST_ROWS, _FEWEST_ROWS = 500, 200


class PlannedAhead:
    """The rows behind a checkpoint, planned in a thread: as many at a time as are written in `CHUNK_SECONDS`.

    `begin` and take `rows`, in turns. The thread never keeps the process from ending, as a pool's would.
    """

    def __init__(
        self,
        plan: Plan,
        records: Iterator[Record],
        edits_of: Callable[[Sequence[Record]], Mapping[int, Edit]],
        checkpoint: int,
    ) -> None:
        self._plan = plan
        self._records = records
        self._edits_of = edits_of
        self._checkpoint = checkpoint
        self._size = min(_FIRST_ROWS, CHUNK_ROWS)
        self._wanted: SimpleQueue[bool] = SimpleQueue()
        self._planned: SimpleQueue[list[PlannedRow] | BaseException] = SimpleQueue()

    def __enter__(self) -> Self:
        Thread(target=self._work, name="ahead", daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._wanted.put(False)

    def begin(self) -> None:
        """Plan the next rows beside whatever comes now."""
        self._wanted.put(True)

    def rows(self) -> list[PlannedRow]:
        """The rows that were begun; none at the end of the file. Raises what reading and planning raise."""
        planned = self._planned.get()
        if isinstance(planned, BaseException):
            raise planned
        return planned

    def note_pace(self, rows: int, seconds: float) -> None:
        """Writing so many rows took so long."""
        fitting = max(_FEWEST_ROWS, int(rows * CHUNK_SECONDS / seconds))
        self._size = min(fitting, 2 * self._size, CHUNK_ROWS)

    def _work(self) -> None:
        while self._wanted.get():
            try:
                self._planned.put(self._plan_next())
            except BaseException as error:
                self._planned.put(error)

    def _plan_next(self) -> list[PlannedRow]:
        """Rows before the checkpoint are done; they are read again for what they mean to those behind them."""
        while records := list(islice(self._records, self._size)):
            planned = self._plan.read(records, self._edits_of(records))
            rows = [row for row in planned if row.line > self._checkpoint]
            if rows:
                return rows
        return []
