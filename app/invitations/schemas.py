"""Invitations as JSON."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.directory.names import name_key, tidy
from app.invitations.address import NotAnAddress, canonical
from app.invitations.fields import GROUPS, AddressText, Message, PersonName, Title
from app.invitations.invite import NewInvitation, Refused
from app.invitations.queries import InvitationView
from app.web.fields import Language, NewPassword, Token
from app.web.problems import InvalidValue, fields_of


def _is_address(value: str) -> str:
    try:
        canonical(value)
    except NotAnAddress:
        raise InvalidValue("email_invalid", value=value) from None
    return value


def _is_named(value: str) -> str:
    name = tidy(value)
    if not name:
        raise InvalidValue("too_short", limit=1)
    return name


Address = Annotated[AddressText, AfterValidator(_is_address)]
Name = Annotated[Title, AfterValidator(_is_named)]


class InvitationIn(BaseModel):
    """One person to invite."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "email": "jan.peeters@example.com",
                    "first_name": "Jan",
                    "last_name": "Peeters",
                    "organisation": "Acme",
                    "student_groups": ["Sales"],
                    "label": "Employee",
                    "language": "nl",
                    "message": "Welkom, Jan!",
                }
            ]
        },
    )

    email: Address
    first_name: PersonName | None = None
    last_name: PersonName | None = None
    organisation: Name
    student_groups: list[Name] = Field(default=[], max_length=GROUPS)
    label: Title | None = None
    language: Language | None = Field(None, description="Default: the platform's language.")
    team: Title | None = None
    message: Message | None = Field(None, description="Plain text; appears in the mail.")
    send: bool = Field(True, description="false: the mail is held until a resend releases it.")
    expires_in_days: int | None = Field(None, ge=1, le=30, description="Default: the platform's invitation_days.")
    create_missing: bool = Field(
        True, description="Create organisations, groups, labels and teams that do not exist; false: refuse them."
    )

    @model_validator(mode="after")
    def _groups_once(self) -> Self:
        once: dict[str, str] = {}
        for group in self.student_groups:
            once.setdefault(name_key(group), group)
        self.student_groups = list(once.values())
        return self

    def wanted(self) -> NewInvitation:
        """The person to invite, empty texts as none."""
        return NewInvitation(
            email=self.email,
            first_name=self.first_name or None,
            last_name=self.last_name or None,
            organisation=self.organisation,
            student_groups=self.student_groups,
            label=self.label or None,
            language=self.language,
            team=self.team or None,
            message=self.message or None,
            send=self.send,
            expires_in_days=self.expires_in_days,
            create_missing=self.create_missing,
        )


class InvitationDraft(BaseModel):
    """One person of a list. Its shape is checked for the whole list, its values person by person."""

    model_config = ConfigDict(extra="forbid")

    email: str
    first_name: str | None = None
    last_name: str | None = None
    organisation: str
    student_groups: list[str] = []
    label: str | None = None
    language: str | None = None
    team: str | None = None
    message: str | None = None
    send: bool = True
    expires_in_days: int | None = None
    create_missing: bool = True


class BatchIn(BaseModel):
    """People to invite in one transaction."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"invitations": [{"email": "jan.peeters@example.com", "organisation": "Acme"}]}]
        },
    )

    invitations: list[InvitationDraft] = Field(min_length=1, max_length=1000)


class PreviewIn(BaseModel):
    """A mail to look at."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"language": "fr", "first_name": "Zoé"}]})

    language: Language
    message: Message | None = None
    first_name: PersonName | None = None


class RenderedOut(BaseModel):
    """A mail as its reader sees it."""

    model_config = ConfigDict(from_attributes=True)

    subject: str
    text: str
    html: str


class LastErrorOut(BaseModel):
    """Why the mail did not leave, the last time it was tried."""

    code: str = Field(examples=["smtp_550"])
    detail: str


class DeliveryOut(BaseModel):
    """The mail of an invitation's current generation."""

    state: str = Field(examples=["sent"], description="`queued`, `sending`, `sent`, `failed`, `held` or `dropped`.")
    attempts: int
    sent_at: datetime | None
    last_error: LastErrorOut | None


