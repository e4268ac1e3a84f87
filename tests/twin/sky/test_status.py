"""Which satellites work, which are on their way, which are gone; and how old elements may be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.terms import Generation, Status
from baluardo.twin.sky.catalogue import SECONDS_PER_DAY, Catalogue
from baluardo.twin.sky.shells import catalogue_from_shells
from baluardo.twin.sky.status import on_station, shell_of, stale, statuses


def pattern(
    height_km: float,
    planes: int,
    satellites: int,
    offset_deg: float = 0.0,
    inclination_deg: float = 53.0,
) -> str:
    return (
        f"[[shell]]\ninclination_deg = {inclination_deg}\nheight_km = {height_km}\n"
        f"planes = {planes}\nsatellites = {satellites}\nraan_offset_deg = {offset_deg}\n"
    )


def measured(*patterns: str) -> Catalogue:
    """Return patterns as if they had been measured, so that the rules apply to them."""
    return replace(catalogue_from_shells("".join(patterns), "test"), ageless=False)


WORKING = pattern(550, 36, 360)


def test_a_train_below_a_working_shell_is_on_its_way() -> None:
    station = on_station(measured(WORKING, pattern(350, 1, 60)))
    assert station[:360].all()
    assert not station[360:].any()


def test_trains_at_one_height_do_not_make_a_shell() -> None:
    trains = [pattern(350, 1, 22, offset) for offset in (0, 40, 80, 120, 160, 200)]
    assert not on_station(measured(WORKING, *trains))[360:].any()


def test_old_satellites_on_their_way_down_do_not_make_a_shell() -> None:
    scattered = [pattern(400 + 3 * k, 1, 2, 13.0 * k) for k in range(28)]
    assert not on_station(measured(WORKING, *scattered))[360:].any()


def test_a_polar_shell_of_few_planes_works() -> None:
    assert on_station(measured(WORKING, pattern(560, 5, 215), pattern(700, 6, 216))).all()


def test_strangers_between_two_inclinations_do_not_join_them() -> None:
    """A mixed catalogue has satellites at every inclination, each within 0.5 degrees of the next.

    All that flies at 550 km and 53 degrees must not make a station of 550 km and 70 degrees.
    """
    strangers = [pattern(860, 1, 1, 40.0 * (k % 9), 53.0 + 0.4 * k) for k in range(44)]
    catalogue = measured(WORKING, pattern(550, 1, 60, 0.0, 70.0), *strangers)
    station = on_station(catalogue)
    assert station[:360].all()
    assert not station[360:].any()


def test_shells_are_of_one_inclination() -> None:
    ladder = [pattern(550, 36, 72, 0.0, 50.0 + 0.2 * k) for k in range(30)]
    catalogue = measured(*ladder)
    assert on_station(catalogue).all()
    shell, names = shell_of(catalogue)
    assert len(names) > 1
    for k in range(len(names)):
        assert np.ptp(np.degrees(catalogue.inclination[shell == k])) <= 1.0 + 1e-6


@pytest.mark.parametrize("planes", [1, 3, 100])
def test_the_largest_catalogues_are_judged(planes: int) -> None:
    """At one height and inclination everybody is everybody's neighbour: 900 million pairs."""
    station = on_station(measured(pattern(550, planes, 30_000)))
    assert station.tolist() == [planes == 100] * 30_000


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(100, 360))
def test_neighbours_are_counted_as_the_rules_say(seed: int, n: int) -> None:
    """Compare every satellite with every other, on round figures that meet the limits exactly."""
    rng = np.random.default_rng(seed)
    base = measured(pattern(550, n, n))
    inclination_deg = rng.integers(100, 106, n) * 0.25
    catalogue = replace(
        base,
        inclination=np.radians(inclination_deg),
        raan=rng.uniform(0.0, 2.0 * np.pi, n),
        mean_motion=base.mean_motion * (1.0 + rng.integers(-4, 5, n) * 5e-4),
    )
    heights, degrees = catalogue.heights_km, np.degrees(catalogue.inclination)
    alike = (np.abs(heights[:, None] - heights) <= 5.0) & (
        (degrees >= degrees[:, None] - 0.5) & (degrees <= degrees[:, None] + 0.5)
    )
    sectors = np.floor(np.degrees(catalogue.raan) / 10.0)
    occupied = sum((alike & (sectors == k)).any(axis=1).astype(int) for k in range(36))
    count = alike.sum(axis=1)
    populated = ((occupied >= 12) & (count >= 50)) | ((occupied >= 4) & (count >= 150))
    assert np.array_equal(on_station(catalogue), (alike & populated).any(axis=1))


