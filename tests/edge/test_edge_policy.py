"""Policies at an edge: followed when two persons have decided, refused otherwise, whoever sends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from baluardo.edge.policy import HeldPolicy, follow
from baluardo.errors import BaluardoError, CommandError, InvalidInputError, SignatureError
from baluardo.protocol.messages import PolicyUpdate
from baluardo.protocol.policy import Policy
from baluardo.protocol.policy_statement import state_policy
from baluardo.trust.commands.bundle import CommandBundle
from edge.country import ANNA, BRUNO, Country, altered, first_policy, until

FIRST = first_policy()
SECOND = replace(FIRST, number=2, visibility={"duty": frozenset()})
EVIL = replace(FIRST, number=2, people={**FIRST.people, "eve": FIRST.people[ANNA]})


def test_a_policy_of_two_persons_is_followed_and_one_of_one_person_is_not(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            await country.officers(authority)
            place = await country.enrolled(authority, tmp_path, "office/rome")
            async with country.running(place) as (rome,):
                await until(lambda: rome.link.connected and rome.state.policy_number == 1)
                bundle = country.command(SECOND, FIRST, [BRUNO])
                await country.set_policy(authority, SECOND, bundle)
                await until(lambda: rome.state.policy_number == 2)
                alone = replace(
                    SECOND, number=3, people={**SECOND.people, "eve": FIRST.people[ANNA]}
                )
                await country.set_policy(authority, alone, country.command(alone, SECOND, []))
                await country.revoke(authority, "office/rome")  # comes after the policy
                await until(lambda: "revoked" in rome.link.problem)
                assert rome.state.policy_number == 2
        state = country.open_edge(place)
        assert state.policy is not None
        assert state.policy.policy == SECOND
        state.close()

    asyncio.run(scenario())


def test_an_edge_that_was_away_follows_each_policy_after_the_one_it_holds(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            await country.officers(authority)
            place = await country.enrolled(authority, tmp_path, "office/rome")
            async with country.running(place) as (rome,):
                await until(lambda: rome.state.policy_number == 1)
            before = FIRST
            for number in (2, 3, 4):
                policy = replace(SECOND, number=number)
                bundle = country.command(policy, before, [BRUNO])
                await country.set_policy(authority, policy, bundle)
                before = policy
                country.calendar.now += 60.0
            await country.revoke(authority, f"person/{ANNA}/laptop")  # later than what she signed
            async with country.running(place) as (rome,):
                await until(lambda: rome.state.policy_number == 4)
                await until(lambda: rome.link.connected)

    asyncio.run(scenario())


Alteration = Callable[[Country, PolicyUpdate], PolicyUpdate]


def bundled(change: Callable[[CommandBundle], CommandBundle]) -> Alteration:
    def alter(_country: Country, update: PolicyUpdate) -> PolicyUpdate:
        bundle = change(CommandBundle.of_json(update.bundle or b""))
        return replace(update, bundle=bundle.to_json())

    return alter


ALTERATIONS: dict[str, tuple[Alteration, type[BaluardoError], str]] = {
    "nobody approved": (
        bundled(lambda bundle: CommandBundle(bundle.proposal, ())),
        CommandError,
        "0 of the 1 approvals",
    ),
    "forged approval": (
        bundled(lambda bundle: CommandBundle(bundle.proposal, (altered(bundle.approvals[0]),))),
        SignatureError,
        "has not signed this",
    ),
    "forged proposal": (
        bundled(lambda bundle: CommandBundle(altered(bundle.proposal), bundle.approvals)),
        SignatureError,
        "has not signed this",
    ),
    "another policy": (
        lambda _country, update: replace(update, policy=EVIL.to_octets()),
        CommandError,
        "not the one that its command sets",
    ),
    "approved by a member": (
        lambda country, update: replace(
            update, bundle=country.command(SECOND, FIRST, ["mario"]).to_json()
        ),
        CommandError,
        "may not approve",
    ),
    "no command": (
        lambda country, update: replace(
            update,
            bundle=None,
            statement=state_policy(SECOND, update.executed_at, country.devices["authority"]),
        ),
        CommandError,
        "without the command",
    ),
    "still to come": (
        lambda _country, update: replace(update, executed_at=update.executed_at + 3600.0),
        CommandError,
        "still to come",
    ),
    "before the one before": (
        lambda _country, update: replace(update, executed_at=update.executed_at - 86_400.0),
        CommandError,
        "before the one it replaces",
    ),
    "skips one": (
        lambda country, update: replace(
            update,
            policy=replace(SECOND, number=3).to_octets(),
            bundle=country.command(replace(SECOND, number=3), FIRST, [BRUNO]).to_json(),
        ),
        InvalidInputError,
        "2 comes next",
    ),
}


@pytest.mark.parametrize("name", ALTERATIONS)
def test_a_policy_that_is_not_rightful_changes_nothing(name: str, country: Country) -> None:
    alter, error, words = ALTERATIONS[name]

    async def scenario() -> None:
        async with country.authority() as authority:
            await country.officers(authority)
            await country.person(authority, "mario")
            country.devices["authority"] = authority.credential
            verifier, now = authority.store.issuing.verifier(), country.calendar.now
            held = HeldPolicy(FIRST, now - 60.0)
            bundle = country.command(SECOND, FIRST, [BRUNO])
            honest = PolicyUpdate(SECOND.to_octets(), bundle.to_json(), None, now)
            hostile = alter(country, honest)
            with pytest.raises(error, match=words):
                follow(held, [hostile], verifier, authority.identity, now)
            followed = follow(held, [honest], verifier, authority.identity, now)
            assert followed == HeldPolicy(SECOND, now)
            assert follow(followed, [honest], verifier, authority.identity, now) is followed

    asyncio.run(scenario())


def test_the_first_policy_is_taken_on_an_authoritys_word_alone(country: Country) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            mario = await country.person(authority, "mario")
            verifier, now = authority.store.issuing.verifier(), country.calendar.now

            def first(policy: Policy, update: PolicyUpdate) -> None:
                update = replace(update, policy=policy.to_octets())
                taken = follow(None, [update], verifier, authority.identity, now)
                assert taken == HeldPolicy(FIRST, now)

            statement = state_policy(FIRST, now, authority.credential)
            honest = PolicyUpdate(FIRST.to_octets(), None, statement, now)
            first(FIRST, honest)
            with pytest.raises(SignatureError):
                first(EVIL, honest)
            with pytest.raises(SignatureError):
                first(FIRST, replace(honest, statement=altered(statement)))
            with pytest.raises(BaluardoError):
                first(FIRST, replace(honest, statement=state_policy(FIRST, now, mario)))
            with pytest.raises(CommandError, match="does not state"):
                first(FIRST, replace(honest, statement=None, bundle=b"{}"))

    asyncio.run(scenario())
