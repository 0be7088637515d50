"""Who is erased is nowhere any more: every column of every table, unpacked, and the folder of mails are searched."""

import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import LargeBinary, select, update
from sqlalchemy.sql.sqltypes import JSON

from app.db.base import Id, utcnow
from app.delivery.models import Delivery, DeliveryState
from app.privacy import erasure, nameless
from app.privacy.files import imports_with
from app.tables import metadata
from tests.api.test_audit import events
from tests.api.test_wall import PASSWORD
from tests.conftest import Desk, link_of
from tests.files.workbooks import xlsx

LONG_ON_POSTGRESQL = True

FIRST, LAST = "Zqviolette", "Zqvanderstraeten"
ADDRESS = "Zq.Violette@Example.com"
TRACES = ("zqviolette", "zqvanderstraeten", "zq.violette")
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OTHERS = "Ann,Other,ann.other@example.com,Acme"
HEADER = "first name,last name,email,company,team,team_leader"
COLUMNS = ["first_name", "last_name", "email", "company", "team", "team_leader"]


# --- everything that is kept -------------------------------------------------------------------------------------


def dump(desk: Desk) -> dict[str, str]:
    """Every column of every table as text in lower case, what is packed unpacked; and every mail, decoded."""
    found: dict[str, str] = {}
    with desk.database.reading() as session:
        for table in metadata.sorted_tables:
            for column in table.c:
                values = session.scalars(select(column)).all()
                found[f"{table.name}.{column.name}"] = "\n".join(_text(column.type, value) for value in values).lower()
    for file in (desk.folder / "mails").glob("*"):
        found[file.name] = file.read_text(encoding="utf-8", errors="replace").lower()
    for mail in desk.mails():
        for part in mail.walk():
            if part.get_content_maintype() == "text":
                found[f"{mail['Message-ID']} {part.get_content_type()}"] = str(part.get_content()).lower()
        found[f"{mail['Message-ID']} headers"] = str([str(value) for value in mail.values()]).lower()
    return found


def _text(kind: Any, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes) and not isinstance(kind, Id):
        for unpack in (zlib.decompress, gzip.decompress, _unzipped):
            try:
                return unpack(value).decode("utf-8", "replace")
            except (zlib.error, OSError, ValueError):
                continue
        return value.decode("utf-8", "replace")
    return json.dumps(value, ensure_ascii=False) if isinstance(kind, JSON) else str(value)


def _unzipped(value: bytes) -> bytes:

    try:
        with zipfile.ZipFile(io.BytesIO(value)) as package:
            return b"\n".join(package.read(name) for name in package.namelist())
    except zipfile.BadZipFile as error:
        raise ValueError from error


def where(desk: Desk) -> list[str]:
    """The places that tell of the person."""
    return sorted(place for place, text in dump(desk).items() if any(trace in text for trace in TRACES))


def test_the_dump_looks_into_every_column_that_is_packed() -> None:
    packed = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, LargeBinary) and not isinstance(column.type, Id)
    }
    assert packed >= {"import_pieces.content", "import_originals.content", "idempotency_keys.body"}


# --- a person with a past ----------------------------------------------------------------------------------------


