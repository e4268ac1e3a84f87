"""Availability by statistics: samples are the planner's own, and thresholds of rain are its too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.geo.subscribers import subscribers
from baluardo.terms import Mask, Place, slot_at
from baluardo.twin.paths.availability import Availability, Cause, Statistics
from baluardo.twin.paths.beams import CHANNELS
from baluardo.twin.paths.claims import COMMERCIAL_MASK, Terminal
from baluardo.twin.paths.disruptions import Disruption, DisruptionKind
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.paths.sky_samples import (
    LEAST_PER_HOUR,
    MOST_DRAWS,
    OneSlotEphemeris,
    SampledSlots,
    draws_of,
    sample_sky,
    spread_slots,
)
from baluardo.twin.paths.world import SlotOptions, World
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.landing import LandingRule, Lasers
from baluardo.twin.sky.sky import Sky

Floats = npt.NDArray[np.float64]

SLOT = slot_at(1_748_548_800.0)
"""2025-05-29T20:00:00Z, in the evening."""

ROME = Terminal("rome", Place("rome", 41.9, 12.5))
LANDED = LandingRule(gateways=frozenset({"Marsala"}))

TERMINALS = {
    "rome": ROME,
    "contract": replace(ROME, contract=True, down_bps=100e6),
    "nairobi": Terminal("nairobi", Place("nairobi", -1.29, 36.82)),  # lands over lasers
    "one_gateway": replace(ROME, rule=LANDED),
    "laser_required": replace(ROME, rule=LandingRule(lasers=Lasers.REQUIRED)),
    "low_mask": replace(ROME, mask=Mask(min_elevation_deg=10.0)),
}


@pytest.fixture(scope="module")
def sky(default_catalogue: Catalogue) -> Sky:
    return Sky(default_catalogue)


def planner_at(sky: Sky, terminal: Terminal, options: SlotOptions | None = None) -> Planner:
    place = terminal.place
    world = World(OneSlotEphemeris(sky), subscribers(), options).around(
        [place.lat_deg], [place.lon_deg], min_elevation_deg=terminal.mask.min_elevation_deg
    )
    return Planner(world)


@pytest.fixture(scope="module")
def planner(sky: Sky) -> Planner:
    return planner_at(sky, ROME)


def alone(*slots: int) -> SampledSlots:
    return SampledSlots(np.array(slots), np.full(len(slots), 1.0 / len(slots)))


@pytest.mark.parametrize("name", TERMINALS)
def test_a_sample_is_what_the_planner_tells(sky: Sky, name: str) -> None:
    terminal = TERMINALS[name]
    planner = planner_at(sky, terminal)
    for slot in (SLOT, SLOT + 7, SLOT + 111):
        paths = planner.paths(slot, [terminal])
        samples = sample_sky(planner, terminal, alone(slot), draws=1)
        assert samples.reason[0] == paths.reason[0]
        assert samples.satellite[0] == paths.satellite[0]
        if paths.reason[0] != Reason.SERVED:
            continue
        assert samples.gateway[0] == paths.gateway[0]
        assert samples.elevation_deg[0] == pytest.approx(paths.elevation_deg[0], abs=1e-9)
        statistics = Statistics(planner, terminal, samples)
        rate = float(paths.rate_down_bps[0])
        up = float(paths.rate_up_bps[0])
        assert statistics.at(rate * (1.0 - 1e-9), up * (1.0 - 1e-9)).dry == 1.0
        assert statistics.at(rate * (1.0 + 1e-9)).dry == 0.0
        assert statistics.at(rate * 0.5, up * (1.0 + 1e-9)).dry == 0.0


class Rain:
    """Weather of a fixed share of the year, at the place or at one gateway; dry elsewhere."""

    def __init__(self, lat_deg: float, lon_deg: float) -> None:
        self.at = (lat_deg, lon_deg)
        self.share = 100.0

    def percent(self, lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike, time: float) -> Floats:
        del time
        lat, lon = np.asarray(lat_deg), np.asarray(lon_deg)
        return np.where((lat == self.at[0]) & (lon == self.at[1]), self.share, 100.0)


def threshold(planner: Planner, rain: Rain, terminal: Terminal, slot: int, rate: float) -> float:
    """Return the share of the year, 0 to 1, below which the planner's own rate is too low."""
    low, high = 1e-3, 20.0
    for _ in range(14):
        rain.share = float(np.sqrt(low * high))
        enough = planner.paths(slot, [terminal]).rate_down_bps[0] >= rate
        low, high = (low, rain.share) if enough else (rain.share, high)
    return high / 100.0


