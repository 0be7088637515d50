"""What people write is text and stays text: in mails, spreadsheets, file names, logs and both databases.

Everything comes in by the API, as an attacker would send it. What is shown in the console is tested in a browser.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest
from httpx2 import Response

from tests import postgres
from tests.api.test_accounts import ADMIN, activate_admin
from tests.api.test_import_story import map_columns, upload
from tests.api.test_problems import JSON, _with_strange_text
from tests.api.test_wall import OPERATIONS, Operation, World
from tests.conftest import Desk, PostgresTemplate, SqliteTemplate, link_of
from tests.delivery.test_serve import serving

LONG_ON_POSTGRESQL = True

NAUGHTY = [
    "a\x00b",
    "a\ud800b",
    "\u202eevil\u202c",
    "zero\u200bwidth\ufeff",
    "😀👩‍👩‍👧 𝒜",
    "e" + "\u0301" * 80,
    "\u0130İıß",
    "a\r\nBcc: b@example.com",
    "\u2028\u2029",
    "'; DROP TABLE users; --",
    "%00%0d%0a{0}${7*7}",
    "\ufdd0\uffff",
]
"""NUL, half a character, directions, invisible, four bytes, a pile of accents, capitals that change in length."""


OPTIONAL: dict[str, dict[str, Any]] = {
    "preview_invitation": {"message": "x", "first_name": "x"},
    "accept_invitation": {"first_name": "x", "last_name": "x"},
    "commit_import": {"message": "x"},
    "set_mapping": {"defaults": {"company": "x", "label": "x", "student_groups": "x", "team": "x"}},
    "change_import_row": {
        "values": dict.fromkeys(("first_name", "last_name", "email", "company", "label", "team"), "x")
    },
    "change_platform": {"name": "x", "sender_name": "x", "after_accept_url": "https://example.com"},
}
"""What an operation may be told besides: right, so that what is asked fails for the text or not at all."""


# --- alike on both databases -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def worlds(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: SqliteTemplate, servers: dict[int, postgres.Server]
) -> Iterator[tuple[World, World]]:
    """The same world twice: on SQLite and on PostgreSQL."""
    template = PostgresTemplate(servers[18])
    desks = [Desk(tmp_path_factory.mktemp("alike"), one) for one in (sqlite_template, template)]
    yield World(desks[0]), World(desks[1])
    for desk in desks:
        desk.close()
    template.drop_all()


_CHANGES_FROM_WORLD_TO_WORLD = re.compile(
    r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z|rc[ks]_[\w-]+|\d+"
    r'|"prefix": "[\w-]+"'
)


def _told(answer: Response) -> tuple[int, str]:
    """An answer without what two worlds never have in common: ids, times, keys, links."""
    told = json.dumps(answer.json(), sort_keys=True, ensure_ascii=False) if answer.content else ""
    return answer.status_code, _CHANGES_FROM_WORLD_TO_WORLD.sub("?", told)


def _assert_kept(sent: dict[str, Any], answer: Response) -> int:
    """Every text that was taken comes back exactly (but for blanks around it). Returns how many."""
    got = answer.json()
    same = [name for name in sent if isinstance(sent[name], str) and isinstance(got.get(name), str)]
    for name in same:
        assert got[name] == sent[name].strip(), f"{name} was changed"
    return len(same)


@pytest.mark.parametrize(
    "operation",
    [each for each in OPERATIONS if "application/json" in each.described.get("requestBody", {}).get("content", ())],
    ids=lambda operation: operation.id,
)
def test_naughty_text_is_refused_or_kept_alike_on_both_databases(
    operation: Operation, worlds: tuple[World, World]
) -> None:
    rights = [operation.body(world)["json"] for world in worlds]
    paths = [operation.filled(world) for world in worlds]
    asked = kept = 0
    for turn, text in enumerate(NAUGHTY):
        bodies = [_with_strange_text(right | OPTIONAL.get(operation.id, {}), f"{text} long") for right in rights]
        for place, pair in enumerate(zip(*bodies, strict=True)):
            if place >= 3 and (place + turn) % 3:
                continue  # with many fields, each gets a third of the texts
            answers = [
                operation.call(world.owner, path, content=json.dumps(body).encode(), headers=JSON)
                for world, path, body in zip(worlds, paths, pair, strict=True)
            ]
            assert answers[0].status_code < 500, json.dumps(pair[0])
            assert _told(answers[0]) == _told(answers[1]), json.dumps(pair[0])
            if answers[0].status_code in {200, 201}:
                kept += _assert_kept(pair[0], answers[0])
            asked += 1
    assert asked >= len(NAUGHTY)
    assert kept or operation.id not in {"create_invitation", "change_platform", "create_api_key"}


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.parameters("query")], ids=lambda o: o.id)
def test_naughty_queries_are_answered_alike_on_both_databases(
    operation: Operation, worlds: tuple[World, World]
) -> None:
    paths = [operation.filled(world) for world in worlds]
    contents = [operation.body(world) for world in worlds]
    for name in operation.parameters("query"):
        for text in NAUGHTY:
            params = {name: text.encode("utf-8", "surrogatepass")}
            sqlite, postgresql = (
                operation.call(world.owner, path, params=params, **content)
                for world, path, content in zip(worlds, paths, contents, strict=True)
            )
            assert sqlite.status_code < 500, f"{name}={text!r}"
            assert sqlite.status_code == postgresql.status_code, f"{name}={text!r}"


# --- mails -------------------------------------------------------------------------------------------------------

TRICKS = [
    "x\r\nBcc: victim@evil.example",
    "x\nBcc: victim@evil.example\n\nbody",
    "x%0d%0aBcc: victim@evil.example",
    "=?utf-8?q?x=0d=0aBcc:_victim@evil.example?=",
    "=?utf-8?b?eA0KQmNjOiB2aWN0aW1AZXZpbC5leGFtcGxl?=",
    "x\u2028Bcc: victim@evil.example",
    "x\x85Bcc: victim@evil.example",
    '"x" <victim@evil.example>, y',
    "<script src=//evil.example></script><img src=x onerror=alert(1)>",
    '"><a href="https://evil.example/win">win</a>',
    "Win at evil.example/now",
    "https://evil.example",
    "[win](https://evil.example)",
    "javascript:alert(1)",
    "{{ 7*7 }}{% raw %}{0.__class__}",
]
FIELDS = ("first_name", "last_name", "organisation", "message", "platform name", "sender name", "inviter")


class _Tags(HTMLParser):
    """The elements of a page with the names of their attributes, and where its links go."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.links: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.elements |= {f"{tag} {name}" for name, _ in attrs}
        self.links |= {str(value) for name, value in attrs if name in {"href", "src", "action", "background"}}