class Past:
    """All the ways in which somebody leaves traces."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.key = {"Idempotency-Key": "invite"}
        self.body = {
            "email": ADDRESS,
            "first_name": FIRST,
            "last_name": LAST,
            "organisation": "Acme",
            "message": f"Dear {FIRST} {LAST}, welcome!",
        }

    def invited(self, http: TestClient | None = None) -> dict[str, Any]:
        """Invited once, with a mail that has left."""
        answer = (http or self.desk.http).post("/invitations", json=self.body, headers=self.key)
        assert answer.status_code == 201, answer.text
        self.desk.work()
        invited: dict[str, Any] = answer.json()
        return invited

    def accepted(self) -> str:
        """They have a password, and sign in."""
        self.invited()
        token = link_of(self.desk.mails(to="violette")[-1])
        accepted = self.desk.stranger().post("/invitations/accept", json={"token": token, "password": PASSWORD})
        assert accepted.status_code == 200, accepted.text
        return str(accepted.json()["id"])

    def revoked_before(self) -> None:
        """An earlier invitation, taken back: the person was removed, the invitation keeps its own copy."""
        invited = self.desk.http.post("/invitations", json=self.body | {"email": ADDRESS.upper()}).json()
        self.desk.work()
        assert self.desk.http.post(f"/invitations/{invited['id']}/revoke").status_code == 200

    def imported(self, content: bytes, *, name: str = "people.csv", kind: str = "text/csv", **mapping: Any) -> str:
        """A file, checked and not committed."""
        answer = self.desk.http.post(
            "/imports", files={"file": (name, content, kind)}, headers={"Idempotency-Key": name.replace(" ", "-")}
        )
        assert answer.status_code == 201, answer.text
        import_id = str(answer.json()["id"])
        columns = mapping or {"columns": COLUMNS}
        mapped = self.desk.http.put(f"/imports/{import_id}/mapping", json=columns)
        assert mapped.status_code == 200, mapped.text
        return import_id

    def committed(self, import_id: str) -> None:
        """“Import and Invite”."""
        assert self.desk.http.post(f"/imports/{import_id}/commit", json={}).status_code == 202
        self.desk.work()

    def erased(self, user_id: str) -> None:
        """DELETE, which must find traces."""
        assert where(self.desk), "there is nothing to erase: the test shows nothing"
        answer = self.desk.http.delete(f"/users/{user_id}")
        assert answer.status_code == 204, answer.text
        assert self.desk.http.get(f"/users/{user_id}").status_code == 404


@pytest.fixture
def past(desk: Desk) -> Past:
    """A desk on which somebody has a past."""
    return Past(desk)


def _csv(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def test_who_was_invited_is_nowhere_any_more(past: Past) -> None:
    past.revoked_before()
    user_id = past.accepted()
    past.desk.stranger().post("/password-resets", json={"email": ADDRESS})
    past.desk.work()
    places = set(where(past.desk))
    assert places >= {
        "users.email",
        "users.first_name",
        "invitations.email",
        "invitation_messages.text",
        "idempotency_keys.body",
    }
    assert sum(place.endswith(".eml") for place in places) == 3
    past.erased(user_id)
    assert where(past.desk) == []
    assert past.desk.http.delete(f"/users/{user_id}").status_code == 404


def test_the_audit_list_keeps_the_id_and_nothing_else(past: Past) -> None:
    user_id = past.accepted()
    past.erased(user_id)
    told = events(past.desk.http, subject_id=user_id)
    assert [one["action"] for one in told] == ["user.deleted"]
    assert events(past.desk.http, actor_id=user_id)[0]["action"] == "invitation.accepted"


def test_a_retry_after_the_erasure_does_nothing_and_tells_nothing(past: Past) -> None:
    user_id = str(past.invited()["user_id"])
    past.erased(user_id)
    again = past.desk.http.post("/invitations", json=past.body, headers=past.key)
    assert (again.status_code, again.json()["code"]) == (410, "answer_erased")
    assert where(past.desk) == []


def test_who_was_imported_is_nowhere_any_more(past: Past) -> None:
    row = f"{FIRST},{LAST},{ADDRESS},Acme,Team A,"
    leader = f"Bob,Led,bob.led@example.com,Acme,Team B,{ADDRESS}"
    first = past.imported(_csv(OTHERS + ",,", row, row, f"{FIRST},{LAST},{ADDRESS},,,", leader))
    second = past.imported(_csv(row, OTHERS + ",,"), name=f"{FIRST} {LAST}.csv")
    past.committed(first)
    untouched = past.imported(_csv("Joe,Else,joe.else@example.com,Acme,,"), name="others.csv")
    places = set(where(past.desk))
    assert places >= {
        "import_pieces.content",
        "import_previews.content",
        "import_rows.values",
        "imports.samples",
        "imports.file_name",
        "idempotency_keys.body",
    }
    (user,) = past.desk.http.get("/users", params={"q": "violette"}).json()["items"]
    past.erased(user["id"])
    assert where(past.desk) == []
    for import_id in (first, second):
        shown = past.desk.http.get(f"/imports/{import_id}").json()
        assert shown["file"]["deleted_at"] is not None
    assert past.desk.http.get(f"/imports/{first}").json()["result"]["added"] == 3
    assert past.desk.http.get(f"/imports/{untouched}").json()["file"]["deleted_at"] is None
    assert past.desk.http.get("/users", params={"q": "ann.other"}).json()["items"], "others stay"
    undone = past.desk.http.post(f"/imports/{first}/undo", json={})
    assert undone.status_code == 202
    past.desk.work()
    undo = past.desk.http.get(f"/imports/{first}").json()["result"]["undo"]
    assert (undo["removed"], undo["already_gone"]) == (2, 1)


ELSEWHERE: Mapping[str, bytes] = {
    "with the address in another case": _csv(f"Vi,Str,{ADDRESS.upper()},Acme,,"),
    "as the leader of others": _csv(f"Bob,Led,bob@example.com,Acme,Team,{ADDRESS}"),
    "with both names and a mistyped address": _csv(f"{FIRST},{LAST},zq.violet@example.com,Acme,,"),
    "with the names the other way round": _csv(f"{LAST.upper()},{FIRST.upper()},v@example.com,Acme,,"),
    "far down": _csv(*(f"A,B,a{number}@example.com,Acme,," for number in range(60_000)), f"V,V,{ADDRESS},Acme,,"),
    "in UTF-16": _csv(f"é,è,{ADDRESS},Acme,,").decode().encode("utf-16"),
    "in a column that is not imported": _csv(f"Ann,Other,ann@example.com,Acme,,,{ADDRESS}", header=HEADER + ",boss"),
}


@pytest.mark.parametrize("how", ELSEWHERE)
def test_a_file_that_tells_of_them_is_dropped(how: str, past: Past) -> None:
    user_id = str(past.invited()["user_id"])
    columns = [*COLUMNS, None] if "not imported" in how else COLUMNS
    import_id = past.imported(ELSEWHERE[how], columns=columns)
    past.desk.work()
    past.erased(user_id)
    assert where(past.desk) == []
    assert past.desk.http.get(f"/imports/{import_id}").json()["file"]["deleted_at"] is not None


def test_a_file_of_somebody_with_a_similar_address_or_one_name_stays(past: Past) -> None:
    user_id = str(past.invited()["user_id"])
    import_id = past.imported(
        _csv(f"{FIRST}a,Other,a{ADDRESS},Acme,,", f"Joe,{LAST},joe@example.com,Acme,,", f"Vi,O,{ADDRESS}.au,Acme,,")
    )
    past.erased(user_id)
    assert past.desk.http.get(f"/imports/{import_id}").json()["file"]["deleted_at"] is None


def test_a_workbook_is_dropped_for_a_sheet_that_is_not_imported(past: Past) -> None:
    user_id = str(past.invited()["user_id"])
    book = xlsx({"People": [HEADER.split(","), [*OTHERS.split(","), "", ""]], "Old": [["x"], [ADDRESS]]})
    import_id = past.imported(book, name="people.xlsx", kind=XLSX_TYPE)
    named = xlsx({f"{LAST} {FIRST}": [HEADER.split(","), [*OTHERS.split(","), "", ""]]})
    past.imported(named, name="named.xlsx", kind=XLSX_TYPE)
    assert "imports.sheets" in where(past.desk)
    assert "import_originals.content" in where(past.desk)
    past.erased(user_id)
    assert where(past.desk) == []
    assert past.desk.http.get(f"/imports/{import_id}").json()["file"]["deleted_at"] is not None


def test_what_people_made_of_a_row_is_a_trace_too(past: Past) -> None:
    user_id = str(past.invited()["user_id"])
    by_row = past.imported(_csv("Vi,Str,vi@example.com,Acme,,"), name="row.csv")
    edit = {"values": {"email": ADDRESS}}
    assert past.desk.http.patch(f"/imports/{by_row}/rows/2", json=edit).status_code == 200
    by_value = past.imported(_csv("Vi,Str,vi2@example.com,Acme,,"), name="value.csv")
    change = {"column": "email", "from": "vi2@example.com", "to": ADDRESS}
    assert past.desk.http.put(f"/imports/{by_value}/values", json=change).status_code == 200
    assert {"import_edits.values", "imports.value_edits"} <= set(where(past.desk))
    past.erased(user_id)
    assert where(past.desk) == []


def test_a_first_row_that_was_taken_for_the_header_is_forgotten(past: Past) -> None:
    user_id = str(past.invited()["user_id"])
    content = f"{FIRST},{LAST},{ADDRESS},Acme\n{OTHERS}\n".encode()
    import_id = past.imported(content, columns=COLUMNS[:4], header_line=1)
    assert {"imports.headers", "imports.suggestion", "remembered_mappings.columns"} <= set(where(past.desk))
    past.erased(user_id)
    assert where(past.desk) == []
    assert past.desk.http.get(f"/imports/{import_id}").json()["headers"] == ["", "", "", "Acme"]


def test_an_administrator_is_forgotten_by_whom_they_invited(past: Past) -> None:
    desk = past.desk
    user_id = past.accepted()
    with desk.database.writing() as session:
        users = metadata.tables["users"]
        session.execute(update(users).values(role="admin").where(users.c.email == ADDRESS))
    signed_in = {"email": ADDRESS, "password": PASSWORD, "mode": "token"}
    admin = desk.client(key=desk.stranger().post("/sessions", json=signed_in).json()["token"])
    assert admin.post("/invitations", json={"email": "joe@example.com", "organisation": "Acme"}).status_code == 201
    file = {"file": ("people.csv", _csv(OTHERS + ",,"), "text/csv")}
    imported = admin.post("/imports", files=file).json()["id"]
    admin.put(f"/imports/{imported}/mapping", json={"columns": COLUMNS})
    admin.post(f"/imports/{imported}/commit", json={})
    admin.post("/api-keys", json={"name": f"Key of {FIRST} {LAST}", "scopes": ["read"]})
    desk.work()
    seen = desk.http.post("/imports", files=file).json()
    assert seen["file"]["issues"][0]["params"]["created_by"] == f"{FIRST} {LAST}"
    assert set(where(desk)) >= {
        "imports.created_by",
        "imports.inviter_email",
        "imports.file_issues",
        "invitations.inviter_name",
        "sessions.name",
        "api_keys.name",
    }
    past.erased(user_id)
    assert where(desk) == []
    assert admin.get("/users").status_code == 401
    (joe,) = desk.http.get("/invitations", params={"q": "joe@"}).json()["items"]
    assert joe["state"] == "pending"
    assert joe["inviter"] == "Acme Academy"
    assert desk.http.get(f"/imports/{imported}").json()["created_by"] == nameless.NAMELESS


def test_nobody_is_erased_while_an_import_that_tells_of_them_is_at_work(past: Past) -> None:
    user_id = str(past.invited()["user_id"])
    import_id = past.imported(_csv(f"{FIRST},{LAST},{ADDRESS},Acme,,", OTHERS + ",,"))
    assert past.desk.http.post(f"/imports/{import_id}/commit", json={}).status_code == 202
    refused = past.desk.http.delete(f"/users/{user_id}")
    assert (refused.status_code, refused.json()["code"]) == (409, "import_busy")
    assert refused.headers["retry-after"]
    past.desk.work()
    past.erased(user_id)
    assert where(past.desk) == []


def test_nobody_is_erased_while_a_mail_to_them_is_just_leaving(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    user_id = str(past.invited()["user_id"])
    monkeypatch.setattr(erasure, "_WAIT_SECONDS", 0.2)
    soon = utcnow().replace(year=2099)
    with past.desk.database.writing() as session:
        session.execute(update(Delivery).values(state=DeliveryState.SENDING, due_at=soon))
    before = dump(past.desk)
    refused = past.desk.http.delete(f"/users/{user_id}")
    assert (refused.status_code, refused.json()["code"]) == (503, "service_busy")
    assert dump(past.desk) == before
    with past.desk.database.writing() as session:
        session.execute(update(Delivery).values(state=DeliveryState.SENT, due_at=None))
    past.erased(user_id)
    assert where(past.desk) == []


def test_who_accepts_while_they_are_looked_for_is_looked_for_again(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    invited = past.invited()
    token = link_of(past.desk.mails(to="violette")[-1])
    looks = 0

    def _look(*arguments: Any) -> Any:
        nonlocal looks
        looks += 1
        if looks == 1:
            body = {"token": token, "password": PASSWORD, "first_name": "Zqviolette-Anne"}
            assert past.desk.stranger().post("/invitations/accept", json=body).status_code == 200
        return imports_with(*arguments)

    monkeypatch.setattr(erasure, "imports_with", _look)
    past.erased(invited["user_id"])
    assert looks == 2
    assert where(past.desk) == []


def test_a_mail_that_waits_never_leaves(past: Past) -> None:
    answer = past.desk.http.post("/invitations", json=past.body)
    past.erased(answer.json()["user_id"])
    past.desk.work()
    assert past.desk.mails() == []
    assert where(past.desk) == []


def test_an_erased_person_can_be_invited_anew(past: Past) -> None:
    past.erased(str(past.invited()["user_id"]))
    again = past.desk.http.post("/invitations", json=past.body)
    assert again.status_code == 201
    assert again.json()["generation"] == 1


def test_an_erasure_that_fails_erases_nothing_and_says_nothing(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    user_id = past.accepted()
    before = dump(past.desk)
    (past.desk.folder / "mails").rename(past.desk.folder / "elsewhere")
    (past.desk.folder / "mails").write_text("no folder")
    failed = past.desk.http.delete(f"/users/{user_id}")
    assert failed.status_code == 500
    (past.desk.folder / "mails").unlink()
    (past.desk.folder / "elsewhere").rename(past.desk.folder / "mails")
    assert dump(past.desk) == before
