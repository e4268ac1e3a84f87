"""Lines of a log that strangers cause: some each minute, the rest counted, so no flood fills it."""

from __future__ import annotations

import logging
from typing import Final

MINUTE: Final = 60.0


class RationedLog:
    """Writes so many warnings a minute, then how many were left out."""

    __slots__ = ("_begun", "_left_out", "_lines", "_logger", "_most")

    def __init__(self, logger: logging.Logger, lines_a_minute: int) -> None:
        """Take where to write and how much."""
        self._logger, self._most = logger, lines_a_minute
        self._begun: float | None = None
        self._lines = self._left_out = 0

    def warning(self, now: float, text: str) -> None:
        """Write a line, or count it; `now` is of a clock that only goes forward."""
        if self._begun is None or now - self._begun >= MINUTE:
            self.settle()
            self._begun, self._lines = now, 0
        if self._lines >= self._most:
            self._left_out += 1
            return
        self._lines += 1
        self._logger.warning("%s", text)

    def settle(self) -> None:
        """Tell how many lines were left out, if any were."""
        if self._left_out:
            self._logger.warning("%d more like it were not logged one by one.", self._left_out)
            self._left_out = 0
