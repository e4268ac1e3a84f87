"""A nation of its own for a proof: authority, sky, wire and sites, all removed at its end."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import httpx
from starlette.types import ASGIApp

from baluardo.authority.acts.revocation import in_force, order, take_back
from baluardo.authority.context import Authority
from baluardo.authority.service import AuthorityService
from baluardo.authority.store.transaction import Transaction
from baluardo.console.app import create_console
from baluardo.edge.calls.browser_frames import LARGEST_FRAME
from baluardo.edge.tunnels.addresses import own_interfaces
from baluardo.edge.whereabouts import Whereabouts
from baluardo.errors import StageError
from baluardo.network.links.client import Links
from baluardo.network.links.namespaces import Namespace
from baluardo.scenario.nation import Nation, Site
from baluardo.stage.address import Listener, bind
from baluardo.stage.authority import place_pages
from baluardo.stage.demonstration import OFFICERS, Demonstration, SitesNetwork, open_demonstration
from baluardo.stage.hosts import ByHost
from baluardo.stage.network.addresses import Plan
from baluardo.stage.network.part import ask_edge
from baluardo.stage.network.sky import SkyFeed
from baluardo.stage.network.staged import StagedNetwork
from baluardo.stage.network.wire import StagedWire
from baluardo.stage.prove.authority_apart import AuthorityApart
from baluardo.stage.prove.proving_sky import CALM, ProvingSky
from baluardo.stage.server import serve
from baluardo.trust.certificates.revocation_list import Reason
from baluardo.twin.sky.catalogue import Catalogue

OPEN_SECONDS: Final = 180.0
"""For every tunnel to open: on a new machine the loops are compiled first."""
LINKED_SECONDS: Final = 60.0
ASK_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.1
STANDING: Final = "edge-link"
"""Of an edge's status: whether it has the authority (`edge.pages`)."""


class ProvedSite(Protocol):
    """A site's edge that runs."""

    @property
    def host(self) -> str:
        """Name of its pages."""

    @property
    def pages(self) -> ASGIApp:
        """Its pages."""


class ProvedNetwork(SitesNetwork, Protocol):
    """The sites and the wire between them, as every proof needs them."""

    nation: Nation
    plan: Plan

    @property
    def sites(self) -> Mapping[str, ProvedSite]:
        """Those that run, by the scenario's identifiers."""

    @property
    def feed(self) -> SkyFeed | None:
        """What tells the wire of the sky, while it runs."""

    @property
    def wire(self) -> StagedWire | None:
        """What joins the sites, while it runs."""


@dataclass(frozen=True, slots=True)
class Office:
    """Where a nation's authority is, and its sites' pages."""

    authority: Authority
    """With a program apart its store is closed here."""
    pages_port: int
    """Of sites, on this machine."""
    program: AuthorityApart | None
    """None: it runs in this process."""


class RunningNation:
    """What any proof may do and ask."""

    network: ProvedNetwork

    def __init__(self, office: Office, sky: ProvingSky, network: ProvedNetwork) -> None:
        """Take a nation that runs."""
        self._office = office
        self.authority, self.sky, self.network = office.authority, sky, network

    @property
    def sites(self) -> tuple[Site, ...]:
        """Every site of the scenario."""
        return self.network.nation.sites

    def site(self, identifier: str) -> Site:
        """Return one of them."""
        return next(each for each in self.sites if each.id == identifier)

    def pages(self, site: Site) -> str:
        """Return where a browser of this machine finds a site's pages, without a last slash."""
        return f"http://{self.network.sites[site.id].host}:{self._office.pages_port}"

    @contextlib.asynccontextmanager
    async def authority_killed(self) -> AsyncIterator[None]:
        """Kill the authority's program (SIGKILL) while inside, and start it again.

        StageError if it is none of its own.
        """
        program = self._office.program
        if program is None:
            raise StageError("The authority runs in the proof's own process.")
        await program.kill()
        try:
            yield
        finally:
            await program.start()

    async def wait_linked(self, linked: bool = True, seconds: float = LINKED_SECONDS) -> float:
        """Wait until every site has reached the authority, or none has; return seconds.

        StageError names those of which that is never so.
        """
        began, asked = time.monotonic(), list(self.sites)
        async with httpx.AsyncClient(timeout=ASK_SECONDS, trust_env=False) as client:
            while asked := [each for each in asked if await self._linked(client, each) != linked]:
                if time.monotonic() - began > seconds:
                    what = "does not reach the authority" if linked else "still has the authority"
                    raise StageError(f"{', '.join(each.id for each in asked)} {what}.")
                await asyncio.sleep(LOOK_SECONDS)
        return time.monotonic() - began

    async def _linked(self, client: httpx.AsyncClient, site: Site) -> bool | None:
        """Tell whether a site's edge says that it has the authority; None if it says nothing."""
        url = f"http://127.0.0.1:{self._office.pages_port}/api/console"
        try:
            answer = await client.get(url, headers={"host": urlsplit(self.pages(site)).netloc})
            items = {each["id"]: each["level"] for each in answer.json()["status"]}
        except (httpx.TransportError, ValueError, KeyError):
            return None
        return items.get(STANDING) == "ok"


