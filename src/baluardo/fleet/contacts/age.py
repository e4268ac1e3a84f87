"""What the age of a satellite's elements does to the times of its contacts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.twin.sky.catalogue import Catalogue

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

SECONDS_PER_DAY = 86_400.0

ORBITAL_SPEED_KM_S = 7.6
"""Of a circular orbit 500 km up."""


@dataclass(frozen=True, slots=True)
class AgeModel:
    """How far along its orbit a satellite is from where its elements put it, as deviations.

    It rises and sets as much sooner or later as it is ahead or behind. Errors across the orbit, a
    tenth of those along it, matter only to passes that graze a limit, and are left out.
    """

    at_epoch_km: float = 1.0
    """SGP4 and the fit of its elements, about a kilometre (Vallado, Crawford, AIAA 2008-6770)."""
    per_day_km: float = 1.5
    """Not published for a constellation that manoeuvres daily; ours: drag and small thrusts."""
    per_day_squared_km: float = 0.5
    """Ours: a constant difference of drag grows with the square of time."""

    def __post_init__(self) -> None:
        """Refuse what no error can be."""
        for name in ("at_epoch_km", "per_day_km", "per_day_squared_km"):
            if not 0.0 <= getattr(self, name) <= 1e6:
                raise InvalidInputError(f"{name} {getattr(self, name)} is not from 0 to 1e6 km.")

    def along_km(self, age_s: npt.ArrayLike) -> Floats:
        """Return the deviation along the orbit after an age of either sign, km."""
        days = np.abs(np.asarray(age_s, np.float64)) / SECONDS_PER_DAY
        return np.asarray(
            self.at_epoch_km + self.per_day_km * days + self.per_day_squared_km * days**2
        )


def sigma_s(
    catalogue: Catalogue, satellite: Ints, times: Floats, model: AgeModel | None = None
) -> Floats:
    """Return deviations of the times at which satellites rise and set, s, shape (n,).

    satellite: indices into the catalogue, -1 for none (NaN comes out); times: POSIX seconds. The
    built-in pattern has no age: its orbits are exact by definition.
    """
    if catalogue.ageless:
        return np.where(satellite >= 0, 0.0, np.nan)
    age = times - catalogue.epochs[np.maximum(satellite, 0)]
    along = (model or AgeModel()).along_km(age)
    return np.where(satellite >= 0, along / ORBITAL_SPEED_KM_S, np.nan)
