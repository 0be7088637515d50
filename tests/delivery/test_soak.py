"""An hour of everyday: people are invited, a mail in a hundred is put off, every few minutes a process is killed.

Memory and open files stay flat, nothing waits long, and in the end the ledger adds up. `SOAK_MINUTES` says how long.
"""

import os
import statistics
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.delivery.pump import IN_FLIGHT_PER_CONNECTION
from tests.conftest import Desk, SqliteTemplate
from tests.delivery.fast_sink import FastSink
from tests.delivery.ledger import Ledger, discrepancies, new_key
from tests.delivery.test_crashes import Books, Service, client_of, plugged_in
from tests.delivery.test_kill import wait_for
from tests.delivery.test_serve import children

pytestmark = [pytest.mark.soak, pytest.mark.sqlite, pytest.mark.xdist_group("plugs")]

MINUTES = float(os.environ.get("SOAK_MINUTES", "60"))
ROUND_SECONDS = 0.5
PEOPLE_A_ROUND = 20
PUT_OFF_EVERY = 100
KILL_EVERY_SECONDS = min(180.0, MINUTES * 60 / 4)
LONGEST_WAIT_SECONDS = 90.0


class Measured:
    """What the processes of the service hold, again and again: one line a process, since a new one begins small."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.memory: list[float] = []
        self.files: list[int] = []

    def look(self) -> None:
        """Look at both children, where both are there."""
        pids = list(children(self._service.process).values())
        try:
            status = [Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1] for pid in pids]
            files = [len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids]
        except OSError:
            return  # one of them was just killed
        if len(pids) == 2:
            self.memory.append(sum(map(int, status)) * 4096 / 1e6)
            self.files.append(sum(files))

    def growth(self, of: list[float] | list[int]) -> tuple[float, float]:
        """The medians of the second and of the last quarter."""
        quarter = len(of) // 4
        return statistics.median(of[quarter : 2 * quarter]), statistics.median(of[-quarter:])


def test_an_hour_of_everyday_leaves_memory_files_queue_and_ledger_as_they_should_be(
    tmp_path: Path, sqlite_template: SqliteTemplate
) -> None:
    people: list[str] = []
    kills = 0
    longest = 0.0
    with ExitStack() as stack:
        sink = stack.enter_context(FastSink(tmp_path / "accepted", PUT_OFF_EVERY))
        desk = Desk(tmp_path, sqlite_template, mail_url=sink.url)
        stack.callback(desk.close)
        books = Books(desk)
        service = stack.enter_context(plugged_in(desk))
        client = stack.enter_context(client_of(desk, service, books))
        measured = Measured(service)
        started = time.monotonic()
        while (passed := time.monotonic() - started) < MINUTES * 60:
            batch = [f"p{len(people) + number}@example.com" for number in range(PEOPLE_A_ROUND)]
            body = {"invitations": [{"email": address, "organisation": "Acme"} for address in batch]}
            client.ask("POST", "/invitations/batch", key=new_key(), json=body)
            people += batch
            measured.look()
            longest = max(longest, _waits(books))
            if passed > (kills + 1) * KILL_EVERY_SECONDS:
                service.kill(("worker", "api")[kills % 2])
                kills += 1
            time.sleep(ROUND_SECONDS)
        until = time.monotonic() + 120
        while books.unsent and time.monotonic() < until:
            desk.rows("UPDATE deliveries SET due_at = created_at WHERE state = 'queued' AND due_at IS NOT NULL")
            time.sleep(0.5)
        assert wait_for(lambda: books.unsent == 0)
    memory, files = measured.growth(measured.memory), measured.growth(measured.files)
    print(
        f"{MINUTES} minutes: {len(people)} people, {kills} kills, {sink.put_off()} mails put off; memory {memory} MB, "
        f"open files {files}, longest wait {longest:.1f} s, tried again {dict(client.unanswered)}"
    )
    assert kills >= 2
    assert sink.put_off() >= len(people) / PUT_OFF_EVERY / 2
    assert memory[1] < memory[0] * 1.25 + 10
    assert files[1] < files[0] * 1.25 + 10
    assert longest < LONGEST_WAIT_SECONDS
    in_flight = kills * desk.settings.mail_connections * (IN_FLIGHT_PER_CONNECTION + 1)
    assert discrepancies(Ledger(desk, sink.accepted(), people, client.answers, in_flight)) == []


def _waits(books: Books) -> float:
    """How long the mail that waits longest for its first attempt has waited, in seconds."""
    question = "SELECT coalesce(max((julianday('now') - julianday(due_at)) * 86400), 0) FROM deliveries"
    return float(books.ask(f"{question} WHERE attempts = 0 AND state = 'queued' AND due_at IS NOT NULL")[0])
