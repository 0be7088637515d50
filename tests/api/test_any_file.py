"""Any file, read in any way, edited in any way, in any order of requests: never a 5xx, always a documented answer.

Whatever happens, the terms of every preview and result add up, and a commit does what the preview said.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.db.base import new_id
from app.imports import pieces, service
from app.imports.columns import COLUMNS, MAPPABLE
from app.imports.issues import IssueCode
from app.imports.reading.encodings import ENCODINGS, codec
from app.imports.row import Outcome
from app.jobs.imports import do_next
from tests.api.test_import_story import adds_up
from tests.conftest import Desk
from tests.delivery.ledger import Answer, assert_documented
from tests.rules.test_any_bytes import BYTES

LONG_ON_POSTGRESQL = True

Json = Any
FOLDER = Path(__file__).parent.parent / "files"
KINDS = {".csv", ".txt", ".tsv", ".gz", ".xlsx", ".ods"}
REAL = sorted(file for file in FOLDER.iterdir() if file.suffix in KINDS)
OURS = [column.name for column in COLUMNS]
FOUR = ["first_name", "last_name", "email", "company"]
BUSY = {"checking", "committing", "cancelling", "undoing"}
TERMS = {
    "to_add": "add",
    "already_users": "already_user",
    "duplicates": "duplicate",
    "rejected": "rejected",
    "empty": "empty",
    "skipped": "skipped",
}
AFTER = {"added": "to_add"} | {term: term for term in TERMS if term != "to_add"}
A_FEW = settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),  # shrinking takes minutes
)
MANY = settings(A_FEW, max_examples=1500)

# --- what a file may be, and what may be asked ------------------------------------------------------------------------

PIECES_OF_CELLS = ["", " ", "jan@example.com", "a@b.test", "nl", "Belgisch", "A/B", "=1", "'+x", '"', "\\", "\x00", "é"]
TEXTS = (
    st.sampled_from(PIECES_OF_CELLS)
    | st.text(max_size=8)
    | st.sampled_from(["x" * 400, "/".join(map(str, range(60)))])
    | st.sampled_from(["\ud800", "\u202e"])
)
CELLS = st.sampled_from([*PIECES_OF_CELLS, "Zoé", "x\ny", "12;3"]) | st.text(max_size=5)


def _table(rows: Sequence[Sequence[str]], delimiter: str, encoding: str) -> bytes:
    """A proper list: headers we know, a few people, whatever they are called."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([[*FOUR, "language", "student_groups"], *rows])
    return text.getvalue().encode(encoding, "replace")


NAMES = st.sampled_from(["Jan", "Zoé", "=An", "'+x", "Acme", "Globex", "ACME "])
ADDRESSES = st.sampled_from([f"p{number}@example.com" for number in range(9)])
ROWS = st.tuples(NAMES, NAMES, ADDRESSES | CELLS, NAMES, st.sampled_from(["nl", "Dutch", "", "x"]), CELLS).map(list)
LISTS = st.builds(
    _table,
    st.lists(ROWS | ROWS | ROWS | st.lists(CELLS, max_size=8), min_size=3, max_size=12),
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "cp1252", "utf-16", "utf-8-sig"]),
)


def _spliced(content: bytes, cuts: Sequence[tuple[float, int, bytes]]) -> bytes:
    for place, length, other in cuts:
        at = int(place * len(content))
        content = content[:at] + other + content[at + length :]
    return content


CUTS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 50), st.binary(max_size=4) | st.sampled_from([b'"', b"\n", b"\\"])),
    max_size=3,
)
SPLICED = st.builds(_spliced, st.sampled_from(REAL).map(Path.read_bytes), CUTS)
FILES = st.sampled_from([LISTS, LISTS, LISTS, LISTS, SPLICED, SPLICED, BYTES]).flatmap(lambda files: files)

WILD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
COLUMN = st.sampled_from(OURS)
NEW_VALUES = st.dictionaries(COLUMN, TEXTS | st.none() | st.lists(TEXTS, max_size=3), max_size=3)
READ_AS = st.fixed_dictionaries(
    {},
    optional={
        "encoding": st.sampled_from([*ENCODINGS, "latin1", "klingon"]),
        "delimiter": st.sampled_from([",", ";", "\t", "|", "::"]),
        "quote": st.sampled_from(['"', "'", ""]),
        "escape": st.sampled_from(["\\", ""]),
        "header_line": st.integers(0, 6) | st.sampled_from([1000, 10**30]),
        "ignore_lines": st.booleans(),
        "sheet": st.sampled_from(["Sheet1", "Feuil1", "A", ""]),
    },
)
DEFAULTS = st.fixed_dictionaries(
    {}, optional={"company": TEXTS, "language": st.sampled_from(["nl", "Dutch", "x"]), "student_groups": TEXTS}
)
MAPPED = st.none() | st.sampled_from([column.name for column in MAPPABLE])
NO_LINE = st.sampled_from([0, 1, -1, 99, 2**31 - 1, 2**31, 2**63, 10**40])
ROW_EDIT = st.fixed_dictionaries({}, optional={"values": NEW_VALUES | st.none(), "skip": st.booleans()})
ISSUE_EDIT = st.builds(
    lambda issue, change: {"issue": issue} | change,
    st.sampled_from(list(IssueCode)),
    st.fixed_dictionaries({"set": NEW_VALUES}) | st.just({"skip": True}),
)


