"""A small state and its officers, who sign with devices of their own and ask as themselves."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from fastapi import APIRouter
from sqlalchemy import insert
from starlette.types import Receive, Scope, Send

from baluardo.authority.acts.new_ids import new_handle
from baluardo.authority.acts.profile import search_text
from baluardo.authority.acts.revocation import in_force, take_back
from baluardo.authority.context import Authority
from baluardo.authority.doors.certificates import certificates_router
from baluardo.authority.doors.commands import commands_router
from baluardo.authority.doors.door import PREFIX, PRINCIPAL
from baluardo.authority.doors.foreign_alerts import foreign_alerts_router
from baluardo.authority.doors.handsets import handsets_router
from baluardo.authority.doors.health import health_router
from baluardo.authority.doors.log import log_router
from baluardo.authority.doors.policy import policy_router
from baluardo.authority.doors.public import public_router
from baluardo.authority.doors.sites import sites_router
from baluardo.authority.doors.standing_warnings import standing_warnings_router
from baluardo.authority.doors.warning_desk import warning_desk_router
from baluardo.authority.doors.warnings import warnings_router
from baluardo.authority.founding import Founding, Officer, found
from baluardo.authority.metrics import CountRequests, Metrics
from baluardo.authority.opening import open_authority
from baluardo.authority.principal import Principal
from baluardo.authority.settings import Settings
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.console.app import create_application
from baluardo.console.part import ConsolePart
from baluardo.protocol.dangerous import EXECUTOR, rule_for
from baluardo.protocol.grant import Grant
from baluardo.protocol.policy import Policy
from baluardo.protocol.roles import Role
from baluardo.terms import Precedence
from baluardo.trust.audit.record import Record
from baluardo.trust.base64_text import of_base64
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.request import make_request
from baluardo.trust.certificates.revocation_list import Reason
from baluardo.trust.commands.approval import Decision, approve
from baluardo.trust.commands.proposal import propose
from baluardo.trust.custody.printing import printable_share
from baluardo.trust.custody.shares import Share
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.issuing.ceremony import Custodians
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import EU_HYBRID
from trust.fleet import ACCESS, COMMUNITY, Calendar

ANNA, BRUNO, CARLA = "anna.rossi", "bruno.neri", "carla.verdi"
"""Security officers and custodians."""
OTTO, FLORA, ALDO, MARIO = "otto.fabbri", "flora.lupi", "aldo.gallo", "mario.riva"
"""Operator, fleet officer, auditor, and a member without any role."""
GRANTED = {
    OTTO: Role.OPERATOR,
    FLORA: Role.FLEET_OFFICER,
    ALDO: Role.AUDITOR,
}


def first_policy(**changes: Any) -> Policy:
    """Return the policy that every state here begins with."""
    founding = Policy.first(COMMUNITY, [ANNA, BRUNO, CARLA])
    others = {name: Grant(frozenset({role}), Precedence.ROUTINE) for name, role in GRANTED.items()}
    people = {**founding.people, **others}
    return replace(founding, **{"people": people, **changes})


@dataclass
class Template:
    """A ceremony held once; every test begins from a copy."""

    directory: Path
    pages: list[str] = field(default_factory=list)
    """The custodians' pages."""

    def hold(self) -> None:
        """Hold the ceremony."""

        def hand_out(root: Certificate, shares: tuple[Share, ...]) -> None:
            self.pages = [
                printable_share(each, root.fingerprint, COMMUNITY, 3, Calendar().now)
                for each in shares
            ]

        officers = [Officer(name, name.title()) for name in (ANNA, BRUNO, CARLA)]
        founding = Founding(COMMUNITY, EU_HYBRID, officers, Custodians(3, 2), Settings())
        found(self.directory, founding, ACCESS, hand_out, Calendar().now)


