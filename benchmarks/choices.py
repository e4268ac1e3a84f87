"""Which satellites the twin's operator chooses, beside published preferences; for `validation.py`.

The weights of `paths.policy` were chosen to match the gain in elevation and the shares below, so
they are no prediction. The ranks were not used for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from baluardo.geo.subscribers import subscribers
from baluardo.terms import Generation, Mask, Place, slot_at
from baluardo.twin.catalogues import load_catalogue
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.world import SlotOptions, World
from baluardo.twin.sky.sky import Sky
from baluardo.twin.sky.visibility import Observers, sightings

Bools = npt.NDArray[np.bool_]

SITES = (
    Place("Iowa", 41.66, -91.54),
    Place("New York", 42.44, -76.50),
    Place("Madrid", 40.42, -3.70),
)
"""The three unobstructed sites of arXiv 2307.00402, to a city's accuracy."""

PUBLISHED = {
    "gain_in_median_elevation_deg": 22.9,
    "chosen_above_45_deg": 0.80,
    "seen_above_45_deg": 0.30,
    "chosen_poleward": 0.82,
    "seen_poleward": 0.58,
    "chosen_sunlit": 0.72,
}
"""arXiv 2307.00402, section 5; recalled, not read again."""

PUBLISHED_RANKS = (16, 3, 17, 7)
"""By elevation, among about 50, in the one log there is (FACTS, Constellation)."""


@dataclass(slots=True)
class _Tally:
    chosen_deg: list[float] = field(default_factory=list)
    seen_deg: list[float] = field(default_factory=list)
    chosen_poleward: list[bool] = field(default_factory=list)
    seen_poleward: list[bool] = field(default_factory=list)
    chosen_lit: list[bool] = field(default_factory=list)
    chosen_newer: list[bool] = field(default_factory=list)
    seen_newer: list[bool] = field(default_factory=list)
    ranks: list[int] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)


def choices(catalogue: str | None, slots: Sequence[int]) -> dict[str, object]:
    """Return what was chosen at the sites in slots after the epoch, against all that was seen.

    `chosen_sunlit` counts slots in which sunlit and dark satellites are both in view. Seen is what
    stands above 25 degrees, near the geostationary arc or not.
    """
    sky = Sky(load_catalogue(catalogue).catalogue)
    ephemeris = ComputedEphemeris(sky)
    world = World(ephemeris, subscribers(), SlotOptions()).around(
        [p.lat_deg for p in SITES], [p.lon_deg for p in SITES]
    )
    terminals = [Terminal(p.name, p, down_bps=2.5e6, up_bps=0.25e6) for p in SITES]
    everything = Observers.of(SITES, Mask(min_elevation_deg=25.0))
    newer = np.isin(
        sky.catalogue.generation, (Generation.V2_MINI, Generation.V2_MINI_DIRECT_TO_CELL)
    )
    tally, first = _Tally(), slot_at(sky.catalogue.epoch)
    for slot in slots:
        moment = ephemeris.at(first + slot)
        seen = sightings(everything, moment.positions, moment.operational)
        serving = world.assign(first + slot, terminals).terminals.satellite
        for site, satellite in enumerate(serving.tolist()):
            view = seen.of(site)
            at = np.flatnonzero(view.satellites == satellite)
            if at.size:
                lit, new = moment.lit[view.satellites], newer[view.satellites]
                _count(tally, int(at[0]), view.elevation_deg, view.azimuth_deg, lit, new)
    return _figures(tally)


def _count(
    tally: _Tally,
    at: int,
    elevation_deg: npt.NDArray[np.float64],
    azimuth_deg: npt.NDArray[np.float64],
    lit: Bools,
    newer: Bools,
) -> None:
    """Add one site in one slot; `at` is the row of the satellite that serves."""
    north = np.cos(np.radians(azimuth_deg)) > 0.0
    tally.chosen_deg.append(float(elevation_deg[at]))
    tally.seen_deg += elevation_deg.tolist()
    tally.chosen_poleward.append(bool(north[at]))
    tally.seen_poleward += north.tolist()
    if lit.any() and not lit.all():
        tally.chosen_lit.append(bool(lit[at]))
    tally.chosen_newer.append(bool(newer[at]))
    tally.seen_newer += newer.tolist()
    tally.ranks.append(1 + int((elevation_deg > elevation_deg[at]).sum()))
    tally.seen.append(len(elevation_deg))


def _figures(tally: _Tally) -> dict[str, object]:
    chosen, seen = np.array(tally.chosen_deg), np.array(tally.seen_deg)
    return {
        "gain_in_median_elevation_deg": round(float(np.median(chosen) - np.median(seen)), 1),
        "chosen_above_45_deg": _share(chosen > 45.0),
        "seen_above_45_deg": _share(seen > 45.0),
        "chosen_poleward": _share(tally.chosen_poleward),
        "seen_poleward": _share(tally.seen_poleward),
        "chosen_sunlit": _share(tally.chosen_lit),
        "chosen_newer": _share(tally.chosen_newer),
        "seen_newer": _share(tally.seen_newer),
        "ranks_p10_25_50_75_90": np.percentile(tally.ranks, (10, 25, 50, 75, 90)).tolist(),
        "in_view_mean": round(float(np.mean(tally.seen)), 1),
    }


def _share(found: Sequence[bool] | Bools) -> float | None:
    return round(float(np.mean(found)), 2) if len(found) else None
