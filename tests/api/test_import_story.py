"""The import as one readable story, over HTTP: upload, mapping, preview, commit, mails, and again."""

from collections.abc import Sequence
from typing import Any

from app.access.actor import Scope
from tests.conftest import Desk

HEADERS = ["Prénom", "Nom", "Courriel", "Société", "Langue", "Groupes", "Équipe", "Chef d'équipe"]
COLUMNS = ["first_name", "last_name", "email", "company", "language", "student_groups", "team", "team_leader"]
FILE = "\r\n".join(
    [
        ";".join(HEADERS),
        "Zoé;Dupont;zoe@example.com;Société Générale;fr;Vente/Achats;Lyon;chef@example.com",
        ";;;;;;;",
        "Jean;Petit;jean@example;Acme;fr;;;",
        "Zoé;Dupont; ZOE@example.com;Acme;fr;;;",
        "Jan;Peeters;jan@example.com;Acme;nl;;;",
        'Chef;"Martin; dit ""Le Grand""";chef@example.com;Acme;;;;',
        "Luc;Roy;luc@example.com;ACME ;EN;Vente;lyon;autre@example.com",
        "Trop;Long;trop@example.com;Acme;fr;;;;surplus",
        "Court;Rang;court@example.com;Acme",
        "",
    ]
).encode("cp1252")


def upload(desk: Desk, content: bytes = FILE, name: str = "personnel.csv") -> dict[str, Any]:
    answer = desk.http.post("/imports", files={"file": (name, content, "text/csv")})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def map_columns(desk: Desk, import_id: str, columns: Sequence[str | None], **rest: Any) -> dict[str, Any]:
    answer = desk.http.put(f"/imports/{import_id}/mapping", json={"columns": list(columns)} | rest)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def adds_up(result: dict[str, Any]) -> bool:
    terms = ("added", "already_users", "duplicates", "rejected", "empty", "skipped", "not_done")
    return bool(result["rows"] == sum(result[term] for term in terms))


