"""The state machine of key rounds: every state and every input, with what is done and what follows.

ABSENT     no key from an exchange is known to be at both ends
OFFERED    the initiator has offered an epoch; what was in use stays in use
AGREED     both ends have shown that they hold the same keys; they are being installed here
INSTALLED  WireGuard has the newest key here and uses it at its next handshake
CONFIRMED  a handshake was made with it
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class State(Enum):
    """Where the keys of one peer stand; see the top of this module."""

    ABSENT = "absent"
    OFFERED = "offered"
    AGREED = "agreed"
    INSTALLED = "installed"
    CONFIRMED = "confirmed"


class Input(Enum):
    """What can happen."""

    BEGIN = "begin"
    """There is a channel, and we are the initiator."""
    OFFER = "offer"
    """An offer whose epoch is new and whose check is right."""
    OFFER_OLD = "offer old"
    OFFER_FALSE = "offer false"
    ANSWER = "answer"
    """An answer whose check is right."""
    ANSWER_FALSE = "answer false"
    DONE = "done"
    OLD = "old"
    REFUSE = "refuse"
    FAULT = "fault"
    """Octets that are no message, or one that does not belong there."""
    TAKEN = "taken"
    """WireGuard took the keys."""
    NOT_TAKEN = "not taken"
    HANDSHAKE = "handshake"
    """WireGuard has made a handshake since."""
    END = "end"
    """The channel is closed or lost, or the round took too long."""


class Action(Enum):
    """What is done about it."""

    NOTHING = "nothing"
    OFFER = "offer"
    INSTALL = "install"
    SAY_OLD = "say old"
    REPORT = "report"
    ACCEPT = "accept"
    CONFIRM = "confirm"
    CONFIRM_FORMER = "confirm former"
    REFUSE_KEYS = "refuse keys"
    REFUSE_INSTALL = "refuse install"
    REFUSE = "refuse"
    REFUSE_AND_LEAVE = "refuse and leave"
    FAIL = "fail"
    LEAVE = "leave"


Step = tuple[Action, State | None]
"""What is done, and the next state; None: that before the round."""

RESTING: Final = (State.ABSENT, State.INSTALLED, State.CONFIRMED)


def _resting(state: State) -> dict[tuple[State, Input], Step]:
    return {
        (state, Input.BEGIN): (Action.OFFER, State.OFFERED),
        (state, Input.OFFER): (Action.INSTALL, State.AGREED),
        (state, Input.OFFER_OLD): (Action.SAY_OLD, state),
        (state, Input.OFFER_FALSE): (Action.REFUSE_KEYS, state),
        (state, Input.ANSWER): (Action.REFUSE, state),
        (state, Input.ANSWER_FALSE): (Action.REFUSE, state),
        (state, Input.DONE): (Action.REFUSE if state is State.ABSENT else Action.ACCEPT, state),
        (state, Input.OLD): (Action.REFUSE, state),
        # The other end does not hold what is installed here: unless a handshake says otherwise.
        (state, Input.REFUSE): (
            Action.FAIL,
            state if state is State.CONFIRMED else State.ABSENT,
        ),
        (state, Input.FAULT): (Action.REFUSE, state),
        (state, Input.TAKEN): (Action.NOTHING, state),
        (state, Input.NOT_TAKEN): (Action.NOTHING, state),
        (state, Input.HANDSHAKE): (
            (Action.CONFIRM, State.CONFIRMED)
            if state is State.INSTALLED
            else (Action.NOTHING, state)
        ),
        (state, Input.END): (Action.LEAVE, state),
    }


STEPS: Final[dict[tuple[State, Input], Step]] = {
    **_resting(State.ABSENT),
    **_resting(State.INSTALLED),
    **_resting(State.CONFIRMED),
    (State.OFFERED, Input.BEGIN): (Action.NOTHING, State.OFFERED),
    (State.OFFERED, Input.OFFER): (Action.REFUSE, None),
    (State.OFFERED, Input.OFFER_OLD): (Action.REFUSE, None),
    (State.OFFERED, Input.OFFER_FALSE): (Action.REFUSE, None),
    (State.OFFERED, Input.ANSWER): (Action.INSTALL, State.AGREED),
    (State.OFFERED, Input.ANSWER_FALSE): (Action.REFUSE_KEYS, None),
    (State.OFFERED, Input.DONE): (Action.REFUSE, None),
    (State.OFFERED, Input.OLD): (Action.OFFER, State.OFFERED),
    (State.OFFERED, Input.REFUSE): (Action.FAIL, None),
    (State.OFFERED, Input.FAULT): (Action.REFUSE, None),
    (State.OFFERED, Input.TAKEN): (Action.NOTHING, State.OFFERED),
    (State.OFFERED, Input.NOT_TAKEN): (Action.NOTHING, State.OFFERED),
    (State.OFFERED, Input.HANDSHAKE): (Action.CONFIRM_FORMER, State.OFFERED),
    (State.OFFERED, Input.END): (Action.FAIL, None),
    # Nothing takes a key back that WireGuard is just being given: only its word ends this state.
    **{
        (State.AGREED, what): (Action.REFUSE_AND_LEAVE, State.AGREED)
        for what in (
            Input.OFFER,
            Input.OFFER_OLD,
            Input.OFFER_FALSE,
            Input.ANSWER,
            Input.ANSWER_FALSE,
            Input.DONE,
            Input.OLD,
            Input.FAULT,
        )
    },
    (State.AGREED, Input.BEGIN): (Action.NOTHING, State.AGREED),
    (State.AGREED, Input.REFUSE): (Action.LEAVE, State.AGREED),
    (State.AGREED, Input.TAKEN): (Action.REPORT, State.INSTALLED),
    (State.AGREED, Input.NOT_TAKEN): (Action.REFUSE_INSTALL, State.ABSENT),
    (State.AGREED, Input.HANDSHAKE): (Action.NOTHING, State.AGREED),
    (State.AGREED, Input.END): (Action.LEAVE, State.AGREED),
}
