"""Where a file's header stands, what stands above it, and what below it is no row: nobody is lost by either."""

import json
from typing import Any

import pytest

from app.errors import AppError, Code
from app.imports.issues import IssueCode, Severity
from app.imports.matching.headers import is_known_header
from app.imports.reading.detect import Detected, detect
from app.imports.reading.dialect import Overrides
from app.imports.reading.table import FOOTER_LINES, IGNORED_SHOWN, Dialect, RecordReader
from tests.rules.reading import PEOPLE, detected, read, reader, refusal


def test_a_file_with_only_a_header_has_no_records() -> None:
    assert read("first_name,last_name,email\n") == (["first_name", "last_name", "email"], [])


def test_headers_are_tidied() -> None:
    assert read('"  First \n name ",email\n')[0] == ["First name", "email"]


def test_empty_columns_at_the_end_are_dropped() -> None:
    assert read("email,company,,\na@example.com,A,,\n")[0] == ["email", "company"]


def test_a_million_empty_columns_are_dropped_at_once() -> None:
    assert read("email,company" + "," * 500_000 + "\na@example.com,A\n" * 200)[0] == ["email", "company"]


def test_a_column_without_header_is_kept_where_it_holds_something() -> None:
    assert read("email,,company,,\na@example.com,x,A,y,\n")[0] == ["email", "", "company", ""]


def test_a_file_whose_first_record_is_a_person_has_no_header_and_loses_nobody() -> None:
    content = "\nJan;Peeters;jan@example.com\nZoë;Dupont;zoe@example.com\n"
    found = detected(content)
    assert (found.dialect.header_line, found.headers) == (0, ["Column 1", "Column 2", "Column 3"])
    assert [(issue.code, issue.severity, issue.line) for issue in found.issues] == [
        (IssueCode.HEADER_MISSING, Severity.WARNING, None)
    ]
    assert found.samples == [["Jan", "Zoë"], ["Peeters", "Dupont"], ["jan@example.com", "zoe@example.com"]]
    assert [(line, cells[:1]) for line, cells in read(content)[1]] == [(1, []), (2, ["Jan"]), (3, ["Zoë"])]


def test_a_person_on_the_first_line_can_be_read_when_told_that_there_is_no_header() -> None:
    headers, records = read("Jan;jan@example.com\nZoë;zoe@example.com;x\n", header_line=0)
    assert headers == ["Column 1", "Column 2", "Column 3"]
    assert [line for line, _ in records] == [1, 2]
    assert detected("Jan;jan@example.com\n", header_line=0).issues == ()


def test_the_header_can_stand_further_down_when_told_so() -> None:
    headers, records = read("Our people;2026\nof;course\n" + PEOPLE, header_line=3)
    assert headers == ["first_name", "last_name", "email"]
    assert records[0] == (4, ["Jan", "Peeters", "jan@example.com"])


@pytest.mark.parametrize("line", [2, 5, 99])
def test_a_header_line_without_anything_is_refused(line: int) -> None:
    refused = refusal("email\n\na@example.com\n;;\n ;\n", header_line=line, delimiter=";")
    assert (refused.code, refused.params["line"]) == (Code.FILE_WITHOUT_HEADER, line)


def test_a_header_below_the_top_of_a_large_file_is_refused() -> None:
    with pytest.raises(AppError) as refused:
        detected("email\n" + "a@example.com\n" * 10, is_whole=False, header_line=12)
    assert refused.value.code is Code.FILE_WITHOUT_HEADER


def test_below_the_end_of_a_file_there_is_neither_header_nor_record() -> None:
    found = RecordReader([b"email\n", b"a@example.com\n"], Dialect("utf-8", ",", '"', 9))
    assert list(found.records()) == []
    assert (found.header, found.lines) == ([], 2)


def test_too_many_columns_are_refused() -> None:
    refused = refusal(",".join(f"h{n}" for n in range(6)) + "\n", max_columns=5)
    assert (refused.code, refused.params["columns"], refused.params["limit"]) == (Code.FILE_TOO_MANY_COLUMNS, 6, 5)
    assert refusal("1,2,3,4,5,6\n", max_columns=5, header_line=0).code is Code.FILE_TOO_MANY_COLUMNS


# --- what stands above the header ------------------------------------------------------------------------------------


def _header(*lines: str, **overrides: Any) -> tuple[int, list[str]]:
    found = detected("\n".join(lines), **overrides)
    return found.dialect.header_line, found.headers


ANN = "Ann;Maes;ann@example.com;Acme"
NAMES = "Voornaam;Achternaam;E-mail;Bedrijf"


@pytest.mark.parametrize(
    "above",
    [
        ["Personeelslijst"],
        ["Personeelslijst;;;", "Datum: 12/05/2026;;;", ";;;"],
        ["Liste du personnel, site de Liège", "", "Exporté le 12/05/2026, 10:31"],
        ['"Rapport ""RH"", mai"', "Contact;rh@example.com;;"],
        ["Person;;Work;"],
        ["Exported by;ann@example.com"],
    ],
)
def test_a_preamble_is_skipped_and_shown(above: list[str]) -> None:
    found = detected("\n".join([*above, NAMES, ANN]))
    assert (found.dialect.header_line, found.headers) == (len(above) + 1, NAMES.split(";"))
    assert list(found.preamble) == list(range(1, len(above) + 1))


