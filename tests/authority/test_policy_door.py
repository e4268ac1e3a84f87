"""The policies as they are told, the ceremony's and what came after, over either database."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from authority.officers import ANNA, BRUNO, CARLA, MARIO, OTTO, State, first_policy
from baluardo.authority.acts.break_glass import break_glass, keep_codes
from baluardo.authority.acts.invitations import invite, withdraw
from baluardo.authority.acts.policy import (
    found_policy,
    newest_policy,
    policy_in_force,
    refresh_policy,
    set_policy,
)
from baluardo.authority.acts.profile import Profile
from baluardo.authority.acts.sessions import Browser, find_session, open_session
from baluardo.authority.events.event import EventKind
from baluardo.authority.store import schema
from baluardo.errors import RoleError, SignInError, StoreError
from baluardo.protocol.dangerous import PolicyChange
from baluardo.protocol.policy import Policy
from baluardo.protocol.roles import Role
from baluardo.trust.commands.bundle import CommandBundle
from baluardo.trust.identity import Identity
from baluardo.trust.one_time import emergency_code

pytest_plugins = ["authority.officers_fixtures"]


def set_by_two(state: State, proposer: str, approver: str) -> Policy:
    """Let two persons set the next policy, which changes nothing but its number."""
    held = state.authority.policy
    wanted = replace(held, number=held.number + 1)
    proposal = state.proposal(proposer, "policy.set", PolicyChange(wanted).to_body())
    asked = {"proposal": proposal.to_object()}
    command = state.ask(proposer, "POST", "/commands", asked).json()["id"]
    given = {"answer": state.answer(approver, proposal).to_object()}
    answer = state.ask(approver, "POST", f"/commands/{command}/answers", given)
    assert answer.json()["state"] == "executed"
    return wanted


def test_the_ceremony_sets_the_first_policy_once(any_country: State) -> None:
    state = any_country
    store = state.authority.store
    told = state.ask(MARIO, "GET", "/policy").json()
    assert told["policy"] == first_policy().to_object()
    assert told["digest"] == first_policy().digest.hex()
    assert (told["number"], told["proposer"], told["approvers"]) == (1, "", [])
    again = replace(first_policy(), people={})
    assert store.act_blocking(lambda t: found_policy(t, again)) is False
    assert state.ask(MARIO, "GET", "/policy").json() == told
    assert state.kinds().count("policy.set") == 1


def test_every_policy_is_told_with_the_hands_it_came_by(any_country: State) -> None:
    state = any_country
    second = set_by_two(state, ANNA, BRUNO)
    third = set_by_two(state, CARLA, ANNA)
    summaries = state.ask(MARIO, "GET", "/policies").json()
    assert [(each["number"], each["proposer"], each["approvers"]) for each in summaries] == [
        (3, f"person/{CARLA}/laptop", [ANNA]),
        (2, f"person/{ANNA}/laptop", [BRUNO]),
        (1, "", []),
    ]
    assert state.ask(MARIO, "GET", "/policy").json()["policy"] == third.to_object()
    told = state.ask(MARIO, "GET", "/policies/2").json()
    assert told["policy"] == second.to_object()
    assert told["executed_at"] == state.calendar.now
    assert state.ask(MARIO, "GET", "/policies/4").status_code == 404
    for number in ("0", "-1", "x", str(2**40)):
        assert state.ask(MARIO, "GET", f"/policies/{number}").status_code == 422
    for path in ("/policy", "/policies", "/policies/1"):
        assert state.ask(None, "GET", path).status_code == 401


def test_the_command_that_set_a_policy_is_kept_whole(country: State) -> None:
    state = country
    set_by_two(state, ANNA, BRUNO)
    stored = state.authority.store.read_blocking(newest_policy)
    assert stored.bundle is not None
    bundle = CommandBundle.of_json(stored.bundle)
    assert bundle.proposal.signatures[0].chain.leaf.identity == state.device(ANNA).identity
    assert [each.signatures[0].chain.leaf.identity for each in bundle.approvals] == [
        state.device(BRUNO).identity
    ]


def test_a_policy_set_elsewhere_counts_at_once_and_is_taken_over(country: State) -> None:
    state = country
    authority = state.authority
    held = authority.policy
    elsewhere = replace(held, number=2, people={**held.people, MARIO: held.people[ANNA]})
    authority.store.act_blocking(lambda t: set_policy(t, elsewhere, None))
    assert authority.policy == elsewhere  # before anybody was answered
    authority.policy = held  # as if this process had not heard of it yet
    in_force = authority.store.read_blocking(lambda c: policy_in_force(c, authority))
    assert in_force == elsewhere
    asyncio.run(refresh_policy(authority))
    assert authority.policy == elsewhere


def test_a_policy_counts_though_the_disk_refuses_the_log(country: State) -> None:
    """It is committed, so whoever has lost a role has lost it, and everybody is told in the end."""
    state, authority = country, country.authority
    held, heard = authority.policy, list[EventKind]()
    people = {name: grant for name, grant in held.people.items() if name != OTTO}
    obstacle = authority.layout.public.log / "checkpoint.new"
    obstacle.mkdir()

    async def scenario() -> None:
        authority.bus.subscribe(lambda event: heard.append(event.kind))
        async with authority.bus.running():
            with pytest.raises(StoreError, match="could not be acknowledged"):
                await authority.store.act(
                    lambda t: set_policy(t, replace(held, number=2, people=people), None)
                )
            assert authority.policy.number == 2
            await asyncio.sleep(0)
            assert heard == []  # nothing is told that no log has
            obstacle.rmdir()
            await authority.store.act(lambda _transaction: None)
            await asyncio.sleep(0)

    assert state.ask(OTTO, "GET", "/sites").status_code == 200
    asyncio.run(scenario())
    assert set(heard) == {EventKind.LOG, EventKind.POLICY}
    assert state.ask(OTTO, "GET", "/sites").status_code == 403


def test_a_policy_is_followed_at_the_next_commit_if_it_could_not_be_at_once(
    country: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, held = country.authority.store, country.authority.policy
    read = store.read_blocking

    def unreachable(_do: object) -> None:
        raise StoreError("The database cannot be reached.")

    monkeypatch.setattr(store, "read_blocking", unreachable)
    store.act_blocking(lambda t: set_policy(t, replace(held, number=2), None))
    assert country.authority.policy.number == 1
    monkeypatch.setattr(store, "read_blocking", read)
    store.act_blocking(lambda _transaction: None)
    assert country.authority.policy.number == 2


def test_the_roles_that_count_are_those_of_the_transaction(country: State) -> None:
    """Whoever has come with a role, or asks a process that has not heard, has what the database
    says.
    """
    authority, otto = country.authority, country.principal(OTTO)
    act, held = authority.store.act_blocking, authority.policy
    ship = Identity.of_path(authority.community, "ship/bergamini")
    profile, code = Profile("Bergamini"), emergency_code()
    made = act(lambda t: invite(t, authority, country.principal(ANNA), ship, profile))
    act(lambda t: keep_codes(t, [code.digest]))
    people = {name: grant for name, grant in held.people.items() if name != OTTO}
    act(lambda t: set_policy(t, replace(held, number=2, people=people), None))
    authority.policy = held  # as if this process had not heard of it yet
    with pytest.raises(RoleError):
        act(lambda t: invite(t, authority, otto, replace(ship, name="fasan"), profile))
    with pytest.raises(RoleError):
        act(lambda t: withdraw(t, authority, otto, made.id))
    browser = Browser("host", "agent")
    opened = act(lambda t: open_session(t, authority, OTTO, browser, how="passkey"))
    assert opened.principal.roles == {Role.MEMBER}
    found = authority.store.read_blocking(
        lambda c: find_session(c, authority, opened.token.digest, "host", country.calendar.now)
    )
    assert found is not None
    assert found.principal.roles == {Role.MEMBER}
    with pytest.raises(SignInError, match="for an officer"):
        act(lambda t: break_glass(t, authority, OTTO, code.digest, "why", browser))


def test_a_state_without_a_policy_says_so(country: State) -> None:
    store = country.authority.store
    store.act_blocking(lambda t: t.connection.execute(schema.policy.delete()).close())
    with pytest.raises(StoreError, match="no policy yet"):
        store.read_blocking(newest_policy)
    assert country.ask(ANNA, "GET", "/policy").status_code == 503
