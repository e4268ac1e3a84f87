"""Ensembles of terminals and what each gets over a day, for `validation.py`.

A run keeps the parts of delay and rate that do not depend on the fitted constants of
`paths.model`: the kilometres of light, the wait in units of its scale, the beam's load, the rates
of a dish that had the whole channel. Any set of constants is then applied in no time, so that one
run serves the fit and everything that is predicted with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from multiprocessing import get_context

import numpy as np
import numpy.typing as npt

from baluardo.geo.cells import cells_of
from baluardo.geo.regions import region
from baluardo.geo.subscribers import subscribers
from baluardo.terms import Place, slot_at
from baluardo.twin.catalogues import load_catalogue
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.model import PathModel
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.world import SlotOptions, World
from baluardo.twin.radio.radios import DishKind
from baluardo.twin.radio.rain_field import RainField
from baluardo.twin.sky.sky import Sky

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

SEED = 1
"""Of the places that are drawn, and of the rain."""

SEA_WEST_DEG = 9.0
"""The Mediterranean east of here is its central and eastern part."""

FURTHER = ("MT", "GR", "AL", "AT", "CH", "GB", "BE", "CZ", "HU", "PL", "LT", "SE")
"""Countries near the gateways in the ground data with published figures (docs/validation.md)."""

FURTHER_SHARE = 5
"""Such a country has one terminal for so many of Italy."""

ENDS = {"Milan": (45.464, 9.190), "Lampedusa": (35.508, 12.608)}
"""Between these lies the gradient."""

AT_AN_END = 8
"""Terminals in the same place differ by their names, and so by their random numbers."""


def bare(model: PathModel) -> PathModel:
    """Return the model whose way down is light alone and whose way up is light and one wait.

    Its dishes have the whole channel to themselves, but for what the load takes.
    """
    return replace(
        model,
        base_delay_s=0.0,
        scheduling_s=1.0,
        scheduling_up_share=1.0,
        queue_s=0.0,
        share_down=1.0,
        share_up=1.0,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What a run keeps; shape (slots, terminals), NaN where nobody serves."""

    light_s: Singles
    """There and back."""
    wait: Singles
    """In units of its scale."""
    load: Singles
    down_bps: Singles
    up_bps: Singles
    satellite: npt.NDArray[np.int32]
    point: npt.NDArray[np.int8]

    def of(self, terminals: slice | npt.NDArray[np.intp]) -> Parts:
        """Return the parts of some terminals."""
        return Parts(*(getattr(self, f.name)[:, terminals] for f in fields(self)))

    def round_trip_ms(self, model: PathModel) -> Floats:
        """Return the delay there and back under a set of constants, ms."""
        busy = np.minimum(self.load.astype(np.float64), model.highest_load)
        delay = (
            self.light_s.astype(np.float64)
            + model.base_delay_s
            + model.scheduling_s * self.wait.astype(np.float64)
            + model.queue_s * busy / (1.0 - busy)
        )
        return np.asarray(delay * 1e3)

    def down_mbps(self, model: PathModel) -> Floats:
        """Return the rate down, Mbit/s."""
        return np.asarray(self.down_bps.astype(np.float64) * (model.share_down / 1e6))

    def up_mbps(self, model: PathModel) -> Floats:
        """Return the rate up, Mbit/s."""
        return np.asarray(self.up_bps.astype(np.float64) * (model.share_up / 1e6))


def in_country(code: str, count: int) -> list[Terminal]:
    """Return terminals drawn from a country's commercial users."""
    users = subscribers()
    rows = np.flatnonzero(users.in_country(code))
    weight = users.users[rows]
    # One stream for each country: another country more or less changes nobody's places.
    random = np.random.default_rng([SEED, *code.encode()])
    drawn = random.choice(rows, count, p=weight / weight.sum())
    return [
        _asks(Place(f"{code}{i}", float(users.lat_deg[k]), float(users.lon_deg[k])))
        for i, k in enumerate(drawn)
    ]


def at_sea(count: int) -> list[Terminal]:
    """Return maritime dishes spread evenly over the central and eastern Mediterranean."""
    cells = cells_of(region("mediterranean"), 4)
    rows = np.flatnonzero(cells.lon_deg > SEA_WEST_DEG)
    drawn = np.random.default_rng([SEED, 0]).choice(rows, count)
    return [
        _asks(Place(f"sea{i}", float(cells.lat_deg[k]), float(cells.lon_deg[k])), DishKind.MARITIME)
        for i, k in enumerate(drawn)
    ]


