"""What the sea does to a dish: how far the deck leans, and how much of the sky that costs.

A satellite is of use where it stays above the dish's own limit while the deck rolls and pitches
through a whole cycle: the limit rises by how far the deck leans towards the satellite. Roll and
pitch are taken to be independent, so that towards an azimuth off the bow the lean is
hypot(roll * sin, pitch * cos).
"""

from __future__ import annotations

import math

from baluardo.errors import InvalidInputError
from baluardo.fleet.platform import HANDLING, Platform
from baluardo.terms import Mask, Obstruction

WAVE_HEIGHT_M = (0.0, 0.1, 0.5, 1.25, 2.5, 4.0, 6.0, 9.0, 14.0)
"""Upper bounds of the significant wave heights of sea states 0 to 8, m (WMO Manual on Codes, code
table 3700); state 9 has none and is taken as state 8."""

MOST_LEAN_DEG = 30.0
"""Ours: a ship that leans further has other worries, and her dish is not counted upon."""

SECTORS = 24
"""Parts of the horizon, 15 degrees each, in which the limit is taken to be level."""


def lean_deg(platform: Platform, sea_state: int) -> tuple[float, float]:
    """Return the largest roll and pitch, degrees, in a sea state of the WMO's table, 0 to 9."""
    if type(sea_state) is not int or not 0 <= sea_state <= 9:
        raise InvalidInputError(f"sea_state {sea_state!r} is not a whole number from 0 to 9.")
    height = WAVE_HEIGHT_M[min(sea_state, len(WAVE_HEIGHT_M) - 1)]
    handling = HANDLING[platform.kind]
    return (
        min(handling.roll_deg_per_m * height, MOST_LEAN_DEG),
        min(handling.pitch_deg_per_m * height, MOST_LEAN_DEG),
    )


def obstructions(platform: Platform, sea_state: int) -> tuple[Obstruction, ...]:
    """Return what hides the sky from a platform's dish, azimuths clockwise from the bow.

    In a calm, and in the air, that is the superstructure; in a sea, the lean added to it and to the
    dish's own lowest elevation, sector by sector.
    """
    roll, pitch = lean_deg(platform, sea_state)
    if roll == 0.0 and pitch == 0.0:
        return platform.superstructure
    width = 360.0 / SECTORS
    found = []
    for sector in range(SECTORS):
        start, end = sector * width, (sector + 1) * width
        lean = _most_lean(start, end, roll, pitch)
        found.append(Obstruction(start, end, min(platform.min_elevation_deg + lean, 90.0)))
        found += [
            Obstruction(low, high, min(own.elevation_deg + lean, 90.0))
            for own in platform.superstructure
            for low, high in _shared(own, start, end)
        ]
    return tuple(found)


def mask_of(platform: Platform, heading_deg: float, sea_state: int) -> Mask:
    """Return what a platform's dish may use with its bow on a heading: azimuths from north."""
    return Mask(
        platform.min_elevation_deg,
        tuple(
            Obstruction(
                (o.from_azimuth_deg + heading_deg) % 360.0,
                (o.to_azimuth_deg + heading_deg) % 360.0,
                o.elevation_deg,
            )
            for o in obstructions(platform, sea_state)
        ),
        platform.gso_avoidance_deg,
    )


def _most_lean(start_deg: float, end_deg: float, roll: float, pitch: float) -> float:
    """Return the largest lean of a sector, degrees; its ends, and abeam and ahead if inside."""
    turns = [start_deg, end_deg, *(q for q in (0.0, 90.0, 180.0, 270.0) if start_deg < q < end_deg)]
    return max(
        math.hypot(roll * math.sin(math.radians(t)), pitch * math.cos(math.radians(t)))
        for t in turns
    )


def _shared(own: Obstruction, start_deg: float, end_deg: float) -> list[tuple[float, float]]:
    """Return the parts of an obstruction, which may run through the bow, inside a sector."""
    spans = [(own.from_azimuth_deg, own.to_azimuth_deg)]
    if own.from_azimuth_deg > own.to_azimuth_deg:
        spans = [(own.from_azimuth_deg, 360.0), (0.0, own.to_azimuth_deg)]
    parts = [(max(low, start_deg), min(high, end_deg)) for low, high in spans]
    return [(low, high) for low, high in parts if low < high]
