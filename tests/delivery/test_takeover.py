"""Several workers on one PostgreSQL database: who dies is replaced without a human hand, who is told to end gives back
what it does, and who lives shares the work. Real processes; each test says how often its fault hit, and fails at 0.
"""

import random
import signal
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.access.actor import Scope
from app.db.base import utcnow
from app.delivery.pump import IN_FLIGHT_PER_CONNECTION
from app.imports.work import LEASE
from tests.api.test_cancel_undo import import_of, ready
from tests.conftest import Desk, Template
from tests.delivery.fast_sink import FastSink
from tests.delivery.ledger import Answer, Ledger, discrepancies
from tests.delivery.test_delivery import FOUR, people
from tests.delivery.test_kill import wait_for, worker

pytestmark = [pytest.mark.postgresql, pytest.mark.xdist_group("takeover")]

PEOPLE = 6000
A_MINUTE = 60.0
HELD_FOR = timedelta(seconds=1.2)
"""A lease nobody has renewed for so long is in dead hands: the living renew one with every chunk, or give it back."""


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[FastSink]:
    with FastSink(tmp_path / "accepted") as sink:
        yield sink


@pytest.fixture
def posting(tmp_path: Path, migrated: Template, sink: FastSink) -> Iterator[Desk]:
    """A desk whose mails go to a mail server of its own."""
    desk = Desk(tmp_path, migrated, mail_url=sink.url)
    yield desk
    desk.close()


class Crew:
    """Two workers. Who is killed is replaced, as a service manager would."""

    def __init__(self, desk: Desk, stack: ExitStack) -> None:
        self._desk = desk
        self._stack = stack
        self.workers = [self._start(), self._start()]
        self.wait_for_starts(2)

    def _start(self) -> subprocess.Popen[bytes]:
        return self._stack.enter_context(worker(self._desk, self._desk.folder / "log"))

    def wait_for_starts(self, number: int) -> None:
        assert wait_for(lambda: self.log.count("worker_started") >= number, A_MINUTE), self.log[-2000:]

    @property
    def log(self) -> str:
        return (self._desk.folder / "log").read_text(encoding="utf-8")

    def kill(self, position: int) -> None:
        """`kill -9`, and a new one in its place."""
        self.workers[position].kill()
        self.workers[position].wait()
        self.workers[position] = self._start()


@contextmanager
def crew_of(desk: Desk) -> Iterator[Crew]:
    with ExitStack() as stack:
        yield Crew(desk, stack)


def abandoned(desk: Desk) -> set[tuple[Any, str]]:
    """The leases of those who work no more, and on what."""
    found = desk.rows(
        "SELECT lease, 'commit' FROM imports WHERE lease IS NOT NULL AND due_at < :until UNION "
        "SELECT lease, 'mails' FROM deliveries WHERE lease IS NOT NULL AND state = 'sending' AND due_at < :until",
        until=utcnow() + LEASE - HELD_FOR,
    )
    return {(lease, what) for lease, what in found}


def is_at_rest(desk: Desk) -> bool:
    return not desk.rows(
        "SELECT due_at FROM imports WHERE due_at IS NOT NULL UNION ALL "
        "SELECT due_at FROM deliveries WHERE due_at IS NOT NULL LIMIT 1"
    )


def commit(desk: Desk, import_id: str, **options: object) -> Answer:
    path = f"/imports/{import_id}/commit"
    answer = desk.http.post(path, json=options)
    assert answer.status_code == 202
    return Answer("POST", path, None, 202, answer.json())


def has_begun(desk: Desk, import_id: str, rows: int) -> bool:
    """Whether a commit has done so many rows, or is over."""
    found = desk.rows("SELECT rows_done, state FROM imports WHERE id = :id", id=UUID(import_id))
    return bool(found[0][0] >= rows or found[0][1] == "completed")


