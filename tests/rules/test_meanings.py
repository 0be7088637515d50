"""What people mean by a text: languages in many spellings, slips in mail domains, names close to known ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.imports.meanings import domain_suggestion, language_code, language_of, near_name

INSTALLED = ("en", "fr", "nl")

# --- languages -------------------------------------------------------------------------------------------------------

LANGUAGES = {
    "nl": """
        nl | NL | Nl | nl-BE | NL-be | nl_BE | nl-NL | nld | dut | NLD | Dutch | DUTCH | Nederlands | nederlands
        néerlandais | Néerlandais | NEERLANDAIS | Niederländisch | Flemish | Vlaams | flamand | Nederlands (België)
        Dutch (Netherlands) | Néerlandais (Belgique) | nl - Nederlands | NL – Néerlandais | Nederlandstalig
        néerlandophone | Nederlands/Néerlandais | Nederlands, Dutch | dutch - belgium""",
    "fr": """
        fr | FR | fr-BE | fr_FR | FR-CA | fr-fr | fra | fre | French | Français | FRANÇAIS | francais | Francaise
        frans | Frans | Französisch | French (Belgium) | Français (Belgique) | Français/French | francophone
        Franstalig | Langue française | Canadian French | fr fr | fr (Français)""",
    "en": """
        en | EN | en-US | en_GB | EN-us | en-NL | eng | English | ENGLISH | Anglais | Engels | Englisch
        English (UK) | English (United Kingdom) | English - US | Anglais (États-Unis) | British English
        Engels (Brits) | anglophone""",
}


def _each(table: str) -> list[str]:
    return [text.strip() for text in table.replace("\n", "|").split("|") if text.strip()]


@pytest.mark.parametrize(("text", "code"), [(text, code) for code, table in LANGUAGES.items() for text in _each(table)])
def test_a_language_is_understood_however_it_is_written(text: str, code: str) -> None:
    assert language_of(text, INSTALLED) == code
    assert language_of(f"  {text.upper()} ", INSTALLED) == code
    assert language_of(text, ()) is None


NO_LANGUAGE = """
        ? | 42 | F | N | E | n l | nlnl | xx | be | BE | Belge | klingon | french fries | not English | English please
        FR/NL | FR-NL | nl-fr | NL+FR | fr, nl | English, French | Frans-Nederlands"""


@pytest.mark.parametrize("text", ["", " ", *_each(NO_LANGUAGE)])
def test_what_means_no_language_or_two_is_not_understood(text: str) -> None:
    assert language_of(text, INSTALLED) is None


def test_a_language_that_is_not_installed_is_known_but_not_answered() -> None:
    for text in ("Deutsch", "Duits", "allemand", "de-BE", "ger"):
        assert (language_of(text, INSTALLED), language_code(text)) == (None, "de")
    assert language_of("Deutsch", ("de",)) == "de"
    for text, code in {"Español": "es", "العربية": "ar", "Русский": "ru", "Türkçe": "tr", "中文": "zh"}.items():
        assert language_code(text) == code


@given(st.text())
def test_any_text_is_a_language_or_none(text: str) -> None:
    assert language_of(text, INSTALLED) in (None, *INSTALLED)


# --- mail domains ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slip", "meant"),
    [pair.split() for pair in (
        "gmial.com gmail.com", "gmai.com gmail.com", "gmaill.com gmail.com", "gnail.com gmail.com",
        "mgail.com gmail.com", "gmail.con gmail.com", "gmail.cm gmail.com", "gmail.co gmail.com",
        "gmail.comm gmail.com", "gmail.fr gmail.com", "gmail.be gmail.com", "gmail.co.uk gmail.com",
        "hotmial.com hotmail.com", "hotmal.com hotmail.com", "hotmaill.fr hotmail.fr", "hotmail.co hotmail.com",
        "hotmail.bee hotmail.be", "outlok.com outlook.com", "outlook.cmo outlook.com", "outloook.be outlook.be",
        "yaho.fr yahoo.fr", "yahooo.com yahoo.com", "icloud.fr icloud.com", "iclod.com icloud.com",
        "skynet.bee skynet.be", "sykynet.be skynet.be", "telenet.b telenet.be", "telent.be telenet.be",
        "proxmus.be proximus.be", "zigo.nl ziggo.nl", "kpnmial.nl kpnmail.nl", "wandoo.fr wanadoo.fr",
        "ornage.fr orange.fr", "laposte.nte laposte.net", "btinternet.con btinternet.com",
    )],
)  # fmt: skip
def test_a_slip_in_the_domain_of_a_large_provider_is_seen(slip: str, meant: str) -> None:
    assert domain_suggestion(slip) == meant


REAL = """
    gmail.com hotmail.com hotmail.be hotmail.fr hotmail.nl hotmail.co.uk outlook.com outlook.be outlook.fr live.com
    live.nl live.be live.fr yahoo.com yahoo.fr yahoo.co.uk yahoo.de ymail.com mail.com email.com gmx.com gmx.net
    gmx.de gmx.fr icloud.com me.com mac.com aol.com msn.com proton.me protonmail.com skynet.be telenet.be proximus.be
    scarlet.be voo.be ziggo.nl kpnmail.nl planet.nl home.nl xs4all.nl online.nl orange.fr orange.be free.fr sfr.fr
    wanadoo.fr laposte.net bbox.fr btinternet.com sky.com comcast.net verizon.net att.net web.de t-online.de
    example.com acme.be kuleuven.be hotmart.com plant.nl planets.nl fmail.com tmail.com gmailers.com mail.be zoho.com
    student.kuleuven.be gov.uk a.b"""


@pytest.mark.parametrize("domain", REAL.split())
def test_a_real_domain_is_left_alone(domain: str) -> None:
    assert domain_suggestion(domain) is None


@given(st.text(max_size=30))
def test_any_text_may_be_asked_for_as_a_domain(domain: str) -> None:
    found = domain_suggestion(domain)
    assert found != domain
    assert found is None or domain_suggestion(found) is None


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Marketting", "Marketing"),
        ("Markting", "Marketing"),
        ("Acme NV", "Acme"),
        ("Acme", "Acme B.V."),
        ("Acme nv", "Acme N.V."),
        ("vzw De Brug", "De Brug"),
        ("Boulangerie Saint-Gery", "Boulangerie Saint-Géry"),
        ("Boulangerie Saint Géry", "Boulangerie Saint-Géry"),
        ("Haven logistiek Noord", "Havenlogistiek Noord B.V."),
        ("New comers 2026", "Newcomers 2026"),
        ("Newcommers 2026", "Newcomers 2026"),
        ("Medewerkers", "Medewerker"),
        ("Receptie & Onthaal", "Receptie Onthaal"),
    ],
)
def test_a_name_close_to_a_known_one_is_asked_about(name: str, known: str) -> None:
    assert near_name(name, ["Something else", known, "Another"]) == known


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Groep 1", "Groep 2"),
        ("Sales 2025", "Sales 2026"),
        ("Sales", "Sales 2026"),
        ("Klas 3A", "Klas 3B"),
        ("1A", "1B"),
        ("HR", "HP"),
        ("IT", "HR"),
        ("Year II", "Year III"),
        ("Team North", "Team South"),
        ("Acme NV", "Acme BV"),
        ("Acme", "Acme Belgium"),
        ("Acme", "Acne"),
        ("Juniors", "Seniors"),
        ("Internal", "External"),
        ("Audiology", "Radiology"),
        ("Import", "Export"),
        ("Austria", "Australia"),
        ("A", ""),
        ("李", "李伟"),
        ("", "x"),
    ],
)
def test_names_that_merely_resemble_each_other_are_two_names(name: str, known: str) -> None:
    assert near_name(name, [known]) is None
    assert near_name(known, [name]) is None


def test_the_nearest_of_several_names_is_asked_about() -> None:
    assert near_name("Marketng team", ["Markting team", "Marketing teams", "Marketing team"]) == "Marketing team"


@given(st.text(max_size=20), st.lists(st.text(max_size=20), max_size=5))
def test_any_names_may_be_compared(name: str, known: list[str]) -> None:
    assert near_name(name, known) in (None, *known)
