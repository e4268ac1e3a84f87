"""When satellites that serve ordinary phones stand over a place: contact windows, and the gaps.

The satellites are looked at when slots begin; between two slots a cubic runs through positions and
velocities, and rises and settings are found on it by halving. A window that opens and closes
between two looks is found at its highest point.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numba
import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.geo.ellipsoid import local_frames, places_earth_fixed
from baluardo.terms import SLOT_SECONDS, Generation, Mask, Place, Status, slot_start
from baluardo.twin.radio.direct_to_cell import residual_doppler_hz
from baluardo.twin.sky.propagation import Propagator, States
from baluardo.twin.sky.sky import Sky
from baluardo.twin.sky.visibility import Observers, hidden

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]

TIME_TOLERANCE_S = 0.1
"""Rises and settings are at least as exact as this: a beam's schedule is no finer."""

_HALVINGS = int(np.ceil(np.log2(SLOT_SECONDS / (0.5 * TIME_TOLERANCE_S))))
"""Of one slot: its middle is then within half the tolerance."""

_THIRDS = 20
"""A search for the highest point keeps two thirds each time: of two slots 10 ms remain."""

_NEAR_DEG = 12.0
"""A satellite that is at most this far below the limit at the nearer of two looks may rise above it
between them: overhead, where that is fastest, one at 300 km climbs 11 degrees in half a slot."""

SLOTS_AT_ONCE = 240
"""Slots, an hour, that are propagated in one call."""


@dataclass(frozen=True, slots=True)
class Window:
    """A satellite's time above the mask of a place, POSIX seconds; cut at the span's ends."""

    satellite: int
    """Index into the catalogue."""
    rise: float
    end: float
    highest_deg: float
    """Highest elevation in the window, degrees."""
    highest_at: float
    """When it is reached."""

    @property
    def seconds(self) -> float:
        """Return how long the window is."""
        return self.end - self.rise


def direct_satellites(sky: Sky) -> Indices:
    """Return the indices of the satellites that were built for direct to cell."""
    built = sky.catalogue.generation == Generation.V2_MINI_DIRECT_TO_CELL
    return np.flatnonzero(built)


def windows(
    sky: Sky, place_at: Callable[[float], Place], mask: Mask, slots: range
) -> tuple[Window, ...]:
    """Return the windows of direct-to-cell satellites in a span of slots, by their rise.

    place_at: where the phones are at a POSIX time; mask: what they see (an angle to the
    geostationary arc is no rule for phones, and refused). InvalidInputError if there is no slot.
    """
    if len(slots) == 0 or slots.step != 1:
        raise InvalidInputError("slots is not a span of at least one slot.")
    if mask.gso_avoidance_deg > 0.0:
        raise InvalidInputError(
            f"gso_avoidance_deg {mask.gso_avoidance_deg:g} is a rule for dishes, not for phones."
        )
    satellites = direct_satellites(sky)
    if satellites.size == 0:
        return ()
    chosen = np.zeros(len(sky.catalogue), dtype=np.bool_)
    chosen[satellites] = True
    propagator = Propagator(sky.catalogue.select(chosen))
    pieces: list[Window] = []
    for first in range(slots.start, slots.stop, SLOTS_AT_ONCE):
        some = range(first, min(first + SLOTS_AT_ONCE, slots.stop))
        pieces += _windows_of(sky, propagator, satellites, place_at, mask, some)
    return _joined(pieces)


def gaps(found: Sequence[Window], start: float, end: float) -> tuple[tuple[float, float], ...]:
    """Return the times (POSIX seconds) between `start` and `end` in which no window is open."""
    out = []
    reached = start
    for window in sorted(found, key=lambda w: w.rise):
        if window.rise > reached:
            out.append((reached, min(window.rise, end)))
        reached = max(reached, window.end)
        if reached >= end:
            break
    if reached < end:
        out.append((reached, end))
    return tuple(out)


