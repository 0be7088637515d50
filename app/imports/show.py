"""Imports as they are answered: stored values and codes joined with the reader's texts. Never looks anything up."""

from collections.abc import Mapping
from typing import Any

from app.db.base import utcnow
from app.errors import Code
from app.imports import issues as findings
from app.imports.issues import Issue, IssueCode
from app.imports.look import ImportView, RowView, result_of
from app.imports.models import Import
from app.imports.results import ResultOut
from app.imports.schemas import (
    CommitOut,
    FailureOut,
    FileOut,
    IgnoredLineOut,
    ImportOut,
    IssueOut,
    MappingOut,
    PlannedRowOut,
    PreviewOut,
    ProgressOut,
    SuggestionOut,
)
from app.imports.steps import COUNTED
from app.imports.work import is_working
from app.texts import text


def import_out(view: ImportView, language: str) -> ImportOut:
    """An import."""
    imported = view.imported
    result = result_of(view)
    return ImportOut(
        id=imported.id,
        state=imported.state,
        created_at=imported.created_at,
        created_by=imported.created_by,
        file=FileOut(
            name=imported.file_name,
            format=imported.format,
            size=imported.size,
            sha256=imported.sha256,
            encoding=imported.encoding,
            delimiter=imported.delimiter,
            quote=imported.quote,
            escape=imported.escape,
            header_line=imported.header_line,
            ignored_lines=[IgnoredLineOut(**ignored) for ignored in imported.ignored],
            sheet=imported.sheet,
            sheets=imported.sheets,
            lines=imported.lines,
            issues=[issue_out(findings.from_json(stored, line=None), language) for stored in imported.file_issues],
            deleted_at=imported.file_deleted_at,
        ),
        headers=imported.headers,
        samples=imported.samples,
        suggested_mapping=[SuggestionOut(**stored) for stored in imported.suggestion],
        mapping=_mapping(imported),
        version=imported.version,
        progress=_progress(imported),
        commit=CommitOut.model_validate(imported.commit_options) if imported.commit_options else None,
        result=ResultOut.model_validate(result) if result else None,
        failure=_failure(imported, language),
    )


def _mapping(imported: Import) -> MappingOut | None:
    if imported.columns is None and not imported.defaults:
        return None
    return MappingOut(columns=imported.columns, defaults=imported.defaults)


def _progress(imported: Import) -> ProgressOut | None:
    if imported.work_started_at is None:
        return None
    total, eta = _total(imported), None
    if imported.state in COUNTED and imported.rows_done:
        elapsed = (utcnow() - imported.work_started_at).total_seconds()
        eta = round(elapsed / imported.rows_done * max(0, total - imported.rows_done), 1)
    return ProgressOut(done=imported.rows_done, total=total, eta_seconds=eta)


def _total(imported: Import) -> int:
    if imported.undo_requested_at is not None and imported.result is not None:
        return int(imported.result["added"])
    if imported.rows_total is not None and (imported.commit_options is not None or not is_working(imported)):
        return imported.rows_total
    return max(imported.line_breaks - imported.header_line + 1, imported.rows_done)


def _failure(imported: Import, language: str) -> FailureOut | None:
    if imported.failure_code is None:
        return None
    code = Code(imported.failure_code)
    detail = text(language, f"problems.{code}.detail", **{"line": "?", **(imported.failure_params or {})})
    return FailureOut(code=code.value, detail=detail)


_WITHOUT_SUGGESTION = {IssueCode.EMAIL_INVALID, IssueCode.VALUE_GARBLED}
"""Codes whose own sentence names none, since not every finding has one."""


def issue_out(issue: Issue, language: str) -> IssueOut:
    """A finding with its sentence."""
    params = {
        "line": issue.line,
        "value": issue.value or "",
        "column": text(language, f"columns.{issue.column}.title") if issue.column else "",
        **issue.params,
    }
    message = text(language, f"issues.{issue.code}", **params)
    if issue.code in _WITHOUT_SUGGESTION and "suggestion" in issue.params:
        message += " " + text(language, "phrases.did_you_mean", **params)
    return IssueOut(
        code=issue.code.value,
        severity=issue.severity.value,
        line=issue.line,
        column=issue.column,
        value=issue.value,
        params=dict(issue.params),
        message=message,
    )


def row_out(row: RowView, language: str) -> PlannedRowOut:
    """A planned row."""
    return PlannedRowOut(
        line=row.line,
        outcome=row.outcome,
        values=dict(row.values),
        issues=[issue_out(issue, language) for issue in row.issues],
    )


def preview_out(preview: Mapping[str, Any], language: str) -> PreviewOut:
    """A preview."""
    rows = [
        RowView(
            stored["line"],
            stored["outcome"],
            stored["values"],
            [findings.from_json(issue, stored["line"]) for issue in stored["issues"]],
        )
        for stored in preview["rows"]
    ]
    return PreviewOut(
        version=preview["version"],
        rows=[row_out(row, language) for row in rows],
        summary=preview["summary"],
        issues=preview["issues"],
    )
