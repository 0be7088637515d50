"""Workbooks."""

from tests.files.expected.expectation import Expected

NAMES = "first_name last_name email company"

FILES = {
    "excel.xlsx": Expected(
        read="xlsx Blad1 1",
        suggestion=f"- {NAMES} - -",
        totals=(4, 2, 0, 1, 1, 0),
        people="""
            zoe.dewit@example.com | Zoë | de Wit | Bakkerij ’t Stoepje | en
            juergen.gross@example.com | Jürgen | Groß | Bakkerij ’t Stoepje | en
        """,
        issues={"required_value_missing": [5]},
    ),
    "titled.xlsx": Expected(
        read="xlsx Personnel 4",
        suggestion=f"- {NAMES}",
        totals=(3, 2, 0, 0, 1, 4),
        people="""
            ana.silva@example.com | Ana | Silva | Clinique | en
            rui.melo@example.com | Rui | Melo | Clinique | en
        """,
    ),
    "several_sheets.xlsx": Expected(
        read="xlsx Lille 1",
        suggestion=f"{NAMES} language",
        totals=(1, 1, 0, 0, 0, 0),
        people="""
            max.dupuis@example.com | Max | Dupuis | Lin | en
        """,
        answers={"sheet": "Lille"},
    ),
    "dates_1904.xlsx": Expected(
        read="xlsx Sheet1 1",
        suggestion=f"{NAMES} team",
        totals=(1, 1, 0, 0, 0, 0),
        people="""
            may.june@example.com | May | June | 1984 | en | | | 03-01-2026
        """,
    ),
    "library.xlsx": Expected(
        read="xlsx Users 1",
        suggestion=f"{NAMES} - team",
        totals=(2, 2, 0, 0, 0, 0),
        people="""
            ayse.kaya@example.com | Ayşe & Co | Kaya | Güneş | en | | | 42
            tim.berg@example.com | Tim | Berg | Güneş | en | | | 7.5
        """,
    ),
    "numbers.xlsx": Expected(
        read="xlsx People - Table 1 2",
        suggestion=NAMES,
        totals=(2, 2, 0, 0, 0, 1),
        people="""
            kim.lee@example.com | Kim | Lee | Haneul | en
            jo.park@example.com | Jo | Park | Haneul | en
        """,
        answers={"sheet": "People - Table 1"},
    ),
    "libreoffice.ods": Expected(
        read="ods Blad1 4",
        suggestion=f"{NAMES} -",
        totals=(2, 2, 0, 0, 0, 3),
        people="""
            griet.vanhoof@example.com | Griet | Van Hoof | Zonnebloem | en
            bjorn.dhondt@example.com | Björn | D’hondt | Zonnebloem | en
        """,
    ),
}
