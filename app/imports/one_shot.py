"""One call from a file to its preview, or to its invitations: maps what is certain, checks, and commits where asked.

Never guesses: what is not certain is refused, and nothing is stored.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.access import audit
from app.access.actor import Actor, worker
from app.access.audit import Action
from app.db.base import utcnow
from app.db.session import Database
from app.errors import AppError, Code, FieldError
from app.imports import issues as findings
from app.imports import service, work
from app.imports.matching.mapping import Suggestion, certain_columns
from app.imports.models import Import
from app.imports.service import CommitOptions
from app.imports.steps import ImportState, Task
from app.imports.work import Job

_AS_A_FORM_WOULD = CommitOptions(None, send_invitations=True, hold_minutes=0, message=None, on_rejected="skip")


def map_certainly(
    session: Session, actor: Actor, imported: Import, defaults: Mapping[str, Any], *, with_commit: bool, now: datetime
) -> Job | None:
    """Map a new import by its suggestion and start its check; a small one's job is the caller's, but for a commit.

    Raises mapping_uncertain: a required column that nothing surely feeds, or a question about the file itself.
    """
    questions = [issue["code"] for issue in imported.file_issues if issue["code"] not in findings.WARNINGS]
    if questions:
        raise AppError(Code.MAPPING_UNCERTAIN, fields=[FieldError("/file", "file_question", {"code": questions[0]})])
    suggestions = [Suggestion(**stored) for stored in imported.suggestion]
    imported.columns = certain_columns(suggestions, defaults)
    imported.defaults = dict(defaults)
    audit.record(session, actor, Action.IMPORT_MAPPED, imported.id, is_matched=True, with_commit=with_commit)
    if with_commit:
        imported.version += 1
        work.start(imported, ImportState.CHECKING, now=now, task=Task.COMMIT)
        return None
    return service.check_anew(imported, now=now)


def commit_checked(database: Database, job: Job, *, max_lines: int) -> None:
    """Commit an import that was to be committed once it is checked; what must not be stays `ready` for a person."""
    del max_lines  # all handlers are called alike
    with work.ours(database, job) as (session, imported):
        work.stop(imported, ImportState.READY)
        with suppress(AppError):
            service.begin_commit(session, worker(job.platform_id), imported, _AS_A_FORM_WOULD, now=utcnow())