def test_a_french_office_file_from_upload_to_mail(desk: Desk) -> None:
    desk.http.post("/invitations", json={"email": "jan@example.com", "organisation": "Acme"})
    desk.work()

    imported = upload(desk)
    file = imported["file"]
    assert (file["encoding"], file["delimiter"], file["header_line"], file["lines"]) == ("cp1252", ";", 1, None)
    assert imported["headers"] == HEADERS
    assert imported["samples"][0] == ["Zoé", "Jean", "Zoé"]
    assert [item["column"] for item in imported["suggested_mapping"]] == COLUMNS
    assert imported["state"] == "uploaded"

    mapped = map_columns(desk, imported["id"], COLUMNS, defaults={"language": "fr"})
    assert (mapped["state"], mapped["version"], mapped["file"]["lines"]) == ("ready", 2, 10)

    preview = desk.http.get(f"/imports/{imported['id']}/preview").json()
    assert preview["summary"] == {
        "rows": 9, "to_add": 4, "already_users": 1, "duplicates": 1, "rejected": 2, "empty": 1, "skipped": 0,
        "ignored_lines": 0, "mails": {"en": 1, "fr": 3},
        "creates": {
            "organisations": ["Société Générale"], "student_groups": ["Vente", "Achats"], "labels": [],
            "teams": ["Lyon"],
        },
    }  # fmt: skip
    assert [row["line"] for row in preview["rows"]] == [2, 7, 8, 10]
    assert preview["rows"][0]["values"]["student_groups"] == ["Vente", "Achats"]
    assert preview["rows"][1]["values"]["last_name"] == 'Martin; dit "Le Grand"'
    assert preview["rows"][1]["values"]["language"] == "fr"
    assert preview["issues"] == {
        "duplicate_in_file": 1, "email_invalid": 1, "leader_already_named": 1, "too_few_cells": 1, "too_many_cells": 1,
    }  # fmt: skip

    rows = desk.http.get(f"/imports/{imported['id']}/rows").json()["items"]
    assert [(row["line"], row["outcome"]) for row in rows] == [
        (2, "add"), (3, "empty"), (4, "rejected"), (5, "duplicate"), (6, "already_user"), (7, "add"), (8, "add"),
        (9, "rejected"), (10, "add"),
    ]  # fmt: skip
    rejected = desk.http.get(f"/imports/{imported['id']}/rows", params={"outcome": "rejected"}).json()["items"]
    assert [row["line"] for row in rejected] == [4, 9]
    issues = desk.http.get(f"/imports/{imported['id']}/issues", headers={"Accept-Language": "fr"}).json()["items"]
    assert [(issue["line"], issue["code"]) for issue in issues] == [
        (4, "email_invalid"), (5, "duplicate_in_file"), (8, "leader_already_named"), (9, "too_many_cells"),
        (10, "too_few_cells"),
    ]  # fmt: skip
    assert "jean@example" in issues[0]["message"]
    assert issues[1]["params"]["first_line"] == 2

    committed = desk.http.post(f"/imports/{imported['id']}/commit", json={"version": 2, "message": "Bienvenue !"})
    assert committed.status_code == 202
    assert committed.headers["location"] == f"/api/v1/imports/{imported['id']}"
    assert "retry-after" in committed.headers
    desk.work()
    done = desk.http.get(f"/imports/{imported['id']}").json()
    assert done["state"] == "completed"
    result = done["result"]
    assert adds_up(result)
    assert (result["added"], result["already_users"], result["duplicates"], result["rejected"]) == (4, 1, 1, 2)
    assert result["mails"] == {"queued": 0, "sent": 4, "failed": 0, "held": 0, "dropped": 0}
    assert result["creates"] == preview["summary"]["creates"]
    assert result["changed_since_preview"] == {}

    assert sorted(str(mail["To"].addresses[0].addr_spec) for mail in desk.mails()) == [
        "chef@example.com", "court@example.com", "jan@example.com", "luc@example.com", "zoe@example.com",
    ]  # fmt: skip
    (zoe,) = desk.mails("zoe@example.com")
    body = zoe.get_body(("plain",))
    assert body is not None
    assert "Bienvenue !" in body.get_content()
    (team,) = desk.http.get("/teams").json()["items"]
    assert (team["leader"]["email"], team["users"]) == ("chef@example.com", 2)
    assert {item["name"]: item["users"] for item in desk.http.get("/organisations").json()["items"]} == {
        "Acme": 4, "Société Générale": 1,
    }  # fmt: skip
    of_import = desk.http.get("/invitations", params={"import_id": imported["id"]}).json()["items"]
    assert len(of_import) == 4


def test_committing_twice_is_committing_once(desk: Desk) -> None:
    imported = upload(desk)
    map_columns(desk, imported["id"], COLUMNS)
    for _ in range(3):
        assert desk.http.post(f"/imports/{imported['id']}/commit", json={}).status_code == 202
        desk.work()
    other = desk.http.post(f"/imports/{imported['id']}/commit", json={"send_invitations": False})
    assert (other.status_code, other.json()["code"]) == (409, "already_committed")
    closed = desk.http.put(f"/imports/{imported['id']}/mapping", json={"columns": COLUMNS})
    assert (closed.status_code, closed.json()["code"]) == (409, "import_closed")
    assert len(desk.mails()) == 5


def test_an_import_tells_what_was_asked_for_with_its_commit(desk: Desk) -> None:
    imported = upload(desk)
    assert map_columns(desk, imported["id"], COLUMNS)["commit"] is None
    asked = {"send_invitations": True, "hold_minutes": 30, "message": "Welcome!", "on_rejected": "skip"}
    told = desk.http.post(f"/imports/{imported['id']}/commit", json=asked).json()["commit"]
    assert told.pop("held_until") is not None
    assert told == asked
    assert desk.http.post(f"/imports/{imported['id']}/commit", json=told).status_code == 202


def test_the_same_file_again_adds_and_mails_nobody(desk: Desk) -> None:
    for _ in range(2):
        imported = upload(desk)
        map_columns(desk, imported["id"], COLUMNS)
        desk.http.post(f"/imports/{imported['id']}/commit", json={})
        desk.work()
    result = desk.http.get(f"/imports/{imported['id']}").json()["result"]
    assert (result["added"], result["already_users"]) == (0, 5)
    assert adds_up(result)
    assert len(desk.mails()) == 5


