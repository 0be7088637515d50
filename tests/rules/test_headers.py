"""What headers people really write mean: several hundred of them, each by itself, right, misspelt and misleading.

Headers come from the exports and templates of the programs named beside them, and from what people type.
"""

import re
from collections.abc import Iterator

import pytest

from app.imports.matching.headers import is_known_header, read_header
from app.imports.matching.mapping import suggest

# One header per line or between bars. What a header by itself means, whatever stands beside it.
MEANT = {
    "first_name": """
        First name | First Name* | FIRST_NAME | firstName | FirstName | first-name | Given name | given_name
        GivenName | Forename | Firstname | FNAME | Name (first) | Name - First | First name (required)
        Employee first name | Employee's First Name | User first name | Student First Name | Your first name
        What is your first name? | First Name [Required] | First name [givenName] | Legal First Name
        Preferred First Name | First Name (Legal) | Preferred or Chosen First Name | Legal Name - First Name
        Worker First Name | Learner first name | VORNA | Prénom | PRENOM | prenom | Prénom * | Prénom : | Prénom(s)
        Prénoms | Prénom usuel | Prénom d'usage | Prénom de l'employé | Prénom de l’employé | Prénom du salarié
        Prénom de l'étudiant | Prénom collaborateur | Prénom du participant | Votre prénom | Quel est votre prénom ?
        Prénom (obligatoire) | Prénom de l'utilisateur | Prénom élève | Voornaam | VOORNAAM | voor_naam
        Voornaam medewerker | Voornaam (verplicht) | Je voornaam | Voornaam van de deelnemer | Voornaam leerling
        Roepnaam | Voornamen | Voornaam werknemer | Voornaam cursist | Vorname | Vornamen | Vorname Mitarbeiter
        Rufname | Voornaam / Prénom | First name/Prénom | Prénom/Voornaam | Prénom - First name
        Voornaam (zoals op het getuigschrift) | First name (as it should appear) | Frist name | First nam | Firstnme
        First naem | Fisrt name | Prénon | Preénom | Pernom | Vornaam | Voornaaam | Voornam | Voornaan | Vorrname
        Forname | Givven name""",
    "last_name": """
        Last name | LAST NAME | last_name | lastName | LastName | Surname | Family name | FamilyName | lname | Lastname
        Name (last) | Name - Last | Employee last name | Student Last Name | Your last name | Last Name [Required]
        Last name [surname] | Legal Last Name | Preferred Last Name | Legal Name - Last Name | Surname*
        Surname / family name | NACHN
        sn | Nom de famille | NOM DE FAMILLE | Nom de famille * | Nom d'usage | Nom usuel
        Nom patronymique | Nom de famille de l'employé | Nom de famille (obligatoire) | Votre nom de famille
        Patronyme | Achternaam | ACHTERNAAM | Achternaam * | Familienaam | Familienaam medewerker
        Achternaam (verplicht) | Achternaam van de deelnemer | Je achternaam | Geslachtsnaam | Achternaam leerling
        Nachname | Familienname | Nom de famille / Familienaam | Last name / Nom | Achternaam / Nom
        Surname (as on passport) | Last nam | Lastnmae | Last naem | Surnmae | Sirname | Nom de famile
        Nom de famillle | Achternam | Achternaan | Achernaam | Famielienaam | Familienam | Nachnahme | Nachnamen""",
    "email": """
        Email | E-mail | e-mail | E Mail | eMail | EMAIL | Mail | Email address | E-mail address | E-Mail Address*
        Email Address [Required] | emailAddress | EmailAddress | email_address | Work email | Work e-mail
        E-mail (work) | Work Email Address | Business email | Business E-mail Address | Corporate email
        Company e-mail | Office email | Primary email | Primary Work Email | Email - Primary Work | primaryWorkEmail
        Work Contact: Work Email | User principal name | UserPrincipalName | User name [userPrincipalName] Required
        User email | Employee email | Student email | Student e-mail address | Contact email | Your email address
        What is your email address? | Email address to invite [inviteeEmail] Required | E-mail 1 - Value | Email 1
        Email1 | E-mail: | Mail address | Email (login) | Login email | Home e-mail | Home email | Personal email
        Private e-mail | E-mail (private) | Email (personal) | Secondary email | Email 2 | E-mail 2 Address
        Alternate email | Other email | Recovery Email | Home Secondary Email | Work Secondary Email
        Electronic address | Electronic mail | USRID_LONG | Courriel | COURRIEL | Adresse courriel
        Adresse de courriel | Courriel professionnel | Courriel pro | Adresse électronique | Adresse electronique
        Adresse électronique professionnelle | Courrier électronique | Adresse e-mail | Adresse email | Adresse mail
        Adresse mail professionnelle | Mail professionnel | Mail pro | Email professionnel | E-mail pro
        E-mail professionnel | Adresse de messagerie | Adresse de messagerie (pro) | Mél | Mel | Mail
        Email de l'utilisateur | E-mail de l'employé | E-mail du participant | Votre e-mail | Votre adresse e-mail
        Quelle est votre adresse e-mail ? | E-mail privé | E-mail personnel | Courriel personnel | Mail perso
        Adresse e-mail privée | E-mail secondaire | Email de contact | E-mail de l'élève | Adresse mail du salarié
        Courriel (travail) | Adresse électronique (obligatoire) | E-mailadres | e-mailadres | Emailadres | E-mail adres
        Email adres | Mailadres | E-mailadres werk | E-mail werk | Werkmail | Werk e-mail | E-mail (werk)
        Zakelijk e-mailadres | Zakelijke e-mail | E-mail zakelijk | Bedrijfsmail | E-mailadres medewerker
        E-mail medewerker | E-mailadres van de deelnemer | Je e-mailadres | Uw e-mailadres | Wat is je e-mailadres?
        E-mailadres leerling | Privé e-mail | E-mail privé | E-mailadres privé | E-mail thuis | Privémail
        Elektronisch adres | E-mailadres (verplicht) | E-mailadres student | E-mailadres gebruiker | E-Mail-Adresse
        E-Mail Adresse | Mailadresse | E-Mail (dienstlich) | Dienstliche E-Mail | E-Mail privat | E-mail / Courriel
        E-mailadres / Adresse e-mail | Email/Courriel/E-mail | Emial | Emal address | E-mial | E-mail adress
        Email adresss | Eamil | Emaill | Courrriel | Couriel | Adresse electroniqe | Adresse éléctronique
        Adresse mial | Addresse e-mail | E-mailadress | Emaildres | E-mailaders | Emaliadres | Emailadddress
        Work emial""",
    "company": """
        Company | COMPANY | company_name | Company name | CompanyName | Company* | Name of company
        Company (legal name) | Organisation | Organization | Organisation name | Organization Name | organizationName
        Organization 1 - Name | Employer | Employer name | Account Name | Legal entity | Legal Entity Name | Institution
        Institution name | Main company | Name (company) | Employee company | Your company | What is your company?
        Company / Organisation | Société | SOCIETE | Nom de la société | Nom société | Entreprise | Nom de l'entreprise
        Nom de l’entreprise | Nom entreprise | Employeur | Nom de l'employeur | Établissement | Nom de l'établissement
        Raison sociale | Dénomination sociale | Entité juridique | Nom (société) | Votre entreprise | Organisme
        Nom de l'organisation | Société / Company | Société de l'employé | Entreprise (obligatoire) | Compagnie
        Nom de la compagnie | Bedrijf | BEDRIJF | Bedrijfsnaam | Naam bedrijf | Naam van het bedrijf | Bedrijf_Naam
        Organisatie | Naam organisatie | Naam van de organisatie | Organisatienaam | Firma | Firmanaam | Onderneming
        Naam onderneming | Werkgever | Naam werkgever | Instelling | Juridische entiteit | Bedrijf (verplicht)
        Je bedrijf | Uw organisatie | Bedrijf / Société | Bedrijf medewerker | Naam (bedrijf) | Unternehmen
        Firmenname | Gesellschaft | Arbeitgeber | Compagny | Compny | Company nmae | Organistion | Organizaton
        Organisaton name | Soceité | Sociéte | Enterprise | Entreprize | Etablisement | Raison socialle | Bedrif
        Bedrijfnaam | Organisaite | Ondermening | Werkgver""",
    "language": """
        Language | LANGUAGE | lang | Lang. | Language code | language_code | Preferred language | Preferred Language*
        PreferredLanguage | Platform language | User language | Language preference code | Locale | DEFAULT_LOCALE
        Default locale | Interface language | Language (en/fr/nl) | Language (EN, FR or NL) | Your language
        UI language | Display language | Communication language | Language of communication | Correspondence language
        Site language | Langue | LANGUE | Code langue | Langue préférée | Langue de la plateforme
        Langue de communication | Langue de correspondance | Langue de contact | Langue de l'utilisateur
        Langue (fr/nl/en) | Langue usuelle | Langue de l'interface | Votre langue | Langue principale | Langue / Taal
        Régime linguistique | Taal | TAAL | Taalcode | Voorkeurstaal | Platformtaal | Correspondentietaal
        Communicatietaal | Contacttaal | Taal van het platform | Taal medewerker | Taal gebruiker | Taal (nl/fr/en)
        Taal * | Taalrol | Taal / Langue | Sprache | Bevorzugte Sprache | Sprachcode | Langauge | Languge
        Prefered language | Langeu | Voorkeurtaal | Preferred langage code""",
    "student_groups": """
        Student groups | student_groups | StudentGroups | Student group | Groups | Group | GROUP | Group name
        group_name | Name of group | Class | Classes | Class name | User groups | Learner group | group1 | Cohort
        Cohorts | cohort1 | Groups (separated by /) | Student groups (optional) | Name (group) | Participant group
        Your group | Groupes d'étudiants | Groupe d’étudiants | Groupes | Groupe | GROUPE | Nom du groupe
        Nom de groupe | Classe | Classe de l'élève | Groupes (séparés par /) | Groupe(s) | Groupe d'apprenants
        Nom de la classe | Cohorte | Groupe de l'étudiant | Studentengroepen | Studentengroep | Groepen | Groep | GROEP
        Groepsnaam | Naam groep | Naam van de groep | Klas | Klassen | Klas leerling | Lesgroep | Klasgroep | Groep(en)
        Groep / Groupe | Leergroep | Gruppe | Gruppen | Klasse | Studnet groups | Student goups | Studentgroups
        Studentengroepn | Gruopes | Groepn | Groupes d'étudiant""",
    "label": """
        Label | LABEL | User label | user_label | User type | userType | Étiquette | Libellé | Type d'utilisateur
        Type utilisateur | Gebruikerslabel | Etiket | Gebruikerstype | Type gebruiker | Label (optional)
        Label utilisateur | Lable | Etiquete""",
    "team": """
        Team | TEAM | Team name | team_name | Name of team | Teams | Équipe | EQUIPE | Nom de l'équipe | Nom équipe
        Équipes | Teamnaam | Naam team | Naam van het team | Ploeg | Ploegnaam | Team (optional) | Team / Équipe
        Équipe du salarié | Team medewerker | Equippe | Equpie | Ploegg""",
    "team_leader": """
        Team leader | team_leader | TeamLeader | Teamleader | Team lead | Team manager | Leader email
        Team leader email | Team Leader E-mail Address | Team lead email | Manager email | Manager e-mail
        Manager's email | Email manager | Manager Email Address | Supervisor email | Line manager email
        Direct manager email | Email of manager | E-mail (manager) | Manager (email) | Manager - Email
        Email (team leader) | Chef d'équipe | Chef d’équipe | CHEF D'EQUIPE | Responsable d'équipe
        E-mail du chef d'équipe | Courriel du chef d'équipe | Email du responsable | E-mail responsable
        Courriel du responsable d'équipe | E-mail du manager | Mail du responsable | Adresse e-mail du responsable
        Chef d'équipe (e-mail) | Responsable hiérarchique (e-mail) | Email du supérieur hiérarchique | Teamleider
        TEAMLEIDER | Ploegleider | Teamverantwoordelijke | E-mail teamleider | E-mailadres teamleider
        Teamleider (e-mail) | E-mail leidinggevende | E-mailadres leidinggevende | Mail verantwoordelijke | Ploegbaas
        E-mail verantwoordelijke | Teamleiter | E-Mail Vorgesetzter | Teamledier | Teamlieder | Chef d'equippe
        Team laeder | Manger email""",
    "full_name": """
        Full name | FullName | full_name | Full Name* | Complete name | Display name | displayName | Formatted Name
        sortable_name | Name | NAME | Name* | Employee name | Student name | Participant name | Contact name
        Your name | Name [displayName] Required | First and last name | First name and surname | First & last name
        First/Last name | First name, last name | Name of employee | Full legal name | What is your name?
        Contact full name | Nom complet | NOM COMPLET | Prénom et nom | Prénom nom | Prénom + Nom
        Prénom Nom de famille | Nom du participant | Nom de l'étudiant | Nom de l'employé | Nom du salarié | Votre nom
        Nom de l'élève | Nom affiché | Nom complet * | Volledige naam | VOLLEDIGE NAAM | Voornaam en achternaam
        Voornaam + naam | Voornaam & familienaam | Voornaam en naam | Naam medewerker | Naam deelnemer
        Naam van de medewerker | Naam leerling | Weergavenaam | Vollständiger Name | Vorname und Nachname
        Mitarbeiter Name | Ful name | Fullname | Nom complte | Volledig naam | Voledige naam""",
}

