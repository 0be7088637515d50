"""Nobody learns who is there by a watch: medians over the real service, known and unknown in turn (`make soak`).

What can be told without a watch (status, body, statements, hashes) is in tests/api/test_alike.py.
"""

import statistics
import time
import uuid
from collections.abc import Callable, Mapping

import httpx
import pytest
from sqlalchemy import delete, select, update

from app.access.models import RateBucket
from app.access.tokens import Keyring, Link, Purpose
from app.directory.models import User
from app.invitations.models import Invitation
from tests.api.test_accounts import ADMIN, activate_admin
from tests.conftest import SECRET, Desk
from tests.delivery.test_serve import serving

pytestmark = [pytest.mark.soak, pytest.mark.xdist_group("processes")]

ROUNDS = 200
APART = 0.05
TRIES = 3
"""A machine that is busy with other things is never even; what leaks is there in every try, and to the same side."""


@pytest.fixture
def admins(desk: Desk) -> Desk:
    activate_admin(desk)
    return desk


def forget(desk: Desk) -> None:
    """As if nothing had been tried before: what is measured is the answer, not the refusal of too many."""
    with desk.database.writing() as session:
        session.execute(delete(RateBucket))
        session.execute(update(User).values(reset_expires_at=None))


def medians(desk: Desk, client: httpx.Client, path: str, bodies: Mapping[str, object], status: int) -> dict[str, float]:
    """How long each of these takes, asked in turn."""
    taken: dict[str, list[float]] = {name: [] for name in bodies}
    for number in range(ROUNDS + 5):
        for name in list(bodies)[:: 1 if number % 2 else -1]:  # neither is always the first
            if status != 410:  # what needs no counting has nothing to forget
                forget(desk)
            started = time.perf_counter()
            answer = client.post(path, json=bodies[name])
            seconds = time.perf_counter() - started
            assert answer.status_code == status, answer.text
            if number >= 5:
                taken[name].append(seconds)
    found = {name: statistics.median(times) for name, times in taken.items()}
    tenths = {name: statistics.quantiles(times, n=10)[0] for name, times in taken.items()}
    print(path, *(f"{name}: {found[name] * 1000:.2f} ms (a tenth {tenths[name] * 1000:.2f})" for name in found))
    return found


def dead_token(desk: Desk) -> str:
    """The token of an invitation that was accepted."""
    with desk.database.reading() as session:
        invitation = session.scalars(select(Invitation)).one()
    return Keyring([SECRET]).sign_link(Purpose.INVITATION, Link(desk.platform_id(), invitation.id, 1))


def used_reset(desk: Desk) -> str:
    with desk.database.reading() as session:
        user = session.scalars(select(User)).one()
    return Keyring([SECRET]).sign_link(Purpose.RESET, Link(desk.platform_id(), user.id, 77))


def nobodys(purpose: Purpose) -> str:
    """A token of somebody else's service: of the right form, by a key that is not ours."""
    link = Link(1, uuid.UUID(int=7), 1)
    return Keyring(["another secret of some other service, 32+"]).sign_link(purpose, link)


CASES: dict[str, tuple[str, int, Callable[[Desk], Mapping[str, object]]]] = {
    "sign-in": (
        "/sessions",
        401,
        lambda _desk: {
            "known": {"email": ADMIN["email"], "password": "wrong horse"},
            "unknown": {"email": "nobody@acme.example.com", "password": "wrong horse"},
        },
    ),
    "reset": (
        "/password-resets",
        202,
        lambda _desk: {"known": {"email": ADMIN["email"]}, "unknown": {"email": "nobody@acme.example.com"}},
    ),
    "inspect": (
        "/invitations/inspect",
        410,
        lambda desk: {"known": {"token": dead_token(desk)}, "unknown": {"token": nobodys(Purpose.INVITATION)}},
    ),
    "accept": (
        "/invitations/accept",
        410,
        lambda desk: {
            "known": {"token": dead_token(desk), "password": "a new horse"},
            "unknown": {"token": nobodys(Purpose.INVITATION), "password": "a new horse"},
        },
    ),
    "complete a reset": (
        "/password-resets/complete",
        410,
        lambda desk: {
            "known": {"token": used_reset(desk), "password": "a new horse"},
            "unknown": {"token": nobodys(Purpose.RESET), "password": "a new horse"},
        },
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_known_and_unknown_take_the_same_time(admins: Desk, case: str) -> None:
    path, status, bodies = CASES[case]
    apart: list[float] = []
    with serving(admins, "--no-worker") as (_, url), httpx.Client(base_url=f"{url}/api/v1") as client:
        while len(apart) < TRIES and (not apart or abs(apart[-1]) >= APART):
            found = medians(admins, client, path, bodies(admins), status)
            apart.append(found["known"] / found["unknown"] - 1)
    assert min(abs(one) for one in apart) < APART or min(apart) < 0 < max(apart), apart
