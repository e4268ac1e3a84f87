"""Fixtures that several parts share: the folder of shared data, and the two catalogues."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.shells import default_catalogue as built_in_catalogue
from baluardo.twin.sky.tle import parse_tle

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def vectors() -> Path:
    """Return the folder of test vectors; each file names its source."""
    return Path(__file__).parent / "vectors"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of data that are too large for the repository; skip where it is absent.

    It stands beside the repository as shared/data, or where BALUARDO_SHARED_DATA says.
    """
    folder = os.environ.get("BALUARDO_SHARED_DATA")
    path = Path(folder) if folder else REPOSITORY.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip("the shared data are not here (BALUARDO_SHARED_DATA names their folder)")
    return path


@pytest.fixture(scope="session")
def real_tle(shared_data: Path) -> bytes:
    """Return the public catalogue of 2025-05-29 as published: 7,500 three-line element sets."""
    path = shared_data / "sky" / "starlink_2025-05-29.tle"
    if not path.is_file():
        pytest.skip("the shared data hold no sky/starlink_2025-05-29.tle")
    return path.read_bytes()


@pytest.fixture(scope="session")
def real_catalogue(real_tle: bytes) -> Catalogue:
    """Return the public catalogue of 2025-05-29, parsed."""
    return parse_tle(real_tle, "starlink_2025-05-29.tle")


@pytest.fixture(scope="session")
def default_catalogue() -> Catalogue:
    """Return the built-in shells."""
    return built_in_catalogue()
