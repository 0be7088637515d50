"""A disk that is really full, in the middle of a commit: a small one in memory, which only who may mount can have.

What `tests/api/test_full_disk.py` shows by limits of the database is shown here by the system's own refusal.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import httpx
import pytest

from app.access.actor import Scope
from tests.api.test_import_story import adds_up
from tests.conftest import Desk, PostgresTemplate, SqliteTemplate, Template
from tests.delivery.fast_sink import FastSink
from tests.delivery.ledger import Ledger, discrepancies
from tests.delivery.test_kill import wait_for
from tests.delivery.test_serve import children, serving, workers

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("plugs")]

PEOPLE = 20_000
MEGABYTES = {"sqlite": 64, "postgresql": 48}
FULL_SECONDS = 4.0
GOES_ON_WITHIN_SECONDS = 150.0


class SmallDisk:
    """A file system of so many megabytes, and something that takes all that is left of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    @contextmanager
    def full(self) -> Iterator[None]:
        """No room for anything any more."""
        with suppress(OSError), self._ballast.open("wb", buffering=0) as file:
            while file.write(bytes(64 * 1024)):
                pass
        yield
        self._ballast.unlink()


@contextmanager
def mounted(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


class OnDisk:
    """A template whose copies lie on that disk."""

    def __init__(self, template: Template, disk: SmallDisk) -> None:
        self._template = template
        self._disk = disk

    def copied_into(self, folder: Path) -> str:
        """An SQLite file there, or a database whose tablespace lies there; its log lies with the server."""
        del folder
        if isinstance(self._template, SqliteTemplate):
            return self._template.copied_into(self._disk.folder)
        assert isinstance(self._template, PostgresTemplate)
        server = self._template.server
        (data,) = server.asked("SHOW data_directory")
        place = self._disk.folder / "tablespace"
        place.mkdir(mode=0o700)
        owner = Path(data).stat()
        os.chown(place, owner.st_uid, owner.st_gid)
        url = server.migrated()
        server.run(f"CREATE TABLESPACE small_disk LOCATION '{place}'")
        server.run(f"ALTER DATABASE {urlsplit(url).path[1:]} SET TABLESPACE small_disk")
        return url

    def give_back(self, url: str) -> None:
        """Take it away before its disk goes."""
        if isinstance(self._template, PostgresTemplate):
            self._template.server.drop(url)
            self._template.server.run("DROP TABLESPACE small_disk")


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[FastSink]:
    with FastSink(tmp_path / "accepted") as sink:
        yield sink


@pytest.fixture
def disk(engine: str) -> Iterator[SmallDisk]:
    with TemporaryDirectory(prefix="rollcall-disk-") as folder:
        Path(folder).chmod(0o755)  # the server's user passes through
        with mounted(Path(folder) / "small", MEGABYTES[engine.partition("-")[0]]) as disk:
            yield disk


@pytest.fixture
def posting(tmp_path: Path, migrated: Template, disk: SmallDisk, sink: FastSink) -> Iterator[Desk]:
    desk = Desk(tmp_path, OnDisk(migrated, disk), mail_url=sink.url)
    yield desk
    desk.close()


def test_a_disk_that_is_full_in_the_middle_of_a_commit_loses_and_doubles_nobody(
    posting: Desk, disk: SmallDisk, sink: FastSink
) -> None:
    key = posting.key("acme", Scope.ADMIN)
    addresses = [f"p{number}@example.com" for number in range(PEOPLE)]
    rows = "".join(f"Ann,Ode,{address},Acme\n" for address in addresses)
    refused = 0
    invited: list[str] = []
    with (
        serving(posting) as (process, url),
        httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=40) as http,
    ):
        assert wait_for(lambda: workers(url) == 1, 30.0)
        path = _ready(http, f"first_name,last_name,email,company\n{rows}".encode())
        before = children(process)
        assert http.post(f"{path}/commit", json={}).status_code == 202
        assert wait_for(lambda: http.get(path).json()["progress"]["done"] > 0, 30.0)
        with disk.full():
            until = time.monotonic() + FULL_SECONDS
            while time.monotonic() < until:
                number = refused + len(invited)
                answer = http.post("/invitations", json={"email": f"one{number}@example.com", "organisation": "Acme"})
                assert answer.status_code in {201, 503}, answer.text
                if answer.status_code == 201:
                    invited.append(f"one{number}@example.com")
                else:
                    refused += 1
                    assert "retry-after" in answer.headers
                assert http.get(f"{url}/healthz").status_code == 200
                time.sleep(0.05)
            upload = http.post("/imports", content=rows.encode(), headers={"Content-Type": "text/csv"})
            assert upload.status_code == 503, upload.text
            reached = http.get(path).json()["progress"]["done"]
        print(f"full at {reached} of {PEOPLE}: {refused} invitations refused, {len(invited)} taken")
        assert 0 < reached < PEOPLE
        assert refused > 0
        assert wait_for(lambda: http.get(path).json()["state"] == "completed", GOES_ON_WITHIN_SECONDS)
        assert wait_for(lambda: http.get(path).json()["result"]["mails"]["sent"] == PEOPLE, GOES_ON_WITHIN_SECONDS)
        assert wait_for(lambda: len(sink.accepted()) >= PEOPLE + len(invited), 30.0)
        assert children(process) == before, "without a restart"
        assert adds_up(http.get(path).json()["result"])
        assert len(http.get("/imports").json()["items"]) == 1, "half an upload is none"
    found = {row[0] for row in posting.rows("SELECT email FROM users WHERE role = 'member'")}
    assert found == {*addresses, *invited}
    assert discrepancies(Ledger(posting, sink.accepted(), [*addresses, *invited])) == []


def _ready(http: httpx.Client, content: bytes) -> str:
    """An import that is checked."""
    answer = http.post("/imports", content=content, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 201, answer.text
    path = f"/imports/{answer.json()['id']}"
    columns = ["first_name", "last_name", "email", "company"]
    assert http.put(f"{path}/mapping", json={"columns": columns}).status_code == 200
    assert wait_for(lambda: http.get(path).json()["state"] == "ready", 60.0)
    return path
