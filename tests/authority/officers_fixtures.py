"""Fixtures of the small state with officers; test modules name this file in `pytest_plugins`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from authority.officers import State, Template, opened


@pytest.fixture(scope="session")
def officers_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Hold the ceremony once."""
    template = Template(tmp_path_factory.mktemp("ceremony") / "authority")
    template.hold()
    return template


@pytest.fixture
def country(officers_template: Template, tmp_path: Path) -> Iterator[State]:
    """Return the state, open over SQLite."""
    with opened(officers_template, tmp_path / "authority") as state:
        yield state


@pytest.fixture(params=["sqlite", "postgresql"])
def any_country(
    request: pytest.FixtureRequest, officers_template: Template, tmp_path: Path
) -> Iterator[State]:
    """Return the state, open over either database."""
    url = ""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").fresh_database()
    with opened(officers_template, tmp_path / "authority", url) as state:
        yield state