@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.soak)])
def test_whoever_is_killed_another_goes_on_within_a_minute(posting: Desk, sink: FastSink, kills: int) -> None:
    rng = random.Random(kills)  # noqa: S311 not a secret
    imports = [ready(posting, people(PEOPLE, f"k{number}-")) for number in range(kills)]
    answers, dead, hits = [], set[tuple[Any, str]](), Counter[str]()
    with crew_of(posting) as crew:
        for number, import_id in enumerate(imports):
            answers.append(commit(posting, import_id))
            rows = rng.choice((0, 1, PEOPLE // 2))
            assert wait_for(lambda i=import_id, r=rows: has_begun(posting, i, r))  # type: ignore[misc] # bound now
            time.sleep(rng.uniform(0.0, 0.6))
            crew.kill(rng.randrange(2))
            time.sleep(HELD_FOR.total_seconds() + 0.3)
            found = abandoned(posting) - dead
            hits.update({what for _, what in found} or {"nothing"})
            dead |= found
            crew.wait_for_starts(number + 3)
        killed_at = time.monotonic()
        assert wait_for(lambda: is_at_rest(posting), A_MINUTE), crew.log[-2000:]
        seconds = time.monotonic() - killed_at
    accepted = sink.accepted()
    print(
        f"{kills} kills hit {dict(hits)}; at rest {seconds:.0f} s after the last one; "
        f"{len(accepted) - len(set(accepted))} mails repeated"
    )
    assert hits["commit"] + hits["mails"], "no kill hit anything"
    assert kills < 10 or min(hits["commit"], hits["mails"]), "one kind of work was never hit"
    everybody = [f"k{number}-{person}@example.com" for number in range(kills) for person in range(PEOPLE)]
    in_flight = kills * posting.settings.mail_connections * (IN_FLIGHT_PER_CONNECTION + 1)
    assert discrepancies(Ledger(posting, accepted, everybody, answers, in_flight)) == []


@pytest.mark.long
def test_a_worker_that_is_told_to_end_gives_its_import_back_and_another_goes_on_at_once(
    posting: Desk, sink: FastSink
) -> None:
    number = 15_000
    import_id = ready(posting, people(number))
    with crew_of(posting) as crew:
        first, second = crew.workers
        second.send_signal(signal.SIGSTOP)  # so that the other one has it
        try:
            commit(posting, import_id, hold_minutes=600)
            assert wait_for(lambda: has_begun(posting, import_id, 1))
            told_at = time.monotonic()
            first.terminate()
            assert first.wait(30) == 0
            seconds = time.monotonic() - told_at
            middle = import_of(posting, import_id)
            ((lease, due_at),) = posting.rows("SELECT lease, due_at FROM imports WHERE state = 'committing'")
        finally:
            second.send_signal(signal.SIGCONT)
        assert lease is None, "it ended without giving back"
        assert due_at <= utcnow()
        assert 0 < middle["result"]["added"] < number, "it was told too late"
        assert wait_for(lambda: import_of(posting, import_id)["state"] == "completed")
        assert "import_work_given_back" in crew.log
    print(f"told after {middle['result']['added']} of {number} people, ended {seconds:.1f} s later")
    assert import_of(posting, import_id)["result"]["added"] == number


@pytest.mark.long
def test_two_workers_share_the_mails_and_send_none_twice(posting: Desk, sink: FastSink) -> None:
    import_id = ready(posting, people(6000))
    taken: defaultdict[Any, set[Any]] = defaultdict(set)
    with crew_of(posting):
        commit(posting, import_id)

        def has_left() -> bool:
            for lease, about in posting.rows("SELECT lease, about_id FROM deliveries WHERE state = 'sending'"):
                taken[lease].add(about)
            return import_of(posting, import_id)["state"] == "completed" and is_at_rest(posting)

        assert wait_for(has_left)
    accepted = sink.accepted()
    print(f"mails seen in the hands of each worker: {sorted(map(len, taken.values()))}")
    assert (len(accepted), len(set(accepted))) == (6000, 6000)
    assert len(taken) == 2
    assert min(map(len, taken.values())) >= 100


@pytest.mark.long
def test_imports_of_two_platforms_commit_side_by_side(posting: Desk, sink: FastSink) -> None:
    posting.platform("globex")
    paths = {}
    for subdomain in ("acme", "globex"):
        client = posting.client(subdomain, Scope.ADMIN)
        csv = {"Content-Type": "text/csv"}
        imported = client.post("/imports", content=people(18_000, subdomain), headers=csv).json()
        paths[subdomain] = (client, f"/imports/{imported['id']}")
        client.put(f"{paths[subdomain][1]}/mapping", json={"columns": FOUR})
    posting.work()
    for client, path in paths.values():
        assert client.post(f"{path}/commit", json={"hold_minutes": 600}).status_code == 202
    with worker(posting, posting.folder / "log"):
        for client, path in paths.values():
            assert wait_for(lambda c=client, p=path: c.get(p).json()["state"] == "completed")  # type: ignore[misc] # mypy infers no lambda with defaults
    spans = posting.rows(
        "SELECT min(created_at), max(created_at), count(DISTINCT created_at) FROM users WHERE role = 'member' "
        "GROUP BY platform_id"
    )
    (begun, ended, chunks), (begun_too, ended_too, chunks_too) = spans
    both = min(ended, ended_too) - max(begun, begun_too)
    print(f"of {ended - begun} and {ended_too - begun_too}, in {chunks} and {chunks_too} chunks, {both} side by side")
    assert both > timedelta(0), "one waited for the other"
    assert min(chunks, chunks_too) > 1
