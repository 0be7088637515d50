"""Adding people and mailing them are two decisions (rule 11); following an import live; what monitors see."""

import json
import threading
import time
from typing import Any

import httpx
import pytest

from app.access.actor import Scope
from tests.api.test_import_story import COLUMNS, adds_up, map_columns, upload
from tests.conftest import Desk
from tests.delivery.test_delivery import people
from tests.delivery.test_kill import wait_for
from tests.delivery.test_serve import serving, workers


def committed(desk: Desk, **options: Any) -> str:
    imported = upload(desk)
    map_columns(desk, imported["id"], COLUMNS)
    desk.http.post(f"/imports/{imported['id']}/commit", json=options)
    desk.work()
    return str(imported["id"])


def mails_of(desk: Desk, import_id: str) -> dict[str, int]:
    return dict(desk.http.get(f"/imports/{import_id}").json()["result"]["mails"])


def test_people_added_quietly_are_invited_by_send_once(desk: Desk) -> None:
    import_id = committed(desk, send_invitations=False)
    for _ in range(2):
        sent = desk.http.post(f"/imports/{import_id}/send")
        assert (sent.status_code, sent.json()["state"]) == (202, "completed")
        desk.work()
    assert len(desk.mails()) == 5
    assert mails_of(desk, import_id) == {"queued": 0, "sent": 5, "failed": 0, "held": 0, "dropped": 0}
    assert adds_up(desk.http.get(f"/imports/{import_id}").json()["result"])
    assert len(desk.http.get("/invitations", params={"import_id": import_id}).json()["items"]) == 5


def test_held_mails_are_released_by_send(desk: Desk) -> None:
    import_id = committed(desk, hold_minutes=10_080)
    items = desk.http.get("/invitations", params={"import_id": import_id}).json()["items"]
    desk.http.post(f"/invitations/{items[0]['id']}/revoke")
    assert mails_of(desk, import_id)["held"] == 4
    desk.http.post(f"/imports/{import_id}/send")
    assert desk.http.delete(f"/imports/{import_id}").json()["code"] == "import_busy"
    desk.work()
    assert len(desk.mails()) == 4
    assert mails_of(desk, import_id) == {"queued": 0, "sent": 4, "failed": 0, "held": 0, "dropped": 1}


def test_an_import_that_is_not_done_cannot_be_sent(desk: Desk) -> None:
    imported = upload(desk)
    refused = desk.http.post(f"/imports/{imported['id']}/send")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_sendable")


def events_of(text: str) -> list[tuple[str, str, dict[str, Any]]]:
    found = []
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if "data" in fields:
            found.append((fields["event"], fields["id"], json.loads(fields["data"])))
    return found


def test_a_resting_import_tells_its_state_and_ends_and_a_returning_client_hears_only_news(desk: Desk) -> None:
    import_id = committed(desk)
    answer = desk.http.get(f"/imports/{import_id}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    ((event, last_id, told),) = events_of(answer.text)
    assert (event, told["state"], told["result"]["mails"]["sent"]) == ("state", "completed", 5)
    again = desk.http.get(f"/imports/{import_id}/events", headers={"Last-Event-ID": last_id})
    assert events_of(again.text) == []


def test_a_stream_is_refused_before_it_begins(desk: Desk) -> None:
    import_id = committed(desk)
    desk.platform("globex")
    foreign = desk.client("globex").get(f"/imports/{import_id}/events")
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
    assert desk.stranger().get(f"/imports/{import_id}/events").status_code == 401


@pytest.mark.long
@pytest.mark.xdist_group("processes")
def test_a_running_import_is_followed_live_by_many_and_capped_per_actor(desk: Desk) -> None:
    imported = upload(desk, people(8000))
    key = desk.key("acme", Scope.IMPORT)
    headers = {"Authorization": f"Bearer {key}"}
    with serving(desk) as (_, url):
        api = f"{url}/api/v1/imports/{imported['id']}"
        assert wait_for(lambda: workers(url) == 1, 30)
        lines: list[str] = []

        def listen() -> None:
            with httpx.stream("GET", f"{api}/events", headers=headers, timeout=60) as stream:
                lines.extend(stream.iter_lines())

        body = {"columns": ["first_name", "last_name", "email", "company"]}
        assert httpx.put(f"{api}/mapping", json=body, headers=headers, timeout=20).status_code == 200
        assert wait_for(lambda: httpx.get(api, headers=headers).json()["state"] == "ready")
        httpx.post(f"{api}/commit", json={}, headers=headers)
        listener = threading.Thread(target=listen)
        listener.start()
        time.sleep(0.1)
        streams = []
        with httpx.Client(headers=headers, timeout=20) as client:
            statuses = []
            for _ in range(12):
                stream = client.stream("GET", f"{api}/events")
                statuses.append(stream.__enter__().status_code)
                streams.append(stream)
            for stream in streams:
                stream.__exit__(None, None, None)
        listener.join(60)
    events = events_of("\n".join(lines))
    assert events[-1][2]["state"] == "completed"
    assert events[-1][2]["result"]["mails"]["sent"] == 8000
    assert len(events) >= 2
    assert len({event_id for _, event_id, _ in events}) == len(events)
    assert statuses.count(429) >= 2


def test_monitors_see_requests_queues_sends_imports_and_workers(desk: Desk) -> None:
    committed(desk)
    desk.http.post("/invitations", json={"email": "late@example.com", "organisation": "Acme"})
    text = desk.stranger().get("http://testserver/metrics").text
    for line in (
        'rollcall_sends_total{result="sent"} 5.0',
        'rollcall_imports{state="completed"} 1.0',
        "rollcall_workers_alive 0.0",
        "rollcall_sender_paused 0.0",
    ):
        assert line in text
    assert 'rollcall_outbox_lag_seconds{lane="single"}' in text
    assert 'route="/imports/{import_id}/commit",status="202"' in text or 'status="202"' in text
    assert "example.com" not in text
