"""Cancel, send and undo while other workers commit, mails leave and people accept: in the end all adds up.

Workers are threads with databases of their own; which moments are hit is drawn from a seed.
"""

import random
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from app.db.session import Database
from app.jobs.imports import do_next
from app.jobs.mails import deliver
from app.worker import make_pump
from tests.api.test_cancel_undo import (
    NO_MAILS,
    addresses,
    ask,
    at_rest,
    committing,
    completed,
    counts_are_true,
    import_of,
    imports_work,
    invitations,
    names,
    ready,
    token_of,
)
from tests.conftest import Desk, Template
from tests.delivery.halted import HaltedWorker, TooLittleWork
from tests.delivery.test_delivery import people
from tests.delivery.test_kill import let_leases_end, wait_for, worker

PEOPLE = 300
SEEDS = 4


@pytest.fixture(autouse=True)
def _small_steps(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """More moments to hit: as many chunks for a few hundred people as there otherwise are for thousands."""
    monkeypatch.setattr("app.imports.commit.CHUNK_ROWS", 10)
    monkeypatch.setattr("app.imports.mails._AT_ONCE", 20)
    monkeypatch.setattr("app.imports.undo._PEOPLE_AT_ONCE", 15)


# --- races ---------------------------------------------------------------------------------------------------------


@contextmanager
def at_work(desk: Desk) -> Iterator[None]:
    """Two workers for imports and one for mails."""
    stop = threading.Event()

    def do_imports() -> None:
        database = Database(desk.settings.database_url, connections=2)
        while not stop.is_set():
            if not do_next(database, max_lines=desk.settings.upload_lines):
                stop.wait(0.01)
        database.close()

    def send() -> None:
        database = Database(desk.settings.database_url, connections=2)
        deliver(database, make_pump(desk.settings, database), stop, threading.Event(), drain_seconds=10.0)
        database.close()

    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(work) for work in (do_imports, do_imports, send)]
        try:
            yield
        finally:
            stop.set()
            for work in running:
                work.result()


class Story:
    """One import, and everything that is done to it while others work on it."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk = desk
        self.random = random.Random(seed)  # noqa: S311 a test, not a secret
        self.import_id = ready(desk, people(PEOPLE))
        self.accepted: set[str] = set()
        self.answers: list[str] = []

    def ask(self, what: str) -> None:
        """Ask for something. It is done, or refused for a reason that can be true at some moment of this story."""
        answer = self.desk.client().post(f"/imports/{self.import_id}/{what}")
        said = str(answer.json().get("code", answer.status_code))
        assert said in {"202", "not_running", "not_sendable"}, answer.text
        self.answers.append(f"{what} {said}")

    def accept(self) -> None:
        """Somebody sets a password, or finds that the link is dead."""
        found = invitations(self.desk, import_id=self.import_id, state="pending")
        if found:
            chosen = self.random.choice(sorted(found))
            body = {"token": token_of(self.desk, found[chosen]), "password": "long enough"}
            status = self.desk.stranger().post("/invitations/accept", json=body).status_code
            assert status in {200, 410}
            self.accepted |= {chosen} if status == 200 else set()

    def revoke(self) -> None:
        """Somebody is removed one by one."""
        found = invitations(self.desk, import_id=self.import_id, state="pending")
        if found:
            chosen = found[self.random.choice(sorted(found))]
            status = self.desk.http.post(f"/invitations/{chosen['id']}/revoke").status_code
            assert status in {200, 409}

    def waits_for(self, moment: float) -> None:
        """Until so many people are added and mails are sent, or (after a cancel) nothing moves any more."""
        moved = "SELECT (SELECT rows_done FROM imports) + (SELECT coalesce(sum(sent), 0) FROM delivery_batches)"
        wait_for(lambda: bool(self.desk.rows(moved)[0][0] >= moment), 0.3)


def play(desk: Desk, seed: int) -> Story:
    """Commit, some of everything, and in the end an undo: by two at once, while somebody accepts and revokes."""
    story = Story(desk, seed)
    with at_work(desk):
        ask(desk, story.import_id, "commit", {"send_invitations": bool(seed % 4)})
        actions: list[Callable[[], None]] = [story.accept, story.revoke]
        actions += [partial(story.ask, "cancel"), partial(story.ask, "send")]
        end = story.random.random() * PEOPLE * 1.8
        for moment in sorted(story.random.random() * end for _ in range(story.random.randrange(3))):
            story.waits_for(moment)
            story.random.choice(actions)()
        story.waits_for(end)
        last: list[Callable[[], None]] = [
            *(partial(story.ask, what) for what in ("undo", "undo", "cancel", "send")),
            story.accept,
            story.accept,
            story.revoke,
        ]
        story.random.shuffle(last)
        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(one) for one in last]:
                done.result()
        assert wait_for(lambda: import_of(desk, story.import_id)["state"] == "undone"), import_of(desk, story.import_id)
        sent = len(desk.mails())
    at_rest(desk)
    assert len(desk.mails()) == sent, "a mail left after the undo was done"
    return story


def books(desk: Desk, import_id: str) -> dict[str, set[str]]:
    """The states of an import's people, invitations and mails, by SQL of our own."""
    questions = {
        "people": "SELECT state FROM users WHERE created_by_import_id = :id",
        "invitations": "SELECT state || CASE WHEN user_id IS NULL THEN '' ELSE ' of a person' END "
        "FROM invitations WHERE import_id = :id",
        "mails": "SELECT state || CASE WHEN due_at IS NULL THEN '' ELSE ' later' END "
        "FROM deliveries WHERE batch_id = :id",
    }
    key = uuid.UUID(import_id)
    return {name: {row[0] for row in desk.rows(question, id=key)} for name, question in questions.items()}


