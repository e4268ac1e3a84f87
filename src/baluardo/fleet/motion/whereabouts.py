"""Where a platform is, slot by slot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Whereabouts:
    """Where a platform is at the start of every slot of a plan; each array (slots,)."""

    lat_deg: Floats
    lon_deg: Floats
    height_m: Floats
    heading_deg: Floats
    """Clockwise from true north."""
    fix: Bools
    """False where its dish does not know where it is: it is not served then."""

    def __len__(self) -> int:
        """Return the number of slots."""
        return len(self.lat_deg)
