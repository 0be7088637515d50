"""The files of tests/files/, as real programs write them: how each is read, asked about, mapped, planned and committed.

What to expect of each stands in tests/files/expected/; where its shape is from, in tests/files/README.md.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.conftest import Desk, Template
from tests.files.expected import EXPECTED

LONG_ON_POSTGRESQL = True

FOLDER = Path(__file__).parent.parent / "files"
OURS = ("email", "first_name", "last_name", "company", "language", "student_groups", "label", "team", "team_leader")
STOPPED = {name: expected for name, expected in EXPECTED.items() if expected.has_no_answer or expected.cannot_be_mapped}
READ = {name: expected for name, expected in EXPECTED.items() if name not in STOPPED}
Json = dict[str, Any]
Person = tuple[str, ...]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, migrated: Template) -> Iterator[Desk]:
    """One desk for all files; each gets a platform of its own, so that none remembers another."""
    folder = tmp_path_factory.mktemp("collection")
    desk = Desk(folder, migrated)
    yield desk
    desk.close()


@pytest.fixture
def http(shared: Desk) -> TestClient:
    """A client of a fresh platform."""
    subdomain = f"files-{len(shared.clients)}"
    shared.platform(subdomain)
    return shared.client(subdomain)


def send(http: TestClient, name: str) -> Any:
    return http.post("/imports", content=(FOLDER / name).read_bytes(), params={"filename": name}, headers={
        "Content-Type": "application/octet-stream"
    })  # fmt: skip


def put(http: TestClient, imported: Json, **body: Any) -> Json:
    answer = http.put(f"/imports/{imported['id']}/mapping", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def how_read(file: Json) -> str:
    if file["format"] == "csv":
        delimiter = {"\t": "tab"}.get(file["delimiter"], file["delimiter"])
        return f"csv {file['encoding']} {delimiter} {file['header_line']}"
    return f"{file['format']} {file['sheet']} {file['header_line']}"


def question(imported: Json) -> Json | None:
    found = [issue for issue in imported["file"]["issues"] if issue["code"] == "encoding_uncertain"]
    return found[0] if found else None


def person(values: Json) -> Person:
    return tuple("/".join(cell) if isinstance(cell, list) else cell or "" for cell in (values.get(o) for o in OURS))


def persons(lines: str) -> list[Person]:
    typed = [[cell.strip() for cell in line.split("|")] for line in lines.split("\n") if line.strip()]
    return [(*cells, *[""] * (len(OURS) - len(cells))) for cells in typed]


def listed(http: TestClient, path: str, **filters: str) -> list[Json]:
    answer = http.get(path, params={"limit": "200", **filters}).json()
    assert answer["next_cursor"] is None
    return list(answer["items"])


def uploaded(http: TestClient, name: str) -> Json:
    answer = send(http, name)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def require_question(imported: Json, encoding: str) -> Json:
    asked = question(imported)
    assert asked is not None, f"no question, read as {how_read(imported['file'])}"
    assert asked["severity"] == "error"
    assert encoding in asked["params"]["choices"]
    return asked


def suggested(imported: Json) -> str:
    return " ".join(item["column"] or "-" for item in imported["suggested_mapping"])


def positions(columns: str) -> list[str | None]:
    return [None if column == "-" else column for column in columns.split()]


@pytest.mark.parametrize("name", READ)
def test_every_file_becomes_the_people_it_holds(shared: Desk, http: TestClient, name: str) -> None:
    expected = READ[name]
    imported = uploaded(http, name)
    if expected.asked:
        require_question(imported, expected.asked)
        imported = put(http, imported, encoding=expected.asked)
    if expected.swallows_on:
        (asked,) = imported["file"]["issues"]
        assert (asked["code"], asked["line"]) == ("quote_unclosed", expected.swallows_on)
    if expected.answers:
        imported = put(http, imported, **expected.answers)
    assert question(imported) is None
    assert how_read(imported["file"]) == expected.read
    assert suggested(imported) == expected.suggestion
    columns = positions(expected.columns or expected.suggestion)
    imported = put(http, imported, columns=columns, defaults=expected.defaults)
    path = f"/imports/{imported['id']}"
    if expected.accepts:
        summary = http.get(f"{path}/preview").json()["summary"]
        assert summary["to_add"] < expected.totals[1]
        accepted = http.put(f"{path}/values", json={"issue": expected.accepts, "accept": True})
        assert accepted.json()["changed"] == expected.totals[1] - summary["to_add"]

    summary = http.get(f"{path}/preview").json()["summary"]
    terms = ("rows", "to_add", "duplicates", "rejected", "empty", "ignored_lines")
    assert tuple(summary[term] for term in terms) == tuple(expected.totals)
    issues = [issue for issue in listed(http, f"{path}/issues") if issue["code"] not in expected.file_issues]
    found = {code: [issue["line"] for issue in issues if issue["code"] == code] for code in {i["code"] for i in issues}}
    assert found == expected.issues
    assert [issue["code"] for issue in imported["file"]["issues"]] == list(expected.file_issues)
    people = [person(row["values"]) for row in listed(http, f"{path}/rows", outcome="add")]
    if expected.people is not None:
        assert people == persons(expected.people)

    assert http.post(f"{path}/commit", json={"send_invitations": False}).status_code == 202
    shared.work()
    users = [user for user in listed(http, "/users") if user["role"] == "member"]
    added = {
        (user["email"], user["first_name"], user["last_name"], user["organisation"]["name"], user["language"])
        for user in users
    }
    assert added == {one[:5] for one in people}
    assert len(users) == summary["to_add"]


@pytest.mark.parametrize("name", STOPPED)
def test_a_file_that_nobody_can_be_sure_of_goes_no_further(http: TestClient, name: str) -> None:
    expected = STOPPED[name]
    imported = uploaded(http, name)
    path = f"/imports/{imported['id']}"
    if expected.asked:
        require_question(imported, expected.asked)
        put(http, imported, columns=["first_name", "last_name", "email", "company"])
        refused = http.post(f"{path}/commit", json={})
        assert (refused.status_code, refused.json()["code"]) == (409, "question_open")
    else:
        assert (how_read(imported["file"]), suggested(imported)) == (expected.read, expected.suggestion)
        refused = http.put(f"{path}/mapping", json={"columns": positions(expected.suggestion)})
        assert {error["code"] for error in refused.json()["errors"]} == {"required_column_missing"}


def test_a_letter_far_below_a_megabyte_of_plain_text_is_asked_about(shared: Desk, http: TestClient) -> None:
    plain = b"".join(b"Ann,Ode,ann.ode.%d@example.com,A company of some length\r\n" % n for n in range(20_000))
    content = (
        b"First name,Last name,Email,Company\r\n" + plain + "Zoé,Dupré,ann.ode.0@example.com,Crème\r\n".encode("cp1252")
    )
    assert len(plain) > 1024 * 1024
    imported = http.post("/imports", files={"file": ("late.csv", content, "text/csv")}).json()
    assert require_question(imported, "cp1252")["line"] == 20_002
    put(http, imported, encoding="cp1252")
    put(http, imported, columns=["first_name", "last_name", "email", "company"])
    shared.work()
    (found,) = listed(http, f"/imports/{imported['id']}/rows", outcome="duplicate")
    assert person(found["values"])[:4] == ("ann.ode.0@example.com", "Zoé", "Dupré", "Crème")


def test_every_file_is_expected_and_nothing_else() -> None:
    kinds = {".csv", ".txt", ".tsv", ".gz", ".xlsx", ".ods"}
    assert {file.name for file in FOLDER.iterdir() if file.suffix in kinds} == EXPECTED.keys()
    assert len(EXPECTED) >= 40


def test_the_files_are_those_their_maker_writes_and_small(tmp_path: Path) -> None:
    subprocess.run([sys.executable, FOLDER / "make_files.py", tmp_path], check=True)
    made = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert made == {name: (FOLDER / name).read_bytes() for name in EXPECTED}
    assert sum(map(len, made.values())) < 300_000


def test_every_file_says_where_its_shape_is_from() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [name for name in EXPECTED if f"| `{name}` |" not in readme] == []
