"""Two ends of a call in two browsers' pages, joined by a pair of relays as calls will be."""

from __future__ import annotations

import selectors
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from browser_page import PATIENCE_MS, running_chromium
from playwright.sync_api import Browser, BrowserContext, Page
from trust_page import WEB, Quiet
from trust_page import site as serve

from baluardo.console.security import CONTENT_SECURITY_POLICY

SOURCE = Path(__file__).resolve().parent / "call_page"
BUNDLER = WEB / "node_modules" / ".bin" / "vite"
BUNDLE_SECONDS = 120.0
PATIENCE_S = PATIENCE_MS / 1000
SOUND_FLAG = "--autoplay-policy=no-user-gesture-required"
"""In the place of the click that begins a call. None for the network: people have none either."""
HOST = "127.0.0.1"
LARGEST_DATAGRAM = 2048
RTP_VERSION = 2
FIRST_DYNAMIC_TYPE = 96


@contextmanager
def media_browser() -> Iterator[Browser]:
    """Run an ordinary Chromium while inside; skip by name without one."""
    with running_chromium(SOUND_FLAG) as browser:
        yield browser


def bundle(folder: Path) -> None:
    """Build the test's page as the real ones are built: modules, and workers as files of theirs."""
    if not BUNDLER.is_file():
        pytest.skip("the pages' tools are not installed (npm ci in web/)")
    inputs = ["index.html", "hostile.html"]
    config = folder / "vite.config.mjs"
    config.write_text(
        "export default { publicDir: 'public', base: './', build: {"
        " target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false },"
        f" outDir: {str(folder / 'page')!r}, emptyOutDir: true,"
        f" rolldownOptions: {{ input: {[str(SOURCE / name) for name in inputs]!r} }} }} }};\n"
    )
    command = [BUNDLER, "build", SOURCE, "--config", config, "--logLevel", "warn"]
    subprocess.run(command, cwd=WEB, check=True, capture_output=True, timeout=BUNDLE_SECONDS)


class _Site(Quiet):
    """Serves pages under the policy of the real ones; only the hostile may start other workers."""

    def end_headers(self) -> None:
        """Add the policy that every page of ours has."""
        policy = CONTENT_SECURITY_POLICY
        if self.path.startswith("/hostile"):
            policy = policy.replace("require-trusted-types-for 'script'; ", "")
        self.send_header("content-security-policy", policy)
        super().end_headers()


def site(folder: Path) -> AbstractContextManager[str]:
    """Serve the pages that `bundle` has made."""
    return serve(folder / "page", _Site)


@dataclass
class Relays:
    """Two relays on one machine: what comes to one port leaves from the other, as it came."""

    ports: tuple[int, int]
    captured: list[bytes] = field(default_factory=list)
    host: str = HOST

    def address(self, end: int) -> dict[str, Any]:
        """Return the relay of an end, as its page takes it."""
        return {"address": self.host, "port": self.ports[end]}

    def speech(self) -> list[bytes]:
        """Return the RTP packets among what was captured (RFC 7983, RFC 5761)."""
        return [
            each
            for each in self.captured
            if each[0] >> 6 == RTP_VERSION and each[1] & 0x7F >= FIRST_DYNAMIC_TYPE
        ]


@contextmanager
def relays(host: str = HOST) -> Iterator[Relays]:
    """Carry datagrams between two ports while inside; each end is where it last spoke from."""
    ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for end in ends:
        end.bind((host, 0))
    made = Relays((ends[0].getsockname()[1], ends[1].getsockname()[1]), host=host)
    stopped = threading.Event()
    thread = threading.Thread(target=_carry, args=(ends, made, stopped), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        stopped.set()
        thread.join()
        for end in ends:
            end.close()


def _carry(ends: list[socket.socket], made: Relays, stopped: threading.Event) -> None:
    places: list[Any] = [None, None]
    with selectors.DefaultSelector() as selector:
        for index, end in enumerate(ends):
            selector.register(end, selectors.EVENT_READ, index)
        while not stopped.is_set():
            for key, _ in selector.select(0.1):
                datagram, places[key.data] = ends[key.data].recvfrom(LARGEST_DATAGRAM)
                made.captured.append(datagram)
                if places[1 - key.data] is not None:
                    ends[1 - key.data].sendto(datagram, places[1 - key.data])


@dataclass
class CallEnd:
    """One person's page with one end of the call."""

    page: Page
    complaints: list[str]

    def do(self, script: str, **values: Any) -> Any:
        """Run a script that may await and return; the values are its variables."""
        names = ", ".join(values)
        return self.page.evaluate(f"async ({{ {names} }}) => {{ {script} }}", values)

    def refusal(self, script: str, **values: Any) -> str:
        """Return the sentence with which a script is refused; empty if it is not."""
        wrapped = f"try {{ {script} }} catch (problem) {{ return problem.message; }} return '';"
        return str(self.do(wrapped, **values))

    def counts(self, way: str) -> dict[str, int]:
        """Return how many frames passed and were dropped by cause, where any were."""
        told = self.do(f"return (await end.seal.counts()).{way};")
        dropped = {cause: count for cause, count in told["dropped"].items() if count}
        return {"passed": told["passed"], **dropped}

    def hear(self, milliseconds: int) -> list[dict[str, float]]:
        """Listen for a while; of every 10 ms how loud they were, and the part that is 1 kHz."""
        self.do("end.heard();")
        self.page.wait_for_timeout(milliseconds)
        return list(self.do("return end.heard();"))

    def until(self, condition: str) -> None:
        """Wait until a JavaScript expression, which may await, holds; AssertionError if never."""
        give_up = time.monotonic() + PATIENCE_S
        while not self.do(f"return await {condition};"):
            assert time.monotonic() < give_up, condition
            self.page.wait_for_timeout(50)


@contextmanager
def call_end(
    chromium: Browser, url: str, *, leaf: int, suite: str, hostile: bool = False
) -> Iterator[CallEnd]:
    """Open an end of a call in a fresh profile; nothing may be complained of on it."""
    context: BrowserContext = chromium.new_context()
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text))
    made = CallEnd(page, complaints)
    try:
        page.goto(f"{url}{'hostile.html' if hostile else 'index.html'}")
        made.do("await End.begin(suite, leaf);", suite=suite, leaf=leaf)
        if hostile:
            made.do("end.beHostile();")
        yield made
        assert not complaints, complaints
    finally:
        context.close()


def connect(anna: CallEnd, bruno: CallEnd, between: Relays) -> None:
    """Let one offer and the other answer, each with its own relay's address, and wait."""
    offer = anna.do("return end.offer();")
    answer = bruno.do("return end.answer(offer, relay);", offer=offer, relay=between.address(1))
    anna.do("await end.accept(answer, relay);", answer=answer, relay=between.address(0))
    for end in (anna, bruno):
        end.until("end.connection.connectionState === 'connected'")
