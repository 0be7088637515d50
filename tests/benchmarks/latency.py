"""How long people wait: requests at a steady rate, each timed from the moment it was due.

Half of them list invitations, half invite one person; who comes late waits in the line, and the line counts.
"""

import http.client
import json
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.benchmarks.service import Service

PER_SECOND = 50
_CONNECTIONS = 16
_PATH = "/api/v1/invitations"


@dataclass(frozen=True, slots=True)
class Answered:
    """A request that was answered: how long it took, and what was told of the moment it was."""

    kind: str
    seconds: float
    email: str
    seen: int


class Visitors:
    """People who look and invite while something goes on."""

    def __init__(self, service: Service, name: str, *, see: Callable[[], int] = lambda: 0) -> None:
        self._address = urlsplit(service.url).netloc
        self._headers = {**service.headers, "Content-Type": "application/json"}
        self._name = name
        self._see = see
        self._own = threading.local()

    def come(self, of_each_kind: int) -> list[Answered]:
        """So many of each kind, evenly spread. Raises RuntimeError where one is refused."""
        self._list(0, 0.0)  # the first one of all pays for what the process had not loaded
        begin = time.monotonic() + 0.1
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            waiting = []
            for number in range(2 * of_each_kind):
                due = begin + number / PER_SECOND
                time.sleep(max(0.0, due - time.monotonic()))
                waiting.append(pool.submit(self._invite if number % 2 else self._list, number, due))
            return [future.result() for future in waiting]

    def _list(self, _number: int, due: float) -> Answered:
        self._ask("GET", _PATH, None, 200)
        return Answered("list", time.monotonic() - due, "", 0)

    def _invite(self, number: int, due: float) -> Answered:
        email = f"{self._name}{number}@visitors.example.com"
        self._ask("POST", _PATH, {"email": email, "organisation": "Visitors"}, 201)
        return Answered("invite", time.monotonic() - due, email, self._see())

    def _ask(self, method: str, path: str, body: object, expected: int) -> None:
        connection: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = http.client.HTTPConnection(self._address, timeout=60)
        connection.request(method, path, json.dumps(body) if body else None, self._headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != expected:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:500]!r}")


def p95(answered: list[Answered], kind: str) -> float:
    """Milliseconds that 95 of 100 did not wait longer than."""
    return 1000 * statistics.quantiles([one.seconds for one in answered if one.kind == kind], n=20)[-1]
