"""The product as it runs: `rollcall serve` over a folder of its own, asked over HTTP.

What its work took is told by the worker's log, what it needed by the kernel. Never imports the product.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import httpx

from tests.benchmarks.files import COLUMNS
from tests.benchmarks.homes import Home

_PLATFORM = "bench"
_LOOK_EVERY_SECONDS = 0.3  # looking costs the processor that is measured
_SECONDS = 1800.0
_SETTLE_SECONDS = 3.0
"""A service has been up for a while when somebody uploads a large file."""


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Service:
    """A platform in a folder: its database, its key, its mails, the log of its processes."""

    def __init__(self, folder: Path, home: Home, mail_url: str | None = None) -> None:
        self.folder = folder
        self.home = home
        self._log = folder / "log"
        self._key = folder / "key"
        self._port = free_port()
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("ROLLCALL_")} | {
            "ROLLCALL_DATABASE_URL": home.url(folder),
            "ROLLCALL_SECRET_KEYS": secrets.token_urlsafe(48),
            "ROLLCALL_PUBLIC_URL": self.url,
            "ROLLCALL_MAIL_URL": mail_url or f"folder://{folder / 'mails'}",
            "ROLLCALL_MAIL_FROM": "invitations@example.com",
        }

    @classmethod
    def new(cls, folder: Path, home: Home) -> Self:
        """A fresh database with a platform and a key."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        home.make_empty(folder)
        service = cls(folder, home)
        service._run("migrate")
        service._run("create-platform", _PLATFORM, "--name", "Bench Academy", "--admin", "admin@example.com")
        service._key.write_text(service._run("create-key", _PLATFORM, "--name", "Bench", "--scope", "admin").strip())
        return service

    def copied(self, folder: Path, mail_url: str | None = None) -> "Service":
        """Another one, as this one stands; neither may be running."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder)
        self.home.copy(self.folder, folder)
        return Service(folder, self.home, mail_url)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def headers(self) -> Mapping[str, str]:
        """What signs a request."""
        return {"Authorization": f"Bearer {self._key.read_text()}"}

    @contextmanager
    def running(self) -> Iterator["Api"]:
        """Its processes, API and worker, while this lasts."""
        self._log.unlink(missing_ok=True)
        command = [sys.executable, "-m", "app.cli", "serve", "--port", str(self._port)]
        with self._log.open("wb") as log:
            process = subprocess.Popen(command, env=self._environment, stderr=log)
        try:
            with httpx.Client(
                base_url=f"{self.url}/api/v1", headers=self.headers, timeout=120, trust_env=False
            ) as http:
                api = Api(http, self._log)
                wait(lambda: api.is_ready(self.url) or process.poll() is not None, 60.0)
                time.sleep(_SETTLE_SECONDS)
                yield api
        finally:
            process.terminate()
            process.wait(60)

    def _run(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "app.cli", *arguments]
        return subprocess.run(command, env=self._environment, check=True, capture_output=True, text=True).stdout


class Api:
    """What a client of a running service asks, and what the worker's log and memory tell."""

    def __init__(self, http: httpx.Client, log: Path) -> None:
        self.http = http
        self._log = log

    def is_ready(self, url: str) -> bool:
        """Whether API and worker are there."""
        with suppress(httpx.TransportError):
            return bool(self.http.get(f"{url}/readyz").json()["workers_alive"])
        return False

    def upload(self, file: Path) -> str:
        """A file's import."""
        with file.open("rb") as content:
            headers = {"Content-Type": _MEDIA_TYPES[file.suffix]}
            answer = self.http.post(
                "/imports", params={"filename": file.name}, content=_chunks(content), headers=headers
            )
        return str(answer.raise_for_status().json()["id"])

    def check(self, import_id: str) -> float:
        """Seconds of its check: the request's where it was checked at once, else the worker's."""
        started = time.perf_counter()
        answer = self.http.put(f"/imports/{import_id}/mapping", json={"columns": COLUMNS}).raise_for_status()
        seconds = time.perf_counter() - started
        if answer.json()["state"] == "ready":
            return seconds
        self.wait(import_id, "ready")
        return self._seconds_of("checking")

    def commit(self, import_id: str, **options: Any) -> float:
        """Seconds of its commit."""
        self.begin_commit(import_id, **options)
        self.wait(import_id, "completed")
        return self._seconds_of("committing")

    def begin_commit(self, import_id: str, **options: Any) -> None:
        """Hand it to the worker."""
        self.http.post(f"/imports/{import_id}/commit", json=options).raise_for_status()

    def send(self, import_id: str, mails: int) -> float:
        """Seconds from letting so many held mails go until the outbox says that all are sent."""
        started = time.perf_counter()
        self.http.post(f"/imports/{import_id}/send").raise_for_status()
        wait(lambda: self.get(import_id)["result"]["mails"]["sent"] == mails)
        return time.perf_counter() - started

    def get(self, import_id: str) -> dict[str, Any]:
        """The import as it stands."""
        return dict(self.http.get(f"/imports/{import_id}").raise_for_status().json())

    def wait(self, import_id: str, state: str) -> None:
        """Wait until it is in a state."""
        wait(lambda: self.get(import_id)["state"] == state)

    def peak_megabytes(self) -> float:
        """The most memory the worker process ever had."""
        (pid,) = [line["pid"] for line in self._logged("child_started") if line["child"] == "worker"]
        status = Path(f"/proc/{pid}/status").read_text()
        (kilobytes,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
        return int(kilobytes) / 1024

    def _seconds_of(self, work: str) -> float:
        """How long the worker says the last work of a kind took."""
        wait(lambda: len(self._times("import_work_done", work)) == len(self._times("import_work_started", work)), 10.0)
        ended, began = (self._times(f"import_work_{what}", work)[-1] for what in ("done", "started"))
        return (ended - began).total_seconds()

    def _times(self, event: str, work: str) -> list[datetime]:
        return [datetime.fromisoformat(line["timestamp"]) for line in self._logged(event) if line["work"] == work]

    def _logged(self, event: str) -> list[dict[str, Any]]:
        lines = (json.loads(line) for line in self._log.read_text().splitlines() if line.startswith("{"))
        return [line for line in lines if line["event"] == event]


_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def _chunks(content: Any) -> Iterator[bytes]:
    while chunk := content.read(1024 * 1024):
        yield chunk


def wait(is_so: Callable[[], bool], seconds: float = _SECONDS) -> None:
    """Wait until something is so. Raises TimeoutError."""
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            raise TimeoutError(f"not within {seconds:.0f} s")
        time.sleep(_LOOK_EVERY_SECONDS)
