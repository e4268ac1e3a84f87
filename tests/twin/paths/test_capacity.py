"""How many sites are carried: what counts as carried, how sites are spread, how the search ends."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.geo.cells import Cells, cells_of
from baluardo.geo.regions import region
from baluardo.geo.subscribers import subscribers
from baluardo.terms import Mask, Place, slot_at, slot_start
from baluardo.twin.paths.capacity import (
    HOUR_S,
    MOST_SITES,
    SparseEphemeris,
    _carried,
    busiest,
    carried_in,
    hour_capacity,
    hour_slots,
    in_region,
    most_sites,
    spread_sites,
)
from baluardo.twin.paths.claims import COMMERCIAL_MASK, Terminal
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.paths.world import World
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.sky import Sky

EVENING = 1_748_545_200.0
"""2025-05-29T19:00:00Z."""
VALLETTA = Place("Valletta", 35.90, 14.51)


@pytest.fixture(scope="module")
def sky(default_catalogue: Catalogue) -> Sky:
    return Sky(default_catalogue)


@pytest.fixture(scope="module")
def planner(sky: Sky) -> Planner:
    world = World(SparseEphemeris(sky), subscribers())
    return Planner(world.around([VALLETTA.lat_deg], [VALLETTA.lon_deg]))


@pytest.fixture(scope="module")
def malta() -> Cells:
    return cells_of(region("malta"))


def site(name: str, **changes: object) -> Terminal:
    return replace(Terminal(name, VALLETTA), **changes)  # type: ignore[arg-type]


def inside(planner: Planner, cells: Cells) -> np.ndarray:
    return np.isin(planner.world.users.numbers, cells.numbers)


def test_sparse_ephemeris_agrees_with_the_other_to_the_bit(sky: Sky) -> None:
    sparse, whole = SparseEphemeris(sky), ComputedEphemeris(sky)
    first = slot_at(EVENING)
    for slot in (first, first + 1, first + 2, first + 3, first + 241, first - 64):
        one, other = sparse.at(slot), whole.at(slot)
        assert one.slot == other.slot
        for name in ("positions", "velocities", "operational", "lit"):
            assert np.array_equal(getattr(one, name), getattr(other, name)), name


@pytest.mark.parametrize("samples", [1, 4, 7, 240])
def test_slots_of_an_hour_begin_in_it_evenly(samples: int) -> None:
    slots = hour_slots(EVENING, samples)
    starts = np.array([slot_start(s) for s in slots]) - EVENING
    assert len(set(slots)) == samples
    assert (starts >= 0.0).all()
    assert (starts < HOUR_S).all()
    assert np.abs(starts - np.arange(samples) * HOUR_S / samples).max() < 15.0


@pytest.mark.parametrize("samples", [0, -1, 241])
def test_impossible_numbers_of_samples_are_refused(samples: int) -> None:
    with pytest.raises(InvalidInputError, match=f"samples {samples} is not from 1 to 240"):
        hour_slots(EVENING, samples)


def test_an_hour_tells_of_sites_and_of_everybody_else(planner: Planner, malta: Cells) -> None:
    blind = site("blind", mask=Mask(89.9))
    fleet = [site("office"), blind, site("greedy", down_bps=4e9)]
    hour = hour_capacity(planner, lambda _: fleet, inside(planner, malta), EVENING, samples=2)
    assert hour.start == EVENING
    assert len(hour.slots) == 2
    for carried in (hour.priority, hour.ordinary):
        assert carried.asked == 6
        assert carried.full + carried.less + sum(carried.reasons.values()) == 6
        assert carried.reasons[Reason.NOTHING_IN_VIEW] == 2
        assert carried.full <= 2, "4 Gbit/s are more than a beam carries"
        assert 0.0 < carried.share < 2.0 / 3.0
    assert hour.priority.full == 2, "an office of 20 Mbit/s with priority is carried"
    users = subscribers()
    total = users.users[np.isin(users.numbers, malta.numbers)].sum()
    assert hour.commercial.users == pytest.approx(total)
    assert hour.commercial.granted_bps <= hour.commercial.asked_bps
    assert hour.commercial.users_served <= hour.commercial.users
    assert 0.0 < hour.commercial.load <= 1.0


def test_priority_carries_what_a_crowded_cell_would_not(planner: Planner) -> None:
    """A channel of a cell holds 1,024 units, 93 sites of 11: 900 are too many for eight."""
    fleet = [site(f"site {k}", up_bps=1e6) for k in range(900)]
    slots = hour_slots(EVENING, 1)
    bought = carried_in(planner, lambda _: fleet, slots, contract=True)
    plain = carried_in(planner, lambda _: fleet, slots, contract=False)
    few = carried_in(planner, lambda _: fleet[:20], slots, contract=True)
    assert few.full_share == 1.0
    assert bought.full <= 8 * 93
    assert bought.full >= plain.full
    assert bought.full_share < 1.0


@pytest.mark.parametrize(
    ("changes", "full"),
    [
        ({}, 1),
        ({"reason": Reason.FADED}, 0),
        ({"granted": 1}, 0),
        ({"up_granted": 0}, 0),
        ({"rate_down_bps": 49.9e6}, 0),
        ({"rate_up_bps": 9.9e6}, 0),
    ],
)
def test_a_site_is_carried_if_nothing_is_missing(changes: dict[str, float], full: int) -> None:
    got = {
        "reason": Reason.SERVED,
        "granted": 2,
        "up_granted": 3,
        "rate_down_bps": 50e6,
        "rate_up_bps": 10e6,
    } | changes
    columns = SimpleNamespace(**{name: np.array([value]) for name, value in got.items()})
    wanted = np.array([2], dtype=np.int32), np.array([3], dtype=np.int32)
    terminals = [site("office", down_bps=50e6, up_bps=10e6)]
    found = _carried(columns, columns, terminals, wanted)  # type: ignore[arg-type]
    assert found.full == full
    served = got["reason"] == Reason.SERVED
    assert found.less == int(served) - full
    assert dict(found.reasons) == ({} if served else {Reason.FADED: 1})
    assert found.share == min(float(got["rate_down_bps"]) / 50e6, 1.0)


def test_nobody_asks_and_nobody_is_refused(planner: Planner, malta: Cells) -> None:
    hour = hour_capacity(planner, lambda _: [], inside(planner, malta), EVENING, samples=1)
    assert hour.priority.asked == 0
    assert hour.priority.full_share == 1.0
    assert hour.commercial == hour.commercial_beside_priority


def test_sites_under_way_are_asked_for_at_each_slot(planner: Planner) -> None:
    times: list[float] = []

    def fleet(time: float) -> list[Terminal]:
        times.append(time)
        return [site("ship", place=Place("ship", 35.9, 14.5 + (time - EVENING) / 1e5))]

    slots = hour_slots(EVENING, 3)
    carried_in(planner, fleet, slots, contract=False)
    assert times == [slot_start(s) for s in slots]


def test_a_region_of_another_shape_is_refused(planner: Planner) -> None:
    with pytest.raises(InvalidInputError, match="region has shape"):
        in_region(planner.world.claims, planner.world.users, np.zeros(3, dtype=np.bool_))


def test_the_busiest_hour_is_that_of_most_demand(planner: Planner, malta: Cells) -> None:
    mask = inside(planner, malta)
    hours = [
        hour_capacity(planner, lambda _: [], mask, EVENING + h * HOUR_S, samples=1)
        for h in (-15, 0, 6)
    ]
    assert busiest(hours).start == EVENING
    with pytest.raises(InvalidInputError, match="hours is empty"):
        busiest([])


def test_sites_are_spread_and_a_few_are_the_first_of_many() -> None:
    cells = cells_of(region("italy"), 4)
    model = site("site", dish=Terminal("x", VALLETTA).dish, down_bps=7e6, mask=COMMERCIAL_MASK)
    many = spread_sites(cells, len(cells) + 5, model)
    assert [t.place for t in spread_sites(cells, 20, model)] == [t.place for t in many[:20]]
    assert len({t.name for t in many}) == len(many)
    assert all(t.down_bps == 7e6 for t in many)
    places = [(t.place.lat_deg, t.place.lon_deg) for t in many]
    assert len(set(places[: len(cells)])) == len(cells), "no cell twice before each has one"
    assert places[:5] == places[len(cells) :]

    def farthest(chosen: list[tuple[float, float]]) -> float:
        some = np.array(chosen)
        away = np.hypot(
            cells.lat_deg[:, None] - some[:, 0], 0.75 * (cells.lon_deg[:, None] - some[:, 1])
        )
        return float(away.min(axis=1).max())

    in_order = list(zip(cells.lat_deg.tolist(), cells.lon_deg.tolist(), strict=True))
    assert farthest(places[:20]) < 0.7 * farthest(in_order[:20])


@pytest.mark.parametrize("count", [-1, MOST_SITES + 1])
def test_impossible_numbers_of_sites_are_refused(malta: Cells, count: int) -> None:
    with pytest.raises(InvalidInputError, match="count"):
        spread_sites(malta, count, site("site"))


@settings(max_examples=60)
@given(st.integers(64, MOST_SITES - 1))
def test_the_search_ends_near_the_true_number(true: int) -> None:
    found = most_sites(lambda n: 1.0 if n <= true else 0.5)
    assert found.sites <= true < (found.refused_at or MOST_SITES + 1)
    assert found.refused_at is not None
    assert found.refused_at - found.sites <= max(1, 0.02 * found.refused_at)
    assert len(found.tried) < 25


def test_the_search_tells_of_both_its_ends() -> None:
    none = most_sites(lambda _: 0.9)
    assert (none.sites, none.refused_at, dict(none.tried)) == (0, 64, {64: 0.9})
    every = most_sites(lambda _: 0.95, most=500)
    assert (every.sites, every.refused_at) == (500, None)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"enough": 0.0}, "enough 0.0 is not above 0"),
        ({"enough": float("nan")}, "enough nan"),
        ({"first": 0}, "not in their order"),
        ({"first": 9, "most": 8}, "not in their order"),
        ({"within": 1.0}, "within 1.0"),
    ],
)
def test_impossible_searches_are_refused(changes: dict[str, float], sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        most_sites(lambda _: 1.0, **changes)  # type: ignore[arg-type]