def _part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def _mail(desk: Desk, number: int, fields: dict[str, str]) -> EmailMessage | None:
    """The mail of an invitation with such fields; None where they are refused."""
    for name, field in (("platform name", "name"), ("sender name", "sender_name")):
        answer = desk.http.patch("/platform", json={field: fields.get(name, "Acme")})
        assert answer.status_code in {200, 422}, answer.text
        if answer.status_code == 422:
            return None
    inviter = desk.http
    if "inviter" in fields:
        desk.rows("UPDATE users SET first_name = :name WHERE role = 'admin'", name=fields["inviter"])
        signed_in = desk.stranger().post("/sessions", json=ADMIN | {"mode": "token"})
        inviter = desk.client(key=signed_in.json()["token"])
    address = f"person{number}@example.com"
    plain = {"first_name": "Ann", "last_name": "Lee", "organisation": "Acme", "message": "Welcome"}
    body = plain | {name: text for name, text in fields.items() if name in plain}
    answer = inviter.post("/invitations", json=body | {"email": address})
    assert answer.status_code in {201, 422}, answer.text
    if answer.status_code == 422:
        return None
    desk.work()
    (mail,) = desk.mails(to=address)
    return mail


@pytest.mark.parametrize("field", FIELDS)
def test_no_text_in_a_mail_becomes_a_header_markup_or_a_link(desk: Desk, field: str) -> None:
    activate_admin(desk)
    clean = _mail(desk, 0, {"inviter": "Eva"} if field == "inviter" else {})
    assert clean is not None
    usual = _Tags(_part(clean, "html"))
    sent = 0
    for number, trick in enumerate(TRICKS, start=1):
        mail = _mail(desk, number, {field: trick})
        if mail is None:
            continue
        sent += 1
        assert set(mail.keys()) <= set(clean.keys()) | {"Reply-To"}, trick
        assert [str(one.addr_spec) for one in mail["To"].addresses] == [f"person{number}@example.com"], trick
        assert [str(one.addr_spec) for one in mail["From"].addresses] == ["invitations@example.com"], trick
        page = _Tags(_part(mail, "html"))
        assert page.elements <= usual.elements | {"p", "br", "span", "span dir"}, trick
        assert page.links <= {f"http://testserver/accept#{link_of(mail)}"}, trick
        if field != "message":  # who writes a message may name an address in it, as plain words
            words = _part(mail, "plain")
            assert "evil.example" not in words, f"a mail program would make a link of it: {trick}"
    assert sent >= 5, "nothing was sent: nothing was shown"


# --- spreadsheets ------------------------------------------------------------------------------------------------

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=cmd|'/c calc'!A1", '=HYPERLINK("//evil.example")', "＝1+1", "'=1"]


