"""Which header feeds which column: what is suggested, and what is wrong with a mapping a person gives."""

import csv
import io
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import AppError, Code, FieldError
from app.imports.columns import BY_NAME, COLUMNS, DEFAULTABLE, REQUIRED, template_csv
from app.imports.matching.headers import header_key, is_known_header, read_header
from app.imports.matching.mapping import CERTAIN, Suggestion, certain_columns, check_mapping, header_keys, suggest
from app.texts import languages

ALIASES = [(column.name, alias) for column in COLUMNS for aliases in column.aliases.values() for alias in aliases]
COMPLETE = ["first_name", "last_name", "email", "company"]


def _columns(*headers: str) -> list[str | None]:
    return [suggestion.column for suggestion in suggest(headers, [[] for _ in headers])]


# --- suggestions by header -------------------------------------------------------------------------------------------


def test_no_alias_is_claimed_by_two_columns() -> None:
    claims: dict[str, set[str]] = {}
    for name, alias in [*ALIASES, *((column.name, column.name) for column in COLUMNS)]:
        claims.setdefault(header_key(alias), set()).add(name)
    assert {key: names for key, names in claims.items() if len(names) > 1} == {}


def test_every_column_has_aliases_in_every_installed_language() -> None:
    assert all(set(languages()) <= set(column.aliases) for column in COLUMNS)


@pytest.mark.parametrize(("column", "alias"), ALIASES)
def test_an_alias_is_recognised_regardless_of_case_accents_and_punctuation(column: str, alias: str) -> None:
    bare = "".join(c for c in unicodedata.normalize("NFD", alias) if not unicodedata.combining(c))
    for header in (
        alias,
        alias.upper(),
        alias.title(),
        bare,
        unicodedata.normalize("NFD", alias),
        f"  {alias.replace(' ', '_')} * :",
        alias.replace(" ", "-"),
        alias.replace("'", "’"),
    ):
        assert _columns(header) == [column], header


def test_our_own_names_are_certain_and_aliases_nearly() -> None:
    assert suggest(["email", "E-Mail"], [[], []])[0] == Suggestion("email", "email", 1.0, "header")
    assert suggest(["E-Mail"], [[]])[0] == Suggestion("E-Mail", "email", 0.95, "header")


def test_the_headers_of_a_real_file_are_all_recognised() -> None:
    assert _columns("Prénom", "NOM", "Adresse e-mail", "Société", "Langue", "Groupes", "Équipe") == [
        "first_name",
        "last_name",
        "email",
        "company",
        "language",
        "student_groups",
        "team",
    ]
    assert _columns("Voornaam", "Achternaam", "E-mailadres", "Bedrijf", "Taal", "Klas", "Teamleider") == [
        "first_name",
        "last_name",
        "email",
        "company",
        "language",
        "student_groups",
        "team_leader",
    ]


def test_a_ligature_is_two_letters_in_capitals_too() -> None:
    assert header_key("Œuvre") == header_key("ŒUVRE") == header_key("oeuvre")


def test_a_column_is_suggested_once_and_the_first_of_two_equals_has_it_as_a_guess() -> None:
    suggestions = suggest(["Email", "E-mail"], [[], []])
    assert [found.column for found in suggestions] == ["email", None]
    assert suggestions[0].confidence < CERTAIN


@pytest.mark.parametrize(
    ("headers", "columns"),
    [
        (["E-mail privé", "E-mail pro"], [None, "email"]),
        (["Home Email", "Work Email"], [None, "email"]),
        (["E-mail 2 Address", "E-mail Address"], [None, "email"]),
        (["Privé e-mail", "E-mail werk", "E-mail leidinggevende"], [None, "email", "team_leader"]),
        (["Recovery Email", "Home Secondary Email", "Email Address [Required]"], [None, None, "email"]),
        (["Voornamen", "Roepnaam", "Achternaam"], [None, "first_name", "last_name"]),
        (["Preferred First Name", "Legal First Name", "Legal Last Name"], [None, "first_name", "last_name"]),
        (["Prénoms", "Prénom usuel", "Nom"], [None, "first_name", "last_name"]),
        (["cohort1", "group1"], [None, "student_groups"]),
    ],
)
def test_of_two_headers_the_surer_has_the_column(headers: list[str], columns: list[str | None]) -> None:
    assert _columns(*headers) == columns