# Nothing of ours, though much of it sounds like it.
NOT_MEANT = """
    Team leader name | Name of team leader | Nom du chef d'équipe | Naam teamleider | Naam leidinggevende
    Manager name | Nom du manager | Nom du responsable | Naam manager | Manager | MANAGER | Leidinggevende
    Responsable | Supervisor | Manager ID | Manager UID | Manager code | Reports to | Reporting to
    Reports To Legal Name | Chef | Leader | Boss | Group leader | Groepsleider | Chef de groupe | Chef de projet
    Project manager | Account manager | Klasverantwoordelijke | Class teacher | Group ID | Group code | Team ID
    Team size | Team e-mail | Email équipe | Team colour | Blood group | Groupe sanguin | Bloedgroep | Age group
    Groupe d'entreprises | Group Membership | Groupe de travail | Work group | Number | Nummer | Numéro | No. | N° | Nr
    Date | Day | Status | Statut | Statuut | State | Active | Enabled | Id | ID | Last login | Last Sign In [READ ONLY]
    Last modified time | Last day | First day | First aid | First contact | Last password change time stamp
    Last dirsync time | First | Last | Second name | Middle name | Middle Name | MI | Middle initial | Initials
    Initialen | Voorletters | Initiales | Deuxième prénom | Tweede voornaam | Middelste naam | Weitere Vornamen
    Prefix | Suffix | Achtervoegsel | Honorific Prefix
    Maiden name | Nom de naissance | Nom de jeune fille | Geboortenaam | Birth name | Nickname | Nick Name | Surnom
    Bijnaam | Short name | short_name | Alias | Given Yomi | Surname Yomi | Phonetic First Name | Yomi Name | Title
    Titel | Titre | Job title | Job Title | Fonction | Functie | Function | Salutation | Aanhef | Civilité | Username
    User name | username | USERNAME | Nom d'utilisateur | Gebruikersnaam | Benutzername | Login | login_id | User ID
    USERID | user_id | Identifiant | Identifiant de connexion | Inlognaam | SIS User ID | SIS Login ID | Account
    Mail sent | Email sent | Mail envoyé | E-mail verzonden | Email verified | Work Email Verified
    Email status | Email type | E-mail Type | E-mail 1 - Type | E-mail 1 - Label | Primary Email Type
    Type de messagerie | E-mail Display Name | Nom complet de l'adresse de messagerie | Email opt-in
    Email notifications | Email signature | Email domain | Email hash | Email count | Email Usage [READ ONLY]
    New Primary Email [UPLOAD ONLY] | Mailing list | Mailing address | Mailing street | Postal address | Address
    Adresse | Adres | Home address | Work address | Adresse pro | Adresse privée | Adresse du domicile
    Signature électronique | Courrier | Messagerie vocale | Proxy addresses | Parent email | Email parent
    E-mail ouder | E-mail des parents | Email tuteur | Emergency contact | Emergency email | Contact d'urgence
    Noodcontact | Spouse name | Naam partner | Teacher email | Email leerkracht | Email formateur | HR email
    E-mail RH | Assistant's Name | Billing email | E-mail facturation | Factuur e-mail | Support email | Coach | Mentor
    Mentor email | Trainer | Trainer name | Nom du formateur | Naam docent | Created by | Author name | Owner email
    Company code | Company ID | Company number | Company Main Phone | Company size | Company address | Company website
    Company language | Company Yomi | Numéro d'entreprise | Ondernemingsnummer | N° de société
    Adresse de l'entreprise | WerkgeverCode | Werkgevergroep | Supervisory Organization | Organization 1 - Title
    Organization Department | Organization 1 - Type | Org Unit Path [Required] | Organisatorische eenheid
    Business unit | Business Title | Entity | Department | Département | Departement | Afdeling | Dienst | Service
    Division | Abteilung | Cost Center | Kostenplaats | Location | Site | Office | Vestiging | Standort | Building ID
    Floor Name | Region | Country | Pays | Land | City | Ville | Klant | Klantnaam | Client | Passport number
    Nom du client | Customer name | Customer email | Supplier | Plaatsnaam | Straatnaam | Language school
    Native language | Mother tongue | Moedertaal | Langue maternelle | Second language | Language level | Taalniveau
    Niveau de langue | Course language | Programming language | Language test score | Local | Lokaal | Totaal | Total
    Type | Soort | Category | Catégorie | Employee Type | Employment Type | Worker type | Contract type
    Type de contrat | Course name | Nom du cours | Naam cursus | Project name | Nom du projet | File name | Event name
    Product name | Vaknaam | Schermnaam | Domain name | Nom de domaine | Street name | Hotel name | Course | Cours
    Cursus | Vak | Opleiding | Formation | School | École | Schoolnaam | Nom de l'école | Grade | Year | Année | Jaar
    Niveau | Level | Section | Studierichting | Student | Students | Employee | Employee # | Employee ID
    Employee number | Medewerker | Werknemer | Personeelsnummer | Matricule | Stamnummer | Participant | Contact
    Person | Persoon | Personne | Member since | Worker | Participant ID | Notes | Remarques | Opmerkingen | Comment
    Comments | Commentaire (email) | Comment (company) | Description | Tags | Licenses | Usage location | Object Id
    When created | Block credential | Preferred data location | Timestamp | Start time | Completion time | Horodatage
    Tijdstempel | Hire Date | Date d'entrée | Startdatum | End date | Datum
    Send invitation message (true or false) [sendEmail] | Redirection url [inviteRedirectURL] Required | Photo | URL
    Website | line | problem | Column 1 | Kolom A | Unnamed: 0 | x | ? | - | # | Header | Reader | Loader | Price
    Courrier postal | pronouns | declared_user_type | integration_id | Custom01 | MATRIX_MANAGER | TIMEZONE | PERNR
    Payroll Name | Childs name | Kind | Enfant | Legal name of parent | Preferred name | Group email | E-mail groupe
    Class size | Labels"""

