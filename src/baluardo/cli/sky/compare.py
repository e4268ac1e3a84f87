"""`baluardo sky compare`: a log of pings or a dish's telemetry beside the twin's forecast."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from baluardo.cli.arguments import format_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.opening import OpenedSky, open_sky
from baluardo.cli.output import emit, emit_json, progress, say, table
from baluardo.cli.places import Spot, find_spot
from baluardo.cli.sky.planning import (
    add_planning_arguments,
    open_ephemeris,
    slot_options,
    terminal_at,
    weather_of,
)
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import printable, read_file
from baluardo.geo.subscribers import subscribers
from baluardo.terms import Lever, slot_start
from baluardo.twin.paths.ping_log import MOST_BYTES, PingLog, parse_ping_log
from baluardo.twin.paths.planner import Planner, SlotPaths
from baluardo.twin.paths.skill import (
    NEAR_BOUNDARY_S,
    Comparison,
    checked_offset,
    compare,
    forecast_of,
    slots_of,
)
from baluardo.twin.paths.world import World
from baluardo.twin.sky.status import stale

DONE = 0

MOST_SLOTS = 40_320
"""Our choice: a week of slots."""

SLOTS_AT_ONCE = 960
"""Slots, four hours, for which the users around a place under way are gathered at once."""

SHORTEST_RTT_S = 0.0048
"""Up and down twice at 360 km, the lowest the constellation flies (FACTS), with light alone."""

EXAMPLE = """\
  $ baluardo sky compare pings.csv --place rome --catalogue starlink
  sets the round trips in pings.csv (columns time, rtt_ms and, if there, lost) beside what the twin
  says of the site Rome in those slots, and tells whether it knows more than persistence does.

  $ ping -D -O -i 0.2 192.0.2.1 > pings.txt
  makes such a log too; so do the public tools that read a dish's telemetry, as CSV or JSON lines.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "compare",
        "Set a log of pings or a dish's telemetry beside the forecast.",
        EXAMPLE,
    )
    parser.add_argument(
        "log",
        type=Path,
        metavar="LOG",
        help=(
            "CSV with time (or timestamp, datetimestamp_utc), rtt_ms (or pop_ping_latency_ms) and "
            "perhaps lost (or pop_ping_drop_rate), downlink_throughput_bps and "
            "uplink_throughput_bps; the same as JSON lines; or what ping -D prints"
        ),
    )
    parser.add_argument(
        "--place",
        required=True,
        metavar="PLACE",
        help="where it was measured: a site of the scenario, or LAT,LON such as 41.9,12.5",
    )
    parser.add_argument(
        "--clock-offset",
        type=float,
        default=0.0,
        metavar="S",
        help="how far the log's clock is ahead, taken off its times (default: 0)",
    )
    add_planning_arguments(parser)
    parser.set_defaults(usage=parser.error)


def run(args: argparse.Namespace) -> int:
    """Print how log and forecast agree; that they do not is an answer too."""
    if args.at is not None:
        args.usage("--at and --start are not for this command: the log tells the time.")
    try:
        checked_offset(args.clock_offset)
    except InvalidInputError as problem:
        raise InvalidInputError(f"--clock-offset: {problem}") from None
    spot = find_spot(args.place)
    log = parse_ping_log(read_file(args.log, MOST_BYTES, "The log"), printable(args.log.name))
    slots = np.unique(slots_of(log, args.clock_offset)).tolist()
    if len(slots) > MOST_SLOTS:
        raise InvalidInputError(
            f"{log.source} has {len(slots):,} slots; at most {MOST_SLOTS:,}, a week, are compared."
        )
    args.at = slot_start(slots[0])
    opened = open_sky(args)
    notices = _notices(opened, log, slots)
    for notice in notices:
        say(notice)
    planner = _Planning(args, opened, spot, range(slots[0], slots[-1] + 1))
    told = progress(planner.paths(slots), f"forecast for {args.place}", len(slots))
    found = compare(log, forecast_of(list(told), 0, planner.model), args.clock_offset)
    if args.json:
        about = opened.preamble()
        about["notices"] = [*opened.notices, *notices]
        emit_json(about | _as_json(args, log, found))
    else:
        _print(args, opened, log, found)
    return DONE


class _Planning:
    """Asks the planner about the slots of a log at a place, which may be under way."""

    def __init__(
        self, args: argparse.Namespace, opened: OpenedSky, spot: Spot, slots: range
    ) -> None:
        self._args, self._spot = args, spot
        ephemeris = open_ephemeris(args, opened.sky, slots)
        self._world = World(ephemeris, subscribers(), slot_options(args))
        self.model = Planner(self._world).model

    def paths(self, slots: list[int]) -> Iterator[SlotPaths]:
        around: set[tuple[float, float]] = set()
        planner: Planner | None = None
        for first in range(0, len(slots), SLOTS_AT_ONCE):
            some = slots[first : first + SLOTS_AT_ONCE]
            terminals = [
                terminal_at(self._args.place, self._args, self._spot, slot_start(s)) for s in some
            ]
            places = {(t.place.lat_deg, t.place.lon_deg) for t in terminals}
            if planner is None or places != around:
                around, (lat, lon) = places, zip(*sorted(places), strict=True)
                weather = weather_of(self._args, terminals)
                least = terminals[0].mask.min_elevation_deg
                near = self._world.around(lat, lon, min_elevation_deg=least)
                planner = Planner(near, weather=weather)
            for slot, terminal in zip(some, terminals, strict=True):
                yield planner.paths(slot, [terminal])