def test_no_cell_of_any_export_is_a_formula(desk: Desk) -> None:
    columns = ["first_name", "last_name", "email", "company"]
    header = ["=first", "+last", "-email", "@company", *(f"{formula} more" for formula in FORMULAS)]
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(header)
    for place in range(4):
        for formula in FORMULAS:
            cells = ["Ann", "Lee", "no address", "Acme", *FORMULAS]
            cells[place] = formula
            cells[2] = cells[2] if place != 2 else formula
            writer.writerow(cells)
    imported = upload(desk, lines.getvalue().encode())
    map_columns(desk, imported["id"], columns + [None] * len(FORMULAS), header_line=1)
    exports = [
        desk.http.get(f"/imports/{imported['id']}/rejected.csv"),
        desk.http.get("/import-template.csv"),
        *(desk.http.get("/import-template.csv", headers={"Accept-Language": each}) for each in ("fr", "nl")),
    ]
    guarded = 0
    for export in exports:
        assert export.status_code == 200, export.text
        for row in csv.reader(io.StringIO(export.content.decode("utf-8-sig"), newline="")):
            for cell in row:
                assert cell[:1] not in set("=+-@\t\r\n＝＋－＠"), cell
                guarded += cell.startswith("'")
    assert guarded >= 4 * len(FORMULAS) * len(FORMULAS)


# --- file names --------------------------------------------------------------------------------------------------

FILE_NAMES = [
    "../../etc/passwd",
    "..\\..\\boot.ini",
    "/etc/cron.d/x.csv",
    "C:\\people.csv",
    "a\x00b.csv",
    "a\r\nSet-Cookie: x=1.csv",
    'a"; filename="b.html',
    "\u202evsc.exe",
    "x" * 5_000 + ".csv",
    "😀" * 300 + ".csv",
    "e\u0301" * 400,
    "a\ud800.csv",
    "",
    ".",
    "..",
    "<script>.csv",
    "=1+1.csv",
    "people;x=1'.csv",
]


@pytest.mark.parametrize("name", FILE_NAMES, ids=lambda name: ascii(name[:12]))
def test_a_file_name_is_a_name_and_nothing_else(desk: Desk, name: str) -> None:
    content = b"first name,last name,email,company\nAnn,Lee,no address,Acme\n"
    given = quote(name.encode("utf-8", "surrogatepass"))
    disposition = f"form-data; name=\"file\"; filename*=utf-8''{given}".encode()
    form = b"--b\r\nContent-Disposition: " + disposition + b"\r\n\r\n" + content + b"\r\n--b--\r\n"
    by_form = desk.http.post("/imports", content=form, headers={"Content-Type": "multipart/form-data; boundary=b"})
    by_query = desk.http.post(f"/imports?filename={given}", content=content, headers={"Content-Type": "text/csv"})
    for answer in (by_form, by_query):
        assert answer.status_code in {201, 422}, answer.text
        if answer.status_code == 422:
            continue
        kept = answer.json()["file"]["name"]
        assert kept
        assert len(kept) <= 255
        assert not set(kept) & set("/\\\x00\r\n")
        assert kept not in {".", ".."}
        import_id = answer.json()["id"]
        map_columns(desk, import_id, ["first_name", "last_name", "email", "company"], header_line=1)
        export = desk.http.get(f"/imports/{import_id}/rejected.csv")
        assert export.status_code == 200, export.text
        assert "set-cookie" not in export.headers
        said = re.fullmatch(
            r"attachment; filename\*=UTF-8''([\w.~%-]+)", export.headers["content-disposition"], re.ASCII
        )
        assert said, export.headers["content-disposition"]
        assert not set(unquote(said[1])) & set("/\\\x00\r\n")
    assert sorted(path.name for path in desk.folder.rglob("*") if "passwd" in path.name or "boot" in path.name) == []


# --- logs --------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite
@pytest.mark.xdist_group("plugs")
def test_no_request_can_write_a_line_of_the_log(desk: Desk) -> None:

    forged = '{"event": "forged"}'
    with serving(desk, "--no-worker", ROLLCALL_LOG_LEVEL="DEBUG") as (_, url):
        asked = 0
        for text in (f"\n{forged}\n", f"\r\n{forged}", f"\u2028{forged}", f"\x1b[2J{forged}", f"\x85{forged}"):
            for path in (f"/api/v1/users/{quote(text)}", f"/{quote(text)}", f"/api/v1/users?q={quote(text)}"):
                httpx.get(url + path, headers={"User-Agent": quote(text), "X-Request-Id": quote(text)}, timeout=10)
                asked += 1
            body = json.dumps({"token": text, "password": text})
            httpx.post(f"{url}/api/v1/invitations/inspect", content=body, headers=JSON, timeout=10)
            asked += 1
    lines = (desk.folder / "log").read_bytes().splitlines()
    events = [json.loads(line) for line in lines if line.startswith(b"{")]
    assert sum(event["event"] == "request" for event in events) >= asked
    assert not any(event["event"] == "forged" for event in events)
    assert not any(b"forged" in line for line in lines), "what a stranger wrote stands in the log"
