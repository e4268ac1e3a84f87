"""Maps are true in shape, and their lines are round numbers."""

from __future__ import annotations

import numpy as np
import pytest

from baluardo.geo.projection import (
    Projection,
    Window,
    graticule,
    label_latitude,
    label_longitude,
)


def test_shapes_are_true() -> None:
    """A small square on the ground is a square on the map (Mercator is conformal)."""
    projection = Projection.fitted(Window(6.0, 35.0, 19.0, 48.0), 1_500, 1_500, 0)
    for lat in (36.0, 42.0, 47.0):
        step = 0.01
        east = step / np.cos(np.radians(lat))
        points = np.array([[10.0, lat], [10.0 + east, lat], [10.0, lat + step]])
        origin, right, up = projection.pixels(points)
        assert (right - origin)[0] / (origin - up)[1] == pytest.approx(1.0, abs=2e-3)


def test_polar_maps_are_true_in_the_middle() -> None:
    projection = Projection.fitted(Window(-30.0, 60.0, 30.0, 84.0), 1_000, 1_000, 0)
    step = 0.01
    points = np.array([[0.0, 72.0], [step / np.cos(np.radians(72.0)), 72.0], [0.0, 72.0 + step]])
    origin, right, up = projection.pixels(points)
    assert (right - origin)[0] / (origin - up)[1] == pytest.approx(1.0, abs=2e-3)


def test_corners_are_the_window() -> None:
    projection = Projection.fitted(Window(6.0, 35.0, 19.0, 48.0), 1_500, 900, 0)
    corners = projection.pixels(np.array([[6.0, 48.0], [19.0, 35.0]]))
    assert corners == pytest.approx(np.array([[0.0, 0.0], [projection.width, projection.height]]))
    assert projection.height == 900
    assert projection.scaled(3).height == 2_700


def test_narrow_windows_are_widened() -> None:
    projection = Projection.fitted(Window(10.0, 35.0, 12.0, 48.0), 1_500, 1_000, 900)
    assert projection.width == 900
    assert projection.window.west < 10.0 - 1.0
    assert projection.window.east > 12.0 + 1.0


def test_window_has_room_and_ends_at_the_poles() -> None:
    window = Window.around(np.array([[10.0, 40.0], [20.0, 50.0]]))
    assert (window.west, window.north) == pytest.approx((9.5, 50.5))
    tiny = Window.around(np.array([[10.0, 40.0], [10.01, 40.0]]))
    assert tiny.east - tiny.west == pytest.approx(1.5)
    world = Window.around(np.array([[-180.0, -90.0], [180.0, 90.0]]))
    assert world == Window(-180.0, -90.0, 180.0, 90.0)


def test_shapes_beyond_the_edge_are_seen_from_the_other_side() -> None:
    window = Window(170.0, -10.0, 190.0, 10.0)
    assert list(window.turns(np.array([[-178.0, 0.0], [-176.0, 1.0]]))) == [360.0]
    assert list(window.turns(np.array([[0.0, 0.0], [1.0, 1.0]]))) == []


def test_graticule_is_round_and_inside() -> None:
    lines = graticule(Window(6.0, 35.0, 19.0, 48.0))
    assert lines.longitudes == (8.0, 10.0, 12.0, 14.0, 16.0, 18.0)
    assert lines.latitudes == (36.0, 38.0, 40.0, 42.0, 44.0, 46.0)


def test_labels() -> None:
    assert [label_longitude(x) for x in (-5.0, 0.0, 12.5, 180.0, 190.0)] == [
        "5°W",
        "0°",
        "12.5°E",
        "180°",
        "170°W",
    ]
    assert [label_latitude(x) for x in (-5.0, 0.0, 40.0)] == ["5°S", "0°", "40°N"]
