"""Every role at every route: what each may do stands in one table, and in nothing else.

A route that is added without a row fails here. Each row is asked by a session of every single role,
by a device of every single role over its channel, by nobody, by an emergency code, and by a session
whose passkey was used too long ago.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from sqlalchemy import delete

from authority.authenticator import Authenticator
from authority.state import API, HOST, ORIGIN, STATIC, Founded, State
from baluardo.authority.acts import holdings, invitations
from baluardo.authority.acts.break_glass import keep_codes
from baluardo.authority.acts.challenges import Purpose
from baluardo.authority.acts.passkeys import ask_new_passkey, keep_passkey
from baluardo.authority.acts.sessions import FRESH_SECONDS, Browser, Opened, open_session
from baluardo.authority.api_over_channel import ApiOverChannel
from baluardo.authority.service import AuthorityService
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.console.app import create_application, create_console
from baluardo.console.authority_pages import AUTHORITY_PAGES
from baluardo.errors import InvalidInputError
from baluardo.protocol.dangerous import EXECUTOR, Recovery, rule_for
from baluardo.protocol.enrolment import seal_request
from baluardo.protocol.grant import Grant
from baluardo.protocol.invitation import Invitation
from baluardo.protocol.messages import ApiRequest
from baluardo.protocol.roles import Role
from baluardo.protocol.warnings import SensorAlarm, WarningCancel
from baluardo.trust.base64_text import to_base64, to_base64url
from baluardo.trust.certificates.request import make_request
from baluardo.trust.certificates.verification import Peer, Standing
from baluardo.trust.commands.approval import approve
from baluardo.trust.commands.proposal import propose
from baluardo.trust.issuing.renewal import ask_renewal
from baluardo.trust.one_time import emergency_code

GINA, ANNA, BRUNO, DARIO = "gina.costa", "anna.rossi", "bruno.conti", "dario.neri"
"""Gina is everything in turn; Anna and Bruno are officers throughout, and Dario is a custodian."""
DEVICE_ORIGIN = "https://authority.baluardo.localhost"
"""Where a device over its channel is taken to be."""

OPERATOR, SECURITY = Role.OPERATOR, Role.SECURITY_OFFICER
CUSTODIAN, COMMUNICATIONS = Role.CUSTODIAN, Role.COMMUNICATIONS_OFFICER
FLEET, AUDITOR = Role.FLEET_OFFICER, Role.AUDITOR
CIVIL = Role.CIVIL_PROTECTION_OFFICER
MEMBERS = frozenset(Role)

_numbers = count(1)


@dataclass(frozen=True)
class Row:
    """Who may use a route, and a body that is right for it."""

    roles: frozenset[Role] | None
    """Of which one is needed; None lets anybody in, signed in or not."""
    ask: Callable[[Country, str], Ask]
    """Takes the origin of who asks."""
    fresh: bool = False
    """Whether a passkey must have been used just now."""
    lasting: bool = False
    """Whether an emergency code does not do."""
    permitted: int = 200
    """What who may is answered."""


@dataclass(frozen=True)
class Ask:
    """What is sent: the route's path filled in, and a body (JSON, or octets as they are)."""

    path: str
    body: Any = None
    query: str = ""


