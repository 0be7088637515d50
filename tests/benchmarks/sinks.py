"""Mail servers to send to: `smtp-sink` of Debian's postfix where it is there, else one of our own. Keeps no mail."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.service import free_port
from tests.delivery.fast_sink import FastSink

_CONNECTIONS = 16
_BYTES = 8000
"""About what one of our mails has."""


@contextmanager
def mail_server(log: Path) -> Iterator[tuple[str, str]]:
    """Where mails can be sent while this lasts, and what it is."""
    if shutil.which("smtp-sink") is None:
        with FastSink(log) as own:
            yield own.url, "our own sink"
        return
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []  # it refuses to stay root
    server = subprocess.Popen(["smtp-sink", *user, f"127.0.0.1:{port}", "1000"])
    time.sleep(0.5)
    try:
        yield f"smtp://127.0.0.1:{port}", "smtp-sink"
    finally:
        server.terminate()
        server.wait(10)


def floor(url: str, mails: int) -> float | None:
    """Seconds that postfix's own load generator takes to send as many of the same size; None where it is not there."""
    if shutil.which("smtp-source") is None:
        return None
    address = url.removeprefix("smtp://")
    command = ["smtp-source", "-d", "-s", str(_CONNECTIONS), "-l", str(_BYTES), "-m", str(mails), address]
    started = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - started
