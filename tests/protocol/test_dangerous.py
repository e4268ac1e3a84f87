"""Commands for two persons: their rules under a policy, their bodies, and a real one authorised."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protocol_material import COMMUNITY, NAMES, OFFICERS, POLICIES, italy

from baluardo.errors import CommandError, InvalidInputError
from baluardo.protocol.dangerous import (
    EXECUTOR,
    MOST_HOLDERS,
    Body,
    Dangerous,
    IssuerAdoption,
    MassRevocation,
    PolicyChange,
    Recovery,
    read_body,
    rule_for,
)
from baluardo.protocol.policy import Policy
from baluardo.trust.certificates.revocation_list import Reason
from baluardo.trust.commands.approval import approve
from baluardo.trust.commands.authorisation import authorise
from baluardo.trust.commands.proposal import propose
from baluardo.trust.commands.spent import SpentCommands
from baluardo.trust.identity import DAY
from baluardo.trust.strict_json import parse_json, write_json
from trust.community import NOW

FIRST = Policy.first(COMMUNITY, OFFICERS)
REASONS = st.sampled_from([Reason.KEY_COMPROMISE, Reason.CESSATION, Reason.UNSPECIFIED])
HOLDERS = st.sets(NAMES, min_size=2, max_size=5).map(
    lambda names: tuple(sorted(f"ship/{name}" for name in names))
)
BODIES = st.one_of(
    st.tuples(st.just("policy.set"), POLICIES.map(PolicyChange)),
    st.tuples(st.just("certificates.revoke"), st.builds(MassRevocation, HOLDERS, REASONS)),
    st.tuples(st.just("passkey.recover"), NAMES.map(Recovery)),
    st.tuples(st.just("issuer.adopt"), NAMES.map(IssuerAdoption)),
)


@given(BODIES)
def test_bodies_round_trip_through_json(command: tuple[str, Body]) -> None:
    kind, body = command
    read = parse_json(write_json(body.to_body()), 1 << 20, "The body")
    assert isinstance(read, dict)
    assert read_body(kind, read) == body
    with pytest.raises(InvalidInputError):
        read_body(kind, {**read, "more": 1})
    with pytest.raises(InvalidInputError):
        read_body(kind, {})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from(["policy", "holders", "reason", "person", "name", "x"])


@given(st.sampled_from(Dangerous), st.dictionaries(FIELDS, VALUES, max_size=3))
def test_bodies_of_strangers(kind: Dangerous, body: dict[str, object]) -> None:
    try:
        read_body(kind, body)
    except InvalidInputError as refusal:
        assert str(refusal).isprintable()


@pytest.mark.parametrize("holders", [
    (), ("ship",), ("ship/b", "ship/a"), ("ship/a", "ship/a"), ("ship/a", "tank/b"),
    ("person/a/phone", "ship/b"), ("ship/", "ship/a"),
    tuple(sorted(f"ship/s{n}" for n in range(MOST_HOLDERS + 1))),
])  # fmt: skip
def test_no_mass_revocation(holders: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInputError):
        MassRevocation(holders, Reason.KEY_COMPROMISE)


def test_a_suspension_is_no_revocation() -> None:
    with pytest.raises(InvalidInputError, match="for ever"):
        MassRevocation(("person/a", "ship/b"), Reason.HOLD)


def test_rules_under_a_policy() -> None:
    lives = {kind.value: rule_for(kind, FIRST).life / DAY for kind in Dangerous}
    assert lives == {
        "policy.set": 7, "certificates.revoke": 1, "passkey.recover": 1, "issuer.adopt": 7,
        "warning.release": 1 / 48, "warning.preauthorise": 1,
    }  # fmt: skip
    stricter = Policy(
        2, COMMUNITY, FIRST.people, FIRST.approval, approvers={"certificates.revoke": 3}
    )
    assert rule_for("certificates.revoke", stricter).threshold == 3
    assert rule_for("issuer.adopt", stricter).threshold == 1
    with pytest.raises(InvalidInputError, match="no command for two persons"):
        rule_for("warning.shout", FIRST)


def test_two_persons_change_the_policy_and_one_cannot(tmp_path: Path) -> None:
    anna, bruno = (italy().credential(f"person/{name}/laptop") for name in OFFICERS)
    body = PolicyChange(Policy(2, COMMUNITY, FIRST.people, FIRST.approval)).to_body()
    rule = rule_for("policy.set", FIRST)
    proposal = propose("policy.set", body, rule, EXECUTOR, anna, NOW)
    executor, verifier = italy().identity("authority/roma"), italy().verifier()
    common = (rule, FIRST.roles_of, verifier, NOW, executor)
    with closing(SpentCommands.create(tmp_path / "spent")) as spent:
        with pytest.raises(CommandError, match="0 of the 1 approvals"):
            authorise(proposal, [], *common, spent)
        stranger = approve(proposal, italy().credential("person/carla.neri/phone"), NOW)
        with pytest.raises(CommandError, match="may not approve"):
            authorise(proposal, [stranger], *common, spent)
        command = authorise(proposal, [approve(proposal, bruno, NOW)], *common, spent)
    change = read_body(command.proposal.kind, command.proposal.body)
    assert isinstance(change, PolicyChange)
    FIRST.check_successor(change.policy)
