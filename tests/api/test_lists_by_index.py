"""Lists are looked up by an index made for them, on both databases: else they read a million rows."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from tests.api.test_import_story import map_columns, upload
from tests.conftest import Desk, PostgresTemplate, Template

LISTS = [
    ("/invitations?delivery=failed", "ix_deliveries_aside"),
    ("/invitations?delivery=held", "ix_deliveries_aside"),
    ("/invitations?delivery=dropped", "ix_deliveries_aside"),
    (f"/invitations?import_id={uuid.UUID(int=7)}", "ix_invitations_platform_id_import_id_id"),
    ("/invitations?state=accepted", "ix_invitations_platform_id_state_id"),
    ("/invitations?state=revoked", "ix_invitations_platform_id_state_id"),
    ("/users?state=active", "ix_users_platform_id_state_id"),
    ("/users?state=disabled", "ix_users_platform_id_state_id"),
]


@pytest.fixture
def desk(tmp_path: Path, migrated: Template) -> Iterator[Desk]:
    """A desk on a database nobody had before: what a planner has learnt of a few rows has it pass indexes by."""
    fresh = PostgresTemplate(migrated.server) if isinstance(migrated, PostgresTemplate) else None
    desk = Desk(tmp_path, fresh or migrated)
    yield desk
    desk.close()
    if fresh is not None:
        fresh.drop_all()


@pytest.mark.parametrize(("path", "index"), LISTS)
def test_a_filtered_list_is_looked_up_by_its_index(desk: Desk, path: str, index: str) -> None:
    asked: list[tuple[str, Any]] = []

    def _note(_connection: Connection, _cursor: Any, statement: str, parameters: Any, *_rest: object) -> None:
        if "ORDER BY" in statement and "LIMIT" in statement:
            asked.append((statement, parameters))

    engine = desk.app.state.context.database.engine
    event.listen(engine, "before_cursor_execute", _note)
    assert desk.http.get(path).status_code == 200
    event.remove(engine, "before_cursor_execute", _note)
    statement, parameters = asked[0]  # behind it the people of the page are looked up
    with desk.database.engine.connect() as connection:
        if desk.database.is_shared:  # in tables this small nobody takes an index of his own accord
            connection.exec_driver_sql("SET enable_seqscan = off")
            connection.exec_driver_sql("SET enable_sort = off")
            connection.exec_driver_sql("SET enable_bitmapscan = off")
        explain = "EXPLAIN" if desk.database.is_shared else "EXPLAIN QUERY PLAN"
        plan = "\n".join(str(row) for row in connection.exec_driver_sql(f"{explain} {statement}", parameters))
    assert index in plan, plan


@pytest.mark.postgresql
def test_what_an_import_fills_is_known_to_the_planner_at_once(desk: Desk) -> None:
    known = "SELECT count(DISTINCT tablename) FROM pg_stats WHERE tablename = ANY (ARRAY['users', 'invitations', %s])"
    assert desk.rows(known % "'deliveries'") == [(0,)]
    rows = "".join(f"p{number}@example.com,Ann,Ode,Acme\n" for number in range(3000))
    imported = upload(desk, f"email,first_name,last_name,company\n{rows}".encode(), "people.csv")
    map_columns(desk, imported["id"], ["email", "first_name", "last_name", "company"])
    desk.work()
    assert desk.http.post(f"/imports/{imported['id']}/commit", json={"hold_minutes": 60}).status_code == 202
    desk.work()
    assert desk.http.get("/invitations?limit=1").json()["items"][0]["email"] == "p2999@example.com"
    assert desk.rows(known % "'deliveries'") == [(3,)]
