"""How far off estimates of each age turn out to be, learned from a platform's own reports.

Ships keep a course for hours and then turn: their errors have far longer tails than a normal
distribution, and no process noise gives ellipses of the right size at ten seconds and at half an
hour at once. So each estimate is held against the report that comes when it has reached one of a
few ages, the rungs. Per rung three things are learned, from what the kind of platform starts with:

- how much of the velocity has gone over into the mean velocity of the last while;
- how large errors are along and across the course, beside what the filter says;
- the factor at which 95 % of the reports lie inside: the quantile of the platform's own last errors
  and of a few that its kind would have, and on top a little more at each miss and less at each hit
  (Gibbs, Candès, "Adaptive conformal inference under distribution shift", NeurIPS 2021), so that
  the share inside goes to 95 % whatever the platform does.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass
from statistics import NormalDist

from baluardo.fleet.platform import PlatformKind

AGES_S = (5.0, 15.0, 45.0, 120.0, 300.0, 900.0, 1_800.0)
"""The rungs. Our choice: about a factor of three from one to the next."""

SHARE = 0.95
SQUARE = -2.0 * math.log(1.0 - SHARE)
"""95 % of a normal distribution in the plane lie within this squared distance (chi-squared, 2)."""

_MEMORY = 60.0
"""Errors that a mean remembers."""
_PRIOR = 3.0
"""Errors that the kind's start is worth."""
_CLIP = 9.0
"""Largest square that counts: one turn must not swamp the mean."""
_OWN, _KINS = 80, 20
"""Errors of the platform and of its kind from which the quantile is taken."""
_TOP = 7
"""So many of the largest decide it: one in twenty of `_OWN` and `_KINS`, and the next ones."""
_LEAST = 1e-3
"""Least of a mean: who lies still for days must not be taken for nailed down."""
_STEP, _MOST_BEYOND = 0.05, 1.0
"""Most that a miss adds to the factor's logarithm beyond the quantile, and most of it at all."""

_NORMAL = NormalDist()
_UP_TO_SHARE = _NORMAL.inv_cdf(SHARE)
_LEAST_SQUARE = 1e-12
"""An error of nothing at all has no logarithm."""
_KIN = tuple(_NORMAL.inv_cdf((k + 0.5) / _KINS) for k in range(_KINS))[-_TOP:]


@dataclass(frozen=True, slots=True)
class Start:
    """What a rung of a kind of platform starts with."""

    along: float
    """Mean square along the course, in the filter's variances."""
    across: float
    factor: float
    """Logarithm of the factor of the squared distance: what holds 95 % of the errors of a kind."""
    tail: float
    """Deviation of that logarithm from error to error, as if it were normal."""
    back: float
    """Share of the velocity that has gone over into the mean."""


class Rung:
    """What one age has taught."""

    __slots__ = (
        "_back",
        "_beyond",
        "_count",
        "_kin",
        "_own",
        "_pull",
        "_sizes",
        "across",
        "along",
        "factor",
    )

    def __init__(self, start: Start) -> None:
        """Begin with what the kind starts with."""
        self.along, self.across, self.factor = start.along, start.across, start.factor
        self._own: deque[float] = deque()
        self._sizes: list[float] = []
        """The same in order."""
        self._kin = [start.factor + start.tail * (z - _UP_TO_SHARE) for z in _KIN]
        self._beyond = 0.0
        self._count = 0
        self._pull = _PRIOR
        self._back = _PRIOR * start.back

    @property
    def back(self) -> float:
        """Share of the velocity that has gone over into the mean, 0 to 1."""
        return min(max(self._back / self._pull, 0.0), 1.0)

    def learn(self, along: float, across: float, inside: bool, gap: float, lean: float) -> None:
        """Take an error into account.

        along, across: squares in the filter's variances; inside: whether the ellipse held it;
        gap, lean: the way from where the velocity leads to where the mean leads, squared, and the
        error of the velocity's way along it, both in units in which 1 counts as one error.
        """
        self._count += 1
        weight = 1.0 / min(self._count + _PRIOR, _MEMORY)
        self.along += weight * (min(along, _CLIP * self.along) - self.along)
        self.across += weight * (min(across, _CLIP * self.across) - self.across)
        self.along, self.across = max(self.along, _LEAST), max(self.across, _LEAST)
        self._keep(along, across)
        beyond = self._beyond + _STEP * ((0.0 if inside else 1.0) - (1.0 - SHARE))
        self._beyond = min(max(beyond, -_MOST_BEYOND), _MOST_BEYOND)
        self.factor = self._quantile() + self._beyond
        keep = 1.0 - 1.0 / _MEMORY
        self._pull = keep * self._pull + gap
        self._back = keep * self._back + lean

    def _keep(self, along: float, across: float) -> None:
        """Keep an error's size, in a unit that does not move with what is learned."""
        size = max(along / self.along + across / self.across, _LEAST_SQUARE) / SQUARE
        kept = math.log(size) + self._unit()
        self._own.append(kept)
        insort(self._sizes, kept)
        if len(self._own) > _OWN:
            del self._sizes[bisect_left(self._sizes, self._own.popleft())]

    def _unit(self) -> float:
        return 0.5 * math.log(self.along * self.across)

    def _quantile(self) -> float:
        """Return what the factor would have had to be, as a logarithm, for 95 % of the errors."""
        unit = self._unit()
        top = [size - unit for size in self._sizes[-_TOP:]] + self._kin
        top.sort(reverse=True)
        at = (1.0 - SHARE) * (len(self._sizes) + _KINS) - 0.5
        low = int(at)
        return top[low] + (at - low) * (top[low + 1] - top[low])


