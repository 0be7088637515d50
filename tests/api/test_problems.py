"""Every refusal has one shape (RFC 9457), one stable code and the reader's language, whoever refuses.

`problem_of` checks the whole shape, and that the description of the operation announces the status and the code.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import event, func, select

from app.access.actor import Scope
from app.access.tokens import Keyring, Purpose
from app.db import engines
from app.errors import KINDS, Code, Kind
from app.imports.models import ImportPiece
from app.invitations.schemas import InvitationIn
from app.texts import languages, texts
from app.web.middleware import SAFE_HEADERS
from app.web.problems import STATUS, language_of
from tests.api.test_wall import DESCRIPTION, OPERATIONS, Operation, World
from tests.conftest import Desk, Template, link_of

LONG_ON_POSTGRESQL = True

MEMBERS = {"type", "title", "status", "detail", "code", "instance", "request_id", "errors"}
EXTRA_MEMBERS = {"already_invited": {"invitation_id"}}
JSON = {"Content-Type": "application/json"}
PERSON = {"email": "jan@example.com", "organisation": "Acme"}
HEADER = b"first name,last name,email,company\n"
CSV = {"Content-Type": "text/csv"}
KIB = 1024


def problem_of(answer: Response, status: int, code: Code, *, language: str = "en") -> dict[str, Any]:
    """The problem of an answer, after a look at everything every problem has in common."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert set(body) == MEMBERS | EXTRA_MEMBERS.get(code, set())
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == f"urn:rollcall:problem:{code}"
    assert body["title"] == texts(language)[f"problems.{code}.title"]
    assert body["detail"]
    assert "{" not in body["detail"], "a placeholder nobody filled"
    assert body["instance"] == answer.request.url.path
    assert body["request_id"] == answer.headers["x-request-id"]
    for error in body["errors"]:
        assert set(error) == {"pointer", "code", "message"}
        assert error["pointer"] == "" or error["pointer"].startswith("/")
        assert error["message"]
    assert answer.headers["content-language"] == language
    assert answer.headers["cache-control"] == "no-store"
    for name, value in SAFE_HEADERS.items():
        assert answer.headers[name] == value
    assert ("retry-after" in answer.headers) == (status in {429, 503} or code == Code.IDEMPOTENCY_KEY_IN_USE)
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert ("allow" in answer.headers) == (status == 405)
    assert "Traceback" not in answer.text
    _assert_announced(answer, status, code)
    return body


PATHS: list[tuple[re.Pattern[str], dict[str, Any]]] = [
    (re.compile(re.sub(r"\{[a-z_]+\}", "[^/]+", path.replace(".", r"\."))), methods)
    for path, methods in DESCRIPTION["paths"].items()
]


def _assert_announced(answer: Response, status: int, code: Code) -> None:
    """What an operation answers stands in its description. (An unknown path or method is no operation.)"""
    found = [methods for pattern, methods in PATHS if pattern.fullmatch(answer.request.url.path)]
    method = answer.request.method.lower()
    described = next((methods[method] for methods in found if method in methods), None)
    if described is None:
        return
    name = described["operationId"]
    announced = described["responses"].get(str(status))
    assert announced, f"{name} answered {status} `{code}`, and openapi.json does not announce {status}"
    assert f"`{code}`" in announced["description"], f"{name} answered `{code}`, and its {status} does not name it"


def pointers(body: dict[str, Any]) -> dict[str, str]:
    """Place and code of each error."""
    return {error["pointer"]: error["code"] for error in body["errors"]}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, migrated: Template) -> Iterator[World]:
    """One world for the tests that change nothing another one looks at."""
    folder = tmp_path_factory.mktemp("problems")
    desk = Desk(folder, migrated)
    yield World(desk)
    desk.close()


# --- one test a status -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["http://testserver/nowhere", "/nowhere", "/invitations/none/nowhere"])
def test_an_unknown_path_is_not_found(world: World, path: str) -> None:
    problem_of(world.owner.get(path), 404, Code.NOT_FOUND)


def test_an_unknown_id_is_not_found(world: World) -> None:
    problem_of(world.owner.get("/invitations/01980000-0000-7000-8000-000000000000"), 404, Code.NOT_FOUND)