@pytest.mark.parametrize("header", ["wer;wo;was;wann", "Имя;Фамилия;Почта;Компания", "Given;Surname2;Contact;Unit"])
def test_headers_nobody_knows_are_found_right_above_the_first_person(header: str) -> None:
    assert _header("A list", "", header, ANN, ANN) == (3, header.split(";"))


def test_headers_nobody_knows_are_found_where_nobody_has_an_address() -> None:
    assert _header("A list of things;;", "a;b;c", "1;2;3", "4;5;6") == (2, ["a", "b", "c"])


def test_the_lower_of_two_headers_counts() -> None:
    english = "first_name;last_name;email;company"
    assert _header(english, NAMES, ANN) == (2, NAMES.split(";"))
    assert _header("Person;;Work;", english, ANN) == (2, english.split(";"))


def test_a_header_over_several_lines_is_one() -> None:
    assert read('"First\nname";"E-mail\naddress"\nAnn;ann@example.com\n') == (
        ["First name", "E-mail address"],
        [(4, ["Ann", "ann@example.com"])],
    )


def test_nobody_stands_in_a_preamble() -> None:
    assert _header(ANN, NAMES, ANN) == (0, ["Column 1", "Column 2", "Column 3", "Column 4"])


def test_a_record_that_shares_values_with_those_below_is_no_header() -> None:
    assert _header("Ann;Maes;;Acme", "Jan;Peeters;jan@example.com;Acme")[0] == 0
    assert _header("Ann;Acme;fr", "Jan;Acme;fr", "Zoë;Beta;nl")[0] == 0


def test_a_title_that_is_a_name_of_ours_is_no_header() -> None:
    assert _header("Company;;;", "wer;E-mail;was;wo", ANN, ANN)[0] == 2


def test_a_person_labelled_like_a_header_is_no_header() -> None:
    assert _header("Ann;Maes;;Manager", "Jan;Peeters;jan@example.com;Manager")[0] == 0
    assert _header("Ann;ann@example.com;Team", "Jan;jan@example.com;Manager")[0] == 0


# --- what is no row below it -----------------------------------------------------------------------------------------


def _rows_and_ignored(*lines: str, **overrides: Any) -> tuple[list[int], list[tuple[int, str]]]:
    found = reader("\n".join(lines), **overrides)
    rows = [line for line, _ in found.records()]
    assert found.ignored_lines == len(found.ignored)
    return rows, found.ignored


FOOTERS = [
    "Total: 123", "Totaal;;;123", "Grand total;2", "Aantal medewerkers: 2", "Nombre de lignes : 2", "2 rows",
    "(2 rows affected)", "Exported on 2026-05-12 by ann@example.com", "Exporté le 12/05/2026", "Généré le 12/05/2026",
    "Geëxporteerd op 12 mei", "Erstellt am 12.05.2026", "Page 1 of 3", "Pagina 1 van 3", "Page 1/3", "*** END ***",
    "Fin du rapport", "Einde rapport", "End of report", "Confidential", "© 2026 Acme",
]  # fmt: skip


@pytest.mark.parametrize("footer", FOOTERS)
def test_footers_at_the_end_are_no_rows_and_shown(footer: str) -> None:
    assert _rows_and_ignored(NAMES, ANN, "", footer) == ([2, 3], [(4, "footer")])
    assert _rows_and_ignored(NAMES, ANN, footer, ";;;", footer, "") == ([2, 4], [(3, "footer"), (5, "footer")])


@pytest.mark.parametrize("footer", FOOTERS)
def test_what_looks_like_a_footer_above_a_row_is_a_row(footer: str) -> None:
    assert _rows_and_ignored(NAMES, ANN, footer, "", ANN) == ([2, 3, 4, 5], [])


@pytest.mark.parametrize(
    "row",
    [
        "Total;Marc;total@example.com;Acme",
        "Total;Marc;;Acme",
        "Page;Jimmy;;",
        "total@example.com",
        "Stand;Anna;;",
        "Som;;;",
    ],
)
def test_nobody_is_a_footer(row: str) -> None:
    rows, ignored = _rows_and_ignored(NAMES, ANN, row)
    assert (rows, ignored) == (([2], [(3, "footer")]) if row == "Som;;;" else ([2, 3], []))


def test_the_header_once_more_is_no_row() -> None:
    pages = [NAMES, ANN, "", NAMES, ANN, f"{NAMES};;", ANN, f"\ufeff{NAMES}", ANN]
    assert _rows_and_ignored(*pages) == ([2, 3, 5, 7, 9], [(4, "header"), (6, "header"), (8, "header")])


