"""`baluardo sky info`: what a catalogue holds, what its satellites can do, how lasers join them."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np

from baluardo.cli.arguments import add_sky_arguments, parse_hours
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.opening import OpenedSky, open_sky
from baluardo.cli.output import emit, emit_json, progress, table
from baluardo.cli.sky.options import add_options, sky_options
from baluardo.terms import SLOT_SECONDS, Generation, Status, slot_at, slot_start
from baluardo.twin.sky.laser_statistics import (
    LaserLives,
    largest_component_share,
    laser_lives,
    linked_pairs,
)
from baluardo.twin.sky.lasers import AFT, EAST, FORE, WEST, LaserState
from baluardo.twin.sky.sky import Snapshot
from baluardo.twin.sky.status import stale

EXAMPLE = """\
  $ baluardo sky info --catalogue starlink --hours 3
  describes CelesTrak's group "starlink" and how its lasers change over three hours.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "info", "Describe the catalogue and what its satellites can do.", EXAMPLE
    )
    parser.add_argument(
        "--hours",
        type=parse_hours,
        help="also follow the lasers over so many hours: lives, and changes per slot",
    )
    add_options(parser)
    add_sky_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print what the sky is made of."""
    opened = open_sky(args, sky_options(args))
    snapshot = opened.sky.snapshot(opened.time)
    lives = _follow(opened, args.hours) if args.hours else None
    counts = _counts(opened, snapshot)
    lasers = _lasers(snapshot)
    if args.json:
        report = opened.preamble() | counts | {"lasers": lasers}
        if lives:
            report["laser_lives"] = {
                "slots": lives.slots,
                "median_life_s": lives.median_life_s,
                "median_changes_per_slot": lives.median_changes,
                "largest_change": lives.largest_change,
            }
        emit_json(report)
    else:
        _print(opened, counts, lasers, lives)
    return 0


def _counts(opened: OpenedSky, snapshot: Snapshot) -> dict[str, dict[str, int]]:
    catalogue = opened.sky.catalogue
    shells = np.bincount(catalogue.shell + 1, minlength=len(catalogue.shell_names) + 1).tolist()
    in_shells = dict(zip(catalogue.shell_names, shells[1:], strict=False))
    return {
        "records": {
            "read": len(catalogue),
            "broken": len(catalogue.broken),
            "stale": int(np.count_nonzero(stale(catalogue, opened.time))),
        },
        "status": {
            status.name.lower(): int(np.count_nonzero(snapshot.status == status))
            for status in Status
        },
        "generations": {
            generation.name.lower(): int(np.count_nonzero(catalogue.generation == generation))
            for generation in Generation
        },
        "shells": in_shells | {"in no shell": shells[0]},
    }


def _lasers(snapshot: Snapshot) -> dict[str, float]:
    links = snapshot.links
    along = linked_pairs(links, (FORE, AFT))
    every = linked_pairs(links)
    lengths = links.lengths[np.isfinite(links.lengths)]
    return {
        "links": len(every),
        "along_planes": len(along),
        "across": len(every) - len(along),
        "mean_length_km": round(float(lengths.mean()), 1) if lengths.size else 0.0,
        "largest_component_share": round(largest_component_share(links, snapshot.operational), 6),
        "changes_since_previous_slot": len(
            linked_pairs(links, (WEST, EAST))
            ^ linked_pairs(snapshot.sky.snapshot(slot_start(snapshot.slot - 1)).links, (WEST, EAST))
        ),
    }


def _follow(opened: OpenedSky, hours: float) -> LaserLives:
    first = slot_at(opened.time)
    slots = range(first, first + max(2, round(hours * 3600 / SLOT_SECONDS)))

    def states() -> Iterator[LaserState]:
        for slot in progress(slots, "following lasers", total=len(slots)):
            yield opened.sky.snapshot(slot_start(slot)).links

    return laser_lives(states())


def _print(
    opened: OpenedSky,
    counts: dict[str, dict[str, int]],
    lasers: dict[str, float],
    lives: LaserLives | None,
) -> None:
    for line in opened.heading():
        emit(line)
    for title, values in counts.items():
        emit("")
        rows = [(name.replace("_", " "), value) for name, value in values.items() if value]
        emit(table([title, "satellites"], rows, right="lr"))
    emit("")
    emit(
        f"lasers: {lasers['links']} links up, {lasers['along_planes']} along planes and "
        f"{lasers['across']} across, {lasers['mean_length_km']:.0f} km long on average; "
        f"{lasers['largest_component_share']:.1%} of the operational satellites hang together; "
        f"{lasers['changes_since_previous_slot']} links across changed since the slot before"
    )
    if lives:
        emit(
            f"over {lives.slots} slots: median life of a link across {lives.median_life_s:.0f} s, "
            f"changes per slot {lives.median_changes:g} (median), {lives.largest_change} (most)"
        )
