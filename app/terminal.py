"""Imports on a terminal: tables and bars of what the API answers. Shows JSON as it came; looks nothing up."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.box import ROUNDED
from rich.console import Console, Group
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

Json = Mapping[str, Any]

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_WORKING = {"checking", "committing", "cancelling", "undoing"}
_ADDRESS_UNBROKEN = 40
_LABELS = {
    "to_add": "new people",
    "added": "people added",
    "already_users": "already on the platform",
    "duplicates": "twice in the file",
    "rejected": "rejected",
    "empty": "empty rows",
    "skipped": "skipped",
    "not_done": "not done",
}


def show_file(console: Console, imported: Json) -> None:
    """What was detected about the file."""
    file = imported["file"]
    table = _table("What was detected", "", "")
    _add(table, "file", f"{file['name']}, {file['size']:,} bytes")
    _add(table, "encoding", file["encoding"])
    _add(table, "delimiter", _DELIMITERS.get(file["delimiter"], file["delimiter"]))
    _add(table, "header", f"line {file['header_line']}" if file["header_line"] else "none")
    _print(console, table)


def show_mapping(console: Console, imported: Json) -> None:
    """Which header feeds which column."""
    table = _table("Columns", "in the file", "for example", "becomes", "by")
    for suggestion, samples in zip(imported["suggested_mapping"], imported["samples"], strict=True):
        target = suggestion["column"] or Text("not imported", style="dim")
        sure = f"{suggestion['by']}, {suggestion['confidence']:.0%}" if suggestion["by"] else ""
        _add(table, suggestion["header"], ", ".join(list(dict.fromkeys(samples))[:2]), target, sure)
    _print(console, table)


def show_preview(console: Console, preview: Json) -> None:
    """The first people, the totals, what is created, and the issues."""
    columns = ("company", "language", "student_groups", "team")
    table = _table("The first people who will be added", "line", "person", *columns)
    longest = max((len(row["values"]["email"]) for row in preview["rows"]), default=0)
    table.columns[1].no_wrap = longest <= _ADDRESS_UNBROKEN
    for row in preview["rows"]:
        values = dict(row["values"])
        name = " ".join(filter(None, (values["first_name"], values["last_name"])))
        person = Text.assemble((name, "bold"), "\n", values["email"])
        values |= {"student_groups": " / ".join(values["student_groups"])}
        _add(table, str(row["line"]), person, *(values.get(column) or "" for column in columns))
    _print(console, table)
    summary = preview["summary"]
    totals = _totals("The whole file", summary, ("to_add", "already_users", "duplicates", "rejected", "empty"))
    plan = _table("With “Import and Invite”", "", "")
    _add(plan, "mails", ", ".join(f"{count:,} {language}" for language, count in summary["mails"].items()) or "none")
    for kind, names in summary["creates"].items():
        if names:
            _add(plan, f"new {kind.replace('_', ' ')}", _some(names))
    _print(console, totals, plan)


def show_issues(console: Console, issues: Sequence[Json]) -> None:
    """Findings, line by line."""
    if not issues:
        return
    table = _table("What is wrong, and where", "line", "column", "finding")
    for issue in issues:
        style = "red" if issue["severity"] == "error" else "yellow"
        place = str(issue["line"]) if issue["line"] else "file"
        _add(table, place, issue["column"] or "", Text(issue["message"], style=style))
    _print(console, table)


def show_result(console: Console, result: Json) -> None:
    """What the commit did."""
    terms = ("added", "already_users", "duplicates", "rejected", "empty", "skipped", "not_done")
    _print(console, _totals("Done", result, terms))


def show_mail(console: Console, subject: str, sender: str, recipient: str, text: str) -> None:
    """One mail, as its reader gets it."""
    head = f"From:    {sender}\nTo:      {recipient}\nSubject: {subject}\n"
    console.print(Panel(Group(Text(head, style="bold"), Text(text)), title="One of the mails", box=ROUNDED))


def follow(
    console: Console,
    what: str,
    look: Callable[[], Json],
    *,
    every_seconds: float = 0.1,
    is_over: Callable[[], bool] = lambda: False,
) -> Json:
    """A bar until the work of an import is done, or `is_over` says that nobody does it any more; its last state."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(what, total=None)
        while True:
            imported = look()
            done = imported["progress"] or {"done": 0, "total": None}
            progress.update(task, completed=done["done"], total=done["total"])
            if imported["state"] not in _WORKING or is_over():
                return imported
            time.sleep(every_seconds)


def _print(console: Console, *tables: Table) -> None:
    for table in tables:
        console.print()
        console.print(table)


def _totals(title: str, terms: Json, names: Sequence[str]) -> Table:
    table = _table(title, "", "")
    table.columns[0].justify = "right"
    for name in names:
        if terms.get(name) or name in {"to_add", "added"}:
            _add(table, f"{terms[name]:,}", _LABELS[name])
    table.add_section()
    _add(table, f"{terms['rows']:,}", "rows in all")
    return table


def _add(table: Table, *cells: str | Text) -> None:
    """A row. What people wrote is text, never markup."""
    table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in cells))


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8:,} more" if len(names) > 8 else "")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=ROUNDED, show_header=any(columns))
    for column in columns:
        table.add_column(column, justify="right" if column == "line" else "left", overflow="fold")
    return table
