"""What the loop reads of a prepared sky, and room for what it writes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from baluardo.terms import Generation
from baluardo.twin.paths.beams import CHANNELS, room
from baluardo.twin.paths.near.loop import MOST_STEPS, NOBODY, WAYS, Held, Told
from baluardo.twin.paths.near.sky import NearSky
from baluardo.twin.radio.links import Links

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


def held(near: NearSky, links: Links) -> Held:
    """Return a prepared sky as the loop takes it."""
    catalogue, loads = near.sky.catalogue, near.loads
    rooms, up_rooms = room(links, catalogue.generation)
    none = np.empty(0, np.int64)
    return Held(
        first_slot=near.first_slot,
        starts=near.starts,
        satellites=near.satellites,
        states=near.states,
        flag_starts=near.flag_starts,
        flags=near.flags,
        plans=near.plans,
        load_starts=none if loads is None else loads.starts,
        load_satellites=np.empty(0, np.int32) if loads is None else loads.satellites,
        used=np.empty((0, CHANNELS), np.int16) if loads is None else loads.used,
        up_used=np.empty(0, np.int16) if loads is None else loads.up_used,
        numbers=catalogue.numbers.astype(np.uint64),
        newer=np.asarray(
            (catalogue.generation == Generation.V2_MINI)
            | (catalogue.generation == Generation.V2_MINI_DIRECT_TO_CELL)
        ),
        room=rooms,
        up_room=up_rooms,
    )


def room_for(n: int) -> Told:
    """Return room for the answers of `n` slots."""
    every = {name: np.full((n, WAYS), NOBODY, np.int32) for name in _WHOLE}
    numbers = {name: np.full((n, WAYS), np.nan) for name in _NUMBERS}
    return Told(
        reason=np.zeros(n, np.int8),
        in_view=np.zeros(n, np.int32),
        ways=np.full((n, WAYS, MOST_STEPS), NOBODY, np.int32),
        **every,  # type: ignore[arg-type]  # by name, which the checker does not follow
        **numbers,
    )


def clear(told: Told, rows: npt.NDArray[np.bool_]) -> None:
    """Make room anew in some of the slots, `rows` of shape (slots,)."""
    for name in (*_WHOLE, "ways"):
        getattr(told, name)[rows] = NOBODY
    for name in _NUMBERS:
        getattr(told, name)[rows] = np.nan


_WHOLE = ("satellite", "gateway", "exit", "lasers", "others", "used", "up_others")
_NUMBERS = (
    *(
        "range_km",
        "sine",
        "azimuth",
        "distance_km",
        "growth_km_s",
        "sight_km_s",
        "exit_range_km",
        "exit_sine",
    ),
)
