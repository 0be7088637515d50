"""Findings on rows and files, as data: codes, severities and their place. Pure. Texts: texts/*.json, `issues`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

SHOWN_CHARACTERS: Final = 200


class Severity(StrEnum):
    """An error rejects its row; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class IssueCode(StrEnum):
    """Every finding. Stable: clients branch on them."""

    FILE_SEEN_BEFORE = "file_seen_before"
    ENCODING_UNCERTAIN = "encoding_uncertain"
    TEXT_DAMAGED = "text_damaged"
    ROWS_HIDDEN = "rows_hidden"
    HEADER_MISSING = "header_missing"
    QUOTE_UNCLOSED = "quote_unclosed"
    REQUIRED_VALUE_MISSING = "required_value_missing"
    VALUE_TOO_LONG = "value_too_long"
    CHARACTERS_NOT_ALLOWED = "characters_not_allowed"
    VALUE_GARBLED = "value_garbled"
    EMAIL_INVALID = "email_invalid"
    LANGUAGE_UNKNOWN = "language_unknown"
    TOO_MANY_GROUPS = "too_many_groups"
    TOO_MANY_CELLS = "too_many_cells"
    TOO_FEW_CELLS = "too_few_cells"
    DUPLICATE_IN_FILE = "duplicate_in_file"
    LEADER_WITHOUT_TEAM = "leader_without_team"
    LEADER_NOT_AN_ADDRESS = "leader_not_an_address"
    LEADER_NOT_FOUND = "leader_not_found"
    LEADER_ALREADY_NAMED = "leader_already_named"
    LEADER_KEPT = "leader_kept"
    EMAIL_DOMAIN_MISTYPED = "email_domain_mistyped"
    NAME_CLOSE_TO_KNOWN = "name_close_to_known"


WARNINGS: Final = frozenset(
    {
        IssueCode.FILE_SEEN_BEFORE,
        IssueCode.TEXT_DAMAGED,
        IssueCode.ROWS_HIDDEN,
        IssueCode.HEADER_MISSING,
        IssueCode.TOO_FEW_CELLS,
        IssueCode.DUPLICATE_IN_FILE,
        IssueCode.LEADER_WITHOUT_TEAM,
        IssueCode.LEADER_NOT_AN_ADDRESS,
        IssueCode.LEADER_NOT_FOUND,
        IssueCode.LEADER_ALREADY_NAMED,
        IssueCode.LEADER_KEPT,
        IssueCode.EMAIL_DOMAIN_MISTYPED,
        IssueCode.NAME_CLOSE_TO_KNOWN,
    }
)


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding. `line` None: about the file. `column` is ours; `value` is the offending text."""

    code: IssueCode
    line: int | None
    column: str | None = None
    value: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """What the finding means for its row."""
        return Severity.WARNING if self.code in WARNINGS else Severity.ERROR

    def as_json(self) -> dict[str, Any]:
        """The finding as it is stored with its row: without its line (the row has it), a long value shortened."""
        return {
            "code": self.code.value,
            "column": self.column,
            "value": self.value[:SHOWN_CHARACTERS] if self.value else self.value,
            "params": dict(self.params),
        }

    def as_json_of_file(self) -> dict[str, Any]:
        """A finding on the file as it is stored with the import."""
        return self.as_json() | {"line": self.line}


def from_json(stored: Mapping[str, Any], line: int | None) -> Issue:
    """A stored finding; one of the file brings its own line."""
    code = IssueCode(stored["code"])
    return Issue(code, stored.get("line", line), stored["column"], stored["value"], stored["params"])