def test_a_method_a_path_does_not_take_is_refused(world: World) -> None:
    for method, path in (("PUT", "/users"), ("PATCH", "/imports"), ("HEAD", "/users"), ("OPTIONS", "/users")):
        answer = world.owner.request(method, path)
        assert answer.status_code == 405, path
        assert "GET" in answer.headers["allow"]
    problem_of(world.owner.delete("/users"), 405, Code.METHOD_NOT_ALLOWED)


def test_every_method_a_path_takes_is_in_the_allow_header(world: World) -> None:
    allowed = world.owner.put("/invitations", json={}).headers["allow"]
    assert {"GET", "POST"} <= {method.strip() for method in allowed.split(",")}  # RFC 9110 section 10.2.1


def test_a_body_says_each_place_that_is_wrong(world: World) -> None:
    wrong = {
        "email": "not an address",
        "first_name": "x" * 101,
        "last_name": 5,
        "student_groups": ["fine", "line\nbreak"],
        "language": "tlh",
        "expires_in_days": 31,
        "organization": "misspelt",
    }
    body = problem_of(world.owner.post("/invitations", json=wrong), 422, Code.INVALID_REQUEST)
    assert pointers(body) == {
        "/email": "email_invalid",
        "/first_name": "too_long",
        "/last_name": "wrong_type",
        "/organisation": "required",
        "/student_groups/1": "characters_not_allowed",
        "/language": "language_unknown",
        "/expires_in_days": "out_of_range",
        "/organization": "unknown_field",
    }


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'"text"', b"null", b"{'email': 1}"])
def test_a_body_that_is_not_the_json_asked_for_is_refused(world: World, content: bytes) -> None:
    problem_of(world.owner.post("/invitations", content=content, headers=JSON), 422, Code.INVALID_REQUEST)


def test_json_under_another_content_type_is_refused(world: World) -> None:
    content = json.dumps(PERSON).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = world.owner.post("/invitations", content=content, headers={"Content-Type": kind})
        problem_of(answer, 422, Code.INVALID_REQUEST)


def test_a_garbled_body_is_a_bad_request_and_no_fault_of_ours(world: World) -> None:
    content = b'{"email": "\xe9"}'
    problem_of(world.owner.post("/invitations", content=content, headers=JSON), 400, Code.BAD_REQUEST)


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"expires_in_days": ' + b"1" * 5000 + b"}"])
def test_json_too_deep_or_with_too_long_a_number_is_refused(world: World, content: bytes) -> None:
    problem_of(world.owner.post("/invitations", content=content, headers=JSON), 422, Code.INVALID_REQUEST)


def test_a_number_json_does_not_know_is_refused(world: World) -> None:
    for number in ("NaN", "Infinity", "-Infinity", "1e999"):
        content = f'{{"email": "jan@example.com", "organisation": "Acme", "expires_in_days": {number}}}'.encode()
        body = problem_of(world.owner.post("/invitations", content=content, headers=JSON), 422, Code.INVALID_REQUEST)
        assert "/expires_in_days" in pointers(body)


def test_an_id_in_a_path_that_is_none_is_refused(world: World) -> None:
    body = problem_of(world.owner.get("/invitations/not-an-id"), 422, Code.INVALID_REQUEST)
    assert pointers(body) == {"/invitation_id": "invalid_id"}


@pytest.mark.parametrize("limit", ["0", "201", "-1", "ten", "", "99999999999999999999999"])
def test_a_limit_out_of_range_is_refused(world: World, limit: str) -> None:
    body = problem_of(world.owner.get("/users", params={"limit": limit}), 422, Code.INVALID_REQUEST)
    assert set(pointers(body)) == {"/limit"}


def test_a_filter_with_a_value_that_is_none_is_refused(world: World) -> None:
    answer = world.owner.get("/invitations", params={"state": "lost", "import_id": "7", "q": "x" * 201})
    body = problem_of(answer, 422, Code.INVALID_REQUEST)
    assert pointers(body) == {"/state": "not_a_choice", "/import_id": "invalid_id", "/q": "too_long"}


def test_a_cursor_nobody_gave_is_refused(world: World) -> None:
    of_another_key = Keyring(["another secret of thirty-two characters and more"])
    forged = of_another_key.sign(Purpose.CURSOR, f"{world.desk.platform_id()} /api/v1/users x".encode())
    for cursor in ("x", "", ".", "a.b", "é.é", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), forged):
        body = problem_of(world.owner.get("/users", params={"cursor": cursor}), 422, Code.INVALID_CURSOR)
        assert pointers(body) == {"/cursor": "invalid_cursor"}


