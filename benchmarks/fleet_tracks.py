"""Dead reckoning: how many of the reports that an estimate did not see lie in its 95 % ellipse.

Usage: python benchmarks/fleet_tracks.py

Prints one JSON line. Per set of tracks and per horizon (s): `share` of the withheld reports inside,
how many were `asked`, the median semi-major axis `major_m`; `reports_s` is what one core takes in a
second. Ships and helicopters are made up with seeds (`fleet/tracks/simulated.py`); the others are
real (`tests/fleet/data`).

The control, in the same run: the last report goes on at its speed and course, in a circle of a
fixed deviation, that of a report and as much a second as holds 95 % of the set's reports of 60 s,
in hindsight. `control_share` and `control_major_m` are its figures: one velocity deviation fits one
horizon of one kind at most. `hindsight_m` is the radius that would have held 95 % at the horizon
itself: what a circle could do that knew all of the set beforehand.

Exit status 1 when a horizon of the made-up sets is not from 93 to 97 %, or fewer than 5,000 reports
a second are taken.
"""

from __future__ import annotations

import csv
import json
import math
import os
import sys
import time
from bisect import bisect_left
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

from baluardo.fleet.platform import PlatformKind
from baluardo.fleet.tracks.calibration import HORIZONS_S, calibration
from baluardo.fleet.tracks.estimate import Estimator
from baluardo.fleet.tracks.plane import LocalPlane
from baluardo.fleet.tracks.report import PositionReport, ReportSource
from baluardo.fleet.tracks.simulated import simulated

sys.path.insert(0, str(Path(__file__).parent))
from machine import machine

DATA = Path(__file__).parents[1] / "tests/fleet/data"

LEAST, MOST = 0.93, 0.97
LEAST_REPORTS_S = 5_000.0
NOISE_M = 5.0
FITTED_AT_S = 60.0
SQUARE = -2.0 * math.log(0.05)

Misses = dict[float, list[float]]


def real_track(name: str, source: ReportSource) -> list[PositionReport]:
    """Return the reports of a file of the tests' data."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return [
            PositionReport(
                row["platform"],
                float(row["seconds"]),
                float(row["lat_deg"]),
                float(row["lon_deg"]),
                float(row["speed_m_s"]) if row["speed_m_s"] else None,
                float(row["course_deg"]) if row["course_deg"] else None,
                source=source,
            )
            for row in csv.DictReader(file)
        ]


def control_misses(reports: list[PositionReport]) -> Misses:
    """Return by horizon how far reports are from where the one before leads, m."""
    tracks: defaultdict[str, list[PositionReport]] = defaultdict(list)
    for report in reports:
        tracks[report.platform].append(report)
    found: Misses = {horizon: [] for horizon in HORIZONS_S}
    for track in tracks.values():
        track.sort(key=lambda r: r.time)
        times = [r.time for r in track]
        for horizon, misses in found.items():
            free = times[0]
            for report in track:
                if report.time < free or report.speed_m_s is None or report.course_deg is None:
                    continue
                k = bisect_left(times, report.time + horizon)
                if k == len(times) or times[k] > report.time + 1.4 * horizon:
                    continue
                way, turn = report.speed_m_s * (times[k] - report.time), report.course_deg
                plane = LocalPlane(report.lat_deg, report.lon_deg)
                east, north = plane.point(track[k].lat_deg, track[k].lon_deg)
                east -= way * math.sin(math.radians(turn))
                north -= way * math.cos(math.radians(turn))
                misses.append(math.hypot(east, north))
                free = report.time + 0.5 * horizon
    return found


def radius_m(deviation_m_s: float, horizon: float) -> float:
    """Return the radius of the control's 95 % circle, m."""
    return math.sqrt(SQUARE) * math.hypot(NOISE_M, deviation_m_s * horizon)


def fitted(misses: list[float]) -> float:
    """Return the velocity's deviation that holds 95 % of the misses of one horizon, m/s."""
    reach = _quantile(misses) / math.sqrt(SQUARE)
    return math.sqrt(max(reach**2 - NOISE_M**2, 0.0)) / FITTED_AT_S


def _quantile(misses: list[float]) -> float:
    """Return what 95 % of the misses do not exceed, m."""
    return sorted(misses)[math.ceil(0.95 * len(misses)) - 1] if misses else math.nan


def figures(reports: list[PositionReport], kind: PlatformKind) -> dict[str, Any]:
    """Return the figures of a set of tracks."""
    estimators: dict[str, Estimator] = {}
    begin = time.perf_counter()
    for report in reports:
        if report.platform not in estimators:
            estimators[report.platform] = Estimator(kind)
        estimators[report.platform].take(report)
    took = time.perf_counter() - begin
    misses = control_misses(reports)
    deviation = fitted(misses[FITTED_AT_S])
    horizons = {}
    for horizon, one in calibration(reports, kind).items():
        if not one.asked or not misses[horizon]:
            continue
        radius = radius_m(deviation, horizon)
        inside = sum(miss <= radius for miss in misses[horizon])
        horizons[f"{horizon:g}"] = {
            "share": round(one.share, 4),
            "asked": one.asked,
            "major_m": round(one.median_major_m),
            "control_share": round(inside / max(len(misses[horizon]), 1), 4),
            "control_major_m": round(radius),
            "hindsight_m": round(_quantile(misses[horizon])),
        }
    return {
        "kind": str(kind),
        "platforms": len(estimators),
        "reports": len(reports),
        "reports_s": round(len(reports) / took),
        "horizons_s": horizons,
    }


def main() -> int:
    """Follow all sets; print the line."""
    ship, helicopter = PlatformKind.SHIP, PlatformKind.HELICOPTER
    made_up = {
        "ships": (ship, [(120, 8.0, 60.0, 21), (48, 2.0, 10.0, 22)]),
        "helicopters": (helicopter, [(90, 6.0, 25.0, 23), (24, 1.0, 5.0, 24)]),
    }
    real = {
        "real ships off Helsinki": (ship, "ais_helsinki.csv", ReportSource.AIS),
        "real yacht": (ship, "yacht_gulf_of_finland.csv", ReportSource.OWN),
        "real rescue helicopters": (helicopter, "air_ambulances.csv", ReportSource.CSV),
    }
    found: dict[str, dict[str, Any]] = {}
    missed: list[str] = []
    for name, (kind, sets) in made_up.items():
        reports = [
            replace(report, platform=f"{report.platform} of {seed}")
            for platforms, hours, interval, seed in sets
            for report in simulated(kind, platforms, hours, interval, seed)
        ]
        found[name] = one = figures(reports, kind)
        missed += [
            f"{name} at {horizon} s"
            for horizon, values in one["horizons_s"].items()
            if not LEAST <= values["share"] <= MOST
        ]
        if one["reports_s"] < LEAST_REPORTS_S:
            missed.append(f"{name}: reports a second")
    for name, (kind, file, source) in real.items():
        found[name] = figures(real_track(file, source), kind)
    line = {"benchmark": "fleet_tracks", "sets": found, "machine": machine()}
    sys.stdout.write(json.dumps(line) + os.linesep)
    if missed:
        sys.stderr.write(f"Missed: {', '.join(missed)}.\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
