"""Writes the mails about invitations when it is their turn. Decides whether one may still leave; never sends it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.access.credentials import platform_by_id
from app.access.tokens import Purpose
from app.delivery.claims import Claimed
from app.delivery.couriers import Outgoing
from app.delivery.letter import Letter
from app.delivery.letterhead import Letterhead
from app.invitations import queries
from app.invitations.address import deliverable
from app.invitations.models import InvitationState


class InvitationMail:
    """What the pump asks for mails of kind `invitation`."""

    def __init__(self, letterhead: Letterhead) -> None:
        self._letterhead = letterhead

    def write(self, session: Session, platform_id: int, claimed: Sequence[Claimed], now: datetime) -> list[Outgoing]:
        """The mails of those that may leave: still pending, this generation. The first attempt starts the lifetime."""
        platform = platform_by_id(session, platform_id)
        wanted = {(item.about_id, item.generation): item for item in claimed}
        outgoing = []
        for invitation, message in queries.due_for_mail(session, platform_id, [about_id for about_id, _ in wanted]):
            item = wanted.get((invitation.id, invitation.generation))
            if item is None or invitation.state != InvitationState.PENDING:
                continue
            days = invitation.lifetime_days or platform.invitation_days
            if item.attempts == 1:  # a mail server that could not be reached for days takes nothing off the lifetime
                invitation.expires_at = now + timedelta(days=days)
            if queries.stands(invitation, now) is not InvitationState.PENDING:
                continue
            letter = Letter(
                kind=item.kind.value,
                language=invitation.language,
                platform=platform.name,
                inviter=invitation.inviter_name or platform.sender_name,
                message=message,
                first_name=invitation.first_name,
                link=self._letterhead.link(Purpose.INVITATION, platform_id, invitation.id, invitation.generation),
                expires_at=invitation.expires_at,
                time_zone=platform.time_zone,
                valid_days=days,
            )
            envelope = self._letterhead.envelope(
                item,
                platform,
                recipient=deliverable(invitation.email),
                first_name=invitation.first_name,
                last_name=invitation.last_name,
                now=now,
                reply_to=_answered_at(invitation.inviter_email),
            )
            outgoing.append(Outgoing(item, letter, envelope))
        return outgoing


def _answered_at(email: str | None) -> str | None:
    """Where answers reach who invites. None for an address that only few mail servers let through (letters beyond ASCII
    before the `@`): it would keep the invitation itself from arriving.
    """
    address = deliverable(email or "")
    return address if address and address.isascii() else None
