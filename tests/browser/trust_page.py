"""The pages' code for trust in a real browser: bundled as it is, served from a site's name."""

from __future__ import annotations

import base64
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.certificates.making import make_leaf
from baluardo.trust.certificates.request import read_request
from baluardo.trust.identity import Identity
from baluardo.trust.suites import AnyProfile
from trust.community import NOW, TestCommunity

WEB = Path(__file__).resolve().parents[2] / "web"
BUNDLER = WEB / "node_modules" / ".bin" / "rolldown"
MODULES = (
    "certificate",
    "chain",
    "commands",
    "database",
    "device",
    "envelope",
    "evidence",
    "identity",
    "implementations",
    "keptEvidence",
    "merkle",
    "mldsa",
    "note",
    "octets",
    "record",
    "request",
    "revocation",
    "sealedSeed",
    "strictJson",
    "witness",
)
PAGE = (
    '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'
    '<title>Trust</title><script src="trust.js"></script>'
)
# What tests say on the page, in short words: octets travel as base64, refusals as their code.
SHORT = """
const { octets, identity, device, envelope, strictJson } = trust;
Object.assign(globalThis, {
  of: (text) => octets.ofBase64(text, 1 << 22),
  to: octets.base64,
  codeOf: (act) =>
    Promise.resolve().then(act).then(() => "", (problem) => problem.code ?? `${problem}`),
  keyOf: (uri) => device.load(identity.identityOfUri(uri)),
  shown: (made) => octets.ofUtf8(strictJson.writeJson(envelope.envelopeToJson(made))),
});
"""
BUNDLE_SECONDS = 120.0


def bundle(folder: Path) -> None:
    """Write a page that holds every module of `web/src/trust` as `trust.MODULE`."""
    if not BUNDLER.is_file():
        pytest.skip("the pages' tools are not installed (npm ci in web/)")
    imports = [f'import * as {name} from "{WEB}/src/trust/{name}";' for name in MODULES]
    entry = folder / "trust.ts"
    names = ", ".join(MODULES)
    entry.write_text(
        "\n".join(
            [*imports, f"const trust = {{ {names} }};", "Object.assign(globalThis, { trust });"]
        )
        + f"\n{{{SHORT}}}\n"
    )
    command = [BUNDLER, entry, "--format", "iife", "--file", folder / "trust.js"]
    subprocess.run(command, cwd=WEB, check=True, capture_output=True, timeout=BUNDLE_SECONDS)
    (folder / "index.html").write_text(PAGE)


def bundle_script(folder: Path, name: str, script: str) -> None:
    """Bundle a module's text, in which `%(web)s` is the folder of the pages, as NAME.js."""
    if not BUNDLER.is_file():
        pytest.skip("the pages' tools are not installed (npm ci in web/)")
    entry = folder / f"{name}.ts"
    entry.write_text(script % {"web": WEB})
    command = [BUNDLER, entry, "--format", "esm", "--dir", folder]
    subprocess.run(command, cwd=WEB, check=True, capture_output=True, timeout=BUNDLE_SECONDS)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


@contextmanager
def site(folder: Path, handler: type[Quiet] = Quiet) -> Iterator[str]:
    """Serve a folder at a site's name on this machine: a secure context, as localhost is."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://rome.baluardo.localhost:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class TrustPage:
    """One person's browser with the page open; each has a store of its own."""

    page: Page

    def do(self, script: str, **values: Any) -> Any:
        """Run a script that may await and return; the values are its variables."""
        names = ", ".join(values)
        return self.page.evaluate(f"async ({{ {names} }}) => {{ {script} }}", values)

    def code(self, script: str, **values: Any) -> str:
        """Return the code with which a script is refused; empty if it is not."""
        names = ", ".join(values)
        wrapped = f"async ({{ {names} }}) => codeOf(async () => {{ {script} }})"
        return str(self.page.evaluate(wrapped, values))


@contextmanager
def trust_page(chromium: Browser, url: str) -> Iterator[TrustPage]:
    """Open the page in a fresh profile; nothing may be complained of on it."""
    context = chromium.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text))
    try:
        page.goto(url)
        yield TrustPage(page)
        assert complaints == []
    finally:
        context.close()


def text(octets: bytes) -> str:
    """Return octets as the page takes them."""
    return base64.b64encode(octets).decode()


def octets(text_of: str) -> bytes:
    """Return octets as the page gives them."""
    return base64.b64decode(text_of, validate=True)


def asked(page: TrustPage, identity: Identity, profile: AnyProfile) -> bytes:
    """Let the browser make its key, or find the one that waits, and ask for a certificate."""
    made = page.do(
        "const waiting = await trust.device.waitingKey(trust.identity.identityOfUri(uri), profile);"
        "return to(await trust.device.requestOf(waiting));",
        uri=identity.uri,
        profile=profile.name,
    )
    return octets(made)


def granted(community: TestCommunity, request: bytes, now: float = NOW) -> list[str]:
    """Issue what a request asks for; the chain as the page takes it."""
    read = read_request(request)
    leaf = make_leaf(
        community.issuer_key, community.issuer, read.key, read.identity, now, community.profile
    )
    return [text(der) for der in Chain(leaf, (community.issuer,)).ders()]


def installed(page: TrustPage, identity: Identity, chain: list[str]) -> str:
    """Give a chain to the browser; the code with which it is refused, empty if it is taken."""
    return page.code(
        "await trust.device.install(trust.identity.identityOfUri(uri), chain.map(of));",
        uri=identity.uri,
        chain=chain,
    )


def enrolled(page: TrustPage, community: TestCommunity, path: str) -> Identity:
    """Make the browser a device of a member of the community."""
    identity = community.identity(path)
    chain = granted(community, asked(page, identity, community.profile))
    assert installed(page, identity, chain) == ""
    return identity
