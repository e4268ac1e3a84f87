"""`baluardo authority serve`: one authority on this machine, its pages and its channels."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Final

from baluardo.authority.context import Authority
from baluardo.authority.opening import open_authority
from baluardo.authority.service import AuthorityService
from baluardo.authority.settings import FILE, Settings
from baluardo.console.app import create_console
from baluardo.errors import StageError
from baluardo.stage.address import Listener, Options, bind
from baluardo.stage.server import serve
from baluardo.trust.issuing.layout import KeyAccess

MOST_OPEN_FILES: Final = 65_536


def serve_authority(
    directory: Path, access: KeyAccess, announce: Callable[[str], None], say: Callable[[str], None]
) -> None:
    """Serve until a signal to stop; `announce` gets the address of the pages.

    Errors as `open_authority`; StageError if a port is taken.
    """
    settings = Settings.read(directory)
    _raise_open_files()
    listener = _bind(settings)
    with listener.socket:
        authority = open_authority(directory, access)
        try:
            place_pages(authority, listener)
            if not listener.loopback:
                say(
                    "These pages are plain http and can be reached from other machines: put a "
                    "proxy with TLS in front, name its addresses in `web`, set `proxy` to true, "
                    "and let nobody but the proxy reach this port."
                )
            asyncio.run(_serve(authority, listener, announce))
        finally:
            authority.store.close()
    say("Stopped.")


def _raise_open_files() -> None:
    """Let this process hold as many sockets as the system allows: each edge takes one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _bind(settings: Settings) -> Listener:
    """Bind the address of the pages; refuse now what the channels could not have later."""
    web, channel = _options("web"), _options("channel")
    pages = settings.web_host, settings.web_port
    if pages == (settings.channel_host, settings.channel_port) and settings.web_port != 0:
        raise StageError(
            f"Pages and channels cannot share port {settings.web_port}: give them different ones "
            f"with {web.port} and channel_port."
        )
    bind(settings.channel_host, settings.channel_port, channel).socket.close()
    return bind(settings.web_host, settings.web_port, web)


def _options(what: str) -> Options:
    return Options(f"{what}_host in {FILE}", f"{what}_port in {FILE}")


def place_pages(authority: Authority, listener: Listener) -> None:
    """Tell an authority where its pages are, now that the port is known."""
    port = listener.socket.getsockname()[1]
    authority.web_url = authority.settings.url_at(port)
    authority.local = listener.loopback and not authority.settings.proxy


async def _serve(authority: Authority, listener: Listener, announce: Callable[[str], None]) -> None:
    service = AuthorityService(authority)
    hosts = (*listener.allowed_hosts, *authority.settings.page_hosts)
    app = create_console((service.part(),), hosts)
    listener.open()
    proxy = authority.settings.proxy
    await serve(app, listener.socket, lambda: announce(f"{authority.web_url}/"), proxy=proxy)
