"""From degrees to the pixels of a map: Mercator, or equirectangular where that grows too large."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from baluardo.geo.polygons import Floats

MERCATOR_UP_TO_DEG = 75.0
LEAST_SPAN_DEG = 1.5
"""A region smaller than this is shown with its surroundings."""
MARGIN = 0.05
"""Room around a region, part of its span."""

STEPS_DEG = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 45.0)
MOST_LINES = 10


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the world that a map shows, degrees; `east` may lie beyond 180."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def around(cls, points: Floats) -> Window:
        """Return a window with some room around points of shape (n, 2), longitude and latitude."""
        low, high = points.min(axis=0), points.max(axis=0)
        middle = (low + high) / 2.0
        half = np.maximum((high - low) * (0.5 + MARGIN), LEAST_SPAN_DEG / 2.0)
        west, south = (middle - half).tolist()
        east, north = (middle + half).tolist()
        if east - west >= 360.0:
            west, east = -180.0, 180.0
        return cls(west, max(south, -90.0), east, min(north, 90.0))

    def meets(self, bounds: tuple[float, ...]) -> bool:
        """Tell whether a box (west, south, east, north) has a part in the window."""
        west, south, east, north = bounds
        return (
            west <= self.east and east >= self.west and south <= self.north and north >= self.south
        )

    def turns(self, points: Floats) -> Iterator[float]:
        """Yield the degrees by which a shape is moved east to be seen, once or twice."""
        west, east = float(points[:, 0].min()), float(points[:, 0].max())
        for turn in (-360.0, 0.0, 360.0):
            if west + turn <= self.east and east + turn >= self.west:
                yield turn


@dataclass(frozen=True, slots=True)
class Projection:
    """A window laid on `width` by `height` pixels, x from the left and y from the top."""

    window: Window
    width: int
    height: int

    @classmethod
    def fitted(
        cls, window: Window, most_width: int, most_height: int, least_width: int
    ) -> Projection:
        """Return the largest map of a window, true in shape, that fits.

        A window that would be narrower than `least_width` is given more room east and west.
        """
        corners = np.array([[window.west, window.south], [window.east, window.north]])
        low, high = _plane(window, corners)
        wide, tall = (high - low).tolist()
        scale = min(most_width / wide, most_height / tall)
        if wide * scale < least_width:
            more = (window.east - window.west) * (least_width / (wide * scale) - 1.0) / 2.0
            window = replace(window, west=window.west - more, east=window.east + more)
            wide = least_width / scale
        return cls(window, max(round(wide * scale), 1), max(round(tall * scale), 1))

    def scaled(self, factor: int) -> Projection:
        """Return the same map with more pixels."""
        return Projection(self.window, self.width * factor, self.height * factor)

    def pixels(self, points: Floats) -> Floats:
        """Return pixels, shape (n, 2), of longitudes and latitudes of shape (n, 2), degrees."""
        window = self.window
        corners = np.array([[window.west, window.south], [window.east, window.north]])
        low, high = _plane(window, corners)
        part = (_plane(window, points) - low) / (high - low)
        return np.asarray((part * [1.0, -1.0] + [0.0, 1.0]) * [self.width, self.height])

    def meridian(self, lon: float) -> Floats:
        """Return the two ends of a meridian, southern first."""
        return self.pixels(np.array([[lon, self.window.south], [lon, self.window.north]]))

    def parallel(self, lat: float) -> Floats:
        """Return the two ends of a parallel, western first."""
        return self.pixels(np.array([[self.window.west, lat], [self.window.east, lat]]))


def _plane(window: Window, points: Floats) -> Floats:
    """Project to a plane whose unit is a degree of longitude at the equator (or the middle)."""
    lon, lat = points[:, 0], points[:, 1]
    if max(abs(window.south), abs(window.north)) <= MERCATOR_UP_TO_DEG:
        bounded = np.radians(np.clip(lat, -85.0, 85.0))
        return np.stack([lon, np.degrees(np.arctanh(np.sin(bounded)))], axis=1)
    middle = np.clip(abs(window.south + window.north) / 2.0, 0.0, 80.0)
    return np.stack([lon * np.cos(np.radians(middle)), lat], axis=1)


@dataclass(frozen=True, slots=True)
class Graticule:
    """Where the lines of a graticule run, degrees."""

    longitudes: tuple[float, ...]
    latitudes: tuple[float, ...]


def graticule(window: Window) -> Graticule:
    """Return lines at round degrees, the same step both ways, at most ten each way."""
    span = max(window.east - window.west, window.north - window.south)
    step = next((s for s in STEPS_DEG if span / s <= MOST_LINES), STEPS_DEG[-1])
    return Graticule(
        _multiples(window.west, window.east, step), _multiples(window.south, window.north, step)
    )


def _multiples(low: float, high: float, step: float) -> tuple[float, ...]:
    """Multiples of a step inside an interval, none on its very edge."""
    first, last = int(np.floor(low / step)) + 1, int(np.ceil(high / step)) - 1
    return tuple(round(k * step, 6) for k in range(first, last + 1))


def label_longitude(lon: float) -> str:
    """Return a label such as 15°E."""
    lon = (lon + 180.0) % 360.0 - 180.0
    if lon in (0.0, -180.0):
        return f"{abs(lon):g}°"
    return f"{abs(round(lon, 6)):g}°{'E' if lon > 0 else 'W'}"


def label_latitude(lat: float) -> str:
    """Return a label such as 40°N."""
    return "0°" if lat == 0.0 else f"{abs(lat):g}°{'N' if lat > 0 else 'S'}"
