"""Satellites between SGP4's minutes: within a metre of SGP4, and working where it says so."""

import numpy as np
import pytest

from baluardo.terms import Status, slot_at, slot_start
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.sky.sky import Sky
from baluardo.twin.sky.sun import sunlit

ONE_METRE_KM = 1e-3
ONE_METRE_A_SECOND_KM_S = 1e-3
"""SGP4's own velocity is no better the slope of its positions."""
HALF_A_METRE_KM = 5e-4


@pytest.fixture(scope="module", params=["default", "real"])
def sky(request):
    return Sky(request.getfixturevalue(f"{request.param}_catalogue"))


def test_within_a_metre_of_sgp4(sky):
    ephemeris = ComputedEphemeris(sky)
    first = slot_at(sky.catalogue.epoch)
    slots = [first + k for k in (0, 1, 2, 3, 62, 63, 64, 65, -1, -63, 5_000, 5_001, 5_002)]
    exact = sky.propagator.earth_fixed([slot_start(s) for s in slots])
    for slot, position, velocity in zip(slots, exact.positions, exact.velocities, strict=True):
        found = ephemeris.at(slot)
        assert found.slot == slot
        assert found.time == slot_start(slot)
        working = found.operational
        assert np.array_equal(working, sky.statuses(position) == Status.OPERATIONAL)
        apart = np.linalg.norm(found.positions - position, axis=1)
        assert np.nanmax(apart[working]) < ONE_METRE_KM
        faster = np.linalg.norm(found.velocities - velocity, axis=1)
        assert np.nanmax(faster[working]) < ONE_METRE_A_SECOND_KM_S
        if slot % 4 == 0:
            assert np.nanmax(apart[working]) < 1e-9


def test_the_error_is_the_one_that_the_module_states(default_catalogue):
    sky = Sky(default_catalogue)
    slot = 4 * (slot_at(sky.catalogue.epoch) // 4) + 2  # half-way: the cubic is at its worst
    exact = sky.propagator.positions([slot_start(slot)])[0]
    apart = np.linalg.norm(ComputedEphemeris(sky).at(slot).positions - exact, axis=1)
    assert 0.1 * ONE_METRE_KM < np.nanmax(apart) < HALF_A_METRE_KM


def test_light_and_shade_are_those_of_the_slot(default_catalogue):
    sky = Sky(default_catalogue)
    found = ComputedEphemeris(sky).at(slot_at(sky.catalogue.epoch) + 7)
    assert np.array_equal(found.lit, sunlit(found.positions, found.time))
    assert 0.55 < found.lit.mean() < 0.75


def test_blocks_may_be_left_and_entered_again(default_catalogue):
    sky = Sky(default_catalogue)
    one, other = ComputedEphemeris(sky), ComputedEphemeris(sky)
    slots = [7, 6, 400, 5, -3, 7, 63, 64, 63]
    seen = {s: one.at(s) for s in sorted(set(slots))}
    for slot in slots:
        again = other.at(slot)
        assert np.array_equal(again.positions, seen[slot].positions)
        assert np.array_equal(again.operational, seen[slot].operational)


def test_where_sgp4_refuses_nobody_works(real_catalogue):
    sky = Sky(real_catalogue)
    late = ComputedEphemeris(sky).at(slot_at(real_catalogue.epoch + 540 * 86_400.0) + 1)
    refused = ~np.isfinite(late.positions[:, 0])
    assert refused.sum() > 100  # FACTS: 436 errors 18 months on
    assert not late.operational[refused].any()
    assert not late.lit[refused].any()
