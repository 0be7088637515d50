"""What an issue suggests is accepted for all its rows at once: slips, garbled texts, names close to known ones."""

import pytest

from tests.api.test_import_story import map_columns, upload
from tests.conftest import Desk

COLUMNS = ["first_name", "last_name", "email", "company"]
HEADER = b"First name,Last name,E-mail,Company\n"


def checked(desk: Desk, content: bytes) -> str:
    imported = upload(desk, content)
    assert map_columns(desk, imported["id"], COLUMNS)["state"] == "ready"
    return str(imported["id"])


def accept(desk: Desk, import_id: str, issue: str) -> int:
    answer = desk.http.put(f"/imports/{import_id}/values", json={"issue": issue, "accept": True})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["changed"])


def test_texts_garbled_before_they_came_are_rejected_until_what_was_meant_is_accepted(desk: Desk) -> None:
    content = HEADER + "Zoé,Dupont,zoe@example.com,Société\n".encode().decode("cp1252").encode()
    content += "Renée,Côté,renee@example.com,Acme\nZo\ufffd,Bos,bos@example.com,Acme\n".encode()
    import_id = checked(desk, content)
    summary = desk.http.get(f"/imports/{import_id}/preview").json()["summary"]
    assert (summary["to_add"], summary["rejected"]) == (1, 2)
    garbled = desk.http.get(f"/imports/{import_id}/issues", params={"code": "value_garbled"}).json()["items"]
    found = [(issue["line"], issue["column"], issue["params"].get("suggestion")) for issue in garbled]
    assert found == [(2, "first_name", "Zoé"), (2, "company", "Société"), (4, "first_name", None)]
    assert "“Zoé”" in garbled[0]["message"]
    assert accept(desk, import_id, "value_garbled") == 1
    values = desk.http.get(f"/imports/{import_id}/rows", params={"outcome": "add"})
    people = [(row["values"]["first_name"], row["values"]["company"]) for row in values.json()["items"]]
    assert people == [("Zoé", "Société"), ("Renée", "Acme")]
    said = desk.http.patch(f"/imports/{import_id}/rows/4", json={"values": {"first_name": "Zo\ufffd"}})
    assert said.json()["outcome"] == "add"  # what a person says is not doubted


def test_a_file_written_in_two_encodings_is_mended_by_one_answer_and_one_yes(desk: Desk) -> None:
    people = "".join(f"Zoé,Dupré,zoe{number}@example.com,Crème\n" for number in range(20))
    content = HEADER + people.encode() + "José,Peña,jose@example.com,Crème\n".encode("cp1252")
    uploaded = desk.http.post("/imports", content=content, headers={"Content-Type": "text/csv"}).json()
    (question,) = uploaded["file"]["issues"]
    assert question["code"] == "encoding_uncertain"
    body = {"columns": COLUMNS, "encoding": "cp1252"}
    assert desk.http.put(f"/imports/{uploaded['id']}/mapping", json=body).json()["state"] == "ready"
    assert accept(desk, uploaded["id"], "value_garbled") == 20
    rows = desk.http.get(f"/imports/{uploaded['id']}/rows", params={"outcome": "add"}).json()["items"]
    names = {(row["values"]["first_name"], row["values"]["last_name"], row["values"]["company"]) for row in rows}
    assert names == {("Zoé", "Dupré", "Crème"), ("José", "Peña", "Crème")}
    assert len(rows) == 21


def test_slips_in_addresses_and_names_are_mended_by_accepting(desk: Desk) -> None:
    desk.http.post("/invitations", json={"email": "first@example.com", "organisation": "Globex Industries"})
    rows = b"".join(b"Ann,Ode,ann%d@gmial.com,Globex Industrie\n" % number for number in range(3))
    import_id = checked(desk, HEADER + rows + b"Bo,Ode,mailto:bo@example.com,Acme\n")
    assert accept(desk, import_id, "email_domain_mistyped") == 3
    assert accept(desk, import_id, "email_invalid") == 1
    assert accept(desk, import_id, "name_close_to_known") == 1
    preview = desk.http.get(f"/imports/{import_id}/preview").json()
    emails = [row["values"]["email"] for row in preview["rows"]]
    assert emails == ["ann0@gmail.com", "ann1@gmail.com", "ann2@gmail.com", "bo@example.com"]
    assert preview["summary"]["creates"]["organisations"] == ["Acme"]
    assert preview["issues"] == {}
    assert accept(desk, import_id, "email_invalid") == 0


@pytest.mark.parametrize("more", [{"skip": True}, {"set": {"company": "Acme"}}])
def test_accepting_and_something_else_at_once_is_refused(desk: Desk, more: dict[str, object]) -> None:
    import_id = checked(desk, HEADER + b"Ann,Ode,ann@gmial.com,Acme\n")
    body = {"issue": "email_domain_mistyped", "accept": True} | more
    refused = desk.http.put(f"/imports/{import_id}/values", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "value_change_unclear")
