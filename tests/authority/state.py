"""A small state on disk, for tests: a ceremony, a store, people with passkeys, and browsers.

It is founded once for each kind of database; every test works on its own copy.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import Table, insert, select

from authority.authenticator import Authenticator
from baluardo.authority.acts.invitations import InvitationMade, Purpose, make_invitation
from baluardo.authority.acts.profile import Number, Profile
from baluardo.authority.context import Authority
from baluardo.authority.doors.certificates import certificates_router
from baluardo.authority.doors.directory import directory_router
from baluardo.authority.doors.enrolment import enrolment_router
from baluardo.authority.doors.invitations import invitations_router
from baluardo.authority.doors.own import own_router
from baluardo.authority.doors.requests import requests_router
from baluardo.authority.doors.sign_in import sign_in_router
from baluardo.authority.doors.who import Who
from baluardo.authority.events.event import Event, EventKind
from baluardo.authority.settings import Settings
from baluardo.authority.store import schema
from baluardo.authority.store.opening import database_url, open_store
from baluardo.authority.store.store import Store
from baluardo.authority.warnings.desk import WarningDesk
from baluardo.authority.warnings.settings import WarningSettings
from baluardo.console.app import create_console
from baluardo.console.part import ConsolePart
from baluardo.protocol.grant import Grant
from baluardo.protocol.policy import Policy
from baluardo.protocol.roles import Role
from baluardo.terms import Precedence
from baluardo.trust.audit.record import Disclosure, Record
from baluardo.trust.base64_text import of_base64, to_base64
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.request import make_request
from baluardo.trust.identity import ADMITTED, Identity, Kind
from baluardo.trust.issuing.layout import Layout
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.publishing import publish_sealing_key
from baluardo.trust.sealing import SealingKey
from baluardo.trust.suites import EU_HYBRID
from postgres import PostgresServer
from trust.fleet import ACCESS, COMMUNITY, Calendar, Land

DOMAIN = "baluardo.localhost"
HOST = f"authority.{DOMAIN}:8470"
SITE_HOST = f"bergamini.{DOMAIN}:8480"
ORIGIN = f"https://{HOST}"
API = "/api/authority"
STATIC = Path("/nonexistent/static")
OFFICERS = frozenset({Role.SECURITY_OFFICER, Role.CUSTODIAN})
ROLES: dict[str, frozenset[Role]] = {
    "anna.rossi": OFFICERS,
    "bruno.conti": OFFICERS,
    "carla.verdi": frozenset({Role.COMMUNICATIONS_OFFICER}),
    "dario.neri": frozenset({Role.OPERATOR}),
    "elena.bruni": frozenset({Role.FLEET_OFFICER}),
    "fabio.viola": frozenset({Role.AUDITOR}),
}
"""Whom the policy names; `gina.costa` is a member and no more."""
PEOPLE = {
    "anna.rossi": "Anna Rossi",
    "bruno.conti": "Bruno Conti",
    "carla.verdi": "Carla Verdi",
    "dario.neri": "Dario Neri",
    "elena.bruni": "Elena Bruni",
    "fabio.viola": "Fabio Viola",
    "gina.costa": "Gina Costà",
}
POLICY = Policy(
    1,
    COMMUNITY,
    {name: Grant(roles, Precedence.FLASH) for name, roles in ROLES.items()},
    {kind: kind is not Kind.PERSON for kind in ADMITTED},
    visibility={"duty": frozenset({Role.OPERATOR, Role.COMMUNICATIONS_OFFICER})},
)
NUMBERS = (Number("extension", "1234"), Number("duty", "+39 06 1234 567"))

_databases = count(1)


@dataclass
class Founded:
    """A state at rest: its directory, its database, and what its people carry."""

    directory: Path
    calendar: Calendar
    server: PostgresServer | None
    template: str = ""
    """Name of the database of the server that is copied."""
    carried: dict[str, Authenticator] = field(default_factory=dict)
    devices: dict[str, Credential] = field(default_factory=dict)

    @classmethod
    def found(cls, directory: Path, server: PostgresServer | None) -> Founded:
        """Hold the ceremony and let everybody enrol."""
        calendar = Calendar()
        Land.found(directory, calendar, EU_HYBRID)
        template = f"founded{next(_databases)}"
        founded = cls(directory, calendar, server, template)
        url = "" if server is None else server.make(template)
        with running_state(founded, directory, url, calendar) as state:
            policy = {"number": 1, "octets": POLICY.to_octets(), "executed": calendar.now}
            state.insert(schema.policy, policy)
            for name, display_name in PEOPLE.items():
                state.enrol_person(name, display_name)
        founded.carried, founded.devices = state.carried, state.devices
        return founded

    @contextmanager
    def copied(self, directory: Path, **settings: Any) -> Iterator[State]:
        """Give a copy of the state, open, while inside; `settings` differ from the usual ones."""
        shutil.copytree(self.directory, directory)
        calendar = Calendar(self.calendar.now + 3600.0)
        if self.server is None:
            with running_state(self, directory, "", calendar, **settings) as state:
                yield state
            return
        name = f"copy{next(_databases)}"
        url = self.server.make(name, self.template)
        try:
            with running_state(self, directory, url, calendar, **settings) as state:
                yield state
        finally:
            self.server.drop(name)


class State:
    """A state that runs, within the test's process."""

    def __init__(
        self,
        authority: Authority,
        calendar: Calendar,
        events: list[Event],
        carried: dict[str, Authenticator],
        devices: dict[str, Credential],
    ) -> None:
        """Take what is running."""
        self.authority, self.calendar, self.events = authority, calendar, events
        self.carried, self.devices = carried, devices
        self.app = application(authority)

    @property
    def store(self) -> Store:
        """Its store."""
        return self.authority.store

    def identity(self, path: str) -> Identity:
        """Return a member's identity."""
        return Identity.of_path(COMMUNITY, path)

    def browser(self, host: str = HOST, address: str = "127.0.0.1") -> Browser:
        """Return a browser without cookies that has opened a page of this host."""
        return Browser(self, host, address)

    def signed_in(self, person: str, host: str = HOST) -> Browser:
        """Return a browser in which a person has just signed in."""
        browser = self.browser(host)
        answer = browser.sign_in(self.carried[person])
        assert answer.status_code == 200, answer.text
        return browser

    def set_policy(self, **changes: Any) -> None:
        """Let another policy be in force, for the doors."""
        self.authority.policy = replace(self.authority.policy, **changes)

    def invitation(
        self,
        path: str,
        purpose: Purpose = Purpose.ENROL,
        by: str = "bruno.conti",
        hours: float = 24.0,
        display_name: str = "Somebody",
        numbers: tuple[Number, ...] = (),
    ) -> InvitationMade:
        """Make an invitation as acts do, whoever may."""
        profile = Profile(display_name, ("it",), numbers)
        return self.store.act_blocking(
            lambda transaction: make_invitation(
                transaction, self.authority, self.identity(path), profile, purpose, by, hours
            )
        )

    def enrol_person(self, name: str, display_name: str) -> Browser:
        """Let a person be invited and enrol in a browser, who is signed in then."""
        path = f"person/{name}/laptop"
        made = self.invitation(path, by="", display_name=display_name, numbers=NUMBERS)
        authenticator = Authenticator(ORIGIN)
        browser, key = self.browser(), self.new_key()
        answer = browser.enrol(made.text, path, key, authenticator)
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == "granted"
        self.carried[name] = authenticator
        self.devices[name] = Credential(chain_of(answer), key)
        return browser

    def waiting(self, path: str, by: str = "bruno.conti") -> str:
        """Let somebody ask whose request waits, and return its id."""
        made, browser = self.invitation(path, by=by), self.browser()
        authenticator = Authenticator(ORIGIN) if path.startswith("person/") else None
        answer = browser.enrol(made.text, path, self.new_key(), authenticator)
        assert answer.json()["state"] == "waiting", answer.text
        (asked,) = (row for row in self.rows(schema.request) if row["invitation"] == made.id)
        return str(asked["id"])

    def new_key(self) -> SigningKey:
        """Return a new key of a member."""
        return SigningKey.generate(self.authority.profile.certificates.leaf)

    def insert(self, table: Table, row: dict[str, Any]) -> None:
        """Put a row into the database."""
        self.store.act_blocking(
            lambda transaction: transaction.connection.execute(insert(table).values(row)).close()
        )

    def rows(self, table: Table) -> list[dict[str, Any]]:
        """Return every row of a table."""
        return self.store.read_blocking(
            lambda connection: [dict(row._mapping) for row in connection.execute(select(table))]
        )

    def entries(self, kind: str) -> list[Entry]:
        """Return the log's entries of a kind, with what their commitments hide."""
        openings = {row["digest"]: Disclosure.of_text(row["text"]) for row in self.rows(_opening)}
        records = [Record.of_entry(octets) for octets in self.store.log.entries()]
        return [
            Entry(
                dict(record.facts),
                {openings[each].name: openings[each].value for each in record.digests},
            )
            for record in records
            if record.kind == kind
        ]

    def told(self, kind: EventKind) -> int:
        """Return how many events of a kind were told."""
        return sum(event.kind is kind for event in self.events)


