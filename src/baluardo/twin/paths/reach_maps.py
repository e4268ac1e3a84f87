"""What a dish or a phone would get in every cell of a region: rate, latency, availability, phones.

Cells are looked at in sampled slots, each as if a dish of the state's stood in its middle. Too many
dishes at once would crowd each other out: large regions ask in turns, a few hundred cells at a
time, spread over the region. What comes out is *observed*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.geo.cells import Cells
from baluardo.geo.subscribers import subscribers
from baluardo.terms import SLOT_SECONDS, Generation, Mask, Place, slot_start
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.planner import Planner, SlotPaths
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.paths.spread import shares, spread
from baluardo.twin.paths.world import SlotOptions, World
from baluardo.twin.radio.attenuation import Climate, clear_air_db, climate_of, rain_fade_db
from baluardo.twin.radio.direct_to_cell import direct_links
from baluardo.twin.radio.limits import LEAST_PERCENT
from baluardo.twin.radio.radios import USER_DOWN_HZ, DishKind
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.sky import Sky
from baluardo.twin.sky.visibility import Observers, sightings

Floats = npt.NDArray[np.float64]

MOST_SLOTS = 60
"""Slots of a span that are looked at: a median over them is within a few per cent. Our choice."""

CELLS_AT_ONCE = 250
"""Dishes that ask in one go, a unit of beam time each: a few per cent of what the satellites over
a country have. Our choice."""

PERCENTS = 32
"""Shares of the year at which rain is looked at, from 0.001 to 50 %: steps of 40 %."""


class ReachKind(StrEnum):
    """What is mapped."""

    RATE = "rate"
    LATENCY = "latency"
    AVAILABILITY = "availability"
    DIRECT_TO_CELL = "direct-to-cell"


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What a dish in each cell asks for; of phones the mask alone counts."""

    options: SlotOptions = field(default_factory=SlotOptions)
    dish: DishKind = DishKind.STANDARD
    mask: Mask = field(default_factory=lambda: Mask(25.0, (), 18.0))
    rate_bps: float = 20e6
    contract: bool = False

    def __post_init__(self) -> None:
        """Refuse a rate that nobody can ask for."""
        if not 0.0 < self.rate_bps <= 1e10:
            raise InvalidInputError(f"rate_bps {self.rate_bps} is not above 0 and up to 10 Gbit/s.")


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """A map's values by name, each of shape (cells,), and the slots that they come from."""

    kind: ReachKind
    first_slot: int
    slots: int
    """Length of the span."""
    sampled: int
    """Slots of it that were looked at."""
    columns: dict[str, Floats]

    @property
    def start(self) -> float:
        """POSIX seconds at which the first slot begins."""
        return slot_start(self.first_slot)

    @property
    def end(self) -> float:
        """POSIX seconds at which the last slot ends."""
        return slot_start(self.first_slot + self.slots)


