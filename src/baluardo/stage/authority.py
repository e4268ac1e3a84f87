"""`baluardo authority serve`: one authority on this machine, its pages and its channels."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from baluardo.authority.context import Authority
from baluardo.authority.opening import open_authority
from baluardo.authority.service import AuthorityService
from baluardo.authority.settings import Settings
from baluardo.console.app import create_console
from baluardo.stage.address import Listener, bind
from baluardo.stage.server import serve
from baluardo.trust.issuing.layout import KeyAccess


def serve_authority(
    directory: Path, access: KeyAccess, announce: Callable[[str], None], say: Callable[[str], None]
) -> None:
    """Serve until a signal to stop; `announce` gets the address of the pages.

    Errors as `open_authority`; StageError if a port is taken.
    """
    settings = Settings.read(directory)
    listener = bind(settings.web_host, settings.web_port)
    with listener.socket:
        authority = open_authority(directory, access)
        try:
            place_pages(authority, listener)
            if not listener.loopback:
                say(
                    "These pages are plain http and can be reached from other machines: put a "
                    "server with TLS in front, and name its addresses in `web`."
                )
            asyncio.run(_serve(authority, listener, announce))
        finally:
            authority.store.close()
    say("Stopped.")


def place_pages(authority: Authority, listener: Listener) -> None:
    """Tell an authority where its pages are, now that the port is known."""
    port = listener.socket.getsockname()[1]
    own = f"http://{authority.settings.name}.{authority.settings.domain}:{port}"
    authority.web_url = authority.settings.web[0] if authority.settings.web else own
    authority.local = listener.loopback


def page_hosts(settings: Settings) -> tuple[str, ...]:
    """Return the names under which an authority's pages answer."""
    named = (urlsplit(address).hostname or "" for address in settings.web)
    return (f"{settings.name}.{settings.domain}", *named)


async def _serve(authority: Authority, listener: Listener, announce: Callable[[str], None]) -> None:
    service = AuthorityService(authority)
    hosts = (*listener.allowed_hosts, *page_hosts(authority.settings))
    app = create_console((service.part(),), hosts)
    listener.open()
    await serve(app, listener.socket, lambda: announce(f"{authority.web_url}/"))
