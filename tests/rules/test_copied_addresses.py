"""Addresses with what was copied along with them: only what nobody sees is taken off, the rest is proposed."""

import pytest

from app.imports.issues import IssueCode
from app.imports.row import Outcome, Recipe, RowReader

RECIPE = Recipe(("email", "first_name", "last_name", "company"), {}, "en", ("en",))


def read(text: str) -> tuple[Outcome, str, IssueCode | None, str | None]:
    row = RowReader(RECIPE).read((2, [text, "Ann", "Ode", "Acme"]))
    if not row.issues:
        return row.outcome, row.values["email"], None, None
    return row.outcome, row.values["email"], row.issues[0].code, row.issues[0].params.get("suggestion")


@pytest.mark.parametrize(
    "text",
    [
        "Ann@example.com\u200b",
        "\ufeffAnn@example.com",
        "\u202aAnn@example.com\u202c",
        "\u00a0Ann@example.com\u00a0",
    ],
)
def test_what_nobody_sees_around_an_address_is_taken_off(text: str) -> None:
    assert read(text) == (Outcome.ADD, "Ann@example.com", None, None)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("mailto:Ann@example.com", "Ann@example.com"),
        ("MAILTO: Ann@example.com", "Ann@example.com"),
        ("<Ann@example.com>", "Ann@example.com"),
        ("Ann Ode <Ann@example.com>", "Ann@example.com"),
        ('"Ode, Ann" <mailto:Ann@example.com>', "Ann@example.com"),
        ("ann@example.com.", "ann@example.com"),
        ("ann@example.com;", "ann@example.com"),
        ("'ann@example.com'", "ann@example.com"),
        ("ann.ode @example.com", "ann.ode@example.com"),
        ("ann(at)example.com", "ann@example.com"),
        ("ann [at] example.com", "ann@example.com"),
        ("ann@example,com", "ann@example.com"),
    ],
)
def test_a_slip_is_proposed_and_never_taken(text: str, meant: str) -> None:
    assert read(text) == (Outcome.REJECTED, text, IssueCode.EMAIL_INVALID, meant)


@pytest.mark.parametrize(
    "text", ["ann@example.com; ben@example.com", "ann@example.com <ben@example.com>", "ann@example", "@", "<>", "(at)"]
)
def test_two_addresses_or_none_are_no_address(text: str) -> None:
    assert read(text) == (Outcome.REJECTED, text, IssueCode.EMAIL_INVALID, None)
