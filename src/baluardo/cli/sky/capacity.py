"""`baluardo sky capacity`: how many of the state's sites a region carries, hour by hour."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from baluardo.cli.arguments import format_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.opening import OpenedSky, open_sky
from baluardo.cli.output import emit, emit_json, progress, progress_bar, table
from baluardo.cli.sky.moments import add_hours_argument, add_start_argument, check_times
from baluardo.cli.sky.planning import (
    add_planning_arguments,
    dish_asked,
    dish_of,
    open_ephemeris,
    parse_rate,
    slot_options,
    weather_of,
)
from baluardo.cli.sky.site_lists import ListedSite, read_sites
from baluardo.foreign_input import printable
from baluardo.geo.cells import Cells, cells_of
from baluardo.geo.regions import NAMED, Region, region
from baluardo.geo.subscribers import subscribers
from baluardo.terms import Lever, Place, slot_start
from baluardo.twin.paths.capacity import (
    HOUR_S,
    SLOTS_PER_HOUR,
    Carried,
    Commercial,
    Fleet,
    HourCapacity,
    Most,
    SparseEphemeris,
    busiest,
    carried_in,
    hour_capacity,
    hour_slots,
    most_sites,
    spread_sites,
)
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.disruptions import DisruptionKind
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.world import World

DONE = 0
DEFAULT_HOURS = 24.0

RULE = (
    "A site is carried where a satellite serves it, its traffic lands, it is given all the beam",
    "time that it asks for, and its link makes of that at least both rates.",
)

EXAMPLE = """\
  $ baluardo sky capacity --sites sites.csv --region italy --rate 20M --at 2025-05-29T00:00:00Z
  tells for each hour of that day how many of the sites in the file get 20 Mbit/s, with contracted
  priority and without, beside the commercial users of Italy, and then how many sites spread over
  Italy would. The file is a scenario (.toml) or has lines like: Lecce,40.352,18.175
