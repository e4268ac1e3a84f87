"""An authority under load: enrolments a second, memory for many edges, how soon all are warned.

Usage: python benchmarks/authority.py [--enrolments N] [--edges N] [--revocations N]
                                      [--at-once N] [--directory DIR]

Prints one JSON line: `enrolment` (see `authority_enrolment.py`) and `edges` (see
`authority_edges.py`); a part with 0 of its things is left out. The authority is the real one in a
process of its own, over SQLite, on loopback; its clients are in other processes on the same
machine, so they take processor time from it. The directory decides the disk: take a real one, not a
file system in memory.

Exit status 1 when fewer than 200 enrolments a second were made, when an authority with the edges
connected ever needed 1.5 GB, or when a revocation took over 5 s to be applied by the last of them.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import authority_edges
import authority_enrolment
from machine import machine

SPARE_FILES = 1_000
"""Files that a process has open beside one socket for each edge."""


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--enrolments", type=int, default=2_000)
    parser.add_argument("--at-once", type=int, default=64, help="enrolments under way")
    parser.add_argument("--edges", type=int, default=5_000)
    parser.add_argument("--revocations", type=int, default=5, help="one after the other")
    parser.add_argument("--directory", type=Path, default=None, help="on the disk to measure")
    args = parser.parse_args()
    _let_open(args.edges + SPARE_FILES)
    line: dict[str, object] = {"benchmark": "authority", "load_before": os.getloadavg()[0]}
    late: list[str] = []
    with tempfile.TemporaryDirectory(dir=args.directory) as folder:
        if args.enrolments:
            made = authority_enrolment.measure(Path(folder), args.enrolments, args.at_once)
            line["enrolment"], late = made, authority_enrolment.missed(made)
        if args.edges:
            seen = authority_edges.measure(Path(folder), args.edges, args.revocations)
            line["edges"], late = seen, late + authority_edges.missed(seen)
    line |= {"load_after": os.getloadavg()[0], "machine": machine()}
    sys.stdout.write(json.dumps(line) + os.linesep)
    if late:
        sys.stderr.write(f"Missed: {', '.join(late)}.\n")
    return 1 if late else 0


def _let_open(files: int) -> None:
    """Let this process and its children have so many files open, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = files if hard == resource.RLIM_INFINITY else min(files, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    sys.exit(main())
