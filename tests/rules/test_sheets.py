"""What is read of a workbook is what a person sees in it, row by row, where it stands."""

import contextlib
import gzip
import io
import re
from collections.abc import Collection

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.errors import AppError, Code
from app.imports.reading.gunzip import Gunzip
from app.imports.reading.kinds import Kind, OleFile, kind_of
from app.imports.workbooks.number_formats import general, number_format
from app.imports.workbooks.ods import Ods, is_ods
from app.imports.workbooks.package import Package
from app.imports.workbooks.xlsx import Xlsx, is_xlsx
from tests.files.workbooks import Raw, Rows, Shown, ods, ods_parts, xlsx, xlsx_parts, zipped

LIMIT = 64 * 1024 * 1024


def opened(workbook: bytes, wanted: str | None = None) -> Xlsx | Ods:
    file = io.BytesIO(workbook)
    package = Package(file, limit=LIMIT)
    if is_ods(package):
        return Ods(package, wanted)
    assert is_xlsx(package)
    return Xlsx(file, package, wanted)


def rows_of(workbook: bytes, wanted: str | None = None) -> list[list[str]]:
    return list(opened(workbook, wanted).rows())


def refusal(workbook: bytes) -> Code:
    with pytest.raises(AppError) as refused:
        rows_of(workbook)
    return refused.value.code


# --- numbers and dates as they are shown ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"), (-3.0, "-3"), (0.1 + 0.2, "0.3"), (32475123456.0, "32475123456"), (1.23e12, "1230000000000"),
        (12345678901234567890.0, "12345678901234600000"), (-0.0, "0"), (1e-7, "0.0000001"), (0.5, "0.5"),
    ],
)  # fmt: skip
def test_a_plain_number_has_no_exponent_and_no_trailing_zero(value: float, text: str) -> None:
    assert general(value) == text


@pytest.mark.parametrize(
    ("code", "value", "text"),
    [
        ("0", 12.0, "12"), ("00000", 42, "00042"), ("000-00-00", 1234567, "123-45-67"), ("0.00", 2.005, "2.01"),
        (r"0#\ ##\ ##\ ##\ ##", 612345678, "06 12 34 56 78"), ("#,##0", 1234567, "1234567"), ("0%", 0.5, "50%"),
        ("0.0%", 0.1234, "12.3%"), (r'#,##0.00\ "€"', 12.5, "12.50 €"), ("[$€-40C] #,##0.00", 12.5, "€ 12.50"),
        (r"_-* #,##0.00\ _€_-;-* #,##0.00\ _€_-", -3, "-3.00"), ("0.##", 12.345, "12.35"),
        ("#,##0_);(#,##0)", -12, "(12)"), ("0", -0.2, "0"), ("[Red]0;[Blue]-0", -7, "-7"),
        ("0;-0;0", 0, "0"), ("000", 4711, "4711"),
    ],
)  # fmt: skip
def test_a_number_is_shown_by_its_format(code: str, value: float, text: str) -> None:
    assert number_format(code).shown(value) == text


@pytest.mark.parametrize(
    "code", ["General", "@", "# ?/?", "0.00E+00", "0,", "[>5]0;0.0", ";;;", '"yes"', "", "0." + "0" * 30]
)
def test_a_format_that_does_not_tell_the_number_leaves_it_plain(code: str) -> None:
    assert number_format(code).shown(5.0) is None


