"""A country on loopback: authorities that are served, and edges that find them by real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from sqlalchemy import insert, select

from baluardo.authority.acts.invitations import Purpose, make_invitation
from baluardo.authority.acts.policy import set_policy
from baluardo.authority.acts.profile import Profile, search_text
from baluardo.authority.acts.revocation import take_back
from baluardo.authority.context import Authority
from baluardo.authority.founding import Founding, Officer, found
from baluardo.authority.opening import open_authority
from baluardo.authority.service import AuthorityService
from baluardo.authority.settings import Settings
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.console.app import create_console
from baluardo.edge.agent import EdgeAgent
from baluardo.edge.enrolment import enrol
from baluardo.edge.state import EdgeState
from baluardo.protocol.dangerous import Dangerous, PolicyChange, rule_for
from baluardo.protocol.policy import Policy
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.request import make_request
from baluardo.trust.certificates.revocation_list import Reason
from baluardo.trust.clock import Reading
from baluardo.trust.commands.approval import approve
from baluardo.trust.commands.bundle import CommandBundle
from baluardo.trust.commands.proposal import propose
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import ADMITTED, Identity, Kind
from baluardo.trust.issuing.ceremony import Custodians
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import EU_HYBRID
from trust.fleet import ACCESS, COMMUNITY, Calendar

DOMAIN = "baluardo.localhost"
STATIC = Path("/nonexistent")
ANNA, BRUNO = "anna.rossi", "bruno.neri"
PATIENCE = 30.0
"""Seconds: only so that what never comes does not stop the tests."""


def first_policy() -> Policy:
    """Return a policy under which nobody's request waits, unless a test says otherwise."""
    founding = Policy.first(COMMUNITY, [ANNA, BRUNO])
    return replace(founding, approval=dict.fromkeys(ADMITTED, False))


def hold_ceremony(directory: Path) -> None:
    """Make an authority's directory, once for many tests."""
    officers = [Officer(name, name) for name in (ANNA, BRUNO)]
    founding = Founding(COMMUNITY, EU_HYBRID, officers, Custodians(3, 2), Settings())
    found(directory, founding, ACCESS, lambda _root, _shares: None, Calendar().now)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the test's signals alone."""
        yield


@contextlib.asynccontextmanager
async def serving(app: FastAPI, bound: socket.socket) -> AsyncIterator[str]:
    """Serve an application on this loop while inside."""
    # asyncio does so for sockets of a named protocol only; a body would wait 40 ms for its head.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=1)
    server = _Server(config)
    task = asyncio.create_task(server.serve([bound]))
    try:
        await until(lambda: server.started or task.done())
        assert server.started, "the application did not start"
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