class Country:
    """A state behind the assembled service, in which one person has the role that is tried."""

    def __init__(self, state: State) -> None:
        """Assemble the service over it."""
        self.state = state
        state.authority.channel_port = 8471
        service = AuthorityService(state.authority, STATIC)
        self.router = service.router
        state.app = create_console(
            (service.part(),), ("authority.baluardo.localhost", "127.0.0.1"), STATIC
        )
        self.channel = ApiOverChannel(
            state.authority, create_application((service.part(),), STATIC)
        )

    def be(self, role: Role) -> None:
        """Let the policy give Gina this one role."""
        officers = Grant(frozenset({SECURITY, CUSTODIAN}))
        grant = Grant(frozenset({role} - {Role.MEMBER}))
        custodian = Grant(frozenset({CUSTODIAN}))
        people = {ANNA: officers, BRUNO: officers, DARIO: custodian, GINA: grant}
        self.state.set_policy(people=people)

    def act(self, do: Callable[[Transaction], Any]) -> Any:
        """Do something at once, whoever may."""
        return self.state.store.act_blocking(do)

    def opened(self, person: str = GINA) -> Opened:
        """Open a session of somebody whose passkey was used just now."""
        self.state.calendar.now += 1
        browser = Browser(HOST, "test")
        made: Opened = self.act(
            lambda t: open_session(t, self.state.authority, person, browser, how="passkey")
        )
        return made

    def cookie(self, person: str = GINA) -> str:
        """Open a session, and return its token."""
        return self.opened(person).token.text()

    def emergency_cookie(self) -> str:
        """Open a session of Dario's by an emergency code, at the door for it."""
        browser = self.state.browser(address=address())
        answer = browser.post("break-glass", break_glass(self, "").body)
        assert answer.status_code == 200, answer.text
        return browser.cookie

    def by_browser(self, method: str, ask: Ask, cookie: str) -> tuple[int, Any]:
        """Ask as a browser; without a cookie as nobody."""
        browser = self.state.browser(address=address())
        if cookie:
            browser.cookies.set("__Host-baluardo", cookie, domain=HOST.split(":")[0])
        octets, kind = encoded(ask.body)
        headers = {"content-type": kind} if method != "GET" else {}
        path = f"{ask.path}?{ask.query}" if ask.query else ask.path
        content = octets if method != "GET" else None
        answer = browser.ask(method, path, headers=headers, content=content)
        return answer.status_code, answer.text

    def by_device(self, method: str, ask: Ask) -> tuple[int, Any]:
        """Ask as Gina's laptop over its channel."""
        held = self.state.devices[GINA]
        peer = Peer(held.identity, held.chain, Standing.CURRENT)
        octets, kind = encoded(ask.body)
        path, _, query = ask.path.partition("?")
        request = ApiRequest(
            1, method, path, query or ask.query, {"content-type": kind}, octets, "x"
        )
        answer = asyncio.run(self.channel.answer(request, peer))
        return answer.status, answer.body.decode()


def encoded(body: Any) -> tuple[bytes, str]:
    if isinstance(body, bytes):
        return body, "application/octet-stream"
    return json.dumps({} if body is None else body).encode(), "application/json"


def address() -> str:
    """Return an address that has asked nothing yet: attempts are rationed."""
    number = next(_numbers)
    return f"198.51.{number // 256}.{number % 256}"


# What is asked, one for each kind of thing that must be there first


def plain(path: str, body: Any = None, query: str = "") -> Callable[[Country, str], Ask]:
    return lambda _country, _origin: Ask(path, body, query)


def break_glass(country: Country, _origin: str) -> Ask:
    code = emergency_code()
    country.act(lambda t: keep_codes(t, [code.digest]))
    country.state.calendar.now += 61
    reason = "All passkeys are at the bottom of the sea."
    return Ask(f"{API}/break-glass", {"person": DARIO, "code": code.typable(), "reason": reason})


def sign_in(country: Country, origin: str) -> Ask:
    browser = country.state.browser(address=address())
    asked = browser.post("sign-in/options").json()
    credential = country.state.carried[BRUNO].use(asked["options"], origin)
    return Ask(f"{API}/sign-in", {"id": asked["id"], "credential": credential})


def invited(country: Country, kind: str = "office") -> str:
    return country.state.invitation(f"{kind}/new-{next(_numbers)}").text


def open_enrolment(country: Country, _origin: str) -> Ask:
    return Ask(f"{API}/enrol/open", {"token": invited(country)})


def enrolment_status(country: Country, _origin: str) -> Ask:
    return Ask(f"{API}/enrol/status", {"token": invited(country)})


def enrol_device(country: Country, _origin: str) -> Ask:
    path = f"office/new-{next(_numbers)}"
    token = country.state.invitation(path).text
    request = to_base64(make_request(country.state.new_key(), country.state.identity(path)))
    return Ask(f"{API}/enrol/device", {"token": token, "request": request, "passkey": None})


def enrol_sealed(country: Country, _origin: str) -> Ask:
    path = f"office/new-{next(_numbers)}"
    invitation = Invitation.of_text(country.state.invitation(path).text)
    request = make_request(country.state.new_key(), country.state.identity(path))
    authority = country.state.authority
    sealed = seal_request(
        invitation.secret,
        request,
        authority.sealing_statement,
        authority.store.issuing.verifier(),
        country.state.calendar.now,
    )
    return Ask(f"{API}/enrol/sealed", sealed)