def test_a_request_without_a_key_is_not_authenticated(world: World) -> None:
    problem_of(world.desk.stranger().get("/users"), 401, Code.NOT_AUTHENTICATED)


def test_a_key_of_any_bytes_is_only_unknown(world: World) -> None:
    for key in (b"\xff\xfe", b"rck_", "é".encode(), b"x" * 5000):
        answer = world.desk.stranger().get("/users", headers={b"Authorization": b"Bearer " + key})
        problem_of(answer, 401, Code.NOT_AUTHENTICATED)


def test_a_scope_that_is_missing_is_named(world: World) -> None:
    answer = world.desk.client("acme", Scope.READ).post("/invitations", json=PERSON)
    assert "invite" in problem_of(answer, 403, Code.SCOPE_MISSING)["detail"]


def test_what_already_is_so_is_a_conflict(desk: Desk) -> None:
    invited = desk.http.post("/invitations", json=PERSON).json()
    body = problem_of(desk.http.post("/invitations", json=PERSON), 409, Code.ALREADY_INVITED)
    assert body["invitation_id"] == invited["id"]
    desk.work()
    token = link_of(desk.mails()[0])
    desk.stranger().post("/invitations/accept", json={"token": token, "password": "a long enough password"})
    problem_of(desk.http.post("/invitations", json=PERSON), 409, Code.ALREADY_A_USER)
    problem_of(desk.http.post(f"/invitations/{invited['id']}/revoke"), 409, Code.NOT_REVOCABLE)
    problem_of(desk.http.post(f"/invitations/{invited['id']}/resend"), 409, Code.NOT_RESENDABLE)


def test_a_link_that_is_used_up_is_gone(world: World) -> None:
    stranger = world.desk.stranger()
    for token in ("x", "", ".", "ü.ü", "a" * 500):
        body = {"token": token, "password": "a long enough password"}
        problem_of(stranger.post("/invitations/accept", json=body), 410, Code.INVITATION_NOT_USABLE)
        problem_of(stranger.post("/invitations/inspect", json={"token": token}), 410, Code.INVITATION_NOT_USABLE)


def test_a_name_that_must_exist_and_does_not_is_named(world: World) -> None:
    body = problem_of(
        world.owner.post("/invitations", json=PERSON | {"create_missing": False, "student_groups": ["Sales"]}),
        422,
        Code.UNKNOWN_NAMES,
    )
    assert pointers(body) == {"/organisation": "unknown_name", "/student_groups/0": "unknown_name"}


def test_a_file_of_another_kind_is_refused(world: World) -> None:
    problem_of(world.owner.post("/imports", json={}), 415, Code.FILE_TYPE_UNSUPPORTED)
    problem_of(world.owner.post("/imports"), 415, Code.FILE_TYPE_UNSUPPORTED)


def test_a_form_without_a_file_is_refused(world: World) -> None:
    other_field = {"other": ("people.csv", HEADER, "text/csv")}
    problem_of(world.owner.post("/imports", files=other_field), 422, Code.FILE_MISSING)
    problem_of(world.owner.post("/imports", data={"file": "text"}, files={}), 415, Code.FILE_TYPE_UNSUPPORTED)


def test_a_broken_form_is_refused(world: World) -> None:
    for kind in ("multipart/form-data; boundary=x", "multipart/form-data"):
        answer = world.owner.post("/imports", content=b"no form at all", headers={"Content-Type": kind})
        problem_of(answer, 422, Code.FILE_MISSING)


def test_a_file_name_that_is_too_long_is_refused(world: World) -> None:
    answer = world.owner.post("/imports", params={"filename": "x" * 256}, content=HEADER, headers=CSV)
    assert pointers(problem_of(answer, 422, Code.INVALID_REQUEST)) == {"/filename": "too_long"}


BAD_FILES = {
    Code.FILE_EMPTY: b"\n \n",
    Code.FILE_BINARY: HEADER + b"\x00\x01\x02" * 9,
    Code.FILE_TYPE_UNSUPPORTED: b"%PDF-1.7 a page",
    Code.FILE_DAMAGED: b"PK\x03\x04 a workbook",
    Code.FILE_UNDECODABLE: "\ufeffemail".encode("utf-16-le") + b"\x00",
    Code.FILE_QUOTE_UNCLOSED: b'"' + HEADER + b"Jan,Peeters,jan@example.com,Acme\n",
    Code.FILE_TOO_MANY_COLUMNS: b",".join(b"name %d" % n for n in range(201)) + b"\n",
}


