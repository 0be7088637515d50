"""Everybody at once: one file committed by many, overlapping files, a file against the form, an invitation's ends.

Real HTTP, real threads, the service as it is deployed. Every answer must be one that openapi.json announces.
"""

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import httpx
import pytest

from app.access.tokens import Keyring, Link, Purpose
from app.db.base import utcnow
from tests.api.test_import_story import adds_up
from tests.conftest import SECRET, Desk, Template
from tests.delivery.fast_sink import FastSink
from tests.delivery.ledger import Answer, Client, Ledger, discrepancies, new_key
from tests.delivery.test_delivery import FOUR, people
from tests.delivery.test_kill import wait_for
from tests.delivery.test_serve import serving

pytestmark = [pytest.mark.xdist_group("plugs"), pytest.mark.long]

Told = TypeVar("Told")
Deed = Callable[[Client], Answer]

CROWD = 20
ROUNDS = [20, pytest.param(1000, marks=pytest.mark.soak)]


class World:
    """A service, a crowd of clients, and who must be on the platform after all they did."""

    def __init__(self, desk: Desk, sink: FastSink, url: str) -> None:
        self.desk = desk
        self.sink = sink
        self.people: set[str] = set()
        headers = {"Authorization": f"Bearer {desk.key()}"}
        self._http = [httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=60) for _ in range(CROWD)]
        self.crowd = [Client(http, lambda: time.sleep(0.02)) for http in self._http]
        for client in self.crowd:
            client.ask("GET", "/platform")  # connected, so that what follows is at once

    def at_once(self, deeds: Sequence[Callable[[Client], Told]]) -> list[Told]:
        """Each deed by a client of its own, all of them started together."""
        start = threading.Barrier(len(deeds))

        def do(client: Client, deed: Callable[[Client], Told]) -> Told:
            start.wait()
            return deed(client)

        with ThreadPoolExecutor(len(deeds)) as pool:
            return list(pool.map(do, self.crowd, deeds))

    def is_at_rest(self) -> bool:
        """Whether no import and no mail has anything left to do."""
        waiting = "SELECT due_at FROM imports WHERE due_at IS NOT NULL UNION ALL "
        waiting += "SELECT due_at FROM deliveries WHERE due_at IS NOT NULL"
        return not self.desk.rows(waiting)

    def what_is_wrong(self) -> list[str]:
        """Everything that does not add up, once all has come to rest."""
        assert wait_for(self.is_at_rest, 60.0)
        answers = [answer for client in self.crowd for answer in client.answers]
        return discrepancies(Ledger(self.desk, self.sink.accepted(), self.people, answers))

    def close(self) -> None:
        for http in self._http:
            http.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, migrated: Template) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("races")
    with FastSink(folder / "accepted") as sink:
        desk = Desk(folder, migrated, mail_url=sink.url)
        with serving(desk) as (_, url):
            world = World(desk, sink, url)
            yield world
            world.close()
        desk.close()


def addresses(number: int, prefix: str) -> list[str]:
    return [f"{prefix}{n}@example.com" for n in range(number)]


def uploaded(file: bytes, client: Client) -> str:
    """The path of an import that is ready to be committed."""
    csv: dict[str, Any] = {"headers": {"Content-Type": "text/csv"}, "content": lambda: file}
    path = f"/imports/{client.ask('POST', '/imports', key=new_key(), **csv).body['id']}"
    assert client.ask("PUT", f"{path}/mapping", json={"columns": FOUR}).body["state"] in {"checking", "ready"}
    while client.ask("GET", f"{path}/preview").status == 202:
        time.sleep(0.02)
    return path


def is_completed(client: Client, path: str) -> bool:
    return bool(client.ask("GET", path).body["state"] == "completed")


def results(world: World, paths: Sequence[str]) -> list[dict[str, Any]]:
    """What imports did, when they have done it."""
    client = world.crowd[0]
    for path in paths:
        assert wait_for(partial(is_completed, client, path))
    found = [client.ask("GET", path).body["result"] for path in paths]
    assert all(map(adds_up, found))
    return found


def later(deed: Deed, delay: float) -> Deed:
    """A deed done a moment later."""

    def do(client: Client) -> Answer:
        time.sleep(delay)
        return deed(client)

    return do


