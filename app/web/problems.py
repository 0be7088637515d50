"""Errors as RFC 9457 problems, in the reader's language. The only place that knows HTTP statuses of errors."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.db.session import is_collision, is_unavailable, kind_of
from app.errors import KINDS, AppError, Code, FieldError, Kind
from app.texts import FALLBACK, languages, text, texts

log = structlog.get_logger()

STATUS: Mapping[Kind, int] = {
    Kind.MALFORMED: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.METHOD: 405,
    Kind.CONFLICT: 409,
    Kind.GONE: 410,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED: 415,
    Kind.INVALID: 422,
    Kind.FAULT: 500,
    Kind.UNAVAILABLE: 503,
    Kind.TOO_MANY: 429,
}
RETRY_SECONDS = 5
MEDIA_TYPE = "application/problem+json"


class ProblemField(BaseModel):
    """One place in the request that is wrong."""

    pointer: str = Field(examples=["/email"])
    code: str = Field(examples=["invalid_email"])
    message: str


class Problem(BaseModel):
    """RFC 9457: what went wrong. `code` is for programs, `title` and `detail` for people."""

    type: str = Field(examples=["urn:rollcall:problem:not_found"])
    title: str
    status: int
    detail: str
    code: str
    instance: str
    request_id: str
    errors: list[ProblemField]


def status_of(code: Code) -> int:
    """The HTTP status of a code."""
    return STATUS[KINDS[code]]


def documented(*codes: Code) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route: the statuses of its own codes, each with the codes it stands for."""
    by_status: dict[int | str, list[Code]] = {}
    if any(status_of(code) == 422 for code in codes):  # a route's 422 replaces its router's: it names both
        codes = tuple(dict.fromkeys((Code.INVALID_REQUEST, *codes)))
    if any(status_of(code) == 503 for code in codes):  # and so does its 503
        codes = tuple(dict.fromkeys((*codes, Code.DATABASE_UNAVAILABLE)))
    if any(status_of(code) == 429 for code in codes):  # and so does its 429
        codes = tuple(dict.fromkeys((Code.TOO_MANY_REQUESTS, *codes)))
    if Code.IDEMPOTENCY_KEY_REUSED in codes:  # who takes a key may find that it is none, or that its answer was erased
        codes = (*codes, Code.IDEMPOTENCY_KEY_INVALID, Code.ANSWER_ERASED)
    for code in codes:
        by_status.setdefault(status_of(code), []).append(code)
    return {
        status: {
            "description": "Problem: " + ", ".join(f"`{code}`" for code in of_status),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, of_status in by_status.items()
    }


def language_of(accept_language: str | None) -> str:
    """The installed language a reader likes best (RFC 9110 section 12.5.4), English if none fits."""
    wanted: list[tuple[float, int, str]] = []
    for position, part in enumerate((accept_language or "")[:200].split(",")):
        tag, _, quality = part.partition(";")
        number = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", quality) if quality else None
        weight = float(number[1]) if number else 1.0
        if weight > 0:
            wanted.append((-weight, position, tag.strip().lower().split("-")[0]))
    for _, _, tag in sorted(wanted):
        if tag in languages():
            return tag
    return FALLBACK


class _ProblemResponse(JSONResponse):
    """A problem may quote what was sent: half a character in it must not make the refusal a fault of ours."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        """JSON in UTF-8, with a question mark for what UTF-8 cannot say."""
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def problem(request: Request, error: AppError) -> Response:
    """The answer to a refused request."""
    language = language_of(request.headers.get("accept-language"))
    status = STATUS[error.kind]
    body = {
        "type": f"urn:rollcall:problem:{error.code}",
        "title": text(language, f"problems.{error.code}.title"),
        "status": status,
        "detail": text(language, f"problems.{error.code}.detail", **error.params),
        "code": error.code.value,
        "instance": request.url.path,
        "request_id": getattr(request.state, "request_id", ""),
        "errors": [
            {"pointer": field.pointer, "code": field.code, "message": _field_text(language, field)}
            for field in error.fields
        ],
        **error.extra,
    }
    headers = {"Content-Language": language, "Cache-Control": "no-store"}
    if error.kind is Kind.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
    if error.kind in {Kind.UNAVAILABLE, Kind.TOO_MANY} or error.retry_after:
        headers["Retry-After"] = str(error.retry_after or RETRY_SECONDS)
    return _ProblemResponse(jsonable_encoder(body), status, headers)


def _field_text(language: str, field: FieldError) -> str:
    for key in (f"fields.{field.code}", f"issues.{field.code}"):
        if key in texts(language):
            return text(language, key, **{"value": "", "column": "", **field.params})
    return text(language, "fields.other")


# pydantic's error types, as codes of ours. What is not here is `other`: its place is told all the same.
_PYDANTIC = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "json_invalid": "invalid_json",
    "string_too_long": "too_long",
    "too_long": "too_many",
    "too_short": "too_few",
    "string_too_short": "too_short",
    "string_pattern_mismatch": "characters_not_allowed",
    "string_unicode": "characters_not_allowed",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "greater_than": "out_of_range",
    "less_than": "out_of_range",
    "enum": "not_a_choice",
    "literal_error": "not_a_choice",
    "uuid_parsing": "invalid_id",
    "uuid_type": "invalid_id",
}
_TYPES = re.compile(r"^(string|int|bool|list|dict|float|model|model_attributes)_(type|parsing|from_float)$")


def fields_of(errors: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """pydantic's errors as places and codes; a value is never repeated, it may be a secret."""
    found = []
    for error in errors:
        place = [str(part) for part in error["loc"]]
        inside = place[1:] if place[:1] in (["body"], ["query"], ["path"], ["header"]) else place
        if error["type"] == "json_invalid":
            inside = []
        context = cast("Mapping[str, Any]", error.get("ctx") or {})
        if error["type"] == "value_error" and isinstance(context.get("error"), InvalidValue):
            refused = cast("InvalidValue", context["error"])
            found.append(FieldError(_pointer(inside), refused.code, refused.params))
            continue
        code = _PYDANTIC.get(error["type"]) or ("wrong_type" if _TYPES.match(error["type"]) else "other")
        params = {key: value for key, value in context.items() if isinstance(value, str | int | float)}
        params["limit"] = next((params[key] for key in ("max_length", "min_length", "le", "ge") if key in params), "")
        found.append(FieldError(_pointer(inside), code, params))
    return list({(field.pointer, field.code): field for field in found}.values())  # asked for twice, told once


class InvalidValue(ValueError):  # noqa: N818 it is the value that is invalid
    """Raised by a validator of a schema: the value is refused under a code of ours."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def _pointer(parts: Sequence[str]) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def _database(request: Request, error: Exception) -> Response:
    if not is_unavailable(error) or (is_collision(error) and not getattr(request.state, "is_last_try", True)):
        raise error  # a collision is met by web/again, a fault by the middleware that answers 500
    log.error("database_unavailable", kind=kind_of(error))
    return problem(request, AppError(Code.DATABASE_UNAVAILABLE))


def _is_json_too_much(cause: BaseException | None) -> bool:
    """Whether a body is JSON nested too deep, or with too long a number, for anybody to have meant it."""
    return isinstance(cause, RecursionError) or (isinstance(cause, ValueError) and not isinstance(cause, UnicodeError))


def _code_of(error: HTTPException) -> Code:
    """What an error of the framework is for us."""
    if error.status_code == 400 and _is_json_too_much(error.__cause__):
        return Code.INVALID_REQUEST
    codes = {
        401: Code.NOT_AUTHENTICATED,
        404: Code.NOT_FOUND,
        405: Code.METHOD_NOT_ALLOWED,
        413: Code.BODY_TOO_LARGE,
        415: Code.FILE_TYPE_UNSUPPORTED,
        422: Code.INVALID_REQUEST,
    }
    return codes.get(error.status_code, Code.BAD_REQUEST if error.status_code < 500 else Code.INTERNAL_ERROR)


def install(app: FastAPI) -> None:
    """Make every error of the app a problem: ours, FastAPI's, the database's, and faults."""

    @app.exception_handler(AppError)
    def _refused(request: Request, error: AppError) -> Response:
        return problem(request, error)

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> Response:
        fields = fields_of(error.errors())
        if not request.headers.get("content-type", "").startswith("application/json"):
            fields = [FieldError("", "invalid_json") if field.pointer == "" else field for field in fields]
        return problem(request, AppError(Code.INVALID_REQUEST, fields=fields))

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        code = _code_of(error)
        fields = [FieldError("", "invalid_json")] if code is Code.INVALID_REQUEST else []
        answer = problem(request, AppError(code, fields=fields))
        for name, value in (error.headers or {}).items():
            answer.headers[name] = value
        if code is Code.METHOD_NOT_ALLOWED:  # the framework names the methods of one route, a path may have several
            here = [route for route in iter_route_contexts(app.routes) if route.path_regex.match(request.url.path)]
            answer.headers["Allow"] = ", ".join(sorted({method for route in here for method in route.methods or ()}))
        return answer

    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(PoolTimeoutError, _database)

    @app.exception_handler(ClientDisconnect)
    def _gone(request: Request, _error: ClientDisconnect) -> Response:
        return problem(request, AppError(Code.BAD_REQUEST))

    @app.exception_handler(Exception)
    def _fault(request: Request, _error: Exception) -> Response:
        return problem(request, AppError(Code.INTERNAL_ERROR))
