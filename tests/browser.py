"""A Chromium for tests that look at what people see: the machine's own, started once a session.

Where none is found those tests are skipped and say so; with ROLLCALL_DEMAND_BROWSER=1, as in .ci/run, they fail.
Another one than that on the path is named by ROLLCALL_TEST_CHROMIUM.
"""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.chromium import NAMES, QUIETLY, find_chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running Chromium. Tests of one `xdist_group` share it."""
    program = find_chromium()
    if program is None:
        problem = f"no Chromium on this machine (looked for {', '.join(NAMES)}): nothing was looked at"
        if os.environ.get("ROLLCALL_DEMAND_BROWSER") == "1":
            pytest.fail(problem)
        pytest.skip(problem)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIETLY))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page of its own."""
    context = browser.new_context()
    yield context.new_page()
    context.close()
