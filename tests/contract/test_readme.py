"""The README tells the truth: its walk-through runs as it stands, its paths exist."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.errors import Code
from app.web.problems import status_of
from tests.delivery.sink import free_port

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.xdist_group("processes")
def test_the_walk_through_runs_as_it_stands(tmp_path: Path) -> None:
    tested = README.split("<!-- tested: start -->")[1].split("<!-- tested: end -->")[0]
    blocks = re.findall(r"```bash\n(.*?)```", tested, re.DOTALL)
    assert len(blocks) == 6
    script = "\n".join(["set -euo pipefail", *blocks, "echo; cat var/mails/*.eml | grep -c ^Message-ID"])
    # What a newcomer has and a test has not: port 8000 to itself.
    script = script.replace("8000", str(free_port()))
    script = script.replace(" &\n", " & SERVER=$!\n")
    script += "\nkill $SERVER; wait $SERVER || true"
    environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    process = subprocess.Popen(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    try:
        output, errors = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
    assert process.returncode == 0, errors + output
    assert '"to_add":1,"already_users":1' in output
    assert '"added":1,"already_users":1' in output
    assert output.strip().splitlines()[-1] == "2"


def test_every_path_it_names_exists() -> None:
    table = README.split("### Where do I change ...")[1].split("## Decisions")[0]
    paths = re.findall(r"`((?:app|tests|migrations)/[^`]*)`", table)
    assert len(paths) > 15
    missing = [path for path in paths if not (ROOT / path).exists()]
    assert missing == []


def test_every_command_it_names_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:`|\n)make ([a-z]+)", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_problem_code_is_in_the_table_with_its_status() -> None:
    table = dict(re.findall(r"^\| `([a-z_]+)` \| (\d{3}) \|", README, re.MULTILINE))
    assert table == {code.value: str(status_of(code)) for code in Code}
