"""A real Chromium without graphics card, and a console for it to open."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser_page import Watched, opened, running_chromium
from firefox import Firefox, running_firefox
from playwright.sync_api import Browser

from baluardo.console.app import STATIC
from running_console import RunningConsole, running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return the machine's Chromium; skip by name where there is none, or no built pages.

    Not for the whole session: Playwright keeps an event loop running, beside which no other test
    could run its own.
    """
    if not (STATIC / "index.html").is_file():
        pytest.skip("the pages are not built (make pages)")
    with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """Return the machine's Firefox; skip by name where there is none."""
    with running_firefox(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module")
def globe_console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningConsole]:
    """Return a real `baluardo up` on the built-in shells."""
    with running(tmp_path_factory.mktemp("state"), "--catalogue", "shells") as console:
        yield console


@pytest.fixture
def globe(chromium: Browser, globe_console: RunningConsole) -> Iterator[Watched]:
    """Return the globe page with its sky; whatever the test does, nothing may go wrong on it."""
    with opened(chromium, globe_console.url) as watched:
        watched.wait_for_sky()
        yield watched
        assert watched.complaints == []
