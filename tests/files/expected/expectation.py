"""What one file has to be read as: how, with which suggestion, into which people, with which findings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TERMS = ("rows", "add", "duplicate", "rejected", "empty", "ignored")


@dataclass(frozen=True)
class Expected:
    """Everything that is compared. What is left out has to be absent."""

    read: str
    """Format, encoding, delimiter and header line: `csv cp1252 ; 1`; of a workbook format, sheet, header line."""
    suggestion: str = ""
    """Our column for each header, `-` for none."""
    totals: Sequence[int] = ()
    """Rows, and of them to add, duplicate, rejected, empty; then the ignored lines."""
    people: str | None = ""
    """Those to add, one a line: address | first | last | company | language | groups | label | team | leader."""
    issues: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """The lines of each finding."""
    file_issues: Sequence[str] = ()
    """Codes of what is found about the file as a whole, once it is read as it should be."""
    asked: str | None = None
    """The file cannot be read for certain: the question must offer this encoding, and is answered with it."""
    has_no_answer: bool = False
    """No encoding reads it right: the question stays, and nothing can be committed before somebody answers it."""
    cannot_be_mapped: bool = False
    """A column that every person needs is not there."""
    columns: str | None = None
    """The mapping, where it is not the suggestion."""
    answers: Mapping[str, Any] = field(default_factory=dict)
    """How the file is read, where people have to say so (`header_line`, `sheet` ...)."""
    accepts: str | None = None
    """What people accept the suggestions of, before they commit."""
    swallows_on: int | None = None
    """The line on which a quote opens that nothing closes: a question, until it is answered."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
