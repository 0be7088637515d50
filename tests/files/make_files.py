"""Writes the files of this folder as the programs named in README.md would: encodings, quotes, line ends and all.

Run by hand: `python tests/files/make_files.py [FOLDER]`. The same bytes every time; never holds a real person's data.
"""

import gzip
import sys
import unicodedata
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent))  # so that it runs from anywhere, without an installation

from tests.files.books import BOOKS  # noqa: E402 behind the line that makes it importable

ENDS = {"crlf": "\r\n", "lf": "\n", "cr": "\r", "none": ""}
MARKS = str.maketrans({"⏎": "\n", "⇥": "\t", "␀": "\0", "⍽": "\u00a0", "⊘": "\u200b", "⊙": "\ufeff"})
"""What is seen badly in a text stands in the sources as a mark."""


def texts() -> dict[str, bytes]:
    """The files under sources/, with `=== name · encoding · line ends` above each; the parts of one name follow on."""
    made: dict[str, bytes] = {}
    for source in sorted((HERE / "sources").glob("*.txt")):
        for section in ("\n" + source.read_text(encoding="utf-8")).split("\n=== ")[1:]:
            head, _, body = section.partition("\n")
            name, encoding, end = head.split(" · ")[:3]
            lines = (line.translate(MARKS) + ENDS[end] for line in body.removesuffix("\n").split("\n"))
            made[name] = made.get(name, b"") + encoded("".join(lines), encoding)
    return made


def encoded(text: str, encoding: str) -> bytes:
    """`utf-16-le bom`; `utf-8 nfd`: accents apart; `cp1252 utf-8`: once too often; `utf-8 gzip`."""
    match encoding.split():
        case [codec, "bom"]:
            return ("\ufeff" + text).encode(codec)
        case [codec, "nfd"]:
            return unicodedata.normalize("NFD", text).encode(codec)
        case [codec, "gzip"]:
            return packed(text.encode(codec))
        case [misread, codec]:
            return text.encode(codec).decode(misread).encode(codec)
    return text.encode(encoding)


def packed(content: bytes) -> bytes:
    """A gzip without time, system and compression: the same bytes on every machine."""
    plain = gzip.compress(content, 0, mtime=0)
    return plain[:9] + b"\xff" + plain[10:]


def main(folder: Path) -> None:
    """All of them."""
    for name, content in {**texts(), **{name: make() for name, make in BOOKS.items()}}.items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
