"""Loss in two states (Gilbert, 1960; Elliott, 1963), in continuous time and repeatable.

In the good state nothing is lost. Bad states begin at random and last an exponential time; inside
one a packet is lost with a fixed probability. The bad states of a slot follow from seed, terminal
and slot alone.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.twin.paths.choice import mixed_with

Floats = npt.NDArray[np.float64]


def bursts(seed: int, key: int, start: float, end: float, mean_s: float, share: float) -> Floats:
    """Return the bad states between two times, shape (bursts, 2), in order and apart.

    seed, key: 64-bit numbers that name the random stream; mean_s: mean length of a bad state;
    share: part of the time that is bad, 0 to below 1. Who is in a bad state at the start is drawn
    as well, so that spans put end to end keep the share.
    """
    if not mean_s > 0.0:
        raise InvalidInputError(f"mean_s {mean_s} is not above 0.")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise InvalidInputError(f"start {start} and end {end} are not both finite.")
    if not 0.0 <= share < 1.0:
        raise InvalidInputError(f"share {share} is not at least 0 and below 1.")
    if share == 0.0:
        return np.empty((0, 2))
    random = np.random.Generator(np.random.PCG64(int(mixed_with(np.uint64(seed), np.uint64(key)))))
    good_s = mean_s * (1.0 - share) / share
    found = []
    time = start if random.random() < share else start + random.exponential(good_s)
    while time < end:
        stop = time + random.exponential(mean_s)
        found.append((time, min(stop, end)))
        time = stop + random.exponential(good_s)
    return np.array(found, dtype=np.float64).reshape(-1, 2)