# What gives power, opens doors or is nobody's business: not by a slip, not by values, not by what stands beside it.
NEVER_MEANT = """
    password | Password | PASSWORD | Password [Required] | Initial password [passwordProfile] Required | Pasword
    Passwort | Password Hash Function [UPLOAD ONLY] | user_password | Mot de passe | mot de passe provisoire | MDP
    Wachtwoord | Wachtwoord e-mail | Email password | Mot de passe mail | pwd | Passwd | Kennwort | passphrase
    wachtwoordhash | Secret | API key | api_token | Token | Access token | PIN | PIN code | OTP | admin | Admin
    is_admin | isAdmin | Administrator | Admin email | Email admin | Administrateur | Beheerder | Superuser | role
    Role | Roles | Rôle | Rôles | ROL | Rol | Rollen | User role | Rôle de l'utilisateur | Rol gebruiker | role1
    Rôle (label) | Team role | Permissions | Permission | Droits | Droits d'accès | Rechten | Machtigingen | Privileges
    Scope | ACL | Salary | Salaire | Salaire brut | Loon | Brutoloon salaris | IBAN | BIC | Bank account
    Rekeningnummer bank | Birth date | Date of birth | DOB | Birthday | Date de naissance | Lieu de naissance
    Geboortedatum | Geboorteplaats | Geburtsdatum | Verjaardag | Age | Leeftijd | Phone | Phone 1 - Value
    Mobile Phone | Telephone | Téléphone | Tél. | Telefoon | Telefoonnummer | GSM | Mobiel | Portable | Fax
    Telefonnummer | Gender | Sex | Sexe | Genre | Geslacht | Geschlecht | SSN | NISS | INSZ | BSN | Rijksregisternummer
    Nationality | Nationalité | Nationaliteit | Recovery Phone [MUST BE IN THE E.164 FORMAT]"""


