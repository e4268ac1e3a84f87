"""The constellation's commercial users: 4 million on 2025-01-01, on H3 cells of resolution 5.

A model, not a census: national figures where somebody published one, the rest divided by rule, all
of it weighted towards people without a good fixed network. data/licensed.toml lists the markets,
the date, each national figure and its source; tools/make_subscribers.py states the rule and makes
data/subscribers.npz. Settlements come from GeoNames (geonames.org) under CC BY 4.0 and were changed
as the rule says. Ships and aircraft are not in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import as_file, files

import h3.api.numpy_int as h3
import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Subscribers:
    """Users on cells in ascending order of their numbers; every array has shape (n,)."""

    numbers: npt.NDArray[np.uint64]
    """H3 cells of resolution 5."""
    lat_deg: Floats
    """Latitude of each cell's centre, which on a coast or a small island may lie in the sea."""
    lon_deg: Floats
    users: Floats
    """Commercial users in the cell; not whole numbers, but each country's sum is one."""
    country: npt.NDArray[np.int16]
    """Index into `countries`: each cell belongs to one country."""
    utc_offset_h: npt.NDArray[np.float32]
    """Standard time of the cell's largest settlement, hours east of UTC; no daylight saving."""
    countries: tuple[str, ...]
    """ISO 3166-1 alpha-2 in alphabetical order; XK is Kosovo."""

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.numbers)

    def select(self, mask: npt.ArrayLike) -> Subscribers:
        """Return the cells where `mask`, booleans of shape (n,), is true; `countries` stay.

        InvalidInputError if it is of another shape or type.
        """
        keep = np.asarray(mask)
        if keep.dtype != np.bool_ or keep.shape != self.numbers.shape:
            raise InvalidInputError(
                f"mask has shape {keep.shape} and type {keep.dtype}; "
                f"it must be booleans of shape ({len(self)},), one for each cell."
            )
        return replace(
            self,
            numbers=self.numbers[keep],
            lat_deg=self.lat_deg[keep],
            lon_deg=self.lon_deg[keep],
            users=self.users[keep],
            country=self.country[keep],
            utc_offset_h=self.utc_offset_h[keep],
        )

    def in_country(self, code: str) -> npt.NDArray[np.bool_]:
        """Tell which cells are a country's, shape (n,), by its alpha-2 code.

        InvalidInputError where the constellation was not sold on the data's date.
        """
        if code not in self.countries:
            raise InvalidInputError(
                f"country {code!r} is not among the {len(self.countries)} markets of the "
                "subscriber map; codes are ISO 3166-1 alpha-2, such as IT."
            )
        return np.equal(self.country, self.countries.index(code))


@cache
def subscribers() -> Subscribers:
    """Return all users of the world; read on the first call, kept for the next, not to be written.

    Users add up to 4,000,000, those of Italy to 55,000.
    """
    path = files("baluardo.geo") / "data" / "subscribers.npz"
    with as_file(path) as file, np.load(file) as data:
        arrays = {name: data[name] for name in data.files}
    numbers = arrays["numbers"]
    centres = np.array([h3.cell_to_latlng(n) for n in numbers], dtype=np.float64)
    loaded = Subscribers(
        numbers,
        centres[:, 0].copy(),
        centres[:, 1].copy(),
        arrays["users_hundredths"] / 100.0,
        arrays["country"],
        arrays["utc_offset_h"],
        tuple(arrays["countries"].tolist()),
    )
    for column in (
        loaded.numbers,
        loaded.lat_deg,
        loaded.lon_deg,
        loaded.users,
        loaded.country,
        loaded.utc_offset_h,
    ):
        column.setflags(write=False)
    return loaded