def test_what_moved_since_the_preview_is_counted_under_its_new_outcome(desk: Desk) -> None:
    imported = upload(desk)
    map_columns(desk, imported["id"], COLUMNS)
    desk.http.post("/invitations", json={"email": "luc@example.com", "organisation": "Acme"})
    desk.http.post(f"/imports/{imported['id']}/commit", json={})
    desk.work()
    result = desk.http.get(f"/imports/{imported['id']}").json()["result"]
    assert result["changed_since_preview"] == {"already_user": 1}
    assert adds_up(result)
    assert len(desk.mails("luc@example.com")) == 1
    rows = desk.http.get(f"/imports/{imported['id']}/rows", params={"outcome": "already_user"}).json()["items"]
    assert [row["line"] for row in rows] == [8]


def test_people_added_quietly_get_no_mail_and_can_be_invited_later(desk: Desk) -> None:
    imported = upload(desk)
    map_columns(desk, imported["id"], COLUMNS)
    desk.http.post(f"/imports/{imported['id']}/commit", json={"send_invitations": False})
    desk.work()
    assert desk.mails() == []
    assert desk.http.get(f"/imports/{imported['id']}").json()["result"]["mails"]["queued"] == 0
    assert desk.http.post("/invitations", json={"email": "zoe@example.com", "organisation": "Acme"}).status_code == 201
    desk.work()
    assert len(desk.mails()) == 1


def test_held_mails_wait_for_their_time(desk: Desk) -> None:
    imported = upload(desk)
    map_columns(desk, imported["id"], COLUMNS)
    desk.http.post(f"/imports/{imported['id']}/commit", json={"hold_minutes": 60})
    desk.work()
    assert desk.mails() == []
    assert desk.http.get(f"/imports/{imported['id']}").json()["result"]["mails"]["held"] == 5


def test_a_raw_body_is_as_good_as_a_form(desk: Desk) -> None:
    answer = desk.http.post(
        "/imports", content=FILE, headers={"Content-Type": "text/csv"}, params={"filename": "a/b\\staff.csv"}
    )
    assert answer.status_code == 201
    assert answer.json()["file"]["name"] == "staff.csv"
    assert answer.headers["location"].endswith(answer.json()["id"])


def test_the_file_can_be_read_differently_and_keeps_what_was_said(desk: Desk) -> None:
    content = b"junk line\nvoornaam|naam|mail|bedrijf\nJan|Peeters|jan@example.com|Acme, Ltd; Co\n"
    imported = upload(desk, content)
    anew = desk.http.put(f"/imports/{imported['id']}/mapping", json={"header_line": 2}).json()
    assert (anew["state"], anew["headers"]) == ("uploaded", ["voornaam", "naam", "mail", "bedrijf"])
    again = desk.http.put(f"/imports/{imported['id']}/mapping", json={"delimiter": "|"}).json()
    assert again["file"]["header_line"] == 2
    mapped = map_columns(desk, imported["id"], ["first_name", "last_name", "email", "company"])
    assert mapped["state"] == "ready"
    preview = desk.http.get(f"/imports/{imported['id']}/preview").json()
    assert preview["summary"]["ignored_lines"] == 1
    assert preview["rows"][0]["values"]["company"] == "Acme, Ltd; Co"


def test_a_default_satisfies_a_required_column(desk: Desk) -> None:
    imported = upload(desk, b"first_name,last_name,email\nJan,Peeters,jan@example.com\n")
    refused = desk.http.put(
        f"/imports/{imported['id']}/mapping", json={"columns": ["first_name", "last_name", "email"]}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "mapping_invalid")
    assert refused.json()["errors"][0]["code"] == "required_column_missing"
    map_columns(
        desk,
        imported["id"],
        ["first_name", "last_name", "email"],
        defaults={"company": "Acme", "student_groups": "A/B", "label": "Employee", "team": "T", "language": "nl"},
    )
    (row,) = desk.http.get(f"/imports/{imported['id']}/preview").json()["rows"]
    assert (row["values"]["company"], row["values"]["student_groups"]) == ("Acme", ["A", "B"])


