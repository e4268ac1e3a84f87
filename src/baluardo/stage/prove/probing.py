"""Pings between hosts of two sites, with their times: what a person at a site would see."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from baluardo.errors import StageError
from baluardo.network.links.namespaces import Namespace

LONGEST_SECONDS: Final = 300.0

_NO_ROUTE: Final = "connect: Network is unreachable\n"
"""What ping ends with then, by status 2."""

_LINE = re.compile(r"\[(\d+\.\d+)\] \d+ bytes from \S+ icmp_seq=(\d+) ttl=\d+ time=([\d.]+) ms")


@dataclass(frozen=True, slots=True)
class Reply:
    """One ping that came back."""

    number: int
    received_at: float
    """POSIX seconds of this machine's clock, when it was back."""
    round_trip_s: float

    @property
    def sent_at(self) -> float:
        """When it was sent, POSIX seconds of this machine's clock."""
        return self.received_at - self.round_trip_s


class Pinging:
    """A ping that runs within a namespace until it has sent so many."""

    def __init__(
        self,
        hosts: Namespace,
        address: str,
        count: int,
        interval_s: float,
        more: Sequence[str] = (),
    ) -> None:
        """Start it; StageError at `replies` if it cannot run."""
        self.count = count
        self._process = hosts.popen(
            [
                *("ping", "-n", "-D", "-c", str(count), "-i", f"{interval_s:g}"),
                *("-W", "2", *more, address),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def replies(self) -> list[Reply]:
        """Wait for its end and return what came back, in the order of sending.

        Nothing does where no route leads there: whoever is out has none.
        """
        said, _ = self._process.communicate(timeout=LONGEST_SECONDS)
        if self._process.returncode not in {0, 1} and not said.endswith(_NO_ROUTE):
            raise StageError(f"ping could not run: {said.strip()[-200:]}")
        found = {}
        for line in said.splitlines():
            match = _LINE.match(line)
            if match and int(match[2]) not in found:
                found[int(match[2])] = Reply(
                    int(match[2]), float(match[1]), float(match[3]) / 1_000.0
                )
        return [found[number] for number in sorted(found)]


def longest_gap(replies: Sequence[Reply], interval_s: float) -> float:
    """Return the longest stretch in which nothing that was sent came back, s.

    Between two neighbours it is the time between their sendings less the interval: 0 where none is
    missing. What was lost before the first or after the last is not seen.
    """
    pairs = pairwise(replies)
    return max(((b.number - a.number - 1) * interval_s for a, b in pairs), default=float("inf"))


def percentile(values: Sequence[float], percent: float) -> float:
    """Return a percentile by the nearest rank; infinite for no values."""
    if not values:
        return float("inf")
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]
