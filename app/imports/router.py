"""Routes of imports: parse, call once, answer."""

import hashlib
import re
import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException

from app.access.actor import Actor
from app.db.base import utcnow
from app.errors import AppError, Code
from app.imports import events, service, show
from app.imports.columns import COLUMNS, template_csv
from app.imports.plan import Outcome
from app.imports.schemas import (
    ColumnOut,
    ColumnsOut,
    CommitIn,
    ImportOut,
    IssueOut,
    MappingIn,
    PlannedRowOut,
    PreviewOut,
)
from app.imports.service import CommitOptions, NewMapping
from app.imports.table import Overrides
from app.imports.upload import Limits, Upload
from app.settings import Settings
from app.texts import text
from app.web.deps import Context, ContextOf, Importer, Reader, Reading, Writing
from app.web.idempotency import Kept, KeyHeader, Once, OnceRoute, Reservation, renewing, replay_or_refuse, reserve
from app.web.paging import Listing, Paged
from app.web.problems import documented, language_of

router = APIRouter(tags=["imports"], route_class=OnceRoute)

ImportId = Annotated[uuid.UUID, Path(description="The import.")]
RAW_TYPES = {"text/csv", "text/plain", "application/csv", "application/octet-stream"}
_READ_AT_ONCE = 1024 * 1024
RETRY_AFTER = "1"

UPLOAD_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary", "description": "The CSV file."}},
                }
            },
            # text/csv and text/plain are taken too; generators of clients know only this one for raw bytes.
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


def language(request: Request) -> str:
    """The reader's language."""
    return language_of(request.headers.get("accept-language"))


Language = Annotated[str, Depends(language)]


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
        Code.FILE_EMPTY,
        Code.FILE_BINARY,
        Code.FILE_UNDECODABLE,
        Code.FILE_WITHOUT_HEADER,
        Code.FILE_QUOTE_UNCLOSED,
        Code.FILE_CELL_TOO_LARGE,
        Code.FILE_TOO_MANY_COLUMNS,
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
        except MultiPartException:
            raise AppError(Code.FILE_MISSING) from None
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
    name = re.sub(r"[\x00-\x1f\x7f-\x9f]", "", re.split(r"[/\\]", given or "")[-1]).strip()
    return name[:255] or "upload.csv"


def _finish(
    context: Context, upload: Upload, name: str, lang: str, query: str, reservation: Reservation | None
) -> Response:
    with context.database.writing() as session:
        imported = upload.finish(session, file_name=name, now=utcnow())
        body = show.import_out(service.ImportView(imported, None), lang).model_dump_json()
        headers = {"Location": f"/api/v1/imports/{upload.id}"}
        answer = Response(body, 201, headers, media_type="application/json")
        if reservation is not None:
            reservation.keep(session, upload_fingerprint(imported.sha256, name, query), answer)
    return answer


@router.get("/imports", responses=documented(Code.INVALID_CURSOR))
def list_imports(actor: Reader, session: Reading, pager: Paged, lang: Language) -> Listing[ImportOut]:
    """Imports, newest first."""
    found = service.list_imports(session, actor, limit=pager.fetch, after=pager.after_id)
    return pager.listing(found, position=lambda view: view.imported.id, show=lambda view: show.import_out(view, lang))


@router.get("/imports/{import_id}", responses=documented(Code.NOT_FOUND))
def get_import(actor: Reader, session: Reading, import_id: ImportId, lang: Language) -> ImportOut:
    """One import: its file, mapping, progress and result."""
    return show.import_out(service.get_import(session, actor, import_id), lang)


@router.put(
    "/imports/{import_id}/mapping",
    responses=documented(Code.NOT_FOUND, Code.IMPORT_CLOSED, Code.FILE_DELETED, Code.MAPPING_INVALID),
)
def set_mapping(actor: Importer, context: ContextOf, import_id: ImportId, body: MappingIn, lang: Language) -> ImportOut:
    """Match the file's headers onto our columns, by position; starts the check. Up to 2,000 lines: done at once."""
    mapping = NewMapping(
        columns=body.columns,
        defaults={name: value for name, value in body.defaults.model_dump().items() if value},
        overrides=Overrides(body.encoding, body.delimiter, body.quote, body.header_line),
    )
    with context.database.writing() as session:
        job = service.set_mapping(
            context.database, session, actor, import_id, mapping, columns_limit=context.settings.upload_columns
        )
    if job is not None:
        service.check_now(context.database, job, max_lines=context.settings.upload_lines)
    with context.database.reading() as session:
        return show.import_out(service.get_import(session, actor, import_id), lang)


@router.get(
    "/imports/{import_id}/preview",
    responses={
        202: {"model": ImportOut, "description": "Not ready yet: the import, with its progress."},
        **documented(Code.NOT_FOUND, Code.NOT_MAPPED, Code.CHECK_FAILED),
    },
)
def get_preview(
    actor: Reader, session: Reading, import_id: ImportId, lang: Language, response: Response
) -> PreviewOut | ImportOut:
    """What will happen: the first 10 people, the totals of the whole file, what will be created, the issues."""
    preview = service.get_preview(session, actor, import_id)
    if preview is None:
        response.status_code = 202
        response.headers["Location"] = f"/api/v1/imports/{import_id}/preview"
        response.headers["Retry-After"] = RETRY_AFTER
        return show.import_out(service.get_import(session, actor, import_id), lang)
    return show.preview_out(preview, lang)


