"""An emergency described in one TOML file: an earthquake, what it breaks, and who is warned."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from baluardo.errors import ScenarioError
from baluardo.foreign_input import printable, read_file
from baluardo.scenario.table import Table
from baluardo.terms import Bilingual

Floats = npt.NDArray[np.float64]

VERSION: Final = 1
MOST_BYTES: Final = 65_536
CONTOUR_STEP: Final = 0.5
"""Between two contours of intensity."""
CONTOUR_POINTS: Final = 72
FARTHEST_KM: Final = 500.0
KM_PER_DEG: Final = 111.2


@dataclass(frozen=True, slots=True)
class Attenuation:
    """How macroseismic intensity falls with distance; the file says whose law it is."""

    a: float
    b: float
    c: float
    d: float
    h_km: float

    def intensity(self, magnitude: float, distance_km: Floats) -> Floats:
        """Return the intensity at distances from the epicentre."""
        slant = np.hypot(distance_km, self.h_km)
        fall = self.c * (slant - self.h_km) + self.d * np.log(slant / self.h_km)
        return np.asarray(self.a + self.b * magnitude - fall)


@dataclass(frozen=True, slots=True)
class Event:
    """An earthquake as read: everything in it is possible, or reading has refused it."""

    source: str
    name: Bilingual
    time: float
    """POSIX seconds."""
    lat_deg: float
    lon_deg: float
    magnitude: float
    attenuation: Attenuation
    ground_lost: tuple[tuple[float, float], ...]
    """Intensity, share of the ground network that is lost there; both grow."""
    least_intensity: float
    level: str
    template: str
    languages: tuple[str, ...]

    def intensity_at(self, lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike) -> Floats:
        """Return the intensity at places, arrays of one shape, degrees."""
        north = np.radians(np.asarray(lat_deg, dtype=np.float64))
        here = math.radians(self.lat_deg)
        east = np.radians(np.asarray(lon_deg, dtype=np.float64) - self.lon_deg)
        half = np.sin((north - here) / 2.0) ** 2
        half += math.cos(here) * np.cos(north) * np.sin(east / 2.0) ** 2
        distance_km = 2.0 * 6_371.0 * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))
        return self.attenuation.intensity(self.magnitude, distance_km)

    def ground_lost_at(self, lat_deg: npt.ArrayLike, lon_deg: npt.ArrayLike) -> Floats:
        """Return which share of the ground network is lost at places."""
        intensities, shares = zip(*self.ground_lost, strict=True)
        felt = self.intensity_at(lat_deg, lon_deg)
        return np.asarray(np.interp(felt, intensities, shares, left=0.0))

    def contours(self) -> dict[str, Any]:
        """Return the intensities as GeoJSON contours, as maps of shaking are published."""
        highest = float(self.attenuation.intensity(self.magnitude, np.zeros(1))[0])
        lowest = math.ceil(min(i for i, _ in self.ground_lost) / CONTOUR_STEP) * CONTOUR_STEP
        features = []
        for value in np.arange(lowest, highest, CONTOUR_STEP).tolist():
            radius_km = self._radius(value)
            if radius_km <= 0.0:
                continue
            features.append(
                {
                    "type": "Feature",
                    "properties": {"value": value},
                    "geometry": {"type": "MultiLineString", "coordinates": [self._ring(radius_km)]},
                }
            )
        return {"type": "FeatureCollection", "features": features}

    def _radius(self, intensity: float) -> float:
        low, high = 0.0, FARTHEST_KM
        for _ in range(50):
            middle = 0.5 * (low + high)
            felt = self.attenuation.intensity(self.magnitude, np.array([middle]))[0]
            low, high = (middle, high) if felt >= intensity else (low, middle)
        return low

    def _ring(self, radius_km: float) -> list[list[float]]:
        turns = np.linspace(0.0, 2.0 * math.pi, CONTOUR_POINTS + 1)
        lat = self.lat_deg + radius_km / KM_PER_DEG * np.cos(turns)
        wide = KM_PER_DEG * math.cos(math.radians(self.lat_deg))
        lon = self.lon_deg + radius_km / wide * np.sin(turns)
        ring: list[list[float]] = np.round(np.column_stack([lon, lat]), 5).tolist()
        ring[-1] = ring[0]
        return ring


def default_event_path() -> Path:
    """Return the event that is played where none is named: norcia2016.toml of the package."""
    return Path(__file__).parent / "data" / "norcia2016.toml"


def load_event(path: Path) -> Event:
    """Read a file. SourceError if it cannot be read, ScenarioError if it is not right."""
    return parse_event(read_file(path, MOST_BYTES, "The event"), printable(path.name))


def parse_event(content: bytes, source: str) -> Event:
    """Read an event from its octets; `source` names it in errors (ScenarioError)."""
    if len(content) > MOST_BYTES:
        raise ScenarioError(f"{source} is larger than {MOST_BYTES:,} octets.")
    try:
        values = tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{source} is not UTF-8 text (octet {error.start}).") from None
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise ScenarioError(f"{source} is not TOML: {error}.") from None
    time = values.pop("time", None)
    table = Table(values, source)
    if table.number("version") != VERSION:
        table.refuse("version", f"is not {VERSION}, the version this program reads")
    if not isinstance(time, datetime) or time.tzinfo is None:
        table.refuse("time", "must be a date and time with its offset from UTC")
    name, quake, warning = table.table("name"), table.table("earthquake"), table.table("warning")
    event = Event(
        source,
        Bilingual(it=name.text("it"), en=name.text("en")),
        time.astimezone(UTC).timestamp(),
        _within(quake, "lat_deg", -80.0, 80.0),
        _within(quake, "lon_deg", -180.0, 180.0),
        _within(quake, "magnitude", 3.0, 10.0),
        _attenuation(quake.table("attenuation")),
        _ground_lost(table),
        _within(warning, "least_intensity", 1.0, 12.0),
        warning.text("level"),
        warning.text("template"),
        warning.texts("languages"),
    )
    for each in (table, name, quake, warning):
        each.done()
    return event


def _attenuation(table: Table) -> Attenuation:
    found = Attenuation(
        _within(table, "a", -50.0, 50.0),
        _within(table, "b", 0.0, 10.0),
        _within(table, "c", 0.0, 1.0),
        _within(table, "d", 0.0, 10.0),
        _within(table, "h_km", 0.1, 100.0),
    )
    table.done()
    return found


def _ground_lost(table: Table) -> tuple[tuple[float, float], ...]:
    found = []
    for each in table.tables("ground_lost", 24):
        found.append((_within(each, "intensity", 1.0, 12.0), _within(each, "share", 0.0, 1.0)))
        each.done()
    if not found:
        table.refuse("ground_lost", "is missing: say what an intensity takes out")
    if found != sorted(found) or len({i for i, _ in found}) != len(found):
        table.refuse("ground_lost", "must stand in the order of growing intensities")
    if [share for _, share in found] != sorted(share for _, share in found):
        table.refuse("ground_lost", "cannot take out less where it shakes more")
    return tuple(found)


def _within(table: Table, key: str, least: float, most: float) -> float:
    value = table.number(key)
    if not least <= value <= most:
        table.refuse(key, f"is {value:g}; {least:g} to {most:g}")
    return value
