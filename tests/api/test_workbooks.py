"""Workbooks, packed files and pasted text over HTTP: read as a person sees them, or refused and nothing left behind."""

import gzip
import hashlib
import resource
import tempfile
from pathlib import Path
from typing import Any

import pytest

from app.imports import intake
from app.imports.models import Import, ImportEdit, ImportOriginal, ImportPiece
from app.imports.workbooks.workbook import TURNS
from tests.api.test_bad_files import count
from tests.api.test_import_story import COLUMNS, FILE, map_columns, upload
from tests.conftest import Desk, Template
from tests.files.workbooks import Raw, Rows, Shown, ods, ods_parts, xlsx, xlsx_parts, zipped

LONG_ON_POSTGRESQL = True

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
FOUR = ["first_name", "last_name", "email", "company"]
HEADER: list[Any] = ["Voornaam", "Achternaam", "E-mailadres", "Bedrijf"]
PEOPLE: Rows = [
    ["Medewerkers 2026"],
    [],
    [*HEADER, "In dienst"],
    ["Zoë", "van Dam", "zoe@example.com", "3M", Shown(45322, "dd/mm/yyyy")],
    [],
    ["Jan", "Peeters", "jan@example.com", 42.0],
]


def post(desk: Desk, content: bytes, media_type: str = "application/octet-stream", **query: str) -> Any:
    return desk.http.post("/imports", content=content, params=query, headers={"Content-Type": media_type})


def left(desk: Desk) -> list[int]:
    return [count(desk, model) for model in (Import, ImportPiece, ImportOriginal)]


