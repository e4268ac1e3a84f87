"""What the commands on slots and paths share: their arguments, and the planner made of them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from baluardo.cli.arguments import add_sky_arguments, format_time
from baluardo.cli.places import Spot
from baluardo.cli.sky.bake import open_baked
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import printable, quoted, read_file
from baluardo.scenario.nation import SiteKind, default_path, load
from baluardo.terms import slot_start
from baluardo.twin.paths.claims import COMMERCIAL_MASK, Terminal
from baluardo.twin.paths.disruptions import Disruption, DisruptionKind
from baluardo.twin.paths.ephemeris import ComputedEphemeris, Ephemeris
from baluardo.twin.paths.gauges import Gauge, MeasuredRain
from baluardo.twin.paths.planner import Weather
from baluardo.twin.paths.policy import Policy, PolicyName
from baluardo.twin.paths.world import SlotOptions
from baluardo.twin.radio.radios import DishKind
from baluardo.twin.radio.rain_field import RainField
from baluardo.twin.radio.rain_records import MOST_BYTES, parse_rain_csv
from baluardo.twin.sky.sky import Sky

DISHES = {kind.name.lower().replace("_", "-"): kind for kind in DishKind}


def parse_rate(text: str) -> float:
    """Return a rate in bit/s: a number, with k, M or G if wanted ("20M")."""
    factor = {"k": 1e3, "m": 1e6, "g": 1e9}.get(text.strip()[-1:].lower(), 1.0)
    digits = text.strip()[:-1] if factor != 1.0 else text.strip()
    try:
        value = float(digits) * factor
    except ValueError:
        value = -1.0
    if not 0.0 < value <= 1e10:
        raise argparse.ArgumentTypeError(
            f'"{text}" is no rate above 0 and up to 10G; write bit/s, such as 20M.'
        )
    return value


def parse_seed(text: str) -> int:
    """Return a seed, a whole number from 0 to 2**63 - 1."""
    if not (text.isascii() and text.isdigit() and int(text) < 2**63):
        raise argparse.ArgumentTypeError(f'"{text}" is no whole number of at least 0.')
    return int(text)


def parse_disruption(text: str) -> Disruption:
    """Return a disruption of the form KIND:NAME, such as gateway:Milano."""
    kind, colon, name = text.partition(":")
    known = ", ".join(DisruptionKind)
    if not colon or kind not in set(DisruptionKind) or not name.strip():
        raise argparse.ArgumentTypeError(f'"{text}" is not KIND:NAME with a KIND of {known}.')
    return Disruption(DisruptionKind(kind), name.strip())


def add_planning_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the sky's arguments, and what decides slots and paths besides."""
    add_sky_arguments(parser)
    parser.add_argument(
        "--policy",
        choices=[str(name) for name in PolicyName],
        default=str(PolicyName.STARLINK_LIKE),
        help="how the operator chooses satellites (observed; default: starlink-like)",
    )
    parser.add_argument(
        "--contract",
        action="store_true",
        help="the terminals have bought priority (contract)",
    )
    parser.add_argument(
        "--dish",
        choices=sorted(DISHES),
        default=None,
        help="what stands at a place (ours; default: standard, on ships maritime)",
    )
    parser.add_argument(
        "--down",
        type=parse_rate,
        default=20e6,
        metavar="RATE",
        help="what a terminal asks for, down (ours; default: 20M)",
    )
    parser.add_argument(
        "--up", type=parse_rate, default=4e6, metavar="RATE", help="likewise, up (default: 4M)"
    )
    parser.add_argument(
        "--rain",
        type=parse_seed,
        default=None,
        metavar="SEED",
        help="let it rain as this seed's field says (default: dry)",
    )
    parser.add_argument(
        "--rain-csv",
        type=Path,
        default=None,
        metavar="FILE",
        help="measured rain: time,rate_mm_h[,place]; beyond 10 km of a gauge --rain counts",
    )
    parser.add_argument(
        "--seed", type=parse_seed, default=0, help="of the random choices (default: 0)"
    )
    parser.add_argument(
        "--fail",
        type=parse_disruption,
        action="append",
        default=[],
        metavar="KIND:NAME",
        help=(
            "out of order: satellite, shell, gateway, point-of-presence or position-fix, such as "
            '"gateway:Milano"; may be repeated'
        ),
    )
    parser.add_argument(
        "--baked",
        type=Path,
        metavar="FILE",
        help='a sky that "baluardo sky bake" has prepared of the same catalogue',
    )


