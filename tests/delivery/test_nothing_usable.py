"""The whole service, exercised and then searched: nothing that opens a door lies in database, log, metrics or answers
that are kept. And what only a real service shows: one of fifty wins, proxies are believed only when named.
"""

import re
import statistics
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import select

from app.access.models import IdempotencyKey
from app.access.passwords import is_right
from app.access.tokens import Keyring, Link, Purpose
from app.db.base import new_id, utcnow
from app.directory.models import User
from app.invitations.models import Invitation
from app.setup import administrator_link
from app.tables import metadata
from tests.api.test_accounts import ADMIN, SAME_SITE, activate_admin, reset_token
from tests.conftest import SECRET, Desk, link_of
from tests.delivery.test_kill import wait_for
from tests.delivery.test_serve import serving

pytestmark = pytest.mark.xdist_group("processes")

NEW = "an-unheard-of-battery-91"
WRONG = "a-wrong-guess-of-somebody-17"
LOCAL = "http://127.0.0.1"


def mail_token(desk: Desk, email: str, mails: int) -> str:
    """The token in the newest of so many mails."""
    assert wait_for(lambda: len(desk.mails(to=email)) == mails, 30.0)
    return link_of(desk.mails(to=email)[-1])


def test_nothing_that_opens_a_door_lies_anywhere(desk: Desk) -> None:
    activate_admin(desk)
    person = {"email": "jan.peeters@example.com", "first_name": "Jan", "organisation": "Acme"}
    secrets = {"password": ADMIN["password"], "guess": WRONG, "new password": NEW, "secret key": SECRET}
    key = desk.key()
    bearer = {"Authorization": f"Bearer {key}"}
    with desk.database.writing() as session:
        link = administrator_link(session, Keyring([SECRET]), desk.platform_id(), public_url="", now=utcnow())
        secrets["administrator's link"] = link.partition("#")[2]
    with (
        serving(desk, ROLLCALL_LOG_LEVEL="DEBUG") as (_, url),
        httpx.Client(base_url=f"{url}/api/v1") as client,
        httpx.Client(base_url=f"{url}/api/v1") as console,
    ):
        once = bearer | {"Idempotency-Key": "invite-jan"}
        invited = client.post("/invitations", json=person, headers=once)
        assert invited.status_code == 201
        secrets["key"] = key
        made = client.post("/api-keys", json={"name": "HR", "scopes": ["read"]}, headers=once | bearer)
        secrets["made key"] = made.json()["key"]
        assert client.post("/sessions", json=ADMIN | {"password": WRONG}).status_code == 401
        secrets["session token"] = client.post("/sessions", json=ADMIN | {"mode": "token"}).json()["token"]
        assert console.post("/sessions", json=ADMIN, headers={"Origin": "http://testserver"}).status_code == 201
        secrets["cookie"] = console.cookies["rollcall"]
        assert console.get("/users").status_code == 200
        secrets["older invitation"] = mail_token(desk, person["email"], 1)
        resend = client.post(f"/invitations/{invited.json()['id']}/resend", headers=bearer | {"Idempotency-Key": "re"})
        assert resend.status_code == 200
        token = secrets["invitation"] = mail_token(desk, person["email"], 2)
        secrets["dead invitation"] = Keyring([SECRET]).sign_link(
            Purpose.INVITATION, Link(desk.platform_id(), new_id(), 1)
        )
        client.post("/invitations/inspect", json={"token": secrets["dead invitation"]})
        client.post("/invitations/accept", json={"token": token, "password": NEW, "first_name": 7})
        assert client.post("/invitations/inspect", json={"token": token}).status_code == 200
        assert client.post("/invitations/accept", json={"token": token, "password": NEW}).status_code == 200
        assert client.post("/password-resets", json={"email": ADMIN["email"]}).status_code == 202
        assert wait_for(lambda: bool(desk.mails(to=ADMIN["email"].lower())), 20.0)
        secrets["reset"] = reset_token(desk)
        client.post("/password-resets/complete", json={"token": secrets["reset"], "password": "short"})
        for method, path, body in (
            ("PUT", "/password", {"old_password": WRONG, "password": NEW}),
            ("POST", "/sessions", {"email": WRONG, "password": [WRONG]}),
            ("GET", f"/users?q={WRONG}&token={token}&access_token={key}", None),
            ("GET", f"/users/{WRONG}", None),
        ):
            answer = console.request(method, path, json=body, headers=SAME_SITE | {"X-Request-Id": "fine"})
            assert secrets["cookie"] not in answer.text
        with desk.database.reading() as session:
            kept = session.scalars(select(IdempotencyKey)).all()
        assert len([one for one in kept if one.body]) == 2, "the answers that are kept were not there to be searched"
        metrics = httpx.get(f"{url}/metrics").text + httpx.get(f"{url}/readyz").text
    log = (desk.folder / "log").read_text(encoding="utf-8")
    assert log.count('"request"') > 10, "the log was not there to be searched"
    with desk.database.engine.connect() as connection:
        dump = "\n".join(str(row) for table in metadata.tables.values() for row in connection.execute(select(table)))
    assert "jan.peeters@example.com" in dump
    raw = b"".join(file.read_bytes() for file in desk.folder.glob("rollcall.db*"))
    places = {"dump": dump, "database files": raw.decode("latin1"), "log": log, "metrics": metrics}
    searched = [
        (name, place, form)
        for name, secret in secrets.items()
        for place, text in places.items()
        for form in (secret, secret.encode().hex(), secret.encode().hex().upper(), secret.partition(".")[2][:60])
        if form and form in text
    ]
    assert searched == []
    assert person["email"] not in log
    assert len(secrets) == 13


