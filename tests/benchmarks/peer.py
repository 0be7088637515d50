"""The peer: django-import-export in its validating bulk mode, the same file into one flat table of people.

It writes no memberships, no invitations and no mails, and shows nothing first.
"""

import csv
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

_BATCH = 1000


def bulk_import(people: Path, known: Path, file: Path) -> float:
    """Seconds to import a file of people into a fresh SQLite database, where the known ones are before."""
    import django
    from django.conf import settings

    file.unlink(missing_ok=True)
    options = {"init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"}
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file), "OPTIONS": options}
    settings.configure(DATABASES={"default": database}, INSTALLED_APPS=["import_export"], USE_TZ=True)
    django.setup()
    return _import(_rows(people), _rows(known))


def _import(people: list[Mapping[str, str]], known: Iterable[Mapping[str, str]]) -> float:
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
            clean_model_instances = True
            skip_unchanged = True
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
