"""What was measured: medians and ratios as a table for people, every run as JSON. Measures nothing itself."""

import json
import os
import platform
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, run by run. `beside`: what it is compared with, in the same runs and the same unit."""

    name: str
    unit: str
    runs: Sequence[float]
    beside_name: str = ""
    beside: Sequence[float] = field(default_factory=tuple)
    least_ratio: float | None = None
    least: float | None = None
    most: float | None = None

    @property
    def ratio(self) -> float | None:
        """The median of the ratios of each run: what slows a whole run down slows both down."""
        return median(one / other for one, other in zip(self.runs, self.beside, strict=True)) if self.beside else None

    @property
    def goal(self) -> str:
        """What it must reach, in words."""
        if self.least_ratio is not None:
            return f"≥ {self.least_ratio:g} ×"
        if self.least is not None:
            return f"≥ {self.least:,.0f} {self.unit}"
        return f"≤ {self.most:,.0f} {self.unit}" if self.most is not None else ""

    @property
    def is_met(self) -> bool | None:
        """Whether it reaches that; None without a goal."""
        if self.least_ratio is not None:
            return self.ratio is not None and self.ratio >= self.least_ratio
        if self.least is not None:
            return median(self.runs) >= self.least
        return median(self.runs) <= self.most if self.most is not None else None

    def cells(self) -> list[str]:
        """The figure as a line of the table."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f} ×"
        beside = f"{self.beside_name} {median(self.beside):,.0f}" if self.beside else self.beside_name
        verdict = {True: "met", False: "NOT met", None: ""}[self.is_met]
        return [self.name, f"{median(self.runs):,.0f} {self.unit}", beside, ratio, self.goal, verdict]


def show(figures: Sequence[Figure], console: Console) -> None:
    """Print the table."""
    table = Table("figure", "median", "beside it", "ratio", "goal", "", title="Measured")
    for figure in figures:
        table.add_row(*figure.cells())
    console.print(table)


def write(figures: Sequence[Figure], machine: Mapping[str, Any], file: Path) -> None:
    """Every run of every figure, with date and machine."""
    found = [
        asdict(figure) | {"median": median(figure.runs), "ratio": figure.ratio, "is_met": figure.is_met}
        for figure in figures
    ]
    content = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine, "figures": found}
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    """What it was measured on."""
    names = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return {
        "cores": os.cpu_count(),
        "processor": names[0] if names else platform.processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load_before": os.getloadavg()[0],
    }


def _lines(file: str) -> list[str]:
    return Path(file).read_text(encoding="utf-8").splitlines() if Path(file).exists() else []
