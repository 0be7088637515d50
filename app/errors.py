"""What can go wrong, as stable codes. An AppError refuses a request; it never speaks HTTP or a language.

web/problems turns a code into a status and a text. A finding on a row of a file is an issue, not an error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What sort of refusal an error is; each has one HTTP status in web/problems."""

    MALFORMED = "malformed"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD = "method"
    CONFLICT = "conflict"
    GONE = "gone"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    INVALID = "invalid"
    FAULT = "fault"
    UNAVAILABLE = "unavailable"
    TOO_MANY = "too_many"


class Code(StrEnum):
    """Every code a problem can carry. Stable: clients branch on them. Texts: texts/*.json, `problems`."""

    BAD_REQUEST = "bad_request"
    NOT_AUTHENTICATED = "not_authenticated"
    SCOPE_MISSING = "scope_missing"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    BODY_TOO_LARGE = "body_too_large"
    INVALID_REQUEST = "invalid_request"
    INVALID_CURSOR = "invalid_cursor"
    IDEMPOTENCY_KEY_INVALID = "idempotency_key_invalid"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    IDEMPOTENCY_KEY_IN_USE = "idempotency_key_in_use"
    INTERNAL_ERROR = "internal_error"
    DATABASE_UNAVAILABLE = "database_unavailable"
    SERVICE_BUSY = "service_busy"

    SIGN_IN_FAILED = "sign_in_failed"
    ORIGIN_REFUSED = "origin_refused"
    PASSWORD_WRONG = "password_wrong"  # noqa: S105 a code, not a password
    RESET_NOT_USABLE = "reset_not_usable"
    NOT_ACCEPTED = "not_accepted"

    ALREADY_A_USER = "already_a_user"
    ALREADY_INVITED = "already_invited"
    UNKNOWN_NAMES = "unknown_names"
    NOT_RESENDABLE = "not_resendable"
    NOT_REVOCABLE = "not_revocable"
    INVITATION_NOT_USABLE = "invitation_not_usable"

    FILE_MISSING = "file_missing"
    FILE_TYPE_UNSUPPORTED = "file_type_unsupported"
    FILE_TOO_LARGE = "file_too_large"
    FILE_EMPTY = "file_empty"
    FILE_BINARY = "file_binary"
    FILE_DAMAGED = "file_damaged"
    FILE_PROTECTED = "file_protected"
    FILE_UNPACKS_TOO_LARGE = "file_unpacks_too_large"
    FILE_UNDECODABLE = "file_undecodable"
    ENCODING_UNCERTAIN = "encoding_uncertain"
    FILE_TOO_MANY_COLUMNS = "file_too_many_columns"
    FILE_CELL_TOO_LARGE = "file_cell_too_large"
    FILE_QUOTE_UNCLOSED = "file_quote_unclosed"
    FILE_WITHOUT_HEADER = "file_without_header"
    FILE_TOO_MANY_LINES = "file_too_many_lines"
    FILE_DELETED = "file_deleted"
    MAPPING_INVALID = "mapping_invalid"
    MAPPING_UNCERTAIN = "mapping_uncertain"
    IMPORT_CLOSED = "import_closed"
    IMPORT_BUSY = "import_busy"
    NOT_MAPPED = "not_mapped"
    CHECK_FAILED = "check_failed"
    ALREADY_COMMITTED = "already_committed"
    PREVIEW_OUTDATED = "preview_outdated"
    NOT_READY = "not_ready"
    QUESTION_OPEN = "question_open"
    ROWS_REJECTED = "rows_rejected"
    NOT_SENDABLE = "not_sendable"
    NOT_RUNNING = "not_running"
    NOT_UNDOABLE = "not_undoable"
    TOO_MANY_STREAMS = "too_many_streams"
    TOO_MANY_SIGN_INS = "too_many_sign_ins"
    TOO_MANY_RESETS = "too_many_resets"
    TOO_MANY_REQUESTS = "too_many_requests"
    TOO_MANY_MAILS = "too_many_mails"


