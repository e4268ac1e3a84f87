"""Coverage counts what brute force counts, whatever the sieves and the threads do."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.geo.cells import cells_of
from baluardo.geo.ellipsoid import earth_fixed, local_frames
from baluardo.geo.regions import region
from baluardo.terms import SLOT_SECONDS, Mask, Place, Status, slot_at, slot_start
from baluardo.twin.sky.catalogue import UNIX_EPOCH_JD, Catalogue
from baluardo.twin.sky.coverage import SLOTS_PER_BLOCK, Coverage, measure
from baluardo.twin.sky.formats import parse_catalogue
from baluardo.twin.sky.shells import default_catalogue
from baluardo.twin.sky.sky import Sky
from baluardo.twin.sky.visibility import Observers

Counts = npt.NDArray[np.int64]

EPOCH_JD = 2_460_824.5
"""2025-05-29T00:00 UTC."""
EPOCH = (EPOCH_JD - UNIX_EPOCH_JD) * 86_400.0
FIRST = slot_at(EPOCH + 3_600.0)


def catalogue_of(elements: npt.NDArray[np.float64]) -> Catalogue:
    """Rows of eccentricity, perigee, inclination, anomaly, revolutions a day, node (radians)."""
    n = len(elements)
    eccentricity, perigee, inclination, anomaly, revolutions, node = elements.T.copy()
    return Catalogue(
        source="test",
        names=tuple(f"T-{i}" for i in range(n)),
        numbers=np.arange(1, n + 1, dtype=np.int64),
        epoch_jd=np.full(n, EPOCH_JD),
        epoch_fraction=np.zeros(n),
        bstar=np.full(n, 1e-4),
        ndot=np.zeros(n),
        nddot=np.zeros(n),
        eccentricity=eccentricity,
        arg_perigee=perigee,
        inclination=inclination,
        mean_anomaly=anomaly,
        mean_motion=revolutions * 2.0 * np.pi / 1_440.0,
        raan=node,
        generation=np.zeros(n, dtype=np.int8),
        shell=np.full(n, -1, dtype=np.int16),
        shell_names=(),
        ageless=True,
    )


def brute_force(
    sky: Sky, lat: npt.ArrayLike, lon: npt.ArrayLike, slots: int, elevation_deg: float
) -> Counts:
    """Satellites in view, shape (slots, cells): every satellite against every cell."""
    places = earth_fixed(lat, lon, np.zeros(np.shape(lat)))
    up = local_frames(lat, lon)[:, 2]
    counts = np.zeros((slots, len(places)), dtype=np.int64)
    for row in range(slots):
        positions = sky.propagator.positions([slot_start(FIRST + row)])[0]
        working = sky.statuses(positions) == Status.OPERATIONAL
        away = positions[None, working] - places[:, None]
        sine = np.sum(away * up[:, None], axis=2) / np.linalg.norm(away, axis=2)
        counts[row] = np.count_nonzero(sine >= np.sin(np.radians(elevation_deg)), axis=1)
    return counts


def check(answer: Coverage, counts: Counts) -> None:
    """Compare an answer with counts of shape (slots, cells)."""
    assert answer.lowest.tolist() == counts.min(axis=0).tolist()
    assert answer.highest.tolist() == counts.max(axis=0).tolist()
    assert answer.mean == pytest.approx(counts.mean(axis=0), abs=1e-12)
    assert answer.share == pytest.approx((counts > 0).mean(axis=0), abs=1e-12)
    well = (counts >= answer.at_least).mean(axis=0)
    assert answer.share_at_least == pytest.approx(well, abs=1e-12)
    for cell, column in enumerate(counts.T):
        runs = "".join("." if n else "x" for n in column).split(".")
        assert answer.longest_gap_s[cell] == max(map(len, runs)) * SLOT_SECONDS


ANGLE = st.floats(0.0, 2.0 * np.pi)
ORBIT = st.tuples(
    st.floats(0.0, 0.3), ANGLE, st.floats(0.0, np.pi), ANGLE, st.floats(9.0, 11.0), ANGLE
) | st.tuples(
    st.floats(0.0, 0.01), ANGLE, st.floats(0.0, np.pi), ANGLE, st.floats(13.0, 15.8), ANGLE
)
PLACE = st.tuples(st.floats(-90.0, 90.0), st.floats(-180.0, 180.0))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(ORBIT, min_size=1, max_size=40),
    st.lists(PLACE, min_size=1, max_size=4),
    st.integers(1, 3 * SLOTS_PER_BLOCK + 1),
    st.sampled_from([0.0, 5.0, 25.0, 60.0]),
    st.integers(1, 3),
)
def test_equals_brute_force_on_any_orbits_and_places(
    orbits: list[tuple[float, ...]],
    places: list[tuple[float, float]],
    slots: int,
    elevation_deg: float,
    at_least: int,
) -> None:
    sky = Sky(catalogue_of(np.array(orbits)))
    lat, lon = np.array(places).T
    answer = measure(
        sky,
        lat,
        lon,
        first_slot=FIRST,
        slots=slots,
        min_elevation_deg=elevation_deg,
        at_least=at_least,
    )
    check(answer, brute_force(sky, lat, lon, slots, elevation_deg))


def test_horizon_of_the_ellipsoid_is_not_cut() -> None:
    """High satellites at the horizon of middle latitudes, where the vertical leans the most."""
    random = np.random.default_rng(20250529)
    angles = random.uniform(0.0, 2.0 * np.pi, (4, 400))
    revolutions = random.uniform(8.5, 10.5, 400)
    orbits = np.stack(
        [np.zeros(400), angles[0], angles[1] / 2.0, angles[2], revolutions, angles[3]]
    )
    sky = Sky(catalogue_of(orbits.T))
    lat, lon = np.array([45.0, -45.0, 50.0, 40.0]), np.array([10.0, 100.0, -60.0, 170.0])
    for at in range(len(lat)):  # one at a time, so that the region's cap adds no room
        one = slice(at, at + 1)
        answer = measure(
            sky, lat[one], lon[one], first_slot=FIRST, slots=100, min_elevation_deg=0.0
        )
        counts = brute_force(sky, lat[one], lon[one], 100, 0.0)
        check(answer, counts)
        assert counts.min() > 20


@pytest.fixture(scope="module")
def shells() -> Sky:
    return Sky(default_catalogue())


def test_equals_brute_force_on_italy(shells: Sky) -> None:
    cells = cells_of(region("italy"), 4)
    slots = 2 * SLOTS_PER_BLOCK + 3
    answer = measure(
        shells, cells.lat_deg, cells.lon_deg, first_slot=FIRST, slots=slots, at_least=40
    )
    check(answer, brute_force(shells, cells.lat_deg, cells.lon_deg, slots, 25.0))


def test_equals_sightings_on_a_real_catalogue(shared_data: Path) -> None:
    """What `sky look` lists is what coverage counts, exactly."""
    path = shared_data / "sky" / "starlink_2025-05-29.tle"
    sky = Sky(parse_catalogue(path.read_bytes(), path.name))
    first, slots = slot_at(sky.catalogue.epoch), 40
    lat, lon = np.array([41.9, 35.5, 60.2, 0.0, -33.0, 89.0]), np.array([12.5, 12.6, 25, 9, -70, 0])
    places = [Place(f"P{i}", *p) for i, p in enumerate(zip(lat, lon, strict=True))]
    observers = Observers.of(places, Mask(min_elevation_deg=25.0))
    counts = np.array(
        [
            np.diff(sky.snapshot(slot_start(slot)).sightings(observers).starts)
            for slot in range(first, first + slots)
        ]
    )
    check(measure(sky, lat, lon, first_slot=first, slots=slots, at_least=20), counts)
    assert 30 < counts[:, 0].mean() < 70


def test_equals_brute_force_far_from_the_epoch(shared_data: Path) -> None:
    """Drag far from the epoch outruns every margin of the sieve; the counts must not."""
    path = shared_data / "sky" / "starlink_2025-05-29.tle"
    sky = Sky(parse_catalogue(path.read_bytes(), path.name))
    first, slots = slot_at(sky.catalogue.epoch + 300 * 86_400.0), 40
    lat, lon = np.array([41.9, 35.5, -33.0]), np.array([12.5, 12.6, -70.0])
    observers = Observers.of([Place("P", *p) for p in zip(lat, lon, strict=True)], Mask())
    counts = np.array(
        [
            np.diff(sky.snapshot(slot_start(slot)).sightings(observers).starts)
            for slot in range(first, first + slots)
        ]
    )
    check(measure(sky, lat, lon, first_slot=first, slots=slots), counts)


def test_threads_and_order_change_nothing(shells: Sky) -> None:
    cells = cells_of(region("malta"), 6)
    slots = 4 * SLOTS_PER_BLOCK + 1
    answers = [
        measure(
            shells,
            cells.lat_deg[order],
            cells.lon_deg[order],
            first_slot=FIRST,
            slots=slots,
            threads=threads,
        )
        for threads, order in ((1, slice(None)), (3, slice(None)), (2, slice(None, None, -1)))
    ]
    for name in ("lowest", "mean", "highest", "share", "longest_gap_s"):
        one, three, reversed_ = (getattr(answer, name) for answer in answers)
        assert one.tolist() == three.tolist() == reversed_[::-1].tolist()


def test_higher_mask_never_adds_a_satellite(shells: Sky) -> None:
    cells = cells_of(region("italy"), 3)
    answers = [
        measure(
            shells,
            cells.lat_deg,
            cells.lon_deg,
            first_slot=FIRST,
            slots=SLOTS_PER_BLOCK,
            min_elevation_deg=elevation,
        )
        for elevation in (0.0, 10.0, 25.0, 40.0, 89.9)
    ]
    for low, high in pairwise(answers):
        for name in ("lowest", "mean", "highest", "share", "share_at_least"):
            assert (getattr(low, name) >= getattr(high, name)).all()
        assert (low.longest_gap_s <= high.longest_gap_s).all()


def test_a_longer_look_widens_the_range(shells: Sky) -> None:
    lat, lon = [41.9], [12.5]
    short = measure(shells, lat, lon, first_slot=FIRST, slots=20)
    long = measure(shells, lat, lon, first_slot=FIRST, slots=60)
    assert long.lowest[0] <= short.lowest[0] <= short.mean[0] <= short.highest[0]
    assert short.highest[0] <= long.highest[0]
    assert (long.start, long.end) == (slot_start(FIRST), slot_start(FIRST + 60))


def test_nobody_in_sight_is_one_long_gap() -> None:
    equatorial = Sky(catalogue_of(np.array([[0.0, 0.0, 0.0, 0.0, 15.0, 0.0]])))
    answer = measure(equatorial, [80.0], [0.0], first_slot=FIRST, slots=50)
    assert (answer.highest[0], answer.share[0], answer.longest_gap_s[0]) == (0, 0.0, 750.0)


def test_progress_counts_every_slot(shells: Sky) -> None:
    done: list[int] = []
    slots = 2 * SLOTS_PER_BLOCK + 5
    measure(shells, [42.0], [12.0], first_slot=FIRST, slots=slots, progress=done.append)
    assert done == [SLOTS_PER_BLOCK, SLOTS_PER_BLOCK, 5]


def test_failure_in_a_thread_reaches_the_caller(shells: Sky) -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure(shells, [42.0], [12.0], first_slot=FIRST, slots=400, progress=stop)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"slots": 0}, "slots 0"),
        ({"at_least": 0}, "at_least 0"),
        ({"threads": 0}, "threads 0"),
        ({"min_elevation_deg": 90.0}, "min_elevation_deg 90"),
        ({"min_elevation_deg": float("nan")}, "min_elevation_deg nan"),
    ],
)
def test_impossible_wishes(shells: Sky, changes: dict[str, float], sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        measure(shells, [42.0], [12.0], **{"first_slot": FIRST, "slots": 1, **changes})  # type: ignore[arg-type]


def test_places_must_come_in_pairs(shells: Sky) -> None:
    for lat, lon in (([], []), ([42.0], [1.0, 2.0])):
        with pytest.raises(InvalidInputError, match="one and the same length"):
            measure(shells, lat, lon, first_slot=FIRST, slots=1)