def open_ephemeris(args: argparse.Namespace, sky: Sky, slots: range | None = None) -> Ephemeris:
    """Return who tells where a sky's satellites are: the file of `--baked`, or SGP4.

    InvalidInputError where the file does not hold all of `slots`, so that it is known at once.
    """
    if args.baked is None:
        return ComputedEphemeris(sky)
    baked = open_baked(args.baked, sky)
    first, last = baked.span.first_slot, baked.span.last_slot
    if slots and not first <= slots[0] <= slots[-1] <= last:
        raise InvalidInputError(
            f"--baked: {printable(args.baked.name)} holds the slots that start at "
            f"{format_time(slot_start(first))} to {format_time(slot_start(last))}, and not all "
            f"from {format_time(slot_start(slots[0]))} to {format_time(slot_start(slots[-1]))}."
        )
    return baked


def slot_options(args: argparse.Namespace) -> SlotOptions:
    """Return the options of the slots that `add_planning_arguments` declared."""
    return SlotOptions(
        policy=Policy.named(args.policy), seed=args.seed, disruptions=tuple(args.fail)
    )


def dish_asked(args: argparse.Namespace) -> DishKind | None:
    """Return the dish of `--dish`; None where each site has the one of its kind."""
    return None if args.dish is None else DISHES[args.dish]


def dish_of(asked: DishKind | None, *, ship: bool) -> DishKind:
    """Return the dish that was asked for, or else a maritime one on a ship, a standard one ashore.

    Every command and the console go by this, so that they say the same of a ship.
    """
    if asked is not None:
        return asked
    return DishKind.MARITIME if ship else DishKind.STANDARD


@cache
def _ships(scenario: Path) -> frozenset[str]:
    return frozenset(site.name.en for site in load(scenario).sites if site.kind is SiteKind.SHIP)


def terminal_at(text: str, args: argparse.Namespace, spot: Spot, time: float) -> Terminal:
    """Return the terminal of a place as it is at a time.

    A site's own mask counts; a place given by coordinates has that of a commercial dish.
    """
    place = spot.place_at(time)
    typed = "," in text
    mask = COMMERCIAL_MASK if typed else spot.mask
    ship = not typed and place.name in _ships(default_path())
    return Terminal(
        name=place.name,
        place=place,
        mask=mask,
        rule=spot.rule,
        dish=dish_of(dish_asked(args), ship=ship),
        down_bps=args.down,
        up_bps=args.up,
        contract=args.contract,
    )


def weather_of(
    args: argparse.Namespace, terminals: Sequence[Terminal], slots: Sequence[int] = ()
) -> Weather | None:
    """Return the rain that was asked for: measured at the places, a seed's field, both or none.

    A record of several gauges names each by the place it stands at; that of one stands at the
    first place. InvalidInputError where no gauge has a rate in any of `slots`: a record of another
    day would pass for a dry sky.
    """
    field = None if args.rain is None else RainField(args.rain)
    if args.rain_csv is None:
        return field
    records = parse_rain_csv(
        read_file(args.rain_csv, MOST_BYTES, "The rain record"), printable(args.rain_csv.name)
    )
    places = {t.name.casefold(): t.place for t in terminals}
    gauges = []
    for record in records:
        place = terminals[0].place if not record.place else places.get(record.place.casefold())
        if place is None:
            raise InvalidInputError(
                f"The rain record speaks of {quoted(record.place)}, which is none of the places: "
                f"{', '.join(t.name for t in terminals)}."
            )
        gauges.append(Gauge(place, record))
    times = [slot_start(slot) for slot in slots]
    if times and not any(np.isfinite(g.record.rates_at(times)).any() for g in gauges):
        raise InvalidInputError(
            f"--rain-csv: {printable(args.rain_csv.name)} has no rate for any slot from "
            f"{format_time(times[0])} to {format_time(times[-1])}."
        )
    return MeasuredRain(gauges, field)
