"""The importable columns, declared once: names, what may stand in them, what people call them, examples. Pure.

To add a column: add it here (and store it in imports/commit); mapping, template, help and checks follow.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, get_args

from pydantic import StringConstraints, TypeAdapter

from app.invitations.fields import AddressText, CellText, PersonName, ShortCode, Title

GROUP_SEPARATOR: Final = "/"
OUR_HEADERS: Final = ("line", "problem")
"""The last two headers of a file of rejected rows."""
FULL_NAME: Final = "full_name"
"""A pseudo column: a cell with first and last name in one, which full_name splits."""
NAME_PREFIX: Final = "name_prefix"
"""A pseudo column: what stands before the last name in a cell of its own, as Dutch systems keep it (`van der`)."""


@dataclass(frozen=True, slots=True)
class Column:
    """One of our columns. `aliases`: headers people give it, by language; `example`: for the template and the help."""

    name: str
    text: Any
    """The type of a cell's text (invitations/fields): what may stand in it."""
    required: bool
    example: str
    aliases: Mapping[str, Sequence[str]]
    default: bool = False
    """Whether an import may carry a default for it."""
    feeds: tuple[str, ...] = ()
    """The columns it stands for: it fills them, and none of them may be fed besides."""


def _headers(**by_language: str) -> Mapping[str, tuple[str, ...]]:
    return {language: tuple(text.split("; ")) for language, text in by_language.items()}


COLUMNS: Final[tuple[Column, ...]] = (
    Column(
        "first_name",
        PersonName,
        True,
        "Jan",
        _headers(
            en="first name; given name; forename; name first; fname; legal first name",
            fr="prénom; prénom d'usage",
            nl="voornaam; voornaam deelnemer",
        ),
    ),
    Column(
        "last_name",
        PersonName,
        True,
        "Peeters",
        _headers(
            en="last name; surname; family name; name last; lname; legal last name",
            fr="nom; nom de famille; nom usuel; nom d'usage; nom patronymique",
            nl="achternaam; familienaam; naam; geslachtsnaam",
        ),
    ),
    Column(
        "email",
        AddressText,
        True,
        "jan.peeters@example.com",
        _headers(
            en="email; email address; mail; work email; business email; corporate email; primary email; "
            "email primary work; primary work email; e-mail 1 - value; usrid_long",
            fr="courriel; adresse courriel; adresse de courriel; adresse électronique; courrier électronique; "
            "adresse e-mail; adresse mail; adresse de messagerie; mél; mail professionnel; e-mail professionnel; "
            "courriel professionnel; adresse mail professionnelle",
            nl="e-mailadres; mailadres; e-mail adres; werkmail; e-mail werk; zakelijk e-mailadres; elektronisch adres",
        ),
    ),
    Column(
        "company",
        Title,
        True,
        "Acme",
        _headers(
            en="company; organisation; organization; company name; organisation name; organization name; "
            "organization 1 - name; employer; legal entity; institution",
            fr="société; entreprise; organisation; nom de la société; nom de l'entreprise; employeur; établissement; "
            "raison sociale; dénomination sociale; entité juridique; organisme",
            nl="bedrijf; organisatie; bedrijfsnaam; naam bedrijf; firma; onderneming; werkgever; instelling; "
            "juridische entiteit",
        ),
        default=True,
    ),
    Column(
        "language",
        ShortCode,
        False,
        "nl",
        _headers(
            en="language; lang; platform language; preferred language; language code; locale; default locale; sprsl",
            fr="langue; code langue; langue préférée; langue de la plateforme; langue de correspondance; "
            "langue de communication; régime linguistique",
            nl="taal; taalcode; voorkeurstaal; platformtaal; correspondentietaal; taal van het platform; taalrol",
        ),
        default=True,
    ),
    Column(
        "student_groups",
        CellText,
        False,
        "Sales/Newcomers 2026",
        _headers(
            en="student groups; student group; groups; group; classes; class; group name",
            fr="groupes d'étudiants; groupe d'étudiants; groupes; groupe; classes; classe; nom du groupe",
            nl="studentengroepen; studentengroep; groepen; groep; klassen; klas; groepsnaam",
        ),
        default=True,
    ),
    Column(
        "label",
        Title,
        False,
        "Employee",
        _headers(
            en="label; user label; user type",
            fr="label; étiquette; libellé; type d'utilisateur",
            nl="label; gebruikerslabel; etiket; gebruikerstype; type gebruiker",
        ),
        default=True,
    ),
    Column(
        "team",
        Title,
        False,
        "Antwerp",
        _headers(
            en="team; team name; teams",
            fr="équipe; nom de l'équipe; équipes",
            nl="team; teamnaam; naam team; ploeg",
        ),
        default=True,
    ),
    Column(
        "team_leader",
        AddressText,
        False,
        "ann.maes@example.com",
        _headers(
            en="team leader; team lead; leader email; team leader email; team lead email; manager email; "
            "supervisor email; line manager email",
            fr="chef d'équipe; responsable d'équipe; courriel du chef d'équipe; e-mail du chef d'équipe; "
            "e-mail du responsable; courriel du responsable",
            nl="teamleider; ploegleider; teamverantwoordelijke; e-mail teamleider; e-mail leidinggevende; "
            "e-mailadres leidinggevende",
        ),
    ),
)
MAPPABLE: Final[tuple[Column, ...]] = (
    *COLUMNS,
    Column(
        FULL_NAME,
        Title,
        False,
        "Jan Peeters",
        _headers(
            en="full name; name; display name; complete name; formatted name; sortable name",
            fr="nom complet; prénom et nom; nom affiché",
            nl="volledige naam; voornaam en achternaam; voornaam en naam; weergavenaam",
        ),
        feeds=("first_name", "last_name"),
    ),
    Column(
        NAME_PREFIX,
        PersonName,
        False,
        "van der",
        _headers(
            en="last name prefix; surname prefix; name infix; infix",
            fr="particule; particule du nom",
            nl="tussenvoegsel; tussenvoegsels; voorvoegsel; voorvoegsels; tussenv.; tussenvoegsel achternaam",
        ),
    ),
)
"""What a header may be matched onto: our columns, what stands for several of them, and what is a part of one."""