@pytest.mark.parametrize(
    ("code", "value", "text"),
    [
        ("dd/mm/yyyy", 45322, "31/01/2024"), ("d-m-yy", 45322, "31-1-24"), ("yyyy-mm-dd;@", 45322, "2024-01-31"),
        ("dd.mm.yyyy hh:mm", 45322.75, "31.01.2024 18:00"), ("[$-40C]d mmmm yyyy;@", 45322, "31 janvier 2024"),
        ("[$-413]dddd d mmmm yyyy", 45322, "woensdag 31 januari 2024"), ("[$-809]d mmm yyyy", 45322, "31 Jan 2024"),
        ("[$-fr-FR]ddd d mmm yyyy;@", 45322, "mer. 31 janv. 2024"), ("[$-407]d. mmmm yyyy", 45322, "31. Januar 2024"),
        ("hh:mm", 0.5, "12:00"), ("h:mm AM/PM", 0.75, "6:00 PM"), ("[h]:mm:ss", 1.5, "36:00:00"),
        ("DD/MM/YYYY", 45322, "31/01/2024"), ("mm:ss", 0.5, "00:00"), ("mm:ss.0", 0.0005, "00:43.2"),
        ("yyyy", 45322, "2024"), ("dd/mm/yyyy", 1, "01/01/1900"),
        ("dd/mm/yyyy", 61, "01/03/1900"), ("dd/mm/yyyy", 2_958_465, "31/12/9999"),
        ("h:mm:ss", 0.999999999, "0:00:00"),
    ],
)  # fmt: skip
def test_a_date_is_shown_by_its_format(code: str, value: float, text: str) -> None:
    assert number_format(code).shown(value) == text


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("d-mmm", "2024-01-31"), ("[$-F800]dddd, mmmm dd, yyyy", "2024-01-31"), ("[$-F400]h:mm:ss AM/PM", "18:00:00"),
        ("[$-411]ge.m.d", "2024-01-31"), ("[$-415]d mmmm yyyy", "2024-01-31"),
        ("d mmm yyyy h:mm", "2024-01-31 18:00:00"),
    ],
)  # fmt: skip
def test_what_a_format_leaves_to_the_readers_country_is_iso(code: str, text: str) -> None:
    assert number_format(code).shown(45322.75) == text


def test_a_workbook_may_count_its_days_from_1904() -> None:
    assert number_format("dd/mm/yyyy", dates_from_1904=True).shown(43860) == "31/01/2024"
    assert number_format("dd/mm/yyyy", dates_from_1904=True).shown(2_958_465) is None


def test_a_number_that_is_no_date_stays_a_number() -> None:
    assert [number_format("dd/mm/yyyy").shown(value) for value in (-1, 2_958_466, 1e300)] == [None] * 3


@given(st.text(st.sampled_from('0#?.,;%/E+-_*\\"[]$ymdhsABgeneral@ 4C€<>'), max_size=40), st.floats(allow_nan=False))
def test_any_format_code_with_any_number_gives_a_text_or_none(code: str, value: float) -> None:
    for from_1904 in (False, True):
        shown = number_format(code, dates_from_1904=from_1904).shown(value)
        assert shown is None or isinstance(shown, str)


# --- XLSX ------------------------------------------------------------------------------------------------------------


def test_rows_and_columns_stand_where_they_stand_in_the_sheet() -> None:
    rows: Rows = [[], [], [None, None, "Naam", "Nr"], [], [None, None, "Zoë\nvan Dam", 7.0]]
    assert rows_of(xlsx({"A": rows})) == [[], [], ["", "", "Naam", "Nr"], [], ["", "", "Zoë\nvan Dam", "7"]]


def test_cells_read_as_they_are_shown() -> None:
    rows: Rows = [
        [Shown(45322, "dd/mm/yyyy"), Shown(42, "00000"), Shown(0.5, "0%"), 32475123456.0, True, "007", " x "],
        [
            Raw('<c r="{place}" s="1" t="s"><v>0</v></c>'),
            Raw("<c s='2' r='{place}'><f>A1+1</f><v>43</v></c>"),
            Raw('<c r="{place}" t="e"><v>#N/A</v></c>'),
            Raw('<c r="{place}" t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r></is></c>'),
            Raw('<c r="{place}" t="str"><f>UPPER("a")</f><v>A</v></c>'),
            Raw('<c r="{place}" t="d"><v>2024-01-31</v></c>'),
            Raw('<c r="{place}" s="1"/>'),
        ],
    ]
    assert rows_of(xlsx({"A": rows})) == [
        ["31/01/2024", "00042", "50%", "32475123456", "TRUE", "007", " x "],
        ["007", "00043", "", "inline", "A", "2024-01-31", ""],
    ]


def test_formats_are_found_in_a_sheet_of_many_chunks() -> None:
    rows: Rows = [[f"p{number}" * 20, Shown(number, "00000")] for number in range(20_000)]
    found = rows_of(xlsx({"A": rows}))
    assert [row[1] for row in found] == [f"{number:05}" for number in range(20_000)]


