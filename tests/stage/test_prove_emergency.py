"""The proof of warnings as a whole: an authority that is killed and started again, an operator."""

from __future__ import annotations

import asyncio

import pytest

from baluardo.scenario.event import default_event_path, load_event
from baluardo.stage.prove.emergency import prove_emergency
from baluardo.stage.prove.result import Finding
from baluardo.twin.catalogues import load_catalogue

TIMED = "to the plan of beams"
"""Claims that a busy machine may miss: how fast it is, is for the command to show."""


@pytest.fixture(scope="module")
def findings() -> dict[str, Finding]:
    event = load_event(default_event_path())
    catalogue = load_catalogue("shells").catalogue
    said: list[str] = []
    found = asyncio.run(prove_emergency(event, catalogue, said.append, handsets=100_000))
    assert len(said) == 8
    return {each.claim: each for each in found}


def test_every_claim_holds(findings: dict[str, Finding]) -> None:
    assert len(findings) >= 20
    failed = [each for claim, each in findings.items() if TIMED not in claim and not each.holds]
    assert not failed


def test_what_is_released_reaches_the_plan_of_beams(findings: dict[str, Finding]) -> None:
    timed = [each.measured for claim, each in findings.items() if TIMED in claim]
    assert len(timed) == 2
    assert all(" s, " in each for each in timed)
