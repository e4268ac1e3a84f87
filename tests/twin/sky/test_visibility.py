"""Who sees whom: masks, the geostationary arc, Doppler and what must always hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.geo.ellipsoid import local_frames, places_earth_fixed
from baluardo.terms import SPEED_OF_LIGHT_KM_S, Mask, Obstruction, Place
from baluardo.twin.sky.propagation import Propagator
from baluardo.twin.sky.visibility import (
    GEOSTATIONARY_RADIUS_KM,
    Observers,
    doppler_hz,
    sightings,
)

ROME = Place("Rome", 41.9, 12.5)


@pytest.fixture(scope="module")
def moment(default_catalogue):
    return Propagator(default_catalogue).positions([default_catalogue.epoch])[0]


def brute_force(place, mask, positions):
    """Azimuth and elevation by plain NumPy, degrees."""
    offset = positions - places_earth_fixed([place])[0]
    distance = np.linalg.norm(offset, axis=1)
    east, north, up = (local_frames(place.lat_deg, place.lon_deg)[0] @ offset.T) / distance
    elevation = np.degrees(np.arcsin(up))
    return (
        np.degrees(np.arctan2(east, north)) % 360.0,
        elevation,
        elevation >= mask.min_elevation_deg,
    )


@settings(max_examples=60, deadline=None)
@given(
    lat=st.floats(-90.0, 90.0),
    lon=st.floats(-180.0, 180.0),
    height=st.floats(0.0, 12_000.0),
    least=st.floats(0.0, 60.0),
)
def test_equals_brute_force(moment, lat, lon, height, least):
    place, mask = Place("somewhere", lat, lon, height), Mask(min_elevation_deg=least)
    seen = sightings(Observers.of([place], mask), moment, np.ones(len(moment), dtype=np.bool_))
    azimuth, elevation, expected = brute_force(place, mask, moment)
    # A satellite exactly on the mask may fall on either side of rounding.
    doubtful = np.abs(elevation - least) < 1e-9
    found = np.zeros(len(moment), dtype=np.bool_)
    found[seen.satellites] = True
    assert np.array_equal(found[~doubtful], expected[~doubtful])
    assert np.allclose(seen.elevation_deg, elevation[seen.satellites], atol=1e-9)
    turn = (seen.azimuth_deg - azimuth[seen.satellites] + 180.0) % 360.0 - 180.0
    steep = np.cos(np.radians(seen.elevation_deg))
    assert np.abs(turn * steep).max(initial=0.0) < 1e-9
    assert (np.diff(seen.elevation_deg) <= 0.0).all()


def test_a_higher_mask_never_adds_a_satellite(moment):
    usable = np.ones(len(moment), dtype=np.bool_)
    sets = [
        set(sightings(Observers.of([ROME], Mask(e)), moment, usable).satellites.tolist())
        for e in (0.0, 10.0, 25.0, 40.0)
    ]
    assert sets[0] > sets[1] > sets[2] > sets[3]


def test_an_unusable_satellite_is_seen_by_nobody(moment):
    usable = np.ones(len(moment), dtype=np.bool_)
    seen = sightings(Observers.of([ROME], Mask()), moment, usable).satellites
    usable[seen[:3]] = False
    later = sightings(Observers.of([ROME], Mask()), moment, usable).satellites
    assert set(later.tolist()) == set(seen[3:].tolist())


def test_a_refused_satellite_is_seen_by_nobody(moment):
    broken = moment.copy()
    usable = np.ones(len(moment), dtype=np.bool_)
    seen = sightings(Observers.of([ROME], Mask()), moment, usable).satellites
    broken[seen[0]] = np.nan
    later = sightings(Observers.of([ROME], Mask()), broken, usable).satellites
    assert set(later.tolist()) == set(seen[1:].tolist())


@pytest.mark.parametrize(("begin", "end"), [(40.0, 200.0), (300.0, 60.0), (0.0, 360.0)])
def test_obstructions_hide_what_is_low_in_their_azimuths(moment, begin, end):
    usable = np.ones(len(moment), dtype=np.bool_)
    free = sightings(Observers.of([ROME], Mask()), moment, usable)
    wall = Mask(obstructions=(Obstruction(begin, end, 50.0),))
    walled = sightings(Observers.of([ROME], wall), moment, usable)
    inside = (
        (free.azimuth_deg >= begin) & (free.azimuth_deg <= end)
        if begin <= end
        else (free.azimuth_deg >= begin) | (free.azimuth_deg <= end)
    )
    expected = free.satellites[~(inside & (free.elevation_deg < 50.0))]
    assert set(walled.satellites.tolist()) == set(expected.tolist())
    assert len(walled) < len(free)


@pytest.mark.parametrize("lat", [-38.0, 0.0, 5.0, 41.9, 52.0, 70.0])
def test_geostationary_avoidance_equals_a_fine_search(moment, lat):
    place, avoidance = Place("watcher", lat, 12.5), 18.0
    usable = np.ones(len(moment), dtype=np.bool_)
    free = sightings(Observers.of([place], Mask()), moment, usable)
    kept = sightings(
        Observers.of([place], Mask(gso_avoidance_deg=avoidance)), moment, usable
    ).satellites
    at = places_earth_fixed([place])[0]
    longitude = np.radians(np.arange(-180.0, 180.0, 0.01))
    arc = GEOSTATIONARY_RADIUS_KM * np.stack(
        [np.cos(longitude), np.sin(longitude), np.zeros_like(longitude)], axis=1
    )
    arc -= at
    arc = arc[arc @ local_frames(place.lat_deg, place.lon_deg)[0, 2] >= 0.0]
    arc /= np.linalg.norm(arc, axis=1, keepdims=True)
    direction = moment[free.satellites] - at
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    angle = np.degrees(np.arccos(np.clip((direction @ arc.T).max(axis=1), -1.0, 1.0)))
    assert (np.abs(angle - avoidance) > 1e-3).all(), "choose a moment without a borderline case"
    assert set(kept.tolist()) == set(free.satellites[angle > avoidance].tolist())


def test_elevation_rises_before_it_sets(default_catalogue):
    propagator = Propagator(default_catalogue)
    times = default_catalogue.epoch + np.arange(0.0, 1500.0, 15.0)
    observers = Observers.of([ROME], Mask(min_elevation_deg=5.0))
    usable = np.ones(len(default_catalogue), dtype=np.bool_)
    tracks: dict[int, list[tuple[float, float]]] = {}
    for time, positions in zip(times, propagator.positions(times), strict=True):
        seen = sightings(observers, positions, usable)
        for s, elevation in zip(seen.satellites.tolist(), seen.elevation_deg, strict=True):
            tracks.setdefault(s, []).append((time, elevation))
    whole = [
        [e for _, e in track]
        for track in tracks.values()
        if track[0][0] > times[0] and track[-1][0] < times[-1] and len(track) > 3
    ]
    assert len(whole) > 50
    for elevations in whole:
        top = int(np.argmax(elevations))
        assert (np.diff(elevations[: top + 1]) > 0.0).all()
        assert (np.diff(elevations[top:]) < 0.0).all()


def test_doppler_is_the_rate_of_the_range(default_catalogue):
    propagator = Propagator(default_catalogue)
    t, carrier = default_catalogue.epoch, 2.0e9
    states = propagator.earth_fixed([t])
    before, after = propagator.positions([t - 0.1, t + 0.1])
    at = places_earth_fixed([ROME])[0]
    rate = (np.linalg.norm(after - at, axis=1) - np.linalg.norm(before - at, axis=1)) / 0.2
    expected = -rate / SPEED_OF_LIGHT_KM_S * carrier
    ours = doppler_hz(ROME, states.positions[0], states.velocities[0], carrier)
    assert np.abs(ours - expected).max() < 1.0  # Hz, of up to 50 kHz
    with pytest.raises(InvalidInputError, match="carrier_hz"):
        doppler_hz(ROME, states.positions[0], states.velocities[0], 0.0)


def test_one_mask_each_or_one_for_all():
    with pytest.raises(InvalidInputError, match="2 masks were given for 1 places"):
        Observers.of([ROME], [Mask(), Mask()])


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Mask(min_elevation_deg=90.0), "min_elevation_deg"),
        (lambda: Mask(min_elevation_deg=float("nan")), "min_elevation_deg"),
        (lambda: Mask(gso_avoidance_deg=-1.0), "gso_avoidance_deg"),
        (lambda: Obstruction(-1.0, 10.0, 5.0), "from_azimuth_deg"),
        (lambda: Obstruction(1.0, 361.0, 5.0), "to_azimuth_deg"),
        (lambda: Obstruction(1.0, 10.0, 91.0), "elevation_deg"),
        (lambda: Place("x", 91.0, 0.0), "latitude"),
        (lambda: Place("x", 0.0, float("nan")), "longitude"),
        (lambda: Place("x", 0.0, 0.0, 1e9), "height"),
    ],
)
def test_impossible_values_are_refused_by_name(make, field):
    with pytest.raises(InvalidInputError, match=field):
        make()