def _asks(place: Place, dish: DishKind = DishKind.STANDARD) -> Terminal:
    """Return a terminal that asks for what one commercial user wants in the busiest hour."""
    return Terminal(place.name, place, dish=dish, down_bps=2.5e6, up_bps=0.25e6)


def populations(terminals: int) -> dict[str, list[Terminal]]:
    """Return all ensembles by name, in the order of the columns of `Parts`."""
    few = max(terminals // FURTHER_SHARE, 1)
    ends = {
        name: [_asks(Place(f"{name}{i}", *where)) for i in range(AT_AN_END)]
        for name, where in ENDS.items()
    }
    return {
        "IT": in_country("IT", terminals),
        "FR": in_country("FR", terminals),
        "sea": at_sea(terminals),
        **{code: in_country(code, few) for code in FURTHER},
        **ends,
    }


def columns(ensembles: dict[str, list[Terminal]]) -> dict[str, slice]:
    """Return where each population stands among the columns of `Parts`."""
    ends = np.cumsum([len(members) for members in ensembles.values()]).tolist()
    starts = [0, *ends[:-1]]
    return {n: slice(a, b) for n, a, b in zip(ensembles, starts, ends, strict=True)}


def planner_of(
    catalogue: str | None, terminals: Sequence[Terminal], model: PathModel
) -> tuple[Planner, int]:
    """Return a planner around terminals, and the catalogue's first slot."""
    sky = Sky(load_catalogue(catalogue).catalogue)
    world = World(ComputedEphemeris(sky), subscribers(), SlotOptions(), threads=1)
    near = world.around([t.place.lat_deg for t in terminals], [t.place.lon_deg for t in terminals])
    return Planner(near, weather=RainField(SEED), model=model), slot_at(sky.catalogue.epoch)


def run(
    catalogue: str | None, terminals: int, slots: Sequence[int], model: PathModel, processes: int
) -> Parts:
    """Return the parts for slots counted from the catalogue's epoch, in their order.

    Processes share nothing: a slot's answer depends on the slot alone.
    """
    spans = [s.tolist() for s in np.array_split(np.array(slots), processes) if s.size]
    with ProcessPoolExecutor(len(spans), mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(_run_span, catalogue, terminals, span, model) for span in spans]
        done = [job.result() for job in jobs]
    return Parts(*(np.concatenate([getattr(p, f.name) for p in done]) for f in fields(Parts)))


def _run_span(catalogue: str | None, count: int, slots: list[int], model: PathModel) -> Parts:
    terminals = [t for members in populations(count).values() for t in members]
    planner, first = planner_of(catalogue, terminals, bare(model))
    shape = (len(slots), len(terminals))
    parts = Parts(
        light_s=np.empty(shape, np.float32),
        wait=np.empty(shape, np.float32),
        load=np.empty(shape, np.float32),
        down_bps=np.empty(shape, np.float32),
        up_bps=np.empty(shape, np.float32),
        satellite=np.empty(shape, np.int32),
        point=np.empty(shape, np.int8),
    )
    for row, slot in enumerate(slots):
        got = planner.paths(first + slot, terminals)
        served = np.isfinite(got.delay_down_s)
        with np.errstate(invalid="ignore"):
            wait = got.delay_up_s - got.delay_down_s
        parts.light_s[row] = np.where(served, 2.0 * got.delay_down_s, np.nan)
        parts.wait[row] = np.where(served, wait, np.nan)
        parts.load[row] = got.load
        parts.down_bps[row] = np.where(served, got.rate_down_bps, np.nan)
        parts.up_bps[row] = np.where(served, got.rate_up_bps, np.nan)
        parts.satellite[row] = got.satellite
        parts.point[row] = got.point
    return parts


def check_composition(catalogue: str | None, terminals: int, model: PathModel) -> float:
    """Return the largest relative difference between `Parts` and the planner itself, one slot.

    The planner is asked with the model as it stands; a difference means that it has changed and
    that the parts no longer add up to what it answers.
    """
    everybody = [t for members in populations(terminals).values() for t in members]
    planner, first = planner_of(catalogue, everybody, model)
    got = planner.paths(first, everybody)
    parts = _run_span(catalogue, terminals, [0], model)
    served = np.isfinite(got.delay_up_s)
    pairs = (
        (got.round_trip_s * 1e3, parts.round_trip_ms(model)[0]),
        (got.rate_down_bps / 1e6, parts.down_mbps(model)[0]),
        (got.rate_up_bps / 1e6, parts.up_mbps(model)[0]),
    )
    return max(float(np.max(np.abs(b[served] / a[served] - 1.0))) for a, b in pairs)
