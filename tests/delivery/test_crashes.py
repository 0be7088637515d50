"""Pulled plugs: `kill -9` of API and worker at seeded moments of an import of 5,000 people and of its delivery.

A seed says in which phases, how far into them and whom it kills. One seed again, told as it goes:
`pytest -s -m '' tests/delivery/test_crashes.py -k seed-7-`.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.db.base import utcnow
from app.delivery.pump import IN_FLIGHT_PER_CONNECTION
from app.jobs.lock import is_worker_alive
from tests.api.test_import_story import upload
from tests.conftest import Desk, Template
from tests.delivery.fast_sink import FastSink
from tests.delivery.ledger import Client, Ledger, discrepancies, new_key
from tests.delivery.sink import free_port
from tests.delivery.test_delivery import FOUR, people
from tests.delivery.test_kill import environment, wait_for, worker
from tests.delivery.test_serve import children, is_up

pytestmark = pytest.mark.xdist_group("plugs")

PEOPLE = 5000
SINGLES = 12
REST_SECONDS = 90.0
IN_TEST, IN_LONG, IN_SOAK = 2, 5, 30


def seeds(in_test: int, in_long: int) -> list[Any]:
    """The seeds of `make test`, of `make test-long` and of `make soak`."""
    marks = [[], [pytest.mark.long], [pytest.mark.soak]]
    return [
        pytest.param(seed, id=f"seed-{seed}-", marks=marks[(seed > in_test) + (seed > in_long)])
        for seed in range(1, IN_LONG + IN_SOAK + 1)
    ]


PHASES = {
    "upload": ("api", "both", "everything"),
    "check": ("worker", "both", "everything"),
    "commit": ("worker", "both", "everything", "api"),
    "delivery": ("worker", "both", "everything"),
}
"""Whom a kill hurts in a phase. `both` are the children of `rollcall serve`, `everything` is their parent too."""


@dataclass(frozen=True, slots=True)
class Kill:
    """A plug to pull: in which phase, at what share of it, how long after that was seen, and whose."""

    phase: str
    share: float
    delay: float
    victim: str


def plan(seed: int) -> list[Kill]:
    """One kill in a phase that changes from seed to seed; for seeds of the soak one more, in any."""
    rng = random.Random(seed)  # noqa: S311 not a secret
    order = list(PHASES)
    kills = []
    for phase in (order[seed % len(order)], rng.choice(order))[: 1 if seed <= IN_LONG else 2]:
        is_early = phase == "check" or (phase == "commit" and rng.random() < 0.3)  # while the request is being answered
        share = 0.0 if is_early else rng.uniform(0.05, 0.95)
        kills.append(Kill(phase, share, rng.uniform(0.0, 0.2 if is_early else 0.03), rng.choice(PHASES[phase])))
    return sorted(kills, key=lambda kill: (order.index(kill.phase), kill.share))


class Service:
    """`rollcall serve`, started again as a service manager would, and the hand on its plug."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._one_at_a_time = threading.Lock()
        self.process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "app.cli", "serve", "--port", str(self._port)]
        with (self._desk.folder / "log").open("ab") as log:
            return subprocess.Popen(command, env=environment(self._desk), stderr=log, start_new_session=True)

    def kill(self, victim: str) -> None:
        """`kill -9`. The parent starts its children again; without a parent, we start everything."""
        with self._one_at_a_time:
            if victim == "everything":
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
                self.process = self._started()
                return
            for name, pid in children(self.process).items():
                if victim in {name, "both"}:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)

    @property
    def last_words(self) -> str:
        """The end of its log: why it went no further."""
        return (self._desk.folder / "log").read_text(encoding="utf-8")[-2000:]

    def end(self) -> None:
        """The last plug: everything was written down before."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Books:
    """The database, as somebody reads it who stands beside."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def ask(self, question: str) -> Any:
        """The first row of an answer; None where there is none."""
        return next(iter(self._desk.rows(question)), None)

    @property
    def state(self) -> str | None:
        """The state of the import; None before there is one."""
        row = self.ask("SELECT state FROM imports")
        return str(row[0]) if row else None

    @property
    def unsent(self) -> int:
        """How many mails wait or are in somebody's hands."""
        return int(self.ask("SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL")[0])

    @property
    def phase(self) -> str:
        """What a kill would interrupt now."""
        by_state = {None: "upload", "uploaded": "check", "checking": "check", "ready": "commit", "committing": "commit"}
        return by_state.get(self.state) or ("delivery" if self.unsent else "nothing")

    def share(self, phase: str) -> float:
        """How much of a phase is done; below zero: it has not begun."""
        row = self.ask(
            "SELECT 1.0 * b.sent / b.total FROM delivery_batches b"
            if phase == "delivery"
            else f"SELECT 1.0 * rows_done / {PEOPLE} FROM imports WHERE lease IS NOT NULL"
        )
        return float(row[0]) if row else -1.0

    def let_a_minute_pass(self) -> None:
        """For requests that died: their Idempotency-Keys are free again."""
        self._desk.rows("UPDATE idempotency_keys SET lease_until = :now WHERE lease IS NOT NULL", now=utcnow())


