"""A file read as an upload of it would be: what the tests of reading share."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from app.errors import AppError
from app.imports.matching.headers import is_known_header
from app.imports.reading.detect import Detected, detect
from app.imports.reading.dialect import Overrides
from app.imports.reading.inspector import Inspector
from app.imports.reading.table import Dialect, Record, RecordReader

COMMA = Dialect("utf-8", ",", '"', 1)
PEOPLE = "first_name;last_name;email\nJan;Peeters;jan@example.com\nZoë;Dupont;zoe@example.com\n"


def inspected(*chunks: bytes) -> Inspector:
    """An inspector that all chunks have passed."""
    inspector = Inspector()
    for number, chunk in enumerate(chunks):
        inspector.look(chunk, is_first=number == 0)
    return inspector


def detected(content: str | bytes, *, is_whole: bool = True, max_columns: int = 200, **overrides: Any) -> Detected:
    """What is found at the top of a file."""
    raw = content.encode() if isinstance(content, str) else content
    return detect(
        raw,
        is_whole=is_whole,
        encoding=inspected(raw).verdict().encoding,
        overrides=Overrides(**overrides),
        is_known_header=is_known_header,
        max_columns=max_columns,
    )


def reader(content: str | bytes, **overrides: Any) -> RecordReader:
    """What reads a file, as it was found to be."""
    raw = content.encode() if isinstance(content, str) else content
    return RecordReader([raw], detected(raw, **overrides).dialect)


def read(content: str | bytes, **overrides: Any) -> tuple[list[str], list[Record]]:
    """A file's headers and the records below them."""
    found = reader(content, **overrides)
    return detected(content, **overrides).headers, list(found.records())


def refusal(content: str | bytes, **overrides: Any) -> AppError:
    """Why a file is not read."""
    with pytest.raises(AppError) as refused:
        read(content, **overrides)
    return refused.value


def cut_at(content: bytes, places: Sequence[int]) -> list[bytes]:
    """A file in pieces that are cut at these places."""
    bounds = [0, *sorted(place % (len(content) + 1) for place in places), len(content)]
    return [content[start:end] for start, end in pairwise(bounds)]
