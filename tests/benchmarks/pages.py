"""How soon somebody sees something: First Contentful Paint in Chromium, of a browser that was never here before.

Skips nothing silently: without a Chromium there is no figure, and it says so.
"""

from collections.abc import Mapping
from typing import Final

from playwright.sync_api import sync_playwright

from tests.chromium import QUIETLY, find_chromium

PAGES: Final[Mapping[str, str]] = {"the console": "/console/", "the page behind a link": "/accept#unknown"}
_FIRST_CONTENT = """() => new Promise((seen) => new PerformanceObserver((list) => {
  for (const paint of list.getEntries())
    if (paint.name === 'first-contentful-paint') seen(paint.startTime);
  }).observe({ type: 'paint', buffered: true }))"""


def first_content(url: str, path: str, visits: int) -> list[float] | None:
    """Milliseconds from asking for a page to the first words on it, each time with empty caches; None: no Chromium."""
    program = find_chromium()
    if program is None:
        return None
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIETLY))
        for _ in range(visits + 1):  # the first one starts processes of the browser
            context = browser.new_context()
            page = context.new_page()
            page.goto(url + path)
            found.append(float(page.evaluate(_FIRST_CONTENT)))
            context.close()
        browser.close()
    return found[1:]
