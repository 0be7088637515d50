"""What every answer carries, what no address holds, and what is too much: refused at once, whatever it is."""

import gzip
import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select

from app.access.models import SignInSession
from app.db.base import utcnow
from app.invitations.models import Invitation
from app.main import create_app, describe
from tests.api.test_accounts import ADMIN, SAME_SITE, activate_admin
from tests.conftest import Desk, Template, link_of

LONG_ON_POSTGRESQL = True

SAFE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}
AT_ONCE_SECONDS = 2.0


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory, migrated: Template) -> Iterator[Desk]:
    """A desk as it stands behind TLS, with small limits."""
    folder = tmp_path_factory.mktemp("tls")
    desk = Desk(
        folder,
        migrated,
        public_url="https://testserver",
        allowed_origins="https://app.example.com",
        upload_bytes=3_000_000,
        upload_lines=500,
        upload_columns=20,
        body_bytes=50_000,
    )
    activate_admin(desk)
    yield desk
    desk.close()


# --- headers ---------------------------------------------------------------------------------------------------------

ANSWERS: dict[str, Callable[[Desk], Response]] = {
    "a list": lambda desk: desk.http.get("/users"),
    "a file": lambda desk: desk.http.get("/import-template.csv"),
    "no key": lambda desk: desk.stranger().get("/users"),
    "no such path": lambda desk: desk.http.get("/nowhere"),
    "no such method": lambda desk: desk.http.delete("/users"),
    "a wrong body": lambda desk: desk.http.post("/invitations", json={}),
    "a body too large": lambda desk: desk.http.post("/invitations", content=b"x" * 60_000),
    "a sign-in": lambda desk: desk.stranger("10.6.0.1").post("/sessions", json=ADMIN),
    "a failed sign-in": lambda desk: desk.stranger("10.6.0.2").post("/sessions", json=ADMIN | {"password": "wrong"}),
    "a preflight": lambda desk: desk.stranger().options(
        "/users", headers={"Origin": "https://app.example.com", "Access-Control-Request-Method": "GET"}
    ),
    "a refused preflight": lambda desk: desk.stranger().options(
        "/users", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    ),
    "health": lambda desk: desk.stranger().get("http://testserver/healthz"),
    "metrics": lambda desk: desk.stranger().get("http://testserver/metrics"),
    "the console": lambda desk: desk.stranger().get("http://testserver/console/"),
    "the page behind a link": lambda desk: desk.stranger().get("http://testserver/accept"),
    "no such asset": lambda desk: desk.stranger().get("http://testserver/console/assets-x/none.js"),
    "the documentation": lambda desk: desk.stranger().get("http://testserver/docs"),
    "the description": lambda desk: desk.stranger().get("http://testserver/openapi.json"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_safe_headers_stand_on_every_answer(tls: Desk, name: str) -> None:
    answer = ANSWERS[name](tls)
    headers = answer.headers
    assert SAFE.items() <= dict(headers).items()
    assert "max-age=31536000" in headers["strict-transport-security"]
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "permissions-policy" in headers
    if answer.url.path.startswith("/api/"):
        assert headers["cache-control"] == "no-store"
    assert "server" not in headers
    assert "x-powered-by" not in headers


def test_a_fault_of_ours_carries_them_too_and_tells_nothing_of_itself(desk: Desk) -> None:
    app = create_app(desk.settings)

    @app.get("/api/v1/broken")
    def broken() -> None:
        raise RuntimeError("a secret of the inside")

    client = TestClient(app, base_url="http://testserver/api/v1", raise_server_exceptions=False)
    answer = client.get("/broken", headers={"Origin": "http://testserver"})
    app.state.context.database.close()
    assert answer.status_code == 500
    assert SAFE.items() <= dict(answer.headers).items()
    assert answer.headers["access-control-allow-origin"] == "http://testserver"  # a page is told, not left in the dark
    assert "inside" not in answer.text


def test_without_tls_nothing_is_said_of_tls(desk: Desk) -> None:
    assert "strict-transport-security" not in desk.http.get("/users").headers


# --- addresses -------------------------------------------------------------------------------------------------------


def test_no_parameter_of_a_path_or_query_is_a_secret() -> None:
    names = {
        parameter["name"]
        for operations in describe()["paths"].values()
        for operation in operations.values()
        for parameter in operation.get("parameters", ())
        if parameter["in"] in {"path", "query"}
    }
    assert {"import_id", "cursor", "q"} <= names
    assert not {name for name in names for word in ("token", "password", "secret", "api_key") if word in name}


def test_a_key_or_session_in_an_address_opens_nothing(tls: Desk) -> None:
    key = tls.key()
    stranger = tls.stranger()
    for query in ({"api_key": key}, {"token": key}, {"access_token": key}, {"authorization": f"Bearer {key}"}):
        assert stranger.get("/users", params=query).status_code == 401


def test_looking_consumes_no_link(desk: Desk) -> None:
    desk.http.post("/invitations", json={"email": "jan@example.com", "organisation": "Acme"})
    desk.work()
    token = link_of(desk.mails(to="jan@example.com")[0])
    stranger = desk.stranger()
    for method in ("GET", "HEAD", "OPTIONS"):
        for path in ("http://testserver/accept", "http://testserver/reset", "/invitations/accept"):
            for address in (path, f"{path}?token={token}", f"{path}#{token}"):
                assert stranger.request(method, address).status_code in {200, 400, 401, 404, 405, 422}
    for _ in range(20):
        assert stranger.post("/invitations/inspect", json={"token": token}).status_code == 200
    with desk.database.reading() as session:
        state = session.scalar(select(Invitation.state).where(Invitation.email == "jan@example.com"))
    assert state == "pending"
    body = {"token": token, "password": "a fine horse"}
    assert stranger.post("/invitations/accept", json=body).status_code == 200
    assert stranger.post("/invitations/accept", json=body).status_code == 410


# --- cookies and other sites -----------------------------------------------------------------------------------------


def test_a_cookie_is_kept_from_scripts_other_sites_and_plain_http(tls: Desk) -> None:
    client = TestClient(tls.app, base_url="https://testserver/api/v1", client=("10.6.0.3", 1))
    cookie = client.post("/sessions", json=ADMIN).headers["set-cookie"]
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "secure", "samesite=lax", "path=/"} <= parts
    assert not any(part.startswith("domain") for part in parts)
    assert cookie.startswith("__Host-rollcall=")
    for method, path in _unsafe_operations():
        refused = client.request(method, path, json={}, headers={"Origin": "https://evil.example"})
        assert (refused.status_code, refused.json()["code"]) == (403, "origin_refused"), (method, path)
        refused = client.request(method, path, json={}, headers={"Origin": "https://testserver"})
        assert (refused.status_code, refused.json()["code"]) == (403, "origin_refused"), (method, path)
    with tls.database.reading() as session:
        assert session.scalars(select(SignInSession.id).where(SignInSession.expires_at > utcnow())).all() != []


def _unsafe_operations() -> list[tuple[str, str]]:
    """Every change an administrator may ask for, at ids that are none."""
    nobody = "01980000-0000-7000-8000-000000000000"
    found = []
    for path, operations in describe()["paths"].items():
        for method, operation in operations.items():
            if method != "get" and operation.get("security"):
                for parameter in operation.get("parameters", ()):
                    path = path.replace("{" + parameter["name"] + "}", "2" if parameter["name"] == "line" else nobody)
                found.append((method.upper(), path.removeprefix("/api/v1")))
    assert len(found) > 15
    return found


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://app.example.com.evil.example", "file://"])
def test_other_sites_are_told_nothing(tls: Desk, origin: str) -> None:
    answer = tls.http.get("/users", headers={"Origin": origin})
    assert "access-control-allow-origin" not in answer.headers
    cookie_sign_in = tls.stranger("10.6.0.4").post("/sessions", json=ADMIN, headers={"Origin": origin} | {"x": "1"})
    assert cookie_sign_in.json()["code"] == "origin_refused"
    assert SAME_SITE["Origin"] != origin


# --- too much --------------------------------------------------------------------------------------------------------

CSV = {"Content-Type": "text/csv"}
JSON = {"Content-Type": "application/json"}
HEADER = b"first_name,last_name,email,company\n"


def _deep(depth: int) -> bytes:
    return b'{"email":"a@example.com","organisation":' + b"[" * depth + b"]" * depth + b"}"


def _parts(count: int) -> dict[str, Any]:
    part = b'--b\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n'
    return {
        "content": b"".join(part % number for number in range(count)) + b"--b--\r\n",
        "headers": {"Content-Type": "multipart/form-data; boundary=b"},
    }


def _workbook(cells: int) -> bytes:
    """A workbook that unpacks to very much more than it weighs."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"<c/>" * cells)
    return made.getvalue()


TOO_MUCH: dict[str, tuple[str, Callable[[], dict[str, Any]], set[int]]] = {
    "bytes of a body": ("/invitations", lambda: {"content": b"x" * 5_000_000, "headers": JSON}, {413}),
    "bytes of a file": ("/imports", lambda: {"content": HEADER * 200_000, "headers": CSV}, {413}),
    "depth of JSON": ("/invitations", lambda: {"content": _deep(20_000), "headers": JSON}, {422}),
    "items of a list": (
        "/invitations/batch",
        lambda: {"json": {"invitations": [{"email": "a@example.com", "organisation": "A"}] * 1001}},
        {422},
    ),
    "fields of an object": ("/invitations", lambda: {"json": {f"f{number}": 1 for number in range(4000)}}, {422}),
    "digits of a number": (
        "/invitations",
        lambda: {"content": b'{"x":' + b"9" * 40_000 + b"}", "headers": JSON},
        {422},
    ),
    "characters of a password": (
        "/invitations/accept",
        lambda: {"json": {"token": "x", "password": "p" * 40_000}},
        {422},
    ),
    "characters of a token": ("/invitations/inspect", lambda: {"json": {"token": "x" * 40_000}}, {422}),
    "columns": (
        "/imports",
        lambda: {"content": b",".join(b"c%d" % n for n in range(3000)) + b"\n1\n", "headers": CSV},
        {422},
    ),
    "lines, asked in one call": (
        "/imports?auto=true",
        lambda: {
            "content": HEADER + b"".join(b"A,B,p%d@example.com,C\n" % n for n in range(600)),
            "headers": CSV,
        },
        {413, 422},
    ),
    "characters of a cell": (
        "/imports",
        lambda: {"content": b"email," + b"x" * 2_000_000 + b"\n", "headers": CSV},
        {422},
    ),
    "parts of a form": ("/imports", lambda: _parts(3000), {413, 422}),
    "a gzip that swells": (
        "/imports",
        lambda: {"content": gzip.compress(HEADER * 1_000_000), "headers": {"Content-Type": "application/gzip"}},
        {413, 422},
    ),
    "a workbook that swells": (
        "/imports",
        lambda: {"content": _workbook(10_000_000), "headers": {"Content-Type": "application/octet-stream"}},
        {413, 422},
    ),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_too_much_is_refused_at_once(tls: Desk, name: str) -> None:
    path, request, expected = TOO_MUCH[name]
    prepared = request()
    started = time.perf_counter()
    answer = tls.http.post(path, **prepared)
    seconds = time.perf_counter() - started
    assert answer.status_code in expected, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.text)["code"]
    assert seconds < AT_ONCE_SECONDS
    assert tls.http.get("/users").status_code == 200


def test_half_a_character_is_no_password_and_no_fault(tls: Desk) -> None:
    content = b'{"email":"admin@acme.example.com","password":"\\ud800 half of one"}'
    answer = tls.stranger("10.6.0.5").post("/sessions", content=content, headers=JSON)
    assert answer.status_code in {401, 422}
