"""A site whose pages officers have signed, served as an edge serves them; a test may falsify it."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from call_community import CallCommunity, text
from fastapi import APIRouter
from phone_desk import Authority, authority_router, bundle
from starlette.requests import Request
from starlette.responses import Response
from trust_page import BUNDLE_SECONDS, WEB
from trust_page import BUNDLER as ROLLDOWN

from baluardo.console.app import create_console
from baluardo.console.part import ConsolePart
from baluardo.durable_files import FOR_ALL, write_durably
from baluardo.edge.page_copy.door import page_copy_router
from baluardo.edge.page_copy.judgement import FILE, propose_pages
from baluardo.edge.page_copy.of_build import PAGES, list_of_build
from baluardo.edge.page_copy.page_list import PageList
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.commands.approval import Decision, approve
from baluardo.trust.commands.bundle import CommandBundle
from baluardo.trust.identity import DAY
from baluardo.trust.strict_json import write_json
from baluardo.trust.suites import EU_HYBRID
from edge.calls.call_browsers import served_edge
from trust.community import make_community

VITE = WEB / "node_modules" / ".bin" / "vite"
SETTLED_S = 30.0
OFFICERS = ("anna.rossi", "bruno.verdi")
# What tests ask the page for; the rest of it is the telephone's page as it is built.
ENTRY = """
import { installCopy, pageStanding, removeCopy } from "%(web)s/src/calls/installed/standing";
Object.assign(globalThis, { installCopy, pageStanding, removeCopy });
"""
VERSION_TOLD = "globalThis.versionOfScript = {number};\n"


def build(folder: Path) -> Path:
    """Build the pages as they are, and let the telephone's page load one script more."""
    if not VITE.is_file():
        pytest.skip("the pages' tools are not installed (npm ci in web/)")
    static, entry = folder / "static", folder / "copy.ts"
    entry.write_text(ENTRY % {"web": WEB})
    words = (VITE, "build", "--logLevel", "error", "--outDir", static, "--emptyOutDir")
    bundled = (ROLLDOWN, entry, "--format", "esm", "--file", static / "assets" / "copy-test.js")
    for command in (words, bundled):
        subprocess.run(command, cwd=WEB, check=True, capture_output=True, timeout=BUNDLE_SECONDS)
    _load_more(static)
    return static


def build_desk(built: Path, folder: Path) -> Path:
    """Copy built pages; the telephone of the copy asks for no keys: anybody can sit before it."""
    static = folder / "static"
    shutil.copytree(built, static)
    shutil.copytree(bundle(folder), static, dirs_exist_ok=True)
    _load_more(static)
    return static


def _load_more(static: Path) -> None:
    page = static / "phone.html"
    tags = "".join(
        f'<script type="module" src="/assets/{name}.js"></script>'
        for name in ("copy-test", "told-1")
    )
    page.write_text(page.read_text().replace("</head>", f"{tags}</head>"))
    for number in range(1, 10):
        script = static / "assets" / f"told-{number}.js"
        script.write_text(VERSION_TOLD.format(number=number))


def told(static: Path, number: int) -> None:
    """Make another release of the page: it loads another script, which tells its number."""
    page = static / "phone.html"
    page.write_text(re.sub(r"told-\d\.js", f"told-{number}.js", page.read_text()))


@dataclass
class CopiedSite:
    """The site; `static` is what it serves, whatever was signed."""

    static: Path
    edge: Path
    made: CallCommunity = field(
        default_factory=lambda: CallCommunity(make_community(EU_HYBRID, now=time.time() - 60))
    )
    port: int = 0
    false_guard: str = ""
    """Added to what the browser gets that looks after its guard; others get the signed one."""

    def __post_init__(self) -> None:
        """Make the officers, and somebody who is none."""
        people = (*OFFICERS, "carla.neri")
        self.people: dict[str, Credential] = {
            name: self.made.community.credential(f"person/{name}/desk", life=30 * DAY)
            for name in people
        }
        self.shown = self.made.shown()
        self._begun, self._loop = threading.Event(), asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> CopiedSite:
        """Serve from a thread."""
        self._thread.start()
        assert self._begun.wait(SETTLED_S)
        return self

    def __exit__(self, *problem: object) -> None:
        """Stop."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(SETTLED_S)

    @property
    def url(self) -> str:
        """Where the telephone's page is."""
        return f"http://127.0.0.1:{self.port}/phone"

    def listed(self, number: int, signers: Sequence[str] = OFFICERS) -> PageList:
        """Return the list of what is served now."""
        return list_of_build(self.static, number, signers)

    def signed(
        self,
        pages: PageList,
        by: str = OFFICERS[0],
        approvers: Sequence[str] = OFFICERS[1:],
        *,
        decision: Decision = Decision.APPROVE,
        age: float = 0.0,
    ) -> bytes:
        """Return a list signed by people of the community; whether they may is not asked."""
        now = time.time() - age
        proposal = propose_pages(pages, self.people[by], now)
        answers = [approve(proposal, self.people[who], now, decision) for who in approvers]
        return CommandBundle(proposal, tuple(answers)).to_json()

    def hand_out(self, octets: bytes) -> None:
        """Serve a signed list, as a dishonest edge would: unjudged."""
        write_durably(self.edge / FILE, octets, mode=FOR_ALL)

    def release(self, number: int) -> None:
        """Serve another release, rightly signed."""
        told(self.static, number)
        self.hand_out(self.signed(self.listed(number)))

    async def _serve(self) -> None:
        router = APIRouter()

        @router.get("/api/calls/trust")
        async def trust() -> Response:
            return Response(write_json(self._trust()), media_type="application/json")

        @router.get("/phone-worker.js")
        async def guard(request: Request) -> Response:
            false = self.false_guard if "service-worker" in request.headers else ""
            octets = (self.static / "phone-worker.js").read_bytes() + false.encode()
            return Response(octets, media_type="text/javascript")

        part = ConsolePart(name="copied", router=router, pages=PAGES)
        door = ConsolePart(name="page copy", router=page_copy_router(self.edge, self.static))
        told = ConsolePart(name="authority", router=authority_router(Authority()))
        console = create_console((part, door, told), ("127.0.0.1",), self.static)
        async with served_edge(console) as self.port:
            self._begun.set()
            await self._stop.wait()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    def _trust(self) -> dict[str, Any]:
        community = self.made.community
        lists = zip((community.root, community.issuer), self.shown["lists"], strict=True)
        return {
            "community": community.name,
            "profile": community.profile.name,
            "roots": [{"der": text(community.root.der()), "until": None}],
            "links": [],
            "lists": [{"issuer": text(each.der()), "ders": [der]} for each, der in lists],
            "list_grace": 7 * DAY,
            "log": {
                "vkey": self.shown["log"],
                "witnesses": self.shown["witnesses"][:1],
                "quorum": 1,
            },
            "time": time.time(),
        }
