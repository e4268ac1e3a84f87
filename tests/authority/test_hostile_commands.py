"""Two-person commands against who would pass for two: what is signed, replayed, altered, raced."""

from __future__ import annotations

import json
from collections.abc import Callable
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
from baluardo.authority.acts.revocation import publish_due
from baluardo.authority.store import schema
from baluardo.protocol.dangerous import MassRevocation, PolicyChange, Recovery
from baluardo.protocol.grant import Grant
from baluardo.protocol.roles import Role
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.revocation_list import Reason
from baluardo.trust.commands.approval import APPROVAL_TYPE, Approval, Decision
from baluardo.trust.commands.proposal import PROPOSAL_TYPE, proposal_digest
from baluardo.trust.envelope import Envelope, sign
from trust.community import make_community
from trust.fleet import COMMUNITY

pytest_plugins = ["authority.officers_fixtures"]

SET, REVOKE, RECOVER = "policy.set", "certificates.revoke", "passkey.recover"
HOUR = 3600.0


def put(state: State, name: str, proposal: Envelope) -> Any:
    return state.ask(name, "POST", "/commands", {"proposal": proposal.to_object()})


def give(state: State, name: str, command: str, answer: Envelope) -> Any:
    return state.ask(name, "POST", f"/commands/{command}/answers", {"answer": answer.to_object()})


def proposed(state: State, name: str, kind: str, body: dict[str, object]) -> tuple[str, Envelope]:
    proposal = state.proposal(name, kind, body)
    answer = put(state, name, proposal)
    assert answer.status_code == 200, answer.text
    return answer.json()["id"], proposal


def approved(state: State, name: str, command: str, proposal: Envelope) -> dict[str, Any]:
    answer = give(state, name, command, state.answer(name, proposal))
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


PAUSE = 4.0
"""Seconds between two changes of one person, who is rationed."""


def ask_for_two(state: State, kind: str = RECOVER) -> None:
    """Let the policy ask for two approvals of a kind."""
    policy = replace(first_policy(), approvers={kind: 2}, number=2)
    command, proposal = proposed(state, ANNA, SET, PolicyChange(policy).to_body())
    assert approved(state, BRUNO, command, proposal)["state"] == "executed"


def counter_signed(envelope: Envelope, *others: Credential) -> Envelope:
    """Return an envelope with the signatures of others beside the first."""
    more = [sign(envelope.payload, envelope.payload_type, each).signatures[0] for each in others]
    return replace(envelope, signatures=(*envelope.signatures, *more))


def rewritten(envelope: Envelope, change: Callable[[dict[str, Any]], Any]) -> Envelope:
    """Return an envelope whose payload says something else under the same signature."""
    fields = json.loads(envelope.payload)
    change(fields)
    octets = json.dumps(fields, separators=(",", ":"), sort_keys=True).encode()
    return replace(envelope, payload=octets)


def test_signatures_beside_the_proposers_make_no_second_person(country: State) -> None:
    state = country
    plain = state.proposal(ANNA, RECOVER, Recovery(MARIO).to_body())
    stranger = make_community(now=state.calendar.now, name=COMMUNITY)
    phone = state.enrol(f"person/{ANNA}/phone")
    for others in (
        [state.device(BRUNO)],
        [phone],
        [state.device(ANNA)],
        [state.device(BRUNO), state.device(CARLA)],
        [stranger.credential(f"person/{BRUNO}/laptop")],
    ):
        refused = put(state, ANNA, counter_signed(plain, *others))
        assert refused.status_code in {400, 403}, refused.text
    assert put(state, ANNA, plain).json()["state"] == "waiting"


def test_an_approval_that_several_have_signed_is_nobodys(country: State) -> None:
    state = country
    ask_for_two(state)
    command, proposal = proposed(state, ANNA, RECOVER, Recovery(MARIO).to_body())
    one = state.answer(BRUNO, proposal)
    for others in ([state.device(CARLA)], [state.device(BRUNO)], [state.device(ANNA)]):
        refused = give(state, BRUNO, command, counter_signed(one, *others))
        assert refused.status_code in {400, 403}, refused.text
    told = state.ask(ANNA, "GET", f"/commands/{command}").json()
    assert (told["state"], told["answers"]) == ("waiting", [])


