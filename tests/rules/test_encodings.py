"""What a file is written in: certain, or a question with the right answer in it; never a silent guess."""

import codecs
from collections.abc import Sequence

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.errors import AppError, Code
from app.imports.issues import Issue, IssueCode, Severity
from app.imports.reading.encodings import ENCODINGS, codec, known_encoding
from app.imports.reading.inspector import TOP_BYTES, Inspector
from app.imports.reading.table import Dialect, RecordReader
from tests.rules.reading import PEOPLE, detected, inspected, read
from tests.rules.words_of_languages import WORDS

WESTERN = ["french", "dutch", "german", "spanish", "portuguese", "italian", "nordic", "icelandic"]
ELSEWHERE = {
    "czech": ["cp1250", "iso8859-2", "cp852"],
    "polish": ["cp1250", "iso8859-2", "cp852"],
    "hungarian": ["cp1250", "iso8859-2", "cp852"],
    "romanian": ["cp1250", "iso8859-2"],
    "turkish": ["cp1254", "iso8859-9"],
    "baltic": ["cp1257"],
    "russian": ["cp1251", "koi8-r", "iso8859-5", "cp866"],
    "greek": ["cp1253", "iso8859-7"],
    "japanese": ["shift_jis", "euc-jp"],
    "chinese": ["gb18030"],
    "taiwanese": ["big5"],
    "korean": ["euc-kr"],
    "french": ["iso8859-15", "mac-roman", "cp850", "cp437"],
    **{language: ["mac-roman", "cp850", "cp437"] for language in WESTERN[1:]},
}


def _words(language: str, encoding: str) -> list[str]:
    """The words of a language that an encoding can hold."""
    return [word for word in WORDS[language].split() if not word.isascii() and _fits(word, encoding)]


def _fits(word: str, encoding: str) -> bool:
    try:
        word.encode(codec(encoding))
    except UnicodeEncodeError:
        return False
    return True


def _file(words: Sequence[str], encoding: str) -> bytes:
    rows = [f"{word};{word};p{number}@example.com" for number, word in enumerate(words)]
    return "\r\n".join(["first_name;last_name;email", *rows, ""]).encode(codec(encoding))


def _question(*chunks: bytes) -> Issue | None:
    issues = inspected(*chunks).verdict().issues
    return next((issue for issue in issues if issue.code is IssueCode.ENCODING_UNCERTAIN), None)


# --- certain ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", WESTERN)
@pytest.mark.parametrize("encoding", ["cp1252", "iso8859-1"])
def test_what_the_west_of_europe_writes_on_windows_needs_no_question(language: str, encoding: str) -> None:
    raw = _file(_words(language, encoding), encoding)
    verdict = inspected(raw).verdict()
    assert (verdict.encoding, verdict.issues) == ("cp1252", ())
    assert raw.decode("cp1252") == raw.decode(encoding)


@pytest.mark.parametrize("language", WESTERN)
def test_neither_does_a_single_word_but_for_few(language: str) -> None:
    words = _words(language, "cp1252")
    asked = [word for word in words if _question(_file([word], "cp1252"))]
    assert len(asked) <= len(words) // 50, asked


@pytest.mark.parametrize("language", WORDS)
def test_utf_8_is_certain(language: str) -> None:
    words = WORDS[language].split()
    for mark in (b"", codecs.BOM_UTF8):
        verdict = inspected(mark + _file(words, "utf-8")).verdict()
        assert (verdict.encoding, verdict.issues) == ("utf-8", ())


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("language", WORDS)
def test_utf_16_is_certain_with_and_without_a_mark(language: str, mark: str, encoding: str) -> None:
    raw = mark.encode(encoding) + _file(WORDS[language].split(), encoding)
    inspector = inspected(raw)
    assert (inspector.verdict().encoding, inspector.verdict().issues) == (encoding, ())
    assert inspector.line_breaks == len(WORDS[language].split()) + 1
    headers, records = read(raw)
    assert headers == ["first_name", "last_name", "email"]
    assert [cells[0] for _, cells in records] == WORDS[language].split()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_that_is_broken_is_refused(encoding: str) -> None:
    raw = "\ufeffemail\na@example.com\n".encode(encoding) + b"\xd8\xd8x\0"
    with pytest.raises(AppError) as refused:
        inspected(raw, b"y\0").verdict()
    assert (refused.value.code, refused.value.params["line"]) == (Code.FILE_UNDECODABLE, 3)


