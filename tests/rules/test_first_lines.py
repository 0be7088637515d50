"""The table of first lines says what a dictionary would, and takes a third of its memory."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from app.imports.first_lines import FirstLines

ADDRESSES = st.lists(st.text(min_size=1, max_size=3), max_size=200)


@given(ADDRESSES, ADDRESSES)
def test_it_tells_the_line_an_address_stands_on_first(written: list[str], asked: list[str]) -> None:
    lines, expected = FirstLines(), dict[str, int]()
    for line, address in enumerate(written, 2):
        assert lines.first(address, line) == expected.setdefault(address, line)
    assert [address in lines for address in asked] == [address in expected for address in asked]


def test_many_addresses_stay_few_bytes_each() -> None:
    many = 60_000
    tracemalloc.start()
    lines = FirstLines()
    for line in range(1, many + 1):
        assert lines.first(f"a-rather-long-name.of-somebody.{line}@department.example.com", line) == line
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 40 * many
    assert lines.first(f"a-rather-long-name.of-somebody.{many}@department.example.com", 0) == many
