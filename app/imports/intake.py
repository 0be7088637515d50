"""The route that takes a file in: as a form or as the body, once per Idempotency-Key. Reads no row of it."""

import asyncio
import contextlib
import functools
import hashlib
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from app.db.base import utcnow
from app.errors import UNREADABLE, AppError, Code, FieldError
from app.imports import look, one_shot, service, show
from app.imports.pieces import limits_of
from app.imports.schemas import AutoOut, ImportOut
from app.imports.upload import Upload
from app.imports.workbooks.workbook import TURN_SECONDS, TURNS, busy
from app.web.deps import Context, ContextOf, Importer, Language
from app.web.idempotency import Kept, KeyHeader, OnceRoute, Reservation, renewing, replay_or_refuse, reserve
from app.web.problems import documented

RAW_TYPES = {
    "text/csv": "upload.csv",
    "text/plain": "pasted.txt",
    "text/tab-separated-values": "upload.tsv",
    "application/csv": "upload.csv",
    "application/vnd.ms-excel": "upload.csv",  # what a browser on Windows calls a CSV file
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "upload.xlsx",
    "application/vnd.oasis.opendocument.spreadsheet": "upload.ods",
    "application/gzip": "upload.csv.gz",
    "application/x-gzip": "upload.csv.gz",
    "application/octet-stream": "upload.csv",
}
"""The types of a raw body, and what a file without a name is called. Its first bytes tell what it is."""
_READ_AT_ONCE = 1024 * 1024
_LOOK_AFTER = 0.1  # seconds
_NOT_IN_A_FILE_NAME = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]")

RETRY_AFTER = "1"
FILE = "CSV, perhaps packed with gzip; XLSX; ODS; or text with tabs, as pasted from a spreadsheet."
UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary", "description": FILE}},
                },
                "example": {"file": "people.csv"},
            },
            # All of RAW_TYPES are taken; generators of clients know only this one for raw bytes.
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}

BEING_CHECKED: dict[int | str, dict[str, Any]] = {
    202: {"model": ImportOut, "description": "`auto` with a larger file or `commit`: the import, being checked."}
}

upload_router = APIRouter(tags=["imports"], route_class=OnceRoute)


@upload_router.post(
    "/imports",
    status_code=201,
    response_model=ImportOut | AutoOut,
    openapi_extra=UPLOAD_BODY,
    responses=BEING_CHECKED
    | documented(
        Code.IDEMPOTENCY_KEY_REUSED,
        Code.IDEMPOTENCY_KEY_IN_USE,
        Code.FILE_MISSING,
        *UNREADABLE,
        Code.MAPPING_UNCERTAIN,
        Code.FILE_BINARY,
        Code.FILE_DAMAGED,
        Code.FILE_PROTECTED,
        Code.FILE_UNPACKS_TOO_LARGE,
        Code.FILE_TOO_MANY_LINES,
        Code.FILE_TYPE_UNSUPPORTED,
        Code.FILE_TOO_LARGE,
        Code.BODY_TOO_LARGE,
        Code.SERVICE_BUSY,
    ),
)
async def create_import(
    request: Request,
    actor: Importer,
    context: ContextOf,
    lang: Language,
    filename: Annotated[str | None, Query(max_length=255, description="The name of a file sent as the body.")] = None,
    auto: Annotated[
        bool, Query(description="Map by what is certain and check, in this one call: answers with import and preview.")
    ] = False,
    commit: Annotated[bool, Query(description="With `auto`: also commit, as soon as it is checked.")] = False,
    key: KeyHeader = None,
) -> Response:
    """Upload a file: as the field `file` of a form, or as the body itself.

    It is CSV, perhaps packed with gzip, XLSX or ODS: the first bytes tell, not the name. A raw body is sent as
    `text/csv`, `text/plain`, `application/gzip`, one of the types of workbooks or `application/octet-stream`, its name
    in the query's `filename`. Of a workbook the first sheet that is not empty is read; the mapping may choose another.
    """
    if commit and not auto:
        raise AppError(Code.INVALID_REQUEST, fields=[FieldError("/commit", "commit_without_auto")])
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
            async with _turn(upload):
                await run_in_threadpool(upload.end)
            finish = functools.partial(_finish, is_auto=auto, with_commit=commit)
            return await run_in_threadpool(finish, context, upload, name, lang, request.url.query, found)
        except BaseException:
            await run_in_threadpool(upload.discard)
            raise


@contextlib.asynccontextmanager
async def _turn(upload: Upload) -> AsyncIterator[None]:
    """A turn to read a sheet where one is read; whoever waits for it holds no thread."""
    if not upload.is_workbook:
        yield
        return
    for _ in range(int(TURN_SECONDS / _LOOK_AFTER)):
        if TURNS.acquire(blocking=False):
            break
        await asyncio.sleep(_LOOK_AFTER)
    else:
        raise busy()
    try:
        yield
    finally:
        TURNS.release()


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
                return _file_name(file.filename, RAW_TYPES["text/csv"])
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
    return _file_name(filename, RAW_TYPES[kind])


async def _gathered(request: Request) -> AsyncIterator[bytes]:
    """The body in larger chunks: one visit to the thread pool each."""
    waiting = bytearray()
    async for chunk in request.stream():
        waiting += chunk
        if len(waiting) >= _READ_AT_ONCE:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)


def _file_name(given: str | None, nameless: str) -> str:
    """A file's name without folders and control characters; `nameless` where there is none."""
    name = _NOT_IN_A_FILE_NAME.sub("", re.split(r"[/\\]", given or "")[-1]).strip()
    return name[:255] if name.strip(".") else nameless


def _finish(
    context: Context,
    upload: Upload,
    name: str,
    lang: str,
    query: str,
    reservation: Reservation | None,
    *,
    is_auto: bool,
    with_commit: bool,
) -> Response:
    now, job = utcnow(), None
    with context.database.writing(upload.actor.platform_id) as session:
        imported = upload.finish(session, file_name=name, now=now)
        if is_auto:
            job = one_shot.map_certainly(session, upload.actor, imported, {}, with_commit=with_commit, now=now)
        if job is None:
            shown = show.import_out(look.ImportView(imported, None), lang)
            answer = _answer(upload, shown, 202 if is_auto else 201)
            if reservation is not None:
                reservation.keep(session, upload_fingerprint(imported.sha256, name, query), answer)
            return answer
    service.check_now(context.database, job, max_lines=context.settings.upload_lines)
    with context.database.writing() as session:
        view = look.get_import(session, upload.actor, upload.id)
        preview = look.get_preview(session, upload.actor, upload.id)
        shown = show.import_out(view, lang)
        answer = (
            _answer(upload, AutoOut(import_=shown, preview=show.preview_out(preview, lang)), 201)
            if preview is not None
            else _answer(upload, shown, 202)  # too much was going on to check it at once
        )
        if reservation is not None:
            reservation.keep(session, upload_fingerprint(view.imported.sha256, name, query), answer)
    return answer


def _answer(upload: Upload, shown: ImportOut | AutoOut, status: int) -> Response:
    headers = {"Location": f"/api/v1/imports/{upload.id}"} | ({"Retry-After": RETRY_AFTER} if status == 202 else {})
    return Response(shown.model_dump_json(by_alias=True), status, headers, media_type="application/json")