def own_session(country: Country, _origin: str) -> Ask:
    return Ask(f"{API}/me/sessions/{country.opened().principal.session}")


def new_passkey(country: Country, origin: str) -> Ask:
    mine = (schema.passkey.c.person == GINA) & (schema.passkey.c.label == "another")
    country.act(lambda t: t.connection.execute(delete(schema.passkey).where(mine)).close())
    asked = country.act(lambda t: ask_new_passkey(t, country.state.authority, GINA, Purpose.ADD))
    credential = Authenticator(origin).make(asked.options, origin)
    return Ask(f"{API}/me/passkeys", {"id": asked.id, "credential": credential, "label": "another"})


def another_passkey(country: Country, _origin: str) -> Ask:
    named = f"spare{next(_numbers)}"
    made = {
        "id": named,
        "public_key": to_base64url(b"key"),
        "sign_count": 0,
        "transports": [],
        "backed_up": False,
    }
    country.act(lambda t: keep_passkey(t, GINA, made, "spare", GINA))
    return Ask(f"{API}/me/passkeys/{named}")


def own_renewal(country: Country, _origin: str) -> Ask:
    """Renew a device of Gina's that was not renewed before."""
    state = country.state
    identity, key = state.identity(f"person/{GINA}/d{next(_numbers)}"), state.new_key()
    chain = country.act(
        lambda t: t.issuing.issue(make_request(key, identity), t.now, expected=identity)
    )
    held = type(state.devices[GINA])(chain, key)
    envelope = ask_renewal(held, state.new_key())
    return Ask(f"{API}/me/renew", {"envelope": json.loads(envelope.to_json())})


def withdrawal(country: Country, _origin: str) -> Ask:
    made = country.state.invitation(f"ship/new-{next(_numbers)}", by=BRUNO)
    return Ask(f"{API}/invitations/{made.id}")


def waiting(country: Country) -> str:
    """Return the id of a ship's request; Bruno has invited it."""
    path, state = f"ship/new-{next(_numbers)}", country.state
    made = state.invitation(path, by=BRUNO)
    request = to_base64(make_request(state.new_key(), state.identity(path)))
    browser = state.browser(address=address())
    body = {"token": made.text, "request": request, "passkey": None}
    assert browser.post("enrol/device", body).json()["state"] == "waiting"
    (asked,) = (row for row in state.rows(schema.request) if row["invitation"] == made.id)
    return str(asked["id"])


def approval(country: Country, _origin: str) -> Ask:
    return Ask(f"{API}/requests/{waiting(country)}/approve")


def refusal(country: Country, _origin: str) -> Ask:
    return Ask(f"{API}/requests/{waiting(country)}/refuse", {"reason": "No such ship."})


def proposal_of(country: Country, person: str) -> Any:
    state = country.state
    rule = rule_for("passkey.recover", state.authority.policy)
    body = Recovery("carla.verdi").to_body()
    now = state.calendar.now
    return propose("passkey.recover", body, rule, EXECUTOR, state.devices[person], now)


def proposal(country: Country, _origin: str) -> Ask:
    clear_commands(country)
    return Ask(f"{API}/commands", {"proposal": proposal_of(country, GINA).to_object()})


def clear_commands(country: Country) -> None:
    for table in (schema.answer, schema.command):
        country.act(lambda t, table=table: t.connection.execute(delete(table)).close())


def proposed(country: Country) -> tuple[str, Any]:
    """Return the id of a command that Anna has proposed, and its envelope."""
    clear_commands(country)
    envelope = proposal_of(country, ANNA)
    ask = Ask(f"{API}/commands", {"proposal": envelope.to_object()})
    status, text = country.by_browser("POST", ask, country.cookie(ANNA))
    assert status == 200, text
    return json.loads(text)["id"], envelope


def one_command(country: Country, _origin: str) -> Ask:
    return Ask(f"{API}/commands/{proposed(country)[0]}")


def answer(country: Country, _origin: str) -> Ask:
    command, envelope = proposed(country)
    state = country.state
    given = approve(envelope, state.devices[GINA], state.calendar.now)
    return Ask(f"{API}/commands/{command}/answers", {"answer": given.to_object()})


