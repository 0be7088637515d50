"""The files of the pages as browsers get them: where they lie, how long they keep, what they may do, their size."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from app.console.router import ASSETS, POLICY, TYPES, page_policy, version
from app.texts import languages
from tests.conftest import Desk

LONG_ON_POSTGRESQL = True

PAGES = {"console": "/console/", "accept": "/accept", "reset": "/reset"}
MOST_BYTES = {"console": 55_000, "accept": 20_000, "reset": 20_000}
MOST_BYTES_IN_ALL = 60_000
_LOADED = re.compile(r"(?:href|src)=\"(/console/assets-[^\"]+)\"")
_IMPORTED = re.compile(r"\bfrom\"(\.[^\"]+)\"")
_ADDRESS = re.compile(r"https?://[\w.-]+\.\w+|\bimport\((?!\"\.)|(?<![:\w/])//[\w-]+\.[a-z]{2,}/")


@pytest.fixture
def browser(desk: Desk) -> Iterator[TestClient]:
    """What a browser says that asks for a page."""
    with TestClient(desk.app, base_url="http://testserver", headers={"Accept-Encoding": "gzip"}) as client:
        yield client


def loaded(browser: TestClient, page: str) -> dict[str, bytes]:
    """Everything a page ever loads, by its address."""
    found = {page: browser.get(page).content}
    waiting = _LOADED.findall(found[page].decode())
    assert waiting, "the page loads nothing"
    while waiting:
        address = waiting.pop()
        if address in found:
            continue
        answer = browser.get(address)
        assert answer.status_code == 200, address
        found[address] = answer.content
        if address.endswith(".js"):
            assert "import(" not in answer.text
            waiting += [str(answer.url.join(name).path) for name in _IMPORTED.findall(answer.text)]
    return found


def travels(browser: TestClient, address: str, encoding: str = "br") -> int:
    """The bytes in which a file travels."""
    answer = browser.get(address, headers={"Accept-Encoding": encoding})
    assert answer.status_code == 200
    return int(answer.headers["content-length"])


@pytest.mark.parametrize("address", ["/", "/console"])
def test_the_first_address_leads_to_the_console(browser: TestClient, address: str) -> None:
    answer = browser.get(address, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/console/")


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_page_is_looked_at_anew_each_time_and_may_do_little(browser: TestClient, page: str) -> None:
    answer = browser.get(page)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-security-policy"] == page_policy()
    (sheet,) = re.findall(r"<style>(.+?)</style>", answer.text, re.DOTALL)
    named = b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    assert f"style-src 'self' 'sha256-{named}';" in page_policy()
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    again = browser.get(page, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_policy_allows_no_code_but_our_files_and_no_frame_around_us() -> None:
    rules = dict(rule.split(" ", 1) for rule in POLICY.split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert "unsafe" not in page_policy()
    assert not re.search(r"https?:|\*", POLICY)


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_loads_is_kept_for_a_year_under_an_address_that_changes_with_it(
    browser: TestClient, page: str
) -> None:
    for address in loaded(browser, PAGES[page]).keys() - {PAGES[page]}:
        assert address.startswith(f"/console/assets-{version()}/")
        answer = browser.get(address)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["vary"].startswith("Accept-Encoding")
        assert answer.headers["content-security-policy"] == POLICY


def test_an_address_of_another_version_is_answered_but_not_kept(browser: TestClient) -> None:
    answer = browser.get("/console/assets-000000000000/main.js")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


def words_of(page: str, language: str) -> str:
    return f"/{'console' if page == 'console' else 'accept'}/texts/{language}.json"


@pytest.mark.parametrize("language", languages())
def test_all_that_the_pages_ever_load_is_small_in_each_language(browser: TestClient, language: str) -> None:
    of_pages = {page: {*loaded(browser, PAGES[page]), words_of(page, language)} for page in PAGES}
    sizes = {address: travels(browser, address) for address in set().union(*of_pages.values())}
    for page, addresses in of_pages.items():
        assert sum(sizes[address] for address in addresses) < MOST_BYTES[page], (page, sizes)
    assert sum(sizes.values()) < MOST_BYTES_IN_ALL, sizes


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0.5", "br"),
        ("gzip, br;q=0", "gzip"),
        ("GZIP", "gzip"),
        ("gzip;q=0.000, identity", None),
        ("bright, gzipped", None),
        ("", None),
    ],
)
def test_files_travel_compressed_as_whoever_asks_can_read_them(
    browser: TestClient, accepted: str, encoding: str | None
) -> None:
    address = f"/console/assets-{version()}/main.js"
    answer = browser.get(address, headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"].startswith("Accept-Encoding")
    assert answer.content == browser.get(address, headers={"Accept-Encoding": "identity"}).content


def test_a_licence_travels_with_what_it_covers(browser: TestClient) -> None:
    script = browser.get(f"/console/assets-{version()}/shared.js").text
    assert "Preact 11.2.0 with hooks (MIT) and htm 3.1.1 mini (Apache-2.0)" in script
    licences = browser.get(f"/console/assets-{version()}/vendor/LICENSES.txt")
    assert "Jason Miller" in licences.text


def test_no_file_asks_another_site_or_decides_later_what_to_load(browser: TestClient) -> None:
    files = [path for path in ASSETS.rglob("*") if path.suffix in {".js", ".css", ".html", ".svg"}]
    assert len(files) > 15
    allowed = {"http://www.w3.org"}  # names of XML namespaces, which are never asked for
    for path in (*files, *ASSETS.parent.glob("*.html")):
        assert set(_ADDRESS.findall(path.read_text(encoding="utf-8"))) <= allowed, path


def test_no_file_writes_code_or_styles_where_the_policy_forbids_them() -> None:
    for path in ASSETS.parent.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", page), path


@pytest.mark.parametrize("page", ["console", "accept"])
@pytest.mark.parametrize("language", languages())
def test_the_words_of_a_page_are_there_in_every_language(browser: TestClient, page: str, language: str) -> None:
    answer = browser.get(f"/{page}/texts/{language}.json")
    assert answer.headers["content-type"] == "application/json"
    assert str(answer.json()).count("': '") > 30
    again = browser.get(f"/{page}/texts/{language}.json", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "address",
    [
        f"/console/assets-{version()}/none.js",
        f"/console/assets-{version()}/../index.html",
        f"/console/assets-{version()}/..%2Findex.html",
        f"/console/assets-{version()}/%2e%2e/%2e%2e/router.py",
        f"/console/assets-{version()}/..%2f..%2frouter.py",
        f"/console/assets-{version()}//etc/passwd",
        f"/console/assets-{version()}/%2Fetc%2Fpasswd",
        f"/console/assets-{version()}/main.js%00.css",
        f"/console/assets-{version()}/screens",
        f"/console/assets-{version()}/",
        "/console/texts/xx.json",
        "/console/texts/..%2f..%2fen.json",
        "/mails/texts/en.json",
        "/console/index.html",
        "/console/router.py",
    ],
)
def test_what_is_no_file_of_ours_is_a_problem_like_any_other(browser: TestClient, address: str) -> None:
    answer = browser.get(address)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"


def test_every_file_below_the_assets_has_a_type_browsers_accept() -> None:
    of_types = ".d.ts"  # for whoever checks the types; never sent
    files = [path for path in ASSETS.rglob("*") if path.is_file() and not path.name.endswith(of_types)]
    assert {path.suffix for path in files} <= TYPES.keys()


def test_answers_about_people_are_kept_nowhere(desk: Desk) -> None:
    for path in ("/users", "/invitations", "/platform", "/sent-mails", "/nothing"):
        assert desk.http.get(path).headers["cache-control"] == "no-store", path
    assert desk.stranger().get("/users").headers["cache-control"] == "no-store"
