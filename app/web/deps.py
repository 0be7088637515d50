"""What routes ask for: the database, the actor, a session. Decides who is let in; wires nothing itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from sqlalchemy.orm import Session

from app.access import credentials
from app.access.actor import Actor, Scope
from app.access.tokens import Keyring
from app.db.base import utcnow
from app.db.session import Database
from app.errors import AppError, Code
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """What one process of the service shares between its requests."""

    settings: Settings
    database: Database
    keyring: Keyring


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


ContextOf = Annotated[Context, Depends(_context)]


def _reading(context: ContextOf) -> Iterator[Session]:
    with context.database.reading() as session:
        yield session


def _writing(context: ContextOf) -> Iterator[Session]:
    with context.database.writing() as session:
        yield session


# scope="function": the transaction ends before the answer is sent, so a failed commit is a 503, never a false 201.
Reading = Annotated[Session, Depends(_reading, scope="function")]
Writing = Annotated[Session, Depends(_writing, scope="function")]

_bearer = HTTPBearer(
    scheme_name="api_key",
    bearerFormat="rck_...",
    description="An API key of a platform, made with `rollcall create-key`.",
    auto_error=False,
)


def _actor(
    required: SecurityScopes,
    request: Request,
    context: ContextOf,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Actor:
    if bearer is None:
        raise AppError(Code.NOT_AUTHENTICATED)
    now = utcnow()
    with context.database.reading() as session:
        found = credentials.actor_of_key(session, bearer.credentials)
    if found is None:
        raise AppError(Code.NOT_AUTHENTICATED)
    actor, last_used_at = found
    for scope in required.scopes:
        if not actor.may(Scope(scope)):
            raise AppError(Code.SCOPE_MISSING, scope=scope)
    if credentials.use_needs_noting(last_used_at, now):
        with context.database.writing() as session:
            credentials.note_use(session, actor, now)
    request.state.actor = actor
    return actor


# Dependencies are solved in order: name the actor before the session, so that strangers never open a transaction.
Reader = Annotated[Actor, Security(_actor, scopes=[Scope.READ])]
Inviter = Annotated[Actor, Security(_actor, scopes=[Scope.INVITE])]
Importer = Annotated[Actor, Security(_actor, scopes=[Scope.IMPORT])]
Administrator = Annotated[Actor, Security(_actor, scopes=[Scope.ADMIN])]
