"""What a terminal meets in slots spread over a span: satellite, load, landing; rain left out.

Assignment does not look at the weather, so that a few hundred slots stand for a year, and the rain
can be integrated over afterwards (`paths.availability`). Two things make them few. Busy hours of
the day, in which beams fill up, get more slots, and each slot counts by its hour's share of the
time. And the terminal asks several times in every slot, under names of its own: each draws its own
noise of the operator's choice, as the same terminal would in another slot under the same sky.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.terms import slot_start
from baluardo.twin.paths.beams import CHANNELS, NOMINAL_BEAM_BPS, UNITS_PER_BEAM
from baluardo.twin.paths.claims import Terminal, name_keys
from baluardo.twin.paths.demand import Demand
from baluardo.twin.paths.disruptions import DisruptionKind, Failed
from baluardo.twin.paths.ephemeris import SlotSky, slot_sky
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.paths.world import Assignment
from baluardo.twin.sky.landing import Lasers
from baluardo.twin.sky.lasers import PLAN_SLOTS
from baluardo.twin.sky.propagation import States
from baluardo.twin.sky.routes import Landings
from baluardo.twin.sky.sky import Sky
from baluardo.twin.sky.visibility import Observers

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SLOTS_SAMPLED = 440
"""Our choice: what fits into ten seconds on two cores."""

LEAST_PER_HOUR = 4
"""Slots that every hour of the day gets, however quiet, where there are enough. Our choice."""

SLOTS_PER_PLAN = 11
"""Most slots of one and the same hour: five minutes apart a place sees other satellites, and they
share a plan of laser links, which is dear to make. Our choice."""

MOST_DRAWS = 24
"""Draws of a terminal in a slot. Our choice: by then they meet most satellites in question."""

MOST_DRAWN_BEAMS = 0.25
"""Beams that the draws of a slot may ask for together: our choice, a few per cent of what the
satellites over a place have on one channel."""

_GOLDEN = 0.618_033_988_749_894_9

_BUSY_POWER = 4
"""Hours get slots by this power of their demand: beams are full near its peak only. Our choice."""


@dataclass(frozen=True, slots=True, eq=False)
class SampledSlots:
    """Slots and the share of the span's time that each stands for; shape (slots,)."""

    slots: Ints
    weights: Floats
    """They add up to 1."""

    def __len__(self) -> int:
        """Return the number of slots."""
        return len(self.slots)


