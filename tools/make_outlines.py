"""Make src/baluardo/geo/data/outlines.npz from Natural Earth's countries at 1:10 million.

    python tools/make_outlines.py node_modules/world-atlas/countries-10m.json

The input is a file of the npm package `world-atlas` 2.0.2: TopoJSON made from Natural Earth, which
is in the public domain. Arcs that touch the window below (Europe, the Mediterranean and their
shores) keep every point; the rest of the world is thinned to about 5 km. Arcs stay shared between
neighbours, so that borders still fit. The same input always gives the same arrays.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

WINDOW = (-20.0, 24.0, 50.0, 62.0)
"""West, south, east, north, degrees: where every point is kept."""

TOLERANCE_DEG = 0.05
"""Elsewhere: how far a thinned line may lie from the full one."""

TARGET = Path(__file__).parent.parent / "src/baluardo/geo/data/outlines.npz"

Points = npt.NDArray[np.float64]


def thinned(points: Points, tolerance: float) -> npt.NDArray[np.intp]:
    """Return the indices of the points that Douglas and Peucker keep; rings keep at least four."""
    last = len(points) - 1
    keep = np.zeros(len(points), dtype=bool)
    keep[[0, last]] = True
    pending = [(0, last, bool(np.all(points[0] == points[last])))]
    while pending:
        start, end, ring = pending.pop()
        if end - start < 2:
            continue
        inner = points[start + 1 : end] - points[start]
        chord = points[end] - points[start]
        length = np.hypot(*chord)
        if length == 0.0:
            distance = np.hypot(inner[:, 0], inner[:, 1])
        else:
            distance = np.abs(inner[:, 0] * chord[1] - inner[:, 1] * chord[0]) / length
        worst = start + 1 + int(np.argmax(distance))
        if ring or distance.max() > tolerance:
            keep[worst] = True
            pending += [(start, worst, False), (worst, end, False)]
            if ring:
                # A ring needs an area: keep one more point on its longer half.
                first = (start + worst) // 2 if worst - start > end - worst else (worst + end) // 2
                keep[first] = True
    return np.flatnonzero(keep)


def touches_window(points: Points) -> bool:
    """Tell whether an arc's bounding box meets the window."""
    west, south, east, north = WINDOW
    low, high = points.min(axis=0), points.max(axis=0)
    return bool(low[0] <= east and high[0] >= west and low[1] <= north and high[1] >= south)


def with_area(polygon: list[list[int]], arc_lengths: list[int]) -> list[list[int]]:
    """Drop what the source's grid has shrunk to a point or a line: holes, or the whole polygon."""
    points = [sum(arc_lengths[n if n >= 0 else ~n] - 1 for n in ring) for ring in polygon]
    if points[0] < 3:
        return []
    return [ring for ring, n in zip(polygon, points, strict=True) if n >= 3]


def main() -> None:
    """Read the TopoJSON file named on the command line and write the package's data file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("countries", type=Path, help="countries-10m.json of world-atlas 2.0.2")
    topology: dict[str, Any] = json.loads(parser.parse_args().countries.read_text("utf-8"))
    scale = np.array(topology["transform"]["scale"])
    translate = np.array(topology["transform"]["translate"])

    steps: list[npt.NDArray[np.int32]] = []
    for arc in topology["arcs"]:
        grid = np.cumsum(np.array(arc, dtype=np.int32), axis=0, dtype=np.int32)
        degrees = grid * scale + translate
        if not touches_window(degrees):
            grid = grid[thinned(degrees, TOLERANCE_DEG)]
        steps.append(np.diff(grid, axis=0, prepend=np.zeros((1, 2), dtype=np.int32)))

    countries = sorted(
        topology["objects"]["countries"]["geometries"],
        key=lambda c: (c["properties"]["name"], c.get("id", "")),
    )
    lengths = [len(part) for part in steps]
    kept: list[dict[str, Any]] = []
    ring_arcs: list[list[int]] = []
    polygon_rings: list[int] = []
    country_polygons: list[int] = []
    for country in countries:
        nested = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
        nested = [p for p in (with_area(polygon, lengths) for polygon in nested) if p]
        if not nested:
            continue
        kept.append(country)
        country_polygons.append(len(nested))
        for polygon in nested:
            polygon_rings.append(len(polygon))
            ring_arcs += polygon

    TARGET.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        TARGET,
        scale=scale,
        translate=translate,
        steps=np.concatenate(steps).T.copy(),
        arc_lengths=np.array(lengths, dtype=np.int32),
        arcs=np.array([a for ring in ring_arcs for a in ring], dtype=np.int32),
        ring_lengths=np.array([len(r) for r in ring_arcs], dtype=np.int32),
        polygon_lengths=np.array(polygon_rings, dtype=np.int32),
        country_lengths=np.array(country_polygons, dtype=np.int32),
        names=np.array([c["properties"]["name"] for c in kept]),
        codes=np.array([int(c.get("id", -1)) for c in kept], dtype=np.int16),
    )
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes, {sum(lengths):,} points")


if __name__ == "__main__":
    main()