class Somebody:
    """A person with one import, who does anything to it. Every answer is looked at."""

    def __init__(self, desk: Desk, data: st.DataObject) -> None:
        self._desk = desk
        self._draw = data.draw
        subdomain = f"any-{new_id().hex[-12:]}"
        desk.platform(subdomain)
        self._http = desk.client(subdomain)
        self._id = ""
        self._sheets: list[str] = []
        self._promised: Json = None
        """The summary of the preview that was committed."""

    @property
    def _path(self) -> str:
        return f"/imports/{self._id}"

    def ask(self, method: str, path: str, **request: Any) -> Answer:
        """One request, its answer as openapi.json announces it."""
        if "json" in request:  # a client may write half a character, or what is no number
            request["content"] = json.dumps(request.pop("json"))
            request["headers"] = {"Content-Type": "application/json"}
        got = self._http.request(method, path, **request)
        is_json = "json" in got.headers.get("content-type", "") and got.content
        answer = Answer(method, path, None, got.status_code, got.json() if is_json else {"content": got})
        assert_documented(answer)
        assert answer.status < 500, (method, path, answer.code)
        return answer

    # --- what they do --------------------------------------------------------------------------------------------

    def upload(self, content: bytes, **query: str) -> bool:
        """Whether there is an import now."""
        form = {"files": {"file": ("people.csv", content, "text/csv")}}
        raw = {"content": content, "headers": {"Content-Type": "application/octet-stream"}}
        answer = self.ask("POST", "/imports", params=query, **(form if self._draw(st.booleans()) else raw))
        if answer.status not in (201, 202):
            assert answer.status in (413, 415, 422), answer
            assert self.ask("GET", "/imports").body["items"] == []
            return False
        imported = answer.body.get("import", answer.body)
        self._id, self._sheets = imported["id"], imported["file"]["sheets"]
        return True

    def map(self) -> None:
        """Any mapping, mostly one that can be; with any way to read the file."""
        read_as = self._draw(READ_AS) if self._seldom() else {}
        if self._sheets and self._seldom():
            read_as["sheet"] = self._draw(st.sampled_from(self._sheets))
        columns = [item["column"] for item in self.ask("GET", self._path).body["suggested_mapping"]]
        body = {"columns": columns, "defaults": {"company": "Acme"}} | read_as
        if self._seldom():
            body["columns"] = self._draw(st.none() | st.lists(MAPPED | TEXTS, max_size=8) | st.permutations(columns))
        if self._seldom():
            body["defaults"] = self._draw(DEFAULTS | WILD)
        self.ask("PUT", f"{self._path}/mapping", json=body)

    def _seldom(self) -> bool:
        return bool(self._draw(st.integers(0, 5)) == 3)

    def edit_a_row(self) -> None:
        """A line that is a row, or none."""
        line = self._draw(NO_LINE) if self._seldom() else self._draw(st.integers(2, 10))
        self.ask("PATCH", f"{self._path}/rows/{line}", json=self._draw(WILD if self._seldom() else ROW_EDIT))

    def edit_values(self) -> None:
        """A value there is, or none; or all rows with an issue."""
        column = self._draw(COLUMN)
        listed = self.ask("GET", f"{self._path}/values", params={"column": column}).body.get("items", [])
        there = st.sampled_from([item["value"] for item in listed] or [""])
        one_value = st.fixed_dictionaries({"column": st.just(column), "from": there | TEXTS, "to": TEXTS})
        self.ask("PUT", f"{self._path}/values", json=self._draw(WILD if self._seldom() else one_value | ISSUE_EDIT))

    def commit(self) -> None:
        """In any way. What the preview says now is what must happen."""
        self.work()
        version = self.ask("GET", self._path).body["version"]
        preview = self.ask("GET", f"{self._path}/preview")
        options = st.fixed_dictionaries(
            {},
            optional={
                "version": st.sampled_from([version, version, 0]),
                "send_invitations": st.booleans(),
                "hold_minutes": st.sampled_from([0, 1]),
                "message": NAMES,
                "on_rejected": st.sampled_from(["skip", "skip", "abort"]),
            },
        )
        answer = self.ask("POST", f"{self._path}/commit", json=self._draw(WILD if self._seldom() else options))
        if answer.status == 202 and self._promised is None:
            self._promised = preview.body["summary"]

    def steer(self) -> None:
        """Stop it, take it back, let its mails go; drop it, seldom."""
        if self._seldom():
            self.ask("DELETE", self._path)
        else:
            self.ask("POST", f"{self._path}/{self._draw(st.sampled_from(['send', 'cancel', 'undo']))}")

    def work(self) -> None:
        """The worker does one thing."""
        do_next(self._desk.database, max_lines=self._desk.settings.upload_lines)

    def look(self) -> None:
        """Whatever can be looked at, and whether it agrees with itself."""
        imported = self.ask("GET", self._path).body
        preview = self.ask("GET", f"{self._path}/preview")
        rows = self.ask("GET", f"{self._path}/rows", params={"limit": 200})
        self.ask("GET", f"{self._path}/issues", params={"limit": 200})
        self.ask("GET", f"{self._path}/values", params={"column": self._draw(COLUMN)})
        self.ask("GET", f"{self._path}/rows", params={"outcome": self._draw(st.sampled_from(list(Outcome)))})
        rejected = self.ask("GET", f"{self._path}/rejected.csv")
        if imported["result"] is not None:
            assert adds_up(imported["result"])
        if preview.status == 200:
            self._summary_adds_up(preview.body, rows, rejected, is_ready=imported["state"] == "ready")

    def _summary_adds_up(self, preview: Json, rows: Answer, rejected: Answer, *, is_ready: bool) -> None:
        summary = preview["summary"]
        assert summary["rows"] == sum(summary[term] for term in TERMS)
        assert summary["to_add"] == sum(summary["mails"].values())
        if not is_ready or rows.status != 200 or summary["rows"] > 200:
            return
        outcomes = Counter(row["outcome"] for row in rows.body["items"])
        assert outcomes == Counter({outcome: summary[term] for term, outcome in TERMS.items()})
        added = [row for row in rows.body["items"] if row["outcome"] == "add"]
        assert [row["values"] for row in preview["rows"]] == [row["values"] for row in added[:10]]
        assert self._rejected_rows(rejected.body["content"]) == summary["rejected"]

    def _rejected_rows(self, found: Response) -> int:
        file = self.ask("GET", self._path).body["file"]
        text = found.content.decode(codec(found.headers["content-type"].partition("charset=")[2])).removeprefix(
            "\ufeff"
        )
        table = csv.reader(io.StringIO(text, newline=""), delimiter=file["delimiter"] or ";")
        return len([row for row in table if row[-1:] == ["problem"] or "line" not in row]) - 1

    # --- what must have come of it -------------------------------------------------------------------------------

    def finish(self) -> None:
        """Let everything come to rest, and compare what was done with what the preview said."""
        for _ in range(20):
            state = self.ask("GET", self._path).body["state"]
            if state not in BUSY:
                break
            self.work()
        imported = self.ask("GET", self._path).body
        assert imported["state"] not in BUSY
        self.look()
        users = [
            user for user in self.ask("GET", "/users", params={"limit": 200}).body["items"] if user["role"] != "admin"
        ]
        result, promised = imported["result"], self._promised
        if result is None or promised is None:
            assert users == [] or result is not None
            return
        if imported["state"] == "completed":
            assert result["changed_since_preview"] == {}
            assert {term: result[term] for term in AFTER} == {
                term: promised[as_said] for term, as_said in AFTER.items()
            }
            assert {kind: sorted(names) for kind, names in result["creates"].items()} == {
                kind: sorted(names) for kind, names in promised["creates"].items()
            }
            assert len(users) == min(200, promised["to_add"])
            assert sum(result["mails"].values()) in (0, promised["to_add"])
        elif imported["state"] == "undone":
            assert users == []
            assert result["undo"]["removed"] == result["added"]