def of_one_slot(planner: Planner, terminal: Terminal, slot: int, rate: float) -> Availability:
    samples = sample_sky(planner, terminal, alone(slot), draws=1)
    return Statistics(planner, terminal, samples).at(rate)


def test_rain_at_the_place_begins_to_hurt_where_the_planner_says(planner: Planner) -> None:
    rain = Rain(ROME.place.lat_deg, ROME.place.lon_deg)
    wet = Planner(planner.world, weather=rain)
    dry = float(planner.paths(SLOT, [ROME]).rate_down_bps[0])
    for part in (0.9, 0.6):
        answer = of_one_slot(planner, ROME, SLOT, dry * part)
        expected = threshold(wet, rain, ROME, SLOT, dry * part)
        assert answer.causes[Cause.USER_RAIN] == pytest.approx(expected, rel=0.08)
        assert answer.causes[Cause.USER_RAIN] > 1e-4


def test_rain_at_the_only_gateway_hurts_where_the_planner_says(planner: Planner) -> None:
    # Without lasers, as these would find another satellite over the same gateway.
    terminal = replace(ROME, rule=replace(LANDED, lasers=Lasers.FORBIDDEN))
    gateways = planner.world.ephemeris.sky.ground.gateways
    place = next(g.place for g in gateways if g.place.name == "Marsala")
    rain = Rain(place.lat_deg, place.lon_deg)
    wet = Planner(planner.world, weather=rain)
    dry = float(planner.paths(SLOT, [terminal]).rate_down_bps[0])
    answer = of_one_slot(planner, terminal, SLOT, dry * 0.5)
    expected = threshold(wet, rain, terminal, SLOT, dry * 0.5)
    # Of this share a part is rain at the place as well, and counts there.
    assert answer.causes[Cause.GATEWAY_RAIN] == pytest.approx(expected, rel=0.12)
    assert expected > 3e-5


def test_further_gateways_take_over_from_a_faded_one(planner: Planner) -> None:
    one = of_one_slot(planner, TERMINALS["one_gateway"], SLOT, 10e6)
    many = of_one_slot(planner, ROME, SLOT, 10e6)
    assert many.dry == one.dry == 1.0
    assert many.causes[Cause.GATEWAY_RAIN] < 0.3 * one.causes[Cause.GATEWAY_RAIN]


def test_all_draws_stand_on_the_terminals_own_channel(planner: Planner) -> None:
    from baluardo.twin.paths import sky_samples  # noqa: PLC0415 - a private matter of the module

    for name in ("rome", "zulu", "a", "b", "c"):
        terminal = replace(ROME, name=name)
        own = planner.world.assign(SLOT, [terminal]).terminals.channel[0]
        asking = sky_samples._draws(terminal, MOST_DRAWS)
        served = planner.world.assign(SLOT, asking).terminals
        assert sum(t.name == name for t in asking) == 1
        assert [t.name for t in asking].index(name) % CHANNELS == 0
        assert (served.channel[::CHANNELS] == own).all()
        assert len(served.channel[::CHANNELS]) == MOST_DRAWS
        silent = np.delete(served.reason, np.arange(0, len(served), CHANNELS))
        assert (silent == Reason.NO_FIX).all()


def test_statistics_agree_with_every_slot_of_an_hour(planner: Planner) -> None:
    every = sample_sky(planner, ROME, alone(*range(SLOT, SLOT + 240)), draws=1)
    some = sample_sky(planner, ROME, spread_slots(SLOT, 240, count=45))
    by_slot, by_sample = (Statistics(planner, ROME, s) for s in (every, some))
    for rate in (50e6, 150e6, 200e6):
        slots, chances = by_slot.rain_by_slot(rate)
        whole, part = by_slot.at(rate), by_sample.at(rate)
        assert len(slots) == 240
        assert chances.mean() == pytest.approx(whole.rainy, abs=1e-12)
        assert abs(part.rainy - whole.rainy) < 3.5 * np.hypot(part.error, whole.error) + 1e-3
        assert part.error < 0.06


