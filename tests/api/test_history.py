"""What is kept of imports: the same file is recognised, old files are dropped, and the counts stay."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from app.db.base import new_id, utcnow
from app.imports.models import Import, ImportEdit, ImportOriginal, ImportPiece, ImportPreview, ImportRow
from app.imports.sweep import sweep
from tests.api.test_bad_files import count
from tests.api.test_import_story import COLUMNS, FILE, map_columns, upload
from tests.conftest import Desk
from tests.files.workbooks import Rows, xlsx

PEOPLE: Rows = [["first_name", "last_name", "email", "company"], ["Jan", "Peeters", "jan@example.com", "Acme"]]
KEEP = timedelta(days=30)


def in_days(desk: Desk, days: float) -> None:
    sweep(desk.database, now=utcnow() + timedelta(days=days), keep_files=KEEP)


def issues_of(imported: dict[str, Any]) -> list[str]:
    return [issue["code"] for issue in imported["file"]["issues"]]


# --- the same file again ---------------------------------------------------------------------------------------------


def test_the_same_file_again_is_a_warning_that_names_the_earlier_import(desk: Desk) -> None:
    first = upload(desk)
    assert issues_of(first) == []
    again = upload(desk, name="under another name.csv")
    (issue,) = again["file"]["issues"]
    assert (issue["code"], issue["severity"], issue["line"]) == ("file_seen_before", "warning", None)
    params = issue["params"]
    assert (params["import_id"], params["created_at"]) == (first["id"], first["created_at"])
    assert (params["created_by"], params["state"]) == (first["created_by"], "uploaded")
    assert first["created_by"] in issue["message"]
    assert first["created_at"][:10] in issue["message"]


def test_the_import_that_was_committed_is_named_before_newer_ones_that_were_not(desk: Desk) -> None:
    first = upload(desk)
    map_columns(desk, first["id"], COLUMNS)
    desk.http.post(f"/imports/{first['id']}/commit", json={})
    desk.work()
    second = upload(desk)
    third = upload(desk)
    assert second["file"]["issues"][0]["params"]["import_id"] == first["id"]
    assert third["file"]["issues"][0]["params"] == second["file"]["issues"][0]["params"]
    assert third["file"]["issues"][0]["params"]["state"] == "completed"


def test_the_warning_stays_with_a_mapping_and_stops_no_commit(desk: Desk) -> None:
    upload(desk)
    again = upload(desk)
    mapped = map_columns(desk, again["id"], COLUMNS, header_line=1)
    assert issues_of(mapped) == ["file_seen_before"]
    listed = desk.http.get(f"/imports/{again['id']}/issues").json()["items"]
    assert listed[0]["code"] == "file_seen_before"
    assert desk.http.post(f"/imports/{again['id']}/commit", json={}).status_code == 202


def test_another_file_and_another_platforms_file_are_not_the_same(desk: Desk) -> None:
    desk.platform("other")
    other = desk.client("other")
    other.post("/imports", files={"file": ("a.csv", FILE, "text/csv")})
    assert issues_of(upload(desk)) == []
    assert issues_of(upload(desk, FILE + b"\n")) == []


# --- retention -------------------------------------------------------------------------------------------------------


def test_a_file_is_dropped_when_it_is_old_and_its_counts_stay(desk: Desk) -> None:
    done = upload(desk)
    map_columns(desk, done["id"], COLUMNS)
    desk.http.post(f"/imports/{done['id']}/commit", json={})
    desk.work()
    edited = upload(desk, xlsx({"A": PEOPLE}), "people.xlsx")
    map_columns(desk, edited["id"], COLUMNS[:4])
    desk.http.patch(f"/imports/{edited['id']}/rows/2", json={"values": {"first_name": "Johan"}})
    before = [desk.http.get(f"/imports/{imported['id']}").json() for imported in (done, edited)]
    in_days(desk, 29.9)
    assert [desk.http.get(f"/imports/{imported['id']}").json() for imported in (done, edited)] == before
    assert all(count(desk, model) for model in (ImportPiece, ImportOriginal, ImportRow, ImportEdit))

    in_days(desk, 30.1)
    assert [count(desk, model) for model in (ImportPiece, ImportOriginal, ImportRow, ImportEdit)] == [0, 0, 0, 0]
    for imported in before:
        after = desk.http.get(f"/imports/{imported['id']}").json()
        assert after["file"].pop("deleted_at")
        imported["file"].pop("deleted_at")
        assert after == imported | {"samples": [[] for _ in imported["headers"]]}
        preview = desk.http.get(f"/imports/{imported['id']}/preview").json()
        assert (preview["rows"], preview["summary"]["rows"]) == ([], after["file"]["lines"] - 1)
        assert desk.http.get(f"/imports/{imported['id']}/rows").json()["code"] == "file_deleted"
    assert desk.http.post(f"/imports/{edited['id']}/commit", json={}).json()["code"] == "file_deleted"
    assert desk.http.get("/users", params={"q": "jan@example.com"}).status_code == 200
    assert issues_of(upload(desk)) == ["file_seen_before"]


@pytest.mark.parametrize("state", ["checking", "committing", "cancelling", "undoing", "completed"])
def test_an_import_that_is_worked_on_keeps_its_file_however_old_it_is(desk: Desk, state: str) -> None:
    imported = upload(desk)
    with desk.database.writing() as session:
        row = session.get_one(Import, (desk.platform_id(), uuid.UUID(imported["id"])))
        row.state, row.due_at = state, utcnow()
    in_days(desk, 400)
    assert desk.http.get(f"/imports/{imported['id']}").json()["samples"] == imported["samples"]
    assert count(desk, ImportPiece) == 1


def test_deleting_an_import_drops_its_workbook_and_its_edits(desk: Desk) -> None:
    imported = upload(desk, xlsx({"A": PEOPLE}), "people.xlsx")
    map_columns(desk, imported["id"], COLUMNS[:4])
    desk.http.patch(f"/imports/{imported['id']}/rows/2", json={"skip": True})
    assert count(desk, ImportEdit) == count(desk, ImportOriginal) == 1
    assert desk.http.delete(f"/imports/{imported['id']}").status_code == 204
    assert [count(desk, model) for model in (ImportPiece, ImportOriginal, ImportRow, ImportEdit)] == [0, 0, 0, 0]
    assert count(desk, ImportPreview) == 1


def test_a_deletion_that_was_cut_short_is_finished_by_the_sweep(desk: Desk) -> None:
    imported = upload(desk, xlsx({"A": PEOPLE}), "people.xlsx")
    with desk.database.writing() as session:
        session.get_one(Import, (desk.platform_id(), uuid.UUID(imported["id"]))).file_deleted_at = utcnow()
    in_days(desk, 0)
    assert count(desk, ImportPiece) == count(desk, ImportOriginal) == 0


def test_what_a_broken_upload_left_of_a_workbook_is_swept(desk: Desk) -> None:
    kept = upload(desk, xlsx({"A": PEOPLE}), "people.xlsx")
    with desk.database.writing() as session:
        session.add(ImportOriginal(platform_id=desk.platform_id(), import_id=new_id(), number=0, content=b"PK"))
    in_days(desk, 0.9)
    assert count(desk, ImportOriginal) == 2
    in_days(desk, 1.1)
    assert count(desk, ImportOriginal) == 1
    assert desk.http.get(f"/imports/{kept['id']}").status_code == 200
