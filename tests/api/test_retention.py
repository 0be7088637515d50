"""What was kept long enough is forgotten, a few at a time; what may still happen is not touched."""

import threading
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.access.audit import NO_PLATFORM, Action
from app.access.models import AuditEvent
from app.db.base import utcnow
from app.delivery.models import Delivery
from app.delivery.senders.folder import FolderSender
from app.invitations.models import Invitation
from app.jobs import embedded
from app.privacy import retention
from app.privacy.retention import Keep, keep_of, purge
from tests.api.test_audit import events
from tests.conftest import Desk, link_of

DAY = timedelta(days=1)
PASSWORD = "a long enough password"


def keep(desk: Desk) -> Keep:
    """Mails 90 days, invitations 365, events for ever."""
    return Keep(90 * DAY, 365 * DAY, 10_000 * DAY, FolderSender(desk.folder / "mails"))


def invited(desk: Desk, name: str, **more: object) -> str:
    """An invitation."""
    body = {"email": f"{name}@example.com", "organisation": "Acme", **more}
    return str(desk.http.post("/invitations", json=body).json()["id"])


def count(desk: Desk, model: type[Delivery | Invitation | AuditEvent]) -> int:
    """How many rows there are."""
    with desk.database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_mails_that_are_over_are_forgotten_after_their_time_and_no_other(desk: Desk) -> None:
    sent, dropped, held = invited(desk, "sent"), invited(desk, "dropped", send=False), invited(desk, "held", send=False)
    assert desk.http.post(f"/invitations/{dropped}/revoke").status_code == 200
    desk.work()
    before = count(desk, Delivery)
    assert len(desk.mails()) == 1
    assert purge(desk.database, keep(desk), now=utcnow() + 89 * DAY)
    assert (count(desk, Delivery), len(desk.mails())) == (before, 1)
    assert purge(desk.database, keep(desk), now=utcnow() + 91 * DAY)
    assert (count(desk, Delivery), len(desk.mails())) == (before - 2, 0)
    assert desk.http.get(f"/invitations/{sent}").json()["delivery"] is None
    assert desk.http.get(f"/invitations/{held}").json()["delivery"]["state"] == "held"
    (told,) = events(desk.http, action="delivery.purged")
    assert (told["actor_kind"], told["details"]) == ("worker", {"number": 2})


def test_a_forgotten_mail_is_never_sent_again_but_by_a_resend(desk: Desk) -> None:
    invitation_id = invited(desk, "ann")
    desk.work()
    purge(desk.database, keep(desk), now=utcnow() + 91 * DAY)
    desk.work()
    assert desk.mails() == []
    again = desk.http.post(f"/invitations/{invitation_id}/resend").json()
    assert (again["generation"], again["delivery"]["state"]) == (2, "queued")
    desk.work()
    assert len(desk.mails()) == 1


def test_invitations_that_are_over_are_forgotten_and_their_people_stay(desk: Desk) -> None:
    accepted, revoked, pending = (invited(desk, name) for name in ("accepted", "revoked", "pending"))
    desk.work()
    token = link_of(desk.mails(to="accepted@")[0])
    body = {"token": token, "password": PASSWORD}
    assert desk.stranger().post("/invitations/accept", json=body).status_code == 200
    assert desk.http.post(f"/invitations/{revoked}/revoke").status_code == 200
    purge(desk.database, keep(desk), now=utcnow() + 364 * DAY)
    assert all(desk.http.get(f"/invitations/{one}").status_code == 200 for one in (accepted, revoked, pending))
    purge(desk.database, keep(desk), now=utcnow() + 366 * DAY)
    statuses = [desk.http.get(f"/invitations/{one}").status_code for one in (accepted, revoked, pending)]
    assert statuses == [404, 404, 200]
    assert desk.http.get("/users", params={"q": "accepted@"}).json()["items"][0]["state"] == "active"
    assert [one["details"] for one in events(desk.http, action="invitation.purged")] == [{"number": 2}]