def test_utf_8_is_recognised_in_any_chunks() -> None:
    raw = "naïve €uro 𝄞".encode()
    assert inspected(*(raw[n : n + 1] for n in range(len(raw)))).verdict().encoding == "utf-8"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_is_no_part_of_the_first_header(encoding: str) -> None:
    headers, records = read(("\ufeff" + PEOPLE).encode(encoding))
    assert headers[0] == "first_name"
    assert records[1] == (3, ["Zoë", "Dupont", "zoe@example.com"])


@pytest.mark.parametrize("encoding", ["cp1252", "mac-roman", "gb18030"])
def test_nor_is_it_where_somebody_says_the_file_is_something_else(encoding: str) -> None:
    assert read(codecs.BOM_UTF8 + b"first_name;email\nJan;jan@example.com\n", encoding=encoding)[0][0] == "first_name"


def test_a_byte_order_mark_cut_in_pieces_is_none_either() -> None:
    raw = codecs.BOM_UTF8 + PEOPLE.encode()
    reader = RecordReader([raw[:1], raw[1:2], raw[2:]], Dialect("utf-8", ";", '"', 1))
    assert len(list(reader.records())) == 2
    assert reader.header[0] == "first_name"


# --- a question ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "encoding"), [(language, name) for language, names in ELSEWHERE.items() for name in names]
)
def test_what_others_write_is_a_question_with_the_right_answer_among_the_first(language: str, encoding: str) -> None:
    raw = _file(_words(language, encoding), encoding)
    question = _question(raw)
    assert question is not None
    assert question.severity is Severity.ERROR
    texts = [raw.decode(codec(choice), "replace") for choice in question.params["choices"]]
    assert raw.decode(codec(encoding)) in texts[:2]
    assert set(question.params["samples"]) == set(question.params["choices"])
    assert inspected(raw).verdict().encoding == question.params["choices"][0]


@pytest.mark.parametrize(
    ("language", "encoding"),
    [(language, name) for language, names in ELSEWHERE.items() for name in names if name not in ("cp852", "cp437")],
)
def test_hardly_a_single_word_of_them_is_read_wrongly_in_silence(language: str, encoding: str) -> None:
    """A word alone may look like another language's; with two or three, nothing is left of that."""
    words = _words(language, encoding)
    silent = [word for word in words if not _question(_file([word], encoding)) and not _is_the_same(word, encoding)]
    assert len(silent) <= len(words) // 4, silent
    trios = [words[start : start + 3] for start in range(0, len(words) - 2, 3)]
    wrong = [
        trio
        for trio in trios
        if not _question(_file(trio, encoding)) and not all(_is_the_same(word, encoding) for word in trio)
    ]
    assert len(wrong) <= len(trios) // 12, wrong


def _is_the_same(word: str, encoding: str) -> bool:
    return word.encode(codec(encoding)).decode("cp1252", "replace") == word