def test_satellites_within_5_km_of_a_working_height_work() -> None:
    station = on_station(measured(WORKING, pattern(554, 1, 20), pattern(561, 1, 20)))
    assert station[360:380].all()
    assert not station[380:].any()


def test_shells_and_small_catalogues_skip_the_rules() -> None:
    assert on_station(measured(pattern(350, 1, 99))).all()
    assert not on_station(measured(pattern(350, 1, 100))).any()
    assert on_station(catalogue_from_shells(pattern(350, 1, 100), "test")).all()


def test_statuses_follow_the_height_now() -> None:
    catalogue = measured(WORKING, pattern(350, 1, 60))
    heights = catalogue.heights_km.copy()
    heights[0], heights[1], heights[2] = np.nan, 199.0, 201.0
    answer = statuses(catalogue, heights)
    assert answer.dtype == np.int8
    assert answer[:4].tolist() == [
        Status.DECAYED,
        Status.DECAYED,
        Status.OPERATIONAL,
        Status.OPERATIONAL,
    ]
    assert set(answer[360:].tolist()) == {int(Status.RAISING)}
    assert np.array_equal(statuses(catalogue, heights, on_station(catalogue)), answer)


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"heights_km has shape \(3,\)"):
        statuses(measured(WORKING), np.zeros(3))


def test_most_of_the_real_catalogue_works(real_catalogue: Catalogue) -> None:
    station = on_station(real_catalogue)
    assert station.sum() == 6_919
    answer = statuses(real_catalogue, real_catalogue.heights_km)
    # One has come down to just under 200 km.
    assert np.bincount(answer, minlength=3).tolist() == [6_919, 580, 1]
    # Every working satellite belongs to a shell, and no other does.
    assert np.array_equal(real_catalogue.shell >= 0, station)


def test_shells_of_the_real_catalogue(real_catalogue: Catalogue) -> None:
    counts = np.bincount(real_catalogue.shell[real_catalogue.shell >= 0])
    shells = dict(zip(real_catalogue.shell_names, counts.tolist(), strict=True))
    assert shells == {
        "43° 357 km": 207,
        "43° 444 km": 226,
        "43° 483 km": 845,
        "43° 488 km": 91,
        "43° 559 km": 1_296,
        "53.2° 360 km": 331,
        "53.2° 447 km": 230,
        "53.2° 475 km": 830,
        "53.2° 540 km": 1_416,
        "53.1° 547 km": 801,
        "53.2° 552 km": 46,
        "70° 572 km": 384,
        "97.7° 563 km": 216,
    }
    cell = real_catalogue.generation == Generation.V2_MINI_DIRECT_TO_CELL
    assert {real_catalogue.shell_names[k] for k in set(real_catalogue.shell[cell].tolist())} >= {
        "43° 357 km",
        "53.2° 360 km",
    }


def test_shells_of_a_pattern_are_found_again(default_catalogue: Catalogue) -> None:
    labels, names = shell_of(replace(default_catalogue, ageless=False))
    # Kozai's height, by which a measured catalogue is sorted, is within 1.6 km of the named one.
    assert "53.2° 540 km" in names
    assert "43° 560 km" in names
    assert (labels == names.index("53.2° 540 km")).sum() == 1_414


def test_elements_age_by_height() -> None:
    catalogue = measured(pattern(350, 10, 50), pattern(550, 10, 50))
    day = SECONDS_PER_DAY
    for days, old in ((0, 0), (1.99, 0), (2.01, 50), (-2.01, 50), (6.99, 50), (7.01, 100)):
        assert stale(catalogue, catalogue.epoch + days * day).sum() == old
    shells = catalogue_from_shells(pattern(350, 10, 50), "test")
    assert not stale(shells, shells.epoch + 10_000 * day).any()


def test_a_catalogue_with_thousands_of_shells_is_sorted_into_a_hundred_at_most() -> None:
    rng = np.random.default_rng(2)
    base = measured(pattern(550, 36, 30_000))
    motion = rng.uniform(0.01, 16.0, 30_000) * 2.0 * np.pi / 1_440.0
    scattered = replace(
        base,
        mean_motion=motion,
        inclination=np.radians(rng.uniform(0.0, 180.0, 30_000)),
        raan=rng.uniform(0.0, 2.0 * np.pi, 30_000),
    )
    _, names = shell_of(scattered)
    assert len(names) <= 100


def test_far_above_its_own_apogee_counts_as_gone() -> None:
    catalogue = measured(WORKING)
    heights = catalogue.heights_km.copy()
    heights[0] += 190.0
    heights[1] += 230.0
    assert statuses(catalogue, heights)[:2].tolist() == [Status.OPERATIONAL, Status.DECAYED]