def test_what_was_altered_after_it_was_signed_is_nothing(country: State) -> None:
    state = country
    genuine = state.proposal(ANNA, RECOVER, Recovery(MARIO).to_body())

    def to(path: str, value: object) -> Callable[[dict[str, Any]], Any]:
        return lambda fields: fields.__setitem__(path, value)

    fields = json.loads(genuine.payload)
    changes = [to(each, "x") for each in fields] + [to("body", {"person": ALDO})]
    for change in changes:
        refused = put(state, ANNA, rewritten(genuine, change))
        assert refused.status_code in {400, 403}, refused.text
    spaced = replace(genuine, payload=genuine.payload.replace(b":", b": ", 1))
    assert put(state, ANNA, spaced).status_code in {400, 403}
    command = put(state, ANNA, genuine).json()["id"]
    altered = rewritten(genuine, to("body", {"person": ALDO}))
    seen = state.answer(BRUNO, genuine)
    other = Approval(
        proposal_digest(altered),
        state.device(BRUNO).identity,
        Decision.APPROVE,
        state.calendar.now,
    )
    swapped = sign(other.to_payload(), APPROVAL_TYPE, state.device(BRUNO))
    assert give(state, BRUNO, command, swapped).status_code == 403
    told = give(state, BRUNO, command, seen).json()
    assert told["state"] == "executed"
    assert told["body"] == {"person": MARIO}


def test_neither_envelope_passes_for_the_other(country: State) -> None:
    """A signed proposal is no approval, an approval no proposal, and a type is part of it."""
    state = country
    command, proposal = proposed(state, ANNA, RECOVER, Recovery(MARIO).to_body())
    answer = state.answer(BRUNO, proposal)
    assert put(state, BRUNO, answer).status_code in {400, 403}
    assert give(state, BRUNO, command, proposal).status_code in {400, 403}
    for envelope in (
        sign(answer.payload, PROPOSAL_TYPE, state.device(BRUNO)),
        replace(answer, payload_type=PROPOSAL_TYPE),
        sign(answer.payload, "application/json", state.device(BRUNO)),
    ):
        assert give(state, BRUNO, command, envelope).status_code in {400, 403}
    assert approved(state, BRUNO, command, proposal)["state"] == "executed"


def test_an_approval_of_one_command_is_good_for_no_other(country: State) -> None:
    """The same body proposed twice is two commands, each with approvals of its own."""
    state = country
    ask_for_two(state)
    first, one = proposed(state, ANNA, RECOVER, Recovery(MARIO).to_body())
    second, other = proposed(state, ANNA, RECOVER, Recovery(MARIO).to_body())
    assert first != second
    bruno = state.answer(BRUNO, one)
    assert give(state, BRUNO, first, bruno).status_code == 200
    assert give(state, BRUNO, second, bruno).status_code == 403
    assert give(state, CARLA, second, bruno).status_code == 403
    assert give(state, BRUNO, first, bruno).status_code == 409
    assert approved(state, CARLA, second, other)["state"] == "waiting"
    assert approved(state, CARLA, first, one)["state"] == "executed"


def test_an_approval_whose_certificate_has_ended_counts_no_more(country: State) -> None:
    state = country
    ask_for_two(state)
    (held,) = state.authority.store.register.holders[f"person/{BRUNO}"]
    state.calendar.now = held.accepted_until - HOUR
    state.authority.store.act_blocking(publish_due)
    for name in (ANNA, CARLA):
        state.devices[f"person/{name}/laptop"] = state.enrol(f"person/{name}/next")
    command, proposal = proposed(state, ANNA, RECOVER, Recovery(MARIO).to_body())
    early = state.answer(BRUNO, proposal)
    assert give(state, BRUNO, command, early).json()["state"] == "waiting"
    state.calendar.now += 2 * HOUR
    told = approved(state, CARLA, command, proposal)
    assert told["state"] == "waiting"  # two have approved, and one of them is nobody by now
    late, proposal = proposed(state, ANNA, RECOVER, Recovery(ALDO).to_body())
    answer = give(state, BRUNO, late, state.answer(BRUNO, proposal))
    assert answer.status_code == 403
    assert state.kinds().count("command.executed") == 1


