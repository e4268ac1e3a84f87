"""The telephone's page in a browser, before a telephone that shows what a test tells it to.

Everything else is real: the page, the console that serves it with its headers, the browser's store.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from browser_page import Watched, opened
from fastapi import APIRouter
from playwright.sync_api import Browser, Locator, Page
from starlette.responses import JSONResponse
from trust_page import WEB

from baluardo.console.app import create_console
from baluardo.console.authority_pages import SITE_PAGES
from baluardo.console.part import ConsolePart
from baluardo.edge.page_copy.door import page_copy_router
from baluardo.edge.pages import NETWORK_PAGE, PHONE_PAGE
from served import served

SOURCE: Final = Path(__file__).resolve().parent / "phone_page"
BUNDLER: Final = WEB / "node_modules" / ".bin" / "vite"
BUNDLE_SECONDS: Final = 240.0

ANNA: Final = {
    "person": "anna.rossi",
    "display_name": "Anna Rossi",
    "roles": ["member"],
    "ceiling": "flash",
    "territory": [],
    "device": "laptop",
    "fresh_until": 0,
    "expires": 4_000_000_000,
    "break_glass": False,
}
STATE: Final = {
    "community": "italia.example",
    "profile": "eu-hybrid",
    "domain": "italia.example",
    "rp_id": "italia.example",
    "pages": None,
    "root": "",
    "demonstration": False,
    "people": [],
    "first_run": False,
    "break_glass": None,
}
PEOPLE: Final = [
    ("anna.rossi", "Anna Rossi", "1001"),
    ("bruno.verdi", "Bruno Verdi", "1002"),
    ("chiara.neri", "Chiara Neri", "+39 06 6779 1003"),
    ("nicolo.bianchi", "Nicolò Bianchi", "1004"),
]
PRESENT: Final = [
    {"person": "person/anna.rossi", "site": "office/rome", "devices": ["laptop"]},
    {"person": "person/bruno.verdi", "site": "ship/bergamini", "devices": ["phone"]},
    {"person": "person/dario.blu", "site": "office/rome", "devices": ["radio"]},
    {"person": "person/chiara.neri", "site": "office/rome", "devices": []},
]
TUNNELLED: Final = "ship/bergamini"
"""To this site the edge of the tests has a tunnel."""


@dataclass
class Authority:
    """What the authority answers through the edge; a test changes it."""

    away: bool = False
    signed_in: bool = True
    network: dict[str, Any] = field(default_factory=dict)
    directory: list[tuple[str, str, str]] = field(default_factory=lambda: list(PEOPLE))
    index: int = 41


def bundle(folder: Path) -> Path:
    """Build the page with its told telephone as the real pages are built; return where it lies."""
    if not BUNDLER.is_file():
        pytest.skip("the pages' tools are not installed (npm ci in web/)")
    config, made = folder / "vite.config.mjs", folder / "page"
    config.write_text(
        "export default { publicDir: false, build: { target: 'es2022', assetsInlineLimit: 0,"
        f" modulePreload: {{ polyfill: false }}, outDir: {str(made)!r}, emptyOutDir: true,"
        f" rolldownOptions: {{ input: {str(SOURCE / 'phone.html')!r} }} }} }};\n"
    )
    command = [BUNDLER, "build", SOURCE, "--config", config, "--logLevel", "warn"]
    subprocess.run(command, cwd=WEB, check=True, capture_output=True, timeout=BUNDLE_SECONDS)
    return made


def authority_router(authority: Authority) -> APIRouter:
    """Answer for an authority as it is told to."""
    router = APIRouter()
    gone = JSONResponse({"detail": "No authority can be reached."}, 503)

    @router.get("/api/authority/state")
    async def state() -> Any:
        if authority.away:
            return gone
        return {**STATE, "me": ANNA if authority.signed_in else None}

    @router.get("/api/authority/directory")
    async def directory() -> Any:
        if authority.away:
            return gone
        people = [
            {
                "name": name,
                "display_name": shown,
                "languages": ["it"],
                "numbers": [{"kind": "extension", "number": number, "visible": "true"}],
                "roles": ["member"],
                "ceiling": "routine",
                "territory": [],
            }
            for name, shown, number in authority.directory
        ]
        return {"people": people, "next": None}

    @router.get("/api/edge/network")
    async def network() -> object:
        return authority.network

    @router.get("/api/calls/evidence/{print}")
    async def evidence(print: str) -> object:  # noqa: A002, ARG001  # as the door names it
        return {"record": "", "index": authority.index, "proof": [], "checkpoint": ""}

    return router


@contextmanager
def phone_console(static: Path, authority: Authority) -> Iterator[str]:
    """Serve the page as an edge with calls and tunnels does; yield its address."""
    part = ConsolePart(
        "calls", router=authority_router(authority), pages=(*SITE_PAGES, PHONE_PAGE, NETWORK_PAGE)
    )
    copied = ConsolePart("page copy", router=page_copy_router(static, static))
    with served(create_console([part, copied], ("127.0.0.1",), static)) as url:
        yield f"{url}/phone"


@dataclass
class Desk:
    """Somebody before the page."""

    watched: Watched

    @property
    def page(self) -> Page:
        """The tab."""
        return self.watched.page

    def tell(self, what: str, value: object) -> None:
        """Let the telephone show something."""
        self.page.evaluate("([what, value]) => told[what](value)", [what, value])

    def talks(self, *talks: dict[str, Any]) -> None:
        """Let the telephone have these talks, and no others."""
        self.tell("talks", list(talks))

    def now(self) -> float:
        """Return the page's time, milliseconds."""
        return self.watched.number("Date.now()")

    @property
    def asked(self) -> list[list[Any]]:
        """What the telephone was asked so far."""
        return list(self.page.evaluate("() => told.asked"))

    def call(self, number: int = 1) -> Locator:
        """Return the card of a call."""
        return self.page.locator(f"[data-call='{call_id(number)}']")


def call_id(number: int) -> str:
    """Return the id of a call of the tests."""
    return f"{number:032x}"


@contextmanager
def desk(chromium: Browser, url: str, **context: Any) -> Iterator[Desk]:
    """Sit down at a fresh browser before the page; at the end nothing may have gone wrong on it."""
    with opened(chromium, "about:blank", **context) as watched:
        watched.own = url
        watched.page.goto(url)
        watched.page.wait_for_selector(".phone-desk")
        made = Desk(watched)
        made.tell("people", PRESENT)
        yield made
        assert watched.complaints == []
