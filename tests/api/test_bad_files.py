"""What a file or request nobody can use gets: a clear problem, nothing stored by halves, an empty outbox."""

import zlib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app.db.base import Base
from app.delivery.models import Delivery
from app.imports.models import Import, ImportPiece
from tests.api.test_import_story import COLUMNS, FILE, map_columns, upload
from tests.conftest import Desk, Template

LONG_ON_POSTGRESQL = True

HEADER = b"first_name,last_name,email,company\n"
PNG = b"\x89PNG\r\n\x1a\n" + zlib.compress(b"picture")


def count(desk: Desk, model: type[Base]) -> int:
    with desk.database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "file_empty"),
        (b"\n\n  \n", 422, "file_empty"),
        (b"\x00\x01\x02\x03" * 100, 422, "file_binary"),
        (PNG, 415, "file_type_unsupported"),
        (b"PK\x03\x04" + b"\x14\x00" * 50, 422, "file_damaged"),
        (b'"' + HEADER + b"Jan,Peeters,jan@example.com,Acme\n", 422, "file_quote_unclosed"),
        (b",".join(b"h%d" % n for n in range(201)) + b"\n", 422, "file_too_many_columns"),
        (("\ufeff" + HEADER.decode()).encode("utf-16-le") + b"x", 422, "file_undecodable"),
    ],
    ids=["empty", "blank", "binary", "picture", "zip", "quote", "columns", "undecodable"],
)
def test_a_file_nobody_can_read_is_refused_and_leaves_nothing(
    desk: Desk, content: bytes, status: int, code: str
) -> None:
    refused = desk.http.post("/imports", files={"file": ("people.csv", content, "text/csv")})
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert (count(desk, Import), count(desk, ImportPiece), count(desk, Delivery)) == (0, 0, 1)


def test_a_file_above_the_limit_is_refused_and_leaves_nothing(tmp_path: Path, migrated: Template) -> None:
    desk = Desk(tmp_path, migrated, upload_bytes=3_000_000)
    row = b"Jan,Peeters,jan@example.com,Acme\n"
    for content, code in ((HEADER + row * 91_000, "file_too_large"), (HEADER + row * 200_000, "body_too_large")):
        refused = desk.http.post("/imports", content=content, headers={"Content-Type": "text/csv"})
        assert (refused.status_code, refused.json()["code"]) == (413, code)
        assert (count(desk, Import), count(desk, ImportPiece)) == (0, 0)
    desk.close()


def test_too_many_lines_are_refused_while_they_arrive(desk: Desk) -> None:
    content = HEADER + b"\n" * 1_000_002
    refused = desk.http.post("/imports", content=content, headers={"Content-Type": "text/csv"})
    assert (refused.status_code, refused.json()["code"]) == (422, "file_too_many_lines")
    assert (count(desk, Import), count(desk, ImportPiece)) == (0, 0)


def test_a_form_without_a_file_and_another_type_are_refused(desk: Desk) -> None:
    no_file = desk.http.post("/imports", files={"other": ("a.csv", b"x", "text/csv")})
    assert (no_file.status_code, no_file.json()["code"]) == (422, "file_missing")
    text_field = desk.http.post("/imports", data={"file": "text"}, files={"x": b""})
    assert text_field.json()["code"] == "file_missing"
    as_json = desk.http.post("/imports", json={"file": "x"})
    assert (as_json.status_code, as_json.json()["code"]) == (415, "file_type_unsupported")


@pytest.mark.parametrize(
    ("columns", "pointer", "code"),
    [
        ([*COLUMNS[:2], None, *COLUMNS[3:]], "/columns", "required_column_missing"),
        ([*COLUMNS[:7], "email"], "/columns/7", "column_twice"),
        (COLUMNS[:5], "/columns", "mapping_length"),
        ([*COLUMNS[:7], "password"], "/columns/7", "unknown_column"),
    ],
)
def test_a_wrong_mapping_names_its_place_and_changes_nothing(
    desk: Desk, columns: list[str | None], pointer: str, code: str
) -> None:
    imported = upload(desk)
    refused = desk.http.put(f"/imports/{imported['id']}/mapping", json={"columns": columns})
    assert (refused.status_code, refused.json()["code"]) == (422, "mapping_invalid")
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [(pointer, code)]
    after = desk.http.get(f"/imports/{imported['id']}").json()
    assert (after["state"], after["version"], after["mapping"]) == ("uploaded", 1, None)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"columns": COLUMNS, "defaults": {"language": "xx"}}, "/defaults/language"),
        ({"columns": COLUMNS, "defaults": {"company": "A\nB"}}, "/defaults/company"),
        ({"columns": COLUMNS, "defaults": {"email": "x@example.com"}}, "/defaults/email"),
        ({"columns": COLUMNS, "encoding": "klingon"}, "/encoding"),
        ({"columns": COLUMNS, "delimiter": "::"}, "/delimiter"),
        ({"columns": COLUMNS, "surprise": 1}, "/surprise"),
    ],
)
def test_wrong_defaults_and_overrides_are_named(desk: Desk, body: dict[str, Any], pointer: str) -> None:
    imported = upload(desk)
    refused = desk.http.put(f"/imports/{imported['id']}/mapping", json=body)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == pointer


