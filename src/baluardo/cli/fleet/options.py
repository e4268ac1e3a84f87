"""What the fleet commands share: their arguments, the prepared sky and the missions on it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from baluardo.cli.arguments import (
    add_sky_arguments,
    format_time,
    parse_latitude,
    parse_longitude,
)
from baluardo.cli.opening import OpenedSky, open_sky
from baluardo.cli.output import progress_bar
from baluardo.cli.sky.bake_region import open_region
from baluardo.cli.sky.moments import add_hours_argument, add_start_argument, slots_asked
from baluardo.cli.sky.planning import parse_disruption, parse_seed
from baluardo.errors import InvalidInputError
from baluardo.fleet.contacts.making import Conditions, Mission
from baluardo.fleet.motion.circle import Circle
from baluardo.fleet.motion.jammed import JammedArea, jam
from baluardo.foreign_input import printable
from baluardo.geo.subscribers import subscribers
from baluardo.scenario.missions import Missions, Sailing, default_missions_path, load_missions
from baluardo.terms import slot_start
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.near.sky import Cap, NearSky, prepare
from baluardo.twin.paths.world import SlotOptions
from baluardo.twin.radio.rain_field import RainField

MARGIN_KM = 50.0
"""Around where platforms are, so that a region is not a point."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The sky, the slots that are asked about, the missions in them, and the sky prepared."""

    sky: OpenedSky
    slots: range
    source: Missions
    sailings: tuple[Sailing, ...]
    missions: tuple[Mission, ...]
    near: NearSky
    conditions: Conditions


def parse_sea_state(text: str) -> int:
    """Return a sea state of the WMO's table, 0 to 9."""
    if not (text.isascii() and text.isdigit() and int(text) <= 9):
        raise argparse.ArgumentTypeError(f'"{text}" is no sea state from 0 to 9.')
    return int(text)


def parse_jammed(text: str) -> JammedArea:
    """Return an area of the form LAT,LON,KM in which navigation is jammed."""
    parts = text.split(",")
    if len(parts) != 3:
        raise argparse.ArgumentTypeError(f'"{text}" is not LAT,LON,KM.')
    try:
        lat, lon = parse_latitude(parts[0]), parse_longitude(parts[1])
        return JammedArea(f"jammed area {text}", Circle(lat, lon, float(parts[2])))
    except (ValueError, InvalidInputError) as error:
        raise argparse.ArgumentTypeError(f'"{text}": {error}') from None


def add_fleet_arguments(parser: argparse.ArgumentParser, hours: float) -> None:
    """Add what decides missions, sky and conditions."""
    parser.add_argument(
        "--missions",
        type=Path,
        metavar="FILE",
        help="platforms, voyages and flows as TOML (default: scenarios/mediterranean.toml)",
    )
    add_hours_argument(parser, hours)
    add_preparation_arguments(parser)
    parser.add_argument(
        "--sea-state",
        type=parse_sea_state,
        default=0,
        metavar="0-9",
        help="how rough the sea is, by the WMO's table (default: 0)",
    )
    parser.add_argument(
        "--jam",
        type=parse_jammed,
        action="append",
        default=[],
        metavar="LAT,LON,KM",
        help="satellite navigation is jammed so far around a place: no dish is served there",
    )
    parser.add_argument(
        "--fail",
        type=parse_disruption,
        action="append",
        default=[],
        metavar="KIND:NAME",
        help="out of order: satellite, shell, gateway, point-of-presence or position-fix",
    )
    add_sky_arguments(parser)
    add_start_argument(parser)


def add_preparation_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what decides where the prepared sky comes from, and its weather."""
    parser.add_argument(
        "--baked",
        type=Path,
        metavar="FILE",
        help='a region that "baluardo sky bake --region" has prepared of the same catalogue',
    )
    parser.add_argument(
        "--alone",
        action="store_true",
        help="take beams as empty of commercial users: prepared sooner, rates too high",
    )
    parser.add_argument(
        "--rain", type=parse_seed, metavar="SEED", help="let it rain as this seed's field says"
    )


def open_missions(args: argparse.Namespace, names: list[str]) -> Opened:
    """Open sky and missions, and prepare the sky around them or take it from `--baked`."""
    source = load_missions(args.missions or default_missions_path())
    sailings = [source.sailing(name) for name in names] or list(source.sailings)
    if args.baked is not None and (args.fail or args.alone):
        raise InvalidInputError(
            "--fail and --alone belong to the preparation of the sky, and --baked is prepared."
        )
    opened = open_sky(args)
    slots = slots_asked(opened, args.hours)
    areas = (*source.jammed, *args.jam)
    missions = tuple(mission(s, slots, areas) for s in sailings)
    if args.baked is not None:
        near = open_region(args.baked, opened.sky)
        if not near.first_slot <= slots[0] <= slots[-1] <= near.last_slot:
            raise InvalidInputError(
                f"--baked: {printable(args.baked.name)} holds the slots from "
                f"{format_time(slot_start(near.first_slot))} to "
                f"{format_time(slot_start(near.last_slot + 1))}, and not all of "
                f"{format_time(slot_start(slots[0]))} to {format_time(slot_start(slots[-1] + 1))}."
            )
    else:
        near = prepared_around(args, opened, missions, slots)
    weather = None if args.rain is None else RainField(args.rain)
    conditions = Conditions(weather=weather, sea_state=args.sea_state)
    return Opened(opened, slots, source, tuple(sailings), missions, near, conditions)


def prepared_around(
    args: argparse.Namespace, opened: OpenedSky, missions: tuple[Mission, ...], slots: range
) -> NearSky:
    """Prepare the sky around all places of missions."""
    lat = np.concatenate([m.where.lat_deg[::20] for m in missions])
    lon = np.concatenate([m.where.lon_deg[::20] for m in missions])
    least = min(m.platform.min_elevation_deg for m in missions)
    with progress_bar("preparing slots", total=len(slots)) as bar:
        return prepare(
            ComputedEphemeris(opened.sky),
            Cap.around(lat, lon, MARGIN_KM),
            slots[0],
            len(slots),
            SlotOptions(disruptions=tuple(args.fail)),
            None if args.alone else subscribers(),
            least_elevation_deg=least,
            progress=bar.update,
        )


def mission(sailing: Sailing, slots: range, jammed: Sequence[JammedArea] = ()) -> Mission:
    """Return where a platform is in the slots; its voyage begins with them if nothing else says."""
    voyage = sailing.voyage(slot_start(slots[0]))
    where = jam(voyage.whereabouts(slots[0], len(slots)), slots[0], jammed)
    return Mission(sailing.platform, where, slots[0])