@router.get(
    "/imports/{import_id}/rows",
    responses=documented(
        Code.NOT_FOUND, Code.NOT_MAPPED, Code.NOT_READY, Code.CHECK_FAILED, Code.FILE_DELETED, Code.INVALID_CURSOR
    ),
)
def list_import_rows(
    actor: Reader,
    context: ContextOf,
    session: Reading,
    import_id: ImportId,
    pager: Paged,
    lang: Language,
    outcome: Annotated[Outcome | None, Query()] = None,
    code: Annotated[str | None, Query(max_length=60, description="Only rows with this issue.")] = None,
) -> Listing[PlannedRowOut]:
    """Every row of the file with its outcome, in the order of the file."""
    found = service.list_rows(
        context.database,
        session,
        actor,
        import_id,
        outcome=outcome,
        code=code,
        limit=pager.fetch,
        after=pager.after_number,
    )
    return pager.listing(found, position=lambda row: row.line, show=lambda row: show.row_out(row, lang))


@router.get(
    "/imports/{import_id}/issues",
    responses=documented(
        Code.NOT_FOUND, Code.NOT_MAPPED, Code.NOT_READY, Code.CHECK_FAILED, Code.FILE_DELETED, Code.INVALID_CURSOR
    ),
)
def list_import_issues(
    actor: Reader,
    session: Reading,
    import_id: ImportId,
    pager: Paged,
    lang: Language,
    code: Annotated[str | None, Query(max_length=60)] = None,
) -> Listing[IssueOut]:
    """Every finding, those of the file first, then line by line."""
    found = service.list_issues(session, actor, import_id, code=code, limit=pager.fetch, after=pager.after_text)
    return pager.listing(found, position=lambda item: item[0], show=lambda item: show.issue_out(item[1], lang))


@router.post(
    "/imports/{import_id}/commit",
    status_code=202,
    responses=documented(
        Code.NOT_FOUND,
        Code.ALREADY_COMMITTED,
        Code.PREVIEW_OUTDATED,
        Code.NOT_READY,
        Code.QUESTION_OPEN,
        Code.ROWS_REJECTED,
        Code.FILE_DELETED,
        Code.IDEMPOTENCY_KEY_REUSED,
        Code.IDEMPOTENCY_KEY_IN_USE,
    ),
)
def commit_import(
    actor: Importer,
    _once: Once,
    session: Writing,
    import_id: ImportId,
    body: CommitIn,
    lang: Language,
    response: Response,
) -> ImportOut:
    """ "Import and Invite": adds the new people, each gets one mail. Committing twice is committing once."""
    options = CommitOptions(
        version=body.version,
        send_invitations=body.send_invitations,
        hold_minutes=body.hold_minutes,
        message=body.message or None,
        on_rejected=body.on_rejected,
    )
    service.commit(session, actor, import_id, options, now=utcnow())
    session.flush()
    response.headers["Location"] = f"/api/v1/imports/{import_id}"
    response.headers["Retry-After"] = RETRY_AFTER
    return show.import_out(service.get_import(session, actor, import_id), lang)


@router.post(
    "/imports/{import_id}/send",
    status_code=202,
    responses=documented(Code.NOT_FOUND, Code.NOT_SENDABLE, Code.IDEMPOTENCY_KEY_REUSED, Code.IDEMPOTENCY_KEY_IN_USE),
)
def send_import(
    actor: Importer, _once: Once, session: Writing, import_id: ImportId, lang: Language, response: Response
) -> ImportOut:
    """Invite those who were added quietly, and release mails that are held. Again is harmless."""
    service.send(session, actor, import_id, now=utcnow())
    session.flush()
    response.headers["Location"] = f"/api/v1/imports/{import_id}"
    response.headers["Retry-After"] = RETRY_AFTER
    return show.import_out(service.get_import(session, actor, import_id), lang)


@router.delete("/imports/{import_id}", status_code=204, responses=documented(Code.NOT_FOUND, Code.IMPORT_BUSY))
def delete_import(actor: Importer, session: Writing, import_id: ImportId) -> None:
    """Drop the file and its rows. The counts stay, and the people too."""
    service.delete_import(session, actor, import_id, now=utcnow())


def _may_follow(actor: Reader, session: Reading, import_id: ImportId) -> Actor:
    """Everything that may be refused is refused before the first event: a stream has no second status."""
    service.get_import(session, actor, import_id)
    events.admit(actor)
    return actor


@router.get(
    "/imports/{import_id}/events",
    response_class=EventSourceResponse,
    responses=documented(Code.NOT_FOUND, Code.TOO_MANY_STREAMS),
)
async def follow_import(
    actor: Annotated[Actor, Depends(_may_follow)],
    context: ContextOf,
    import_id: ImportId,
    lang: Language,
    last_event_id: Annotated[str | None, Header(max_length=200, description="The last event that was seen.")] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Follow an import live: `state` when it changes, `progress` as it goes, while anything moves."""
    async for event in events.follow(context.database, actor, import_id, lang, last_event_id):
        yield event


@router.get("/import-columns")
def list_import_columns(_actor: Reader, lang: Language) -> ColumnsOut:
    """The columns a file may feed, what people call them, and an example of each."""
    return ColumnsOut(
        items=[
            ColumnOut(
                name=column.name,
                title=text(lang, f"columns.{column.name}.title"),
                description=text(lang, f"columns.{column.name}.description"),
                required=column.required,
                default=column.default,
                example=column.example,
                aliases={lang_: list(aliases) for lang_, aliases in column.aliases.items()},
            )
            for column in COLUMNS
        ]
    )


@router.get(
    "/import-template.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "The sample file."}},
)
def get_import_template(_actor: Reader) -> Response:
    """A sample file with every column and two people."""
    return Response(
        template_csv().encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="rollcall-template.csv"'},
    )
