"""Which delimiter, quote and escape a file is read with, where its texts hold all of them."""

import pytest

from app.errors import Code
from app.imports.reading.dialect import DELIMITERS
from tests.rules.reading import PEOPLE, detected, read, refusal


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_each_delimiter_is_recognised(delimiter: str) -> None:
    found = detected(PEOPLE.replace(";", delimiter))
    assert (found.dialect.encoding, found.dialect.delimiter, found.dialect.header_line) == ("utf-8", delimiter, 1)
    assert found.headers == ["first_name", "last_name", "email"]
    assert found.samples == [["Jan", "Zoë"], ["Peeters", "Dupont"], ["jan@example.com", "zoe@example.com"]]


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("header", ["email{0}company{0}label", "wer{0}wo{0}was"])
def test_a_delimiter_is_recognised_where_texts_hold_all_the_others(delimiter: str, header: str) -> None:
    noise = "".join(other for other in DELIMITERS if other != delimiter)
    row = delimiter.join(["jan@example.com", f"a{noise}b{noise}c", f"{noise}x{noise}"])
    found = detected("\n".join([header.format(delimiter), row, row, row]))
    assert found.dialect.delimiter == delimiter
    assert len(found.headers) == 3


def test_known_headers_tell_the_delimiter_where_rows_do_not() -> None:
    assert detected("email;company\na;b,c\na;b;x,c\na,c\n").dialect.delimiter == ";"


def test_addresses_tell_the_delimiter_where_headers_do_not() -> None:
    rows = ["who, how, why|where", *["Dupont, Jean, Mr|jan@example.com"] * 3]
    assert detected("\n".join(rows)).dialect.delimiter == "|"


def test_a_delimiter_inside_quotes_does_not_count() -> None:
    headers, records = read('email;company\na@example.com;"Acme, Inc, Ltd"\nb@example.com;"B, C, D"\n')
    assert headers == ["email", "company"]
    assert records == [(2, ["a@example.com", "Acme, Inc, Ltd"]), (3, ["b@example.com", "B, C, D"])]


def test_a_file_of_one_column_is_read() -> None:
    assert read("email\na@example.com\n") == (["email"], [(2, ["a@example.com"])])


@pytest.mark.parametrize("told", ["sep=;", "SEP=;", '"sep=;"'])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_sep_line_tells_the_delimiter_and_is_no_row(told: str, end: str) -> None:
    found = detected(end.join([told, "a,b;email", "1,2;x@example.com"]))
    assert (found.dialect.delimiter, found.dialect.header_line) == (";", 2)
    assert found.headers == ["a,b", "email"]


def test_a_sep_line_may_tell_a_delimiter_nobody_guesses() -> None:
    assert read("sep=^\nemail^company\na@example.com^Acme") == (["email", "company"], [(3, ["a@example.com", "Acme"])])


def test_a_sep_line_above_a_file_without_header_is_no_row() -> None:
    headers, records = read("sep=;\nJan;jan@example.com\n", header_line=0)
    assert headers == ["Column 1", "Column 2"]
    assert records == [(2, ["Jan", "jan@example.com"])]


@pytest.mark.parametrize("told", ['sep="', "sep=a", "sep=", "sep=\r", "sep= "])
def test_a_sep_line_that_tells_no_delimiter_is_a_line_like_any_other(told: str) -> None:
    found = detected(f"{told}\nemail,company\na@example.com,A\n")
    assert (found.dialect.delimiter, found.headers) == (",", ["email", "company"])


def test_quoted_cells_hold_delimiters_quotes_and_line_breaks() -> None:
    _, records = read('email,company\n"a@example.com","He said ""hi"",\r\nthen left"\nb@example.com,B\n')
    assert records == [(2, ["a@example.com", 'He said "hi",\r\nthen left']), (4, ["b@example.com", "B"])]


def test_the_quote_can_be_overridden() -> None:
    _, records = read("email,company\na@example.com,'Acme, Inc'\n", quote="'")
    assert records == [(2, ["a@example.com", "Acme, Inc"])]


def test_overrides_win_over_what_would_be_detected() -> None:
    found = detected(PEOPLE, delimiter="|", encoding="cp1252", quote="'")
    dialect = found.dialect
    assert (dialect.encoding, dialect.delimiter, dialect.quote, dialect.header_line) == ("cp1252", "|", "'", 1)
    assert found.headers == ["first_name;last_name;email"]


# --- escapes and no quotes -------------------------------------------------------------------------------------------


def test_quotes_behind_a_backslash_are_recognised() -> None:
    content = r"""email;company
a@example.com;"The \"Best\"; Ltd"
b@example.com;"C:\\Temp"
"""
    found = detected(content)
    assert (found.dialect.delimiter, found.dialect.escape) == (";", "\\")
    assert read(content)[1] == [(2, ["a@example.com", 'The "Best"; Ltd']), (3, ["b@example.com", "C:\\Temp"])]


def test_a_backslash_at_the_end_of_a_quoted_cell_escapes_nothing() -> None:
    content = 'email;folder\na@example.com;"C:\\Temp\\"\nb@example.com;"D:\\"\n'
    assert detected(content).dialect.escape == ""
    assert read(content)[1] == [(2, ["a@example.com", "C:\\Temp\\"]), (3, ["b@example.com", "D:\\"])]


@pytest.mark.parametrize(("escape", "cell"), [("", 'a\\b"'), ("\\", 'a"b')])
def test_the_escape_can_be_overridden(escape: str, cell: str) -> None:
    assert read('email,x\na@example.com,"a\\"b"\n', escape=escape)[1] == [(2, ["a@example.com", cell])]


def test_a_file_without_quoting_is_read_as_it_stands_when_told_so() -> None:
    content = 'email,size\na@example.com,"5 inch\nb@example.com,6" wide\n'
    assert refusal(content).code is Code.FILE_QUOTE_UNCLOSED
    assert read(content, quote="")[1] == [(2, ["a@example.com", '"5 inch']), (3, ["b@example.com", '6" wide'])]


def test_tabs_pasted_from_a_spreadsheet_are_read() -> None:
    content = "First name\tE-mail\tNotes\nJan\tjan@example.com\tone, two; three\n"
    assert read(content) == (["First name", "E-mail", "Notes"], [(2, ["Jan", "jan@example.com", "one, two; three"])])
