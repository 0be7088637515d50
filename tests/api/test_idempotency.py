"""Trying again without doing twice: replays, other bodies, many at once, uploads, and a process killed in between."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from app.access.models import IdempotencyKey
from app.db.base import utcnow
from app.imports.models import ImportPiece
from tests.api.test_import_story import COLUMNS, FILE, map_columns, upload
from tests.conftest import Desk
from tests.delivery.sink import free_port
from tests.delivery.test_kill import environment, wait_for
from tests.delivery.test_serve import serving

JAN = {"email": "jan@example.com", "organisation": "Acme"}


def test_the_same_request_gets_the_same_answer_byte_for_byte(desk: Desk) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = desk.http.post("/invitations", json=JAN, headers=headers)
    again = desk.http.post(
        "/invitations",
        content=b'{"organisation": "Acme",  "email":"jan@example.com"}',
        headers=headers | {"Content-Type": "application/json"},
    )
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    desk.work()
    assert len(desk.mails()) == 1


def test_another_body_under_the_same_key_is_refused(desk: Desk) -> None:
    headers = {"Idempotency-Key": "k1"}
    desk.http.post("/invitations", json=JAN, headers=headers)
    other = desk.http.post("/invitations", json=JAN | {"email": "an@example.com"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert desk.http.get("/invitations", params={"q": "an@ex"}).json()["items"][1:] == []


def test_a_key_belongs_to_one_actor_method_and_path(desk: Desk) -> None:
    headers = {"Idempotency-Key": "k1"}
    invitation = desk.http.post("/invitations", json=JAN, headers=headers).json()
    assert desk.client("acme").post("/invitations", json=JAN, headers=headers).json()["code"] == "already_invited"
    resent = desk.http.post(f"/invitations/{invitation['id']}/resend", headers=headers)
    assert resent.status_code == 200


def test_a_refused_request_keeps_nothing_and_may_be_mended(desk: Desk) -> None:
    headers = {"Idempotency-Key": "k1"}
    assert desk.http.post("/invitations", json=JAN | {"language": "xx"}, headers=headers).status_code == 422
    assert desk.http.post("/invitations", json=JAN, headers=headers).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "sp ace", "ümlaut".encode("latin-1")])
def test_a_key_of_a_bad_form_is_refused_and_nothing_is_sent(desk: Desk, key: Any) -> None:
    refused = desk.http.post("/invitations", json=JAN, headers={"Idempotency-Key": key})
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_invalid")
    desk.work()
    assert desk.mails() == []


def test_after_a_day_the_key_is_free(desk: Desk) -> None:
    headers = {"Idempotency-Key": "k1"}
    desk.http.post("/invitations", json=JAN, headers=headers)
    with desk.database.writing() as session:
        session.execute(update(IdempotencyKey).values(created_at=utcnow() - timedelta(hours=25)))
    assert desk.http.post("/invitations", json=JAN, headers=headers).json()["code"] == "already_invited"


def test_a_dead_reservation_is_free_and_a_live_one_is_not(desk: Desk) -> None:
    headers = {"Idempotency-Key": "k1"}
    desk.http.post("/invitations", json=JAN, headers=headers)
    with desk.database.writing() as session:  # as if the process had died before its answer was kept
        session.execute(update(IdempotencyKey).values(status=None, lease_until=utcnow() + timedelta(seconds=30)))
    running = desk.http.post("/invitations", json=JAN, headers=headers)
    assert (running.status_code, running.json()["code"]) == (409, "idempotency_key_in_use")
    assert running.headers["retry-after"] == "1"
    with desk.database.writing() as session:
        session.execute(update(IdempotencyKey).values(lease_until=utcnow() - timedelta(seconds=1)))
    assert desk.http.post("/invitations", json=JAN, headers=headers).json()["code"] == "already_invited"


def test_a_hundred_at_once_are_one_invitation(desk: Desk) -> None:
    key = desk.key()
    ready = threading.Barrier(20)

    def ask(_number: int) -> tuple[int, str]:
        client = desk.client(key=key)
        ready.wait(20)
        answers = [client.post("/invitations", json=JAN, headers={"Idempotency-Key": "k1"}) for _ in range(5)]
        return max(answer.status_code for answer in answers), answers[-1].text

    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(ask, range(20)))
    assert {status for status, _ in found} <= {201, 409}
    bodies = {body for status, body in found if status == 201}
    assert len(bodies) == 1
    desk.work()
    assert len(desk.mails()) == 1


def test_an_upload_is_tried_again_with_the_same_bytes_name_and_query(desk: Desk) -> None:
    headers = {"Idempotency-Key": "up"}

    def send(content: bytes = FILE, name: str = "a.csv") -> Any:
        return desk.http.post("/imports", files={"file": (name, content, "text/csv")}, headers=headers)

    first, again = send(), send()
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"
    assert send(FILE + b"x;y;z@example.com;A\r\n").json()["code"] == "idempotency_key_reused"
    assert send(name="b.csv").json()["code"] == "idempotency_key_reused"
    assert len(desk.http.get("/imports").json()["items"]) == 1
    bad = desk.http.post("/imports", files={"file": ("a.csv", b"", "text/csv")}, headers={"Idempotency-Key": "e"})
    assert bad.status_code == 422
    assert (
        desk.http.post(
            "/imports", files={"file": ("a.csv", FILE, "text/csv")}, headers={"Idempotency-Key": "e"}
        ).status_code
        == 201
    )


def test_a_commit_is_replayed_too(desk: Desk) -> None:
    imported = upload(desk)
    map_columns(desk, imported["id"], COLUMNS)
    path, headers = f"/imports/{imported['id']}/commit", {"Idempotency-Key": "c"}
    first = desk.http.post(path, json={}, headers=headers)
    desk.work()
    again = desk.http.post(path, json={}, headers=headers)
    assert (again.status_code, again.content) == (202, first.content)
    assert again.json()["state"] == "committing"  # the first answer, not the state now
    assert len(desk.mails()) == 5


def test_no_answer_that_is_kept_holds_a_link_or_a_key(desk: Desk) -> None:
    desk.http.post("/invitations", json=JAN, headers={"Idempotency-Key": "k1"})
    made = desk.http.post("/api-keys", json={"name": "x", "scopes": ["read"]}, headers={"Idempotency-Key": "k2"})
    with desk.database.reading() as session:
        bodies = [row.body or b"" for row in session.scalars(select(IdempotencyKey))]
    assert len(bodies) == 1
    assert made.json()["key"].encode() not in b"".join(bodies)
    assert b"#" not in b"".join(bodies)


@pytest.mark.long
@pytest.mark.xdist_group("processes")
def test_a_process_killed_between_effect_and_answer_answers_the_next_try(desk: Desk) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "app.cli", "serve", "--no-worker", "--port", str(port)]
    headers = {"Authorization": f"Bearer {desk.key()}", "Idempotency-Key": "killed"}
    hits = 0
    process = subprocess.Popen(command, env=environment(desk), stderr=subprocess.DEVNULL)
    try:
        assert wait_for(lambda: _is_up(url), 30)
        api = int(
            subprocess.run(
                ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, check=True
            ).stdout.split()[0]
        )

        def watch() -> None:
            nonlocal hits
            while not desk.http.get("/invitations", params={"q": "jan@"}).json()["items"]:
                time.sleep(0.0005)
            os.kill(api, signal.SIGKILL)
            hits += 1

        killer = threading.Thread(target=watch)
        killer.start()
        first = None
        with contextlib.suppress(httpx.TransportError):
            first = httpx.post(f"{url}/api/v1/invitations", json=JAN, headers=headers, timeout=10)
        killer.join(20)
        assert hits == 1
        assert wait_for(lambda: _is_up(url), 30)
        again = httpx.post(f"{url}/api/v1/invitations", json=JAN, headers=headers, timeout=10)
        print(f"killed after the effect; kills: {hits}; the first answer arrived: {first is not None}")
        assert again.status_code == 201
        assert again.headers["idempotent-replayed"] == "true"
        assert first is None or first.content == again.content
    finally:
        process.terminate()
        process.wait(40)
    desk.work()
    assert len(desk.mails()) == 1


def _is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.xdist_group("processes")
def test_a_client_that_breaks_off_may_try_again(desk: Desk) -> None:
    key = desk.key()
    with serving(desk, "--no-worker") as (_, url):
        port = int(url.rsplit(":", 1)[1])

        def send_and_leave(
            path: str, kind: str, body: bytes, promised: int, idempotency_key: str, arrived: Callable[[], bool]
        ) -> None:
            head = (
                f"POST /api/v1{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
                f"Content-Type: {kind}\r\nContent-Length: {promised}\r\nIdempotency-Key: {idempotency_key}\r\n\r\n"
            )
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(head.encode() + body)
                assert wait_for(arrived, 10)  # it is there, and nobody waits for the answer

        headers = {"Authorization": f"Bearer {key}"}
        # In the middle of an upload: nothing is left of it, and its key is free at once.
        send_and_leave("/imports", "text/csv", FILE * 20_000, len(FILE) * 40_000, "upload", lambda: _pieces(desk) > 0)
        assert wait_for(lambda: _pieces(desk) == 0, 10)
        again = httpx.post(
            f"{url}/api/v1/imports",
            content=FILE,
            headers=headers | {"Idempotency-Key": "upload", "Content-Type": "text/csv"},
            timeout=20,
        )
        assert again.status_code == 201
        assert "idempotent-replayed" not in again.headers
        # After the whole request: it was done once, and the next try gets its answer.
        body = json.dumps(JAN).encode()
        send_and_leave("/invitations", "application/json", body, len(body), "invite", lambda: bool(_invited(desk)))
        second = httpx.post(
            f"{url}/api/v1/invitations", json=JAN, headers=headers | {"Idempotency-Key": "invite"}, timeout=20
        )
        assert second.status_code == 201
        assert second.headers["idempotent-replayed"] == "true"
    desk.work()
    assert len(desk.mails()) == 1


def _invited(desk: Desk) -> list[Any]:
    return list(desk.http.get("/invitations", params={"q": "jan@"}).json()["items"])


def _pieces(desk: Desk) -> int:
    with desk.database.reading() as session:
        return session.scalar(select(func.count()).select_from(ImportPiece)) or 0
