"""Routes of privacy: parse, call once, answer."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Path

from app.errors import Code
from app.privacy import erasure
from app.web.deps import Administrator, ContextOf
from app.web.problems import documented

router = APIRouter(tags=["directory"])


@router.delete(
    "/users/{user_id}", status_code=204, responses=documented(Code.NOT_FOUND, Code.IMPORT_BUSY, Code.SERVICE_BUSY)
)
def delete_user(
    actor: Administrator, context: ContextOf, user_id: Annotated[uuid.UUID, Path(description="The person.")]
) -> None:
    """Erase a person: no name or address of theirs is kept, the files that tell of them are dropped.

    Their invitations and mails go too. The audit list keeps their id, which then is nobody's.
    """
    erasure.erase(context.database, actor, user_id, mail_url=context.settings.mail_url)
