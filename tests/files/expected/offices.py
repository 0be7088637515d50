"""Files of office programs."""

from tests.files.expected.expectation import Expected

NAMES = "first_name last_name email company"

FILES = {
    "french_office.csv": Expected(
        read="csv cp1252 ; 1",
        suggestion=f"{NAMES} language student_groups team team_leader",
        totals=(44, 40, 1, 2, 1, 0),
        people=None,
        issues={
            "duplicate_in_file": [39],
            "email_invalid": [25],
            "language_unknown": [33],
            "leader_not_found": [16],
            "too_few_cells": [45],
        },
    ),
    "dutch_hr.csv": Expected(
        read="csv utf-8 ; 1",
        suggestion=f"- {NAMES} language student_groups label team team_leader",
        totals=(10, 10, 0, 0, 0, 0),
        people=None,
    ),
    "google_sheet.csv": Expected(
        read="csv utf-8 , 1",
        suggestion=f"- {NAMES} student_groups -",
        totals=(6, 5, 1, 0, 0, 0),
        people="""
            ann.oconnor@example.com | Ann | O’Connor | Acme, Inc. | en | Sales
            ravi.c@example.com | Ravi | Chaudhuri | Acme, Inc. | en
            sian@example.org | Siân | Llewellyn | Fjord Ltd | en | Sales/Support
            soren.kjaer@example.org | Søren | Kjær | Fjord Ltd | en | Support
            marta.nowak@example.net | Marta | Nowak | Acme, Inc. | en
        """,
        issues={"duplicate_in_file": [11]},
    ),
    "excel_sep.csv": Expected(
        read="csv utf-8 ; 2",
        suggestion="email first_name last_name company language team team_leader",
        totals=(4, 4, 0, 0, 0, 1),
        people="""
            petra.kovac@example.com | Petra | Kovač | Nordlicht GmbH | en | | | Berlin | jonas.weiss@example.com
            jonas.weiss@example.com | Jonas | Weiß | Nordlicht GmbH | en | | | Berlin
            amelie.roy@example.com | Amélie | Roy | Nordlicht GmbH | fr | | | Lyon | amelie.roy@example.com
            tom.baker@example.com | Tom | Baker | Nordlicht GmbH | en | | | Lyon | amelie.roy@example.com
        """,
    ),
    "tabs.txt": Expected(
        read="csv cp1252 tab 1",
        suggestion="last_name first_name email company student_groups -",
        totals=(4, 4, 0, 0, 0, 0),
        people="""
            agnes.zoltek@example.com | Agnès | Zoltek | Dupré, Hamel & Cie | en | A1
            yannick.legoff@example.com | Yannick | Le Goff | Dupré, Hamel & Cie | en | A1/B2
            ivan.nunez@example.com | Iván | Nuñez | Dupré, Hamel & Cie | en
            ase.sorensen@example.com | Åse | Sørensen | Dupré, Hamel & Cie | en | B2
        """,
    ),
    "libreoffice.csv": Expected(
        read="csv utf-8 , 1",
        suggestion=f"{NAMES} team team_leader",
        totals=(4, 3, 0, 0, 1, 0),
        people="""
            griet.vanhoof@example.com | Griet | Van Hoof | De Zonnebloem vzw | en | | | Keuken
            lotte.aerts@example.com | Lotte | Aerts | De Zonnebloem vzw "Zuid" | en |||Keuken|griet.vanhoof@example.com
            bjorn.dhondt@example.com | Björn | D’hondt | De Zonnebloem vzw | en
        """,
    ),
    "excel_nl.csv": Expected(
        read="csv cp1252 ; 1",
        suggestion="- first_name name_prefix last_name email company language student_groups - -",
        totals=(4, 4, 0, 0, 0, 0),
        people="""
            jose.dewit@example.com | José | de Wit | Bakkerij ’t Stoepje | nl | Veiligheid/Hygiëne
            renee.brouwer@example.com | Renée | Brouwer | Bakkerij ’t Stoepje | fr
            joerg.gross@example.com | Jörg | Groß | Bakkerij ’t Stoepje | en | Hygiëne
            inaki@example.com | Iñaki | Etxebarria | Bakkerij ’t Stoepje | en | Veiligheid
        """,
    ),
    "excel_de.csv": Expected(
        read="csv cp1252 ; 1",
        suggestion=f"{NAMES} language -",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            juergen.mueller@example.com | Jürgen | Müller | Straßenbau Süd GmbH | en
            kaethe.weiss@example.com | Käthe | Weiß | Straßenbau Süd GmbH | fr
            bjoern.oe@example.com | Björn | Österreicher | Öl; Gas & Söhne | en
        """,
    ),
    "excel_en_utf8.csv": Expected(
        read="csv utf-8 , 1",
        suggestion=f"{NAMES} language student_groups - -",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            zoe.obrien@example.com | Zoë | O’Brien | Smith, Jones & Co | en | Sales/Support
            nguyen.an@example.com | Nguyễn | Văn An | Smith, Jones & Co | fr | Support
            lukasz.zak@example.com | Łukasz | Żak | Smith, Jones & Co | nl
        """,
    ),
    "excel_unicode_text.txt": Expected(
        read="csv utf-16-le tab 1",
        suggestion=f"{NAMES} language",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            zoe.lefevre@example.com | Zoé | Lefèvre | Dupré, Hamel & Cie | fr
            wladyslaw@example.com | Władysław | Šimůnek | Dupré, Hamel & Cie | en
            haruko.tanaka@example.com | 晴子 | 田中 | Bureau "Est" | en
        """,
    ),
    "excel_macintosh.csv": Expected(
        read="csv mac-roman ; 1",
        suggestion=f"{NAMES} -",
        totals=(4, 4, 0, 0, 0, 0),
        people="""
            helene.beranger@example.com | Hélène | Béranger | Théâtre de l’Étoile | en
            francois.lefevre@example.com | François | Lefèvre | Théâtre de l’Étoile | en
            maite.noel@example.com | Maïté | Noël | Théâtre de l’Étoile | en
            agnes.chatelain@example.com | Agnès | Châtelain | Théâtre de l’Étoile | en
        """,
        asked="mac-roman",
    ),
    "excel_msdos.csv": Expected(
        read="csv cp850 ; 1",
        suggestion=f"{NAMES} -",
        totals=(4, 4, 0, 0, 0, 0),
        people="""
            helene.beranger@example.com | Hélène | Béranger | Théâtre de la Mer | en
            francois.lefevre@example.com | François | Lefèvre | Théâtre de la Mer | en
            maite.noel@example.com | Maïté | Noël | Théâtre de la Mer | en
            agnes.chatelain@example.com | Agnès | Châtelain | Théâtre de la Mer | en
        """,
        asked="cp850",
    ),
    "excel_trailing.csv": Expected(
        read="csv utf-8 ; 1",
        suggestion=NAMES,
        totals=(5, 2, 0, 0, 3, 0),
        people="""
            els.claes@example.com | Els | Claes | Claes & Co | en
            wim.maes@example.com | Wim | Maes | Claes & Co | en
        """,
    ),
    "numbers_fr.csv": Expected(
        read="csv utf-8 ; 2",
        suggestion=f"{NAMES} language",
        totals=(2, 2, 0, 0, 0, 1),
        people="""
            elodie.garcon@example.com | Élodie | Garçon | Librairie Périple | fr
            ulysse.marcal@example.com | Ulysse | Marçal | Librairie Périple | en
        """,
    ),
    "libreoffice_tabs.csv": Expected(
        read="csv utf-8 tab 1",
        suggestion=f"{NAMES} -",
        totals=(3, 2, 0, 1, 0, 0),
        people="""
            juergen.kuehn@example.com | Jürgen | Kühn | Gärtnerei "Grün" | en
            ute.lang@example.com | Ute | Lang | Gärtnerei "Grün" | en
        """,
        issues={"characters_not_allowed": [3]},
    ),
    "pasted.txt": Expected(
        read="csv utf-8 tab 1",
        suggestion=f"{NAMES} -",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            ines.costa@example.com | Ines | Costa | Porto Azul | en
            rui.sa@example.com | Rui | Sá | Porto Azul | en
            ana.brandao@example.com | Ana | Brandão | Porto Azul | en
        """,
    ),
}