def edge_residual_hz(
    place: Place,
    position: Floats,
    velocity: Floats,
    carrier_hz: float,
    along_km: float,
    across_km: float,
) -> float:
    """Return the largest Doppler shift left at the edge of a beam whose centre is the place, Hz.

    position, velocity: of the satellite, shape (3,), km and km/s, Earth-fixed; along_km, across_km:
    the axes of its footprint, on level ground: the Earth's curve changes the answer by less than
    1 %. The shift at the centre is taken out (the operator's compensation).
    """
    centre = places_earth_fixed([place])[0]
    east, north, up = local_frames([place.lat_deg], [place.lon_deg])[0]
    away = centre - position
    level = away - (away @ up) * up
    length = float(np.linalg.norm(level))
    along = level / length if length > 1e-9 else north
    across = np.cross(up, along) if length > 1e-9 else east
    half = np.array([0.5 * along_km, -0.5 * along_km, 0.5 * across_km, -0.5 * across_km])
    edge = centre + half[:, None] * np.array([along, along, across, across])
    left = residual_doppler_hz(edge, centre, position, velocity, carrier_hz)
    return float(np.abs(left).max())


def _windows_of(
    sky: Sky,
    propagator: Propagator,
    satellites: Indices,
    place_at: Callable[[float], Place],
    mask: Mask,
    slots: range,
) -> list[Window]:
    times = np.array([slot_start(slot) for slot in (*slots, slots.stop)])
    states = propagator.earth_fixed(times)
    track = _Track.of(place_at, mask, times)
    working = operational(sky, satellites, states.positions)
    orbit = _Orbits(times, states)
    elevations = np.empty((len(times), satellites.size))
    visible = np.empty((len(times), satellites.size), dtype=np.bool_)
    for k, time in enumerate(times.tolist()):
        every = np.arange(satellites.size)
        elevations[k], visible[k] = track.look(np.full(every.size, time), orbit.at(every, k, 0.0))
    visible &= working
    found = _edges(visible, track, orbit)
    found += _between_looks(elevations, visible, working, track, orbit, mask)
    return _measured(found, satellites, elevations, track, orbit)


@dataclass(frozen=True, slots=True, eq=False)
class _Track:
    """The place at the looks; between them it moves evenly."""

    times: Floats
    positions: Floats
    """Shape (looks, 3), km."""
    frames: Floats
    observers: Observers
    """Only its mask is used."""

    @classmethod
    def of(cls, place_at: Callable[[float], Place], mask: Mask, times: Floats) -> _Track:
        places = [place_at(time) for time in times.tolist()]
        return cls(
            times,
            places_earth_fixed(places),
            local_frames([p.lat_deg for p in places], [p.lon_deg for p in places]),
            Observers.of(places[:1], mask),
        )

    def look(self, times: Floats, satellites: Floats) -> tuple[Floats, Bools]:
        """Return elevations (deg) of satellites, (n, 3), at times, (n,), and whether in view."""
        step = np.clip((times - self.times[0]) / SLOT_SECONDS, 0.0, len(self.times) - 1.0)
        k = np.minimum(step.astype(np.intp), len(self.times) - 2)
        part = (step - k)[:, None]
        here = self.positions[k] + part * (self.positions[k + 1] - self.positions[k])
        # A ship turns by a thousandth of a degree a slot: the nearer look's frame will do.
        frame = self.frames[np.rint(step).astype(np.intp)]
        sines, azimuths = _directions(here, frame, satellites)
        o = self.observers
        clear = ~_hidden(azimuths, sines, o.obstructions)
        return np.degrees(np.arcsin(np.clip(sines, -1.0, 1.0))), (sines >= o.min_sine[0]) & clear


