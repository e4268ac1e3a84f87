"""One call at one edge, as a pure core: what devices and the other edge say, and a time, in.

The whole machine is two tables, `steps.STEPS` for the call and `forks.FORK_STEPS` for each of our
devices in it. Every leg has a `Dialogue`, so the tables see everything once and in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, assert_never

from baluardo.calls.bodies import (
    Answer,
    Body,
    Dial,
    End,
    Hold,
    Info,
    Refuse,
    Resume,
    Ringing,
    Side,
)
from baluardo.calls.causes import Cause
from baluardo.calls.dialogue import Dialogue
from baluardo.calls.events import Connected, Ended, Event
from baluardo.calls.forks import FORK_STEPS, ForkAction, ForkInput, ForkState
from baluardo.calls.media_places import MediaSession
from baluardo.calls.messages import Message
from baluardo.calls.steps import OVER, STEPS, UNANSWERED, Action, Input, State
from baluardo.calls.timers import LINGER, RING
from baluardo.errors import InvalidInputError

DEVICE_ENDS: Final = (Cause.HUNG_UP, Cause.UNABLE, Cause.PREEMPTED_BY_DEVICE)
"""Why a device may end a call; whatever else it says counts as hanging up."""

_FROM_DEVICE: Final[dict[type[Body], ForkInput]] = {
    Dial: ForkInput.DIAL,
    Ringing: ForkInput.RINGING,
    Answer: ForkInput.ANSWER,
    Hold: ForkInput.HOLD,
    Resume: ForkInput.RESUME,
    Info: ForkInput.INFO,
    End: ForkInput.END,
}
_OF_DEVICE: Final = {
    ForkInput.RINGING: Input.RINGING_HERE,
    ForkInput.ANSWER: Input.ANSWER_HERE,
    ForkInput.DECLINED: Input.DECLINE_HERE,
    ForkInput.REFUSED: Input.END_HERE,
    ForkInput.HOLD: Input.HOLD_HERE,
    ForkInput.RESUME: Input.RESUME_HERE,
    ForkInput.INFO: Input.INFO_HERE,
    ForkInput.END: Input.END_HERE,
    ForkInput.LOST: Input.LOST_HERE,
}
_FROM_EDGE: Final[dict[type[Body], Input]] = {
    Dial: Input.DIAL_THERE,
    Ringing: Input.RINGING_THERE,
    Answer: Input.ANSWER_THERE,
    Refuse: Input.REFUSE_THERE,
    Hold: Input.HOLD_THERE,
    Resume: Input.RESUME_THERE,
    Info: Input.INFO_THERE,
    End: Input.END_THERE,
}
_TELLING: Final = (
    Cause.PREEMPTED_BY_DEVICE,
    Cause.BUSY,
    Cause.UNABLE,
    Cause.RESTARTED,
    Cause.DEVICE_LOST,
)
"""Of why several devices left, the first of these is told; any other reason counts as busy."""


@dataclass(slots=True)
class Fork:
    """A device of ours in a call."""

    dialogue: Dialogue
    media: MediaSession
    """Open until it is out."""
    state: ForkState
    left: Cause | None = None
    """Why it is out, where that was its own doing."""


class Call:
    """One call at one edge. It never blocks, reads no clock and owns no socket."""

    def __init__(
        self,
        call: str,
        side: Side,
        dial: Dial,
        legs: tuple[str, str],
        devices: Mapping[str, MediaSession],
        life: int,
        now: float,
    ) -> None:
        """Begin; `legs` are our edge and the other, `devices` ours: who dials, or all who ring.

        Their sessions were opened for this call, which closes them.
        """
        own, other = legs
        self.call, self.side, self.dial = call, side, dial
        self.state = State.DIALLING
        self.cause: Cause | None = None
        """Why it ended."""
        self.device = ""
        """Of the callee, once it has answered."""
        self.began, self.ended_at = now, 0.0
        self._instead = ""
        self._there = Dialogue(call, own, other, side, life)
        begin = ForkState.CHOSEN if side is Side.CALLER else ForkState.OFFERED
        self._forks = {
            device: Fork(Dialogue(call, own, device, side.other, life), media, begin)
            for device, media in devices.items()
        }
        """To its devices an edge stands for the other side of the call."""
        self._events: list[Event] = []
        for device, fork in self._forks.items():
            if side is Side.CALLER:
                fork.media.begin(dial.fragment, "")
                self._there.say(replace(dial, relay=fork.media.far), now)
            else:
                fork.media.begin("", dial.fragment)
                fork.media.join(device, dial.relay)
                fork.dialogue.say(replace(dial, relay=fork.media.near), now)

    @property
    def legs(self) -> tuple[str, ...]:
        """Everybody who takes part and is no more than one step away."""
        return (self._there.other, *self._forks)

    @property
    def is_over(self) -> bool:
        """Whether it has ended; it may still be telling so."""
        return self.state in OVER

    def talks(self, device: str) -> bool:
        """Whether this device of ours is the one in the call, and nobody holds."""
        fork = self._forks.get(device)
        is_chosen = fork is not None and fork.state is ForkState.CHOSEN
        return is_chosen and self.state is State.CONNECTED

    # What comes in

    def hear(self, message: Message, now: float) -> bool:
        """Take a message of one of the `legs`; false if nothing is heard of that leg any more."""
        fork = self._forks.get(message.leg)
        dialogue = self._there if fork is None else fork.dialogue
        if dialogue.failure is not None:
            return False
        for body in dialogue.hear(message, now):
            if fork is None:
                self._from_edge(body, now)
            else:
                self._from_device(fork, body, now)
        self._look_around(now)
        return True

    def preempt(self, cause: Cause, now: float) -> None:
        """Make room."""
        self._step(Input.PREEMPTION, now, cause=cause)

    def glare(self, instead: str, now: float) -> None:
        """End, as another call between the two stands."""
        if self.state in UNANSWERED:
            self._instead = instead
        self._step(Input.GLARE, now, cause=Cause.GLARE)

    def hurry(self, leg: str, now: float) -> None:
        """Ask a leg at once whether it is there: the way to it was lost, and has returned."""
        for dialogue in self._dialogues():
            if dialogue.other == leg:
                dialogue.hurry(now)
                dialogue.handle_timer(now)
        self._look_around(now)

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        for dialogue in self._dialogues():
            dialogue.handle_timer(now)
        if self.state in UNANSWERED and now >= self.began + RING:
            self._step(Input.RANG_OUT, now, cause=Cause.NO_ANSWER)
        self._look_around(now)

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is to be called next; None once all is said."""
        times = [dialogue.next_timer() for dialogue in self._dialogues()]
        if self.state in UNANSWERED:
            times.append(self.began + RING)
        return min((each for each in times if each is not None), default=None)

    @property
    def forget_at(self) -> float | None:
        """When nothing of it need be remembered any more; None while it goes on."""
        return self.ended_at + LINGER if self.is_over else None

    # What goes out

    def outgoing(self) -> list[tuple[str, Message]]:
        """Take the messages that are to leave, each with the leg it goes to."""
        return [
            (dialogue.other, message)
            for dialogue in self._dialogues()
            for message in dialogue.outgoing()
        ]

    def next_event(self) -> Event | None:
        """Take the next thing that happened."""
        return self._events.pop(0) if self._events else None

    # The two tables

    def _from_edge(self, body: Body, now: float) -> None:
        what = _FROM_EDGE.get(type(body))
        if what is None:
            return
        cause = None
        if isinstance(body, End):
            cause, self._instead = body.cause, body.instead or self._instead
            self._there.hush()
            if cause.preemption:
                what = Input.PREEMPTION_THERE
        self._step(what, now, body=body, cause=cause)

    def _from_device(self, fork: Fork, body: Body, now: float) -> None:
        cause = None
        if isinstance(body, Refuse):
            cause = body.cause
            what = ForkInput.DECLINED if cause is Cause.DECLINED else ForkInput.REFUSED
        elif type(body) in _FROM_DEVICE:
            what = _FROM_DEVICE[type(body)]
        else:
            return
        if isinstance(body, End):
            cause = body.cause if body.cause in DEVICE_ENDS else Cause.HUNG_UP
            fork.dialogue.hush()
        elif isinstance(body, Ringing | Answer | Info):
            body = self._placed_there(fork, body)
        self._fork_step(fork, what, now, body=body, cause=cause)

    def _fork_step(
        self,
        fork: Fork,
        what: ForkInput,
        now: float,
        body: Body | None = None,
        cause: Cause | None = None,
    ) -> None:
        action, fork.state = FORK_STEPS[fork.state, what]
        if fork.state is ForkState.OUT:
            fork.media.close()
        match action:
            case ForkAction.NOTHING:
                pass
            case ForkAction.TELL_CALL:
                if isinstance(body, Ringing | Answer | Info) and body.fragment:
                    fork.media.take(body.device or self.device, browser=body.fragment)
                told = _OF_DEVICE[what]
                if told is Input.END_HERE and cause is not None and cause.preemption:
                    told = Input.PREEMPTION
                self._step(told, now, body=body, cause=cause)
                if fork.state is ForkState.OUT:
                    self._say_last(fork, End(cause or Cause.HUNG_UP), now)
            case ForkAction.LEAVE:
                fork.left = cause if cause in _TELLING else Cause.BUSY
                self._say_last(fork, End(cause or Cause.HUNG_UP), now)
                if all(each.state is ForkState.OUT for each in self._forks.values()):
                    left = {each.left for each in self._forks.values()}
                    telling = next(each for each in _TELLING if each in left)
                    self._step(Input.NONE_HERE, now, cause=telling)
            case ForkAction.TELL_ELSEWHERE:
                self._say_last(fork, End(Cause.ANSWERED_ELSEWHERE), now)
            case ForkAction.TELL_END:
                self._say_last(fork, End(self.cause or Cause.HUNG_UP, self._instead), now)
            case _:
                assert_never(action)

    def _step(
        self, what: Input, now: float, body: Body | None = None, cause: Cause | None = None
    ) -> None:
        actions, self.state = STEPS[self.side][self.state, what]
        if Action.REPORT in actions:
            self.cause, self.ended_at = cause, now
        for action in actions:
            match action:
                case Action.TELL_THERE if body is not None:
                    self._there.say(body, now)
                case Action.TELL_HERE if body is not None:
                    self._pass_here(body, now)
                case Action.CHOOSE:
                    for fork in self._forks.values():
                        if fork.state is not ForkState.CHOSEN:
                            self._fork_step(fork, ForkInput.ELSEWHERE, now)
                case Action.CONNECT if isinstance(body, Answer):
                    self.device = body.device
                    self._events.append(Connected(self.call, self.side, self.device, now))
                case Action.END_HERE:
                    for fork in self._forks.values():
                        self._fork_step(fork, ForkInput.OVER, now)
                case Action.END_THERE:
                    self._there.say(End(cause or Cause.HUNG_UP, self._instead), now)
                    self._there.close()
                case Action.REPORT:
                    self._there.close()
                    self._events.append(
                        Ended(self.call, self.side, cause or Cause.HUNG_UP, self.device, now)
                    )
                case _:
                    raise InvalidInputError(f"{what.value} passes nothing on.")

    def _pass_here(self, body: Body, now: float) -> None:
        wanted = body.device if isinstance(body, Info) and self.side is Side.CALLEE else ""
        for device, fork in self._forks.items():
            chosen = fork.state is ForkState.CHOSEN
            if fork.state is not ForkState.OUT and (device == wanted if wanted else chosen):
                fork.dialogue.say(self._placed_here(fork, body), now)

    def _placed_there(self, fork: Fork, body: Ringing | Answer | Info) -> Body:
        """Return what a device says as the other edge is told it."""
        if self.side is Side.CALLEE:
            return replace(body, device=fork.dialogue.other, relay=fork.media.far)
        # Said to nobody whom our relay knows of, it would be expected at one of the two edges only.
        known = fork.media.knows(body.device or self.device)
        return replace(body, fragment=body.fragment if known else "", relay=fork.media.far)

    def _placed_here(self, fork: Fork, body: Body) -> Body:
        """Return what the other edge says as our device is told it, and have our relay follow.

        The caller's session is joined to who rings first, and then to who answers.
        """
        if not isinstance(body, Ringing | Answer | Info):
            return body
        media = fork.media
        device = fork.dialogue.other if self.side is Side.CALLEE else body.device
        if isinstance(body, Answer):
            media.settle(device)
        media.take(device, other=body.fragment)
        is_first = isinstance(body, Ringing) and not media.is_pointed
        if isinstance(body, Answer) or is_first or media.is_joined(device):
            media.join(device, body.relay)
        return replace(body, relay=media.near)

    def _say_last(self, fork: Fork, end: End, now: float) -> None:
        fork.dialogue.say(end, now)
        fork.dialogue.close()

    def _look_around(self, now: float) -> None:
        """See who is gone, and whether all has been said."""
        for fork in self._forks.values():
            if fork.dialogue.failure is not None and fork.state is not ForkState.OUT:
                restarted = fork.dialogue.failure is Cause.RESTARTED
                cause = Cause.RESTARTED if restarted else Cause.DEVICE_LOST
                self._fork_step(fork, ForkInput.LOST, now, cause=cause)
        if self._there.failure is not None and not self.is_over:
            self._step(Input.LOST_THERE, now, cause=self._there.failure)
        if self.is_over and all(dialogue.is_settled for dialogue in self._dialogues()):
            self._step(Input.SETTLED, now)
            if self.dial.opaque:  # nobody is told it any more, and thousands may be remembered
                self.dial = replace(self.dial, opaque=b"")

    def _dialogues(self) -> list[Dialogue]:
        return [self._there, *(fork.dialogue for fork in self._forks.values())]
