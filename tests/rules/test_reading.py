"""How a file is read: whatever wrote it, each record comes out whole, with the line an editor shows it on."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from app.errors import AppError, Code
from app.imports.detect import DELIMITERS, ENCODINGS, Detected, Inspector, Overrides, detect
from app.imports.mapping import is_known_header
from app.imports.table import CELL_CHARACTERS, CELLS, RECORD_CHARACTERS, Dialect, Record, RecordReader, is_filled

COMMA = Dialect("utf-8", ",", '"', 1)
PEOPLE = "first_name;last_name;email\nJan;Peeters;jan@example.com\nZoë;Dupont;zoe@example.com\n"


def _inspected(*chunks: bytes) -> Inspector:
    inspector = Inspector()
    for number, chunk in enumerate(chunks):
        inspector.look(chunk, is_first=number == 0)
    return inspector


def _detected(content: str | bytes, *, is_whole: bool = True, max_columns: int = 200, **overrides: Any) -> Detected:
    raw = content.encode() if isinstance(content, str) else content
    return detect(
        raw,
        is_whole=is_whole,
        encoding=_inspected(raw).encoding(),
        overrides=Overrides(**overrides),
        is_known_header=is_known_header,
        max_columns=max_columns,
    )


def _read(content: str | bytes, **overrides: Any) -> tuple[list[str], list[Record]]:
    """A file's headers and the records below them, as an upload of it would be read."""
    raw = content.encode() if isinstance(content, str) else content
    found = _detected(raw, **overrides)
    return found.headers, list(RecordReader([raw], found.dialect).records())


def _refusal(content: str | bytes, **overrides: Any) -> AppError:
    with pytest.raises(AppError) as refused:
        _read(content, **overrides)
    return refused.value


def _cells(records: Sequence[Record]) -> list[list[str]]:
    return [cells for _, cells in records]


def _line_of(text: str, position: int) -> int:
    """The line an editor shows a position on."""
    return 1 + len(re.findall(r"\r\n|\r|\n", text[:position]))