@dataclass(frozen=True, slots=True, eq=False)
class _Orbits:
    times: Floats
    states: States

    def at(self, satellites: Indices, look: npt.ArrayLike, part: npt.ArrayLike) -> Floats:
        """Return positions, (n, 3), at a part of the slot after a look, by Hermite's cubic.

        It leaves a circular orbit by h^4 / 384 n^4 r, less than a millimetre in 15 s.
        """
        k = np.minimum(np.broadcast_to(look, satellites.shape), len(self.times) - 2)
        u = (np.broadcast_to(part, satellites.shape) + (np.asarray(look) - k))[:, None]
        p, v, h = self.states.positions, self.states.velocities, float(SLOT_SECONDS)
        return np.asarray(
            (1.0 + 2.0 * u) * (1.0 - u) ** 2 * p[k, satellites]
            + u * u * (3.0 - 2.0 * u) * p[k + 1, satellites]
            + h * u * (1.0 - u) ** 2 * v[k, satellites]
            + h * u * u * (u - 1.0) * v[k + 1, satellites]
        )


def operational(sky: Sky, satellites: Indices, positions: Floats) -> Bools:
    """Return which satellites work at each look, shape (looks, satellites).

    positions: of these satellites alone, shape (looks, satellites, 3), km, Earth-fixed.
    """
    everywhere = np.full((len(sky.catalogue), 3), np.nan)
    out = np.empty(positions.shape[:2], dtype=np.bool_)
    for k, moment in enumerate(positions):
        everywhere[satellites] = moment
        out[k] = sky.statuses(everywhere)[satellites] == Status.OPERATIONAL
    return out


_Span = tuple[int, float, float]
"""Row of a satellite, first and last moment in view."""


