"""Shells: the flown constellation in round figures, heights as SGP4 flies them, any TOML."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from satrecs import satrec_of

from baluardo.errors import CatalogueError
from baluardo.terms import Generation, Status
from baluardo.twin.sky.catalogue import EARTH_RADIUS_KM, Catalogue
from baluardo.twin.sky.propagation import positions_at
from baluardo.twin.sky.shells import catalogue_from_shells, kozai_mean_motion
from baluardo.twin.sky.status import statuses

SHELL_1 = """
[[shell]]
inclination_deg = 53
height_km = 550
planes = 72
satellites_per_plane = 22
phasing = 39
"""

HUGE = "= 0x" + "f" * 5_000
"""More digits than Python is willing to write."""


def bins(catalogue: Catalogue) -> Counter[tuple[float, int]]:
    """Count satellites by inclination to 0.2 degrees and height to 10 km, as FACTS does."""
    inclination = np.round(np.degrees(catalogue.inclination) * 5) / 5
    height = np.round(catalogue.heights_km / 10) * 10
    return Counter(zip(inclination.round(1).tolist(), height.astype(int).tolist(), strict=True))


# FACTS, Constellation: "largest bins", flying on 2025-05-29.
LARGEST_BINS = {
    (53.2, 540): 1_414,
    (43.0, 560): 1_296,
    (43.0, 480): 844,
    (53.0, 550): 801,
    (53.2, 480): 793,
    (70.0, 570): 384,
    (53.2, 360): 319,
    (43.0, 360): 232,
    (43.0, 440): 223,
    (97.6, 560): 216,
}


def test_default_shells_are_the_flown_constellation(default_catalogue: Catalogue) -> None:
    c = default_catalogue
    assert len(c) == 7_500
    inclinations = Counter(np.round(np.degrees(c.inclination)).astype(int).tolist())
    assert inclinations == {43: 2_949, 53: 3_835, 70: 493, 98: 223}
    assert {key: bins(c)[key] for key in LARGEST_BINS} == LARGEST_BINS
    generations = np.bincount(c.generation, minlength=4)
    assert generations[Generation.V1] == 3_691
    assert generations[Generation.V2_MINI] == 3_203
    assert generations[Generation.V2_MINI_DIRECT_TO_CELL] == 606
    assert c.ageless
    assert not c.broken


def test_default_shells_match_the_real_catalogue(
    default_catalogue: Catalogue, real_catalogue: Catalogue
) -> None:
    real, ours = bins(real_catalogue), bins(default_catalogue)
    assert {key: real[key] for key in LARGEST_BINS} == LARGEST_BINS
    assert [key for key, _ in real.most_common(10)] == list(LARGEST_BINS)
    # What is left over in the real sky is spread over many heights; here over a few.
    assert sum((real - ours).values()) < 0.12 * len(real_catalogue)
    assert Counter(default_catalogue.generation.tolist()) == Counter(
        real_catalogue.generation.tolist()
    )


def test_names_and_numbers(default_catalogue: Catalogue) -> None:
    c = default_catalogue
    assert c.names[0] == "SHELL-53.2-540 P01 S01"
    assert len(set(c.names)) == 7_500
    assert c.numbers[0] == 900_000_001
    assert c.numbers[-1] == 900_007_500
    assert set(c.shell.tolist()) == set(range(len(c.shell_names)))
    assert c.shell_names[:2] == ("53.2° 540 km", "53.1° 547 km")
    assert c.epoch == 1_748_476_800.0  # 2025-05-29T00:00Z


def mean_height_km(catalogue: Catalogue, i: int) -> float:
    """Return the mean height of a satellite as SGP4 flies it, over ten revolutions."""
    period_days = 2.0 * math.pi / catalogue.mean_motion[i] / 1_440.0
    days = np.arange(4_000) / 4_000 * period_days * 10.0
    satellite = satrec_of(catalogue, i)
    errors, positions, _ = satellite.sgp4_array(np.full(4_000, catalogue.epoch_jd[i]), days)
    assert not errors.any()
    return float(np.linalg.norm(positions, axis=1).mean()) - EARTH_RADIUS_KM


def test_shells_fly_at_their_named_height(default_catalogue: Catalogue) -> None:
    c = default_catalogue
    for k, label in enumerate(c.shell_names):
        first = int(np.flatnonzero(c.shell == k)[0])
        named = float(label.split()[1])
        assert mean_height_km(c, first) == pytest.approx(named, abs=0.05)
        # Kozai's mean motion, by which catalogues are sorted, gives a height close to it.
        assert c.heights_km[first] == pytest.approx(named, abs=1.6)


def test_550_km_is_not_the_popular_mean_motion() -> None:
    # FACTS: some public models fly 15.19 rev/day, which is 509 km; 550 km is about 15.05.
    revolutions = kozai_mean_motion(math.radians(53.0), 550.0) * 1_440.0 / (2.0 * math.pi)
    assert revolutions == pytest.approx(15.054, abs=0.005)
    catalogue = catalogue_from_shells(SHELL_1, "test")
    assert mean_height_km(catalogue, 0) == pytest.approx(550.0, abs=0.05)


def test_walker_pattern() -> None:
    c = catalogue_from_shells(SHELL_1, "test")
    assert len(c) == 72 * 22
    raan = np.degrees(c.raan).reshape(72, 22)
    anomaly = np.degrees(c.mean_anomaly).reshape(72, 22)
    assert np.allclose(raan, np.arange(72)[:, None] * 5.0)
    assert np.allclose(np.diff(anomaly[0]), 360.0 / 22)
    lead = (anomaly[1:, 0] - anomaly[:-1, 0]) % 360.0
    assert np.allclose(lead, 39 * 360.0 / (72 * 22))
    # The pattern closes: the plane after the last is the first again.
    around = (anomaly[-1] + 39 * 360.0 / (72 * 22)) / (360.0 / 22)
    assert np.allclose(around, np.round(around))


def test_satellites_that_do_not_divide_evenly_are_spread(default_catalogue: Catalogue) -> None:
    first_shell = default_catalogue.select(default_catalogue.shell == 0)
    sizes = np.unique(np.round(np.degrees(first_shell.raan), 6), return_counts=True)[1]
    assert len(sizes) == 72
    assert sizes.sum() == 1_414
    assert sizes.max() - sizes.min() == 1


def test_neighbours_in_a_plane_are_within_reach(default_catalogue: Catalogue) -> None:
    """In the large shells, lasers along the plane stay well under 5,000 km."""
    c = default_catalogue
    for k, label in enumerate(c.shell_names):
        members = np.flatnonzero(c.shell == k)
        if members.size < 200:
            continue
        keys = np.stack([c.raan[members], c.generation[members]], axis=1).round(9)
        smallest = np.unique(keys, axis=0, return_counts=True)[1].min()
        radius = EARTH_RADIUS_KM + float(c.heights_km[members[0]])
        assert 2.0 * radius * math.sin(math.pi / smallest) < 4_300.0, label


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("", "it has no [[shell]]"),
        ("shell = 3", "it has no [[shell]]"),
        ("shell = [3]", "[[shell]] number 1: not a table"),
        ("a = 1\n" + SHELL_1, "the key 'a' is unknown"),
        (SHELL_1 + "colour = 1", "the key 'colour' is unknown"),
        (SHELL_1.replace("planes = 72", ""), "planes is missing"),
        (SHELL_1.replace("planes = 72", "planes = 7.5"), "planes 7.5 is of the wrong kind"),
        (SHELL_1.replace("planes = 72", "planes = true"), "is of the wrong kind"),
        (SHELL_1.replace("planes = 72", "planes = 0"), "planes 0 is not between 1 and 360"),
        (SHELL_1.replace("= 22", "= 0"), "satellites 0 is not between 72 and 30000"),
        (SHELL_1.replace("= 22", "= 99999999999999999999"), "is not between"),
        (SHELL_1 + "satellites = 3", "either satellites or satellites_per_plane"),
        (SHELL_1.replace("= 550", "= 100"), "height_km 100.0 is not between 250 and 36000"),
        (SHELL_1.replace("= 550", "= 249.9"), "height_km 249.9 is not between 250 and 36000"),
        (
            SHELL_1.replace("= 550", "= 300") + "eccentricity = 0.02",
            "eccentricity 0.02 takes the satellites down to 166 km",
        ),
        (SHELL_1.replace("= 550", "= nan"), "height_km nan is not between"),
        (SHELL_1.replace("= 550", "= 1" + "0" * 400), "height_km inf is not between"),
        (SHELL_1.replace("= 53", "= 181"), "inclination_deg 181.0"),
        (SHELL_1 + 'generation = "v9"', "generation 'v9' is none of"),
        (SHELL_1 + "direct_to_cell = true", "direct_to_cell needs generation v2-mini"),
        (SHELL_1.replace("= 22", "= 300") * 2, "43,200 satellites are more than 30,000"),
        (SHELL_1.replace("= 72", HUGE), "planes a whole number of more than 19 digits is not"),
        (SHELL_1.replace("= 22", HUGE), "satellites a whole number of more than 19 digits is not"),
        (SHELL_1.replace("= 550", HUGE), "height_km inf is not between"),
        (
            SHELL_1 + f"name {HUGE}",
            "name a whole number of more than 19 digits is of the wrong kind",
        ),
        (SHELL_1 + f"generation = [{{ a {HUGE} }}]", "is of the wrong kind"),
        ("[", "it is no TOML"),
        ("a = " + "[" * 5_000, "nested too deep"),
        ("#" * 300_000, "larger than 256 KiB"),
    ],
)
def test_what_describes_no_shells_is_refused_with_a_sentence(toml: str, words: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        catalogue_from_shells(toml, "file.toml")
    assert words in str(caught.value)
    assert str(caught.value).startswith("file.toml describes no shells: ")


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(CatalogueError, match="not text in UTF-8"):
        catalogue_from_shells(b"\xff\xfe", "file.toml")


def test_the_lowest_shells_never_count_as_decayed() -> None:
    """Each of 40 satellites at every phase of a slowly dipping orbit, over a day."""
    catalogue = catalogue_from_shells(
        "[[shell]]\ninclination_deg = 97\nheight_km = 250\nplanes = 1\nsatellites = 40\n"
        "eccentricity = 0.0045\n",
        "test",
    )
    day = np.arange(0.0, 86_400.0, 600.0) + catalogue.epoch
    heights = np.linalg.norm(positions_at(catalogue, day), axis=2) - EARTH_RADIUS_KM
    for now in heights:
        assert (statuses(catalogue, now) == Status.OPERATIONAL).all()


def test_shells_of_one_name_count_as_one() -> None:
    toml = SHELL_1 + 'name = "A"\n' + SHELL_1.replace("53", "53.2") + 'name = "A"'
    catalogue = catalogue_from_shells(toml, "test")
    assert catalogue.shell_names == ("A",)
    assert set(catalogue.shell.tolist()) == {0}