def test_causes_and_availability_add_up_to_the_year(planner: Planner) -> None:
    samples = sample_sky(planner, ROME, spread_slots(SLOT, 240, count=12))
    statistics = Statistics(planner, ROME, samples)
    last = 1.0
    for rate in (0.0, 20e6, 100e6, 200e6, 300e6):
        answer = statistics.at(rate)
        assert sum(answer.causes.values()) + answer.rainy == pytest.approx(1.0, abs=1e-9)
        assert answer.rainy <= answer.dry
        assert answer.rainy <= last
        assert min(answer.causes.values()) >= 0.0
        last = answer.rainy
    assert statistics.at(300e6).dry == 0.0
    for share in (0.5, 0.9):
        dry, wet = (statistics.rate_exceeded(share, rain=rain) for rain in (False, True))
        assert wet <= dry * 1.001
        assert statistics.at(wet * 0.999).rainy >= share > statistics.at(wet * 1.01).rainy


@pytest.mark.parametrize(
    ("disruption", "cause"),
    [
        (Disruption(DisruptionKind.POSITION_FIX, "rome"), Cause.NO_FIX),
        (Disruption(DisruptionKind.GATEWAY, "Marsala"), Cause.NO_LANDING),
    ],
)
def test_what_is_out_of_order_is_told(sky: Sky, disruption: Disruption, cause: Cause) -> None:
    terminal = TERMINALS["one_gateway"]
    planner = planner_at(sky, terminal, SlotOptions(disruptions=(disruption,)))
    answer = Statistics(planner, terminal, sample_sky(planner, terminal, alone(SLOT))).at(1e6)
    assert answer.causes[cause] == 1.0
    assert answer.rainy == answer.dry == 0.0


def test_nothing_in_view_is_told(sky: Sky) -> None:
    blind = replace(ROME, mask=Mask(min_elevation_deg=89.9))
    planner = planner_at(sky, ROME)
    answer = Statistics(planner, blind, sample_sky(planner, blind, alone(SLOT))).at(1e6)
    assert answer.causes[Cause.NO_SATELLITE] == 1.0


@settings(max_examples=30, deadline=None)
@given(
    first=st.integers(-(10**8), 10**9),
    slots=st.integers(1, 60_000),
    count=st.integers(1, 600),
)
@example(first=-1, slots=5_760, count=48)
def test_slots_are_spread_over_the_whole_span(first: int, slots: int, count: int) -> None:
    sampled = spread_slots(first, slots, count=count)
    assert sampled.weights.sum() == pytest.approx(1.0)
    assert (sampled.weights > 0.0).all()
    assert len(np.unique(sampled.slots)) == len(sampled)
    assert sampled.slots.min() >= first
    assert sampled.slots.max() < first + slots
    if slots >= 24 * 240:
        hours, times = np.unique(sampled.slots // 240 % 24, return_counts=True)
        assert len(hours) == 24
        assert times.min() >= min(LEAST_PER_HOUR, max(count // 24, 1))
        shares = [sampled.weights[sampled.slots // 240 % 24 == h].sum() for h in hours]
        assert max(shares) < 0.09


def test_busy_hours_get_more_slots() -> None:
    slots = spread_slots(0, 30 * 5_760).slots
    counts = np.bincount(slots // 240 % 24, minlength=24)
    assert counts[18:22].sum() > 4 * counts[2:6].sum()


def test_a_large_demand_is_drawn_less_often() -> None:
    assert draws_of(ROME) == MOST_DRAWS
    assert draws_of(replace(ROME, down_bps=100e6)) == 5
    assert draws_of(replace(ROME, down_bps=5e9)) == 1


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda _: spread_slots(0, 0), "slots 0 is not at least 1"),
        (lambda _: spread_slots(0, 10, count=0), "count 0 is not at least 1"),
        (lambda p: sample_sky(p, ROME, alone(SLOT), draws=0), "draws 0 is not from 1 to 24"),
        (
            lambda p: of_one_slot(p, ROME, SLOT, float("nan")),
            "rate_bps nan is not between 0 and 10 Gbit/s",
        ),
        (lambda p: of_one_slot(p, ROME, SLOT, -1.0), "rate_bps -1.0 is not between"),
        (
            lambda p: Statistics(p, ROME, sample_sky(p, ROME, alone(SLOT))).rate_exceeded(
                1.0, rain=True
            ),
            "share 1.0 is not between 0 and 1",
        ),
        (
            lambda p: Statistics(
                p, ROME, sample_sky(p, ROME, alone(SLOT)).of(np.zeros(MOST_DRAWS, np.bool_))
            ),
            "No slot was sampled",
        ),
    ],
)
def test_bad_input_is_a_sentence(planner: Planner, call: Any, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        call(planner)


def test_the_commercial_mask_is_that_of_places() -> None:
    assert ROME.mask == COMMERCIAL_MASK
