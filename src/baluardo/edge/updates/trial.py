"""The program that runs, seen from within: it proves itself, and it makes way for the next."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from baluardo.edge.updates.versions import Versions
from baluardo.errors import TargetError

PROVEN_AFTER_S: Final = 30.0
"""Seconds of service after which a program is not taken back any more. Our choice: whether an
authority answers is not asked, a ship may be without one for weeks."""
LOOK_EVERY_S: Final = 5.0

logger = logging.getLogger("baluardo.edge")


async def prove(versions: Versions, number: int, after_s: float = PROVEN_AFTER_S) -> None:
    """Report the running program healthy once it has served for a while."""
    await asyncio.sleep(after_s)
    try:
        await asyncio.to_thread(versions.report_healthy, number)
    except TargetError as problem:  # it goes on serving; the next start counts as one more
        logger.warning("Program %d works, and that could not be noted: %s", number, problem)


async def replaced(versions: Versions, look_every_s: float = LOOK_EVERY_S) -> int:
    """Wait until another program was put into use, and return its number."""
    before = versions.current
    while (number := versions.current) == before:
        await asyncio.sleep(look_every_s)
    return number
