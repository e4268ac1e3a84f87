"""What takes two persons is done once, by two persons, under the policy of the moment."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authority.officers import (
    ALDO,
    ANNA,
    BRUNO,
    CARLA,
    MARIO,
    OTTO,
    State,
    Template,
    first_policy,
    opened,
)
from baluardo.authority.acts import commands
from baluardo.authority.store import schema
from baluardo.protocol.dangerous import MassRevocation, PolicyChange, Recovery, rule_for
from baluardo.protocol.grant import Grant
from baluardo.protocol.invitation import Invitation
from baluardo.protocol.policy import Policy
from baluardo.protocol.roles import Role
from baluardo.trust.certificates.revocation_list import Reason
from baluardo.trust.commands.approval import APPROVAL_TYPE, Approval, Decision
from baluardo.trust.commands.proposal import proposal_digest
from baluardo.trust.custody.shares import reconstruct_root
from baluardo.trust.envelope import Envelope, EnvelopeSignature, sign
from baluardo.trust.identity import DAY
from baluardo.trust.issuing.ceremony import create_issuer
from postgres import PostgresServer
from trust.community import make_community
from trust.fleet import ACCESS, COMMUNITY

pytest_plugins = ["authority.officers_fixtures"]

SET, REVOKE, RECOVER, ADOPT = (
    "policy.set",
    "certificates.revoke",
    "passkey.recover",
    "issuer.adopt",
)


PAUSE = 4.0
"""Seconds between two changes of one person, who is rationed."""


def successor(policy: Policy, **people: Grant | None) -> dict[str, object]:
    """Return the body that proposes the next policy, with these people changed."""
    changed = {**policy.people, **{name.replace("_", "."): each for name, each in people.items()}}
    kept = {name: each for name, each in changed.items() if each is not None}
    return PolicyChange(replace(policy, number=policy.number + 1, people=kept)).to_body()


def put(state: State, name: str, proposal: Envelope) -> Any:
    """Propose, and return the answer."""
    return state.ask(name, "POST", "/commands", {"proposal": proposal.to_object()})


def proposed(state: State, name: str, kind: str, body: dict[str, object]) -> tuple[str, Envelope]:
    """Propose what must be taken, and return its id."""
    proposal = state.proposal(name, kind, body)
    answer = put(state, name, proposal)
    assert answer.status_code == 200, answer.text
    return answer.json()["id"], proposal


def give(state: State, name: str, command: str, answer: Envelope) -> Any:
    """Hand in an answer."""
    return state.ask(name, "POST", f"/commands/{command}/answers", {"answer": answer.to_object()})


def approved(state: State, name: str, command: str, proposal: Envelope) -> dict[str, Any]:
    """Approve what must be taken, and return the command as it then stands."""
    answer = give(state, name, command, state.answer(name, proposal))
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def refusal(answer: Any, status: int, part: str) -> None:
    """Check that a door refused, with these words in its sentence."""
    assert answer.status_code == status, answer.text
    assert part in answer.json()["detail"]


def ships(state: State, count: int) -> list[str]:
    paths = sorted(f"ship/nave-{number}" for number in range(count))
    for path in paths:
        state.enrol(path)
    return paths


def test_a_policy_is_set_by_two_and_every_step_is_in_the_log(any_country: State) -> None:
    state = any_country
    operator = Grant(frozenset({Role.OPERATOR}))
    body = successor(state.authority.policy, mario_riva=operator)
    command, proposal = proposed(state, ANNA, SET, body)
    waiting = state.ask(BRUNO, "GET", f"/commands/{command}").json()
    assert (waiting["state"], waiting["needed"], waiting["may_answer"]) == ("waiting", 1, True)
    assert waiting["proposer"] == f"person/{ANNA}/laptop"
    assert waiting["body"] == body
    assert Envelope.of_object(waiting["proposal"]) == proposal
    assert state.ask(ANNA, "GET", f"/commands/{command}").json()["may_answer"] is False
    assert state.ask(ALDO, "GET", f"/commands/{command}").json()["may_answer"] is False
    told = approved(state, BRUNO, command, proposal)
    assert (told["state"], told["outcome"]) == ("executed", "Policy 2 is in force.")
    assert [each["approver"] for each in told["answers"]] == [BRUNO]
    assert told["invitation"] is None
    assert state.authority.policy.number == 2
    assert state.authority.policy.grant_of(MARIO).roles == {Role.OPERATOR, Role.MEMBER}
    assert state.kinds()[-4:] == [
        "command.proposed",
        "command.answered",
        "policy.set",
        "command.executed",
    ]


def test_a_forged_answer_changes_nothing(country: State) -> None:
    state = country
    command, proposal = proposed(state, ANNA, SET, successor(state.authority.policy))
    genuine = state.answer(BRUNO, proposal)
    stranger = make_community(now=state.calendar.now, name=COMMUNITY)
    other_root = state.answer(
        BRUNO, proposal, credential=stranger.credential(f"person/{BRUNO}/laptop")
    )
    abroad = make_community(now=state.calendar.now, name="francia.example")
    signature = genuine.signatures[0]
    bruno = state.device(BRUNO)
    stated = Approval(
        proposal_digest(proposal), bruno.identity, Decision.APPROVE, state.calendar.now
    )
    foreign = replace(stated, approver=abroad.credential(f"person/{BRUNO}/laptop").identity)
    forged = {
        "another key": replace(
            genuine, signatures=(replace(signature, signature=bytes(len(signature.signature))),)
        ),
        "another root": other_root,
        "another community": sign(
            foreign.to_payload(), APPROVAL_TYPE, abroad.credential(f"person/{BRUNO}/laptop")
        ),
        "an altered body": replace(
            genuine, payload=genuine.payload.replace(b'approve"', b'refuse"')
        ),
        "somebody else's name": sign(stated.to_payload(), APPROVAL_TYPE, state.device(CARLA)),
        "a chain of somebody else": replace(
            genuine,
            signatures=(EnvelopeSignature(state.device(CARLA).chain, signature.signature, ""),),
        ),
    }
    for what, envelope in forged.items():
        answer = give(state, BRUNO, command, envelope)
        assert answer.status_code == 403, (what, answer.text)
    assert state.ask(ANNA, "GET", f"/commands/{command}").json()["answers"] == []
    assert approved(state, BRUNO, command, proposal)["state"] == "executed"


def test_an_answer_to_another_proposal_is_not_taken_for_this_one(country: State) -> None:
    state = country
    first, one = proposed(state, ANNA, RECOVER, Recovery(MARIO).to_body())
    second, other = proposed(state, ANNA, RECOVER, Recovery(ALDO).to_body())
    replayed = state.answer(BRUNO, one)
    refusal(give(state, BRUNO, second, replayed), 403, "another proposal")
    assert give(state, BRUNO, first, replayed).json()["state"] == "executed"
    refusal(give(state, BRUNO, first, replayed), 409, "no more answers")
    refusal(give(state, CARLA, first, state.answer(CARLA, one)), 409, "executed")
    assert approved(state, BRUNO, second, other)["state"] == "executed"


def test_a_replayed_proposal_is_refused_and_signed_anew_it_is_not_done_again(
    country: State,
) -> None:
    state = country
    command, proposal = proposed(state, ANNA, RECOVER, Recovery(MARIO).to_body())
    refusal(put(state, ANNA, proposal), 409, "already")
    again = sign(proposal.payload, proposal.payload_type, state.device(ANNA))
    twin = put(state, ANNA, again)
    assert twin.status_code == 200
    assert twin.json()["id"] != command
    assert approved(state, BRUNO, command, proposal)["state"] == "executed"
    told = approved(state, BRUNO, twin.json()["id"], again)
    assert told["state"] == "refused"
    assert "carried out before" in told["outcome"]
    assert told["invitation"] is None
    assert len(state.kinds()) - 1 == max(
        place for place, kind in enumerate(state.kinds()) if kind == "command.refused"
    )


def test_two_devices_of_one_person_are_one_person(country: State) -> None:
    state = country
    needy = replace(first_policy(), approvers={RECOVER: 2}, number=2)
    command, proposal = proposed(state, ANNA, SET, PolicyChange(needy).to_body())
    approved(state, BRUNO, command, proposal)
    command, proposal = proposed(state, ANNA, RECOVER, Recovery(MARIO).to_body())
    assert approved(state, BRUNO, command, proposal)["state"] == "waiting"
    phone = state.enrol(f"person/{BRUNO}/phone")
    twice = state.answer(BRUNO, proposal, credential=phone)
    refusal(give(state, BRUNO, command, twice), 409, "answered this command already")
    told = state.ask(BRUNO, "GET", f"/commands/{command}").json()
    assert (told["state"], told["needed"], told["may_answer"]) == ("waiting", 2, False)
    assert approved(state, CARLA, command, proposal)["state"] == "executed"


def test_nobody_approves_their_own_with_whatever_device(country: State) -> None:
    state = country
    command, proposal = proposed(state, ANNA, RECOVER, Recovery(MARIO).to_body())
    phone = state.enrol(f"person/{ANNA}/phone")
    own = Approval(proposal_digest(proposal), phone.identity, Decision.APPROVE, state.calendar.now)
    envelope = sign(own.to_payload(), APPROVAL_TYPE, phone)
    refusal(give(state, ANNA, command, envelope), 403, "cannot approve what they have proposed")
    assert state.ask(ANNA, "GET", f"/commands/{command}").json()["state"] == "waiting"


def test_who_signs_is_who_has_signed_in(country: State) -> None:
    state = country
    body = Recovery(MARIO).to_body()
    stolen = state.proposal(BRUNO, RECOVER, body)
    refusal(put(state, ANNA, stolen), 403, "sign with a device of your own")
    command, proposal = proposed(state, ANNA, RECOVER, body)
    borrowed = state.answer(BRUNO, proposal)
    refusal(give(state, CARLA, command, borrowed), 403, "sign with a device of your own")


def test_a_role_is_needed_to_propose_to_answer_and_to_read(country: State) -> None:
    state = country
    body = Recovery(MARIO).to_body()
    for name in (OTTO, ALDO, MARIO):
        refusal(put(state, name, state.proposal(name, RECOVER, body)), 403, "security-officer")
    command, proposal = proposed(state, ANNA, RECOVER, body)
    for name in (OTTO, ALDO, MARIO):
        refusal(give(state, name, command, state.answer(name, proposal)), 403, "security-officer")
    assert state.ask(ALDO, "GET", "/commands").status_code == 200
    for name in (OTTO, MARIO):
        refusal(state.ask(name, "GET", "/commands"), 403, "auditor")
        refusal(state.ask(name, "GET", f"/commands/{command}"), 403, "auditor")
    assert state.ask(None, "GET", "/commands").status_code == 401


def test_an_emergency_code_neither_proposes_nor_answers(country: State) -> None:
    state = country
    command, proposal = proposed(state, ANNA, RECOVER, Recovery(MARIO).to_body())
    broken = state.principal(BRUNO, break_glass=True)
    asked = {"proposal": state.proposal(BRUNO, RECOVER, Recovery(ALDO).to_body()).to_object()}
    refusal(state.ask(broken, "POST", "/commands", asked), 403, "emergency code")
    given_ = {"answer": state.answer(BRUNO, proposal).to_object()}
    refusal(
        state.ask(broken, "POST", f"/commands/{command}/answers", given_), 403, "emergency code"
    )
    assert state.ask(broken, "GET", f"/commands/{command}").json()["may_answer"] is False


def test_a_passkey_used_long_ago_is_asked_for_once_more(country: State) -> None:
    state = country
    stale = state.principal(ANNA, fresh_until=state.calendar.now - 1)
    asked = {"proposal": state.proposal(ANNA, RECOVER, Recovery(MARIO).to_body()).to_object()}
    refusal(state.ask(stale, "POST", "/commands", asked), 401, "once more")


@pytest.mark.parametrize("loser", [ANNA, BRUNO])
def test_a_role_taken_away_meanwhile_counts_for_nothing(country: State, loser: str) -> None:
    state = country
    needy = replace(first_policy(), approvers={RECOVER: 2}, number=2)
    command, proposal = proposed(state, ANNA, SET, PolicyChange(needy).to_body())
    approved(state, BRUNO, command, proposal)
    waiting, recovery = proposed(state, ANNA, RECOVER, Recovery(MARIO).to_body())
    assert approved(state, BRUNO, waiting, recovery)["state"] == "waiting"
    new = Grant(frozenset({Role.SECURITY_OFFICER}))
    changed = successor(state.authority.policy, **{loser.replace(".", "_"): None}, mario_riva=new)
    command, proposal = proposed(state, CARLA, SET, changed)
    other = ANNA if loser == BRUNO else BRUNO
    assert approved(state, other, command, proposal)["state"] == "executed"
    told = approved(state, CARLA, waiting, recovery)
    if loser == ANNA:  # whoever proposed may propose no more
        assert told["state"] == "refused"
        assert "may not propose" in told["outcome"]
        return
    assert told["state"] == "waiting"  # Bruno's approval no longer counts
    assert approved(state, MARIO, waiting, recovery)["state"] == "executed"


def test_a_proposer_who_was_revoked_meanwhile_commands_nothing(country: State) -> None:
    state = country
    command, proposal = proposed(state, ANNA, RECOVER, Recovery(MARIO).to_body())
    state.take_back(f"person/{ANNA}")
    told = approved(state, BRUNO, command, proposal)
    assert told["state"] == "refused"
    assert "revoked" in told["outcome"]


def test_an_approval_of_a_device_that_was_revoked_counts_no_more(country: State) -> None:
    state = country
    needy = replace(first_policy(), approvers={RECOVER: 2}, number=2)
    command, proposal = proposed(state, ANNA, SET, PolicyChange(needy).to_body())
    approved(state, BRUNO, command, proposal)
    command, proposal = proposed(state, ANNA, RECOVER, Recovery(MARIO).to_body())
    assert approved(state, BRUNO, command, proposal)["state"] == "waiting"
    state.take_back(f"person/{BRUNO}")
    assert approved(state, CARLA, command, proposal)["state"] == "waiting"


def test_what_has_expired_is_neither_answered_nor_waiting(country: State) -> None:
    state = country
    command, proposal = proposed(state, ANNA, RECOVER, Recovery(MARIO).to_body())
    late = state.answer(BRUNO, proposal)
    state.calendar.day(1)
    refusal(give(state, BRUNO, command, late), 409, "expired")
    assert state.ask(ANNA, "GET", f"/commands/{command}").json()["state"] == "expired"
    assert state.ask(ANNA, "GET", "/commands?state=waiting").json()["commands"] == []
    found = state.ask(ANNA, "GET", "/commands?state=expired").json()["commands"]
    assert [each["id"] for each in found] == [command]
    refusal(put(state, ANNA, proposal), 403, "expired")


def test_last_approvals_at_the_same_moment_execute_once(any_country: State) -> None:
    state = any_country
    command, proposal = proposed(state, ANNA, RECOVER, Recovery(MARIO).to_body())
    answers = {name: state.answer(name, proposal).to_object() for name in (BRUNO, CARLA)}

    async def both() -> list[Any]:
        path = f"/commands/{command}/answers"
        return await asyncio.gather(
            *(state.asking(name, "POST", path, {"answer": each}) for name, each in answers.items())
        )

    told = sorted(asyncio.run(both()), key=lambda each: each.status_code)
    assert [each.status_code for each in told] == [200, 409]
    assert told[0].json()["invitation"]["token"]
    assert state.kinds().count("command.executed") == 1
    assert state.kinds().count("invitation.made") == 1


def test_two_authorities_over_one_database_execute_once(
    officers_template: Template, postgres: PostgresServer, tmp_path: Path
) -> None:
    url = postgres.fresh_database()
    with (
        opened(officers_template, tmp_path / "roma", url) as roma,
        opened(officers_template, tmp_path / "milano", url) as milano,
    ):
        command, proposal = proposed(roma, ANNA, RECOVER, Recovery(MARIO).to_body())
        seen = milano.ask(BRUNO, "GET", f"/commands/{command}").json()
        assert seen["state"] == "waiting"
        bruno, carla = roma.answer(BRUNO, proposal), roma.answer(CARLA, proposal)
        with ThreadPoolExecutor(2) as threads:
            here = threads.submit(give, roma, BRUNO, command, bruno)
            there = threads.submit(give, milano, CARLA, command, carla)
            told = sorted([here.result(60).status_code, there.result(60).status_code])
        assert told == [200, 409]
        for state in (roma, milano):
            assert state.ask(ANNA, "GET", f"/commands/{command}").json()["state"] == "executed"
        first = successor(roma.authority.policy)
        command, proposal = proposed(milano, ANNA, SET, first)
        assert approved(roma, BRUNO, command, proposal)["state"] == "executed"
        again = milano.proposal(ANNA, SET, first)
        assert milano.authority.policy.number == 1  # it has not heard of the other one yet
        refusal(put(milano, ANNA, again), 400, "Policy 2 is in force")


def test_a_refusal_is_its_givers_own_until_too_few_are_left(country: State) -> None:
    state = country
    command, proposal = proposed(state, ANNA, RECOVER, Recovery(MARIO).to_body())
    no = state.answer(BRUNO, proposal, Decision.REFUSE, reason="Mario is on leave.")
    told = give(state, BRUNO, command, no).json()
    assert told["state"] == "waiting"
    assert told["answers"][0]["reason"] == "Mario is on leave."
    told = give(state, CARLA, command, state.answer(CARLA, proposal, Decision.REFUSE)).json()
    assert (told["state"], told["outcome"]) == (
        "refused",
        "Too few are left who could approve it.",
    )


def test_many_holders_are_revoked_in_one_list(any_country: State) -> None:
    state = any_country
    paths = ships(state, 12)
    holders = sorted([*paths, f"person/{MARIO}"])
    before = state.ask(ANNA, "GET", "/issuers").json()[0]["lists"]["number"]
    body = MassRevocation(tuple(holders), Reason.KEY_COMPROMISE).to_body()
    command, proposal = proposed(state, ANNA, REVOKE, body)
    told = approved(state, BRUNO, command, proposal)
    assert told["outcome"].startswith("13 certificates of 13 holders were revoked")
    lists = state.ask(ANNA, "GET", "/issuers").json()[0]["lists"]
    assert (lists["number"], lists["revoked"]) == (before + 1, 13)
    for path in holders:
        found = state.ask(ANNA, "GET", f"/certificates?holder={path}").json()["certificates"]
        assert {each["state"] for each in found} == {"revoked"}
    again, proposal = proposed(state, ANNA, REVOKE, body)
    told = approved(state, BRUNO, again, proposal)
    assert told["state"] == "refused"
    assert "None of these holders" in told["outcome"]


def test_policies_follow_their_rules_and_one_that_came_too_late_is_refused(
    country: State,
) -> None:
    state = country
    policy = state.authority.policy
    unfit = {
        "another number": replace(policy, number=3),
        "another community": replace(policy, number=2, community="francia.example"),
        "nobody left to mend it": replace(
            policy, number=2, people={ANNA: policy.people[ANNA], OTTO: policy.people[OTTO]}
        ),
    }
    for what, each in unfit.items():
        body = {"policy": each.to_object()}
        answer = put(state, ANNA, state.proposal(ANNA, SET, body))
        assert answer.status_code == 400, (what, answer.text)
    first, one = proposed(state, ANNA, SET, successor(policy, mario_riva=policy.people[OTTO]))
    second, other = proposed(state, CARLA, SET, successor(policy, otto_fabbri=None))
    assert approved(state, BRUNO, first, one)["state"] == "executed"
    told = approved(state, BRUNO, second, other)
    assert told["state"] == "refused"
    assert "Policy 2 is in force" in told["outcome"]
    assert state.authority.policy.number == 2
    assert OTTO in state.authority.policy.people


def test_a_recovery_shows_its_token_once_to_whoever_completed_it(country: State) -> None:
    state = country
    command, proposal = proposed(state, ANNA, RECOVER, Recovery(MARIO).to_body())
    told = approved(state, BRUNO, command, proposal)
    made = told["invitation"]
    invitation = Invitation.of_text(made["token"])
    assert invitation.identity.holder.endswith(f"person/{MARIO}")
    assert made["link"].endswith(made["token"])
    assert made["id"] in told["outcome"]
    assert made["token"] not in told["outcome"]
    for name in (ANNA, BRUNO):
        seen = state.ask(name, "GET", f"/commands/{command}").text
        assert made["token"] not in seen
        assert "token" not in seen
    nobody = Recovery("nessuno.mai").to_body()
    command, proposal = proposed(state, ANNA, RECOVER, nobody)
    assert approved(state, BRUNO, command, proposal)["state"] == "refused"


def test_an_issuer_is_adopted_by_two(country: State, officers_template: Template) -> None:
    state = country
    body: dict[str, object] = {"name": "issuer-2"}
    command, proposal = proposed(state, ANNA, ADOPT, body)
    assert "no issuer issuer-2" in approved(state, BRUNO, command, proposal)["outcome"]
    layout, now = state.authority.layout, state.calendar.now + DAY
    state.calendar.day(1)
    root = reconstruct_root(officers_template.pages[:2], None, layout.public.root)
    state.authority.store.act_blocking(
        lambda t: create_issuer(layout, t.journal, root, "issuer-2", ACCESS.protection, now)
    )
    command, proposal = proposed(state, ANNA, ADOPT, body)
    assert approved(state, BRUNO, command, proposal)["state"] == "executed"
    assert state.authority.store.issuing.issuer.name == "issuer-2"
    told = {each["name"]: each for each in state.ask(ANNA, "GET", "/issuers").json()}
    assert told["issuer-2"]["lists"]["number"] == 1
    command, proposal = proposed(state, ANNA, ADOPT, body)
    assert "already" in approved(state, BRUNO, command, proposal)["outcome"]


def test_an_issuer_whose_key_stays_closed_leaves_the_command_waiting(
    country: State, officers_template: Template
) -> None:
    state = country
    layout, now = state.authority.layout, state.calendar.now
    root = reconstruct_root(officers_template.pages[:2], None, layout.public.root)
    state.authority.store.act_blocking(
        lambda t: create_issuer(layout, t.journal, root, "issuer-2", ACCESS.protection, now)
    )
    sealed = layout.issuer_key("issuer-2")
    kept = sealed.read_bytes()
    sealed.write_bytes(b"{}")
    command, proposal = proposed(state, ANNA, ADOPT, {"name": "issuer-2"})
    size = state.authority.store.size
    assert give(state, BRUNO, command, state.answer(BRUNO, proposal)).status_code >= 400
    told = state.ask(ANNA, "GET", f"/commands/{command}").json()
    assert (told["state"], told["answers"]) == ("waiting", [])
    assert state.authority.store.size == size
    sealed.write_bytes(kept)
    assert approved(state, BRUNO, command, proposal)["state"] == "executed"


def test_commands_are_told_in_pages_and_nobody_floods_the_others(country: State) -> None:
    state = country
    rule = rule_for(RECOVER, state.authority.policy)
    made = []
    for _ in range(50):
        state.calendar.now += PAUSE
        proposal = state.proposal(ANNA, RECOVER, Recovery(MARIO).to_body(), rule=rule)
        made.append(put(state, ANNA, proposal).json()["id"])
    more = state.proposal(ANNA, RECOVER, Recovery(MARIO).to_body())
    refusal(put(state, ANNA, more), 409, "wait already")
    assert put(state, CARLA, state.proposal(CARLA, RECOVER, Recovery(MARIO).to_body())).is_success
    seen: list[str] = []
    after = ""
    while True:
        page = state.ask(BRUNO, "GET", f"/commands?after={after}").json()
        assert len(page["commands"]) <= 20
        seen += [each["id"] for each in page["commands"]]
        after = page["next"]
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 51
    assert set(made) <= set(seen)
    assert state.ask(BRUNO, "GET", "/commands?after=nothing").status_code == 404
    assert state.ask(BRUNO, "GET", "/commands?state=nothing").status_code == 400


def test_what_is_no_proposal_is_refused(country: State) -> None:
    state = country
    longer = replace(rule_for(RECOVER, state.authority.policy), life=2 * DAY)
    other = replace(longer, name="another", life=DAY)
    for rule in (longer, other):
        proposal = state.proposal(ANNA, RECOVER, Recovery(MARIO).to_body(), rule=rule)
        refusal(put(state, ANNA, proposal), 403, "under rule passkey.recover")
    elsewhere = state.proposal(
        ANNA, RECOVER, Recovery(MARIO).to_body(), executor=state.device(OTTO).identity
    )
    refusal(put(state, ANNA, elsewhere), 403, "another executor")
    strange = replace(rule_for(RECOVER, state.authority.policy), kinds=frozenset({"war.declare"}))
    unknown = state.proposal(ANNA, "war.declare", {}, rule=strange)
    assert put(state, ANNA, unknown).status_code == 400
    bodies: list[tuple[str, dict[str, object]]] = [
        (RECOVER, {"person": MARIO, "more": 1}),
        (RECOVER, {"person": "../etc"}),
        (REVOKE, {"holders": [], "reason": "keyCompromise"}),
        (REVOKE, {"holders": ["ship/a", "ship/b"], "reason": "certificateHold"}),
        (ADOPT, {"name": "../../keys"}),
    ]
    for kind, body in bodies:
        assert put(state, ANNA, state.proposal(ANNA, kind, body)).status_code == 400, body
    assert state.ask(ANNA, "GET", "/commands").json()["commands"] == []
    assert state.ask(ANNA, "GET", f"/commands/{'0' * 96}").status_code == 404
    assert state.ask(ANNA, "GET", f"/commands/{'0' * 97}").status_code == 422


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["payload", "payloadType", "signatures", "sig", "chain", "keyid", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=st.dictionaries(st.text(max_size=8), json_values, max_size=3) | json_values)
def test_no_value_gets_past_the_door_or_breaks_it(country: State, value: Any) -> None:
    size = country.authority.store.size
    country.calendar.now += 2 * PAUSE
    for path, field in (("/commands", "proposal"), (f"/commands/{'0' * 96}/answers", "answer")):
        answer = country.ask(ANNA, "POST", path, {field: value})
        assert 400 <= answer.status_code < 500
        assert isinstance(answer.json()["detail"], str)
    assert country.authority.store.size == size


def test_an_officer_is_revoked_by_two_and_by_no_other_alone(country: State) -> None:
    state = country
    wanted = {"holder": f"person/{BRUNO}", "reason": "keyCompromise"}
    alone = state.ask(ANNA, "POST", "/certificates/revoke", wanted)
    refusal(alone, 403, "propose certificates.revoke for person/bruno.neri")
    assert "revocation.ordered" not in state.kinds()
    body = MassRevocation((f"person/{BRUNO}",), Reason.KEY_COMPROMISE).to_body()
    command, proposal = proposed(state, ANNA, REVOKE, body)
    told = approved(state, CARLA, command, proposal)
    assert told["outcome"].startswith("1 certificates of 1 holders")
    own = {"holder": f"person/{CARLA}", "reason": "keyCompromise"}
    assert state.ask(CARLA, "POST", "/certificates/revoke", own).status_code == 200


def test_an_emergency_code_revokes_an_officer(country: State) -> None:
    broken = country.principal(ANNA, break_glass=True, grant=country.authority.policy.people[ANNA])
    wanted = {"holder": f"person/{BRUNO}", "reason": "keyCompromise"}
    assert country.ask(broken, "POST", "/certificates/revoke", wanted).status_code == 200


def test_who_has_lost_a_device_answers_again_from_another(country: State) -> None:
    state = country
    needy = replace(first_policy(), approvers={RECOVER: 2}, number=2)
    command, proposal = proposed(state, ANNA, SET, PolicyChange(needy).to_body())
    approved(state, BRUNO, command, proposal)
    command, proposal = proposed(state, ANNA, RECOVER, Recovery(MARIO).to_body())
    assert approved(state, BRUNO, command, proposal)["state"] == "waiting"
    fresh = state.enrol(f"person/{BRUNO}/replacement")
    again = state.answer(BRUNO, proposal, credential=fresh)
    refusal(give(state, BRUNO, command, again), 409, "answered this command already")
    assert not state.ask(BRUNO, "GET", f"/commands/{command}").json()["may_answer"]
    state.take_back(f"person/{BRUNO}")
    fresh = state.enrol(f"person/{BRUNO}/third")
    assert state.ask(BRUNO, "GET", f"/commands/{command}").json()["may_answer"]
    again = state.answer(BRUNO, proposal, credential=fresh)
    told = give(state, BRUNO, command, again).json()
    assert (told["state"], [each["approver"] for each in told["answers"]]) == ("waiting", [BRUNO])
    refusal(give(state, BRUNO, command, again), 409, "answered this command already")
    assert approved(state, CARLA, command, proposal)["state"] == "executed"


@pytest.mark.parametrize(("enrolled", "status"), [(False, 409), (True, 200)])
def test_a_policy_needs_officers_who_are_there(country: State, enrolled: bool, status: int) -> None:
    """Names that nobody bears could never mend it."""
    state, officer = country, Grant(frozenset({Role.SECURITY_OFFICER}))
    if enrolled:
        state.enrol("person/ugo.sala/laptop")
    body = successor(
        state.authority.policy, anna_rossi=None, carla_verdi=None, ugo_sala=officer, ida_po=officer
    )
    assert put(state, ANNA, state.proposal(ANNA, SET, body)).status_code == status


def test_officers_who_are_gone_when_it_is_approved_count_no_more(country: State) -> None:
    state, officer = country, Grant(frozenset({Role.SECURITY_OFFICER}))
    state.enrol("person/ugo.sala/laptop")
    body = successor(
        state.authority.policy, anna_rossi=None, carla_verdi=None, ugo_sala=officer, ida_po=officer
    )
    command, proposal = proposed(state, ANNA, SET, body)
    gone = schema.person.delete().where(schema.person.c.name == "ugo.sala")
    state.authority.store.act_blocking(lambda t: t.connection.execute(gone).close())
    told = approved(state, BRUNO, command, proposal)
    assert told["state"] == "refused"
    assert "1 are enrolled, and 2 are needed" in told["outcome"]
    assert state.authority.policy.number == 1


@pytest.mark.parametrize(
    ("approvers", "status"),
    [
        ({RECOVER: 2, REVOKE: 2, ADOPT: 2}, 200),
        ({RECOVER: 3}, 400),
        ({REVOKE: 3}, 400),
        ({ADOPT: 3}, 400),
        ({"another.kind": 9}, 200),
    ],
)
def test_no_policy_asks_for_more_approvals_than_there_are_persons(
    country: State, approvers: dict[str, int], status: int
) -> None:
    state = country
    body = PolicyChange(replace(first_policy(), approvers=approvers, number=2)).to_body()
    assert put(state, ANNA, state.proposal(ANNA, SET, body)).status_code == status


def test_who_may_not_propose_costs_no_signature(
    country: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    def verified(*_given: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(commands, "read_proposal", verified)
    proposal = country.proposal(MARIO, RECOVER, Recovery(ALDO).to_body())
    refusal(put(country, MARIO, proposal), 403, "takes the role")


def test_what_is_forged_does_not_reach_the_thread_that_writes(
    country: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = country
    proposal = state.proposal(ANNA, RECOVER, Recovery(MARIO).to_body())
    forged = replace(
        proposal, signatures=(replace(proposal.signatures[0], signature=bytes(3_309)),)
    )
    acts = state.authority.store.acts
    assert put(state, ANNA, forged).status_code == 403

    async def busy(*_given: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(type(state.authority.store), "act", busy)
    assert put(state, ANNA, forged).status_code == 403
    assert state.authority.store.acts == acts


def test_one_person_changes_so_much_at_a_time(country: State) -> None:
    body = {"proposal": {}}
    answers = [country.ask(ANNA, "POST", "/commands", body).status_code for _ in range(40)]
    assert answers == [400] * 30 + [429] * 10
    assert country.ask(ANNA, "GET", "/commands").status_code == 200
    assert country.ask(BRUNO, "POST", "/commands", body).status_code == 400
