"""Routes of invitations: parse, call once, answer."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.concurrency import run_in_threadpool

from app.access.actor import Origin
from app.access.passwords import Chosen
from app.db.base import utcnow
from app.delivery.models import DeliveryState
from app.directory.schemas import UserOut
from app.errors import Code
from app.invitations import service
from app.invitations.invite import invite, invite_all
from app.invitations.models import InvitationState
from app.invitations.schemas import (
    AcceptIn,
    BatchIn,
    BatchOut,
    InvitationIn,
    InvitationOut,
    PreviewIn,
    RenderedOut,
    TokenIn,
    WelcomeOut,
    batch_out,
    invitation_out,
    read_drafts,
)
from app.web.deps import Context, ContextOf, Inviter, OriginOf, Reader, Reading, Writing, WritingAtOnce
from app.web.hashing import in_turn
from app.web.idempotency import Once, OnceRoute
from app.web.paging import Listing, Paged
from app.web.problems import documented

MAX_BATCH_BYTES = 16 * 1024 * 1024  # a thousand people with a long message each

router = APIRouter(tags=["invitations"], route_class=OnceRoute)

InvitationId = Annotated[uuid.UUID, Path(description="The invitation.")]


@router.post(
    "/invitations",
    status_code=201,
    responses=documented(
        Code.ALREADY_A_USER,
        Code.ALREADY_INVITED,
        Code.UNKNOWN_NAMES,
        Code.TOO_MANY_MAILS,
        Code.IDEMPOTENCY_KEY_REUSED,
        Code.IDEMPOTENCY_KEY_IN_USE,
    ),
)
def create_invitation(
    actor: Inviter, _once: Once, session: WritingAtOnce, context: ContextOf, body: InvitationIn, response: Response
) -> InvitationOut:
    """Invite one person. They get one mail with a link to set their password."""
    a_day = context.settings.platform_mails_per_day
    view = invite(session, actor, body.wanted(), now=utcnow(), mails_a_day=a_day)
    response.headers["Location"] = f"/api/v1/invitations/{view.invitation.id}"
    return invitation_out(view, service.sender_name(session, actor))


@router.post(
    "/invitations/batch",
    max_body_size=MAX_BATCH_BYTES,
    responses=documented(Code.TOO_MANY_MAILS, Code.IDEMPOTENCY_KEY_REUSED, Code.IDEMPOTENCY_KEY_IN_USE),
)
def create_invitations(actor: Inviter, _once: Once, session: Writing, context: ContextOf, body: BatchIn) -> BatchOut:
    """Invite up to 1,000 people in one transaction. Each is invited, skipped (there already) or rejected."""
    read = read_drafts(body.invitations)
    wanted, a_day = [one for one in read if not isinstance(one, str)], context.settings.platform_mails_per_day
    results = invite_all(session, actor, wanted, now=utcnow(), mails_a_day=a_day)
    return batch_out(read, results, service.sender_name(session, actor))


@router.post("/invitations/preview")
def preview_invitation(actor: Inviter, session: Reading, body: PreviewIn) -> RenderedOut:
    """The mail as an invited person would get it. Nothing is stored or sent."""
    rendered = service.preview_mail(
        session, actor, language=body.language, message=body.message or None, first_name=body.first_name or None
    )
    return RenderedOut.model_validate(rendered)


@router.post("/invitations/inspect", responses=documented(Code.INVITATION_NOT_USABLE))
def inspect_invitation(session: Reading, context: ContextOf, body: TokenIn) -> WelcomeOut:
    """What a link is for. Public: the token is all that is needed. Changes nothing, however often it is asked."""
    welcome = service.inspect(session, context.keyring, body.token, now=utcnow())
    return WelcomeOut(
        platform=welcome.platform.name,
        email=welcome.invitation.email,
        first_name=welcome.invitation.first_name,
        last_name=welcome.invitation.last_name,
        language=welcome.invitation.language,
        inviter=welcome.inviter,
        expires_at=welcome.invitation.expires_at,
        after_accept_url=welcome.platform.after_accept_url,
    )


@router.post("/invitations/accept", responses=documented(Code.INVITATION_NOT_USABLE, Code.SERVICE_BUSY))
async def accept_invitation(context: ContextOf, origin: OriginOf, body: AcceptIn) -> UserOut:
    """Set the password and become active. Public: the token is all that is needed; it is used up."""
    await run_in_threadpool(_may_accept, context, body)
    password = await in_turn(Chosen.of, body.password)
    return await run_in_threadpool(_accept, context, body, password, origin)


def _may_accept(context: Context, body: AcceptIn) -> None:
    with context.database.reading() as session:
        service.require_usable(session, context.keyring, body.token, now=utcnow())


def _accept(context: Context, body: AcceptIn, password: Chosen, origin: Origin) -> UserOut:
    with context.database.writing() as session:
        person = service.accept(
            session,
            context.keyring,
            body.token,
            password=password,
            first_name=body.first_name or None,
            last_name=body.last_name or None,
            origin=origin,
            now=utcnow(),
        )
        return UserOut.model_validate(person)


@router.get("/invitations", responses=documented(Code.INVALID_CURSOR))
def list_invitations(
    actor: Reader,
    session: Reading,
    pager: Paged,
    state: Annotated[InvitationState | None, Query()] = None,
    delivery: Annotated[DeliveryState | None, Query(description="Only those whose mail is in this state.")] = None,
    q: Annotated[str | None, Query(max_length=200, description="Looks into addresses and names.")] = None,
    import_id: Annotated[uuid.UUID | None, Query(description="Only those of this import.")] = None,
) -> Listing[InvitationOut]:
    """Invitations, newest first."""
    found = service.list_invitations(
        session,
        actor,
        state=state,
        delivery=delivery,
        q=q,
        import_id=import_id,
        limit=pager.fetch,
        after=pager.after_id,
        now=utcnow(),
    )
    sender_name = service.sender_name(session, actor)
    return pager.listing(
        found, position=lambda view: view.invitation.id, show=lambda view: invitation_out(view, sender_name)
    )


@router.get("/invitations/{invitation_id}", responses=documented(Code.NOT_FOUND))
def get_invitation(actor: Reader, session: Reading, invitation_id: InvitationId) -> InvitationOut:
    """One invitation, with the state of its mail."""
    view = service.get_invitation(session, actor, invitation_id, now=utcnow())
    return invitation_out(view, service.sender_name(session, actor))


@router.post(
    "/invitations/{invitation_id}/resend",
    responses=documented(
        Code.NOT_FOUND,
        Code.ALREADY_INVITED,
        Code.NOT_RESENDABLE,
        Code.TOO_MANY_MAILS,
        Code.IDEMPOTENCY_KEY_REUSED,
        Code.IDEMPOTENCY_KEY_IN_USE,
    ),
)
def resend_invitation(
    actor: Inviter, _once: Once, session: Writing, context: ContextOf, invitation_id: InvitationId
) -> InvitationOut:
    """Send the mail that still waits, or a new one; older links die. Works on an expired invitation too."""
    a_day = context.settings.platform_mails_per_day
    view = service.resend(session, actor, invitation_id, now=utcnow(), mails_a_day=a_day)
    return invitation_out(view, service.sender_name(session, actor))


@router.post("/invitations/{invitation_id}/revoke", responses=documented(Code.NOT_FOUND, Code.NOT_REVOCABLE))
def revoke_invitation(actor: Inviter, session: Writing, invitation_id: InvitationId) -> InvitationOut:
    """End an invitation. Its links are dead, and who never accepted is removed. Again is harmless."""
    view = service.revoke(session, actor, invitation_id, now=utcnow())
    return invitation_out(view, service.sender_name(session, actor))
