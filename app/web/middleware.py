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
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "X-Permitted-Cross-Domain-Policies": "none",
}
_NOTHING_RUNS = "default-src 'none'; frame-ancestors 'none'"
_SWAGGER_UI = (
    "default-src 'none'; script-src 'unsafe-inline' https://cdn.jsdelivr.net; "
    "style-src 'unsafe-inline' https://cdn.jsdelivr.net; img-src data: https://fastapi.tiangolo.com; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the framework's page at /docs loads. Our own pages bring a stricter policy (console/router)."""
_A_YEAR_OF_TLS = "max-age=31536000"


class SafeHeaders:
    """Puts safe headers on every answer, also on those of the layers below that answer by themselves (CORS, 413)."""

    def __init__(self, app: ASGIApp, *, is_tls: bool) -> None:
        self.app = app
        self._everywhere = SAFE_HEADERS | ({"Strict-Transport-Security": _A_YEAR_OF_TLS} if is_tls else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._everywhere.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
                is_page = headers.get("content-type", "").startswith("text/html")
                headers.setdefault("Content-Security-Policy", _SWAGGER_UI if is_page else _NOTHING_RUNS)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class RequestMiddleware:
    """Gives each request an id: the client's X-Request-Id where it is harmless."""

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
