"""The ledger: what the mail server accepted, what clients were told, what the database holds, and what does not add up.

Reads the database by SQL of its own: an auditor believes no query of those he audits. Changes nothing.
"""

import hashlib
import json
import re
import uuid
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

import app
from app.db.base import utcnow
from tests.conftest import Desk, id_of

_DESCRIPTION: dict[str, Any] = json.loads(
    (Path(app.__file__).parent.parent / "openapi.json").read_text(encoding="utf-8")
)
_PREFIX = "/api/v1"
_OPERATIONS: list[tuple[re.Pattern[str], dict[str, Any]]] = [
    (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), methods)
    for path, methods in sorted(_DESCRIPTION["paths"].items(), key=lambda item: "{" in item[0])
]
_TRIES = 600


# --- what clients were told ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """A request whose answer reached its client. `path` is relative to /api/v1."""

    method: str
    path: str
    key: str | None
    status: int
    body: dict[str, Any]

    @property
    def code(self) -> str:
        """The code of a problem."""
        return str(self.body.get("code", ""))


def assert_documented(answer: Answer) -> None:
    """The status, and for a problem its code, stand in openapi.json under this very operation."""
    methods = next(found for pattern, found in _OPERATIONS if pattern.fullmatch(_PREFIX + answer.path))
    operation = methods[answer.method.lower()]
    said = f"{operation['operationId']} answered {answer.status} {answer.code}"
    assert answer.status != 500, said
    described = operation["responses"].get(str(answer.status))
    assert described is not None, f"{said}, which openapi.json does not announce"
    if answer.status >= 400:
        assert f"`{answer.code}`" in described["description"], f"{said}: its {answer.status} does not name the code"


def new_key() -> str:
    """An Idempotency-Key."""
    return str(uuid.uuid4())


class Client:
    """A client as the README asks for: tries the same request, with the same key, until it is answered.

    Every answer must be a documented one. `wait` is called before each new try.
    """

    def __init__(self, http: Any, wait: Callable[[], None]) -> None:
        self._http = http
        self._wait = wait
        self.answers: list[Answer] = []
        self.unanswered: Counter[str] = Counter()
        """Why requests were tried again: `503`, `in use`, or what broke the connection."""

    def ask(self, method: str, path: str, *, key: str | None = None, **request: Any) -> Answer:
        """The answer, sooner or later. `key`: the Idempotency-Key. `content` is a function that makes it anew."""
        make_content = request.pop("content", None)
        headers = request.pop("headers", {}) | ({"Idempotency-Key": key} if key else {})
        for _ in range(_TRIES):
            if make_content is not None:
                request["content"] = make_content()
            answer = self._try(method, path, key, headers=headers, **request)
            if answer is not None:
                self.answers.append(answer)
                return answer
            self._wait()
        raise AssertionError(f"{method} {path} was never answered: {self.unanswered}")

    def _try(self, method: str, path: str, key: str | None, **request: Any) -> Answer | None:
        try:
            response = self._http.request(method, path, **request)
        except httpx.TransportError as error:
            self.unanswered[type(error).__name__] += 1
            return None
        answer = Answer(method, path, key, response.status_code, response.json() if response.content else {})
        assert_documented(answer)
        if answer.status == 503 or answer.code == "idempotency_key_in_use":
            assert "retry-after" in response.headers
            self.unanswered["503" if answer.status == 503 else "in use"] += 1
            return None
        return answer


# --- what does not add up --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ledger:
    """The three books, when everything has come to rest."""

    desk: Desk
    accepted: Sequence[tuple[str, str]]
    """Recipient and Message-ID of every mail the mail server said 250 to."""
    people: Collection[str]
    """The canonical addresses of all who must be on the platform beside its administrator, each invited."""
    answers: Sequence[Answer] = field(default=())
    in_flight: int = 0
    """How many mails were, at most, in the hands of workers that were killed."""


@dataclass(frozen=True, slots=True)
class _Mail:
    """A row of the outbox beside its invitation."""

    state: str
    attempts: int
    address: str
    is_current: bool
    """Whether it is about a pending invitation, in its generation."""


def discrepancies(ledger: Ledger) -> list[str]:
    """Everything that does not add up, one sentence each; none where all is well."""
    checks = (_file, _rest, _people, _invitations, _mails, _imports, _uploads, _acknowledged)
    return [sentence for check in checks for sentence in check(ledger, ledger.desk)]


