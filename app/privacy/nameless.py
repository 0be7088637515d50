"""What tells of a person among much that does not: imports, and answers kept for a retry. Takes their name out.

Looked for outside of the transaction that forgets them, which looks again only at what was found and at what is newer:
nobody who wants to write waits for the search.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row, or_, select, update
from sqlalchemy.orm import Session

from app.access.models import ERASED_ANSWER, IdempotencyKey
from app.db.base import first_id_of
from app.imports.models import Import
from app.privacy.person import Person

NAMELESS: Final = "—"
"""Stands where a name must stand."""
_REQUESTS_END_WITHIN: Final = timedelta(minutes=10)
"""A key is kept when its request begins, the answer when it ends."""
_TOLD: Final = (
    Import.id,
    Import.created_by,
    Import.inviter_name,
    Import.inviter_email,
    Import.file_name,
    Import.sheet,
    Import.sheets,
    Import.headers,
    Import.suggestion,
    Import.file_issues,
    Import.failure_params,
    Import.commit_options,
)


def imports_naming(session: Session, person: Person) -> list[uuid.UUID]:
    """Imports that tell of a person beside their rows: who made them, headers that are no headers, findings."""
    rows = session.execute(select(*_TOLD).where(Import.platform_id == person.platform_id))
    return [row.id for row in rows if _changes(row, person)]


def make_imports_nameless(session: Session, person: Person, import_ids: Collection[uuid.UUID]) -> None:
    """Take a person out of these imports, and of those that are newer than the look at them."""
    of_platform = Import.platform_id == person.platform_id
    newer = Import.id > first_id_of(person.seen_at)
    for row in session.execute(select(*_TOLD).where(of_platform, or_(Import.id.in_(import_ids), newer))).all():
        changes = _changes(row, person)
        if changes:
            session.execute(update(Import).where(of_platform, Import.id == row.id).values(**changes))


def _changes(row: Row[Any], person: Person) -> dict[str, Any]:
    traces = person.traces
    changes: dict[str, Any] = {}
    if traces.are_in(row.created_by) or row.created_by == person.shown_as:
        changes["created_by"] = NAMELESS
    if row.inviter_email in person.addresses or row.inviter_name == person.shown_as:
        changes |= {"inviter_name": None, "inviter_email": None}
    if traces.are_in(row.file_name):
        changes["file_name"] = NAMELESS
    if any(traces.are_in(name) for name in row.sheets):  # its file is dropped: nobody chooses one any more
        changes |= {"sheet": traces.taken_out(row.sheet), "sheets": traces.taken_out(row.sheets)}
    if traces.are_in(" ".join(row.headers)):
        changes |= {"headers": traces.taken_out(row.headers), "suggestion": traces.taken_out(row.suggestion)}
    for name in ("file_issues", "failure_params", "commit_options"):
        value = getattr(row, name)
        if value is not None and traces.are_in(" ".join(_leaves(value))):
            changes[name] = traces.taken_out(value)
    return changes


def _leaves(value: Any) -> Iterable[str]:
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _leaves(item)
        case dict():
            for item in value.values():
                yield from _leaves(item)


def answers_naming(session: Session, person: Person) -> list[bytes]:
    """The keys of answers kept for a retry that tell of a person."""
    return _answers(session, person, is_newer_only=False)


def empty_answers(session: Session, person: Person, keys: Sequence[bytes]) -> None:
    """Empty these answers, and those that are newer than the look at them: a retry still does nothing twice."""
    for key in {*keys, *_answers(session, person, is_newer_only=True)}:
        of_platform = IdempotencyKey.platform_id == person.platform_id
        session.execute(
            update(IdempotencyKey)
            .where(of_platform, IdempotencyKey.key_hash == key, IdempotencyKey.body.is_not(None))
            .values(body=ERASED_ANSWER)
        )


def _answers(session: Session, person: Person, *, is_newer_only: bool) -> list[bytes]:
    ids = [str(one).encode() for one in (person.id, *person.invitations)]
    statement = select(IdempotencyKey.key_hash, IdempotencyKey.body).where(
        IdempotencyKey.platform_id == person.platform_id, IdempotencyKey.body.is_not(None)
    )
    if is_newer_only:
        statement = statement.where(IdempotencyKey.created_at >= person.seen_at - _REQUESTS_END_WITHIN)
    return [
        key
        for key, body in session.execute(statement)
        if body and (any(one in body for one in ids) or person.traces.are_in(body.decode("utf-8", "replace")))
    ]
