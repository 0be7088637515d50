"""Routes of accounts: parse, call once, answer. Passwords are hashed and checked outside transactions."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from app.access import attempts
from app.access.actor import Actor, Origin
from app.access.attempts import Attempt
from app.access.credentials import SESSION_LIFETIME
from app.access.passwords import Chosen, hash_anew, is_right
from app.accounts import service
from app.accounts.schemas import (
    ApiKeyIn,
    ApiKeyOut,
    CurrentSessionOut,
    Done,
    NewApiKeyOut,
    PasswordIn,
    PlatformIn,
    PlatformOut,
    ResetCompleteIn,
    ResetIn,
    SessionOut,
    SignIn,
    UserStateIn,
    platform_out,
)
from app.accounts.service import Meant
from app.db.base import utcnow
from app.directory.models import User, UserState
from app.directory.schemas import UserOut
from app.errors import AppError, Code, FieldError
from app.web import metrics
from app.web.deps import (
    Administrator,
    Bearer,
    Context,
    ContextOf,
    OriginOf,
    Place,
    Reader,
    Reading,
    Writing,
    cookie_name,
    require_same_origin,
)
from app.web.hashing import in_turn
from app.web.paging import Listing, Paged
from app.web.problems import documented

router = APIRouter(tags=["accounts"])

UserId = Annotated[uuid.UUID, Path(description="The person.")]
KeyId = Annotated[uuid.UUID, Path(description="The key.")]


@router.post(
    "/sessions",
    status_code=201,
    responses=documented(Code.SIGN_IN_FAILED, Code.ORIGIN_REFUSED, Code.TOO_MANY_SIGN_INS, Code.SERVICE_BUSY),
)
async def create_session(
    request: Request, response: Response, context: ContextOf, place: Place, origin: OriginOf, body: SignIn
) -> SessionOut:
    """Sign in an administrator: by cookie, or with a token for 12 hours. Every failure gets the same answer.

    After 10 failures within five minutes, about one account or from one address, further ones wait.
    """
    if body.mode == "cookie":
        require_same_origin(request, context.settings)
    tried = await run_in_threadpool(_may_sign_in, context, body, request.url.hostname or "", place)
    signed_in = await in_turn(_sign_in, context, tried, body, origin)
    if body.mode == "cookie":
        response.set_cookie(
            cookie_name(context.settings),
            signed_in.token,
            max_age=int(SESSION_LIFETIME.total_seconds()),
            secure=context.settings.public_url.startswith("https://"),
            httponly=True,
            samesite="lax",
        )
    return SessionOut(
        token=signed_in.token if body.mode == "token" else None,
        expires_at=signed_in.expires_at,
        user=UserOut.model_validate(signed_in.person),
    )


def _may_sign_in(context: Context, body: SignIn, host: str, place: str) -> tuple[Meant, Attempt]:
    """Whom somebody wants to be, and what their attempt counts as. Whoever tried too often has no turn to wait for."""
    with context.database.reading() as session:
        meant = service.find_user(session, body.email, subdomain=body.platform, host=host)
        place_and_account = (meant.platform_id, meant.address, place)
        return meant, attempts.to_sign_in(session, context.keyring, *place_and_account, utcnow())


def _sign_in(context: Context, tried: tuple[Meant, Attempt], body: SignIn, origin: Origin) -> service.SignedIn:
    """Count it as a failure, look at the password, and take the count back where it was right."""
    meant, attempt = tried
    with context.database.writing() as session:
        attempts.count(session, attempt, utcnow())
    checked = service.check_password(meant.user, body.password)  # some 20 ms of CPU, outside any transaction
    if checked is None:
        metrics.SIGN_IN_FAILURES.inc()
        with context.database.writing() as session:  # of its own: the refusal below rolls nothing back
            service.note_failed_sign_in(session, meant, origin)
        raise AppError(Code.SIGN_IN_FAILED)
    hash_now = hash_anew(body.password, checked.password_hash or "")
    with context.database.writing() as session:
        attempts.succeeded(session, attempt, utcnow())
        return service.sign_in(session, checked, hash_now=hash_now, mode=body.mode, origin=origin, now=utcnow())


@router.get("/sessions/current", responses=documented(Code.NOT_FOUND))
def get_session(actor: Reader, session: Reading) -> CurrentSessionOut:
    """Who is signed in. A key is nobody's session: 404."""
    return CurrentSessionOut(user=UserOut.model_validate(service.current_person(session, actor)))


@router.delete("/sessions/current", status_code=204, responses=documented(Code.NOT_FOUND, Code.ORIGIN_REFUSED))
def delete_session(
    request: Request, response: Response, context: ContextOf, actor: Reader, bearer: Bearer, session: Writing
) -> None:
    """Sign out: the session is dead."""
    name = cookie_name(context.settings)
    service.sign_out(session, actor, bearer.credentials if bearer else request.cookies.get(name, ""))
    response.delete_cookie(name, secure=context.settings.public_url.startswith("https://"), httponly=True)