def revocation(country: Country, _origin: str) -> Ask:
    path, state = f"ship/old-{next(_numbers)}", country.state
    request = make_request(state.new_key(), state.identity(path))
    country.act(lambda t: t.issuing.issue(request, t.now, expected=state.identity(path)))
    return Ask(f"{API}/certificates/revoke", {"holder": path, "reason": "keyCompromise"})


def erasure(country: Country, _origin: str) -> Ask:
    name = f"gone{next(_numbers)}"
    values = {"name": name, "handle": name.encode(), "display_name": name, "search": name}
    country.state.insert(schema.person, {**values, "languages": [], "numbers": [], "enrolled": 1.0})
    return Ask(f"{API}/people/{name}")


def inviting(_country: Country, _origin: str) -> Ask:
    return Ask(f"{API}/invitations", {"identity": f"office/new-{next(_numbers)}"})


def cancel(country: Country, _origin: str) -> Ask:
    said = WarningCancel("0" * 32, "A mistake", country.state.calendar.now)
    signed = said.sign(country.state.devices[GINA])
    return Ask(f"{NO_WARNING}/cancel", {"cancel": signed.to_object()})


def alarm(country: Country, _origin: str) -> Ask:
    said = SensorAlarm("0" * 32, "A wave", country.state.calendar.now)
    signed = said.sign(country.state.devices[GINA])
    return Ask(f"{API}/warnings/alarms", {"alarm": signed.to_object()})


ENTRY = {"display_name": "Bruno Conti", "languages": ["it"], "numbers": []}
LETTING_IN = frozenset({OPERATOR, SECURITY, FLEET})
INVITERS = LETTING_IN | {COMMUNICATIONS}
READERS = frozenset({OPERATOR, SECURITY, FLEET, AUDITOR})
SIGNING = frozenset({SECURITY})
COMMAND_READERS = frozenset({SECURITY, CUSTODIAN, AUDITOR})
WARNING = frozenset({CIVIL})
SEEING = frozenset({CIVIL, SECURITY, AUDITOR})
AREA = {"kind": "circle", "lat_deg": 42.8, "lon_deg": 13.1, "radius_km": 5.0}
NO_WARNING = f"{API}/warnings/{'0' * 32}"
NONCE = "0" * 32

