"""How a platform matched a set of headers the last time: kept with every accepted mapping, offered the next time.

The order of the headers does not matter; a file without headers is not remembered. Never commits.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.db import bulk
from app.imports.columns import BY_NAME
from app.imports.matching.mapping import Suggestion, header_keys, suggest
from app.imports.models import Import, RememberedMapping
from app.imports.reading.detect import Detected

KEPT = 500
"""How many sets of headers are remembered for a platform: those used last."""


def suggestions_for(session: Session, platform_id: int, found: Detected) -> list[Suggestion]:
    """What the headers of a file are matched onto: as the last time, else as far as headers and values tell."""
    remembered = None
    if found.dialect.header_line:
        remembered = session.get(RememberedMapping, (platform_id, _hash(found.headers)), populate_existing=True)
    columns = remembered.columns if remembered and set(remembered.columns.values()) <= {None, *BY_NAME} else None
    suggestions = suggest(found.headers, found.values, columns)
    if columns is None and all(suggestion.column != "team" for suggestion in suggestions):
        return [_without_leader(suggestion) for suggestion in suggestions]
    return suggestions


def _without_leader(suggestion: Suggestion) -> Suggestion:
    """In a file that names no team nobody leads one: every row of it would get a warning."""
    is_leader = suggestion.column == "team_leader"
    return Suggestion(suggestion.header, None, 0.0, None) if is_leader else suggestion


def remember(session: Session, imported: Import, columns: Sequence[str | None], *, now: datetime) -> None:
    """Keep an accepted mapping for the next file with these headers, and forget the one unused the longest."""
    if not imported.header_line:
        return
    keys = header_keys(imported.headers)
    chosen = {key: column for key, column in zip(keys, columns, strict=True) if key is not None}
    insert = bulk.upsert(session, RememberedMapping).values(
        platform_id=imported.platform_id, headers_hash=_hash(imported.headers), columns=chosen, used_at=now
    )
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["platform_id", "headers_hash"], set_={"columns": chosen, "used_at": now}
        )
    )
    own = RememberedMapping.platform_id == imported.platform_id
    newest = select(RememberedMapping.headers_hash).where(own).order_by(RememberedMapping.used_at.desc()).limit(KEPT)
    session.execute(delete(RememberedMapping).where(own, RememberedMapping.headers_hash.not_in(newest)))


def _hash(headers: Sequence[str]) -> bytes:
    keys = sorted(key for key in header_keys(headers) if key is not None)
    return hashlib.sha256("\n".join(keys).encode()).digest()