def _anything(desk: Desk, data: st.DataObject) -> None:
    somebody = Somebody(desk, data)
    query = data.draw(st.sampled_from([{}, {}, {}, {"auto": "true"}, {"auto": "true", "commit": "true"}]))
    if not somebody.upload(data.draw(FILES), **query):
        return
    if not query:
        somebody.map()
    mending: list[Callable[[], None]] = [somebody.edit_a_row, somebody.edit_values]
    looking = [somebody.map, somebody.look, somebody.work]
    for deeds in (mending, mending + looking, [somebody.commit], [somebody.work, somebody.steer], mending + looking):
        for deed in data.draw(st.lists(st.sampled_from(deeds), max_size=3)):
            deed()
    somebody.finish()


@pytest.mark.parametrize(("piece", "at_once"), [(1024 * 1024, 2000), (400, 3)], ids=["as it is", "in small pieces"])
@pytest.mark.parametrize("examples", [A_FEW, pytest.param(MANY, marks=pytest.mark.soak)], ids=["few", "many"])
def test_any_file_edited_in_any_way_adds_up_and_becomes_what_the_preview_said(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, examples: settings, piece: int, at_once: int
) -> None:
    monkeypatch.setattr(pieces, "PIECE_BYTES", piece)
    monkeypatch.setattr(service, "LINES_CHECKED_AT_ONCE", at_once)

    @examples
    @given(st.data())
    def anything(data: st.DataObject) -> None:
        _anything(desk, data)

    anything()
