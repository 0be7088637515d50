"""Logs: whole lines, whoever else writes to the same place."""

import io
import json
import sys

import pytest
import structlog

from app import logs


class Pieces(io.RawIOBase):
    """What arrives at the system, write by write."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        self.written.append(bytes(piece))  # type: ignore[call-overload] # a buffer, whatever its type
        return len(self.written[-1])


def test_a_line_and_its_end_are_written_in_one_piece_even_unbuffered(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = Pieces()
    unbuffered = io.TextIOWrapper(pieces, write_through=True)  # type: ignore[type-var] # raw, as `python -u` has it
    monkeypatch.setattr(sys, "stderr", unbuffered)
    try:
        logs.configure("INFO")
        structlog.get_logger().info("worker_started", number=1)
        sys.stderr.flush()
    finally:
        monkeypatch.undo()
        logs.configure("ERROR")
    assert len(pieces.written) == 1
    assert pieces.written[0].endswith(b"}\n")
    assert json.loads(pieces.written[0])["event"] == "worker_started"