def test_who_accepted_late_is_kept_from_then_on(desk: Desk) -> None:
    invitation_id = invited(desk, "late")
    with desk.database.writing() as session:
        late = {"state": "accepted", "accepted_at": utcnow() + 300 * DAY}
        session.execute(update(Invitation).where(Invitation.id == uuid.UUID(invitation_id)).values(late))
    purge(desk.database, keep(desk), now=utcnow() + 400 * DAY)
    assert desk.http.get(f"/invitations/{invitation_id}").status_code == 200


def test_events_are_forgotten_on_every_platform_and_on_none(desk: Desk) -> None:
    desk.platform("globex")
    at = utcnow() - 400 * DAY
    before = count(desk, AuditEvent)
    with desk.database.writing() as session:
        for platform_id in (NO_PLATFORM, desk.platform_id("acme"), desk.platform_id("globex")):
            event_id = uuid.UUID(int=int(at.timestamp() * 1000) << 80)
            session.add(
                AuditEvent(platform_id=platform_id, id=event_id, at=at, actor_kind="cli", action="x.y", details={})
            )
    assert purge(desk.database, keep_of(desk.settings), now=utcnow())
    with desk.database.reading() as session:
        assert session.scalars(select(AuditEvent).where(AuditEvent.action == "x.y")).all() == []
        told = session.scalars(select(AuditEvent).where(AuditEvent.action == Action.AUDIT_EVENT_PURGED)).all()
    assert [event.details for event in told] == [{"number": 1}] * 3
    assert count(desk, AuditEvent) == before + 3


def test_many_are_forgotten_a_few_at_a_time_and_others_have_their_turn(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [{"email": f"a{number}@example.com", "organisation": "Acme", "send": False} for number in range(10)]
    made = desk.http.post("/invitations/batch", json={"invitations": people}).json()["results"]
    for one in made:
        desk.http.post(f"/invitations/{one['invitation']['id']}/revoke")
    monkeypatch.setattr(retention, "_AT_ONCE", 3)
    monkeypatch.setattr(retention, "_SECONDS", 0.0)
    passes, now = 1, utcnow() + 91 * DAY
    while not purge(desk.database, keep(desk), now=now):
        passes += 1
        assert passes < 10
    assert passes == 5
    numbers = [one["details"]["number"] for one in reversed(events(desk.http, action="delivery.purged"))]
    assert numbers == [3, 3, 3, 1]


def test_mails_that_cannot_be_removed_stay_with_their_rows_and_stop_nothing_else(desk: Desk) -> None:
    invited(desk, "ann")
    revoked = invited(desk, "bob")
    desk.work()
    desk.http.post(f"/invitations/{revoked}/revoke")
    (desk.folder / "mails").rename(desk.folder / "elsewhere")
    (desk.folder / "mails").write_text("no folder")
    before = count(desk, Delivery)
    assert purge(desk.database, keep(desk), now=utcnow() + 400 * DAY)
    assert count(desk, Delivery) == before
    assert desk.http.get(f"/invitations/{revoked}").status_code == 404
    (desk.folder / "mails").unlink()
    (desk.folder / "elsewhere").rename(desk.folder / "mails")
    assert purge(desk.database, keep(desk), now=utcnow() + 400 * DAY)
    assert (count(desk, Delivery), desk.mails()) == (before - 2, [])


def test_the_worker_purges_by_itself(desk: Desk) -> None:
    invited(desk, "ann")
    desk.work()
    with desk.database.writing() as session:
        old = utcnow() - 500 * DAY
        of_ann = update(Delivery).where(Delivery.state == "sent")
        session.execute(of_ann.values(created_at=old, about_id=uuid.UUID(int=1)))
    before = count(desk, Delivery)
    stop = threading.Event()
    arguments = {"max_lines": 10, "keep_files": 30 * DAY, "keep": keep_of(desk.settings)}
    thread = threading.Thread(target=embedded.do_imports, args=(desk.database, stop), kwargs=arguments)
    thread.start()
    for _ in range(200):
        if count(desk, Delivery) < before:
            break
        stop.wait(0.05)
    stop.set()
    thread.join(10)
    assert count(desk, Delivery) == before - 1
