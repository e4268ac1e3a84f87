"""What `baluardo sky assign` tells: a summary to read, JSON, and cells as GeoJSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from baluardo.cli.arguments import format_time
from baluardo.cli.opening import OpenedSky
from baluardo.cli.output import table
from baluardo.geo.cells import Cells, features
from baluardo.geo.ellipsoid import geodetic
from baluardo.geo.regions import Region
from baluardo.terms import Generation, Lever, Mask, Place, slot_start
from baluardo.twin.paths.beams import NOMINAL_BEAM_BPS, UNITS_PER_BEAM
from baluardo.twin.paths.claims import CELL_RESOLUTION, Claims, Terminal
from baluardo.twin.paths.planner import SlotPaths
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.paths.world import Assignment
from baluardo.twin.sky.visibility import Observers, sightings

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BUSIEST = 10
"""Satellites in the table of the busiest."""

MEASURED_RANKS = (16, 3, 17, 7)
MEASURED_IN_VIEW = 50
"""Ranks by elevation of the serving satellites in one log, of about 50 in view (FACTS,
Constellation): four slots, hence a hint and no statistics."""

QUARTILES = (25.0, 50.0, 75.0)


@dataclass(frozen=True)
class AssignReport:
    """Everything that the outputs of `baluardo sky assign` tell."""

    opened: OpenedSky
    region: Region
    policy: str
    claims: Claims
    inside: Bools
    """Which claims are the region's, shape (claims,)."""
    mask: Mask
    """Of the commercial users."""
    answer: Assignment
    terminals: tuple[Terminal, ...]
    paths: SlotPaths

    @cached_property
    def served(self) -> Ints:
        """The region's claims that are served, as indices into all claims."""
        return np.flatnonzero(self.inside & (self.answer.commercial.satellite >= 0))

    @cached_property
    def satellites(self) -> Ints:
        """Satellites that serve somebody in the region, by falling load."""
        used = np.unique(self.answer.commercial.satellite[self.served])
        load = self.answer.load()[used]
        return np.asarray(used[np.lexsort((used, -load))], dtype=np.int64)

    @cached_property
    def ranks(self) -> tuple[Ints, Ints]:
        """Rank by elevation of each served claim's satellite, 1 the highest, and how many are seen.

        Among all working satellites that stand high enough, whether near the geostationary arc or
        not: that is how the log counts.
        """
        answer, rows = self.answer, self.served
        lat, lon, _ = geodetic(self.claims.positions[rows])
        places = [Place("cell", a, o) for a, o in zip(lat.tolist(), lon.tolist(), strict=True)]
        observers = Observers.of(places, Mask(self.mask.min_elevation_deg))
        seen = sightings(observers, answer.sky.positions, answer.sky.operational)
        count = np.diff(seen.starts)
        owner = np.repeat(np.arange(len(rows)), count)
        mine = seen.satellites == answer.commercial.satellite[rows][owner]
        rank = np.full(len(rows), -1, dtype=np.int64)
        rank[owner[mine]] = np.flatnonzero(mine) - seen.starts[owner[mine]] + 1
        # A claim exactly at the limit may be seen here and not there: it has no rank.
        return rank[rank > 0], count[rank > 0]


def about(report: AssignReport) -> dict[str, Any]:
    """Return all of the answer but the cells."""
    a, catalogue = report.answer, report.opened.sky.catalogue
    load = a.load()
    return report.opened.preamble() | {
        "region": report.region.name,
        "slot": a.slot,
        "start": format_time(slot_start(a.slot)),
        "lever": Lever.OBSERVED,
        "policy": report.policy,
        "commercial": _commercial(report),
        "satellites_by_generation": _by_generation(report),
        "rank": _rank(report),
        "satellites": [
            {
                "name": catalogue.names[s],
                "number": int(catalogue.numbers[s]),
                "generation": _generation(report, s),
                "load": round(float(load[s]), 4),
                "uplink_load": round(float(a.up_used[s] / max(int(a.up_room[s]), 1)), 4),
                "cells": cells,
                "users": round(users, 2),
            }
            for s, cells, users in _by_satellite(report)
        ],
        "terminals": [_terminal(report, t) for t in range(len(report.terminals))],
    }


def _commercial(report: AssignReport) -> dict[str, Any]:
    served, claims, inside = report.answer.commercial, report.claims, report.inside
    users = claims.users
    reasons = {}
    for reason in Reason:
        these = inside & (served.reason == reason)
        if these.any() and reason is not Reason.SERVED:
            reasons[_words(reason)] = {
                "cells": len(np.unique(claims.cell[these])),
                "users": round(float(users[these].sum()), 2),
            }
    got = report.served
    return {
        "cells": len(np.unique(claims.cell[inside])),
        "cells_served": len(np.unique(claims.cell[got])),
        "users": round(float(users[inside].sum()), 2),
        "users_served": round(float(users[got].sum()), 2),
        "refused": reasons,
        "asked_beams": round(int(served.units[inside].sum()) / UNITS_PER_BEAM, 3),
        "granted_beams": round(int(served.granted[inside].sum()) / UNITS_PER_BEAM, 3),
        "beam_bps": NOMINAL_BEAM_BPS,
        "granted_beams_by_channel": [
            round(int(served.granted[inside & (served.channel == c)].sum()) / UNITS_PER_BEAM, 3)
            for c in range(report.answer.room.shape[1])
        ],
    }


