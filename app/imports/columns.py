"""The importable columns, declared once: names, what may stand in them, what people call them, examples. Pure.

To add a column: add it here (and store it in imports/commit); mapping, template, help and checks follow.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from pydantic import TypeAdapter

from app.invitations.fields import AddressText, CellText, PersonName, ShortCode, Title

GROUP_SEPARATOR: Final = "/"


@dataclass(frozen=True, slots=True)
class Column:
    """One of our columns. `aliases`: headers people give it, by language; `example`: for the template and the help."""

    name: str
    text: Any
    """The type of a cell's text (invitations/fields): what may stand in it."""
    required: bool
    example: str
    aliases: Mapping[str, tuple[str, ...]]
    default: bool = False
    """Whether an import may carry a default for it."""


COLUMNS: Final[tuple[Column, ...]] = (
    Column(
        "first_name",
        PersonName,
        True,
        "Jan",
        {
            "en": ("first name", "firstname", "given name", "forename", "name first", "fname"),
            "fr": ("prénom", "prenom", "prénom usuel", "prénoms"),
            "nl": ("voornaam", "roepnaam", "voornamen", "vnaam"),
        },
    ),
    Column(
        "last_name",
        PersonName,
        True,
        "Peeters",
        {
            "en": ("last name", "lastname", "surname", "family name", "name last", "lname"),
            "fr": ("nom", "nom de famille", "nom usuel", "nom patronymique"),
            "nl": ("achternaam", "familienaam", "naam", "geslachtsnaam"),
        },
    ),
    Column(
        "email",
        AddressText,
        True,
        "jan.peeters@example.com",
        {
            "en": (
                "email",
                "e-mail",
                "email address",
                "e-mail address",
                "mail",
                "work email",
                "business email",
                "e-mail 1 - value",
            ),
            "fr": (
                "courriel",
                "adresse courriel",
                "adresse électronique",
                "adresse e-mail",
                "adresse email",
                "adresse mail",
                "mél",
                "mail professionnel",
                "email professionnel",
            ),
            "nl": ("e-mailadres", "emailadres", "mailadres", "e-mail adres", "email adres", "werkmail"),
        },
    ),
    Column(
        "company",
        Title,
        True,
        "Acme",
        {
            "en": (
                "company",
                "organisation",
                "organization",
                "company name",
                "organisation name",
                "organization name",
                "organization 1 - name",
                "employer",
            ),
            "fr": ("société", "entreprise", "organisation", "nom de la société", "employeur", "établissement"),
            "nl": ("bedrijf", "organisatie", "bedrijfsnaam", "firma", "onderneming", "werkgever"),
        },
        default=True,
    ),
    Column(
        "language",
        ShortCode,
        False,
        "nl",
        {
            "en": ("language", "lang", "platform language", "preferred language", "language code", "locale"),
            "fr": ("langue", "code langue", "langue préférée", "langue de la plateforme"),
            "nl": ("taal", "taalcode", "voorkeurstaal", "platformtaal"),
        },
        default=True,
    ),
    Column(
        "student_groups",
        CellText,
        False,
        "Sales/Newcomers 2026",
        {
            "en": ("student groups", "student group", "groups", "group", "studentgroups", "classes", "class"),
            "fr": ("groupes d'étudiants", "groupe d'étudiants", "groupes", "groupe", "classes", "classe"),
            "nl": ("studentengroepen", "studentengroep", "groepen", "groep", "klassen", "klas"),
        },
        default=True,
    ),
    Column(
        "label",
        Title,
        False,
        "Employee",
        {
            "en": ("label", "user label", "labels", "user type", "kind"),
            "fr": ("label", "étiquette", "libellé", "type d'utilisateur"),
            "nl": ("label", "gebruikerslabel", "etiket", "gebruikerstype"),
        },
        default=True,
    ),
    Column(
        "team",
        Title,
        False,
        "Antwerp",
        {
            "en": ("team", "team name", "teams"),
            "fr": ("équipe", "nom de l'équipe", "équipes"),
            "nl": ("team", "teamnaam", "ploeg"),
        },
        default=True,
    ),
    Column(
        "team_leader",
        AddressText,
        False,
        "ann.maes@example.com",
        {
            "en": (
                "team leader",
                "teamleader",
                "team lead",
                "leader",
                "leader email",
                "team leader email",
                "manager",
                "manager email",
            ),
            "fr": (
                "chef d'équipe",
                "responsable d'équipe",
                "responsable",
                "courriel du chef d'équipe",
                "e-mail du chef d'équipe",
            ),
            "nl": ("teamleider", "ploegleider", "teamverantwoordelijke", "e-mail teamleider", "teamleader"),
        },
    ),
)

BY_NAME: Final[Mapping[str, Column]] = {column.name: column for column in COLUMNS}
REQUIRED: Final[tuple[str, ...]] = tuple(column.name for column in COLUMNS if column.required)
DEFAULTABLE: Final[tuple[str, ...]] = tuple(column.name for column in COLUMNS if column.default)


@lru_cache(maxsize=256)
def texts_of(columns: tuple[str, ...]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """What makes texts of the cells that feed these columns: stripped, not too long, without control characters.

    It takes one row's cells and raises pydantic's ValidationError, whose places are positions.
    """
    types = tuple(BY_NAME[column].text for column in columns)
    adapter: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[types])  # type: ignore[valid-type] # made at run time
    return adapter.validate_python


def template_csv() -> str:
    """The sample file: a header and two people, the second with the optional cells empty."""
    examples = [column.example for column in COLUMNS]
    second = ["Zoë", "Dupont", "zoe.dupont@example.com", "Acme", "fr", *("" for _ in COLUMNS[5:])]
    lines = [",".join(column.name for column in COLUMNS), ",".join(examples), ",".join(second)]
    return "".join(line + "\r\n" for line in lines)
