"""Is the service alive, and can it work? Routes for whoever watches it. Never says anything about people."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel

from app.access.models import RateBucket
from app.db.base import utcnow
from app.delivery import outbox
from app.delivery.pump import SENDER_BUCKET
from app.errors import AppError, Code
from app.jobs.lock import is_worker_alive
from app.web.deps import Context, ContextOf, Reading
from app.web.problems import documented

router = APIRouter(tags=["operations"])


class Alive(BaseModel):
    """The process answers."""

    status: str


class PausedSender(BaseModel):
    """A sender that cannot reach its mail server just now."""

    until: str
    reason: str | None


class Ready(BaseModel):
    """The service can work, and how its background work stands."""

    status: str
    outbox_lag_seconds: float
    workers_alive: int
    senders_paused: list[PausedSender]


@router.get("/healthz")
def healthz() -> Alive:
    """Liveness: the process answers."""
    return Alive(status="ok")


@router.get("/readyz", responses=documented(Code.DATABASE_UNAVAILABLE))
def readyz(context: ContextOf, response: Response) -> Ready:
    """Readiness: the database is there with its schema. The body tells more; only the database makes it a 503."""
    if not context.database.is_reachable():
        raise AppError(Code.DATABASE_UNAVAILABLE)
    response.headers["Cache-Control"] = "no-store"
    with context.database.reading() as session:
        return Ready(status="ok", **_background(context, session))


def _background(context: Context, session: Reading) -> dict[str, Any]:
    now = utcnow()
    sender = session.get(RateBucket, SENDER_BUCKET)
    paused = sender.paused_until if sender and sender.paused_until and sender.paused_until > now else None
    return {
        "outbox_lag_seconds": round(outbox.lag_seconds(session, now), 1),
        "workers_alive": is_worker_alive(context.settings.sqlite_path),
        "senders_paused": [PausedSender(until=paused.isoformat(), reason=sender.reason)] if paused and sender else [],
    }
