"""Memory that is there before it is needed."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

PAGE_OCTETS: Final = 4_096
"""The smallest page there is."""


def take_memory(owner: npt.NDArray[np.generic] | tuple[object, ...]) -> None:
    """Have the system give all memory of an array now, or of all arrays in a tuple of tuples.

    A new array's pages come when they are first written. For a huge one that can take 5 ms, in
    which a loop that everything waits for stands still. Not while another thread writes there.
    """
    if isinstance(owner, np.ndarray):
        octets = owner.reshape(-1).view(np.uint8)
        octets[::PAGE_OCTETS] |= np.uint8(0)
        octets[-1:] |= np.uint8(0)
        return
    for each in owner:
        if isinstance(each, np.ndarray | tuple):
            take_memory(each)
