"""Windows of satellites for phones: against a look every second, at their edges, and their gaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.geo.ellipsoid import earth_fixed, places_earth_fixed
from baluardo.terms import Generation, Mask, Obstruction, Place, slot_at, slot_start
from baluardo.twin.paths import direct
from baluardo.twin.paths.direct import (
    TIME_TOLERANCE_S,
    Window,
    direct_satellites,
    edge_residual_hz,
    gaps,
    windows,
)
from baluardo.twin.radio.direct_to_cell import residual_doppler_hz
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.propagation import Propagator
from baluardo.twin.sky.sky import Failures, Sky, SkyOptions
from baluardo.twin.sky.visibility import Observers, sightings

NOON = slot_at(1_748_520_000.0)
ROME = Place("Rome", 41.9, 12.5, 50.0)
NORTH_EAST = Obstruction(330.0, 100.0, 40.0)
SLOTS = range(NOON, NOON + 40)


@pytest.fixture(scope="module")
def sky(default_catalogue: Catalogue) -> Sky:
    return Sky(default_catalogue)


def ship(time: float) -> Place:
    """Return a place that moves at 30 m/s northwards, far faster than any ship."""
    return Place("ship", 38.0 + (time - slot_start(NOON)) * 0.00027, 18.0)


def seen_each_second(sky: Sky, place_at, mask: Mask, times: np.ndarray) -> list[set[int]]:
    """Return the direct-to-cell satellites in view at each time, by SGP4 and `sightings` alone."""
    rows = direct_satellites(sky)
    keep = np.zeros(len(sky.catalogue), dtype=np.bool_)
    keep[rows] = True
    positions = Propagator(sky.catalogue.select(keep)).positions(times)
    working = np.ones(rows.size, dtype=np.bool_)
    return [
        set(
            rows[
                sightings(Observers.of([place_at(time)], mask), moment, working).satellites
            ].tolist()
        )
        for time, moment in zip(times.tolist(), positions, strict=True)
    ]


@pytest.mark.parametrize(
    ("place_at", "mask"),
    [
        (lambda _: ROME, Mask(25.0)),
        (lambda _: ROME, Mask(25.0, (NORTH_EAST,))),
        (lambda _: ROME, Mask(78.0)),
        (ship, Mask(40.0)),
    ],
)
def test_windows_are_what_a_look_every_second_sees(sky: Sky, place_at, mask: Mask) -> None:
    found = windows(sky, place_at, mask, SLOTS)
    times = np.arange(slot_start(SLOTS.start), slot_start(SLOTS.stop), 1.0)
    for time, seen in zip(
        times.tolist(), seen_each_second(sky, place_at, mask, times), strict=True
    ):
        surely = {
            w.satellite
            for w in found
            if w.rise + TIME_TOLERANCE_S <= time <= w.end - TIME_TOLERANCE_S
        }
        maybe = {
            w.satellite
            for w in found
            if w.rise - TIME_TOLERANCE_S <= time <= w.end + TIME_TOLERANCE_S
        }
        assert surely <= seen <= maybe
    assert found


def test_short_windows_between_two_looks_are_found(sky: Sky) -> None:
    mask = Mask(82.0)
    found = windows(sky, lambda _: ROME, mask, range(NOON, NOON + 240))
    looks = {slot_start(s) for s in range(NOON, NOON + 241)}
    between = [w for w in found if not any(w.rise <= t <= w.end for t in looks)]
    assert between
    times = np.array([w.highest_at for w in between])
    for w, seen in zip(between, seen_each_second(sky, lambda _: ROME, mask, times), strict=True):
        assert w.satellite in seen
        assert w.seconds < 15.0


def test_edges_hold_on_sgp4_itself(sky: Sky) -> None:
    """A tenth of a second before a rise the satellite is hidden, a tenth after it is seen."""
    mask, start, end = Mask(25.0), slot_start(SLOTS.start), slot_start(SLOTS.stop)
    found = windows(sky, lambda _: ROME, mask, SLOTS)
    inner = [w for w in found if w.rise > start and w.end < end]
    assert len(inner) > 5
    for edge, inside in (("rise", 1.0), ("end", -1.0)):
        for w in inner:
            moment = getattr(w, edge)
            before, after = seen_each_second(
                sky, lambda _: ROME, mask, moment + np.array([-0.1, 0.1]) * inside
            )
            assert w.satellite not in before
            assert w.satellite in after


def test_the_highest_point_is_the_highest(sky: Sky) -> None:
    for w in windows(sky, lambda _: ROME, Mask(25.0), SLOTS):
        times = np.linspace(w.rise, w.end, 400)
        keep = np.arange(len(sky.catalogue)) == w.satellite
        away = Propagator(sky.catalogue.select(keep)).positions(times)[:, 0]
        seen = [
            sightings(
                Observers.of([ROME], Mask(0.0)), p.reshape(1, 3), np.ones(1, np.bool_)
            ).elevation_deg[0]
            for p in away
        ]
        assert max(seen) <= w.highest_deg + 0.02
        assert max(seen) == pytest.approx(w.highest_deg, abs=0.2)
        assert w.rise <= w.highest_at <= w.end


def test_windows_do_not_depend_on_how_many_slots_are_asked_at_once(
    sky: Sky, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = windows(sky, lambda _: ROME, Mask(60.0), range(NOON, NOON + 80))
    monkeypatch.setattr(direct, "SLOTS_AT_ONCE", 7)
    pieces = windows(sky, lambda _: ROME, Mask(60.0), range(NOON, NOON + 80))
    assert [(w.satellite, w.rise, w.end) for w in pieces] == [
        (w.satellite, w.rise, w.end) for w in whole
    ]
    assert [w.highest_deg for w in pieces] == pytest.approx([w.highest_deg for w in whole])


def test_only_working_satellites_for_phones_have_windows(default_catalogue: Catalogue) -> None:
    sky = Sky(default_catalogue)
    found = windows(sky, lambda _: ROME, Mask(25.0), SLOTS)
    kinds = {int(default_catalogue.generation[w.satellite]) for w in found}
    assert kinds == {Generation.V2_MINI_DIRECT_TO_CELL}
    gone = found[0].satellite
    failed = Failures(satellites=frozenset({int(default_catalogue.numbers[gone])}))
    left = windows(
        Sky(default_catalogue, SkyOptions(failures=failed)), lambda _: ROME, Mask(25.0), SLOTS
    )
    assert [w for w in found if w.satellite != gone] == list(left)


def test_a_catalogue_without_such_satellites_has_no_window(default_catalogue: Catalogue) -> None:
    others = default_catalogue.select(default_catalogue.generation == Generation.V1)
    assert windows(Sky(others), lambda _: ROME, Mask(25.0), SLOTS) == ()


def test_impossible_questions_are_refused(sky: Sky) -> None:
    with pytest.raises(InvalidInputError, match="at least one slot"):
        windows(sky, lambda _: ROME, Mask(25.0), range(NOON, NOON))
    with pytest.raises(InvalidInputError, match="at least one slot"):
        windows(sky, lambda _: ROME, Mask(25.0), range(NOON, NOON + 8, 2))
    with pytest.raises(InvalidInputError, match="gso_avoidance_deg 18 is a rule for dishes"):
        windows(sky, lambda _: ROME, Mask(25.0, (), 18.0), SLOTS)


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.integers(-50, 150), st.integers(1, 40)), max_size=12),
    st.integers(1, 100),
)
def test_gaps_and_windows_fill_the_span(spans: list[tuple[int, int]], length: int) -> None:
    found = [Window(k, a, a + n, 30.0, a) for k, (a, n) in enumerate(spans)]
    without = gaps(found, 0.0, length)
    for second in range(length):
        middle = second + 0.5
        covered = any(w.rise <= middle <= w.end for w in found)
        assert covered != any(a <= middle <= b for a, b in without)
    assert all(0.0 <= a < b <= length for a, b in without)


def test_what_is_left_of_the_shift_is_largest_at_the_edge_of_the_beam() -> None:
    position, velocity = earth_fixed(43.5, 14.0, 360e3), np.array([-3.0, 6.0, 3.5])
    carrier = 1_992.5e6
    worst = edge_residual_hz(ROME, position, velocity, carrier, 60.0, 30.0)
    random = np.random.default_rng(1)
    # A disc within the ellipse: each of its points must be left with less.
    bearing, part = random.uniform(0.0, 2.0 * np.pi, 400), random.uniform(0.0, 0.7, 400)
    km = 15.0 * part
    phones = earth_fixed(
        ROME.lat_deg + km * np.cos(bearing) / 111.0,
        ROME.lon_deg + km * np.sin(bearing) / 111.0 / np.cos(np.radians(ROME.lat_deg)),
        ROME.height_m,
    )
    left = residual_doppler_hz(phones, places_earth_fixed([ROME])[0], position, velocity, carrier)
    assert np.abs(left).max() < worst
    assert edge_residual_hz(ROME, position, velocity, carrier, 0.0, 0.0) == 0.0


def test_the_shift_at_the_edge_under_a_satellite_is_the_closed_form() -> None:
    """Straight below, moving level: f v/c sin(angle), 3GPP TR 38.811 section 5.3.4."""
    place = Place("equator", 0.0, 0.0)
    position, velocity = earth_fixed(0.0, 0.0, 360e3), np.array([0.0, 7.2, 0.0])
    left = edge_residual_hz(place, position, velocity, 2e9, 20.0, 20.0)
    expected = 2e9 * 7.2 / 299_792.458 * np.sin(np.arctan(10.0 / 360.0))
    assert left == pytest.approx(expected, rel=1e-3)