BY_NAME: Final[Mapping[str, Column]] = {column.name: column for column in MAPPABLE}
REQUIRED: Final[tuple[str, ...]] = tuple(column.name for column in COLUMNS if column.required)
DEFAULTABLE: Final[tuple[str, ...]] = tuple(column.name for column in COLUMNS if column.default)


@lru_cache(maxsize=256)
def texts_of(columns: tuple[str, ...]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """What makes texts of the cells that feed these columns: stripped, not too long, without control characters.

    It takes one row's cells and raises pydantic's ValidationError, whose places are positions.
    """
    types = tuple(BY_NAME[column].text for column in columns)
    adapter: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[types])  # type: ignore[valid-type] # made at run time
    return adapter.validator.validate_python  # the core's own: a fifth of the time is the wrapper's


@lru_cache
def column_texts_of(column: str) -> Callable[[Sequence[str]], list[str]]:
    """`texts_of` for the cells of many rows that feed one column; places are positions among them."""
    text = BY_NAME[column].text
    adapter: TypeAdapter[list[str]] = TypeAdapter(list[text])  # type: ignore[valid-type] # made at run time
    return adapter.validator.validate_python


@lru_cache
def longest_text(column: str) -> int:
    """How many characters a column's texts may have."""
    (limit,) = (found.max_length for found in get_args(BY_NAME[column].text) if isinstance(found, StringConstraints))
    return int(limit or 0)


def template_csv() -> str:
    """The sample file: a header and two people, the second with the optional cells empty."""
    examples = [column.example for column in COLUMNS]
    second = ["Zoë", "Dupont", "zoe.dupont@example.com", "Acme", "fr", *("" for _ in COLUMNS[5:])]
    lines = [",".join(column.name for column in COLUMNS), ",".join(examples), ",".join(second)]
    return "".join(line + "\r\n" for line in lines)
