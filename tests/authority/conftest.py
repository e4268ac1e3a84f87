"""Fixtures of the authority's tests: a small state, on every kind of database there is here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from authority.state import Founded, State
from postgres import PostgresServer


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Run one PostgreSQL server for all tests here; skip where none is installed."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def founded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Founded:
    """Return a state at rest, founded once on each kind of database."""
    server = None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
    return Founded.found(tmp_path_factory.mktemp("founded") / request.param, server)


@pytest.fixture
def make_state(founded: Founded, tmp_path: Path) -> Iterator[Callable[..., State]]:
    """Return what opens a copy of the state with settings of one's own."""
    with ExitStack() as stack:

        def make(**settings: Any) -> State:
            return stack.enter_context(founded.copied(tmp_path / "state", **settings))

        yield make


@pytest.fixture
def state(make_state: Callable[..., State]) -> State:
    """Return a copy of the state, as the defaults have it."""
    return make_state()
