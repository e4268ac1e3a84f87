"""Cells of a map, against a platform's plan in the middle of each."""

import numpy as np
import pytest

from baluardo.errors import InvalidInputError
from baluardo.geo.cells import Cells, cells_of
from baluardo.geo.polygons import Polygon
from baluardo.geo.regions import Region
from baluardo.geo.subscribers import subscribers
from baluardo.terms import slot_at
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.near.grid import GridAsked, grid_paths
from baluardo.twin.paths.near.mover import Mover
from baluardo.twin.paths.near.paths import NearPlanner
from baluardo.twin.paths.near.sky import Cap, prepare
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.radio.rain_field import RainField
from baluardo.twin.sky.landing import LandingRule, Lasers
from baluardo.twin.sky.sky import Sky

SLOTS = 9
TRUSTED = LandingRule(frozenset({"Marsala", "Foggia"}), frozenset({"BG"}))


@pytest.fixture(scope="module")
def near(default_catalogue):
    first = slot_at(default_catalogue.epoch) + 3
    ephemeris = ComputedEphemeris(Sky(default_catalogue))
    return prepare(ephemeris, Cap(36.5, 18.0, 400.0), first, SLOTS, users=subscribers())


@pytest.fixture(scope="module")
def cells():
    ring = np.array([(16.5, 35.5), (19.5, 35.5), (19.5, 37.5), (16.5, 37.5)])
    return cells_of(Region("square", (Polygon((ring,)),)), 4)


def mover_in(cells, k, rule):
    n = SLOTS
    return Mover(
        cells.names[k],
        np.full(n, cells.lat_deg[k]),
        np.full(n, cells.lon_deg[k]),
        np.zeros(n),
        np.zeros(n),
        np.ones(n, dtype=np.bool_),
        rule=rule,
    )


@pytest.mark.parametrize("rain", [None, 3])
def test_a_cell_gets_what_a_platform_in_its_middle_gets(near, cells, rain):
    weather = None if rain is None else RainField(rain)
    found = grid_paths(near, cells, GridAsked(TRUSTED, weather=weather), near.first_slot, SLOTS)
    planner = NearPlanner(near, weather=weather)
    alike = []
    for k in range(0, len(cells), 3):
        for rule, trip, rate in (
            (LandingRule(), found.round_trip_s, found.rate_down_bps),
            (TRUSTED, found.trusted_round_trip_s, found.trusted_rate_down_bps),
        ):
            plan = planner.paths(mover_in(cells, k, rule), near.first_slot)
            served = plan.reason == Reason.SERVED
            # The band around the geostationary arc is a table here: a satellite at its very edge
            # may be allowed by one and barred by the other.
            same = found.in_view[:, k] == plan.in_view
            alike.append(same.mean())
            expected = (plan.delay_up_s + plan.delay_down_s)[:, 0]
            both = same & served
            assert np.allclose(trip[both, k], expected[both], rtol=0.0, atol=2e-7)
            assert np.allclose(rate[both, k], plan.rate_down_bps[both, 0], rtol=1e-4)
            if rule == LandingRule():
                up = plan.rate_up_bps[both, 0]
                assert np.allclose(found.rate_up_bps[both, k], up, rtol=1e-4)
    assert np.mean(alike) > 0.97


def test_threads_change_nothing(near, cells, monkeypatch):
    monkeypatch.setattr("baluardo.twin.paths.near.grid.SLOTS_AT_ONCE", 2)
    told = []
    one = grid_paths(near, cells, GridAsked(TRUSTED), near.first_slot, SLOTS, progress=told.append)
    many = grid_paths(near, cells, GridAsked(TRUSTED), near.first_slot, SLOTS, threads=3)
    assert sum(told) == SLOTS
    for name in ("round_trip_s", "rate_down_bps", "trusted_round_trip_s", "in_view"):
        assert np.array_equal(getattr(one, name), getattr(many, name), equal_nan=True)


def test_where_nothing_may_land_nothing_is_trusted(near, cells):
    asked = GridAsked(LandingRule(gateways=frozenset()))
    found = grid_paths(near, cells, asked, near.first_slot, 2)
    assert np.isnan(found.trusted_round_trip_s).all()
    assert (found.trusted_rate_down_bps == 0.0).all()
    assert (found.rate_down_bps > 0.0).all()


def test_trust_costs_delay_and_gives_none(near, cells):
    found = grid_paths(near, cells, GridAsked(TRUSTED), near.first_slot, SLOTS)
    both = ~np.isnan(found.trusted_round_trip_s)
    assert both.any()
    assert np.median(found.trusted_round_trip_s[both] - found.round_trip_s[both]) >= 0.0


def test_what_is_not_prepared_is_refused(near, cells):
    with pytest.raises(InvalidInputError, match="holds slots"):
        grid_paths(near, cells, GridAsked(TRUSTED), near.first_slot + 1, SLOTS)
    low = GridAsked(TRUSTED, min_elevation_deg=10.0)
    with pytest.raises(InvalidInputError, match="degrees high"):
        grid_paths(near, cells, low, near.first_slot, SLOTS)
    required = GridAsked(LandingRule(lasers=Lasers.REQUIRED))
    with pytest.raises(InvalidInputError, match="no lasers"):
        grid_paths(near, cells, required, near.first_slot, SLOTS)
    far = Cells(4, cells.numbers, cells.lat_deg + 20.0, cells.lon_deg)
    with pytest.raises(InvalidInputError, match="outside the prepared region"):
        grid_paths(near, far, GridAsked(TRUSTED), near.first_slot, SLOTS)