def test_the_samples_show_the_doubtful_words_under_each_choice() -> None:
    question = _question(_file(["Renée", "Zoë", "Jean", "François"], "mac-roman"))
    assert question is not None
    assert question.line == 2
    assert question.params["choices"][0] == "mac-roman"
    assert {"Renée", "Zoë", "François"} <= set(question.params["samples"]["mac-roman"].replace(",", "").split())
    assert "é" not in question.params["samples"]["cp850"]


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("Zoë;Noël\n".encode() + "Zoë;Noël\n".encode("cp1252"), 3),  # two files appended: where it stops being UTF-8
        ("Zoë\n".encode()[:-2], 2),  # cut off in mid-character
        (codecs.BOM_UTF8 + "Zoë\n".encode("cp1252"), 2),  # says it is UTF-8, and is not
        ("naïve \n".encode("cp1252") + b"\x81", 2),
        ("Renée Zoë François Noël Ren\u201a\n".encode("cp1252"), 2),  # one word came from elsewhere
    ],
    ids=["mixed", "cut off", "marked", "undefined byte", "one word"],
)
def test_a_file_that_is_nothing_throughout_is_a_question(raw: bytes, line: int) -> None:
    question = _question(b"name;email\n" + raw)
    assert question is not None
    assert question.line == line