EXPECTED: dict[tuple[str, str], Row] = {
    ("GET", "/state"): Row(None, plain(f"{API}/state")),
    ("POST", "/sign-in/options"): Row(None, plain(f"{API}/sign-in/options")),
    ("POST", "/sign-in"): Row(None, sign_in),
    ("POST", "/sign-out"): Row(None, plain(f"{API}/sign-out")),
    ("POST", "/break-glass"): Row(None, break_glass),
    # Only this machine's own browser enters a demonstration: for all others it is not there.
    ("POST", "/demonstration/enter"): Row(
        None, plain(f"{API}/demonstration/enter", {"person": BRUNO}), permitted=404
    ),
    ("POST", "/enrol/open"): Row(None, open_enrolment),
    ("POST", "/enrol/device"): Row(None, enrol_device),
    ("POST", "/enrol/status"): Row(None, enrolment_status),
    ("POST", "/enrol/sealed"): Row(None, enrol_sealed),
    ("GET", "/me/sessions"): Row(MEMBERS, plain(f"{API}/me/sessions")),
    ("DELETE", "/me/sessions/{session}"): Row(MEMBERS, own_session),
    ("GET", "/me/passkeys"): Row(MEMBERS, plain(f"{API}/me/passkeys")),
    ("POST", "/me/passkeys/options"): Row(
        MEMBERS, plain(f"{API}/me/passkeys/options"), fresh=True, lasting=True
    ),
    ("POST", "/me/passkeys"): Row(MEMBERS, new_passkey, fresh=True, lasting=True),
    ("DELETE", "/me/passkeys/{passkey}"): Row(MEMBERS, another_passkey, fresh=True, lasting=True),
    ("GET", "/me/devices"): Row(MEMBERS, plain(f"{API}/me/devices")),
    ("POST", "/me/devices"): Row(
        MEMBERS, plain(f"{API}/me/devices", {"device": "phone"}), fresh=True, lasting=True
    ),
    ("POST", "/me/renew"): Row(MEMBERS, own_renewal),
    ("GET", "/directory"): Row(MEMBERS, plain(f"{API}/directory", query="q=bruno")),
    ("PUT", "/directory/{name}"): Row(
        frozenset({COMMUNICATIONS}), plain(f"{API}/directory/{BRUNO}", ENTRY)
    ),
    ("POST", "/invitations"): Row(frozenset({OPERATOR, SECURITY}), inviting, fresh=True),
    ("GET", "/invitations"): Row(INVITERS, plain(f"{API}/invitations")),
    ("DELETE", "/invitations/{invitation}"): Row(LETTING_IN, withdrawal),
    ("GET", "/requests"): Row(INVITERS | {AUDITOR}, plain(f"{API}/requests")),
    ("POST", "/requests/{asked}/approve"): Row(LETTING_IN, approval, fresh=True, lasting=True),
    ("POST", "/requests/{asked}/refuse"): Row(LETTING_IN, refusal, fresh=True, lasting=True),
    ("GET", "/commands"): Row(COMMAND_READERS | WARNING, plain(f"{API}/commands")),
    ("POST", "/commands"): Row(SIGNING, proposal, fresh=True, lasting=True),
    ("GET", "/commands/{command}"): Row(COMMAND_READERS, one_command),
    ("POST", "/commands/{command}/answers"): Row(SIGNING, answer, fresh=True, lasting=True),
    ("GET", "/warnings/desk"): Row(SEEING, plain(f"{API}/warnings/desk")),
    ("GET", "/warnings/feeds"): Row(SEEING, plain(f"{API}/warnings/feeds")),
    ("GET", "/warnings/standing"): Row(SEEING, plain(f"{API}/warnings/standing")),
    ("GET", "/warnings/places"): Row(WARNING, plain(f"{API}/warnings/places", query="q=Norcia")),
    ("GET", "/warnings/templates/{template}"): Row(
        WARNING, plain(f"{API}/warnings/templates/tsunami")
    ),
    ("POST", "/warnings/preview"): Row(WARNING, plain(f"{API}/warnings/preview", {"area": AREA})),
    # What makes no draft is told to those alone who may write one.
    ("POST", "/warnings/check"): Row(
        WARNING, plain(f"{API}/warnings/check", {"draft": {}}), permitted=400
    ),
    ("POST", "/warnings/handsets"): Row(
        WARNING,
        plain(f"{API}/warnings/handsets", {"name": "Norcia", "lat_deg": 42.8, "lon_deg": 13.1}),
    ),
    ("POST", "/handset/open"): Row(
        None, plain(f"{API}/handset/open", {"secret": "A" * 22}), permitted=401
    ),
    ("GET", "/handset/air"): Row(None, plain(f"{API}/handset/air"), permitted=401),
    ("GET", "/warnings"): Row(SEEING, plain(f"{API}/warnings")),
    ("GET", "/warnings/{warning}"): Row(SEEING, plain(NO_WARNING), permitted=404),
    ("GET", "/warnings/{warning}/reach"): Row(SEEING, plain(f"{NO_WARNING}/reach"), permitted=404),
    ("POST", "/warnings/{warning}/cancel"): Row(WARNING, cancel, permitted=404),
    # Sensors have no session: what they sign is judged, and sensors release nothing here.
    ("POST", "/warnings/alarms"): Row(None, alarm, permitted=409),
    ("POST", "/warnings/standing/{standing}/withdraw"): Row(
        WARNING, plain(f"{API}/warnings/standing/{'0' * 32}/withdraw", {}), permitted=404
    ),
    ("GET", "/policy"): Row(MEMBERS, plain(f"{API}/policy")),
    ("GET", "/policies"): Row(MEMBERS, plain(f"{API}/policies")),
    ("GET", "/policies/{number}"): Row(MEMBERS, plain(f"{API}/policies/1")),
    ("GET", "/certificates"): Row(READERS, plain(f"{API}/certificates")),
    ("POST", "/certificates/revoke"): Row(SIGNING, revocation, fresh=True),
    ("GET", "/issuers"): Row(MEMBERS, plain(f"{API}/issuers")),
    ("GET", "/sites"): Row(READERS, plain(f"{API}/sites")),
    ("GET", "/log/checkpoint"): Row(MEMBERS, plain(f"{API}/log/checkpoint")),
    ("GET", "/log/entries"): Row(MEMBERS, plain(f"{API}/log/entries", query="count=5")),
    ("GET", "/log/inclusion"): Row(MEMBERS, plain(f"{API}/log/inclusion", query="index=0&size=3")),
    ("GET", "/log/consistency"): Row(MEMBERS, plain(f"{API}/log/consistency", query="old=1&new=3")),
    ("DELETE", "/people/{name}"): Row(SIGNING, erasure, fresh=True, lasting=True),
    ("GET", "/public/welcome"): Row(None, plain(f"{API}/public/welcome")),
    ("GET", "/public/time"): Row(None, plain(f"{API}/public/time", query=f"nonce={NONCE}")),
    ("GET", "/public/bundle"): Row(None, plain(f"{API}/public/bundle")),
    ("GET", "/public/{path:path}"): Row(None, plain(f"{API}/public/log/checkpoint")),
    ("GET", "/readyz"): Row(None, plain("/readyz")),
    ("GET", "/metrics"): Row(frozenset({OPERATOR, AUDITOR}), plain("/metrics")),
}
"""By method and path below /api/authority."""

