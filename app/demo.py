"""`rollcall demo`: the main job in front of your eyes, on a service of its own, over HTTP as an integration does it.

Checks what it shows, and says so when a number is wrong. Never writes anywhere but into ./var/demo.
"""

import email
import email.policy
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from typing import Any, TypeVar

import httpx
from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from app import terminal
from app.demo_service import FILE, FOLDER, LOG, MAILS, PLATFORM, NotAsExpected, prepare, running_service

ONE_BY_ONE: tuple[dict[str, Any], ...] = (
    {
        "email": "h.coeurdevey@tilleuls.example.org",
        "first_name": "Hélène",
        "last_name": "Cœurdevey",
        "organisation": "Clinique des Tilleuls",
        "student_groups": ["Hygiène"],
        "language": "fr",
    },
    {
        "email": "J.Vermeulen@lefevre.example.com",
        "first_name": "Joris",
        "last_name": "Vermeulen",
        "organisation": "Atelier Lefèvre & Sœurs",
        "language": "nl",
        "message": "Welkom, Joris! Tot maandag.",
    },
)
"""Both stand in the file too, one of them with other letters: they must not be added or mailed again."""

DEFAULTS = {"language": "fr", "label": "Collaborateur"}
COMMIT = {"message": "Bienvenue ! Welkom! Welcome!\nOn commence lundi. We starten maandag. We start on Monday."}
_WORK_SECONDS = 30.0
_WIDTH = 100
_T = TypeVar("_T")


def run_demo(*, stay: bool) -> int:
    """Show everything. 0 if every step was as expected; with `stay` the service runs on until Ctrl-C."""
    console = _console()
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        _run(console, stay=stay)
    except NotAsExpected as error:
        console.print(Text(f"\nThe demo stopped: {error}", style="bold red"))
        return 1
    except (OSError, httpx.HTTPError) as error:
        said = str(error) or type(error).__name__
        console.print(Text(f"\nThe demo stopped: {said}. The log of the service: {LOG}", style="bold red"))
        return 1
    except KeyboardInterrupt:
        console.print("\nInterrupted.", style="bold red")
        return 1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _run(console: Console, *, stay: bool) -> None:
    began = time.monotonic()
    _step(console, "1", "A service of its own")
    key = prepare()
    _say(console, f"An SQLite file, the platform “{PLATFORM.name}” and an API key, all fresh in {FOLDER}.")
    with running_service() as address:
        _say(console, f"The API and its worker run at {address} (ready after {time.monotonic() - began:.1f} s).")
        with httpx.Client(
            base_url=f"{address}/api/v1",
            headers={"Authorization": f"Bearer {key}", "Accept-Language": "en"},
            timeout=_WORK_SECONDS,
            trust_env=False,
        ) as http:
            mail = Demo(console, http).run()
        people = len(_mails())
        _step(console, "✓", f"{people} people, {people} mails, nobody twice")
        _say(console, f"All numbers agree. {time.monotonic() - began:.1f} seconds, from nothing.", "green")
        if stay:
            _stay(console, address, key, mail)


