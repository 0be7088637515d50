"""Writes the files of this folder as the programs named in README.md would: encodings, quotes, line ends and all.

Run by hand: `python tests/files/make_files.py`. The same bytes every time; never holds a real person's data.
"""

import random
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

HERE = Path(__file__).parent
SEED = 2026

COMPANIES = {
    "boulangerie": ("Boulangerie Saint-Géry", "gery.example.com", ("Accueil 2026", "Hygiène", "Vente")),
    "clinique": ("Clinique des Tilleuls", "tilleuls.example.org", ("Accueil 2026", "Premiers secours", "Hygiène")),
    "garage": ("Piérard; Fils & Cie", "pierard.example.net", ("Accueil 2026", "Sécurité")),
    "atelier": ("Atelier Lefèvre & Sœurs", "lefevre.example.com", ("Sécurité", "Premiers secours", "Vente")),
}

# Who leads which team: some stand further down the file than their people, one is nowhere to be found.
LEADERS = {
    "Fournil": "b.lefevre@gery.example.com",
    "Comptoir": "c.detry@gery.example.com",
    "Équipe de nuit": "h.coeurdevey@tilleuls.example.org",
    "Urgences": "direction@tilleuls.example.org",
    "Menuiserie": "e.charlier@lefevre.example.com",
}

# First name, last name, company, language (empty: the default of the import), team.
FRENCH_OFFICE = (
    ("Aurélie", "Vanderlinden", "boulangerie", "nl", "Fournil"),
    ("François", "Delacroix", "boulangerie", "fr", "Fournil"),
    ("Chloé", "Mertens", "boulangerie", "", "Comptoir"),
    ("Théo", "Dubois-Marchal", "boulangerie", "fr", "Comptoir"),
    ("Maïté", "De Smet", "boulangerie", "nl", "Comptoir"),
    ("Noël", "Peeters", "boulangerie", "fr", "Fournil"),
    ("Gaëlle", "Saint-Amand", "boulangerie", "fr", ""),
    ("Loïc", "Van den Broeck", "boulangerie", "nl", "Fournil"),
    ("Inès", "Benali", "boulangerie", "", "Comptoir"),
    ("Rémi", "L’Hoëst", "boulangerie", "fr", "Fournil"),
    ("Clémence", "Detry", "boulangerie", "fr", "Comptoir"),
    ("Léa", "Grosjean", "boulangerie", "en", ""),
    ("Benoît", "Lefèvre", "boulangerie", "fr", "Fournil"),
    ("Jérôme", "D’Haene", "clinique", "nl", "Urgences"),
    ("Anaïs", "Geerts", "clinique", "nl", "Équipe de nuit"),
    ("Raphaël", "Nguyen", "clinique", "fr", "Urgences"),
    ("Élise", "Wauters", "clinique", "", "Équipe de nuit"),
    ("Cédric", "Thiéry", "clinique", "fr", ""),
    ("Océane", "Lemaître", "clinique", "fr", "Équipe de nuit"),
    ("Célestin", "Mbuyi", "clinique", "fr", "Urgences"),
    ("Solène", "Hubert", "clinique", "", ""),
    ("Mehdi", "El Amrani", "clinique", "en", "Urgences"),
    ("Agnès", "Collignon", "clinique", "fr", "Équipe de nuit"),
    ("Stéphane", "Goossens", "clinique", "nl", ""),
    ("Hélène", "Cœurdevey", "clinique", "fr", "Équipe de nuit"),
    ("Valérie", "Lacroix", "clinique", "fr", ""),
    ("Joëlle", "Sprimont", "clinique", "", "Urgences"),
    ("Gérald", "Piérard", "garage", "fr", ""),
    ("Dirk", "Claes", "atelier", "nl", "Menuiserie"),
    ("Grégoire", "Tassin", "atelier", "fr", "Menuiserie"),
    ("Lætitia", "Maréchal", "atelier", "fr", ""),
    ("Sébastien", "Jadot", "atelier", "", "Menuiserie"),
    ("Bérénice", "Hallaux", "atelier", "fr", ""),
    ("Thaïs", "Brébart", "atelier", "en", "Menuiserie"),
    ("Hervé", "Quinaux", "atelier", "fr", ""),
    ("Édouard", "Charlier", "atelier", "fr", "Menuiserie"),
    ("Joris", "Vermeulen", "atelier", "nl", ""),
    ("Fatima", "Ouali", "atelier", "fr", ""),
    ("Jean-Noël", "Crahay", "atelier", "", ""),
)


def address(first: str, last: str, domain: str) -> str:
    """`h.coeurdevey@…`: a name without accents, blanks and apostrophes, at a domain."""
    name = f"{first}.{last}".casefold().replace("œ", "oe").replace("æ", "ae")
    plain = unicodedata.normalize("NFKD", name)
    kept = "".join(
        character for character in plain if character.isascii() and (character.isalnum() or character in ".-")
    )
    return f"{kept}@{domain}"