@pytest.mark.parametrize(
    "header",
    ["password", "Mot de passe", "Wachtwoord", "admin", "is_admin", "role", "Rôle", "Rol", "state", "id", "platform"],
)
def test_headers_that_would_give_power_are_never_matched(header: str) -> None:
    assert not is_known_header(header)
    assert suggest([header], [["secret", "admin", "1"]]) == [Suggestion(header, None, 0.0, None)]


@pytest.mark.parametrize("header", ["", "  ", "?", "Column 3", "phone", "Group 2"])
def test_unknown_headers_stay_empty(header: str) -> None:
    assert _columns(header) == [None]


@given(st.lists(st.text(max_size=12) | st.sampled_from([alias for _, alias in ALIASES]), max_size=12))
@settings(max_examples=200, deadline=None)
def test_any_headers_get_one_suggestion_each_and_no_column_twice(headers: list[str]) -> None:
    suggestions = suggest(headers, [["a@example.com"] for _ in headers])
    assert [suggestion.header for suggestion in suggestions] == headers
    columns = [suggestion.column for suggestion in suggestions if suggestion.column]
    assert len(columns) == len(set(columns))
    assert set(columns) <= set(BY_NAME)


# --- whole files -----------------------------------------------------------------------------------------------------

# The headers of exports, and what each is; `=` and nothing: not imported.
EXPORTS = {
    "Microsoft 365, active users": """
        Block credential= | City= | Country/Region= | Department= | DirSyncEnabled= | Display name= | Fax=
        First name=first_name | Last dirsync time= | Last name=last_name | Last password change time stamp= | Licenses=
        Mobile Phone= | Oath token metadata= | Object Id= | Office= | Password never expires= | Phone number=
        Postal code= | Preferred data location= | Preferred language=language | Proxy addresses= | Release track=
        Soft deletion time stamp= | State= | Street address= | Strong password required= | Title= | Usage location=
        User principal name=email | When created=""",
    "Microsoft Entra, bulk create": """
        Name [displayName] Required= | User name [userPrincipalName] Required=email
        Initial password [passwordProfile] Required= | Block sign in (Yes/No) [accountEnabled] Required=
        First name [givenName]=first_name | Last name [surname]=last_name | Job title [jobTitle]=
        Department [department]= | Usage location [usageLocation]= | Mobile phone [mobile]=""",
    "Microsoft Entra, download": """
        userPrincipalName= | displayName= | surname=last_name | mail=email | givenName=first_name | id= | jobTitle=
        department= | accountEnabled= | usageLocation= | streetAddress= | companyName=company | creationType=""",
    "Google Workspace, users": """
        First Name [Required]=first_name | Last Name [Required]=last_name | Email Address [Required]=email
        Password [Required]= | Password Hash Function [UPLOAD ONLY]= | Org Unit Path [Required]=
        New Primary Email [UPLOAD ONLY]= | Status [READ ONLY]= | Last Sign In [READ ONLY]= | Recovery Email=
        Home Secondary Email= | Work Secondary Email= | Recovery Phone [MUST BE IN THE E.164 FORMAT]= | Work Phone=
        Home Phone= | Mobile Phone= | Work Address= | Home Address= | Employee ID= | Employee Type= | Employee Title=
        Manager Email=team_leader | Department= | Cost Center= | Building ID= | Floor Name= | Floor Section=
        Email Usage [READ ONLY]= | Drive Usage [READ ONLY]= | Change Password at Next Sign-In=""",
    "Google Contacts": """
        Name= | Given Name=first_name | Additional Name= | Family Name=last_name | Yomi Name= | Given Name Yomi=
        Notes= | Group Membership= | E-mail 1 - Type= | E-mail 1 - Value=email | E-mail 2 - Type= | E-mail 2 - Value=
        Phone 1 - Value= | Organization 1 - Type= | Organization 1 - Name=company | Organization 1 - Title=
        Labels=""",
    "Outlook, English": """
        Title= | First Name=first_name | Middle Name= | Last Name=last_name | Suffix= | Company=company | Department=
        Job Title= | Business Street= | Business Phone= | E-mail Address=email | E-mail Type= | E-mail Display Name=
        E-mail 2 Address= | Gender= | Language=language | Manager's Name= | Assistant's Name= | Spouse= | User 1=""",
    "Outlook, French": """
        Titre= | Prénom=first_name | Deuxième prénom= | Nom=last_name | Suffixe= | Société=company | Service=
        Fonction= | Adresse de messagerie=email | Type de messagerie= | Nom complet de l'adresse de messagerie=
        Langue=language | Téléphone mobile= | Nom du conjoint(e)= | Date de naissance= | Responsable= | Sexe=""",
    "Outlook, Dutch": """
        Titel= | Voornaam=first_name | Middelste naam= | Achternaam=last_name | Achtervoegsel= | Bedrijf=company
        Afdeling= | Functie= | E-mailadres=email | E-mailtype= | E-mail, weergegeven naam= | E-mailadres 2=
        Taal=language | Telefoon op werk= | Geslacht= | Naam assistent=""",
    "Workday": """
        Employee ID= | Worker= | Legal First Name=first_name | Legal Last Name=last_name | Preferred First Name=
        Email - Primary Work=email | Business Title= | Supervisory Organization= | Cost Center= | Company=company
        Location= | Manager= | Manager - Email=team_leader | Hire Date= | Worker Type=""",
    "SAP SuccessFactors": """
        STATUS= | USERID= | USERNAME= | FIRSTNAME=first_name | NICKNAME= | MI= | LASTNAME=last_name | SUFFIX= | TITLE=
        GENDER= | EMAIL=email | MANAGER= | HR= | DEPARTMENT= | JOBCODE= | DIVISION= | LOCATION= | TIMEZONE= | HIREDATE=
        EMPID= | BIZ_PHONE= | DEFAULT_LOCALE=language | MATRIX_MANAGER= | PROXY= | CUSTOM01=""",
    "BambooHR": """
        Employee #= | First Name=first_name | Last Name=last_name | Preferred Name= | Work Email=email | Home Email=
        Job Title= | Department= | Division= | Location= | Reporting to= | Supervisor Email=team_leader | Hire Date=""",
    "Moodle": """
        username= | password= | firstname=first_name | lastname=last_name | email=email | lang=language
        institution=company | department= | city= | country= | idnumber= | cohort1=student_groups | course1= | role1=
        type1= | profile_field_dob=""",
    "Moodle, French": """
        Prénom=first_name | Nom de famille=last_name | Adresse de courriel=email | Groupes=student_groups | Rôles=
        Dernier accès au cours=""",
    "Canvas": """
        user_id= | integration_id= | login_id= | password= | first_name=first_name | last_name=last_name | full_name=
        sortable_name= | short_name= | email=email | status= | pronouns= | declared_user_type=""",
    "AFAS": """
        Medewerker= | Naam= | Roepnaam=first_name | Voornamen= | Voorletters= | Voorvoegsel=name_prefix
        Achternaam=last_name | Geboortenaam= | Geboortedatum= | Geslacht= | E-mail werk=email | E-mail privé=
        Werkgever=company | Organisatorische eenheid= | Functie= | Afdeling= | Leidinggevende=""",
    "Personio, German": """
        Vorname=first_name | Nachname=last_name | E-Mail=email | Gesellschaft=company | Abteilung= | Team=team
        Standort= | Vorgesetzter= | Position= | Geschlecht= | Geburtsdatum=""",
    "ADP": """
        Payroll Name= | File Number= | Company Code= | Legal First Name=first_name | Legal Last Name=last_name
        Preferred or Chosen First Name= | Work Contact: Work Email=email | Reports To Legal Name= | Home Department=""",
    "an HR office in Brussels": """
        Matricule= | Nom / Naam=last_name | Prénom / Voornaam=first_name | E-mail=email | Société / Bedrijf=company
        Langue / Taal=language | Date de naissance / Geboortedatum= | NISS / INSZ= | Équipe / Team=team
        Responsable (e-mail)=team_leader""",
    "a form": """
        Horodatage= | Quel est votre prénom ?=first_name | Quel est votre nom de famille ?=last_name
        Votre adresse e-mail=email | Votre entreprise=company | Remarques=""",
    "an LMS with one name": "enabled= | name=first_name | last_name=last_name | email=email | companyName=company "
    "| cohortName=student_groups | languageCode=language | job_role= | region=",
}


