"""Every test of the store runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from authority.store.kept import Kept
from postgres import PostgresServer


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Return a server; skip where PostgreSQL is not installed."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def setting(request: pytest.FixtureRequest) -> str:
    """Return what stands in the settings for a fresh database of each kind."""
    if request.param == "sqlite":
        return ""
    return str(request.getfixturevalue("postgres").fresh_database())


@pytest.fixture
def kept(tmp_path: Path, setting: str) -> Kept:
    """Return an authority after its ceremony, never opened yet."""
    return Kept.found(tmp_path / "authority", setting)
