"""`rollcall demo --exit`, whole, as somebody runs it: a fresh folder, a real service, real files for mails."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.jobs.lock import is_worker_alive

ANSWERS_NOBODY = 61, 111  # ECONNREFUSED on macOS and Linux


def _run(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "app.cli", "demo", "--exit"]
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", timeout=120, check=False)


def _port(output: str) -> int:
    found = re.search(r"http://127\.0\.0\.1:(\d+)", output)
    assert found is not None, output
    return int(found[1])


def _rows(output: str, label: str) -> list[int]:
    """The counts in front of a label, in the order they are shown."""
    return [int(count) for count in re.findall(rf"│ +(\d+) │ {label} +│", output)]


def test_the_demo_shows_the_main_job_and_leaves_nothing_running(tmp_path: Path) -> None:
    done = _run(tmp_path)
    output = done.stdout

    assert done.returncode == 0, output + done.stderr
    assert done.stderr == ""
    assert _rows(output, "new people") == [38]
    assert _rows(output, "people added") == [38]
    assert _rows(output, "already on the platform") == [2, 2], "in the preview and in the result"
    assert _rows(output, "twice in the file") == [1, 1]
    assert _rows(output, "rejected") == [2, 2]
    assert _rows(output, "empty rows") == [1, 1]
    assert _rows(output, "rows in all") == [44, 44]
    assert "40 files: 3 en, 29 fr, 8 nl;" in output
    assert "Bonjour François," in output
    assert "0 added, 40 already on the platform, 0 mails. Still 40 in the folder." in output
    assert max(map(len, output.splitlines())) <= 100

    demo = tmp_path / "var" / "demo"
    assert len(list((demo / "mails").glob("*.eml"))) == 40
    assert not is_worker_alive(demo / "rollcall.db")
    with socket.socket() as caller:
        assert caller.connect_ex(("127.0.0.1", _port(output))) in ANSWERS_NOBODY, "the API still answers"


@pytest.mark.long
def test_a_demo_removes_what_an_earlier_one_left_and_nothing_else(tmp_path: Path) -> None:
    left = tmp_path / "var" / "demo" / "mails" / "left.eml"
    kept = tmp_path / "var" / "rollcall.db"
    left.parent.mkdir(parents=True)
    for file in (left, kept):
        file.write_text("somebody's", encoding="utf-8")

    done = _run(tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert not left.exists()
    assert kept.read_text(encoding="utf-8") == "somebody's"