def test_a_deleted_import_keeps_its_counts_and_nothing_else(desk: Desk) -> None:
    imported = upload(desk)
    map_columns(desk, imported["id"], COLUMNS)
    desk.http.post(f"/imports/{imported['id']}/commit", json={})
    busy = desk.http.delete(f"/imports/{imported['id']}")
    assert (busy.status_code, busy.json()["code"]) == (409, "import_busy")
    desk.work()
    assert desk.http.delete(f"/imports/{imported['id']}").status_code == 204
    assert desk.http.delete(f"/imports/{imported['id']}").status_code == 204
    kept = desk.http.get(f"/imports/{imported['id']}").json()
    assert kept["result"]["added"] == 5
    assert kept["file"]["deleted_at"] is not None
    assert "zoe@example.com" not in str(kept)
    assert desk.http.get(f"/imports/{imported['id']}/preview").json()["rows"] == []
    assert desk.http.get(f"/imports/{imported['id']}/rows").json()["code"] == "file_deleted"


def test_a_large_file_is_checked_by_the_worker_and_paged_from_its_middle(desk: Desk) -> None:
    lines = ["first_name,last_name,email,company"]
    for number in range(30_000):
        email = f"p{number}@example.com" if number % 1000 else "broken"
        lines.append(
            f'First{number},"Last\n{"x" * 20}",{email},Acme'
            if number == 20_000
            else f"First{number},Last{number} {'x' * 20},{email},Acme"
        )
    imported = upload(desk, "\n".join(lines).encode())
    mapped = map_columns(desk, imported["id"], ["first_name", "last_name", "email", "company"])
    assert mapped["state"] == "checking"
    waiting = desk.http.get(f"/imports/{imported['id']}/preview")
    assert (waiting.status_code, waiting.json()["state"]) == (202, "checking")
    assert desk.http.post(f"/imports/{imported['id']}/commit", json={}).json()["code"] == "not_ready"
    desk.work()
    preview = desk.http.get(f"/imports/{imported['id']}/preview").json()
    assert (preview["summary"]["to_add"], preview["summary"]["rejected"]) == (29_970, 30)
    page = desk.http.get(f"/imports/{imported['id']}/rows", params={"limit": 200}).json()
    seen = len(page["items"])
    while page["next_cursor"] and seen < 1000:
        page = desk.http.get(
            f"/imports/{imported['id']}/rows", params={"limit": 200, "cursor": page["next_cursor"]}
        ).json()
        seen += len(page["items"])
    assert page["items"][-1]["line"] == 1001
    codes = desk.http.get(f"/imports/{imported['id']}/issues", params={"limit": 10, "code": "email_invalid"}).json()
    assert [item["line"] for item in codes["items"]][:3] == [2, 1002, 2002]
    after_middle = desk.http.get(
        f"/imports/{imported['id']}/rows", params={"outcome": "rejected", "limit": 200}
    ).json()["items"]
    assert after_middle[-1]["values"]["email"] == "broken"
    assert (after_middle[20]["line"], after_middle[21]["line"]) == (20_002, 21_003)


def test_the_steps_are_refused_in_the_documented_order(desk: Desk) -> None:
    imported = upload(desk)
    path = f"/imports/{imported['id']}"
    assert desk.http.get(f"{path}/preview").json()["code"] == "not_mapped"
    assert desk.http.post(f"{path}/commit", json={}).json()["code"] == "not_ready"
    map_columns(desk, imported["id"], COLUMNS)
    assert desk.http.post(f"{path}/commit", json={"version": 1}).json()["code"] == "preview_outdated"
    assert desk.http.post(f"{path}/commit", json={"on_rejected": "abort"}).json()["code"] == "rows_rejected"
    assert desk.http.post(f"{path}/commit", json={"hold_minutes": 10_081}).status_code == 422
    desk.work()
    assert desk.mails() == []


def test_columns_and_template_describe_themselves(desk: Desk) -> None:
    reader = desk.client("acme", Scope.READ)
    columns = reader.get("/import-columns", headers={"Accept-Language": "nl"}).json()["items"]
    assert [column["name"] for column in columns if column["required"]] == [
        "first_name", "last_name", "email", "company",
    ]  # fmt: skip
    assert columns[0]["title"] == "Voornaam"
    template = reader.get("/import-template.csv")
    assert template.headers["content-type"] == "text/csv; charset=utf-8"
    imported = upload(desk, template.content, "template.csv")
    names = [item["column"] for item in imported["suggested_mapping"]]
    map_columns(desk, imported["id"], names)
    assert desk.http.get(f"/imports/{imported['id']}/preview").json()["summary"]["to_add"] == 2
