"""The time of day that people read on their clocks, by rule: texts must not depend on a machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_STANDARD_HOURS: Final = {
    **dict.fromkeys(("AT", "BE", "CH", "CZ", "DE", "DK", "ES", "FR", "HR", "HU", "IT"), 1),
    **dict.fromkeys(("LI", "LU", "MC", "MT", "NL", "NO", "PL", "SE", "SI", "SK", "SM", "VA"), 1),
    **dict.fromkeys(("BG", "CY", "EE", "FI", "GR", "LT", "LV", "RO"), 2),
    **dict.fromkeys(("IE", "PT"), 0),
}
"""Hours ahead of UTC in winter, by country (ISO 3166-1)."""


def local_time(moment: datetime, country: str) -> datetime | None:
    """Return a moment as clocks of a country show it; None where the country is not known here.

    Summer time is an hour more, from 01:00 UTC of the last Sunday of March to that of October
    (directive 2000/84/EC).
    """
    hours = _STANDARD_HOURS.get(country)
    if hours is None:
        return None
    instant = moment.astimezone(UTC)
    summer = _last_sunday(instant.year, 3) <= instant < _last_sunday(instant.year, 10)
    return (instant + timedelta(hours=hours + summer)).replace(tzinfo=None)


def time_shown(moment: datetime, country: str) -> str:
    """Return hours and minutes as people of a country read them: 17:40, or 16:40 UTC."""
    local = local_time(moment, country)
    return f"{moment.astimezone(UTC):%H:%M} UTC" if local is None else f"{local:%H:%M}"


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)
