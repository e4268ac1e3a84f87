"""The peer of `routes.py`: one time step of Hypatia's `satgenpy`, by its own functions.

Timed is `generate_dynamic_state_at` with the algorithm "free_one_only_over_isls": laser lengths
and ranges with PyEphem, all pairs of satellites by Floyd and Warshall (networkx), forwarding state
of every satellite and city. Left out of its time: reading elements, which it does once, and writing
files, which would measure the disk - its files open on nothing.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module, util
from io import StringIO
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Forwarding = dict[tuple[int, int], tuple[int, int, int]]

PLANES, PER_PLANE = 72, 22
HEIGHT_KM = 550.0
INCLINATION_DEG = 53.0
ECCENTRICITY = 1e-7
"""Hypatia's own: its SGP4 refuses an exact circle."""

WGS72_RADIUS_KM = 6_378.135
WGS72_MU_KM3_S2 = 398_600.8
MEAN_MOTION_REV_DAY = (
    86_400.0 / (2.0 * math.pi) * math.sqrt(WGS72_MU_KM3_S2 / (WGS72_RADIUS_KM + HEIGHT_KM) ** 3)
)
"""15.055, from the height. Public "550 km" models carry 15.19, which flies at 509 km."""

MAX_RANGE_KM = math.hypot(940.7, HEIGHT_KM)
"""Hypatia's rule for its 550 km shell: a footprint of 940.7 km, 25 degrees of elevation."""

MAX_LASER_KM = 2.0 * math.sqrt((WGS72_RADIUS_KM + HEIGHT_KM) ** 2 - (WGS72_RADIUS_KM + 80.0) ** 2)
"""Hypatia's rule: the beam stays 80 km clear of the ground."""

EPOCH_FIELD, EPOCH = "00001.00000000", "25001.00000000"
EPOCH_POSIX = 1_735_689_600.0
"""2025-01-01. Hypatia's generator knows only 2000-01-01, from before our UT1 table starts; the
elements are otherwise as it writes them, and it reads this epoch back itself."""


@dataclass(frozen=True, slots=True)
class City:
    """A city, its coordinates as they stand in the list."""

    name: str
    lat_deg: str
    lon_deg: str


@dataclass(frozen=True, slots=True)
class HypatiaStep:
    """What Hypatia computed for one moment, and the seconds each part took."""

    seconds: float
    parts_s: dict[str, float]
    lasers_km: dict[tuple[int, int], float]
    ranges_km: list[dict[int, float]]
    """One a city: satellite in range, distance."""
    rtt_ms: Floats
    """(cities, cities): along its forwarding state there and back; inf where it drops packets."""
    forwarding: Forwarding


def installed() -> bool:
    """Say whether `satgenpy` is there."""
    return util.find_spec("satgen") is not None


class Hypatia:
    """The shell, its +Grid and the cities, as Hypatia generates and reads them."""

    def __init__(self, folder: Path, cities: Sequence[City]) -> None:
        """Generate elements and lasers in an empty folder and read them back."""
        tles = import_module("satgen.tles")
        path = folder / "tles.txt"
        tles.generate_tles_from_scratch_with_sgp(
            str(path),
            "Shell",
            PLANES,
            PER_PLANE,
            True,
            INCLINATION_DEG,
            ECCENTRICITY,
            0.0,
            MEAN_MOTION_REV_DAY,
        )
        lines = path.read_text(encoding="ascii").splitlines()
        for i, line in enumerate(lines):
            if line.startswith("1 "):
                moved = line.replace(EPOCH_FIELD, EPOCH)[:68]
                lines[i] = moved + str(_checksum(moved))
        path.write_text("\n".join(lines) + "\n", encoding="ascii")
        self.elements = "\n".join(lines[1:]) + "\n"
        """The satellites as three-line element sets, in Hypatia's order."""
        read = tles.read_tles(str(path))
        self._satellites = read["satellites"]
        self._epoch = read["epoch"]
        self.lasers: list[tuple[int, int]] = import_module("satgen.isls").generate_plus_grid_isls(
            str(folder / "isls.txt"), PLANES, PER_PLANE, 0
        )
        self._stations = [
            {
                "gid": gid,
                "name": city.name,
                "latitude_degrees_str": city.lat_deg,
                "longitude_degrees_str": city.lon_deg,
                "elevation_m_float": 0.0,
            }
            for gid, city in enumerate(cities)
        ]

    def step(self, offset_s: int, previous: HypatiaStep | None) -> HypatiaStep:
        """Compute one moment, `offset_s` after the epoch, from the state before it if any."""
        state = import_module("satgen.dynamic_state.generate_dynamic_state")
        algorithm = import_module("satgen.dynamic_state.algorithm_free_one_only_over_isls")
        forwarding = import_module("satgen.dynamic_state.fstate_calculation")
        routing = _Watch(algorithm.algorithm_free_one_only_over_isls)
        warshall = _Watch(forwarding.nx.floyd_warshall_numpy)
        nodes = len(self._satellites) + len(self._stations)
        with ExitStack() as swaps, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for module in (algorithm, forwarding):
                swaps.enter_context(_swapped(module, "open", lambda *_: StringIO()))
            swaps.enter_context(
                _swapped(forwarding, "nx", SimpleNamespace(floyd_warshall_numpy=warshall))
            )
            swaps.enter_context(_swapped(state, "algorithm_free_one_only_over_isls", routing))
            start = time.perf_counter()
            answer = state.generate_dynamic_state_at(
                "",
                self._epoch,
                offset_s * 1_000_000_000,
                self._satellites,
                self._stations,
                self.lasers,
                [{"number_of_interfaces": 1, "aggregate_max_bandwidth": 1.0}] * nodes,
                MAX_RANGE_KM * 1e3,
                MAX_LASER_KM * 1e3,
                "algorithm_free_one_only_over_isls",
                None if previous is None else {"fstate": previous.forwarding},
                False,
            )
            seconds = time.perf_counter() - start
        graph, in_range = routing.arguments[4], routing.arguments[5]
        lasers = {(a, b): w["weight"] / 1e3 for a, b, w in graph.edges(data=True)}
        ranges = [{s: metres / 1e3 for metres, s in seen} for seen in in_range]
        return HypatiaStep(
            seconds=seconds,
            parts_s={
                "lengths_and_ranges": seconds - routing.seconds,
                "floyd_warshall": warshall.seconds,
                "forwarding_state": routing.seconds - warshall.seconds,
            },
            lasers_km=lasers,
            ranges_km=ranges,
            rtt_ms=_round_trips(answer["fstate"], lasers, ranges, len(self._satellites)),
            forwarding=answer["fstate"],
        )


