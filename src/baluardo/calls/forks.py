"""The state machine of one device in a call at its edge: every state against every input.

OFFERED    told of the call, silent so far
RINGING    it rings
CHOSEN     the one in the call: the caller's own device from the start, or the first that answered
OUT        no more in it; what it still says is acknowledged and has no effect
"""

from __future__ import annotations

from enum import Enum
from itertools import product
from typing import Final


class ForkState(Enum):
    """Where a device stands; see the top of this module."""

    OFFERED = "offered"
    RINGING = "ringing"
    CHOSEN = "chosen"
    OUT = "out"


class ForkInput(Enum):
    """What a device says, and what becomes of it."""

    DIAL = "dial"
    RINGING = "ringing"
    ANSWER = "answer"
    DECLINED = "declined"
    """For the person: on all devices."""
    REFUSED = "refused"
    """Busy, unable, or given up for a more urgent call: for this device alone."""
    HOLD = "hold"
    RESUME = "resume"
    INFO = "info"
    END = "end"
    LOST = "lost"
    """It is gone, or was started anew."""
    ELSEWHERE = "elsewhere"
    """Another device has answered."""
    OVER = "over"
    """The call has ended."""


class ForkAction(Enum):
    """What is done about it."""

    NOTHING = "nothing"
    TELL_CALL = "tell call"
    """The call's own machine is given what the device said."""
    LEAVE = "leave"
    """It is told that this ended here; the call ends with its last device."""
    TELL_ELSEWHERE = "tell elsewhere"
    TELL_END = "tell end"


ForkStep = tuple[ForkAction, ForkState]

_WAITING: Final[dict[ForkInput, ForkStep]] = {
    ForkInput.RINGING: (ForkAction.TELL_CALL, ForkState.RINGING),
    ForkInput.ANSWER: (ForkAction.TELL_CALL, ForkState.CHOSEN),
    ForkInput.DECLINED: (ForkAction.TELL_CALL, ForkState.OUT),
    ForkInput.REFUSED: (ForkAction.LEAVE, ForkState.OUT),
    ForkInput.END: (ForkAction.LEAVE, ForkState.OUT),
    ForkInput.LOST: (ForkAction.LEAVE, ForkState.OUT),
    ForkInput.ELSEWHERE: (ForkAction.TELL_ELSEWHERE, ForkState.OUT),
    ForkInput.OVER: (ForkAction.TELL_END, ForkState.OUT),
}


def _table() -> dict[tuple[ForkState, ForkInput], ForkStep]:
    table = {
        (state, what): (ForkAction.NOTHING, state) for state, what in product(ForkState, ForkInput)
    }
    for state in (ForkState.OFFERED, ForkState.RINGING):
        table |= {(state, what): step for what, step in _WAITING.items()}
        table[state, ForkInput.INFO] = (ForkAction.TELL_CALL, state)
    table[ForkState.RINGING, ForkInput.RINGING] = (ForkAction.NOTHING, ForkState.RINGING)
    for what in (ForkInput.HOLD, ForkInput.RESUME, ForkInput.INFO):
        table[ForkState.CHOSEN, what] = (ForkAction.TELL_CALL, ForkState.CHOSEN)
    for what in (ForkInput.DECLINED, ForkInput.REFUSED, ForkInput.END, ForkInput.LOST):
        table[ForkState.CHOSEN, what] = (ForkAction.TELL_CALL, ForkState.OUT)
    table[ForkState.CHOSEN, ForkInput.OVER] = (ForkAction.TELL_END, ForkState.OUT)
    return table


FORK_STEPS: Final = _table()
