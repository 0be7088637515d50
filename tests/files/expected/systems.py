"""Files of personnel systems, learning platforms, directories and mail tools."""

from tests.files.expected.expectation import Expected

ACME = {"company": "Acme"}

FILES = {
    "workday.csv": Expected(
        read="csv utf-8 , 5",
        suggestion="- - first_name last_name email company - -",
        totals=(3, 3, 0, 0, 0, 4),
        people="""
            marek.dvorak@example.com | Marek | Dvořák | Lumen Group, Inc. | en
            anna.berg@example.com | Anna | Berg | Lumen Group, Inc. | en
            sadia.rahman@example.com | Sadia | Rahman | Lumen Group, Inc. | en
        """,
    ),
    "successfactors.csv": Expected(
        read="csv utf-8 , 2",
        suggestion="- - - first_name last_name - - email - - - - - - - language",
        totals=(3, 3, 0, 0, 0, 1),
        people="""
            ines.haddad@example.com | Inès | Haddad | Acme | fr
            pieter.visser@example.com | Pieter | Visser | Acme | nl
            grace.stone@example.com | Grace | Stone | Acme | en
        """,
        defaults=ACME,
    ),
    "bamboohr.csv": Expected(
        read="csv utf-8 , 1",
        suggestion="- full_name - - - - - email -",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            piet.jansen@example.com | Piet | Jansen | Acme | en
            ngozi.okafor@example.com | Ngozi | Okafor | Acme | en
            mj.delacruz@example.com | María José | de la Cruz | Acme | en
        """,
        defaults=ACME,
    ),
    "afas.csv": Expected(
        read="csv utf-8 ; 1",
        suggestion="- first_name - name_prefix last_name email company - -",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            jan.vandermeer@example.com | Jan | van der Meer | Waterbouw Zuid B.V. | en
            fatma.yilmaz@example.com | Fatma | Yılmaz | Waterbouw Zuid B.V. | en
            bas.degraaf@example.com | Bas | de Graaf | Waterbouw Zuid B.V. | en
        """,
    ),
    "personio.csv": Expected(
        read="csv utf-8 , 1",
        suggestion="- first_name last_name email - company - team - - -",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            joerg.schaefer@example.com | Jörg | Schäfer | Nordwind GmbH | en | | | Innendienst
            oezlem.kaya@example.com | Özlem | Kaya | Nordwind GmbH | en | | | Innendienst
            soeren.gross@example.com | Sören | Groß | Nordwind GmbH | en
        """,
    ),
    "adp.csv": Expected(
        read="csv utf-8 , 1",
        suggestion="- - - first_name last_name email - - - -",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            camila.rivera@example.com | Camila | Rivera | Acme | en
            dale.whitfield@example.com | Dale | Whitfield | Acme | en
            minh.tran@example.com | Minh | Tran | Acme | en
        """,
        defaults=ACME,
    ),
    "moodle.csv": Expected(
        read="csv utf-8 , 1",
        suggestion="- - first_name last_name email company - language student_groups - -",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            julie.dupont@example.com | Julie | Dupont | Lycée Pasteur | fr | Promo 2026
            koen.devos@example.com | Koen | De Vos | Lycée Pasteur | nl | Promo 2026
            alice.smith@example.com | Alice | Smith | Lycée Pasteur | en
        """,
    ),
    "canvas_users.csv": Expected(
        read="csv utf-8 , 1",
        suggestion="- - - - - first_name last_name - - - email - - -",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            bob.smith@example.com | Bob | Smith | Acme | en
            john.doe@example.com | John | Doe | Acme | en
            peggy.sue@example.com | Peggy | Sue | Acme | en
        """,
        defaults=ACME,
    ),
    "microsoft365.csv": Expected(
        read="csv utf-8 , 1",
        suggestion="- - - - - - first_name last_name - - - - - - language - - - - email -",
        totals=(3, 2, 0, 1, 0, 0),
        people="""
            lieve.vanacker@example.com | Lieve | Van Acker | Acme | nl
            benoit.simon@example.com | Benoît | Simon | Acme | fr
        """,
        issues={"required_value_missing": [4, 4]},
        defaults=ACME,
    ),
    "google_workspace.csv": Expected(
        read="csv utf-8 , 1",
        suggestion="first_name last_name email - - - - - - - - - - - - - - -",
        columns="first_name last_name email - - - - - - - - - - - - team_leader - -",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            ifeoma.eze@example.org | Ifeoma | Eze | Acme | en | | | | head@example.org
            tomas.ose@example.org | Tomás | Ó Sé | Acme | en | | | | head@example.org
            head@example.org | Head | Teacher | Acme | en
        """,
        issues={"leader_without_team": [2, 3]},
        defaults=ACME,
    ),
    "powershell_ad.csv": Expected(
        read="csv utf-16-le , 2",
        suggestion="- first_name last_name - email company - -",
        totals=(3, 2, 0, 1, 0, 1),
        people="""
            zoe.maes@example.com | Zoë | Maes | Maes & Zonen | en
            bruno.goetz@example.com | Bruno | Götz | Maes & Zonen | en
        """,
        issues={"required_value_missing": [5, 5, 5, 5]},
    ),
    "ldap.csv": Expected(
        read="csv utf-8 , 1",
        suggestion="- - - last_name first_name - - email company language -",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            zoe.maes@example.com | Zoé | Maes | Maes & Zonen | fr
            lars.holm@example.com | Lars | Holm | Maes & Zonen | en
            rik.thys@example.com | Rik | Thys | Maes & Zonen | nl
        """,
    ),
    "outlook.csv": Expected(
        read="csv cp1252 , 1",
        suggestion="- first_name - last_name - company - - - - - - email - - - language - -",
        totals=(2, 2, 0, 0, 0, 0),
        people="""
            aurelie.fabre@example.com | Aurélie | Fabre | Éditions du Nil | fr
            wout.baert@example.com | Wout | Baert | Éditions du Nil | nl
        """,
    ),
    "mailchimp.csv": Expected(
        read="csv utf-8 , 1",
        suggestion="email first_name last_name company - - - - - - - - - - - - -",
        totals=(2, 2, 0, 0, 0, 0),
        people="""
            nora.lind@example.com | Nora | Lind | Lind, Lund AB | en
            amir.aziz@example.com | Amir | Aziz | Lind, Lund AB | en
        """,
    ),
    "salesforce.csv": Expected(
        read="csv utf-8 , 1",
        suggestion="first_name last_name email company -",
        totals=(11, 3, 0, 5, 3, 0),
        people="""
            priya.raman@example.com | Priya | Raman | Orbit Foods | en
            owen.hughes@example.com | Owen | Hughes | Orbit Foods | en
            lena.fischer@example.com | Lena | Fischer | Alpen Käse AG | en
        """,
        issues={
            "too_few_cells": [8, 9, 10, 11, 12],
            "required_value_missing": [8, 8, 8, 9, 9, 9, 10, 10, 10, 11, 11, 11, 12, 12, 12],
        },
    ),
    "zoom.csv": Expected(
        read="csv utf-8 , 6",
        suggestion="first_name last_name email company - -",
        totals=(3, 3, 0, 0, 0, 5),
        people="""
            mia.novak@example.com | Mia | Novak | Delta Works | en
            ivan.horvat@example.com | Ivan | Horvat | Delta Works | en
            ema.babic@example.com | Ema | Babić | Delta Works | en
        """,
    ),
    "nightly.csv.gz": Expected(
        read="csv utf-8 , 1",
        suggestion="first_name last_name email company language",
        totals=(2, 2, 0, 0, 0, 0),
        people="""
            joke.debock@example.com | Joke | De Bock | Kustwacht | nl
            mehmet.ozturk@example.com | Mehmet | Öztürk | Kustwacht | fr
        """,
    ),
}