@router.post("/password-resets", status_code=202, responses=documented(Code.TOO_MANY_RESETS))
def create_password_reset(request: Request, context: ContextOf, place: Place, origin: OriginOf, body: ResetIn) -> Done:
    """Send a link to set a new password, if there is such an active person. The answer is always the same.

    Five times a day for an account, whether it is there or not.
    """
    host, now = request.url.hostname or "", utcnow()
    with context.database.reading() as session:
        meant = service.find_user(session, body.email, subdomain=body.platform, host=host)
        attempt = attempts.to_reset(session, context.keyring, meant.platform_id, meant.address, place, now)
    with context.database.writing() as session:
        attempts.count(session, attempt, now)
        service.ask_for_reset(session, meant, origin=origin, now=now)
    return Done(status="accepted")


@router.post("/password-resets/complete", responses=documented(Code.RESET_NOT_USABLE, Code.SERVICE_BUSY))
async def complete_password_reset(context: ContextOf, place: Place, origin: OriginOf, body: ResetCompleteIn) -> Done:
    """Set a new password by the token of a mail. It is used up, and every session of the person ends."""
    await run_in_threadpool(_may_reset, context, body)
    password = await in_turn(Chosen.of, body.password)
    await run_in_threadpool(_reset, context, place, origin, body, password)
    return Done(status="done")


def _may_reset(context: Context, body: ResetCompleteIn) -> None:
    with context.database.reading() as session:
        service.require_usable_reset(session, context.keyring, body.token, now=utcnow())


def _reset(context: Context, place: str, origin: Origin, body: ResetCompleteIn, password: Chosen) -> None:
    now = utcnow()
    with context.database.writing() as session:
        user = service.complete_reset(session, context.keyring, body.token, password=password, origin=origin, now=now)
        attempts.remember(session, context.keyring, user.platform_id, user.email_canonical, place, now)


@router.put(
    "/password",
    responses=documented(
        Code.PASSWORD_WRONG, Code.NOT_FOUND, Code.ORIGIN_REFUSED, Code.TOO_MANY_SIGN_INS, Code.SERVICE_BUSY
    ),
)
async def change_password(context: ContextOf, actor: Reader, place: Place, body: PasswordIn) -> Done:
    """Change one's own password. Every session ends, this one too: sign in again."""
    tried = await run_in_threadpool(_may_change, context, actor, place)
    await in_turn(_change_password, context, actor, tried, body)
    return Done(status="done")


def _may_change(context: Context, actor: Actor, place: str) -> tuple[User, Attempt]:
    with context.database.reading() as session:
        user = service.current_user(session, actor)
        address = user.email_canonical
        return user, attempts.to_sign_in(session, context.keyring, actor.platform_id, address, place, utcnow())


def _change_password(context: Context, actor: Actor, tried: tuple[User, Attempt], body: PasswordIn) -> None:
    """Whoever holds a session may not guess at its password either: a wrong one counts as a failed sign-in."""
    user, attempt = tried
    with context.database.writing() as session:
        attempts.count(session, attempt, utcnow())
    if not is_right(body.old_password, user.password_hash):
        raise AppError(Code.PASSWORD_WRONG, fields=[FieldError("/old_password", "password_wrong")])
    password = Chosen.of(body.password)
    with context.database.writing() as session:
        attempts.succeeded(session, attempt, utcnow())
        service.change_password(session, actor, password=password)


@router.patch("/users/{user_id}", responses=documented(Code.NOT_FOUND, Code.NOT_ACCEPTED))
def change_user(actor: Administrator, session: Writing, user_id: UserId, body: UserStateIn) -> UserOut:
    """Disable a person (their sessions end), or let them in again."""
    return UserOut.model_validate(service.set_user_state(session, actor, user_id, UserState(body.state)))


@router.get("/api-keys", responses=documented(Code.INVALID_CURSOR))
def list_api_keys(actor: Administrator, session: Reading, pager: Paged) -> Listing[ApiKeyOut]:
    """The keys of the platform, newest first."""
    found = service.list_api_keys(session, actor, limit=pager.fetch, after=pager.after_id)
    return pager.listing(found, position=lambda key: key.id, show=ApiKeyOut.model_validate)


@router.post("/api-keys", status_code=201)
def create_api_key(actor: Administrator, session: Writing, body: ApiKeyIn) -> NewApiKeyOut:
    """Make a key. It is shown this once; only its hash is kept."""
    row, key = service.create_api_key(session, actor, name=body.name, scopes=body.scopes, now=utcnow())
    return NewApiKeyOut(**ApiKeyOut.model_validate(row).model_dump(), key=key)


@router.delete("/api-keys/{key_id}", status_code=204, responses=documented(Code.NOT_FOUND))
def delete_api_key(actor: Administrator, session: Writing, key_id: KeyId) -> None:
    """Revoke a key: from now on it is unknown."""
    service.delete_api_key(session, actor, key_id, now=utcnow())


@router.get("/platform")
def get_platform(actor: Reader, session: Reading, context: ContextOf) -> PlatformOut:
    """The settings of the platform."""
    return platform_out(service.get_platform(session, actor), mails_kept=context.settings.mails_kept)


@router.patch("/platform")
def change_platform(actor: Administrator, session: Writing, context: ContextOf, body: PlatformIn) -> PlatformOut:
    """Change settings of the platform. They hold for mails that have not left."""
    platform = service.change_platform(session, actor, body.model_dump(exclude_unset=True))
    return platform_out(platform, mails_kept=context.settings.mails_kept)
