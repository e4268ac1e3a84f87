"""What a satellite can do: working, being raised or lowered, decayed; and how old its elements are.

The rules, which docs/limits.md repeats for people:

1. **Decayed**: SGP4 refuses the satellite at that time, or it is then below 200 km, where no orbit
   survives more than a few days, or more than 200 km above its own apogee: far from their epoch,
   elements with strong drag throw a satellite out of the sky before SGP4 refuses it.
2. **Working heights.** A satellite's height is *populated* when the satellites within 5 km of it
   and within 0.5 degrees of inclination are many and go all round the Earth: at least 50 of them
   in at least 12 of the 36 sectors of 10 degrees in which their ascending nodes may stand, or at
   least 150 in at least 4 (a polar shell has few planes). Satellites on their way share the plane
   they were launched into: a train fills a sector or two, a few trains that happen to be at one
   height a few; old satellites on their way down are spread widely but thinly.
3. **Operational**: the mean height lies within 5 km of a populated one of its inclination, again
   within 0.5 degrees.
4. **Raising**: everything else, on its way up or down. It sees and links nobody.

Rules 2 to 4 need a constellation to look at: catalogues of fewer than 100 satellites, and shells,
which describe working orbits by definition, count as operational throughout.
"""

from __future__ import annotations

from collections.abc import Iterator

import numba
import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.terms import Status
from baluardo.twin.sky.catalogue import (
    EARTH_RADIUS_KM,
    SECONDS_PER_DAY,
    Catalogue,
    Floats,
)

Bools = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]
Counts = npt.NDArray[np.int32]

# Our choices; the module's docstring says why.
DECAY_HEIGHT_KM = 200.0
ASTRAY_KM = 200.0
SMALLEST_CONSTELLATION = 100
SAME_INCLINATION_DEG = 0.5
SAME_HEIGHT_KM = 5.0
STATION_HEIGHT_KM = 5.0
SECTORS = 36
SECTORS_ALL_ROUND = 12
SATELLITES_ALL_ROUND = 50
SECTORS_FEW_PLANES = 4
SATELLITES_FEW_PLANES = 150
PEAK_HALF_WIDTH_KM = 1.0
SHELL_HALF_WIDTH_KM = 3.0
"""Satellites this close in height belong to one shell: 53.1/547 and 53.2/540 are two."""
SHELL_REACH_KM = 10.0
MAX_SHELLS = 100
"""More than any legend can show; a guard against catalogues made to have thousands."""
SMALLEST_SHELL = 20

LOW_ORBIT_KM = 400.0
LOW_VALIDITY_S = 2.0 * SECONDS_PER_DAY
"""How long elements hold below `LOW_ORBIT_KM`, where drag is strong."""
HIGH_VALIDITY_S = 7.0 * SECONDS_PER_DAY


def stale(catalogue: Catalogue, time: float) -> Bools:
    """Return which satellites' elements are too far from a time to be trusted, shape (n,).

    Valid 2 days before and after their epoch under 400 km, 7 days otherwise; shells always.
    """
    if catalogue.ageless:
        return np.zeros(len(catalogue), dtype=np.bool_)
    validity = np.where(catalogue.heights_km < LOW_ORBIT_KM, LOW_VALIDITY_S, HIGH_VALIDITY_S)
    return np.asarray(np.abs(time - catalogue.epochs) > validity, dtype=np.bool_)


