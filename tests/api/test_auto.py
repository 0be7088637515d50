"""One call from a file to its preview, or to its invitations."""

from typing import Any

import pytest

from tests.api.test_import_story import adds_up
from tests.conftest import Desk

LONG_ON_POSTGRESQL = True

FILE = "First name,Last name,E-mail,Company\nJan,Peeters,jan@example.com,Acme\nZoé,Dupont,zoe@example,Acme\n".encode()


def send(desk: Desk, content: bytes, *, status: int, key: str | None = None, **query: str) -> dict[str, Any]:
    headers = {"Idempotency-Key": key} if key else {}
    files = {"file": ("people.csv", content, "text/csv")}
    answer = desk.http.post("/imports", params={"auto": "true", **query}, files=files, headers=headers)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def large(rows: int = 2500) -> bytes:
    return FILE + b"".join(b"P%d,L,p%d@example.com,Acme\n" % (number, number) for number in range(rows))


def test_one_call_maps_checks_and_shows_the_preview(desk: Desk) -> None:
    answer = send(desk, FILE, status=201)
    imported, preview = answer["import"], answer["preview"]
    assert imported["state"] == "ready"
    assert imported["mapping"]["columns"] == ["first_name", "last_name", "email", "company"]
    assert (preview["summary"]["to_add"], preview["summary"]["rejected"]) == (1, 1)
    assert preview["version"] == imported["version"]
    assert desk.http.get(f"/imports/{imported['id']}/preview").json() == preview
    desk.work()
    assert desk.mails() == []


def test_a_larger_file_is_checked_by_the_worker(desk: Desk) -> None:
    imported = send(desk, large(), status=202)
    assert imported["state"] == "checking"
    desk.work()
    done = desk.http.get(f"/imports/{imported['id']}").json()
    assert (done["state"], done["result"]) == ("ready", None)


@pytest.mark.parametrize("content", [FILE, large()], ids=["small", "large"])
def test_one_call_commits_as_soon_as_it_is_checked(desk: Desk, content: bytes) -> None:
    imported = send(desk, content, status=202, commit="true")
    assert imported["state"] == "checking"
    desk.work()
    done = desk.http.get(f"/imports/{imported['id']}").json()
    assert done["state"] == "completed"
    assert adds_up(done["result"])
    assert done["result"]["added"] == len(desk.mails()) == content.count(b"\n") - 2


def test_a_mapping_that_comes_in_between_takes_the_commit_back(desk: Desk) -> None:
    imported = send(desk, FILE, status=202, commit="true")
    body = {"columns": ["first_name", "last_name", "email", None], "defaults": {"company": "Globex"}}
    assert desk.http.put(f"/imports/{imported['id']}/mapping", json=body).json()["state"] == "ready"
    desk.work()
    assert desk.http.get(f"/imports/{imported['id']}").json()["state"] == "ready"
    assert desk.mails() == []


@pytest.mark.parametrize(
    ("content", "missing"),
    [
        (b"First name,Last name,E-mail\nJan,Peeters,jan@example.com\n", "Company"),
        (b"Who,What,E-mail,Company\nJan,Peeters,jan@example.com,Acme\n", "name"),
    ],
)
def test_what_is_not_certain_is_refused_with_reasons_and_nothing_is_stored(
    desk: Desk, content: bytes, missing: str
) -> None:
    problem = send(desk, content, status=422)
    assert problem["code"] == "mapping_uncertain"
    assert any(missing.lower() in error["message"].lower() for error in problem["errors"])
    assert desk.http.get("/imports").json()["items"] == []


def test_a_commit_needs_auto(desk: Desk) -> None:
    files = {"file": ("people.csv", FILE, "text/csv")}
    answer = desk.http.post("/imports", params={"commit": "true"}, files=files)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/commit")


@pytest.mark.parametrize("commit", ["true", "false"])
def test_the_same_call_again_is_the_same_import(desk: Desk, commit: str) -> None:
    status = 202 if commit == "true" else 201
    first = send(desk, FILE, status=status, key="one-shot", commit=commit)
    assert send(desk, FILE, status=status, key="one-shot", commit=commit) == first
    desk.work()
    assert len(desk.http.get("/imports").json()["items"]) == 1
    assert len(desk.mails()) == (1 if commit == "true" else 0)