@pytest.mark.parametrize("program", EXPORTS)
def test_the_headers_of_an_export_are_what_they_are(program: str) -> None:
    pairs = [cell.strip().split("=") for cell in EXPORTS[program].replace("\n", "|").split("|") if cell.strip()]
    expected = {header: column or None for header, column in pairs}
    assert dict(zip(expected, _columns(*expected), strict=True)) == expected


def test_a_file_whose_columns_are_certain_maps_itself() -> None:
    suggestions = suggest(["Prénom", "Nom", "Courriel", "Société", "E-mail privé", "Age"], [])
    assert certain_columns(suggestions, {}) == [*COMPLETE, None, None]


def test_a_default_stands_in_for_a_company_nobody_named() -> None:
    suggestions = suggest(["Voornaam", "Achternaam", "E-mail"], [])
    assert certain_columns(suggestions, {"company": "Acme"}) == COMPLETE[:3]
    with pytest.raises(AppError) as refused:
        certain_columns(suggestions, {})
    assert refused.value.code is Code.MAPPING_UNCERTAIN
    assert refused.value.fields == (FieldError("/columns", "column_uncertain", {"column": "company"}),)


def test_a_guess_is_not_certain() -> None:
    for headers in (["Email", "E-mail"], ["E-mail 2"], ["Company email"]):
        suggestions = suggest(["Voornaam", "Achternaam", "Bedrijf", *headers], [])
        assert "email" in [found.column for found in suggestions]
        with pytest.raises(AppError):
            certain_columns(suggestions, {})


