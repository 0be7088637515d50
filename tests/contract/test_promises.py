"""What SECURITY.md and the README's alerts name is there: tests by their names, metrics by theirs."""

import ast
import re
from pathlib import Path

import pytest

import app
from app.delivery.models import Lane
from app.imports.steps import ImportState
from tests.conftest import Desk

ROOT = Path(app.__file__).parent.parent
SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
CLAIMS = [line for line in SECURITY.splitlines() if line.startswith("| ") and "`tests/" in line]
ALERTS = [line for line in README.splitlines() if line.startswith("|") and "`" in line and "rollcall_" in line]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.split("|")[1].strip())
def test_every_test_that_is_named_is_there(claim: str) -> None:
    file, named = None, 0
    for name in re.findall(r"`([^`]+)`", claim.split("|", 2)[2]):
        if name.startswith("tests/"):
            file = ROOT / name
            assert file.is_file(), f"SECURITY.md names {name}"
        else:
            assert file is not None, f"{name}: say which file it is in"
            assert name in _functions(file), f"SECURITY.md names {name} in {file.name}"
        named += 1
    assert named


def _functions(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_promise_is_claimed() -> None:
    assert len(CLAIMS) >= 12
    assert "advisory" in SECURITY


def test_every_metric_that_is_named_is_there(desk: Desk) -> None:
    desk.http.get("/platform")
    metrics = desk.stranger().get("http://testserver/metrics").text
    there = {line.split()[2] for line in metrics.splitlines() if line.startswith("# TYPE")}
    there |= {f"{name}_bucket" for name in there}
    assert len(ALERTS) >= 9
    for alert in ALERTS:
        for name in re.findall(r"rollcall_[a-z_]+", alert):
            assert name in there or name.removesuffix("_total") in there, f"the README names {name}: {sorted(there)}"


def test_every_value_of_a_label_that_is_named_is_one() -> None:
    values = {
        "lane": {lane.name.lower() for lane in Lane},
        "state": {state.value for state in ImportState},
        "result": {"sent", "failed", "dropped", "deferred"},
    }
    checked = 0
    for label, given in re.findall(r'(\w+)=~?"([^"]+)"', " ".join(ALERTS)):
        for value in re.split(r"\\?\|", given):
            if label in values:
                assert value in values[label], f"{label}={value}"
                checked += 1
            else:
                assert label == "status"
                assert re.fullmatch(r"[1-5]\d\d", value)
    assert checked >= 7
