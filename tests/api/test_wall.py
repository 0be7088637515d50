"""Who is kept out: strangers, keys without the scope, and every other platform. Generated from the description.

Each operation of the API is called here. One that is new and needs something this file cannot guess (a path
parameter, a body, the id in a query) fails with the name of the table below to add it to.
"""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Column, Table, select, update

from app.access.actor import IMPLIED, Scope
from app.access.credentials import KEY_MARK, SESSION_MARK
from app.access.models import ApiKey
from app.access.tokens import Keyring
from app.db.base import new_id, utcnow
from app.main import PREFIX, describe
from app.setup import administrator_link
from app.tables import metadata
from tests.conftest import SECRET, Desk, Template, link_of

CANARY = "zqcanary"
"""Stands in every name and address of platform acme; it must never stand in an answer to platform globex."""

PASSWORD = "a long enough password"

PUBLIC = {
    "accept_invitation",
    "complete_password_reset",
    "create_password_reset",
    "create_session",
    "inspect_invitation",
}
"""Operations that ask for no key: a token, an address or a password in their body is all that is needed."""

OUR_PAGE = {"Origin": "http://testserver", "X-Rollcall-Request": "1"}
"""What a change asked for by cookie must carry, to prove that one of our own pages asks."""

OF_PEOPLE = {"change_password", "delete_session", "get_session"}
"""Operations about the session or password of whoever asks: a signed-in administrator has them, a key has none."""

OUTSIDE = {"healthz", "metrics", "readyz"}
"""Operations without the prefix."""


def _columns(table: Table) -> list[Column[Any]]:
    return [column for column in table.c if column.name != "last_used_at"]


