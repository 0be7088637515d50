"""How a file is read, over HTTP: what was found is shown, what is uncertain is asked, and people have the last word."""

from typing import Any

import pytest

from tests.api.test_import_story import adds_up, map_columns, upload
from tests.conftest import Desk

LONG_ON_POSTGRESQL = True

HEADER = "first_name;last_name;email;company\n"
COLUMNS = ["first_name", "last_name", "email", "company"]


def _put(desk: Desk, import_id: str, **body: Any) -> dict[str, Any]:
    answer = desk.http.put(f"/imports/{import_id}/mapping", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _preview(desk: Desk, import_id: str) -> dict[str, Any]:
    answer = desk.http.get(f"/imports/{import_id}/preview")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _commit(desk: Desk, import_id: str) -> Any:
    return desk.http.post(f"/imports/{import_id}/commit", json={})


MAC = HEADER + "Renée;Müller;renee@example.com;Société\nZoë;Nuñez;zoe@example.com;Société\n"


@pytest.mark.parametrize("language", ["en", "fr", "nl"])
def test_a_file_in_an_uncertain_encoding_asks_and_is_committed_only_when_answered(desk: Desk, language: str) -> None:
    imported = upload(desk, MAC.encode("mac-roman"))
    path = f"/imports/{imported['id']}"
    (question,) = desk.http.get(path, headers={"Accept-Language": language}).json()["file"]["issues"]
    assert (question["code"], question["severity"], question["line"]) == ("encoding_uncertain", "error", 2)
    assert question["params"]["choices"][0] == imported["file"]["encoding"] == "mac-roman"
    assert "Renée" in question["params"]["samples"]["mac-roman"]
    assert len(question["message"]) > 50

    mapped = map_columns(desk, imported["id"], COLUMNS)
    assert mapped["state"] == "ready"
    assert _preview(desk, imported["id"])["rows"][0]["values"]["first_name"] == "Renée"
    (listed,) = desk.http.get(f"{path}/issues").json()["items"]
    assert (listed["code"], listed["line"]) == ("encoding_uncertain", 2)
    assert (_commit(desk, imported["id"]).status_code, _commit(desk, imported["id"]).json()["code"]) == (
        409,
        "question_open",
    )

    answered = _put(desk, imported["id"], columns=COLUMNS, encoding="Macintosh")
    assert (answered["file"]["encoding"], answered["file"]["issues"]) == ("mac-roman", [])
    assert _commit(desk, imported["id"]).status_code == 202
    desk.work()
    users = desk.http.get("/users").json()["items"]
    assert {"Renée Müller", "Zoë Nuñez"} <= {f"{user['first_name']} {user['last_name']}" for user in users}


def test_a_wrong_answer_shows_in_the_samples_and_can_be_taken_back(desk: Desk) -> None:
    imported = upload(desk, MAC.encode("mac-roman"))
    assert _put(desk, imported["id"], encoding="cp850")["samples"][0] != ["Renée", "Zoë"]
    assert _put(desk, imported["id"], encoding="mac-roman")["samples"][0] == ["Renée", "Zoë"]
    refused = desk.http.put(f"/imports/{imported['id']}/mapping", json={"encoding": "utf-8"})
    assert (refused.status_code, refused.json()["code"]) == (422, "file_undecodable")
    assert desk.http.get(f"/imports/{imported['id']}").json()["file"]["encoding"] == "mac-roman"


def test_an_encoding_disproved_far_down_ends_the_check_until_somebody_answers(desk: Desk) -> None:
    good = "".join(f"Jan;Peeters;p{number}@example.com;Acme\n" for number in range(40_000))
    late = "Renée;Müller;renee@example.com;Société\n".encode("cp1252")
    imported = upload(desk, (HEADER + good).encode() + late)
    assert imported["file"]["encoding"] == "utf-8"
    (question,) = imported["file"]["issues"]
    assert (question["code"], question["line"]) == ("encoding_uncertain", 40_002)
    assert question["params"]["choices"][0] == "cp1252"

    map_columns(desk, imported["id"], COLUMNS)
    desk.work()
    failed = desk.http.get(f"/imports/{imported['id']}").json()
    assert (failed["state"], failed["failure"]["code"]) == ("failed", "encoding_uncertain")
    assert desk.http.get(f"/imports/{imported['id']}/preview").json()["code"] == "check_failed"

    _put(desk, imported["id"], columns=COLUMNS, encoding="cp1252")
    desk.work()
    assert desk.http.get(f"/imports/{imported['id']}").json()["state"] == "ready"
    assert _preview(desk, imported["id"])["summary"]["to_add"] == 40_001
    values = desk.http.get(f"/imports/{imported['id']}/values", params={"column": "first_name"}).json()["items"]
    assert {value["value"]: value["first_line"] for value in values} == {"Jan": 2, "Renée": 40_002}


def test_a_wrong_answer_about_bytes_far_down_is_a_fault_with_its_line(desk: Desk) -> None:
    good = "".join(f"Jan;Peeters;p{number}@example.com;Acme\n" for number in range(40_000))
    imported = upload(desk, (HEADER + good).encode() + "Zoë\n".encode("cp1252"))
    _put(desk, imported["id"], columns=COLUMNS, encoding="utf-8")
    desk.work()
    failed = desk.http.get(f"/imports/{imported['id']}").json()
    assert (failed["state"], failed["failure"]["code"]) == ("failed", "file_undecodable")


def test_text_that_was_garbled_before_is_a_warning_and_stops_nobody(desk: Desk) -> None:
    imported = upload(desk, (HEADER + "ZoÃ©;Dupont;zoe@example.com;Acme\n").encode())
    (warning,) = imported["file"]["issues"]
    assert (warning["code"], warning["severity"], warning["line"]) == ("text_damaged", "warning", 2)
    assert "ZoÃ©" in warning["message"]
    assert warning["params"]["meant"] == "Zoé"
    map_columns(desk, imported["id"], COLUMNS)
    assert _commit(desk, imported["id"]).status_code == 202


def test_utf_16_as_excel_writes_unicode_text_is_read_to_its_end(desk: Desk) -> None:
    rows = "".join(f"Zoë\t王{number}\tp{number}@example.com\tŁódź\r\n" for number in range(15_000))
    imported = upload(desk, ("\ufeff" + HEADER.replace(";", "\t") + rows).encode("utf-16-le"), "people.txt")
    file = imported["file"]
    assert (file["encoding"], file["delimiter"], file["issues"]) == ("utf-16-le", "\t", [])
    map_columns(desk, imported["id"], COLUMNS)
    desk.work()
    assert _preview(desk, imported["id"])["summary"]["to_add"] == 15_000
    items = desk.http.get(
        f"/imports/{imported['id']}/rows", params={"limit": 1, "cursor": _cursor(desk, imported)}
    ).json()
    assert items["items"]


def _cursor(desk: Desk, imported: dict[str, Any]) -> str:
    page = desk.http.get(f"/imports/{imported['id']}/rows", params={"limit": 200}).json()
    return str(page["next_cursor"])


def test_what_is_no_row_is_shown_counted_and_can_be_overridden(desk: Desk) -> None:
    person = "Jan;Peeters;jan{}@example.com;Acme\n"
    content = "Personnel 2026\n\n" + HEADER + person.format(1) + HEADER + person.format(2) + "\nTotal: 2\nPage 1 of 1\n"
    imported = upload(desk, content.encode())
    assert imported["file"]["header_line"] == 3
    assert imported["file"]["ignored_lines"] == [{"line": 1, "why": "preamble"}, {"line": 2, "why": "preamble"}]

    mapped = map_columns(desk, imported["id"], COLUMNS)
    assert mapped["file"]["ignored_lines"][2:] == [
        {"line": 5, "why": "header"}, {"line": 8, "why": "footer"}, {"line": 9, "why": "footer"},
    ]  # fmt: skip
    summary = _preview(desk, imported["id"])["summary"]
    assert (summary["rows"], summary["to_add"], summary["empty"], summary["ignored_lines"]) == (3, 2, 1, 5)

    everything = map_columns(desk, imported["id"], COLUMNS, ignore_lines=False)
    assert len(everything["file"]["ignored_lines"]) == 2
    summary = _preview(desk, imported["id"])["summary"]
    assert (summary["rows"], summary["rejected"], summary["ignored_lines"]) == (6, 3, 2)

    map_columns(desk, imported["id"], COLUMNS, ignore_lines=True)
    assert _commit(desk, imported["id"]).status_code == 202
    desk.work()
    result = desk.http.get(f"/imports/{imported['id']}").json()["result"]
    assert adds_up(result)
    assert (result["rows"], result["added"], result["empty"]) == (3, 2, 1)


def test_a_file_without_header_warns_and_its_first_row_is_a_person(desk: Desk) -> None:
    imported = upload(desk, b"Jan;Peeters;jan@example.com;Acme\nAn;Maes;an@example.com;Acme\n")
    assert imported["headers"] == ["Column 1", "Column 2", "Column 3", "Column 4"]
    (warning,) = imported["file"]["issues"]
    assert (warning["code"], warning["severity"], imported["file"]["header_line"]) == ("header_missing", "warning", 0)
    mapped = map_columns(desk, imported["id"], COLUMNS, header_line=0)
    assert mapped["file"]["issues"] == []
    assert _preview(desk, imported["id"])["summary"]["to_add"] == 2


def test_quotes_and_escapes_are_shown_and_can_be_overridden(desk: Desk) -> None:
    content = HEADER + 'Jan;"De \\"Lange\\"";jan@example.com;"A\\"cme"\n'
    imported = upload(desk, content.encode())
    assert (imported["file"]["quote"], imported["file"]["escape"]) == ('"', "\\")
    assert imported["samples"][1] == ['De "Lange"']
    plain = _put(desk, imported["id"], quote="", escape="")
    assert (plain["file"]["quote"], plain["file"]["escape"]) == ("", "")
    assert plain["samples"][1] == ['"De \\"Lange\\""']
    map_columns(desk, imported["id"], COLUMNS, quote='"', escape="\\")
    assert _preview(desk, imported["id"])["rows"][0]["values"]["last_name"] == 'De "Lange"'


def test_a_cell_with_a_null_character_has_its_issue(desk: Desk) -> None:
    imported = upload(desk, (HEADER + "J\0an;Peeters;jan@example.com;Acme\nAn;Maes;an@example.com;Acme\n").encode())
    map_columns(desk, imported["id"], COLUMNS)
    (issue,) = desk.http.get(f"/imports/{imported['id']}/issues").json()["items"]
    assert (issue["line"], issue["column"], issue["code"]) == (2, "first_name", "characters_not_allowed")
