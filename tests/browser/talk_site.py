"""A site whose people telephone from pages: a real door, a real relay, real keys of devices."""

from __future__ import annotations

import asyncio
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from browser_page import PATIENCE_MS
from call_community import CallCommunity, text
from playwright.sync_api import Browser, Page
from talk_relay import HOST, HeardRelay
from trust_page import BUNDLE_SECONDS, WEB, octets

from baluardo.calls.relay.engine import MediaRelay
from baluardo.console.app import create_console
from baluardo.console.part import ConsolePage, ConsolePart
from baluardo.edge.calls.door import call_router
from baluardo.edge.calls.service import CallService
from baluardo.terms import Precedence
from baluardo.trust.certificates.request import read_request
from baluardo.trust.suites import EU_HYBRID, AnyProfile
from calls.relay.relay_ends import LOOPBACK, SEED
from edge.calls.call_browsers import ROME, served_edge
from trust.community import make_community

SOURCE = Path(__file__).resolve().parent / "talk_page"
BUNDLER = WEB / "node_modules" / ".bin" / "vite"
PATIENCE_S = PATIENCE_MS / 1000
SETTLED_S = 30.0
TITLE = {"en": "Telephone", "it": "Telefono"}


def bundle(folder: Path) -> Path:
    """Build the test's page as the real ones are built; return where it is."""
    if not BUNDLER.is_file():
        pytest.skip("the pages' tools are not installed (npm ci in web/)")
    config, built = folder / "vite.config.mjs", folder / "page"
    config.write_text(
        "export default { build: { target: 'es2022', assetsInlineLimit: 0,"
        " modulePreload: { polyfill: false }, emptyOutDir: true,"
        f" outDir: {str(built)!r} }} }};\n"
    )
    command = [BUNDLER, "build", SOURCE, "--config", config, "--logLevel", "warn"]
    subprocess.run(command, cwd=WEB, check=True, capture_output=True, timeout=BUNDLE_SECONDS)
    return built


@dataclass
class Person:
    """One person's page with a telephone."""

    page: Page
    complaints: list[str]

    def do(self, script: str, **values: Any) -> Any:
        """Run a script that may await and return; the values are its variables."""
        names = ", ".join(values)
        return self.page.evaluate(f"async ({{ {names} }}) => {{ {script} }}", values)

    @property
    def talk(self) -> dict[str, Any]:
        """The newest talk, as the page shows it."""
        return dict(self.do("return person.talk();"))

    def dial(self, name: str, precedence: str = "routine") -> str:
        """Call somebody; return the call."""
        script = "person.since = {}; return person.telephone.dial(name, precedence);"
        return str(self.do(script, name=name, precedence=precedence))

    def act(self, what: str, *more: Any) -> None:
        """Do something with the newest talk."""
        script = "person.telephone[what](person.telephone.talks.at(-1).call, ...more);"
        self.do(script, what=what, more=list(more))

    def hear(self, milliseconds: int) -> list[dict[str, float]]:
        """Listen for a while; of every 10 ms how loud they were, and the part that is 1 kHz."""
        self.do("person.heard();")
        self.page.wait_for_timeout(milliseconds)
        return list(self.do("return person.heard();"))

    def until(self, condition: str) -> None:
        """Wait until an expression holds, of `talk` and `telephone`; AssertionError if never."""
        give_up = time.monotonic() + SETTLED_S
        script = f"const {{ telephone }} = person; const talk = person.talk(); return {condition};"
        while not self.do(script):
            told = self.do("return [person.talk(), person.telephone.problems];")
            assert time.monotonic() < give_up, (condition, told)
            self.page.wait_for_timeout(20)


class TalkSite:
    """The telephone of Rome, served from a thread while inside, and its people's pages."""

    def __init__(
        self, folder: Path, page: Path, relay: HeardRelay, service: type[CallService] = CallService
    ) -> None:
        """Prepare; certificates are of this minute, as the browsers' clock is the machine's."""
        profile: AnyProfile = EU_HYBRID
        self.made = CallCommunity(make_community(profile, now=time.time() - 60))
        self.page, self.relay = page, relay
        verifier = self.made.community.verifier()
        self._service = lambda: service(
            ROME, verifier, time.time, folder, lambda _: Precedence.FLASH, media=relay
        )
        self._begun, self._loop = threading.Event(), asyncio.new_event_loop()
        self._stop, self.port = asyncio.Event(), 0
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> TalkSite:
        """Serve."""
        self._thread.start()
        assert self._begun.wait(SETTLED_S)
        return self

    def __exit__(self, *problem: object) -> None:
        """Stop."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(SETTLED_S)

    def do(self, act: Callable[[], object]) -> None:
        """Have the site do something, in its own event loop; what it raises is raised."""

        async def done() -> None:
            act()

        asyncio.run_coroutine_threadsafe(done(), self._loop).result(SETTLED_S)

    async def _serve(self) -> None:
        self.service = self._service()
        part = ConsolePart(
            name="calls",
            router=call_router(self.service),
            lifespan=self.service.running,
            pages=(ConsolePage("/telephone", "index.html", TITLE),),
        )
        async with served_edge(create_console((part,), ("127.0.0.1",), self.page)) as self.port:
            self._begun.set()
            await self._stop.wait()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())


@contextmanager
def talk_site(
    tmp_path: Path, page: Path, service: type[CallService] = CallService, near: str = HOST
) -> Iterator[TalkSite]:
    """Serve a site with a relay of its own while inside."""
    with MediaRelay(SEED, (*LOOPBACK, ip_network(near))) as running:
        relay = HeardRelay(running, near)
        try:
            with TalkSite(tmp_path, page, relay, service) as site:
                yield site
        finally:
            relay.stop()


@contextmanager
def people(chromium: Browser, site: TalkSite, *paths: str) -> Iterator[Mapping[str, Person]]:
    """Open a telephone for each device in a browser of its own; nothing may be complained of."""
    with ExitStack() as stack:
        pages = {path: stack.enter_context(opened(chromium, site)) for path in paths}
        begin(site, pages)
        yield pages


def begin(site: TalkSite, pages: Mapping[str, Person]) -> None:
    """Make each page a device of the person of its path, with its telephone open."""
    profile = site.made.community.profile.name
    for path, each in pages.items():
        uri = site.made.community.identity(path).uri
        asked = each.do("return Person.request(uri, profile);", uri=uri, profile=profile)
        site.made.add(path, path, read_request(octets(asked)).key)
    shown = site.made.shown()
    issuer = text(site.made.community.issuer.der())
    for path, each in pages.items():
        each.do(
            "await Person.begin(uri, chain, shown);",
            uri=site.made.community.identity(path).uri,
            chain=[shown["members"][path]["leaf"], issuer],
            shown=shown,
        )
    for each in pages.values():
        each.until(
            "telephone.connection.state === 'attending' && telephone.people.reduce("
            f"(sum, {{ devices }}) => sum + devices.length, 0) === {len(pages)}"
        )


@contextmanager
def opened(chromium: Browser, site: TalkSite) -> Iterator[Person]:
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text))
    try:
        page.goto(f"http://127.0.0.1:{site.port}/telephone")
        page.wait_for_function("() => 'Person' in globalThis")
        yield Person(page, complaints)
        assert not complaints, complaints
    finally:
        context.close()