def line(cells: Sequence[str], delimiter: str, *, quote_all: bool = False) -> str:
    """A line as office programs write it: quotes where a cell needs them, or around all that is filled."""
    return delimiter.join(
        '"' + cell.replace('"', '""') + '"'
        if quote_all or any(special in cell for special in (delimiter, '"', "\r", "\n"))
        else cell
        for cell in cells
    )


def write(name: str, lines: Iterable[str], *, encoding: str, end: str = "\r\n") -> None:
    """The bytes, exactly."""
    (HERE / name).write_bytes("".join(one + end for one in lines).encode(encoding))


def french_office() -> None:
    """Excel in French, on Windows, with everything that people do to lists."""
    chance = random.Random(SEED)  # noqa: S311 not a secret
    rows = [["Prénom", "Nom", "Courriel", "Société", "Langue", "Groupes", "Équipe", "Chef d’équipe"]]
    for first, last, key, language, team in FRENCH_OFFICE:
        company, domain, groups = COMPANIES[key]
        chosen = sorted(chance.sample(groups, chance.choice((0, 1, 1, 2))), key=groups.index)
        email = address(first[0], last, domain)
        leader = LEADERS.get(team, "")
        rows.append([first, last, email, company, language, "/".join(chosen), team, "" if leader == email else leader])
    lines = [line(row, ";") for row in rows]
    lines.insert(14, ";;;;;;;")  # an empty row between two companies
    lines.insert(24, "Luc;Vandenbossche;l.vandenbossche(at)tilleuls.example.org;Clinique des Tilleuls;fr;;;")
    lines.insert(32, "Giulia;Ferrante;g.ferrante@lefevre.example.com;Atelier Lefèvre & Sœurs;italien;;;")
    lines.insert(38, "CHLOÉ;MERTENS;C.Mertens@Gery.example.com;Boulangerie Saint-Géry;;Vente;;")  # again
    lines.append("Mégane;Libert;m.libert@lefevre.example.com;Atelier Lefèvre & Sœurs")  # cells are missing
    write("french_office.csv", lines, encoding="cp1252")


def dutch_hr() -> None:
    """The export of a Dutch HR system: UTF-8 with a byte order mark, and a number of its own per person."""
    header = ("Personeelsnummer", "Voornaam", "Achternaam", "E-mailadres", "Bedrijf", "Taal", "Groepen", "Label")
    people = (
        ("Sanne", "de Vries", "nl", "Veiligheid"),
        ("Daan", "van der Heijden", "nl", "Veiligheid/Onthaal"),
        ("Fleur", "Jansen-Bakker", "NL", "Onthaal"),
        ("IJsbrand", "Zijlstra", "nl", ""),
        ("Zoë", "Çelik", "en", "Onthaal"),
        ("Jürgen", "Müller", "", "Veiligheid"),
        ("Anouk", "in ’t Veld", "nl", "Veiligheid / Leidinggevenden"),
        ("Thijs", "Łukasik", "nl", "Onthaal"),
        ("Noor", "van den Bergh", "fr", ""),
        ("Renée", "Smit", "nl", "Leidinggevenden"),
    )
    rows = [(*header, "Team", "Teamleider")]
    for number, (first, last, language, groups) in enumerate(people, 10_417):
        email = address(first[0], last.split()[-1].replace("Ł", "L"), "havenlogistiek.example.com")
        team, label = ("Kade 4", "Medewerker") if number % 2 else ("Planning", "Uitzendkracht")
        leader = "r.smit@havenlogistiek.example.com" if team == "Planning" else "a.veld@havenlogistiek.example.com"
        company = "Havenlogistiek Noord B.V."
        rows.append((str(number), first, last, email, company, language, groups, label, team, leader))
    write("dutch_hr.csv", (line(row, ";") for row in rows), encoding="utf-8-sig")


def google_sheet() -> None:
    """Google Sheets, downloaded as CSV: commas; quotes where needed; line breaks inside cells as LF."""
    rows = (
        ("Timestamp", "First name", "Last name", "Email", "Company", "Groups", "Notes"),
        ("12/01/2026 09:14:02", "Ann", "O’Connor", "ann.oconnor@example.com", "Acme, Inc.", "Sales", "Starts Monday"),
        ("12/01/2026 09:20:45", "Ravi", "Chaudhuri", "ravi.c@example.com", "Acme, Inc.", "", "Desk 4\nneeds a badge"),
        ("13/01/2026 11:02:10", "Siân", "Llewellyn", "sian@example.org", "Fjord Ltd", "Sales/Support", ""),
        ("13/01/2026 16:48:59", "Søren", "Kjær", "soren.kjaer@example.org", "Fjord Ltd", "Support", 'Says "call me"'),
        ("14/01/2026 08:01:33", "Marta", "Nowak", "marta.nowak@example.net", "Acme, Inc.", "", "One\n\nTwo\nThree"),
        ("14/01/2026 08:03:12", "Ann", "O’Connor", "Ann.OConnor@example.com", "Acme, Inc.", "", "Sent the form twice"),
    )
    write("google_sheet.csv", (line(row, ",") for row in rows), encoding="utf-8")