def test_a_message_of_a_megabyte_is_refused(desk: Desk) -> None:
    imported = upload(desk)
    map_columns(desk, imported["id"], COLUMNS)
    path = f"/imports/{imported['id']}/commit"
    assert desk.http.post(path, json={"message": "x" * 1_100_000}).json()["code"] == "body_too_large"
    assert desk.http.post(path, json={"message": "x" * 900_000}).json()["errors"][0]["code"] == "too_long"
    assert desk.http.get(f"/imports/{imported['id']}").json()["state"] == "ready"


@pytest.mark.parametrize(
    "rows",
    [
        b'Jan,"Peeters,jan@example.com,Acme\nAn,Maes,an@example.com,Acme\n',
        b'Jan,Peeters,jan@example.com,"Acme\nAn,Maes,an@example.com,Acme"\n',
    ],
    ids=["never closed", "closed in another row"],
)
def test_a_quote_that_swallows_people_is_a_question_that_can_be_answered(desk: Desk, rows: bytes) -> None:
    imported = upload(desk, HEADER + rows)
    (issue,) = imported["file"]["issues"]
    assert (issue["code"], issue["line"], issue["severity"]) == ("quote_unclosed", 2, "error")
    assert "2" in issue["message"]
    columns = ["first_name", "last_name", "email", "company"]
    failed = map_columns(desk, imported["id"], columns)
    assert (failed["state"], failed["failure"]["code"]) == ("failed", "file_quote_unclosed")
    refused = desk.http.post("/imports?auto=true", content=HEADER + rows, headers={"Content-Type": "text/csv"})
    assert (refused.status_code, refused.json()["code"]) == (422, "mapping_uncertain")
    body = {"columns": columns, "quote": ""}
    read = desk.http.put(f"/imports/{imported['id']}/mapping", json=body).json()
    assert (read["state"], read["file"]["issues"]) == ("ready", [])
    summary = desk.http.get(f"/imports/{imported['id']}/preview").json()["summary"]
    assert (summary["rows"], summary["to_add"]) == (2, 2)


def test_a_quote_left_open_far_below_fails_the_check_with_its_line(desk: Desk) -> None:
    good = b"".join(b"Jan,Peeters,p%d@example.com,Acme\n" % number for number in range(60_000))
    imported = upload(desk, HEADER + good + b'Jan,"Peeters,bad@example.com,Acme\n' + good)
    map_columns(desk, imported["id"], ["first_name", "last_name", "email", "company"])
    desk.work()
    failed = desk.http.get(f"/imports/{imported['id']}").json()
    assert (failed["state"], failed["failure"]["code"]) == ("failed", "file_quote_unclosed")
    assert "60002" in failed["failure"]["detail"].replace(",", "").replace(".", "").replace(" ", "")
    assert desk.http.get(f"/imports/{imported['id']}/preview").json()["code"] == "check_failed"
    assert desk.http.post(f"/imports/{imported['id']}/commit", json={}).json()["code"] == "not_ready"
    reopened = map_columns(desk, imported["id"], ["first_name", "last_name", "email", "company"])
    assert reopened["state"] == "checking"


def test_a_giant_cell_fails_the_check_with_its_line(desk: Desk) -> None:
    imported = upload(desk, HEADER + b"An,Maes,an@example.com,Acme\nJan," + b"x" * 1_048_577 + b",j@example.com,Acme\n")
    map_columns(desk, imported["id"], ["first_name", "last_name", "email", "company"])
    failed = desk.http.get(f"/imports/{imported['id']}").json()
    assert (failed["state"], failed["failure"]["code"]) == ("failed", "file_cell_too_large")


def test_a_row_with_a_line_break_in_a_name_is_rejected_with_its_place(desk: Desk) -> None:
    imported = upload(
        desk, HEADER + b'"Jan\nBcc: x@example.com",Peeters,jan@example.com,Acme\nAn,Maes,an@example.com,A\n'
    )
    map_columns(desk, imported["id"], ["first_name", "last_name", "email", "company"])
    (issue,) = desk.http.get(f"/imports/{imported['id']}/issues").json()["items"]
    assert (issue["line"], issue["column"], issue["code"]) == (2, "first_name", "characters_not_allowed")
    preview = desk.http.get(f"/imports/{imported['id']}/preview").json()
    assert [row["line"] for row in preview["rows"]] == [4]


def test_a_broken_upload_is_swept(desk: Desk) -> None:
    from datetime import timedelta

    from app.access.actor import Actor, ActorKind, Scope
    from app.db.base import utcnow
    from app.imports.pieces import Limits
    from app.imports.sweep import sweep
    from app.imports.upload import Upload

    actor = Actor(desk.platform_id(), ActorKind.CLI, None, "cli", frozenset(Scope))
    upload_ = Upload(desk.database, actor, Limits(10_000_000, 100_000, 100))
    upload_.write(HEADER * 50_000)
    kept = upload(desk, FILE)
    assert count(desk, ImportPiece) > 1
    before = count(desk, ImportPiece)
    sweep(desk.database, now=utcnow(), keep_files=timedelta(days=30))
    assert count(desk, ImportPiece) == before
    sweep(desk.database, now=utcnow() + timedelta(hours=25), keep_files=timedelta(days=30))
    assert count(desk, ImportPiece) == 1
    assert desk.http.get(f"/imports/{kept['id']}").status_code == 200
