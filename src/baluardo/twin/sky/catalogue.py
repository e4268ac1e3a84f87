"""A catalogue in memory: mean elements of every satellite as arrays, ready for SGP4."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from baluardo.errors import CatalogueError

Floats = npt.NDArray[np.float64]

SECONDS_PER_DAY = 86_400.0
UNIX_EPOCH_JD = 2_440_587.5
"""Julian date of 1970-01-01T00:00 UTC."""

SGP4_EPOCH_JD = 2_433_281.5
"""Julian date of SGP4's day zero, 1949-12-31T00:00 UTC, from which it counts epochs."""

EARTH_RADIUS_KM = 6_378.135
"""Equatorial radius of WGS-72, the constants behind SGP4."""

EARTH_MU_KM3_S2 = 398_600.8
"""Gravitational parameter of WGS-72."""


@dataclass(frozen=True, slots=True)
class BrokenRecord:
    """A record that was skipped: the line where it starts (1-based) and the reason."""

    line: int
    reason: str


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Mean elements of `n` satellites; every array has shape (n,). Angles in radians.

    Epochs are split as SGP4 takes them: `epoch_jd` is a Julian date ending in .5 (midnight UTC),
    `epoch_fraction` the part of the day. `mean_motion` is Kozai's, rad/min; `ndot` and `nddot` are
    in SGP4's units (rad/min**2, rad/min**3).
    """

    source: str
    """Where it came from, for people: a file's name, an address, "built-in shells"."""
    names: tuple[str, ...]
    numbers: npt.NDArray[np.int64]
    """Catalogue numbers, up to nine digits, unique."""
    epoch_jd: Floats
    epoch_fraction: Floats
    bstar: Floats
    ndot: Floats
    nddot: Floats
    eccentricity: Floats
    arg_perigee: Floats
    inclination: Floats
    mean_anomaly: Floats
    mean_motion: Floats
    raan: Floats
    generation: npt.NDArray[np.int8]
    """`terms.Generation` of each satellite."""
    shell: npt.NDArray[np.int16]
    """Index into `shell_names`; -1 where a satellite belongs to no shell."""
    shell_names: tuple[str, ...]
    """For people, such as "53.2° 540 km"."""
    ageless: bool = False
    """True for shells: they describe a pattern, not a measurement, and never grow stale."""
    broken: tuple[BrokenRecord, ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuse an empty catalogue, arrays of different length and repeated numbers."""
        n = len(self.names)
        if n == 0:
            raise CatalogueError(f"{self.source} holds no satellite.")
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray) and value.shape != (n,):
                raise CatalogueError(f"{self.source}: {name} has shape {value.shape}, not ({n},).")
        if len(np.unique(self.numbers)) != n:
            raise CatalogueError(f"{self.source}: a catalogue number stands twice.")

    def __len__(self) -> int:
        """Return the number of satellites."""
        return len(self.names)

    @property
    def epochs(self) -> Floats:
        """Epoch of each satellite's elements, shape (n,), POSIX seconds."""
        return (self.epoch_jd - UNIX_EPOCH_JD + self.epoch_fraction) * SECONDS_PER_DAY

    @property
    def epoch(self) -> float:
        """Epoch of the catalogue as a whole: the median of its satellites', POSIX seconds."""
        return float(np.median(self.epochs))

    @property
    def heights_km(self) -> Floats:
        """Mean height above the equatorial radius, shape (n,), from the mean motion."""
        semi_major = (EARTH_MU_KM3_S2 / (self.mean_motion / 60.0) ** 2) ** (1.0 / 3.0)
        return np.asarray(semi_major - EARTH_RADIUS_KM, dtype=np.float64)

    def index_of(self, number: int) -> int:
        """Index of the satellite with a catalogue number; CatalogueError if there is none."""
        found = np.flatnonzero(self.numbers == number)
        if found.size == 0:
            raise CatalogueError(f"No satellite has the catalogue number {number}.")
        return int(found[0])

    def select(self, keep: npt.NDArray[np.bool_]) -> Catalogue:
        """Return a catalogue of the satellites where `keep`, shape (n,), is true."""
        changes: dict[str, object] = {
            name: value[keep] for name, value in vars(self).items() if isinstance(value, np.ndarray)
        }
        changes["names"] = tuple(n for n, k in zip(self.names, keep, strict=True) if k)
        return replace(self, **changes)  # type: ignore[arg-type]
