"""Clients that send a byte a second, or nothing at all: others are answered, and SIGTERM ends the service in time."""

import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from urllib.parse import urlsplit

import httpx
import pytest

from app.access.actor import Scope
from app.supervisor import DRAIN_SECONDS
from tests.conftest import Desk
from tests.delivery.test_kill import wait_for
from tests.delivery.test_serve import children, lives, serving, workers

pytestmark = [pytest.mark.soak, pytest.mark.xdist_group("plugs")]  # it waits for the drain

SILENT, SLOW = 200, 20
REQUEST = (
    b"POST /api/v1/imports?filename=x.csv HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: 10000\r\n"
)


@contextmanager
def slow_clients(url: str, key: str) -> Iterator[dict[str, int]]:
    """Connections that say nothing, a piece of a header, or a body byte by byte."""
    address = (str(urlsplit(url).hostname), int(urlsplit(url).port or 0))
    silent = [socket.create_connection(address, 5) for _ in range(SILENT)]
    for half in silent[::2]:
        half.sendall(b"GET /api/v1/users HTTP/1.1\r\nHost: x\r\nX-")
    slow = [socket.create_connection(address, 5) for _ in range(SLOW)]
    for one in slow:
        one.sendall(REQUEST + f"Authorization: Bearer {key}\r\n\r\n".encode())
    dripped = {"bytes": 0}
    done = Event()

    def drip() -> None:
        while not done.wait(1.0):
            for one in slow:
                try:
                    one.sendall(b"x")
                    dripped["bytes"] += 1
                except OSError:
                    pass  # the service has ended

    with ThreadPoolExecutor(1) as pool:
        pool.submit(drip)
        try:
            yield dripped
        finally:
            done.set()
    for one in (*silent, *slow):
        one.close()


def test_slow_and_silent_clients_keep_nobody_waiting_and_the_service_still_ends(desk: Desk) -> None:
    key = desk.key("acme", Scope.ADMIN)
    with serving(desk) as (process, url):
        assert wait_for(lambda: workers(url) == 1, 30.0)
        with (
            slow_clients(url, key) as dripped,
            httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=10) as http,
        ):
            answered = 0
            while dripped["bytes"] < 2 * SLOW:
                body = {"email": f"person{answered}@example.com", "organisation": "Acme"}
                assert http.post("/invitations", json=body).status_code == 201
                assert http.get("/users").status_code == 200
                answered += 1
                time.sleep(0.05)
            assert answered >= 10
            pids = list(children(process).values())
            with ThreadPoolExecutor(1) as pool:  # under load: somebody asks and asks while it ends
                load = pool.submit(_ask_until_refused, url, key)
                process.send_signal(signal.SIGTERM)
                assert process.wait(DRAIN_SECONDS + 10) == 0
                acknowledged = load.result(20)
        assert not any(map(lives, pids))
    kept = {row[0] for row in desk.rows("SELECT email FROM users")}
    assert {f"person{number}@example.com" for number in range(answered)} | set(acknowledged) <= kept
    assert desk.rows("SELECT count(*) FROM imports") == [(0,)], "half an upload is none"


def _ask_until_refused(url: str, key: str) -> list[str]:
    acknowledged: list[str] = []
    with httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=5) as http:
        for number in range(10_000):
            address = f"late{number}@example.com"
            try:
                answer = http.post("/invitations", json={"email": address, "organisation": "Acme"})
            except httpx.TransportError:
                return acknowledged
            if answer.status_code == 201:
                acknowledged.append(address)
    return acknowledged
