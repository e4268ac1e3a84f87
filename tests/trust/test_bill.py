"""The bill of materials: good CycloneDX, whole, and the same every time."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from baluardo.errors import InvalidInputError
from baluardo.trust.bill.algorithms import ALGORITHMS, algorithm_spelled
from baluardo.trust.bill.cyclonedx import bill_of_materials
from baluardo.trust.bill.uses import USES, Use
from baluardo.trust.suites import CLASSICAL_DOORS, PROFILES, SignatureAlgorithm

BILL: Any = bill_of_materials()
COMPONENTS: dict[str, Any] = {c["bom-ref"]: c for c in BILL["components"]}
NAMED: dict[str, Any] = {c["name"]: c for c in BILL["components"]}


def references(value: object) -> Iterator[str]:
    """Every reference to another component, wherever it stands."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in {"algorithms", "cryptoRefArray", "dependsOn"}:
                yield from inner
            elif key == "ref" or key.endswith("Ref"):
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


@pytest.mark.parametrize("timestamp", [None, "2026-11-21T00:00:00Z"])
def test_official_schema(timestamp: str | None) -> None:
    text = json.dumps(bill_of_materials(timestamp))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_the_schema_check_can_fail() -> None:
    broken = json.loads(json.dumps(BILL))
    broken["components"][-1]["cryptoProperties"]["assetType"] = "spell"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(broken)) is not None


def test_references_lead_somewhere() -> None:
    assert len(COMPONENTS) == len(BILL["components"]), "two components of one name"
    assert set(references(BILL)) <= {*COMPONENTS, "baluardo"}
    refs = [dependency["ref"] for dependency in BILL["dependencies"]]
    assert len(refs) == len(set(refs))


def test_the_same_bill_every_time() -> None:
    assert json.dumps(bill_of_materials()) == json.dumps(BILL)
    assert "timestamp" not in BILL["metadata"]
    assert bill_of_materials("2026-11-21T00:00:00Z")["serialNumber"] != BILL["serialNumber"]


def test_every_suite_is_listed() -> None:
    for profile in PROFILES.values():
        (suite,) = NAMED[f"Channel ({profile.name})"]["cryptoProperties"]["protocolProperties"][
            "cipherSuites"
        ]
        names = {COMPONENTS[ref]["name"] for ref in suite["algorithms"]}
        assert profile.channel.group in names
        assert profile.certificates.leaf.value in names
        for layer in ("Sealing", "Audit log", "Group keys", "Signed envelopes"):
            assert NAMED[f"{layer} ({profile.name})"]["cryptoProperties"]["protocolProperties"][
                "cryptoRefArray"
            ]
    for algorithm in SignatureAlgorithm:
        assert algorithm.value in NAMED


def test_what_a_quantum_computer_breaks_is_marked() -> None:
    """Level 0 is either a door with a reason, a part of a hybrid, or no secret hangs on it."""
    in_doors = {name for door in CLASSICAL_DOORS for name in door.algorithms}
    in_hybrids = {
        part for a in ALGORITHMS.values() if a.primitive == "combiner" for part in a.parts
    }
    no_secret = {"SLIP-39", "PBKDF2-HMAC-SHA512"}
    for component in BILL["components"]:
        algorithm = component.get("cryptoProperties", {}).get("algorithmProperties")
        if algorithm and algorithm["nistQuantumSecurityLevel"] == 0:
            assert component["name"] in in_doors | in_hybrids | no_secret, component["name"]
    for door in CLASSICAL_DOORS:
        shown = {p["name"]: p["value"] for p in NAMED[door.name]["properties"]}
        assert shown["baluardo:classical-door"] == "yes"
        assert shown["baluardo:bounded-by"] == door.bounded_by
        assert NAMED[door.name]["description"] == door.why


def test_levels_of_profiles() -> None:
    """CNSA 2.0 asks for category 5 in signatures and key exchange (hashes: docs/limits.md)."""

    def level(spelling: str) -> int:
        return algorithm_spelled(spelling).quantum_level

    for name, least in (("eu-hybrid", 3), ("cnsa", 5)):
        profile = PROFILES[name]
        used = [
            profile.channel.group,
            profile.sealing.kem,
            profile.groups.kem,
            profile.log.value,
            profile.certificates.leaf.value,
            profile.certificates.issuer.value,
            profile.certificates.root.value,
            profile.groups.signature,
            *profile.channel.signature_algorithms,
        ]
        assert min(map(level, used)) >= least, name
    assert algorithm_spelled("HKDF_SHA384") is ALGORITHMS["HKDF-SHA384"]


def test_an_algorithm_that_is_not_listed() -> None:
    with pytest.raises(InvalidInputError, match="does not list 'ROT13'"):
        algorithm_spelled("ROT13")


@pytest.mark.parametrize("use", USES, ids=lambda use: use.name)
def test_every_use_has_its_module(use: Use) -> None:
    if "/" in use.module:  # of the pages
        assert (Path(__file__).parents[2] / use.module).is_dir()
    else:
        assert importlib.util.find_spec(f"baluardo.{use.module}")
    assert all(name in ALGORITHMS for name in use.algorithms)


def test_limits_name_the_same_doors() -> None:
    """docs/limits.md has a table of the doors, in the order of the code."""
    limits = (Path(__file__).parents[2] / "docs" / "limits.md").read_text(encoding="utf-8")
    trust = limits.partition("\n## Trust\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in trust.splitlines() if line.startswith("| ")]
    assert rows[0] == ["door", "why it stands open", "what bounds the harm"]
    assert rows[1:] == [[door.name, door.why, door.bounded_by] for door in CLASSICAL_DOORS]
