"""Rules of the code that import-linter cannot see: who commits, who reads the environment, who forgets the platform."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import app

SOURCE = Path(app.__file__).parent
ROOT = SOURCE.parent
MAX_LINES = 350

ENVIRONMENT = {"settings.py", "run_local.py", "demo_service.py"}
"""Settings reads it; the other two set what Settings reads (a service of one's own needs no configuration)."""

COMMITS_OF_IMPORTS = {"service", "task"}
"""What has a `commit` that is a word of the customer: "Import and Invite"."""

OF_ALL_PLATFORMS = {
    "delivery/outbox.py": {
        "release": "takes a delivery, which its caller found by platform",
        "count_in_batches": "takes batches with their platform",
    },
    "delivery/claims.py": {
        "is_due": "the worker serves every platform: whether anybody's mail waits",
        "claim": "the worker serves every platform; each one's mails are claimed by its own id",
        "renew": "takes claimed mails, which carry their platform",
        "settle_sent": "takes claimed mails, which carry their platform",
        "settle_dropped": "takes claimed mails, which carry their platform",
        "settle_failed": "takes a claimed mail, which carries its platform",
        "give_back": "takes claimed mails, which carry their platform",
        "clear_leases": "the one worker of an SQLite file starts anew",
        "lag_seconds": "for whoever watches the installation: a number, nobody's data",
        "sends_by_result": "for whoever watches the installation: numbers, nobody's data",
    },
}
"""Functions that look into tables without a platform, and why that is right."""

SPANS_PLATFORMS = {
    "access/credentials.py": {
        "actor_of_key": "the hash of a key says whose it is: there is no platform before",
        "actor_of_session": "the hash of a session's token says whose it is: there is no platform before",
    },
    "delivery/claims.py": {
        "clear_leases": "the one worker of an SQLite file starts anew",
        "lag_seconds": "a number about the installation, nobody's data",
        "sends_by_result": "numbers about the installation, nobody's data",
    },
    "jobs/watch.py": {"look": "numbers about the installation, nobody's data"},
    "db/bulk.py": {"present": "takes the values of a parameter apart; reads no table"},
    "imports/work.py": {
        "claim": "the worker serves every platform",
        "clear_leases": "the one worker of an SQLite file starts anew",
    },
    "imports/sweep.py": {"sweep": "what is too old is too old on every platform"},
    "access/sweep.py": {"sweep": "what is too old is too old on every platform"},
    "access/limits.py": {"sweep": "what is too old is too old on every platform"},
}
"""Functions whose statements span platforms, and why that is right."""

KNOWS_HTTP = re.compile(r"(web/.*|.*/(router|intake|events|mending|running)|main|health|spans)\.py")
"""Where FastAPI and Starlette may be imported: routes and what serves them."""


@cache
def _modules() -> dict[str, ast.Module]:
    return {
        str(path.relative_to(SOURCE)): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(SOURCE.rglob("*.py"))
    }


MODULES = _modules()
EACH_MODULE = pytest.mark.parametrize("name", MODULES)


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@EACH_MODULE
def test_only_the_session_commits(name: str) -> None:
    if name == "db/session.py":
        return
    for node in ast.walk(MODULES[name]):
        if isinstance(node, ast.Attribute) and node.attr == "commit":
            whose = ast.unparse(node.value)
            assert whose in COMMITS_OF_IMPORTS, (
                f"app/{name}:{node.lineno}: `{whose}.commit` ends a transaction; only db/session.py does. (If it is "
                "the commit of an import, name it in COMMITS_OF_IMPORTS.)"
            )


@EACH_MODULE
def test_only_settings_reads_the_environment(name: str) -> None:
    if name in ENVIRONMENT:
        return
    for node in ast.walk(MODULES[name]):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
            assert node.attr not in {"environ", "environb", "getenv", "putenv"}, f"app/{name}:{node.lineno}"
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            assert not {"environ", "getenv"} & {alias.name for alias in node.names}, f"app/{name}:{node.lineno}"


@pytest.mark.parametrize("name", sorted(ENVIRONMENT - {"settings.py"}))
def test_what_starts_a_service_of_ones_own_reads_no_setting(name: str) -> None:
    """It sets variables, or passes the environment on to a child."""
    for node in ast.walk(MODULES[name]):
        written = ast.unparse(node) if isinstance(node, ast.Subscript | ast.Attribute) else ""
        is_read = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load)
        if written.startswith("os.environ["):
            assert not is_read, f"app/{name}:{node.lineno}: {written}"  # type: ignore[attr-defined] # all have a line
        assert written not in {"os.environ.get", "os.getenv", "os.environ.pop"}, f"app/{name}: {written}"


