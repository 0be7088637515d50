"""Changes to rows and values as JSON: what people ask for, and what they are told. Never looks anything up."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.imports.issues import IssueCode
from app.imports.schemas import ColumnName
from app.web.problems import InvalidValue


def _whole_characters(value: str) -> str:
    # JSON can say half a character, which UTF-8 cannot, and a NUL, which no database keeps.
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidValue("characters_not_allowed")
    return value


Cell = Annotated[str, Field(max_length=10_000), AfterValidator(_whole_characters)]


class ValuesOfRow(BaseModel):
    """What cells should hold; null or empty: nothing. What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    first_name: Cell | None = None
    last_name: Cell | None = None
    email: Cell | None = None
    company: Cell | None = None
    language: Cell | None = None
    student_groups: Cell | Annotated[list[Cell], Field(max_length=1000)] | None = Field(
        None, description="As in a cell, separated by `/`, or as the list they are shown as."
    )
    label: Cell | None = None
    team: Cell | None = None
    team_leader: Cell | None = None

    def texts(self) -> dict[str, str]:
        """The given ones, as a cell holds them."""
        given = ((column, getattr(self, column)) for column in sorted(self.model_fields_set))
        return {column: "/".join(value) if isinstance(value, list) else value or "" for column, value in given}


class RowIn(BaseModel):
    """What to change about a row. `values` null as a whole: the file's own again."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"values": {"email": "jan.peeters@example.com"}}]}
    )

    values: ValuesOfRow | None = Field(
        default_factory=ValuesOfRow, description="null takes every edit of the row back."
    )
    skip: bool | None = Field(None, description="true: leave the row out; false: take it in again.")


class ValuesIn(BaseModel):
    """What to change: a value wherever it stands (`column`, `from`, `to`), or every row with an `issue`.

    Of an issue one of: `set` other values, `skip` the rows, `accept` what it suggests.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"column": "language", "from": "Belgisch", "to": "nl"},
                {"issue": "language_unknown", "set": {"language": "fr"}},
                {"issue": "email_invalid", "skip": True},
                {"issue": "email_domain_mistyped", "accept": True},
            ]
        },
    )

    column: ColumnName | None = None
    value: Cell | None = Field(None, alias="from", description="A value as GET tells it; empty: an empty cell.")
    becomes: Cell | None = Field(None, alias="to", description="null or empty: nothing. `from` itself: as it was.")
    issue: IssueCode | None = None
    values: ValuesOfRow = Field(default_factory=ValuesOfRow, alias="set")
    skip: Literal[True] | None = None
    accept: Literal[True] | None = Field(None, description="Each row becomes what its issue suggests, where it does.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        of_value = {"column", "value", "becomes"} & self.model_fields_set
        of_issue = {"issue", "values", "skip", "accept"} & self.model_fields_set
        asked = [self.values.model_fields_set, self.skip, self.accept]
        is_value = len(of_value) == 3 and not of_issue and self.column is not None
        is_issue = not of_value and self.issue is not None and sum(map(bool, asked)) == 1
        if not (is_value or is_issue):
            raise InvalidValue("value_change_unclear")
        return self


class ChangedOut(BaseModel):
    """How many rows a change concerns, and the version of the plan that has it."""

    changed: int
    version: int


class ValueOut(BaseModel):
    """One value of a column. `becomes`: what it stands for after edits, defaults and what we understand."""

    value: str = Field(examples=["Néerlandais"], description="As in the file; empty: the cell is.")
    count: int = Field(examples=[120])
    first_line: int = Field(examples=[2])
    becomes: str = Field(examples=["nl"])
    issue: str | None = Field(examples=[None], description="What is wrong with it.")
    suggestion: str | None = Field(examples=[None], description="“Did you mean …?”")
