"""The policies as they are told, the ceremony's and what came after, over either database."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from authority.officers import ANNA, BRUNO, CARLA, MARIO, State, first_policy
from baluardo.authority.acts.policy import (
    found_policy,
    newest_policy,
    policy_in_force,
    refresh_policy,
    set_policy,
)
from baluardo.authority.store import schema
from baluardo.errors import StoreError
from baluardo.protocol.dangerous import PolicyChange
from baluardo.protocol.policy import Policy
from baluardo.trust.commands.bundle import CommandBundle

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
    authority, followed = state.authority, []
    authority.on_policy.append(lambda: followed.append(authority.policy.number))
    held = authority.policy
    elsewhere = replace(held, number=2, people={**held.people, MARIO: held.people[ANNA]})
    authority.store.act_blocking(lambda t: set_policy(t, elsewhere, None))
    assert authority.policy is held
    in_force = authority.store.read_blocking(lambda c: policy_in_force(c, authority))
    assert in_force == elsewhere
    asyncio.run(refresh_policy(authority))
    asyncio.run(refresh_policy(authority))
    assert authority.policy == elsewhere
    assert followed == [2]


def test_a_state_without_a_policy_says_so(country: State) -> None:
    store = country.authority.store
    store.act_blocking(lambda t: t.connection.execute(schema.policy.delete()).close())
    with pytest.raises(StoreError, match="no policy yet"):
        store.read_blocking(newest_policy)
    assert country.ask(ANNA, "GET", "/policy").status_code == 503
