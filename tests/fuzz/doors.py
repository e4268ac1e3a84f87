"""Every door of `trust` that takes hostile octets; `python tests/fuzz/doors.py NAME --seconds 60`.

Those of calls and of the wire's traces stand here too. The suite knocks at each of them a few
hundred times; run longer by hand after a change.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import warnings
from pathlib import Path

for folder in ("trust", "fuzz"):  # the community of the other tests; ourselves, when imported
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / folder))

import doors_of_areas  # noqa: E402 - after the path
import doors_of_attendance  # noqa: E402
import doors_of_broadcast  # noqa: E402
import doors_of_calls  # noqa: E402
import doors_of_cap  # noqa: E402
import doors_of_drafts  # noqa: E402
import doors_of_edge_mail  # noqa: E402
import doors_of_keys  # noqa: E402
import doors_of_logs  # noqa: E402
import doors_of_mail  # noqa: E402
import doors_of_messages  # noqa: E402
import doors_of_neighbours  # noqa: E402
import doors_of_pages  # noqa: E402
import doors_of_people  # noqa: E402
import doors_of_standing  # noqa: E402
import doors_of_traces  # noqa: E402
import doors_of_tracks  # noqa: E402
import doors_of_ways  # noqa: E402
from door import Door, mutated  # noqa: E402

DOORS: dict[str, Door] = {
    door.name: door
    for door in (
        *doors_of_keys.DOORS,
        *doors_of_messages.DOORS,
        *doors_of_logs.DOORS,
        *doors_of_people.DOORS,
        *doors_of_mail.DOORS,
        *doors_of_edge_mail.DOORS,
        *doors_of_calls.DOORS,
        *doors_of_attendance.DOORS,
        *doors_of_neighbours.DOORS,
        *doors_of_pages.DOORS,
        *doors_of_traces.DOORS,
        *doors_of_tracks.DOORS,
        *doors_of_ways.DOORS,
        *doors_of_areas.DOORS,
        *doors_of_cap.DOORS,
        *doors_of_broadcast.DOORS,
        *doors_of_drafts.DOORS,
        *doors_of_standing.DOORS,
    )
}


def fuzz(door: Door, seconds: float, seed: int) -> tuple[int, int]:
    """Knock until the time is over; how often, and how often the octets were taken."""
    chance = random.Random(seed)  # noqa: S311 - it injures, it protects nothing
    pool = list(door.samples)
    knocks = taken = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        octets = mutated(chance.choice(pool), chance.choice(pool), chance)
        try:
            opened = door.knock(octets)
        except BaseException:
            sys.stderr.write(f"{door.name} (seed {seed}) breaks at {octets.hex()}\n")
            raise
        knocks += 1
        taken += opened
        if opened and len(pool) < 500:
            pool.append(octets)  # what is taken although changed leads further in
    return knocks, taken


def main() -> int:
    parser = argparse.ArgumentParser(description="Knock at doors with mutations of good octets.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(DOORS)}")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each door (default: 10)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    unknown = [name for name in args.names if name not in DOORS]
    if unknown:
        parser.error(f"there is no door {', '.join(unknown)}.")
    warnings.simplefilter("error")  # as the suite has it
    for name in args.names or DOORS:
        knocks, taken = fuzz(DOORS[name], args.seconds, args.seed)
        sys.stdout.write(f"{name:30} {knocks:9,} knocks, {taken:9,} taken\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
