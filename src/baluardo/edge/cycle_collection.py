"""When an edge looks for cycles of objects that nobody holds: in small parts, and whole when quiet.

The interpreter looks through all that has stood for long whenever that has grown by a quarter. With
ten thousand people present it stands still for seconds then, and so does every call. Here what has
stood for a second is set aside (`gc.freeze`), which leaves little to look through. Objects in no
cycle are freed at once as ever; cycles among those set aside wait until all is looked through.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Final

PART_SECONDS: Final = 1.0
"""Between two looks at what is new."""
WHOLE_SECONDS: Final = 10.0
"""Between two counts of what was set aside."""
GROWN_QUIET: Final = 1.25
"""Growth since the last whole look after which there is another one, if nobody talks."""
GROWN: Final = 2.0
"""Growth after which there is one although people talk: so much memory may be lost until then."""
LEAST: Final = 250_000
"""Objects below which a whole look takes so little that growth is counted from here."""


class CycleCollection:
    """What is to be looked through; of the whole process, as the interpreter has one collector."""

    def __init__(self) -> None:
        """Set everything aside that was made until now."""
        self._stood = 0
        self.look_whole()

    def look_at_new(self) -> None:
        """Free cycles among what was made since the last time, and set the rest aside."""
        gc.collect()
        gc.freeze()

    def look_whole(self) -> None:
        """Free every cycle there is; it takes half a second for each million objects."""
        gc.unfreeze()
        self.look_at_new()
        self._stood = gc.get_freeze_count()

    def is_due(self, is_quiet: bool) -> bool:
        """Whether so much has come since that all is to be looked through."""
        grown = GROWN_QUIET if is_quiet else GROWN
        return gc.get_freeze_count() > grown * max(self._stood, LEAST)


async def collect_cycles(is_quiet: Callable[[], bool]) -> None:
    """Look for cycles until cancelled; `is_quiet` tells whether a pause would disturb nobody."""
    collection, parts = CycleCollection(), 0
    try:
        while True:
            await asyncio.sleep(PART_SECONDS)
            collection.look_at_new()
            parts += 1
            if parts * PART_SECONDS >= WHOLE_SECONDS:
                parts = 0
                if collection.is_due(is_quiet()):
                    collection.look_whole()
    finally:
        gc.unfreeze()
