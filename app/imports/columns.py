"""The importable columns, declared once: names, what people call them, examples, and the row they form. Pure.

To add a column: add it here (and store it in imports/commit); mapping, template, help and checks follow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from app.invitations.fields import AddressText, CellText, PersonName, ShortCode, Title

GROUP_SEPARATOR: Final = "/"


class Row(TypedDict, total=False):
    """A row as it enters: our columns, text stripped and free of control characters. Checked one at a time."""

    first_name: PersonName
    last_name: PersonName
    email: AddressText
    company: Title
    language: ShortCode
    student_groups: CellText
    label: Title
    team: Title
    team_leader: AddressText


ROW: Final[TypeAdapter[Row]] = TypeAdapter(Row)


@dataclass(frozen=True, slots=True)
class Column:
    """One of our columns. `aliases`: headers people give it, by language; `example`: for the template and the help."""

    name: str
    required: bool
    example: str
    aliases: Mapping[str, tuple[str, ...]]
    default: bool = False
    """Whether an import may carry a default for it."""


COLUMNS: Final[tuple[Column, ...]] = (
    Column(
        "first_name",
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
        True,
        "jan.peeters@example.com",
        {
            "en": ("email", "e-mail", "email address", "e-mail address", "mail", "work email", "business email"),
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
                "employer",
            ),
            "fr": ("société", "entreprise", "organisation", "nom de la société", "employeur", "établissement"),
            "nl": ("bedrijf", "organisatie", "bedrijfsnaam", "firma", "onderneming", "werkgever"),
        },
        default=True,
    ),
    Column(
        "language",
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


def template_csv() -> str:
    """The sample file: a header and two people, the second with the optional cells empty."""
    examples = [column.example for column in COLUMNS]
    second = ["Zoë", "Dupont", "zoe.dupont@example.com", "Acme", "fr", *("" for _ in COLUMNS[5:])]
    lines = [",".join(column.name for column in COLUMNS), ",".join(examples), ",".join(second)]
    return "".join(line + "\r\n" for line in lines)
