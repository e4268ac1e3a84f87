"""What a sea takes of a dish's sky."""

import math
from itertools import pairwise

import pytest

from baluardo.errors import InvalidInputError
from baluardo.fleet.motion.seaway import MOST_LEAN_DEG, SECTORS, lean_deg, obstructions
from baluardo.fleet.platform import HANDLING, Platform, PlatformKind
from baluardo.terms import Obstruction

SHIP = Platform("ship", PlatformKind.SHIP)
MAST = Obstruction(160.0, 200.0, 55.0)


def limit(found, azimuth):
    """Return how high one must look towards an azimuth off the bow."""
    return max(
        (
            o.elevation_deg
            for o in found
            if (
                o.from_azimuth_deg <= azimuth <= o.to_azimuth_deg
                if o.from_azimuth_deg <= o.to_azimuth_deg
                else azimuth >= o.from_azimuth_deg or azimuth <= o.to_azimuth_deg
            )
        ),
        default=0.0,
    )


def test_a_calm_sea_and_the_air_leave_the_superstructure_alone():
    masted = Platform("ship", PlatformKind.SHIP, superstructure=(MAST,))
    assert obstructions(masted, 0) == (MAST,)
    helicopter = Platform("h", PlatformKind.HELICOPTER, superstructure=(MAST,))
    assert obstructions(helicopter, 7) == (MAST,)


def test_the_rougher_the_higher_and_abeam_more_than_ahead():
    limits = [
        (limit(obstructions(SHIP, state), 90.0), limit(obstructions(SHIP, state), 3.0))
        for state in range(1, 7)
    ]
    for calm, rough in pairwise(limits):
        assert rough[0] > calm[0]
        assert rough[1] > calm[1]
    assert all(abeam > ahead for abeam, ahead in limits)
    roll, pitch = lean_deg(SHIP, 5)
    handling = HANDLING[PlatformKind.SHIP]
    assert roll == pytest.approx(min(4.0 * handling.roll_deg_per_m, MOST_LEAN_DEG))
    assert pitch == pytest.approx(4.0 * handling.pitch_deg_per_m)
    assert limit(obstructions(SHIP, 5), 90.0) == pytest.approx(25.0 + roll)


@pytest.mark.parametrize("state", range(1, 10))
def test_no_direction_is_promised_that_the_deck_may_hide(state):
    masted = Platform("ship", PlatformKind.SHIP, superstructure=(MAST, Obstruction(350, 10, 30.0)))
    found = obstructions(masted, state)
    roll, pitch = lean_deg(masted, state)
    for azimuth in range(360):
        turn = math.radians(azimuth)
        lean = math.hypot(roll * math.sin(turn), pitch * math.cos(turn))
        still = max(25.0, limit(masted.superstructure, float(azimuth)))
        assert limit(found, float(azimuth)) >= min(still + lean, 90.0) - 1e-9


def test_an_obstruction_almost_all_round_is_kept_whole():
    narrow = Platform("ship", PlatformKind.SHIP, superstructure=(Obstruction(10.0, 5.0, 40.0),))
    found = obstructions(narrow, 3)
    assert len(found) > SECTORS
    for azimuth in (11.0, 14.0, 180.0, 359.0, 1.0, 4.0):
        assert limit(found, azimuth) >= 40.0
    assert limit(found, 7.5) < 40.0


@pytest.mark.parametrize("state", [-1, 10, 2.5, True])
def test_sea_states_that_are_none_are_refused(state):
    with pytest.raises(InvalidInputError, match="0 to 9"):
        obstructions(SHIP, state)