def sampled_slots(first_slot: int, slots: int, most: int = MOST_SLOTS) -> list[int]:
    """Return at most so many slots of a span, at even distances."""
    if slots < 1:
        raise InvalidInputError(f"slots {slots} is not at least 1.")
    count = min(slots, most)
    return [first_slot + (k * slots) // count for k in range(count)]


def map_reach(
    kind: ReachKind,
    sky: Sky,
    cells: Cells,
    *,
    first_slot: int,
    slots: int,
    asked: Asked | None = None,
    workers: int = 1,
) -> Reach:
    """Return what cells get in sampled slots of a span; the number of workers changes nothing.

    Columns of RATE: medians down and up and the 5 % of the time with the least, bit/s, 0 where out;
    LATENCY: median and 95 % of the delay there and back while served, s (NaN: never), and the share
    served; AVAILABILITY: share of the time with the rate, without rain and in the average year's
    rain at the place; DIRECT_TO_CELL: share of the time with a phone's link outdoors, seconds of
    it in the span, and bit/s of one beam down, mean over that time.
    """
    wanted = asked or Asked()
    chosen = sampled_slots(first_slot, slots)
    tasks = [
        _Task(kind, sky.catalogue, sky, cells.names, cells.lat_deg, cells.lon_deg, wanted, run)
        for run in shares(chosen, workers)
    ]
    parts = spread(_measure, tasks, workers)
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    columns = _COLUMNS[kind](rows, slots * SLOT_SECONDS)
    return Reach(kind, first_slot, slots, len(chosen), columns)


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """A run of slots for one worker; `sky` travels as what it is made of."""

    kind: ReachKind
    catalogue: Catalogue
    sky: Sky
    names: list[str]
    lat_deg: Floats
    lon_deg: Floats
    asked: Asked
    slots: Sequence[int]

    def __reduce__(self) -> tuple[object, ...]:
        """Send options in place of the sky: SGP4's satellites do not travel."""
        return _task, (
            *(self.kind, self.catalogue, self.sky.options, self.sky.ground, self.names),
            *(self.lat_deg, self.lon_deg, self.asked, self.slots),
        )


def _task(kind, catalogue, options, ground, names, lat, lon, asked, slots):  # type: ignore[no-untyped-def]
    sky = Sky(catalogue, options, ground)
    return _Task(kind, catalogue, sky, names, lat, lon, asked, slots)


def _measure(task: _Task) -> dict[str, Floats]:
    """Return arrays of shape (slots, cells) by name."""
    if task.kind is ReachKind.DIRECT_TO_CELL:
        return _phones(task)
    n = len(task.names)
    turns = [np.arange(k, n, -(-n // CELLS_AT_ONCE)) for k in range(-(-n // CELLS_AT_ONCE))]
    whole = World(ComputedEphemeris(task.sky), subscribers(), task.asked.options)
    world = whole.around(
        task.lat_deg, task.lon_deg, min_elevation_deg=task.asked.mask.min_elevation_deg
    )
    planners = [Planner(world) for _ in turns]
    terminals = [tuple(_terminal(task, c) for c in turn.tolist()) for turn in turns]
    climates = [climate_of(task.lat_deg[turn], task.lon_deg[turn]) for turn in turns]
    out = {name: np.empty((len(task.slots), n)) for name in ("down", "up", "round_trip", "held")}
    for row, slot in enumerate(task.slots):
        for turn, planner, asking, climate in zip(
            turns, planners, terminals, climates, strict=True
        ):
            paths = planner.paths(slot, asking)
            out["down"][row, turn] = paths.rate_down_bps
            out["up"][row, turn] = paths.rate_up_bps
            out["round_trip"][row, turn] = paths.round_trip_s
            if task.kind is ReachKind.AVAILABILITY:
                out["held"][row, turn] = _held(task, planner, paths, climate)
    return out


def _terminal(task: _Task, cell: int) -> Terminal:
    lat, lon = float(task.lat_deg[cell]), float(task.lon_deg[cell])
    name = task.names[cell]
    return Terminal(
        name=name,
        place=Place(name, lat, lon),
        mask=task.asked.mask,
        dish=task.asked.dish,
        down_bps=task.asked.rate_bps,
        up_bps=max(task.asked.rate_bps / 5.0, 1.0),
        contract=task.asked.contract,
    )


def _held(task: _Task, planner: Planner, paths: SlotPaths, climate: Climate) -> Floats:
    """Return the share of the average year in which rain at the places leaves the rate; (n,).

    The rate is in proportion to the link's bit/s/Hz: what is left of those in rain decides.
    """
    fine = (paths.reason == Reason.SERVED) & (paths.rate_down_bps >= task.asked.rate_bps)
    held = np.zeros(len(fine))
    k = np.flatnonzero(fine)
    if k.size == 0:
        return held
    percent = np.geomspace(LEAST_PERCENT, 50.0, PERCENTS)
    elevation, azimuth = paths.elevation_deg[k], paths.azimuth_deg[k]
    here = climate.take(k)
    air = clear_air_db(here, elevation, USER_DOWN_HZ)
    wet = rain_fade_db(here, elevation, USER_DOWN_HZ, percent[:, None])
    generation = planner.world.ephemeris.sky.catalogue.generation[paths.satellite[k]]
    sight = (generation, int(task.asked.dish), paths.range_km[k], elevation)
    dry = planner.links.user_down_bps_hz(*sight, air, azimuth)
    left = planner.links.user_down_bps_hz(*sight, air + wet, azimuth) / dry
    lacking = np.count_nonzero(left * paths.rate_down_bps[k] < task.asked.rate_bps, axis=0)
    middles = np.sqrt(percent[:-1] * percent[1:])
    edges = np.concatenate([[0.0], middles, [percent[-1]]])
    held[k] = 1.0 - np.minimum(edges[lacking], here.rain.probability_percent) / 100.0
    return held


def _phones(task: _Task) -> dict[str, Floats]:
    places = [
        Place(name, lat, lon)
        for name, lat, lon in zip(task.names, task.lat_deg, task.lon_deg, strict=True)
    ]
    observers = Observers.of(places, Mask(task.asked.mask.min_elevation_deg))
    ephemeris = ComputedEphemeris(task.sky)
    phones = task.catalogue.generation == Generation.V2_MINI_DIRECT_TO_CELL
    rates = np.zeros((len(task.slots), len(places)))
    for row, slot in enumerate(task.slots):
        sky = ephemeris.at(slot)
        seen = sightings(observers, sky.positions, sky.operational & phones)
        if len(seen) == 0:
            continue
        links = direct_links(seen.elevation_deg, seen.range_km)
        usable = np.where(links.outdoors, links.down_bps, 0.0)
        cell = np.repeat(np.arange(len(places)), np.diff(seen.starts))
        np.maximum.at(rates[row], cell, usable)
    return {"phone": rates}


def _rate_columns(rows: dict[str, Floats], _seconds: float) -> dict[str, Floats]:
    down, up = rows["down"], rows["up"]
    return {
        "rate_median_bps": np.median(down, axis=0),
        "rate_5_percent_bps": np.quantile(down, 0.05, axis=0),
        "rate_up_median_bps": np.median(up, axis=0),
    }


def _latency_columns(rows: dict[str, Floats], _seconds: float) -> dict[str, Floats]:
    served = np.isfinite(rows["round_trip"])
    delays = np.where(served, rows["round_trip"], np.inf)
    counts = np.count_nonzero(served, axis=0)
    ordered = np.sort(delays, axis=0)

    def of(share: float) -> Floats:
        """Return the delay that is not exceeded for a share of the slots that are served."""
        row = np.clip(np.ceil(share * counts).astype(np.int64) - 1, 0, None)
        return np.where(counts > 0, ordered[row, np.arange(len(counts))], np.nan)

    return {
        "round_trip_median_s": of(0.5),
        "round_trip_95_percent_s": of(0.95),
        "served": counts / len(delays),
    }


def _availability_columns(rows: dict[str, Floats], _seconds: float) -> dict[str, Floats]:
    held = rows["held"]
    return {
        "available": held.mean(axis=0),
        "available_without_rain": (held > 0.0).mean(axis=0),
    }


def _phone_columns(rows: dict[str, Floats], seconds: float) -> dict[str, Floats]:
    rates = rows["phone"]
    covered = (rates > 0.0).mean(axis=0)
    mean = rates.sum(axis=0) / np.maximum(np.count_nonzero(rates, axis=0), 1)
    return {"covered": covered, "covered_s": covered * seconds, "beam_down_bps": mean}


_COLUMNS = {
    ReachKind.RATE: _rate_columns,
    ReachKind.LATENCY: _latency_columns,
    ReachKind.AVAILABILITY: _availability_columns,
    ReachKind.DIRECT_TO_CELL: _phone_columns,
}
