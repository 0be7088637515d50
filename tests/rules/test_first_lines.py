"""The table of first lines says what a dictionary would, and takes a third of its memory."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from app.imports.first_lines import FirstLines, hashes_of, new_key

ADDRESSES = st.lists(st.text(min_size=1, max_size=3), max_size=200)


@given(ADDRESSES, ADDRESSES, ADDRESSES, st.sampled_from([0, 5000]))
def test_it_tells_the_line_an_address_stands_on_first(
    written: list[str], more: list[str], asked: list[str], expected: int
) -> None:
    lines, first, key = FirstLines(expected), dict[str, int](), new_key()
    for addresses, start in ((written, 2), (more, 1000)):
        numbers = range(start, start + len(addresses))
        stood = [first.setdefault(address, line) for address, line in zip(addresses, numbers, strict=True)]
        repeated = [(at, line) for at, line in enumerate(stood) if line != start + at]
        assert lines.place(hashes_of(addresses, key), numbers) == repeated
    assert lines.holds(hashes_of(asked, key)) == [address in first for address in asked]


def test_many_addresses_stay_few_bytes_each() -> None:
    many, key = 60_000, new_key()
    tracemalloc.start()
    lines = FirstLines()
    for line in range(1, many + 1):
        address = f"a-rather-long-name.of-somebody.{line}@department.example.com"
        assert lines.place(hashes_of([address], key), [line]) == []
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 40 * many
    last = hashes_of([f"a-rather-long-name.of-somebody.{many}@department.example.com"], key)
    assert lines.place(last, [many + 1]) == [(0, many)]
