"""Forgets what is over about asking: ended sessions, answers nobody may ask for again, counts that count no more."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.access import attempts
from app.access.models import IdempotencyKey, SignInSession

ANSWERS_ARE_KEPT_FOR = timedelta(hours=24)


def sweep(session: Session, now: datetime) -> None:
    """Forget it, on every platform."""
    session.execute(delete(SignInSession).where(SignInSession.expires_at < now))
    attempts.sweep(session, now)
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - ANSWERS_ARE_KEPT_FOR))