def test_what_is_optional_and_uncertain_is_left_out_of_a_file_nobody_looks_at() -> None:
    suggestions = suggest(["Voornaam", "Achternaam", "E-mail", "Bedrijf", "Klas", "Groep"], [])
    assert suggestions[4].column == "student_groups"
    assert certain_columns(suggestions, {})[4] is None


# --- names in one column ---------------------------------------------------------------------------------------------

WHOLE = ["Jan Peeters", "Zoë van den Berg", "An D’hondt"]
SHOWN = ["Peeters, Jan", "VAN DEN BERG Zoë", "D’hondt, An"]


@pytest.mark.parametrize("header", ["Full name", "Nom complet", "Volledige naam", "Display name", "Prénom et nom"])
def test_a_whole_name_is_certain_where_the_header_says_so(header: str) -> None:
    found = suggest([header, "E-mail", "Company"], [WHOLE, [], []])
    assert (found[0].column, found[0].by) == ("full_name", "header")
    assert certain_columns(found, {}) == ["full_name", "email", "company"]


@pytest.mark.parametrize("header", ["Name", "Nom", "Naam", "Naam medewerker", "Nom de l'étudiant"])
def test_a_bare_name_is_a_whole_one_only_if_it_looks_like_it(header: str) -> None:
    assert suggest([header], [SHOWN])[0] == Suggestion(header, "full_name", read_header(header).confidence, "header")
    assert suggest([header], [WHOLE])[0] == Suggestion(header, "full_name", 0.7, "header")
    assert suggest([header], [["Peeters", "Berg", "D’hondt"]])[0].column is None


@pytest.mark.parametrize("header", ["Nom et prénom", "Naam en voornaam", "NOM Prénom", "Last name, first name"])
def test_a_header_that_puts_the_last_name_first_needs_values_that_show_which_it_is(header: str) -> None:
    assert suggest([header], [SHOWN])[0].column == "full_name"
    assert suggest([header], [["Peeters Jan", "Dupont Zoë", "Maes An"]])[0].column is None


def test_a_bare_name_beside_a_first_name_is_the_last_name() -> None:
    names = [["Jan", "Zoë"], ["Peeters", "van den Berg"]]
    assert [found.column for found in suggest(["Voornaam", "Naam"], names)] == ["first_name", "last_name"]
    assert [found.column for found in suggest(["Name", "Vorname"], names[::-1])] == ["last_name", "first_name"]


def test_a_name_that_repeats_the_first_name_is_not_the_last_name() -> None:
    assert [found.column for found in suggest(["Prénom", "Nom"], [["Jan"], ["Jan Peeters"]])] == ["first_name", None]