# --- workbooks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "kind", "media_type"), [(xlsx, "xlsx", XLSX), (ods, "ods", ODS)])
def test_a_workbook_from_upload_to_people_with_the_lines_of_its_sheet(
    desk: Desk, make: Any, kind: str, media_type: str
) -> None:
    content = make({"Notes": [], "People": PEOPLE, "Old": [HEADER]})
    answer = post(desk, content, media_type, filename=f"people.{kind}")
    assert answer.status_code == 201, answer.text
    file = answer.json()["file"]
    assert (file["format"], file["sheets"], file["sheet"]) == (kind, ["Notes", "People", "Old"], "People")
    assert (file["size"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert (file["header_line"], file["name"]) == (3, f"people.{kind}")
    assert answer.json()["headers"] == [*HEADER, "In dienst"]
    assert answer.json()["samples"][3:] == [["3M", "42"], ["31/01/2024"] if kind == "xlsx" else ["dd/mm/yyyy"]]

    import_id = answer.json()["id"]
    mapped = map_columns(desk, import_id, [*FOUR, None])
    assert (mapped["state"], mapped["file"]["lines"]) == ("ready", 6)
    preview = desk.http.get(f"/imports/{import_id}/preview").json()
    assert [(row["line"], row["values"]["company"]) for row in preview["rows"]] == [(4, "3M"), (6, "42")]
    assert (preview["summary"]["empty"], preview["summary"]["ignored_lines"], preview["issues"]) == (1, 2, {})
    desk.http.post(f"/imports/{import_id}/commit", json={})
    desk.work()
    assert desk.http.get(f"/imports/{import_id}").json()["result"]["added"] == 2
    assert len(desk.mails("zoe@example.com")) == 1


def test_another_sheet_can_be_chosen_until_the_commit(desk: Desk) -> None:
    second: Rows = [["email", "company"], ["an@example.com", "Acme"], ["bo@example.com", "Acme"]]
    content = xlsx({"A": [HEADER, ["Zoë", "Dam", "zoe@example.com", "Acme"]], "B": second})
    imported = upload(desk, content, "people.xlsx")
    path = f"/imports/{imported['id']}"
    mapped = map_columns(desk, imported["id"], FOUR, defaults={"company": "X"})
    desk.http.patch(f"{path}/rows/2", json={"values": {"last_name": "van Dam"}})

    chosen = desk.http.put(f"{path}/mapping", json={"sheet": "B"}).json()
    assert (chosen["file"]["sheet"], chosen["headers"], chosen["state"]) == ("B", ["email", "company"], "uploaded")
    assert chosen["version"] > mapped["version"]
    assert (count(desk, ImportPiece), count(desk, ImportOriginal), count(desk, ImportEdit)) == (1, 1, 0)
    both = {"sheet": "A", "columns": FOUR}
    back = desk.http.put(f"{path}/mapping", json=both).json()
    assert (back["file"]["sheet"], back["headers"], back["state"]) == ("A", HEADER, "ready")
    preview = desk.http.get(f"{path}/preview").json()
    assert [row["values"]["last_name"] for row in preview["rows"]] == ["Dam"]

    desk.http.post(f"{path}/commit", json={})
    assert desk.http.put(f"{path}/mapping", json={"sheet": "B"}).json()["code"] == "import_closed"


def test_rows_hidden_by_a_filter_are_warned_of_with_the_sheet_that_has_them(desk: Desk) -> None:
    parts = xlsx_parts(
        {"A": [HEADER, *(["Zoë", "Dam", f"zoe{n}@example.com", "Acme"] for n in range(3))], "B": [HEADER]}
    )
    sheet = parts["xl/worksheets/sheet1.xml"].replace('<row r="3">', '<row r="3" hidden="1">')
    imported = upload(desk, zipped(parts | {"xl/worksheets/sheet1.xml": sheet}), "people.xlsx")
    (warning,) = imported["file"]["issues"]
    assert (warning["code"], warning["severity"], warning["params"]) == ("rows_hidden", "warning", {"count": 1})
    path = f"/imports/{imported['id']}"
    assert map_columns(desk, imported["id"], FOUR)["state"] == "ready"
    assert desk.http.get(f"{path}/preview").json()["summary"]["to_add"] == 3
    assert desk.http.put(f"{path}/mapping", json={"sheet": "B"}).json()["file"]["issues"] == []
    assert desk.http.put(f"{path}/mapping", json={"sheet": "A"}).json()["file"]["issues"] == [warning]


def test_a_sheet_that_is_not_there_is_named_with_those_that_are(desk: Desk) -> None:
    imported = upload(desk, xlsx({"A": PEOPLE, "Hid": PEOPLE, "B": PEOPLE}, hidden=["Hid"]), "people.xlsx")
    for name in ("C", "Hid", "a"):
        refused = desk.http.put(f"/imports/{imported['id']}/mapping", json={"sheet": name})
        assert (refused.status_code, refused.json()["code"]) == (422, "mapping_invalid")
        (error,) = refused.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/sheet", "sheet_unknown")
        assert "A, B" in error["message"]
    csv = upload(desk)
    refused = desk.http.put(f"/imports/{csv['id']}/mapping", json={"sheet": "A"})
    assert refused.json()["errors"][0]["code"] == "no_sheets"


def test_a_mapping_that_is_refused_leaves_the_sheet_as_it_was(desk: Desk) -> None:
    imported = upload(desk, xlsx({"A": [HEADER], "B": [["email"]], "C": []}), "people.xlsx")
    path = f"/imports/{imported['id']}"
    for body in ({"sheet": "B", "columns": FOUR}, {"sheet": "C"}):
        assert desk.http.put(f"{path}/mapping", json=body).status_code == 422
        after = desk.http.get(path).json()
        assert (after["file"]["sheet"], after["headers"], after["version"]) == ("A", HEADER, 1)
        assert count(desk, ImportPiece) == 1


def test_a_large_sheet_is_checked_by_the_worker_and_read_from_the_middle(desk: Desk) -> None:
    people: Rows = [HEADER, *([f"F{n}", "Peeters", f"p{n}@example.com", "Acme" * 50] for n in range(5_000))]
    imported = upload(desk, xlsx({"A": people}), "people.xlsx")
    assert count(desk, ImportPiece) > 1
    assert map_columns(desk, imported["id"], FOUR)["state"] == "checking"
    desk.work()
    preview = desk.http.get(f"/imports/{imported['id']}/preview").json()
    assert preview["summary"]["to_add"] == 5_000
    lines: list[int] = []
    params: dict[str, Any] = {"limit": 200}
    while params.get("cursor", "") is not None:
        page = desk.http.get(f"/imports/{imported['id']}/rows", params=params).json()
        lines += [row["line"] for row in page["items"]]
        params["cursor"] = page["next_cursor"]
    assert lines == list(range(2, 5_002))


def test_limits_of_lines_columns_and_bytes_hold_for_sheets(tmp_path: Path, migrated: Template) -> None:
    desk = Desk(tmp_path, migrated, upload_lines=50, upload_columns=10, upload_bytes=100_000)
    endless = ods_parts({"A": [HEADER, [Raw("<table:table-row table:number-rows-repeated='999999999'>"
        "<table:table-cell><text:p>x</text:p></table:table-cell></table:table-row>")]]})  # fmt: skip
    long = "x" * 30_000
    for content, status, code in (
        (xlsx({"A": [HEADER, *([["x"]] * 60)]}), 422, "file_too_many_lines"),
        (zipped(endless), 422, "file_too_many_lines"),
        (xlsx({"A": [[f"h{n}" for n in range(11)]]}), 422, "file_too_many_columns"),
        (xlsx({"A": [HEADER, *([[long, long]] * 3)]}), 413, "file_unpacks_too_large"),
        (gzip.compress(b"first_name,last_name,email,company\n" + b"x" * 100_000), 413, "file_unpacks_too_large"),
    ):
        refused = post(desk, content)
        assert (refused.status_code, refused.json()["code"]) == (status, code)
        assert left(desk) == [0, 0, 0]
    desk.close()


def test_a_workbook_waits_for_its_turn_and_gives_up_politely(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "TURN_SECONDS", 0.2)
    with TURNS, TURNS:
        refused = post(desk, xlsx({"A": PEOPLE}))
        assert (refused.status_code, refused.json()["code"]) == (503, "service_busy")
        assert "retry-after" in refused.headers
        assert left(desk) == [0, 0, 0]
        assert post(desk, FILE).status_code == 201
    assert post(desk, xlsx({"A": PEOPLE})).status_code == 201


# --- packed and pasted -----------------------------------------------------------------------------------------------


def test_a_packed_file_is_unpacked_and_known_by_what_was_uploaded(desk: Desk) -> None:
    packed = gzip.compress(FILE[:100]) + gzip.compress(FILE[100:])
    for answer in (
        post(desk, packed, "application/gzip", filename="people.csv.gz"),
        desk.http.post("/imports", files={"file": ("people.csv.gz", packed, "application/x-gzip")}),
    ):
        assert answer.status_code == 201, answer.text
        file = answer.json()["file"]
        assert (file["format"], file["encoding"], file["delimiter"]) == ("csv", "cp1252", ";")
        assert (file["size"], file["sha256"]) == (len(packed), hashlib.sha256(packed).hexdigest())
        preview_of = map_columns(desk, answer.json()["id"], COLUMNS)
        assert preview_of["file"]["lines"] == 10


def test_a_packed_workbook_is_a_workbook(desk: Desk) -> None:
    answer = post(desk, gzip.compress(xlsx({"A": PEOPLE})), "application/gzip")
    assert (answer.status_code, answer.json()["file"]["format"]) == (201, "xlsx")
    assert answer.json()["file"]["name"] == "upload.csv.gz"


def test_text_pasted_from_a_spreadsheet_is_read(desk: Desk) -> None:
    text = "Prénom\tNom\tCourriel\tSociété\r\nZoé\tDupont\tzoe@example.com\tAcme, Lyon\r\n"
    answer = post(desk, text.encode(), "text/plain; charset=utf-8")
    assert answer.status_code == 201
    assert (answer.json()["file"]["delimiter"], answer.json()["file"]["name"]) == ("\t", "pasted.txt")
    assert [item["column"] for item in answer.json()["suggested_mapping"]] == FOUR
    map_columns(desk, answer.json()["id"], FOUR)
    (row,) = desk.http.get(f"/imports/{answer.json()['id']}/preview").json()["rows"]
    assert row["values"]["company"] == "Acme, Lyon"


def test_the_same_upload_with_the_same_key_is_one_import(desk: Desk) -> None:
    content, key = xlsx({"A": PEOPLE}), {"Idempotency-Key": "once-only", "Content-Type": XLSX}
    first = desk.http.post("/imports", content=content, headers=key)
    again = desk.http.post("/imports", content=content, headers=key)
    assert (first.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert left(desk) == [1, 1, 1]


# --- what cannot be read ---------------------------------------------------------------------------------------------

GOOD = xlsx({"A": PEOPLE})
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 70_000
FAR = xlsx({"A": [HEADER, [Raw('<c r="XFD1048576"><v>1</v></c>')]]})
MANY_TEXTS = xlsx({"A": [["x" * 1_000_000] * 3] * 2_000})
PROTECTED_ODS = ods_parts({"A": PEOPLE}) | {"META-INF/manifest.xml": "<m:manifest><m:encryption-data/></m:manifest>"}
BOMB = xlsx_parts({"A": []}) | {"xl/worksheets/sheet1.xml": b" " * 60_000_000}
BAD = {
    "cut off": (GOOD[: len(GOOD) // 2], 422, "file_damaged"),
    "changed": (GOOD[:900] + b"\x00\xff" * 20 + GOOD[940:], 422, "file_damaged"),
    "protected": (OLE + "EncryptedPackage".encode("utf-16-le"), 422, "file_protected"),
    "protected ods": (zipped(PROTECTED_ODS), 422, "file_protected"),
    "xls": (OLE + "Workbook".encode("utf-16-le"), 415, "file_type_unsupported"),
    "zip": (zipped({"people.csv": "first_name,last_name\n"}), 415, "file_type_unsupported"),
    "numbers": (zipped({"Index/Document.iwa": "x"}), 415, "file_type_unsupported"),
    "docx": (zipped({"word/document.xml": "<w/>"}), 415, "file_type_unsupported"),
    "empty": (xlsx({"A": [], "B": []}), 422, "file_empty"),
    "bomb": (zipped(BOMB), 413, "file_unpacks_too_large"),
    "far cell": (FAR, 413, "file_unpacks_too_large"),
    "many texts": (MANY_TEXTS, 413, "file_unpacks_too_large"),
    "many parts": (zipped({f"part{n}": "" for n in range(20_000)}), 413, "file_unpacks_too_large"),
    "gzip bomb": (gzip.compress(b"first_name,last_name\n" + b"x" * 60_000_000), 413, "file_unpacks_too_large"),
    "gzip cut off": (gzip.compress(FILE)[:-4], 422, "file_damaged"),
    "gzip and more": (gzip.compress(FILE) + b"more", 422, "file_damaged"),
    "gzip of gzip": (gzip.compress(gzip.compress(FILE)), 415, "file_type_unsupported"),
    "gzip of nothing": (gzip.compress(b""), 422, "file_empty"),
}  # fmt: skip


def cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def peak_memory() -> int:
    """Bytes; the most this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.parametrize("what", BAD)
def test_a_file_that_cannot_be_read_is_refused_at_little_cost_and_leaves_nothing(desk: Desk, what: str) -> None:
    content, status, code = BAD[what]
    files = set(Path(tempfile.gettempdir()).glob("tmp*"))
    cpu, memory = cpu_seconds(), peak_memory()
    refused = post(desk, content)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert cpu_seconds() - cpu < 2
    assert peak_memory() - memory < 128 * 1024 * 1024
    assert left(desk) == [0, 0, 0]
    assert set(Path(tempfile.gettempdir()).glob("tmp*")) <= files
    assert TURNS.acquire(blocking=False)
    TURNS.release()


def test_a_workbook_that_breaks_off_while_it_arrives_leaves_nothing(desk: Desk) -> None:
    refused = desk.http.post("/imports", content=iter([GOOD, OLE, b"\0" * 1_500_000]), headers={"Content-Type": XLSX})
    assert refused.json()["code"] == "file_damaged"
    assert left(desk) == [0, 0, 0]
