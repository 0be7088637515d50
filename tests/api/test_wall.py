"""Who is kept out: strangers, keys without the scope, and every other platform. Generated from the description.

Each operation of the API is called here. One that is new and needs something this file cannot guess (a path
parameter, a body, the id in a query) fails with the name of the table below to add it to.
"""

import json
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select, update

from app.access.actor import IMPLIED, Scope
from app.access.credentials import KEY_MARK
from app.access.models import ApiKey
from app.db.base import new_id, utcnow
from app.main import PREFIX, describe
from app.tables import metadata
from tests.conftest import Desk, link_of

CANARY = "zqcanary"
"""Stands in every name and address of platform acme; it must never stand in an answer to platform globex."""

PUBLIC = {"inspect_invitation", "accept_invitation"}
"""Operations that ask for no key: the token in their body is all that is needed."""

OUTSIDE = {"healthz", "readyz"}
"""Operations without the prefix."""


class World:
    """Platform acme, full of canaries, and platform globex, which must not see one."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.platform("globex")
        self.owner = desk.http
        self.other = desk.client("globex", Scope.ADMIN)
        self.scoped = {scope: desk.client("acme", scope) for scope in Scope}
        self._made = 0
        for _ in range(2):  # two of everything: a list of one has no cursor
            self.invitation()
            self.ready_import()

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


PATH_PARAMETERS: dict[str, Callable[[World], str]] = {
    "invitation_id": lambda world: str(world.invitation()["id"]),
    "import_id": lambda world: world.ready_import(),
    "user_id": lambda world: str(world.invitation()["user_id"]),
}
"""What makes a real object of platform acme for a path parameter, and gives its id."""

QUERY_IDS: dict[str, Callable[[World], str]] = {
    "import_id": lambda world: world.ready_import(),
}
"""The same for ids in a query."""

BODIES: dict[str, Callable[[World], dict[str, Any]]] = {
    "create_invitation": lambda world: {"json": world.person()},
    "preview_invitation": lambda _world: {"json": {"language": "en"}},
    "inspect_invitation": lambda world: {"json": {"token": world.token()}},
    "accept_invitation": lambda world: {"json": {"token": world.token(), "password": "a long enough password"}},
    "create_import": lambda world: {"files": world.upload()},
    "set_mapping": lambda _world: {"json": {"columns": ["first_name", "last_name", "email", "company"]}},
    "commit_import": lambda _world: {"json": {}},
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
    def needed(self) -> Scope:
        """The scope it asks for."""
        scopes = {scope for entry in self.described.get("security", ()) for named in entry.values() for scope in named}
        assert len(scopes) == 1, f"{self.id}: `security` must name exactly one scope, it names {scopes or 'none'}"
        return Scope(scopes.pop())

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
            path = path.replace(f"{{{name}}}", PATH_PARAMETERS[name](world))
        return path

    def unknown(self) -> str:
        """Its path with ids nobody has."""
        path = self.path
        for name in self.parameters("path"):
            path = path.replace(f"{{{name}}}", str(new_id()))
        return path

    def call(self, client: TestClient, path: str, **arguments: Any) -> Response:
        """Call it."""
        return client.request(self.method, path, **arguments)


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
EACH_PUBLIC = _each([operation for operation in OPERATIONS if operation.id in PUBLIC])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[World]:
    """One world for the file: whoever is refused changes nothing, and each test makes the objects it changes."""
    folder = tmp_path_factory.mktemp("wall")
    shutil.copy(migrated, folder / "rollcall.db")
    desk = Desk(folder)
    yield World(desk)
    desk.close()


def _created(answer: Response) -> dict[str, Any]:
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def _everything(world: World) -> dict[str, list[str]]:
    """All rows of all tables, but for when a key was last used."""
    with world.desk.database.reading() as session:
        return {
            table.name: sorted(
                repr(tuple(row)) for row in session.execute(select(*(c for c in table.c if c.name != "last_used_at")))
            )
            for table in metadata.sorted_tables
        }


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
    headers = {
        "no key": {},
        "an unknown key": {"Authorization": f"Bearer {KEY_MARK}{'x' * 43}"},
        "a revoked key": {"Authorization": f"Bearer {revoked}"},
        "an empty key": {"Authorization": "Bearer "},
        "a key with a character more": {"Authorization": f"Bearer {good}x"},
        "a key as a password": {"Authorization": f"Basic {good}"},
        "a key in other capitals": {"Authorization": f"Bearer {good.swapcase()}"},
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
    before = _everything(world)
    for who, client in strangers.items():
        answer = operation.call(client, path, **body)
        assert answer.status_code == 401, f"{operation.id} let in {who}: {answer.text}"
        _assert_refused(answer, 401, "not_authenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert CANARY not in answer.text
    assert _everything(world) == before


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
    lesser = [scope for scope in Scope if operation.needed not in IMPLIED[scope]]
    before = _everything(world)
    for scope in lesser:
        answer = operation.call(world.scoped[scope], path, **body)
        assert answer.status_code == 403, f"{operation.id} needs `{operation.needed}` and let in `{scope}`"
        _assert_refused(answer, 403, "scope_missing")
        assert operation.needed in answer.json()["detail"], "the answer does not name the scope that is missing"
    assert _everything(world) == before
    for scope in set(Scope) - set(lesser):
        answer = operation.call(world.scoped[scope], operation.unknown(), **body)
        assert answer.status_code not in {401, 403}, f"{operation.id} kept out `{scope}`: {answer.text}"
        assert answer.status_code < 500, answer.text


def test_scopes_are_asked_for_as_the_contract_says() -> None:
    """`read`: every GET. `invite`: POST /invitations*. `import`: unsafe /imports*. `admin`: everything else."""
    for operation in PROTECTED:
        if operation.method == "GET" and not operation.path.startswith(("/api-keys", "/audit-events")):
            wanted = Scope.READ
        elif operation.method == "POST" and operation.path.startswith("/invitations"):
            wanted = Scope.INVITE
        elif operation.method != "GET" and operation.path.startswith("/imports"):
            wanted = Scope.IMPORT
        else:
            wanted = Scope.ADMIN
        assert operation.needed is wanted, operation.id


# --- another platform --------------------------------------------------------------------------------------------


@EACH_PROTECTED
def test_the_owner_is_let_through(operation: Operation, world: World) -> None:
    """What the tests below send is right: from the owner it works, or meets a conflict with what already is."""
    answer = operation.call(world.owner, operation.filled(world), **operation.body(world))
    assert answer.status_code < 400 or answer.status_code == 409, (
        f"{operation.id} refused its owner, so the tests of this file prove nothing about it. Mend its entry in "
        f"PATH_PARAMETERS or BODIES: {answer.text}"
    )


@EACH_WITH_AN_ID
def test_another_platforms_id_is_an_unknown_id(operation: Operation, world: World) -> None:
    path, body = operation.filled(world), operation.body(world)
    before = _everything(world)
    foreign = operation.call(world.other, path, **body)
    _assert_refused(foreign, 404, "not_found")
    unknown = operation.call(world.other, operation.unknown(), **body)
    differs = {"instance", "request_id"}
    assert {k: v for k, v in foreign.json().items() if k not in differs} == {
        k: v for k, v in unknown.json().items() if k not in differs
    }, "a foreign id can be told from an unknown one"
    assert CANARY not in foreign.text
    assert _everything(world) == before


@EACH_READ_WITHOUT_AN_ID
def test_what_another_platform_reads_holds_nothing_of_ours(operation: Operation, world: World) -> None:
    seen = operation.call(world.other, operation.path, params={"limit": 200})
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
