"""The command line as operations use it: real processes, what they print, and their exit status."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.test_import_story import FILE
from tests.conftest import Desk
from tests.delivery.test_kill import environment, wait_for, worker

LONG_ON_POSTGRESQL = True

pytestmark = pytest.mark.xdist_group("processes")


def rollcall(desk: Desk, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command; nobody is there to be asked."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        env=environment(desk) | {"COLUMNS": "120"},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "personnel.csv"
    path.write_bytes(FILE)
    return path


def test_a_platform_and_a_key_are_made_and_printed_for_scripts(desk: Desk) -> None:
    made = rollcall(desk, "create-platform", "globex", "--name", "Globex", "--admin", "ann@example.com")
    assert (made.returncode, made.stderr) == (0, "")
    token = made.stdout.strip().removeprefix("http://testserver/accept#")
    accepted = desk.stranger().post("/invitations/accept", json={"token": token, "password": "correct horse"})
    assert accepted.json()["role"] == "admin"
    key = rollcall(desk, "create-key", "globex", "--name", "HR", "--scope", "import", "--scope", "invite")
    assert key.stdout.count("\n") == 1
    client = desk.client(key=key.stdout.strip())
    assert client.get("/imports").status_code == 200
    assert client.get("/api-keys").status_code == 403
    again = rollcall(desk, "create-platform", "globex", "--name", "Globex", "--admin", "ann@example.com")
    assert again.returncode == 1
    assert "Traceback" not in again.stderr
    assert rollcall(desk, "create-key", "nowhere", "--name", "HR", "--scope", "read").returncode == 1
    assert rollcall(desk, "create-key", "globex", "--name", "HR", "--scope", "everything").returncode == 2


@pytest.mark.long
def test_a_dry_run_shows_the_preview_and_adds_nobody(desk: Desk, file: Path) -> None:
    shown = rollcall(desk, "import", str(file), "--platform", "acme", "--dry-run")
    assert shown.returncode == 0, shown.stderr
    for words in ("cp1252", "semicolon", "Prénom", "first_name", "zoe@example.com", "rows in all", "email_invalid"):
        assert words in shown.stdout or words == "email_invalid"
    assert "jean@example" in shown.stdout
    assert len(desk.http.get("/users").json()["items"]) == 1


def test_the_whole_import_runs_without_a_worker_and_leaves_the_mails_to_it(desk: Desk, file: Path) -> None:
    done = rollcall(desk, "import", str(file), "--platform", "acme", "--yes")
    assert done.returncode == 0, done.stderr
    assert "people added" in done.stdout
    assert desk.mails() == []
    desk.work()
    assert len(desk.mails()) == 5
    (imported,) = desk.http.get("/imports").json()["items"]
    assert (imported["created_by"], imported["state"]) == ("cli", "completed")


@pytest.mark.long
def test_json_is_for_programs(desk: Desk, file: Path) -> None:
    done = rollcall(desk, "import", str(file), "--platform", "acme", "--yes", "--json")
    answer = json.loads(done.stdout)
    assert answer["preview"]["summary"]["to_add"] == 5
    assert answer["import"]["result"]["added"] == 5


@pytest.mark.long
def test_beside_a_running_worker_it_waits_for_it(desk: Desk, file: Path, tmp_path: Path) -> None:
    with worker(desk, tmp_path / "log"):
        assert wait_for(lambda: desk.http.get("http://testserver/readyz").json()["workers_alive"] == 1, 20.0)
        done = rollcall(desk, "import", str(file), "--platform", "acme", "--yes")
        assert done.returncode == 0, done.stderr
        assert wait_for(lambda: len(desk.mails()) == 5, 20.0)


@pytest.mark.long
@pytest.mark.once
def test_what_is_refused_is_a_sentence_and_status_1_and_wrong_use_is_2(desk: Desk, tmp_path: Path, file: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    unsure = tmp_path / "unsure.csv"
    unsure.write_bytes(b"who,what\nJan,Acme\n")
    for arguments, status, words in (
        ([str(empty), "--platform", "acme", "--dry-run"], 1, "nothing in this file"),
        ([str(unsure), "--platform", "acme", "--dry-run"], 1, "/columns"),
        ([str(file), "--platform", "nowhere", "--dry-run"], 1, ""),
        ([str(tmp_path / "missing.csv"), "--platform", "acme"], 2, "missing.csv"),
        ([str(file), "--platform", "acme"], 2, "--yes"),
        ([str(file)], 2, "--platform"),
    ):
        refused = rollcall(desk, "import", *arguments)
        assert refused.returncode == status, arguments
        assert words in refused.stderr.replace("\n", "") or words in refused.stderr
        assert "Traceback" not in refused.stderr
    assert len(desk.http.get("/users").json()["items"]) == 1
    assert desk.mails() == []


@pytest.mark.long
@pytest.mark.once
def test_every_command_explains_itself(desk: Desk) -> None:
    commands = ("migrate", "create-platform", "create-key", "serve", "worker", "import", "demo", "openapi")
    overview = rollcall(desk, "--help").stdout
    for command in commands:
        assert command in overview
        assert rollcall(desk, command, "--help").returncode == 0
    assert "rollcall import people.csv" in rollcall(desk, "import", "--help").stdout
    assert rollcall(desk, "no-such-command").returncode == 2
