"""Killed at random instants, again and again: nothing that was acknowledged is ever lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from authority.store.storm import storm

SECONDS = 10.0


@pytest.mark.parametrize("seed", [1])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nothing_that_was_acknowledged_is_lost(tmp_path: Path, kind: str, seed: int) -> None:
    counted = storm(tmp_path / "storm", SECONDS, seed, sqlite=kind == "sqlite")
    assert counted.acknowledged > 0
    assert counted.lost == 0
    assert counted.kills["Writer"] > 0
    assert counted.cosigned > 1