def _cut_like_an_upload(content: bytes, size: int) -> Iterator[bytes]:
    """Pieces that end with a line where one ends in their second half; the last one is what is left."""
    while len(content) >= size:
        end = content.rfind(b"\n", size // 2, size) + 1 or size
        yield content[:end]
        content = content[end:]
    yield content


def _cut_at(content: bytes, places: Sequence[int]) -> list[bytes]:
    bounds = [0, *sorted(place % (len(content) + 1) for place in places), len(content)]
    return [content[start:end] for start, end in pairwise(bounds)]


# --- delimiters and quotes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_each_delimiter_is_recognised(delimiter: str) -> None:
    found = _detected(PEOPLE.replace(";", delimiter))
    assert found.dialect == Dialect("utf-8", delimiter, '"', 1)
    assert found.headers == ["first_name", "last_name", "email"]
    assert found.samples == [["Jan", "Zoë"], ["Peeters", "Dupont"], ["jan@example.com", "zoe@example.com"]]


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("header", ["email{0}company{0}label", "wer{0}wo{0}was"])
def test_a_delimiter_is_recognised_where_texts_hold_all_the_others(delimiter: str, header: str) -> None:
    noise = "".join(other for other in DELIMITERS if other != delimiter)
    row = delimiter.join(["jan@example.com", f"a{noise}b{noise}c", f"{noise}x{noise}"])
    found = _detected("\n".join([header.format(delimiter), row, row, row]))
    assert found.dialect.delimiter == delimiter
    assert len(found.headers) == 3


def test_known_headers_tell_the_delimiter_where_rows_do_not() -> None:
    assert _detected("email;company\na;b,c\na;b;x,c\na,c\n").dialect.delimiter == ";"


def test_addresses_tell_the_delimiter_where_headers_do_not() -> None:
    rows = ["who, how, why|where", *["Dupont, Jean, Mr|jan@example.com"] * 3]
    assert _detected("\n".join(rows)).dialect.delimiter == "|"


def test_a_delimiter_inside_quotes_does_not_count() -> None:
    headers, records = _read('email;company\na@example.com;"Acme, Inc, Ltd"\nb@example.com;"B, C, D"\n')
    assert headers == ["email", "company"]
    assert records == [(2, ["a@example.com", "Acme, Inc, Ltd"]), (3, ["b@example.com", "B, C, D"])]


def test_a_file_of_one_column_is_read() -> None:
    assert _read("email\na@example.com\n") == (["email"], [(2, ["a@example.com"])])


@pytest.mark.parametrize("told", ["sep=;", "SEP=;", '"sep=;"'])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_sep_line_tells_the_delimiter_and_is_no_row(told: str, end: str) -> None:
    found = _detected(end.join([told, "a,b;email", "1,2;x@example.com"]))
    assert found.dialect == Dialect("utf-8", ";", '"', 2)
    assert found.headers == ["a,b", "email"]


def test_a_sep_line_may_tell_a_delimiter_nobody_guesses() -> None:
    assert _read("sep=^\nemail^company\na@example.com^Acme") == (["email", "company"], [(3, ["a@example.com", "Acme"])])


def test_a_sep_line_above_a_file_without_header_is_no_row() -> None:
    headers, records = _read("sep=;\nJan;jan@example.com\n", header_line=0)
    assert headers == ["Column 1", "Column 2"]
    assert records == [(2, ["Jan", "jan@example.com"])]


@pytest.mark.parametrize("told", ['sep="', "sep=a", "sep=", "sep=\r", "sep= "])
def test_a_sep_line_that_tells_no_delimiter_is_a_line_like_any_other(told: str) -> None:
    assert _detected(f"{told}\nemail,company\n").dialect.header_line == 1


def test_quoted_cells_hold_delimiters_quotes_and_line_breaks() -> None:
    _, records = _read('email,company\n"a@example.com","He said ""hi"",\r\nthen left"\nb@example.com,B\n')
    assert records == [(2, ["a@example.com", 'He said "hi",\r\nthen left']), (4, ["b@example.com", "B"])]


def test_the_quote_can_be_overridden() -> None:
    _, records = _read("email,company\na@example.com,'Acme, Inc'\n", quote="'")
    assert records == [(2, ["a@example.com", "Acme, Inc"])]


def test_overrides_win_over_what_would_be_detected() -> None:
    found = _detected(PEOPLE, delimiter="|", encoding="cp1252", quote="'")
    assert found.dialect == Dialect("cp1252", "|", "'", 1)
    assert found.headers == ["first_name;last_name;email"]


# --- encodings -------------------------------------------------------------------------------------------------------


def test_a_byte_order_mark_is_no_part_of_the_first_header() -> None:
    headers, records = _read(codecs.BOM_UTF8 + PEOPLE.encode())
    assert headers[0] == "first_name"
    assert records[1] == (3, ["Zoë", "Dupont", "zoe@example.com"])


def test_a_byte_order_mark_cut_in_pieces_is_none_either() -> None:
    raw = codecs.BOM_UTF8 + PEOPLE.encode()
    reader = RecordReader([raw[:1], raw[1:2], raw[2:]], Dialect("utf-8", ";", '"', 1))
    assert len(list(reader.records())) == 2
    assert reader.header[0] == "first_name"


def test_what_is_not_utf_8_is_cp1252() -> None:
    found = _detected(PEOPLE.encode("cp1252"))
    assert found.dialect.encoding == "cp1252"
    assert found.samples[0] == ["Jan", "Zoë"]


def test_utf_8_is_recognised_in_any_chunks() -> None:
    raw = "naïve €uro 𝄞".encode()
    assert _inspected(*(raw[n : n + 1] for n in range(len(raw)))).encoding() == "utf-8"


def test_a_character_cut_off_at_the_end_of_the_file_makes_it_no_utf_8() -> None:
    assert _inspected("Zoë".encode()[:-1]).encoding() == "cp1252"


@pytest.mark.parametrize("raw", [b"na\xefve \x81", codecs.BOM_UTF8 + b"Zo\xeb"])
def test_what_is_neither_is_refused(raw: bytes) -> None:
    with pytest.raises(AppError) as refused:
        _inspected(raw).encoding()
    assert refused.value.code is Code.FILE_UNDECODABLE


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_we_offer_can_be_chosen(encoding: str) -> None:
    content = "email;company\na@example.com;Café\n".encode(encoding)
    headers, records = _read(content, encoding=encoding)
    assert (headers, records) == (["email", "company"], [(2, ["a@example.com", "Café"])])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("pieces", [1, 2, 5, 100])
def test_a_byte_that_cannot_be_decoded_is_refused_with_its_line(end: str, pieces: int) -> None:
    raw = end.join(["email;company", "a@example.com;Zoë", ""]).encode()
    for bad in (raw + b"\xff", raw + b"b@example.com;X\xff\n", raw + "é".encode()[:1]):
        cut = [bad[n : n + pieces] for n in range(0, len(bad), pieces)]
        with pytest.raises(AppError) as refused:
            list(RecordReader(cut, Dialect("utf-8", ";", '"', 1)).records())
        assert (refused.value.code, refused.value.params["line"]) == (Code.FILE_UNDECODABLE, 3)


# --- lines -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("has_last", [True, False])
def test_lines_may_end_in_any_way_and_the_last_one_not_at_all(end: str, has_last: bool) -> None:
    content = end.join(["email,company", "a@example.com,A", "b@example.com,B"]) + (end if has_last else "")
    headers, records = _read(content)
    assert headers == ["email", "company"]
    assert records == [(2, ["a@example.com", "A"]), (3, ["b@example.com", "B"])]


def test_line_ends_may_be_mixed() -> None:
    _, records = _read('email,company\ra@example.com,A\r\nb@example.com,"B\rC\nD"\n\r\nc@example.com,C')
    assert records == [
        (2, ["a@example.com", "A"]),
        (3, ["b@example.com", "B\rC\nD"]),
        (6, []),
        (7, ["c@example.com", "C"]),
    ]


def test_form_feeds_and_unicode_separators_end_no_line() -> None:
    _, records = _read("email,company\na@example.com,A\x0bB\x0cC\x1cD\x85E\u2028F\u2029G\nb@example.com,B\n")
    assert [line for line, _ in records] == [2, 3]


def test_blank_lines_above_the_header_are_skipped_and_counted() -> None:
    found = _detected('\n \t\n;;;\n"";""\n\xa0;\n' + PEOPLE)
    assert found.dialect.header_line == 6
    assert _read("\r\n\r\n" + PEOPLE)[1][0] == (4, ["Jan", "Peeters", "jan@example.com"])


def test_blank_lines_between_records_are_records_without_anything() -> None:
    _, records = _read("email,company\n\na@example.com,A\n , \n\n\nb@example.com,B\n\n")
    assert [(line, is_filled(cells)) for line, cells in records] == [
        (2, False),
        (3, True),
        (4, False),
        (5, False),
        (6, False),
        (7, True),
        (8, False),
    ]


def test_blank_cells_and_ragged_rows_come_as_they_are() -> None:
    _, records = _read("a,email,c\n1\n1,,3\n1,x@example.com,3,4\n,,\n")
    assert _cells(records) == [["1"], ["1", "", "3"], ["1", "x@example.com", "3", "4"], ["", "", ""]]


def test_the_lines_of_the_file_are_counted_to_its_end() -> None:
    reader = RecordReader([b'email,company\n\na@example.com,"x\ny"\n'], COMMA)
    list(reader.records())
    assert reader.lines == 4


def test_the_inspector_counts_line_breaks_of_all_kinds_in_any_chunks() -> None:
    assert _inspected(b"a\r", b"\nb\r\nc\rd", b"\n\re\r", b"f").line_breaks == 6


# --- headers ---------------------------------------------------------------------------------------------------------


def test_a_file_with_only_a_header_has_no_records() -> None:
    assert _read("first_name,last_name,email\n") == (["first_name", "last_name", "email"], [])


def test_headers_are_tidied() -> None:
    assert _read('"  First \n name ",email\n')[0] == ["First name", "email"]


def test_empty_columns_at_the_end_are_dropped() -> None:
    assert _read("email,company,,\na@example.com,A,,\n")[0] == ["email", "company"]


def test_a_million_empty_columns_are_dropped_at_once() -> None:
    assert _read("email,company" + "," * 500_000 + "\na@example.com,A\n" * 200)[0] == ["email", "company"]


def test_a_column_without_header_is_kept_where_it_holds_something() -> None:
    assert _read("email,,company,,\na@example.com,x,A,y,\n")[0] == ["email", "", "company", ""]


def test_a_file_whose_first_line_is_a_person_has_no_header() -> None:
    refused = _refusal("\nJan;Peeters;jan@example.com\nZoë;Dupont;zoe@example.com\n")
    assert (refused.code, refused.params["line"]) == (Code.FILE_WITHOUT_HEADER, 2)


def test_a_person_on_the_first_line_can_be_read_when_told_that_there_is_no_header() -> None:
    headers, records = _read("Jan;jan@example.com\nZoë;zoe@example.com;x\n", header_line=0)
    assert headers == ["Column 1", "Column 2", "Column 3"]
    assert [line for line, _ in records] == [1, 2]


def test_the_header_can_stand_further_down_when_told_so() -> None:
    headers, records = _read("Our people;2026\nof;course\n" + PEOPLE, header_line=3)
    assert headers == ["first_name", "last_name", "email"]
    assert records[0] == (4, ["Jan", "Peeters", "jan@example.com"])


@pytest.mark.parametrize("line", [2, 5, 99])
def test_a_header_line_without_anything_is_refused(line: int) -> None:
    refused = _refusal("email\n\na@example.com\n;;\n ;\n", header_line=line, delimiter=";")
    assert (refused.code, refused.params["line"]) == (Code.FILE_WITHOUT_HEADER, line)


def test_a_header_below_the_top_of_a_large_file_is_refused() -> None:
    with pytest.raises(AppError) as refused:
        _detected("email\n" + "a@example.com\n" * 10, is_whole=False, header_line=12)
    assert refused.value.code is Code.FILE_WITHOUT_HEADER


def test_below_the_end_of_a_file_there_is_neither_header_nor_record() -> None:
    reader = RecordReader([b"email\n", b"a@example.com\n"], Dialect("utf-8", ",", '"', 9))
    assert list(reader.records()) == []
    assert (reader.header, reader.lines) == ([], 2)


def test_too_many_columns_are_refused() -> None:
    refused = _refusal(",".join(f"h{n}" for n in range(6)) + "\n", max_columns=5)
    assert (refused.code, refused.params["columns"], refused.params["limit"]) == (Code.FILE_TOO_MANY_COLUMNS, 6, 5)
    assert _refusal("1,2,3,4,5,6\n", max_columns=5, header_line=0).code is Code.FILE_TOO_MANY_COLUMNS


# --- what is no table ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", ["", "\n", " \r\n\t\r\n", ",,;;||\n", '"";""\n', "\ufeff", "sep=;\n", "sep=;\n;;\n"]
)
def test_a_file_without_anything_is_empty(content: str) -> None:
    assert _refusal(content).code is Code.FILE_EMPTY


