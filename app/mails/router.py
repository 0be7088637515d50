"""Routes of sent mails: parse, call once, answer. For administrators: a link in a mail is as good as a password."""

from typing import Annotated

from fastapi import APIRouter, Path

from app.errors import Code
from app.mails import service
from app.mails.schemas import SentMailFullOut, SentMailOut, sent_mail_full_out, sent_mail_out
from app.web.deps import Administrator, ContextOf, Reading
from app.web.paging import Listing, Paged
from app.web.problems import documented

router = APIRouter(tags=["mails"])

MailId = Annotated[str, Path(max_length=60, description="The mail.")]


@router.get("/sent-mails", responses=documented(Code.INVALID_CURSOR))
def list_sent_mails(actor: Administrator, session: Reading, context: ContextOf, pager: Paged) -> Listing[SentMailOut]:
    """Mails that have left, newest first, where they are kept in a folder (`mails_kept` of the platform)."""
    found = service.list_sent_mails(
        session, actor, context.settings.mail_url, limit=pager.fetch, after=pager.after_text
    )
    return pager.listing(found, position=lambda mail: mail.position, show=sent_mail_out)


@router.get("/sent-mails/{mail_id}", responses=documented(Code.NOT_FOUND))
def get_sent_mail(actor: Administrator, session: Reading, context: ContextOf, mail_id: MailId) -> SentMailFullOut:
    """A mail as its reader sees it."""
    return sent_mail_full_out(service.get_sent_mail(session, actor, context.settings.mail_url, mail_id))
