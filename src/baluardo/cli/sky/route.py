"""`baluardo sky route`: from a place to its landing, or to another place over lasers alone."""

from __future__ import annotations

import argparse

from baluardo.cli.arguments import add_sky_arguments
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.opening import OpenedSky, open_sky
from baluardo.cli.output import emit, emit_json, table
from baluardo.cli.places import Spot, find_spot, parse_names
from baluardo.cli.sky.options import add_options, sky_options
from baluardo.twin.sky.landing import Lasers
from baluardo.twin.sky.routes import MAX_WAYS, Route, RouteAnswer

DONE, NO_ROUTE = 0, 1

EXAMPLE = """\
  $ baluardo sky route rome --landing Marsala,Foggia --routes 2
  finds two routes from Rome that share no satellite and land at Marsala or Foggia.

  $ baluardo sky route rome 33.87S,151.21E
  finds the way from Rome to Sydney over lasers alone.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "route",
        "Find the route from a place to its landing or to another place.",
        EXAMPLE,
    )
    where = "a site of the scenario, or LAT,LON such as 41.9,12.5 or 33.87S,151.21E"
    parser.add_argument("start", metavar="FROM", help=where)
    parser.add_argument(
        "end", metavar="TO", nargs="?", help="the same; without it the route goes to a landing"
    )
    parser.add_argument(
        "--landing",
        metavar="NAMES",
        type=parse_names,
        help="only these gateways, by commas; a rule of the site is kept too",
    )
    parser.add_argument(
        "--not-in",
        metavar="COUNTRIES",
        type=parse_names,
        help="no gateway or point of presence in these countries (IT,DE,...)",
    )
    parser.add_argument(
        "--lasers",
        choices=[str(x) for x in Lasers],
        help="whether laser links may, must or must not be used (default: any)",
    )
    parser.add_argument(
        "--routes",
        type=_ways,
        default=1,
        metavar="N",
        help=f"how many routes that share no satellite, 1 to {MAX_WAYS} (default: 1)",
    )
    add_options(parser)
    add_sky_arguments(parser)
    parser.set_defaults(usage=parser.error)


def _ways(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:3]) <= MAX_WAYS):
        raise argparse.ArgumentTypeError(f'"{text}" is no whole number from 1 to {MAX_WAYS}.')
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Print the routes hop by hop; exit 1 with the reason where there is none."""
    if args.end is not None and (args.landing or args.not_in or args.lasers):
        args.usage("--landing, --not-in and --lasers are for a route to a landing, without TO.")
    # A slip of the pen is told before a catalogue is fetched.
    start = find_spot(args.start)
    end = None if args.end is None else find_spot(args.end)
    opened = open_sky(args, sky_options(args))
    answer = _answer(args, opened, start, end)
    if args.json:
        emit_json(
            opened.preamble()
            | {
                "from": start.place_at(opened.time).name,
                "to": args.end,
                "routes": [_as_json(route, opened) for route in answer.routes],
                "reason": answer.reason.en if answer.reason else None,
            }
        )
    else:
        _print(answer, opened)
    return DONE if answer.routes else NO_ROUTE


def _answer(
    args: argparse.Namespace, opened: OpenedSky, start: Spot, end: Spot | None
) -> RouteAnswer:
    snapshot, place = opened.sky.snapshot(opened.time), start.place_at(opened.time)
    if end is not None:
        return snapshot.routes_between(
            place, end.place_at(opened.time), (start.mask, end.mask), args.routes
        )
    asked = opened.sky.ground.rule(
        args.landing, args.not_in or (), Lasers(args.lasers or Lasers.ANY)
    )
    return snapshot.routes(place, start.mask, start.rule.tightened(asked), args.routes)


def _print(answer: RouteAnswer, opened: OpenedSky) -> None:
    for line in opened.heading():
        emit(line)
    if answer.reason:
        emit(f"No route: {answer.reason.en}")
    for k, route in enumerate(answer.routes):
        if k:
            emit("")
        landing = f", landing at {route.gateway} for {route.point_of_presence}"
        emit(
            f"{route.delay_s * 1e3:.3f} ms one way, {route.length_km:.0f} km, "
            f"{len(route.satellites)} satellite(s){landing if route.gateway else ''}:"
        )
        emit(
            table(
                ["hop", "from", "to", "km", "ms"],
                [
                    (h.kind, h.start, h.end, f"{h.length_km:.1f}", f"{h.delay_s * 1e3:.3f}")
                    for h in route.hops
                ],
                right="lllrr",
            )
        )


def _as_json(route: Route, opened: OpenedSky) -> dict[str, object]:
    return {
        "delay_ms": round(route.delay_s * 1e3, 6),
        "length_km": round(route.length_km, 4),
        "gateway": route.gateway,
        "point_of_presence": route.point_of_presence,
        "satellites": [int(opened.sky.catalogue.numbers[s]) for s in route.satellites],
        "hops": [
            {
                "kind": str(hop.kind),
                "from": hop.start,
                "to": hop.end,
                "length_km": round(hop.length_km, 4),
                "delay_ms": round(hop.delay_s * 1e3, 6),
            }
            for hop in route.hops
        ],
    }
