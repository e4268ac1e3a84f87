"""What a terminal's delay and width are made of: the same for one slot and for many at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from baluardo.terms import SPEED_OF_LIGHT_KM_S
from baluardo.twin.paths.beams import UNITS_PER_BEAM
from baluardo.twin.paths.choice import mixed_pairs
from baluardo.twin.paths.model import PathModel
from baluardo.twin.radio.links import Links

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
Keys = npt.NDArray[np.uint64]


def scheduling_wait_s(model: PathModel, seed: int, slots: Keys, keys: Keys) -> Floats:
    """Return the wait for a place in the frame's schedule, there and back, s, each (n,).

    slots: numbers of slots, modulo 2**64; keys: `claims.name_keys` of the terminals.
    """
    seeds = mixed_pairs(np.full(len(slots), seed, np.uint64), slots)
    wait = np.zeros(len(slots))
    for turn in range(1, model.scheduling_rounds + 1):
        bits = mixed_pairs(keys, mixed_pairs(seeds, np.full(len(slots), turn, np.uint64)))
        uniform = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
        wait -= model.scheduling_s * np.log(uniform)
    return wait


def delays_s(
    model: PathModel, way_km: Floats, wait_s: Floats, load: Floats
) -> tuple[Floats, Floats]:
    """Return one-way delays up and down, s, of ways of so much light; `load` makes the queue."""
    light = way_km / SPEED_OF_LIGHT_KM_S
    busy = np.minimum(load, model.highest_load)
    queue = model.queue_s * busy / (1.0 - busy)
    up = light + model.base_delay_s * model.base_up_share + wait_s * model.scheduling_up_share
    down = (
        light
        + model.base_delay_s * (1.0 - model.base_up_share)
        + wait_s * (1.0 - model.scheduling_up_share)
        + queue
    )
    return up, down


def widths_hz(
    links: Links,
    model: PathModel,
    load: Floats,
    up_load: Floats,
    granted: Ints,
    up_granted: Ints,
    bought: Bools,
) -> tuple[Floats, Floats]:
    """Return the bandwidth of terminals' links up and down, Hz, each of the loads' shape.

    It is a share of the frames that others leave, or the bought beam time if that is more: `bought`
    says who bought, `granted` and `up_granted` what, in units of beam time. A dish takes one
    polarisation of a beam at a time.
    """
    radios = links.radios
    left_up, left_down = (1.0 - np.minimum(x, model.highest_load) for x in (up_load, load))
    time_down = granted / UNITS_PER_BEAM * radios.user_down_polarisations
    down = radios.user_down_bandwidth_hz * np.maximum(
        model.share_down * left_down, np.where(bought, np.minimum(time_down, 1.0), 0.0)
    )
    up = np.maximum(
        radios.user_up_bandwidth_hz * model.share_up * left_up,
        np.where(bought, links.user_up_beam_hz * up_granted / UNITS_PER_BEAM, 0.0),
    )
    return up, down
