"""The picture is looked into: cells have their colour, land and water theirs, words fit."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from baluardo.errors import InvalidInputError
from baluardo.geo import map_png
from baluardo.geo.cells import Cells, cells_of
from baluardo.geo.colours import scale_colour
from baluardo.geo.map_png import MapText, draw_map
from baluardo.geo.polygons import Polygon
from baluardo.geo.projection import Projection, Window
from baluardo.geo.regions import Region, region

TEXT = MapText("Title", "subtitle", "Satellites in view", ("One note.", "Another note."))


def opened(octets: bytes) -> Image.Image:
    return Image.open(io.BytesIO(octets)).convert("RGB")


def place_on(cells: Cells, lat: float, lon: float) -> tuple[int, int]:
    """Pixel of a place, by the same window as the map's."""
    corners = np.concatenate([cells.boundary(i) for i in range(len(cells))])
    projection = Projection.fitted(
        Window.around(corners), map_png.MAP_WIDTH, map_png.MAP_HEIGHT, map_png.LEAST_WIDTH
    )
    x, y = projection.pixels(np.array([[lon, lat]]))[0]
    return round(x) + map_png.SIDE, round(y) + map_png.TOP


def test_cells_land_and_water_have_their_colours() -> None:
    cells = cells_of(region("italy"), 4)
    values = np.linspace(10.0, 20.0, len(cells))
    picture = opened(draw_map(cells, values, TEXT))
    for index in (0, len(cells) // 2, len(cells) - 1):
        at = place_on(cells, cells.lat_deg[index] + 0.05, cells.lon_deg[index] + 0.05)
        expected = scale_colour((values[index] - 10.0) / 10.0)
        assert np.abs(np.subtract(picture.getpixel(at), expected)).max() <= 2
    assert picture.getpixel(place_on(cells, 40.3, 12.3)) == map_png.WATER
    assert picture.getpixel(place_on(cells, 42.3, 9.1)) == map_png.LAND


def test_same_arguments_same_picture() -> None:
    cells = cells_of(region("malta"))
    values = np.arange(float(len(cells)))
    assert draw_map(cells, values, TEXT) == draw_map(cells, values, TEXT)


def test_badge_and_mark_are_drawn_only_when_asked_for() -> None:
    cells = cells_of(region("malta"))
    values = np.arange(float(len(cells)))
    marked = MapText(
        *[getattr(TEXT, f) for f in ("title", "subtitle", "legend", "notes")], "REPLAY"
    )

    def badge_pixels(text: MapText) -> int:
        pixels = np.asarray(opened(draw_map(cells, values, text)))
        return int((pixels == map_png.BADGE).all(axis=-1).sum())

    assert badge_pixels(TEXT) == 0
    assert badge_pixels(marked) > 1_000


def test_long_words_stay_inside() -> None:
    cells = cells_of(region("malta"))
    long = MapText("An area's name " * 30, "when " * 100, "legend", ("note " * 200,), "REPLAY")
    pixels = np.asarray(opened(draw_map(cells, np.ones(len(cells)), long)))
    right_margin = pixels[: map_png.TOP - 2, -map_png.SIDE + 2 :]
    assert (right_margin == 255).all()


def test_unknown_values_leave_cells_empty() -> None:
    cells = cells_of(Region("sea", (Polygon((np.array([[5.0, 38], [6, 38], [6, 39]]),)),)))
    values = np.full(len(cells), np.nan)
    pixels = np.asarray(opened(draw_map(cells, values, TEXT)))
    assert pixels[map_png.TOP + 300, map_png.SIDE + 300].tolist() == list(map_png.WATER)
    with pytest.raises(InvalidInputError, match="shape"):
        draw_map(cells, values[:-1], TEXT)


@pytest.mark.parametrize("name", ["norway", "fiji", "antarctica"])
def test_regions_at_the_map_s_edges(name: str) -> None:
    cells = cells_of(region(name), 3)
    picture = opened(draw_map(cells, np.arange(float(len(cells))), TEXT))
    assert picture.width <= map_png.MAP_WIDTH + 2 * map_png.SIDE
    assert picture.height <= map_png.MAP_HEIGHT + map_png.TOP + map_png.BOTTOM


def test_colours_grow_lighter_evenly() -> None:
    """Rec. 709 luminance rises all along the scale, so that it reads in grey as well."""
    colours = np.array([scale_colour(f) for f in np.linspace(-0.1, 1.1, 60)], dtype=np.float64)
    assert (np.diff(colours @ [0.2126, 0.7152, 0.0722]) >= 0.0).all()
    assert scale_colour(-1.0) == scale_colour(0.0) == (68, 1, 84)
    assert scale_colour(2.0) == (253, 231, 37)