class Demo:
    """The story, step by step, over HTTP."""

    def __init__(self, console: Console, http: httpx.Client) -> None:
        self._console = console
        self._http = http

    def run(self) -> EmailMessage:
        """Every step; one of the mails. Raises NotAsExpected."""
        self._invite_one_by_one()
        _step(self._console, "3", f"Upload {FILE.name}, as Excel wrote it in a French office")
        imported = self._upload()
        terminal.show_file(self._console, imported)
        terminal.show_mapping(self._console, imported)
        preview = self._preview(imported)
        imported = self._commit(imported, preview)
        mail = self._look_at_the_mails(preview)
        self._once_more(imported)
        return mail

    def _invite_one_by_one(self) -> None:
        _step(self._console, "2", "Invite two people, one by one")
        for person in ONE_BY_ONE:
            invitation = self._call("POST", "/invitations", 201, json=person)
            name = f"{invitation['first_name']} {invitation['last_name']}"
            _say(self._console, f"{name}: {invitation['state']}, the mail in “{invitation['language']}” is on its way.")
        again = self._call("POST", "/invitations", 409, json=ONE_BY_ONE[0])
        _say(self._console, f"The same person again: {again['detail']}")
        _wait(lambda: len(_mails()) == len(ONE_BY_ONE))

    def _upload(self) -> dict[str, Any]:
        return self._call("POST", "/imports", 201, files={"file": (FILE.name, FILE.read_bytes(), "text/csv")})

    def _map(self, imported: dict[str, Any]) -> dict[str, Any]:
        columns = [suggestion["column"] for suggestion in imported["suggested_mapping"]]
        mapping = {"columns": columns, "defaults": DEFAULTS}
        imported = self._call("PUT", f"/imports/{imported['id']}/mapping", 200, json=mapping)
        _expect(imported["state"] == "ready", f"the import is “{imported['state']}” after its mapping, not “ready”")
        return self._call("GET", f"/imports/{imported['id']}/preview", 200)

    def _preview(self, imported: dict[str, Any]) -> dict[str, Any]:
        _step(self._console, "4", "Map it as suggested, and look before anything happens")
        preview = self._map(imported)
        issues = self._call("GET", f"/imports/{imported['id']}/issues", 200, params={"limit": 50})
        filled = ", ".join(f"{name} “{value}”" for name, value in DEFAULTS.items())
        _say(self._console, f"Where a cell is empty: {filled}.")
        terminal.show_preview(self._console, preview)
        terminal.show_issues(self._console, issues["items"])
        summary = preview["summary"]
        _expect(summary["already_users"] == len(ONE_BY_ONE), "the two people invited before were not recognised")
        _expect(sum(summary["mails"].values()) == summary["to_add"], "the preview's mails are not one per new person")
        _expect(len(_mails()) == len(ONE_BY_ONE), "a preview sent mails")
        return preview

    def _commit(self, imported: dict[str, Any], preview: dict[str, Any]) -> dict[str, Any]:
        _step(self._console, "5", "Import and Invite")
        path = f"/imports/{imported['id']}"
        self._call("POST", f"{path}/commit", 202, json=COMMIT | {"version": preview["version"]})
        imported = dict(terminal.follow(self._console, "People", _within(lambda: self._get(path))))
        _expect(imported["state"] == "completed", f"the import is “{imported['state']}”: {imported['failure']}")
        mails = _within(lambda: _mails_as_progress(self._get(path)))
        terminal.follow(self._console, "Mails ", mails, every_seconds=0.05)
        imported = self._get(path)
        result, summary = imported["result"], preview["summary"]
        terminal.show_result(self._console, result)
        terms = ("added", "already_users", "duplicates", "rejected", "empty", "skipped", "not_done")
        _expect(sum(result[term] for term in terms) == result["rows"], "the totals of the result do not add up")
        _expect(result["added"] == summary["to_add"], "the commit added other people than the preview showed")
        _expect(result["changed_since_preview"] == {}, "rows changed between preview and commit")
        _expect(result["mails"]["sent"] == result["added"], f"not one mail for each new person: {result['mails']}")
        return imported

    def _look_at_the_mails(self, preview: dict[str, Any]) -> EmailMessage:
        _step(self._console, "6", f"The mails, counted in {MAILS}")
        mails = _mails()
        languages = Counter(str(mail["Content-Language"]) for mail in mails)
        expected = Counter(preview["summary"]["mails"]) + Counter(person["language"] for person in ONE_BY_ONE)
        counted = ", ".join(f"{count} {language}" for language, count in sorted(languages.items()))
        _say(self._console, f"{len(mails)} files: {counted}; {len(ONE_BY_ONE)} of them for those invited one by one.")
        _expect(languages == expected, f"there are {dict(languages)} mails where {dict(expected)} were announced")
        recipients = Counter(map(_recipient, mails))
        _expect(set(recipients.values()) == {1}, "somebody got more than one mail")
        first = preview["rows"][1]["values"]["email"]
        _expect(first in recipients, f"there is no mail to {first}")
        mail = next(mail for mail in mails if _recipient(mail) == first)
        terminal.show_mail(self._console, str(mail["Subject"]), str(mail["From"]), str(mail["To"]), _text_of(mail))
        return mail

    def _once_more(self, imported: dict[str, Any]) -> None:
        _step(self._console, "7", "Click twice, upload twice: nobody is added or mailed again")
        mails = len(_mails())
        again = self._call("POST", f"/imports/{imported['id']}/commit", 202, json=COMMIT)
        _expect(again["result"] == imported["result"], "the second commit changed the result of the first")
        _say(self._console, "The same commit: the same import, the same result.")
        second = self._upload()
        summary = self._map(second)["summary"]
        self._call("POST", f"/imports/{second['id']}/commit", 202, json=COMMIT)
        _wait(lambda: self._get(f"/imports/{second['id']}")["state"] == "completed")
        result = self._get(f"/imports/{second['id']}")["result"]
        _expect(summary["to_add"] == result["added"] == 0, "uploading the file again added people")
        _expect(sum(result["mails"].values()) == 0, "uploading the file again made mails")
        _expect(len(_mails()) == mails, "more mails left than people were invited")
        _say(
            self._console,
            f"The same file: {result['added']} added, {result['already_users']} already on the platform, "
            f"0 mails. Still {mails} in the folder.",
        )

    def _call(self, method: str, path: str, status: int, **request: Any) -> dict[str, Any]:
        answer = self._http.request(method, path, **request)
        shown = path.replace(path.split("/")[2], "{id}") if path.count("/") > 1 else path
        self._console.print(Text.assemble((f"{method:<4} /api/v1{shown}", "cyan"), f"  {answer.status_code}"))
        if answer.status_code != status:
            raise NotAsExpected(f"{method} {path} answered {answer.status_code}, not {status}: {answer.text[:500]}")
        return dict(answer.json())

    def _get(self, path: str) -> dict[str, Any]:
        return dict(self._http.get(path).raise_for_status().json())


