"""What happens to every request: an id, a line in the log, safe headers. Never logs a body, query, header or token."""

import re
import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import AppError, Code
from app.web import metrics
from app.web.problems import problem

log = structlog.get_logger()

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class RequestMiddleware:
    """Gives each request an id (the client's X-Request-Id where it is harmless) and each answer its headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status: int | None = None

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in SAFE_HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, send_with_headers)
            except Exception:  # answered here: the framework's own handler stands outside of these headers
                if status is None:
                    await problem(Request(scope), AppError(Code.INTERNAL_ERROR))(scope, receive, send_with_headers)
                raise
            finally:
                seconds = time.perf_counter() - started
                route = getattr(scope.get("route"), "path", None)
                metrics.observe(scope["method"], route, status or 500, seconds)
                log.info(
                    "request",
                    method=scope["method"],
                    route=route,
                    status=status or 500,
                    milliseconds=round(seconds * 1000, 1),
                )


class BodyLimitProblems:
    """Turns the framework's plain-text 413 into a problem: it is sent past the exception handlers, and met here."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        replaced = False

        async def send_problem_instead(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and message["status"] == 413:
                content_type = Headers(raw=message["headers"]).get("content-type", "")
                if content_type.startswith("text/plain"):
                    replaced = True
                    await problem(Request(scope), AppError(Code.BODY_TOO_LARGE))(scope, receive, send)
                    return
            if not replaced:
                await send(message)

        await self.app(scope, receive, send_problem_instead)