KINDS: Mapping[Code, Kind] = {
    Code.BAD_REQUEST: Kind.MALFORMED,
    Code.NOT_AUTHENTICATED: Kind.UNAUTHENTICATED,
    Code.SCOPE_MISSING: Kind.FORBIDDEN,
    Code.NOT_FOUND: Kind.NOT_FOUND,
    Code.METHOD_NOT_ALLOWED: Kind.METHOD,
    Code.BODY_TOO_LARGE: Kind.TOO_LARGE,
    Code.INVALID_REQUEST: Kind.INVALID,
    Code.INVALID_CURSOR: Kind.INVALID,
    Code.IDEMPOTENCY_KEY_INVALID: Kind.INVALID,
    Code.IDEMPOTENCY_KEY_REUSED: Kind.INVALID,
    Code.IDEMPOTENCY_KEY_IN_USE: Kind.CONFLICT,
    Code.SIGN_IN_FAILED: Kind.UNAUTHENTICATED,
    Code.ORIGIN_REFUSED: Kind.FORBIDDEN,
    Code.PASSWORD_WRONG: Kind.INVALID,
    Code.RESET_NOT_USABLE: Kind.GONE,
    Code.NOT_ACCEPTED: Kind.CONFLICT,
    Code.NOT_SENDABLE: Kind.CONFLICT,
    Code.NOT_RUNNING: Kind.CONFLICT,
    Code.NOT_UNDOABLE: Kind.CONFLICT,
    Code.TOO_MANY_STREAMS: Kind.TOO_MANY,
    Code.TOO_MANY_SIGN_INS: Kind.TOO_MANY,
    Code.TOO_MANY_RESETS: Kind.TOO_MANY,
    Code.TOO_MANY_REQUESTS: Kind.TOO_MANY,
    Code.TOO_MANY_MAILS: Kind.TOO_MANY,
    Code.INTERNAL_ERROR: Kind.FAULT,
    Code.DATABASE_UNAVAILABLE: Kind.UNAVAILABLE,
    Code.SERVICE_BUSY: Kind.UNAVAILABLE,
    Code.ALREADY_A_USER: Kind.CONFLICT,
    Code.ALREADY_INVITED: Kind.CONFLICT,
    Code.UNKNOWN_NAMES: Kind.INVALID,
    Code.NOT_RESENDABLE: Kind.CONFLICT,
    Code.NOT_REVOCABLE: Kind.CONFLICT,
    Code.INVITATION_NOT_USABLE: Kind.GONE,
    Code.FILE_MISSING: Kind.INVALID,
    Code.FILE_TYPE_UNSUPPORTED: Kind.UNSUPPORTED,
    Code.FILE_TOO_LARGE: Kind.TOO_LARGE,
    Code.FILE_EMPTY: Kind.INVALID,
    Code.FILE_BINARY: Kind.INVALID,
    Code.FILE_DAMAGED: Kind.INVALID,
    Code.FILE_PROTECTED: Kind.INVALID,
    Code.FILE_UNPACKS_TOO_LARGE: Kind.TOO_LARGE,
    Code.FILE_UNDECODABLE: Kind.INVALID,
    Code.ENCODING_UNCERTAIN: Kind.INVALID,
    Code.FILE_TOO_MANY_COLUMNS: Kind.INVALID,
    Code.FILE_CELL_TOO_LARGE: Kind.INVALID,
    Code.FILE_QUOTE_UNCLOSED: Kind.INVALID,
    Code.FILE_WITHOUT_HEADER: Kind.INVALID,
    Code.FILE_TOO_MANY_LINES: Kind.INVALID,
    Code.FILE_DELETED: Kind.CONFLICT,
    Code.MAPPING_INVALID: Kind.INVALID,
    Code.MAPPING_UNCERTAIN: Kind.INVALID,
    Code.IMPORT_CLOSED: Kind.CONFLICT,
    Code.IMPORT_BUSY: Kind.CONFLICT,
    Code.NOT_MAPPED: Kind.CONFLICT,
    Code.CHECK_FAILED: Kind.CONFLICT,
    Code.ALREADY_COMMITTED: Kind.CONFLICT,
    Code.PREVIEW_OUTDATED: Kind.CONFLICT,
    Code.NOT_READY: Kind.CONFLICT,
    Code.QUESTION_OPEN: Kind.CONFLICT,
    Code.ROWS_REJECTED: Kind.CONFLICT,
}


UNREADABLE: tuple[Code, ...] = (
    Code.FILE_EMPTY,
    Code.FILE_UNDECODABLE,
    Code.FILE_WITHOUT_HEADER,
    Code.FILE_QUOTE_UNCLOSED,
    Code.FILE_CELL_TOO_LARGE,
    Code.FILE_TOO_MANY_COLUMNS,
)
"""What looking at the top of a file may find."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One place in a request that is wrong: a JSON pointer (`/columns/2`), a code, and what its text needs."""

    pointer: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


class AppError(Exception):
    """The request is refused. `params` fill the text, `fields` point into the request, `extra` goes to the client."""

    def __init__(
        self,
        code: Code,
        *,
        fields: Sequence[FieldError] = (),
        extra: Mapping[str, str] | None = None,
        retry_after: int | None = None,
        **params: object,
    ) -> None:
        super().__init__(code.value)
        self.code = code
        self.kind = KINDS[code]
        self.fields = tuple(fields)
        self.extra = dict(extra or {})
        self.retry_after = retry_after
        self.params = params


def not_found() -> AppError:
    """An unknown id, or one of another platform: to the outside the same thing."""
    return AppError(Code.NOT_FOUND)