def _stay(console: Console, address: str, key: str, mail: EmailMessage) -> None:
    _step(console, "→", "It still runs: your turn")
    curl = f"curl -H 'Authorization: Bearer {key}' '{address}/api/v1/invitations?limit=3'"
    for what, where in (
        ("The API, to read and to try", f"{address}/docs"),
        (f"The link in the mail to {_recipient(mail)}", _link_of(mail)),
        ("The mails, for any mail program", f"{MAILS}/"),
        ("The log of the service", str(LOG)),
        ("The key, in use", curl),
    ):
        console.print(Text(what, style="bold"))
        console.print(Text(f"  {where}"), soft_wrap=True)
    console.print("\nCtrl-C ends it.", style="dim")
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)
    console.print("\nEnded.", style="dim")


# --- mails as files ------------------------------------------------------------------------------------------------


def _mails() -> list[EmailMessage]:
    return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in MAILS.glob("*.eml")]


def _recipient(mail: EmailMessage) -> str:
    return str(mail["To"].addresses[0].addr_spec)


def _text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return str(body.get_content()).strip() if body else ""


def _link_of(mail: EmailMessage) -> str:
    return next((word for word in _text_of(mail).split() if "/accept#" in word), "")


def _mails_as_progress(imported: dict[str, Any]) -> dict[str, Any]:
    """The mails of a committed import, told like the progress of its people."""
    mails = imported["result"]["mails"]
    progress = {"done": mails["sent"], "total": sum(mails.values())}
    return {"state": "committing" if mails["queued"] else "completed", "progress": progress}


# --- small things --------------------------------------------------------------------------------------------------


def _console() -> Console:
    """The terminal as it is; 100 columns where there is none."""
    with suppress(AttributeError, ValueError):
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr] # no terminal is too old for an accent
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH)


def _step(console: Console, number: str, title: str) -> None:
    console.print()
    console.print(Rule(Text(f"{number}  {title}", style="bold"), align="left", style="blue"))


def _say(console: Console, words: str, style: str = "") -> None:
    console.print(Padding(Text(words, style=style), (0, 0, 0, 5)))


def _expect(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise NotAsExpected(otherwise + ".")


def _within(look: Callable[[], _T]) -> Callable[[], _T]:
    """The same look, refused once this has taken too long."""
    until = time.monotonic() + _WORK_SECONDS

    def _look() -> _T:
        if time.monotonic() > until:
            raise NotAsExpected(f"the work took more than {_WORK_SECONDS:.0f} seconds; the log of the service: {LOG}")
        return look()

    return _look


def _wait(is_done: Callable[[], bool]) -> None:
    look = _within(is_done)
    while not look():
        time.sleep(0.05)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
