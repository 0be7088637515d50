"""`python -m app.imports.workbooks.sheet_reader BYTES SECONDS SHEET`: reads a workbook on its standard input.

Writes the rows of one sheet, each as a line with a JSON array of texts (an empty row as an empty line); in the end, to
standard error, what it found, or why the file cannot be read. Whatever a file does to a reader ends with this process.
"""

import json
import os
import resource
import sys
from contextlib import suppress
from typing import Any, BinaryIO, Final

from app.errors import AppError, Code
from app.imports.workbooks.ods import Ods, is_ods
from app.imports.workbooks.package import Package
from app.imports.workbooks.xlsx import Xlsx, is_xlsx

ROW_CHARACTERS: Final = 4 * 1024 * 1024
_MIB: Final = 1024 * 1024
_MEMORY: Final = 512 * _MIB
_MOST_MEMORY: Final = 4096 * _MIB
_MEMORY_PER_BYTE: Final = 8
"""A sheet lies in memory as a table with a place for every cell, filled or not."""


def main(arguments: list[str]) -> None:
    """Read one sheet: exit status 0, or 1 where the file is refused."""
    limit, seconds, sheet = map(json.loads, arguments)  # ASCII, whatever the machine's locale
    answers = _only_answers()
    for what, most in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        resource.setrlimit(what, (most, most))
    _limit_memory(_MEMORY)
    try:
        found = _read(sys.stdin.buffer, sys.stdout.buffer, limit, sheet)
    except AppError as error:
        found = {"code": error.code.value, "params": error.params}
    except MemoryError:
        found = {"code": Code.FILE_UNPACKS_TOO_LARGE.value, "params": {}}
    with suppress(BrokenPipeError):
        sys.stdout.close()
        os.write(answers, json.dumps(found).encode())


def _read(file: BinaryIO, lines: BinaryIO, limit: int, wanted: str | None) -> dict[str, Any]:
    """Write the lines of a sheet; what the workbook is and holds."""
    package = Package(file, limit=limit)
    _limit_memory(_MEMORY + _MEMORY_PER_BYTE * package.size)
    workbook: Xlsx | Ods
    if is_ods(package):
        workbook, kind = Ods(package, wanted), "ods"
    elif is_xlsx(package):
        workbook, kind = Xlsx(file, package, wanted), "xlsx"
    else:
        raise AppError(Code.FILE_TYPE_UNSUPPORTED, kind="zip")
    as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for line, row in enumerate(workbook.rows(), 1):
        if sum(map(len, row)) > ROW_CHARACTERS:
            raise AppError(Code.FILE_CELL_TOO_LARGE, line=line, limit=ROW_CHARACTERS)
        lines.write(as_json(row).encode() + b"\n" if row else b"\n")
    if workbook.sheet is None:
        raise AppError(Code.FILE_EMPTY)
    return {"format": kind, "sheets": workbook.sheets, "sheet": workbook.sheet, "hidden_rows": workbook.hidden_rows}


def _limit_memory(most: int) -> None:
    with suppress(ValueError, OSError):  # macOS knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (min(most, _MOST_MEMORY), _MOST_MEMORY))


def _only_answers() -> int:
    """A way to standard error of our own: what libraries print there goes nowhere."""
    answers = os.dup(sys.stderr.fileno())
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stderr.fileno())
    return answers


if __name__ == "__main__":
    main(sys.argv[1:])