def test_a_device_that_was_revoked_neither_proposes_nor_approves(country: State) -> None:
    state = country
    command, proposal = proposed(state, ANNA, RECOVER, Recovery(MARIO).to_body())
    state.take_back(f"person/{BRUNO}")
    answer = give(state, BRUNO, command, state.answer(BRUNO, proposal))
    assert answer.status_code == 403
    own = state.proposal(BRUNO, RECOVER, Recovery(ALDO).to_body())
    assert put(state, BRUNO, own).status_code == 403
    fresh = state.enrol(f"person/{BRUNO}/replacement")
    answer = give(state, BRUNO, command, state.answer(BRUNO, proposal, credential=fresh))
    assert answer.json()["state"] == "executed"


@pytest.mark.parametrize("name", [OTTO, ALDO, MARIO])
def test_nobody_makes_themselves_an_officer(country: State, name: str) -> None:
    """A genuine device key of who is no officer proposes nothing, and answers nothing."""
    state = country
    policy = state.authority.policy
    crowned = {**policy.people, name: Grant(frozenset({Role.SECURITY_OFFICER}))}
    body = PolicyChange(replace(policy, number=2, people=crowned)).to_body()
    refused = put(state, name, state.proposal(name, SET, body))
    assert refused.status_code == 403
    stolen = state.proposal(ANNA, SET, body)
    assert put(state, name, stolen).status_code == 403
    command = put(state, ANNA, stolen).json()["id"]
    assert give(state, name, command, state.answer(name, stolen)).status_code == 403
    assert state.authority.policy.number == 1
    assert state.authority.policy.grant_of(name).roles <= {
        Role.MEMBER,
        *policy.people.get(name, Grant(frozenset())).roles,
    }


def test_more_devices_give_nobody_more_room(country: State) -> None:
    state = country
    phone = state.enrol(f"person/{ANNA}/phone")
    for number in range(50):
        held = phone if number % 2 else state.device(ANNA)
        state.calendar.now += PAUSE
        proposal = state.proposal(ANNA, RECOVER, Recovery(MARIO).to_body(), credential=held)
        assert put(state, ANNA, proposal).status_code == 200
    for held in (phone, state.device(ANNA)):
        proposal = state.proposal(ANNA, RECOVER, Recovery(MARIO).to_body(), credential=held)
        assert put(state, ANNA, proposal).status_code == 409
    for days, status in ((1.1, 409), (2.2, 200)):  # what has expired counts for a day more
        state.calendar.day(days)
        state.authority.store.act_blocking(publish_due)
        proposal = state.proposal(ANNA, RECOVER, Recovery(MARIO).to_body())
        assert put(state, ANNA, proposal).status_code == status


TRICKS = (
    "mario.riva\u200b",
    "mar\u0456o.riva",
    "ma\u0301rio.riva",
    "\uff4dario.riva",
    "MARIO.RIVA",
    "mario.riva\u0000",
    "mario.riva\n",
    "\u202emario.riva",
    "mario.riva/laptop",
    "mario.riva%2flaptop",
    "../mario.riva",
    "",
    "m" * 64,
)


@pytest.mark.parametrize("trick", TRICKS)
def test_no_name_reads_as_another(country: State, trick: str) -> None:
    state = country
    bodies: list[tuple[str, dict[str, object]]] = [
        (RECOVER, {"person": trick}),
        (REVOKE, {"holders": sorted([f"person/{trick}", "ship/a"]), "reason": "keyCompromise"}),
        ("issuer.adopt", {"name": trick.replace("mario.riva", "issuer-1")}),
    ]
    for kind, body in bodies:
        try:
            proposal = state.proposal(ANNA, kind, body)
        except ValueError:  # what cannot even be signed cannot be proposed
            continue
        answer = put(state, ANNA, proposal)
        if answer.status_code == 200:  # a name in plain small letters: nobody's, or a new issuer's
            assert trick.isascii()
            continue
        assert answer.status_code == 400, (kind, answer.text)


