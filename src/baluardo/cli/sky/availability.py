"""`baluardo sky availability`: how much of a year a place has its rate, end to end."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from baluardo.cli.arguments import format_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.opening import OpenedSky, open_sky
from baluardo.cli.output import emit, emit_json, progress_bar, table
from baluardo.cli.places import find_spot
from baluardo.cli.sky.moments import check_times
from baluardo.cli.sky.planning import (
    add_planning_arguments,
    parse_rate,
    slot_options,
    terminal_at,
)
from baluardo.errors import InvalidInputError
from baluardo.geo.subscribers import subscribers
from baluardo.terms import Lever, slot_at, slot_start
from baluardo.twin.paths.availability import Availability, Cause, Statistics
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.sky_samples import (
    SLOTS_SAMPLED,
    OneSlotEphemeris,
    sample_sky,
    spread_slots,
)
from baluardo.twin.paths.world import World

DONE = 0

SLOTS_PER_DAY = 5_760

AGELESS_DAYS, DATED_DAYS = 30, 4
"""Span from which slots are taken. A pattern without age holds for ever; elements of low satellites
hold for two days before and after their epoch (`twin.sky.status`)."""

SHARES = (0.99, 0.999)

EXAMPLE = """\
  $ baluardo sky availability rome --rate 20M
  tells how many minutes of a year Rome has less than 20 Mbit/s, and why, without rain and with it.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "availability", "Tell how much of a year a place has its rate.", EXAMPLE
    )
    parser.add_argument(
        "place",
        metavar="PLACE",
        help="a site of the scenario (a ship: where it is at that time), or LAT,LON",
    )
    parser.add_argument(
        "--rate", type=parse_rate, default=20e6, help="what is needed, down (default: 20M)"
    )
    parser.add_argument(
        "--rate-up",
        type=parse_rate,
        default=0.0,
        metavar="RATE",
        help="likewise, up (default: any)",
    )
    parser.add_argument(
        "--slots",
        type=_count,
        default=SLOTS_SAMPLED,
        metavar="N",
        help=f"slots to look at; more are slower and more exact (default: {SLOTS_SAMPLED})",
    )
    add_planning_arguments(parser)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= 200_000):
        raise argparse.ArgumentTypeError(f'"{text}" is no whole number from 1 to 200,000.')
    return int(text[:9])


def run(args: argparse.Namespace) -> int:
    """Sample the sky, integrate over the rain, print the answer."""
    for option, value in (
        ("--rain", args.rain),
        ("--rain-csv", args.rain_csv),
        ("--baked", args.baked),
    ):
        if value is not None:
            raise InvalidInputError(
                f"{option} has no meaning here: availability takes slots from many days, and the "
                "rain of an average year."
            )
    opened = open_sky(args)
    check_times(opened, opened.time)
    found = terminal_at(args.place, args, find_spot(args.place), opened.time)
    terminal = replace(
        found, down_bps=max(found.down_bps, args.rate), up_bps=max(found.up_bps, args.rate_up)
    )
    world = World(OneSlotEphemeris(opened.sky), subscribers(), slot_options(args)).around(
        [terminal.place.lat_deg],
        [terminal.place.lon_deg],
        min_elevation_deg=terminal.mask.min_elevation_deg,
    )
    planner = Planner(world)
    first, slots = _span(opened)
    sampled = spread_slots(
        first,
        slots,
        demand=world.options.demand,
        utc_offset_h=terminal.place.lon_deg / 15.0,
        count=args.slots,
    )
    with progress_bar(f"availability of {terminal.name}", total=len(sampled)) as bar:
        samples = sample_sky(planner, terminal, sampled, progress=bar.update)
    statistics = Statistics(planner, terminal, samples)
    answer = statistics.at(args.rate, args.rate_up)
    exceeded = {
        share: tuple(statistics.rate_exceeded(share, rain=rain) for rain in (False, True))
        for share in SHARES
    }
    if args.json:
        emit_json(_report(opened, terminal, (first, slots), answer, exceeded))
    else:
        emit(_text(opened, terminal, (first, slots), answer, exceeded))
    return DONE


