"""Authorities under fire: what is left after processes are killed at random instants.

One authority on SQLite, then two on one PostgreSQL that hear each other through NATS, all writing
as fast as each answer lets them begin the next act, while the writers, PostgreSQL and NATS are
killed (kill -9) and started again. Every act writes a row and an entry of the log. In the end each
acknowledged act is looked for in both, the log is recomputed from its entries, and a witness has
cosigned every checkpoint that it saw on the way. `lost` counts the acknowledged acts that are not
where they were said to be; `there_but_unacknowledged` those that are there, whole, although the
kill came before the answer.

    python benchmarks/authority_chaos.py [SECONDS] [SEED]

SECONDS (default 60) is how long each of the two storms rages. The storm itself is a part of the
tests: tests/authority/store/storm.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests"
STORM = TESTS / "authority" / "store" / "storm.py"
SECONDS = "60"
SEED = "1"


def main(arguments: list[str]) -> int:
    """Run the storms; each prints one line of JSON."""
    seconds, seed = [*arguments, *(SECONDS, SEED)[len(arguments) :]]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    command = [sys.executable, str(STORM), seconds, seed]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
