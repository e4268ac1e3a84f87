"""Memory of a process and of all that it has started, as the system counts it."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import Final, NamedTuple

PROC: Final = Path("/proc")


class Memory(NamedTuple):
    """What some processes hold together."""

    octets: int
    processes: int
    measure: str
    """PSS: what several share counts once among them. RSS, where PSS of one may not be read: what
    they share counts for each, so that it is too much."""


def memory_of_tree(root: int | None = None, proc: Path = PROC) -> Memory:
    """Return the memory of a process (by default this one) and of all its descendants."""
    family = _family(os.getpid() if root is None else root, proc)
    rollups = [_field(proc / f"{each}/smaps_rollup", "Pss:") for each in family]
    resident = [_field(proc / f"{each}/status", "VmRSS:") for each in family]
    living = [at for at, each in enumerate(resident) if each is not None]
    shares = [rollups[at] for at in living]
    if any(each is None for each in shares):
        return Memory(sum(each or 0 for each in resident), len(living), "RSS")
    return Memory(sum(each or 0 for each in shares), len(living), "PSS")


def _family(root: int, proc: Path) -> list[int]:
    children = defaultdict[int, list[int]](list)
    for each in proc.iterdir():
        if each.name.isdigit():
            parent = _parent(each)
            if parent is not None:
                children[parent].append(int(each.name))
    family = [root]
    for member in family:  # grows meanwhile
        family += children[member]
    return family


def _parent(directory: Path) -> int | None:
    try:
        text = (directory / "stat").read_text(encoding="utf-8", errors="replace")
        return int(text.rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):  # it has just ended
        return None


def _field(path: Path, name: str) -> int | None:
    """Return a size in octets that a file of the kernel tells in kB; None if it tells none.

    One that has ended but was not waited for (a zombie) has no memory to tell of.
    """
    try:
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(name):
                return 1_024 * int(line.split()[1])
    except OSError:
        return None
    return None