def _by_generation(report: AssignReport) -> dict[str, Any]:
    a = report.answer
    generation = report.opened.sky.catalogue.generation[report.satellites]
    out = {}
    for kind in Generation:
        rows = report.satellites[generation == kind]
        if rows.size:
            out[kind.name.lower()] = {
                "satellites": int(rows.size),
                "beams": int(a.room[rows].sum()) // UNITS_PER_BEAM,
                "beams_handed_out": round(int(a.used[rows].sum()) / UNITS_PER_BEAM, 2),
                "load": round(float(a.used[rows].sum() / max(int(a.room[rows].sum()), 1)), 4),
                "highest_load": round(float(a.load()[rows].max()), 4),
            }
    return out


def _rank(report: AssignReport) -> dict[str, Any]:
    rank, seen = report.ranks
    quartiles = np.percentile(rank, QUARTILES).round(2).tolist() if rank.size else None
    shares = np.percentile(rank / seen, QUARTILES).round(4).tolist() if rank.size else None
    return {
        "served": int(rank.size),
        "in_view": round(float(seen.mean()), 2) if rank.size else None,
        "quartiles": quartiles,
        "quartiles_over_in_view": shares,
        "measured": list(MEASURED_RANKS),
        "measured_in_view": MEASURED_IN_VIEW,
        "measured_quartiles": np.percentile(MEASURED_RANKS, QUARTILES).tolist(),
    }


def _by_satellite(report: AssignReport) -> list[tuple[int, int, float]]:
    """Return satellite, cells and users of the region that it serves, by falling load."""
    serving = report.answer.commercial.satellite[report.served]
    cells, users = report.claims.cell[report.served], report.claims.users[report.served]
    return [
        (int(s), len(np.unique(cells[serving == s])), float(users[serving == s].sum()))
        for s in report.satellites
    ]


def _terminal(report: AssignReport, t: int) -> dict[str, Any]:
    terminal, paths, sky = report.terminals[t], report.paths, report.opened.sky
    satellite, gateway, point = (int(x[t]) for x in (paths.satellite, paths.gateway, paths.point))
    fine, seen = int(paths.reason[t]) == Reason.SERVED, satellite >= 0
    return {
        "name": terminal.name,
        "lat_deg": round(terminal.place.lat_deg, 5),
        "lon_deg": round(terminal.place.lon_deg, 5),
        "in_region": bool(
            report.region.contains(
                np.array([terminal.place.lat_deg]), np.array([terminal.place.lon_deg])
            )[0]
        ),
        "priority": {"lever": Lever.CONTRACT, "bought": terminal.contract},
        "satellite": sky.catalogue.names[satellite] if seen else None,
        "number": int(sky.catalogue.numbers[satellite]) if seen else None,
        "elevation_deg": round(float(paths.elevation_deg[t]), 3) if seen else None,
        "in_view": int(paths.in_view[t]),
        "round_trip_ms": round(float(paths.round_trip_s[t]) * 1e3, 3) if fine else None,
        "rate_down_bps": round(float(paths.rate_down_bps[t])),
        "rate_up_bps": round(float(paths.rate_up_bps[t])),
        "gateway": sky.ground.gateways[gateway].place.name if gateway >= 0 else None,
        "point_of_presence": (
            sky.ground.points_of_presence[point].place.name if point >= 0 else None
        ),
        "reason": _words(Reason(int(paths.reason[t]))),
    }


def cell_columns(report: AssignReport) -> tuple[Cells, dict[str, Any]]:
    """Return the region's cells that have users, and by name what became of each.

    A cell that fills more than one beam has several claims: `satellite` is that of its first,
    `reason` "served" where all are, and `satellite_load` the largest.
    """
    served, claims = report.answer.commercial, report.claims
    rows = np.flatnonzero(report.inside)
    numbers, first, owner = np.unique(claims.cell[rows], return_index=True, return_inverse=True)
    n = len(numbers)
    lat, lon, _ = geodetic(claims.positions[rows[first]])
    load = np.where(served.satellite >= 0, report.answer.load()[served.satellite], 0.0)[rows]
    worst, highest = np.zeros(n, dtype=np.int64), np.zeros(n)
    np.maximum.at(worst, owner, served.reason[rows])
    np.maximum.at(highest, owner, load)
    satellite = served.satellite[rows[first]]
    catalogue = report.opened.sky.catalogue

    def total(values: npt.NDArray[Any]) -> Floats:
        return np.bincount(owner, weights=values[rows], minlength=n).astype(np.float64)

    columns = {
        "users": total(claims.users).round(2),
        "users_served": total(np.where(served.satellite >= 0, claims.users, 0.0)).round(2),
        "asked_beams": (total(served.units) / UNITS_PER_BEAM).round(4),
        "granted_beams": (total(served.granted) / UNITS_PER_BEAM).round(4),
        "satellite": np.where(satellite >= 0, catalogue.numbers[satellite], -1),
        "satellite_load": highest.round(4),
        "in_view": served.in_view[rows[first]],
        "reason": np.array([_words(Reason(r)) for r in worst.tolist()]),
    }
    cells = Cells(CELL_RESOLUTION, numbers, lat.round(6), lon.round(6))
    return cells, {"h3": cells.names, "lat_deg": cells.lat_deg, "lon_deg": cells.lon_deg} | columns


