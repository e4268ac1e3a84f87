"""Who sees whom: places, static or moving, against every satellite, under each place's mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.geo.ellipsoid import local_frames, places_earth_fixed
from baluardo.terms import SPEED_OF_LIGHT_KM_S, Mask, Place

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

GEOSTATIONARY_RADIUS_KM = 42_164.2
"""Radius of the geostationary orbit: the period of one sidereal day (WGS-84 constants)."""

_ARC_STEP_DEG = 6.0
"""Spacing of the points by which the geostationary arc is searched first."""

_ARC_HALVINGS = 10
"""Halvings of that spacing around the best point: 0.006 deg along the arc, far less in angle."""


@dataclass(frozen=True, slots=True, eq=False)
class Observers:
    """Places prepared for looking: make once, look as often as wanted.

    Shapes: positions (places, 3) km Earth-fixed; frames (places, 3, 3) rows east, north, up.
    """

    names: tuple[str, ...]
    positions: Floats
    frames: Floats
    min_sine: Floats
    obstruction_starts: npt.NDArray[np.int64]
    obstructions: Floats
    """Rows (from azimuth, to azimuth, sine of elevation), radians, grouped by place."""
    gso_cosine: Floats
    """Cosine of each place's avoidance angle; 2 where the rule is off."""

    @classmethod
    def of(cls, places: Sequence[Place], masks: Mask | Sequence[Mask]) -> Observers:
        """Prepare places; `masks` is one for all or one for each (else InvalidInputError)."""
        each = [masks] * len(places) if isinstance(masks, Mask) else list(masks)
        if len(each) != len(places):
            raise InvalidInputError(f"{len(each)} masks were given for {len(places)} places.")
        rows = [
            (
                np.radians(o.from_azimuth_deg),
                np.radians(o.to_azimuth_deg),
                np.sin(np.radians(o.elevation_deg)),
            )
            for mask in each
            for o in mask.obstructions
        ]
        avoidance = np.array([m.gso_avoidance_deg for m in each], dtype=np.float64)
        return cls(
            names=tuple(p.name for p in places),
            positions=places_earth_fixed(places),
            frames=local_frames([p.lat_deg for p in places], [p.lon_deg for p in places]),
            min_sine=np.sin(np.radians([m.min_elevation_deg for m in each])),
            obstruction_starts=np.cumsum([0, *(len(m.obstructions) for m in each)]),
            obstructions=np.array(rows, dtype=np.float64).reshape(len(rows), 3),
            gso_cosine=np.where(avoidance > 0.0, np.cos(np.radians(avoidance)), 2.0),
        )

    def __len__(self) -> int:
        """Return the number of places."""
        return len(self.names)


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """Satellites in view of each place, highest first.

    Those of place `p` are the entries `starts[p]` to `starts[p + 1]` of the other arrays.
    """

    starts: npt.NDArray[np.int64]
    satellites: Ints
    range_km: Floats
    elevation_deg: Floats
    azimuth_deg: Floats

    def of(self, place: int) -> Sightings:
        """Return the sightings of one place."""
        view = slice(int(self.starts[place]), int(self.starts[place + 1]))
        return Sightings(
            np.array([0, view.stop - view.start]),
            self.satellites[view],
            self.range_km[view],
            self.elevation_deg[view],
            self.azimuth_deg[view],
        )

    def __len__(self) -> int:
        """Return the number of sightings of all places together."""
        return len(self.satellites)


def sightings(observers: Observers, positions: Floats, usable: Bools) -> Sightings:
    """Return which `usable` satellites each place may use at one time.

    positions: shape (satellites, 3), km, Earth-fixed; usable: shape (satellites,). Elevation is
    geometric (no refraction), azimuth clockwise from north.
    """
    starts, satellites, ranges, elevations, azimuths = _look(
        observers.positions,
        observers.frames,
        observers.min_sine,
        observers.obstruction_starts,
        observers.obstructions,
        observers.gso_cosine,
        positions,
        usable,
    )
    return Sightings(starts, satellites, ranges, np.degrees(elevations), np.degrees(azimuths))