def _each(table: str) -> list[str]:
    return [header.strip() for header in table.replace("\n", "|").split("|") if header.strip()]


def _cases() -> list[tuple[str, str]]:
    return [(header, column) for column, table in MEANT.items() for header in _each(table)]


@pytest.mark.parametrize(("header", "column"), _cases())
def test_a_header_means_its_column(header: str, column: str) -> None:
    found = suggest([header], [])[0]
    assert (found.column, found.by) == (column, "header")


@pytest.mark.parametrize("header", _each(NOT_MEANT))
def test_a_header_that_only_sounds_like_a_column_stays_empty(header: str) -> None:
    assert suggest([header], [])[0].column is None


@pytest.mark.parametrize("header", _each(NEVER_MEANT))
def test_what_gives_power_is_never_matched(header: str) -> None:
    values = [
        ["jan@example.com", "zoe@example.com"],
        ["Nederlands", "Français"],
        ["Sales/North", "Sales/South", "Sales/A B"],
    ]
    assert [suggest([header], [column])[0].column for column in values] == [None, None, None]
    assert not is_known_header(header)
    assert read_header(header).is_barred


def _slips(header: str) -> Iterator[str]:
    """A header with one slip in a word: a letter missing, doubled, wrong, or two the wrong way round."""
    for word in re.finditer(r"[^\W\d_]{6,}", header):
        for at in range(word.start() + 1, word.end() - 1):
            before, letter, after = header[:at], header[at], header[at + 1 :]
            yield before + after
            yield before + letter + letter + after
            yield before + "x" + after
            yield before + after[0] + letter + after[1:]


def test_a_slip_of_the_pen_turns_no_column_into_another() -> None:
    turned = {}
    seen = understood = 0
    for header, column in _cases():
        for slip in _slips(header):
            found = suggest([slip], [])[0].column
            seen += 1
            understood += found == column
            if found not in (column, None):
                turned[slip] = (column, found)
    assert turned == {}
    assert understood > 0.85 * seen > 10_000


def test_a_slip_of_the_pen_makes_no_column_of_what_is_none() -> None:
    slips = [slip for header in _each(NOT_MEANT) for slip in _slips(header)]
    assert len(slips) > 5_000
    assert {slip for slip in slips if suggest([slip], [])[0].column} == set()


def test_a_slip_of_the_pen_opens_no_door() -> None:
    slips = [slip for header in _each(NEVER_MEANT) for slip in _slips(header)]
    assert len(slips) > 1_000
    assert {slip for slip in slips if suggest([slip], [])[0].column} == set()