def test_a_byte_that_disproves_utf_8_far_down_is_a_question_while_the_top_is_read_as_it_is() -> None:
    row = b"Jan;Peeters;jan@example.com\n"
    for top in (b"", "Zoë;Noël;zoe@example.com\n".encode()):
        good = top + row * (TOP_BYTES // len(row) + 1)
        late = "Renée;Zoë;renee@example.com\n".encode("cp1252")
        verdict = inspected(b"first_name;last_name;email\n", good, row, late, row).verdict()
        assert verdict.encoding == "utf-8"
        (question,) = verdict.issues
        assert question.line == good.count(b"\n") + 3
        assert "cp1252" in question.params["choices"]
        assert "Renée" in question.params["samples"]["cp1252"]


def test_a_bad_byte_within_the_top_of_a_large_file_is_judged_by_its_words() -> None:
    row = "Renée;Zoë;renee@example.com\n".encode("cp1252")
    verdict = inspected(*[row * 1000] * 60).verdict()
    assert (verdict.encoding, verdict.issues) == ("cp1252", ())


@pytest.mark.parametrize("size", [1, 2, 3, 50, 1000])
def test_words_cut_by_chunks_are_words_all_the_same(size: int) -> None:
    raw = _file(_words("french", "cp1252"), "cp1252")
    assert _question(*(raw[n : n + size] for n in range(0, len(raw), size))) is None
    raw = _file(_words("japanese", "shift_jis"), "shift_jis")
    question = _question(*(raw[n : n + size] for n in range(0, len(raw), size)))
    assert question is not None
    assert question.params["choices"][0] == "shift_jis"


# --- text that was garbled before ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("garbled", "meant"),
    [
        ("ZoÃ©", "Zoé"),
        ("MÃ¼ller", "Müller"),
        ("GarcÃ\xada", "García"),
        ("dâ€™Arc", "d’Arc"),
        ("Å\x81ukasz", "Łukasz"),
        ("Ð˜Ð²Ð°Ð½", "Иван"),
        ("Zo\ufffd", None),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_text_that_was_garbled_before_is_a_warning_with_its_line(
    garbled: str, meant: str | None, encoding: str
) -> None:
    raw = f"first_name;email\nJan;jan@example.com\n{garbled} Maes;zoe@example.com\n".encode(encoding)
    (issue,) = inspected(raw).verdict().issues
    assert (issue.code, issue.severity, issue.line) == (IssueCode.TEXT_DAMAGED, Severity.WARNING, 3)
    assert (issue.value, issue.params["meant"]) == (garbled, meant)


@pytest.mark.parametrize("language", WORDS)
def test_no_language_looks_garbled(language: str) -> None:
    assert (
        inspected(_file([*WORDS[language].split(), "«CAFɻ", "É™", "SÃO", "12 °C", "IRMÃ"], "utf-8")).verdict().issues
        == ()
    )


def test_reading_a_file_otherwise_than_it_is_written_is_warned_of() -> None:
    found = detected("first_name;email\nZoé;zoe@example.com\n", encoding="cp1252")
    assert [(issue.code, issue.line, issue.value) for issue in found.issues] == [(IssueCode.TEXT_DAMAGED, 2, "ZoÃ©")]
    assert detected("first_name;email\nZoé;zoe@example.com\n", encoding="utf-8").issues == ()


# --- names of encodings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_", "name"),
    [
        ("Windows-1252", "cp1252"),
        ("latin1", "iso8859-1"),
        ("ISO-8859-15", "iso8859-15"),
        ("Macintosh", "mac-roman"),
        ("x-mac-roman", "mac-roman"),
        (" UTF8 ", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("Shift_JIS", "shift_jis"),
        ("sjis", "shift_jis"),
        ("GBK", "gb18030"),
        ("cp949", "euc-kr"),
        ("IBM850", "cp850"),
        ("ANSI", "cp1252"),
        ("klingon", None),
        ("base64", None),
        ("rot13", None),
        ("\0", None),
        ("\ud800", None),
        ("", None),
    ],
)
def test_an_encoding_goes_by_many_names(given_: str, name: str | None) -> None:
    assert known_encoding(given_) == name


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_we_offer_goes_by_its_own_name_and_can_be_chosen(encoding: str) -> None:
    assert known_encoding(encoding) == encoding
    word = (
        next(word for words in WORDS.values() for word in words.split() if not word.isascii() and _fits(word, encoding))
        if encoding not in ("cp1255", "cp1256")
        else "שלום"
        if encoding == "cp1255"
        else "سلام"
    )
    content = f"email;company\na@example.com;{word}\n".encode(codec(encoding))
    assert read(content, encoding=encoding) == (["email", "company"], [(2, ["a@example.com", word])])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "shift_jis", "gb18030", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_a_byte_that_cannot_be_decoded_is_refused_with_its_line(end: str, size: int, encoding: str) -> None:
    raw = end.join(["email;company", "a@example.com;Ab", ""]).encode(encoding)
    bad = {"utf-8": b"\xff", "utf-16-le": b"\x00\xdc", "shift_jis": b"\x81 ", "gb18030": b"\xff", "cp1252": b"\x81"}[
        encoding
    ]
    for content in (raw + bad, raw + "b@example.com;X".encode(encoding) + bad + end.encode(encoding)):
        with pytest.raises(AppError) as refused:
            list(
                RecordReader(
                    [content[n : n + size] for n in range(0, len(content), size)], Dialect(encoding, ";", '"', 1)
                ).records()
            )
        assert (refused.value.code, refused.value.params["line"]) == (Code.FILE_UNDECODABLE, 3)


# --- what is no text -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("top", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"GIF89a", "gif"),
        (b"%PDF-1.7", "pdf"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"Rar!\x1a\x07", "rar"),
    ],
)
def test_pictures_and_archives_are_refused_by_name(top: bytes, kind: str) -> None:
    with pytest.raises(AppError) as refused:
        inspected(top + b"rest")
    assert (refused.value.code, refused.value.params["kind"]) == (Code.FILE_TYPE_UNSUPPORTED, kind)


@pytest.mark.parametrize("raw", [bytes(range(256)) * 20, b"\0\1\2\3" * 20, b"\xff\xfe" + b"\0\0\1\0" * 20])
def test_a_binary_file_is_refused_at_once(raw: bytes) -> None:
    with pytest.raises(AppError) as refused:
        Inspector().look(raw, is_first=True)
    assert refused.value.code is Code.FILE_BINARY


def test_a_few_null_characters_are_characters_of_cells() -> None:
    raw = b"first_name;email\nJ\0an;jan@example.com\n" + b"\0Ann;ann@example.com\n" * 3
    assert [cells[0] for _, cells in read(raw)[1]] == ["J\0an", *["\0Ann"] * 3]


@given(st.text(max_size=60), st.sampled_from(ENCODINGS))
@settings(max_examples=300, deadline=None)
def test_what_a_verdict_names_decodes(text: str, encoding: str) -> None:
    assume("\0" not in text)
    try:
        raw = text.encode(codec(encoding))
        found = inspected(raw).verdict().encoding if raw else "utf-8"
    except (AppError, UnicodeEncodeError):
        return
    raw.decode(codec(found))
