"""Pings between namespaces, judged by what comes back and never by how fast.

Left alone, `ping` gives its last packet twice the longest round trip so far, or one interval: on a
busy machine that is too little, and what was under way counts as lost. With a deadline it waits
until as many answers have come as were asked for, and sends on meanwhile.
"""

from __future__ import annotations

import re
import subprocess

from baluardo.network.links.namespaces import Namespace

SECONDS = 30
"""Guards against hanging, no more."""


def answers(said: str) -> set[int]:
    """Return the numbers of the packets that were answered; a router's refusal is no answer."""
    return {int(number) for number in re.findall(r"bytes from \S+: icmp_seq=(\d+)", said)}


def answered(
    source: Namespace,
    target: str,
    *options: str,
    count: int = 1,
    mark: bytes = b"mark",
    seconds: int = SECONDS,
) -> bool:
    """Tell whether none of the first `count` packets is lost; every packet holds the mark."""
    wanted = ("-c", str(count), "-i", "0.1", "-w", str(seconds))
    said = _ping(source, target, mark, *wanted, *options)
    return set(range(1, count + 1)) <= answers(said)


def reached(source: Namespace, target: str, mark: bytes = b"mark", seconds: int = 5) -> bool:
    """Tell whether any packet comes back; for who asks again while something is being built."""
    wanted = ("-c", "1", "-i", "0.1", "-w", str(seconds))
    return bool(answers(_ping(source, target, mark, *wanted)))


def unanswered(source: Namespace, target: str, mark: bytes = b"mark") -> bool:
    """Tell whether five packets leave a host and none comes back within a second after them."""
    said = _ping(source, target, mark, "-c", "5", "-i", "0.1", "-W", "1")
    return "5 packets transmitted" in said and not answers(said)


def _ping(source: Namespace, target: str, mark: bytes, *options: str) -> str:
    running = source.popen(
        ["ping", "-n", "-p", mark.hex(), *options, target],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said, _ = running.communicate(timeout=2 * SECONDS)
    return str(said)
