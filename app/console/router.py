"""Serves the pages: files as they are, under a strict content policy. Knows no noun of the customer."""

import json
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.errors import AppError, Code
from app.texts import languages, texts
from app.web.problems import language_of

router = APIRouter(include_in_schema=False)

STATIC = Path(__file__).parent / "static"
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@cache
def _file(name: str) -> bytes:
    path = STATIC / name
    if path.suffix not in _TYPES or path.name != name or not path.is_file():
        raise AppError(Code.NOT_FOUND)
    return path.read_bytes()


def _page(name: str) -> Response:
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    return Response(_file(name), media_type=_TYPES[Path(name).suffix], headers=headers)


@router.get("/accept")
def accept_page() -> Response:
    """The page behind the link in a mail. The token stays behind the `#`: it never reaches this server's logs."""
    return _page("accept.html")


@router.get("/reset")
def reset_page() -> Response:
    """The page behind the link in a mail about a forgotten password."""
    return _page("reset.html")


@router.get("/assets/{name}")
def asset(name: str) -> Response:
    """A file the pages use."""
    return _page(name)


@router.get("/accept/texts.json")
def accept_texts(request: Request, language: str | None = None) -> Response:
    """The words of the page, in the asked language or the browser's."""
    chosen = language if language in languages() else language_of(request.headers.get("accept-language"))
    words = {key.removeprefix("accept."): value for key, value in texts(chosen).items() if key.startswith("accept.")}
    body = json.dumps({"language": chosen, "words": words}, ensure_ascii=False)
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-cache"})
