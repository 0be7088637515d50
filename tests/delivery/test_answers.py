"""Where an answer to a mail goes: to the administrator who invites, over HTTP from the sign-in to the mail."""

import pytest
from sqlalchemy import select, update

from app.access.tokens import Keyring, Link, Purpose
from app.directory.models import User
from app.invitations.models import Invitation
from tests.conftest import SECRET, Desk

PASSWORD = "correct horse"


def _invite_as_administrator(desk: Desk, email: str) -> None:
    """The administrator of acme, who has no name and this address, invites one person."""
    platform_id = desk.platform_id()
    with desk.database.writing() as session:
        session.execute(update(User).where(User.platform_id == platform_id).values(email=email))
        invitation = session.scalars(select(Invitation).where(Invitation.platform_id == platform_id)).one()
        token = Keyring([SECRET]).sign_link(Purpose.INVITATION, Link(platform_id, invitation.id, 1))
    desk.stranger().post("/invitations/accept", json={"token": token, "password": PASSWORD})
    signing_in = {"email": "admin@acme.example.com", "password": PASSWORD, "mode": "token"}
    key = desk.stranger().post("/sessions", json=signing_in).json()["token"]
    invited = desk.client(key=key).post("/invitations", json={"email": "jan@example.com", "organisation": "Acme"})
    assert invited.status_code == 201, invited.text
    desk.work()


@pytest.mark.parametrize(
    ("administrator", "answers_to"),
    [
        ("ann@acme.example.com", "ann@acme.example.com"),
        ("ann@exämple.com", "ann@xn--exmple-cua.com"),
        ("zoë@acme.example.com", "invitations@example.com"),
    ],
)
def test_an_answer_reaches_who_invites_and_never_keeps_the_mail_from_leaving(
    desk: Desk, administrator: str, answers_to: str
) -> None:
    _invite_as_administrator(desk, administrator)
    (mail,) = desk.mails("jan@example.com")
    assert mail["Reply-To"] == answers_to
    assert mail["From"].addresses[0].addr_spec == "invitations@example.com"
    assert mail["Subject"] == f"{administrator} invites you to Acme Academy"
    (written,) = (desk.folder / "mails").glob("*.eml")
    assert written.read_bytes().isascii(), "any mail server takes it"
