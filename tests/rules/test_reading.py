"""How a file is read: whatever wrote it, each record comes out whole, with the line an editor shows it on."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.errors import AppError, Code
from app.imports.issues import IssueCode
from app.imports.matching.headers import is_known_header
from app.imports.reading.detect import detect
from app.imports.reading.dialect import DELIMITERS, ESCAPE, Overrides
from app.imports.reading.encodings import ENCODINGS, codec
from app.imports.reading.lines import CELL_CHARACTERS, RECORD_CHARACTERS
from app.imports.reading.table import CELLS, Dialect, Record, RecordReader, is_filled
from tests.rules.reading import COMMA, PEOPLE, cut_at, detected, inspected, read, refusal


def _cells(records: Sequence[Record]) -> list[list[str]]:
    return [cells for _, cells in records]


def _line_of(text: str, position: int) -> int:
    """The line an editor shows a position on."""
    return 1 + len(re.findall(r"\r\n|\r|\n", text[:position]))


def _cut_like_an_upload(content: bytes, size: int) -> Iterator[bytes]:
    """Pieces that end with a line where one ends in their second half; the last one is what is left."""
    while len(content) >= size:
        end = content.rfind(b"\n", size // 2, size) + 1 or size
        end += end % 2 and content[end : end + 1] == b"\0"
        yield content[:end]
        content = content[end:]
    yield content


# --- lines -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("has_last", [True, False])
def test_lines_may_end_in_any_way_and_the_last_one_not_at_all(end: str, has_last: bool) -> None:
    content = end.join(["email,company", "a@example.com,A", "b@example.com,B"]) + (end if has_last else "")
    headers, records = read(content)
    assert headers == ["email", "company"]
    assert records == [(2, ["a@example.com", "A"]), (3, ["b@example.com", "B"])]


def test_line_ends_may_be_mixed() -> None:
    _, records = read('email,company\ra@example.com,A\r\nb@example.com,"B\rC\nD"\n\r\nc@example.com,C')
    assert records == [
        (2, ["a@example.com", "A"]),
        (3, ["b@example.com", "B\rC\nD"]),
        (6, []),
        (7, ["c@example.com", "C"]),
    ]


def test_form_feeds_and_unicode_separators_end_no_line() -> None:
    _, records = read("email,company\na@example.com,A\x0bB\x0cC\x1cD\x85E\u2028F\u2029G\nb@example.com,B\n")
    assert [line for line, _ in records] == [2, 3]


def test_blank_lines_above_the_header_are_skipped_and_counted() -> None:
    found = detected('\n \t\n;;;\n"";""\n\xa0;\n' + PEOPLE)
    assert found.dialect.header_line == 6
    assert read("\r\n\r\n" + PEOPLE)[1][0] == (4, ["Jan", "Peeters", "jan@example.com"])


def test_blank_lines_between_records_are_records_without_anything() -> None:
    _, records = read("email,company\n\na@example.com,A\n , \n\n\nb@example.com,B\n\n")
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
    _, records = read("a,email,c\n1\n1,,3\n1,x@example.com,3,4\n,,\n")
    assert _cells(records) == [["1"], ["1", "", "3"], ["1", "x@example.com", "3", "4"], ["", "", ""]]


def test_the_lines_of_the_file_are_counted_to_its_end() -> None:
    reader = RecordReader([b'email,company\n\na@example.com,"x\ny"\n'], COMMA)
    list(reader.records())
    assert reader.lines == 4


def test_the_inspector_counts_line_breaks_of_all_kinds_in_any_chunks() -> None:
    assert inspected(b"a\r", b"\nb\r\nc\rd", b"\n\re\r", b"f").line_breaks == 6


# --- quotes never closed, and people between quotes ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('email,company\na@example.com,"A\nb@example.com,B\n', 2),
        ('email,company\na@example.com,A\nb@example.com,"', 3),
        ('\n\nemail,company\na@example.com,"x\ny"\n\nb@example.com,"', 7),
        ('email,a,b\nx@example.com,"one\ntwo","three\n', 3),
        ('email,a,b\r\nx@example.com,"one ""1""\r\n\r\ntwo","three\r\nfour', 4),
    ],
)
def test_a_quote_never_closed_in_a_small_file_is_said_at_once_with_the_line_it_opens_on(
    content: str, line: int
) -> None:
    assert (IssueCode.QUOTE_UNCLOSED, line) in [(issue.code, issue.line) for issue in detected(content).issues]
    assert detected(content, quote="").issues == ()


def test_a_quote_that_opens_in_the_header_and_is_never_closed_leaves_nothing_to_read() -> None:
    refused = refusal('first_name,"email\nJan,jan@example.com\n')
    assert (refused.code, refused.params["line"]) == (Code.FILE_QUOTE_UNCLOSED, 1)


NAMES = "first_name,last_name,email,company"
SWALLOWED = {
    "whole people between two stray quotes": [
        'Jan,"Peeters,jan@example.com,Acme', "An,Maes,an@example.com,Acme", 'Bo,"De Wit",bo@example.com,Acme',
    ],
    "one ends in another": ['Jan,"Peeters,jan@example.com,Acme', 'An,Maes",an@example.com,Acme'],
    "one begins as another ends": ['Jan,Peeters,jan@example.com,"Acme', 'An,Maes,an@example.com,Beta"'],
    "a cell goes on behind its quote": ['Jan,"Peeters,jan@example.com,Acme', 'An,"Maes",an@example.com,Acme'],
    "the first cell": ['"Jan,Peeters,jan@example.com,Acme', 'An",Maes,an@example.com,Acme'],
    "in the second multi-line cell": [
        'Jan,"Pee\nters",jan@example.com,"Acme', "An,Maes,an@example.com,Acme", 'Bo,Wit,bo@example.com,"Acme',
    ],
}  # fmt: skip


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("rows", SWALLOWED.values(), ids=SWALLOWED)
@pytest.mark.parametrize("size", [1, 10, 10_000])
def test_nobody_is_swallowed_by_a_quote(rows: list[str], end: str, size: int) -> None:
    line = 3 + ("second" in next(name for name, value in SWALLOWED.items() if value is rows))
    content = end.join([NAMES, "Zoë,Dupont,zoe@example.com,Acme", *rows, "Bo,Smet,bos@example.com,Acme", ""])
    raw = content.replace("\n", end).encode() if end != "\r\n" else content.encode()
    assert (IssueCode.QUOTE_UNCLOSED, line) in [(issue.code, issue.line) for issue in detected(raw).issues]
    dialect = Dialect("utf-8", ",", '"', 1, headers=tuple(NAMES.split(",")))
    with pytest.raises(AppError) as refused:
        list(RecordReader([raw[n : n + size] for n in range(0, len(raw), size)], dialect).records())
    assert (refused.value.code, refused.value.params["line"]) == (Code.FILE_QUOTE_UNCLOSED, line)


@pytest.mark.parametrize(
    "cell",
    [
        "Rue de la Loi 1\n1000 Bruxelles",
        "one, two, three\nfour, five",
        "Acme\njan@example.com\n+32 2 555 55 55",
        'He said ""hi, Ann"",\r\nthen left\n',
        "ann@example.com, bob@example.com\nand others",
        "a,b,c,d,e,f\ng,h,i,j,k,l",
        "\n\n\n",
    ],
)
@pytest.mark.parametrize("position", range(4))
def test_a_cell_over_several_lines_is_a_cell(cell: str, position: int) -> None:
    cells = ["Jan", "Peeters", "jan@example.com", "Acme"]
    cells[position] = f'"{cell}"'
    _, records = read("\n".join([NAMES, ",".join(cells), "An,Maes,an@example.com,Acme"]))
    assert records[0][1][position] == cell.replace('""', '"')
    assert records[1][1] == ["An", "Maes", "an@example.com", "Acme"]


# --- cells and records too large --------------------------------------------------------------------------------------


def test_a_quote_never_closed_beyond_the_top_of_a_large_file_is_found_by_the_reader() -> None:
    top = b"email,company\n" + b"a@example.com,A\n" * 5
    pieces = [top, b'b@example.com,"B\n', b"c@example.com,C\n", b"d@example.com,D"]
    assert detected(top, is_whole=False).headers == ["email", "company"]
    reader = RecordReader(pieces, COMMA)
    seen = []
    with pytest.raises(AppError) as refused:
        seen += [line for line, _ in reader.records()]
    assert (refused.value.code, refused.value.params["line"]) == (Code.FILE_QUOTE_UNCLOSED, 7)


def test_a_record_cut_off_at_the_end_of_the_top_is_no_open_quote() -> None:
    found = detected('email,company\na@example.com,A\nb@example.com,"B\nand mo', is_whole=False)
    assert found.samples == [["a@example.com"], ["A"]]


def test_a_header_that_does_not_end_in_the_top_of_a_large_file_is_an_open_quote() -> None:
    with pytest.raises(AppError) as refused:
        detected('email,"company\n' + "a@example.com,A\n" * 100, is_whole=False)
    assert (refused.value.code, refused.value.params["line"]) == (Code.FILE_QUOTE_UNCLOSED, 1)


def test_a_large_file_without_a_line_end_in_its_top_is_refused() -> None:
    with pytest.raises(AppError) as refused:
        detected(b"x" * 1000, is_whole=False)
    assert refused.value.code is Code.FILE_CELL_TOO_LARGE


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_million_columns_are_too_many_not_a_long_cell(encoding: str) -> None:
    raw = ("column;" * 1_000_000).encode(encoding)[: 1024 * 1024]
    with pytest.raises(AppError) as refused:
        detected(raw, is_whole=False)
    assert (refused.value.code, refused.value.params["line"]) == (Code.FILE_TOO_MANY_COLUMNS, 1)


def test_a_cell_of_more_than_one_mebibyte_is_refused_with_its_line() -> None:
    fits = "x" * CELL_CHARACTERS
    assert len(read(f"email,company\na@example.com,{fits}\n")[1][0][1][1]) == CELL_CHARACTERS
    refused = refusal(f"email,company\n\na@example.com,{fits}x\n")
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
    assert len(read("email\n" + "," * (CELLS - 1))[1][0][1]) == CELLS
    refused = refusal("email\n" + "," * CELLS)
    assert (refused.code, refused.params["line"]) == (Code.FILE_TOO_MANY_COLUMNS, 2)


def test_too_many_lines_below_the_header_are_refused() -> None:
    dialect = Dialect("utf-8", ",", '"', 2)
    content = b"\nemail\n" + b"a@example.com\n" * 5
    assert len(list(RecordReader([content], dialect, max_lines=5).records())) == 5
    with pytest.raises(AppError) as refused:
        list(RecordReader([content], dialect, max_lines=4).records())
    assert (refused.value.code, refused.value.params["limit"]) == (Code.FILE_TOO_MANY_LINES, 4)


# --- properties ------------------------------------------------------------------------------------------------------

SPECIAL = "ab;,\t|\"'\\\n\r =@"
ALPHABETS = {
    "utf-8": SPECIAL + "é€𝄞\x0b\u2028\ufeff",
    "utf-16-le": SPECIAL + "é€𝄞\u0a0d\u0d0a\u010a\ufeff",
    "utf-16-be": SPECIAL + "é€𝄞\u0a0d\u0d0a\u010a\ufeff",
    "cp1252": SPECIAL + "é€ßÿ",
    "mac-roman": SPECIAL + "é€ßÿ",
    "shift_jis": SPECIAL + "ポ表ソﾎ",
    "gb18030": SPECIAL + "é王𝄞ß",
}
ENDS = ["\n", "\r\n", "\r"]


@dataclass(frozen=True)
class Table:
    """A well-formed table as somebody's program writes it; `records` are what it holds, line for line."""

    raw: bytes
    dialect: Dialect
    records: list[Record]


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Any delimiter, quote, escape, line ends and encoding; a header of two columns."""
    delimiter, encoding = draw(st.sampled_from(DELIMITERS)), draw(st.sampled_from(sorted(ALPHABETS)))
    quote, escape = draw(st.sampled_from([('"', ""), ("'", ""), ('"', ESCAPE), ("", "")]))
    cells = st.text(alphabet=ALPHABETS[encoding], max_size=8)
    text, records = "", []
    for row in [["email", "company"], *draw(st.lists(st.lists(cells, max_size=4), max_size=8))]:
        if not quote:
            row = [re.sub(f"[{re.escape(delimiter)}\r\n]", "", cell) for cell in row]
        written = [_written(draw, cell, delimiter, quote, escape) for cell in row]
        line = delimiter.join(written)
        if not line.startswith("\n") and (line or not text.endswith("\r")):
            records.append((_line_of(text, len(text)), row if line else []))
            text += line + draw(st.sampled_from(ENDS))
            if text.endswith("\r") and not line:
                text += "\n"
    return Table(text.encode(codec(encoding)), Dialect(encoding, delimiter, quote, 1, escape), records[1:])


def _written(draw: st.DrawFn, cell: str, delimiter: str, quote: str, escape: str) -> str:
    """A cell as a program writes it: quoted where it must be, or for no reason."""
    if not quote:
        return cell
    must = any(special in cell for special in (delimiter, quote, escape or quote, "\r", "\n"))
    if not must and not draw(st.booleans()):
        return cell
    if escape:
        cell = cell.replace(escape, escape * 2).replace(quote, escape + quote)
    return quote + (cell if escape else cell.replace(quote, quote * 2)) + quote


def _by_the_standard_library(table: Table) -> list[list[str]]:
    dialect = table.dialect
    parsed = csv.reader(
        io.StringIO(table.raw.decode(codec(dialect.encoding)), newline=""),
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        escapechar=dialect.escape or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
    )
    return list(parsed)[1:]


@given(tables())
@settings(max_examples=400, deadline=None)
def test_a_table_is_read_cell_for_cell_and_line_for_line_as_it_was_written(table: Table) -> None:
    found = RecordReader([table.raw], table.dialect)
    records = list(found.records())
    assert records == table.records
    assert _cells(records) == _by_the_standard_library(table)
    assert found.header == ["email", "company"]
    text = table.raw.decode(codec(table.dialect.encoding))
    assert found.lines == len(io.StringIO(text, newline="").readlines())


@given(tables(), st.lists(st.integers(0, 10_000), max_size=12), st.integers(2, 40))
@settings(max_examples=200, deadline=None)
def test_pieces_cut_anywhere_give_the_same_records(table: Table, cuts: list[int], size: int) -> None:
    raw, lines = table.raw, RecordReader([table.raw], table.dialect)
    assert list(lines.records()) == table.records
    for pieces in (cut_at(raw, cuts), list(_cut_like_an_upload(raw, size)), [bytes([byte]) for byte in raw]):
        found = RecordReader(pieces, table.dialect)
        assert list(found.records()) == table.records
        assert (found.header, found.lines) == (["email", "company"], lines.lines)


@given(tables(), st.lists(st.integers(0, 10_000), max_size=12), st.integers(2, 40))
@example(Table('email,company\ra,"\r\r"\rb,ë\r'.encode(), COMMA, []), [20, 22, 24], 3)
@example(Table("email,company\n\ufeffa,b\n".encode(), COMMA, []), [14], 27)
@settings(max_examples=200, deadline=None)
def test_a_reader_started_in_the_middle_gives_exactly_the_records_from_there_on(
    table: Table, cuts: list[int], size: int
) -> None:
    raw, dialect = table.raw, table.dialect
    for pieces in (cut_at(raw, cuts), list(_cut_like_an_upload(raw, size)), [bytes([byte]) for byte in raw]):
        found = RecordReader(pieces, dialect)
        records = list(found.records())
        assert [start.piece for start in found.starts] == sorted({start.piece for start in found.starts})
        for start in found.starts:
            later = RecordReader(pieces[start.piece :], dialect, start=start)
            assert list(later.records()) == [record for record in records if record[0] >= start.line]
            assert start.line in [line for line, _ in records]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_there_is_a_start_in_every_piece_that_a_record_starts_in(end: str, encoding: str) -> None:
    raw = end.join(["email,company", *["a@example.com,A"] * 100]).encode(encoding)
    pieces = list(_cut_like_an_upload(raw, 64 * len(end.encode(encoding)) // len(end)))
    found = RecordReader(pieces, Dialect(encoding, ",", '"', 1))
    list(found.records())
    assert {start.piece for start in found.starts} >= set(range(1, len(pieces) - 1))
    assert {start.skip for start in found.starts} == ({1} if end == "\r" else {0})


@given(tables(), st.integers(1, 5))
@settings(max_examples=50, deadline=None)
def test_batches_hold_all_records_in_order(table: Table, size: int) -> None:
    batches = [list(batch) for batch in RecordReader([table.raw], table.dialect).batches(size)]
    assert [record for batch in batches for record in batch] == table.records
    assert all(len(batch) == size for batch in batches[:-1])


OVERRIDES = st.builds(
    Overrides,
    encoding=st.none() | st.sampled_from(ENCODINGS),
    delimiter=st.none() | st.sampled_from(DELIMITERS),
    quote=st.sampled_from([None, '"', "'", ""]),
    escape=st.sampled_from([None, "", ESCAPE]),
    header_line=st.none() | st.integers(0, 6),
    ignore_lines=st.none() | st.booleans(),
)
CSVISH = st.text(alphabet="email,;\t|\"'\n\r @.é=sp\0\ufeff\x81", max_size=120).map(lambda text: text.encode("utf-8"))


@given(st.binary(max_size=200) | CSVISH, OVERRIDES, st.lists(st.integers(0, 200), max_size=3), st.booleans())
@example(b"sep=\r\n", Overrides(), [], True)
@example(b'sep="\nemail', Overrides(), [], True)
@settings(max_examples=600, deadline=None)
def test_whatever_the_bytes_nothing_but_a_refusal_is_raised(
    raw: bytes, overrides: Overrides, cuts: list[int], is_whole: bool
) -> None:
    pieces = cut_at(raw, cuts)
    try:
        found = detect(
            raw if is_whole else pieces[0],
            is_whole=is_whole,
            encoding=inspected(*pieces).verdict().encoding,
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
