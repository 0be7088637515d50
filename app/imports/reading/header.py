"""Which record of a file is its header, which records repeat it, and which are footers. Pure.

Works on records, whatever they were written in; never takes a record with an address for anything but a row.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from app.imports.reading.quotes import ADDRESS_LIKE

HEADER_CHARACTERS: Final = 200
_SEARCHED: Final = 50
_LONGEST_NAME: Final = 100

# What people's programs write below a list: its total, who exported it and when, pages. English, French, Dutch, German.
_THINGS: Final = (
    r"(?:rows?|records?|results?|entries|people|persons?|users?|employees|contacts|lignes?|enregistrements?|résultats?"
    r"|personnes?|utilisateurs?|employés?|rijen|regels|records|resultaten|personen|gebruikers|medewerkers|zeilen"
    r"|datensätze|einträge|benutzer|mitarbeiter)"
)
_FOOTER: Final = re.compile(
    rf"""[\W_]*(?:
      (?:grand[ ]|sub[ -]?|sous-|général[ ]|algemeen[ ])?(?:totals?|totaux|totale|totaal|totalen)\b
    | (?:gesamt(?:zahl|summe)?|summe|somme|som)\b
    | (?:number|nombre|aantal|anzahl|count|nbre?)\b.*\d
    | \(?\d[\d.,' \xa0]*{_THINGS}\b
    | (?:report[ ]|list[ ]|file[ ]|data[ ])?(?:exported|generated|printed|created|downloaded|updated|extracted)\b
    | (?:last[ ]updated|as[ ]of|run[ ]date|(?:export|print|report)[ ]date)\b
    | (?:rapport[ ]|liste[ ]|fichier[ ])?(?:exportée?|générée?|imprimée?|créée?|éditée?|extraite?|édition)\b.*\d
    | (?:date[ ]d.(?:export|extraction|édition|impression)|export[ ]du|mise?[ ]à[ ]jour)\b
    | (?:geëxporteerd|gegenereerd|afgedrukt|aangemaakt|opgemaakt|gemaakt|bijgewerkt|(?:export|print|afdruk)datum)\b
    | (?:exportiert|erstellt|gedruckt|generiert|stand|(?:export|druck)datum)\b.*\d
    | (?:page|pagina|seite|blad)\W*\d+(?:\W*(?:of|sur|de|van|von|/)\W*\d+)?\W*$
    | (?:end|fin|einde|ende)(?:[ ](?:of|du|de|van|der|des)\b.*|[ ](?:report|rapport|lijst|liste|bericht))?\W*$
    | (?:copyright|©|confidential|confidentiel|vertrouwelijk|vertraulich)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_FIGURE: Final = re.compile(rf"[\W\d_]*{_THINGS}?\W*", re.IGNORECASE)
_MARKS: Final = (("", ""), ("\ufeff", ""), ('\ufeff"', '"'))


def tidy_headers(cells: Sequence[str]) -> list[str]:
    """Headers as they are shown: on one line, not too long."""
    return [" ".join(cell.split())[:HEADER_CHARACTERS] for cell in cells]


def filled_width(cells: Sequence[str]) -> int:
    """How many cells a record has, not counting the empty ones at its end."""
    return next((width for width in range(len(cells), 0, -1) if cells[width - 1].strip()), 0)


def has_address(cells: Sequence[str]) -> bool:
    """Whether one of the cells looks like an e-mail address."""
    return any("@" in cell and ADDRESS_LIKE.fullmatch(cell.strip()) for cell in cells)


def find_header(records: Sequence[Sequence[str]], is_known_header: Callable[[str], bool]) -> int | None:
    """The position of the header among the first records with anything in them; None: there is none.

    A record of headers we know; else the wide record right above the first person; else the first wide record, if
    it does not share values with those below it. What stands above the header is a preamble: never a person.
    """
    top = [[cell.strip() for cell in cells] for cells in records[:_SEARCHED]]
    if not top:
        return None
    filled = [sum(map(bool, cells)) for cells in top]
    known = [_known(cells, is_known_header) for cells in top]
    usual = max(Counter(filled).items(), key=lambda item: (item[1], item[0]))[0]
    is_wide = [2 * count > usual for count in filled]
    people = [n for n, cells in enumerate(top) if is_wide[n] and known[n] < 2 and has_address(cells)]
    above = range(people[0] if people else len(top))
    named = [n for n in above if known[n] > 1]
    if named:
        return _lowest(known, above, max(named, key=known.__getitem__))  # of equals, the first
    wide = [n for n in above if is_wide[n] and not has_address(top[n])]
    if not wide:
        return None
    header = max(wide, key=known.__getitem__) if any(known[n] for n in wide) else wide[-1] if people else wide[0]
    return None if _is_like_a_row(top[header], top[header + 1 :]) else header


def _known(cells: Sequence[str], is_known_header: Callable[[str], bool]) -> int:
    return sum(1 for cell in set(cells) if 0 < len(cell) <= _LONGEST_NAME and is_known_header(cell))


def _lowest(known: Sequence[int], above: range, header: int) -> int:
    """The lower of two headers that stand one below the other, in two languages say."""
    while header + 1 in above and known[header + 1] > 1:
        header += 1
    return header


def _is_like_a_row(header: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a record holds what others hold in the same place, without being the same as a whole."""
    names = [cell.casefold() for cell in header]
    for cells in below:
        same = [name == cell.casefold() for name, cell in zip(names, cells, strict=False) if name]
        if any(same) and not all(same):
            return True
    return False


def first_cells(headers: Sequence[str]) -> frozenset[str]:
    """What the first cell of a repeated header may be; of a file appended to another one, behind its mark."""
    return frozenset(f"{mark}{headers[0]}{end}" for mark, end in _MARKS) if headers else frozenset()


def is_repeated(cells: Sequence[str], headers: Sequence[str]) -> bool:
    """Whether a record is the header once more."""
    if not headers or not cells or cells[0] not in first_cells(headers):
        return False
    rest = tidy_headers(cells[1 : len(headers)])
    return rest == list(headers[1:]) and not filled_width(cells[len(headers) :])


def is_footer(cells: Sequence[str]) -> bool:
    """Whether a record at the end of a file may be a footer: says so, has figures at most beside it, no address."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled or len(filled[0]) > HEADER_CHARACTERS or not _FOOTER.match(filled[0]):
        return False
    return not has_address(filled) and all(_FIGURE.fullmatch(cell) for cell in filled[1:])
