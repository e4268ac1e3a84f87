"""A contact plan as a table, a line a slot."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator

from baluardo.fleet.contacts.causes import cause_name
from baluardo.fleet.contacts.moments import iso
from baluardo.fleet.contacts.plan import NONE, ContactPlan
from baluardo.terms import slot_start
from baluardo.twin.paths.rounds import Reason

COLUMNS = (
    "start",
    "lat_deg",
    "lon_deg",
    "height_m",
    "heading_deg",
    "cause",
    "satellite",
    "number",
    "elevation_deg",
    "azimuth_deg",
    "range_km",
    "gateway",
    "gateway_country",
    "point",
    "point_country",
    "lasers",
    "delay_up_ms",
    "delay_down_ms",
    "rate_up_bps",
    "rate_down_bps",
    "in_view",
    "rain_mm_h",
    "sigma_s",
    "alternatives",
)
"""`cause` is "served" where something passes; alternatives are joined by "; ". What a slot has not
is empty. Columns are added at the end, never renamed."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(plan: ContactPlan) -> str:
    """Return a plan as CSV (RFC 4180) with a header, `COLUMNS`."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(_rows(plan))
    return out.getvalue()


def _rows(plan: ContactPlan) -> Iterator[list[object]]:
    w, where, sky = plan.ways, plan.where, plan.sky
    names, numbers = sky.catalogue.names, sky.catalogue.numbers
    for k in range(len(plan)):
        satellite, gateway, point = (int(x[k, 0]) for x in (w.satellite, w.gateway, w.point))
        lands = sky.ground.gateways[gateway] if gateway != NONE else None
        leaves = sky.ground.points_of_presence[point] if point != NONE else None
        others = [names[s] for s in w.satellite[k, 1:].tolist() if s != NONE]
        yield [
            iso(slot_start(plan.first_slot + k)),
            _number(where.lat_deg[k], 6),
            _number(where.lon_deg[k], 6),
            _number(where.height_m[k], 1),
            _number(where.heading_deg[k], 1),
            cause_name(Reason(int(plan.reason[k]))),
            _text(names[satellite]) if satellite != NONE else "",
            int(numbers[satellite]) if satellite != NONE else "",
            _number(w.elevation_deg[k, 0], 3),
            _number(w.azimuth_deg[k, 0], 3),
            _number(w.range_km[k, 0], 3),
            _text(lands.place.name) if lands else "",
            _text(lands.country) if lands else "",
            _text(leaves.place.name) if leaves else "",
            _text(leaves.country) if leaves else "",
            int(w.lasers[k, 0]) if gateway != NONE else "",
            _number(1e3 * w.delay_up_s[k, 0], 4),
            _number(1e3 * w.delay_down_s[k, 0], 4),
            _number(w.rate_up_bps[k, 0], 0),
            _number(w.rate_down_bps[k, 0], 0),
            int(plan.in_view[k]),
            _number(plan.rain_mm_h[k], 2),
            _number(plan.sigma_s[k], 3),
            _text("; ".join(others)),
        ]


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else ""


def _text(value: str) -> str:
    """Return a name so that no spreadsheet takes it for a formula: catalogues are foreign."""
    return f"'{value}" if value.startswith(_FORMULA) else value
