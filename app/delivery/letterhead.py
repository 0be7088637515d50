"""What is the same in every mail of this installation: its links, its addresses, its Message-IDs. Sends nothing."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from app.access.models import Platform
from app.access.tokens import Keyring, Link, Purpose
from app.delivery.claims import Claimed
from app.delivery.message import Envelope

_PAGES = {Purpose.INVITATION: "accept", Purpose.RESET: "reset"}


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Where links lead and where mails come from."""

    keyring: Keyring
    public_url: str
    mail_from: str

    def link(self, purpose: Purpose, platform_id: int, about_id: uuid.UUID, generation: int) -> str:
        """The link of a mail. Its token stands behind the `#`: in no log and no Referer."""
        token = self.keyring.sign_link(purpose, Link(platform_id, about_id, generation))
        return f"{self.public_url}/{_PAGES[purpose]}#{token}"

    def envelope(
        self,
        item: Claimed,
        platform: Platform,
        *,
        recipient: str,
        first_name: str | None,
        last_name: str | None,
        now: datetime,
        reply_to: str | None = None,
    ) -> Envelope:
        """Who a mail is from and for. Its Message-ID is the same however often it is tried."""
        domain = self.mail_from.rpartition("@")[2]
        return Envelope(
            sender_address=self.mail_from,
            sender_name=platform.sender_name,
            recipient=recipient,
            recipient_name=" ".join(filter(None, (first_name, last_name))) or None,
            reply_to=reply_to or self.mail_from,
            message_id=f"<{item.about_id.hex}.{item.generation}@{domain}>",
            date=now,
        )