def free_port() -> int:
    """Return a port that is free now: the same one serves again after a restart."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


async def until(true: Callable[[], Any]) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.01)


@dataclass
class Country:
    """One state's directory and addresses; authorities run where a test enters `authority`."""

    directory: Path
    web_ports: list[int] = field(default_factory=lambda: [free_port()])
    channel_ports: list[int] = field(default_factory=lambda: [free_port()])
    calendar: Calendar = field(default_factory=Calendar)
    devices: dict[str, Credential] = field(default_factory=dict)

    @classmethod
    def copied(cls, template: Path, directory: Path) -> Country:
        """Begin from a ceremony that was held before."""
        shutil.copytree(template, directory)
        return cls(directory)

    @property
    def settings(self) -> Settings:
        """All authorities at all of their addresses."""
        return Settings(
            domain=DOMAIN,
            web=tuple(f"http://127.0.0.1:{port}" for port in self.web_ports),
            channels=tuple(f"127.0.0.1:{port}" for port in self.channel_ports),
        )

    @contextlib.asynccontextmanager
    async def authority(self, place: int = 0) -> AsyncIterator[Authority]:
        """Run an authority at its place among the addresses while inside."""
        settings = replace(self.settings, channel_port=self.channel_ports[place])
        settings.write(self.directory, replace=True)
        authority = open_authority(
            self.directory, ACCESS, lambda: self.calendar.now, first_policy()
        )
        service = AuthorityService(authority, STATIC)
        app = create_console((service.part(),), ("127.0.0.1",), STATIC)
        bound = socket.create_server(("127.0.0.1", self.web_ports[place]))
        with bound:
            async with serving(app, bound):
                yield authority

    def read(self) -> Reading:
        """Read a machine's clocks, which are right here."""
        return Reading(self.calendar.now, self.calendar.now, self.calendar.now)

    async def invite(self, authority: Authority, path: str) -> str:
        """Return the text of an invitation."""
        identity = Identity.of_path(COMMUNITY, path)
        made = await authority.store.act(
            lambda transaction: make_invitation(
                transaction, authority, identity, Profile(path), Purpose.ENROL, ANNA, 24.0
            )
        )
        return made.text

    async def enrolled(self, authority: Authority, directory: Path, path: str) -> Path:
        """Enrol an edge over HTTP, and return its directory."""
        text = await self.invite(authority, path)
        place = directory / path.replace("/", "-")
        await enrol(place, text, ACCESS, lambda _sentence: None, read=self.read)
        return place

    def open_edge(self, place: Path) -> EdgeState:
        """Start an edge from its disk."""
        return EdgeState.open(place, ACCESS, self.read)

    def open_agent(self, place: Path) -> EdgeAgent:
        """The same with its link and pages."""
        return EdgeAgent.open(place, ACCESS, STATIC, self.read)

    @contextlib.asynccontextmanager
    async def running(self, *places: Path) -> AsyncIterator[list[EdgeAgent]]:
        """Run the links of edges while inside, without pages."""
        agents = [self.open_agent(place) for place in places]
        for agent in agents:
            agent.link.start()
        try:
            yield agents
        finally:
            for agent in agents:
                await agent.link.close()
                agent.close()

    async def revoke(self, authority: Authority, *paths: str) -> None:
        """Take every certificate of these identities back."""

        def do(transaction: Transaction) -> None:
            held = [each for each in transaction.register.issued.values() if each.identity in paths]
            take_back(transaction, [], held, Reason.KEY_COMPROMISE)

        await authority.store.act(do)

    async def person(self, authority: Authority, name: str) -> Credential:
        """Let a person be there, with a laptop, and return the laptop's credential."""
        identity = Identity.of_path(COMMUNITY, f"person/{name}/laptop")
        key = SigningKey.generate(EU_HYBRID.certificates.leaf)
        request = make_request(key, identity)

        def do(transaction: Transaction) -> Credential:
            table = schema.person
            known = transaction.connection.execute(select(table).where(table.c.name == name))
            if known.first() is None:
                values = {
                    "name": name,
                    "handle": name.encode().ljust(32, b"."),
                    "display_name": name,
                    "search": search_text(name, name),
                    "languages": [],
                    "numbers": [],
                    "enrolled": transaction.now,
                }
                transaction.connection.execute(insert(table).values(values))
            return Credential(transaction.issuing.issue(request, transaction.now), key)

        self.devices[name] = await authority.store.act(do)
        return self.devices[name]

    async def officers(self, authority: Authority) -> None:
        """Let both officers have their laptops."""
        for name in (ANNA, BRUNO):
            await self.person(authority, name)

    def command(self, policy: Policy, before: Policy, approvers: list[str]) -> CommandBundle:
        """Return a policy's command, proposed by Anna."""
        rule = rule_for(Dangerous.SET_POLICY, before)
        body = PolicyChange(policy).to_body()
        now = self.calendar.now
        kind = Dangerous.SET_POLICY.value
        proposal = propose(kind, body, rule, Kind.AUTHORITY, self.devices[ANNA], now)
        answers = tuple(approve(proposal, self.devices[name], now) for name in approvers)
        return CommandBundle(proposal, answers)

    async def set_policy(self, authority: Authority, policy: Policy, bundle: CommandBundle) -> None:
        """Write a policy as being in force; whether it is rightful, edges judge."""
        await authority.store.act(
            lambda transaction: set_policy(transaction, policy, bundle.to_json())
        )


def altered(envelope: Envelope) -> Envelope:
    """Return an envelope whose signature is one bit off."""
    first = envelope.signatures[0]
    broken = replace(first, signature=first.signature[:-1] + bytes([first.signature[-1] ^ 1]))
    return replace(envelope, signatures=(broken, *envelope.signatures[1:]))
