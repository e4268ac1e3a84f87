"""How many sockets an edge may hold: two for each session of its relay, and those of all else."""

from __future__ import annotations

import resource
from typing import Final

OPEN_FILES: Final = 8_192
"""Wanted of the system, which lets a program have 1,024 unless it asks. Our choice."""
ALL_ELSE: Final = 1_024
"""Pages, channels, the network and the disk: never taken by the relay. Our choice."""
MOST_SESSIONS: Final = 1_024
"""Of the relay of one site, two for a call within it. Each takes 22 kB. Our choice."""


def raise_open_files() -> None:
    """Let this process hold as many as are wanted, or as the system's hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def sessions_of_relay() -> int:
    """Return for how many sessions there are descriptors, as this process is limited now."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST_SESSIONS
    left = (soft - ALL_ELSE) // 2 if soft >= 2 * ALL_ELSE else soft // 4
    return max(1, min(left, MOST_SESSIONS))