@pytest.mark.parametrize("code", BAD_FILES, ids=str)
def test_a_file_that_cannot_be_read_says_why(world: World, code: Code) -> None:
    before = _kept_pieces(world.desk)
    answer = world.owner.post("/imports", content=BAD_FILES[code], headers=CSV)
    problem_of(answer, STATUS[KINDS[code]], code)
    assert _kept_pieces(world.desk) == before


def test_an_import_says_what_is_not_possible_yet_and_no_longer(desk: Desk) -> None:
    content = HEADER + b"Jan,Peeters,jan@example.com,Acme\n"
    imported = desk.http.post("/imports", content=content, headers=CSV).json()
    path = f"/imports/{imported['id']}"
    problem_of(desk.http.get(f"{path}/preview"), 409, Code.NOT_MAPPED)
    problem_of(desk.http.get(f"{path}/rows"), 409, Code.NOT_MAPPED)
    problem_of(desk.http.get(f"{path}/issues"), 409, Code.NOT_MAPPED)
    problem_of(desk.http.post(f"{path}/commit", json={}), 409, Code.NOT_READY)
    columns = ["first_name", "first_name", None, "company"]
    body = problem_of(desk.http.put(f"{path}/mapping", json={"columns": columns}), 422, Code.MAPPING_INVALID)
    assert body["errors"]
    mapping = {"columns": ["first_name", "last_name", "email", "company"]}
    assert desk.http.put(f"{path}/mapping", json=mapping).status_code == 200
    problem_of(desk.http.post(f"{path}/commit", json={"version": 99}), 409, Code.PREVIEW_OUTDATED)
    assert desk.http.post(f"{path}/commit", json={}).status_code == 202
    problem_of(desk.http.delete(path), 409, Code.IMPORT_BUSY)
    problem_of(desk.http.post(f"{path}/commit", json={"hold_minutes": 5}), 409, Code.ALREADY_COMMITTED)
    problem_of(desk.http.put(f"{path}/mapping", json=mapping), 409, Code.IMPORT_CLOSED)
    desk.work()
    assert desk.http.delete(path).status_code == 204
    problem_of(desk.http.get(f"{path}/rows"), 409, Code.FILE_DELETED)


BAD_READINGS: list[tuple[dict[str, object], Code]] = [
    ({"encoding": "utf-8"}, Code.FILE_UNDECODABLE),
    ({"header_line": 1000}, Code.FILE_WITHOUT_HEADER),
    ({"encoding": "klingon"}, Code.INVALID_REQUEST),
    ({"delimiter": "x"}, Code.INVALID_REQUEST),
]


@pytest.mark.parametrize(("anew", "code"), BAD_READINGS, ids=str)
def test_a_file_that_cannot_be_read_anew_says_why(world: World, anew: dict[str, object], code: Code) -> None:
    content = "prénom,nom,courriel,société\nÉlise,Maes,elise@example.com,Acme\n".encode("cp1252")
    imported = world.owner.post("/imports", content=content, headers=CSV).json()
    problem_of(world.owner.put(f"/imports/{imported['id']}/mapping", json=anew), 422, code)


@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.parameters("header").get("Idempotency-Key")], ids=lambda o: o.id
)
def test_an_idempotency_key_that_is_none_or_was_used_for_something_else_is_refused(
    operation: Operation, world: World
) -> None:
    path, body = operation.filled(world), operation.body(world)
    for key in ("", "x" * 300, "a b", "a\x01b", "é"):
        answer = operation.call(world.owner, path, headers={"Idempotency-Key": key.encode()}, **body)
        if answer.status_code >= 400:
            problem_of(answer, answer.status_code, Code(answer.json()["code"]))
    header = {"Idempotency-Key": f"used-{operation.id}"}
    first = operation.call(world.owner, path, headers=header, **body)
    if first.status_code < 400 and body:
        other = operation.call(world.owner, path, headers=header, **operation.body(world))
        if other.headers.get("idempotent-replayed") != "true":
            problem_of(other, 422, Code.IDEMPOTENCY_KEY_REUSED)


# --- too large ---------------------------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path, migrated: Template) -> Iterator[Desk]:
    """A desk that takes in little: 2 KiB of JSON, 2.5 MiB of a file."""
    desk = Desk(tmp_path, migrated, body_bytes=2 * KIB, upload_bytes=2560 * KIB)
    yield desk
    desk.close()


