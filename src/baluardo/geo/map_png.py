"""A map of cells coloured by a value, as a PNG picture: land, borders, graticule, legend.

Everything is drawn three times too large and averaged down, which smooths the edges. Fonts are
Pillow's own, so that a picture looks the same on every machine.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from baluardo.errors import InvalidInputError
from baluardo.geo.cells import Cells
from baluardo.geo.colours import Colour, scale_colour
from baluardo.geo.outlines import outlines
from baluardo.geo.polygons import Floats
from baluardo.geo.projection import Projection, Window, graticule, label_latitude, label_longitude

OVERSAMPLING = 3
MAP_WIDTH, MAP_HEIGHT = 1_480, 1_080
"""Largest size of the map itself, pixels."""
LEAST_WIDTH = 900
"""Narrower maps show more of the surroundings, so that the title has room."""
SIDE, TOP, BOTTOM = 64, 118, 176
"""Room around the map for labels, for the title above it and for the legend below it."""

PAPER: Colour = (255, 255, 255)
WATER: Colour = (226, 234, 241)
LAND: Colour = (245, 243, 238)
COAST: Colour = (52, 64, 77)
BORDER: Colour = (120, 130, 141)
GRID: Colour = (150, 164, 178)
INK: Colour = (24, 33, 43)
FAINT: Colour = (92, 104, 117)
BADGE: Colour = (178, 58, 30)


@dataclass(frozen=True, slots=True)
class MapText:
    """What is written on a map."""

    title: str
    subtitle: str
    legend: str
    """What the colours mean, with the unit."""
    notes: tuple[str, ...]
    """Small lines under the map: source, time, method."""
    badge: str = ""
    """A word in a coloured field at the top right, where something must not be overlooked."""
    lowest: str = ""
    """Written at the cell with the lowest value; empty for no mark."""


def draw_map(cells: Cells, values: Floats, text: MapText) -> bytes:
    """Return a PNG of cells coloured by values of shape (cells,); InvalidInputError if none fits.

    NaN leaves a cell uncoloured. The same arguments give the same picture.
    """
    if values.shape != (len(cells),):
        raise InvalidInputError(f"values has shape {values.shape}, not ({len(cells)},).")
    boundaries = [cells.boundary(i) for i in range(len(cells))]
    window = Window.around(np.concatenate(boundaries))
    projection = Projection.fitted(window, MAP_WIDTH, MAP_HEIGHT, LEAST_WIDTH)
    width = projection.width + 2 * SIDE
    low, high = _scale_ends(values)

    sheet = _Sheet(width, projection.height + TOP + BOTTOM)
    sheet.image.paste(_map(projection, boundaries, values, (low, high)), (SIDE, TOP))
    _frame(sheet, projection)
    _title(sheet, text)
    _legend(sheet, TOP + projection.height + 46, (low, high), text)
    if text.lowest and np.isfinite(values).any():
        worst = int(np.nanargmin(values))
        at = projection.pixels(np.array([[cells.lon_deg[worst], cells.lat_deg[worst]]]))[0]
        _mark(sheet, (SIDE + float(at[0]), TOP + float(at[1])), text.lowest, projection)
    octets = io.BytesIO()
    sheet.image.save(octets, "PNG", optimize=True)
    return octets.getvalue()


def _scale_ends(values: Floats) -> tuple[float, float]:
    """Ends of the colour scale: whole numbers round all values, at least one apart."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return 0.0, 1.0
    low, high = float(np.floor(finite.min())), float(np.ceil(finite.max()))
    return low, max(high, low + 1.0)


