"""Reading mails that stayed in a folder: whose they are, and where none are kept. Never sends one."""

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.delivery.kept import KeptMail, find_kept, list_kept
from app.delivery.senders.base import sender_from_url
from app.delivery.senders.folder import FolderSender
from app.errors import not_found


def list_sent_mails(session: Session, actor: Actor, mail_url: str, *, limit: int, after: str | None) -> list[KeptMail]:
    """Mails of the actor's platform that have left, newest first. None where they leave by another way."""
    folder = sender_from_url(mail_url)
    if not isinstance(folder, FolderSender):
        return []
    return list_kept(session, actor.platform_id, folder, limit=limit, after=after)


def get_sent_mail(session: Session, actor: Actor, mail_url: str, name: str) -> KeptMail:
    """One of them. Raises AppError not_found."""
    folder = sender_from_url(mail_url)
    mail = find_kept(session, actor.platform_id, folder, name) if isinstance(folder, FolderSender) else None
    if mail is None:
        raise not_found()
    return mail
