"""Times of certificates: POSIX seconds here, whole seconds of UTC in X.509, and the skew."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Final

from baluardo.errors import InvalidInputError

SKEW: Final = 600.0
"""Seconds by which two clocks may differ, either way, before anybody is refused. Our choice."""
EARLIEST: Final = 0.0
LATEST: Final = 253_402_300_799.0
"""1970 to 9999: what X.509 can write (RFC 5280 section 4.1.2.5) and POSIX time can say."""


def to_x509(posix_s: float) -> datetime:
    """Return a time as X.509 writes it, cut to whole seconds; InvalidInputError if it cannot."""
    if not (math.isfinite(posix_s) and EARLIEST <= posix_s <= LATEST):
        raise InvalidInputError("A certificate's times lie between 1970 and 9999.")
    return datetime.fromtimestamp(math.floor(posix_s), UTC)


def shown(posix_s: float) -> str:
    """Return a time for a sentence: ISO 8601 in UTC, to the minute."""
    if not (math.isfinite(posix_s) and EARLIEST <= posix_s <= LATEST):
        return "a time beyond all calendars"
    return datetime.fromtimestamp(posix_s, UTC).strftime("%Y-%m-%d %H:%M UTC")
