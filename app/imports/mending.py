"""Routes of mending: look at values, change them, change or skip rows, take away what was rejected."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse

from app.errors import UNREADABLE, Code
from app.imports import edits, look, rejected, service, show, values
from app.imports.changes import ChangedOut, RowIn, ValueOut, ValuesIn
from app.imports.edits import RowChange
from app.imports.router import ImportId
from app.imports.schemas import ColumnName, PlannedRowOut
from app.imports.values import Value
from app.imports.work import Job
from app.web.deps import Context, ContextOf, Importer, Language, Reader, Reading
from app.web.paging import Listing, Paged
from app.web.problems import documented

router = APIRouter(tags=["imports"])

_LAST_LINE = 2**31 - 1  # that a database can count to
Line = Annotated[int, Path(ge=1, le=_LAST_LINE, description="The line the row starts on.")]


@router.get(
    "/imports/{import_id}/values",
    responses=documented(
        Code.NOT_FOUND, Code.NOT_MAPPED, Code.FILE_DELETED, Code.MAPPING_INVALID, Code.INVALID_CURSOR, *UNREADABLE
    ),
)
def list_import_values(
    actor: Reader,
    session: Reading,
    import_id: ImportId,
    pager: Paged,
    column: Annotated[ColumnName, Query(description="One of our columns that the file feeds.")],
) -> Listing[ValueOut]:
    """The distinct values of a column, the most frequent first, each with what becomes of it. At most 10,000."""
    after = pager.after_number
    found = values.list_values(session, actor, import_id, column=column, after=after, limit=pager.fetch)
    numbered = list(enumerate(found, after + 1))
    return pager.listing(numbered, position=lambda item: item[0], show=lambda item: _value_out(item[1]))


@router.put(
    "/imports/{import_id}/values",
    responses=documented(
        Code.NOT_FOUND,
        Code.NOT_MAPPED,
        Code.NOT_READY,
        Code.CHECK_FAILED,
        Code.IMPORT_CLOSED,
        Code.FILE_DELETED,
        Code.MAPPING_INVALID,
        *UNREADABLE,
    ),
)
def change_import_values(actor: Importer, context: ContextOf, import_id: ImportId, body: ValuesIn) -> ChangedOut:
    """Make one value another wherever it stands, or change every row that has an issue. Starts a new check."""
    if body.issue is not None and body.accept:
        with context.database.writing(actor.platform_id) as session:
            changed, job = edits.accept_suggestions(session, actor, import_id, issue=body.issue)
    elif body.issue is not None:
        with context.database.writing(actor.platform_id) as session:
            changed, job = edits.edit_rows_with(
                session, actor, import_id, issue=body.issue, values=body.values.texts(), is_skipped=bool(body.skip)
            )
    else:
        place = {"column": body.column or "", "value": body.value or ""}
        with context.database.reading() as session:
            changed = values.count_rows_with(session, actor, import_id, **place)
        with context.database.writing(actor.platform_id) as session:
            job = edits.edit_value(session, actor, import_id, becomes=body.becomes or "", **place)
    _check_now(context, job)
    with context.database.reading() as session:
        return ChangedOut(changed=changed, version=look.find_import(session, actor, import_id).version)


@router.patch(
    "/imports/{import_id}/rows/{line}",
    responses=documented(Code.NOT_FOUND, Code.NOT_MAPPED, Code.IMPORT_CLOSED, Code.FILE_DELETED, *UNREADABLE),
)
def change_import_row(
    actor: Importer, context: ContextOf, import_id: ImportId, line: Line, body: RowIn, lang: Language
) -> PlannedRowOut:
    """Change or skip one row; answers with the row planned anew (of a large file: by itself, the check follows)."""
    with context.database.reading() as session:
        look.get_row(session, actor, import_id, line)  # a row must start there
    change = RowChange(
        body.values.texts() if body.values else {}, are_forgotten=body.values is None, is_skipped=body.skip
    )
    with context.database.writing(actor.platform_id) as session:
        job = edits.edit_row(session, actor, import_id, line, change)
    _check_now(context, job)
    with context.database.reading() as session:
        return show.row_out(look.get_row(session, actor, import_id, line), lang)


@router.get(
    "/imports/{import_id}/rejected.csv",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "The rejected rows."},
        **documented(Code.NOT_FOUND, Code.NOT_MAPPED, Code.NOT_READY, Code.CHECK_FAILED, Code.FILE_DELETED),
    },
)
def get_rejected(actor: Reader, context: ContextOf, import_id: ImportId, lang: Language) -> StreamingResponse:
    """The rejected rows in the file's own columns, delimiter and encoding, plus `line` and `problem`.

    Mended and uploaded again, it maps itself.
    """
    found = rejected.describe(context.database, actor, import_id, lang)
    return StreamingResponse(
        rejected.write(context.database, actor, import_id, found, lang),
        media_type=f"text/csv; charset={found.encoding}",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.file_name, safe='')}"},
    )


def _check_now(context: Context, job: Job | None) -> None:
    if job is not None:
        service.check_now(context.database, job, max_lines=context.settings.upload_lines)


def _value_out(value: Value) -> ValueOut:
    return ValueOut(
        value=value.value,
        count=value.count,
        first_line=value.first_line,
        becomes=value.becomes,
        issue=value.issue.value if value.issue else None,
        suggestion=value.suggestion,
    )
