"""Every setting is documented, and a missing or weak one stops the start with a sentence that names it."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

import app
from app.settings import PREFIX, DatabaseSettings, Settings, SettingsError

ROOT = Path(app.__file__).parent.parent
NAMES = [PREFIX + name.upper() for name in Settings.model_fields]
REQUIRED = [PREFIX + name.upper() for name, field in Settings.model_fields.items() if field.is_required()]
SECRET = "qX7-correct-horse-battery-staple-2041"
PASSWORD = "s3cr3t-of-the-mail-server"


def good(folder: Path) -> dict[str, str]:
    """An environment with which the service starts."""
    return {
        "ROLLCALL_DATABASE_URL": f"sqlite:///{folder}/rollcall.db",
        "ROLLCALL_SECRET_KEYS": SECRET,
        "ROLLCALL_PUBLIC_URL": "http://127.0.0.1:8000",
        "ROLLCALL_MAIL_URL": f"folder://{folder}/mails",
        "ROLLCALL_MAIL_FROM": "invitations@example.com",
    }


def run(environment: Mapping[str, str], *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command with nothing else in its environment."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        env={"PATH": os.defpath, **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# --- the table of the README -------------------------------------------------------------------------------------


def _rows() -> dict[str, str]:
    """The rows of the README's table of settings, by variable."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith(f"| `{PREFIX}")]
    return {line.split("`")[1]: line for line in rows}


def test_the_readme_lists_every_setting_and_no_other() -> None:
    assert sorted(_rows()) == sorted(NAMES), "the README's table of settings (rows `| `ROLLCALL_...`) is out of date"


def test_the_readme_tells_the_default_of_every_setting_that_has_one() -> None:
    rows = _rows()
    for name, field in Settings.model_fields.items():
        variable = PREFIX + name.upper()
        if field.is_required() or field.default in ((), ""):
            continue
        digits = re.sub(r"(?<=\d)[,_ \u00a0\u202f](?=\d{3})", "", rows.get(variable, ""))
        in_mib = f"{field.default // 1024**2} MiB" if isinstance(field.default, int) else "-"
        told = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
        assert told in digits or in_mib in digits, f"{variable}: its default {field.default} is not told"


def test_every_setting_has_a_description() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name