def test_a_row_that_starts_like_the_header_is_a_row() -> None:
    assert _rows_and_ignored(NAMES, "Voornaam;Maes;ann@example.com;Acme", ANN) == ([2, 3], [])


def test_ignored_lines_are_rows_when_told_so() -> None:
    assert _rows_and_ignored(NAMES, ANN, NAMES, ANN, "Total: 2", ignore_lines=False) == ([2, 3, 4, 5], [])


def test_only_the_first_ignored_lines_are_kept_but_all_are_counted() -> None:
    found = reader("\n".join([NAMES, *[ANN, NAMES] * 300]))
    assert len(list(found.records())) == found.ignored_lines == 300
    assert len(found.ignored) == IGNORED_SHOWN


@pytest.mark.parametrize("size", [7, 64, 4096])
def test_footers_are_the_same_wherever_the_file_is_cut(size: int) -> None:
    lines = [NAMES, *[ANN, "Total: 1", ""] * 40, *["Total: 1"] * (FOOTER_LINES + 10)]
    raw = "\n".join(lines).encode()
    dialect = detected(raw).dialect
    whole, cut = (
        RecordReader(pieces, dialect) for pieces in ([raw], [raw[n : n + size] for n in range(0, len(raw), size)])
    )
    assert list(whole.records()) == list(cut.records())
    assert whole.ignored == cut.ignored == [(len(lines) - FOOTER_LINES + 1 + n, "footer") for n in range(FOOTER_LINES)]


def test_what_may_be_a_footer_is_held_back_only_near_the_end() -> None:
    found = reader("\n".join([NAMES, ANN, "Total: 1", *[";;;"] * 500]))
    assert [line for line, _ in found.records()] == list(range(2, 504))
    assert found.ignored == []


def test_a_reader_that_starts_in_the_middle_knows_the_header_and_the_footers() -> None:
    raw = "\n".join([NAMES, *[ANN, NAMES] * 200, "Total: 200"]).encode()
    pieces = [raw[:4000], raw[4000:8000], raw[8000:]]
    dialect = detected(raw).dialect
    first = RecordReader(pieces, dialect)
    records = list(first.records())
    start = first.starts[-1]
    later = RecordReader(pieces[start.piece :], dialect, start=start)
    assert list(later.records()) == [record for record in records if record[0] >= start.line]


# --- a file of rejected rows, mended ---------------------------------------------------------------------------------


def test_apostrophes_of_ours_are_taken_off_where_our_headers_are() -> None:
    content = "email;phone;line;problem\na@example.com;'+32 2;12;'=x\nb@example.com;''-1;13;'x\n"
    headers, records = read(content)
    assert headers[-2:] == ["line", "problem"]
    assert records == [(2, ["a@example.com", "+32 2", "12", "=x"]), (3, ["b@example.com", "'-1", "13", "'x"])]
    assert detected(content).samples[1] == ["+32 2", "'-1"]


def test_apostrophes_stay_where_our_headers_are_not() -> None:
    assert read("email;phone;problem;line\na@example.com;'+32 2;;\n")[1] == [(2, ["a@example.com", "'+32 2", "", ""])]


# --- sheets of workbooks ---------------------------------------------------------------------------------------------


def _sheet(*rows: list[str]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" if row else b"\n" for row in rows)


def _detected_sheet(raw: bytes, **overrides: Any) -> Detected:
    return detect(
        raw,
        is_whole=True,
        encoding="utf-8",
        overrides=Overrides(**overrides),
        is_known_header=is_known_header,
        max_columns=10,
        is_sheet=True,
    )


def test_a_sheet_is_read_row_by_row_like_a_file() -> None:
    header, person = ["Voornaam", "E-mail"], ['Ann\n, "A"', "ann@example.com"]
    raw = _sheet(["A list"], [], header, person, [], header, person, ["Total", "2"])
    found = _detected_sheet(raw)
    assert (found.dialect.header_line, found.headers) == (3, header)
    assert found.samples[1] == ["ann@example.com", "ann@example.com"]
    rows = RecordReader([raw[:30], raw[30:]], found.dialect)
    assert list(rows.records()) == [(4, person), (5, []), (7, person)]
    assert (rows.header, rows.ignored, rows.lines) == (header, [(6, "header"), (8, "footer")], 8)


def test_a_sheet_may_have_no_header_and_one_may_be_given() -> None:
    raw = _sheet(["Ann", "ann@example.com"], ["Jan", "jan@example.com"])
    assert (_detected_sheet(raw).dialect.header_line, _detected_sheet(raw).headers) == (0, ["Column 1", "Column 2"])
    assert _detected_sheet(raw, header_line=1, encoding="cp1252").headers == ["Ann", "ann@example.com"]


@pytest.mark.parametrize("rows", [[], [[], []], [["", " "]]])
def test_a_sheet_without_anything_is_empty(rows: list[list[str]]) -> None:
    with pytest.raises(AppError) as refused:
        _detected_sheet(_sheet(*rows))
    assert refused.value.code is Code.FILE_EMPTY