def test_no_whole_name_beside_its_parts() -> None:
    samples = [["Jan"], ["Peeters"], ["Jan Peeters"]]
    assert _columns("First name", "Last name", "Full name") == ["first_name", "last_name", None]
    assert [found.column for found in suggest(["First name", "Last name", "Name"], samples)][2] is None


# --- suggestions by values -------------------------------------------------------------------------------------------

ADDRESSES = ["jan@example.com", " zoe@example.com ", "an@example.org"]


def test_a_column_of_addresses_is_the_e_mail_column() -> None:
    suggestions = suggest(["Wie", "Waar", "Wo"], [["Jan"], ADDRESSES, ["Gent"]])
    assert suggestions[1] == Suggestion("Waar", "email", 0.8, "values")
    assert suggestions[0].column is suggestions[2].column is None


def test_a_login_that_is_an_address_will_do_where_there_is_no_other() -> None:
    assert suggest(["login_id", "naam"], [ADDRESSES, []])[0].column == "email"
    assert [found.column for found in suggest(["login_id", "E-mail"], [ADDRESSES, ADDRESSES])] == [None, "email"]


def test_values_bear_out_a_manager() -> None:
    for header in ("Manager", "Responsable", "Leidinggevende", "Supervisor"):
        assert suggest([header], [ADDRESSES])[0].column == "team_leader"
        assert suggest([header], [["Ann Maes"]])[0].column is None


def test_values_that_contradict_a_header_outvote_it_unless_the_name_is_ours() -> None:
    yes_and_no = ["ja", "nee", "ja"]
    assert [found.column for found in suggest(["E-mail?", "Adres"], [yes_and_no, ADDRESSES])] == [None, "email"]
    assert suggest(["email"], [yes_and_no])[0] == Suggestion("email", "email", 0.6, "header")
    assert suggest(["Company"], [ADDRESSES])[0].column != "company"
    assert suggest(["Voornaam"], [["1042", "1043"]])[0].column is None


def test_of_two_columns_of_addresses_neither_is_suggested() -> None:
    assert [found.column for found in suggest(["x", "y"], [ADDRESSES, ADDRESSES])] == [None, None]


@pytest.mark.parametrize("values", [[], ["", " "], ["jan@example.com", "Jan"], ["jan@example", "@x.y", "a b@c.d"]])
def test_values_that_are_not_nearly_all_addresses_suggest_nothing(values: list[str]) -> None:
    assert suggest(["x"], [values])[0].column is None


@pytest.mark.parametrize("values", [["Nederlands", "Français"], ["nl", "en", "fr"], ["nl-BE", "fr-BE"]])
def test_a_column_of_languages_is_the_language(values: list[str]) -> None:
    assert suggest(["x"], [values])[0] == Suggestion("x", "language", 0.7, "values")
    assert suggest(["Nationaliteit"], [values])[0].column is None


@pytest.mark.parametrize(
    "values", [["FR", "NL", "FR"], ["Nederlands"], ["Nederlands", "Gent"], ["no", "it"], ["FR/NL"] * 3]
)
def test_what_might_be_countries_or_words_is_no_language(values: list[str]) -> None:
    assert suggest(["x"], [values])[0].column is None


def test_lists_that_share_a_name_are_student_groups() -> None:
    values = ["Sales/Newcomers 2026", "Support", "Sales/Support", "Onthaal/Sales"]
    assert suggest(["x"], [values])[0] == Suggestion("x", "student_groups", 0.65, "values")


@pytest.mark.parametrize(
    "values",
    [
        ["12/01/2026", "12/02/2026", "13/01/2026"],
        ["https://a.example/b", "https://a.example/c", "https://a.example/d"],
        ["M/F", "F/M", "M/X"],
        ["/Sales/North", "/Sales/South", "/Sales/East"],
        ["Europe/Paris", "Europe/Amsterdam", "Europe/London"],
        ["Food", "Food/Fruit", "Food/Fish", "Food/Fruit/Apples"],
        ["Employé/ouvrier", "Employé/ouvrier", "Employé/ouvrier"],
        ["1/2", "1/3", "2/3"],
        ["Sales/North"],
    ],
)
def test_other_things_with_a_slash_are_no_student_groups(values: list[str]) -> None:
    assert suggest(["x"], [values])[0].column is None