def doppler_hz(
    place: Place, position: Floats, velocity: Floats, carrier_hz: float
) -> npt.NDArray[np.float64]:
    """Return the Doppler shift seen at a place, Hz, positive when the satellite comes closer.

    position, velocity: shape (..., 3), km and km/s, Earth-fixed. First order in v/c.
    """
    if not carrier_hz > 0.0:
        raise InvalidInputError(f"carrier_hz {carrier_hz} is not above 0.")
    towards = position - places_earth_fixed([place])[0]
    distance = np.linalg.norm(towards, axis=-1)
    receding_km_s = np.sum(towards * velocity, axis=-1) / distance
    return np.asarray(-receding_km_s / SPEED_OF_LIGHT_KM_S * carrier_hz)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _look(  # type: ignore[no-untyped-def]  # numba infers the types of a tuple of arrays
    places,
    frames,
    min_sine,
    obstruction_starts,
    obstructions,
    gso_cosine,
    positions,
    usable,
):
    n_places, n_satellites = places.shape[0], positions.shape[0]
    x, y, z = np.empty(n_satellites), np.empty(n_satellites), np.empty(n_satellites)
    for s in range(n_satellites):
        # An unusable satellite is put to the Earth's centre, where nobody sees it: the loop below
        # then needs one comparison only. NaN compares false as well.
        keep = 1.0 if usable[s] else 0.0
        x[s], y[s], z[s] = keep * positions[s, 0], keep * positions[s, 1], keep * positions[s, 2]
    starts = np.zeros(n_places + 1, np.int64)
    room = 64 * n_places + 64
    satellites = np.empty(room, np.int32)
    ranges, elevations, azimuths = np.empty(room), np.empty(room), np.empty(room)
    near = np.empty(n_satellites, np.int32)
    count = 0
    for p in range(n_places):
        px, py, pz = places[p, 0], places[p, 1], places[p, 2]
        ux, uy, uz = frames[p, 2, 0], frames[p, 2, 1], frames[p, 2, 2]
        horizon = ux * px + uy * py + uz * pz
        found = 0
        for s in range(n_satellites):
            near[found] = s
            found += 1 if ux * x[s] + uy * y[s] + uz * z[s] > horizon else 0
        first = count
        for i in range(found):
            s = near[i]
            dx, dy, dz = x[s] - px, y[s] - py, z[s] - pz
            distance = np.sqrt(dx * dx + dy * dy + dz * dz)
            sine = (ux * dx + uy * dy + uz * dz) / distance
            if not sine >= min_sine[p]:
                continue
            east = frames[p, 0, 0] * dx + frames[p, 0, 1] * dy + frames[p, 0, 2] * dz
            north = frames[p, 1, 0] * dx + frames[p, 1, 1] * dy + frames[p, 1, 2] * dz
            azimuth = np.arctan2(east, north)
            if azimuth < 0.0:
                azimuth += 2.0 * np.pi
            if hidden(
                azimuth, sine, obstructions, obstruction_starts[p], obstruction_starts[p + 1]
            ):
                continue
            if gso_cosine[p] <= 1.0:
                closest = cosine_to_arc(
                    px, py, pz, ux, uy, uz, dx / distance, dy / distance, dz / distance
                )
                if closest > gso_cosine[p]:
                    continue
            if count == room:
                room *= 2
                satellites = _grown(satellites, room)
                ranges = _grown(ranges, room)
                elevations = _grown(elevations, room)
                azimuths = _grown(azimuths, room)
            # Insertion keeps the highest first; about 40 entries a place.
            elevation = np.arcsin(min(sine, 1.0))
            k = count
            while k > first and elevations[k - 1] < elevation:
                satellites[k], ranges[k] = satellites[k - 1], ranges[k - 1]
                elevations[k], azimuths[k] = elevations[k - 1], azimuths[k - 1]
                k -= 1
            satellites[k], ranges[k] = s, distance
            elevations[k], azimuths[k] = elevation, azimuth
            count += 1
        starts[p + 1] = count
    return starts, satellites[:count], ranges[:count], elevations[:count], azimuths[:count]


@numba.njit(cache=True, nogil=True)
def _grown(array, room):  # type: ignore[no-untyped-def]
    larger = np.empty(room, array.dtype)
    larger[: array.shape[0]] = array
    return larger


@numba.njit(cache=True, nogil=True)
def hidden(azimuth, sine, obstructions, first, last):  # type: ignore[no-untyped-def]
    """Tell whether an obstruction covers a direction; one may run through north."""
    for k in range(first, last):
        begin, end = obstructions[k, 0], obstructions[k, 1]
        inside = begin <= azimuth <= end if begin <= end else (azimuth >= begin or azimuth <= end)
        if inside and sine < obstructions[k, 2]:
            return True
    return False


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _cosine_to_arc_point(  # type: ignore[no-untyped-def]
    longitude, px, py, pz, ux, uy, uz, dx, dy, dz
):
    """Cosine of the angle between a direction and an arc point; -2 if that is below the horizon."""
    qx = GEOSTATIONARY_RADIUS_KM * np.cos(longitude) - px
    qy = GEOSTATIONARY_RADIUS_KM * np.sin(longitude) - py
    qz = -pz
    if ux * qx + uy * qy + uz * qz < 0.0:
        return -2.0
    return (qx * dx + qy * dy + qz * dz) / np.sqrt(qx * qx + qy * qy + qz * qz)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def cosine_to_arc(px, py, pz, ux, uy, uz, dx, dy, dz):  # type: ignore[no-untyped-def]
    """Largest cosine between a direction and the visible geostationary arc; -2 if none is."""
    step = np.radians(_ARC_STEP_DEG)
    middle = np.arctan2(py, px)
    half = int(90.0 / _ARC_STEP_DEG)
    best, at = -2.0, middle
    for k in range(-half, half + 1):
        longitude = middle + k * step
        c = _cosine_to_arc_point(longitude, px, py, pz, ux, uy, uz, dx, dy, dz)
        if c > best:
            best, at = c, longitude
    if best == -2.0:
        return best
    # The cosine has one maximum along the arc, so halving the step around the best point finds it.
    for _ in range(_ARC_HALVINGS):
        step *= 0.5
        centre = at
        for side in (-1.0, 1.0):
            longitude = centre + side * step
            c = _cosine_to_arc_point(longitude, px, py, pz, ux, uy, uz, dx, dy, dz)
            if c > best:
                best, at = c, longitude
    return best
