"""THE RULES of who gets an invitation (rules 2 and 6), for both doors. Pure: told who is there, says what happens.

Existing users are not added again and get no mail; nobody is invited twice.
"""

import uuid
from dataclasses import dataclass
from enum import StrEnum


class Decision(StrEnum):
    """What an invitation of somebody leads to."""

    ADD_AND_INVITE = "add_and_invite"
    INVITE = "invite"
    ALREADY_A_USER = "already_a_user"
    ALREADY_INVITED = "already_invited"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands on the platform: their state (None: nobody there), and their pending invitation."""

    user_state: str | None
    pending_invitation_id: uuid.UUID | None


def one_by_one(standing: Standing) -> Decision:
    """Rule 2: active and disabled people are left alone, pending invitations stand, the rest is invited."""
    if standing.user_state is None:
        return Decision.ADD_AND_INVITE
    if standing.user_state != "invited":
        return Decision.ALREADY_A_USER
    return Decision.ALREADY_INVITED if standing.pending_invitation_id else Decision.INVITE


def from_a_file(*, is_known: bool) -> Decision:
    """Rule 6: whoever is on the platform, whatever their state, is not added again and gets no mail."""
    return Decision.ALREADY_A_USER if is_known else Decision.ADD_AND_INVITE
