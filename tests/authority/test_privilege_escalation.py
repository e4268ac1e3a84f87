"""Ways by which somebody might become an officer without being made one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from authority.authenticator import Authenticator
from authority.state import ORIGIN, POLICY, SITE_HOST, STATIC, Browser, Founded, State
from baluardo.authority.acts.break_glass import keep_codes
from baluardo.authority.service import AuthorityService
from baluardo.authority.store import schema
from baluardo.console.app import create_console
from baluardo.protocol.dangerous import EXECUTOR, PolicyChange, Recovery, rule_for
from baluardo.protocol.grant import Grant
from baluardo.protocol.invitation import Invitation
from baluardo.protocol.roles import Role
from baluardo.trust.base64_text import to_base64
from baluardo.trust.certificates.request import make_request
from baluardo.trust.commands.approval import approve
from baluardo.trust.commands.proposal import propose
from baluardo.trust.one_time import emergency_code

ANNA, BRUNO, CARLA, DARIO, GINA = (
    "anna.rossi",
    "bruno.conti",
    "carla.verdi",
    "dario.neri",
    "gina.costa",
)
NAMES = ("authority.baluardo.localhost", "bergamini.baluardo.localhost")
OFFICER = Grant(frozenset({Role.SECURITY_OFFICER}))


@pytest.fixture(scope="module")
def at_rest(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    return Founded.found(tmp_path_factory.mktemp("escalation") / "founded", None)


@pytest.fixture
def country(at_rest: Founded, tmp_path: Path) -> Iterator[State]:
    """Return a state behind the assembled service."""
    with at_rest.copied(tmp_path / "state") as state:
        part = AuthorityService(state.authority, STATIC).part()
        state.app = create_console((part,), NAMES, STATIC)
        yield state


def roles(browser: Browser) -> list[str]:
    found: list[str] = browser.get("state").json()["me"]["roles"]
    return found


@pytest.mark.parametrize(
    "more",
    [
        {"roles": ["security-officer"]},
        {"ceiling": "flash-override"},
        {"name": ANNA},
        {"territory": ["italia"]},
        {"grant": {"roles": ["security-officer"]}},
        {"handle": "AAAA"},
    ],
)
def test_the_directory_gives_no_role(country: State, more: dict[str, Any]) -> None:
    entry = {"display_name": "Gina Costà", "languages": [], "numbers": []}
    carla, before = country.signed_in(CARLA), country.rows(schema.person)
    assert carla.put(f"directory/{CARLA}", {**entry, **more}).status_code == 422
    assert country.rows(schema.person) == before
    assert carla.put(f"directory/{GINA}", entry).status_code == 200
    assert roles(carla) == ["communications-officer", "member"]
    assert country.authority.policy == POLICY


@pytest.mark.parametrize(
    "device", ["../anna.rossi/phone", "anna.rossi/phone", "/phone", "phone/..", "", "PHONE", "%2e"]
)
def test_a_device_of_ones_own_is_nobody_elses(country: State, device: str) -> None:
    gina = country.signed_in(GINA)
    assert gina.post("me/devices", {"device": device}).status_code == 422
    made = gina.post("me/devices", {"device": "anna.rossi"}).json()
    assert made["identity"] == f"person/{GINA}/anna.rossi"


@pytest.mark.parametrize("person", [CARLA, DARIO, "elena.bruni", "fabio.viola", GINA, BRUNO])
def test_nobody_invites_a_device_of_an_officer(country: State, person: str) -> None:
    """A security officer is told that it takes two; everybody else that they may not."""
    browser = country.signed_in(person)
    for path in (f"person/{ANNA}/spare", f"person/{ANNA}/laptop"):
        refused = browser.post("invitations", {"identity": path})
        assert refused.status_code == (409 if person == BRUNO else 403), refused.text
    assert len(country.entries("invitation.made")) == 7  # the first ones


@pytest.mark.parametrize(
    "wanted", [f"person/{ANNA}/laptop", f"person/{ANNA}/phone", "office/rome", "person/x/phone"]
)
def test_an_invitation_certifies_the_identity_it_names(country: State, wanted: str) -> None:
    token = country.signed_in(GINA).post("me/devices", {"device": "phone"}).json()["token"]
    key, issued = country.new_key(), len(country.store.register.issued)
    request = to_base64(make_request(key, country.identity(wanted)))
    body = {"token": token, "request": request, "passkey": None}
    refused = country.browser().post("enrol/device", body)
    assert refused.status_code == 403
    renamed = replace(Invitation.of_text(token), identity=country.identity(wanted)).to_text()
    assert country.browser().post("enrol/device", {**body, "token": renamed}).status_code == 403
    assert len(country.store.register.issued) == issued
    own = country.browser().enrol(token, f"person/{GINA}/phone", key, None)
    assert own.status_code == 200


def test_an_invitation_of_before_the_office_does_not_let_an_officer_in(country: State) -> None:
    """Carla may invite plain members; who holds the text must not become the officer of later."""
    made = country.signed_in(CARLA).post("invitations", {"identity": "person/nora.sala/laptop"})
    token = made.json()["token"]
    country.set_policy(people={**POLICY.people, "nora.sala": OFFICER})
    path, key = "person/nora.sala/laptop", country.new_key()
    refused = country.browser().enrol(token, path, key, Authenticator(ORIGIN))
    assert refused.status_code == 409
    assert "security officer" in refused.json()["detail"]
    assert "nora.sala" not in {row["name"] for row in country.rows(schema.person)}
    anna = country.signed_in(ANNA).post("invitations", {"identity": path}).json()["token"]
    granted = country.browser().enrol(anna, path, key, Authenticator(ORIGIN))
    assert granted.status_code == 200
    country.set_policy(people=POLICY.people)


def test_a_cookie_of_another_host_is_nobody(country: State) -> None:
    token = country.signed_in(ANNA, SITE_HOST).cookie
    here = country.browser()
    here.cookies.set("__Host-baluardo", token, domain="authority.baluardo.localhost")
    assert here.get("me/sessions").status_code == 401
    body = {"holder": f"person/{BRUNO}", "reason": "keyCompromise"}
    assert here.post("certificates/revoke", body).status_code == 401


def emergency(state: State, person: str) -> Browser:
    code = emergency_code()
    state.store.act_blocking(lambda transaction: keep_codes(transaction, [code.digest]))
    browser = state.browser()
    body = {"person": person, "code": code.typable(), "reason": "The passkeys are lost."}
    answer = browser.post("break-glass", body)
    assert answer.status_code == 200, answer.text
    return browser


def test_an_emergency_code_outlives_nothing_and_signs_nothing(country: State) -> None:
    browser = emergency(country, DARIO)
    assert "security-officer" in roles(browser)
    policy, now = country.authority.policy, country.calendar.now
    crowned = replace(policy, number=2, people={**policy.people, DARIO: OFFICER})
    for kind, body in (
        ("policy.set", PolicyChange(crowned).to_body()),
        ("passkey.recover", Recovery(ANNA).to_body()),
    ):
        rule = rule_for(kind, policy)
        proposal = propose(kind, body, rule, EXECUTOR, country.devices[DARIO], now)
        asked = browser.post("commands", {"proposal": proposal.to_object()})
        assert asked.status_code == 403
        genuine = propose(kind, body, rule, EXECUTOR, country.devices[ANNA], now)
        made = country.signed_in(ANNA).post("commands", {"proposal": genuine.to_object()})
        given = approve(genuine, country.devices[DARIO], now).to_object()
        path = f"commands/{made.json()['id']}/answers"
        assert browser.post(path, {"answer": given}).status_code == 403
    for method, path, body in (
        ("POST", "me/passkeys/options", {}),
        ("POST", "me/devices", {"device": "phone"}),
        ("POST", f"requests/{country.waiting('ship/fasan')}/approve", {}),
    ):
        assert browser.ask(method, path, body).status_code == 403
    assert browser.delete(f"people/{GINA}").status_code == 403
    country.calendar.now += 3600
    assert browser.get("me/sessions").status_code == 401


def test_an_emergency_code_is_for_officers_who_are_there(country: State) -> None:
    code = emergency_code()
    country.store.act_blocking(lambda transaction: keep_codes(transaction, [code.digest]))
    for person in (GINA, "fabio.viola", "nobody.here"):
        body = {"person": person, "code": code.typable(), "reason": "x"}
        assert country.browser(address=f"192.0.2.{len(person)}").post(
            "break-glass", body
        ).status_code in {401, 429}
    assert country.rows(schema.session) == [] or all(
        not row["break_glass"] for row in country.rows(schema.session)
    )


def test_a_role_that_was_taken_away_is_gone_from_open_sessions(country: State) -> None:
    anna = country.signed_in(ANNA)
    assert anna.get("requests").status_code == 200
    people = {name: each for name, each in POLICY.people.items() if name != ANNA}
    country.set_policy(people=people)
    assert roles(anna) == ["member"]
    assert anna.get("requests").status_code == 403
    body = {"holder": f"person/{BRUNO}", "reason": "keyCompromise"}
    assert anna.post("certificates/revoke", body).status_code == 403
