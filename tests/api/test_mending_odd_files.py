"""Mending where the file or the request is odd: other dialects and encodings, half characters, lines far away."""

from typing import Any

import pytest

from app.imports import pieces, service
from tests.api.test_import_story import map_columns, upload
from tests.conftest import Desk

LONG_ON_POSTGRESQL = True

COLUMNS = ["first_name", "last_name", "email", "company", "language"]
HEADER = "Voornaam;Achternaam;E-mailadres;Bedrijf;Taal\r\n"


def mapped(desk: Desk, content: bytes, **read_as: Any) -> str:
    import_id = str(upload(desk, content)["id"])
    map_columns(desk, import_id, COLUMNS, **read_as)
    return import_id


def people(desk: Desk, import_id: str) -> list[list[str]]:
    rows = desk.http.get(f"/imports/{import_id}/rows").json()["items"]
    return [[row["values"][column] for column in COLUMNS] for row in rows]


def rejected(desk: Desk, import_id: str) -> tuple[str, bytes]:
    answer = desk.http.get(f"/imports/{import_id}/rejected.csv")
    assert answer.status_code == 200
    return answer.headers["content-type"].partition("charset=")[2], answer.content


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        (HEADER + "'a;b';'it''s';bad;=D;nl\r\n'c\"d';'e\\';bad;'''=x';fr\r\n", {"quote": "'"}),
        (HEADER + "'a;x\"b;bad;'=c;nl\r\n-1;+2;bad;q\";fr\r\n", {"quote": ""}),
        (HEADER + '"a\\"b";"c;d";bad;@x;nl\r\n', {}),
        ("sep=^\r\n" + (HEADER + "a;b;bad;=c;nl\r\n").replace(";", "^"), {}),
        (HEADER + 'Zoé;\'x;bad;"d;""e""";nl\r\n', {}),
    ],
    ids=["single quotes", "no quotes", "backslashes", "another delimiter", "doubled quotes"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_what_was_rejected_comes_back_with_every_value_intact_whatever_the_dialect(
    desk: Desk, text: str, read_as: dict[str, str], encoding: str
) -> None:
    import_id = mapped(desk, text.encode(encoding), **read_as)
    before = people(desk, import_id)
    assert before
    again = upload(desk, rejected(desk, import_id)[1], "again.csv")
    assert [item["column"] for item in again["suggested_mapping"]] == [*COLUMNS, None, None]
    map_columns(desk, again["id"], [*COLUMNS, None, None])
    assert people(desk, again["id"]) == before


def test_letters_that_do_not_fit_any_more_once_they_are_composed_make_the_file_utf8(desk: Desk) -> None:
    angstrom = "\N{ANGSTROM SIGN}"  # Shift_JIS has this one, and not the letter that it is composed to
    content = (HEADER + f"高橋①;{angstrom};bad;株式会社;nl\r\n").encode("cp932")
    import_id = mapped(desk, content, encoding="shift_jis")
    encoding, found = rejected(desk, import_id)
    assert (encoding, found[:3]) == ("utf-8", b"\xef\xbb\xbf")
    assert found.decode("utf-8-sig").splitlines()[1].startswith("高橋①;Å;bad;株式会社;nl;2;")
    other = mapped(desk, content.replace(angstrom.encode("cp932"), b"B"), encoding="shift_jis")
    desk.http.patch(f"/imports/{other}/rows/2", json={"values": {"last_name": "②"}})
    encoding, found = rejected(desk, other)
    assert encoding == "shift_jis"
    assert "高橋①;②;bad;株式会社;nl;2;" in found.decode("cp932")


def test_what_was_rejected_has_the_values_that_became_others(desk: Desk) -> None:
    import_id = mapped(desk, (HEADER + "A;B;bad;Acme;Belgisch\r\nC;D;bad;Acme;Vlaamsch\r\n").encode())
    change = {"column": "language", "from": "Belgisch", "to": "nl"}
    assert desk.http.put(f"/imports/{import_id}/values", json=change).json()["changed"] == 1
    desk.http.patch(f"/imports/{import_id}/rows/3", json={"values": {"language": "fr"}})
    lines = rejected(desk, import_id)[1].decode().splitlines()[1:]
    assert [line.split(";")[:5] for line in lines] == [["A", "B", "bad", "Acme", "nl"], ["C", "D", "bad", "Acme", "fr"]]


@pytest.mark.parametrize("line", [2**31, 2**63, 10**40])
def test_a_line_no_file_has_is_no_line(desk: Desk, line: int) -> None:
    import_id = mapped(desk, (HEADER + "A;B;a@example.com;Acme;nl\r\n").encode())
    assert desk.http.patch(f"/imports/{import_id}/rows/{line}", json={"skip": True}).status_code == 422


def test_an_edit_of_nothing_changes_nothing_and_half_a_character_is_refused(desk: Desk) -> None:
    import_id = mapped(desk, (HEADER + "A;B;a@example.com;Acme;nl\r\n").encode())
    as_json = {"Content-Type": "application/json"}
    for nothing in ("{}", '{"skip": false}', '{"values": null}', '{"values": {}}'):
        path = f"/imports/{import_id}/rows/2"
        assert desk.http.patch(path, content=nothing, headers=as_json).json()["outcome"] == "add"
    for text in (r'"\ud800"', r'["a", "\ud800"]', "[1]", '[{"a": 1}]', "1"):
        for method, path, body in (
            ("PATCH", "rows/2", '{"values": {"student_groups": %s}}'),
            ("PUT", "values", '{"column": "company", "from": "Acme", "to": %s}'),
            ("PUT", "values", '{"issue": "email_invalid", "set": {"team": %s}}'),
        ):
            answer = desk.http.request(method, f"/imports/{import_id}/{path}", content=body % text, headers=as_json)
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert people(desk, import_id) == [["A", "B", "a@example.com", "Acme", "nl"]]


def test_a_row_of_another_reading_of_the_file_is_no_row_any_more(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PIECE_BYTES", 500)
    monkeypatch.setattr(service, "LINES_CHECKED_AT_ONCE", 0)
    content = HEADER + "".join(f'P{number};L;p{number}@example.com;"Ac\nme";nl\r\n' for number in range(40))
    import_id = mapped(desk, content.encode(), quote="")
    desk.work()
    map_columns(desk, import_id, COLUMNS, quote='"')

    def is_row(line: int) -> bool:
        return desk.http.patch(f"/imports/{import_id}/rows/{line}", json={"skip": True}).status_code == 200

    found = [line for line in range(2, 82) if is_row(line)]
    assert found == list(range(2, 82, 2))
    desk.work()
    assert desk.http.get(f"/imports/{import_id}/preview").json()["summary"]["skipped"] == 40