def _notices(opened: OpenedSky, log: PingLog, slots: list[int]) -> list[str]:
    """Return what must be known to read the answer; refuse times that the catalogue is not of."""
    catalogue, out = opened.sky.catalogue, []
    for slot in (slots[0], slots[-1]):
        time = slot_start(slot)
        if np.count_nonzero(stale(catalogue, time)) > len(catalogue) / 2:
            raise InvalidInputError(
                f"{log.source} is of {format_time(time)}, for which most elements of "
                f"{catalogue.source} (of {format_time(catalogue.epoch)}) do not hold: name a "
                "catalogue of that week with --catalogue."
            )
    if catalogue.ageless:
        out.append(
            "The built-in shells are a pattern, not the satellites that flew: levels and spread "
            "can be compared, single slots and hand-overs cannot."
        )
    middle = float(np.nanmedian(log.rtt_s))
    if middle < SHORTEST_RTT_S:
        out.append(
            f"{log.source}: the median round trip is {middle * 1e3:.3g} ms, less than light needs. "
            "Is it in milliseconds, and measured beyond the dish?"
        )
    return out


def _as_json(args: argparse.Namespace, log: PingLog, found: Comparison) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "place": args.place,
        "log": {
            "source": log.source,
            "kind": str(log.kind),
            "lines": len(log),
            "start": format_time(float(log.times[0])),
            "end": format_time(float(log.times[-1])),
            "clock_offset_s": args.clock_offset,
        },
        "lever": str(Lever.OBSERVED),
    }
    return answer | asdict(found)


def _print(args: argparse.Namespace, opened: OpenedSky, log: PingLog, found: Comparison) -> None:
    for line in opened.heading():
        emit(line)
    emit(
        f"log:       {log.source}, {log.kind}, {len(log):,} lines from "
        f"{format_time(float(log.times[0]))} to {format_time(float(log.times[-1]))}"
    )
    emit(
        f"place:     {args.place}; {found.measured_slots:,} slots measured, "
        f"{found.compared_slots:,} compared; forecast: {Lever.OBSERVED}"
    )
    emit("")
    emit(table(["round trip, slots", "measured ms", "forecast ms"], _quantiles(found), "lrr"))
    emit("")
    for line in (*_errors(found), *_handovers(found), *_losses(found)):
        emit(line)
    if len(found.hours) > 1:
        emit("")
        emit(table(_HOURS, _hours(found), "lrrrr"))
        emit(f"rank correlation of the hours: {_number(found.spearman_of_hours)}")


_HOURS = ["hour (UTC)", "slots", "measured ms", "forecast ms", "rank correlation"]


def _quantiles(found: Comparison) -> list[tuple[str, str, str]]:
    rows = [(f"{q:.0%} below", _ms(a), _ms(b)) for q, a, b in found.quantiles]
    return [*rows, ("deviation in a slot", _ms(found.spread_s[0]), _ms(found.spread_s[1]))]


def _errors(found: Comparison) -> Iterator[str]:
    skill = found.skill
    yield (
        f"bias {found.bias_s * 1e3:+.2f} ms (forecast less measured), mean absolute error "
        f"{_ms(found.mean_absolute_error_s)} ms, rank correlation {_number(found.spearman)}"
    )
    if skill.slots == 0:
        yield "skill: no two slots that follow each other were measured."
    elif skill.skill is None:
        yield (
            "skill against persistence: none can be had, since no slot differs from the one before."
        )
    else:
        verdict = "" if skill.skill > 0.0 else " - no skill"
        yield (
            f"skill against persistence: {skill.skill:.2f}{verdict} (1 perfect, 0 no better than "
            f"the slot before); without the bias {_number(skill.skill_without_bias)}; errors "
            f"{_ms(skill.twin_rms_s)} and {_ms(skill.persistence_rms_s)} ms over {skill.slots:,} "
            "slot(s)"
        )


def _handovers(found: Comparison) -> Iterator[str]:
    seen = found.handovers
    if seen is None:
        yield "hand-overs: lines are too far apart to see steps; one a second is needed."
        return
    yield (
        f"steps of the level: {seen.steps}, {_percent(seen.on_boundary)} of them within "
        f"{NEAR_BOUNDARY_S:g} s of a slot's boundary ({_percent(seen.by_chance)} by chance)"
    )
    yield (
        f"predicted hand-overs (observed): {seen.predicted}, {_percent(seen.predicted_with_step)} "
        f"with a step; boundaries without one: {seen.other}, {_percent(seen.other_with_step)}"
    )
    if seen.clock_offset_s is None:
        yield "clock: steps favour no moment of the slot, so that its offset cannot be told"
    else:
        yield (
            f"clock: steps come {seen.clock_offset_s:+.2f} s (to {seen.resolution_s:.2f} s) after "
            "the boundaries; not applied, --clock-offset does"
        )


def _losses(found: Comparison) -> Iterator[str]:
    if found.loss is not None:
        yield f"lost: measured {found.loss[0]:.2%}, forecast {found.loss[1]:.2%}"
    if found.silent_slots or found.out_in_forecast:
        yield (
            f"slots without any answer: {found.silent_slots}; out in the forecast: "
            f"{found.out_in_forecast}; both: {found.silent_and_out}"
        )
    for name, rate in (("down", found.down), ("up", found.up)):
        if rate is not None:
            yield (
                f"{name}: {rate.used_highest / 1e6:.1f} Mbit/s used at most, "
                f"{rate.forecast_median / 1e6:.1f} Mbit/s could be had by the forecast's median; "
                f"more than forecast in {rate.above_forecast:.1%} of the lines"
            )


def _hours(found: Comparison) -> Iterator[tuple[str, int, str, str, str]]:
    for hour in found.hours:
        yield (
            format_time(hour.start),
            hour.slots,
            _ms(hour.measured_s),
            _ms(hour.forecast_s),
            _number(hour.spearman),
        )


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.2f}" if math.isfinite(seconds) else "-"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"
