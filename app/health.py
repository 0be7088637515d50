"""Is the service alive, and can it work? Routes for whoever watches it. Never says anything about people."""

from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0
from pydantic import BaseModel, Field

from app.db.base import utcnow
from app.errors import AppError, Code
from app.jobs import watch
from app.jobs.watch import Background
from app.web.deps import ContextOf
from app.web.metrics import REGISTRY
from app.web.problems import documented

router = APIRouter(tags=["operations"])


class Alive(BaseModel):
    """The process answers."""

    status: str


class PausedSender(BaseModel):
    """A sender whose mail server takes no mail just now. Its words are in the log: they may name what is not public."""

    until: datetime = Field(description="When it is tried again.")
    reason: str | None = Field(examples=["smtp_535"], description="`smtp_` and the server's code, or a word.")


class Ready(BaseModel):
    """The service can work, and how its background work stands."""

    status: str
    outbox_lag_seconds: float
    workers_alive: int
    senders_paused: list[PausedSender]


@router.get("/healthz")
async def healthz() -> Alive:
    """Liveness: the process answers. It waits for no thread, whatever all of them are doing."""
    return Alive(status="ok")


@router.get("/readyz", responses=documented(Code.DATABASE_UNAVAILABLE))
def readyz(context: ContextOf, response: Response) -> Ready:
    """Readiness: the database is there with its schema. The body tells more; only the database makes it a 503."""
    background = _look(context)
    response.headers["Cache-Control"] = "no-store"
    return Ready(
        status="ok",
        outbox_lag_seconds=round(max(background.lag_seconds.values()), 1),
        workers_alive=background.workers_alive,
        senders_paused=[PausedSender(until=background.paused_until, reason=_code(background))]
        if background.paused_until
        else [],
    )


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus metrics."},
        **documented(Code.DATABASE_UNAVAILABLE),
    },
)
def metrics(context: ContextOf) -> Response:
    """Prometheus metrics: requests, queue age per lane, sends by result, a paused sender, imports by state, workers."""
    background = _look(context)
    found = CollectorRegistry()
    lag = Gauge("rollcall_outbox_lag_seconds", "Age of the mail that is due longest.", ["lane"], registry=found)
    for lane, seconds in background.lag_seconds.items():
        lag.labels(lane.name.lower()).set(seconds)
    sends = Counter("rollcall_sends", "Mails by how sending ended.", ["result"], registry=found)
    for result in ("sent", "failed", "dropped", "deferred"):
        sends.labels(result).inc(background.sends.get(result, 0))
    imports = Gauge("rollcall_imports", "Imports by state.", ["state"], registry=found)
    for state, number in background.imports.items():
        imports.labels(state).set(number)
    Gauge("rollcall_import_rows_per_second", "Rows per second of running imports.", registry=found).set(
        background.rows_per_second
    )
    Gauge("rollcall_workers_alive", "Workers alive.", registry=found).set(background.workers_alive)
    Gauge("rollcall_sender_paused", "1 while the mail server takes no mail.", registry=found).set(
        bool(background.paused_until)
    )
    until = Gauge(
        "rollcall_sender_paused_until_seconds",
        "When a paused sender is tried again (Unix time), by why it is paused.",
        ["reason"],
        registry=found,
    )
    if background.paused_until:
        until.labels(_code(background) or "unknown").set(background.paused_until.timestamp())
    body = generate_latest(REGISTRY) + generate_latest(found)
    return Response(body, headers={"Content-Type": CONTENT_TYPE_PLAIN_1_0_0})


def _code(background: Background) -> str | None:
    """The code of a pause, without the server's words behind it."""
    return background.paused_reason.partition(":")[0] if background.paused_reason else None


def _look(context: ContextOf) -> Background:
    if not context.database.is_reachable():
        raise AppError(Code.DATABASE_UNAVAILABLE)
    with context.database.reading() as session:
        return watch.look(session, utcnow(), sqlite_path=context.settings.sqlite_path)
