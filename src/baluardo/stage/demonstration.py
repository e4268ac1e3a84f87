"""The demonstration state: an authority of its own, people who do not exist, the scenario's sites.

It is the real thing at small size: a root among custodians (their shares lie beside it, which is
what makes it a demonstration), a policy, a log, certificates. Everybody comes in by an invitation,
and each site's edge holds a channel to the authority: over the wire where this machine can stage a
network, over loopback where it cannot.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from starlette.types import ASGIApp

from baluardo.authority.acts.invitations import Purpose, make_invitation
from baluardo.authority.acts.profile import Number, Profile
from baluardo.authority.acts.requests import approve_request, list_requests
from baluardo.authority.context import Authority
from baluardo.authority.founding import Founding, Officer, found
from baluardo.authority.opening import open_authority
from baluardo.authority.principal import Principal
from baluardo.authority.settings import LOCAL_DOMAIN, Settings
from baluardo.console.part import ConsolePart
from baluardo.durable_files import write_durably
from baluardo.edge.agent import EdgeAgent
from baluardo.edge.enrolment import enrol
from baluardo.edge.whereabouts import Whereabouts
from baluardo.errors import BaluardoError, LinkError, StageError
from baluardo.protocol.grant import Grant
from baluardo.protocol.policy import PLATFORM, PLATFORMS
from baluardo.protocol.roles import Role
from baluardo.scenario.nation import Nation, Site, SiteKind
from baluardo.terms import Precedence
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.custody.keyfile import Unlock, Unprotected
from baluardo.trust.custody.printing import printable_share
from baluardo.trust.custody.shares import Share
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.issuing.ceremony import Custodians
from baluardo.trust.issuing.layout import KeyAccess
from baluardo.trust.suites import EU_HYBRID

COMMUNITY: Final = "dimostrazione.example"
READY: Final = "ready"
"""Name of the file that says the state was made whole; without it all is made anew."""
DEVICE: Final = "desk"
OPERATOR: Final = "carla.bianchi"
"""Who invites sites here, so that either officer may approve."""
UNDER_WAY: Final = "ship/patrol"
"""Left waiting for an officer, so that there is something to approve."""
ASKED_SECONDS: Final = 10.0
"""How long the one that is left waiting may take to ask; it is left once it has."""
OPEN_KEYS: Final = KeyAccess(Unprotected(), Unlock())

OFFICERS: Final = (Officer("anna.rossi", "Anna Rossi"), Officer("bruno.verdi", "Bruno Verdi"))
_ITALY: Final = ("IT",)
_PEOPLE: Final = (
    ("carla.bianchi", "Carla Bianchi", Grant(frozenset({Role.OPERATOR}), Precedence.PRIORITY)),
    (
        "dario.neri",
        "Dario Neri",
        Grant(frozenset({Role.COMMUNICATIONS_OFFICER}), Precedence.PRIORITY),
    ),
    (
        "elena.greco",
        "Elena Greco",
        Grant(frozenset({Role.CIVIL_PROTECTION_OFFICER}), Precedence.FLASH_OVERRIDE, _ITALY),
    ),
    (
        "ivo.lazzari",
        "Ivo Lazzari",
        Grant(frozenset({Role.CIVIL_PROTECTION_OFFICER}), Precedence.FLASH_OVERRIDE, _ITALY),
    ),
    ("fabio.costa", "Fabio Costa", Grant(frozenset({Role.FLEET_OFFICER}), Precedence.FLASH)),
    ("giulia.moretti", "Giulia Moretti", Grant(frozenset({Role.AUDITOR}))),
    ("hannes.pichler", "Hannes Pichler", Grant(frozenset({Role.MEMBER}), Precedence.IMMEDIATE)),
)

_VISIBLE: Final = {
    PLATFORMS: frozenset({Role.MEMBER}),
    f"{PLATFORM}drone": frozenset({Role.FLEET_OFFICER, Role.SECURITY_OFFICER}),
}
"""Everybody sees the fleet but the drone: where it is, is for those who fly it."""

logger = logging.getLogger(__name__)


def open_demonstration(directory: Path) -> Authority:
    """Open the demonstration's authority, founding it first where there is none.

    LogError if another program has it open; errors else as `open_authority`.
    """
    home = directory / "authority"
    if (directory / READY).exists():
        return open_authority(home, OPEN_KEYS)
    shutil.rmtree(directory, ignore_errors=True)  # what an interrupted founding left
    directory.mkdir(mode=0o700, parents=True)
    settings = Settings(
        domain=LOCAL_DOMAIN, web_port=0, channel_port=0, demonstration=True, database=""
    )
    custodians = Custodians(3, 2)
    grants = {name: grant for name, _, grant in _PEOPLE}
    founding = Founding(COMMUNITY, EU_HYBRID, OFFICERS, custodians, settings, grants)
    found(home, founding, OPEN_KEYS, partial(_keep_shares, directory / "shares"), time.time())
    policy = replace(founding.policy, visibility=_VISIBLE)
    authority = open_authority(home, OPEN_KEYS, first=policy)
    write_durably(directory / READY, b"")
    return authority


def _keep_shares(directory: Path, root: Certificate, shares: tuple[Share, ...]) -> None:
    directory.mkdir(mode=0o700)
    for number, share in enumerate(shares, 1):
        sheet = printable_share(share, root.fingerprint, COMMUNITY, len(shares), time.time())
        write_durably(directory / f"share-{number}.txt", sheet.encode())


class RunningSite(Protocol):
    """A site's edge that runs."""

    @property
    def pages(self) -> ASGIApp:
        """Its pages."""


