"""Imports as JSON."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from app.imports.columns import MAPPABLE
from app.imports.reading.encodings import ENCODINGS, known_encoding
from app.imports.results import CreatesOut, ResultOut
from app.invitations.fields import Message, ShortCode, Title
from app.web.problems import InvalidValue

ColumnName = Literal[
    "first_name", "last_name", "email", "company", "language", "student_groups", "label", "team", "team_leader"
]
MAX_HOLD_MINUTES = 10_080


class IssueOut(BaseModel):
    """A finding. `line` is null for one of the file itself; an `error` rejects its row, a `warning` does not."""

    code: str = Field(examples=["email_invalid"])
    severity: Literal["error", "warning"]
    line: int | None = Field(examples=[12])
    column: str | None = Field(examples=["email"])
    value: str | None = Field(examples=["jan.peeters@"])
    params: dict[str, Any]
    message: str = Field(examples=["“jan.peeters@” is not an e-mail address."])


class IgnoredLineOut(BaseModel):
    """A line that is no row."""

    line: int = Field(examples=[1])
    why: Literal["preamble", "header", "footer"] = Field(
        description="`preamble`: above the header; `header`: the header once more; `footer`: below the last row."
    )


class FileOut(BaseModel):
    """The uploaded file and how it is read."""

    name: str = Field(examples=["people.csv"])
    format: str = Field(examples=["csv"], description="`csv`, `xlsx` or `ods`.")
    size: int = Field(examples=[11_400_000], description="Bytes.")
    sha256: str
    encoding: str = Field(examples=["utf-8"])
    delimiter: str = Field(examples=[";"], description="Empty for a workbook.")
    quote: str = Field(examples=['"'], description="Empty: quotation marks mean nothing.")
    escape: str = Field(examples=[""], description="A backslash where it stands before a quote in a cell; else empty.")
    header_line: int = Field(examples=[1], description="0: the file has no header.")
    ignored_lines: list[IgnoredLineOut] = Field(
        description="The first 100 lines that are no rows; those below the header are known when it is checked."
    )
    sheet: str | None = Field(description="Which sheet of a workbook is read.")
    sheets: list[str] = Field(description="The sheets of a workbook that can be seen, and chosen with the mapping.")
    lines: int | None = Field(examples=[100_001], description="null until checked.")
    issues: list[IssueOut]
    deleted_at: datetime | None = Field(description="When the file was deleted, and its rows with it.")


class SuggestionOut(BaseModel):
    """What a header probably is; `column` null where nothing is sure enough."""

    header: str = Field(examples=["Prénom"])
    column: str | None = Field(examples=["first_name"])
    confidence: float = Field(examples=[0.95], description="0 to 1; what is certain enough for `auto` has 0.8 or more.")
    by: str | None = Field(examples=["header"], description="`header`, `values`, or `remembered` from the last time.")


class MappingOut(BaseModel):
    """Which column of ours each header feeds, by position (null: not said yet), and the defaults."""

    columns: list[str | None] | None
    defaults: dict[str, Any]


class ProgressOut(BaseModel):
    """How far the work is, in rows; of an undo in people. `total` is an estimate while the file is checked."""

    done: int
    total: int
    eta_seconds: float | None


class CommitOut(BaseModel):
    """What was asked for with the commit; the same again resumes one that failed."""

    send_invitations: bool
    hold_minutes: int
    held_until: datetime | None = Field(description="When mails that are held back leave by themselves.")
    message: str | None
    on_rejected: Literal["skip", "abort"]


class FailureOut(BaseModel):
    """Why an import failed."""

    code: str = Field(examples=["file_quote_unclosed"])
    detail: str


class ImportOut(BaseModel):
    """One file on its way in."""

    id: uuid.UUID
    state: str = Field(
        examples=["ready"],
        description="`uploaded`, `checking`, `ready`, `committing`, `completed`, `cancelling`, `cancelled`, "
        "`undoing`, `undone` or `failed`.",
    )
    created_at: datetime
    created_by: str
    file: FileOut
    headers: list[str] = Field(examples=[["Prénom", "Nom", "Courriel", "Société"]])
    samples: list[list[str]]
    suggested_mapping: list[SuggestionOut]
    mapping: MappingOut | None
    version: int
    progress: ProgressOut | None
    commit: CommitOut | None = Field(description="null until it is committed.")
    result: ResultOut | None
    failure: FailureOut | None


class PlannedRowOut(BaseModel):
    """A row and what will happen to it."""

    line: int = Field(examples=[2])
    outcome: str = Field(
        examples=["add"], description="`empty`, `skipped`, `rejected`, `duplicate`, `already_user` or `add`."
    )
    values: dict[str, Any]
    issues: list[IssueOut]


class SummaryOut(BaseModel):
    """The totals of the whole file."""

    rows: int
    to_add: int
    already_users: int
    duplicates: int
    rejected: int
    empty: int
    skipped: int
    ignored_lines: int
    mails: dict[str, int] = Field(examples=[{"fr": 38, "nl": 2}])
    creates: CreatesOut


class PreviewOut(BaseModel):
    """The first 10 people who will be added, and what will happen to the whole file."""

    version: int
    rows: list[PlannedRowOut]
    summary: SummaryOut
    issues: dict[str, int] = Field(examples=[{"email_invalid": 1}])


class AutoOut(BaseModel):
    """What `auto` answers with: the import, and its preview."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    import_: ImportOut = Field(alias="import")
    preview: PreviewOut


