"""A colour scale that stays readable in grey and for the colour-blind."""

from __future__ import annotations

import numpy as np

Colour = tuple[int, int, int]

# Every eighth part of viridis (S. van der Walt and N. Smith, 2015; public domain, CC0): lightness
# grows evenly from the first to the last, and no step relies on telling red from green.
_VIRIDIS = np.array(
    [
        (68, 1, 84),
        (71, 44, 122),
        (59, 81, 139),
        (44, 113, 142),
        (33, 144, 141),
        (39, 173, 129),
        (92, 200, 99),
        (170, 220, 50),
        (253, 231, 37),
    ],
    dtype=np.float64,
)


def scale_colour(fraction: float) -> Colour:
    """Return the colour at a fraction, 0 (dark) to 1 (light); beyond the ends it stays the same."""
    at = np.clip(fraction, 0.0, 1.0) * (len(_VIRIDIS) - 1)
    channels = [round(float(np.interp(at, range(len(_VIRIDIS)), c))) for c in _VIRIDIS.T]
    return channels[0], channels[1], channels[2]