def test_a_sheet_written_with_prefixes_reads_the_same() -> None:
    parts = xlsx_parts({"A": [["When"], [Shown(45322, "dd/mm/yyyy")]]})
    sheet = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = re.sub("<(/?)(c|v|row|sheetData|worksheet)\\b", r"<\1x:\2", sheet).replace(
        "xmlns=", "xmlns:x="
    )
    assert rows_of(zipped(parts)) == [["When"], ["31/01/2024"]]


def test_without_places_or_styles_a_date_is_iso_or_a_number() -> None:
    parts = xlsx_parts({"A": [["When"], [Shown(45322, "dd/mm/yyyy")]]})
    placeless = parts | {"xl/worksheets/sheet1.xml": re.sub(' r="[A-Z]*[0-9]+"', "", parts["xl/worksheets/sheet1.xml"])}
    assert rows_of(zipped(placeless)) == [["When"], ["2024-01-31"]]
    parts["xl/styles.xml"] = parts["xl/styles.xml"].replace("numFmtId=", "other=")
    assert rows_of(zipped(parts))[1] in (["2024-01-31"], ["45322"])


def test_days_from_1904_are_read() -> None:
    assert rows_of(xlsx({"A": [[Shown(43860, "dd/mm/yyyy")]]}, dates_from_1904=True)) == [["31/01/2024"]]


@pytest.mark.parametrize("make", [xlsx, ods])
def test_the_first_visible_sheet_with_something_in_it_is_read_and_any_visible_one_can_be_chosen(make: object) -> None:
    assert callable(make)
    workbook = make({"Cover": [], "Lists": [["secret"]], "People": [["Jan"]], "Old & new": [["An"]]}, hidden=["Lists"])
    book = opened(workbook)
    assert list(book.rows()) == [["Jan"]]
    assert (book.sheets, book.sheet) == (["Cover", "People", "Old & new"], "People")
    assert rows_of(workbook, "Old & new") == [["An"]]
    assert rows_of(workbook, "Cover") == []


def hiding_rows(workbook: str, lines: Collection[int]) -> bytes:
    """People in a sheet of which some rows are hidden, as a filter leaves them."""
    rows: Rows = [["Name", "When"], ["Jan", Shown(45322, "dd/mm/yyyy")], ["An", "x"], ["Bo", "y"], ["Cé", "z"]]
    if workbook == "xlsx":
        parts = xlsx_parts({"A": rows})
        sheet = parts["xl/worksheets/sheet1.xml"]
        for line in lines:
            sheet = sheet.replace(f'<row r="{line}">', f'<row r="{line}" spans="1:2" hidden="1" ht="15">')
        return zipped(parts | {"xl/worksheets/sheet1.xml": sheet.replace("</row>", '</row><row hidden="1"/>')})
    parts = ods_parts({"A": rows})
    pieces = parts["content.xml"].split("<table:table-row>")
    for line in lines:
        pieces[line] = 'table:visibility="filter">' + pieces[line]
    content = "".join(
        piece if number == 0 else f"<table:table-row {piece}" if number in lines else f"<table:table-row>{piece}"
        for number, piece in enumerate(pieces)
    )
    return zipped(parts | {"content.xml": content})


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
@pytest.mark.parametrize("lines", [(), (3,), (2, 5), (2, 3, 4, 5)])
def test_rows_that_nobody_sees_are_read_and_counted(kind: str, lines: Collection[int]) -> None:
    book = opened(hiding_rows(kind, lines))
    assert [row[0] for row in book.rows()] == ["Name", "Jan", "An", "Bo", "Cé"]
    assert book.hidden_rows == len(lines)


@pytest.mark.parametrize("make", [xlsx, ods])
def test_a_workbook_of_empty_sheets_has_no_rows(make: object) -> None:
    assert callable(make)
    book = opened(make({"A": [], "B": []}))
    assert (list(book.rows()), book.sheet) == ([], None)


# --- ODS -------------------------------------------------------------------------------------------------------------


