"""Routes of the audit list: parse, call once, answer. Reads only: nothing can be changed here."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from app.access.audit import Action, Wanted, list_events
from app.audit.schemas import AuditEventOut
from app.errors import Code
from app.web.deps import Administrator, Reading
from app.web.paging import Listing, Paged
from app.web.problems import documented

router = APIRouter(tags=["audit"])


@router.get("/audit-events", responses=documented(Code.INVALID_CURSOR))
def list_audit_events(
    actor: Administrator,
    session: Reading,
    pager: Paged,
    action: Annotated[Action | None, Query()] = None,
    actor_id: Annotated[uuid.UUID | None, Query(description="Only what this key or user did.")] = None,
    subject_id: Annotated[uuid.UUID | None, Query(description="Only what was done to this object.")] = None,
    since: Annotated[AwareDatetime | None, Query(description="Not before, `2026-11-01T00:00:00Z`.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Only before, `2026-12-01T00:00:00Z`.")] = None,
) -> Listing[AuditEventOut]:
    """Who did what, when, from where, newest first. An event is there exactly if what it tells of was done."""
    wanted = Wanted(action, actor_id, subject_id, since, until)
    found = list_events(session, actor.platform_id, wanted, limit=pager.fetch, after=pager.after_id)
    return pager.listing(found, position=lambda event: event.id, show=AuditEventOut.model_validate)
