"""Takes an import back: people it added who have not accepted, leaders it set, what it created and nobody uses.

Done by the worker in chunks; done twice, it does nothing the second time. Never touches who has accepted (rule 13).
"""

import uuid
from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.db.base import utcnow
from app.db.session import Database
from app.directory import queries as directory
from app.directory.models import Team, User, UserState
from app.directory.service import MODELS, clear_leaders, remove_unused
from app.imports import mails, work
from app.imports.models import Import
from app.imports.steps import ImportState
from app.imports.work import Job
from app.invitations.people import remove_people

LEFT_SHOWN = 1000
_PEOPLE_AT_ONCE = 250
_NAMES_AT_ONCE = 100


def nothing_undone() -> dict[str, Any]:
    """`result.undo` before anything is."""
    return {
        "removed": 0,
        "already_gone": 0,
        "removed_names": {f"{kind}s": 0 for kind in MODELS},
        "left": [],
        "left_counts": {"accepted": 0, "in_use": 0},
    }


def undo_import(database: Database, job: Job, *, max_lines: int) -> None:
    """Undo an import whose lease we hold; it is `undone` when none of its mails is on its way any more.

    `max_lines` is for checks and commits; all handlers are called alike.
    """
    del max_lines
    _remove_people(database, job)
    for teams in work.found(database, job, _led, at_once=_NAMES_AT_ONCE, also_older=True):
        with work.chunk(database, job) as (session, _):
            clear_leaders(session, job.platform_id, teams, job.import_id)
    _remove_names(database, job)
    is_over = mails.drop(database, job)
    with database.reading() as session:
        left = _left(session, job)
    with work.ours(database, job) as (session, imported):
        if not is_over:
            work.look_again(imported, now=utcnow())
            return
        result = imported.result or {}
        gone = result["added"] - result["undo"]["removed"] - left["left_counts"]["accepted"]
        _keep(imported, already_gone=gone, **left)
        imported.rows_done = result["added"]
        work.finish(session, imported, ImportState.UNDONE)


def _remove_people(database: Database, job: Job) -> None:
    for people in work.found(database, job, _invited, at_once=_PEOPLE_AT_ONCE):
        with work.chunk(database, job) as (session, imported):
            removed = remove_people(session, job.platform_id, _between(job, people[0], people[-1]), now=utcnow())
            _keep(imported, removed=_kept(imported)["removed"] + removed)
            imported.rows_done += removed


def _remove_names(database: Database, job: Job) -> None:
    for kind, model in MODELS.items():
        for ids in work.found(database, job, partial(directory.created_by, model=model), at_once=_NAMES_AT_ONCE):
            with work.chunk(database, job) as (session, imported):
                removed = remove_unused(session, job.platform_id, model, ids)
                counts = _kept(imported)["removed_names"]
                _keep(imported, removed_names=counts | {f"{kind}s": counts[f"{kind}s"] + removed})


def _kept(imported: Import) -> dict[str, Any]:
    undo: dict[str, Any] = (imported.result or {})["undo"]
    return undo


def _keep(imported: Import, **undone: Any) -> None:
    imported.result = (imported.result or {}) | {"undo": _kept(imported) | undone}


def _invited(
    session: Session, platform_id: int, import_id: uuid.UUID, after: uuid.UUID, limit: int
) -> Sequence[uuid.UUID]:
    return session.scalars(
        select(User.id)
        .where(
            User.platform_id == platform_id,
            User.id > after,
            User.created_by_import_id == import_id,
            User.state == UserState.INVITED,
        )
        .order_by(User.id)
        .limit(limit)
    ).all()


def _between(job: Job, first: uuid.UUID, last: uuid.UUID) -> Select[uuid.UUID]:
    return select(User.id).where(
        User.platform_id == job.platform_id, User.id.between(first, last), User.created_by_import_id == job.import_id
    )


def _led(session: Session, platform_id: int, import_id: uuid.UUID, after: uuid.UUID, limit: int) -> Sequence[uuid.UUID]:
    return session.scalars(
        select(Team.id)
        .where(Team.platform_id == platform_id, Team.id > after, Team.leader_set_by_import_id == import_id)
        .order_by(Team.id)
        .limit(limit)
    ).all()


def _left(session: Session, job: Job) -> dict[str, Any]:
    """Who and what stays: people who accepted, names somebody uses. All are counted, the first are listed."""
    left: list[dict[str, str]] = []
    counts = {"accepted": 0, "in_use": 0}
    for kind, model, reason in (
        ("user", User, "accepted"),
        *((kind, model, "in_use") for kind, model in MODELS.items()),
    ):
        stay = (model.platform_id == job.platform_id, model.created_by_import_id == job.import_id)
        counts[reason] += session.scalar(select(func.count()).select_from(model).where(*stay)) or 0
        ids = session.scalars(select(model.id).where(*stay).order_by(model.id).limit(LEFT_SHOWN - len(left)))
        left += [{"kind": kind, "id": str(found), "reason": reason} for found in ids]
    return {"left": left, "left_counts": counts}