def on_station(catalogue: Catalogue) -> Bools:
    """Return which satellites fly at a working height (rules 2 and 3), shape (n,).

    It depends on the catalogue alone: compute it once and hand it to `statuses`.
    """
    if catalogue.ageless or len(catalogue) < SMALLEST_CONSTELLATION:
        return np.ones(len(catalogue), dtype=np.bool_)
    order = np.argsort(catalogue.heights_km, kind="stable")
    heights = catalogue.heights_km[order]
    inclinations_deg = np.degrees(catalogue.inclination)[order]
    degrees_a_sector = 360.0 / SECTORS
    sectors = np.floor(np.degrees(catalogue.raan[order]) % 360.0 / degrees_a_sector)
    sectors = sectors.astype(np.intp) % SECTORS

    every = np.ones(len(order), dtype=np.bool_)
    around = _neighbours(heights, inclinations_deg, sectors, every, SAME_HEIGHT_KM)
    occupied, neighbours = np.count_nonzero(around, axis=1), around.sum(axis=1)
    populated = (occupied >= SECTORS_ALL_ROUND) & (neighbours >= SATELLITES_ALL_ROUND)
    populated |= (occupied >= SECTORS_FEW_PLANES) & (neighbours >= SATELLITES_FEW_PLANES)
    examples = _neighbours(heights, inclinations_deg, sectors, populated, STATION_HEIGHT_KM)
    answer = np.empty(len(order), dtype=np.bool_)
    answer[order] = examples.any(axis=1)
    return answer


def statuses(
    catalogue: Catalogue, heights_km: Floats, station: Bools | None = None
) -> npt.NDArray[np.int8]:
    """Return the `terms.Status` of every satellite, shape (n,), at the time of `heights_km`.

    `heights_km`, shape (n,), are the heights at that time, NaN where SGP4 refuses; `station` is
    the answer of `on_station`, computed here where it is not given. InvalidInputError if the
    shapes are not those of the catalogue.
    """
    if station is None:
        station = on_station(catalogue)
    for name, value in (("heights_km", heights_km), ("station", station)):
        if value.shape != (len(catalogue),):
            raise InvalidInputError(
                f"{name} has shape {value.shape}, but the catalogue {len(catalogue)} satellites."
            )
    answer = np.where(station, np.int8(Status.OPERATIONAL), np.int8(Status.RAISING))
    # A comparison with NaN is false, so that a refused satellite counts as decayed.
    semi_major = catalogue.heights_km + EARTH_RADIUS_KM
    ceiling = semi_major * (1.0 + catalogue.eccentricity) - EARTH_RADIUS_KM + ASTRAY_KM
    answer[~((heights_km >= DECAY_HEIGHT_KM) & (heights_km <= ceiling))] = Status.DECAYED
    return answer.astype(np.int8)


def shell_label(inclination_deg: float, height_km: float) -> str:
    """Return a shell's name for people, such as "53.2° 540 km"."""
    return f"{round(inclination_deg, 1):g}° {height_km:.0f} km"


def shell_of(catalogue: Catalogue) -> tuple[npt.NDArray[np.int16], tuple[str, ...]]:
    """Sort the working satellites of a measured catalogue into shells.

    Returns the index of each satellite's shell, shape (n,), -1 for none, and the shells' names,
    by inclination and height. A shell stands at the height where most satellites are within 1 km,
    takes those within 3 km, and so on while 20 or more are found; the rest join the nearest shell
    within 10 km. Inclinations are sorted in the same way, each taking those within 0.5 degrees.
    Catalogues too small for the rules have no shells.
    """
    shell = np.full(len(catalogue), -1, dtype=np.int16)
    if len(catalogue) < SMALLEST_CONSTELLATION:
        return shell, ()
    inclinations_deg, heights = np.degrees(catalogue.inclination), catalogue.heights_km
    working = np.flatnonzero(on_station(catalogue))
    by_inclination = _peaks(inclinations_deg[working], SAME_INCLINATION_DEG, SAME_INCLINATION_DEG)
    names: list[str] = []
    for _, group in _nearest(by_inclination, inclinations_deg, working, SAME_INCLINATION_DEG):
        by_height = _peaks(heights[group], PEAK_HALF_WIDTH_KM, SHELL_HALF_WIDTH_KM)
        for centre_km, members in _nearest(by_height, heights, group, SHELL_REACH_KM):
            if len(names) < MAX_SHELLS:
                shell[members] = len(names)
                inclination_deg = float(np.median(inclinations_deg[members]))
                names.append(shell_label(inclination_deg, centre_km))
    return shell, tuple(names)


