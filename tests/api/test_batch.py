"""Many people in one call: each is invited, skipped or rejected, in one transaction."""

from typing import Any

from tests.conftest import Desk


def one(email: str, **fields: Any) -> dict[str, Any]:
    return {"email": email, "organisation": "Acme"} | fields


def test_each_person_of_a_list_is_invited_skipped_or_rejected(desk: Desk) -> None:
    standing = desk.http.post("/invitations", json=one("there@example.com")).json()
    answer = desk.http.post(
        "/invitations/batch",
        json={
            "invitations": [
                one("new@example.com", student_groups=["A", "a"], message="Hi", language="fr"),
                one("not an address"),
                one("there@example.com"),
                one("NEW@example.com"),
                one("wrong@example.com", language="xx"),
                one("line@example.com", first_name="a\nb"),
                one("closed@example.com", organisation="Nobody Knows", create_missing=False),
                one("held@example.com", send=False),
                one("admin@acme.example.com"),
            ]
        },
    )
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [(item["index"], item["outcome"], item["code"]) for item in results] == [
        (0, "invited", None),
        (1, "rejected", "email_invalid"),
        (2, "skipped", "already_invited"),
        (3, "skipped", "already_invited"),
        (4, "rejected", "language_unknown"),
        (5, "rejected", "characters_not_allowed"),
        (6, "rejected", "unknown_names"),
        (7, "invited", None),
        (8, "skipped", "already_invited"),
    ]
    assert results[0]["invitation"]["student_groups"] == ["A"]
    assert results[7]["invitation"]["delivery"]["state"] == "held"
    assert results[2]["invitation"] is None
    desk.work()
    assert {str(mail["To"]) for mail in desk.mails()} == {"new@example.com", "there@example.com"}
    assert desk.http.get(f"/invitations/{standing['id']}").json()["generation"] == 1


def test_a_wrong_shape_refuses_the_whole_list(desk: Desk) -> None:
    for invitations, pointer in (
        ([], "/invitations"),
        ([one(f"p{n}@example.com") for n in range(1001)], "/invitations"),
        ([one("a@example.com"), {"email": "b@example.com"}], "/invitations/1/organisation"),
        ([one("a@example.com", surprise=1)], "/invitations/0/surprise"),
        ([one("a@example.com", student_groups="A")], "/invitations/0/student_groups"),
    ):
        refused = desk.http.post("/invitations/batch", json={"invitations": invitations})
        assert refused.status_code == 422
        assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]
    desk.work()
    assert desk.mails() == []


def test_a_thousand_people_are_one_call_and_a_thousand_mails(desk: Desk) -> None:
    people = [one(f"p{n}@example.com", student_groups=[f"G{n % 7}"], team=f"T{n % 3}") for n in range(1000)]
    answer = desk.http.post("/invitations/batch", json={"invitations": people}, headers={"Idempotency-Key": "all"})
    assert {item["outcome"] for item in answer.json()["results"]} == {"invited"}
    again = desk.http.post("/invitations/batch", json={"invitations": people}, headers={"Idempotency-Key": "all"})
    assert again.content == answer.content
    desk.work()
    assert len(desk.mails()) == 1000
    assert sum(item["users"] for item in desk.http.get("/teams").json()["items"]) == 1000