_opening = schema.opening


@dataclass(frozen=True)
class Entry:
    """An entry of the log: what anybody reads, and what can be erased."""

    facts: dict[str, Any]
    hidden: dict[str, Any]


class Browser:
    """A browser: cookies, an origin, and the address it asks from."""

    def __init__(self, state: State, host: str, address: str) -> None:
        """Begin without cookies."""
        self.state, self.host, self.address = state, host, address
        self.cookies = httpx.Cookies()

    @property
    def origin(self) -> str:
        """The origin of its page."""
        return f"https://{self.host}"

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """Ask once; a path without a slash in front is below the authority's API."""
        return asyncio.run(self.asking(method, path, body, headers, content))

    def get(self, path: str, **headers: str) -> httpx.Response:
        """GET."""
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, body: object = None) -> httpx.Response:
        """POST JSON."""
        return self.ask("POST", path, {} if body is None else body)

    def put(self, path: str, body: object) -> httpx.Response:
        """PUT JSON."""
        return self.ask("PUT", path, body)

    def delete(self, path: str) -> httpx.Response:
        """DELETE."""
        return self.ask("DELETE", path, headers={"content-type": "application/json"})

    def sign_in(self, authenticator: Authenticator) -> httpx.Response:
        """Sign in with the newest passkey of an authenticator."""
        asked = self.post("sign-in/options").json()
        credential = authenticator.use(asked["options"], self.origin)
        return self.post("sign-in", {"id": asked["id"], "credential": credential})

    def enrol(
        self, token: str, path: str, key: SigningKey, authenticator: Authenticator | None
    ) -> httpx.Response:
        """Use an invitation with a new key, and a new passkey if there is an authenticator."""
        passkey = None
        if authenticator is not None:
            asked = self.post("enrol/open", {"token": token}).json()["passkey"]
            credential = authenticator.make(asked["options"], self.origin)
            passkey = {"id": asked["id"], "credential": credential}
        request = to_base64(make_request(key, self.state.identity(path)))
        return self.post("enrol/device", {"token": token, "request": request, "passkey": passkey})

    @property
    def cookie(self) -> str:
        """The session's token; empty without one."""
        return self.cookies.get("__Host-baluardo") or ""

    async def asking(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """Ask once, on a loop that runs."""
        url = path if path.startswith("/") else f"{API}/{path}"
        transport = httpx.ASGITransport(self.state.app, client=(self.address, 50_000))
        own = {"origin": self.origin} if method != "GET" else {}
        async with httpx.AsyncClient(
            transport=transport, base_url=self.origin, cookies=self.cookies
        ) as client:
            answer = await client.request(
                method,
                url,
                headers=own | (headers or {}),
                **({"content": content} if content is not None else {}),
                **({"json": body} if body is not None else {}),
            )
            self.cookies = client.cookies
        return answer


def application(authority: Authority) -> FastAPI:
    """Return the authority's doors in a console, as a service assembles them."""
    routers = {
        "sign-in": sign_in_router,
        "enrolment": enrolment_router,
        "invitations": invitations_router,
        "requests": requests_router,
        "directory": directory_router,
        "own": own_router,
        "certificates": certificates_router,
    }
    parts = [ConsolePart(name, make(authority)) for name, make in routers.items()]
    front = ConsolePart("who", wrap=lambda app: Who(app, authority))
    hosts = [f"authority.{DOMAIN}", f"bergamini.{DOMAIN}", "127.0.0.1"]
    return create_console([front, *parts], hosts, STATIC)


def chain_of(answer: httpx.Response) -> Chain:
    """Return the chain in an answer."""
    return Chain.of_ders([of_base64(each) for each in answer.json()["chain"]])


@contextmanager
def running_state(
    founded: Founded, directory: Path, url: str, calendar: Calendar, **settings: Any
) -> Iterator[State]:
    """Open a state's directory over its database, with its own service's keys, while inside."""
    layout, events = Layout(directory), list[Event]()
    store = open_store(
        layout,
        database_url(directory, url),
        "authority",
        ACCESS.unlock,
        lambda: calendar.now,
        events.append,
    )
    try:
        credential = store.act_blocking(
            lambda transaction: transaction.issuing.service_credential(ACCESS, transaction.now)
        )
        sealing_key = SealingKey.generate(store.issuing.profile)
        authority = Authority(
            settings=Settings(**settings),
            layout=layout,
            store=store,
            access=ACCESS,
            clock=lambda: calendar.now,
            credential=credential,
            sealing_key=sealing_key,
            sealing_statement=publish_sealing_key(sealing_key.public, credential),
            policy=POLICY,
            warnings=WarningDesk(WarningSettings(), COMMUNITY, demonstration=False),
            web_url=ORIGIN,
        )
        carried = {name: each.copy() for name, each in founded.carried.items()}
        yield State(authority, calendar, events, carried, dict(founded.devices))
    finally:
        store.close()
