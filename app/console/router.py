"""Serves the pages: plain files under a strict content policy, and their words. Knows no noun of the customer.

Assets are served under an address with their hash, which browsers keep for a year; the pages name it. On disk a module
is a file with its comments; what travels is a script a page, joined, stripped and compressed once.
"""

import gzip
import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import brotli
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.console.compact import sheet
from app.console.joined import SHARED, joined
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
PAGES: Final = {"index.html": "main.js", "accept.html": "accept.js", "reset.html": "reset.js"}
"""Each page and the module it begins with."""
_SHELL: Final = '<link rel="stylesheet" href="assets/shell.css" />'
"""The sheet of what a page shows first. It travels in the page: nobody waits for a second answer to see something."""
_WORDS: Final = {
    "console": ("columns.", "console.", "strength."),
    "accept": (
        "accept.", "reset.", "strength.", "console.again", "console.language", "console.loading", "console.unreachable."
    ),
}  # fmt: skip
"""What each page says. The pages behind links in mails are read on phones: they get no word more than they need."""
_UNSAID: Final = re.compile(r"columns\..*\.description")
"""Words of the API alone."""
_A_YEAR: Final = "public, max-age=31536000, immutable"
_COMPRESSED: Final = 512
"""Bytes from which a file is worth compressing."""
_ENCODINGS: Final = ("br", "gzip")
"""What files are compressed with, the smaller first."""


@cache
def _assets() -> Mapping[str, bytes]:
    """What is served below the assets, by its path: the files there, scripts of pages and sheets made small."""
    files = (path for path in sorted(ASSETS.rglob("*")) if path.is_file() and path.suffix in TYPES)
    found = {path.relative_to(ASSETS).as_posix(): path.read_text(encoding="utf-8") for path in files}
    modules = {name: source for name, source in found.items() if name.endswith(".js")}
    sheets = {name: sheet(source) for name, source in found.items() if name.endswith(".css")}
    return {
        name: content.encode() for name, content in (found | joined(modules, list(PAGES.values())) | sheets).items()
    }


@cache
def version() -> str:
    """What changes with any of the assets."""
    digest = hashlib.sha256()
    for name, content in _assets().items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:12]


@cache
def _page(name: str) -> bytes:
    """A page, with the addresses of this version's assets. The script all pages share comes in one go with its own."""
    page = (STATIC / name).read_text(encoding="utf-8").replace(_SHELL, f"<style>{_shell()}</style>")
    page = page.replace(
        "  </head>", f'    <link rel="modulepreload" fetchpriority="low" href="assets/{SHARED}" />\n  </head>'
    )
    return page.replace('"assets/', f'"/console/assets-{version()}/').encode()


def _shell() -> str:
    return _assets()["shell.css"].decode()


@cache
def page_policy() -> str:
    """The content policy of a page: it names the sheet that stands in it by its hash (CSP level 3, section 6.7.3.3)."""
    digest = b64encode(hashlib.sha256(_shell().encode()).digest()).decode()
    return POLICY.replace("style-src 'self'", f"style-src 'self' 'sha256-{digest}'")


@cache
def _words(page: str, language: str) -> bytes:
    """The words of a page in a language, as a tree: each first part of a key travels once."""
    tree: dict[str, Any] = {}
    for key, value in texts(language).items():
        if key.startswith(_WORDS[page]) and not _UNSAID.fullmatch(key):
            *above, last = key.split(".")
            branch = tree
            for part in above:
                branch = branch.setdefault(part, {})
            branch[last] = value
    return json.dumps(tree, ensure_ascii=False, separators=(",", ":")).encode()


@cache
def _compressed(content: bytes, encoding: str) -> bytes:
    return bytes(brotli.compress(content)) if encoding == "br" else gzip.compress(content, mtime=0)


def prepare() -> None:
    """Does once, beforehand, what the first visitor would wait for."""
    for content in (*map(_page, PAGES), *(_assets()[name] for name in (SHARED, *PAGES.values())), *_all_words()):
        for encoding in _ENCODINGS:
            _compressed(content, encoding)


def _all_words() -> list[bytes]:
    return [_words(page, language) for page in _WORDS for language in languages()]


@cache
def _tag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:16]}"'


def _encoding(accepted: str) -> str | None:
    """The best of our encodings that a browser accepts: `gzip, br;q=0.5` are two, `br;q=0` is none."""
    asked = [part.replace(" ", "").lower().split(";") for part in accepted.split(",")]
    names = {name for name, *weight in asked if not re.fullmatch(r"q=0(\.0*)?", "".join(weight))}
    return next((encoding for encoding in _ENCODINGS if encoding in names), None)


def _answer(
    request: Request, content: bytes, suffix: str, *, cached: str = "no-cache", policy: str = POLICY
) -> Response:
    """The file, compressed for whoever can read that; only a word where the browser has this very one already."""
    tag = _tag(content)
    headers = {"Content-Security-Policy": policy, "Cache-Control": cached, "Vary": "Accept-Encoding", "ETag": tag}
    if request.headers.get("if-none-match", "").removeprefix("W/") == tag:
        return Response(status_code=304, headers=headers)
    encoding = _encoding(request.headers.get("accept-encoding", ""))
    if encoding and len(content) >= _COMPRESSED:
        content = _compressed(content, encoding)
        headers |= {"Content-Encoding": encoding, "ETag": f"W/{tag}"}
    return Response(content, media_type=TYPES[suffix], headers=headers)


@router.get("/")
@router.get("/console")
def home() -> RedirectResponse:
    """The console is where people begin."""
    return RedirectResponse("/console/", 307)


@router.get("/console/")
def console_page(request: Request) -> Response:
    """The administrators' console. Which of its screens is shown stands behind the `#`."""
    return _answer(request, _page("index.html"), ".html", policy=page_policy())


@router.get("/accept")
def accept_page(request: Request) -> Response:
    """The page behind the link in a mail. The token stays behind the `#`: it never reaches this server's logs."""
    return _answer(request, _page("accept.html"), ".html", policy=page_policy())


@router.get("/reset")
def reset_page(request: Request) -> Response:
    """The page behind the link in a mail about a forgotten password."""
    return _answer(request, _page("reset.html"), ".html", policy=page_policy())


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