def excel_sep() -> None:
    """What tools write that are made to be opened in Excel: a first line tells Excel the delimiter."""
    rows = (
        ("E-mail", "First name", "Surname", "Organisation", "Language", "Team", "Manager e-mail"),
        ("petra.kovac@example.com", "Petra", "Kovač", "Nordlicht GmbH", "en", "Berlin", "jonas.weiss@example.com"),
        ("jonas.weiss@example.com", "Jonas", "Weiß", "Nordlicht GmbH", "en", "Berlin", ""),
        ("amelie.roy@example.com", "Amélie", "Roy", "Nordlicht GmbH", "fr", "Lyon", "amelie.roy@example.com"),
        ("tom.baker@example.com", "Tom", "Baker", "Nordlicht GmbH", "", "Lyon", "amelie.roy@example.com"),
    )
    write("excel_sep.csv", ["sep=;", *(line(row, ";") for row in rows)], encoding="utf-8-sig")


def tabs() -> None:
    """Excel on Windows, “Text (Tab delimited)”: quotes around cells with commas, though no comma separates here."""
    rows = (
        ("Nom", "Prénom", "Adresse e-mail", "Entreprise", "Classe", "Date d’entrée"),
        ("Zoltek", "Agnès", "agnes.zoltek@example.com", "Dupré, Hamel & Cie", "A1", "05/01/2026"),
        ("Le Goff", "Yannick", "yannick.legoff@example.com", "Dupré, Hamel & Cie", "A1/B2", "05/01/2026"),
        ("Nuñez", "Iván", "ivan.nunez@example.com", "Dupré, Hamel & Cie", "", "12/01/2026"),
        ("Sørensen", "Åse", "ase.sorensen@example.com", "Dupré, Hamel & Cie", "B2", ""),
    )
    lines = ("\t".join(f'"{cell}"' if "," in cell else cell for cell in row) for row in rows)
    write("tabs.txt", lines, encoding="cp1252")


def pipes() -> None:
    """A nightly dump from a database on Unix: pipes, LF, headers as the database names them."""
    rows = (
        ("id", "fname", "lname", "mail", "organization", "locale", "classes", "user_type"),
        ("8841", "Aoife", "Ní Bhriain", "aoife.nibhriain@example.com", "Stonebridge", "en", "Induction", "staff"),
        ("8842", "João", "Conceição", "joao@example.com", "Stonebridge", "fr", "Induction/First aid", "staff"),
        ("8843", "Ọlá", "Adéyẹmí", "ola.adeyemi@example.com", "Stonebridge", "en", "", "trainer"),
        ("8844", "Wei", "李", "wei.li@example.com", "Stonebridge", "", "First aid", "staff"),
        ("8845", "", "Rossi", "rossi@example.com", "Stonebridge", "en", "", "staff"),
    )
    write("pipes.csv", (line(row, "|") for row in rows), encoding="utf-8", end="\n")


def libreoffice() -> None:
    """LibreOffice Calc with “Quote all text cells”: UTF-8, commas, LF; columns left empty at the right."""
    rows = (
        ("Voornaam", "Familienaam", "E-mail", "Organisatie", "Ploeg", "Ploegleider", "", ""),
        ("Griet", "Van Hoof", "griet.vanhoof@example.com", "De Zonnebloem vzw", "Keuken", "", "", ""),
        (
            "Lotte",
            "Aerts",
            "lotte.aerts@example.com",
            'De Zonnebloem vzw "Zuid"',
            "Keuken",
            "griet.vanhoof@example.com",
            "",
            "",
        ),
        ("Björn", "D’hondt", "bjorn.dhondt@example.com", "De Zonnebloem vzw", "", "", "", ""),
        ("", "", "", "", "", "", "", ""),
    )
    lines = (",".join(line([cell], ",", quote_all=True) if cell else "" for cell in row) for row in rows)
    write("libreoffice.csv", lines, encoding="utf-8", end="\n")


def main() -> None:
    """All of them."""
    for make in (french_office, dutch_hr, google_sheet, excel_sep, tabs, pipes, libreoffice):
        make()


if __name__ == "__main__":
    main()