@pytest.mark.long
def test_one_of_fifty_accepts_at_once_wins_and_the_others_find_the_link_used(desk: Desk) -> None:
    with serving(desk, "--no-worker") as (_, url):
        invited = desk.http.post("/invitations", json={"email": "jan@example.com", "organisation": "Acme"}).json()
        with desk.database.reading() as session:
            found = session.scalars(select(Invitation).where(Invitation.email == "jan@example.com")).one()
        token = Keyring([SECRET]).sign_link(Purpose.INVITATION, Link(desk.platform_id(), found.id, 1))
        ready = threading.Barrier(50)

        def accept(number: int) -> httpx.Response:
            with httpx.Client(base_url=f"{url}/api/v1", timeout=60) as client:
                client.get(f"{url}/healthz")
                ready.wait()
                return client.post("/invitations/accept", json={"token": token, "password": f"fine horse {number}"})

        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(accept, range(50)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 410: 49}
    told = {re.sub(r'"request_id":"[^"]*"', "", answer.text) for answer in answers if answer.status_code == 410}
    assert len(told) == 1
    winner = next(number for number, answer in enumerate(answers) if answer.status_code == 200)
    assert desk.http.get(f"/users/{invited['user_id']}").json()["state"] == "active"
    with desk.database.reading() as session:
        hashed = session.scalar(select(User.password_hash).where(User.email == "jan@example.com"))
    assert is_right(f"fine horse {winner}", hashed)


@pytest.mark.long
@pytest.mark.once
def test_x_forwarded_for_is_believed_only_of_proxies_that_are_named(desk: Desk) -> None:
    activate_admin(desk)
    body = {"email": "nobody@acme.example.com", "password": WRONG}

    def statuses(url: str, **headers: str) -> list[int]:
        with httpx.Client(base_url=f"{url}/api/v1") as client:
            return [
                client.post(
                    "/sessions",
                    json=body | {"email": f"a{number}@acme.example.com"},
                    headers={name: value.format(number) for name, value in headers.items()},
                ).status_code
                for number in range(12)
            ]

    forged = {"X-Forwarded-For": "10.3.{}.1", "X-Real-IP": "10.3.{}.1", "Forwarded": "for=10.3.{}.1"}
    with serving(desk, "--no-worker") as (_, url):
        assert statuses(url, **forged) == [401] * 10 + [429] * 2
    with serving(desk, "--no-worker", ROLLCALL_TRUSTED_PROXIES="127.0.0.0/8, 10.99.0.1") as (_, url):
        assert statuses(url, **{"X-Forwarded-For": "10.4.{}.1, 10.99.0.1"}) == [401] * 12
        # What the client itself put in front of the list is not believed: the proxy wrote the last of it.
        assert statuses(url, **{"X-Forwarded-For": "10.5.{}.1, 192.0.2.9"}) == [401] * 10 + [429] * 2


@pytest.mark.long
@pytest.mark.once
def test_fifty_sign_ins_at_once_do_not_hold_up_the_health_check(desk: Desk) -> None:
    activate_admin(desk)
    with serving(desk, "--no-worker") as (_, url):
        taken: list[float] = []
        done = threading.Event()

        def watch() -> None:
            with httpx.Client() as client:
                while not done.is_set():
                    started = time.perf_counter()
                    assert client.get(f"{url}/healthz").status_code == 200
                    taken.append(time.perf_counter() - started)
                    time.sleep(0.005)

        def sign_in(_: int) -> int:
            with httpx.Client(base_url=f"{url}/api/v1", timeout=60) as client:
                return client.post("/sessions", json=ADMIN | {"mode": "token"}).status_code

        watcher = threading.Thread(target=watch)
        watcher.start()
        with ThreadPoolExecutor(50) as pool:
            statuses = Counter(pool.map(sign_in, range(50)))
        done.set()
        watcher.join()
    assert statuses == {201: 50}
    p95 = statistics.quantiles(taken, n=20)[-1]
    print(f"/healthz beside 50 sign-ins: p95 {p95 * 1000:.1f} ms over {len(taken)} requests")
    assert len(taken) > 20
    assert p95 < 0.5  # promised are 0.1; the machine of a test may be busy with others, whose turn is not ours to tell
