"""Trust: channels being made and entries being logged, each beside its control in the same run.

Usage: python benchmarks/trust.py [--rounds N] [--seconds S] [--callers N] [--directory DIR]

Prints one JSON line: `handshake` (see `trust_handshake.py`) and `log` (see `trust_log.py`). The
directory decides the log's figures: take a real disk, not a file system in memory.

Exit status 1 when a full mutual handshake takes over 8 ms of processor time for both ends or 46 kB,
a resumed one over 3.2 kB (eu-hybrid) or 4.2 kB (cnsa), or when fewer than 5,000 appends a second
were made.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from OpenSSL import SSL

sys.path.insert(0, str(Path(__file__).parent))
import trust_handshake
import trust_log
from machine import machine


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100, help="of each handshake")
    parser.add_argument("--seconds", type=float, default=5.0, help="of appending")
    parser.add_argument("--callers", type=int, default=512, help="who append at once")
    parser.add_argument("--directory", type=Path, default=None, help="on the disk to measure")
    args = parser.parse_args()
    handshake = trust_handshake.measure(args.rounds)
    with tempfile.TemporaryDirectory(dir=args.directory) as folder:
        log = trust_log.measure(Path(folder), args.seconds, args.callers)
    line = {
        "benchmark": "trust",
        "handshake": handshake,
        "log": log,
        "openssl": SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode(),
        "machine": machine(),
    }
    sys.stdout.write(json.dumps(line) + os.linesep)
    late = trust_handshake.missed(handshake) + trust_log.missed(log)
    if late:
        sys.stderr.write(f"Missed: {', '.join(late)}.\n")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