def test_a_file_of_separators_is_empty_without_a_header_too() -> None:
    assert _refusal(";;;\n;;\n", header_line=0).code is Code.FILE_EMPTY


@pytest.mark.parametrize(
    ("top", "kind"),
    [
        (b"PK\x03\x04", "zip"),
        (b"PK\x05\x06", "zip"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"GIF89a", "gif"),
        (b"%PDF-1.7", "pdf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"Rar!\x1a\x07", "rar"),
    ],
)
def test_pictures_archives_and_office_files_are_refused_by_name(top: bytes, kind: str) -> None:
    with pytest.raises(AppError) as refused:
        _inspected(top + b"rest")
    assert (refused.value.code, refused.value.params["kind"]) == (Code.FILE_TYPE_UNSUPPORTED, kind)


@pytest.mark.parametrize("raw", [b"abc\0def", "email\n".encode("utf-16")])
def test_a_binary_file_is_refused(raw: bytes) -> None:
    with pytest.raises(AppError) as refused:
        _inspected(raw)
    assert refused.value.code is Code.FILE_BINARY


def test_a_null_character_far_down_is_a_character_of_a_cell() -> None:
    reader = RecordReader([b"email\n", b"a\0b\n"], COMMA)
    assert list(reader.records()) == [(2, ["a\0b"])]


# --- quotes never closed, cells and records too large ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('email,company\na@example.com,"A\nb@example.com,B\n', 2),
        ('email,company\na@example.com,A\nb@example.com,"', 3),
        ('email,"company\na@example.com,A\n', 1),
        ('\n\nemail,company\na@example.com,"x\ny"\n\nb@example.com,"', 7),
    ],
)
def test_a_quote_never_closed_in_a_small_file_is_said_at_once_with_the_line_of_its_row(content: str, line: int) -> None:
    with pytest.raises(AppError) as refused:
        _detected(content)
    assert (refused.value.code, refused.value.params["line"]) == (Code.FILE_QUOTE_UNCLOSED, line)


