"""A page in a real browser that tells everything it does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from browser import find_browser

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
"""Without sandbox: tests run as root too. Graphics by the processor: the same on every machine."""

SOUND_FLAGS = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
"""A microphone that beeps, a person who permits it, and loudspeakers that nobody hears."""

FEWER_PICTURES = """(() => {
    if (location.pathname !== "/") return;
    const real = window.requestAnimationFrame.bind(window);
    const waiting = new Map();
    let last = 0;
    function draw(now) {
        const due = [...waiting.values()];
        waiting.clear();
        for (const each of due) {
            try { each(now); } catch (error) { reportError(error); }
        }
    }
    window.requestAnimationFrame = (each) => {
        if (waiting.size === 0) setTimeout(() => real(draw), 150);
        waiting.set(++last, each);
        return last;
    };
    window.cancelAnimationFrame = (number) => { waiting.delete(number); };
})()"""
"""Of the globe six a second: at its own pace, drawn by the processor, it takes more than a core."""

PATIENCE_MS = 90_000
"""For the first picture on a busy machine; what is waited for usually takes three seconds."""


@contextmanager
def running_chromium(*flags: str) -> Iterator[Browser]:
    """Run the machine's Chromium with these flags besides; skip by name where there is none."""
    path = find_browser()
    if path is None:
        pytest.skip("there is no Chromium on this machine (package chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, headless=True, args=[*FLAGS, *flags]
        )
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page and all that went wrong on it."""

    page: Page
    own: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen before the page can speak."""
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("request", self._requested)
        self.page.on("requestfailed", self._failed)
        self.page.on("websocket", lambda socket: self._check(socket.url))

    def _heard(self, message: object) -> None:
        kind, text = message.type, message.text  # type: ignore[attr-defined]
        if kind in {"error", "warning"}:
            self.complaints.append(f"{kind}: {text}")

    def _requested(self, request: object) -> None:
        self._check(request.url)  # type: ignore[attr-defined]

    def _failed(self, request: object) -> None:
        # Aborted is what the page itself gave up waiting for, on a busy machine; it asks again.
        if request.failure != "net::ERR_ABORTED":  # type: ignore[attr-defined]
            self.complaints.append(f"no {request.url}")  # type: ignore[attr-defined]

    def _check(self, url: str) -> None:
        if urlsplit(url).netloc != urlsplit(self.own).netloc:
            self.complaints.append(f"a request left for {url}")

    def wait(self, condition: str) -> None:
        """Wait until a JavaScript expression holds (as a function: the page forbids eval)."""
        self.page.wait_for_function(f"() => {condition}", timeout=PATIENCE_MS)

    def number(self, expression: str) -> float:
        """Return the value of a JavaScript expression."""
        return float(self.page.evaluate(f"() => {expression}"))

    def wait_for_sky(self) -> None:
        """Wait for the first picture with satellites."""
        self.wait("window.baluardoGlobe && window.baluardoGlobe.satellitesShown > 100")


@contextmanager
def opened(chromium: Browser, url: str, **context: object) -> Iterator[Watched]:
    """Open a page in a fresh browser profile: English, dark, 1280x800 where not said otherwise."""
    settings: dict[str, object] = {
        "viewport": {"width": 1280, "height": 800},
        "locale": "en-GB",
        "color_scheme": "dark",
    }
    profile = chromium.new_context(**{**settings, **context})  # type: ignore[arg-type]
    profile.set_default_timeout(PATIENCE_MS)
    profile.add_init_script(FEWER_PICTURES)
    watched = Watched(profile.new_page(), url)
    try:
        watched.page.goto(url)
        yield watched
    finally:
        profile.close()
