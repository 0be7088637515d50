"""What is shipped to be run fits the code: compose.yaml, the Dockerfile, an SQLite file without PostgreSQL's parts."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.main import get_command

import app
from app.cli import cli
from app.settings import PREFIX, Settings

ROOT = Path(app.__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("build") == "."}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
_REFERENCE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def filled_in(text: str, given: dict[str, str]) -> str:
    """A text of compose.yaml with its variables as Compose fills them in. Raises KeyError for a required one."""

    def _value(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        return given.get(name) or (rest if kind == "-" else given[name])

    return _REFERENCE.sub(_value, text)


def test_the_services_are_a_database_a_migration_an_api_two_workers_and_a_mail_catcher() -> None:
    assert set(SERVICES) == {"postgres", "migrate", "api", "worker", "mailpit"}
    assert set(OURS) == {"migrate", "api", "worker"}
    assert SERVICES["postgres"]["image"] == "postgres:18"
    assert SERVICES["worker"]["deploy"]["replicas"] == 2
    assert "healthcheck" in SERVICES["postgres"]
    for name in ("api", "worker"):
        assert SERVICES[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
        assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) > 30
    named = [volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())]
    assert named == list(COMPOSE["volumes"])


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one_of_the_command_line(name: str) -> None:
    program, command, *options = OURS[name]["command"]
    assert program == "rollcall"
    group = get_command(cli)
    context = typer.Context(group)
    found = group.get_command(context, command)  # type: ignore[attr-defined] # several commands are a group
    assert found is not None, command
    found.make_context(command, list(options), parent=context).close()  # wrong options raise


@pytest.mark.parametrize("name", OURS)
def test_every_setting_is_known_and_with_the_secrets_given_the_service_would_start(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment: dict[str, str] = OURS[name]["environment"]
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    assert set(environment) <= known
    given = {"POSTGRES_PASSWORD": "s3cret", f"{PREFIX}SECRET_KEYS": "qX7-correct-horse-battery-staple-2041"}
    for variable, value in environment.items():
        monkeypatch.setenv(variable, filled_in(value, given))
    settings = Settings.load()
    assert settings.database_url == "postgresql+psycopg://rollcall:s3cret@postgres/rollcall"
    assert settings.delivery_paused is False


def test_no_secret_stands_in_the_file_and_a_missing_one_stops_the_start() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    required = {name for name, kind, _ in _REFERENCE.findall(text) if kind == "?"}
    assert required == {"POSTGRES_PASSWORD", f"{PREFIX}SECRET_KEYS"}
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if "PASSWORD" in name or "SECRET" in name:
                assert _REFERENCE.fullmatch(value), name


def test_the_image_holds_what_the_commands_need_on_either_database() -> None:
    locked = (ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    for package in ("psycopg", "psycopg-binary", "procrastinate", "alembic", "uvicorn"):
        assert re.search(rf"^{package}(\[.*\])?==", locked, re.MULTILINE), package
    assert "requirements/runtime.txt" in DOCKERFILE
    copied = {line.split()[1] for line in DOCKERFILE.splitlines() if line.startswith("COPY") and "--from" not in line}
    assert copied == {"requirements/runtime.txt", "alembic.ini", "migrations", "app"}
    wanted = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"}
    assert wanted == copied, ".dockerignore lets through what the Dockerfile copies"
    assert json.loads(DOCKERFILE.splitlines()[-1].removeprefix("CMD "))[:2] == ["rollcall", "serve"]


_WITHOUT = """
import sys
for name in ("psycopg", "procrastinate", "psycopg_pool"):
    sys.modules[name] = None
import app.child, app.main, app.worker
from app.cli import main
main()
"""


def test_an_sqlite_file_needs_neither_procrastinate_nor_psycopg(tmp_path: Path) -> None:
    environment = {
        "PATH": os.defpath,
        "ROLLCALL_DATABASE_URL": f"sqlite:///{tmp_path}/rollcall.db",
        "ROLLCALL_SECRET_KEYS": "qX7-correct-horse-battery-staple-2041",
        "ROLLCALL_PUBLIC_URL": "http://127.0.0.1:8000",
        "ROLLCALL_MAIL_URL": f"folder://{tmp_path}/mails",
        "ROLLCALL_MAIL_FROM": "invitations@example.com",
    }
    (tmp_path / "people.csv").write_text("first_name,last_name,email,company\nJan,Peeters,jan@example.com,Acme\n")
    for arguments in (
        ["migrate"],
        ["create-platform", "acme", "--name", "Acme", "--admin", "ann@example.com"],
        ["import", str(tmp_path / "people.csv"), "--platform", "acme", "--yes", "--json"],
    ):
        ended = subprocess.run(
            [sys.executable, "-c", _WITHOUT, *arguments],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
    assert '"completed"' in ended.stdout
