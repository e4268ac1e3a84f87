"""How calls sounded, as the edges of both ends keep it: the E-model of real receivers' reports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from baluardo.stage.prove.chromium import Page
from baluardo.stage.prove.result import Finding

LEAST_R: Final = 70.0
"""Above it some users are dissatisfied at most (ITU-T G.107, table B.1)."""
RECORDS: Final = "fetch('/api/calls/records').then((answer) => answer.json())"
REPORTS_SECONDS: Final = 20.0


class Leg(NamedTuple):
    """How one device has heard a call."""

    device: str
    r: float
    """Mean, by time."""
    mos: float


async def legs_of(page: Page, call: str) -> list[Leg]:
    """Return how devices of a page's site hear a call; StageError if none ever says so."""
    found = f"""{RECORDS}.then(({{ going, over }}) =>
      [...going, ...over].find((each) => each.call === {json.dumps(call)})?.legs ?? [])
      .then((legs) => legs.length > 0 ? legs : null)"""
    legs: list[dict[str, Any]] = await page.until(found, "reports of the call", REPORTS_SECONDS)
    return [Leg(each["device"], each["mean"]["r"], each["mean"]["mos"]) for each in legs]


def told_legs(legs: Sequence[Leg]) -> str:
    """Return them as a finding says it."""
    rates = ", ".join(f"{each.r:.0f}" for each in legs)
    return f"R {rates} (MOS {', '.join(f'{each.mos:.1f}' for each in legs)})"


def judge_quality(legs: Sequence[Leg], round_trip_ms: float) -> Finding:
    """Judge a call by what both of its ends have heard."""
    good = len(legs) > 1 and all(each.r >= LEAST_R for each in legs)
    claim = f"E-model of both legs, round trip {round_trip_ms:.0f} ms, as edges keep it"
    return Finding(claim, told_legs(legs), f"R {LEAST_R:g}", good)