def check(story: Story) -> None:
    """Nobody of the import is left but who accepted; no live link, no mail on its way; every total is true."""
    desk = story.desk
    imported = import_of(desk, story.import_id)
    result, undo = imported["result"], imported["result"]["undo"]
    assert (imported["state"], imported["failure"]) == ("undone", None)
    assert addresses(desk) == story.accepted
    assert {user["reason"] for user in undo["left"] if user["kind"] == "user"} <= {"accepted"}
    assert undo["left_counts"]["accepted"] == len(story.accepted)
    assert result["added"] == undo["removed"] + undo["already_gone"] + len(story.accepted)
    assert result["mails"]["queued"] == result["mails"]["held"] == 0
    found = books(desk, story.import_id)
    assert found["people"] <= {"active"}
    assert found["invitations"] <= {"accepted of a person", "revoked"}
    assert found["mails"] <= {"sent", "dropped"}
    assert names(desk, "organisations") == ({"Acme"} if story.accepted else set())
    assert counts_are_true(desk)


def race(folder: Path, migrated: Template, seeds: range) -> None:
    moments = []
    for seed in seeds:
        (folder / str(seed)).mkdir()
        desk = Desk(folder / str(seed), migrated)
        story = play(desk, seed)
        check(story)
        added = import_of(desk, story.import_id)["result"]["added"]
        moments.append(added)
        print(f"seed {seed}: {added} of {PEOPLE} added, {len(story.accepted)} accepted, {story.answers}")
        desk.close()
    in_the_middle = sum(0 < added < PEOPLE for added in moments)
    print(f"undone in the middle of the commit: {in_the_middle} of {len(moments)}")
    assert in_the_middle, "no commit was hit in its middle"


@pytest.mark.long
def test_whatever_happens_at_once_an_undo_leaves_who_accepted_and_nothing_else(
    tmp_path: Path, migrated: Template
) -> None:
    race(tmp_path, migrated, range(SEEDS))


@pytest.mark.soak
def test_whatever_happens_at_once_an_undo_leaves_nothing_else_a_hundred_times(
    tmp_path: Path, migrated: Template
) -> None:
    race(tmp_path, migrated, range(SEEDS, SEEDS + 100))


# --- deaths --------------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize(("what", "least"), [("cancel", 4), ("undo", 10)])
def test_a_worker_that_dies_before_any_of_its_transactions_is_replaced(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, what: str, least: int
) -> None:
    for step in ("mails._AT_ONCE", "undo._PEOPLE_AT_ONCE", "undo._NAMES_AT_ONCE"):
        monkeypatch.setattr(f"app.imports.{step}", 2)
    ends = []
    deaths = 0
    while True:
        import_id = completed(desk, hold_minutes=10)
        ask(desk, import_id, what)
        try:
            with HaltedWorker(desk, before=deaths + 2, dies=True):
                deaths += 1
        except TooLittleWork:
            break
        at_rest(desk)
        assert counts_are_true(desk)
        imported = import_of(desk, import_id)
        ends.append((imported["state"], imported["result"]["mails"], imported["result"]["undo"]))
        ask(desk, import_id, "undo")
        at_rest(desk)
        assert (addresses(desk), names(desk, "organisations")) == (set(), set())
    print(f"{what}: died before each of {deaths} transactions")
    assert deaths >= least
    assert [end for end in ends if end != ends[0]] == []
    assert ends[0][0] == {"cancel": "completed", "undo": "undone"}[what]
    assert desk.mails() == []


@pytest.mark.long
@pytest.mark.xdist_group("plugs")
def test_a_killed_undo_goes_on_elsewhere(desk: Desk, tmp_path: Path) -> None:
    number = 3000
    import_id = committing(desk, people(number), hold_minutes=600)
    imports_work(desk)
    with worker(desk, tmp_path / "log") as process:
        ask(desk, import_id, "undo")
        assert wait_for(lambda: import_of(desk, import_id)["result"]["undo"]["removed"] >= 250)
        process.send_signal(signal.SIGKILL)
        process.wait()
    middle = import_of(desk, import_id)
    removed = middle["result"]["undo"]["removed"]
    assert middle["state"] == "undoing", "the kill came too late"
    assert 0 < removed < number
    assert len(books(desk, import_id)["people"]) == 1
    print(f"killed after {removed} of {number} people; kills that hit: 1")
    let_leases_end(desk)
    with worker(desk, tmp_path / "log"):
        assert wait_for(lambda: import_of(desk, import_id)["state"] == "undone")
    undone = import_of(desk, import_id)["result"]
    assert undone["undo"]["removed"] == undone["added"] == number
    assert undone["mails"] == NO_MAILS | {"dropped": number}
    assert (addresses(desk), desk.mails()) == (set(), [])
    assert counts_are_true(desk)