def _not_blank(value: str) -> str:
    if not value:
        raise InvalidValue("too_short", limit=1)
    return value


def _no_separator(value: str) -> str:
    if "/" in value:
        raise InvalidValue("characters_not_allowed")
    return value


def _installed_encoding(value: str) -> str:
    name = known_encoding(value)
    if name is None:
        raise InvalidValue("encoding_unknown", encodings=", ".join(ENCODINGS))
    return name


def _split_groups(value: object) -> object:
    return [part for part in value.split("/") if part.strip()] if isinstance(value, str) else value


GroupDefault = Annotated[Title, AfterValidator(_not_blank), AfterValidator(_no_separator)]


class DefaultsIn(BaseModel):
    """What fills empty cells; a default also satisfies a required column nothing feeds."""

    model_config = ConfigDict(extra="forbid")

    language: ShortCode | None = Field(None, examples=["fr"])
    company: Title | None = Field(None, examples=["Acme"])
    label: Title | None = None
    student_groups: Annotated[list[GroupDefault], BeforeValidator(_split_groups)] | None = Field(
        None, max_length=50, description="A list, or a text with the groups separated by `/` as in a cell."
    )
    team: Title | None = None


class MappingIn(BaseModel):
    """Which column of ours each header feeds, by position (null: do not import), and how the file is read."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "columns": ["first_name", "last_name", "email", "company", "language", "student_groups"],
                    "defaults": {"language": "fr"},
                }
            ]
        },
    )

    columns: list[str | None] | None = Field(
        None, max_length=10_000, description="Names of ours: " + ", ".join(f"`{column.name}`" for column in MAPPABLE)
    )
    defaults: DefaultsIn = DefaultsIn()
    encoding: Annotated[str, AfterValidator(_installed_encoding)] | None = Field(
        None, examples=["cp1252"], description="One of " + ", ".join(f"`{name}`" for name in ENCODINGS) + "."
    )
    delimiter: Literal[",", ";", "\t", "|"] | None = None
    quote: Literal['"', "'", ""] | None = Field(None, description="Empty: quotation marks mean nothing.")
    escape: Literal["\\", ""] | None = Field(None, description="A backslash where it stands before a quote in a cell.")
    header_line: int | None = Field(None, ge=0, le=1000, description="0: the file has no header.")
    ignore_lines: bool | None = Field(None, description="false: repeated headers and footers are rows like any other.")
    sheet: str | None = Field(None, max_length=255, description="Another sheet of a workbook, by its name.")


class CommitIn(BaseModel):
    """How to commit. `version`: only if the preview is still of this version."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"message": "Bienvenue !"}]})

    version: int | None = Field(None, description="Commit only if the preview is still of this version.")
    send_invitations: bool = Field(True, description="false: add people quietly; `send` invites them later.")
    hold_minutes: int = Field(
        0, ge=0, le=MAX_HOLD_MINUTES, description="Hold the mails back this long; `send` lets them go earlier."
    )
    message: Message | None = Field(None, description="Plain text; appears in every mail.")
    on_rejected: Literal["skip", "abort"] = Field("skip", description="abort: refuse to commit if rows are rejected.")


class ColumnOut(BaseModel):
    """One of our columns, and what people call it."""

    name: str = Field(examples=["first_name"])
    title: str = Field(examples=["First name"])
    description: str
    required: bool
    default: bool = Field(description="Whether a mapping may carry a default for it.")
    example: str
    feeds: list[str] = Field(description="The columns it stands for, which it fills; none of them may be fed besides.")
    aliases: dict[str, list[str]]


class ColumnsOut(BaseModel):
    """All our columns."""

    items: list[ColumnOut]
