"""Matching over HTTP: what is suggested, what is remembered, whole names, defaults as people write them."""

from typing import Any

import pytest

from app.db.base import utcnow
from app.imports import remembered
from app.imports.models import RememberedMapping
from tests.api import test_import_story as story
from tests.api.test_import_story import map_columns
from tests.conftest import Desk

ODD = "Wie;Waar;Wat\nJan Peeters;jan@example.com;Acme\nZoë Dupont;zoe@example.com;Acme\n"
CHOSEN = ["full_name", "email", "company"]


def upload(desk: Desk, content: str) -> dict[str, Any]:
    """The answer to an upload of this text."""
    return story.upload(desk, content.encode())


def suggestions(imported: dict[str, Any]) -> list[tuple[str | None, float, str | None]]:
    """What is suggested for each header."""
    return [(found["column"], found["confidence"], found["by"]) for found in imported["suggested_mapping"]]


def remembered_by(desk: Desk, subdomain: str = "acme") -> int:
    """How many sets of headers a platform remembers."""
    with desk.database.reading() as session:
        return session.query(RememberedMapping).filter_by(platform_id=desk.platform_id(subdomain)).count()


def test_what_a_platform_chose_is_suggested_the_next_time(desk: Desk) -> None:
    first = upload(desk, ODD)
    assert suggestions(first) == [(None, 0.0, None), ("email", 0.8, "values"), (None, 0.0, None)]
    map_columns(desk, first["id"], CHOSEN)
    again = upload(desk, "WAT;Waar?;wie\nAcme;an@example.com;An Maes\n")
    assert suggestions(again) == [(column, 1.0, "remembered") for column in ("company", "email", "full_name")]
    other = upload(desk, "Wie;Waar;Wat;Taal\nAn Maes;an@example.com;Acme;nl\n")
    assert suggestions(other)[0] == (None, 0.0, None)


def test_the_last_choice_counts_and_nothing_is_remembered_of_a_refused_one(desk: Desk) -> None:
    first = upload(desk, "Email,Login,First name,Last name,Company\na@example.com,b@example.com,Jan,Peeters,Acme\n")
    path = f"/imports/{first['id']}/mapping"
    assert desk.http.put(path, json={"columns": ["email", "email", None, None, None]}).status_code == 422
    assert remembered_by(desk) == 0
    map_columns(desk, first["id"], ["email", None, "first_name", "last_name", "company"])
    map_columns(desk, first["id"], [None, "email", "first_name", "last_name", "company"])
    assert remembered_by(desk) == 1
    again = upload(desk, "Email,Login,First name,Last name,Company\nc@example.com,d@example.com,An,Maes,Acme\n")
    assert suggestions(again)[:2] == [(None, 1.0, "remembered"), ("email", 1.0, "remembered")]


def test_other_platforms_remember_nothing_of_it(desk: Desk) -> None:
    map_columns(desk, upload(desk, ODD)["id"], CHOSEN)
    desk.platform("other")
    with desk.client("other") as other:
        answer = other.post("/imports", files={"file": ("people.csv", ODD.encode(), "text/csv")}).json()
    assert suggestions(answer)[0] == (None, 0.0, None)
    assert (remembered_by(desk), remembered_by(desk, "other")) == (1, 0)


def test_a_file_without_headers_is_not_remembered(desk: Desk) -> None:
    imported = upload(desk, ODD)
    map_columns(desk, imported["id"], CHOSEN, header_line=0)
    assert remembered_by(desk) == 0


def test_a_platform_remembers_only_so_many(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "KEPT", 2)
    for number in range(4):
        map_columns(desk, upload(desk, ODD.replace("Wat", f"Wat {number}"))["id"], CHOSEN)
    assert remembered_by(desk) == 2
    assert suggestions(upload(desk, ODD.replace("Wat", "Wat 3")))[0][2] == "remembered"
    assert suggestions(upload(desk, ODD.replace("Wat", "Wat 0")))[0][2] is None


def test_a_column_that_is_no_more_is_not_suggested(desk: Desk) -> None:
    map_columns(desk, upload(desk, ODD)["id"], CHOSEN)
    with desk.database.writing() as session:
        kept = session.query(RememberedMapping).one()
        kept.columns = kept.columns | {"wat": "shoe_size"}
        kept.used_at = utcnow()
    assert suggestions(upload(desk, ODD))[0] == (None, 0.0, None)


def test_rejected_rows_come_back_to_the_mapping_they_had(desk: Desk) -> None:
    imported = upload(desk, ODD.replace("zoe@example.com", "zoe@"))
    map_columns(desk, imported["id"], CHOSEN)
    rejected = desk.http.get(f"/imports/{imported['id']}/rejected.csv")
    assert rejected.status_code == 200
    again = desk.http.post("/imports", files={"file": ("mended.csv", rejected.content, "text/csv")}).json()
    assert again["headers"] == ["Wie", "Waar", "Wat", "line", "problem"]
    assert [column for column, _, _ in suggestions(again)] == [*CHOSEN, None, None]


def test_whole_names_are_taken_apart(desk: Desk) -> None:
    file = "Nom complet;Courriel;Société\nDUPONT Zoé;zoe@example.com;Acme\nCher;cher@example.com;Acme\n"
    imported = upload(desk, file)
    columns = [column for column, _, _ in suggestions(imported)]
    assert columns == CHOSEN
    map_columns(desk, imported["id"], columns)
    preview = desk.http.get(f"/imports/{imported['id']}/preview").json()
    assert [(row["values"]["first_name"], row["values"]["last_name"]) for row in preview["rows"]] == [("Zoé", "DUPONT")]
    assert preview["issues"] == {"required_value_missing": 1}


def test_a_whole_name_and_one_of_its_parts_are_refused(desk: Desk) -> None:
    imported = upload(desk, "a,b,c,d\nJan,Jan Peeters,jan@example.com,Acme\n")
    columns = ["first_name", "full_name", "email", "company"]
    refused = desk.http.put(f"/imports/{imported['id']}/mapping", json={"columns": columns})
    assert refused.status_code == 422
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [("/columns/1", "column_twice")]


def test_an_unknown_column_is_answered_with_the_names_of_the_known_ones(desk: Desk) -> None:
    imported = upload(desk, ODD)
    refused = desk.http.put(f"/imports/{imported['id']}/mapping", json={"columns": ["name", "email", "company"]}).json()
    assert "first_name, last_name, email" in refused["errors"][0]["message"]
    assert "full_name" in refused["errors"][0]["message"]


def test_the_list_of_columns_tells_of_the_whole_name(desk: Desk) -> None:
    columns = {column["name"]: column for column in desk.http.get("/import-columns").json()["items"]}
    assert columns["full_name"]["feeds"] == ["first_name", "last_name"]
    assert columns["email"]["feeds"] == []
    assert not columns["full_name"]["required"]


def test_a_default_language_is_understood_like_a_cell(desk: Desk) -> None:
    imported = upload(desk, ODD)
    mapped = map_columns(desk, imported["id"], CHOSEN, defaults={"language": "Français"})
    assert mapped["mapping"] == {"columns": CHOSEN, "defaults": {"language": "fr"}}


def test_defaults_are_shown_before_the_columns_are_matched(desk: Desk) -> None:
    imported = upload(desk, ODD)
    assert imported["mapping"] is None
    answer = desk.http.put(f"/imports/{imported['id']}/mapping", json={"defaults": {"company": "Acme"}}).json()
    assert answer["mapping"] == {"columns": None, "defaults": {"company": "Acme"}}
    assert answer["state"] == "uploaded"
