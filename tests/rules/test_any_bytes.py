"""The whole way of a file, from bytes to a plan: whatever the bytes, whatever the mapping, it is read or refused."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import AppError
from app.imports.columns import COLUMNS, DEFAULTABLE
from app.imports.issues import IssueCode
from app.imports.matching.headers import is_known_header
from app.imports.matching.mapping import check_mapping, suggest
from app.imports.plan import NOTHING_KNOWN, Plan
from app.imports.reading.detect import detect
from app.imports.reading.dialect import DELIMITERS, ESCAPE, Overrides
from app.imports.reading.encodings import ENCODINGS
from app.imports.reading.inspector import Inspector
from app.imports.reading.table import RecordReader
from app.imports.row import Outcome, Recipe

ALL = [column.name for column in COLUMNS]
WORDS = [
    *ALL,
    "Prénom",
    "Naam",
    "jan@example.com",
    "Zoë",
    "fr",
    "A/B",
    '"x\ny"',
    "'q'",
    "",
    " ",
    "sep=;",
    "Total: 3",
    "Ren\udc82",
    "\x00",
    "\ufeff",
]
LINES = st.tuples(st.sampled_from(DELIMITERS), st.lists(st.lists(st.sampled_from(WORDS), max_size=10), max_size=10))
TABLES = st.builds(
    lambda table, end, encoding: end.join(table[0].join(row) for row in table[1]).encode(
        encoding, "surrogateescape" if encoding == "utf-8" else "replace"
    ),
    LINES,
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "cp1252", "utf-8-sig", "utf-16"]),
)
BYTES = st.binary(max_size=300) | TABLES | st.lists(TABLES | st.binary(max_size=20), max_size=3).map(b"".join)
OVERRIDES = st.builds(
    Overrides,
    encoding=st.none() | st.sampled_from(ENCODINGS),
    delimiter=st.none() | st.sampled_from(DELIMITERS),
    quote=st.sampled_from([None, '"', "'", ""]),
    escape=st.sampled_from([None, "", ESCAPE]),
    header_line=st.none() | st.integers(0, 4),
    ignore_lines=st.none() | st.booleans(),
)


def _mapping(data: st.DataObject, headers: Sequence[str], suggested: Sequence[str | None]) -> Sequence[str | None]:
    """The suggestion as it is, or any columns of ours, each at most once."""
    if data.draw(st.booleans()):
        return suggested
    columns: list[str | None] = data.draw(st.permutations([*ALL, *[None] * len(headers)]))
    return columns[: len(headers)]


@given(st.data(), BYTES, OVERRIDES, st.lists(st.integers(0, 300), max_size=3), st.integers(1, 4))
@settings(max_examples=500, deadline=None)
def test_any_bytes_with_any_mapping_are_planned_to_the_last_record_or_refused(
    data: st.DataObject, raw: bytes, overrides: Overrides, cuts: list[int], batch: int
) -> None:
    bounds = [0, *sorted(cut % (len(raw) + 1) for cut in cuts), len(raw)]
    pieces = [raw[start:end] for start, end in pairwise(bounds)]
    inspector = Inspector()
    try:
        for number, piece in enumerate(pieces):
            inspector.look(piece, is_first=number == 0)
        found = detect(
            raw,
            is_whole=True,
            encoding=inspector.verdict().encoding,
            overrides=overrides,
            is_known_header=is_known_header,
            max_columns=50,
        )
    except AppError:
        return
    if any(issue.code is IssueCode.QUOTE_UNCLOSED for issue in found.issues):
        return
    suggestions = suggest(found.headers, found.samples)
    columns = _mapping(data, found.headers, [suggestion.column for suggestion in suggestions])
    defaults = data.draw(st.dictionaries(st.sampled_from(DEFAULTABLE), st.sampled_from(["fr", "A/B"])))
    check_mapping(columns, defaults, found.headers)

    plan = Plan(Recipe(tuple(columns), defaults, "en", ("en", "fr", "nl")), NOTHING_KNOWN)
    lines = []
    # What is wrong with a whole file is said by detect: behind it nothing is refused any more.
    reader = RecordReader(pieces, found.dialect)
    for records in reader.batches(batch):
        rows = plan.read(records)
        plan.settle(rows, {"jan@example.com"})
        lines += [row.line for row in rows]
    plan.finish(lambda _: ())
    assert lines == [line for line, _ in RecordReader([raw], found.dialect).records()]
    # What is no row is counted, and nothing is lost between the two.
    everything = RecordReader([raw], replace(found.dialect, ignores_lines=False)).records()
    ignored = {line for line, _ in reader.ignored}
    assert [line for line, _ in everything] == sorted({*lines, *ignored})
    assert len(ignored) == reader.ignored_lines
    assert plan.totals.rows == sum(plan.totals.outcomes.values()) == len(lines)
    assert sum(plan.totals.mails.values()) == plan.totals.outcomes[Outcome.ADD]
