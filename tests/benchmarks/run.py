"""What is measured, in which order: floor, ours, floor again, so that a slow minute is everybody's.

Every floor has a process of its own, ours are the product's. What the figures mean is decided by report.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import median

from rich.console import Console

from tests.benchmarks import files, floors, peer, sinks
from tests.benchmarks.apart import isolated
from tests.benchmarks.files import Kind, Made
from tests.benchmarks.homes import Home, SqliteHome
from tests.benchmarks.latency import Answered, Visitors, p95
from tests.benchmarks.pages import PAGES, first_content
from tests.benchmarks.report import Figure
from tests.benchmarks.service import Service, wait
from tests.delivery.fast_sink import FastSink

PARTS = ("check", "commit", "filled", "workbook", "peer", "delivery", "latency", "pages")
_PEER_ROWS = 100_000
_MAILS = 50_000
_VISITS = 500
_LOOKS = 9
_DOMAINS = 100_000
_MILLION = 1_000_000
_OTHERS = 20261128  # other people than those of the usual files
_GOALS = {
    "sqlite": {"check": 0.35, "commit": 0.45, "latency": 100.0},
    "postgresql": {"check": 0.5, "commit": 0.6, "latency": 20.0},
}
_AMONG_MANY = 20.0  # milliseconds
_HOLD = 10_080  # minutes: no mail leaves while something else is measured


@dataclass
class Bench:
    """A whole run: what of it, how often, where its files lie, and what came of it."""

    folder: Path
    console: Console
    home: Home = field(default_factory=SqliteHome)
    parts: Collection[str] = PARTS
    sizes: Sequence[int] = (100_000, _MILLION)
    runs: int = 5
    figures: list[Figure] = field(default_factory=list)
    _commits: dict[int, list[float]] = field(default_factory=dict)

    def run(self) -> None:
        """Measure all that is asked for."""
        largest = max(self.sizes)
        if {"check", "commit"} & set(self.parts):
            for rows in self.sizes:
                self.check_and_commit(Kind(rows), self.runs)
            domains = min(_DOMAINS, largest)
            self.check_and_commit(Kind(domains, domains=domains), self.runs)
            self.check_and_commit(Kind(largest, duplicates=0, bad=0, known=0), 1)
            self.growth()
        if "filled" in self.parts:
            self.into_filled_tables(Kind(min(_PEER_ROWS, largest)), Kind(largest, seed=_OTHERS))
        if "workbook" in self.parts:
            self.workbook(Kind(min(_PEER_ROWS, largest)))
        if "peer" in self.parts:
            self.beside_the_peer(Kind(min(_PEER_ROWS, largest)))
        if "delivery" in self.parts:
            self.delivery(Kind(min(_MAILS, largest), duplicates=0, bad=0, known=0))
        if "latency" in self.parts:
            self.latency(Kind(largest))
        if "pages" in self.parts:
            self.pages()

    def note(self, figure: Figure) -> None:
        """Keep a figure, and tell it at once."""
        figure = replace(figure, name=f"{self.home.name}: {figure.name}")
        self.figures.append(figure)
        self.console.print(" · ".join(cell for cell in figure.cells() if cell), highlight=False)

    def check_and_commit(self, kind: Kind, runs: int) -> None:
        """A file checked beside the bare loop and committed beside raw `executemany`, and the worker's memory."""
        made, base, import_id = self._uploaded(kind)
        took: dict[str, list[float]] = {"loop": [], "check": [], "commit": [], "raw": []}
        memory: list[float] = []
        for _ in range(runs):
            took["loop"].append(isolated(floors.bare_loop, made.people))
            service = base.copied(self.folder / "run")
            with service.running() as api:
                took["check"].append(api.check(import_id))
                if "commit" in self.parts:
                    took["commit"].append(api.commit(import_id, hold_minutes=_HOLD))
                memory.append(api.peak_megabytes())
            if "commit" in self.parts:
                took["raw"].append(self.home.floor(service.folder, self.folder))
        rates = {step: [kind.rows / seconds for seconds in found] for step, found in took.items()}
        is_usual = kind == Kind(kind.rows)
        goal = _GOALS[self.home.name]["check"] if is_usual else None
        self.note(Figure(f"check, {kind.name}", "rows/s", rates["check"], "bare loop", rates["loop"], goal))
        if rates["commit"]:
            goal = _GOALS[self.home.name]["commit"] if is_usual else None
            name = f"commit, {kind.name}"
            self.note(Figure(name, "rows/s", rates["commit"], self.home.floor_name, rates["raw"], goal))
            if is_usual:
                self._commits[kind.rows] = took["commit"]
        most = 250.0 if kind.rows >= _MILLION else None
        self.note(Figure(f"worker memory, {kind.name}", "MB", memory, most=most))

    def growth(self) -> None:
        """The time of ten times the rows against ten times the time of a tenth of them."""
        for smaller, larger in pairwise(sorted(self._commits)):
            times = larger / smaller
            grown = [one / (times * median(self._commits[smaller])) for one in self._commits[larger]]
            self.note(Figure(f"commit, {larger:,} rows against {times:g} x {smaller:,}", "x", grown, most=1.15))

    def into_filled_tables(self, kind: Kind, others: Kind) -> None:
        """A file committed where many people are before, beside the same into empty tables."""
        filled = Service.new(self.folder / "filled", self.home)
        with filled.running() as api:
            import_id = api.upload(files.make(others, self.folder).people)
            api.check(import_id)
            api.commit(import_id, hold_minutes=_HOLD)
        made, base, _ = self._uploaded(kind)
        rates: dict[str, list[float]] = {"empty": [], "filled": []}
        for _ in range(self.runs):
            for where, service in (("empty", base), ("filled", filled)):
                with service.copied(self.folder / "run").running() as api:
                    import_id = api.upload(made.people)
                    api.check(import_id)
                    rates[where].append(kind.rows / api.commit(import_id, hold_minutes=_HOLD))
        name = f"commit, {kind.name} beside {others.rows:,} people"
        self.note(Figure(name, "rows/s", rates["filled"], "into empty tables", rates["empty"], 0.8))

    def workbook(self, kind: Kind) -> None:
        """A workbook uploaded and checked, beside the bare loop over what calamine reads of it."""
        made, base, _ = self._uploaded(kind)
        file = files.as_workbook(made.people)
        ours: list[float] = []
        beside: list[float] = []
        for _ in range(self.runs):
            beside.append(kind.rows / isolated(floors.calamine_loop, file))
            with base.copied(self.folder / "run").running() as api:
                started = time.perf_counter()
                import_id = api.upload(file)
                uploaded = time.perf_counter() - started
                ours.append(kind.rows / (uploaded + api.check(import_id)))
        name = f"upload and check of XLSX, {kind.name}"
        self.note(Figure(name, "rows/s", ours, "calamine and the bare loop", beside, least_ratio=0.25))

    def beside_the_peer(self, kind: Kind) -> None:
        """The same file by django-import-export, once, between two of ours."""
        if find_spec("import_export") is None:
            self.console.print("django-import-export is not installed here: `make bench` brings it")
            return
        made, base, import_id = self._uploaded(kind)
        check, commit = [], []
        for turn in range(2):
            with base.copied(self.folder / "run").running() as api:
                check.append(api.check(import_id))
                commit.append(api.commit(import_id, hold_minutes=_HOLD))
            if turn == 0:
                peers = self.folder / "peer"
                self.home.make_empty(peers)
                theirs = isolated(peer.bulk_import, made.people, made.known, self.home.url(peers))
                self.home.make_empty(peers)
                unchecked = isolated(peer.bulk_import, made.people, made.known, self.home.url(peers), checks=False)
        beside = [kind.rows / theirs] * 2
        ours = [kind.rows / seconds for seconds in commit]
        self.note(Figure(f"commit, {kind.name}", "rows/s", ours, "django-import-export", beside, 10.0))
        beside = [kind.rows / unchecked] * 2
        self.note(Figure(f"commit, {kind.name}", "rows/s", ours, "the same unchecked", beside))
        beside = [kind.rows / theirs] * 2
        ours = [kind.rows / (one + other) for one, other in zip(check, commit, strict=True)]
        self.note(Figure(f"check and commit, {kind.name}", "rows/s", ours, "django-import-export", beside))

    def delivery(self, kind: Kind) -> None:
        """Held mails released and sent to a sink, until the outbox says so of the last; beside postfix's generator."""
        _, base, import_id = self._uploaded(kind)
        with base.running() as api:
            api.check(import_id)
            api.commit(import_id, hold_minutes=_HOLD)
        ours: list[float] = []
        beside: list[float] = []
        for _ in range(self.runs):
            with sinks.mail_server(self.folder / "mails") as (url, sink):
                floor = sinks.floor(url, kind.rows)
                beside += [kind.rows / floor] if floor else []
                with base.copied(self.folder / "run", url).running() as api:
                    ours.append(kind.rows / api.send(import_id, kind.rows))
        name = f"delivery, {kind.rows:,} mails to {sink}"
        self.note(Figure(name, "mails/s", ours, "smtp-source", beside, least=3000.0))

    def latency(self, kind: Kind) -> None:
        """People who look and invite: idle, while a file is committed, while its mails leave at the same time, and when
        all of its people are there.
        """
        _, base, import_id = self._uploaded(kind)
        with base.running() as api:
            api.check(import_id)
        visits = max(5, _VISITS * min(kind.rows, _MILLION) // _MILLION)
        for hold, what in ((_HOLD, f"while {kind.name} commit"), (0, f"while {kind.name} commit and are mailed")):
            idle, busy, after, mails = self._visited(base, import_id, visits, hold)
            for visit, name in (("list", "GET /invitations"), ("invite", "POST /invitations")):
                beside = [p95(idle, visit)]
                most = _GOALS[self.home.name]["latency"]
                self.note(Figure(f"{name}, p95 {what}", "ms", [p95(busy, visit)], "idle", beside, most=most))
                if after:
                    name = f"{name}, p95 among {kind.rows:,} people and their mails"
                    self.note(Figure(name, "ms", [p95(after, visit)], "idle", beside, most=_AMONG_MANY))
        name = "mails of the import between an invitation and its mail"
        self.note(Figure(name, "mails", _overtaking(mails, busy)))

    def pages(self) -> None:
        """How soon a browser that was never here shows something."""
        with Service.new(self.folder / "base", self.home).running() as api:
            for name, path in PAGES.items():
                found = first_content(str(api.http.base_url).partition("/api/")[0], path, _LOOKS)
                if found is None:
                    self.console.print("no Chromium on this machine: no page was looked at")
                    return
                self.note(Figure(f"first content of {name}, nothing cached", "ms", found, most=100.0))

    def _visited(
        self, base: Service, import_id: str, visits: int, hold: int
    ) -> tuple[list[Answered], list[Answered], list[Answered], bytes]:
        """Visitors before, during and, where its mails are held, after a commit; the log of the mails that left."""
        log = self.folder / "mails"
        log.unlink(missing_ok=True)
        with FastSink(log) as sink:
            service = base.copied(self.folder / "run", sink.url)
            with service.running() as api:
                idle = Visitors(service, "idle").come(visits)
                api.begin_commit(import_id, hold_minutes=hold)
                wait(lambda: api.get(import_id)["progress"]["done"] > 0)
                busy = Visitors(service, "busy", see=lambda: log.stat().st_size).come(visits)
                if api.get(import_id)["state"] != "committing":
                    self.console.print("too few rows: the commit ended before the visitors did")
                wait(lambda: all(one.email.encode() in log.read_bytes() for one in busy))
                after: list[Answered] = []
                if hold:
                    wait(lambda: api.get(import_id)["state"] == "completed")
                    after = Visitors(service, "after").come(visits)
        return idle, busy, after, log.read_bytes()

    def _uploaded(self, kind: Kind) -> tuple[Made, Service, str]:
        """A file, and a service where it waits for its check; who is there before is there."""
        made = files.make(kind, self.folder)
        base = Service.new(self.folder / "base", self.home)
        with base.running() as api:
            if kind.known:
                known = api.upload(made.known)
                api.check(known)
                api.commit(known, send_invitations=False)
            return made, base, api.upload(made.people)


def _overtaking(log: bytes, invited: Sequence[Answered]) -> list[int]:
    """How many mails of the import left between the answer to an invitation and its own mail, for each."""
    return [
        sum(b"@visitors." not in line for line in log[one.seen : log.index(one.email.encode())].splitlines())
        for one in invited
        if one.email
    ]
