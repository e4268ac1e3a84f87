"""Fixtures that several parts share: the folder of shared data, and the two catalogues."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.shells import default_catalogue as built_in_catalogue
from baluardo.twin.sky.tle import parse_tle

# Tests are never timed: a machine with other work to do is not a fault of the code.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

REPOSITORY = Path(__file__).resolve().parents[1]
LONGEST = (
    "stage/test_stepped_clocks.py",
    "browser/test_authority_hostile_texts.py",
    "stage/test_staged_nation.py",
    "browser/test_authority_demonstration.py",
    "browser/test_warnings_page.py",
    "browser/test_globe.py",
    "browser/test_paths_on_globe.py",
    "browser/test_network_page.py",
    "browser/test_talk.py",
    "browser/test_firefox_talk.py",
    "edge/tunnels/test_plain_devices.py",
    "edge/tunnels/test_media_through_tunnels.py",
    "browser/test_authority_policy.py",
    "stage/test_up.py",
    "console/test_fleet_part.py",
    "browser/test_fleet_page.py",
    "browser/test_call_media.py",
    "browser/test_firefox_media.py",
    "browser/test_authority_fork.py",
    "edge/test_edge_two_layers.py",
    "cli/test_edge_update_walk.py",
    "cli/test_authority_walk.py",
    "browser/test_authority_recovery.py",
    "edge/tunnels/test_authority_gone.py",
    "cli/test_scenarios.py",
    "browser/test_authority_break_glass.py",
    "edge/tunnels/test_two_warm_bearers.py",
    "network/links/test_helper_devices.py",
    "stage/prove/test_calls_unprivileged.py",
    "browser/test_phone_at_an_edge.py",
    "browser/test_reconnect.py",
    "browser/test_authority_edges.py",
    "edge/test_edge_directory.py",
    "edge/test_site_warnings.py",
    "browser/test_phone_page.py",
    "browser/test_phone_security.py",
    "browser/test_phone_sounds.py",
    "browser/test_messages_page.py",
    "stage/network/test_staged_sky.py",
    "browser/test_authority_quality.py",
    "browser/test_calls_page.py",
    "edge/log_copy/test_evidence_door.py",
    "browser/test_keyboard.py",
    "browser/test_page_copy_buttons.py",
    "edge/test_edge_link.py",
)
"""Files that take more than half a minute, longest first, as `pytest --durations=0` tells it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the longest files begin first, so that no process is left alone with one at the end."""
    places = {REPOSITORY / "tests" / name: place for place, name in enumerate(LONGEST)}
    if gone := [str(path) for path in places if not path.is_file()]:
        raise pytest.UsageError(f"tests/conftest.py names a file that is gone: {', '.join(gone)}.")
    items.sort(key=lambda item: places.get(item.path, len(places)))


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