FRAME = {
    "/api/openapi.json",
    "/api/console",
    "/api/warnings/in-force",
    "/healthz",
    "/assets/{name:path}",
}
"""What the console brings itself, for everybody."""


def walk(routes: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Give every method and path of an application, those kept out of its schema included."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from walk(inner.routes)
            continue
        for method in route.methods:
            yield method, route.path


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    """Return one state for all of these tests; each asks for things of its own."""
    directory = tmp_path_factory.mktemp("every-route")
    founded = Founded.found(directory / "founded", None)
    with pytest.MonkeyPatch.context() as patch:  # how much Gina may have is no matter of roles
        patch.setattr(invitations, "MOST_OPEN_DEVICES", 1_000)
        patch.setattr(holdings, "MOST_CERTIFICATES", 1_000)
        with founded.copied(directory / "state", demonstration=True) as state:
            yield Country(state)


def permitted(row: Row, role: Role) -> bool:
    return row.roles is None or role in row.roles


def check(found: tuple[int, Any], expected: int, who: str) -> None:
    status, body = found
    assert status == expected, f"{who}: {status} instead of {expected}: {body[:300]}"
    if status in {401, 403}:
        assert set(json.loads(body)) == {"detail"}


def test_every_route_has_its_row_and_every_row_its_route(country: Country) -> None:
    app = country.state.app
    there = {(method, path) for method, path in walk(app.routes) if method != "HEAD"}
    pages = {page.path for page in AUTHORITY_PAGES}
    expected = {
        (method, path if path in {"/readyz", "/metrics"} else f"{API}{path}")
        for method, path in EXPECTED
    }
    expected |= {("GET", path) for path in pages | FRAME}
    assert there == expected
    heads = {path for method, path in walk(app.routes) if method == "HEAD"}
    assert heads <= {path for method, path in there if method == "GET"}


def test_the_document_of_the_interface_tells_every_route(country: Country) -> None:
    told = {
        (method.upper(), path)
        for path, item in country.state.app.openapi()["paths"].items()
        for method in item
    }
    public = {("GET", path.replace(":path", "")) for path in FRAME - {"/api/openapi.json"}}
    rows = {
        (method, path if path in {"/readyz", "/metrics"} else f"{API}{path}".replace(":path", ""))
        for method, path in EXPECTED
    }
    assert rows | public >= told >= rows


each_route = pytest.mark.parametrize(
    ("method", "path"), EXPECTED, ids=[f"{method} {path}" for method, path in EXPECTED]
)


@each_route
def test_a_session_of_each_role_does_what_the_table_says(
    country: Country, method: str, path: str
) -> None:
    row = EXPECTED[method, path]
    for role in Role:
        country.be(role)
        ask = row.ask(country, ORIGIN)
        found = country.by_browser(method, ask, country.cookie())
        check(found, row.permitted if permitted(row, role) else 403, role)


@each_route
def test_a_device_of_each_role_does_what_the_table_says(
    country: Country, method: str, path: str
) -> None:
    row = EXPECTED[method, path]
    for role in Role:
        country.be(role)
        country.state.calendar.now += 4
        ask = row.ask(country, DEVICE_ORIGIN)
        if not ask.path.startswith(f"{API}/"):
            with pytest.raises(InvalidInputError):  # no message carries what is for monitors
                country.by_device(method, ask)
            continue
        found = country.by_device(method, ask)
        check(found, row.permitted if permitted(row, role) else 403, role)


@each_route
def test_nobody_gets_in_where_somebody_is_asked_for(
    country: Country, method: str, path: str
) -> None:
    row = EXPECTED[method, path]
    country.be(SECURITY)
    found = country.by_browser(method, row.ask(country, ORIGIN), "")
    check(found, row.permitted if row.roles is None else 401, "nobody")


@each_route
def test_an_emergency_code_does_what_is_on_its_list_and_nothing_else(
    country: Country, method: str, path: str
) -> None:
    """Dario, who is a custodian else, is a security officer for what does not outlive the hour."""
    row = EXPECTED[method, path]
    country.be(SECURITY)
    ask = row.ask(country, ORIGIN)
    cookie = country.emergency_cookie()
    if path.startswith("/me/sessions/") or path == "/me/renew":
        check(country.by_browser(method, ask, cookie), 404 if "{" in path else 403, DARIO)
        return
    may = not row.lasting and (row.roles is None or bool(row.roles & {SECURITY, CUSTODIAN}))
    expected = row.permitted if may else 403
    check(country.by_browser(method, ask, cookie), expected, "an emergency code")


@each_route
def test_what_matters_takes_a_passkey_once_more(country: Country, method: str, path: str) -> None:
    row = EXPECTED[method, path]
    role = next((role for role in Role if permitted(row, role)), Role.MEMBER)
    country.be(role)
    cookie = country.cookie()
    country.state.calendar.now += FRESH_SECONDS + 1
    found = country.by_browser(method, row.ask(country, ORIGIN), cookie)
    check(found, 401 if row.fresh else row.permitted, role)


@pytest.mark.parametrize(
    ("identity", "roles"),
    [
        ("person/someone.new/laptop", {SECURITY, COMMUNICATIONS}),
        ("office/rome", {OPERATOR, SECURITY}),
        ("ship/fasan", {OPERATOR, SECURITY, FLEET}),
        ("auditor/court", {SECURITY}),
        ("person/named.officer/laptop", {SECURITY}),
        ("authority/other", set()),
    ],
)
def test_each_kind_is_invited_by_who_may(country: Country, identity: str, roles: set[Role]) -> None:
    for role in Role:
        country.be(role)
        people = dict(country.state.authority.policy.people)
        people["named.officer"] = Grant(frozenset({AUDITOR}))
        country.state.set_policy(people=people)
        ask = Ask(f"{API}/invitations", {"identity": identity})
        status, text = country.by_browser("POST", ask, country.cookie())
        refused = 400 if identity.startswith("authority/") else 403
        assert status == (200 if role in roles else refused), (role, text)


@pytest.mark.parametrize(
    ("holder", "reason", "roles"),
    [
        ("office", "superseded", {OPERATOR, SECURITY}),
        ("ship", "cessationOfOperation", {OPERATOR, SECURITY, FLEET}),
        ("office", "keyCompromise", {SECURITY}),
        ("ship", "keyCompromise", {SECURITY}),
        ("auditor", "superseded", {SECURITY}),
        ("authority", "keyCompromise", set()),
    ],
)
def test_certificates_are_taken_back_by_who_may(
    country: Country, holder: str, reason: str, roles: set[Role]
) -> None:
    state = country.state
    for role in Role:
        country.be(role)
        path = f"{holder}/old-{next(_numbers)}"
        if holder != "authority":
            request = make_request(state.new_key(), state.identity(path))
            country.act(lambda t, request=request: t.issuing.issue(request, t.now))
        body = {"holder": path, "reason": reason}
        ask = Ask(f"{API}/certificates/revoke", body)
        status, text = country.by_browser("POST", ask, country.cookie())
        assert status == (200 if role in roles else 403), (role, text)
