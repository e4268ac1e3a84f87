"""The globe when its server goes and comes back."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from browser_page import opened
from playwright.sync_api import Browser

from running_console import running, start


def test_a_lost_server_is_said_and_found_again(chromium: Browser, tmp_path: Path) -> None:
    with running(tmp_path) as first:
        port = str(urlsplit(first.url).port)
        with opened(chromium, first.url) as watched:
            watched.wait_for_sky()
            assert "Live" in (watched.page.text_content("#connection") or "")
            first.stop()
            watched.page.wait_for_selector("#connection.connection-waiting")
            assert "Connection lost" in (watched.page.text_content("#connection") or "")
            before = watched.number("Number(document.querySelector('#sky-time').dataset.posix)")
            second = start(tmp_path, "--port", port)
            try:
                watched.page.wait_for_selector("#connection.connection-connected")
                watched.wait(f"document.querySelector('#sky-time').dataset.posix > {before}")
            finally:
                second.stop()
