"""`ROLLCALL_DELIVERY_PAUSED`: mails wait, everything else goes on, and what waited leaves once."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from app.delivery.models import Delivery
from tests.conftest import Desk, Template
from tests.delivery.test_delivery import commit, people

PEOPLE = 30


@pytest.fixture
def paused(tmp_path: Path, migrated: Template) -> Iterator[Desk]:
    """A desk that sends no mail."""
    desk = Desk(tmp_path, migrated, delivery_paused=True)
    yield desk
    desk.close()


def test_mails_wait_while_delivery_is_paused_and_leave_once_when_it_is_not(paused: Desk) -> None:
    paused.http.post("/invitations", json={"email": "jan@example.com", "organisation": "Acme"})
    import_id = commit(paused, people(PEOPLE))
    paused.work()
    imported = paused.http.get(f"/imports/{import_id}").json()
    assert (imported["state"], imported["result"]["added"]) == ("completed", PEOPLE)
    assert imported["result"]["mails"]["queued"] == PEOPLE
    with paused.database.reading() as session:
        waiting = session.execute(
            select(Delivery.state, Delivery.attempts, Delivery.lease)
        ).all()  # one: the first admin
    assert Counter(tuple(row) for row in waiting) == {("queued", 0, None): PEOPLE + 1, ("held", 0, None): 1}
    assert paused.mails() == []

    paused.settings = paused.settings.model_copy(update={"delivery_paused": False})
    paused.work()
    paused.work()
    left = Counter(str(mail["To"]) for mail in paused.mails())
    assert len(left) == PEOPLE + 1
    assert set(left.values()) == {1}


def test_readyz_and_metrics_say_that_delivery_is_paused(paused: Desk, tmp_path: Path, migrated: Template) -> None:
    ready = paused.http.get("http://testserver/readyz")
    assert (ready.status_code, ready.json()["delivery_paused"]) == (200, True)
    assert "\nrollcall_delivery_paused 1.0\n" in paused.http.get("http://testserver/metrics").text
    (tmp_path / "usual").mkdir()
    usual = Desk(tmp_path / "usual", migrated)
    assert usual.http.get("http://testserver/readyz").json()["delivery_paused"] is False
    assert "\nrollcall_delivery_paused 0.0\n" in usual.http.get("http://testserver/metrics").text
    usual.close()
