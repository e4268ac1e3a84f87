"""A relay that runs, with browsers on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from relay_ends import LOOPBACK, SEED

from baluardo.calls.relay.engine import MediaRelay


@pytest.fixture
def relay() -> Iterator[MediaRelay]:
    """Return a relay without sessions."""
    with MediaRelay(SEED, LOOPBACK) as running:
        yield running