def geojson(report: AssignReport) -> bytes:
    """Return a GeoJSON FeatureCollection: a polygon for each cell, a point for each terminal."""
    cells, columns = cell_columns(report)
    kept = {k: v for k, v in columns.items() if k not in ("h3", "lat_deg", "lon_deg")}
    shapes = features(cells, kept)
    for feature in shapes:
        if feature["properties"]["satellite"] < 0:
            feature["properties"]["satellite"] = None
    shapes += [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [t["lon_deg"], t["lat_deg"]]},
            "properties": {k: v for k, v in t.items() if k not in ("lat_deg", "lon_deg")},
        }
        for t in (_terminal(report, i) for i in range(len(report.terminals)))
    ]
    collection = {"type": "FeatureCollection", "about": about(report), "features": shapes}
    return json.dumps(collection, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def summary(report: AssignReport) -> str:
    """Return what a person reads."""
    a, found = report.answer, _commercial(report)
    generations = _by_generation(report)
    lines = [
        *report.opened.heading(),
        f"region:    {report.region.name}; slot of {format_time(slot_start(a.slot))}, policy "
        f"{report.policy}",
        "levers:    priority is contract; who serves whom, landing and rates are observed",
        "",
        f"Commercial users (observed): {found['users_served']:,.0f} of {found['users']:,.0f} "
        f"served, in {found['cells_served']:,} of {found['cells']:,} cells with users; "
        f"{found['granted_beams']:.1f} of {found['asked_beams']:.1f} beams asked for.",
    ]
    for reason, lost in found["refused"].items():
        lines.append(f"  refused, {reason}: {lost['users']:,.0f} users in {lost['cells']:,} cells")
    if generations:
        lines += [
            "",
            table(
                ["satellites that serve there", "number", "beams", "handed out", "load", "highest"],
                [
                    (
                        name.replace("_", " "),
                        g["satellites"],
                        g["beams"],
                        f"{g['beams_handed_out']:.1f}",
                        f"{100.0 * g['load']:.1f} %",
                        f"{100.0 * g['highest_load']:.1f} %",
                    )
                    for name, g in generations.items()
                ],
                right="lrrrrr",
            ),
            "",
            _rank_table(report),
            "",
            _busiest_table(report),
        ]
    return "\n".join([*lines, "", _terminal_table(report)])


def _rank_table(report: AssignReport) -> str:
    rank = _rank(report)
    rows = [
        ("twin, here and now", rank["quartiles"], f"{rank['in_view']:.1f}", f"{rank['served']:,}"),
        (
            f"one log: {', '.join(map(str, MEASURED_RANKS))}",
            rank["measured_quartiles"],
            f"about {MEASURED_IN_VIEW}",
            str(len(MEASURED_RANKS)),
        ),
    ]
    return table(
        ["rank by elevation", "lower quarter", "median", "upper quarter", "in view", "of"],
        [(name, *(f"{q:.1f}" for q in quartiles), seen, n) for name, quartiles, seen, n in rows],
        right="lrrrrr",
    )


def _busiest_table(report: AssignReport) -> str:
    names, load = report.opened.sky.catalogue.names, report.answer.load()
    return table(
        ["busiest satellites", "generation", "load", "cells here", "users here"],
        [
            (
                names[s],
                _generation(report, s).replace("_", " "),
                f"{100.0 * load[s]:.1f} %",
                cells,
                f"{users:,.0f}",
            )
            for s, cells, users in _by_satellite(report)[:BUSIEST]
        ],
        right="llrrr",
    )


def _terminal_table(report: AssignReport) -> str:
    rows = []
    for i in range(len(report.terminals)):
        t = _terminal(report, i)
        rows.append(
            (
                t["name"],
                t["satellite"] or "-",
                "-" if t["elevation_deg"] is None else f"{t['elevation_deg']:.1f}",
                "-" if t["round_trip_ms"] is None else f"{t['round_trip_ms']:.1f}",
                f"{t['rate_down_bps'] / 1e6:.1f}",
                f"{t['rate_up_bps'] / 1e6:.1f}",
                t["gateway"] or "-",
                "bought" if t["priority"]["bought"] else "none",
                "" if t["reason"] == "served" else t["reason"],
            )
        )
    return table(
        [
            *("site of the state", "satellite", "elev °", "RTT ms", "down M", "up M", "gateway"),
            *("priority", "out"),
        ],
        rows,
        right="llrrrrlll",
    )


def _generation(report: AssignReport, satellite: int) -> str:
    return Generation(int(report.opened.sky.catalogue.generation[satellite])).name.lower()


def _words(reason: Reason) -> str:
    return reason.name.lower().replace("_", " ")
