"""The database goes away and comes back, under load: who asks is told to come back, nothing acknowledged is lost, and
nobody touches API or worker. Each test says how often its fault was felt, and fails at 0.
"""

import os
import socket
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.delivery.pump import IN_FLIGHT_PER_CONNECTION
from tests.api.test_cancel_undo import import_of, ready
from tests.conftest import Desk, PostgresTemplate, Template
from tests.delivery.fast_sink import FastSink
from tests.delivery.ledger import Client, Ledger, discrepancies, new_key
from tests.delivery.sink import free_port
from tests.delivery.test_delivery import people
from tests.delivery.test_kill import wait_for
from tests.delivery.test_serve import serving
from tests.postgres import Cluster, Server

pytestmark = pytest.mark.xdist_group("takeover")

PEOPLE = 6000
AWAY_SECONDS = 2.0
HEALTHY_WITHIN_SECONDS = 10.0
CLERKS = 4


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[FastSink]:
    with FastSink(tmp_path / "accepted") as sink:
        yield sink


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A server of our own that may be stopped, and forgets nothing it has acknowledged."""
    with Cluster(18, fsync="on", full_page_writes="on") as cluster:
        yield cluster


@pytest.fixture(scope="module")
def template(cluster: Cluster) -> PostgresTemplate:
    return PostgresTemplate(Server(cluster.url))


@pytest.fixture
def posting(tmp_path: Path, template: PostgresTemplate, sink: FastSink) -> Iterator[Desk]:
    desk = Desk(tmp_path, template, mail_url=sink.url)
    yield desk
    desk.close()


class Desks:
    """People at the desk who invite one after the other, each with patience, until told to stop."""

    def __init__(self, desk: Desk, url: str) -> None:
        self.clients: list[Client] = []
        self.invited: list[str] = []
        self._stop = threading.Event()
        headers = {"Authorization": f"Bearer {desk.key()}"}
        self._http = [httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=30) for _ in range(CLERKS)]
        self._pool = ThreadPoolExecutor(CLERKS)
        self._running = [self._pool.submit(self._invite, number) for number in range(CLERKS)]

    def _invite(self, clerk: int) -> None:
        client = Client(self._http[clerk], lambda: time.sleep(0.05))
        self.clients.append(client)
        number = 0
        while not self._stop.is_set():
            address = f"clerk{clerk}-{number}@example.com"
            body = {"email": address, "organisation": "Acme"}
            assert client.ask("POST", "/invitations", key=new_key(), json=body).status == 201
            self.invited.append(address)
            number += 1
            self._stop.wait(0.02)

    def go_home(self) -> None:
        self._stop.set()
        for one in self._running:
            one.result()
        self._pool.shutdown()
        for http in self._http:
            http.close()


def is_ready(url: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{url}/readyz", timeout=5).status_code == 200
    return False


def has_arrived(sink: FastSink, address: str) -> bool:
    return any(recipient == address for recipient, _ in sink.accepted())


@pytest.mark.long
@pytest.mark.postgresql
@pytest.mark.parametrize("how", ["immediate", pytest.param("fast", marks=pytest.mark.soak)])
def test_a_server_that_is_restarted_costs_nobody_more_than_a_second_try(
    posting: Desk, sink: FastSink, cluster: Cluster, how: str
) -> None:
    import_id = ready(posting, people(PEOPLE))
    with serving(posting) as (_, url):
        assert wait_for(lambda: is_ready(url))
        desks = Desks(posting, url)
        posting.http.post(f"/imports/{import_id}/commit", json={})
        assert wait_for(lambda: import_of(posting, import_id)["progress"]["done"] > 0)
        cluster.control("stop", "-m", how)
        time.sleep(AWAY_SECONDS)
        cluster.control("start")
        back_at = time.monotonic()
        assert wait_for(lambda: is_ready(url), HEALTHY_WITHIN_SECONDS)
        healthy = time.monotonic() - back_at
        assert wait_for(lambda: import_of(posting, import_id)["state"] == "completed", 60.0)
        desks.go_home()
        waiting = "SELECT 1 FROM deliveries WHERE due_at IS NOT NULL"
        assert wait_for(lambda: not posting.rows(waiting), 60.0)
    unanswered = dict(sum((client.unanswered for client in desks.clients), Counter()))
    print(f"{how}: healthy {healthy:.1f} s after its return; tried again {unanswered}; {len(desks.invited)} invited")
    assert sum(client.unanswered["503"] for client in desks.clients), "nobody felt it"
    everybody = [*(f"p{number}@example.com" for number in range(PEOPLE)), *desks.invited]
    in_flight = posting.settings.mail_connections * (IN_FLIGHT_PER_CONNECTION + 1)
    answers = [answer for client in desks.clients for answer in client.answers]
    assert discrepancies(Ledger(posting, sink.accepted(), everybody, answers, in_flight)) == []
    log = (posting.folder / "log").read_text(encoding="utf-8")
    assert '"status": 500' not in log
    assert "Traceback" not in log
    assert "server on socket" not in log, "a driver's own words"
    assert "child_died" not in log


@pytest.mark.postgresql
def test_where_all_connections_are_taken_people_are_told_to_come_back(desk: Desk) -> None:
    engine = desk.app.state.context.database.engine
    taken = [engine.connect() for _ in range(engine.pool.size())]
    try:
        began = time.monotonic()
        answer = desk.http.post("/invitations", json={"email": "a@example.com", "organisation": "Acme"})
        seconds = time.monotonic() - began
    finally:
        for connection in taken:
            connection.close()
    print(f"told after {seconds:.1f} s, with {len(taken)} connections taken")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert seconds < 3 * engine.pool.timeout()
    body = {"email": "a@example.com", "organisation": "Acme"}
    assert desk.http.post("/invitations", json=body).status_code == 201


@pytest.mark.sqlite
@pytest.mark.soak
def test_a_file_that_somebody_locks_for_a_minute_costs_nobody_more_than_a_second_try(
    tmp_path: Path, migrated: Template, sink: FastSink
) -> None:
    desk = Desk(tmp_path, migrated, mail_url=sink.url)
    import_id = ready(desk, people(PEOPLE))
    with serving(desk) as (_, url):
        assert wait_for(lambda: is_ready(url))
        desks = Desks(desk, url)
        desk.http.post(f"/imports/{import_id}/commit", json={})
        with closing(sqlite3.connect(tmp_path / "rollcall.db", timeout=20, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(60)
            assert is_ready(url), "readers never wait for a writer"
            other.execute("ROLLBACK")
        assert wait_for(lambda: import_of(desk, import_id)["state"] == "completed", 60.0)
        desks.go_home()
        assert wait_for(lambda: not desk.rows("SELECT 1 FROM deliveries WHERE due_at IS NOT NULL"), 60.0)
    felt = sum(client.unanswered["503"] for client in desks.clients)
    print(f"locked for a minute: told {felt} times to come back; {len(desks.invited)} invited")
    assert felt, "nobody felt it"
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "database is locked" not in log
    assert '"status": 500' not in log
    everybody = [*(f"p{number}@example.com" for number in range(PEOPLE)), *desks.invited]
    answers = [answer for client in desks.clients for answer in client.answers]
    in_flight = desk.settings.mail_connections * (IN_FLIGHT_PER_CONNECTION + 1)
    assert discrepancies(Ledger(desk, sink.accepted(), everybody, answers, in_flight)) == []
    desk.close()


@pytest.mark.postgresql
def test_a_connection_the_network_forgot_is_found_out_before_it_is_used(
    posting: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.db.engines._TRIED_AFTER_SECONDS", 0.0)  # as if nobody had used it for long
    engine = posting.database.engine
    with engine.connect() as connection:
        forgotten: Any = connection.connection.driver_connection
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:  # nothing to read, and no answer but a refusal
        nobody.connect(("127.0.0.1", free_port()))
        os.dup2(nobody.fileno(), forgotten.fileno())
    with engine.connect() as connection:
        assert connection.connection.driver_connection is not forgotten
        assert connection.execute(text("SELECT 1")).scalar() == 1
