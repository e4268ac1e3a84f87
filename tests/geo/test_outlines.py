"""The shipped outlines: complete, closed, and the right size."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from baluardo.errors import InvalidInputError
from baluardo.geo.outlines import ITALY, on_land, outlines
from baluardo.geo.polygons import Floats

# ISTAT, "Principali statistiche geografiche sui comuni": the surface of Italy.
ITALY_KM2 = 302_068.0

# CIA World Factbook, "Area": land and inland water of all countries with Antarctica.
WORLD_LAND_KM2 = 148.94e6


def test_data_file_is_small() -> None:
    assert len((files("baluardo.geo") / "data" / "outlines.npz").read_bytes()) < 800_000


def test_italy_has_its_size_and_its_islands() -> None:
    italy = outlines().country(ITALY)
    assert sum(p.area_km2 for p in italy.polygons) == pytest.approx(ITALY_KM2, rel=0.005)
    bounds = np.array([p.bounds for p in italy.polygons])
    for name, lon, lat in (
        ("Sicily", 14.0, 37.5),
        ("Sardinia", 9.0, 40.0),
        ("Elba", 10.25, 42.77),
        ("Pantelleria", 12.0, 36.79),
        ("Lampedusa", 12.6, 35.507),
    ):
        inside = (bounds[:, 0] < lon) & (lon < bounds[:, 2])
        inside &= (bounds[:, 1] < lat) & (lat < bounds[:, 3])
        assert inside.any(), name


def test_all_land_has_the_size_of_all_land() -> None:
    total = sum(p.area_km2 for c in outlines().countries for p in c.polygons)
    assert total == pytest.approx(WORLD_LAND_KM2, rel=0.02)


def test_every_ring_is_an_area_that_stays_on_the_map() -> None:
    for country in outlines().countries:
        assert country.polygons, country.name
        for polygon in country.polygons:
            for ring in polygon.rings:
                assert len(np.unique(ring, axis=0)) >= 3, country.name
                assert np.abs(ring[:, 0]).max() <= 180.0
                assert np.abs(ring[:, 1]).max() <= 90.0


@pytest.mark.parametrize(
    ("place", "lat", "lon", "land"),
    [
        ("Rome", 41.9, 12.5, True),
        ("San Marino, an enclave", 43.94, 12.45, True),
        ("Vatican", 41.903, 12.453, True),
        ("Maseru, Lesotho", -29.31, 27.48, True),
        ("Tyrrhenian Sea", 40.0, 12.0, False),
        ("Strait of Messina", 38.0, 15.58, False),
        ("Lake Garda counts as land", 45.6, 10.67, True),
        ("Caspian Sea", 42.0, 51.0, False),
        ("Chukotka, east of the antimeridian", 67.0, -175.0, True),
        ("Chukotka, west of it", 67.0, 178.0, True),
        ("South of Chukotka", 60.0, 179.0, False),
        ("South Pole", -89.9, 10.0, True),
        ("Southern Ocean", -60.0, 10.0, False),
        ("Point Nemo", -48.9, -123.4, False),
    ],
)
def test_on_land(place: str, lat: float, lon: float, land: bool) -> None:
    assert bool(on_land([lat], [lon])[0]) is land, place


def test_borders_lie_between_two_countries_and_coasts_do_not() -> None:
    def near(lines: tuple[Floats, ...], lon: float, lat: float) -> bool:
        return any(np.hypot(line[:, 0] - lon, line[:, 1] - lat).min() < 0.05 for line in lines)

    ventimiglia_border, brindisi = (7.53, 43.785), (18.0, 40.65)
    assert near(outlines().borders, *ventimiglia_border)
    assert near(outlines().coasts, *brindisi)
    assert not near(outlines().borders, *brindisi)


def test_country_by_name_and_number() -> None:
    assert outlines().country("ITALY") is outlines().country(380)
    with pytest.raises(InvalidInputError, match="Atlantis"):
        outlines().country("Atlantis")
    with pytest.raises(InvalidInputError):
        outlines().country(-1)
