"""Sent mails as JSON."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from app.delivery.kept import KeptMail


class SentMailOut(BaseModel):
    """A mail that has left. `to` and `subject` are empty where its file is no longer in the folder."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(examples=["019ab0c5-5b1e-7c3a-9f1d-2f6f0d2c7a11.1"])
    kind: str = Field(examples=["invitation"], description="`invitation` or `password_reset`.")
    to: str = Field(examples=["Jan Peeters <jan.peeters@example.com>"])
    subject: str
    sent_at: datetime


class SentMailFullOut(SentMailOut):
    """A mail as its reader sees it."""

    text: str
    html: str


def sent_mail_out(mail: KeptMail) -> SentMailOut:
    """A mail as it is listed."""
    return SentMailOut(id=mail.name, kind=mail.kind, to=mail.recipient, subject=mail.subject, sent_at=mail.sent_at)


def sent_mail_full_out(mail: KeptMail) -> SentMailFullOut:
    """A mail as it is answered."""
    return SentMailFullOut(**sent_mail_out(mail).model_dump(), text=mail.text, html=mail.html)
