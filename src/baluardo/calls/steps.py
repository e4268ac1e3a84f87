"""The state machine of a call at an edge: every state and every input, what is done, what follows.

DIALLING      nobody rings yet
RINGING       at least one device of the callee rings
CONNECTED     a device has answered
HELD_HERE     our side holds
HELD_THERE    the other side holds
HELD_BOTH     both do
PRE_EMPTED    ended to make room; it is being told
ENDED         over, for any reason; it is being told, then remembered for a while

Both edges of a call run the same machine, each with its own table: the caller's edge hears of
ringing and answers from the other edge ("there"), the callee's from its devices ("here").
"""

from __future__ import annotations

from enum import Enum
from itertools import product
from typing import Final

from baluardo.calls.bodies import Side


class State(Enum):
    """Where a call stands; see the top of this module."""

    DIALLING = "dialling"
    RINGING = "ringing"
    CONNECTED = "connected"
    HELD_HERE = "held here"
    HELD_THERE = "held there"
    HELD_BOTH = "held by both"
    PRE_EMPTED = "pre-empted"
    ENDED = "ended"


class Input(Enum):
    """What can happen; "here" is a device of ours, "there" the other edge."""

    RINGING_HERE = "ringing here"
    """The first of our devices rings, or a further one."""
    ANSWER_HERE = "answer here"
    DECLINE_HERE = "decline here"
    NONE_HERE = "none here"
    """No device is left that could answer."""
    HOLD_HERE = "hold here"
    RESUME_HERE = "resume here"
    INFO_HERE = "info here"
    END_HERE = "end here"
    LOST_HERE = "lost here"
    """The device in the call is gone, or was started anew."""
    DIAL_THERE = "dial there"
    RINGING_THERE = "ringing there"
    ANSWER_THERE = "answer there"
    REFUSE_THERE = "refuse there"
    HOLD_THERE = "hold there"
    RESUME_THERE = "resume there"
    INFO_THERE = "info there"
    END_THERE = "end there"
    PREEMPTION_THERE = "pre-emption there"
    LOST_THERE = "lost there"
    """The other edge is gone, or was started anew."""
    PREEMPTION = "pre-emption"
    """Our admission takes the room away."""
    GLARE = "glare"
    """Another call between the two stands instead of this one."""
    RANG_OUT = "rang out"
    SETTLED = "settled"
    """Everything was told to everybody who still listens."""


class Action(Enum):
    """What is done about it, in this order."""

    TELL_THERE = "tell there"
    TELL_HERE = "tell here"
    CHOOSE = "choose"
    """Tell the other devices of the callee that another one has answered."""
    CONNECT = "connect"
    """Note the time and the device that answered."""
    END_HERE = "end here"
    """Tell every device that is still in it, with the reason."""
    END_THERE = "end there"
    REPORT = "report"
    """Give the room back, write the record."""


Step = tuple[tuple[Action, ...], State]
Table = dict[tuple[State, Input], Step]

UNANSWERED: Final = (State.DIALLING, State.RINGING)
TALKING: Final = (State.CONNECTED, State.HELD_HERE, State.HELD_THERE, State.HELD_BOTH)
OVER: Final = (State.PRE_EMPTED, State.ENDED)

_END_BOTH: Final = (Action.END_HERE, Action.END_THERE, Action.REPORT)
_END_OURS: Final = (Action.END_HERE, Action.REPORT)
_ENDINGS: Final[dict[Input, Step]] = {
    Input.DECLINE_HERE: (_END_BOTH, State.ENDED),
    Input.NONE_HERE: (_END_BOTH, State.ENDED),
    Input.END_HERE: (_END_BOTH, State.ENDED),
    Input.LOST_HERE: (_END_BOTH, State.ENDED),
    Input.END_THERE: (_END_OURS, State.ENDED),
    Input.PREEMPTION_THERE: (_END_OURS, State.PRE_EMPTED),
    Input.LOST_THERE: (_END_BOTH, State.ENDED),
    Input.PREEMPTION: (_END_BOTH, State.PRE_EMPTED),
}
"""In every state before the last two."""
_UNANSWERED: Final[dict[Input, Step]] = {
    Input.GLARE: (_END_BOTH, State.ENDED),
    Input.RANG_OUT: (_END_BOTH, State.ENDED),
}
_HOLDING: Final[dict[tuple[State, Input], State]] = {
    (State.CONNECTED, Input.HOLD_HERE): State.HELD_HERE,
    (State.CONNECTED, Input.HOLD_THERE): State.HELD_THERE,
    (State.HELD_HERE, Input.RESUME_HERE): State.CONNECTED,
    (State.HELD_HERE, Input.HOLD_THERE): State.HELD_BOTH,
    (State.HELD_THERE, Input.RESUME_THERE): State.CONNECTED,
    (State.HELD_THERE, Input.HOLD_HERE): State.HELD_BOTH,
    (State.HELD_BOTH, Input.RESUME_HERE): State.HELD_THERE,
    (State.HELD_BOTH, Input.RESUME_THERE): State.HELD_HERE,
}
"""Each side ends its own hold and no other; a hold within a hold is nothing new."""
_FROM_HERE: Final = (Input.HOLD_HERE, Input.RESUME_HERE)


def _common() -> Table:
    """Return a whole table in which what is not named is ignored."""
    table: Table = {(state, what): ((), state) for state, what in product(State, Input)}
    for state in (*UNANSWERED, *TALKING):
        table |= {(state, what): step for what, step in _ENDINGS.items()}
        table[state, Input.INFO_HERE] = ((Action.TELL_THERE,), state)
        table[state, Input.INFO_THERE] = ((Action.TELL_HERE,), state)
    for state in UNANSWERED:
        table |= {(state, what): step for what, step in _UNANSWERED.items()}
    for (state, what), after in _HOLDING.items():
        passed = Action.TELL_THERE if what in _FROM_HERE else Action.TELL_HERE
        table[state, what] = ((passed,), after)
    table[State.PRE_EMPTED, Input.SETTLED] = ((), State.ENDED)
    return table


def _caller() -> Table:
    table = _common()
    for state in UNANSWERED:
        table[state, Input.RINGING_THERE] = ((Action.TELL_HERE,), State.RINGING)
        table[state, Input.ANSWER_THERE] = ((Action.TELL_HERE, Action.CONNECT), State.CONNECTED)
    return table


def _callee() -> Table:
    table = _common()
    for state in UNANSWERED:
        table[state, Input.RINGING_HERE] = ((Action.TELL_THERE,), State.RINGING)
        table[state, Input.ANSWER_HERE] = (
            (Action.TELL_THERE, Action.CHOOSE, Action.CONNECT),
            State.CONNECTED,
        )
    return table


STEPS: Final[dict[Side, Table]] = {Side.CALLER: _caller(), Side.CALLEE: _callee()}
"""By the side on which the edge stands."""
