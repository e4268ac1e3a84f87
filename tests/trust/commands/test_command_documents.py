"""Proposals, approvals and bundles as octets: read exactly, or refused."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import CertificateError, InvalidInputError, ProfileError
from baluardo.trust.commands.approval import Approval, Decision, approve
from baluardo.trust.commands.bundle import LARGEST_BUNDLE, CommandBundle
from baluardo.trust.commands.proposal import Proposal, propose
from baluardo.trust.commands.rule import Rule
from baluardo.trust.identity import Identity, Kind
from trust.community import NOW, make_community

ANNA = Identity("italia.example", Kind.PERSON, "anna", "phone")
ROME = Identity("italia.example", Kind.OFFICE, "rome")
PROPOSAL = Proposal(
    kind="warning.release",
    body={"area": [12.5, 41.9], "text": "perché"},
    id=bytes(range(16)),
    community="italia.example",
    proposer=ANNA,
    rule="two-officers",
    created=NOW,
    expires=NOW + 60,
    executor=ROME,
)
APPROVAL = Approval(bytes(range(48)), ANNA, Decision.REFUSE, NOW, "perché no")


def test_the_octets_of_a_proposal() -> None:
    """One form, sorted and without spaces; a change of it would break every signature."""
    assert PROPOSAL.to_payload().decode() == (
        '{"body":{"area":[12.5,41.9],"text":"perché"},"community":"italia.example",'
        '"created":1780000000.0,"executor":"spiffe://italia.example/office/rome",'
        '"expires":1780000060.0,"id":"000102030405060708090a0b0c0d0e0f",'
        '"kind":"warning.release","proposer":"spiffe://italia.example/person/anna/phone",'
        '"rule":"two-officers"}'
    )


@pytest.mark.parametrize("executor", [ROME, *Kind])
def test_round_trips(executor: Identity | Kind) -> None:
    proposal = dataclasses.replace(PROPOSAL, executor=executor)
    assert Proposal.of_payload(proposal.to_payload()) == proposal
    assert Approval.of_payload(APPROVAL.to_payload()) == APPROVAL


WRONG_PROPOSAL: list[dict[str, Any]] = [
    {"kind": ""},
    {"kind": "Release"},
    {"kind": 7},
    {"body": []},
    {"body": None},
    {"id": "00"},
    {"id": "0" * 31 + "G"},
    {"id": "AB" * 16},
    {"id": " " + "0" * 31},
    {"community": "other.example"},
    {"proposer": "anna"},
    {"proposer": "spiffe://other.example/person/anna/phone"},
    {"rule": "../rule"},
    {"created": "now"},
    {"created": True},
    {"created": -1},
    {"created": NOW + 60},
    {"expires": 1e15},
    {"executor": "everybody"},
    {"executor": "spiffe://other.example/office/rome"},
    {"executor": ["office"]},
    {"more": 1},
]


@pytest.mark.parametrize("change", WRONG_PROPOSAL, ids=str)
def test_wrong_proposals(change: dict[str, Any]) -> None:
    octets = json.dumps(json.loads(PROPOSAL.to_payload()) | change).encode()
    with pytest.raises(InvalidInputError):
        Proposal.of_payload(octets)


@pytest.mark.parametrize("name", json.loads(PROPOSAL.to_payload()))
def test_proposals_lack_nothing(name: str) -> None:
    fields = json.loads(PROPOSAL.to_payload())
    del fields[name]
    with pytest.raises(InvalidInputError):
        Proposal.of_payload(json.dumps(fields).encode())


@pytest.mark.parametrize(
    "change",
    [
        {"proposal": "00" * 47},
        {"approver": "anna"},
        {"decision": "maybe"},
        {"decision": None},
        {"time": "now"},
        {"reason": "n" * 501},
        {"reason": None},
        {"more": 1},
    ],
    ids=str,
)
def test_wrong_approvals(change: dict[str, Any]) -> None:
    octets = json.dumps(json.loads(APPROVAL.to_payload()) | change).encode()
    with pytest.raises(InvalidInputError):
        Approval.of_payload(octets)


@pytest.mark.parametrize("read", [Proposal.of_payload, Approval.of_payload, CommandBundle.of_json])
@pytest.mark.parametrize(
    "octets",
    [
        b'{"body":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"body":{"a":NaN}}',
        b'{"body":{"a":1e400}}',
        b'{"kind":"a","kind":"b"}',
        b"{}",
        b"null",
        b" " * (LARGEST_BUNDLE + 1),
    ],
    ids=["deep", "nan", "huge", "twice", "empty", "null", "large"],
)
def test_hostile_json(read: Any, octets: bytes) -> None:
    with pytest.raises(InvalidInputError):
        read(octets)


@given(st.binary(max_size=120))
def test_any_octets_are_refused(octets: bytes) -> None:
    for read in (Proposal.of_payload, Approval.of_payload, CommandBundle.of_json):
        with pytest.raises((InvalidInputError, CertificateError)):
            read(octets)


@given(at=st.integers(0, 10**6), octet=st.integers(0, 255), cut=st.booleans())
def test_mutations_are_read_or_refused(at: int, octet: int, cut: bool) -> None:
    """What is read after all writes itself as it was read: no meaning hides in the octets."""
    for document in (PROPOSAL, APPROVAL):
        octets = bytearray(document.to_payload())
        at %= len(octets)
        octets[at] = octet
        try:
            value = type(document).of_payload(bytes(octets[:at] if cut else octets))
        except InvalidInputError:
            continue
        assert type(document).of_payload(value.to_payload()) == value


@pytest.fixture(scope="module")
def bundle() -> bytes:
    community = make_community()
    rule = Rule("r", frozenset({"k"}), 1, frozenset({"x"}), frozenset({"x"}), 60.0)
    anna, bruno = (community.credential(f"person/{name}/phone") for name in ("anna", "bruno"))
    proposal = propose("k", {}, rule, Kind.SHIP, anna, NOW)
    return CommandBundle(proposal, (approve(proposal, bruno, NOW),)).to_json()


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_mutated_bundles_are_read_or_refused(bundle: bytes, data: st.DataObject) -> None:
    octets = bytearray(bundle)
    at = data.draw(st.integers(0, len(octets) - 1))
    octets[at] = data.draw(st.integers(0, 255))
    try:
        read = CommandBundle.of_json(bytes(octets))
    except (InvalidInputError, CertificateError, ProfileError):
        return
    assert CommandBundle.of_json(read.to_json()) == read


def test_wrong_bundles(bundle: bytes) -> None:
    fields = json.loads(bundle)
    for change in (
        {"proposal": None},
        {"approvals": {}},
        {"approvals": [1]},
        {"approvals": fields["approvals"] * 33},
        {"more": 1},
    ):
        with pytest.raises(InvalidInputError):
            CommandBundle.of_json(json.dumps(fields | change).encode())
    assert CommandBundle.of_json(json.dumps(fields | {"approvals": []}).encode()).approvals == ()
