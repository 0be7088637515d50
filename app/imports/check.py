"""Reads the whole file, plans every row, and writes down what will happen: the preview. Changes nobody on the platform.

The same function serves the request (small files) and the worker (larger ones).
"""

from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from app.db.base import utcnow
from app.db.session import Database
from app.directory import queries as directory
from app.errors import AppError
from app.imports import planning, work
from app.imports.ahead import PlannedAhead, Read
from app.imports.models import Import, ImportPiece, ImportPreview
from app.imports.plan import Plan, Totals
from app.imports.reading.table import IGNORED_SHOWN
from app.imports.row import Outcome, PlannedRow
from app.imports.steps import ImportState, Task
from app.imports.work import Job

PREVIEW_ROWS = 10
_BATCH = 2000
_KEEP_AT_ONCE = 1000
_WRITE_EVERY_SECONDS = 0.5


@dataclass(slots=True)
class _Found:
    """What a check has found and not written down yet."""

    shown: list[PlannedRow] = field(default_factory=list)
    to_keep: list[PlannedRow] = field(default_factory=list)
    written_at: float = field(default_factory=monotonic)


def check_import(database: Database, job: Job, *, max_lines: int) -> None:
    """Check an import whose lease we hold: `ready` with a preview, or `failed` with the reason."""
    try:
        _check(database, job, max_lines)
    except AppError as error:
        work.fail(database, job, error)


def _check(database: Database, job: Job, max_lines: int) -> None:
    with work.ours(database, job) as (session, imported):
        plan = planning.plan_of(session, imported, expected=imported.line_breaks)
        imported.rows_done = 0
        imported.lines = None
    work.forget_rows(database, job)
    found = _Found()
    known = planning.KnownThroughout(database, job.platform_id, expected=imported.line_breaks)
    with PlannedAhead(database, imported, plan, max_lines=max_lines) as ahead:
        while rows := ahead.rows(_BATCH):
            work.may_go_on(job)
            plan.settle(rows, known.among(rows))
            found.to_keep += rows.unclean()
            if len(found.shown) < PREVIEW_ROWS:
                found.shown += map(rows.row, rows.added().positions[: PREVIEW_ROWS - len(found.shown)])
            if len(found.to_keep) >= _KEEP_AT_ONCE or monotonic() - found.written_at > _WRITE_EVERY_SECONDS:
                _write_down(database, job, plan, found)
    read = ahead.read
    with database.reading() as session:
        found.to_keep += plan.finish(lambda addresses: directory.known_users(session, job.platform_id, addresses))
    while found.to_keep:
        _write_down(database, job, plan, found)
    with work.ours(database, job) as (session, imported):
        for start in read.starts:
            piece = session.get_one(ImportPiece, (job.platform_id, job.import_id, start.piece))
            piece.first_line = start.line
            piece.checkpoint = {"skip": start.skip}
        session.merge(
            ImportPreview(
                platform_id=job.platform_id,
                import_id=job.import_id,
                version=imported.version,
                content=_preview(imported, plan.totals, found.shown, ignored_lines=read.ignored_lines),
            )
        )
        imported.ignored = _ignored(imported, read)
        imported.lines = read.lines
        imported.rows_total = imported.rows_done = plan.totals.rows
        work.finish(session, imported, ImportState.READY)
        if job.task is Task.COMMIT:
            work.start(imported, ImportState.READY, now=utcnow(), task=job.task)


def _write_down(database: Database, job: Job, plan: Plan, found: _Found) -> None:
    with work.ours(database, job) as (session, imported):
        work.keep_rows(session, imported, found.to_keep[:_KEEP_AT_ONCE])
        imported.rows_done = plan.totals.rows
    del found.to_keep[:_KEEP_AT_ONCE]
    found.written_at = monotonic()


def _ignored(imported: Import, read: Read) -> list[dict[str, Any]]:
    """The first lines that are no rows: those above the header, then those met while reading."""
    preamble = [ignored for ignored in imported.ignored if ignored["why"] == "preamble"]
    below = [{"line": line, "why": why} for line, why in read.ignored]
    return (preamble + below)[:IGNORED_SHOWN]


def _preview(imported: Import, totals: Totals, shown: list[PlannedRow], *, ignored_lines: int) -> dict[str, Any]:
    outcomes = totals.outcomes
    return {
        "rows": [
            {
                "line": row.line,
                "outcome": row.outcome.value,
                "values": row.shown_values(),
                "issues": [issue.as_json() for issue in row.issues],
            }
            for row in shown
        ],
        "summary": {
            "rows": totals.rows,
            "to_add": outcomes[Outcome.ADD],
            "already_users": outcomes[Outcome.ALREADY_USER],
            "duplicates": outcomes[Outcome.DUPLICATE],
            "rejected": outcomes[Outcome.REJECTED],
            "empty": outcomes[Outcome.EMPTY],
            "skipped": outcomes[Outcome.SKIPPED],
            "ignored_lines": max(0, imported.header_line - 1) + ignored_lines,
            "mails": dict(sorted(totals.mails.items())),
            "creates": {kind: list(names.values())[: work.NAMES_SHOWN] for kind, names in totals.creates.items()},
        },
        "issues": dict(sorted(totals.issues.items())),
    }