def _map(
    projection: Projection, boundaries: Sequence[Floats], values: Floats, ends: tuple[float, float]
) -> Image.Image:
    """Draw the map alone, without anything around it."""
    fine = projection.scaled(OVERSAMPLING)
    image = Image.new("RGB", (fine.width, fine.height), WATER)
    draw = ImageDraw.Draw(image)
    seen = [p for c in outlines().countries for p in c.polygons if fine.window.meets(p.bounds)]
    # Large ones first: an enclave is then drawn over the hole that its neighbour leaves for it.
    for polygon in sorted(seen, key=lambda p: -p.area_km2):
        for number, ring in enumerate(polygon.rings):
            draw.polygon(_pairs(fine.pixels(ring)), fill=WATER if number else LAND)
    low, high = ends
    for boundary, value in zip(boundaries, values.tolist(), strict=True):
        if np.isfinite(value):
            colour = scale_colour((value - low) / (high - low))
            for turn in fine.window.turns(boundary):
                draw.polygon(_pairs(fine.pixels(boundary + np.array([turn, 0.0]))), fill=colour)
    lines = graticule(fine.window)
    for lon in lines.longitudes:
        draw.line(_pairs(fine.meridian(lon)), fill=GRID, width=OVERSAMPLING)
    for lat in lines.latitudes:
        draw.line(_pairs(fine.parallel(lat)), fill=GRID, width=OVERSAMPLING)
    for parts, colour, wide in (
        (outlines().borders, BORDER, OVERSAMPLING),
        (outlines().coasts, COAST, OVERSAMPLING + 1),
    ):
        for line in parts:
            low_corner, high_corner = line.min(axis=0), line.max(axis=0)
            if fine.window.meets((*low_corner.tolist(), *high_corner.tolist())):
                draw.line(_pairs(fine.pixels(line)), fill=colour, width=wide, joint="curve")
    return image.reduce(OVERSAMPLING)


def _pairs(points: Floats) -> list[tuple[float, float]]:
    return [(x, y) for x, y in points.tolist()]


