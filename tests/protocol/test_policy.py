"""The policy: its one form, its bounds, who has which role, and what may come after it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protocol_material import COMMUNITY, OFFICERS, POLICIES

from baluardo.errors import CertificateError, InvalidInputError, SignatureError
from baluardo.protocol.grant import Grant
from baluardo.protocol.policy import LARGEST_POLICY, MOST_PEOPLE, POLICY_SET, Policy
from baluardo.protocol.policy_statement import STATEMENT_TYPE, check_statement, state_policy
from baluardo.protocol.roles import Role
from baluardo.terms import Precedence
from baluardo.trust.envelope import sign
from baluardo.trust.identity import Identity, Kind
from trust.community import NOW, make_community

FIRST = Policy.first(COMMUNITY, OFFICERS)
OFFICER = Grant(frozenset({Role.SECURITY_OFFICER}), Precedence.FLASH)


def changed(**fields: object) -> Policy:
    return replace(FIRST, number=2, **fields)  # type: ignore[arg-type]


@given(POLICIES)
def test_round_trip_is_exact(policy: Policy) -> None:
    octets = policy.to_octets()
    assert Policy.of_octets(octets) == policy
    assert Policy.of_octets(octets).to_octets() == octets
    assert Policy.of_object(json.loads(octets)).digest == policy.digest


@given(POLICIES, POLICIES)
def test_another_policy_has_other_octets(one: Policy, other: Policy) -> None:
    assert (one == other) == (one.to_octets() == other.to_octets()) == (one.digest == other.digest)


@pytest.mark.parametrize("respelt", [
    lambda text: text.replace(":", ": ", 1),
    lambda text: text + "\n",
    lambda text: text.replace('"custodian","security-officer"', '"security-officer","custodian"'),
    lambda text: text.replace('"custodian",', '"custodian","custodian",'),
    lambda text: text.replace('"territory":[]', '"territory":["IT","FR"]'),
    lambda text: text.replace("anna", "\\u0061nna"),
    lambda text: text.replace('"number":1', '"number":1.0'),
    lambda text: text.replace('"v":1', '"v":2'),
    lambda text: text.replace('"v":1', '"v":true'),
    lambda text: text.replace('"v":1', '"v":1,"w":1'),
    lambda text: text.replace('"person":false', '"person":0'),
    lambda text: text.replace('"approvers":{}', '"approvers":{"policy.set":0}'),
    lambda text: text.replace('"approvers":{}', '"approvers":{"policy.set":true}'),
    lambda text: text.replace('"visibility":{}', '"visibility":{"mobile":["king"]}'),
    lambda text: text.replace('"visibility":{}', '"visibility":{"mobile":[1]}'),
])  # fmt: skip
def test_the_same_in_other_words_is_refused(respelt: Callable[[str], str]) -> None:
    text = respelt(FIRST.to_octets().decode())
    assert text != FIRST.to_octets().decode()
    with pytest.raises(InvalidInputError):
        Policy.of_octets(text.encode())


@given(st.binary(max_size=200) | POLICIES.map(Policy.to_octets), st.data())
def test_octets_of_strangers(octets: bytes, data: st.DataObject) -> None:
    """Whatever is read has exactly these octets as its form; the rest is refused."""
    if octets:
        at = data.draw(st.integers(0, len(octets) - 1))
        octets = octets[:at] + data.draw(st.binary(max_size=3)) + octets[at + 1 :]
    try:
        policy = Policy.of_octets(octets)
    except InvalidInputError as refusal:
        assert str(refusal).isprintable()
    else:
        assert policy.to_octets() == octets


def test_who_has_which_role() -> None:
    policy = changed(people={**FIRST.people, "carla.neri": Grant(frozenset({Role.AUDITOR}))})
    roles = {
        path: policy.roles_of(Identity.of_path(COMMUNITY, path))
        for path in ("person/anna.rossi/phone", "person/carla.neri/x", "person/dora.blu/phone")
    }
    assert roles["person/anna.rossi/phone"] == {"member", "security-officer", "custodian"}
    assert roles["person/carla.neri/x"] == {"member", "auditor"}
    assert roles["person/dora.blu/phone"] == {"member"}
    assert policy.roles_of(Identity.of_path(COMMUNITY, "ship/anna.rossi")) == frozenset()
    stranger = Identity.of_path("gallia.example", "person/anna.rossi/phone")
    assert policy.roles_of(stranger) == frozenset()
    assert policy.grant_of("dora.blu") == Grant(frozenset({Role.MEMBER}))
    assert policy.grant_of("anna.rossi").ceiling is Precedence.FLASH


def test_who_sees_numbers() -> None:
    policy = changed(visibility={"mobile": frozenset({Role.OPERATOR}), "desk": frozenset()})
    assert policy.may_see("desk", frozenset())
    assert policy.may_see("radio", frozenset({"member"}))
    assert policy.may_see("mobile", frozenset({"member", "operator"}))
    assert not policy.may_see("mobile", frozenset({"member"}))


def test_a_lawful_successor() -> None:
    FIRST.check_successor(changed(people=dict.fromkeys(("carla.neri", "dora.blu"), OFFICER)))


@pytest.mark.parametrize(("successor", "sentence"), [
    (replace(FIRST, number=3), "2 comes next"),
    (FIRST, "2 comes next"),
    (changed(community="gallia.example"), "gallia.example"),
    (changed(people={"anna.rossi": OFFICER}), "nobody could mend it"),
    (changed(people={}), "nobody could mend it"),
    (changed(people={"a": Grant(frozenset({Role.CUSTODIAN})), "b": OFFICER}), "nobody could mend"),
    (changed(approvers={POLICY_SET: 2}), "3 are needed"),
])  # fmt: skip
def test_no_lawful_successor(successor: Policy, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        FIRST.check_successor(successor)


def test_more_approvals_take_more_officers() -> None:
    people = dict.fromkeys(("a", "b", "c"), OFFICER)
    FIRST.check_successor(changed(people=people, approvers={POLICY_SET: 2, "passkey.recover": 9}))


@pytest.mark.parametrize("officers", [(), ("anna.rossi",), ("anna.rossi", "anna.rossi")])
def test_one_officer_is_no_ceremony(officers: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInputError, match="security officers"):
        Policy.first(COMMUNITY, officers)


def test_bounds() -> None:
    many = {f"person-{n}": Grant(frozenset()) for n in range(MOST_PEOPLE)}
    with pytest.raises(InvalidInputError, match="Leave out people"):
        changed(people=many).to_octets()
    with pytest.raises(InvalidInputError, match="20,000 people"):
        changed(people={**many, "one.more": Grant(frozenset())})
    largest = dict(list(many.items())[:14_000])
    octets = changed(people=largest).to_octets()
    assert 800_000 < len(octets) <= LARGEST_POLICY
    assert len(Policy.of_octets(octets).people) == 14_000
    for fields in (
        {"number": 0}, {"number": 2**53}, {"community": "ITALIA"}, {"people": {"../x": OFFICER}},
        {"approval": {Kind.SHIP: True}}, {"approvers": {"policy.set": 17}},
        {"approvers": {"Policy": 1}}, {"visibility": {"": frozenset()}},
        {"visibility": {f"k{n}": frozenset() for n in range(65)}},
    ):  # fmt: skip
        with pytest.raises(InvalidInputError):
            replace(FIRST, **fields)  # type: ignore[arg-type]


def test_a_policy_does_not_change_under_its_reader() -> None:
    people = dict(FIRST.people)
    policy = changed(people=people)
    people.clear()
    assert len(policy.people) == 2
    with pytest.raises(TypeError):
        policy.people["eve"] = OFFICER  # type: ignore[index]


@pytest.mark.parametrize("place", ["", "it", "XX", "IT-", "IT-ROMA", "IT\n", "IT-rm", "UK"])
def test_no_place(place: str) -> None:
    with pytest.raises(InvalidInputError, match="ISO 3166"):
        Grant(frozenset(), territory=(place,))


def test_the_authority_states_the_first_policy() -> None:
    italy = make_community()
    statement = state_policy(FIRST, NOW - 5, italy.credential("authority/roma"))
    assert check_statement(statement, FIRST, italy.verifier(), NOW) == NOW - 5
    with pytest.raises(SignatureError, match="another policy"):
        check_statement(statement, changed(), italy.verifier(), NOW)
    with pytest.raises(SignatureError, match="another policy"):
        check_statement(statement, replace(FIRST, people={}), italy.verifier(), NOW)
    ship = italy.credential("ship/bergamini")
    with pytest.raises(InvalidInputError, match="no authority"):
        state_policy(FIRST, NOW, ship)
    forged = sign(statement.payload, STATEMENT_TYPE, ship)
    with pytest.raises(CertificateError, match="no authority"):
        check_statement(forged, FIRST, italy.verifier(), NOW)