class Ladder:
    """The rungs of a platform."""

    def __init__(self, kind: PlatformKind) -> None:
        """Begin with what the kind starts with."""
        self.rungs = [Rung(start) for start in STARTS[kind]]

    def at(self, age_s: float) -> tuple[float, float, float, float]:
        """Return along, across, factor and back for an age, between rungs by its logarithm."""
        if age_s <= AGES_S[0]:
            r = self.rungs[0]
            # Nothing has happened yet at age 0: only the report's own deviation is left.
            return r.along, r.across, r.factor, r.back * age_s / AGES_S[0]
        if age_s >= AGES_S[-1]:
            r = self.rungs[-1]
            return r.along, r.across, r.factor, r.back
        k = bisect_left(AGES_S, age_s)
        low, high = self.rungs[k - 1], self.rungs[k]
        part = math.log(age_s / AGES_S[k - 1]) / math.log(AGES_S[k] / AGES_S[k - 1])
        return (
            low.along * (high.along / low.along) ** part,
            low.across * (high.across / low.across) ** part,
            low.factor + part * (high.factor - low.factor),
            low.back + part * (high.back - low.back),
        )


def rung_of(age_s: float) -> int | None:
    """Return the rung to which an estimate of an age belongs, None where it is near none."""
    for k, age in enumerate(AGES_S):
        if age <= age_s < 1.5 * age:
            return k
    return None


_HELICOPTER = (
    Start(0.43, 0.41, 0.65, 1.29, 0.01),
    Start(0.25, 0.87, 1.33, 2.04, 0.01),
    Start(0.29, 1.09, 1.36, 2.28, 0.06),
    Start(0.52, 0.90, 0.86, 1.91, 0.17),
    Start(0.64, 0.76, 0.58, 1.47, 0.31),
    Start(1.70, 1.84, 0.36, 1.14, 0.51),
    Start(4.35, 3.70, 0.28, 0.99, 0.72),
)

STARTS = {
    PlatformKind.SHIP: (
        Start(0.20, 0.30, 0.16, 1.06, 0.11),
        Start(0.21, 0.35, 0.47, 1.35, 0.07),
        Start(0.25, 0.48, 1.77, 2.37, 0.03),
        Start(0.30, 0.60, 2.27, 3.06, 0.03),
        Start(0.52, 0.89, 2.17, 3.46, 0.06),
        Start(1.32, 1.84, 1.37, 2.88, 0.16),
        Start(2.37, 2.97, 1.06, 2.10, 0.24),
    ),
    PlatformKind.HELICOPTER: _HELICOPTER,
    PlatformKind.AIRCRAFT: (
        Start(0.59, 0.31, 0.22, 1.03, 0.34),
        Start(0.23, 0.28, 0.34, 1.12, 0.28),
        Start(0.18, 0.26, 0.48, 1.36, 0.30),
        Start(0.29, 0.30, 0.52, 1.49, 0.41),
        Start(0.54, 0.34, 0.38, 1.29, 0.65),
        Start(0.79, 0.35, 0.45, 1.39, 0.89),
        Start(1.05, 0.41, 0.57, 1.43, 0.92),
    ),
    PlatformKind.DRONE: _HELICOPTER,
}
"""By kind, for each of `AGES_S`. Fitted once: ships and helicopters to made-up ones (of
`simulated.py`, with seeds that no test uses), so that 95 % of their estimates hold; aircraft to
public tracks of survey, calibration and display flights. No tracks of drones were to be had: they
start as helicopters do, which is our choice. A platform leaves its start behind within some ten
estimates of an age."""
