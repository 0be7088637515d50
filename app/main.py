"""Wires the HTTP service: the only place that knows all its parts. Starts nothing but the app."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.middleware.cors import CORSMiddleware
from fastapi.routing import APIRoute
from pydantic import SecretStr

import app.tables  # noqa: F401 completes the tables
from app import __version__
from app.access.tokens import Keyring
from app.accounts.router import router as accounts
from app.audit.router import router as audit
from app.console.router import prepare as prepare_pages
from app.console.router import router as console
from app.directory.router import router as directory
from app.errors import Code
from app.health import router as health
from app.imports.intake import upload_router
from app.imports.mending import router as mending
from app.imports.router import router as imports
from app.imports.running import router as running
from app.invitations.router import router as invitations
from app.jobs.open import open_database
from app.mails.router import router as mails
from app.privacy.router import router as privacy
from app.settings import Settings
from app.spans import spans_to
from app.web import idempotency, problems
from app.web.again import DoneAgain
from app.web.deps import Context, allowed_origins
from app.web.middleware import BodyLimitProblems, RequestMiddleware, SafeHeaders
from app.web.throttle import Throttle

PREFIX = "/api/v1"
_FORM_OVERHEAD = 64 * 1024

DESCRIPTION = """
The invitation desk of a learning platform: people come onto it one by one, or by the hundred thousand from a
spreadsheet, and each gets exactly one mail.

Sign requests with `Authorization: Bearer rck_...` (a key made by `rollcall create-key`). Every error is an RFC 9457
problem with a stable `code`; texts follow `Accept-Language` (en, fr, nl).
"""


def open_context(settings: Settings) -> Context:
    """What the requests of one process share."""
    database = open_database(settings.database_url)
    return Context(
        settings=settings,
        database=database,
        keyring=Keyring([key.get_secret_value() for key in settings.secret_keys]),
        throttle=Throttle(database, settings.requests_per_minute),
    )


def create_app(settings: Settings) -> FastAPI:
    """The service over HTTP, for one process."""
    spans = spans_to(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        threading.Thread(target=prepare_pages, daemon=True).start()  # nobody waits for it, and nobody is kept waiting
        yield
        await run_in_threadpool(spans.close)
        app.state.context.database.close()

    app = FastAPI(
        title="Rollcall",
        version=__version__,
        description=DESCRIPTION.strip(),
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
        docs_url="/docs",
        redoc_url=None,
        redirect_slashes=False,
        telemetry=spans.config,
        swagger_ui_parameters={"persistAuthorization": True},
    )
    app.state.context = open_context(settings)
    problems.install(app)
    idempotency.install(app)
    app.add_middleware(DoneAgain)
    app.add_middleware(BodyLimitProblems)
    app.add_middleware(RequestMiddleware)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=sorted(allowed_origins(settings)),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "Accept-Language", "Last-Event-ID"],
        expose_headers=["Content-Disposition", "Location", "Retry-After", "Idempotent-Replayed", "X-Request-Id"],
        max_age=600,
    )
    app.add_middleware(SafeHeaders, is_tls=settings.public_url.startswith("https://"))
    api = APIRouter(
        prefix=PREFIX,
        max_body_size=settings.body_bytes,
        responses=problems.documented(
            Code.BAD_REQUEST,
            Code.NOT_AUTHENTICATED,
            Code.SCOPE_MISSING,
            Code.INVALID_REQUEST,
            Code.BODY_TOO_LARGE,
            Code.TOO_MANY_REQUESTS,
            Code.INTERNAL_ERROR,
            Code.DATABASE_UNAVAILABLE,
        ),
    )
    for router in (invitations, imports, mending, running, directory, accounts, mails, audit, privacy):
        api.include_router(router)
    app.include_router(api)
    app.include_router(
        upload_router,
        prefix=PREFIX,
        max_body_size=settings.upload_bytes + _FORM_OVERHEAD,
        responses=problems.documented(
            Code.BAD_REQUEST,
            Code.NOT_AUTHENTICATED,
            Code.SCOPE_MISSING,
            Code.TOO_MANY_REQUESTS,
            Code.INTERNAL_ERROR,
            Code.DATABASE_UNAVAILABLE,
        ),
    )
    app.include_router(health)
    app.include_router(console)
    _describe_problems(app)
    return app


def describe() -> dict[str, Any]:
    """The OpenAPI description, the same on every machine."""
    settings = Settings.model_construct(
        **{name: field.default for name, field in Settings.model_fields.items() if not field.is_required()}
        | {"database_url": "sqlite:///never-opened.db", "public_url": "https://rollcall.example.com"},
        secret_keys=(SecretStr("only to describe the service, never to run it"),),
    )
    return create_app(settings).openapi()


def _describe_problems(app: FastAPI) -> None:
    """Puts the shape of problems into the description. As a route's `model` it would also be told of as plain JSON."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        described = plain()
        shapes = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        described["components"]["schemas"] |= shapes.pop("$defs") | {"Problem": shapes}
        return described

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to extend the description


def _operation_id(route: APIRoute) -> str:
    return route.name
