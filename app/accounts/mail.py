"""Writes the mails about forgotten passwords when it is their turn. Decides whether one may still leave."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.credentials import platform_by_id
from app.access.tokens import Purpose
from app.delivery.claims import Claimed
from app.delivery.couriers import Outgoing
from app.delivery.letter import Letter
from app.delivery.letterhead import Letterhead
from app.directory.models import User, UserState
from app.invitations.address import deliverable


class ResetMail:
    """What the pump asks for mails of kind `password_reset`."""

    def __init__(self, letterhead: Letterhead) -> None:
        self._letterhead = letterhead

    def write(self, session: Session, platform_id: int, claimed: Sequence[Claimed], now: datetime) -> list[Outgoing]:
        """The mails of those whose link still works."""
        platform = platform_by_id(session, platform_id)
        wanted = {(item.about_id, item.generation): item for item in claimed}
        ids = [about_id for about_id, _ in wanted]
        users = session.scalars(select(User).where(User.platform_id == platform_id, User.id.in_(ids)))
        outgoing = []
        for user in users:
            item = wanted.get((user.id, user.reset_generation))
            expires_at = user.reset_expires_at
            if item is None or user.state != UserState.ACTIVE:
                continue
            if expires_at is None or expires_at <= now:
                continue
            letter = Letter(
                kind=item.kind.value,
                language=user.language,
                platform=platform.name,
                inviter=platform.sender_name,
                message=None,
                first_name=user.first_name,
                link=self._letterhead.link(Purpose.RESET, platform_id, user.id, item.generation),
                expires_at=expires_at,
                time_zone=platform.time_zone,
                valid_days=1,
            )
            envelope = self._letterhead.envelope(
                item,
                platform,
                recipient=deliverable(user.email),
                first_name=user.first_name,
                last_name=user.last_name,
                now=now,
            )
            outgoing.append(Outgoing(item, letter, envelope))
        return outgoing
