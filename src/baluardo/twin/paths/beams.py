"""Beams and their time: what a satellite can hand out in a slot, by generation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from baluardo.twin.radio.links import Links

CHANNELS = 8
"""Distinct Ku user downlink channels of 240 MHz; a cell is served on each of them by one satellite
only (Nco = 1, FACTS)."""

UNITS_PER_BEAM = 1_024
"""Beams share their time between cells in this many units, 2 Mbit/s each: whole numbers add up to
the same total in any order, so that two processes agree to the bit. Demands are rounded up to them;
1/64 of a beam was too coarse and added a fifth to the demand of Italy."""

NOMINAL_BEAM_BPS = 2.0e9
"""What a beam carries, to turn a demand into units: 96 Gbit/s over 48 beams (FACTS). What a
terminal really gets follows from its own link."""

LEAST_SHARE = 4
"""A satellite takes a claim if it has room for one part in so many of what is asked: below that
the claim asks elsewhere."""


def room(
    links: Links, generation: npt.NDArray[np.int8]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return units of satellites: down, shape (satellites, CHANNELS), and up, shape (satellites,).

    Beams are dealt to the channels in turn, so that 12 beams give four channels two.
    """
    beams = links.user_down_beams(generation)
    turns = (beams[:, None] + CHANNELS - 1 - np.arange(CHANNELS)[None, :]) // CHANNELS
    up = links.user_up_beams(generation)
    return (turns * UNITS_PER_BEAM).astype(np.int32), (up * UNITS_PER_BEAM).astype(np.int32)
