"""Every decision on a call in the log, with its reason: who, how urgent, why; never content.

The log is in English and has the cause as SIP writes it (RFC 3326, RFC 4411); pages have the
sentence in the language of their reader (`kept_decisions.py`).
"""

from __future__ import annotations

import logging
from typing import Final

from baluardo.calls.admission import Decision, Verdict
from baluardo.calls.causes import Cause
from baluardo.trust.channel.rationed_log import RationedLog

LINES_A_MINUTE: Final = 30
BY_ANYBODY: Final = (
    Cause.TOO_MANY,
    Cause.NOT_THEIRS,
    Cause.UNKNOWN_PERSON,
    Cause.NOBODY_THERE,
    Cause.GLARE,
)
"""Refusals that one device can cause as often as it likes: their lines are rationed."""


class DecisionLog:
    """Lines of one edge."""

    def __init__(self, logger: logging.Logger) -> None:
        """Take where to write."""
        self._logger = logger
        self._rationed = RationedLog(logger, LINES_A_MINUTE)

    def write(self, decision: Decision) -> None:
        """Write a decision; those on calls that yield to it have lines of their own."""
        line = _line(decision)
        if decision.cause in BY_ANYBODY:
            self._rationed.warning(decision.at, line)
        elif decision.verdict is Verdict.ADMITTED:
            self._logger.info("%s", line)
        else:
            self._logger.warning("%s", line)

    def settle(self) -> None:
        """Tell how many lines were left out."""
        self._rationed.settle()


def _line(decision: Decision) -> str:
    request = decision.request
    emergency = ", emergency" if request.emergency else ""
    header = "" if decision.cause is None else f" Reason: {decision.cause.reason_header}"
    return (
        f"Call {request.call} of {request.person} to {request.callee or 'nobody known'}, "
        f"{request.precedence.dsn}{emergency}: {decision.verdict.value}. "
        f"{decision.reason.en}{header}"
    )
