"""The peer: django-import-export in its validating bulk mode, the same file into one flat table of people.

It writes no memberships, no invitations and no mails, and shows nothing first.
"""

import csv
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

_BATCH = 1000


def bulk_import(people: Path, known: Path, url: str, *, checks: bool = True) -> float:
    """Seconds to import a file of people into an empty database, where the known ones are before.

    Without `checks` it neither validates a row nor looks whether it is there.
    """
    import django
    from django.conf import settings

    database = _database(url)
    settings.configure(DATABASES={"default": database}, INSTALLED_APPS=["import_export"], USE_TZ=True)
    django.setup()
    known_rows = _rows(known)
    rows = _rows(people)
    if not checks:
        there = {row["email"] for row in known_rows}
        rows = [row for row in rows if row["email"] not in there]
    return _import(rows, known_rows, checks)


def _database(url: str) -> Mapping[str, Any]:
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        file = Path(url.removeprefix("sqlite:///"))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        options = {"init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"}
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file), "OPTIONS": options}
    host = parse_qs(parts.query)["host"][0]
    return {"ENGINE": "django.db.backends.postgresql", "NAME": parts.path[1:], "USER": parts.username, "HOST": host}


def _import(people: list[Mapping[str, str]], known: Iterable[Mapping[str, str]], checks: bool) -> float:
    import tablib
    from django.db import connection, models
    from import_export.resources import ModelResource

    class Person(models.Model):  # type: ignore[misc] # the peer's library has no types
        email = models.EmailField(unique=True)
        first_name = models.CharField(max_length=100)
        last_name = models.CharField(max_length=100)
        company = models.CharField(max_length=200)
        language = models.CharField(max_length=35, choices=[(code, code) for code in ("en", "fr", "nl")])
        student_groups = models.CharField(max_length=1000, blank=True)
        label = models.CharField(max_length=200, blank=True)
        team = models.CharField(max_length=200, blank=True)
        team_leader = models.EmailField(blank=True)

        class Meta:
            app_label = "import_export"

    class People(ModelResource):  # type: ignore[misc] # the peer's library has no types
        class Meta:
            model = Person
            exclude = ("id",)
            import_id_fields = ("email",)
            use_bulk = True
            batch_size = _BATCH
            clean_model_instances = checks
            skip_unchanged = checks
            force_init_instance = not checks
            skip_diff = True
            report_skipped = False

    with connection.schema_editor() as schema:
        schema.create_model(Person)
    Person.objects.bulk_create([Person(**row) for row in known], batch_size=_BATCH)
    before = Person.objects.count()
    started = time.perf_counter()
    data = tablib.Dataset(*(tuple(row.values()) for row in people), headers=list(people[0]))
    result = People().import_data(data)
    seconds = time.perf_counter() - started
    if not Person.objects.count() > before:
        raise RuntimeError(f"the peer imported nobody: {[error.error for error in result.base_errors]}")
    return seconds


def _rows(file: Path) -> list[Mapping[str, str]]:
    """The rows of a file, each address once: a second one would roll everything back."""
    found: dict[str, Mapping[str, str]] = {}
    with file.open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened):
            found.setdefault(row["email"].lower(), row)
    return list(found.values())