class InvitationOut(BaseModel):
    """An invitation. Groups, label and team are the person's; a revoked invitation has no person any more."""

    id: uuid.UUID
    state: str = Field(examples=["pending"], description="`pending`, `accepted`, `revoked` or `expired`.")
    email: str
    first_name: str | None
    last_name: str | None
    organisation: str
    student_groups: list[str]
    label: str | None
    language: str
    team: str | None
    message: str | None
    user_id: uuid.UUID | None
    import_id: uuid.UUID | None
    inviter: str = Field(examples=["Acme Academy"])
    generation: int = Field(description="Raised by a resend; older links are dead.")
    created_at: datetime
    expires_at: datetime | None = Field(description="null until the mail was first tried.")
    accepted_at: datetime | None
    revoked_at: datetime | None
    delivery: DeliveryOut | None


def invitation_out(view: InvitationView, sender_name: str) -> InvitationOut:
    """An invitation as it is answered."""
    invitation, person, delivery = view.invitation, view.person, view.delivery
    return InvitationOut(
        id=invitation.id,
        state=view.state,
        email=invitation.email,
        first_name=invitation.first_name,
        last_name=invitation.last_name,
        organisation=invitation.organisation,
        student_groups=list(person.student_groups) if person else [],
        label=person.label if person else None,
        language=invitation.language,
        team=person.team if person else None,
        message=view.message,
        user_id=invitation.user_id,
        import_id=invitation.import_id,
        inviter=invitation.inviter_name or sender_name,
        generation=invitation.generation,
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
        accepted_at=invitation.accepted_at,
        revoked_at=invitation.revoked_at,
        delivery=DeliveryOut(
            state=delivery.state,
            attempts=delivery.attempts,
            sent_at=delivery.sent_at,
            last_error=(
                LastErrorOut(code=delivery.error_code, detail=delivery.error_detail or "")
                if delivery.error_code
                else None
            ),
        )
        if delivery
        else None,
    )


class BatchResultOut(BaseModel):
    """What became of one person of a list."""

    index: int
    outcome: Literal["invited", "skipped", "rejected"]
    code: str | None = Field(examples=["already_a_user"])
    invitation: InvitationOut | None


class BatchOut(BaseModel):
    """What became of each, in order."""

    results: list[BatchResultOut]


def read_drafts(drafts: Sequence[InvitationDraft]) -> list[NewInvitation | str]:
    """Each person of a list, or the code of what is wrong with them."""
    read: list[NewInvitation | str] = []
    for draft in drafts:
        try:
            read.append(InvitationIn.model_validate(draft.model_dump()).wanted())
        except ValidationError as error:
            read.append(fields_of(error.errors())[0].code)
    return read


def batch_out(
    read: Sequence[NewInvitation | str], results: Sequence[InvitationView | Refused], sender_name: str
) -> BatchOut:
    """The answer to a list: what was read of each person, and what became of those that could be read."""
    left = iter(results)
    shown = []
    for index, one in enumerate(read):
        if isinstance(one, str):
            shown.append(BatchResultOut(index=index, outcome="rejected", code=one, invitation=None))
            continue
        result = next(left)
        if isinstance(result, Refused):
            outcome: Literal["skipped", "rejected"] = "rejected" if result.fields else "skipped"
            shown.append(BatchResultOut(index=index, outcome=outcome, code=result.code, invitation=None))
        else:
            invitation = invitation_out(result, sender_name)
            shown.append(BatchResultOut(index=index, outcome="invited", code=None, invitation=invitation))
    return BatchOut(results=shown)


class TokenIn(BaseModel):
    """The token of a link."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"token": "..."}]})

    token: Token


class WelcomeOut(BaseModel):
    """What the page behind a link shows."""

    platform: str = Field(examples=["Acme Academy"])
    email: str
    first_name: str | None
    last_name: str | None
    language: str
    inviter: str
    expires_at: datetime | None
    after_accept_url: str | None = Field(description="Where people go once they have accepted.")


class AcceptIn(BaseModel):
    """A password, and names where they are missing or wrong."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"token": "...", "password": "correct horse battery"}]}
    )

    token: Token
    password: NewPassword
    first_name: PersonName | None = None
    last_name: PersonName | None = None
