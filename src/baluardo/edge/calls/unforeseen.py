"""Exceptions that nobody foresaw, in what has to last: they are told, and it goes on."""

from __future__ import annotations

import logging
import time
import traceback
from typing import Final

from baluardo.trust.channel.rationed_log import RationedLog

LINES_A_MINUTE: Final = 3
"""Each is a whole traceback."""

logger = logging.getLogger("baluardo.edge.calls")


class Unforeseen:
    """A `with` that ends at any exception, and tells of it in the log, though not without end.

    What is to end a task, as its cancellation, passes.
    """

    def __init__(self, what: str) -> None:
        """Take what goes on: the first words of the line."""
        self._what = what
        self._log = RationedLog(logger, LINES_A_MINUTE)

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: object, problem: BaseException | None, where: object) -> bool:
        """Tell of an exception, and let it be."""
        if not isinstance(problem, Exception):
            return False
        trace = "".join(traceback.format_exception(problem)).rstrip()
        text = (
            f"{self._what}: an error that nobody foresaw. It goes on, or is tried again.\n{trace}"
        )
        self._log.warning(time.monotonic(), text)
        return True