class _Watch:
    """A function that notes how long it took and what it was given."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.seconds = 0.0
        self.arguments: tuple[Any, ...] = ()

    def __call__(self, *arguments: Any) -> Any:
        start = time.perf_counter()
        answer = self._function(*arguments)
        self.seconds, self.arguments = time.perf_counter() - start, arguments
        return answer


@contextmanager
def _swapped(module: ModuleType, name: str, value: object) -> Iterator[None]:
    """Let a name of a module mean something else for a while (a builtin, too)."""
    before = vars(module).get(name)
    setattr(module, name, value)
    try:
        yield
    finally:
        if before is None:
            delattr(module, name)
        else:
            setattr(module, name, before)


def _checksum(line: str) -> int:
    return sum(int(c) if c.isdigit() else c == "-" for c in line) % 10


def _round_trips(
    forwarding: Forwarding,
    lasers_km: dict[tuple[int, int], float],
    ranges_km: list[dict[int, float]],
    satellites: int,
) -> Floats:
    """Walk the forwarding state from city to city, as Hypatia's own analysis does."""
    cities = len(ranges_km)
    there = np.full((cities, cities), np.inf)
    for a in range(cities):
        there[a, a] = 0.0
        for b in range(cities):
            end = satellites + b
            here = forwarding[satellites + a, end][0] if a != b else -1
            if here < 0:
                continue
            length = ranges_km[a][here]
            while (onward := forwarding[here, end][0]) != end:
                length += lasers_km[min(here, onward), max(here, onward)]
                here = onward
            there[a, b] = length + ranges_km[b][here]
    return np.asarray((there + there.T) / 299_792.458 * 1e3)


# How PyEphem's library (libastro, earthsat.c) stands its Earth, which explains its distance from
# ours. The constants are its own.
EPHEM_RADIUS_KM = 6_378.16
EPHEM_FLATTENING = 1.0 / 298.25
EPHEM_SIDEREAL_RATE = 1.0027379093


def satellites_as_ephem_scales_them(teme: Floats) -> Floats:
    """Return positions as PyEphem has them: SGP4's Earth radii times another Earth's radius."""
    return teme * (EPHEM_RADIUS_KM / WGS72_RADIUS_KM)


def cities_as_ephem_places_them(cities: Sequence[City], posix: float) -> Floats:
    """Return the cities' positions, shape (cities, 3), km, in PyEphem's inertial frame.

    Its ellipsoid is 23 m larger than WGS-84; it puts a city up to 36 m towards the pole, for it
    divides the tangent of the latitude by 1 - f**2; and its sidereal time is Newcomb's of 1900,
    with UT1 = UTC.
    """
    lat = np.radians([float(c.lat_deg) for c in cities])
    lon = np.radians([float(c.lon_deg) for c in cities])
    squeezed = 1.0 - EPHEM_FLATTENING
    lat = np.arctan(np.tan(lat) / (1.0 - EPHEM_FLATTENING**2))
    normal = EPHEM_RADIUS_KM / np.sqrt(1.0 - (1.0 - squeezed**2) * np.sin(lat) ** 2)
    # Days since the evening before 1900-01-01; the noon before it is Julian day 2415020.
    days = posix / 86_400.0 + 2_440_587.5 - 2_415_020.0 + 0.5
    midnight = math.floor(days)
    century = (midnight - 0.5) / 36_525.0
    hours = 6.6460656 + 2_400.051262 * century + 2.581e-5 * century**2
    turned = 2.0 * math.pi * (hours / 24.0 + (days - midnight) * EPHEM_SIDEREAL_RATE)
    return np.stack(
        [
            normal * np.cos(lat) * np.cos(turned + lon),
            normal * np.cos(lat) * np.sin(turned + lon),
            normal * squeezed**2 * np.sin(lat),
        ],
        axis=-1,
    )