def test_a_quote_never_closed_beyond_the_top_of_a_large_file_is_found_by_the_reader() -> None:
    top = b"email,company\n" + b"a@example.com,A\n" * 5
    pieces = [top, b'b@example.com,"B\n', b"c@example.com,C\n", b"d@example.com,D"]
    assert _detected(top, is_whole=False).headers == ["email", "company"]
    reader = RecordReader(pieces, COMMA)
    seen = []
    with pytest.raises(AppError) as refused:
        seen += [line for line, _ in reader.records()]
    assert (refused.value.code, refused.value.params["line"]) == (Code.FILE_QUOTE_UNCLOSED, 7)


def test_a_record_cut_off_at_the_end_of_the_top_is_no_open_quote() -> None:
    found = _detected('email,company\na@example.com,A\nb@example.com,"B\nand mo', is_whole=False)
    assert found.samples == [["a@example.com"], ["A"]]


def test_a_header_that_does_not_end_in_the_top_of_a_large_file_is_an_open_quote() -> None:
    with pytest.raises(AppError) as refused:
        _detected('email,"company\n' + "a@example.com,A\n" * 100, is_whole=False)
    assert (refused.value.code, refused.value.params["line"]) == (Code.FILE_QUOTE_UNCLOSED, 1)


def test_a_large_file_without_a_line_end_in_its_top_is_refused() -> None:
    with pytest.raises(AppError) as refused:
        _detected(b"x" * 1000, is_whole=False)
    assert refused.value.code is Code.FILE_CELL_TOO_LARGE


