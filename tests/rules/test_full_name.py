"""A whole name in one cell: which part is the first name, which the last."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.directory.names import tidy
from app.imports.full_name import split_name

NAMES = {
    "Piet Jansen": ("Piet", "Jansen"),
    "  Piet   Jansen ": ("Piet", "Jansen"),
    "Jansen, Piet": ("Piet", "Jansen"),
    "Jansen,Piet": ("Piet", "Jansen"),
    "Berg, Jan van der": ("Jan", "van der Berg"),
    "Jansen, Piet van": ("Piet", "van Jansen"),
    "van den Berg, Jan": ("Jan", "van den Berg"),
    "Le Goff, Yannick": ("Yannick", "Le Goff"),
    "Smith, Mary Anne": ("Mary Anne", "Smith"),
    "Peeters, Dr. Jan": ("Jan", "Peeters"),
    "Jansen,": ("", "Jansen"),
    ", Piet": ("Piet", ""),
    "Jan van der Berg": ("Jan", "van der Berg"),
    "Jan Van Der Berg": ("Jan", "Van Der Berg"),
    "Jan in 't Veld": ("Jan", "in 't Veld"),
    "Ann Van de Velde": ("Ann", "Van de Velde"),
    "Els Vanden Broeck": ("Els", "Vanden Broeck"),
    "Els D’hondt": ("Els", "D’hondt"),
    "Jean de La Fontaine": ("Jean", "de La Fontaine"),
    "Fatima El Amrani": ("Fatima", "El Amrani"),
    "Maria da Silva": ("Maria", "da Silva"),
    "Ludwig von Beethoven": ("Ludwig", "von Beethoven"),
    "DUPONT Jean": ("Jean", "DUPONT"),
    "Jean DUPONT": ("Jean", "DUPONT"),
    "Jean-Pierre DE LA TOUR": ("Jean-Pierre", "DE LA TOUR"),
    "LE GOFF Yannick": ("Yannick", "LE GOFF"),
    "VAN DEN BERG Jan": ("Jan", "VAN DEN BERG"),
    "Jan van den BERG": ("Jan", "van den BERG"),
    "ÖZTÜRK Zoë": ("Zoë", "ÖZTÜRK"),
    "McDONALD Ron": ("Ron", "McDONALD"),
    "d'HONDT Els": ("Els", "d'HONDT"),
    "Wei LI": ("Wei", "LI"),
    "JEAN DUPONT": ("JEAN", "DUPONT"),
    "AJ Smith": ("AJ", "Smith"),
    "J.P. Jansen": ("J.P.", "Jansen"),
    "Mary Anne Smith": ("Mary Anne", "Smith"),
    "John Smith Jr.": ("John", "Smith Jr."),
    "Jan Peeters (ext)": ("Jan", "Peeters (ext)"),
    "Jean DUPONT (ext)": ("Jean (ext)", "DUPONT"),
    "Dr. Jan Peeters": ("Jan", "Peeters"),
    "Prof. dr. An Maes": ("An", "Maes"),
    "Mevr. Peeters": ("", "Peeters"),
    "Cher": ("Cher", ""),
    "李伟": ("李伟", ""),
    "Dr.": ("", ""),
    "": ("", ""),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_name_is_taken_apart(name: str) -> None:
    assert split_name(name) == NAMES[name]


@given(st.text(st.characters(exclude_characters=",."), max_size=40))
def test_no_letter_of_a_name_is_lost_but_its_titles(name: str) -> None:
    first, last = split_name(name)
    kept = sorted(f"{first} {last}".split())
    words = tidy(name).split()
    while kept != sorted(words):
        words.pop(0)  # a title in front
    assert first == first.strip()
    assert last == last.strip()
