"""Every door, given any octets and injured good ones: taken, or refused with a sentence."""

from __future__ import annotations

import ast
import random
import re
from pathlib import Path

import pytest
from door import mutated
from doors import DOORS
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from baluardo import trust

every_door = pytest.mark.parametrize("name", DOORS)
few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@every_door
def test_good_octets_are_taken(name: str) -> None:
    assert DOORS[name].samples
    for sample in DOORS[name].samples:
        assert DOORS[name].knock(sample)


@every_door
@few
@given(octets=st.binary(max_size=600))
@example(octets=b"")
@example(octets=b"\0")
@example(octets=b"\xff" * 5_000)
@example(octets=b"[" * 20_000)
@example(octets=b"\x30\x84\xff\xff\xff\xff")
def test_any_octets(name: str, octets: bytes) -> None:
    DOORS[name].knock(octets)


@every_door
@settings(few, max_examples=150)
@given(seed=st.integers(0, 2**63))
def test_injured_octets(name: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - it injures, it protects nothing
    samples = DOORS[name].samples
    DOORS[name].knock(mutated(chance.choice(samples), chance.choice(samples), chance))


@every_door
def test_cut_octets(name: str) -> None:
    """No beginning of good octets breaks a door."""
    sample = DOORS[name].samples[0]
    for end in range(0, len(sample), max(1, len(sample) // 60)):
        DOORS[name].knock(sample[:end])


THROUGH_ANOTHER = {
    "Anchors.of_root": "takes a name and a certificate that was read",
    "HpkePrivateKey.open": "sealing.open",
    "Identity.of_path": "identity.uri",
    "JsonObject.of": "takes a value that was read; strict-json",
    "JsonObject.parse": "strict-json, and every door that reads JSON",
    "Layout.read_credential": "takes a name; certificate.chain and custody.key-file",
    "Layout.read_seal": "takes a name; certificate.chain and custody.key-file",
    "Public.read_list": "takes a key's id; what it reads is certificate.revocation-list",
    "RecordOpener.open": "records.open",
    "OwnWitness.open": "takes a path; what it reads is custody.key-file",
    "ProbeSeal.open": "probe_seal.open",
    "SealingKey.open_secret": "sealing.open",
    "VerifyingKey.of_raw": "audit.key",
    "of_base64": "audit.note",
    "of_either_base64": "envelope.read",
    "of_base64url": "custody.jwe",
    "open_channel": "takes the name of a host; what comes from there is channel.client",
    "open_key": "custody.key-file",
    "open_secret": "custody.key-file",
    "read_list": "certificate.revocation-list",
}
"""Parsers that have no door of their own, and which door leads to them."""


def parsers() -> set[str]:
    """Public functions and methods of `trust` that read octets, text or envelopes, by name."""
    found = set()
    for path in Path(trust.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for owner in [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]:
            for node in owner.body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and takes_octets(node):
                    of = f"{owner.name}." if isinstance(owner, ast.ClassDef) else ""
                    found.add(of + node.name)
    return found


def takes_octets(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    shown = [ast.unparse(a.annotation) for a in node.args.args if a.annotation]
    kinds = {kind for each in shown for kind in each.split(" | ")}
    reads = re.match(r"(of|open|parse|read)(_|$)", node.name)
    return bool(reads) and bool({"bytes", "str", "Envelope"} & kinds)


def test_every_parser_has_a_door() -> None:
    text = "".join(p.read_text(encoding="utf-8") for p in Path(__file__).parent.glob("doors_*.py"))
    without = {name for name in parsers() if not re.search(rf"\b{name}\b", text)}
    assert without - THROUGH_ANOTHER.keys() == set(), "give each a door in tests/fuzz/doors_*.py"
    assert THROUGH_ANOTHER.keys() <= parsers(), "no parser of that name is left"
    assert parsers() >= {"Certificate.of_der", "Note.of_octets", "read_verdict", "parse_json"}