def spread_slots(
    first_slot: int,
    slots: int,
    *,
    demand: Demand | None = None,
    utc_offset_h: float = 0.0,
    count: int = SLOTS_SAMPLED,
) -> SampledSlots:
    """Return about `count` slots of a span, the same every time, the busy hours more often.

    Each hour of the day is there. InvalidInputError where the span is empty or `count` below 1.
    """
    for name, value in (("slots", slots), ("count", count)):
        if value < 1:
            raise InvalidInputError(f"{name} {value} is not at least 1.")
    curve = demand or Demand()
    by_hour: dict[int, list[range]] = {}
    for hour in range(first_slot // PLAN_SLOTS, (first_slot + slots - 1) // PLAN_SLOTS + 1):
        begin = max(hour * PLAN_SLOTS, first_slot)
        end = min((hour + 1) * PLAN_SLOTS, first_slot + slots)
        by_hour.setdefault(hour % 24, []).append(range(begin, end))
    busy = {
        h: float(curve.at(slot_start(spans[0].start), utc_offset_h)[()]) ** _BUSY_POWER
        for h, spans in by_hour.items()
    }
    least = min(LEAST_PER_HOUR, max(count // len(by_hour), 1))
    left = max(count - least * len(by_hour), 0) / (sum(busy.values()) or 1.0)
    chosen: list[int] = []
    weights: list[float] = []
    for h, spans in sorted(by_hour.items()):
        share = sum(len(span) for span in spans) / slots
        taken = _spread_over(spans, least + round(left * busy[h]), (h * _GOLDEN) % 1.0)
        chosen += taken
        weights += [share / len(taken)] * len(taken)
    return SampledSlots(np.array(chosen, dtype=np.int64), np.array(weights))


def _spread_over(spans: list[range], count: int, phase: float) -> list[int]:
    """Return so many slots of spans of up to an hour, evenly: of many spans a few, of each some."""
    # The stump of an hour at an end of the span would stand for whole hours with a slot or two.
    longest = max(len(span) for span in spans)
    spans = [span for span in spans if 2 * len(span) >= longest]
    used = min(-(-count // SLOTS_PER_PLAN), len(spans))
    taken = []
    for j in range(used):
        span = spans[(j * len(spans) + int(phase * len(spans))) // used]
        n = min(-(-count // used), len(span))
        shift = int((phase + j * _GOLDEN) % 1.0 * len(span))
        taken += [span[(i * len(span) + shift) // n] for i in range(n)]
    return taken


@dataclass(frozen=True, slots=True, eq=False)
class SkySamples:
    """Draws of a terminal in sampled slots; every array has shape (samples,). All *observed*."""

    slot: Ints
    weight: Floats
    """Share of the time that a sample stands for; they add up to 1."""
    reason: Ints
    """`Reason`, as in dry weather."""
    satellite: Ints
    generation: Ints
    elevation_deg: Floats
    azimuth_deg: Floats
    range_km: Floats
    down_hz: Floats
    """Times bit/s/Hz this is the rate down, before the gateway's feed."""
    up_hz: Floats
    satellite_bps: Floats
    """What the satellite's users draw from its feed, all together."""
    gateway: Ints
    """Index of the gateway, -1 for none; the next four are of its link and of the next best's."""
    gateway_elevation_deg: Floats
    gateway_range_km: Floats
    exit_generation: Ints
    second: Ints
    """The gateway that lands the traffic where rain silences the first; -1 where none is seen."""
    second_elevation_deg: Floats
    second_range_km: Floats
    elsewhere: Bools
    """Where `second` is -1: whether lasers may lead to a further gateway that is allowed."""

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.slot)

    def of(self, chosen: npt.NDArray[np.bool_]) -> SkySamples:
        """Return some of the samples, chosen by a mask of shape (samples,)."""
        return SkySamples(*(getattr(self, f.name)[chosen] for f in fields(self)))


def joined(parts: list[SkySamples]) -> SkySamples:
    """Return samples one after the other; their weights stay as they are."""
    return SkySamples(
        *(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(SkySamples))
    )


def draws_of(terminal: Terminal) -> int:
    """Return how often a terminal may ask in one slot without crowding itself out."""
    fitting = MOST_DRAWN_BEAMS * NOMINAL_BEAM_BPS / terminal.down_bps
    return max(1, min(MOST_DRAWS, int(fitting)))


class OneSlotEphemeris:
    """Propagates one slot at a time: for slots that lie far from each other."""

    def __init__(self, sky: Sky) -> None:
        """Take the sky whose satellites are asked about."""
        self.sky = sky

    def at(self, slot: int) -> SlotSky:
        """Return the satellites at the start of a slot."""
        states = self.sky.propagator.earth_fixed(np.array([slot_start(slot)]))
        return slot_sky(self.sky, slot, States(states.positions[0], states.velocities[0]))


def sample_sky(
    planner: Planner,
    terminal: Terminal,
    sampled: SampledSlots,
    *,
    draws: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> SkySamples:
    """Return what a terminal meets in sampled slots, `draws` times in each.

    One of the draws is the terminal itself, under its own name. `progress` is told of slots done.
    """
    count = draws_of(terminal) if draws is None else draws
    if not 1 <= count <= MOST_DRAWS:
        raise InvalidInputError(f"draws {count} is not from 1 to {MOST_DRAWS}.")
    fixes = (d for d in planner.world.options.disruptions if d.kind is DisruptionKind.POSITION_FIX)
    if any(d.name == terminal.name for d in fixes):
        count = 1  # a fix is taken from one name alone
    asking = _draws(terminal, count)
    looker = _Looker(planner, terminal)
    parts = []
    for slot, weight in zip(sampled.slots.tolist(), sampled.weights.tolist(), strict=True):
        answer = planner.world.assign(slot, asking)
        parts.append(looker.samples(answer, weight, count))
        if progress is not None:
            progress(1)
    return joined(parts)


def _draws(terminal: Terminal, count: int) -> tuple[Terminal, ...]:
    """Return the terminal and copies of it, of which each eighth by its key asks.

    Terminals of a cell are dealt to the channels in turn, in the order of their keys, and the
    terminal alone has the first: mute ones stand between the draws, so that all have that channel.
    """
    many = tuple(f"{terminal.name} / {k}" for k in range(4 * CHANNELS * count))
    keys = name_keys(many)
    own = name_keys((terminal.name,))[0]
    names = [many[k] for k in np.argsort(keys, kind="stable").tolist()]
    before = int(np.searchsorted(np.sort(keys), own))
    below = min(before // CHANNELS, (count - 1) // 2)
    above = min((len(many) - before) // CHANNELS, count - 1 - below)
    below = count - 1 - above
    row = [*names[before - below * CHANNELS : before], terminal.name]
    row += names[before : before + above * CHANNELS]
    return tuple(
        replace(terminal, name=name, has_fix=terminal.has_fix and k % CHANNELS == 0)
        for k, name in enumerate(row)
    )


class _Looker:
    """Turns assignments into samples of one terminal."""

    def __init__(self, planner: Planner, terminal: Terminal) -> None:
        self._planner, self._terminal = planner, terminal
        self._sky = planner.world.ephemeris.sky
        self._observer = Observers.of([terminal.place], terminal.mask)
        self._landings: dict[tuple[frozenset[str], frozenset[str]], Landings | None] = {}

    def samples(self, answer: Assignment, weight: float, draws: int) -> SkySamples:
        """Return the draws of one slot."""
        served = answer.terminals
        mine = np.arange(0, len(served), CHANNELS)
        satellite = served.satellite[mine].astype(np.int64)
        reason = served.reason[mine].astype(np.int64)
        got = satellite >= 0
        gateway, exits = self._land(answer, satellite)
        reason[got & (gateway < 0)] = Reason.NO_LANDING
        down_hz, up_hz, satellite_bps = self._widths(answer, mine, satellite)
        sight = _angles(self._observer, np.zeros(draws, dtype=np.int64), answer, satellite)
        first = _angles(self._sky.gateways, gateway, answer, exits)
        second = self._second(answer, gateway, exits)
        other = _angles(self._sky.gateways, second, answer, exits)
        generation = self._sky.catalogue.generation.astype(np.int64)
        return SkySamples(
            slot=np.full(draws, answer.slot, dtype=np.int64),
            weight=np.full(draws, weight / draws),
            reason=reason,
            satellite=satellite,
            generation=np.where(got, generation[satellite], 0),
            elevation_deg=sight[0],
            azimuth_deg=sight[1],
            range_km=sight[2],
            down_hz=down_hz,
            up_hz=up_hz,
            satellite_bps=satellite_bps,
            gateway=gateway,
            gateway_elevation_deg=first[0],
            gateway_range_km=first[2],
            exit_generation=np.where(exits >= 0, generation[exits], 0),
            second=second,
            second_elevation_deg=other[0],
            second_range_km=other[2],
            elsewhere=np.full(draws, self._elsewhere(answer.failed)),
        )

    def _widths(
        self, answer: Assignment, mine: npt.NDArray[np.intp], satellite: Ints
    ) -> tuple[Floats, Floats, Floats]:
        """Return the shares of the beams in Hz as `Planner` hands them out, each draw alone."""
        served = answer.terminals
        channel = served.channel[mine]
        granted, up_granted = served.granted[mine], served.up_granted[mine]
        # What the other draws took is nobody's: a terminal asks once. Nor is its own time a load.
        same = satellite[:, None] == satellite[None, :]
        ours, up_ours = same @ granted, same @ up_granted
        used = answer.used[satellite, channel] - ours
        load = used / np.maximum(answer.room[satellite, channel], 1)
        up_load = (answer.up_used[satellite] - up_ours) / np.maximum(answer.up_room[satellite], 1)
        contract = np.full(len(mine), self._terminal.contract)
        up, down = self._planner.widths_hz(load, up_load, granted, up_granted, contract)
        drawn = answer.used.sum(axis=1)[satellite] - ours + granted
        got = satellite >= 0
        bps = drawn / UNITS_PER_BEAM * NOMINAL_BEAM_BPS
        return tuple(np.where(got, x, 0.0) for x in (down, up, bps))  # type: ignore[return-value]

    def _land(self, answer: Assignment, satellite: Ints) -> tuple[Ints, Ints]:
        """Return gateway and exit satellite of each draw, -1 for none.

        No way over lasers beats a straight line. Where the serving satellite sees the gateway that
        would be the best of all in a straight line, that is the landing, and lasers need no plan.
        """
        landings = self._landings_of(answer.failed)
        none = np.full(len(satellite), -1, dtype=np.int64)
        if landings is None or not (satellite >= 0).any():
            return none, none
        if self._terminal.rule.lasers is not Lasers.REQUIRED:
            gateway = self._straight(answer, satellite, landings)
            if (gateway[satellite >= 0] >= 0).all():
                return gateway, satellite
        landed = self._planner.ground.land(
            answer.sky,
            [self._terminal] * len(satellite),
            np.repeat(self._observer.positions, len(satellite), axis=0),
            satellite.astype(np.int32),
            answer.failed,
            None,
        )
        found = np.isfinite(landed.distance_km)
        return np.where(found, landed.gateway, -1), np.where(found, landed.exit, -1)

    def _straight(self, answer: Assignment, satellite: Ints, landings: Landings) -> Ints:
        sines, ranges = _from_gateways(self._sky.gateways, answer.sky.positions[satellite])
        best = np.argmin(ranges + landings.fibre_light_km, axis=1)
        row = np.arange(len(satellite))
        seen = sines[row, best] >= self._sky.gateways.min_sine[best]
        fine = (satellite >= 0) & seen & np.isfinite(landings.fibre_light_km[best])
        return np.where(fine, best, -1)

    def _second(self, answer: Assignment, gateway: Ints, exits: Ints) -> Ints:
        """Return the next best gateway in view of the exit satellite, -1 for none."""
        landings = self._landings_of(answer.failed)
        if landings is None:
            return np.full(len(exits), -1, dtype=np.int64)
        sines, ranges = _from_gateways(self._sky.gateways, answer.sky.positions[exits])
        costs = np.where(sines >= self._sky.gateways.min_sine, ranges, np.inf)
        costs = costs + landings.fibre_light_km
        costs[np.arange(len(exits)), gateway] = np.inf
        best = np.argmin(costs, axis=1)
        fine = (exits >= 0) & np.isfinite(costs[np.arange(len(exits)), best])
        return np.where(fine, best, -1)

    def _elsewhere(self, failed: Failed) -> bool:
        landings = self._landings_of(failed)
        left = 0 if landings is None else np.count_nonzero(np.isfinite(landings.fibre_light_km))
        return bool(left > 1 and self._terminal.rule.lasers is not Lasers.FORBIDDEN)

    def _landings_of(self, failed: Failed) -> Landings | None:
        key = (failed.gateways, failed.points_of_presence)
        if key not in self._landings:
            ground, rule = self._sky.ground, self._terminal.rule
            home = int(ground.home_points(self._observer.positions, rule, key[1])[0])
            names = frozenset(g.place.name for g in ground.gateways)
            left = (names if rule.gateways is None else rule.gateways) - failed.gateways
            self._landings[key] = (
                None
                if home < 0
                else Landings(ground, replace(rule, gateways=left), self._sky.options.landing, home)
            )
        return self._landings[key]


def _from_gateways(gateways: Observers, positions: Floats) -> tuple[Floats, Floats]:
    """Return sines of elevations and ranges (km) of n positions, each (n, gateways)."""
    away = positions[:, None, :] - gateways.positions[None, :, :]
    ranges = np.linalg.norm(away, axis=2)
    return np.einsum("ngk,gk->ng", away, gateways.frames[:, 2]) / ranges, ranges


def _angles(
    observers: Observers, rows: Ints, answer: Assignment, satellites: Ints
) -> tuple[Floats, Floats, Floats]:
    """Return elevation and azimuth (deg) and range (km) of satellites, NaN where there is none."""
    away = answer.sky.positions[satellites] - observers.positions[rows]
    length = np.linalg.norm(away, axis=1)
    east, north, up = np.einsum("nij,nj->in", observers.frames[rows], away) / length
    none = (rows < 0) | (satellites < 0)
    angles = (
        np.degrees(np.arcsin(np.clip(up, -1.0, 1.0))),
        np.degrees(np.arctan2(east, north)) % 360.0,
        length,
    )
    return tuple(np.where(none, np.nan, a) for a in angles)  # type: ignore[return-value]