class Saboteur:
    """Pulls the plugs of a plan when their moment has come, while everything else goes on."""

    def __init__(self, service: Service, books: Books, kills: list[Kill]) -> None:
        self._service = service
        self._books = books
        self._waiting = kills
        self._timers: list[threading.Timer] = []
        self.hits: list[tuple[str, str]] = []
        """Whom it killed, and in which phase something was interrupted."""

    def reached(self, phase: str, share: float) -> None:
        """So much of a phase is done: who is to be killed here will be, in a moment."""
        while self._waiting and self._waiting[0].phase == phase and share >= self._waiting[0].share:
            kill = self._waiting.pop(0)
            timer = threading.Timer(kill.delay, self._pull, [kill.victim])
            timer.start()
            self._timers.append(timer)

    def leave(self, phase: str) -> None:
        """A phase is over: who was to be killed in it has been, or was missed."""
        for timer in self._timers:
            timer.join()
        while self._waiting and self._waiting[0].phase == phase:
            self._waiting.pop(0)

    def _pull(self, victim: str) -> None:
        phase = self._books.phase
        self._service.kill(victim)
        if phase != "nothing":
            self.hits.append((victim, phase))

    def stop(self) -> None:
        """Nobody is killed any more."""
        for timer in self._timers:
            timer.cancel()
            timer.join()

    @property
    def dead_workers(self) -> int:
        """How many workers it has killed."""
        return sum(victim != "api" for victim, _ in self.hits)


@contextmanager
def plugged_in(desk: Desk) -> Iterator[Service]:
    """The service for a block."""
    service = Service(desk)
    try:
        assert wait_for(lambda: is_up(service.url), 30.0)
        yield service
    finally:
        service.end()


@contextmanager
def client_of(desk: Desk, service: Service, books: Books) -> Iterator[Client]:
    """A client of the service that has patience."""

    def wait() -> None:
        time.sleep(0.1)
        books.let_a_minute_pass()

    headers = {"Authorization": f"Bearer {desk.key()}"}
    with httpx.Client(base_url=f"{service.url}/api/v1", headers=headers, timeout=30) as http:
        yield Client(http, wait)


def file_of_people() -> bytes:
    """Everybody with a long remark nobody imports, so that the file comes in several pieces."""
    rng = random.Random(PEOPLE)  # noqa: S311 not a secret
    rows = (f"First{n},Last{n},p{n}@example.com,Acme,{rng.randbytes(150).hex()}\n" for n in range(PEOPLE))
    return ("first_name,last_name,email,company,remark\n" + "".join(rows)).encode()


def import_everybody(client: Client, service: Service, books: Books, saboteur: Saboteur) -> None:
    """Upload, mapping, commit, until everything has come to rest."""
    file = file_of_people()

    def piece_by_piece() -> Iterator[bytes]:
        for start in range(0, len(file), 65536):
            saboteur.reached("upload", start / len(file))
            yield file[start : start + 65536]

    def follow(phase: str, is_over: Callable[[], bool]) -> None:
        until = time.monotonic() + REST_SECONDS
        while not is_over():
            assert time.monotonic() < until, f"{phase} stands still, {books.unsent} mails wait: {service.last_words}"
            saboteur.reached(phase, books.share(phase))
            time.sleep(0.01)
        saboteur.leave(phase)

    csv: dict[str, Any] = {"headers": {"Content-Type": "text/csv"}, "content": piece_by_piece}
    path = "/imports/" + client.ask("POST", "/imports", key=new_key(), **csv).body["id"]
    saboteur.leave("upload")
    client.ask("PUT", f"{path}/mapping", json={"columns": [*FOUR, None]})
    follow("check", lambda: books.state == "ready")
    saboteur.reached("commit", 0.0)
    client.ask("POST", f"{path}/commit", key=new_key(), json={})
    follow("commit", lambda: books.state == "completed")
    follow("delivery", lambda: books.unsent == 0)


def invite_one_by_one(client: Client, addresses: list[str]) -> None:
    """Somebody at the desk, all the while."""
    for address in addresses:
        client.ask("POST", "/invitations", key=new_key(), json={"email": address, "organisation": "Acme"})
        time.sleep(0.05)


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


@pytest.mark.sqlite
@pytest.mark.parametrize("seed", seeds(IN_TEST, IN_LONG))
def test_whenever_the_plug_is_pulled_the_ledger_adds_up(posting: Desk, sink: FastSink, seed: int) -> None:
    pull_the_plug(posting, sink, seed)


