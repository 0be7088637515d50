"""The small parent of `rollcall serve`: an API process and a worker, kept alive. Touches no database, does no work.

The parent holds the listening socket, so an API process that dies loses nobody who is waiting to connect. Each child
holds the reading end of a pipe: when the parent dies, however it dies, the pipe closes and the child ends.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from types import FrameType

import structlog

log = structlog.get_logger()

DEATHS_ALLOWED = 5
DEATHS_WITHIN_SECONDS = 60.0
DRAIN_SECONDS = 30.0
_FIRST_BACKOFF_SECONDS = 0.2


class Child:
    """One process that must run."""

    def __init__(self, name: str, command: Sequence[str], inherited: Sequence[int]) -> None:
        self.name = name
        self._command = list(command)
        self._inherited = tuple(inherited)
        self.process: subprocess.Popen[bytes] | None = None
        self.start_at = 0.0

    def start(self) -> None:
        """Start it."""
        self.process = subprocess.Popen(self._command, pass_fds=self._inherited)  # noqa: S603 our own program
        log.info("child_started", child=self.name, pid=self.process.pid)


def supervise(listening: socket.socket, *, with_worker: bool) -> int:
    """Keep the children alive until SIGTERM or SIGINT (status 0), or until they die too often (status 1)."""
    alive, parent = os.pipe()
    listening.set_inheritable(True)
    os.set_inheritable(alive, True)
    program = [sys.executable, "-m", "app.child", str(alive)]
    children = [Child("api", [*program, "api", str(listening.fileno())], (listening.fileno(), alive))]
    if with_worker:
        children.append(Child("worker", [*program, "worker"], (alive,)))
    stop = threading.Event()

    def _stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        return 0 if _watch(children, stop) else 1
    finally:
        _end(children)
        os.close(parent)
        os.close(alive)


def _watch(children: Sequence[Child], stop: threading.Event) -> bool:
    """True when asked to stop, False when a child died too often."""
    deaths: deque[float] = deque(maxlen=DEATHS_ALLOWED)
    while not stop.is_set():
        now = time.monotonic()
        for child in children:
            if child.process is None:
                if now >= child.start_at:
                    child.start()
            elif (status := child.process.poll()) is not None:
                child.process = None
                deaths.append(now)
                recent = [death for death in deaths if now - death < DEATHS_WITHIN_SECONDS]
                child.start_at = now + _FIRST_BACKOFF_SECONDS * 2 ** (len(recent) - 1)
                log.error("child_died", child=child.name, status=status, deaths=len(recent))
                if len(recent) >= DEATHS_ALLOWED:
                    log.error("giving_up", deaths=len(recent), seconds=DEATHS_WITHIN_SECONDS)
                    return False
        stop.wait(0.1)
    return True


def _end(children: Sequence[Child]) -> None:
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    until = time.monotonic() + DRAIN_SECONDS
    for process in running:
        try:
            process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
