"""Routes that set an import going, stop it, send its mails and take it back: parse, call once, answer.

Each answers 202 with the import; the worker does the work.
"""

from fastapi import APIRouter, Response

from app.access.actor import Actor
from app.db.base import utcnow
from app.errors import Code
from app.imports import look, service, show
from app.imports.router import RETRY_AFTER, ImportId
from app.imports.schemas import CommitIn, ImportOut
from app.imports.service import CommitOptions
from app.web.deps import Importer, Language, Writing
from app.web.idempotency import Once, OnceRoute
from app.web.problems import documented

router = APIRouter(tags=["imports"], route_class=OnceRoute)

_RETRIED = (Code.IDEMPOTENCY_KEY_REUSED, Code.IDEMPOTENCY_KEY_IN_USE)


@router.post(
    "/imports/{import_id}/commit",
    status_code=202,
    responses=documented(
        Code.NOT_FOUND,
        Code.ALREADY_COMMITTED,
        Code.PREVIEW_OUTDATED,
        Code.NOT_READY,
        Code.QUESTION_OPEN,
        Code.ROWS_REJECTED,
        Code.FILE_DELETED,
        *_RETRIED,
    ),
)
def commit_import(
    actor: Importer,
    _once: Once,
    session: Writing,
    import_id: ImportId,
    body: CommitIn,
    lang: Language,
    response: Response,
) -> ImportOut:
    """ "Import and Invite": adds the new people, each gets one mail. Committing twice is committing once."""
    options = CommitOptions(
        version=body.version,
        send_invitations=body.send_invitations,
        hold_minutes=body.hold_minutes,
        message=body.message or None,
        on_rejected=body.on_rejected,
    )
    service.commit(session, actor, import_id, options, now=utcnow())
    return _on_its_way(session, actor, import_id, lang, response)


@router.post(
    "/imports/{import_id}/cancel",
    status_code=202,
    responses=documented(Code.NOT_FOUND, Code.NOT_RUNNING, *_RETRIED),
)
def cancel_import(
    actor: Importer, _once: Once, session: Writing, import_id: ImportId, lang: Language, response: Response
) -> ImportOut:
    """Stop: who was added stays, the rest is not done, mails that have not left are held until `send`.

    Of a completed import only the mails are held. Again is harmless.
    """
    service.cancel(session, actor, import_id, now=utcnow())
    return _on_its_way(session, actor, import_id, lang, response)


@router.post(
    "/imports/{import_id}/undo",
    status_code=202,
    responses=documented(Code.NOT_FOUND, Code.NOT_UNDOABLE, *_RETRIED),
)
def undo_import(
    actor: Importer, _once: Once, session: Writing, import_id: ImportId, lang: Language, response: Response
) -> ImportOut:
    """Take back: people it added who have not accepted, their links and mails, and what nobody else uses.

    Also while it runs: then it is stopped first. Who has accepted stays. Again is harmless.
    """
    service.undo(session, actor, import_id, now=utcnow())
    return _on_its_way(session, actor, import_id, lang, response)


@router.post(
    "/imports/{import_id}/send",
    status_code=202,
    responses=documented(Code.NOT_FOUND, Code.NOT_SENDABLE, *_RETRIED),
)
def send_import(
    actor: Importer, _once: Once, session: Writing, import_id: ImportId, lang: Language, response: Response
) -> ImportOut:
    """Invite those who were added quietly, and release mails that are held. Again is harmless."""
    service.send(session, actor, import_id, now=utcnow())
    return _on_its_way(session, actor, import_id, lang, response)


def _on_its_way(session: Writing, actor: Actor, import_id: ImportId, lang: str, response: Response) -> ImportOut:
    session.flush()
    response.headers["Location"] = f"/api/v1/imports/{import_id}"
    response.headers["Retry-After"] = RETRY_AFTER
    return show.import_out(look.get_import(session, actor, import_id), lang)
