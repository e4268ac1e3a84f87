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
3. **Operational**: the mean height lies within 5 km of a populated one of its inclination.
4. **Raising**: everything else, on its way up or down. It sees and links nobody.

Rules 2 to 4 need a constellation to look at: catalogues of fewer than 100 satellites, and shells,
which describe working orbits by definition, count as operational throughout.
"""

from __future__ import annotations

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
    answer = np.zeros(len(catalogue), dtype=np.bool_)
    heights = catalogue.heights_km
    sectors = np.floor(np.degrees(catalogue.raan) % 360.0 / (360.0 / SECTORS)).astype(np.intp)
    for group in _inclination_groups(catalogue):
        of_group = heights[group]
        populated = np.sort(of_group[_all_round(of_group, sectors[group] % SECTORS)])
        answer[group] = _distance_to(populated, of_group) <= STATION_HEIGHT_KM
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
    within 10 km. Catalogues too small for the rules have no shells.
    """
    shell = np.full(len(catalogue), -1, dtype=np.int16)
    if len(catalogue) < SMALLEST_CONSTELLATION:
        return shell, ()
    heights = catalogue.heights_km
    working = on_station(catalogue)
    names: list[str] = []
    for group in _inclination_groups(catalogue):
        members = group[working[group]]
        centres = _peaks(heights[members], MAX_SHELLS - len(names))
        # A satellite belongs to the shell on whose side of the midpoints it is.
        nearest = np.searchsorted((centres[1:] + centres[:-1]) / 2.0, heights[members])
        for i, centre in enumerate(centres):
            near_enough = np.abs(heights[members] - centre) <= SHELL_REACH_KM
            belongs = members[near_enough & (nearest == i)]
            shell[belongs] = len(names)
            inclination = float(np.median(catalogue.inclination[belongs]))
            names.append(shell_label(np.degrees(inclination), float(centre)))
    return shell, tuple(names)


def _inclination_groups(catalogue: Catalogue) -> list[npt.NDArray[np.intp]]:
    """Split the satellites, by index, where sorted inclinations are more than 0.5 degrees apart."""
    order = np.argsort(catalogue.inclination, kind="stable")
    steps = np.diff(np.degrees(catalogue.inclination[order]))
    return np.split(order, np.flatnonzero(steps > SAME_INCLINATION_DEG) + 1)


def _all_round(heights: Floats, sectors: npt.NDArray[np.intp]) -> Bools:
    """Return around which of the heights, shape (n,), satellites go all round the Earth."""
    occupied = np.zeros(heights.size, dtype=np.intp)
    neighbours = np.zeros(heights.size, dtype=np.intp)
    for sector in range(SECTORS):
        there = np.sort(heights[sectors == sector])
        above = np.searchsorted(there, heights + SAME_HEIGHT_KM, side="right")
        below = np.searchsorted(there, heights - SAME_HEIGHT_KM, side="left")
        occupied += above > below
        neighbours += above - below
    many_planes = (occupied >= SECTORS_ALL_ROUND) & (neighbours >= SATELLITES_ALL_ROUND)
    few_planes = (occupied >= SECTORS_FEW_PLANES) & (neighbours >= SATELLITES_FEW_PLANES)
    return many_planes | few_planes


def _distance_to(sorted_values: Floats, heights: Floats) -> Floats:
    """Return how far each height is from the nearest of the values; infinity if there is none."""
    if sorted_values.size == 0:
        return np.full(heights.shape, np.inf)
    right = np.searchsorted(sorted_values, heights).clip(0, sorted_values.size - 1)
    left = (right - 1).clip(0)
    return np.asarray(
        np.minimum(np.abs(sorted_values[left] - heights), np.abs(sorted_values[right] - heights))
    )


def _peaks(heights: Floats, most: int) -> Floats:
    """Return the centres of at most so many shells among working heights, ascending."""
    left = np.sort(heights)
    centres: list[float] = []
    while left.size >= SMALLEST_SHELL and len(centres) < most:
        first = np.searchsorted(left, left - PEAK_HALF_WIDTH_KM, side="left")
        last = np.searchsorted(left, left + PEAK_HALF_WIDTH_KM, side="right")
        best = int(np.argmax(last - first))
        if last[best] - first[best] < SMALLEST_SHELL:
            break
        centre = float(np.median(left[first[best] : last[best]]))
        centres.append(centre)
        left = left[np.abs(left - centre) > SHELL_HALF_WIDTH_KM]
    return np.sort(np.array(centres, dtype=np.float64))