class _Sheet:
    """The paper round the map, and words on it.

    Words are drawn three times too large as well: their letters then stand where they should, not
    on the nearest whole pixel.
    """

    def __init__(self, width: int, height: int) -> None:
        self.image = Image.new("RGB", (width, height), PAPER)
        self.draw = ImageDraw.Draw(self.image)

    def length(self, words: str, size: int) -> float:
        """Return how wide words are."""
        return self.draw.textlength(words, _font(size * OVERSAMPLING)) / OVERSAMPLING

    def write(
        self, at: tuple[float, float], words: str, size: int, colour: Colour, anchor: str
    ) -> None:
        """Write words, where the anchor is Pillow's: left, middle, right; top, middle."""
        self._write(at, words, size, colour, anchor, 0)

    def write_with_halo(
        self, at: tuple[float, float], words: str, size: int, colour: Colour, anchor: str
    ) -> None:
        """Write words on top of a map: with paper showing round the letters."""
        self._write(at, words, size, PAPER, anchor, 3)
        self._write(at, words, size, colour, anchor, 0)

    def _write(
        self,
        at: tuple[float, float],
        words: str,
        size: int,
        colour: Colour,
        anchor: str,
        halo: int,
    ) -> None:
        font, times = _font(size * OVERSAMPLING), OVERSAMPLING
        middle = (at[0] * times, at[1] * times)
        left, top, right, bottom = self.draw.textbbox(
            middle, words, font, anchor=anchor, stroke_width=halo * times
        )
        x, y = int(left // times) - 1, int(top // times) - 1
        wide, high = int(right // times) + 2 - x, int(bottom // times) + 2 - y
        ink = Image.new("L", (wide * times, high * times), 0)
        ImageDraw.Draw(ink).text(
            (middle[0] - x * times, middle[1] - y * times),
            words,
            255,
            font,
            anchor=anchor,
            stroke_width=halo * times,
        )
        self.image.paste(colour, (x, y), ink.reduce(times))

    def fitted(self, words: str, size: int, width: float) -> tuple[str, int]:
        """Return words on one line and the size in which they fit, shortened where none does."""
        line = " ".join(words.split())
        while self.length(line, size) > width and size > 14:
            size -= 2
        while self.length(line, size) > width and len(line) > 4:
            line = line[:-4] + "..."
        return line, size

    def wrapped(self, sentence: str, width: float, size: int) -> list[str]:
        """Break a sentence into lines that fit."""
        lines: list[str] = []
        for word in sentence.split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self.length(longer, size) <= width:
                lines[-1] = longer
            else:
                lines.append(word)
        return lines


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _frame(sheet: _Sheet, projection: Projection) -> None:
    """Draw the map's frame and the graticule's labels outside it."""
    left, right, bottom = SIDE, SIDE + projection.width, TOP + projection.height
    sheet.draw.rectangle((left - 1, TOP - 1, right, bottom), outline=COAST, width=1)
    lines = graticule(projection.window)
    for lon in lines.longitudes:
        x = left + float(projection.meridian(lon)[0, 0])
        sheet.write((x, bottom + 8), label_longitude(lon), 17, FAINT, "mt")
    for lat in lines.latitudes:
        y = TOP + float(projection.parallel(lat)[0, 1])
        sheet.write((left - 9, y), label_latitude(lat), 17, FAINT, "rm")


def _title(sheet: _Sheet, text: MapText) -> None:
    right = float(sheet.image.width - SIDE)
    if text.badge:
        box = (right - sheet.length(text.badge, 22) - 32, 28, right, 68)
        sheet.draw.rounded_rectangle(box, radius=8, fill=BADGE)
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        sheet.write(middle, text.badge, 22, PAPER, "mm")
        right = box[0] - 24
    for words, top, largest, colour in (
        (text.title, 28, 36, INK),
        (text.subtitle, 76, 20, FAINT),
    ):
        line, size = sheet.fitted(words, largest, right - SIDE)
        sheet.write((SIDE, top), line, size, colour, "lt")


def _legend(sheet: _Sheet, top: int, ends: tuple[float, float], text: MapText) -> None:
    """Draw the colour scale on the right and the notes on the left."""
    low, high = ends
    bar_width, bar_height = 380, 18
    left, draw = sheet.image.width - SIDE - bar_width, sheet.draw
    sheet.write((left, top), text.legend, 18, INK, "lt")
    bar = top + 30
    for x in range(bar_width):
        colour = scale_colour(x / (bar_width - 1))
        draw.line((left + x, bar, left + x, bar + bar_height), fill=colour)
    draw.rectangle((left - 1, bar - 1, left + bar_width, bar + bar_height + 1), outline=COAST)
    for value in _ticks(low, high):
        at = left + (value - low) / (high - low) * (bar_width - 1)
        draw.line((at, bar + bar_height + 2, at, bar + bar_height + 7), fill=COAST)
        sheet.write((at, bar + bar_height + 11), f"{value:g}", 17, FAINT, "mt")
    y = float(top)
    for note in text.notes:
        for line in sheet.wrapped(note, left - SIDE - 40, 16)[: int((BOTTOM - 60) / 23)]:
            sheet.write((SIDE, y), line, 16, FAINT, "lt")
            y += 23


def _ticks(low: float, high: float) -> list[float]:
    """Return round values from low to high, at most seven."""
    for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000):
        first = np.ceil(low / step) * step
        ticks = np.arange(first, high + step / 1_000, step)
        if ticks.size <= 7:
            return [float(t) for t in ticks]
    return [low, high]


def _mark(sheet: _Sheet, at: tuple[float, float], words: str, projection: Projection) -> None:
    """Draw a ring and words beside it, on the side where the map has room."""
    x, y = at
    for radius, colour, wide in ((9, PAPER, 5), (8, INK, 3)):
        box = (x - radius, y - radius, x + radius, y + radius)
        sheet.draw.ellipse(box, outline=colour, width=wide)
    if x + 20 + sheet.length(words, 18) < SIDE + projection.width:
        sheet.write_with_halo((x + 16, y), words, 18, INK, "lm")
    else:
        sheet.write_with_halo((x - 16, y), words, 18, INK, "rm")
