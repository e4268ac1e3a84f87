"""Shells: patterns of working orbits described in a few lines of TOML, turned into elements.

A shell is a Walker pattern of circular orbits: `planes` nodes spread evenly round the equator, the
satellites of a plane spread evenly round it, and each plane ahead of the one before by the phasing
factor F times 360 degrees / satellites (Walker, "Satellite constellations", 1984). Where the
satellites do not divide evenly, the larger planes are spread evenly too.

`height_km` is the mean geometric height over the equatorial radius. SGP4 wants Kozai's mean motion
of an orbit whose mean radius is that height's, which differs from Kepler's by the oblateness: see
`kozai_mean_motion`.
"""

from __future__ import annotations

import datetime
import functools
import importlib.resources
import math
import tomllib
from dataclasses import dataclass

import numpy as np

from baluardo.errors import CatalogueError, InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.terms import Generation
from baluardo.twin.sky.catalogue import (
    EARTH_MU_KM3_S2,
    EARTH_RADIUS_KM,
    SGP4_EPOCH_JD,
    Catalogue,
    Floats,
)
from baluardo.twin.sky.records import (
    DAY_ZERO_ORDINAL,
    MAX_SATELLITES,
    clean_name,
)
from baluardo.twin.sky.status import DECAY_HEIGHT_KM, shell_label

J2 = 0.001_082_616
"""Second zonal harmonic of WGS-72, the constants behind SGP4 (Spacetrack Report #3)."""

EPOCH_JD = SGP4_EPOCH_JD + datetime.date(2025, 5, 29).toordinal() - DAY_ZERO_ORDINAL
"""Julian date at which the patterns stand as described: the built-in one was taken that day."""

# Our choices.
FIRST_NUMBER = 900_000_001
"""Catalogue numbers of shells: nine digits, far from any that exist."""
MAX_TOML_BYTES = 256 * 1024
MAX_PLANES = 360
"""More planes could not be told apart: `lasers` cuts where nodes are 0.8 deg apart."""
LOWEST_HEIGHT_KM = 250.0
LOWEST_PERIGEE_KM = DECAY_HEIGHT_KM + 20.0
"""The Earth's oblateness alone takes an orbit some 10 km up and down; none may seem decayed."""

_GENERATIONS = {
    "unknown": Generation.UNKNOWN,
    "v1": Generation.V1,
    "v2-mini": Generation.V2_MINI,
}


@dataclass(frozen=True, slots=True)
class Shell:
    """One pattern of circular orbits; the fields are the keys of `[[shell]]` in TOML."""

    inclination_deg: float
    height_km: float
    planes: int
    satellites: int
    """In the whole shell; TOML may say `satellites_per_plane` instead."""
    phasing: float = 0.0
    """Walker's F: by how many of the pattern's units a plane leads the one before."""
    raan_offset_deg: float = 0.0
    """Right ascension of the first plane's node at the epoch."""
    generation: Generation = Generation.UNKNOWN
    eccentricity: float = 1e-4
    name: str = ""
    """For people; shells of one name count as one. Default: inclination and height."""

    def __post_init__(self) -> None:
        """Refuse values outside their range with a sentence that names the field."""
        limits: tuple[tuple[str, float, float], ...] = (
            ("inclination_deg", 0.0, 180.0),
            ("height_km", LOWEST_HEIGHT_KM, 36_000.0),
            ("planes", 1, MAX_PLANES),
            ("satellites", self.planes, MAX_SATELLITES),
            ("phasing", -1e6, 1e6),
            ("raan_offset_deg", -360.0, 360.0),
            ("eccentricity", 0.0, 0.02),
        )
        for field, low, high in limits:
            value = getattr(self, field)
            if not low <= value <= high:
                raise InvalidInputError(
                    f"{field} {quoted(value)} is not between {low:g} and {high:g}"
                )
        perigee_km = self.height_km - self.eccentricity * (EARTH_RADIUS_KM + self.height_km)
        if perigee_km < LOWEST_PERIGEE_KM:
            raise InvalidInputError(
                f"eccentricity {self.eccentricity} takes the satellites down to "
                f"{perigee_km:.0f} km; {LOWEST_PERIGEE_KM:g} km is the lowest that lasts"
            )

    @property
    def label(self) -> str:
        """The shell's name for people."""
        return self.name or shell_label(self.inclination_deg, self.height_km)


