"""See to a Chromium for the browser tests: `python3 tools/browser.py`.

Where there is none it is installed from Debian if that needs no password; elsewhere one sentence
says what is missing, and the browser tests skip by name.
"""

from __future__ import annotations

import shutil
import sys

from environment import install_debian_packages, say

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_browser() -> str | None:
    """The path of the machine's Chromium; None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def main() -> int:
    """Find or install; exit status 0 with a browser and without one."""
    if find_browser() is None:
        # Without a font a page has no text, and its screenshot proves nothing.
        install_debian_packages("chromium", "fonts-liberation")
        if find_browser() is None:
            say("No Chromium here: the browser tests are skipped. Install the package chromium.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