def _pieces(count: int, size: int = KIB) -> Iterator[bytes]:
    """A body without a length, piece by piece."""
    for _ in range(count):
        yield b"x" * (size - 1) + b"\n"


def _kept_pieces(desk: Desk) -> int | None:
    with desk.database.reading() as session:
        return session.scalar(select(func.count()).select_from(ImportPiece))


def test_a_body_announced_as_too_large_is_refused(small: Desk) -> None:
    problem_of(small.http.post("/invitations", json=PERSON | {"message": "x" * 3000}), 413, Code.BODY_TOO_LARGE)


def test_a_body_that_grows_too_large_is_refused(small: Desk) -> None:
    answer = small.http.post("/invitations", content=_pieces(10), headers=JSON)
    assert "content-length" not in answer.request.headers, "this test did not send what it says"
    problem_of(answer, 413, Code.BODY_TOO_LARGE)


def test_a_file_announced_as_too_large_is_refused(small: Desk) -> None:
    content = b"x" * (4096 * KIB)
    answer = small.http.post("/imports", content=content, headers=CSV)
    problem_of(answer, 413, Code.BODY_TOO_LARGE)
    problem_of(small.http.post("/imports", files={"file": ("a.csv", content)}), 413, Code.BODY_TOO_LARGE)
    assert _kept_pieces(small) == 0


def test_a_file_that_grows_too_large_is_refused_and_leaves_nothing(small: Desk) -> None:
    for count in (2600, 4096):  # beyond the file's limit; beyond the body's
        answer = small.http.post("/imports", content=_pieces(count), headers=CSV)
        assert "content-length" not in answer.request.headers, "this test did not send what it says"
        problem_of(answer, 413, Code(answer.json()["code"]))
        assert answer.json()["code"] in {Code.FILE_TOO_LARGE, Code.BODY_TOO_LARGE}
        assert _kept_pieces(small) == 0


def test_a_file_over_its_limit_is_told_the_limit(small: Desk) -> None:
    content = b"x" * (2560 * KIB + 1)
    answer = small.http.post("/imports", content=content, headers=CSV)
    body = problem_of(answer, 413, Code.FILE_TOO_LARGE)
    assert re.search(r"2[.,]?621[.,]?440|2[.,]5", body["detail"]), body["detail"]


# --- faults ------------------------------------------------------------------------------------------------------


def test_a_fault_of_ours_is_one_too(desk: Desk) -> None:
    desk.http.post("/imports", content=HEADER, headers=CSV)
    with desk.database.writing() as session:
        changed = session.connection().exec_driver_sql("UPDATE imports SET suggestion = '\"secret\"'")
        assert changed.rowcount == 1
    answer = desk.http.get("/imports", headers={"X-Request-Id": "support-case-7"})
    body = problem_of(answer, 500, Code.INTERNAL_ERROR)
    assert body["request_id"] == "support-case-7"
    assert "secret" not in answer.text
    assert "JSON" not in answer.text


