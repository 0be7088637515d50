"""Files of databases and statistics."""

from tests.files.expected.expectation import Expected

NAMES = "first_name last_name email company"

FILES = {
    "pipes.csv": Expected(
        read="csv utf-8 | 1",
        suggestion=f"- {NAMES} language student_groups label",
        totals=(5, 4, 0, 1, 0, 0),
        people="""
            aoife.nibhriain@example.com | Aoife | Ní Bhriain | Stonebridge | en | Induction | staff
            joao@example.com | João | Conceição | Stonebridge | fr | Induction/First aid | staff
            ola.adeyemi@example.com | Ọlá | Adéyẹmí | Stonebridge | en | | trainer
            wei.li@example.com | Wei | 李 | Stonebridge | en | First aid | staff
        """,
        issues={"required_value_missing": [6]},
    ),
    "phpmyadmin.csv": Expected(
        read="csv utf-8 ; 1",
        suggestion=f"- {NAMES} language",
        totals=(3, 2, 0, 1, 0, 0),
        people=r"""
            amelie.roy@example.com | Amélie | Roy | Le "Vieux" Port; Marseille | fr
            anne.darc@example.com | Anne | d'Arc | C:\Partage | en
        """,
        issues={"language_unknown": [3]},
    ),
    "mysql_outfile.txt": Expected(
        read="csv utf-8 tab 0",
        suggestion="- - - email - -",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            greet.smets@example.com | Greet | Smets | Smets "Bouw" | nl
            louis.petit@example.com | Louis | Petit | Smets "Bouw" | en
            omer.demir@example.com | Ömer | Demir | Smets "Bouw" | fr
        """,
        file_issues=["header_missing"],
        columns=f"- {NAMES} language",
    ),
    "psql_copy.tsv": Expected(
        read="csv utf-8 tab 1",
        suggestion=f"- {NAMES} language -",
        totals=(3, 3, 0, 0, 0, 0),
        people=r"""
            ada.byron@example.com | Ada | Byron | Engines \\ Ltd | en
            emilie.breteuil@example.com | Émilie | Breteuil | Cirey | fr
            sofia@example.com | Sofia | Krukovsky | Cirey | en
        """,
    ),
    "psql_csv.csv": Expected(
        read="csv utf-8 , 1",
        suggestion=f"- {NAMES} team -",
        totals=(2, 1, 0, 1, 0, 0),
        people="""
            karl.weber@example.com | Karl | Weber "Kalle" | Weber, Sohn | en
        """,
        issues={"required_value_missing": [3]},
    ),
    "pandas.csv": Expected(
        read="csv utf-8 , 1",
        suggestion=f"- {NAMES} - -",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            ola.nordmann@example.com | Ola | Nordmann | Fjell AS | en
            kari.nordmann@example.com | Kari | Nordmann | Fjell AS | en
            ase.lie@example.com | Åse | Lie | Fjell AS | en
        """,
    ),
    "r_write_csv.csv": Expected(
        read="csv utf-8 , 1",
        suggestion=f"- {NAMES} language team",
        totals=(2, 1, 0, 1, 0, 0),
        people="""
            luc.roche@example.com | Luc | Roche | Sel & Poivre | fr | | | Nord
        """,
        issues={"language_unknown": [3]},
    ),
    "r_write_table.txt": Expected(
        read="csv utf-8 tab 1",
        suggestion=NAMES,
        totals=(2, 0, 0, 2, 0, 0),
        issues={"too_many_cells": [2, 3], "email_invalid": [2, 3]},
    ),
}