def _say(what: str, found: Iterable[object]) -> Iterator[str]:
    listed = list(found)
    if listed:
        yield f"{what}: {len(listed)}, such as {', '.join(map(str, listed[:3]))}"


def _file(_ledger: Ledger, desk: Desk) -> Iterator[str]:
    """What only SQLite can be asked: of PostgreSQL's keys none was ever off."""
    if desk.database.is_shared:
        return
    ((verdict,),) = desk.rows("PRAGMA integrity_check")
    if verdict != "ok":
        yield f"the file is broken: {verdict}"
    yield from _say("rows that point at nothing", desk.rows("PRAGMA foreign_key_check"))


def _rest(_ledger: Ledger, desk: Desk) -> Iterator[str]:
    yield from _say(
        "imports that are not at rest",
        desk.rows("SELECT state FROM imports WHERE due_at IS NOT NULL OR state NOT IN ('ready', 'completed')"),
    )
    yield from _say("mails whose turn never came", desk.rows("SELECT state FROM deliveries WHERE due_at IS NOT NULL"))


def _people(ledger: Ledger, desk: Desk) -> Iterator[str]:
    rows = desk.rows("SELECT email_canonical FROM users WHERE role = 'member'")
    found = Counter(address for (address,) in rows)
    yield from _say("people lost", sorted(set(ledger.people) - set(found)))
    yield from _say("people nobody asked for", sorted(set(found) - set(ledger.people)))
    yield from _say("people who are there twice", [address for address, times in found.items() if times > 1])


def _invitations(_ledger: Ledger, desk: Desk) -> Iterator[str]:
    rows = desk.rows(
        """
        SELECT u.email_canonical, u.state, count(i.id),
               count(*) FILTER (WHERE i.state = 'pending' AND (i.expires_at IS NULL OR i.expires_at > :now)),
               count(*) FILTER (WHERE i.state = 'accepted'),
               count(*) FILTER (WHERE i.state = 'pending' AND i.expires_at IS NULL)
        FROM users u LEFT JOIN invitations i ON i.platform_id = u.platform_id AND i.user_id = u.id
        WHERE u.role = 'member' GROUP BY u.platform_id, u.id, u.email_canonical, u.state
        """,
        now=utcnow(),
    )
    yield from _say("people never invited", [row[0] for row in rows if row[2] == 0])
    yield from _say("people with several live invitations", [row[0] for row in rows if row[3] > 1])
    wrong = [row[0] for row in rows if row[4] != (row[1] == "active") or (row[3] and row[4])]
    yield from _say("people whose link never expires", [row[0] for row in rows if row[5]])
    yield from _say("people whose state is not their invitation's", wrong)


def _outbox(desk: Desk) -> dict[str, _Mail]:
    """The mails about invitations, by the local part of their Message-ID."""
    rows = desk.rows(
        """
        SELECT d.about_id, d.generation, d.state, d.attempts, i.email,
               i.state = 'pending' AND i.generation = d.generation
        FROM deliveries d JOIN invitations i ON i.platform_id = d.platform_id AND i.id = d.about_id
        LEFT JOIN users u ON u.platform_id = i.platform_id AND u.id = i.user_id
        WHERE d.kind = 'invitation' AND coalesce(u.role, '') <> 'admin'
        """
    )
    return {
        f"{id_of(about).hex}.{generation}": _Mail(state, attempts, email, bool(current))
        for about, generation, state, attempts, email, current in rows
    }


def _mails(ledger: Ledger, desk: Desk) -> Iterator[str]:
    outbox = _outbox(desk)
    times = Counter(message_id.strip("<>").partition("@")[0] for _, message_id in ledger.accepted)
    to = {message_id.strip("<>").partition("@")[0]: recipient for recipient, message_id in ledger.accepted}
    yield from _say("mails about nothing we know", times.keys() - outbox.keys())
    yield from _say(
        "mails to somebody else",
        [to[name] for name in to.keys() & outbox.keys() if not _is_for(outbox[name], to[name])],
    )
    yield from _say(
        "invitations never sent",
        [f"{mail.address} ({mail.state})" for mail in outbox.values() if mail.is_current and mail.state != "sent"],
    )
    yield from _say(
        "mails recorded as sent that nobody accepted",
        [mail.address for name, mail in outbox.items() if mail.state == "sent" and not times[name]],
    )
    yield from _say(
        "mails accepted that we do not know to be sent",
        [f"{mail.address} ({mail.state})" for name, mail in outbox.items() if mail.state != "sent" and times[name]],
    )
    # A mail is repeated only where it was claimed again, and claimed again only where a worker died with it in hand.
    yield from _say(
        "mails repeated that were claimed once",
        [mail.address for name, mail in outbox.items() if times[name] > max(1, mail.attempts)],
    )
    again = sum(max(0, mail.attempts - 1) for mail in outbox.values())
    if again > ledger.in_flight:
        yield f"{again} mails were claimed again, and at most {ledger.in_flight} were in flight"
    generations = desk.rows(
        """
        SELECT i.email FROM invitations i WHERE i.generation <>
            (SELECT count(*) FROM deliveries d WHERE d.platform_id = i.platform_id AND d.about_id = i.id)
        """
    )
    yield from _say("invitations without one mail a generation", [email for (email,) in generations])


