"""Platform acme is full of canaries; whatever globex reads, however it asks, holds none: answers, mails, metrics.

Every GET of the description is asked with acme's ids, cursors, filters, keys of retries and hosts.
"""

import json

from tests.api.test_wall import CANARY, OPERATIONS, QUERIES, QUERY_IDS, Operation, World
from tests.conftest import Desk

READS = [operation for operation in OPERATIONS if operation.method == "GET"]
HOSTS: tuple[dict[str, str], ...] = (
    {},
    {"Host": "acme.testserver"},
    {"X-Forwarded-Host": "acme.testserver"},
    {"X-Platform": "acme"},
)


def _questions(operation: Operation, world: World, path: str) -> list[dict[str, str]]:
    """Queries that reach for what is acme's."""
    names = operation.parameters("query")
    asked: list[dict[str, str]] = [{}]
    asked += [{"q": CANARY}] if "q" in names else []
    asked += [{name: QUERY_IDS[name](world)} for name in names if name in QUERY_IDS]
    if "cursor" in names:
        page = operation.call(world.owner, path, params={"limit": 1}).json()
        asked += [{"cursor": page["next_cursor"]}] if page.get("next_cursor") else []
    return asked


def test_globex_meets_no_canary_of_acme_anywhere(desk: Desk) -> None:
    world = World(desk)
    key = {"Idempotency-Key": "shared-by-both"}
    assert world.owner.post("/invitations", json=world.person(), headers=key).status_code == 201
    done = world.done_import()
    asked = seen_by_owner = 0
    for operation in READS:
        path = operation.filled(world)
        if operation.is_stream:
            path = operation.path.replace("{import_id}", done)
        own = operation.call(world.owner, path)
        seen_by_owner += CANARY in own.text.lower()
        for query in _questions(operation, world, path):
            for host in HOSTS:
                params = QUERIES.get(operation.id, {}) | query
                answer = world.other.get(path, params=params, headers=host)
                assert answer.status_code in {200, 403, 404, 422}, answer.text
                assert CANARY not in (answer.text + json.dumps(dict(answer.headers))).lower(), path
                asked += 1
    assert asked > 4 * len(READS)
    assert seen_by_owner > len(READS) / 2, "acme itself must meet its canaries, or this shows nothing"
    plain = {"email": "nobody@example.com", "organisation": "Plain", "first_name": "Ann"}
    mine = world.other.post("/invitations", json=plain, headers=key)
    assert (mine.status_code, "idempotent-replayed" in mine.headers) == (201, False)
    desk.work()
    (mail,) = desk.mails(to="nobody@")
    assert CANARY not in mail.as_bytes().decode("latin-1").lower()
    assert CANARY not in desk.stranger().get("http://testserver/metrics").text.lower()
    for subject in ("/import-template.csv", "/audit-events"):
        assert CANARY not in world.other.get(subject).text.lower()
