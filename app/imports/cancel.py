"""Stops an import: mails that have not left are held until somebody sends them (rule 13). Takes nothing back.

Done by the worker in chunks; done twice, it does nothing the second time.
"""

from app.db.base import utcnow
from app.db.session import Database
from app.imports import mails, work
from app.imports.commit import created_names
from app.imports.steps import ImportState
from app.imports.work import Job


def hold_import(database: Database, job: Job, *, max_lines: int) -> None:
    """Hold the mails of an import whose lease we hold; `cancelling` is `cancelled` when none of them leaves any more.

    The commit itself has stopped already: at its next chunk it finds that the import is no longer its own. Teams get
    their leaders at the end of a commit, so a cancelled one may leave some without. `max_lines` is for others.
    """
    del max_lines
    is_over = mails.hold(database, job)
    with work.ours(database, job) as (session, imported):
        if not is_over:
            work.look_again(imported, now=utcnow())
        elif job.state is ImportState.CANCELLING:
            imported.result = (imported.result or {}) | {"creates": created_names(session, job)}
            work.finish(session, imported, ImportState.CANCELLED)
        else:
            work.finish(session, imported, job.state)
