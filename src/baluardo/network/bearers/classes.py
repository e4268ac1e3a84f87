"""Which of the five precedence classes an inner packet is in, by its DSCP, and back.

The class selectors 0 to 4 are the precedences themselves: RFC 791 section 3.1 calls the values of
the field that they succeed (RFC 2474 section 4.2.2.1) routine, priority, immediate, flash and flash
override, the names of the namespace `dsn`. What programs and telephones mark by RFC 4594 without
knowing of precedence is taken for what it needs, never for flash: nobody becomes urgent by default.

    immediate   CS6, CS7 (network control), EF, VOICE-ADMIT (RFC 5865), CS5 (telephony, signalling)
    priority    AF4x (conferences), AF3x (streams), AF2x (answers that somebody waits for)
    routine     DF, AF1x, LE (RFC 8622), and every code point without a meaning here
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from baluardo.errors import InvalidInputError
from baluardo.terms import Precedence

CLASSES: Final = len(Precedence)
CODE_POINTS: Final = 64
"""DSCP has six bits (RFC 2474 section 3)."""

_EXPEDITED: Final = (46, 44, 40, 48, 56)
"""EF, VOICE-ADMIT, CS5, CS6, CS7."""
_ASSURED: Final = (34, 36, 38, 26, 28, 30, 18, 20, 22)
"""AF41 to AF43, AF31 to AF33, AF21 to AF23."""


def class_of(dscp: int) -> Precedence:
    """Return the class of a code point; InvalidInputError unless it has six bits."""
    if not 0 <= dscp < CODE_POINTS:
        raise InvalidInputError(f"DSCP {dscp} is not between 0 and {CODE_POINTS - 1}.")
    if dscp % 8 == 0 and dscp // 8 < CLASSES:
        return Precedence(dscp // 8)
    if dscp in _EXPEDITED:
        return Precedence.IMMEDIATE
    if dscp in _ASSURED:
        return Precedence.PRIORITY
    return Precedence.ROUTINE


def dscp_of(precedence: Precedence) -> int:
    """Return the code point that says a precedence: its class selector."""
    return 8 * int(precedence)


def class_table() -> npt.NDArray[np.int64]:
    """Return the class of every code point, shape (64,), for compiled loops."""
    return np.array([int(class_of(dscp)) for dscp in range(CODE_POINTS)], dtype=np.int64)