def _edges(visible: Bools, track: _Track, orbit: _Orbits) -> list[_Span]:
    """Return the spans in which satellites are seen at one look at least."""
    step = visible[1:] != visible[:-1]
    look, row = np.nonzero(step)
    turns = _turning(look, row, visible[look, row], track, orbit)
    spans: list[_Span] = []
    for satellite in np.flatnonzero(visible.any(axis=0)).tolist():
        mine = turns[row == satellite]
        edges = [*([track.times[0]] if visible[0, satellite] else []), *mine.tolist()]
        if visible[-1, satellite]:
            edges.append(track.times[-1])
        spans += [(satellite, a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]
    return spans


def _turning(look: Indices, row: Indices, before: Bools, track: _Track, orbit: _Orbits) -> Floats:
    """Return when the view of satellites changes in the slots after looks, by halving."""
    low, high = np.zeros(look.size), np.ones(look.size)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        same = _seen(look, row, middle, track, orbit)[1] == before
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return np.asarray(track.times[look] + 0.5 * (low + high) * SLOT_SECONDS)


def _seen(
    look: Indices, row: Indices, part: Floats, track: _Track, orbit: _Orbits
) -> tuple[Floats, Bools]:
    return track.look(track.times[look] + part * SLOT_SECONDS, orbit.at(row, look, part))


def _between_looks(
    elevations: Floats, visible: Bools, working: Bools, track: _Track, orbit: _Orbits, mask: Mask
) -> list[_Span]:
    """Return the spans of satellites that culminate above the mask between two looks."""
    nearer = np.maximum(elevations[:-1], elevations[1:])
    low = nearer > mask.min_elevation_deg - _NEAR_DEG
    low &= ~visible[:-1] & ~visible[1:] & working[:-1] & working[1:]
    # Climbing at the first look and sinking at the second: the sign of the elevation's change.
    eps = 1e-3
    look, row = np.nonzero(low)
    if look.size == 0:
        return []
    zero = np.zeros(look.size)
    first = _seen(look, row, zero + eps, track, orbit)[0] > _seen(look, row, zero, track, orbit)[0]
    last = _seen(look, row, zero + 1.0, track, orbit)[0]
    peak = first & (last < _seen(look, row, zero + 1.0 - eps, track, orbit)[0])
    look, row = look[peak], row[peak]
    top = _highest(
        lambda part: _seen(look, row, part, track, orbit)[0],
        np.zeros(look.size),
        np.ones(look.size),
    )
    above = _seen(look, row, top, track, orbit)[1]
    look, row, top = look[above], row[above], top[above]
    spans = []
    for side in (0.0, 1.0):
        edge, inside = np.full(look.size, side), top.copy()
        for _ in range(_HALVINGS):
            middle = 0.5 * (edge + inside)
            sees = _seen(look, row, middle, track, orbit)[1]
            edge, inside = np.where(sees, edge, middle), np.where(sees, middle, inside)
        spans.append(track.times[look] + 0.5 * (edge + inside) * SLOT_SECONDS)
    return [
        (satellite, rise, end)
        for satellite, rise, end in zip(row.tolist(), *(s.tolist() for s in spans), strict=True)
        if end > rise
    ]


def _measured(
    spans: Sequence[_Span],
    satellites: Indices,
    elevations: Floats,
    track: _Track,
    orbit: _Orbits,
) -> list[Window]:
    """Return windows with their highest points."""
    if not spans:
        return []
    row, rise, end = (np.array(column) for column in zip(*spans, strict=True))
    inside = (track.times >= rise[:, None]) & (track.times <= end[:, None])
    nearest = np.rint((0.5 * (rise + end) - track.times[0]) / SLOT_SECONDS).astype(np.intp)
    best = np.where(inside, elevations[:, row].T, -np.inf).argmax(axis=1)
    around = track.times[np.where(inside.any(axis=1), best, nearest)]
    low = np.maximum(rise, around - SLOT_SECONDS)
    high = np.minimum(end, around + SLOT_SECONDS)

    def height(time: Floats) -> Floats:
        step = (time - track.times[0]) / SLOT_SECONDS
        look = np.minimum(step.astype(np.intp), len(track.times) - 2)
        return _seen(look, row, step - look, track, orbit)[0]

    # A window that is cut at an end of the span may be highest right there.
    moments = np.stack([_highest(height, low, high), low, high])
    heights = np.stack([height(moment) for moment in moments])
    which = heights.argmax(axis=0), np.arange(len(row))
    return [
        Window(int(satellites[r]), float(a), float(b), float(h), float(t))
        for r, a, b, h, t in zip(row, rise, end, heights[which], moments[which], strict=True)
    ]


def _highest(height: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """Return where a height that climbs and then sinks is greatest, between two moments."""
    for _ in range(_THIRDS):
        one, other = low + (high - low) / 3.0, high - (high - low) / 3.0
        climbs = height(one) < height(other)
        low, high = np.where(climbs, one, low), np.where(climbs, high, other)
    return np.asarray(0.5 * (low + high))


def _joined(pieces: Sequence[Window]) -> tuple[Window, ...]:
    """Put together the windows that were cut where one call's slots end."""
    out: list[Window] = []
    for piece in sorted(pieces, key=lambda w: (w.satellite, w.rise)):
        before = out[-1] if out else None
        if before and before.satellite == piece.satellite and before.end == piece.rise:
            higher = max(before, piece, key=lambda w: w.highest_deg)
            out[-1] = replace(
                before,
                end=piece.end,
                highest_deg=higher.highest_deg,
                highest_at=higher.highest_at,
            )
        else:
            out.append(piece)
    return tuple(sorted(out, key=lambda w: (w.rise, w.satellite)))


def _directions(here: Floats, frames: Floats, satellites: Floats) -> tuple[Floats, Floats]:
    """Return sines of elevations and azimuths (rad, 0 to 2 pi) of satellites, each (n,)."""
    away = satellites - here
    east, north, up = np.einsum("nij,nj->in", frames, away)
    length = np.linalg.norm(away, axis=1)
    return up / length, np.arctan2(east, north) % (2.0 * np.pi)


@numba.njit(cache=True, nogil=True)
def _hidden(azimuths, sines, obstructions):  # type: ignore[no-untyped-def]
    """Tell which directions an obstruction of the place covers, shape (n,)."""
    out = np.zeros(azimuths.shape[0], dtype=np.bool_)
    for i in range(azimuths.shape[0]):
        out[i] = hidden(azimuths[i], sines[i], obstructions, 0, obstructions.shape[0])
    return out
