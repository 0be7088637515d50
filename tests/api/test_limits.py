"""How often is too often: sign-ins, resets, mails, requests. Counted in the database, for strangers and known alike."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import event, func, select, update

from app.access import attempts, limits
from app.access.attempts import place_of
from app.access.limits import Bucket, Limit
from app.access.models import RateBucket
from app.db.base import new_id, utcnow
from app.delivery import claims
from app.delivery.claims import Claimed
from app.delivery.models import Lane, MailKind
from app.directory.models import User
from app.invitations.models import Invitation
from app.main import create_app
from app.web.throttle import STEPS
from tests.api.test_accounts import ADMIN, activate_admin, reset_token
from tests.api.test_import_story import map_columns, upload
from tests.conftest import Desk, Template

LONG_ON_POSTGRESQL = True

OWNER = ADMIN["email"].lower()
WRONG = "wrong horse"
HERE, THERE = "203.0.113.7", "198.51.100.23"


@pytest.fixture
def admins(desk: Desk) -> Desk:
    activate_admin(desk)
    return desk


@pytest.fixture
def limited(tmp_path: Path, migrated: Template) -> Iterator[Callable[..., Desk]]:
    """Makes a desk with settings of its own."""
    made: list[Desk] = []

    def make(**settings: Any) -> Desk:
        made.append(Desk(tmp_path, migrated, **settings))
        return made[-1]

    yield make
    for desk in made:
        desk.close()


def sign_in(desk: Desk, address: str, email: str = OWNER, password: str = WRONG) -> Response:
    body = {"platform": "acme", "email": email, "password": password, "mode": "token"}
    answer: Response = desk.stranger(address).post("/sessions", json=body)
    return answer


def ask(desk: Desk, address: str, email: str = OWNER) -> Response:
    answer: Response = desk.stranger(address).post("/password-resets", json={"platform": "acme", "email": email})
    return answer


def is_refused(answer: Response, code: str) -> bool:
    """Whether it is a refusal that says when to come back."""
    if answer.status_code != 429:
        return False
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code
    assert int(answer.headers["retry-after"]) >= 1
    return True


def without_ids(answer: Response) -> dict[str, Any]:
    return {key: value for key, value in answer.json().items() if key != "request_id"}


# --- sign-in ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("email", [OWNER, "nobody@acme.example.com", "no address at all"])
def test_the_eleventh_failure_within_five_minutes_waits_whoever_it_is_about(admins: Desk, email: str) -> None:
    spellings = [email, email.upper(), f" {email.title()} "]
    statuses = [sign_in(admins, HERE, spellings[number % 3]).status_code for number in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    refused = sign_in(admins, HERE, email)
    assert is_refused(refused, "too_many_sign_ins")
    assert int(refused.headers["retry-after"]) <= 30
    assert email.strip() not in refused.text


def test_refusals_are_alike_for_known_and_unknown(admins: Desk) -> None:
    for _ in range(10):
        sign_in(admins, HERE)
        sign_in(admins, THERE, "nobody@acme.example.com")
    known, unknown = sign_in(admins, HERE), sign_in(admins, THERE, "nobody@acme.example.com")
    assert without_ids(known) == without_ids(unknown)
    assert sign_in(admins, HERE, password=ADMIN["password"]).status_code == 429  # nothing is learnt by going on


def test_one_place_may_not_go_through_many_accounts(admins: Desk) -> None:
    statuses = [sign_in(admins, HERE, f"a{number}@acme.example.com").status_code for number in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    assert sign_in(admins, THERE, "a11@acme.example.com").status_code == 401


def test_plus_parts_are_other_accounts_and_count_for_the_same_place(admins: Desk) -> None:
    answers = [sign_in(admins, HERE, f"admin+{number}@acme.example.com").status_code for number in range(11)]
    assert answers == [401] * 10 + [429]


def test_a_stranger_who_keeps_failing_does_not_keep_the_owner_out(admins: Desk) -> None:
    for _ in range(12):
        sign_in(admins, HERE)
    assert is_refused(sign_in(admins, HERE), "too_many_sign_ins")
    assert sign_in(admins, THERE, password=ADMIN["password"]).status_code == 201


def test_many_strangers_together_are_slowed_down_and_the_owner_still_has_a_door(admins: Desk) -> None:
    assert sign_in(admins, THERE, password=ADMIN["password"]).status_code == 201  # the owner is at home there
    failed = Counter(sign_in(admins, f"10.0.{place}.1").status_code for place in range(11) for _ in range(10))
    assert failed[401] == attempts.FAILED_SIGN_INS_OF_STRANGERS.number
    assert failed[429] == 10
    assert is_refused(sign_in(admins, "192.0.2.1", password=ADMIN["password"]), "too_many_sign_ins")
    assert sign_in(admins, THERE, password=ADMIN["password"]).status_code == 201
    assert ask(admins, "192.0.2.1").status_code == 202  # and from anywhere else the mailbox is the way in
    admins.work()
    new = {"token": reset_token(admins), "password": "a new horse"}
    assert admins.stranger("192.0.2.1").post("/password-resets/complete", json=new).status_code == 200
    assert sign_in(admins, "192.0.2.1", password="a new horse").status_code == 201


def test_signing_in_rightly_never_counts(admins: Desk) -> None:
    assert {sign_in(admins, HERE, password=ADMIN["password"]).status_code for _ in range(15)} == {201}
    assert [sign_in(admins, HERE).status_code for _ in range(11)] == [401] * 10 + [429]


def test_failures_at_once_are_ten_too_and_count_in_every_process(admins: Desk) -> None:
    other = create_app(admins.settings)
    clients = [admins.stranger(HERE), TestClient(other, base_url="http://testserver/api/v1", client=(HERE, 1))]
    for client in clients:  # the framework makes its routes at the first request, in one thread as the service has
        assert client.post("/sessions", json={}).status_code == 422
    body = {"platform": "acme", "email": OWNER, "password": WRONG}
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: clients[number % 2].post("/sessions", json=body), range(40)))
    assert Counter(answer.status_code for answer in answers) == {401: 10, 429: 30}
    other.state.context.database.close()


def test_time_makes_room_again(admins: Desk) -> None:
    for _ in range(11):
        sign_in(admins, HERE)
    with admins.database.writing() as session:
        earlier = utcnow() - timedelta(seconds=65)
        session.execute(update(RateBucket).values(refilled_at=earlier))
    assert [sign_in(admins, HERE).status_code for _ in range(3)] == [401, 401, 429]


def test_an_old_password_cannot_be_guessed_by_who_holds_a_session(admins: Desk) -> None:
    token = sign_in(admins, HERE, password=ADMIN["password"]).json()["token"]
    client = TestClient(
        admins.app, base_url="http://testserver/api/v1", headers={"Authorization": f"Bearer {token}"}, client=(HERE, 1)
    )
    body = {"old_password": WRONG, "password": "a new horse"}
    assert [client.put("/password", json=body).status_code for _ in range(12)] == [422] * 10 + [429] * 2


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_a_place_is_what_one_subscriber_has_for_themselves(address: str, place: str) -> None:
    assert place_of(address) == place


# --- resets ----------------------------------------------------------------------------------------------------------


def test_a_sixth_reset_in_a_day_waits_whether_somebody_is_there_or_not(admins: Desk) -> None:
    for email in (OWNER, "nobody@acme.example.com"):
        places = [f"10.1.{number}.1" for number in range(6)]
        answers = [ask(admins, place, email.upper()) for place in places]
        assert [answer.status_code for answer in answers] == [202] * 5 + [429]
        assert is_refused(answers[-1], "too_many_resets")
    last = [without_ids(ask(admins, "10.1.9.9", email)) for email in (OWNER, "nobody@acme.example.com")]
    assert last[0] == last[1]
    admins.work()
    assert len(admins.mails()) == 1


def test_strangers_do_not_use_up_the_resets_of_somebody_at_home(admins: Desk) -> None:
    assert sign_in(admins, HERE, password=ADMIN["password"]).status_code == 201
    for number in range(6):
        ask(admins, f"10.1.{number}.1")
    assert is_refused(ask(admins, THERE), "too_many_resets")
    assert [ask(admins, HERE).status_code for _ in range(6)] == [202] * 5 + [429]


def test_one_place_may_not_ask_for_mails_to_everybody(admins: Desk) -> None:
    statuses = [ask(admins, HERE, f"a{number}@acme.example.com").status_code for number in range(25)]
    assert statuses == [202] * 20 + [429] * 5


def test_what_is_counted_names_nobody_and_is_forgotten(admins: Desk) -> None:
    sign_in(admins, HERE)
    sign_in(admins, HERE, password=ADMIN["password"])
    ask(admins, HERE)
    with admins.database.writing() as session:
        keys = list(session.scalars(select(RateBucket.key)))
        assert len(keys) >= 5
        assert not [key for key in keys if "admin" in key or "example" in key or "203" in key.split("/")[-1][:3]]
        attempts.sweep(session, utcnow() + timedelta(days=2))
        assert [key.split("/")[0] for key in session.scalars(select(RateBucket.key))] == ["known"]
        attempts.sweep(session, utcnow() + attempts.KNOWN_FOR + timedelta(days=1))
        assert session.scalars(select(RateBucket.key)).all() == []


# --- mails of a day --------------------------------------------------------------------------------------------------


def new_person(number: int) -> dict[str, Any]:
    return {"email": f"p{number}@example.com", "organisation": "Acme"}


def people_in(desk: Desk) -> tuple[int, int]:
    with desk.database.reading() as session:
        users, invitations = select(func.count()).select_from(User), select(func.count()).select_from(Invitation)
        return session.scalar(users) or 0, session.scalar(invitations) or 0


def another_day(desk: Desk) -> None:
    with desk.database.writing() as session:
        values = {"refilled_at": utcnow() - timedelta(days=1), "paused_until": None}
        session.execute(update(RateBucket).where(RateBucket.key == "mails/day").values(values))


def test_a_mail_beyond_the_day_is_refused_and_nothing_is_sent_or_stored(limited: Callable[..., Desk]) -> None:
    desk = limited(platform_mails_per_day=5)
    sent = [desk.http.post("/invitations", json=new_person(number)) for number in range(5)]
    assert [answer.status_code for answer in sent] == [201] * 5
    before = people_in(desk)
    refused = desk.http.post("/invitations", json=new_person(5))
    assert is_refused(refused, "too_many_mails")
    assert 0 < int(refused.headers["retry-after"]) <= 86_400 / 5
    batch = desk.http.post("/invitations/batch", json={"invitations": [new_person(6), new_person(7)]})
    assert is_refused(batch, "too_many_mails")
    resent = desk.http.post(f"/invitations/{sent[0].json()['id']}/resend")
    assert resent.status_code == 200  # its mail is queued already: it is no further one
    assert people_in(desk) == before
    desk.work()
    assert len(desk.mails()) == 5
    assert is_refused(desk.http.post(f"/invitations/{sent[0].json()['id']}/resend"), "too_many_mails")
    assert desk.http.get(f"/invitations/{sent[0].json()['id']}").json()["generation"] == 1
    quiet = desk.http.post("/invitations", json=new_person(8) | {"send": False})
    assert quiet.status_code == 201  # no mail, no count
    assert is_refused(desk.http.post(f"/invitations/{quiet.json()['id']}/resend"), "too_many_mails")
    desk.platform("globex")
    assert desk.client("globex").post("/invitations", json=new_person(0)).status_code == 201
    another_day(desk)
    assert desk.http.post("/invitations", json=new_person(5)).status_code == 201
    desk.work()
    assert len(desk.mails()) == 7


def test_mails_of_an_import_beyond_the_day_leave_the_next_one_and_a_person_can_still_be_invited(
    limited: Callable[..., Desk],
) -> None:
    desk = limited(platform_mails_per_day=20)
    rows = b"".join(b"Jan,Peeters,i%d@example.com,Acme\n" % number for number in range(30))
    imported = upload(desk, b"first_name,last_name,email,company\n" + rows)
    map_columns(desk, imported["id"], ["first_name", "last_name", "email", "company"])
    assert desk.http.post(f"/imports/{imported['id']}/commit", json={}).status_code == 202
    desk.work()
    desk.work()
    result = desk.http.get(f"/imports/{imported['id']}").json()["result"]
    assert (result["added"], result["mails"]["sent"], result["mails"]["queued"]) == (30, 18, 12)
    with desk.database.reading() as session:
        later = utcnow() + timedelta(seconds=50)
        assert claims.lag_seconds(session, later)[Lane.BULK] == 0.0  # they are late for nobody
        assert not claims.is_due(session, later)
    assert [desk.http.post("/invitations", json=new_person(n)).status_code for n in range(3)] == [201, 201, 429]
    desk.work()
    assert len(desk.mails()) == 20
    another_day(desk)
    desk.work()
    assert len(desk.mails()) == 32
    assert desk.http.get(f"/imports/{imported['id']}").json()["result"]["mails"]["sent"] == 30


def test_mails_given_back_untried_cost_nothing_of_the_day(limited: Callable[..., Desk]) -> None:
    desk = limited(platform_mails_per_day=20)
    day = Bucket(desk.platform_id(), "mails/day", Limit(20, 86_400))
    with desk.database.writing() as session:
        limits.take(session, [day], utcnow(), number=10)
        claimed = Claimed(desk.platform_id(), new_id(), 1, MailKind.INVITATION, Lane.BULK, 1, utcnow())
        claims.give_back(session, [claimed], lease=new_id(), due_at=utcnow())
    with desk.database.reading() as session:
        assert session.scalar(select(RateBucket.tokens).where(RateBucket.key == "mails/day")) == pytest.approx(11)


# --- requests of a key -----------------------------------------------------------------------------------------------


def test_a_key_has_so_many_requests_a_minute_over_all_processes_and_others_do_not_notice(
    limited: Callable[..., Desk],
) -> None:
    a_minute = 100
    desk = limited(requests_per_minute=a_minute)
    key = desk.key()
    processes = [desk.app, create_app(desk.settings)]
    headers = {"Authorization": f"Bearer {key}"}
    clients = [TestClient(app, base_url="http://testserver/api/v1", headers=headers) for app in processes]
    writes = 0

    def count_write(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        nonlocal writes
        writes += statement.startswith("INSERT INTO rate_buckets")

    for app in processes:
        event.listen(app.state.context.database.engine, "before_cursor_execute", count_write)
    answers = [clients[number % 2].get("/platform") for number in range(2 * a_minute)]
    passed = sum(answer.status_code == 200 for answer in answers)
    refused = next(answer for answer in answers if answer.status_code != 200)
    assert is_refused(refused, "too_many_requests")
    step = a_minute // STEPS
    assert a_minute - 2 * step <= passed <= a_minute + 2 * step + 10  # and what a slow machine refills meanwhile
    assert 0 < writes <= passed / step + 2
    assert desk.http.get("/platform").status_code == 200
    processes[1].state.context.database.close()


def test_a_small_number_of_requests_is_counted_exactly(limited: Callable[..., Desk]) -> None:
    client = limited(requests_per_minute=3).client("acme")
    assert [client.get("/platform").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_without_a_limit_nothing_is_counted(limited: Callable[..., Desk]) -> None:
    desk = limited(requests_per_minute=0, platform_mails_per_day=0)
    assert {desk.http.get("/platform").status_code for _ in range(30)} == {200}
    assert desk.http.post("/invitations", json=new_person(1)).status_code == 201
    desk.work()
    with desk.database.reading() as session:
        assert session.scalars(select(RateBucket.key)).all() == []


# --- the arithmetic --------------------------------------------------------------------------------------------------


def test_a_bucket_fills_with_time_and_never_over() -> None:
    limit = Limit(10, 300)
    assert limit.filled(0, 30) == pytest.approx(1)
    assert limit.filled(9.5, 3000) == 10
    assert limit.filled(-5, 0) == -5
    assert limit.filled(3, -60) == 3  # a clock that went back gives nothing
    assert limit.wait(0, 1) == pytest.approx(30)
    assert limit.wait(-2, 1) == pytest.approx(90)
    assert limit.wait(4, 1) == 0
    assert limit.wait(0, 1000) == pytest.approx(300)  # more than there ever is: until it is full


def test_taking_is_all_or_nothing(desk: Desk) -> None:
    wide, narrow = Bucket(1, "wide", Limit(10, 100)), Bucket(1, "narrow", Limit(1, 100))
    now = utcnow()
    with desk.database.writing() as session:
        assert limits.take(session, [wide, narrow], now) == 0
        assert limits.take(session, [wide, narrow], now) == 100
        rows = limits.locked(session, [wide, narrow], now)
        assert (rows[1, "wide"].tokens, rows[1, "narrow"].tokens) == (9, 0)
