"""What `baluardo sky coverage` tells: a summary to read, JSON, GeoJSON and a map."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from baluardo.cli.arguments import format_time
from baluardo.cli.opening import OpenedSky
from baluardo.cli.output import table
from baluardo.geo.cells import Cells, features
from baluardo.geo.map_png import MapText, draw_map
from baluardo.geo.regions import Region
from baluardo.terms import SLOT_SECONDS
from baluardo.twin.sky.coverage import Coverage


@dataclass(frozen=True, eq=False)
class CoverageReport:
    """Everything that the outputs of `baluardo sky coverage` tell."""

    opened: OpenedSky
    region: Region
    cells: Cells
    coverage: Coverage
    operational: int
    """Satellites in service when the first slot begins."""

    @property
    def weakest(self) -> int:
        """The cell with the fewest satellites on average."""
        return int(np.argmin(self.coverage.mean))

    @property
    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """What was counted, by its name in the outputs."""
        c = self.coverage
        return {
            "lowest": c.lowest,
            "mean": np.round(c.mean, 4),
            "highest": c.highest,
            "share": np.round(c.share, 6),
            "share_at_least": np.round(c.share_at_least, 6),
            "longest_gap_s": c.longest_gap_s,
        }


def about(report: CoverageReport) -> dict[str, Any]:
    """Return what was measured, over which time and with what, and all cells taken together."""
    c = report.coverage
    return {
        **report.opened.preamble(),
        "operational": report.operational,
        "region": report.region.name,
        "resolution": report.cells.resolution,
        "start": format_time(c.start),
        "end": format_time(c.end),
        "slots": c.slots,
        "slot_seconds": SLOT_SECONDS,
        "min_elevation_deg": c.min_elevation_deg,
        "at_least": c.at_least,
        "summary": {
            "cells": len(report.cells),
            "lowest": int(c.lowest.min()),
            "mean": round(float(c.mean.mean()), 4),
            "highest": int(c.highest.max()),
            "share": round(float(c.share.mean()), 6),
            "share_at_least": round(float(c.share_at_least.mean()), 6),
            "longest_gap_s": float(c.longest_gap_s.max()),
            "weakest_cell": report.cells.names[report.weakest],
        },
    }


def geojson(report: CoverageReport) -> bytes:
    """Return a GeoJSON FeatureCollection, a polygon with its counts for each cell."""
    collection = {
        "type": "FeatureCollection",
        "about": about(report),
        "features": features(report.cells, report.columns),
    }
    return json.dumps(collection, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _span(c: Coverage) -> str:
    return (
        f"{format_time(c.start)} to {format_time(c.end)} "
        f"({_duration(c.slots * SLOT_SECONDS)}: {c.slots:,} slots of {SLOT_SECONDS} s)"
    )


def _duration(seconds: int) -> str:
    for unit, size in (("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.4g} {unit}"
    return f"{seconds} s"


def _cells_line(cells: Cells) -> str:
    return f"{len(cells):,} H3 cells of resolution {cells.resolution}"


def summary(report: CoverageReport) -> str:
    """Return what a person reads: the region, the time, all cells together and the weakest."""
    c, cells = report.coverage, report.cells
    header = ["satellites in view", "lowest", "mean", "highest", "time covered", "longest gap"]
    rows = [
        ["all cells", c.lowest.min(), c.mean.mean(), c.highest.max(), c.share.mean()],
        [f"weakest cell {_where(cells, report.weakest)}", *_of_cell(c, report.weakest)],
    ]
    gaps = [c.longest_gap_s.max(), c.longest_gap_s[report.weakest]]
    longest = int(np.argmax(c.longest_gap_s))
    if gaps[0] > 0.0 and longest != report.weakest:
        rows.append([f"longest gap {_where(cells, longest)}", *_of_cell(c, longest)])
        gaps.append(c.longest_gap_s[longest])
    shown = [
        [name, low, f"{mean:.1f}", high, f"{_percent(share)}", f"{gap:,.0f} s"]
        for (name, low, mean, high, share), gap in zip(rows, gaps, strict=True)
    ]
    lines = [
        *report.opened.heading(),
        f"region:    {report.region.name}, {_cells_line(cells)}",
        f"slots:     {_span(c)}",
        f"in view:   {c.min_elevation_deg:g}° or more above the horizon; "
        f"{report.operational:,} satellites are operational",
        "",
        table(header, shown, "lrrrrr"),
    ]
    if c.at_least > 1:
        share = _percent(float(c.share_at_least.mean()))
        least = _percent(float(c.share_at_least.min()))
        lines += [
            "",
            f"{c.at_least} satellites or more: {share} of the time, {least} in the worst cell.",
        ]
    return "\n".join(lines)


def _of_cell(c: Coverage, cell: int) -> list[Any]:
    return [c.lowest[cell], c.mean[cell], c.highest[cell], c.share[cell]]


def _where(cells: Cells, cell: int) -> str:
    return f"{cells.names[cell]} ({cells.lat_deg[cell]:.2f}, {cells.lon_deg[cell]:.2f})"


def _percent(share: float) -> str:
    """Return a share as per cent, rounded down: 100 % means always."""
    return f"{np.floor(share * 10_000.0) / 100.0:.2f} %"


def picture(report: CoverageReport) -> bytes:
    """Return a map of the mean number of satellites in view, as PNG."""
    c, cells = report.coverage, report.cells
    always = bool((c.share == 1.0).all())
    covered = (
        "Every cell has a satellite in view in every slot."
        if always
        else f"Covered {_percent(float(c.share.mean()))} of the time; "
        f"longest gap {c.longest_gap_s.max():,.0f} s."
    )
    catalogue = report.opened.sky.catalogue
    epoch = "" if catalogue.ageless else f", epoch {format_time(catalogue.epoch)}"
    text = MapText(
        title=f"{report.region.name}: satellites in view",
        subtitle=_span(c),
        legend=f"Satellites above {c.min_elevation_deg:g}°, mean over time",
        notes=(
            f"Catalogue: {catalogue.source}{epoch}; {report.operational:,} of {len(catalogue):,} "
            "satellites operational.",
            f"{_cells_line(cells)}. {covered}",
            "Land and borders: Natural Earth.",
        ),
        badge="REPLAY" if report.opened.replay else "",
        lowest=f"lowest: {c.mean[report.weakest]:.1f}",
    )
    return draw_map(cells, c.mean, text)
