"""Mending a file without leaving it: values wherever they stand, rows one by one, by issue, and what was rejected."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from app.access.actor import Scope
from tests.api.test_import_story import adds_up, map_columns, upload
from tests.conftest import Desk

COLUMNS = ["first_name", "last_name", "email", "company", "language", "student_groups", "label"]
FILE = "\r\n".join(
    [
        "Prénom;Nom;Courriel;Société;Langue;Groupes;Fonction",
        "Zoé;Dupont;zoe@example.com;Acme;Français;Vente/Achats;Stagiaire",
        "Jan;Peeters;jan@example;Acme;Belgisch;Vente;",
        "Luc;Roy;luc@example.com;Acme SA;Belgisch;Ventes;",
        ";;;;;;",
        "Ann;Maes;;Acme;nl;;=1+1",
        "Piet;Jansen;piet@example.com;Acme;Belgisch;Vente;",
        "",
    ]
).encode("cp1252")


def ready(desk: Desk, content: bytes = FILE) -> str:
    imported = upload(desk, content)
    assert map_columns(desk, imported["id"], COLUMNS)["state"] == "ready"
    return str(imported["id"])


def summary(desk: Desk, import_id: str) -> dict[str, int]:
    preview = desk.http.get(f"/imports/{import_id}/preview").json()
    outcomes = ("to_add", "already_users", "duplicates", "rejected", "empty", "skipped")
    assert preview["summary"]["rows"] == sum(preview["summary"][outcome] for outcome in outcomes)
    return {outcome: preview["summary"][outcome] for outcome in outcomes if preview["summary"][outcome]}


def change(desk: Desk, import_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    answer = desk.http.put(f"/imports/{import_id}/values", json=dict(body))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def values_of(desk: Desk, import_id: str, column: str) -> list[tuple[str, int, int, str, str | None]]:
    answer = desk.http.get(f"/imports/{import_id}/values", params={"column": column})
    assert answer.status_code == 200, answer.text
    return [
        tuple(item[key] for key in ("value", "count", "first_line", "becomes", "issue"))
        for item in answer.json()["items"]
    ]


def test_distinct_values_come_with_counts_lines_and_what_they_become(desk: Desk) -> None:
    import_id = ready(desk)
    assert values_of(desk, import_id, "language") == [
        ("Belgisch", 3, 3, "Belgisch", "language_unknown"),
        ("Français", 1, 2, "fr", None),
        ("nl", 1, 6, "nl", None),
    ]
    assert values_of(desk, import_id, "student_groups") == [
        ("Vente", 3, 2, "Vente", None),
        ("Achats", 1, 2, "Achats", None),
        ("Ventes", 1, 4, "Ventes", None),
        ("", 1, 6, "", None),
    ]


def test_values_are_paged(desk: Desk) -> None:
    import_id = ready(desk)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"column": "student_groups", "limit": "1"} | ({"cursor": cursor} if cursor else {})
        page = desk.http.get(f"/imports/{import_id}/values", params=params).json()
        seen += [item["value"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ["Vente", "Achats", "Ventes", ""]


def test_one_value_becomes_another_wherever_it_stands(desk: Desk) -> None:
    import_id = ready(desk)
    assert summary(desk, import_id) == {"to_add": 1, "rejected": 4, "empty": 1}
    changed = change(desk, import_id, {"column": "language", "from": "Belgisch", "to": "nl"})
    assert changed == {"changed": 3, "version": 3}
    assert summary(desk, import_id) == {"to_add": 3, "rejected": 2, "empty": 1}
    assert values_of(desk, import_id, "language")[0] == ("Belgisch", 3, 3, "nl", None)

    # One name among several in a cell, onto one that is there already: named once.
    assert change(desk, import_id, {"column": "student_groups", "from": "Achats", "to": "Vente"})["changed"] == 1
    rows = desk.http.get(f"/imports/{import_id}/rows", params={"outcome": "add"}).json()["items"]
    assert [row["values"]["student_groups"] for row in rows] == [["Vente"], ["Ventes"], ["Vente"]]

    taken_back = change(desk, import_id, {"column": "language", "from": "Belgisch", "to": "Belgisch"})
    assert taken_back["version"] == 5
    assert summary(desk, import_id)["rejected"] == 4


def test_an_empty_value_can_be_filled_and_a_value_emptied_but_blank_rows_stay_blank(desk: Desk) -> None:
    import_id = ready(desk)
    assert change(desk, import_id, {"column": "label", "from": "", "to": "Staff"})["changed"] == 3
    assert change(desk, import_id, {"column": "label", "from": "Stagiaire", "to": None})["changed"] == 1
    rows = desk.http.get(f"/imports/{import_id}/rows").json()["items"]
    assert [row["values"].get("label") for row in rows] == [None, "Staff", "Staff", None, "=1+1", "Staff"]
    assert summary(desk, import_id)["empty"] == 1


def test_a_row_is_mended_and_planned_anew(desk: Desk) -> None:
    import_id = ready(desk)
    path = f"/imports/{import_id}/rows/3"
    row = desk.http.patch(path, json={"values": {"email": "jan@example.com", "language": "NL"}}).json()
    assert (row["line"], row["outcome"], row["issues"]) == (3, "add", [])
    assert (row["values"]["email"], row["values"]["language"]) == ("jan@example.com", "nl")
    imported = desk.http.get(f"/imports/{import_id}").json()
    assert (imported["state"], imported["version"]) == ("ready", 3)

    # An address that another row has makes it a duplicate of that line, wherever the edit stands.
    row = desk.http.patch(path, json={"values": {"email": "ZOE@example.com"}}).json()
    assert (row["outcome"], row["issues"][0]["params"]["first_line"]) == ("duplicate", 2)

    # Groups come as they are shown, null empties a cell, null as a whole takes everything back.
    row = desk.http.patch(path, json={"values": {"student_groups": ["A", "B"], "label": None}}).json()
    assert row["values"]["student_groups"] == ["A", "B"]
    row = desk.http.patch(path, json={"values": None}).json()
    assert (row["outcome"], row["values"]["email"], row["values"]["student_groups"]) == (
        "rejected",
        "jan@example",
        ["Vente"],
    )


def test_a_skipped_row_is_left_out_and_can_be_taken_in_again(desk: Desk) -> None:
    import_id = ready(desk)
    path = f"/imports/{import_id}/rows/2"
    assert desk.http.patch(path, json={"skip": True}).json()["outcome"] == "skipped"
    assert summary(desk, import_id) == {"rejected": 4, "empty": 1, "skipped": 1}
    assert desk.http.patch(path, json={"skip": False}).json()["outcome"] == "add"


def test_all_rows_with_an_issue_are_mended_or_skipped_at_once(desk: Desk) -> None:
    import_id = ready(desk)
    changed = change(desk, import_id, {"issue": "language_unknown", "set": {"language": "nl"}})
    assert (changed["changed"], summary(desk, import_id)) == (3, {"to_add": 3, "rejected": 2, "empty": 1})
    # Rows that were edited keep those edits.
    assert change(desk, import_id, {"issue": "email_invalid", "skip": True})["changed"] == 1
    desk.http.patch(f"/imports/{import_id}/rows/3", json={"skip": False, "values": {"email": "jan@example.com"}})
    assert desk.http.get(f"/imports/{import_id}/rows").json()["items"][1]["values"]["language"] == "nl"
    assert change(desk, import_id, {"issue": "required_value_missing", "skip": True})["changed"] == 1
    assert summary(desk, import_id) == {"to_add": 4, "empty": 1, "skipped": 1}


def test_what_was_mended_is_what_is_committed(desk: Desk) -> None:
    import_id = ready(desk)
    change(desk, import_id, {"column": "language", "from": "Belgisch", "to": "nl"})
    desk.http.patch(f"/imports/{import_id}/rows/3", json={"values": {"email": "jan@example.com"}})
    desk.http.patch(f"/imports/{import_id}/rows/6", json={"skip": True})
    desk.http.post(f"/imports/{import_id}/commit", json={})
    desk.work()
    result = desk.http.get(f"/imports/{import_id}").json()["result"]
    assert adds_up(result)
    assert {key: result[key] for key in ("added", "skipped", "rejected", "empty")} == {
        "added": 4,
        "skipped": 1,
        "rejected": 0,
        "empty": 1,
    }
    assert result["changed_since_preview"] == {}
    for name in ("zoe", "jan", "luc", "piet"):
        assert len(desk.mails(f"{name}@example.com")) == 1
    assert len(desk.mails()) == 4
    for answer in (
        desk.http.patch(f"/imports/{import_id}/rows/3", json={"skip": True}),
        desk.http.put(f"/imports/{import_id}/values", json={"issue": "email_invalid", "skip": True}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "import_closed")


def test_edits_of_a_large_file_wait_for_the_worker_and_the_row_is_answered_at_once(desk: Desk) -> None:
    people = [f"P{number};L;p{number}@example.com;Acme;nl;;" for number in range(2500)]
    people[1200] = "Broken;L;broken;Acme;nl;;"
    head = FILE.split(b"\r\n", 1)[0].decode("cp1252")
    imported = upload(desk, "\n".join([head, *people, ""]).encode("cp1252"))
    map_columns(desk, imported["id"], COLUMNS)
    desk.work()
    assert summary(desk, imported["id"]) == {"to_add": 2499, "rejected": 1}
    row = desk.http.patch(
        f"/imports/{imported['id']}/rows/1202", json={"values": {"email": "whole@example.com"}}
    ).json()
    assert (row["outcome"], row["values"]["first_name"]) == ("add", "Broken")
    assert desk.http.get(f"/imports/{imported['id']}").json()["state"] == "checking"
    assert desk.http.patch(f"/imports/{imported['id']}/rows/1203", json={"skip": True}).json()["outcome"] == "skipped"
    desk.work()
    assert summary(desk, imported["id"]) == {"to_add": 2499, "skipped": 1}


def test_bad_edits_get_clear_answers(desk: Desk) -> None:
    imported = upload(desk)
    unmapped = desk.http.patch(f"/imports/{imported['id']}/rows/2", json={"skip": True})
    assert (unmapped.status_code, unmapped.json()["code"]) == (409, "not_mapped")
    import_id = ready(desk)
    for line in (1, 5000, 9):
        answer = desk.http.patch(f"/imports/{import_id}/rows/{line}", json={"skip": True})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    refused: list[Mapping[str, Any]] = [
        {},
        {"column": "language"},
        {"column": "language", "from": "a"},
        {"column": "language", "from": "a", "to": "b", "issue": "email_invalid"},
        {"issue": "email_invalid"},
        {"issue": "email_invalid", "set": {}},
        {"issue": "email_invalid", "set": {"email": "a"}, "skip": True},
        {"issue": "no_such_issue", "skip": True},
        {"issue": "email_invalid", "set": {"password": "x"}},
        {"column": "team", "from": "a", "to": "b"},
    ]
    for body in refused:
        answer = desk.http.put(f"/imports/{import_id}/values", json=dict(body))
        assert answer.status_code == 422, (body, answer.text)
        assert answer.json()["errors"], body
    assert desk.http.patch(f"/imports/{import_id}/rows/2", json={"values": {"role": "admin"}}).status_code == 422
    assert desk.http.get(f"/imports/{import_id}/values", params={"column": "team"}).json()["code"] == "mapping_invalid"
    reader = desk.client("acme", Scope.READ)
    assert reader.patch(f"/imports/{import_id}/rows/2", json={"skip": True}).json()["code"] == "scope_missing"


def rejected(desk: Desk, import_id: str) -> tuple[str, bytes]:
    answer = desk.http.get(f"/imports/{import_id}/rejected.csv", headers={"Accept-Language": "fr"})
    assert answer.status_code == 200, answer.text
    return answer.headers["content-type"], answer.content


def test_what_was_rejected_comes_back_in_the_files_own_form_and_maps_itself(desk: Desk) -> None:
    import_id = ready(desk)
    kind, content = rejected(desk, import_id)
    assert kind == "text/csv; charset=cp1252"
    table = list(csv.reader(io.StringIO(content.decode("cp1252")), delimiter=";"))
    assert table[0] == ["Prénom", "Nom", "Courriel", "Société", "Langue", "Groupes", "Fonction", "line", "problem"]
    assert [row[7] for row in table[1:]] == ["3", "4", "6", "7"]
    assert table[1][:7] == ["Jan", "Peeters", "jan@example", "Acme", "Belgisch", "Vente", ""]
    assert table[3][6] == "'=1+1"
    assert "jan@example" in table[1][8]

    mended = content.decode("cp1252").replace("Belgisch", "nl").replace("jan@example;", "jan@example.com;")
    mended = mended.replace("Ann;Maes;;", "Ann;Maes;ann@example.com;")
    again = upload(desk, mended.encode("cp1252"), "mended.csv")
    suggested = [item["column"] for item in again["suggested_mapping"]]
    assert suggested[:6] == COLUMNS[:6]
    assert suggested[7:] == [None, None]
    map_columns(desk, again["id"], [*COLUMNS, None, None])
    assert summary(desk, again["id"]) == {"to_add": 4}
    rows = desk.http.get(f"/imports/{again['id']}/rows").json()["items"]
    assert [row["values"]["label"] for row in rows] == [None, None, "=1+1", None]


def test_a_problem_that_does_not_fit_the_files_encoding_makes_the_whole_file_utf8_with_a_mark(desk: Desk) -> None:
    import_id = ready(desk)
    desk.http.patch(f"/imports/{import_id}/rows/3", json={"values": {"first_name": "Łukasz"}})
    kind, content = rejected(desk, import_id)
    assert (kind, content[:3]) == ("text/csv; charset=utf-8", b"\xef\xbb\xbf")
    table = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert table[1][0] == "Łukasz"


def test_a_file_of_rejected_rows_that_is_rejected_again_keeps_its_own_columns_once(desk: Desk) -> None:
    _kind, content = rejected(desk, ready(desk))
    again = upload(desk, content, "again.csv")
    map_columns(desk, again["id"], [*COLUMNS, None, None])
    _kind, twice = rejected(desk, again["id"])
    table = list(csv.reader(io.StringIO(twice.decode("cp1252")), delimiter=";"))
    assert table[0][-3:] == ["Fonction", "line", "problem"]
    assert [row[7] for row in table[1:]] == ["2", "3", "4", "5"]
    assert table[3][6] == "'=1+1"