def kozai_mean_motion(inclination: float, height_km: float, eccentricity: float = 0.0) -> float:
    """Return the mean motion, rad/min, as SGP4 takes it, of an orbit with that mean height.

    SGP4's mean radius over a revolution is a (1 - 3/4 J2 (R/p)^2 (3 cos^2 i - 1)) with Brouwer's
    semi-major axis a, and its input is Kozai's mean motion n (1 + 3/4 J2 (R/a')^2 (3 cos^2 i - 1)
    / (1 - e^2)^1.5) (Hoots and Roehrich, Spacetrack Report #3, section 6): both are undone here.
    """
    oblateness = 0.75 * J2 * (3.0 * math.cos(inclination) ** 2 - 1.0)
    radius = 1.0 + height_km / EARTH_RADIUS_KM
    semi_major = radius
    for _ in range(5):
        semi_major = radius / (1.0 - oblateness / (semi_major * (1.0 - eccentricity**2)) ** 2)
    kepler = 60.0 * math.sqrt(EARTH_MU_KM3_S2 / (semi_major * EARTH_RADIUS_KM) ** 3)
    correction = oblateness / (semi_major**2 * (1.0 - eccentricity**2) ** 1.5)
    return float(kepler * (1.0 + correction))


def catalogue_from_shells(toml_text: str | bytes, source: str) -> Catalogue:
    """Build the catalogue of the shells in a TOML text: an array of tables `[[shell]]`.

    Satellites are numbered from 900000001 in the order of the file, plane by plane, and named
    "SHELL-53.2-540 P01 S01". Elements are free of drag and never age. CatalogueError, with a
    sentence, for anything that describes no shells.
    """
    try:
        shells = _shells(toml_text)
        total = sum(shell.satellites for shell in shells)
        if total > MAX_SATELLITES:
            raise InvalidInputError(f"{total:,} satellites are more than {MAX_SATELLITES:,}")
    except InvalidInputError as problem:
        raise CatalogueError(f"{source} describes no shells: {problem}.") from None
    return _catalogue(shells, source)


@functools.cache
def default_catalogue() -> Catalogue:
    """Return the built-in shells: the constellation as flown on 2025-05-29, in round figures."""
    text = importlib.resources.files(__package__).joinpath("data/shells.toml").read_bytes()
    return catalogue_from_shells(text, "built-in shells")


def _shells(toml_text: str | bytes) -> list[Shell]:
    if len(toml_text) > MAX_TOML_BYTES:
        raise InvalidInputError(f"it is larger than {MAX_TOML_BYTES // 1024} KiB")
    try:
        text = toml_text.decode() if isinstance(toml_text, bytes) else toml_text
        table = tomllib.loads(text)
    except UnicodeDecodeError:
        raise InvalidInputError("it is not text in UTF-8") from None
    except RecursionError:
        raise InvalidInputError("its values are nested too deep") from None
    except ValueError as problem:
        raise InvalidInputError(f"it is no TOML: {problem}") from None
    entries = table.pop("shell", None)
    if table:
        raise InvalidInputError(f"the key {quoted(next(iter(table)))} is unknown")
    if not isinstance(entries, list) or not entries:
        raise InvalidInputError("it has no [[shell]]")
    shells = []
    for number, entry in enumerate(entries, start=1):
        try:
            shells.append(_shell(entry))
        except InvalidInputError as problem:
            raise InvalidInputError(f"[[shell]] number {number}: {problem}") from None
    return shells