def test_an_ods_cell_reads_as_it_is_shown() -> None:
    no = "<text:p>a comment</text:p>"
    cell = "<table:table-cell office:value-type='string'>{}</table:table-cell>"
    rows: Rows = [
        ["Naam", Shown(7, "007"), Shown(45322, "31/01/24"), 12.0, None],
        [
            Raw(cell.format(f"<office:annotation>{no}</office:annotation><text:p>a<text:s text:c='2'/>b</text:p>")),
            Raw(cell.format("<text:p>one</text:p><text:p>two<text:line-break/>three<text:tab/>4</text:p>")),
            Raw(cell.format("<text:p>x <text:a>y</text:a>\n  <text:span>z</text:span></text:p>")),
            Raw("<table:table-cell office:value-type='date' office:date-value='2024-01-31'/>"),
            Raw("<table:table-cell office:value-type='boolean' office:boolean-value='true'/>"),
        ],
    ]  # fmt: skip
    assert rows_of(ods({"A": rows})) == [
        ["Naam", "007", "31/01/24", "12"],
        ["a  b", "one\ntwo\nthree\t4", "x y z", "2024-01-31", "true"],
    ]


def test_repeated_and_covered_cells_and_rows_stand_where_they_stand() -> None:
    empty_rows = Raw("<table:table-row table:number-rows-repeated='{}'><table:table-cell "
                     "table:number-columns-repeated='16384'/></table:table-row>")  # fmt: skip
    rows: Rows = [
        [Raw(empty_rows.xml.format(2))],
        [
            Raw("<table:table-cell table:number-columns-repeated='2'/>"),
            "A",
            Raw("<table:covered-table-cell><text:p>under</text:p></table:covered-table-cell>"),
            "B",
        ],
        [Raw("<table:table-row table:number-rows-repeated='2'><table:table-cell table:number-columns-repeated='3'>"
             "<text:p>same</text:p></table:table-cell></table:table-row>")],
        [Raw(empty_rows.xml.format(1_048_000))],
    ]  # fmt: skip
    same = ["same", "same", "same", "", ""]
    assert rows_of(ods({"A": rows})) == [[], [], ["", "", "A", "", "B"], same, same]


def test_no_row_is_wider_than_a_spreadsheet() -> None:
    wide = "<table:table-cell table:number-columns-repeated='999999999'><text:p>x</text:p></table:table-cell>"
    (row,) = rows_of(ods({"A": [[Raw(wide), "y"]]}))
    assert len(row) == 16_384


# --- what cannot be read ---------------------------------------------------------------------------------------------

WORKBOOK = xlsx({"A": [["Name"], ["Jan"]]})


