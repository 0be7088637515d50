"""Who gets an invitation (rules 2 and 6): nobody who is on the platform, nobody twice."""

import uuid

import pytest

from app.invitations.eligibility import Decision, Standing, from_a_file, one_by_one

PENDING = uuid.UUID(int=1)


def test_whoever_is_not_on_the_platform_is_added_and_invited() -> None:
    assert one_by_one(Standing(None, None)) is Decision.ADD_AND_INVITE
    assert from_a_file(is_known=False) is Decision.ADD_AND_INVITE


@pytest.mark.parametrize("state", ["active", "disabled"])
@pytest.mark.parametrize("pending", [None, PENDING])
def test_active_and_disabled_people_are_left_alone(state: str, pending: uuid.UUID | None) -> None:
    assert one_by_one(Standing(state, pending)) is Decision.ALREADY_A_USER


def test_whoever_has_a_pending_invitation_gets_no_second_one() -> None:
    assert one_by_one(Standing("invited", PENDING)) is Decision.ALREADY_INVITED


def test_whoever_was_added_quietly_or_let_the_invitation_expire_gets_a_new_one() -> None:
    assert one_by_one(Standing("invited", None)) is Decision.INVITE


def test_a_file_never_invites_anybody_who_is_on_the_platform_whatever_their_state() -> None:
    assert from_a_file(is_known=True) is Decision.ALREADY_A_USER
