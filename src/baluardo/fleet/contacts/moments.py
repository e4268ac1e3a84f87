"""Times of a plan as texts and as dates, UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(posix_s: float) -> datetime:
    """Return a time to the whole second: slots begin at whole seconds."""
    return datetime.fromtimestamp(round(posix_s), UTC)


def iso(posix_s: float) -> str:
    """Return a time as ISO 8601 in UTC, to the second, with a Z."""
    return moment(posix_s).strftime("%Y-%m-%dT%H:%M:%SZ")
