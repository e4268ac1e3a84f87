"""`baluardo fleet plan`: what platforms get along their voyages, and when they get nothing."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path

import numpy as np

from baluardo.cli.arguments import format_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.fleet.options import Opened, add_fleet_arguments, open_missions
from baluardo.cli.fleet.plan_files import check_folder, write_plans
from baluardo.cli.output import emit, emit_json, say, table
from baluardo.cli.sky.moments import span_text
from baluardo.fleet.contacts.as_json import as_json
from baluardo.fleet.contacts.gap_calendar import LANGUAGES
from baluardo.fleet.contacts.making import ContactPlanner
from baluardo.fleet.contacts.plan import ContactPlan, availability, contacts, gaps
from baluardo.foreign_input import printable
from baluardo.terms import SLOT_SECONDS
from baluardo.twin.paths.rounds import Reason

DONE = 0

PERCENTILES = (5.0, 50.0, 95.0)

MOST_GAPS = 40
"""Lines of gaps a platform; the JSON has them all."""

EXAMPLE = """\
  $ baluardo fleet plan Frigate --hours 6 --start 2025-05-29T12:00:00Z --sea-state 4
  plans six hours of the frigate in a rough sea: contacts, landings, gaps with their causes.

  $ baluardo fleet plan --baked sea.region --hours 24 --json
  plans a day of every platform from a prepared region, with every contact and gap.

  $ baluardo fleet plan --hours 6 --to plans
  writes plans/frigate.json, .csv, .czml and .ics, a calendar of the gaps with an alarm ahead of
  each, and the same for every other platform.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "plan", "Plan the contacts of ships, helicopters, aircraft and drones.", EXAMPLE
    )
    parser.add_argument(
        "platforms", nargs="*", metavar="PLATFORM", help="by name (default: all of the missions)"
    )
    parser.add_argument(
        "--to",
        type=Path,
        metavar="FOLDER",
        help="write each plan there as JSON, CSV, CZML and a calendar of its gaps (.ics)",
    )
    parser.add_argument(
        "--language", choices=LANGUAGES, default="en", help="of the calendar (default: en)"
    )
    add_fleet_arguments(parser, 6.0)


def run(args: argparse.Namespace) -> int:
    """Print a summary of each platform with its gaps; `--json` prints them as one object."""
    if args.to is not None:
        check_folder(args.to)
    opened = open_missions(args, args.platforms)
    begin = time.perf_counter()
    plans = ContactPlanner(opened.near, opened.conditions).plans(opened.missions)
    took = time.perf_counter() - begin
    written = [] if args.to is None else write_plans(plans, args.to, args.language)
    if args.json:
        emit_json(
            opened.sky.preamble()
            | {"slots": len(opened.slots), "plans": [as_json(p) for p in plans]}
        )
        return DONE
    _print(opened, plans)
    if written:
        say(f"{len(written)} files written to {printable(str(args.to))}.")
    say(f"{len(plans)} plan(s) made in {took:.2f} s.")
    return DONE


def _print(opened: Opened, plans: list[ContactPlan]) -> None:
    for line in opened.sky.heading():
        emit(line)
    emit(f"missions:  {opened.source.source}")
    emit(f"slots:     {span_text(opened.slots)}")
    emit("observed:  all below; landing rules are contract")
    for plan in plans:
        emit("")
        for line in _lines(plan):
            emit(line)


def _lines(plan: ContactPlan) -> list[str]:
    served = plan.reason == Reason.SERVED
    found, missing = contacts(plan), gaps(plan)
    p = plan.platform
    where, w = plan.where, plan.ways
    hours = len(plan) * SLOT_SECONDS / 3_600.0
    lines = [
        f"{p.name}, {p.kind}, {p.dish.name.lower().replace('_', '-')} dish, priority "
        f"{'bought' if p.contract else 'not bought'} (contract)",
        f"  from {where.lat_deg[0]:.3f}, {where.lon_deg[0]:.3f} to {where.lat_deg[-1]:.3f}, "
        f"{where.lon_deg[-1]:.3f}",
        f"  served {100.0 * availability(plan):.3f} % of the time; {len(found)} contacts, "
        f"{max(len(found) - 1, 0) / hours:.0f} hand-overs an hour, {len(missing)} gap(s)",
    ]
    if served.any():
        trip = 1e3 * (w.delay_up_s + w.delay_down_s)[served, 0]
        rows = [
            (name, *(f"{v:.1f}" for v in np.percentile(values, PERCENTILES)))
            for name, values in (
                ("round trip, ms", trip),
                ("down, Mbit/s", w.rate_down_bps[served, 0] / 1e6),
                ("up, Mbit/s", w.rate_up_bps[served, 0] / 1e6),
                ("times of contacts, +- s", plan.sigma_s[served]),
            )
        ]
        text = table(("", *(f"{x:g} %" for x in PERCENTILES)), rows, "lrrr")
        lines += [f"  {line}" for line in text.splitlines()]
        lands = Counter(f"{c.gateway} ({c.gateway_country}) for {c.point}" for c in found)
        total = sum(lands.values())
        told = ", ".join(f"{k} {100.0 * n / total:.0f} %" for k, n in lands.most_common(4))
        lines.append(f"  lands at {told}")
        spare = np.mean((w.gateway[served] >= 0).all(axis=1))
        lines.append(f"  two ways stand by in {100.0 * spare:.1f} % of the slots with service")
    for gap in missing[:MOST_GAPS]:
        words = gap.cause.name.lower().replace("_", " ")
        lines.append(f"  gap  {format_time(gap.start)}  {gap.end - gap.start:5.0f} s  {words}")
    if len(missing) > MOST_GAPS:
        lines.append(f"  and {len(missing) - MOST_GAPS} more gaps (--json has them all)")
    return lines
