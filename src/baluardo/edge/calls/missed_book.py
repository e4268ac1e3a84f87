"""The file in which missed calls outlive a start of the edge; it lags behind by seconds."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Final

from baluardo.durable_files import write_durably
from baluardo.edge.calls.missed_calls import LARGEST_FILE, MissedCalls
from baluardo.errors import BaluardoError
from baluardo.foreign_input import read_file

FILE: Final = "missed.json"
SAVE_SECONDS: Final = 5.0

logger = logging.getLogger("baluardo.edge.calls")


class MissedBook:
    """Missed calls and their file."""

    def __init__(self, directory: Path) -> None:
        """Read what is there; a damaged file is forgotten, with a line in the log."""
        self._path = directory / FILE
        self.calls = _read(self._path)
        self._saved = self.calls.number

    async def keep(self) -> None:
        """Write what has changed, until cancelled."""
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            await self.save()

    async def save(self) -> None:
        """Write it now, if it has changed."""
        number = self.calls.number
        if number == self._saved:
            return
        octets = self.calls.to_octets()
        try:
            await asyncio.to_thread(write_durably, self._path, octets)
        except BaluardoError as problem:
            logger.warning("Missed calls are not kept. %s", problem)
        self._saved = number


def _read(path: Path) -> MissedCalls:
    if not path.exists():
        return MissedCalls()
    try:
        return MissedCalls.of_octets(read_file(path, LARGEST_FILE, "The list of missed calls"))
    except BaluardoError as problem:
        logger.warning("Missed calls are forgotten, as their file was damaged. %s", problem)
        return MissedCalls()