class ProvingNation(RunningNation):
    """What a proof may do and ask where sites have tunnels."""

    network: StagedNetwork

    def __init__(self, office: Office, sky: ProvingSky, network: StagedNetwork) -> None:
        """Take a nation that runs."""
        super().__init__(office, sky, network)

    def hosts(self, site: Site) -> Namespace:
        """Return where a site's own machines are; the caller closes it."""
        staged = self.network.sites[site.id]
        with Links.connect(staged.helper_socket) as links:
            return Namespace(f"{site.id} hosts", links.enter())

    def address(self, site: Site) -> str:
        """Return the address of a site's edge inside the tunnels."""
        there = Whereabouts.read(self.network.sites[site.id].directory)
        return str(own_interfaces(there.identity, ipv4=False)[0].ip)

    def identity_path(self, site: Site) -> str:
        """Return a site's identity within its community."""
        return Whereabouts.read(self.network.sites[site.id].directory).identity.path

    async def told(self, site: Site) -> dict[str, Any]:
        """Return what a site's edge tells of its network; empty while it does not answer."""
        staged = self.network.sites.get(site.id)
        return {} if staged is None else await ask_edge(staged) or {}

    async def tunnels(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return every tunnel as each of its ends tells it, by the paths of both."""
        found = {}
        for site in self.sites:
            told = await self.told(site)
            for each in told.get("tunnels", ()):
                found[told["site"], each["peer"]] = each
        return found

    async def wait_open(self, seconds: float = OPEN_SECONDS) -> None:
        """Wait until every tunnel is open at both ends; StageError names those that are not."""
        wanted = len(self.sites) * (len(self.sites) - 1)
        tunnels: dict[tuple[str, str], dict[str, Any]] = {}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    tunnels = await self.tunnels()
                    if sum(each["open"] for each in tunnels.values()) == wanted:
                        return
                    await asyncio.sleep(0.5)
        shut = [f"{a}-{b}: {t['problem']}" for (a, b), t in tunnels.items() if not t["open"]]
        raise StageError(
            f"{len(tunnels)} of {wanted} tunnel ends were met and these stay shut after "
            f"{seconds:g} s: {'; '.join(shut) or 'none of those met'}."
        )

    async def revoke(self, site: Site) -> None:
        """Take a site's certificates back, as an officer who has heard that its key was copied."""
        path = self.identity_path(site)

        def act(transaction: Transaction) -> None:
            order(transaction, Reason.KEY_COMPROMISE, OFFICERS[0].name, path)
            take_back(transaction, [path], in_force(transaction, path), Reason.KEY_COMPROMISE)

        await self.authority.store.act(act)


@contextlib.asynccontextmanager
async def proving_nation(
    nation: Nation,
    catalogue: Catalogue,
    say: Callable[[str], None],
    sky: ProvingSky | None = None,
    *,
    apart: bool = False,
) -> AsyncIterator[ProvingNation]:
    """Run a nation while inside, under a sky that may be given; errors as of its parts.

    `apart`: its authority is a program of its own once everybody is in.
    """
    sky = sky or ProvingSky(nation, catalogue)
    names = sky.sky.catalogue.names
    network = StagedNetwork(nation, sky.sky.ground, sky.sky_time, sky.paths, CALM, lambda: names)
    async with running_nation(nation, sky, network, say, apart=apart) as office:
        yield ProvingNation(office, sky, network)


@contextlib.asynccontextmanager
async def running_nation(
    nation: Nation,
    sky: ProvingSky,
    network: ProvedNetwork,
    say: Callable[[str], None],
    *,
    apart: bool = False,
) -> AsyncIterator[Office]:
    """Run a nation's authority and sites while inside; `apart` as of `proving_nation`.

    Errors as of its parts. The sky is closed at the end.
    """
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(sky.close)
        directory = Path(tempfile.mkdtemp(prefix="baluardo-proof-"))
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        authority = await asyncio.to_thread(open_demonstration, directory)
        stack.callback(authority.store.close)
        serving = await stack.enter_async_context(contextlib.AsyncExitStack())
        listener = bind("127.0.0.1", 0)
        place_pages(authority, listener)
        service = AuthorityService(authority)
        hosts = (*listener.allowed_hosts, *authority.settings.page_hosts)
        await serving.enter_async_context(
            _served(create_console((service.part(),), hosts), listener)
        )
        state = Demonstration(directory, authority, nation, lambda: service.door.port, say, network)
        doors = bind("127.0.0.1", 0)
        sites = ByHost(create_console((state.part(),), doors.allowed_hosts), state.pages)
        await stack.enter_async_context(_served(sites, doors))
        await state.complete()
        program = None
        if apart:
            channel_port = service.door.port
            await serving.aclose()  # nobody else may have its store open
            _keep_ports(authority, listener, channel_port)
            program = AuthorityApart(authority.layout.directory)
            serving.push_async_callback(program.stop)
            await program.start()
        yield Office(authority, int(doors.socket.getsockname()[1]), program)


def _keep_ports(authority: Authority, listener: Listener, channel_port: int) -> None:
    """Write down where an authority is, so that its program is met where it was met before."""
    settings = replace(
        authority.settings, web_port=urlsplit(listener.url).port or 0, channel_port=channel_port
    )
    settings.write(authority.layout.directory, replace=True)


@contextlib.asynccontextmanager
async def _served(app: ASGIApp, listener: Listener) -> AsyncIterator[None]:
    """Serve pages while inside; StageError if they do not start."""
    with listener.socket:
        ready, over = asyncio.Event(), asyncio.Event()
        listener.open()
        serving = asyncio.create_task(
            serve(app, listener.socket, ready.set, until=over.wait, largest_message=LARGEST_FRAME)
        )
        started = asyncio.create_task(ready.wait())
        try:
            await asyncio.wait((serving, started), return_when=asyncio.FIRST_COMPLETED)
            if serving.done():  # nobody would ever be brought in
                await serving
                raise StageError("The nation was stopped before it was up.")
            yield
        finally:
            started.cancel()
            over.set()
            await serving