# --- what stops the start ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", REQUIRED)
def test_a_missing_setting_is_named(variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in good(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(variable)
    with pytest.raises(SettingsError, match=rf"^{variable}: is missing$"):
        Settings.load()
    monkeypatch.setenv(variable, "")
    with pytest.raises(SettingsError, match=rf"^{variable}: "):
        Settings.load()


WEAK = [
    ("SECRET_KEYS", "short"),
    ("SECRET_KEYS", "a" * 64),
    ("SECRET_KEYS", "ab" * 40),
    ("SECRET_KEYS", ","),
    ("SECRET_KEYS", f"{SECRET},short"),
    ("SECRET_KEYS", f"{SECRET[:20]},{SECRET[20:]}"),
    ("DATABASE_URL", "mysql://root:hunter2hunter2@host/db"),
    ("DATABASE_URL", "postgresql://root:hunter2hunter2@host/db"),
    ("DATABASE_URL", "postgresql+psycopg://root:hunter2hunter2@host:port/db"),
    ("DATABASE_URL", "sqlite:///"),
    ("DATABASE_URL", "sqlite:///:memory:"),
    ("PUBLIC_URL", "rollcall.example.com"),
    ("PUBLIC_URL", "ftp://rollcall.example.com"),
    ("PUBLIC_URL", "https://"),
    ("PUBLIC_URL", "https://rollcall.example.com/?a=b"),
    ("MAIL_URL", "mail.example.com:25"),
    ("MAIL_URL", "http://user:hunter2hunter2@mail.example.com"),
    ("MAIL_FROM", "nobody"),
    ("MAIL_FROM", "A Name <a@example.com>"),
    ("MAIL_FROM", "a@example.com\nBcc: b@example.com"),
    ("UPLOAD_BYTES", "many"),
    ("UPLOAD_BYTES", "0"),
    ("UPLOAD_LINES", "0"),
    ("UPLOAD_COLUMNS", "3"),
    ("BODY_BYTES", "-1"),
    ("MAIL_CONNECTIONS", "0"),
    ("MAIL_CONNECTIONS", "65"),
    ("DELIVERY_RETENTION_DAYS", "6"),
    ("INVITATION_RETENTION_DAYS", "0"),
    ("AUDIT_RETENTION_DAYS", "29"),
    ("OTEL_ENDPOINT", "collector:4318"),
    ("OTEL_ENDPOINT", "http://collector:4318?key=hunter2hunter2"),
    ("LOG_LEVEL", "LOUD"),
    ("PLATFORM_MAILS_PER_DAY", "-1"),
    ("REQUESTS_PER_MINUTE", "many"),
    ("TRUSTED_PROXIES", "*"),
    ("TRUSTED_PROXIES", "proxy.example.com"),
    ("TRUSTED_PROXIES", "10.0.0.0/8,10.0.0.1/8"),
]


@pytest.mark.parametrize(("name", "value"), WEAK)
def test_a_weak_setting_is_named_and_never_repeated(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, right in good(tmp_path).items():
        monkeypatch.setenv(variable, right)
    Settings.load()
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(SettingsError) as refused:
        Settings.load()
    said = str(refused.value)
    assert said.startswith(f"{PREFIX}{name}: ")
    assert said.count("\n") == 0, "one setting is wrong, one sentence says so"
    assert "hunter2" not in said
    assert SECRET not in said
    assert len(value) < 10 or value not in said


def test_everything_that_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError) as refused:
        Settings.load()
    assert [line.split(":")[0] for line in str(refused.value).splitlines()] == REQUIRED


STARTS: dict[str, tuple[dict[str, str | None], str]] = {
    "no secret": ({"SECRET_KEYS": None}, "SECRET_KEYS"),
    "a weak secret": ({"SECRET_KEYS": "Weak-s3cret"}, "SECRET_KEYS"),
    "no address of its own": ({"PUBLIC_URL": None}, "PUBLIC_URL"),
    "a mail server without a name": ({"MAIL_URL": f"smtp://user:{PASSWORD}@"}, "MAIL_URL"),
    "a mail server with a port that is none": ({"MAIL_URL": f"smtp://user:{PASSWORD}@host:port"}, "MAIL_URL"),
    "a mail server with an unknown way of TLS": ({"MAIL_URL": f"smtp://user:{PASSWORD}@host?tls=maybe"}, "MAIL_URL"),
    "an unknown kind of mail server": ({"MAIL_URL": f"pigeon://user:{PASSWORD}@host"}, "MAIL_URL"),
    "an unknown kind of database": ({"DATABASE_URL": f"mysql://user:{PASSWORD}@host/db"}, "DATABASE_URL"),
    "a limit that is none": ({"UPLOAD_LINES": "many"}, "UPLOAD_LINES"),
}


@pytest.mark.parametrize("case", STARTS)
def test_the_service_does_not_start_on_a_bad_setting(case: str, tmp_path: Path) -> None:
    changes, named = STARTS[case]
    environment = good(tmp_path)
    for name, value in changes.items():
        environment.pop(PREFIX + name, None)
        if value is not None:
            environment[PREFIX + name] = value
    began = time.monotonic()
    ended = run(environment, "serve", "--port", "0", folder=tmp_path)
    assert time.monotonic() - began < 5
    said = ended.stdout + ended.stderr
    assert ended.returncode == 1, said
    assert PREFIX + named in said
    assert "Traceback" not in said
    for secret in (SECRET, PASSWORD, "Weak-s3cret"):
        assert secret not in said.replace("\n", "")
    assert not (tmp_path / "var").exists()


def test_a_command_that_only_touches_the_database_needs_no_other_setting(tmp_path: Path) -> None:
    url = {"ROLLCALL_DATABASE_URL": f"sqlite:///{tmp_path}/rollcall.db"}
    migrated = run(url, "migrate", folder=tmp_path)
    assert (migrated.returncode, migrated.stderr) == (0, "")
    refused = run(url, "create-key", "nowhere", "--name", "x", "--scope", "read", folder=tmp_path)
    assert refused.returncode == 1
    assert "nowhere" in refused.stderr
    assert "Traceback" not in refused.stderr


# --- defaults ----------------------------------------------------------------------------------------------------


def test_the_database_is_a_file_under_var_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROLLCALL_DATABASE_URL", raising=False)
    settings = DatabaseSettings.load()
    assert settings.database_url == "sqlite:///var/rollcall.db"
    assert settings.sqlite_path == Path("var/rollcall.db")
    monkeypatch.setenv("ROLLCALL_DATABASE_URL", "postgresql+psycopg://user:pass@host/name")
    assert DatabaseSettings.load().sqlite_path is None


def test_settings_never_change_and_never_show_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in good(tmp_path).items():
        monkeypatch.setenv(name, value)
    settings = Settings.load()
    with pytest.raises(ValueError, match="frozen"):
        settings.log_level = "DEBUG"  # type: ignore[misc] # frozen: that is what is tested
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings.model_dump())


def test_the_secrets_inside_addresses_are_not_shown_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in good(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ROLLCALL_MAIL_URL", f"smtp://user:{PASSWORD}@mail.example.com")
    monkeypatch.setenv("ROLLCALL_DATABASE_URL", f"postgresql+psycopg://user:{PASSWORD}@host/name")
    assert PASSWORD not in repr(Settings.load())


def test_several_values_are_separated_by_commas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in good(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ROLLCALL_SECRET_KEYS", f" {SECRET} , {SECRET[::-1]},")
    monkeypatch.setenv("ROLLCALL_ALLOWED_ORIGINS", "https://a.example.com, https://b.example.com")
    settings = Settings.load()
    assert [key.get_secret_value() for key in settings.secret_keys] == [SECRET, SECRET[::-1]]
    assert settings.allowed_origins == ("https://a.example.com", "https://b.example.com")
