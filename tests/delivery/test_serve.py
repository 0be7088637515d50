"""`rollcall serve` as a process: it restarts what dies, gives up in the end, ends with its parent, drains."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.conftest import Desk
from tests.delivery.sink import free_port
from tests.delivery.test_kill import environment, wait_for

pytestmark = [pytest.mark.xdist_group("plugs"), pytest.mark.long]


@contextmanager
def serving(desk: Desk, *options: str, **variables: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The service on a free port; ended at the end of the block, if it still lives."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--port", str(port), *options],
        env=environment(desk) | variables,
        stderr=(desk.folder / "log").open("ab"),
    )
    url = f"http://127.0.0.1:{port}"
    try:
        assert wait_for(lambda: is_up(url), 30.0)
        yield process, url
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(40)


def is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def workers(url: str) -> int:
    try:
        return int(httpx.get(f"{url}/readyz", timeout=5).json()["workers_alive"])
    except httpx.TransportError:
        return -1


def children(process: subprocess.Popen[bytes]) -> dict[str, int]:
    """The pids of the API and the worker."""
    found = {}
    listed = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(process.pid)], capture_output=True, check=False)
    for line in listed.stdout.decode().splitlines():
        pid, _, arguments = line.strip().partition(" ")
        if "app.child" in arguments:
            found["worker" if arguments.split()[-1] == "worker" else "api"] = int(pid)
    return found


def is_replaced(process: subprocess.Popen[bytes], name: str, before: int) -> bool:
    return children(process).get(name, before) != before


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_killed_child_is_replaced_and_sigterm_ends_everything(desk: Desk) -> None:
    with serving(desk) as (process, url):
        assert wait_for(lambda: workers(url) == 1, 30.0)
        for name in ("worker", "api"):
            before = children(process)[name]
            os.kill(before, signal.SIGKILL)
            assert wait_for(partial(is_replaced, process, name, before), 30.0)
            assert wait_for(lambda: is_up(url) and workers(url) >= 1, 30.0)  # PostgreSQL's dead count a while longer
        assert wait_for(lambda: (desk.folder / "log").read_text(encoding="utf-8").count("worker_started") == 2, 30.0)
        pids = children(process).values()
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
        assert not any(map(lives, pids))


@pytest.mark.once
def test_the_children_end_when_the_parent_is_killed(desk: Desk) -> None:
    with serving(desk) as (process, url):
        assert wait_for(lambda: workers(url) == 1, 30.0)
        pids = list(children(process).values())
        assert len(pids) == 2
        process.kill()
        process.wait()
        assert wait_for(lambda: not any(map(lives, pids)), 30.0)


@pytest.mark.once
def test_it_gives_up_when_a_child_dies_again_and_again(desk: Desk) -> None:
    with serving(desk, "--no-worker") as (process, url):
        deaths = 0
        until = time.monotonic() + 50
        while process.poll() is None and time.monotonic() < until:
            api = children(process).get("api")
            if api is not None and lives(api):
                os.kill(api, signal.SIGKILL)
                deaths += 1
            time.sleep(0.2)
        assert process.returncode == 1
        assert deaths >= 5
    assert not is_up(url)


@pytest.mark.once
def test_a_taken_port_is_one_sentence(desk: Desk, tmp_path: Path) -> None:
    with serving(desk, "--no-worker") as (_, url):
        port = url.rsplit(":", 1)[1]
        second = subprocess.run(
            [sys.executable, "-m", "app.cli", "serve", "--port", port],
            env=environment(desk),
            capture_output=True,
            timeout=30,
            check=False,
        )
    assert second.returncode == 1
    assert b"Cannot listen" in second.stderr
    assert b"Traceback" not in second.stderr