def commit(path: str, key: str | None, client: Client) -> Answer:
    return client.ask("POST", f"{path}/commit", key=key, json={})


def test_twenty_clients_commit_one_import_at_once(world: World) -> None:
    path = uploaded(people(60, "one"), world.crowd[0])
    keys = [new_key()] * (CROWD // 2) + [None] * (CROWD // 2)
    answers = world.at_once([partial(commit, path, key) for key in keys])
    assert {answer.status for answer in answers} == {202}
    assert results(world, [path])[0]["added"] == 60
    world.people |= set(addresses(60, "one"))
    assert world.what_is_wrong() == []


def test_twenty_clients_commit_the_same_file_at_once(world: World) -> None:
    paths = world.at_once([partial(uploaded, people(60, "same"))] * CROWD)
    answers = world.at_once([partial(commit, path, new_key()) for path in paths])
    assert {answer.status for answer in answers} == {202}
    found = results(world, paths)
    print(f"added by {CROWD} imports of one file: {sorted(result['added'] for result in found)}")
    assert sum(result["added"] for result in found) == 60
    assert sum(result["changed_since_preview"].get("already_user", 0) for result in found) == 60 * (CROWD - 1)
    world.people |= set(addresses(60, "same"))
    assert world.what_is_wrong() == []


def map_anew(path: str, client: Client) -> Answer:
    return client.ask("PUT", f"{path}/mapping", json={"columns": FOUR})


def delete(path: str, client: Client) -> Answer:
    return client.ask("DELETE", path)


def test_an_import_that_is_mapped_committed_and_deleted_at_once_is_done_or_not_done(world: World) -> None:
    ends: Counter[str] = Counter()
    for number in range(10):
        rng = random.Random(number)  # noqa: S311 not a secret
        path = uploaded(people(5, f"torn{number}-"), world.crowd[0])
        deeds: list[Deed] = [partial(commit, path, None), partial(map_anew, path), partial(delete, path)]
        answers = world.at_once([later(deed, rng.uniform(0.0, 0.05)) for deed in deeds * 4])
        told = {(answer.method, answer.status) for answer in answers}
        if ("POST", 202) in told:
            assert results(world, [path])[0]["added"] == 5
            world.people |= set(addresses(5, f"torn{number}-"))
        ends["committed" if ("POST", 202) in told else "deleted"] += 1
    print(f"imports, each mapped, committed and deleted by four clients at once: {dict(ends)}")
    assert min(ends["committed"], ends["deleted"]) > 0
    assert world.what_is_wrong() == []


def test_two_overlapping_files_and_the_form_invite_the_same_people_at_once(world: World) -> None:
    header, *rows = people(2000, "both").splitlines(keepends=True)
    files = [header + b"".join(rows[:1500]), header + b"".join(rows[500:])]
    paths = [uploaded(file, world.crowd[0]) for file in files]
    everybody = addresses(2000, "both")

    def somebody_was_added() -> bool:
        return bool(
            world.desk.rows("SELECT 1 FROM users WHERE created_by_import_id IS NOT NULL AND email LIKE 'both%'")
        )

    def form(number: int) -> Deed:
        def invite(client: Client) -> Answer:
            if number % 2:
                assert wait_for(somebody_was_added)
            for address in everybody[number :: CROWD - 2][::10]:
                answer = client.ask("POST", "/invitations", json={"email": address.upper(), "organisation": "Acme"})
            return answer

        return invite

    before = {id(client): len(client.answers) for client in world.crowd}
    deeds: list[Deed] = [partial(commit, path, None) for path in paths]
    world.at_once(deeds + [form(number) for number in range(CROWD - len(deeds))])
    told = Counter(
        answer.code or answer.status for client in world.crowd for answer in client.answers[before[id(client)] :]
    )
    found = results(world, paths)
    print(f"at the form {dict(told)}; added by the files {[result['added'] for result in found]}")
    assert sum(result["added"] for result in found) + told[201] == 2000
    assert told[201] > 0
    assert told["already_invited"] > 0
    world.people |= set(everybody)
    assert world.what_is_wrong() == []


def test_twenty_clients_invite_one_person_at_once(world: World) -> None:
    body = {"email": "wanted@example.com", "organisation": "Acme"}
    answers = world.at_once([lambda client: client.ask("POST", "/invitations", json=body)] * CROWD)
    assert Counter(answer.code or answer.status for answer in answers) == {201: 1, "already_invited": CROWD - 1}
    body, key = {"email": "keyed@example.com", "organisation": "Acme"}, new_key()
    answers = world.at_once([lambda client: client.ask("POST", "/invitations", key=key, json=body)] * CROWD)
    assert {(answer.status, answer.body["id"]) for answer in answers} == {(201, answers[0].body["id"])}
    world.people |= {"wanted@example.com", "keyed@example.com"}
    assert world.what_is_wrong() == []


# --- one invitation, everything at once ------------------------------------------------------------------------------


class Life:
    """One invitation, and what may happen to it."""

    def __init__(self, world: World, address: str) -> None:
        self._world = world
        self.address = address
        body = {"email": address, "organisation": "Acme"}
        self.id = world.crowd[0].ask("POST", "/invitations", key=new_key(), json=body).body["id"]
        self.platform_id = world.desk.platform_id()

    def token(self, generation: int) -> str:
        """The token of the link in the mail of a generation."""
        link = Link(self.platform_id, uuid.UUID(self.id), generation)
        return Keyring([SECRET]).sign_link(Purpose.INVITATION, link)

    def accept(self, client: Client) -> Answer:
        return client.ask("POST", "/invitations/accept", json={"token": self.token(1), "password": "long enough"})

    def revoke(self, client: Client) -> Answer:
        return client.ask("POST", f"/invitations/{self.id}/revoke")

    def resend(self, client: Client) -> Answer:
        return client.ask("POST", f"/invitations/{self.id}/resend", key=new_key())

    def expire(self, client: Client) -> Answer:
        """Its time passes, if it has begun to run; then somebody looks."""
        self._world.desk.rows(
            "UPDATE invitations SET expires_at = :now WHERE id = :id AND expires_at IS NOT NULL",
            now=utcnow(),
            id=uuid.UUID(self.id),
        )
        return client.ask("GET", f"/invitations/{self.id}")

    def live_links(self, generations: int) -> list[int]:
        """The generations whose link works."""
        tokens = {number: self.token(number) for number in range(1, generations + 1)}
        ask = self._world.crowd[0].ask
        return [
            number
            for number, token in tokens.items()
            if ask("POST", "/invitations/inspect", json={"token": token}).status == 200
        ]

    @property
    def deeds(self) -> list[list[Deed]]:
        """What may happen at once."""
        return [
            [self.accept, self.accept, self.revoke, self.resend, self.resend, self.expire],
            [self.accept, self.accept, self.expire],
            [self.resend, self.resend, self.resend, self.expire],
            [self.revoke, self.revoke, self.resend, self.expire],
        ]


@pytest.mark.parametrize("rounds", ROUNDS)
def test_whatever_happens_to_an_invitation_at_once_it_ends_in_one_way(world: World, rounds: int) -> None:
    lives = [Life(world, f"life{rounds}-{number}@example.com") for number in range(rounds // 2)]
    assert wait_for(world.is_at_rest)  # half of them have their mail already
    lives += [Life(world, f"soon{rounds}-{number}@example.com") for number in range(rounds // 2)]
    ends: Counter[str] = Counter()
    wrong: list[str] = []
    for number, life in enumerate(lives):
        rng = random.Random(number)  # noqa: S311 not a secret
        deeds = rng.choice(life.deeds)
        slow = [deed if deed == life.accept else later(deed, rng.uniform(0.0, 0.15)) for deed in deeds]  # hashing is
        told = {(answer.path.rpartition("/")[2], answer.status) for answer in world.at_once(slow)}
        end = world.crowd[0].ask("GET", f"/invitations/{life.id}").body
        live = life.live_links(end["generation"])
        ends[end["state"]] += 1
        if end["state"] != "revoked":
            world.people.add(life.address)
        is_fine = (
            (("accept", 200) in told) == (end["state"] == "accepted")
            and (("revoke", 200) in told) == (end["state"] == "revoked")
            and live == ([end["generation"]] if end["state"] == "pending" else [])
        )
        if not is_fine:
            wrong.append(f"round {number}: {sorted(told)}, and in the end {end['state']} with live links {live}")
    print(f"{rounds} invitations, each with everything at once, ended {dict(ends)}")
    assert wrong == []
    assert len(ends) > 1, "nothing raced"
    assert world.what_is_wrong() == []
