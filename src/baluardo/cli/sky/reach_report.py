"""What `baluardo sky coverage --of rate` and the like tell: summary, JSON, GeoJSON and a map."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from baluardo.cli.arguments import format_time
from baluardo.cli.opening import OpenedSky
from baluardo.cli.output import jsonable, table
from baluardo.geo.cells import Cells, features
from baluardo.geo.map_png import MapText, draw_map
from baluardo.geo.regions import Region
from baluardo.terms import SLOT_SECONDS, Lever
from baluardo.twin.paths.reach_maps import Asked, Reach, ReachKind

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Column:
    """How a column of values is shown: words, unit, factor, digits."""

    words: str
    unit: str
    factor: float
    digits: int = 1


_SHOWN = {
    "rate_median_bps": _Column("rate down, median", "Mbit/s", 1e-6),
    "rate_5_percent_bps": _Column("rate down, worst 5 %", "Mbit/s", 1e-6),
    "rate_up_median_bps": _Column("rate up, median", "Mbit/s", 1e-6),
    "round_trip_median_s": _Column("delay there and back, median", "ms", 1e3),
    "round_trip_95_percent_s": _Column("delay there and back, 95 %", "ms", 1e3),
    "served": _Column("time served", "%", 100.0, 2),
    "available": _Column("with the rate, with rain", "%", 100.0, 3),
    "available_without_rain": _Column("with the rate, without rain", "%", 100.0, 2),
    "covered": _Column("time with a phone's link", "%", 100.0, 2),
    "covered_s": _Column("time with a phone's link", "s", 1.0, 0),
    "beam_down_bps": _Column("one beam down, mean", "Mbit/s", 1e-6, 2),
}

_DRAWN = {
    ReachKind.RATE: "rate_median_bps",
    ReachKind.LATENCY: "round_trip_median_s",
    ReachKind.AVAILABILITY: "available",
    ReachKind.DIRECT_TO_CELL: "beam_down_bps",
}
"""What the map's colours mean."""


@dataclass(frozen=True, slots=True, eq=False)
class ReachReport:
    """Everything that the outputs tell."""

    opened: OpenedSky
    region: Region
    cells: Cells
    reach: Reach
    asked: Asked

    @property
    def columns(self) -> dict[str, Floats]:
        """Values by name, rounded to what they mean."""
        return {name: np.round(v, 6) for name, v in self.reach.columns.items()}


def about(report: ReachReport) -> dict[str, Any]:
    """Return what was mapped, over which time and with what, and all cells taken together."""
    reach = report.reach
    asked: dict[str, Any] = {"min_elevation_deg": report.asked.mask.min_elevation_deg}
    if reach.kind is not ReachKind.DIRECT_TO_CELL:
        asked["rate_bps"] = report.asked.rate_bps
    return {
        **report.opened.preamble(),
        "of": reach.kind,
        "lever": Lever.OBSERVED,
        "region": report.region.name,
        "resolution": report.cells.resolution,
        "start": format_time(reach.start),
        "end": format_time(reach.end),
        "slots": reach.slots,
        "slots_looked_at": reach.sampled,
        "slot_seconds": SLOT_SECONDS,
        **asked,
        "summary": {
            "cells": len(report.cells),
            **{name: _three(values) for name, values in report.columns.items()},
        },
    }


def _three(values: Floats) -> dict[str, float | None]:
    known = values[np.isfinite(values)]
    if known.size == 0:
        return {"lowest": None, "median": None, "highest": None}
    return {
        "lowest": float(known.min()),
        "median": float(np.median(known)),
        "highest": float(known.max()),
    }


def geojson(report: ReachReport) -> bytes:
    """Return a GeoJSON FeatureCollection, a polygon with its values for each cell."""
    collection = {
        "type": "FeatureCollection",
        "about": about(report),
        "features": features(report.cells, report.columns),
    }
    text = json.dumps(jsonable(collection), ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def summary(report: ReachReport) -> str:
    """Return what a person reads: the region, the time, and lowest, median and highest."""
    reach, cells = report.reach, report.cells
    rows = []
    for name, values in reach.columns.items():
        shown = _SHOWN[name]
        three = [_number(x, shown) for x in _three(values).values()]
        rows.append([f"{shown.words}, {shown.unit}", *three])
    lines = [
        *report.opened.heading(),
        f"region:    {report.region.name}, {_cells_line(cells)}",
        f"slots:     {_span(reach)}",
        f"asked:     {_asked(report)}",
        "",
        table([f"{reach.kind} ({Lever.OBSERVED})", "lowest", "median", "highest"], rows, "lrrr"),
    ]
    return "\n".join(lines)


def _number(value: float | None, shown: _Column) -> str:
    return "-" if value is None else f"{value * shown.factor:,.{shown.digits}f}"


def _asked(report: ReachReport) -> str:
    least = f"{report.asked.mask.min_elevation_deg:g}° or more above the horizon"
    if report.reach.kind is ReachKind.DIRECT_TO_CELL:
        return f"an ordinary phone outdoors, satellites {least}"
    return f"a dish in each cell, {report.asked.rate_bps / 1e6:g} Mbit/s (ours), satellites {least}"


def _span(reach: Reach) -> str:
    return (
        f"{format_time(reach.start)} to {format_time(reach.end)} "
        f"({reach.sampled:,} of {reach.slots:,} slots of {SLOT_SECONDS} s looked at)"
    )


def _cells_line(cells: Cells) -> str:
    return f"{len(cells):,} H3 cells of resolution {cells.resolution}"


def picture(report: ReachReport) -> bytes:
    """Return a map of the main value, as PNG."""
    reach, catalogue = report.reach, report.opened.sky.catalogue
    name = _DRAWN[reach.kind]
    shown = _SHOWN[name]
    values = reach.columns[name] * shown.factor
    epoch = "" if catalogue.ageless else f", epoch {format_time(catalogue.epoch)}"
    lowest = f"lowest: {_number(_three(reach.columns[name])['lowest'], shown)} {shown.unit}"
    text = MapText(
        title=f"{report.region.name}: {reach.kind}",
        subtitle=_span(reach),
        legend=f"{shown.words[:1].upper()}{shown.words[1:]}, {shown.unit}",
        notes=(
            f"Catalogue: {catalogue.source}{epoch}; {Lever.OBSERVED}.",
            f"{_cells_line(report.cells)}. {_asked(report)[:1].upper()}{_asked(report)[1:]}.",
            "Land and borders: Natural Earth.",
        ),
        badge="REPLAY" if report.opened.replay else "",
        lowest=lowest if np.isfinite(values).any() else "",
    )
    return draw_map(report.cells, values, text)