# --- remembered ------------------------------------------------------------------------------------------------------


def test_what_was_chosen_is_suggested_again_whatever_the_headers_say() -> None:
    assert header_keys(["E-mail", "Notes", "Naam", "E-mail"]) == ["email", "notes", "naam", "email 2"]
    chosen = {"email": None, "notes": "label", "naam": "full_name", "email 2": "email"}
    suggestions = suggest(["NAAM", "E-mail", "e-mail", "Notes"], [], chosen)
    assert [found.column for found in suggestions] == ["full_name", None, "email", "label"]
    assert {(found.confidence, found.by) for found in suggestions} == {(1.0, "remembered")}


def test_our_own_two_headers_are_not_remembered() -> None:
    assert header_keys(["Line", "E-mail", "line", "problem"]) == ["line", "email", None, None]
    assert header_keys(["Line", "E-mail"]) == ["line", "email"]
    assert suggest(["E-mail", "line", "problem"], [], {"email": "email"})[1:] == [
        Suggestion("line", None, 0.0, None),
        Suggestion("problem", None, 0.0, None),
    ]


# --- a given mapping -------------------------------------------------------------------------------------------------


def test_a_complete_mapping_has_no_errors() -> None:
    assert check_mapping(COMPLETE, {}, ["a", "b", "c", "d"]) == []
    assert check_mapping([*COMPLETE, None, "team"], {}, list("abcdef")) == []


def test_the_mapping_must_say_something_about_every_header() -> None:
    assert check_mapping(COMPLETE, {}, ["a"]) == [
        FieldError("/columns", "mapping_length", {"given": 4, "expected": 1}),
    ]


def test_unknown_columns_are_named_with_their_place() -> None:
    assert check_mapping([*COMPLETE, "password"], {}, list("abcde")) == [
        FieldError("/columns/4", "unknown_column", {"column": "password", "columns": ", ".join(BY_NAME)}),
    ]


def test_a_column_fed_twice_is_named_with_the_header_that_has_it() -> None:
    assert check_mapping([*COMPLETE, "email"], {}, list("abcde")) == [
        FieldError("/columns/4", "column_twice", {"column": "email", "header": "c"}),
    ]


def test_a_full_name_feeds_both_of_its_parts_and_excludes_them() -> None:
    assert check_mapping(["full_name", "email", "company"], {}, list("abc")) == []
    errors = check_mapping(["full_name", "email", "company", "last_name"], {}, list("abcd"))
    assert errors == [FieldError("/columns/3", "column_twice", {"column": "full_name", "header": "a"})]
    errors = check_mapping(["first_name", "full_name", "email", "company"], {}, list("abcd"))
    assert errors == [FieldError("/columns/1", "column_twice", {"column": "first_name", "header": "a"})]


@pytest.mark.parametrize("column", REQUIRED)
def test_a_required_column_nothing_feeds_is_named(column: str) -> None:
    columns = [name if name != column else None for name in COMPLETE]
    assert check_mapping(columns, {}, list("abcd")) == [
        FieldError("/columns", "required_column_missing", {"column": column}),
    ]


def test_a_default_satisfies_a_required_column_but_not_an_empty_one() -> None:
    columns = ["first_name", "last_name", "email", None]
    assert check_mapping(columns, {"company": "Acme"}, list("abcd")) == []
    assert check_mapping(columns, {"company": ""}, list("abcd")) != []
    assert "company" in DEFAULTABLE


def test_all_errors_are_named_at_once() -> None:
    errors = check_mapping(["email", "email", "nonsense"], {}, list("abc"))
    assert [error.code for error in errors] == [
        "column_twice",
        "unknown_column",
        "required_column_missing",
        "required_column_missing",
        "required_column_missing",
    ]


# --- the template ----------------------------------------------------------------------------------------------------


def test_the_template_maps_itself() -> None:
    header, *people = csv.reader(io.StringIO(template_csv(), newline=""))
    suggestions = suggest(header, [[] for _ in header])
    assert [suggestion.column for suggestion in suggestions] == [column.name for column in COLUMNS]
    assert check_mapping([s.column for s in suggestions], {}, header) == []
    assert all(len(person) == len(header) for person in people)
