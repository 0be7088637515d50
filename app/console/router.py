"""Serves the pages: plain files under a strict content policy, and their words. Knows no noun of the customer.

Assets are served under an address with their hash, which browsers keep for a year; the pages name it.
"""

import gzip
import hashlib
import json
import posixpath
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.errors import AppError, Code
from app.texts import languages, texts

router = APIRouter(include_in_schema=False)

STATIC: Final = Path(__file__).parent / "static"
ASSETS: Final = STATIC / "assets"
TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SCRIPT: Final = re.compile(r'src="assets/([^"]+)"')
_IMPORT: Final = re.compile(r'\bfrom "(\.[^"]+)";$', re.MULTILINE)
_WORDS: Final = {
    "console": ("columns.", "console.", "strength."),
    "accept": (
        "accept.", "reset.", "strength.", "console.again", "console.language", "console.loading", "console.unreachable."
    ),
}  # fmt: skip
"""What each page says. The pages behind links in mails are read on phones: they get no word more than they need."""
_A_YEAR: Final = "public, max-age=31536000, immutable"
_COMPRESSED: Final = 1024
"""Bytes from which a file is worth compressing."""


@cache
def _assets() -> Mapping[str, bytes]:
    """All that lies below the assets, by its path. What is not in here is not served."""
    files = (path for path in sorted(ASSETS.rglob("*")) if path.is_file() and path.suffix in TYPES)
    return {path.relative_to(ASSETS).as_posix(): path.read_bytes() for path in files}


@cache
def version() -> str:
    """What changes with any of the assets."""
    digest = hashlib.sha256()
    for name, content in _assets().items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:12]


@cache
def _page(name: str) -> bytes:
    """A page, with the addresses of this version's assets, and of all its scripts import: they come in one go."""
    page = (STATIC / name).read_text(encoding="utf-8")
    imported = {module for script in _SCRIPT.findall(page) for module in _imported(script)}
    links = (f'    <link rel="modulepreload" href="assets/{module}" />\n' for module in sorted(imported))
    page = page.replace("  </head>", "".join((*links, "  </head>")))
    return page.replace('"assets/', f'"/console/assets-{version()}/').encode()


def _imported(script: str) -> set[str]:
    """The scripts a script imports before it runs, and those they import."""
    found: set[str] = set()
    waiting = [script]
    while waiting:
        name = waiting.pop()
        for path in _IMPORT.findall(_assets()[name].decode()):
            module = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
            if module not in found:
                found.add(module)
                waiting.append(module)
    return found


@cache
def _words(page: str, language: str) -> bytes:
    """The words of a page in a language."""
    shown = {key: value for key, value in texts(language).items() if key.startswith(_WORDS[page])}
    return json.dumps(shown, ensure_ascii=False).encode()


@cache
def _compressed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


@cache
def _tag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:16]}"'


def _answer(request: Request, content: bytes, suffix: str, *, cached: str = "no-cache") -> Response:
    """The file, compressed for whoever can read that; only a word where the browser has this very one already."""
    tag = _tag(content)
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": cached, "Vary": "Accept-Encoding", "ETag": tag}
    if request.headers.get("if-none-match", "").removeprefix("W/") == tag:
        return Response(status_code=304, headers=headers)
    if len(content) >= _COMPRESSED and "gzip" in request.headers.get("accept-encoding", ""):
        content = _compressed(content)
        headers |= {"Content-Encoding": "gzip", "ETag": f"W/{tag}"}
    return Response(content, media_type=TYPES[suffix], headers=headers)


@router.get("/")
@router.get("/console")
def home() -> RedirectResponse:
    """The console is where people begin."""
    return RedirectResponse("/console/", 307)


@router.get("/console/")
def console_page(request: Request) -> Response:
    """The administrators' console. Which of its screens is shown stands behind the `#`."""
    return _answer(request, _page("index.html"), ".html")


@router.get("/accept")
def accept_page(request: Request) -> Response:
    """The page behind the link in a mail. The token stays behind the `#`: it never reaches this server's logs."""
    return _answer(request, _page("accept.html"), ".html")


@router.get("/reset")
def reset_page(request: Request) -> Response:
    """The page behind the link in a mail about a forgotten password."""
    return _answer(request, _page("reset.html"), ".html")


@router.get("/{page}/texts/{language}.json")
def words(request: Request, page: str, language: str) -> Response:
    """The words of the console, or of the pages behind links in mails, in one of the installed languages."""
    if page not in _WORDS or language not in languages():
        raise AppError(Code.NOT_FOUND)
    return _answer(request, _words(page, language), ".json")


@router.get("/console/assets-{given}/{name:path}")
def versioned_asset(request: Request, given: str, name: str) -> Response:
    """A file the pages use: kept by browsers for as long as it is this version's."""
    content = _assets().get(name)
    if content is None:
        raise AppError(Code.NOT_FOUND)
    return _answer(request, content, Path(name).suffix, cached=_A_YEAR if given == version() else "no-cache")