class SitesNetwork(Protocol):
    """What runs the sites' edges, each in a place of its own."""

    def channels(self, port: int) -> tuple[str, ...]:
        """Return where the authority's channels are told to be, first for sites.

        `port` is where they are on this machine.
        """

    async def start(self, web_port: int, channel_port: int) -> None:
        """Make all places; LinkError if that cannot be."""

    def run_site(self, site: Site, directory: Path) -> RunningSite:
        """Start a site whose edge is enrolled in a directory."""

    async def stop(self) -> None:
        """End everything."""


class Demonstration:
    """The people and sites of the demonstration, brought in and kept running."""

    def __init__(
        self,
        directory: Path,
        authority: Authority,
        nation: Nation,
        channel_port: Callable[[], int],
        say: Callable[[str], None],
        network: SitesNetwork | None = None,
    ) -> None:
        """Prepare; `channel_port` tells where the authority's channels are once it serves.

        With a network, each site's edge runs in its own place there; without, in this process.
        """
        self._directory = directory
        self._authority = authority
        self._nation = nation
        self._channel_port = channel_port
        self._say = say
        self._network = network
        self._agents: list[EdgeAgent] = []
        self.pages: dict[str, ASGIApp] = {}
        """Pages of the edges that run, by host name."""
        self._complete = asyncio.Event()
        self._problem = ""

    def part(self) -> ConsolePart:
        """Return the part of the console that keeps it all running."""
        return ConsolePart(name="demonstration", lifespan=self._running)

    async def complete(self) -> None:
        """Wait until everybody is in; StageError if that has failed."""
        await self._complete.wait()
        if self._problem:
            raise StageError(self._problem)

    @contextlib.asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._bring_in())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            for agent in self._agents:
                await agent.link.close()
                agent.close()
            if self._network is not None:
                await self._network.stop()

    async def _bring_in(self) -> None:
        """Let everybody enrol who has not, then run the edges; what fails is said."""
        try:
            await self._start_network()
            for officer in OFFICERS:
                await self._person(officer.name, officer.display_name)
            for name, display_name, _ in _PEOPLE:
                await self._person(name, display_name)
            for site in self._nation.sites:
                await self._site(site)
            await self._leave_one_waiting()
        except BaluardoError as problem:
            self._problem = f"The demonstration state is not whole: {problem}"
            self._say(self._problem)
        finally:
            self._complete.set()

    async def _start_network(self) -> None:
        """Start the wire and lead it to the authority; where that cannot be, go on without."""
        if self._network is None:
            return
        port = urlsplit(self._authority.web_url).port or 80
        try:
            await self._network.start(port, self._channel_port())
        except LinkError as problem:
            self._say(f"The sites run without tunnels: {problem}")
            await self._network.stop()
            self._network = None
            return
        channels = self._network.channels(self._channel_port())
        settings = replace(self._authority.settings, channels=channels)
        self._authority.settings = settings

    async def _person(self, name: str, display_name: str) -> None:
        directory = self._directory / "people" / name
        if (directory / "edge.json").exists():
            return
        identity = Identity(COMMUNITY, Kind.PERSON, name, DEVICE)
        number = 100 + sum(map(ord, name)) % 900
        profile = Profile(display_name, ("it",), (Number("extension", f"{number}"),))
        await self._enrol(directory, identity, profile)

    async def _site(self, site: Site) -> None:
        kind = Kind.SHIP if site.kind is SiteKind.SHIP else Kind.OFFICE
        identity = Identity(COMMUNITY, kind, site.id)
        directory = self._directory / "sites" / site.id
        if not (directory / "edge.json").exists():
            await self._enrol(directory, identity, Profile(site.name.it))
        if self._network is None:
            self._run_edge(directory)
            return
        there = Whereabouts.read(directory)
        web, channels = (self._authority.web_url,), self._network.channels(self._channel_port())[:1]
        Whereabouts(there.identity, there.domain, web, channels).write(directory)
        self.pages[there.host] = self._network.run_site(site, directory).pages

    async def _enrol(self, directory: Path, identity: Identity, profile: Profile) -> None:
        """Come in as everybody does: by an invitation, and an officer's approval where asked."""
        text = await self._invite(identity, profile)
        approved = asyncio.Event()
        approving = asyncio.create_task(self._approve(identity, approved))

        async def sleep(seconds: float) -> None:
            """Look again once it is approved: a second for each would be most of the founding."""
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await approved.wait()
            approved.clear()

        try:
            await enrol(directory, text, OPEN_KEYS, lambda _: None, sleep)
        finally:
            approving.cancel()
            await asyncio.gather(approving, return_exceptions=True)

    async def _invite(self, identity: Identity, profile: Profile) -> str:
        authority = self._authority
        made_by = _inviter(identity)
        made = await authority.store.act(
            lambda transaction: make_invitation(
                transaction, authority, identity, profile, Purpose.ENROL, made_by, 24.0
            )
        )
        return made.text

    async def _approve(self, identity: Identity, approved: asyncio.Event) -> None:
        """Let the second officer approve what waits for this identity, and tell of it."""
        authority, officer = self._authority, OFFICERS[1].name
        device = Identity(COMMUNITY, Kind.PERSON, officer, DEVICE)
        principal = Principal(officer, authority.policy.grant_of(officer), device=device)
        while True:
            await asyncio.sleep(0.05)
            waiting = await authority.store.read(
                lambda connection: list_requests(connection, authority, principal)
            )
            for each in waiting:
                if each["identity"] == identity.path and each["state"] == "waiting":
                    await authority.store.act(
                        partial(
                            approve_request,
                            authority=authority,
                            principal=principal,
                            request_id=each["id"],
                        )
                    )
                    approved.set()

    async def _leave_one_waiting(self) -> None:
        directory = self._directory / "sites" / "patrol"
        if directory.exists():
            return
        identity = Identity.of_path(COMMUNITY, UNDER_WAY)
        text = await self._invite(identity, Profile("Pattugliatore, Tirreno"))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ASKED_SECONDS) as asked:
                # All that is ever said is that the request waits now.
                await enrol(directory, text, OPEN_KEYS, lambda _: asked.reschedule(0.0))

    def _run_edge(self, directory: Path) -> None:
        """Run an edge in this process, told where the authority is this time."""
        there = Whereabouts.read(directory)
        Whereabouts(
            there.identity,
            there.domain,
            (self._authority.web_url,),
            (f"127.0.0.1:{self._channel_port()}",),
        ).write(directory)
        agent = EdgeAgent.open(directory, OPEN_KEYS)
        self._agents.append(agent)
        self.pages[agent.state.whereabouts.host] = agent.app
        agent.link.start()


def _inviter(identity: Identity) -> str:
    """Return who invites somebody here; nobody the first officers, who have the ceremony's word."""
    if identity.kind is not Kind.PERSON:
        return OPERATOR
    first = {officer.name for officer in OFFICERS}
    return "" if identity.name in first else OFFICERS[0].name
