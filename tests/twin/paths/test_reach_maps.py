"""Maps of what dishes and phones get: the planner's own figures, the same for any workers."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

from baluardo.errors import InvalidInputError
from baluardo.geo.cells import Cells, cells_of
from baluardo.geo.regions import region
from baluardo.geo.subscribers import subscribers
from baluardo.terms import Generation, Mask, Place, slot_at
from baluardo.twin.paths.claims import COMMERCIAL_MASK, Terminal
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.reach_maps import Asked, ReachKind, map_reach, sampled_slots
from baluardo.twin.paths.spread import shares, spread
from baluardo.twin.paths.world import World
from baluardo.twin.radio.direct_to_cell import direct_links
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.sky import Sky
from baluardo.twin.sky.visibility import Observers

SLOT = slot_at(1_748_548_800.0)
"""2025-05-29T20:00:00Z."""


@pytest.fixture(scope="module")
def sky(default_catalogue: Catalogue) -> Sky:
    return Sky(default_catalogue)


@pytest.fixture(scope="module")
def malta() -> Cells:
    return cells_of(region("malta"), 5)


def test_columns_are_what_the_planner_tells(sky: Sky, malta: Cells) -> None:
    rate, latency = (
        map_reach(kind, sky, malta, first_slot=SLOT, slots=6).columns
        for kind in (ReachKind.RATE, ReachKind.LATENCY)
    )
    places = [
        Place(n, a, o) for n, a, o in zip(malta.names, malta.lat_deg, malta.lon_deg, strict=True)
    ]
    terminals = [Terminal(p.name, p) for p in places]
    planner = Planner(
        World(ComputedEphemeris(sky), subscribers()).around(malta.lat_deg, malta.lon_deg)
    )
    paths = [planner.paths(SLOT + k, terminals) for k in range(6)]
    down = np.array([p.rate_down_bps for p in paths])
    assert rate["rate_median_bps"] == pytest.approx(np.median(down, axis=0))
    assert rate["rate_5_percent_bps"] == pytest.approx(np.quantile(down, 0.05, axis=0))
    trips = np.sort([p.round_trip_s for p in paths], axis=0)
    assert latency["round_trip_median_s"] == pytest.approx(trips[2])
    assert latency["round_trip_95_percent_s"] == pytest.approx(trips[5])
    assert (latency["served"] == 1.0).all()


def test_rain_takes_a_little_and_a_higher_rate_more(sky: Sky, malta: Cells) -> None:
    low, high = (
        map_reach(
            ReachKind.AVAILABILITY,
            sky,
            malta,
            first_slot=SLOT,
            slots=8,
            asked=Asked(rate_bps=rate),
        ).columns
        for rate in (20e6, 150e6)
    )
    for columns in (low, high):
        assert (columns["available"] <= columns["available_without_rain"]).all()
        assert (columns["available"] > columns["available_without_rain"] - 0.02).all()
    assert (high["available"] < low["available"]).all()


def test_phones_are_served_by_satellites_made_for_them(sky: Sky, malta: Cells) -> None:
    columns = map_reach(ReachKind.DIRECT_TO_CELL, sky, malta, first_slot=SLOT, slots=8).columns
    places = [Place("x", malta.lat_deg[0], malta.lon_deg[0])]
    observers = Observers.of(places, Mask(25.0))
    best = []
    for k in range(8):
        snapshot = sky.snapshot((SLOT + k) * 15.0 + 12.0)
        seen = snapshot.sightings(observers)
        phones = sky.catalogue.generation[seen.satellites] == Generation.V2_MINI_DIRECT_TO_CELL
        links = direct_links(seen.elevation_deg[phones], seen.range_km[phones])
        best.append(float(np.where(links.outdoors, links.down_bps, 0.0).max(initial=0.0)))
    assert columns["covered"][0] == np.count_nonzero(best) / 8
    assert columns["covered_s"][0] == columns["covered"][0] * 120.0
    # Between nodes the ephemeris runs along a cubic: a metre, which no table notices much.
    assert columns["beam_down_bps"][0] == pytest.approx(np.mean([b for b in best if b]), rel=1e-4)


def test_workers_change_nothing_but_the_time(sky: Sky, malta: Cells) -> None:
    one, two = (
        map_reach(ReachKind.LATENCY, sky, malta, first_slot=SLOT, slots=9, workers=workers).columns
        for workers in (1, 2)
    )
    for name, values in one.items():
        assert np.array_equal(values, two[name], equal_nan=True), name


def test_slots_are_taken_at_even_distances() -> None:
    assert sampled_slots(7, 3) == [7, 8, 9]
    many = sampled_slots(100, 5_760, most=60)
    assert len(many) == 60
    assert set(np.diff(many)) == {96}
    with pytest.raises(InvalidInputError, match="slots 0 is not at least 1"):
        sampled_slots(0, 0)


def cube(number: int) -> int:
    if number == 13:
        raise InvalidInputError("13 is refused.")
    return number**3


def test_spread_keeps_the_order_and_hands_errors_on() -> None:
    items = [5, 2, 9, 4]
    assert spread(cube, items) == spread(cube, items, 2) == [125, 8, 729, 64]
    assert spread(cube, []) == []
    for workers in (1, 2):
        with pytest.raises(InvalidInputError, match="13 is refused"):
            spread(cube, [1, 13], workers)


def process_of(_: int) -> int:
    time.sleep(1.0)
    return os.getpid()


def test_two_workers_are_two_processes() -> None:
    assert len(set(spread(process_of, [1, 2, 3, 4, 5, 6], 2)) - {os.getpid()}) == 2


@pytest.mark.parametrize("workers", [0, -1, 257])
def test_spread_refuses_impossible_numbers_of_workers(workers: int) -> None:
    with pytest.raises(InvalidInputError, match=f"workers {workers} is not between 1 and 256"):
        spread(cube, [1, 2], workers)


def test_shares_are_whole_and_nearly_equal() -> None:
    for n in (0, 1, 5, 17):
        for workers in (1, 2, 3, 20):
            runs = shares(list(range(n)), workers)
            assert [x for run in runs for x in run] == list(range(n))
            assert all(len(run) > 0 for run in runs)
            assert max(map(len, runs), default=0) - min(map(len, runs), default=0) <= 1
    with pytest.raises(InvalidInputError, match="workers 0"):
        shares([1], 0)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), 1e11])
def test_impossible_rates_are_refused(rate: float) -> None:
    with pytest.raises(InvalidInputError, match="rate_bps"):
        Asked(rate_bps=rate)


def test_a_dish_of_the_map_has_the_commercial_mask() -> None:
    assert Asked().mask == COMMERCIAL_MASK
