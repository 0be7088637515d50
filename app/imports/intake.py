"""The route that takes a file in: as a form or as the body, once per Idempotency-Key. Reads no row of it."""

import hashlib
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from app.db.base import utcnow
from app.errors import UNREADABLE, AppError, Code
from app.imports import look, show
from app.imports.schemas import ImportOut
from app.imports.upload import Limits, Upload
from app.settings import Settings
from app.web.deps import Context, ContextOf, Importer, Language
from app.web.idempotency import Kept, KeyHeader, OnceRoute, Reservation, renewing, replay_or_refuse, reserve
from app.web.problems import documented

RAW_TYPES = {"text/csv", "text/plain", "application/csv", "application/octet-stream"}
_READ_AT_ONCE = 1024 * 1024
_NOT_IN_A_FILE_NAME = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]")

UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary", "description": "The CSV file."}},
                },
                "example": {"file": "people.csv"},
            },
            # text/csv and text/plain are taken too; generators of clients know only this one for raw bytes.
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


def limits_of(settings: Settings) -> Limits:
    """How large a file may be, by the settings."""
    return Limits(size=settings.upload_bytes, lines=settings.upload_lines, columns=settings.upload_columns)


upload_router = APIRouter(tags=["imports"], route_class=OnceRoute)


@upload_router.post(
    "/imports",
    status_code=201,
    response_model=ImportOut,
    openapi_extra=UPLOAD_BODY,
    responses=documented(
        Code.IDEMPOTENCY_KEY_REUSED,
        Code.IDEMPOTENCY_KEY_IN_USE,
        Code.FILE_MISSING,
        *UNREADABLE,
        Code.FILE_BINARY,
        Code.FILE_TOO_MANY_LINES,
        Code.FILE_TYPE_UNSUPPORTED,
        Code.FILE_TOO_LARGE,
        Code.BODY_TOO_LARGE,
    ),
)
async def create_import(
    request: Request,
    actor: Importer,
    context: ContextOf,
    lang: Language,
    filename: Annotated[str | None, Query(max_length=255, description="The name of a file sent as the body.")] = None,
    key: KeyHeader = None,
) -> Response:
    """Upload a file: as the field `file` of a form, or as the body itself.

    A raw body is `text/csv`, `text/plain` or `application/octet-stream`, its name the query's `filename`.
    """
    found: Reservation | Kept | None = None
    if key is not None:
        path = request.url.path
        found = await run_in_threadpool(reserve, context.database, actor, "POST", path, key, utcnow())
    if isinstance(found, Kept):
        seen = Seen(request.url.query)
        seen.name = await _take_in(request, seen, filename)
        raise replay_or_refuse(found, seen.fingerprint())
    upload = Upload(context.database, actor, limits_of(context.settings))
    async with renewing(found):
        try:
            name = await _take_in(request, upload, filename)
            return await run_in_threadpool(_finish, context, upload, name, lang, request.url.query, found)
        except BaseException:
            await run_in_threadpool(upload.discard)
            raise


class Seen:
    """A file that is only looked at, to tell whether it is the one of an earlier request."""

    def __init__(self, query: str) -> None:
        self._sha256 = hashlib.sha256()
        self._query = query
        self.name = ""

    def write(self, chunk: bytes) -> None:
        """The next bytes."""
        self._sha256.update(chunk)

    def fingerprint(self) -> bytes:
        """What tells this upload from another one."""
        return upload_fingerprint(self._sha256.hexdigest(), self.name, self._query)


def upload_fingerprint(sha256: str, name: str, query: str) -> bytes:
    """SHA-256 over a file's bytes, its name and the query."""
    return hashlib.sha256("\0".join([sha256, name, query]).encode()).digest()


class Taker(Protocol):
    """Something that takes a file in."""

    def write(self, chunk: bytes) -> None:
        """The next bytes."""


async def _take_in(request: Request, upload: Taker, filename: str | None) -> str:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        try:
            async with request.form(max_files=1, max_fields=10) as form:
                file = form.get("file")
                if not isinstance(file, UploadFile):
                    raise AppError(Code.FILE_MISSING)
                while chunk := await file.read(_READ_AT_ONCE):
                    await run_in_threadpool(upload.write, chunk)
                return _file_name(file.filename)
        except HTTPException as error:
            if error.status_code != 400:
                raise
            raise AppError(Code.FILE_MISSING) from None  # what the form is broken by is nothing a person could mend
        except (UnicodeError, LookupError):
            raise AppError(Code.FILE_MISSING) from None  # a charset of the form's header that is none
    if kind not in RAW_TYPES:
        raise AppError(Code.FILE_TYPE_UNSUPPORTED, kind=kind or "?")
    async for chunk in _gathered(request):
        await run_in_threadpool(upload.write, chunk)
    return _file_name(filename)


async def _gathered(request: Request) -> AsyncIterator[bytes]:
    """The body in larger chunks: one visit to the thread pool each."""
    waiting = bytearray()
    async for chunk in request.stream():
        waiting += chunk
        if len(waiting) >= _READ_AT_ONCE:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)


def _file_name(given: str | None) -> str:
    """A file's name without folders and control characters; `upload.csv` where there is none."""
    name = _NOT_IN_A_FILE_NAME.sub("", re.split(r"[/\\]", given or "")[-1]).strip()
    return name[:255] or "upload.csv"


def _finish(
    context: Context, upload: Upload, name: str, lang: str, query: str, reservation: Reservation | None
) -> Response:
    with context.database.writing() as session:
        imported = upload.finish(session, file_name=name, now=utcnow())
        body = show.import_out(look.ImportView(imported, None), lang).model_dump_json()
        headers = {"Location": f"/api/v1/imports/{upload.id}"}
        answer = Response(body, 201, headers, media_type="application/json")
        if reservation is not None:
            reservation.keep(session, upload_fingerprint(imported.sha256, name, query), answer)
    return answer
