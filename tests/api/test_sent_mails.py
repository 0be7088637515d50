"""Reading sent mails while they stay in a folder: each platform its own, nothing else, and nothing where they leave."""

from pathlib import Path

import pytest

from app.access.actor import Scope
from tests.conftest import Desk, Template, link_of


def invite(desk: Desk, address: str, subdomain: str = "acme") -> None:
    with desk.client(subdomain) as client:
        body = {"email": address, "first_name": "Zoé", "organisation": "Acme"}
        assert client.post("/invitations", json=body).status_code == 201
    desk.work()


def test_a_mail_can_be_read_as_it_was_sent(desk: Desk) -> None:
    invite(desk, "zoe@example.com")
    (listed,) = desk.http.get("/sent-mails").json()["items"]
    assert listed["to"] == "Zoé <zoe@example.com>"
    assert (listed["subject"], listed["kind"]) == ("Your invitation to Acme Academy", "invitation")
    mail = desk.http.get(f"/sent-mails/{listed['id']}").json()
    assert {name: mail[name] for name in listed} == listed
    assert f"/accept#{link_of(desk.mails()[0])}" in mail["text"]
    assert mail["html"].startswith("<!DOCTYPE html")


def test_the_newest_mail_comes_first_page_by_page(desk: Desk) -> None:
    for number in range(3):
        invite(desk, f"{number}@example.com")
    oldest = desk.http.get("/invitations").json()["items"][-2]
    assert desk.http.post(f"/invitations/{oldest['id']}/resend").status_code == 200
    desk.work()
    seen, cursor = [], None
    for _ in range(4):
        page = desk.http.get("/sent-mails", params={"limit": 1, **({"cursor": cursor} if cursor else {})}).json()
        seen += [mail["to"] for mail in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [f"Zoé <{name}@example.com>" for name in ("0", "2", "1", "0")]
    assert cursor is None


def test_a_platform_sees_its_own_mails_only(desk: Desk) -> None:
    desk.platform("globex")
    invite(desk, "ours@example.com")
    invite(desk, "theirs@example.com", "globex")
    (ours,) = desk.http.get("/sent-mails").json()["items"]
    with desk.client("globex") as other:
        (theirs,) = other.get("/sent-mails").json()["items"]
        assert "theirs@example.com" in theirs["to"]
        assert other.get(f"/sent-mails/{ours['id']}").status_code == 404
    assert desk.http.get(f"/sent-mails/{theirs['id']}").json()["code"] == "not_found"


def test_a_file_that_is_no_mail_of_the_platform_is_never_opened(desk: Desk) -> None:
    folder = desk.folder / "mails"
    folder.mkdir()
    (folder / "secret.eml").write_text("Subject: secret\n\nsecret")
    (folder / "00000000-0000-7000-8000-000000000000.1.eml").write_text("Subject: secret\n\nsecret")
    assert desk.http.get("/sent-mails").json()["items"] == []
    names = ("secret", "..%2Frollcall.db", "00000000-0000-7000-8000-000000000000.1", "x" * 60, "a.1", "%00")
    many = "00000000-0000-7000-8000-000000000000.99999999999999999"
    for name in (*names, many):
        assert desk.http.get(f"/sent-mails/{name}").status_code == 404, name


def test_a_mail_whose_file_is_gone_is_listed_as_gone(desk: Desk) -> None:
    invite(desk, "zoe@example.com")
    for file in (desk.folder / "mails").glob("*.eml"):
        file.unlink()
    (listed,) = desk.http.get("/sent-mails").json()["items"]
    assert (listed["to"], listed["subject"]) == ("", "")
    assert desk.http.get(f"/sent-mails/{listed['id']}").status_code == 404


def test_a_mail_that_has_not_left_cannot_be_read(desk: Desk) -> None:
    body = {"email": "zoe@example.com", "organisation": "Acme", "send": False}
    invitation = desk.http.post("/invitations", json=body).json()
    desk.work()
    assert desk.http.get("/sent-mails").json()["items"] == []
    assert desk.http.get(f"/sent-mails/{invitation['id']}.1").status_code == 404


@pytest.mark.parametrize("scope", [Scope.READ, Scope.INVITE, Scope.IMPORT])
def test_links_in_mails_are_not_for_lesser_keys(desk: Desk, scope: Scope) -> None:
    with desk.client("acme", scope) as client:
        assert client.get("/sent-mails").json()["code"] == "scope_missing"


def test_where_mails_leave_by_smtp_there_is_nothing_to_read(tmp_path: Path, migrated: Template, desk: Desk) -> None:
    assert desk.http.get("/platform").json()["mails_kept"] is True
    (tmp_path / "other").mkdir()
    other = Desk(tmp_path / "other", migrated, mail_url="smtp://127.0.0.1:9")
    assert other.http.get("/platform").json()["mails_kept"] is False
    assert other.http.get("/sent-mails").json() == {"items": [], "next_cursor": None}
    assert other.http.get("/sent-mails/00000000-0000-7000-8000-000000000000.1").status_code == 404
    other.close()