"""

FEW_SITES = 64
"""So few sites spread over a region that they do not want for room: what fails them is chance."""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "capacity",
        "Count the sites that a region carries, hour by hour, beside everybody else.",
        EXAMPLE,
    )
    parser.add_argument(
        "--sites",
        type=Path,
        required=True,
        metavar="FILE",
        help="a scenario (.toml), or CSV with the columns name,lat,lon or name,lat,lon,down,up",
    )
    parser.add_argument(
        "--region",
        default="italy",
        metavar="NAME|FILE",
        help=f"{', '.join(NAMED)}, a country's name in English, or a GeoJSON file (default: italy)",
    )
    add_hours_argument(parser, DEFAULT_HOURS)
    parser.add_argument(
        "--samples",
        type=_samples,
        default=4,
        metavar="N",
        help=f"slots of each hour that are looked at, 1 to {SLOTS_PER_HOUR} (default: 4)",
    )
    parser.add_argument(
        "--enough",
        type=_per_cent,
        default=0.95,
        metavar="PERCENT",
        help="how many must be carried, against so many of a handful of sites (default: 95)",
    )
    add_planning_arguments(parser)
    add_start_argument(parser)
    parser.add_argument(
        "--rate",
        dest="down",
        type=parse_rate,
        default=argparse.SUPPRESS,
        metavar="RATE",
        help="the same as --down",
    )
    parser.set_defaults(usage=parser.error)


def _samples(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= SLOTS_PER_HOUR):
        raise argparse.ArgumentTypeError(f'"{text}" is no whole number from 1 to {SLOTS_PER_HOUR}.')
    return int(text)


def _per_cent(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 < value <= 100.0:
        raise argparse.ArgumentTypeError(f'"{text}" is no percentage above 0 and up to 100.')
    return value / 100.0


@dataclass(frozen=True, slots=True)
class _Answer:
    opened: OpenedSky
    args: argparse.Namespace
    area: Region
    cells: Cells
    sites: tuple[ListedSite, ...]
    hours: tuple[HourCapacity, ...]
    priority: Most
    ordinary: Most


def run(args: argparse.Namespace) -> int:
    """Print the hours, and how many sites spread over the region could be carried."""
    if args.contract:
        args.usage(
            "--contract is not for this command: it tells of both, with priority and without."
        )
    sites = read_sites(args.sites)
    area = region(args.region)
    cells = cells_of(area)
    opened = open_sky(args)
    first = opened.time - opened.time % HOUR_S
    starts = [first + hour * HOUR_S for hour in range(math.ceil(args.hours))]
    check_times(opened, first, starts[-1] + HOUR_S)
    fleet = _fleet(args, sites)
    slots = [slot for start in starts for slot in hour_slots(start, args.samples)]
    weather = weather_of(args, fleet(first), slots)
    world = _world(args, opened, range(slots[0], slots[-1] + 1))
    times = [slot_start(slot) for slot in slots]
    planner = Planner(_around(world, cells, sites, times), weather=weather)
    hours = tuple(
        progress(_hours(args, planner, area, fleet, starts), f"sites in {area.name}", len(starts))
    )
    # Sites that stand nowhere yet cannot lose their position fix by name.
    rest = tuple(d for d in args.fail if d.kind is not DisruptionKind.POSITION_FIX)
    free = World(world.ephemeris, world.users, replace(world.options, disruptions=rest))
    planner = Planner(_around(free, cells), weather=weather)
    found = [
        _search(args, planner, cells, busiest(hours).slots, contract=contract, name=area.name)
        for contract in (True, False)
    ]
    answer = _Answer(opened, args, area, cells, sites, hours, *found)
    if args.json:
        emit_json(_as_json(answer))
    else:
        for line in _lines(answer):
            emit(line)
    return DONE


def _world(args: argparse.Namespace, opened: OpenedSky, slots: range) -> World:
    ephemeris = (
        SparseEphemeris(opened.sky)
        if args.baked is None
        else open_ephemeris(args, opened.sky, slots)
    )
    return World(ephemeris, subscribers(), slot_options(args))


def _around(
    world: World, cells: Cells, sites: Sequence[ListedSite] = (), times: Sequence[float] = ()
) -> World:
    """Return a world with exact answers for a region, and for sites wherever they are at times."""
    lat, lon = cells.lat_deg.tolist(), cells.lon_deg.tolist()
    for at in sorted({(p.lat_deg, p.lon_deg) for s in sites for p in map(s.place_at, times)}):
        lat.append(at[0])
        lon.append(at[1])
    least = min((s.mask.min_elevation_deg for s in sites), default=None)
    return world.around(lat, lon, min_elevation_deg=least)


def _fleet(args: argparse.Namespace, sites: Sequence[ListedSite]) -> Fleet:
    dish = dish_asked(args)
    return lambda time: [site.terminal(time, dish, args.down, args.up) for site in sites]


def _hours(
    args: argparse.Namespace,
    planner: Planner,
    area: Region,
    fleet: Fleet,
    starts: Sequence[float],
) -> Iterator[HourCapacity]:
    users = planner.world.users
    inside = area.contains(users.lat_deg, users.lon_deg)
    for start in starts:
        yield hour_capacity(planner, fleet, inside, start, args.samples)


def _search(
    args: argparse.Namespace,
    planner: Planner,
    cells: Cells,
    slots: Sequence[int],
    *,
    contract: bool,
    name: str,
) -> Most:
    model = Terminal(
        "site",
        Place("site", 0.0, 0.0),
        dish=dish_of(dish_asked(args), ship=False),
        down_bps=args.down,
        up_bps=args.up,
    )
    with progress_bar(f"most sites in {name}") as bar:

        def share_of(count: int) -> float:
            sites = spread_sites(cells, count, model)
            share = carried_in(planner, lambda _: sites, slots, contract=contract).full_share
            bar.update()
            return share

        # Chance per slot is no want of room: judged is what room costs, against a handful of sites.
        few = share_of(FEW_SITES)
        return most_sites(
            lambda count: share_of(count) / few if few > 0.0 else 0.0,
            enough=args.enough,
            first=FEW_SITES,
        )


def _as_json(a: _Answer) -> dict[str, Any]:
    busy = busiest(a.hours)
    return a.opened.preamble() | {
        "region": a.area.name,
        "cells": len(a.cells),
        "sites": {
            "lever": Lever.OURS,
            "count": len(a.sites),
            "down_bps": a.args.down,
            "up_bps": a.args.up,
            "names": [site.name for site in a.sites],
        },
        "rule": " ".join(RULE),
        "samples_an_hour": a.args.samples,
        "hours": [
            {
                "start": format_time(hour.start),
                "commercial": _commercial_json(hour.commercial),
                "with_priority": {"lever": Lever.CONTRACT, **_carried_json(hour.priority)},
                "without_priority": {"lever": Lever.OBSERVED, **_carried_json(hour.ordinary)},
                "commercial_beside_priority": _commercial_json(hour.commercial_beside_priority),
            }
            for hour in a.hours
        ],
        "spread": {
            "busiest_hour": format_time(busy.start),
            "enough": a.args.enough,
            "with_priority": {"lever": Lever.CONTRACT, **_most_json(a.priority)},
            "without_priority": {"lever": Lever.OBSERVED, **_most_json(a.ordinary)},
        },
    }


def _commercial_json(c: Commercial) -> dict[str, Any]:
    return {
        "lever": Lever.OBSERVED,
        "users": round(c.users, 2),
        "asked_bps": round(c.asked_bps),
        "granted_bps": round(c.granted_bps),
        "users_served": round(c.users_served, 2),
        "satellite_load": round(c.load, 4),
    }


def _carried_json(c: Carried) -> dict[str, Any]:
    return {
        "sites_times_slots": c.asked,
        "full_rate": c.full,
        "less": c.less,
        "refused": {_words(r): n for r, n in c.reasons.items()},
        "full_rate_share": round(c.full_share, 6),
        "rate_share": round(c.share, 6),
    }


def _most_json(m: Most) -> dict[str, Any]:
    return {
        "sites": m.sites,
        "too_many": m.refused_at,
        "tried": [{"sites": n, "carried_share": round(s, 6)} for n, s in m.tried.items()],
    }


def _words(reason: Any) -> str:
    return str(reason.name).lower().replace("_", " ")


def _lines(a: _Answer) -> list[str]:
    down, up = a.args.down / 1e6, a.args.up / 1e6
    users = a.hours[0].commercial.users
    busy, name = busiest(a.hours), printable(a.args.sites.name)
    return [
        *a.opened.heading(),
        f"region:    {a.area.name}, {len(a.cells):,} cells, {users:,.0f} commercial users",
        f"sites:     {len(a.sites):,} of {name}, {down:g} Mbit/s down and {up:g} up "
        "where the file has no other (ours)",
        f"slots:     {a.args.samples} of each hour; priority is contract, all else observed",
        "",
        *RULE,
        "",
        _hour_table(a.hours),
        "",
        f"Sites of {down:g} Mbit/s down and {up:g} up that {a.area.name} carries at its busiest "
        f"hour, from {format_time(busy.start)}:",
        table(
            [
                "priority",
                "sites",
                "too many",
                f"{100.0 * a.args.enough:g} % carried; tried",
            ],
            [
                ("bought (contract)", *_found(a.priority)),
                ("none (observed)", *_found(a.ordinary)),
            ],
            right="lrr",
        ),
        "One site after the other is put on the middle of a cell, in an order that spreads over "
        "the region;",
        "where all cells have one, each gets another. The number is doubled and then halved "
        "between.",
        "A slot that fails a site by chance is no want of room: the share in full is set against "
        f"that of {FEW_SITES} sites.",
    ]


def _found(m: Most) -> tuple[str, str, str]:
    near = sorted(m.tried, key=lambda n: abs(n - m.sites))[:4]
    shares = ", ".join(f"{n:,}: {_percent(m.tried[n])}" for n in sorted(near))
    sites = f"{m.sites:,}" if m.sites else f"under {m.refused_at:,}"
    return sites, "-" if m.refused_at is None else f"{m.refused_at:,}", shares


def _hour_table(hours: Sequence[HourCapacity]) -> str:
    header = [
        *("hour from", "users ask Gbit/s", "served", "load"),
        *(
            "priority: full rate",
            "of rate",
            "without: full rate",
            "of rate",
            "not full: with, without",
        ),
    ]
    return table(
        header,
        [
            (
                format_time(hour.start),
                f"{hour.commercial.asked_bps / 1e9:.2f}",
                _percent(_served(hour.commercial)),
                _percent(hour.commercial.load),
                _percent(hour.priority.full_share),
                _percent(hour.priority.share),
                _percent(hour.ordinary.full_share),
                _percent(hour.ordinary.share),
                f"{_short(hour.priority)} / {_short(hour.ordinary)}",
            )
            for hour in hours
        ],
        right="lrrrrrrrl",
    )


def _served(c: Commercial) -> float:
    return c.users_served / c.users if c.users else 1.0


def _percent(share: float) -> str:
    return f"{100.0 * share:.1f} %"


def _short(c: Carried) -> str:
    words = {"less": c.less} | {_words(r): n for r, n in c.reasons.items()}
    return ", ".join(f"{word} {n}" for word, n in words.items() if n) or "none"