@pytest.mark.postgresql
@pytest.mark.parametrize("seed", seeds(0, 0))
def test_whenever_the_plug_is_pulled_beside_postgresql_the_ledger_adds_up(
    posting: Desk, sink: FastSink, seed: int
) -> None:
    pull_the_plug(posting, sink, seed)


def pull_the_plug(posting: Desk, sink: FastSink, seed: int) -> None:
    """Import everybody and invite some at the desk, while a plan's plugs are pulled; then read the ledger."""
    books = Books(posting)
    singles = [f"single{number}@example.com" for number in range(SINGLES)]
    both_ways = [f"P{number}@example.com" for number in range(0, PEOPLE, PEOPLE // SINGLES)]
    arrivals = [*singles, *both_ways]
    random.Random(seed).shuffle(arrivals)  # noqa: S311 not a secret
    with ExitStack() as stack:
        service = stack.enter_context(plugged_in(posting))
        system, clerk = (stack.enter_context(client_of(posting, service, books)) for _ in range(2))
        at_the_desk = stack.enter_context(ThreadPoolExecutor())
        saboteur = Saboteur(service, books, plan(seed))
        stack.callback(saboteur.stop)
        beside = at_the_desk.submit(invite_one_by_one, clerk, arrivals)
        import_everybody(system, service, books, saboteur)
        beside.result()
        assert wait_for(lambda: books.unsent == 0)
    in_flight = saboteur.dead_workers * posting.settings.mail_connections * (IN_FLIGHT_PER_CONNECTION + 1)
    accepted = sink.accepted()
    repeats = len(accepted) - len(set(accepted))
    unanswered = system.unanswered + clerk.unanswered
    invited = Counter(answer.code or answer.status for answer in clerk.answers)
    print(
        f"seed {seed}: {len(saboteur.hits)} kills ({', '.join(f'{who} in {phase}' for who, phase in saboteur.hits)}), "
        f"{repeats} mails repeated of {in_flight} at most, tried again {dict(unanswered)}, at the desk {dict(invited)}"
    )
    assert saboteur.hits, f"no kill of {plan(seed)} hit anything"
    everybody = [*singles, *(f"p{number}@example.com" for number in range(PEOPLE))]
    answers = system.answers + clerk.answers
    assert discrepancies(Ledger(posting, accepted, everybody, answers, in_flight)) == []


@contextmanager
def waiting_worker(desk: Desk, log: Path) -> Iterator[None]:
    """A worker that waits for its turn, as the child of a second `rollcall serve` on the same file would."""
    reads, writes = os.pipe()
    command = [sys.executable, "-m", "app.child", str(reads), "worker"]
    with log.open("ab") as stderr:
        process = subprocess.Popen(command, env=environment(desk), stderr=stderr, pass_fds=[reads])
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)
        os.close(reads)
        os.close(writes)


def frozen_with_mails_in_hand(process: subprocess.Popen[bytes], books: Books) -> tuple[str, str, int]:
    """Stop a worker between two moments; until when it holds its import and its mails, and how many these are."""
    for _ in range(1000):
        process.send_signal(signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        commit_until, mails_until, mails = books.ask(
            """
            SELECT (SELECT due_at FROM imports WHERE lease IS NOT NULL), min(due_at), count(*)
            FROM deliveries WHERE state = 'sending'
            """
        )
        if commit_until and mails:
            return commit_until, mails_until, mails
        process.send_signal(signal.SIGCONT)
        time.sleep(0.01)
    raise AssertionError("it never had mails in hand while it committed")


@pytest.mark.long
@pytest.mark.sqlite
def test_work_goes_on_as_soon_as_the_lock_is_free_and_waits_for_no_lease_of_the_dead(
    posting: Desk, sink: FastSink, tmp_path: Path
) -> None:
    books = Books(posting)
    path = f"/imports/{upload(posting, people(PEOPLE))['id']}"
    posting.http.put(f"{path}/mapping", json={"columns": FOUR})
    posting.work()
    log = tmp_path / "waiting.log"
    with worker(posting, tmp_path / "log") as first:
        assert wait_for(lambda: is_worker_alive(posting.settings.sqlite_path) == 1)
        with waiting_worker(posting, log):
            posting.http.post(f"{path}/commit", json={})
            try:
                assert wait_for(lambda: books.share("commit") > 0)
                commit_until, mails_until, mails = frozen_with_mails_in_hand(first, books)
                assert "worker_started" not in log.read_text(encoding="utf-8")
            finally:
                first.kill()
                first.wait()
            assert wait_for(lambda: books.state == "completed" and books.unsent == 0)
    assert "worker_started" in log.read_text(encoding="utf-8")
    committed_at, sent_at = books.ask("SELECT (SELECT max(created_at) FROM invitations), max(sent_at) FROM deliveries")
    print(f"killed with {mails} mails in hand until {mails_until}; all were sent by {sent_at}, by the one who waited")
    assert committed_at < commit_until
    assert sent_at < mails_until