def _shell(entry: object) -> Shell:
    if not isinstance(entry, dict):
        raise InvalidInputError("not a table")
    values = dict(entry)

    def take(key: str, kinds: tuple[type, ...], default: object = None) -> object:
        value = values.pop(key, default)
        if value is None:
            raise InvalidInputError(f"{key} is missing")
        # TOML's booleans are Python's, which count as whole numbers.
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise InvalidInputError(f"{key} {quoted(value)} is of the wrong kind")
        return value

    def number(key: str, default: float | None = None) -> float:
        value = take(key, (int, float), default)
        try:
            return float(value)  # type: ignore[arg-type]
        except OverflowError:
            return math.inf

    def whole(key: str) -> int:
        return int(take(key, (int,)))  # type: ignore[call-overload, no-any-return]

    planes = whole("planes")
    if ("satellites" in values) == ("satellites_per_plane" in values):
        raise InvalidInputError("either satellites or satellites_per_plane is needed")
    satellites = (
        whole("satellites") if "satellites" in values else planes * whole("satellites_per_plane")
    )
    shell = Shell(
        inclination_deg=number("inclination_deg"),
        height_km=number("height_km"),
        planes=planes,
        satellites=satellites,
        phasing=number("phasing", 0.0),
        raan_offset_deg=number("raan_offset_deg", 0.0),
        generation=_generation(
            str(take("generation", (str,), "unknown")),
            bool(take("direct_to_cell", (bool,), False)),
        ),
        eccentricity=number("eccentricity", 1e-4),
        name=clean_name(str(take("name", (str,), ""))),
    )
    if values:
        raise InvalidInputError(f"the key {quoted(next(iter(values)))} is unknown")
    return shell


def _generation(name: str, direct_to_cell: bool) -> Generation:
    if name not in _GENERATIONS:
        raise InvalidInputError(f"generation {quoted(name)} is none of {', '.join(_GENERATIONS)}")
    if not direct_to_cell:
        return _GENERATIONS[name]
    if name != "v2-mini":
        raise InvalidInputError("direct_to_cell needs generation v2-mini")
    return Generation.V2_MINI_DIRECT_TO_CELL


def _plane_sizes(shell: Shell) -> list[int]:
    """Return the satellites in each plane, equal to within one, the larger ones spread evenly."""
    ends = [(p + 1) * shell.satellites // shell.planes for p in range(shell.planes)]
    return [end - start for start, end in zip([0, *ends[:-1]], ends, strict=True)]


def _catalogue(shells: list[Shell], source: str) -> Catalogue:
    names: list[str] = []
    labels = tuple(dict.fromkeys(shell.label for shell in shells))
    planes_so_far: dict[str, int] = {}
    anomaly: list[Floats] = []
    raan: list[Floats] = []
    for shell in shells:
        prefix = f"SHELL-{round(shell.inclination_deg, 1):g}-{shell.height_km:.0f}"
        first = planes_so_far.get(prefix, 0) + 1
        planes_so_far[prefix] = planes_so_far.get(prefix, 0) + shell.planes
        for plane, size in enumerate(_plane_sizes(shell)):
            names += [f"{prefix} P{first + plane:02d} S{s:02d}" for s in range(1, size + 1)]
            lead = plane * shell.phasing * 360.0 / shell.satellites
            anomaly.append((np.arange(size) * 360.0 / size + lead) % 360.0)
            raan.append(np.full(size, (shell.raan_offset_deg + plane * 360.0 / shell.planes) % 360))

    counts = [shell.satellites for shell in shells]
    n = len(names)

    def each(values: list[float]) -> Floats:
        return np.repeat(np.array(values, dtype=np.float64), counts)

    return Catalogue(
        source=source,
        names=tuple(names),
        numbers=np.arange(FIRST_NUMBER, FIRST_NUMBER + n, dtype=np.int64),
        epoch_jd=np.full(n, EPOCH_JD),
        epoch_fraction=np.zeros(n),
        bstar=np.zeros(n),
        ndot=np.zeros(n),
        nddot=np.zeros(n),
        eccentricity=each([shell.eccentricity for shell in shells]),
        arg_perigee=np.zeros(n),
        inclination=np.radians(each([shell.inclination_deg for shell in shells])),
        mean_anomaly=np.radians(np.concatenate(anomaly)),
        mean_motion=each(
            [
                kozai_mean_motion(math.radians(s.inclination_deg), s.height_km, s.eccentricity)
                for s in shells
            ]
        ),
        raan=np.radians(np.concatenate(raan)),
        generation=np.repeat(np.array([s.generation for s in shells], dtype=np.int8), counts),
        shell=np.repeat(
            np.array([labels.index(shell.label) for shell in shells], dtype=np.int16), counts
        ),
        shell_names=labels,
        ageless=True,
    )