def _neighbours(
    heights: Floats, inclinations_deg: Floats, sectors: Indices, counted: Bools, reach_km: float
) -> Counts:
    """Count the neighbours of satellites by sector of the node, shape (n, SECTORS).

    The arrays have shape (n,), in ascending order of height; only satellites where `counted` is
    true are neighbours. Each satellite has its own: groups of alike inclinations would join, one
    strange satellite after the other, into one that spans half the sky.
    """
    ordered = np.sort(inclinations_deg)
    return np.asarray(
        _count_neighbours(
            heights,
            np.searchsorted(ordered, inclinations_deg),
            np.searchsorted(ordered, inclinations_deg - SAME_INCLINATION_DEG),
            np.searchsorted(ordered, inclinations_deg + SAME_INCLINATION_DEG, side="right"),
            sectors,
            counted,
            reach_km,
        )
    )


@numba.njit(cache=True, nogil=True)
def _count_neighbours(
    heights: Floats,
    places: Indices,
    starts: Indices,
    ends: Indices,
    sectors: Indices,
    counted: Bools,
    reach_km: float,
) -> Counts:
    """Count by sector who is within reach in height and from `starts` to `ends` in inclination.

    `places` are the satellites' own places in the order of inclinations. A window slides over the
    heights; a binary indexed tree (Fenwick, 1994) holds who is in it: n log n, whatever crowds.
    """
    n = len(heights)
    tree = np.zeros((n + 1, SECTORS), dtype=np.int32)
    counts = np.zeros((n, SECTORS), dtype=np.int32)
    lowest, above = 0, 0
    for i in range(n):
        while above < n and heights[above] <= heights[i] + reach_km:
            if counted[above]:
                _add(tree, places[above], sectors[above], 1)
            above += 1
        while heights[lowest] < heights[i] - reach_km:
            if counted[lowest]:
                _add(tree, places[lowest], sectors[lowest], -1)
            lowest += 1
        k = ends[i]
        while k > 0:
            counts[i] += tree[k]
            k &= k - 1
        k = starts[i]
        while k > 0:
            counts[i] -= tree[k]
            k &= k - 1
    return counts


@numba.njit(cache=True, nogil=True)
def _add(tree: Counts, place: int, sector: int, change: int) -> None:
    k = place + 1
    while k < len(tree):
        tree[k, sector] += change
        k += k & -k


def _peaks(values: Floats, half_width: float, reach: float) -> Floats:
    """Return where values crowd, ascending: the densest place first, which takes all in reach.

    A peak is the median of the values within `half_width` of the one that has most of them; there
    are at most `MAX_SHELLS`, of at least `SMALLEST_SHELL` values each.
    """
    left = np.sort(values)
    centres: list[float] = []
    while left.size >= SMALLEST_SHELL and len(centres) < MAX_SHELLS:
        first = np.searchsorted(left, left - half_width, side="left")
        last = np.searchsorted(left, left + half_width, side="right")
        best = int(np.argmax(last - first))
        if last[best] - first[best] < SMALLEST_SHELL:
            break
        centre = float(np.median(left[first[best] : last[best]]))
        centres.append(centre)
        left = left[np.abs(left - centre) > reach]
    return np.sort(np.array(centres, dtype=np.float64))


def _nearest(
    centres: Floats, values: Floats, members: Indices, reach: float
) -> Iterator[tuple[float, Indices]]:
    """Yield each centre with the members whose value is within reach and nearest to it."""
    of_members = values[members]
    nearest = np.searchsorted((centres[1:] + centres[:-1]) / 2.0, of_members)
    for i, centre in enumerate(centres.tolist()):
        yield centre, members[(nearest == i) & (np.abs(of_members - centre) <= reach)]
