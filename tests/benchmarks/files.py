"""Files of people to measure with: made from a seed, the same on every machine.

Nine columns; by default 2 % of the rows repeat an earlier address, 1 % hold none, 5 % are on the platform already.
"""

import csv
import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.files.workbooks import xlsx

COLUMNS = (
    "first_name",
    "last_name",
    "email",
    "company",
    "language",
    "student_groups",
    "label",
    "team",
    "team_leader",
)

_FIRST = ("Jan", "Zoé", "Ann", "Noël", "Sofie", "Amélie", "Pieter", "Chloé", "Bram", "Inès", "Lotte", "Mathéo", "Maïté")
_LAST = ("Peeters", "Janssens", "Dupont", "Lefèvre", "De Smet", "Van den Berg", "Müller", "O'Neill", "Özdemir", "Maes")
_BAD = (
    "no-at-sign",
    "two@@example.com",
    "a space@example.com",
    "ends.with.dot.@example.com",
    "@example.com",
    "x@nodot",
)
_EARLIER = 10_000
_DOMAINS, _COMPANIES, _GROUPS, _LABELS, _TEAMS = 500, 500, 200, 5, 300


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: its size, and shares of 1."""

    rows: int
    domains: int = _DOMAINS
    duplicates: float = 0.02
    bad: float = 0.01
    known: float = 0.05
    seed: int = 20261123

    @property
    def name(self) -> str:
        """What tells it from other kinds."""
        if self.domains != _DOMAINS:
            return f"{self.rows:,} rows of {self.domains:,} domains"
        return f"{self.rows:,} rows" if self.duplicates else f"{self.rows:,} different people"


@dataclass(frozen=True, slots=True)
class Made:
    """A file of people, and the file of those of them who are on the platform before."""

    people: Path
    known: Path


def make(kind: Kind, folder: Path) -> Made:
    """Write both files anew."""
    made = Made(folder / "people.csv", folder / "known.csv")
    with (
        made.people.open("w", encoding="utf-8", newline="") as people,
        made.known.open("w", encoding="utf-8", newline="") as known,
    ):
        to_people, to_known = csv.writer(people), csv.writer(known)
        for writer in (to_people, to_known):
            writer.writerow(COLUMNS)
        for cells, is_known in _rows(kind):
            to_people.writerow(cells)
            if is_known:
                to_known.writerow(cells)
    return made


def as_workbook(people: Path) -> Path:
    """The same people in the first sheet of an XLSX workbook, beside their CSV."""
    with people.open(encoding="utf-8", newline="") as opened:
        content = xlsx({"People": list(csv.reader(opened))})
    file = people.with_suffix(".xlsx")
    file.write_bytes(content)
    return file


def _rows(kind: Kind) -> Iterator[tuple[list[str], bool]]:
    """Every row, and whether the person is on the platform before."""
    chance = random.Random(kind.seed)  # noqa: S311 the same files for everybody, no secrets
    earlier: list[str] = []
    for number in range(kind.rows):
        first, last = chance.choice(_FIRST), chance.choice(_LAST)
        domain = number if number < kind.domains else chance.randrange(kind.domains)
        email = f"{_plain(first)}.{_plain(last)}{number}@firm{domain}.example.com"
        if number < _TEAMS:
            email = _leader(number, kind.domains)
        drawn = chance.random()
        if drawn < kind.bad:
            email = _BAD[number % len(_BAD)].format(f"{_plain(last)}{number}")
        elif drawn < kind.bad + kind.duplicates and earlier:
            email = chance.choice(earlier).upper()
        elif len(earlier) < _EARLIER:
            earlier.append(email)
        is_known = kind.bad + kind.duplicates <= drawn < kind.bad + kind.duplicates + kind.known
        yield [first, last, email, *_places(number, chance, kind.domains)], is_known


def _places(number: int, chance: random.Random, domains: int) -> list[str]:
    """Company, language, student groups (none to two), label; every other person has a team and its leader."""
    groups = "/".join(f"Group {chance.randrange(_GROUPS)}" for _ in range((0, 1, 1, 2)[number % 4]))
    team = chance.randrange(2 * _TEAMS)
    return [
        f"Company {chance.randrange(_COMPANIES)}",
        ("en", "fr", "nl")[number % 3],
        groups,
        f"Label {number % _LABELS}",
        f"Team {team}" if team < _TEAMS else "",
        _leader(team, domains) if team < _TEAMS else "",
    ]


def _leader(team: int, domains: int) -> str:
    """The address of a team's leader: one of the first people of the file."""
    return f"lead{team}@firm{team % domains}.example.com"


def _plain(name: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", name).lower() if "a" <= letter <= "z")
