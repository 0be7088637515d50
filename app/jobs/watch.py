"""How the background work stands, over all platforms, for those who run the service. Looks only; names nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.models import RateBucket
from app.delivery import claims
from app.delivery.models import Lane
from app.delivery.rates import SENDER
from app.imports.models import Import
from app.imports.steps import COUNTED
from app.jobs.lock import is_worker_alive


@dataclass(frozen=True, slots=True)
class Background:
    """The background work at a moment."""

    lag_seconds: Mapping[Lane, float]
    sends: Mapping[str, int]
    imports: Mapping[str, int]
    rows_per_second: float
    workers_alive: int
    paused_until: datetime | None
    paused_reason: str | None


def look(session: Session, now: datetime, *, sqlite_path: Path | None) -> Background:
    """The background work now. `sqlite_path`: the database's file, if it is one."""
    states = session.execute(select(Import.state, func.count()).group_by(Import.state))
    running = session.execute(
        select(Import.rows_done, Import.work_started_at).where(Import.state.in_(COUNTED), Import.lease.is_not(None))
    )
    rate = sum(done / max(0.1, (now - started).total_seconds()) for done, started in running if started is not None)
    sender = session.get(RateBucket, SENDER)
    paused = sender if sender is not None and sender.paused_until is not None and sender.paused_until > now else None
    return Background(
        lag_seconds=claims.lag_seconds(session, now),
        sends=claims.sends_by_result(session),
        imports={row[0]: row[1] for row in states},
        rows_per_second=round(rate, 1),
        workers_alive=_workers_alive(session, sqlite_path),
        paused_until=paused.paused_until if paused else None,
        paused_reason=paused.reason if paused else None,
    )


def _workers_alive(session: Session, sqlite_path: Path | None) -> int:
    if sqlite_path is not None:
        return is_worker_alive(sqlite_path)
    from app.jobs import engine  # nobody needs Procrastinate beside an SQLite file

    return engine.workers_alive(session)
