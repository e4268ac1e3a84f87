"""Who sees which platform: policy, decided by the authority, for real sessions and real answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authority.officers import ALDO, FLORA, OTTO, first_policy
from authority.officers import State as Officers
from authority.state import STATIC, Browser, Founded, State
from baluardo.authority.doors.fleet import fleet_sight
from baluardo.authority.service import AuthorityService
from baluardo.console.app import create_console
from baluardo.console.fleet import fleet_part
from baluardo.console.paths import paths_part
from baluardo.console.sky import sky_part
from baluardo.protocol.grant import Grant
from baluardo.protocol.policy import PLATFORM, PLATFORMS, Policy
from baluardo.protocol.roles import Role
from baluardo.scenario.nation import default_path, load
from baluardo.terms import Precedence
from baluardo.twin.catalogues import Loaded
from baluardo.twin.live import LiveSky
from baluardo.twin.sky.shells import default_catalogue

pytest_plugins = ["authority.officers_fixtures"]

ANNA, BRUNO = "anna.rossi", "bruno.conti"
NAMES = ("authority.baluardo.localhost", "bergamini.baluardo.localhost", "127.0.0.1")
ALL = ["frigate", "helicopter", "patrol-aircraft", "drone"]
FEW = default_catalogue().select(np.arange(7_500) % 100 == 0)

roles = st.frozensets(st.sampled_from(list(Role)))


@pytest.fixture(scope="module")
def at_rest(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    return Founded.found(tmp_path_factory.mktemp("sight") / "founded", None)


@pytest.fixture
def state(at_rest: Founded, tmp_path: Path) -> Iterator[State]:
    """Return a state whose console shows the fleet."""
    with at_rest.copied(tmp_path / "state") as state:
        nation, live = load(default_path()), LiveSky(Loaded(FEW))
        sight = fleet_sight(state.authority)
        parts = (
            sky_part(live, nation, sight),
            paths_part(live, nation, None, None, sight),
            fleet_part(live, nation, None, sight),
            AuthorityService(state.authority, STATIC).part(),
        )
        state.app = create_console(parts, NAMES, STATIC)
        yield state


def seen(browser: Browser) -> list[str]:
    answer = browser.get("/api/fleet")
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["platforms"]]


def grant(*held: Role) -> Grant:
    return Grant(frozenset(held), Precedence.ROUTINE)


def test_without_a_word_in_the_policy_the_fleets_officers_see_it(state: State) -> None:
    browser = state.signed_in(ANNA)
    state.set_policy(people={ANNA: grant(Role.FLEET_OFFICER)})
    assert seen(browser) == ALL
    state.set_policy(people={ANNA: grant(Role.CIVIL_PROTECTION_OFFICER)})
    assert seen(browser) == []
    assert seen(state.browser()) == []


def test_the_policy_in_force_counts_at_the_next_question(state: State) -> None:
    browser = state.signed_in(ANNA)
    people = {ANNA: grant(Role.OPERATOR)}
    hidden = {f"{PLATFORM}drone": frozenset({Role.FLEET_OFFICER})}
    state.set_policy(people=people, visibility=hidden)
    assert seen(browser) == ALL[:3]
    assert browser.get("/api/fleet/drone/plan").status_code == 404
    hidden[PLATFORMS] = frozenset({Role.AUDITOR})
    state.set_policy(people=people, visibility=hidden)
    assert seen(browser) == []
    state.set_policy(people={ANNA: grant(Role.AUDITOR, Role.FLEET_OFFICER)}, visibility=hidden)
    assert seen(browser) == ALL
    assert browser.post("sign-out").status_code == 200
    assert seen(browser) == []


def test_who_is_not_signed_in_sees_nothing_whatever_cookie_comes(state: State) -> None:
    state.set_policy(visibility={PLATFORMS: frozenset({Role.MEMBER})})
    assert seen(state.signed_in(BRUNO)) == ALL
    for token in ("", "A" * 43, "x"):
        answer = state.browser().get("/api/fleet", cookie=f"__Host-baluardo={token}")
        assert answer.json()["platforms"] == []


def test_a_ship_that_is_hidden_is_nowhere_on_the_globe(state: State) -> None:
    browser = state.signed_in(ANNA)
    for visibility, there in (
        ({f"{PLATFORM}frigate": frozenset({Role.FLEET_OFFICER})}, False),
        ({f"{PLATFORM}frigate": frozenset({Role.OPERATOR})}, True),
    ):
        state.set_policy(people={ANNA: grant(Role.OPERATOR)}, visibility=visibility)
        for path in ("/api/sky/sites", "/api/sky", "/api/paths/sites"):
            answer = browser.get(path)
            assert answer.status_code == 200
            sites = answer.json() if path == "/api/sky/sites" else answer.json()["sites"]
            names = {each.get("id") or each["site"] for each in sites}
            assert ("frigate" in names) is there, path
            assert "rome" in names
        for path in ("/api/sky/sites/frigate", "/api/paths/sites/frigate"):
            assert (browser.get(path).status_code != 404) is there, path
        assert browser.get("/api/sky/sites/rome").status_code == 200
        if not there:
            hidden, absent = browser.get("/api/sky/sites/frigate"), browser.get("/api/sky/sites/x")
            assert hidden.json() == absent.json()


def test_a_ship_that_the_policy_hides_is_no_site_that_others_see(country: Officers) -> None:
    state = country
    for path in ("ship/bergamini", "ship/carabiniere", "office/roma"):
        state.enrol(path)
    visibility = {f"{PLATFORM}bergamini": frozenset({Role.FLEET_OFFICER})}
    state.authority.policy = replace(state.authority.policy, visibility=visibility)

    def sites(who: str) -> list[str]:
        return [each["identity"] for each in state.ask(who, "GET", "/sites").json()]

    assert sites(FLORA) == ["ship/bergamini", "ship/carabiniere"]
    assert sites(OTTO) == sites(ALDO) == ["office/roma", "ship/carabiniere"]


@given(
    named=st.dictionaries(
        st.sampled_from([PLATFORMS, f"{PLATFORM}frigate", f"{PLATFORM}drone", "satellite"]), roles
    ),
    held=roles,
)
def test_no_role_beyond_those_named_sees_a_platform(
    named: dict[str, frozenset[Role]], held: frozenset[Role]
) -> None:
    policy = first_policy(visibility=named)
    # The written form says the same: edges and browsers read it.
    policy = Policy.of_octets(policy.to_octets())
    rule = named.get(f"{PLATFORM}frigate") or named.get(PLATFORMS)
    if rule:
        assert policy.may_see_platform("frigate", held) == bool(rule & held)
    else:
        officers = {Role.OPERATOR, Role.SECURITY_OFFICER, Role.FLEET_OFFICER, Role.AUDITOR}
        assert policy.may_see_platform("frigate", held) == bool(officers & held)
    assert not policy.may_see_platform("frigate", frozenset())