def test_a_workbook_that_is_cut_off_or_changed_is_damaged() -> None:
    assert refusal(WORKBOOK[: len(WORKBOOK) // 2]) is Code.FILE_DAMAGED
    assert refusal(b"PK\x03\x04" + b"\x14\x00" * 50) is Code.FILE_DAMAGED
    at = WORKBOOK.rindex(b"xl/worksheets/sheet1.xml", 0, WORKBOOK.rindex(b"xl/worksheets/sheet1.xml")) + 40
    assert refusal(WORKBOOK[:at] + b"\x00\xff" * 10 + WORKBOOK[at + 20 :]) is Code.FILE_DAMAGED


@given(st.integers(0, len(WORKBOOK) - 1), st.binary(min_size=1, max_size=8))
@example(WORKBOOK.rindex(b"PK\x05\x06") + 18, b"\x01")  # parts that begin before the file does
def test_a_workbook_changed_anywhere_is_read_or_refused(at: int, other: bytes) -> None:
    changed = WORKBOOK[:at] + other + WORKBOOK[at + len(other) :]
    with contextlib.suppress(AppError, AssertionError):  # the assertion: it is no workbook any more
        rows_of(changed)


def test_entities_are_not_expanded() -> None:
    parts = ods_parts({"A": [["x"]]})
    parts["content.xml"] = parts["content.xml"].replace(
        "<office:document-content", '<!DOCTYPE a [<!ENTITY b "cc">]><office:document-content', 1
    )
    assert refusal(zipped(parts)) is Code.FILE_DAMAGED


def test_xml_that_is_none_or_in_no_encoding_is_damaged() -> None:
    parts = ods_parts({"A": [["x"]]})
    for content in (parts["content.xml"][:-30], parts["content.xml"].replace("UTF-8", "UTF-99"), ""):
        assert refusal(zipped(parts | {"content.xml": content})) is Code.FILE_DAMAGED


def test_an_encrypted_ods_is_protected() -> None:
    parts = ods_parts({"A": [["x"]]})
    parts["META-INF/manifest.xml"] += "<manifest:encryption-data/>"
    assert refusal(zipped(parts)) is Code.FILE_PROTECTED


def test_a_zip_with_a_password_is_protected() -> None:
    flagged = bytearray(WORKBOOK)
    flagged[flagged.rindex(b"PK\x01\x02") + 8] |= 1
    assert refusal(bytes(flagged)) is Code.FILE_PROTECTED


def test_what_unpacks_to_too_much_is_refused_whatever_it_says_of_its_size() -> None:
    size = 40_000_000
    bomb = zipped({"xl/workbook.xml": b" " * size})
    assert refusal(bomb) is Code.FILE_UNPACKS_TOO_LARGE
    lying = bomb.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lying != bomb
    assert refusal(lying) is Code.FILE_UNPACKS_TOO_LARGE
    assert refusal(zipped({f"part{number}": "" for number in range(10_001)})) is Code.FILE_UNPACKS_TOO_LARGE


def test_first_bytes_tell_the_kind_of_a_file() -> None:
    assert kind_of(WORKBOOK) is Kind.WORKBOOK
    assert kind_of(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512) is Kind.OLE
    assert kind_of(b"first_name,last_name\n") is kind_of(b"") is Kind.TEXT


@pytest.mark.parametrize(
    "top", [b"<html>", b"\r\n <!DOCTYPE html>", b"\xef\xbb\xbf<?xml version='1.0'?>", b"<Table border=1>"]
)
def test_a_web_page_that_calls_itself_xls_is_refused(top: bytes) -> None:
    with pytest.raises(AppError) as refused:
        kind_of(top + b"<tr><td>Name</td></tr>")
    assert refused.value.code is Code.FILE_TYPE_UNSUPPORTED
    assert kind_of(b"<jan@example.com>;Jan\n") is Kind.TEXT


def test_an_old_excel_file_is_told_from_one_with_a_password() -> None:
    for content, code in (
        ("Workbook".encode("utf-16-le"), Code.FILE_TYPE_UNSUPPORTED),
        ("EncryptedPackage".encode("utf-16-le"), Code.FILE_PROTECTED),
    ):
        file = OleFile()
        for at in range(0, len(content), 5):
            file.write(content[at : at + 5])
        with pytest.raises(AppError) as refused:
            file.end()
        assert refused.value.code is code


# --- gzip ------------------------------------------------------------------------------------------------------------


def unpacked(packed: bytes, at_once: int = 1000) -> bytes:
    gunzip = Gunzip()
    found = b"".join(
        piece for at in range(0, len(packed), at_once) for piece in gunzip.write(packed[at : at + at_once])
    )
    gunzip.end()
    return found


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=4), st.integers(1, 500), st.integers(0, 20))
def test_gzip_of_any_members_unpacks_however_it_arrives(members: list[bytes], at_once: int, zeros: int) -> None:
    assert unpacked(b"".join(map(gzip.compress, members)) + b"\0" * zeros, at_once) == b"".join(members)


def test_a_gzip_that_ends_too_early_or_goes_on_as_something_else_is_damaged() -> None:
    packed = gzip.compress(b"first_name,last_name\n" * 1000)
    for broken in (packed[:-1], packed[: len(packed) // 2], packed + b"garbage", packed[:-8] + b"\0" * 8):
        with pytest.raises(AppError) as refused:
            unpacked(broken)
        assert refused.value.code is Code.FILE_DAMAGED


def test_a_gzip_bomb_is_refused_before_it_is_unpacked() -> None:
    sizes: list[int] = []
    pieces = map(len, Gunzip().write(gzip.compress(b"a" * 40_000_000)))
    with pytest.raises(AppError) as refused:
        sizes.extend(pieces)
    assert refused.value.code is Code.FILE_UNPACKS_TOO_LARGE
    assert sum(sizes) <= 17 * 1024 * 1024
