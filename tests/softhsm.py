"""Where SoftHSM's library lies; tests that need it skip by name where it is not installed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

LIBRARIES = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/softhsm/libsofthsm2.so"),
    Path("/usr/local/lib/softhsm/libsofthsm2.so"),
)


def softhsm_library() -> Path:
    """Return the library; skip the test where it, or the program beside it, is missing."""
    found = next((path for path in LIBRARIES if path.is_file()), None)
    if found is None or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM is not installed (package softhsm2)")
    return found