class State:
    """An authority that is open, and everybody's devices."""

    def __init__(self, authority: Authority, calendar: Calendar) -> None:
        """Enrol the officers, each with a laptop."""
        self.authority = authority
        self.calendar = calendar
        self.devices: dict[str, Credential] = {}
        self.metrics = Metrics(authority)
        self.app = _application(authority, self.metrics)
        for name in (ANNA, BRUNO, CARLA, OTTO, FLORA, ALDO, MARIO):
            self.enrol(f"person/{name}/laptop")

    def enrol(self, path: str) -> Credential:
        """Issue a certificate, and write down whose it is."""
        identity = Identity.of_path(COMMUNITY, path)
        key = SigningKey.generate(EU_HYBRID.certificates.leaf)
        request = make_request(key, identity)

        def do(transaction: Transaction) -> Credential:
            chain = transaction.issuing.issue(request, transaction.now, identity)
            _write_down(transaction, identity)
            return Credential(chain, key)

        self.devices[path] = self.authority.store.act_blocking(do)
        return self.devices[path]

    def device(self, name: str, device: str = "laptop") -> Credential:
        """Return a person's device."""
        return self.devices[f"person/{name}/{device}"]

    def principal(self, name: str, **changes: Any) -> Principal:
        """Return a person who has just used a passkey."""
        now = self.calendar.now
        told = {
            "person": name,
            "grant": self.authority.policy.grant_of(name),
            "session": "session",
            "fresh_until": now + 600.0,
            "expires": now + 3600.0,
        }
        return Principal(**{**told, **changes})

    def proposal(self, name: str, kind: str, body: dict[str, object], **changes: Any) -> Envelope:
        """Return a person's signed proposal."""
        told = {"executor": EXECUTOR, "credential": self.device(name), "now": self.calendar.now}
        rule = changes.pop("rule", None) or rule_for(kind, self.authority.policy)
        return propose(kind, body, rule, **{**told, **changes})

    def answer(
        self, name: str, proposal: Envelope, decision: Decision = Decision.APPROVE, **changes: Any
    ) -> Envelope:
        """Return a person's signed answer."""
        told = {"credential": self.device(name), "now": self.calendar.now, "decision": decision}
        return approve(proposal, **{**told, **changes})

    def ask(
        self, who: str | Principal | None, method: str, path: str, json: Any = None, **options: Any
    ) -> httpx.Response:
        """Ask a door as somebody."""
        return asyncio.run(self.asking(who, method, path, json, **options))

    async def asking(
        self, who: str | Principal | None, method: str, path: str, json: Any = None, **options: Any
    ) -> httpx.Response:
        """Ask a door as somebody, on a loop that runs."""
        principal = self.principal(who) if isinstance(who, str) else who
        address = options.pop("address", "127.0.0.1")
        scoped = options.pop("scope", {})

        async def known(scope: Scope, receive: Receive, send: Send) -> None:
            await self.app({**scope, PRINCIPAL: principal, **scoped}, receive, send)

        transport = httpx.ASGITransport(known, client=(address, 1))
        where = path if path.startswith(("/readyz", "/metrics")) else f"{PREFIX}{path}"
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, where, json=json, **options)

    def take_back(self, holder: str) -> None:
        """Revoke what a holder has, whoever has decided it."""
        reason = Reason.KEY_COMPROMISE
        self.authority.store.act_blocking(
            lambda t: take_back(t, [holder], in_force(t, holder), reason)
        )

    def kinds(self) -> list[str]:
        """Return the kinds of the log's entries, in order."""
        answer = self.ask(ALDO, "GET", "/log/entries").json()
        records = [Record.of_entry(of_base64(each["octets"])) for each in answer["entries"]]
        return [record.kind for record in records]


@contextmanager
def opened(
    template: Template, directory: Path, database: str = "", policy: Policy | None = None
) -> Iterator[State]:
    """Open a copy of the ceremony's state over a database; by default SQLite."""
    shutil.copytree(template.directory, directory)
    replace(Settings.read(directory), database=database).write(directory, replace=True)
    calendar = Calendar()
    authority = open_authority(directory, ACCESS, lambda: calendar.now, policy or first_policy())
    authority.web_url = "http://authority.baluardo.localhost:8470"
    try:
        yield State(authority, calendar)
    finally:
        authority.store.close()


def _application(authority: Authority, metrics: Metrics) -> Any:
    router = APIRouter()
    for made in (
        commands_router,
        policy_router,
        certificates_router,
        sites_router,
        log_router,
        public_router,
        warning_desk_router,
        foreign_alerts_router,
        standing_warnings_router,
        handsets_router,
        warnings_router,
    ):
        router.include_router(made(authority))
    router.include_router(health_router(authority, metrics))
    part = ConsolePart("authority", router, wrap=lambda app: CountRequests(app, metrics))
    return create_application([part], Path("/nonexistent"))


def _write_down(transaction: Transaction, identity: Identity) -> None:
    connection = transaction.connection
    if identity.kind is Kind.PERSON:
        there = connection.execute(schema.person.select().where(_is(identity.name))).first()
        if there is None:
            connection.execute(
                insert(schema.person).values(
                    name=identity.name,
                    handle=new_handle(),
                    display_name=identity.name.title(),
                    search=search_text(identity.name, identity.name),
                    languages=[],
                    numbers=[],
                    enrolled=transaction.now,
                )
            )
    elif identity.kind in {Kind.OFFICE, Kind.SHIP}:
        connection.execute(
            insert(schema.site).values(
                identity=identity.path, display_name=identity.name, enrolled=transaction.now
            )
        )


def _is(name: str) -> Any:
    return schema.person.c.name == name