@pytest.mark.sqlite
def test_a_database_that_stays_locked_makes_us_unavailable(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "BUSY_SECONDS", 0.2)  # a minute of waiting would show no more
    engine = desk.app.state.context.database.engine

    @event.listens_for(engine, "connect")
    def _be_impatient(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout = 50")

    assert desk.http.get("/users").status_code == 200  # the use of the key is noted: reading needs no writer any more
    engine.dispose()
    writer = sqlite3.connect(desk.folder / "rollcall.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        problem_of(desk.http.post("/invitations", json=PERSON), 503, Code.DATABASE_UNAVAILABLE)
        upload = desk.http.post("/imports", content=HEADER, headers=CSV)
        problem_of(upload, 503, Code.DATABASE_UNAVAILABLE)
        assert desk.http.get("/users").status_code == 200, "readers never wait for a writer"
    finally:
        writer.close()
    assert desk.http.post("/invitations", json=PERSON).status_code == 201


@pytest.mark.sqlite
def test_a_database_that_is_gone_makes_us_unavailable(desk: Desk) -> None:
    desk.app.state.context.database.close()
    desk.database.close()
    away = desk.folder.with_name("away")
    desk.folder.rename(away)
    try:
        problem_of(desk.http.get("/users"), 503, Code.DATABASE_UNAVAILABLE)
        problem_of(desk.http.post("/invitations", json=PERSON), 503, Code.DATABASE_UNAVAILABLE)
        problem_of(desk.http.get("http://testserver/readyz"), 503, Code.DATABASE_UNAVAILABLE)
        assert desk.http.get("http://testserver/healthz").status_code == 200
    finally:
        away.rename(desk.folder)
    assert desk.http.get("/users").status_code == 200


def test_a_database_without_its_tables_makes_us_unavailable(desk: Desk) -> None:
    with desk.database.writing() as session:
        session.connection().exec_driver_sql("ALTER TABLE users RENAME TO lost")
    problem_of(desk.http.get("/users"), 503, Code.DATABASE_UNAVAILABLE)


@pytest.mark.sqlite
def test_a_file_that_is_no_database_is_a_problem_too(desk: Desk) -> None:
    desk.app.state.context.database.close()
    desk.database.close()
    for file in desk.folder.glob("rollcall.db*"):
        file.unlink()
    (desk.folder / "rollcall.db").write_bytes(b"this is not a database, not at all\n" * 200)
    problem_of(desk.http.get("http://testserver/readyz"), 503, Code.DATABASE_UNAVAILABLE)
    answer = desk.http.get("/users")
    problem_of(answer, answer.status_code, Code(answer.json()["code"]))
    assert answer.status_code >= 500


# --- whose request, which language -------------------------------------------------------------------------------


def test_the_id_of_a_request_is_the_clients_where_it_is_harmless(world: World) -> None:
    given = "case-7_a.B"
    assert world.owner.get("/nowhere", headers={"X-Request-Id": given}).json()["request_id"] == given
    ids = set()
    for harmful in ("", "a b", "x" * 65, "<script>", "a;b", 'a"b'):
        answer = world.owner.get("/nowhere", headers={"X-Request-Id": harmful})
        body = problem_of(answer, 404, Code.NOT_FOUND)
        assert body["request_id"] != harmful
        ids.add(body["request_id"])
    assert len(ids) == 6
    assert world.owner.get("/users", headers={"X-Request-Id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        (None, "en"),
        ("en", "en"),
        ("fr", "fr"),
        ("nl", "nl"),
        ("NL-be", "nl"),
        ("fr-BE;q=0.8, nl;q=0.9", "nl"),
        ("de, fr;q=0.5", "fr"),
        ("fr;q=0, nl;q=0.1", "nl"),
        ("*", "en"),
        ("tlh", "en"),
        (";;;q=,,,", "en"),
        ("fr;q=banana", "fr"),
        ("x" * 5000, "en"),
        ("../../etc/passwd", "en"),
    ],
)
def test_a_problem_speaks_the_readers_language(world: World, asked: str | None, language: str) -> None:
    headers = {} if asked is None else {"Accept-Language": asked}
    world.owner.headers.pop("accept-language", None)
    problem_of(world.owner.get("/nowhere", headers=headers), 404, Code.NOT_FOUND, language=language)
    answer = world.owner.post("/invitations", json={}, headers=headers)
    body = problem_of(answer, 422, Code.INVALID_REQUEST, language=language)
    messages = {error["message"] for error in body["errors"]}
    assert messages == {texts(language)["fields.required"]}


def test_any_accept_language_at_all_finds_an_installed_language() -> None:
    for asked in ("", ",", ";", "q=1", "fr;q=9", "en-", "-", "\x00", "é", "fr;q=0.0001", "*;q=0"):
        assert language_of(asked) in languages()


def test_every_code_has_a_status_and_a_kind_of_its_own() -> None:
    assert set(KINDS) == set(Code)
    assert set(STATUS) == set(Kind)


# --- strange characters ------------------------------------------------------------------------------------------

STRANGE = {
    "a lone surrogate": "a\ud800b",
    "a lone low surrogate": "\udfff",
    "NUL": "a\x00b",
    "a control character": "a\x1bb",
    "right to left": "\u202eevil",
    "Hebrew": "שלום עולם",
    "four bytes": "😀👩‍👩‍👧",
    "combining": "e\u0301" * 20,
    "a line separator": "a\u2028b",
    "a line break": "a\r\nBcc: b@example.com",
    "a byte order mark": "\ufeffa",
    "a noncharacter": "\uffff",
    "zero width": "\u200b",
    "nothing": "",
    "blanks": "   ",
    "braces": "{0} {name} %s %(a)s",
    "markup": "<b>&\"'</b>",
}


HARMFUL = [
    STRANGE[name]
    for name in ("a lone surrogate", "NUL", "right to left", "four bytes", "a line separator", "a line break", "braces")
]
"""Those of them that every operation is asked with."""


def _string_fields() -> list[str]:
    """Every field of an invitation that takes text, from its schema."""
    properties = InvitationIn.model_json_schema()["properties"]
    return [name for name, field in properties.items() if '"string"' in json.dumps(field)]


@pytest.mark.parametrize("name", STRANGE)
def test_strange_characters_never_break_an_invitation(world: World, name: str) -> None:
    """In every field of text: taken as they are, or refused; never a fault, and the mail leaves."""
    fields = _string_fields()
    assert {"email", "first_name", "organisation", "student_groups", "message"} <= set(fields)
    world.desk.work()
    before, taken = len(world.desk.mails()), 0
    for field in fields:
        value: object = [STRANGE[name]] if field == "student_groups" else STRANGE[name]
        body = PERSON | {"email": world.person()["email"]} | {field: value}
        answer = world.owner.post("/invitations", content=json.dumps(body).encode(), headers=JSON)
        if answer.status_code != 201:
            problem_of(answer, 422, Code.INVALID_REQUEST)
            continue
        taken += 1
        again = world.owner.get(f"/invitations/{answer.json()['id']}")
        assert (again.status_code, again.json()[field]) == (200, answer.json()[field])
    listed = world.owner.get("/invitations", params={"q": STRANGE[name].encode("utf-8", "replace").decode()})
    assert listed.status_code in {200, 422}
    world.desk.work()
    assert len(world.desk.mails()) == before + taken


def _with_strange_text(value: Any, text: str) -> Iterator[Any]:
    """Copies of a body, each with another of its texts replaced."""
    if isinstance(value, str):
        yield text
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from (value | {key: replaced} for replaced in _with_strange_text(inner, text))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from ([*value[:place], replaced, *value[place + 1 :]] for replaced in _with_strange_text(inner, text))


def _fullest_body(operation: Operation, right: dict[str, Any]) -> dict[str, Any]:
    """A right body with every optional field of text as well, from the schema."""
    schemas = DESCRIPTION["components"]["schemas"]
    schema = operation.described["requestBody"]["content"]["application/json"]["schema"]
    properties = schemas[schema["$ref"].rsplit("/", 1)[1]]["properties"]
    texts_of = {name: "x" for name, field in properties.items() if '"string"' in json.dumps(field)}
    nested = {
        name: dict.fromkeys(schemas[field["$ref"].rsplit("/", 1)[1]]["properties"], "x")
        for name, field in properties.items()
        if "$ref" in field and "properties" in schemas[field["$ref"].rsplit("/", 1)[1]]
    }
    return texts_of | nested | right


@pytest.mark.parametrize(
    "operation",
    [each for each in OPERATIONS if "application/json" in each.described.get("requestBody", {}).get("content", ())],
    ids=lambda operation: operation.id,
)
def test_strange_characters_in_any_body_are_no_fault_of_ours(operation: Operation, world: World) -> None:
    right = operation.body(world)["json"]
    path = operation.filled(world)
    asked = 0
    for text in HARMFUL:
        for body in _with_strange_text(_fullest_body(operation, right), f"{text} long enough"):
            answer = operation.call(world.owner, path, content=json.dumps(body).encode(), headers=JSON)
            assert answer.status_code < 500, f"{operation.id} broke on {json.dumps(body)}"
            if answer.status_code >= 400:
                problem_of(answer, answer.status_code, Code(answer.json()["code"]))
            asked += 1
    assert asked >= len(HARMFUL)


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.parameters("query")], ids=lambda o: o.id)
def test_strange_characters_in_any_query_are_no_fault_of_ours(operation: Operation, world: World) -> None:
    path, body = operation.filled(world), operation.body(world)
    for name in operation.parameters("query"):
        for text in HARMFUL:
            answer = operation.call(world.owner, path, params={name: text.encode("utf-8", "surrogatepass")}, **body)
            assert answer.status_code < 500, f"{operation.id} broke on {name}={text!r}"
            if answer.status_code >= 400:
                problem_of(answer, answer.status_code, Code(answer.json()["code"]))


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.parameters("path")], ids=lambda o: o.id)
def test_strange_characters_in_any_path_are_no_fault_of_ours(operation: Operation, world: World) -> None:
    body = operation.body(world)
    for text in ("%00", "%ED%A0%80", "%F0%9F%98%80", "%E2%80%AE", "..%2f..", "x" * 3000, "%7B0%7D"):
        answer = operation.call(world.owner, re.sub(r"\{[a-z_]+\}", text, operation.path), **body)
        assert answer.status_code in {404, 405, 422}, f"{operation.id} answered {answer.status_code} for {text}"


