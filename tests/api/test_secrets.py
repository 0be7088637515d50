"""Nothing usable lies around: no link, key, cookie, token or password in the database, logs, metrics or kept answers.

The service runs as it does in earnest, with logs at DEBUG; a client does everything that involves a secret, right and
wrong; then all that was written is searched. Only the mails themselves hold links.
"""

import httpx
import pytest

from app.access.actor import Scope
from app.access.tokens import Keyring
from app.db.base import utcnow
from app.setup import administrator_link
from tests.api.test_erasure import dump
from tests.conftest import SECRET, Desk, link_of
from tests.delivery.test_kill import wait_for
from tests.delivery.test_serve import serving

pytestmark = pytest.mark.xdist_group("plugs")

RIGHT, NEW, WRONG = "zq-right-password-1", "zq-new-password-2", "zq-wrong-password-3"
CANARY = "zqcanary"


def _mailed(desk: Desk, to: str, page: str, number: int = 1) -> str:
    """The token of the newest mail behind a page's address."""
    assert wait_for(lambda: len(desk.mails(to=to)) == number, 20.0)
    body = desk.mails(to=to)[-1].get_body(("plain",))
    assert body is not None
    return str(body.get_content()).split(f"/{page}#", 1)[1].split()[0]


def _everything_secret(desk: Desk, url: str) -> tuple[dict[str, str], str]:
    """Do all that involves a secret. Returns the secrets, and the metrics at the end."""
    key = desk.key("acme", Scope.ADMIN)
    with desk.database.writing() as session:
        link = administrator_link(session, Keyring([SECRET]), desk.platform_id(), public_url="", now=utcnow())
    secrets = {"signing key": SECRET, "right": RIGHT, "new": NEW, "wrong": WRONG, "key": key}
    secrets["administrator's link"] = link.partition("#")[2]
    admin = {"platform": "acme", "email": "admin@acme.example.com"}
    with httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=20) as http:
        person = {"email": f"{CANARY}@example.com", "first_name": CANARY, "organisation": "Acme"}
        assert http.post("/invitations", json=person, headers={"Idempotency-Key": "1"}).status_code == 201
        made = http.post("/api-keys", json={"name": "x", "scopes": ["read"]}, headers={"Idempotency-Key": "2"})
        secrets["made key"] = made.json()["key"]
        secrets["invitation"] = _mailed(desk, CANARY, "accept")
        assert http.get("/users", params={"q": CANARY, "access_token": key}).status_code == 200
        assert http.get(f"/users/{CANARY}").status_code == 422
    with httpx.Client(base_url=f"{url}/api/v1", timeout=20) as http:
        for token, password, status in (
            (secrets["invitation"] + "x", WRONG, 410),
            (secrets["invitation"], "short", 422),
            (secrets["invitation"], RIGHT, 200),
            (secrets["invitation"], RIGHT, 410),
            (secrets["administrator's link"], RIGHT, 200),
        ):
            answer = http.post("/invitations/accept", json={"token": token, "password": password})
            assert answer.status_code == status, answer.text
        assert http.post("/sessions", json=admin | {"password": WRONG}).status_code == 401
        assert http.post("/sessions", json=admin | {"password": RIGHT, "mode": 7}).status_code == 422
        assert http.post("/sessions", content=f'{{"password": "{WRONG}",').status_code == 422
        signed_in = http.post("/sessions", json=admin | {"password": RIGHT, "mode": "token"}).json()
        secrets["session"] = signed_in["token"]
        assert http.post("/sessions", json=admin | {"password": RIGHT}).status_code == 201
        secrets["cookie"] = http.cookies["rollcall"]
        assert http.get("/users").status_code == 200
        assert http.post("/password-resets", json=admin).status_code == 202
        secrets["reset"] = _mailed(desk, "admin@acme", "reset")
        done = http.post("/password-resets/complete", json={"token": secrets["reset"], "password": NEW})
        assert done.status_code == 200, done.text
        return secrets, http.get(f"{url}/metrics").text


def test_nothing_usable_lies_in_database_logs_metrics_or_kept_answers(desk: Desk) -> None:
    with serving(desk, ROLLCALL_LOG_LEVEL="DEBUG") as (process, url):
        secrets, metrics = _everything_secret(desk, url)
        process.terminate()
        process.wait(40)
    kept = {place: text for place, text in dump(desk).items() if "." in place and not place.startswith("<")}
    database = {place: text for place, text in kept.items() if not place.endswith(".eml")}
    assert len(database) > 100
    log = (desk.folder / "log").read_text(encoding="utf-8")
    assert log.count('"event": "request"') > 15, "the log holds what was asked for"
    assert len(secrets) == 11
    for name, secret in secrets.items():
        assert len(secret) > 10
        places = [place for place, text in database.items() if secret.lower() in text]
        assert places == [], f"{name} stands in the database"
        assert secret not in log, f"{name} stands in the log"
        assert secret not in metrics, f"{name} stands in the metrics"
    assert CANARY not in log, "a name stands in the log"
    assert CANARY not in metrics
    assert secrets["invitation"] == link_of(desk.mails(to=CANARY)[0]), "what was searched for is what was mailed"