def _is_for(mail: _Mail, recipient: str) -> bool:
    return mail.address.lower() == recipient.lower()


def _imports(_ledger: Ledger, desk: Desk) -> Iterator[str]:
    rows = desk.rows(
        """
        SELECT p.id, p.result, p.rows_total,
               (SELECT count(*) FROM users u WHERE u.platform_id = p.platform_id AND u.created_by_import_id = p.id)
        FROM imports p WHERE p.state = 'completed'
        """
    )
    for import_id, stored, total, people in rows:
        result = json.loads(stored) if isinstance(stored, str) else stored
        terms = sum(result[name] for name in ("added", "already_users", "duplicates", "rejected", "empty", "skipped"))
        if (terms, result["added"]) != (total, people):
            yield f"import {id_of(import_id)} says {result} of {total} rows, and added {people}"
    batches = desk.rows(
        """
        SELECT b.total, b.sent, b.failed, b.held, b.dropped, count(d.about_id),
               count(*) FILTER (WHERE d.state = 'sent'), count(*) FILTER (WHERE d.state = 'failed'),
               count(*) FILTER (WHERE d.state = 'held'), count(*) FILTER (WHERE d.state = 'dropped')
        FROM delivery_batches b LEFT JOIN deliveries d ON d.platform_id = b.platform_id AND d.batch_id = b.id
        GROUP BY b.platform_id, b.id, b.total, b.sent, b.failed, b.held, b.dropped
        """
    )
    yield from _say("batches that were counted wrong", [row for row in batches if row[:5] != row[5:]])


def _uploads(_ledger: Ledger, desk: Desk) -> Iterator[str]:
    kept = desk.rows("SELECT platform_id, id, sha256 FROM imports WHERE file_deleted_at IS NULL")
    for platform_id, import_id, sha256 in kept:
        pieces = desk.rows(
            "SELECT content FROM import_pieces WHERE platform_id = :platform_id AND import_id = :import_id "
            "ORDER BY number",
            platform_id=platform_id,
            import_id=import_id,
        )
        digest = hashlib.sha256()
        for (content,) in pieces:
            digest.update(zlib.decompress(content))
        if digest.hexdigest() != sha256:
            yield f"the file of import {id_of(import_id)} is not the one that was uploaded"


def _acknowledged(ledger: Ledger, desk: Desk) -> Iterator[str]:
    """What was answered with 2xx has happened, and one key has one answer."""
    by_key: dict[tuple[str, str, str], Answer] = {}
    for answer in ledger.answers:
        if answer.key is not None and answer != by_key.setdefault((answer.method, answer.path, answer.key), answer):
            yield f"{answer.method} {answer.path} answered one key in two ways"
        if answer.method != "GET" and answer.status < 300 and not _has_happened(answer, desk):
            yield f"{answer.method} {answer.path} was answered {answer.status}, and it never happened: {answer.body}"


def _has_happened(answer: Answer, desk: Desk) -> bool:
    question = {
        "invitations": "SELECT 1 FROM invitations WHERE id = :id",
        "resend": f"SELECT generation >= {answer.body.get('generation', 0)} FROM invitations WHERE id = :id",
        "revoke": "SELECT state = 'revoked' FROM invitations WHERE id = :id",
        "accept": "SELECT state = 'active' FROM users WHERE id = :id",
        "imports": "SELECT 1 FROM imports WHERE id = :id",
        "commit": "SELECT state = 'completed' FROM imports WHERE id = :id",
    }.get(answer.path.rpartition("/")[2])
    if question is None:  # nothing that lasts: a mapping is replaced by the next one
        return True
    rows = desk.rows(question, id=uuid.UUID(answer.body["id"]))
    return bool(rows and rows[0][0])
