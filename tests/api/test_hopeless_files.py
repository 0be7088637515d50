"""Files made to hurt, sent to a service of its own: a clear problem soon, little memory, nothing left behind.

What the whole service has used is read from the system, as an operator would read it.
"""

import gzip
import os
import random
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.imports.models import Import, ImportEdit, ImportOriginal, ImportPiece, ImportRow
from tests.api.test_bad_files import count
from tests.api.test_workbooks import BOMB, GOOD, OLE
from tests.conftest import Desk, Template
from tests.delivery.test_serve import children, serving
from tests.files.workbooks import xlsx, zipped

pytestmark = [pytest.mark.xdist_group("processes"), pytest.mark.long]

MIB = 1024 * 1024
SECONDS = 2.0
HEADER = b"first_name,last_name,email,company\n"
MAPPING = {"columns": ["first_name", "last_name", "email", "company"]}
NOISE = random.Random(7)  # noqa: S311 the same noise every time
HALF_CLOSED = b'"Jan","Peeters","jan@example.com","Acme\n'
HOPELESS: dict[str, tuple[Sequence[bytes], int, str]] = {
    "a workbook cut off": ([GOOD[: len(GOOD) // 2]], 422, "file_damaged"),
    "a workbook with a password": ([OLE + "EncryptedPackage".encode("utf-16-le")], 422, "file_protected"),
    "a workbook bomb": ([zipped(BOMB)], 413, "file_unpacks_too_large"),
    "a workbook of 16,384 columns": ([xlsx({"A": [[f"h{n}" for n in range(16_384)]]})], 422, "file_too_many_columns"),
    "a gzip bomb": ([gzip.compress(HEADER + b"x" * (200 * MIB))], 413, "file_unpacks_too_large"),
    "gzip bombs in a row": ([gzip.compress(b"x" * (8 * MIB)) * 20], 413, "file_unpacks_too_large"),
    "a million columns": ([b",".join(b"h%d" % n for n in range(1_000_000)) + b"\n"], 422, "file_too_many_columns"),
    "a million empty columns": ([b"," * 1_000_000 + b"\n"], 422, "file_empty"),
    "a cell of 100 MB": ([b"x" * MIB] * 100, 422, "file_cell_too_large"),
    "a quoted cell of 100 MB": ([b'"', *[b"x" * MIB] * 100, b'"'], 422, "file_cell_too_large"),
    "quotes": ([b'"' * MIB] * 20, 422, "file_cell_too_large"),
    "quotes on lines": ([b'"\n' * (MIB // 4)], 422, "file_empty"),
    "quotes that open": ([HALF_CLOSED * 20_000], 422, "file_quote_unclosed"),
    "random bytes": ([NOISE.randbytes(5 * MIB)], 422, "file_binary"),
    "zeros": ([b"\0" * MIB] * 50, 422, "file_binary"),
    "delimiters": ([b",;\t|" * (MIB // 4)] * 20, 422, "file_too_many_columns"),
}
LATE: dict[str, tuple[Sequence[bytes], str]] = {
    "a cell of 100 MB below people": (
        [HEADER, b"Jan,Peeters,jan@example.com,Acme\n" * 40_000, *[b"x" * MIB] * 100],
        "file_cell_too_large",
    ),
    "a million columns below people": (
        [HEADER, b"Jan,Peeters,jan@example.com,Acme\n" * 40_000, b"," * 1_000_000, b"\n"],
        "file_too_many_columns",
    ),
    "a quote below people that swallows the rest": (
        [HEADER, b"Jan,Peeters,jan@example.com,Acme\n" * 40_000, b'"', b"Jan,Peeters,jan@example.com,A\n" * 200_000],
        "file_quote_unclosed",
    ),
}


@dataclass
class Service:
    """A running service, and what its processes use."""

    desk: Desk
    http: httpx.Client
    pids: Sequence[int]

    def cpu_seconds(self) -> float:
        """What the API and the worker have used, and whatever they started and waited for (proc(5), stat)."""
        ticks = 0
        for pid in [*self.pids, *_started_by(self.pids)]:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def forget_peaks(self) -> dict[int, int]:
        """From here on peaks count anew; the memory each process has now (proc(5), clear_refs)."""
        for pid in self.pids:
            Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
        return {pid: self._memory(pid, "VmRSS") for pid in self.pids}

    def growth(self, before: dict[int, int]) -> int:
        """Bytes by which the one that grew most has grown at most."""
        return max(self._memory(pid, "VmHWM") - before[pid] for pid in self.pids)

    def _memory(self, pid: int, what: str) -> int:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what))

    def post(self, chunks: Sequence[bytes]) -> httpx.Response:
        """Upload a file that calls itself CSV."""
        return self.http.post("/imports", content=iter(chunks), headers={"Content-Type": "text/csv"})

    def left(self) -> list[int]:
        """What is in the database of any file."""
        return [count(self.desk, model) for model in (Import, ImportPiece, ImportOriginal, ImportRow, ImportEdit)]


def _started_by(pids: Sequence[int]) -> list[int]:
    """The parents of reading processes: what these have used is counted with them when they have ended."""
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", ",".join(map(str, pids))], capture_output=True, check=False
    ).stdout
    return [int(pid) for pid in found.split() if Path(f"/proc/{int(pid)}/stat").exists()]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, migrated: Template) -> Iterator[Service]:
    """One service for all of them: who was hurt by one file would be seen with the next."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("only Linux tells what other processes use")
    folder = tmp_path_factory.mktemp("hopeless")
    desk = Desk(folder, migrated)
    headers = {"Authorization": f"Bearer {desk.key()}"}
    with serving(desk) as (process, url):
        with httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=120) as http:
            found = Service(desk, http, list(children(process).values()))
            assert (
                found.post([HEADER, b"Jan,Peeters,jan@example.com,Acme\n"]).status_code == 201
            )  # everything is loaded
            assert found.post([GOOD]).status_code == 201
            yield found
    desk.close()


def temporary_files() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("tmp*"))


@pytest.mark.parametrize("what", HOPELESS)
def test_a_hopeless_file_is_refused_at_little_cost_and_leaves_nothing(service: Service, what: str) -> None:
    chunks, status, code = HOPELESS[what]
    left, files = service.left(), temporary_files()
    cpu, memory = service.cpu_seconds(), service.forget_peaks()
    refused = service.post(chunks)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert service.cpu_seconds() - cpu < SECONDS
    assert service.growth(memory) < 128 * MIB
    assert service.left() == left
    assert temporary_files() <= files


@pytest.mark.parametrize("what", LATE)
def test_a_hopeless_line_far_below_fails_the_check_and_a_deleted_import_leaves_its_counts(
    service: Service, what: str
) -> None:
    chunks, code = LATE[what]
    left = service.left()
    cpu, memory = service.cpu_seconds(), service.forget_peaks()
    uploaded = service.post(chunks)
    assert uploaded.status_code == 201, uploaded.text
    path = f"/imports/{uploaded.json()['id']}"
    cpu = service.cpu_seconds()
    assert service.http.put(f"{path}/mapping", json=MAPPING).status_code == 200
    failed = _at_rest(service, path)
    assert (failed["state"], failed["failure"]["code"]) == ("failed", code)
    assert service.cpu_seconds() - cpu < SECONDS
    assert service.growth(memory) < 128 * MIB
    assert service.http.delete(path).status_code == 204
    assert service.left() == [left[0] + 1, *left[1:]]


def _at_rest(service: Service, path: str) -> dict[str, Any]:
    with service.http.stream("GET", f"{path}/events") as events:  # it ends when nothing moves any more
        for _ in events.iter_lines():
            pass
    return dict(service.http.get(path).json())