def test_a_cell_of_more_than_one_mebibyte_is_refused_with_its_line() -> None:
    fits = "x" * CELL_CHARACTERS
    assert len(_read(f"email,company\na@example.com,{fits}\n")[1][0][1][1]) == CELL_CHARACTERS
    refused = _refusal(f"email,company\n\na@example.com,{fits}x\n")
    assert (refused.code, refused.params["line"]) == (Code.FILE_CELL_TOO_LARGE, 3)


def test_an_open_quote_is_found_before_the_file_is_swallowed() -> None:
    pieces = [b'email,company\na@example.com,"A\n', *[b"b@example.com,B\n" * 10_000] * 20]
    taken = iter(pieces)
    with pytest.raises(AppError) as refused:
        list(RecordReader(taken, COMMA).records())
    assert (refused.value.code, refused.value.params["line"]) == (Code.FILE_QUOTE_UNCLOSED, 2)
    assert len(list(taken)) > 10


def test_a_record_that_never_ends_is_an_open_quote_however_small_its_cells() -> None:
    piece = b'"\n",' * 100_000
    taken = iter([b"email,company\n", *[piece] * 50])
    with pytest.raises(AppError) as refused:
        list(RecordReader(taken, COMMA).records())
    assert (refused.value.code, refused.value.params["line"]) == (Code.FILE_QUOTE_UNCLOSED, 2)
    assert sum(map(len, taken)) > 50 * len(piece) - 2 * RECORD_CHARACTERS


def test_a_line_that_never_ends_is_refused_before_it_fills_the_memory() -> None:
    taken = iter([b"email,company\n", *[b"x," * 500_000] * 50])
    with pytest.raises(AppError) as refused:
        list(RecordReader(taken, COMMA).records())
    assert (refused.value.code, refused.value.params["line"]) == (Code.FILE_CELL_TOO_LARGE, 2)
    assert len(list(taken)) > 40


