"""Files that people have worked on."""

from tests.files.expected.expectation import Expected

NAMES = "first_name last_name email company"

FILES: dict[str, Expected] = {
    "titled.csv": Expected(
        read="csv cp1252 ; 4",
        suggestion=NAMES,
        totals=(4, 3, 0, 0, 1, 4),
        people="""
            ana.silva@example.com | Ana | Silva | Hôtel du Parc | en
            rui.melo@example.com | Rui | Melo | Hôtel du Parc | en
            eva.ramos@example.com | Eva | Ramos | Hôtel du Parc | en
        """,
    ),
    "paged.csv": Expected(
        read="csv utf-8 ; 1",
        suggestion=NAMES,
        totals=(5, 5, 0, 0, 0, 2),
        people="""
            bart.aerts@example.com | Bart | Aerts | Depot West | en
            carla.bos@example.com | Carla | Bos | Depot West | en
            dirk.cox@example.com | Dirk | Cox | Depot West | en
            elke.daems@example.com | Elke | Daems | Depot West | en
            frank.engels@example.com | Frank | Engels | Depot West | en
        """,
    ),
    "two_headers.csv": Expected(
        read="csv utf-8 , 2",
        suggestion="first_name last_name language company email team",
        totals=(2, 2, 0, 0, 0, 1),
        people="""
            noa.levi@example.com | Noa | Levi | Harbour Ltd | en | | | Crane
            omar.said@example.com | Omar | Said | Harbour Ltd | fr | | | Crane
        """,
    ),
    "headerless.csv": Expected(
        read="csv utf-8 , 0",
        suggestion="- - email - language",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            piet.jansen@example.com | Piet | Jansen | Molen De Hoop | nl
            sara.bakker@example.com | Sara | Bakker | Molen De Hoop | nl
            tom.visser@example.com | Tom | Visser | Molen De Hoop | en
        """,
        file_issues=["header_missing"],
        columns=f"{NAMES} language",
    ),
    "ragged.csv": Expected(
        read="csv utf-8 , 1",
        suggestion=f"{NAMES} language",
        totals=(4, 3, 0, 1, 0, 0),
        people="""
            amy.pond@example.com | Amy | Pond | Ponds | en
            river.song@example.com | River | Song | Ponds | en
            dan.lewis@example.com | Dan | Lewis | Ponds | fr
        """,
        issues={"too_few_cells": [2], "too_many_cells": [3], "language_unknown": [3]},
    ),
    "lone_returns.csv": Expected(
        read="csv utf-8 , 1",
        suggestion=NAMES,
        totals=(3, 2, 0, 0, 1, 0),
        people="""
            ann.ode@example.com | Ann | Ode | Ode, Inc. | en
            ben.ode@example.com | Ben | Ode | Ode, Inc. | en
        """,
    ),
    "mixed_ends.csv": Expected(
        read="csv utf-8 , 1",
        suggestion=NAMES,
        totals=(4, 4, 0, 0, 0, 0),
        people="""
            ann.ode@example.com | Ann | Ode | Ode | en
            ben.ode@example.com | Ben | Ode | Ode | en
            cas.ode@example.com | Cas | Ode | Ode | en
            dee.ode@example.com | Dee | Ode | Ode | en
        """,
    ),
    "open_quote.csv": Expected(
        swallows_on=3,
        answers={"quote": ""},
        read="csv utf-8 , 1",
        suggestion=NAMES,
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            ann.ode@example.com | Ann | Ode | Ode | en
            ben.ode@example.com | Ben | "Big Ode | Ode | en
            cas.ode@example.com | Cas | Ode | Ode | en
        """,
    ),
    "inches.csv": Expected(
        read="csv utf-8 , 1",
        suggestion=f"{NAMES} -",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            ann.odell@example.com | Ann | O"Dell | Ode | en
            ben.ode@example.com | Ben "Benny" | Ode | Ode | en
            cas.ode@example.com | Cas | Ode | Ode | en
        """,
    ),
    "line_breaks.csv": Expected(
        read="csv utf-8 ; 1",
        suggestion=f"{NAMES} -",
        totals=(4, 3, 0, 1, 0, 0),
        people="""
            ann.maes@example.com | Ann | Maes | Maes | en
            bob.bos@example.com | Bob | Bos | Bos | en
            daan.dox@example.com | Daan | Dox | Dox | en
        """,
        issues={"characters_not_allowed": [7]},
    ),
    "nul_bytes.csv": Expected(
        read="csv utf-8 , 1",
        suggestion=NAMES,
        totals=(2, 1, 0, 1, 0, 0),
        people="""
            ben.ode@example.com | Ben | Ode | Ode | en
        """,
        issues={"characters_not_allowed": [2]},
    ),
    "dirty_addresses.csv": Expected(
        read="csv utf-8 , 1",
        suggestion=NAMES,
        totals=(10, 3, 0, 7, 0, 0),
        people="""
            ann.ode@example.com | Ann | Ode | Ode | en
            ben.ode@example.com | Ben | Ode | Ode | en
            jan.ode@example.com | Jan | Ode | Ode & Co | en
        """,
        issues={"email_invalid": [4, 5, 6, 7, 8, 9, 10]},
    ),
    "commas_within.csv": Expected(
        read="csv utf-8 ; 1",
        suggestion="last_name first_name email company -",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            ann.ode@example.com | Ann | Ode | Ode, Odell, Oden, Inc. | en
            ben.ode@example.com | Ben | Ode | Ode, Odell, Oden, Inc. | en
            cas.ode@example.com | Cas | Ode | Ode; Sons | en
        """,
    ),
    "addresses.txt": Expected(
        read="csv utf-8 , 0",
        suggestion="email",
        cannot_be_mapped=True,
    ),
    "full_names.csv": Expected(
        read="csv utf-8 ; 1",
        suggestion="full_name email company",
        totals=(4, 3, 0, 1, 0, 0),
        people="""
            piet.jansen@example.com | Piet | Jansen | Molen | en
            sara.devries@example.com | Sara | de Vries | Molen | en
            anna.vandenberg@example.com | Anna Maria | van den Berg | Molen | en
        """,
        issues={"required_value_missing": [5]},
    ),
    "language_names.csv": Expected(
        read="csv cp1252 ; 1",
        suggestion=f"{NAMES} language",
        totals=(10, 9, 0, 1, 0, 0),
        people="""
            ann@example.com | Ann | Aa | Ab | nl
            ben@example.com | Ben | Bb | Ab | nl
            cas@example.com | Cas | Cc | Ab | nl
            dee@example.com | Dee | Dd | Ab | fr
            eli@example.com | Eli | Ee | Ab | fr
            fay@example.com | Fay | Ff | Ab | fr
            gus@example.com | Gus | Gg | Ab | en
            hal@example.com | Hal | Hh | Ab | en
            jan@example.com | Jan | Jj | Ab | en
        """,
        issues={"language_unknown": [10]},
    ),
    "mistyped_domains.csv": Expected(
        read="csv utf-8 , 1",
        suggestion=NAMES,
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            nobody.ann.ode@gmial.com | Ann | Ode | Ode | en
            nobody.ben.ode@hotmial.com | Ben | Ode | Ode | en
            nobody.cas.ode@example.com | Cas | Ode | Ode | en
        """,
        issues={"email_domain_mistyped": [2, 3]},
    ),
    "duplicates.csv": Expected(
        read="csv utf-8 , 1",
        suggestion=NAMES,
        totals=(7, 4, 3, 0, 0, 0),
        people="""
            Ann.Ode@Example.com | Ann | Ode | Ode | en
            ben.ode@example.com | Ben | Ode | Ode | en
            ben.ode+courses@example.com | Ben | Ode | Ode | en
            ben.ode@münchen.example.com | Bén | Ode | Ode | en
        """,
        issues={"duplicate_in_file": [4, 5, 8]},
    ),
    "mended_rejections.csv": Expected(
        read="csv utf-8 ; 1",
        suggestion=f"{NAMES} - -",
        totals=(3, 2, 0, 1, 0, 0),
        people="""
            l.vandenbossche@tilleuls.example.org | Luc | Vandenbossche | Clinique des Tilleuls | en
            max@example.com | =Max | -Moritz | +Plus | en
        """,
        issues={"email_invalid": [3]},
    ),
    "whole_lines_quoted.csv": Expected(
        read="csv utf-8 , 1",
        suggestion="-",
        cannot_be_mapped=True,
    ),
}