def test_characters_that_cannot_be_stored_are_refused_by_name(world: World) -> None:
    for value in (STRANGE["a lone surrogate"], STRANGE["NUL"], STRANGE["a line break"]):
        content = json.dumps(PERSON | {"first_name": value}).encode()
        body = problem_of(world.owner.post("/invitations", content=content, headers=JSON), 422, Code.INVALID_REQUEST)
        assert pointers(body) == {"/first_name": "characters_not_allowed"}


def test_strange_names_of_fields_are_only_unknown_fields(world: World) -> None:
    for name in ("\ud800", "\x00", "a/b~c", "😀", "", "x" * 1000):
        content = json.dumps(PERSON | {name: 1}).encode()
        body = problem_of(world.owner.post("/invitations", content=content, headers=JSON), 422, Code.INVALID_REQUEST)
        assert set(pointers(body).values()) <= {"unknown_field", "characters_not_allowed"}


def test_a_search_for_strange_characters_finds_no_more_than_it_should(desk: Desk) -> None:
    desk.http.post("/invitations", json=PERSON)
    for path in ("/invitations", "/users", "/organisations"):
        for value in ("\x00", "x\x00", "\x00jan", "%", "_", "\\", "'", "😀"):
            answer = desk.http.get(path, params={"q": value})
            if answer.status_code == 422:
                problem_of(answer, 422, Code.INVALID_REQUEST)
            else:
                assert answer.status_code == 200
                assert answer.json()["items"] == [], f"{path} found something for {value!r}"


