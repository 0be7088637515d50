"""What an attacker found once, and finds no more."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update

from app.access.actor import Scope
from app.access.models import Platform
from app.db.base import new_id
from app.imports import work
from app.imports.models import Import, ImportRow
from app.imports.steps import ImportState
from app.imports.work import Job, NoLongerOurs
from app.invitations.models import Invitation
from tests.api.test_import_story import COLUMNS, FILE, map_columns, upload
from tests.conftest import Desk

HEADER = b"first_name,last_name,email,company\n"


def test_a_cell_of_dots_does_not_hold_the_process(desk: Desk) -> None:
    started = time.process_time()
    for cell in (b"a@" + b"." * 500_000 + b"@", b"a@" + b"b." * 250_000 + b"@", b"@" * 500_000):
        desk.http.post("/imports", content=b"email,x\n" + cell + b",1\n", headers={"Content-Type": "text/csv"})
    assert time.process_time() - started < 6.0  # it was quadratic: hours


def test_an_invite_key_cannot_end_or_resend_an_administrators_invitation(desk: Desk) -> None:
    with desk.database.reading() as session:
        (invitation,) = session.scalars(select(Invitation)).all()
    inviter = desk.client("acme", Scope.INVITE)
    for verb in ("revoke", "resend"):
        refused = inviter.post(f"/invitations/{invitation.id}/{verb}")
        assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert desk.http.get("/users").json()["items"][0]["role"] == "admin"


def test_deep_nesting_and_strange_charsets_are_refused_and_no_fault(desk: Desk) -> None:
    for depth in (900, 950, 2000, 100_000):
        body = b'{"email":"a@example.com","organisation":"A","x":' + b"[" * depth + b"]" * depth + b"}"
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"deep{depth}"}
        assert desk.http.post("/invitations", content=body, headers=headers).status_code in {400, 422}
    for charset in ("undefined", "unicode_escape", "raw_unicode_escape", "no-such"):
        part = b'Content-Disposition: form-data; name="file"; filename="\\ud800x.csv"'
        form = b"--b\r\n" + part + b"\r\n\r\n" + FILE + b"\r\n--b--\r\n"
        headers = {"Content-Type": f"multipart/form-data; boundary=b; charset={charset}"}
        assert desk.http.post("/imports", content=form, headers=headers).status_code in {201, 422}


def test_long_names_can_be_paged_past(desk: Desk) -> None:
    for digit in range(3):
        name = "\U0001d160" * 199 + str(digit)
        desk.http.post("/invitations", json={"email": f"p{digit}@example.com", "organisation": name})
    cursor, seen = None, 0
    while True:
        page = desk.http.get("/organisations", params={"limit": 1} | ({"cursor": cursor} if cursor else {})).json()
        seen += len(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == 3


def test_a_rejected_giant_cell_is_kept_shortened(desk: Desk) -> None:
    imported = upload(desk, HEADER + b"x" * 500_000 + b",Peeters,jan@example.com,Acme\n")
    map_columns(desk, imported["id"], ["first_name", "last_name", "email", "company"])
    with desk.database.reading() as session:
        (row,) = session.scalars(select(ImportRow)).all()
    assert len(str(row.values)) < 2000


def test_a_failed_commit_whose_file_is_gone_is_not_resumed_into_nothing(desk: Desk) -> None:
    imported = upload(desk)
    map_columns(desk, imported["id"], COLUMNS)
    desk.http.post(f"/imports/{imported['id']}/commit", json={})
    with desk.database.writing() as session:
        session.execute(update(Import).values(state="failed", due_at=None, failure_code="internal_error"))
    assert desk.http.delete(f"/imports/{imported['id']}").status_code == 204
    refused = desk.http.post(f"/imports/{imported['id']}/commit", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "file_deleted")


def test_a_failed_commit_is_resumed_by_the_same_commit(desk: Desk) -> None:
    imported = upload(desk)
    map_columns(desk, imported["id"], COLUMNS)
    desk.http.post(f"/imports/{imported['id']}/commit", json={})
    with desk.database.writing() as session:
        session.execute(update(Import).values(state="failed", due_at=None, failure_code="internal_error"))
    assert desk.http.post(f"/imports/{imported['id']}/commit", json={}).status_code == 202
    desk.work()
    done = desk.http.get(f"/imports/{imported['id']}").json()
    assert (done["state"], done["failure"], done["result"]["added"]) == ("completed", None, 5)
    assert len(desk.mails()) == 5


def test_many_mappings_and_readers_at_once_are_all_answered(desk: Desk) -> None:
    rows = b"".join(b"Jan,Peeters,p%d@example.com,Acme\n" % n for n in range(1900))
    imported = upload(desk, HEADER + rows)
    path, key = f"/imports/{imported['id']}", desk.key()
    columns = ["first_name", "last_name", "email", "company"]

    def ask(number: int) -> int:
        client = desk.client(key=key)
        if number % 3:
            return client.get(f"{path}/rows", params={"limit": 200}).status_code
        return client.put(f"{path}/mapping", json={"columns": columns, "header_line": 1}).status_code

    with ThreadPoolExecutor(24) as pool:
        statuses = set(pool.map(ask, range(48)))
    assert statuses <= {200, 409}
    desk.work()
    assert desk.http.get(path).json()["state"] == "ready"


def test_a_foreign_host_gets_no_redirect_and_addresses_no_markup(desk: Desk) -> None:
    answer = desk.http.get("/users/", headers={"Host": "evil.example"}, follow_redirects=False)
    assert answer.status_code == 404
    for address in (
        "http://ex\nample.com/",
        'http://example.com/" onclick=x',
        "http://exa mple.com",
        "ftp://example.com",
    ):
        assert desk.http.patch("/platform", json={"after_accept_url": address}).status_code == 422
    with desk.database.reading() as session:
        assert session.scalars(select(Platform.after_accept_url)).all() == [None]


def test_a_check_that_was_overtaken_touches_no_row_of_the_newer_one(desk: Desk) -> None:
    imported = upload(desk)
    map_columns(desk, imported["id"], COLUMNS)
    with desk.database.reading() as session:
        kept = session.scalars(select(ImportRow.line)).all()
    overtaken = Job(desk.platform_id(), uuid.UUID(imported["id"]), ImportState.CHECKING, new_id(), attempts=1)
    with pytest.raises(NoLongerOurs):
        work.forget_rows(desk.database, overtaken)
    with desk.database.reading() as session:
        assert session.scalars(select(ImportRow.line)).all() == kept
    assert len(kept) >= 4
