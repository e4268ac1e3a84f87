"""Fixtures of the edges' tests: a ceremony held once, a copy of it for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.country import Country, hold_ceremony


@pytest.fixture(scope="session")
def ceremony(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an authority's directory that nobody has opened yet."""
    directory = tmp_path_factory.mktemp("ceremony") / "authority"
    hold_ceremony(directory)
    return directory


@pytest.fixture
def country(ceremony: Path, tmp_path: Path) -> Country:
    """Return a copy of the state at rest."""
    return Country.copied(ceremony, tmp_path / "authority")
