"""Files in the code pages of the world."""

from tests.files.expected.expectation import Expected

NAMES = "first_name last_name email company"

FILES = {
    "polish_cp1250.csv": Expected(
        read="csv cp1250 ; 1",
        suggestion="- - email company",
        totals=(4, 4, 0, 0, 0, 0),
        people="""
            lukasz.wisniewski@example.com | Łukasz | Wiśniewski | Żabka Dąbrowa | en
            malgorzata.wojcik@example.com | Małgorzata | Wójcik | Żabka Dąbrowa | en
            zbigniew.krecisz@example.com | Zbigniew | Kręcisz | Spółka „Ćma” | en
            swietoslawa@example.com | Świętosława | Źrebiec | Spółka „Ćma” | en
        """,
        asked="cp1250",
        columns=NAMES,
    ),
    "czech_cp1250.csv": Expected(
        read="csv cp1250 ; 1",
        suggestion="- - email company",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            jiri.dvorak@example.com | Jiří | Dvořák | Žďárské strojírny | en
            bozena.nemcova@example.com | Božena | Němcová | Žďárské strojírny | en
            ruzena.stastna@example.com | Růžena | Šťastná | Žďárské strojírny | en
        """,
        asked="cp1250",
        columns=NAMES,
    ),
    "russian_cp1251.csv": Expected(
        read="csv cp1251 ; 1",
        suggestion="- - email -",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            maria.sokolova@example.com | Мария | Соколова | ООО «Заря» | en
            dmitry.shchukin@example.com | Дмитрий | Щукин | ООО «Заря» | en
            alyona.ershova@example.com | Алёна | Ершова | ООО «Заря» | en
        """,
        asked="cp1251",
        columns=NAMES,
    ),
    "greek_cp1253.csv": Expected(
        read="csv cp1253 ; 1",
        suggestion="- - email -",
        totals=(2, 2, 0, 0, 0, 0),
        people="""
            eleni.papadopoulou@example.com | Ελένη | Παπαδοπούλου | Αφοί Γεωργίου | en
            giorgos.nikolaou@example.com | Γιώργος | Νικολάου | Αφοί Γεωργίου | en
        """,
        asked="cp1253",
        columns=NAMES,
    ),
    "turkish_cp1254.csv": Expected(
        read="csv cp1254 ; 1",
        suggestion="- - email -",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            caglar.isik@example.com | Çağlar | Işık | Güneş Gıda | en
            ayse.yildiz@example.com | Ayşe | Yıldız | Güneş Gıda | en
            ibrahim.ozturk@example.com | İbrahim | Öztürk | Güneş Gıda | en
        """,
        asked="cp1254",
        columns=NAMES,
    ),
    "japanese_sjis.csv": Expected(
        read="csv shift_jis , 1",
        suggestion="- - email -",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            haruko.tanaka@example.com | 晴子 | 田中 | 株式会社ソラ表 | en
            juro.sato@example.com | 十郎 | 佐藤 | 株式会社ソラ表 | en
            yoshiko@example.com | 能子 | 予備 | 株式会社ソラ表 | en
        """,
        asked="shift_jis",
        columns=NAMES,
    ),
    "chinese_gb18030.csv": Expected(
        read="csv gb18030 , 1",
        suggestion="- - email -",
        totals=(3, 3, 0, 0, 0, 0),
        people="""
            xiaoming.wang@example.com | 小明 | 王 | 北京蓝天有限公司 | en
            lihua.li@example.com | 丽华 | 李 | 北京蓝天有限公司 | en
            zhiqiang.zhang@example.com | 志强 | 张 | 上海东方集团 | en
        """,
        asked="gb18030",
        columns=NAMES,
    ),
    "latin9.csv": Expected(
        read="csv iso8859-15 ; 1",
        suggestion=f"{NAMES} -",
        totals=(2, 2, 0, 0, 0, 0),
        people="""
            helene.coeur@example.com | Hélène | Cœur | Café 5€ | en
            andre.lefort@example.com | André | Lefort | Café 5€ | en
        """,
        asked="iso8859-15",
    ),
    "utf16_bare.csv": Expected(
        read="csv utf-16-be , 1",
        suggestion=NAMES,
        totals=(2, 2, 0, 0, 0, 0),
        people="""
            sian.bakker@example.com | Siân | Bakker | Molen De Hoop | en
            tom.visser@example.com | Tom | Visser | Molen De Hoop | en
        """,
    ),
    "decomposed.csv": Expected(
        read="csv utf-8 , 1",
        suggestion=NAMES,
        totals=(2, 2, 0, 0, 0, 0),
        people="""
            zoe.lefevre@example.com | Zoé | Lefèvre | Forêt Noire | en
            noel.gugler@example.com | Noël | Gügler | Forêt Noire | en
        """,
    ),
    "mixed_encodings.csv": Expected(read="", asked="cp1252", has_no_answer=True),
    "twice_encoded.csv": Expected(
        read="csv utf-8 ; 1",
        suggestion=f"{NAMES.removesuffix('company')}-",
        totals=(2, 2, 0, 0, 0, 0),
        people="""
            zoe.dupont@example.com | Zoé | Dupont | Acme | en
            rene.cote@example.com | René | Côté | Acme | en
        """,
        file_issues=["text_damaged"],
        accepts="value_garbled",
        defaults={"company": "Acme"},
    ),
}