def test_a_record_of_more_cells_than_any_file_may_have_columns_is_refused() -> None:
    assert len(_read("email\n" + "," * (CELLS - 1))[1][0][1]) == CELLS
    refused = _refusal("email\n" + "," * CELLS)
    assert (refused.code, refused.params["line"]) == (Code.FILE_TOO_MANY_COLUMNS, 2)


def test_too_many_lines_below_the_header_are_refused() -> None:
    dialect = Dialect("utf-8", ",", '"', 2)
    content = b"\nemail\n" + b"a@example.com\n" * 5
    assert len(list(RecordReader([content], dialect, max_lines=5).records())) == 5
    with pytest.raises(AppError) as refused:
        list(RecordReader([content], dialect, max_lines=4).records())
    assert (refused.value.code, refused.value.params["limit"]) == (Code.FILE_TOO_MANY_LINES, 4)


# --- properties ------------------------------------------------------------------------------------------------------

TEXT = st.text(alphabet="ab;,\t|\"'\n\r é€𝄞\x0b\u2028\ufeff", max_size=8)
LATIN = st.text(alphabet="ab;,\t|\"'\n\r é€ß", max_size=8)
END = st.sampled_from(["\n", "\r\n", "\r"])


@st.composite
def tables(draw: st.DrawFn, encoding: str = "utf-8") -> tuple[str, Dialect]:
    """A well-formed table as somebody's program writes it, with a header of two columns."""
    delimiter = draw(st.sampled_from(DELIMITERS))
    cells = TEXT if encoding == "utf-8" else LATIN
    rows = [["email", "company"], *draw(st.lists(st.lists(cells, max_size=4), max_size=8))]
    parts = []
    for row in rows:
        written = []
        for cell in row:
            is_quoted = any(special in cell for special in f'{delimiter}"\r\n') or draw(st.booleans())
            written.append('"' + cell.replace('"', '""') + '"' if is_quoted else cell)
        parts.append(delimiter.join(written) + draw(END))
    return "".join(parts), Dialect(encoding, delimiter, '"', 1)


def _by_the_standard_library(text: str, dialect: Dialect) -> list[Record]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=dialect.delimiter, quotechar=dialect.quote)
    found, line = [], 1
    for cells in reader:
        found.append((line, cells))
        line = reader.line_num + 1
    return found[1:]


@given(st.sampled_from(["utf-8", "cp1252", "iso8859-15"]).flatmap(tables))
@settings(max_examples=200, deadline=None)
def test_a_table_is_read_cell_for_cell_and_line_for_line_as_pythons_csv_module_reads_it(
    table: tuple[str, Dialect],
) -> None:
    text, dialect = table
    reader = RecordReader([text.encode(dialect.encoding)], dialect)
    assert list(reader.records()) == _by_the_standard_library(text, dialect)
    assert reader.header == ["email", "company"]
    assert reader.lines == len(io.StringIO(text, newline="").readlines())


@given(st.lists(st.tuples(TEXT, END), max_size=10), st.lists(st.integers(0, 10_000), max_size=4))
@settings(max_examples=200, deadline=None)
def test_every_record_stands_on_the_line_an_editor_shows(rows: list[tuple[str, str]], cuts: list[int]) -> None:
    text = "number,text\n"
    expected = []
    for number, (cell, end) in enumerate(rows):
        expected.append((_line_of(text, len(text)), str(number)))
        text += f'{number},"{cell.replace(chr(34), chr(34) * 2)}"{end}'
    records = RecordReader(_cut_at(text.encode(), cuts), COMMA).records()
    assert [(line, cells[0]) for line, cells in records] == expected


@given(tables(), st.lists(st.integers(0, 10_000), max_size=12), st.integers(2, 40))
@settings(max_examples=300, deadline=None)
def test_pieces_cut_anywhere_give_the_same_records(table: tuple[str, Dialect], cuts: list[int], size: int) -> None:
    text, dialect = table
    raw = text.encode()
    whole = RecordReader([raw], dialect)
    expected = list(whole.records())
    for pieces in (_cut_at(raw, cuts), list(_cut_like_an_upload(raw, size)), [bytes([byte]) for byte in raw]):
        reader = RecordReader(pieces, dialect)
        assert list(reader.records()) == expected
        assert (reader.header, reader.lines) == (whole.header, whole.lines)


