"""Regions by name and from files."""

from __future__ import annotations

import os
from pathlib import Path

import h3.api.numpy_int as h3
import numpy as np
import pytest

from baluardo.errors import InvalidInputError, SourceError
from baluardo.geo.cells import cells_of
from baluardo.geo.regions import region

# Encyclopaedia Britannica, "Mediterranean Sea": about 2,510,000 km2 with the Sea of Marmara, which
# has 11,350 km2 of it.
MEDITERRANEAN_KM2 = 2_510_000.0 - 11_350.0


@pytest.mark.parametrize(
    ("water", "lat", "lon", "inside"),
    [
        ("Strait of Gibraltar", 35.95, -5.4, True),
        ("Atlantic off Cadiz", 36.4, -6.4, False),
        ("Atlantic off Tangier", 35.5, -6.1, False),
        ("Bay of Biscay", 44.5, -3.0, False),
        ("Alboran", 35.9, -3.5, True),
        ("Gulf of Lion", 43.2, 4.0, True),
        ("Ligurian Sea", 44.2, 8.9, True),
        ("Tyrrhenian Sea", 40.0, 12.0, True),
        ("Gulf of Trieste", 45.65, 13.6, True),
        ("Kvarner", 45.2, 14.4, True),
        ("Gulf of Corinth", 38.2, 22.5, True),
        ("Gulf of Sidra", 30.5, 18.8, True),
        ("Gulf of Gabes", 34.0, 10.3, True),
        ("Gulf of Saros", 40.5, 26.5, True),
        ("Gulf of Edremit", 39.5, 26.8, True),
        ("Gulf of Iskenderun", 36.7, 35.9, True),
        ("off Gaza", 31.4, 34.2, True),
        ("Dardanelles", 40.15, 26.38, False),
        ("Sea of Marmara", 40.7, 28.0, False),
        ("Black Sea", 42.0, 29.0, False),
        ("Gulf of Suez", 29.0, 32.8, False),
        ("Dead Sea", 31.5, 35.5, False),
        ("Rome", 41.9, 12.5, False),
        ("Majorca", 39.6, 3.0, False),
    ],
)
def test_mediterranean(water: str, lat: float, lon: float, inside: bool) -> None:
    answer = region("Mediterranean").contains(np.array([lat]), np.array([lon]))
    assert bool(answer[0]) is inside, water


def test_mediterranean_has_its_size() -> None:
    total = sum(h3.cell_area(n) for n in cells_of(region("mediterranean"), 5).numbers)
    assert total == pytest.approx(MEDITERRANEAN_KM2, rel=0.02)


def test_country_by_name() -> None:
    assert region("malta").name == "Malta"
    assert region("Italy").contains(np.array([41.9, 43.94]), np.array([12.5, 12.45])).tolist() == [
        True,
        False,
    ]


def test_file(tmp_path: Path) -> None:
    path = tmp_path / "gulf.geojson"
    path.write_text('{"type":"Polygon","coordinates":[[[12,40],[14,40],[14,41],[12,41],[12,40]]]}')
    gulf = region(str(path))
    assert gulf.name == "gulf"
    assert gulf.bounds == (12.0, 40.0, 14.0, 41.0)
    assert not gulf.sea


def test_what_is_no_region(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="italy, mediterranean"):
        region("atlantis")
    with pytest.raises(InvalidInputError):
        region("  ")
    for name in ("a" * 5_000, "nul\0byte", str(tmp_path / "missing.geojson")):
        with pytest.raises(SourceError):
            region(name)
    os.mkfifo(tmp_path / "pipe.geojson")
    for path in (tmp_path, tmp_path / "pipe.geojson"):
        with pytest.raises(SourceError, match="is not a regular file"):
            region(str(path))
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    with pytest.raises(InvalidInputError, match=r"broken\.json is not JSON"):
        region(str(broken))
