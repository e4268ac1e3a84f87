"""What a laser graph is worth: how much of it hangs together, how long its links live."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from baluardo.terms import SLOT_SECONDS
from baluardo.twin.sky.laser_pairing import NOBODY
from baluardo.twin.sky.lasers import AFT, EAST, FORE, WEST, LaserState

Links = set[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class LaserLives:
    """Links across planes over some slots, and what changed from each slot to the next."""

    slots: int
    median_life_s: float
    """Of links that ended; those still up count with the time they have been up."""
    median_changes: float
    """Links that came or went from one slot to the next."""
    largest_change: int


def linked_pairs(state: LaserState, terminals: Iterable[int] = (FORE, AFT, WEST, EAST)) -> Links:
    """Return the links at these terminals as pairs of satellite indices, the lower one first."""
    pairs: Links = set()
    for terminal in terminals:
        column = state.neighbours[:, terminal]
        ends = np.flatnonzero(column != NOBODY)
        low, high = np.minimum(ends, column[ends]), np.maximum(ends, column[ends])
        pairs.update(zip(low.tolist(), high.tolist(), strict=True))
    return pairs


def largest_component_share(state: LaserState, members: npt.NDArray[np.bool_]) -> float:
    """Return which share of `members`, shape (satellites,), the largest component holds."""
    if not members.any():
        return 0.0
    label = np.arange(len(members))
    while True:
        lower = label.copy()
        for column in state.neighbours.T:
            linked = np.flatnonzero(column != NOBODY)
            np.minimum.at(lower, linked, label[column[linked]])
        # Following labels of labels joins long chains in a few rounds instead of one a link.
        lower = lower[lower]
        if np.array_equal(lower, label):
            return float(np.bincount(label[members]).max() / members.sum())
        label = lower


def laser_lives(states: Iterable[LaserState]) -> LaserLives:
    """Return lives and changes of the links across planes over consecutive slots' states."""
    born: dict[tuple[int, int], int] = {}
    ended: list[int] = []
    changes: list[int] = []
    slot = -1
    for slot, state in enumerate(states):
        now = linked_pairs(state, (WEST, EAST))
        gone, new = born.keys() - now, now - born.keys()
        ended += [slot - born.pop(pair) for pair in gone]
        born |= dict.fromkeys(new, slot)
        if slot:
            changes.append(len(gone) + len(new))
    lives = ended + [slot + 1 - start for start in born.values()]
    return LaserLives(
        slots=slot + 1,
        median_life_s=float(np.median(lives)) * SLOT_SECONDS if lives else 0.0,
        median_changes=float(np.median(changes)) if changes else 0.0,
        largest_change=max(changes, default=0),
    )
