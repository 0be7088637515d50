"""What routes ask for: the database, the actor, a session. Decides who is let in; wires nothing itself."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from sqlalchemy.orm import Session

from app.access import credentials
from app.access.actor import Actor, Origin, Scope
from app.access.attempts import place_of
from app.access.tokens import Keyring
from app.db.base import utcnow
from app.db.session import Database
from app.errors import AppError, Code
from app.settings import Settings
from app.web.problems import language_of
from app.web.throttle import Throttle


@dataclass(frozen=True, slots=True)
class Context:
    """What one process of the service shares between its requests."""

    settings: Settings
    database: Database
    keyring: Keyring
    throttle: Throttle


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


ContextOf = Annotated[Context, Depends(_context)]


def _language(request: Request) -> str:
    return language_of(request.headers.get("accept-language"))


Language = Annotated[str, Depends(_language)]
"""The installed language the reader likes best."""


def remote_address(request: Request) -> str | None:
    """The network address a request came from: the one place that says so."""
    return request.client.host if request.client else None


def _origin(request: Request) -> Origin:
    return Origin(request.state.request_id, remote_address(request))


OriginOf = Annotated[Origin, Depends(_origin)]
"""From where a request comes, for routes that ask for no actor."""


def _place(request: Request) -> str:
    return place_of(remote_address(request) or "")


Place = Annotated[str, Depends(_place)]
"""The network a request comes from. What a header says of it is believed of trusted proxies only (app/child.py)."""


def _reading(context: ContextOf) -> Iterator[Session]:
    with context.database.reading() as session:
        yield session


def _writing(request: Request, context: ContextOf) -> Iterator[Session]:
    actor: Actor | None = getattr(request.state, "actor", None)
    yield from _transaction(request, context, actor.platform_id if actor else None)


def _writing_at_once(request: Request, context: ContextOf) -> Iterator[Session]:
    yield from _transaction(request, context, None)


def _transaction(request: Request, context: Context, turn_of: int | None) -> Iterator[Session]:
    with context.database.writing(turn_of) as session:
        request.state.session = session  # an answer to keep is kept in this very transaction (web/idempotency)
        yield session


# scope="function": the transaction ends before the answer is sent, so a failed commit is a 503, never a false 201.
Reading = Annotated[Session, Depends(_reading, scope="function")]
Writing = Annotated[Session, Depends(_writing, scope="function")]
WritingAtOnce = Annotated[Session, Depends(_writing_at_once, scope="function")]
"""Without a platform's turn: for what is short and often asked for, and is decided by keys and locks of rows alone."""

_bearer = HTTPBearer(
    scheme_name="api_key",
    bearerFormat="rck_... or rcs_...",
    description="An API key of a platform (`rollcall create-key`), or the token of a signed-in administrator.",
    auto_error=False,
)


Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


def _actor(required: SecurityScopes, request: Request, context: ContextOf, bearer: Bearer) -> Actor:
    now = utcnow()
    cookie = request.cookies.get(cookie_name(context.settings))
    if bearer is not None and bearer.credentials.startswith(credentials.KEY_MARK):
        actor = _actor_of_key(context, bearer.credentials, now)
    elif bearer is not None or cookie:
        token = bearer.credentials if bearer is not None else cookie or ""
        with context.database.asking() as session:
            actor = credentials.actor_of_session(session, token, now)
        if bearer is None:
            require_same_site(request, context.settings)
    else:
        actor = None
    if actor is None:
        raise AppError(Code.NOT_AUTHENTICATED)
    context.throttle.admit(actor)
    for scope in required.scopes:
        if not actor.may(Scope(scope)):
            raise AppError(Code.SCOPE_MISSING, scope=scope)
    actor = replace(actor, origin=_origin(request))
    request.state.actor = actor
    return actor


def _actor_of_key(context: Context, key: str, now: datetime) -> Actor | None:
    with context.database.asking() as session:
        found = credentials.actor_of_key(session, key)
    if found is None:
        return None
    actor, last_used_at = found
    if credentials.use_needs_noting(last_used_at, now):
        with context.database.writing() as session:
            credentials.note_use(session, actor, now)
    return actor


def cookie_name(settings: Settings) -> str:
    """The session cookie. Under TLS its prefix makes browsers keep it to this very host (RFC 6265bis, `__Host-`)."""
    return "__Host-rollcall" if settings.public_url.startswith("https://") else "rollcall"


def allowed_origins(settings: Settings) -> set[str]:
    """Origins whose pages may use the API: our own, and those of the settings."""
    own = urlsplit(settings.public_url)
    return {f"{own.scheme}://{own.netloc}", *settings.allowed_origins}


def require_same_origin(request: Request, settings: Settings) -> None:
    """A page that says where it is from must be one of those allowed. Raises AppError origin_refused."""
    origin = request.headers.get("origin")
    if origin is not None and origin not in allowed_origins(settings):
        raise AppError(Code.ORIGIN_REFUSED)


def require_same_site(request: Request, settings: Settings) -> None:
    """A change asked for by cookie must come from our own pages. Raises AppError origin_refused.

    Another site can make a browser send the cookie, but neither an allowed Origin nor a header of its own choice.
    """
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    origin = request.headers.get("origin")
    if origin not in allowed_origins(settings) or request.headers.get("x-rollcall-request") != "1":
        raise AppError(Code.ORIGIN_REFUSED)


# Dependencies are solved in order: name the actor before the session, so that strangers never open a transaction.
Reader = Annotated[Actor, Security(_actor, scopes=[Scope.READ])]
Inviter = Annotated[Actor, Security(_actor, scopes=[Scope.INVITE])]
Importer = Annotated[Actor, Security(_actor, scopes=[Scope.IMPORT])]
Administrator = Annotated[Actor, Security(_actor, scopes=[Scope.ADMIN])]