@pytest.mark.parametrize("name", [name for name in MODULES if name.endswith("/queries.py") or name in OF_ALL_PLATFORMS])
def test_every_look_into_the_tables_takes_the_platform(name: str) -> None:
    excepted = OF_ALL_PLATFORMS.get(name, {})
    for node in MODULES[name].body:
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
            continue
        arguments = [argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)]
        if "session" in arguments or "database" in arguments:
            assert "platform_id" in arguments or node.name in excepted, (
                f"app/{name}: {node.name} takes no platform_id. Give it one, or a reason in OF_ALL_PLATFORMS"
            )
            assert "platform_id" not in arguments or "platform_id" in _used(node), f"{node.name} ignores its platform"


def _used(function: ast.FunctionDef) -> set[str]:
    return {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}


@EACH_MODULE
def test_every_statement_names_the_platform(name: str) -> None:
    """A statement on a table of a platform says which one; on the platforms themselves it need not."""
    excepted = SPANS_PLATFORMS.get(name, {})
    for function in (node for node in ast.walk(MODULES[name]) if isinstance(node, ast.FunctionDef)):
        statements = [
            node
            for node in ast.walk(function)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"select", "update", "delete"}
            and not ast.unparse(node.args[0]).startswith("Platform")
        ]
        if statements and function.name not in excepted:
            assert "platform_id" in ast.unparse(function), (
                f"app/{name}:{function.lineno}: {function.name} has a statement without a platform_id. Give it one, "
                "or a reason in SPANS_PLATFORMS"
            )


def test_every_exception_is_of_a_function_there_is() -> None:
    for name, excepted in (*OF_ALL_PLATFORMS.items(), *SPANS_PLATFORMS.items()):
        functions = {node.name for node in ast.walk(MODULES[name]) if isinstance(node, ast.FunctionDef)}
        assert set(excepted) <= functions, f"app/{name}: an exception is no longer needed"


@EACH_MODULE
def test_every_module_says_what_it_is_for(name: str) -> None:
    said = ast.get_docstring(MODULES[name])
    assert said, f"app/{name} begins with what it decides or does, and what it never does"
    assert said.rstrip().endswith((".", "!", "?")), f"app/{name}: sentences end with a full stop"


def test_no_module_is_longer_than_can_be_read_at_once() -> None:
    lines = {name: len((SOURCE / name).read_text(encoding="utf-8").splitlines()) for name in MODULES}
    long = {name: count for name, count in lines.items() if count > MAX_LINES}
    assert long == {}, f"over {MAX_LINES} lines; a second reason to change is a second file"


@EACH_MODULE
def test_only_routes_know_the_framework(name: str) -> None:
    if not KNOWS_HTTP.fullmatch(name):
        known = [module for module in _imports(MODULES[name]) if module.split(".")[0] in {"fastapi", "starlette"}]
        assert known == [], f"app/{name}"


@EACH_MODULE
def test_what_is_public_says_what_it_does(name: str) -> None:
    for node in MODULES[name].body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"app/{name}:{node.lineno}: {node.name} has no docstring"


def test_nothing_is_left_to_do() -> None:
    marks = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
    for folder in ("app", "migrations", "tests"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", ".js", ".html", ".css", ".json", ".toml"}:
                found = marks.search(path.read_text(encoding="utf-8"))
                assert found is None, f"{path.relative_to(ROOT)}: {found}"


def test_no_module_is_a_drawer() -> None:
    drawers = {"helper", "helpers", "util", "utils", "common", "manager", "misc"}
    assert not {name for name in MODULES if Path(name).stem in drawers}
