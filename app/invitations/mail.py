"""Writes the mails about invitations when it is their turn. Decides whether one may still leave; never sends it."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.access.credentials import platform_by_id
from app.access.models import Platform
from app.access.tokens import Purpose
from app.delivery.claims import Claimed
from app.delivery.couriers import Outgoing
from app.delivery.letter import Letter
from app.delivery.letterhead import Letterhead
from app.invitations import queries
from app.invitations.address import deliverable
from app.invitations.people import start_lifetimes
from app.invitations.queries import Due


class InvitationMail:
    """What the pump asks for mails of kind `invitation`."""

    def __init__(self, letterhead: Letterhead) -> None:
        self._letterhead = letterhead

    def write(self, session: Session, platform_id: int, claimed: Sequence[Claimed], now: datetime) -> list[Outgoing]:
        """The mails of those that may leave: still pending, this generation. The first attempt starts the lifetime."""
        platform = platform_by_id(session, platform_id)
        wanted = {(item.about_id, item.generation): item for item in claimed}
        starting: defaultdict[int, list[uuid.UUID]] = defaultdict(list)
        outgoing = []
        for due in queries.due_for_mail(session, platform_id, [about_id for about_id, _ in wanted]):
            item = wanted.get((due.id, due.generation))
            if item is None:
                continue
            days, expires_at = due.lifetime_days or platform.invitation_days, due.expires_at
            if item.attempts == 1:  # a mail server that could not be reached for days takes nothing off the lifetime
                starting[days].append(due.id)
                expires_at = now + timedelta(days=days)
            if expires_at is None or expires_at > now:
                outgoing.append(self._mail(platform, item, due, days, expires_at, now))
        for days, ids in starting.items():
            start_lifetimes(session, platform_id, ids, expires_at=now + timedelta(days=days))
        return outgoing

    def _mail(
        self, platform: Platform, item: Claimed, due: Due, days: int, expires_at: datetime | None, now: datetime
    ) -> Outgoing:
        letter = Letter(
            kind=item.kind.value,
            language=due.language,
            platform=platform.name,
            inviter=due.inviter_name or platform.sender_name,
            message=due.message,
            first_name=due.first_name,
            link=self._letterhead.link(Purpose.INVITATION, platform.id, due.id, due.generation),
            expires_at=expires_at,
            time_zone=platform.time_zone,
            valid_days=days,
        )
        envelope = self._letterhead.envelope(
            item,
            platform,
            recipient=deliverable(due.email),
            first_name=due.first_name,
            last_name=due.last_name,
            now=now,
            reply_to=_answered_at(due.inviter_email),
        )
        return Outgoing(item, letter, envelope)


def _answered_at(email: str | None) -> str | None:
    """Where answers reach who invites. None for an address that only few mail servers let through (letters beyond ASCII
    before the `@`): it would keep the invitation itself from arriving.
    """
    address = deliverable(email or "")
    return address if address and address.isascii() else None
