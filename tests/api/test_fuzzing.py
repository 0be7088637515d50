"""Thousands of requests that the description allows or forbids, from two platforms: each answer is one it announces.

Schemathesis makes them from openapi.json, always the same, in process. Knows no right answer: the other tests do.
"""

import json
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis import Case, HookContext
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.hooks import unregister
from sqlalchemy import select

import app
from app.tables import metadata
from tests.api.test_wall import CANARY, World
from tests.conftest import Desk, Template

DESCRIPTION = Path(app.__file__).parent.parent / "openapi.json"
PHASES = ("examples", "coverage", "fuzzing", "stateful")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
SEED = 20261129

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass
class Door:
    """Stands before the service: every request comes with a good key, and is counted with its answer."""

    desk: Desk
    authorization: str
    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    canaries: list[str] = field(default_factory=list)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.desk.app(scope, receive, send)
            return
        self.requests += 1
        headers = [header for header in scope["headers"] if header[0] != b"authorization"]
        headers.append((b"authorization", self.authorization.encode()))

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.statuses[message["status"]] += 1
            elif CANARY.encode() in message.get("body", b"").lower():
                self.canaries.append(f"{scope['method']} {scope['path']}")
            await send(message)

        await self.desk.app({**scope, "headers": headers}, receive, counted)


def ids_of(world: World) -> dict[str, list[str]]:
    """Ids of platform acme for every parameter of a path or query that is one."""
    return {
        "invitation_id": [str(world.invitation()["id"]) for _ in range(3)],
        "import_id": [world.ready_import(), world.done_import()],
        "user_id": [str(world.invitation()["user_id"]) for _ in range(3)],
        "key_id": [world.key_id()],
        "mail_id": [world.mail_id()],
        "actor_id": [world.owner_id()],
        "subject_id": [str(world.invitation()["id"])],
    }


@contextmanager
def seeded(ids: dict[str, list[str]]) -> Iterator[None]:
    """Three in four of the ids that are made up become ids that are there; what is no id stays what it is."""

    def before_call(_context: HookContext, case: Case[Any], _arguments: dict[str, Any]) -> None:
        for part in (case.path_parameters, case.query):
            for name in set(part) & set(ids):
                try:
                    number = uuid.UUID(str(part[name])).int
                except ValueError:
                    continue
                if number % 4:
                    part[name] = ids[name][number % len(ids[name])]

    schemathesis.hook("before_call")(before_call)
    try:
        yield
    finally:
        unregister(before_call)


def plan(examples: int) -> SchemathesisConfig:
    """All phases, always the same requests, and the checks about what the description announces."""
    return SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "generation": {"deterministic": True, "max-examples": examples, "no-shrink": True, "database": "none"},
            "phases": {name: {"enabled": True} for name in PHASES},
            "checks": {"enabled": False} | {name: {"enabled": True} for name in CHECKS},
            "continue-on-failure": True,
            "workers": 1,
        }
    )


def fuzz(door: Door, examples: int, paths: str = ".") -> tuple[set[str], Counter[str]]:
    """What does not hold for paths that match, and how many requests each phase made."""
    description = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    every = schemathesis.openapi.from_dict(description, config=plan(examples))
    every.app = door
    schema = every.include(path_regex=paths)
    wrong, made = set(), Counter[str]()
    for event in from_schema(schema).execute():
        match event:
            case events.ScenarioFinished():
                made[event.phase.value] += len(event.recorder.interactions)
                wrong |= failures_of(event)
            case events.NonFatalError():
                wrong.add(repr(event.value))
            case events.FatalError():
                wrong.add(repr(event.exception))
    return wrong, made


def failures_of(event: events.ScenarioFinished) -> set[str]:
    """The checks that failed, each with the request that shows it."""
    found = [check for checks in event.recorder.checks.values() for check in checks if check.status == Status.FAILURE]
    return {
        f"{event.recorder.label}: {check.name}: {info.failure.message}\n{info.code_sample}"
        for check in found
        if (info := check.failure_info) is not None
    }


def rows_of(desk: Desk, platform_id: int) -> dict[str, list[str]]:
    """All rows of a platform, but for when its keys were last used."""
    with desk.database.reading() as session:
        return {
            table.name: sorted(
                repr(tuple(row))
                for row in session.execute(
                    select(*(column for column in table.c if column.name != "last_used_at")).where(
                        table.c.platform_id == platform_id
                    )
                )
            )
            for table in metadata.sorted_tables
            if "platform_id" in table.c
        }


def assert_announced(door: Door, examples: int, paths: str = ".") -> None:
    """Fuzz, say how much was asked, and fail where an answer is none that was announced."""
    wrong, made = fuzz(door, examples, paths)
    print(f"{door.requests} requests: {dict(made)}; answers: {dict(door.statuses)}")
    assert not wrong, "\n\n".join(sorted(wrong))
    assert all(made[phase] for phase in PHASES), f"a phase made no request: {made}"
    assert not any(status >= 500 for status in door.statuses), f"a fault of ours: {door.statuses}"
    assert door.statuses[401] < door.requests / 20, "the key was refused: nothing was asked"


def fuzz_from_both_sides(desk: Desk, examples: int, at_least: int) -> None:
    """Acme asks about what is its own; then globex asks wherever there is an id, about what is acme's."""
    world = World(desk)
    own, foreign = (Door(desk, str(client.headers["Authorization"])) for client in (world.owner, world.other))
    with seeded(ids_of(world)):
        assert_announced(own, examples)
    assert own.statuses[200] + own.statuses[201] + own.statuses[202] > own.requests / 20
    assert own.canaries, "that globex is told of no canary proves nothing where acme is told of none"
    with seeded(ids_of(world)):
        before = rows_of(desk, desk.platform_id())
        assert_announced(foreign, examples, paths=r"\{|audit-events|invitations$")
        assert rows_of(desk, desk.platform_id()) == before, "globex changed something of acme"
    assert foreign.statuses[404] > foreign.requests / 20
    assert not foreign.canaries, f"globex was told of acme: {set(foreign.canaries)}"
    total = own.requests + foreign.requests
    assert total >= at_least, f"only {total} requests"


@pytest.fixture
def open_desk(tmp_path: Path, migrated: Template, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk that counts no requests, and whose streams of events end soon: nothing works while they are watched."""
    monkeypatch.setattr("app.imports.events._LONGEST_SECONDS", 0.2)
    monkeypatch.setattr("app.imports.events._LOOK_EVERY_SECONDS", 0.1)
    desk = Desk(tmp_path, migrated, requests_per_minute=0)
    yield desk
    desk.close()


@pytest.mark.sqlite
def test_whatever_is_asked_by_whomever_the_answer_is_an_announced_one(open_desk: Desk) -> None:
    fuzz_from_both_sides(open_desk, examples=5, at_least=2_000)


@pytest.mark.soak
def test_whatever_is_asked_twenty_thousand_times_the_answer_is_an_announced_one(open_desk: Desk) -> None:
    fuzz_from_both_sides(open_desk, examples=220, at_least=20_000)
