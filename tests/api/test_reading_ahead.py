"""A large file is read by a process of its own: to the same rows, with the same refusals, leaving nothing behind."""

import os
import signal
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from app.errors import AppError, Code
from app.imports import ahead, planning
from app.imports.ahead import PlannedAhead, Read
from app.imports.models import Import
from app.imports.plan import Plan
from app.imports.row import PlannedRow
from tests.conftest import Desk

COLUMNS = ["first_name", "last_name", "email", "company", "team", "team_leader"]
HEADER = "First name,Last name,E-mail,Company,Team,Leader\n"
ROWS = 3000
HERE, ELSEWHERE = 10**9, 0  # from so many lines on another process reads
pytestmark = pytest.mark.xdist_group("processes")


def mixed(number: int) -> str:
    """Mostly people; now and then a duplicate, a bad address, an empty row, a header once more, a ragged row."""
    odd = {
        3: "Ann,Ode,person5@example.com,Ode,,\n",
        7: "Ann,Ode,nobody,Ode,,\n",
        11: ",,,,,\n",
        13: HEADER,
        17: "Ann,Ode\n",
        19: f'"Ann\nMarie",Ode,two{number}@example.com,Ode,,\n',
    }
    usual = f"Zoë,Ode,person{number}@example.com,Ode {number % 9},Team {number % 50},person{number % 60}@example.com\n"
    return odd.get(number % 97, usual)


def planned_file(desk: Desk, content: str) -> str:
    """An import that is mapped and checked."""
    headers = {"Content-Type": "text/csv"}
    import_id = str(desk.http.post("/imports", content=content.encode(), headers=headers).json()["id"])
    assert desk.http.put(f"/imports/{import_id}/mapping", json={"columns": COLUMNS}).status_code == 200
    desk.work()
    return import_id


def planned(desk: Desk, import_id: str, many: int, take: Callable[[PlannedAhead, Plan], Any]) -> Any:
    """What comes of reading the file here or elsewhere."""
    with desk.database.reading() as session:
        imported = session.query(Import).filter_by(id=import_uuid(import_id)).one()
        plan = planning.plan_of(session, imported)
    with PlannedAhead(desk.database, imported, plan, max_lines=10**6, many=many) as rows:
        return take(rows, plan)


def import_uuid(import_id: str) -> Any:
    return uuid.UUID(import_id)


def everything(rows: PlannedAhead, plan: Plan) -> tuple[list[PlannedRow], Read]:
    found: list[PlannedRow] = []
    while batch := rows.rows(700):
        plan.settle(batch, ())
        found += batch
    return found, rows.read


def test_a_file_read_elsewhere_is_the_same_file(desk: Desk) -> None:
    content = "A list of people\n\n" + HEADER + "".join(map(mixed, range(ROWS))) + "Total: 3000,,,,,\n"
    import_id = planned_file(desk, content)
    for line, values in ((10, {"email": "mended@example.com"}), (2500, {"company": "Other"})):
        path = f"/imports/{import_id}/rows/{line}"
        assert desk.http.patch(path, json={"values": values}).status_code == 200
    desk.work()
    here, elsewhere = (planned(desk, import_id, many, everything) for many in (HERE, ELSEWHERE))
    assert len(here[0]) > ROWS - 100
    assert here == elsewhere
    assert {"mended@example.com"} <= {row.address for row in elsewhere[0]}
    assert elsewhere[1].ignored_lines > 20


def test_what_cannot_be_read_is_refused_alike(desk: Desk) -> None:
    content = HEADER + "".join(map(mixed, range(ROWS))) + '"Ann,Ode,open@example.com,Ode,,\n' + "x,y,z\n" * 50_000
    headers = {"Content-Type": "text/csv"}
    import_id = desk.http.post("/imports", content=content.encode(), headers=headers).json()["id"]
    desk.http.put(f"/imports/{import_id}/mapping", json={"columns": COLUMNS})
    refusals = []
    for many in (HERE, ELSEWHERE):
        with pytest.raises(AppError) as refused:
            planned(desk, import_id, many, everything)
        refusals.append((refused.value.code, refused.value.params))
    assert refusals[0][0] is Code.FILE_QUOTE_UNCLOSED
    assert refusals[0] == refusals[1]


@pytest.mark.long
@pytest.mark.once
def test_who_stops_reading_leaves_no_process(desk: Desk) -> None:
    import_id = planned_file(desk, HEADER + "".join(map(mixed, range(20 * ROWS))))

    def some(rows: PlannedAhead, _plan: Plan) -> Any:
        assert rows.rows(10)
        assert rows._process.is_alive()
        return rows._process

    assert not planned(desk, import_id, ELSEWHERE, some).is_alive()


@pytest.mark.long
def test_a_reader_that_is_killed_breaks_the_work_and_not_the_worker(desk: Desk) -> None:
    import_id = planned_file(desk, HEADER + "".join(map(mixed, range(20 * ROWS))))
    killed = []

    def kill(rows: PlannedAhead, plan: Plan) -> Any:
        assert rows.rows(10)
        os.kill(rows._process.pid or 0, signal.SIGKILL)
        killed.append(rows._process.pid)
        everything(rows, plan)

    with pytest.raises(RuntimeError):
        planned(desk, import_id, ELSEWHERE, kill)
    assert len(killed) == 1


@pytest.mark.long
def test_a_large_file_goes_its_whole_way(desk: Desk) -> None:
    rows = "".join(f"Ann,Ode,person{number}@example.com,Ode,,\n" for number in range(ahead.MANY))
    import_id = planned_file(desk, HEADER + rows + "Ann,Ode,person7@example.com,Ode,,\nAnn,Ode,nobody,Ode,,\n")
    summary = desk.http.get(f"/imports/{import_id}/preview").json()["summary"]
    assert (summary["to_add"], summary["duplicates"], summary["rejected"]) == (ahead.MANY, 1, 1)
    desk.http.post(f"/imports/{import_id}/commit", json={"send_invitations": False})
    desk.work()
    result = desk.http.get(f"/imports/{import_id}").json()["result"]
    assert (result["added"], result["duplicates"], result["rejected"]) == (ahead.MANY, 1, 1)


@pytest.mark.parametrize("few", [0, 10**6], ids=["asked for each", "all at once"])
def test_who_is_there_already_is_found_by_asking_for_each_and_for_all(
    desk: Desk, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "_FEW", few)
    known = {f"person{number}@example.com" for number in range(20, 40)}
    people = [{"email": email.upper(), "organisation": "Ode", "send": False} for email in sorted(known)]
    assert desk.http.post("/invitations/batch", json={"invitations": people}).status_code == 200
    asked: list[int] = []
    for_each = planning.known_addresses

    def noted(session: Any, platform_id: int, rows: Any) -> set[str]:
        asked.append(len(rows))
        return for_each(session, platform_id, rows)

    monkeypatch.setattr(planning, "known_addresses", noted)
    import_id = planned_file(desk, HEADER + "".join(f"Zoë,Ode,person{n}@example.com,Ode,,\n" for n in range(400)))
    summary = desk.http.get(f"/imports/{import_id}/preview").json()["summary"]
    assert (summary["already_users"], summary["to_add"]) == (20, 380)
    assert sum(asked) == (0 if few else 400)