def test_a_key_that_stands_twice_says_nothing(country: State) -> None:
    """Two readers of {"person": A, "person": B} could see two commands: nobody may read it."""
    state = country
    genuine = state.proposal(ANNA, RECOVER, Recovery(MARIO).to_body())
    part = b'{"person":"mario.riva"}'
    assert part in genuine.payload
    for twice in (
        b'{"person":"aldo.gallo","person":"mario.riva"}',
        b'{"person":"mario.riva","\\u0070erson":"aldo.gallo"}',
        b'{"person":"mario.riva\\ud800"}',
    ):
        payload = genuine.payload.replace(part, twice)
        refused = put(state, ANNA, sign(payload, PROPOSAL_TYPE, state.device(ANNA)))
        assert refused.status_code in {400, 403}, (twice, refused.text)


def test_last_approvals_of_two_threads_execute_once(
    officers_template: Template, tmp_path: Path
) -> None:
    with opened(officers_template, tmp_path / "authority") as state:
        for turn in range(5):
            ships = sorted(f"ship/nave-{turn}-{number}" for number in range(2))
            for each in ships:
                state.enrol(each)
            body = MassRevocation(tuple(ships), Reason.KEY_COMPROMISE).to_body()
            command, proposal = proposed(state, ANNA, REVOKE, body)
            answers = {name: state.answer(name, proposal) for name in (BRUNO, CARLA)}
            with ThreadPoolExecutor(2) as threads:
                asked = [
                    threads.submit(give, state, name, command, each)
                    for name, each in answers.items()
                ]
                told = [each.result(60) for each in asked]
            assert sorted(each.status_code for each in told) == [200, 409]
            assert state.kinds().count("command.executed") == turn + 1
            assert len(rows_of(state, schema.spent)) == turn + 1


def rows_of(state: State, table: Any) -> list[Any]:
    return state.authority.store.read_blocking(lambda c: list(c.execute(table.select())))


steps = st.lists(
    st.tuples(
        st.sampled_from([ANNA, BRUNO, CARLA, OTTO, MARIO]),
        st.sampled_from(["laptop", "phone"]),
        st.sampled_from([Decision.APPROVE, Decision.REFUSE]),
    ),
    max_size=6,
)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=steps, needed=st.sampled_from([1, 2]))
def test_it_is_done_when_so_many_officers_have_approved_and_never_else(
    country: State, steps: list[tuple[str, str, Decision]], needed: int
) -> None:
    """Whoever answers in whatever order, with whatever device, once or again."""
    state = country
    policy = first_policy(approvers={RECOVER: needed}, number=state.authority.policy.number)
    state.authority.policy = policy
    for name in (ANNA, BRUNO, CARLA, OTTO, MARIO):
        if f"person/{name}/phone" not in state.devices:
            state.enrol(f"person/{name}/phone")
    state.calendar.now += PAUSE
    command, proposal = proposed(state, ANNA, RECOVER, Recovery(MARIO).to_body())
    done = state.kinds().count("command.executed")
    first: dict[str, Decision] = {}
    over = False
    for name, device, decision in steps:
        state.calendar.now += PAUSE
        held = state.devices[f"person/{name}/{device}"]
        stated = Approval(proposal_digest(proposal), held.identity, decision, state.calendar.now)
        answer = give(state, name, command, sign(stated.to_payload(), APPROVAL_TYPE, held))
        counts = name in {BRUNO, CARLA} and name not in first and not over
        assert (answer.status_code == 200) == counts, (name, answer.text)
        if counts:
            first[name] = decision
        approvals = sum(each is Decision.APPROVE for each in first.values())
        refusals = len(first) - approvals
        over = approvals >= needed or 2 - refusals < needed
    executed = sum(each is Decision.APPROVE for each in first.values()) >= needed
    assert state.kinds().count("command.executed") == done + executed
    told = state.ask(ANNA, "GET", f"/commands/{command}").json()
    assert told["state"] == ("executed" if executed else "refused" if over else "waiting")
