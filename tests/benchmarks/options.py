"""The options of `make bench`. Measures nothing itself."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from tests.benchmarks import report
from tests.benchmarks.homes import home
from tests.benchmarks.report import Figure
from tests.benchmarks.run import PARTS, Bench

_FOLDER = Path("var/bench")


def main(arguments: list[str] | None = None) -> None:
    """Measure what is asked for, print it, and write it down."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    parser.add_argument("--rows", default="100000,1000000", help="sizes of the files; what needs one takes the largest")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--on", default="sqlite,postgresql", help="the databases")
    parser.add_argument("--folder", type=Path, default=_FOLDER)
    options = parser.parse_args(arguments)
    parts = options.only.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"not measured: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    console = Console()
    work = options.folder / "work"
    work.mkdir(parents=True, exist_ok=True)
    machine = report.machine()
    figures: list[Figure] = []
    for name in options.on.split(","):
        with home(name) as database:
            bench = Bench(work, console, database, parts, [int(rows) for rows in options.rows.split(",")], options.runs)
            bench.run()
            figures += bench.figures
    report.show(figures, console)
    file = options.folder / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    report.write(figures, machine, file)
    console.print(f"Every run: {file}")
