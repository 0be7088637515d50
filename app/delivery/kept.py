"""Mails the folder sender has kept, as their platform may read them. Decides which; never writes a mail.

All platforms' mails lie in one folder. A mail is opened only by the name of a delivery of the platform that asks.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Final

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from app.delivery.models import Delivery, DeliveryState
from app.delivery.outbox import file_name
from app.delivery.senders.folder import FolderSender

_NAME: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class KeptMail:
    """A mail as it left. `name` is its delivery's; the rest is empty where its file is gone."""

    name: str
    kind: str
    sent_at: datetime
    recipient: str
    subject: str
    text: str
    html: str

    @property
    def position(self) -> str:
        """Its place among the others, newest first."""
        return f"{self.sent_at.isoformat()} {self.name}"


def list_kept(
    session: Session, platform_id: int, folder: FolderSender, *, limit: int, after: str | None
) -> list[KeptMail]:
    """Mails of a platform that have left, newest first, behind a position."""
    query = select(Delivery).where(Delivery.platform_id == platform_id, Delivery.state == DeliveryState.SENT)
    key = tuple_(Delivery.sent_at, Delivery.about_id, Delivery.generation)
    if after is not None:
        at, _, name = after.partition(" ")
        about_id, generation = _read(name)
        query = query.where(key < (datetime.fromisoformat(at), about_id, generation))
    query = query.order_by(Delivery.sent_at.desc(), Delivery.about_id.desc(), Delivery.generation.desc()).limit(limit)
    return [_kept(folder, delivery) for delivery in session.scalars(query)]


def find_kept(session: Session, platform_id: int, folder: FolderSender, name: str) -> KeptMail | None:
    """A mail of a platform that has left; None for an unknown name, another platform's, or a file that is gone."""
    try:
        about_id, generation = _read(name)
    except ValueError:
        return None
    delivery = session.get(Delivery, (platform_id, about_id, generation))
    if delivery is None or delivery.state != DeliveryState.SENT:
        return None
    mail = _kept(folder, delivery)
    return mail if mail.recipient else None


def _read(name: str) -> tuple[uuid.UUID, int]:
    """What a delivery of this name is about, and its generation. Raises ValueError."""
    if not _NAME.fullmatch(name):
        raise ValueError("not the name of a delivery")
    about, _, generation = name.partition(".")
    return uuid.UUID(about), int(generation)


def _kept(folder: FolderSender, delivery: Delivery) -> KeptMail:
    name = file_name(delivery.about_id, delivery.generation)
    message = message_from_bytes(folder.read(name) or b"", policy=policy.default)
    return KeptMail(
        name=name,
        kind=delivery.kind,
        sent_at=delivery.sent_at or delivery.created_at,
        recipient=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        text=_part(message, ("plain",)),
        html=_part(message, ("html",)),
    )


def _part(message: EmailMessage, kinds: Sequence[str]) -> str:
    part = message.get_body(kinds)
    return str(part.get_content()) if part is not None and part.get_content_type().startswith("text/") else ""
