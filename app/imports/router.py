"""Routes of imports: parse, call once, answer. Those that set one going, stop it or take it back are in `running`."""

import uuid
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from app.db.base import utcnow
from app.errors import UNREADABLE, Code
from app.imports import events, look, service, show
from app.imports.columns import MAPPABLE, template_csv
from app.imports.pieces import limits_of
from app.imports.reading.dialect import Overrides
from app.imports.row import Outcome
from app.imports.schemas import (
    ColumnOut,
    ColumnsOut,
    ImportOut,
    IssueOut,
    MappingIn,
    PlannedRowOut,
    PreviewOut,
)
from app.imports.service import NewMapping
from app.texts import text
from app.web.deps import ContextOf, Importer, Language, Reader, Reading
from app.web.paging import Listing, Paged
from app.web.problems import documented

router = APIRouter(tags=["imports"])

ImportId = Annotated[uuid.UUID, Path(description="The import.")]
RETRY_AFTER = "1"


@router.get("/imports", responses=documented(Code.INVALID_CURSOR))
def list_imports(actor: Reader, session: Reading, pager: Paged, lang: Language) -> Listing[ImportOut]:
    """Imports, newest first."""
    found = look.list_imports(session, actor, limit=pager.fetch, after=pager.after_id)
    return pager.listing(found, position=lambda view: view.imported.id, show=lambda view: show.import_out(view, lang))


@router.get("/imports/{import_id}", responses=documented(Code.NOT_FOUND))
def get_import(actor: Reader, session: Reading, import_id: ImportId, lang: Language) -> ImportOut:
    """One import: its file, mapping, progress and result."""
    return show.import_out(look.get_import(session, actor, import_id), lang)


@router.put(
    "/imports/{import_id}/mapping",
    responses=documented(
        Code.NOT_FOUND,
        Code.IMPORT_CLOSED,
        Code.FILE_DELETED,
        Code.MAPPING_INVALID,
        *UNREADABLE,
        Code.FILE_TOO_MANY_LINES,
        Code.FILE_UNPACKS_TOO_LARGE,
        Code.SERVICE_BUSY,
    ),
)
def set_mapping(actor: Importer, context: ContextOf, import_id: ImportId, body: MappingIn, lang: Language) -> ImportOut:
    """Match the file's headers onto our columns, by position; starts the check. Up to 2,000 lines: done at once."""
    settings = context.settings
    with service.chosen_sheet(context.database, actor, import_id, body.sheet, limits_of(settings)) as sheet:
        mapping = NewMapping(
            columns=body.columns,
            defaults={name: value for name, value in body.defaults.model_dump().items() if value},
            overrides=Overrides(
                body.encoding, body.delimiter, body.quote, body.escape, body.header_line, body.ignore_lines
            ),
            sheet=sheet,
        )
        with context.database.writing(actor.platform_id) as session:
            job = service.set_mapping(session, actor, import_id, mapping, columns_limit=settings.upload_columns)
    if job is not None:
        service.check_now(context.database, job, max_lines=context.settings.upload_lines)
    with context.database.reading() as session:
        return show.import_out(look.get_import(session, actor, import_id), lang)


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
    preview = look.get_preview(session, actor, import_id)
    if preview is None:
        response.status_code = 202
        response.headers["Location"] = f"/api/v1/imports/{import_id}/preview"
        response.headers["Retry-After"] = RETRY_AFTER
        return show.import_out(look.get_import(session, actor, import_id), lang)
    return show.preview_out(preview, lang)


@router.get(
    "/imports/{import_id}/rows",
    responses=documented(
        Code.NOT_FOUND, Code.NOT_MAPPED, Code.NOT_READY, Code.CHECK_FAILED, Code.FILE_DELETED, Code.INVALID_CURSOR
    ),
)
def list_import_rows(
    actor: Reader,
    session: Reading,
    import_id: ImportId,
    pager: Paged,
    lang: Language,
    outcome: Annotated[Outcome | None, Query()] = None,
    code: Annotated[str | None, Query(max_length=60, description="Only rows with this issue.")] = None,
) -> Listing[PlannedRowOut]:
    """Every row of the file with its outcome, in the order of the file."""
    found = look.list_rows(
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
    found = look.list_issues(session, actor, import_id, code=code, limit=pager.fetch, after=pager.after_text)
    return pager.listing(found, position=lambda item: item[0], show=lambda item: show.issue_out(item[1], lang))


@router.delete("/imports/{import_id}", status_code=204, responses=documented(Code.NOT_FOUND, Code.IMPORT_BUSY))
def delete_import(actor: Importer, context: ContextOf, import_id: ImportId) -> None:
    """Drop the file and its rows. The counts stay, and the people too."""
    with context.database.writing(actor.platform_id) as session:
        service.delete_import(session, actor, import_id, now=utcnow())
    service.forget(context.database, actor, import_id)


def _may_follow(actor: Reader, session: Reading, import_id: ImportId) -> events.Slot:
    """Everything that may be refused is refused before the first event: a stream has no second status."""
    look.get_import(session, actor, import_id)
    return events.admit(actor)


@router.get(
    "/imports/{import_id}/events",
    response_class=EventSourceResponse,
    responses=documented(Code.NOT_FOUND, Code.TOO_MANY_STREAMS),
)
async def follow_import(
    slot: Annotated[events.Slot, Depends(_may_follow)],
    context: ContextOf,
    import_id: ImportId,
    lang: Language,
    last_event_id: Annotated[str | None, Header(max_length=200, description="The last event that was seen.")] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Follow an import live: `state` when it changes, `progress` as it goes, while anything moves."""
    async for event in events.follow(context.database, slot, import_id, lang, last_event_id):
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
                feeds=list(column.feeds),
                aliases={lang_: list(aliases) for lang_, aliases in column.aliases.items()},
            )
            for column in MAPPABLE
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