# --- secrets -----------------------------------------------------------------------------------------------------

SECRET = "Zm9vYmFy-s3cr3t"


def _secret_requests(client: TestClient) -> Iterator[Response]:
    accept = "/invitations/accept"
    yield client.post(accept, json={"token": SECRET, "password": SECRET})
    yield client.post(accept, json={"token": SECRET * 100, "password": SECRET * 100})
    yield client.post(accept, json={"token": [SECRET], "password": {SECRET: SECRET}})
    yield client.post(accept, json={"token": SECRET, "pasword": SECRET})
    yield client.post(accept, json={"token": SECRET, "password": SECRET[:7]})
    yield client.post(accept, json={"token": SECRET, "password": SECRET, "first_name": [SECRET]})
    yield client.post(accept, json=SECRET)
    yield client.post(accept, json=[SECRET])
    yield client.post(accept, content=f'{{"password": "{SECRET}'.encode(), headers=JSON)
    yield client.post(accept, content=f"password={SECRET}&token={SECRET}".encode())
    yield client.post(accept, content=f'{{"password": "{SECRET}\\ud800", "token": "{SECRET}"}}'.encode(), headers=JSON)
    yield client.post("/invitations/inspect", json={"token": SECRET})
    yield client.post("/invitations/inspect", json={"token": SECRET, "more": SECRET})
    yield client.get("/users", headers={"Authorization": f"Bearer {SECRET}"})
    yield client.get("/users", headers={"Authorization": SECRET})
    yield client.get("/users", params={"key": SECRET})


def test_an_answer_never_repeats_a_password_or_a_token(world: World) -> None:
    count = 0
    for answer in _secret_requests(world.desk.stranger()):
        count += 1
        assert 400 <= answer.status_code < 500, answer.text
        problem_of(answer, answer.status_code, Code(answer.json()["code"]))
        assert SECRET[:7] not in answer.text, answer.request.content
        assert not any(SECRET in value for value in answer.headers.values())
    assert count == 16


def test_an_accepted_password_is_nowhere_in_an_answer_or_the_database(desk: Desk) -> None:
    desk.http.post("/invitations", json=PERSON)
    desk.work()
    token = link_of(desk.mails()[0])
    answer = desk.stranger().post("/invitations/accept", json={"token": token, "password": SECRET})
    assert answer.status_code == 200
    assert SECRET not in answer.text
    assert token not in answer.text
    assert token not in desk.http.get("/invitations").text
    dump = desk.dump()
    assert SECRET not in dump
    assert token not in dump
    assert token.partition(".")[2] not in dump
