"""The benchmarks run: at the smallest scale, so that their code cannot rot. No figure is looked at."""

import io
from pathlib import Path
from statistics import median

import pytest
from rich.console import Console

from tests.benchmarks import report
from tests.benchmarks.files import Kind
from tests.benchmarks.run import Bench

pytestmark = [pytest.mark.xdist_group("processes"), pytest.mark.long]


def test_a_small_file_is_checked_and_committed_beside_its_floors(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Console(file=io.StringIO()), runs=1)
    bench.check_and_commit(Kind(500), bench.runs)
    assert [figure.name for figure in bench.figures] == [
        "sqlite: check, 500 rows",
        "sqlite: commit, 500 rows",
        "sqlite: worker memory, 500 rows",
    ]
    assert all(median(figure.runs) > 0 for figure in bench.figures)
    assert all(figure.ratio is not None for figure in bench.figures[:2])
    report.write(bench.figures, report.machine(), tmp_path / "figures.json")
    report.show(bench.figures, bench.console)


@pytest.mark.soak
def test_every_part_can_be_measured(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Console(file=io.StringIO()), sizes=(3000,), runs=1)
    bench.run()
    names = " ".join(figure.name for figure in bench.figures)
    assert all(
        part in names for part in ("check", "commit", "memory", "delivery", "GET", "POST", "mails of the import")
    )
