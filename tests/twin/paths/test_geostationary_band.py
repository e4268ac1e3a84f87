"""The band of forbidden directions against the search along the geostationary arc."""

import numpy as np
import pytest

from baluardo.geo.ellipsoid import local_frames, places_earth_fixed
from baluardo.geo.subscribers import subscribers
from baluardo.terms import Mask, Place, slot_at
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.geostationary import bands, table_holds
from baluardo.twin.paths.world import SlotOptions, World
from baluardo.twin.sky.sky import Sky
from baluardo.twin.sky.visibility import GEOSTATIONARY_RADIUS_KM, Observers, sightings

NEAR_THE_EDGE_DEG = 0.05
"""What the table may be wrong by, in the angle to the arc."""


def angle_to_arc(lat, lon, azimuth, elevation):
    """Return the angle (deg) between directions and the visible arc by a fine, plain search."""
    place = places_earth_fixed([Place("here", lat, lon)])[0]
    east, north, up = local_frames(lat, lon)[0]
    turn = np.radians(lon + np.linspace(-90.0, 90.0, 7_201))
    arc = GEOSTATIONARY_RADIUS_KM * np.stack([np.cos(turn), np.sin(turn), 0.0 * turn], 1) - place
    arc /= np.linalg.norm(arc, axis=1, keepdims=True)
    arc = arc[arc @ up >= 0.0]
    if len(arc) == 0:
        return np.full(np.shape(azimuth), 180.0)
    a, e = np.radians(azimuth)[:, None], np.radians(elevation)[:, None]
    looks = np.cos(e) * (np.sin(a) * east + np.cos(a) * north) + np.sin(e) * up
    return np.degrees(np.arccos(np.clip((looks @ arc.T).max(axis=1), -1.0, 1.0)))


@pytest.mark.parametrize(
    ("least", "avoidance"), [(25.0, 18.0), (25.0, 0.0), (40.0, 5.0), (18.0, 18.0), (10.0, 30.0)]
)
def test_cells_use_what_visibility_allows(default_catalogue, least, avoidance):
    users = subscribers()
    some = users.select(np.arange(len(users)) % 97 == 0)
    mask = Mask(min_elevation_deg=least, gso_avoidance_deg=avoidance)
    ephemeris = ComputedEphemeris(Sky(default_catalogue))
    world = World(ephemeris, some, SlotOptions(mask=mask))
    slot = slot_at(default_catalogue.epoch)
    # One claim of each cell is enough: they stand at one place.
    first = np.searchsorted(world.claims.cell, some.numbers)
    in_view = world.assign(slot).commercial.in_view[first]
    sky = ephemeris.at(slot)
    places = [
        Place("cell", *where)
        for where in zip(some.lat_deg.tolist(), some.lon_deg.tolist(), strict=True)
    ]
    bounds = []
    for change in (NEAR_THE_EDGE_DEG, -NEAR_THE_EDGE_DEG):
        angle = max(avoidance + change, 0.0) if avoidance else 0.0
        observers = Observers.of(places, Mask(least, gso_avoidance_deg=angle))
        bounds.append(np.diff(sightings(observers, sky.positions, sky.operational).starts))
    assert (in_view >= bounds[0]).all()
    assert (in_view <= bounds[1]).all()
    assert some.lat_deg.min() < -40.0
    assert some.lat_deg.max() > 60.0


@pytest.mark.parametrize("lat", [0.0, 0.26, 12.3, 33.34, 41.9, 55.5, 63.77, 70.1, 80.9, 86.0, 90.0])
@pytest.mark.parametrize(
    ("least", "avoidance"), [(25.0, 18.0), (11.0, 4.0), (21.0, 14.0), (41.7, 30.0)]
)
def test_the_band_is_the_arc_widened(lat, least, avoidance):
    random = np.random.default_rng(int(lat * 100))
    azimuth = random.uniform(0.0, 360.0, 1_500)
    elevation = np.degrees(np.arcsin(random.uniform(np.sin(np.radians(least)), 1.0, 1_500)))
    # Half of them low in the east and west, where the band ends.
    azimuth[::2] = random.uniform(60.0, 130.0, 750)
    elevation[::2] = random.uniform(least, least + 6.0, 750)
    assert table_holds(avoidance, least)
    table = bands(avoidance)
    e, a = np.radians(elevation), np.radians(azimuth)
    east, north = np.abs(np.cos(e) * np.sin(a)), np.cos(e) * np.cos(a)
    # Bilinear between rows of half a degree and 129 columns, as `choice.near_claim` reads it.
    row, column = min(int(lat * 2), 180), np.minimum((east * 128).astype(int), 127)
    f, g = lat * 2 - row, east * 128 - column
    low, high = (
        (1 - f) * ((1 - g) * table[row, column, k] + g * table[row, column + 1, k])
        + f * ((1 - g) * table[row + 1, column, k] + g * table[row + 1, column + 1, k])
        for k in (0, 1)
    )
    barred = (low <= north) & (north <= high)
    angle = angle_to_arc(lat, 20.0, azimuth, elevation)
    sure = np.abs(angle - avoidance) > NEAR_THE_EDGE_DEG
    assert np.array_equal(barred[sure], (angle < avoidance)[sure])
    assert barred.any() == (angle < avoidance).any()


def test_near_the_horizon_the_band_is_not_relied_on():
    for avoidance, least in ((18.0, 18.0), (18.0, 24.9), (4.0, 10.9), (40.0, 47.0)):
        assert not table_holds(avoidance, least)
    assert table_holds(0.0, 0.0)


def test_no_angle_forbids_nothing():
    table = bands(0.0)
    assert (table[..., 0] > table[..., 1]).all()
    assert not table.flags.writeable
