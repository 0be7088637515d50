"""Which Chromium there is, and how it starts without a word to anybody. Starts none itself."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIETLY = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)


def find_chromium() -> str | None:
    """The program to start; None without one."""
    candidates = (os.environ.get("ROLLCALL_TEST_CHROMIUM"), *NAMES)
    return next((found for name in candidates if name and (found := shutil.which(name))), None)