def _span(opened: OpenedSky) -> tuple[int, int]:
    """Return first slot and number of slots: around the time, as far as elements hold."""
    slot = slot_at(opened.time)
    if opened.sky.catalogue.ageless:
        return slot, AGELESS_DAYS * SLOTS_PER_DAY
    return slot - DATED_DAYS * SLOTS_PER_DAY // 2, DATED_DAYS * SLOTS_PER_DAY


def _report(
    opened: OpenedSky,
    terminal: Terminal,
    span: tuple[int, int],
    answer: Availability,
    exceeded: dict[float, tuple[float, ...]],
) -> dict[str, Any]:
    place = terminal.place
    return {
        **opened.preamble(),
        "place": {
            "name": place.name,
            "lat_deg": place.lat_deg,
            "lon_deg": place.lon_deg,
            "height_m": place.height_m,
        },
        "rate_bps": answer.rate_bps,
        "rate_up_bps": answer.up_rate_bps,
        "contract": {"bought": terminal.contract, "lever": Lever.CONTRACT},
        "start": format_time(slot_start(span[0])),
        "end": format_time(slot_start(span[0] + span[1])),
        "slots": answer.slots,
        "samples": answer.samples,
        "lever": Lever.OBSERVED,
        "availability_without_rain": round(answer.dry, 6),
        "availability": round(answer.rainy, 6),
        "standard_error": round(answer.error, 6),
        "minutes_per_year_below": round(answer.minutes(1.0 - answer.rainy), 1),
        "minutes_per_year_by_cause": {
            cause.name.lower(): round(answer.minutes(answer.causes[cause]), 1) for cause in Cause
        },
        "rate_exceeded_bps": [
            {"share": share, "without_rain": round(dry), "with_rain": round(rainy)}
            for share, (dry, rainy) in exceeded.items()
        ],
    }


def _text(
    opened: OpenedSky,
    terminal: Terminal,
    span: tuple[int, int],
    answer: Availability,
    exceeded: dict[float, tuple[float, ...]],
) -> str:
    up = f" and {answer.up_rate_bps / 1e6:g} Mbit/s up" if answer.up_rate_bps else ""
    bought = "bought" if terminal.contract else "none"
    causes = [
        [cause, f"{answer.minutes(share):,.0f}", f"{100.0 * share:.4f}"]
        for cause, share in answer.causes.items()
    ]
    total = 1.0 - answer.rainy
    causes.append(["all together", f"{answer.minutes(total):,.0f}", f"{100.0 * total:.4f}"])
    rates = [
        [f"{100.0 * share:g} % of the time", *(f"{rate / 1e6:.1f}" for rate in pair)]
        for share, pair in exceeded.items()
    ]
    return "\n".join(
        [
            *opened.heading(),
            f"place:     {terminal.name} ({terminal.place.lat_deg:.2f}, "
            f"{terminal.place.lon_deg:.2f})",
            f"wanted:    {answer.rate_bps / 1e6:g} Mbit/s down{up} (ours); "
            f"priority {bought} (contract)",
            f"slots:     {answer.slots} of {format_time(slot_start(span[0]))} to "
            f"{format_time(slot_start(span[0] + span[1]))}",
            "",
            f"available (observed) {_percent(answer.dry)} of a year without rain, "
            f"{_percent(answer.rainy)} with rain; standard error "
            f"{100.0 * answer.error:.3f} %",
            "",
            table(["below the rate", "minutes a year", "%"], causes, "lrr"),
            "",
            table(["Mbit/s down, exceeded", "without rain", "with rain"], rates, "lrr"),
        ]
    )


def _percent(share: float) -> str:
    return f"{100.0 * share:.3f} %"
