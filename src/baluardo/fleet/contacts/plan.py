"""What a plan says: slot by slot as arrays, and as contacts and gaps for people and programs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.fleet.motion.whereabouts import Whereabouts
from baluardo.fleet.platform import Platform
from baluardo.terms import SLOT_SECONDS, slot_start
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.sky.sky import Sky

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

NONE = -1


@dataclass(frozen=True, slots=True, eq=False)
class SlotWays:
    """Ways from a platform to the ground, each array (slots, WAYS); -1 or NaN where there is none.

    Column 0 is the way that the twin expects (*observed*), the others stand by.
    """

    satellite: Ints
    """Index into the catalogue."""
    gateway: Ints
    point: Ints
    lasers: Ints
    """Laser hops."""
    elevation_deg: Floats
    azimuth_deg: Floats
    range_km: Floats
    delay_up_s: Floats
    delay_down_s: Floats
    drift: Floats
    """Growth of either delay, s per s."""
    rate_up_bps: Floats
    rate_down_bps: Floats


@dataclass(frozen=True, slots=True, eq=False)
class ContactPlan:
    """A platform's contacts over slots that follow each other."""

    platform: Platform
    sky: Sky
    """Names satellites, gateways and points of presence."""
    first_slot: int
    where: Whereabouts
    ways: SlotWays
    satellites_of_ways: Ints
    """Satellites from the serving one to the exit, -1 after them: (slots, WAYS, most)."""
    sight_km_s: Floats
    """How fast the serving satellite moves away, (slots,)."""
    rate_up_alone_bps: Floats
    """To the serving satellite, wherever it goes from there, (slots,)."""
    rate_down_alone_bps: Floats
    """From the serving satellite, likewise."""
    reason: npt.NDArray[np.int8]
    """`rounds.Reason` of each slot, (slots,): why nothing passes where nothing does."""
    in_view: Ints
    """Satellites that might serve, (slots,)."""
    rain_mm_h: Floats
    sigma_s: Floats
    """Standard deviation of the time at which the serving satellite rises and sets, s, (slots,): by
    the age of its elements. NaN where none serves."""

    def __len__(self) -> int:
        """Return the number of slots."""
        return len(self.reason)

    def part(self, slots: range) -> ContactPlan:
        """Return some of its slots; InvalidInputError where it has not all of them."""
        first = slots.start - self.first_slot
        if not (len(slots) > 0 and first >= 0 and first + len(slots) <= len(self)):
            raise InvalidInputError(
                f"The plan has slots {self.first_slot} to {self.first_slot + len(self) - 1}, and "
                f"not all of {slots.start} to {slots.stop - 1}."
            )
        some = slice(first, first + len(slots))
        own = {
            name: value[some]
            for name in self.__dataclass_fields__
            if isinstance(value := getattr(self, name), np.ndarray)
        }
        parts = {
            name: replace(
                whole, **{each: getattr(whole, each)[some] for each in whole.__dataclass_fields__}
            )
            for name, whole in (("where", self.where), ("ways", self.ways))
        }
        return replace(self, first_slot=slots.start, **own, **parts)  # type: ignore[arg-type]

    @property
    def start(self) -> float:
        """First moment of the plan, POSIX seconds."""
        return slot_start(self.first_slot)

    @property
    def end(self) -> float:
        """First moment after the plan, POSIX seconds."""
        return slot_start(self.first_slot + len(self))


@dataclass(frozen=True, slots=True)
class Contact:
    """Slots that follow each other with one satellite and one landing. Times are POSIX seconds."""

    start: float
    end: float
    sigma_s: float
    """Standard deviation of its times, by the age of the satellite's elements."""
    satellite: str
    number: int
    gateway: str
    gateway_country: str
    point: str
    point_country: str
    lasers: int
    """Most laser hops of a slot."""
    highest_deg: float
    round_trip_s: tuple[float, float]
    """Least and largest, there and back."""
    rate_down_bps: float
    """Least of a slot."""
    rate_up_bps: float
    alternatives: tuple[str, ...]
    """Satellites that stand by in its first slot, best first."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Slots that follow each other without service for one cause. Times are POSIX seconds."""

    start: float
    end: float
    cause: Reason


def contacts(plan: ContactPlan) -> list[Contact]:
    """Return a plan's contacts in their order."""
    ways, names, numbers = plan.ways, plan.sky.catalogue.names, plan.sky.catalogue.numbers
    ground, found = plan.sky.ground, []
    served = plan.reason == Reason.SERVED
    key = np.stack([ways.satellite[:, 0], ways.gateway[:, 0], ways.point[:, 0]])
    for a, b in _runs(served, key):
        satellite, gateway, point = (int(x) for x in key[:, a])
        round_trip = (ways.delay_up_s + ways.delay_down_s)[a:b, 0]
        landing, presence = ground.gateways[gateway], ground.points_of_presence[point]
        found.append(
            Contact(
                start=slot_start(plan.first_slot + a),
                end=slot_start(plan.first_slot + b),
                sigma_s=float(np.nanmax(plan.sigma_s[a:b])),
                satellite=names[satellite],
                number=int(numbers[satellite]),
                gateway=landing.place.name,
                gateway_country=landing.country,
                point=presence.place.name,
                point_country=presence.country,
                lasers=int(ways.lasers[a:b, 0].max()),
                highest_deg=float(ways.elevation_deg[a:b, 0].max()),
                round_trip_s=(float(round_trip.min()), float(round_trip.max())),
                rate_down_bps=float(ways.rate_down_bps[a:b, 0].min()),
                rate_up_bps=float(ways.rate_up_bps[a:b, 0].min()),
                alternatives=tuple(names[s] for s in ways.satellite[a, 1:].tolist() if s != NONE),
            )
        )
    return found


def gaps(plan: ContactPlan) -> list[Gap]:
    """Return when a plan has no service, in order, each with its cause."""
    out = plan.reason != Reason.SERVED
    return [
        Gap(
            slot_start(plan.first_slot + a),
            slot_start(plan.first_slot + b),
            Reason(int(plan.reason[a])),
        )
        for a, b in _runs(out, plan.reason[None, :])
    ]


def availability(plan: ContactPlan) -> float:
    """Return the share of a plan's time with service, 0 to 1."""
    return float(np.mean(plan.reason == Reason.SERVED))


def gap_seconds(plan: ContactPlan) -> float:
    """Return how long nothing passes in a plan, all gaps together, s."""
    return float(np.count_nonzero(plan.reason != Reason.SERVED) * SLOT_SECONDS)


def _runs(wanted: Bools, key: npt.NDArray[np.generic]) -> list[tuple[int, int]]:
    """Return the bounds of runs of wanted slots in which every row of `key` stays the same."""
    n = len(wanted)
    if n == 0:
        return []
    new = np.append(True, (key[:, 1:] != key[:, :-1]).any(axis=0) | (wanted[1:] != wanted[:-1]))
    bounds = [*np.flatnonzero(new).tolist(), n]
    return [(a, b) for a, b in pairwise(bounds) if wanted[a]]