@given(tables(), st.lists(st.integers(0, 10_000), max_size=12), st.integers(2, 40))
@example(('email,company\na,"\n\n"\rb,ë\n'.replace("\n", "\r"), COMMA), [20, 22, 24], 3)
@example(("email,company\n\ufeffa,b\n", COMMA), [14], 27)
@settings(max_examples=300, deadline=None)
def test_a_reader_started_in_the_middle_gives_exactly_the_records_from_there_on(
    table: tuple[str, Dialect], cuts: list[int], size: int
) -> None:
    text, dialect = table
    raw = text.encode()
    for pieces in (_cut_at(raw, cuts), list(_cut_like_an_upload(raw, size)), [bytes([byte]) for byte in raw]):
        reader = RecordReader(pieces, dialect)
        records = list(reader.records())
        assert [start.piece for start in reader.starts] == sorted({start.piece for start in reader.starts})
        for start in reader.starts:
            later = RecordReader(pieces[start.piece :], dialect, start=start)
            assert list(later.records()) == [record for record in records if record[0] >= start.line]
            assert start.line in [line for line, _ in records]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_there_is_a_start_in_every_piece_that_a_record_starts_in(end: bytes) -> None:
    raw = end.join([b"email,company", *[b"a@example.com,A"] * 100])
    pieces = list(_cut_like_an_upload(raw, 64))
    reader = RecordReader(pieces, COMMA)
    list(reader.records())
    assert {start.piece for start in reader.starts} >= set(range(1, len(pieces) - 1))
    assert {start.skip for start in reader.starts} == ({1} if end == b"\r" else {0})


@given(tables(), st.integers(1, 5))
@settings(max_examples=50, deadline=None)
def test_batches_hold_all_records_in_order(table: tuple[str, Dialect], size: int) -> None:
    text, dialect = table
    batches = [list(batch) for batch in RecordReader([text.encode()], dialect).batches(size)]
    assert [record for batch in batches for record in batch] == list(RecordReader([text.encode()], dialect).records())
    assert all(len(batch) == size for batch in batches[:-1])


OVERRIDES = st.builds(
    Overrides,
    encoding=st.none() | st.sampled_from(ENCODINGS),
    delimiter=st.none() | st.sampled_from(DELIMITERS),
    quote=st.sampled_from([None, '"', "'"]),
    header_line=st.none() | st.integers(0, 6),
)
CSVISH = st.text(alphabet="email,;\t|\"'\n\r @.é=sp\0\ufeff\x81", max_size=120).map(lambda text: text.encode("utf-8"))


@given(st.binary(max_size=200) | CSVISH, OVERRIDES, st.lists(st.integers(0, 200), max_size=3), st.booleans())
@example(b"sep=\r\n", Overrides(), [], True)
@example(b'sep="\nemail', Overrides(), [], True)
@settings(max_examples=600, deadline=None)
def test_whatever_the_bytes_nothing_but_a_refusal_is_raised(
    raw: bytes, overrides: Overrides, cuts: list[int], is_whole: bool
) -> None:
    pieces = _cut_at(raw, cuts)
    try:
        found = detect(
            raw if is_whole else pieces[0],
            is_whole=is_whole,
            encoding=_inspected(*pieces).encoding(),
            overrides=overrides,
            is_known_header=is_known_header,
            max_columns=10,
        )
        lines = [line for line, _ in RecordReader(pieces, found.dialect, max_lines=10).records()]
    except AppError:
        return
    assert lines == sorted(set(lines))
    assert all(line > found.dialect.header_line for line in lines)
    assert len(found.samples) == len(found.headers) > 0


@given(st.text(max_size=60), st.sampled_from(ENCODINGS))
@settings(max_examples=200, deadline=None)
def test_what_an_inspector_calls_an_encoding_decodes(text: str, encoding: str) -> None:
    assume("\0" not in text)
    try:
        raw = text.encode(encoding)
        found = _inspected(raw).encoding() if raw else "utf-8"
    except (AppError, UnicodeEncodeError):
        return
    raw.decode(found)