class World:
    """Platform acme, full of canaries, and platform globex, which must not see one."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.platform("globex")
        self.owner = desk.http
        self.other = desk.client("globex", Scope.ADMIN)
        self.scoped = {scope: desk.client("acme", scope) for scope in Scope}
        self._made = 0
        self._watch = desk.database.watch()
        self._last_change: object = None
        self._everything: dict[str, list[str]] = {}
        self._activate("acme")
        self._activate("globex")
        self.other_person = self.signed_in("globex")
        assert self.owner.patch("/platform", json={"name": CANARY, "sender_name": CANARY}).status_code == 200
        for _ in range(2):  # two of everything: a list of one has no cursor
            self.token()
            self.ready_import()
            self.key_id()

    def everything(self) -> dict[str, list[str]]:
        """All rows of all tables, but for when a key was last used. Read anew only where somebody has committed since:
        nobody is in this world but the test.
        """
        if self._has_changed():
            with self.desk.database.reading() as session:
                self._everything = {
                    table.name: sorted(repr(tuple(row)) for row in session.execute(select(*_columns(table))))
                    for table in metadata.sorted_tables
                }
        return self._everything

    def _has_changed(self) -> bool:
        if not self.desk.database.is_shared:
            return self._watch.has_changed()
        # The next transaction's number: whoever changes something takes one.
        (last,) = self.desk.rows("SELECT CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text)")
        before, self._last_change = self._last_change, last
        return before != last

    def close(self) -> None:
        """Let go of the database."""
        self._watch.close()
        self.desk.close()

    def _activate(self, subdomain: str) -> None:
        """Give the administrator of a platform a password."""
        platform_id = self.desk.platform_id(subdomain)
        with self.desk.database.writing() as session:
            link = administrator_link(session, Keyring([SECRET]), platform_id, public_url="", now=utcnow())
        body = {"token": link.partition("#")[2], "password": PASSWORD}
        assert self.desk.stranger().post("/invitations/accept", json=body).status_code == 200

    def sign_in(self, subdomain: str = "acme") -> dict[str, str]:
        """What an administrator says to sign in."""
        email = f"admin@{subdomain}.example.com"
        return {"platform": subdomain, "email": email, "password": PASSWORD, "mode": "token"}

    def signed_in(self, subdomain: str = "acme") -> TestClient:
        """An administrator with a new session."""
        token = _created(self.desk.stranger().post("/sessions", json=self.sign_in(subdomain)))["token"]
        return self.desk.client(key=token)

    def key_id(self) -> str:
        """A key made over the API."""
        return str(_created(self.owner.post("/api-keys", json={"name": CANARY, "scopes": ["read"]}))["id"])

    def owner_id(self) -> str:
        """The key the owner asks with."""
        made = self.owner.get("/audit-events", params={"subject_id": self.invitation()["id"]}).json()["items"]
        return str(made[0]["actor_id"])

    def person(self) -> dict[str, Any]:
        """The body of an invitation of somebody new, in places of their own."""
        self._made += 1
        return {
            "email": f"{CANARY}{self._made}@example.com",
            "first_name": f"{CANARY} first",
            "last_name": f"{CANARY} last",
            "organisation": f"{CANARY} organisation {self._made}",
            "student_groups": [f"{CANARY} group {self._made}"],
            "label": f"{CANARY} label {self._made}",
            "team": f"{CANARY} team {self._made}",
            "message": f"{CANARY} message",
        }

    def invitation(self) -> dict[str, Any]:
        """A pending invitation."""
        return _created(self.owner.post("/invitations", json=self.person()))

    def ready_import(self) -> str:
        """An import that is ready to commit: two people, two issues."""
        imported = _created(self.owner.post("/imports", files=self.upload()))
        columns = [suggestion["column"] for suggestion in imported["suggested_mapping"]]
        mapped = self.owner.put(f"/imports/{imported['id']}/mapping", json={"columns": columns})
        assert mapped.json()["state"] == "ready", mapped.text
        return str(imported["id"])

    def done_import(self) -> str:
        """An import that is committed, with its mails sent."""
        import_id = self.ready_import()
        assert self.owner.post(f"/imports/{import_id}/commit", json={}).status_code == 202
        self.desk.work()
        return import_id

    def upload(self) -> dict[str, Any]:
        """A form with a file."""
        self._made += 1
        lines = ["first name,last name,email,company"]
        for number in range(2):
            lines.append(f"{CANARY},{CANARY},{CANARY}-{self._made}-{number}@example.com,{CANARY} company")
            lines.append(f"{CANARY},{CANARY},{CANARY} is no address,{CANARY} company")
        return {"file": (f"{CANARY}.csv", "\n".join(lines).encode(), "text/csv")}

    def token(self) -> str:
        """The token in the mail of a new invitation."""
        address = self.invitation()["email"]
        self.desk.work()
        (mail,) = self.desk.mails(to=address)
        return link_of(mail)

    def mail_id(self) -> str:
        """A mail that has left."""
        self.token()
        return str(self.owner.get("/sent-mails").json()["items"][0]["id"])

    def reset_token(self) -> str:
        """The token in the mail of a new password reset."""
        asked = self.desk.stranger().post("/password-resets", json=self.reset())
        assert asked.status_code == 202, asked.text
        self.desk.work()
        body = self.desk.mails(to="admin@acme")[-1].get_body(("plain",))
        assert body is not None
        return str(body.get_content().split("/reset#", 1)[1].split()[0])

    def reset(self) -> dict[str, str]:
        """Whose password was forgotten."""
        return {"platform": "acme", "email": "admin@acme.example.com"}


OF_DONE_IMPORTS = {"cancel_import", "send_import", "undo_import"}
"""Operations on an import that is committed."""

PATH_PARAMETERS: dict[str, Callable[[World], str]] = {
    "invitation_id": lambda world: str(world.invitation()["id"]),
    "import_id": lambda world: world.ready_import(),
    "user_id": lambda world: str(world.invitation()["user_id"]),
    "key_id": lambda world: world.key_id(),
    "line": lambda _world: "2",
    "mail_id": lambda world: world.mail_id(),
}
"""What makes a real object of platform acme for a path parameter, and gives its id."""

QUERY_IDS: dict[str, Callable[[World], str]] = {
    "import_id": lambda world: world.ready_import(),
    "actor_id": lambda world: world.owner_id(),
    "subject_id": lambda world: str(world.invitation()["id"]),
}
"""The same for ids in a query."""

QUERIES: dict[str, dict[str, Any]] = {
    "list_import_values": {"column": "email"},
}
"""What an operation must be asked with."""

BODIES: dict[str, Callable[[World], dict[str, Any]]] = {
    "create_invitation": lambda world: {"json": world.person()},
    "preview_invitation": lambda _world: {"json": {"language": "en"}},
    "inspect_invitation": lambda world: {"json": {"token": world.token()}},
    "accept_invitation": lambda world: {"json": {"token": world.token(), "password": PASSWORD}},
    "create_import": lambda world: {"files": world.upload()},
    "set_mapping": lambda _world: {"json": {"columns": ["first_name", "last_name", "email", "company"]}},
    "commit_import": lambda _world: {"json": {}},
    "change_import_row": lambda _world: {"json": {"values": {"first_name": "Ann"}}},
    "change_import_values": lambda _world: {"json": {"issue": "email_invalid", "skip": True}},
    "create_invitations": lambda world: {"json": {"invitations": [world.person(), world.person()]}},
    "change_user": lambda _world: {"json": {"state": "disabled"}},
    "create_session": lambda world: {"json": world.sign_in()},
    "create_password_reset": lambda world: {"json": world.reset()},
    "complete_password_reset": lambda world: {"json": {"token": world.reset_token(), "password": PASSWORD}},
    "change_password": lambda _world: {"json": {"old_password": PASSWORD, "password": PASSWORD}},
    "create_api_key": lambda _world: {"json": {"name": CANARY, "scopes": ["read"]}},
    "change_platform": lambda _world: {"json": {"sender_name": CANARY}},
}
"""A right body for each operation that needs one, as keyword arguments of the client."""


# --- the operations, from the description ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the description."""

    method: str
    path: str
    described: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The name of its function."""
        return str(self.described["operationId"])

    @property
    def needed(self) -> frozenset[Scope]:
        """The scopes it asks for, all of them."""
        entries = self.described.get("security", ())
        scopes = {Scope(scope) for entry in entries for named in entry.values() for scope in named}
        assert scopes, f"{self.id}: `security` must name the scope it needs"
        return frozenset(scopes)

    @property
    def is_stream(self) -> bool:
        """Whether it answers with events until what it tells about is at rest."""
        return any("text/event-stream" in answer.get("content", {}) for answer in self.described["responses"].values())

    def parameters(self, place: str) -> dict[str, Mapping[str, Any]]:
        """Its parameters in `path` or `query`, by name."""
        found = self.described.get("parameters", ())
        return {parameter["name"]: parameter for parameter in found if parameter["in"] == place}

    @property
    def query_ids(self) -> list[str]:
        """The names of its query parameters that are ids."""
        return [name for name, parameter in self.parameters("query").items() if '"uuid"' in json.dumps(parameter)]

    def body(self, world: World) -> dict[str, Any]:
        """A right body for it, as keyword arguments of the client."""
        if "requestBody" not in self.described:
            return {}
        if self.id not in BODIES:
            pytest.fail(f"{self.id} has a request body: add a right one to BODIES in {__file__}")
        return BODIES[self.id](world)

    def filled(self, world: World) -> str:
        """Its path with ids of real objects of acme."""
        path = self.path
        for name in self.parameters("path"):
            if name not in PATH_PARAMETERS:
                pytest.fail(f"{self.id} has the path parameter {name}: add what makes one to PATH_PARAMETERS")
            is_of_done = self.is_stream or self.id in OF_DONE_IMPORTS
            made = world.done_import() if is_of_done else PATH_PARAMETERS[name](world)
            path = path.replace(f"{{{name}}}", made)
        return path

    def unknown(self) -> str:
        """Its path with ids nobody has."""
        path = self.path.replace("{line}", "2")
        for name in self.parameters("path"):
            path = path.replace(f"{{{name}}}", str(new_id()))
        return path

    def call(self, client: TestClient, path: str, **arguments: Any) -> Response:
        """Call it, with the queries it cannot do without."""
        queries = QUERIES.get(self.id, {}) | arguments.pop("params", {})
        return client.request(self.method, path, params=queries, **arguments)


DESCRIPTION = describe()
OPERATIONS = [
    Operation(method.upper(), path.removeprefix(PREFIX), described)
    for path, methods in DESCRIPTION["paths"].items()
    for method, described in methods.items()
    if path.startswith(PREFIX)
]
PROTECTED = [operation for operation in OPERATIONS if operation.id not in PUBLIC]


def _each(operations: list[Operation]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("operation", operations, ids=lambda operation: operation.id)


EACH_PROTECTED = _each(PROTECTED)
EACH_WITH_AN_ID = _each([operation for operation in PROTECTED if operation.parameters("path")])
EACH_LIST = _each([operation for operation in PROTECTED if "cursor" in operation.parameters("query")])
EACH_WITH_AN_ID_IN_ITS_QUERY = _each([operation for operation in PROTECTED if operation.query_ids])
EACH_READ_WITHOUT_AN_ID = _each(
    [operation for operation in PROTECTED if operation.method == "GET" and not operation.parameters("path")]
)
EACH_REPEATABLE = _each([operation for operation in PROTECTED if "Idempotency-Key" in operation.parameters("header")])
EACH_CHANGE = _each([operation for operation in PROTECTED if operation.method != "GET"])
EACH_PUBLIC = _each([operation for operation in OPERATIONS if operation.id in PUBLIC])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, migrated: Template) -> Iterator[World]:
    """One world for the file: whoever is refused changes nothing, and each test makes the objects it changes."""
    folder = tmp_path_factory.mktemp("wall")
    world = World(Desk(folder, migrated))
    yield world
    world.close()


def _created(answer: Response) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def _assert_refused(answer: Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


# --- nobody ------------------------------------------------------------------------------------------------------


def test_only_the_declared_operations_ask_for_no_key() -> None:
    open_to_all = {operation.id for operation in OPERATIONS if not operation.described.get("security")}
    assert open_to_all == PUBLIC, "an operation became public, or is no longer: say so in PUBLIC, or give it an actor"


def test_only_the_declared_operations_have_no_prefix() -> None:
    described = {
        operation["operationId"]
        for path, methods in DESCRIPTION["paths"].items()
        for operation in methods.values()
        if not path.startswith(PREFIX)
    }
    assert described == OUTSIDE, "an operation without the prefix is not tested here: give it the prefix or declare it"


def test_no_route_of_the_api_is_hidden_from_the_description(desk: Desk) -> None:
    described = {operation.path for operation in OPERATIONS}
    routes = {str(context.path) for context in iter_route_contexts(desk.app.routes)}
    routed = {path.removeprefix(PREFIX) for path in routes if path.startswith("/api")}
    assert routed, "no route was found: has the framework changed how it keeps them?"
    assert routed == described


@pytest.fixture(scope="module")
def strangers(world: World) -> dict[str, TestClient]:
    """Everybody without a good key."""
    good = world.desk.key("acme", Scope.ADMIN)
    revoked = world.desk.key("acme", Scope.ADMIN)
    with world.desk.database.writing() as session:
        ended = session.execute(
            update(ApiKey).where(ApiKey.prefix == revoked[:12]).values(revoked_at=utcnow()).returning(ApiKey.id)
        )
        assert len(ended.all()) == 1
    ended_session = world.signed_in()
    assert ended_session.delete("/sessions/current").status_code == 204
    headers: dict[str, dict[str, str]] = {
        "no key": {},
        "an unknown key": {"Authorization": f"Bearer {KEY_MARK}{'x' * 43}"},
        "a revoked key": {"Authorization": f"Bearer {revoked}"},
        "an empty key": {"Authorization": "Bearer "},
        "a key with a character more": {"Authorization": f"Bearer {good}x"},
        "a key as a password": {"Authorization": f"Basic {good}"},
        "a key in other capitals": {"Authorization": f"Bearer {good.swapcase()}"},
        "a session that has ended": {"Authorization": ended_session.headers["Authorization"]},
        "an unknown session": {"Authorization": f"Bearer {SESSION_MARK}{'x' * 43}"},
        "an unknown cookie": {"Cookie": f"rollcall={SESSION_MARK}{'x' * 43}", **OUR_PAGE},
        "a key in a cookie": {"Cookie": f"rollcall={good}", **OUR_PAGE},
    }
    found = {}
    for name, header in headers.items():
        found[name] = world.desk.stranger()
        found[name].headers.update(header)
    return found


@EACH_PROTECTED
def test_nobody_gets_in_without_a_good_key(
    operation: Operation, world: World, strangers: Mapping[str, TestClient]
) -> None:
    path, body = operation.filled(world), operation.body(world)
    before = world.everything()
    for who, client in strangers.items():
        answer = operation.call(client, path, **body)
        assert answer.status_code == 401, f"{operation.id} let in {who}: {answer.text}"
        _assert_refused(answer, 401, "not_authenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert CANARY not in answer.text
    assert world.everything() == before


@EACH_PROTECTED
def test_a_stranger_does_not_learn_what_is_wrong_with_a_request(operation: Operation, world: World) -> None:
    path = operation.path
    for name in operation.parameters("path"):
        path = path.replace(f"{{{name}}}", "no-id-at-all")
    body = {"json": {"unknown": 1}} if "requestBody" in operation.described else {}
    answer = operation.call(world.desk.stranger(), path, params={"limit": "none", "cursor": "none"}, **body)
    _assert_refused(answer, 401, "not_authenticated")


@EACH_PUBLIC
def test_a_public_operation_needs_no_key(operation: Operation, world: World) -> None:
    answer = operation.call(world.desk.stranger(), operation.filled(world), **operation.body(world))
    assert answer.status_code < 400, answer.text


# --- scopes ------------------------------------------------------------------------------------------------------


@EACH_PROTECTED
def test_a_key_does_what_its_scope_says_and_nothing_else(operation: Operation, world: World) -> None:
    path, body = operation.filled(world), operation.body(world)
    lesser = [scope for scope in Scope if not operation.needed <= IMPLIED[scope]]
    before = world.everything()
    for scope in lesser:
        answer = operation.call(world.scoped[scope], path, **body)
        assert answer.status_code == 403, f"{operation.id} let in the scope `{scope}`"
        _assert_refused(answer, 403, "scope_missing")
        missing = operation.needed - IMPLIED[scope]
        assert any(name in answer.json()["detail"] for name in missing), "the scope that is missing is not named"
    assert world.everything() == before
    for scope in set(Scope) - set(lesser):
        answer = operation.call(world.scoped[scope], operation.unknown(), **body)
        assert answer.status_code not in {401, 403}, f"{operation.id} kept out `{scope}`: {answer.text}"
        assert answer.status_code < 500, answer.text


def test_scopes_are_asked_for_as_the_contract_says() -> None:
    """`read`: every GET. `invite`: POST /invitations*. `import`: unsafe /imports*. `admin`: everything else."""
    for operation in PROTECTED:
        is_of_administrators = operation.path.startswith(("/api-keys", "/audit-events", "/sent-mails"))
        if operation.id in OF_PEOPLE or (operation.method == "GET" and not is_of_administrators):
            wanted = Scope.READ
        elif operation.method == "POST" and operation.path.startswith("/invitations"):
            wanted = Scope.INVITE
        elif operation.method != "GET" and operation.path.startswith("/imports"):
            wanted = Scope.IMPORT
        else:
            wanted = Scope.ADMIN
        assert wanted in operation.needed <= IMPLIED[wanted], operation.id


@EACH_CHANGE
def test_another_site_changes_nothing_by_a_cookie(operation: Operation, world: World) -> None:
    path, body = operation.filled(world), operation.body(world)
    client = world.desk.stranger()
    _created(client.post("/sessions", json=world.sign_in() | {"mode": "cookie"}))
    assert client.get("/platform").status_code == 200
    before = world.everything()
    for missing, header in {
        "both": {},
        "the origin": {"X-Rollcall-Request": "1"},
        "the header": {"Origin": "http://testserver"},
        "our origin": {"Origin": "https://evil.example.com", "X-Rollcall-Request": "1"},
        "an origin at all": {"Origin": "null", "X-Rollcall-Request": "1"},
    }.items():
        answer = operation.call(client, path, headers=header, **body)
        assert answer.status_code == 403, f"{operation.id} worked by cookie without {missing}: {answer.text}"
        _assert_refused(answer, 403, "origin_refused")
    assert world.everything() == before
    answer = operation.call(client, operation.unknown(), headers=OUR_PAGE, **body)
    assert answer.status_code not in {401, 403}, answer.text


# --- another platform --------------------------------------------------------------------------------------------


@EACH_PROTECTED
def test_the_owner_is_let_through(operation: Operation, world: World) -> None:
    """What the tests below send is right: from the owner it works, or meets a conflict with what already is."""
    owner = world.signed_in() if operation.id in OF_PEOPLE else world.owner
    answer = operation.call(owner, operation.filled(world), **operation.body(world))
    assert answer.status_code < 400 or answer.status_code == 409, (
        f"{operation.id} refused its owner, so the tests of this file prove nothing about it. Mend its entry in "
        f"PATH_PARAMETERS or BODIES: {answer.text}"
    )


@EACH_WITH_AN_ID
def test_another_platforms_id_is_an_unknown_id(operation: Operation, world: World) -> None:
    path, body = operation.filled(world), operation.body(world)
    before = world.everything()
    for who in (world.other, world.other_person):
        foreign = operation.call(who, path, **body)
        _assert_refused(foreign, 404, "not_found")
        unknown = operation.call(who, operation.unknown(), **body)
        assert _without_place(foreign) == _without_place(unknown), "a foreign id can be told from an unknown one"
        assert CANARY not in foreign.text
    assert world.everything() == before


def _without_place(answer: Response) -> dict[str, Any]:
    return {name: value for name, value in answer.json().items() if name not in {"instance", "request_id"}}


@EACH_REPEATABLE
def test_another_platforms_idempotency_key_is_an_unknown_key(operation: Operation, world: World) -> None:
    path, body, header = operation.filled(world), operation.body(world), {"Idempotency-Key": str(uuid.uuid4())}
    first = operation.call(world.owner, path, headers=header, **body)
    assert "idempotent-replayed" not in first.headers
    if first.status_code < 400:
        assert operation.call(world.owner, path, headers=header, **body).headers["idempotent-replayed"] == "true"
    nobody = operation.call(world.desk.stranger(), path, headers=header, **body)
    _assert_refused(nobody, 401, "not_authenticated")
    if operation.parameters("path"):
        foreign = operation.call(world.other, path, headers=header, **body)
        assert "idempotent-replayed" not in foreign.headers
        _assert_refused(foreign, 404, "not_found")


def test_two_platforms_may_use_the_same_idempotency_key(desk: Desk) -> None:
    world = World(desk)
    header, person = {"Idempotency-Key": "1"}, world.person()
    ours = _created(world.owner.post("/invitations", json=person, headers=header))
    theirs = _created(world.other.post("/invitations", json=person, headers=header))
    assert ours["id"] != theirs["id"]


@EACH_READ_WITHOUT_AN_ID
def test_what_another_platform_reads_holds_nothing_of_ours(operation: Operation, world: World) -> None:
    other = world.other_person if operation.id in OF_PEOPLE else world.other
    seen = operation.call(other, operation.path, params={"limit": 200})
    assert seen.status_code == 200, seen.text
    assert CANARY not in seen.text.lower()
    if "q" in operation.parameters("query"):
        params = {"q": CANARY[:4]}
        assert operation.call(world.owner, operation.path, params=params).json()["items"]
        assert operation.call(world.other, operation.path, params=params).json()["items"] == []


@EACH_WITH_AN_ID_IN_ITS_QUERY
def test_another_platforms_id_in_a_query_finds_nothing(operation: Operation, world: World) -> None:
    for name in operation.query_ids:
        if name not in QUERY_IDS:
            pytest.fail(f"{operation.id} takes the id {name} in its query: add what makes one to QUERY_IDS")
        foreign = operation.call(world.other, operation.path, params={name: QUERY_IDS[name](world)})
        unknown = operation.call(world.other, operation.path, params={name: str(uuid.uuid4())})
        assert foreign.status_code == unknown.status_code
        assert foreign.status_code == 404 or foreign.json()["items"] == []
        assert CANARY not in foreign.text


@EACH_LIST
def test_a_cursor_belongs_to_one_list_of_one_platform(operation: Operation, world: World) -> None:
    path = operation.filled(world)
    page = operation.call(world.owner, path, params={"limit": 1})
    assert page.status_code == 200, page.text
    cursor = page.json()["next_cursor"]
    assert cursor, f"{operation.id} has one page only: let World make at least two of its items"
    assert operation.call(world.owner, path, params={"cursor": cursor}).status_code == 200
    if not operation.parameters("path"):
        _assert_refused(operation.call(world.other, path, params={"cursor": cursor}), 422, "invalid_cursor")
    elsewhere = "/users" if path != "/users" else "/imports"
    _assert_refused(world.owner.get(elsewhere, params={"cursor": cursor}), 422, "invalid_cursor")
    of_another_object = operation.filled(world)
    if of_another_object != path:
        _assert_refused(world.owner.get(of_another_object, params={"cursor": cursor}), 422, "invalid_cursor")


def test_a_person_of_another_platform_is_unknown_when_invited(desk: Desk) -> None:
    world = World(desk)
    theirs = world.person()
    world.owner.post("/invitations", json=theirs)
    refused = world.other.post("/invitations", json=theirs | {"create_missing": False})
    _assert_refused(refused, 422, "unknown_names")
    invited = world.other.post("/invitations", json=theirs)
    assert invited.status_code == 201, "the same person may be on two platforms"
    assert world.owner.get(f"/invitations/{invited.json()['id']}").status_code == 404
    revoked = world.other.post(f"/invitations/{invited.json()['id']}/revoke")
    assert revoked.status_code == 200
    (still,) = world.owner.get("/invitations", params={"q": theirs["email"]}).json()["items"]
    assert still["state"] == "pending"


def test_a_person_of_another_platform_is_unknown_to_an_import(desk: Desk) -> None:
    world = World(desk)
    file = world.upload()
    first = world.ready_import()
    world.owner.post(f"/imports/{first}/commit", json={})
    desk.work()
    imported = _created(world.other.post("/imports", files=file))
    world.other.put(
        f"/imports/{imported['id']}/mapping", json={"columns": ["first_name", "last_name", "email", "company"]}
    )
    summary = world.other.get(f"/imports/{imported['id']}/preview").json()["summary"]
    assert (summary["to_add"], summary["already_users"]) == (2, 0)
    assert summary["creates"]["organisations"] == [f"{CANARY} company"]
