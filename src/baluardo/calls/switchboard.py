"""All calls of an edge, as a pure core: octets of devices and edges and a time in, octets out.

Whoever hands octets in has made sure who says them. A call that is not made is answered with its
reason and kept no longer than a line in a bounded list, so who floods an edge with calls takes
nothing from others.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol, TypeVar

from baluardo.calls.admission import Admission, Decision, Request, Verdict
from baluardo.calls.attempts import Attempts
from baluardo.calls.bodies import Dial, End, Placed, Side, is_device, person_of
from baluardo.calls.call import Call
from baluardo.calls.call_rate import call_rate_bps
from baluardo.calls.causes import Cause
from baluardo.calls.events import Decided, Ended, Event
from baluardo.calls.glare import stands
from baluardo.calls.media_places import MOST_DEVICES, Claim, MediaPlaces, open_sessions
from baluardo.calls.messages import Message
from baluardo.calls.refusals import Refusals
from baluardo.calls.steps import UNANSWERED
from baluardo.errors import InvalidInputError
from baluardo.terms import Bilingual, Precedence

MOST_CALLS_OF_DEVICE: Final = 4
"""That it dialled and that go on: one in talk, others on hold."""
_DECIDED_BY_ADMISSION: Final = (
    Cause.NO_ROOM,
    Cause.FORBIDDEN_PRECEDENCE,
    Cause.SECOND_EMERGENCY,
)
"""Refusals that `Admission.ask` has made a record of."""
_NO_RELAY: Final = Bilingual(
    "Il relè della sede non ha posto per un'altra chiamata.",
    "The relay of the site has no room for another call.",
)

Key = tuple[str, Side]
"""A call's id and the side on which our edge stands: within one site it is both."""
_Name = TypeVar("_Name")


def rate_of(precedence: Precedence) -> float:
    """Return what a call takes in each direction, bit/s: flash and above goes out twice."""
    return call_rate_bps(copies=2 if precedence >= Precedence.FLASH else 1)


class Directory(Protocol):
    """Who is where, as this edge knows it without asking anybody."""

    def site_of(self, person: str) -> str | None:
        """Return the edge of a person's site: `ship/bergamini`; None for nobody."""

    def devices_of(self, person: str) -> tuple[str, ...]:
        """Return the devices of a person that are connected to this edge."""


class Outgoing(NamedTuple):
    """A message that is to leave."""

    leg: str
    """Whom it goes to."""
    octets: bytes
    caller: str
    """The device that dials with it; empty for what begins no call."""


class Switchboard:
    """The calls of one edge. It never blocks, reads no clock and owns no socket."""

    def __init__(
        self,
        site: str,
        life: int,
        directory: Directory,
        admission: Admission,
        rate_bps: Callable[[Precedence], float] = rate_of,
        media: MediaPlaces | None = None,
    ) -> None:
        """Begin without calls; `life` is trusted time in milliseconds, later at each start.

        media: what our relay does; without it nobody is told where to send media.
        """
        self.site, self.life = site, life
        self._directory, self._admission, self._rate_bps = directory, admission, rate_bps
        self._media = media
        self._attempts = Attempts()
        self._refusals = Refusals(site, life)
        self._calls: dict[Key, Call] = {}
        self._standing: set[Key] = set()
        """Of those, which go on."""
        self._unanswered: dict[tuple[str, str], set[Key]] = {}
        """By calling and called person: what may meet a call the other way."""
        self._dialled: dict[str, set[Key]] = {}
        """By device that dialled."""
        self._of_leg: dict[str, dict[Key, None]] = {}
        """By leg that is not our own edge: its calls, oldest first."""
        self._timers: list[tuple[float, Key]] = []
        self._due: dict[Key, float] = {}
        """When each call is looked at next: never later than it wants to be, at times earlier."""
        self._outgoing: deque[Outgoing] = deque()
        self._to_self: deque[Message] = deque()
        self._events: deque[Event] = deque()

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls that go on, and those that ended just now."""
        return tuple(self._calls.values())

    @property
    def is_idle(self) -> bool:
        """Whether no call goes on."""
        return not self._standing

    def call_of(self, call: str, side: Side) -> Call | None:
        """Return a call by its id and the side on which our edge stands in it."""
        return self._calls.get((call, side))

    def find(self, call: str) -> tuple[Call, ...]:
        """Return a call by its id: of one within the site both halves, of none nothing."""
        return tuple(self._calls[call, side] for side in Side if (call, side) in self._calls)

    # What comes in

    def receive(self, leg: str, octets: bytes, now: float) -> None:
        """Take a message of a leg that was authenticated; InvalidInputError if it is none.

        A call that names a relay of others is refused and raises too: its answer is `outgoing`.
        """
        message = Message.decode(octets)
        if message.leg != leg or leg == self.site:
            raise InvalidInputError(f"{leg} spoke in the name of another leg; nothing was done.")
        if not self._may_place(message):
            self._refuse_place(message, now)
        self._take(message, now)
        self._talk_to_self(now)

    def hurry(self, leg: str, now: float) -> None:
        """Ask a leg at once of all calls with it: the way to it was lost, and has returned."""
        for key in list(self._of_leg.get(leg, ())):
            self._calls[key].hurry(leg, now)
            self._after(key, now)
        self._talk_to_self(now)

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        for decision in self._admission.handle_timer(now):
            self._yield(decision, now)
        while self._timers and self._timers[0][0] <= now:
            at, key = heapq.heappop(self._timers)
            call = self._calls.get(key)
            if call is None or self._due.get(key) != at:
                continue
            del self._due[key]
            if call.forget_at is not None and now >= call.forget_at:
                self._forget(key, call)
                continue
            call.handle_timer(now)
            self._after(key, now)
        self._talk_to_self(now)

    def next_timer(self, now: float) -> float:
        """Return when `handle_timer` is to be called next: the next slot at the latest."""
        slot = self._admission.next_timer(now)
        return min(slot, self._timers[0][0]) if self._timers else slot

    # What goes out

    def outgoing(self) -> list[Outgoing]:
        """Take the messages that are to leave."""
        messages = list(self._outgoing)
        self._outgoing.clear()
        return messages

    def next_event(self) -> Event | None:
        """Take the next thing that happened."""
        return self._events.popleft() if self._events else None

    # Messages

    def _take(self, message: Message, now: float) -> None:
        key = _key(message)
        call = self._calls.get(key)
        if call is not None and message.leg in call.legs:
            if not call.hear(message, now):
                self._answer(message)
            self._after(key, now)
        elif (
            call is None
            and isinstance(message.body, Dial)
            and message.number == 1
            and message.side is Side.CALLER
            and not self._refusals.knows(message)
        ):
            self._dial(message, message.body, now)
        else:
            self._answer(message)

    def _may_place(self, message: Message) -> bool:
        """Whether a message tells of no relay, or of one where its speaker may have it."""
        relay = message.body.relay if isinstance(message.body, Placed) else None
        if relay is None:
            return True
        if is_device(message.leg):
            return False
        return self._media is None or self._media.may_relay(message.leg, relay.address)

    def _refuse_place(self, message: Message, now: float) -> None:
        """Refuse a relay that is not the speaker's to name; InvalidInputError always."""
        if isinstance(message.body, Dial) and _key(message) not in self._calls:
            if self._refusals.knows(message):
                self._answer(message)
            else:
                self._refuse(message, message.body, End(Cause.NOT_THEIRS), now)
        raise InvalidInputError(
            f"{message.leg} told of a relay that is not theirs; no media goes there."
        )

    def _dial(self, message: Message, dial: Dial, now: float) -> None:
        """Make a call, or refuse it with its reason."""
        is_ours = is_device(message.leg)
        other = self._directory.site_of(dial.callee) if is_ours else message.leg
        end = self._not_permitted(message, dial, other, now)
        if end is not None:
            self._refuse(message, dial, end, now)
            return
        side = Side.CALLER if is_ours else Side.CALLEE
        devices = (dial.caller,) if is_ours else self._ringing(dial)
        # Before admission, so that nobody yields to a call that our relay cannot carry.
        site = "" if is_ours or message.leg == self.site else message.leg
        claim = Claim(dial.precedence, dial.emergency, site)
        sessions = open_sessions(self._media, message.call, side.value, devices, claim)
        if not sessions:
            self._refuse(message, dial, End(Cause.NO_ROOM), now, _NO_RELAY)
            return
        end = self._admit(message.call, dial, other or "", is_ours, now)
        if end is not None:
            for session in sessions.values():
                session.close()
            self._refuse(message, dial, end, now)
            return
        legs = (self.site, other or "")
        call = Call(message.call, side, dial, legs, sessions, self.life, now)
        key = (message.call, side)
        self._calls[key] = call
        for leg in call.legs:
            if leg != self.site:
                self._of_leg.setdefault(leg, {})[key] = None
        self._standing.add(key)
        self._unanswered.setdefault((dial.calling_person, dial.callee), set()).add(key)
        if is_ours:
            self._dialled.setdefault(dial.caller, set()).add(key)
        call.hear(message, now)
        self._after(key, now)

    def _not_permitted(
        self, message: Message, dial: Dial, other: str | None, now: float
    ) -> End | None:
        """Return why this leg may not make this call; None if it may."""
        is_ours = is_device(message.leg)
        speaks_for = dial.caller if is_ours else self._directory.site_of(dial.calling_person)
        is_used = message.leg != self.site and any(
            (message.call, each) in self._calls for each in Side
        )
        if speaks_for != message.leg or is_used:
            return End(Cause.NOT_THEIRS)
        # Our own devices are told apart for certain; another edge could make names of devices up.
        trying = dial.caller if is_ours else dial.calling_person
        if message.leg != self.site and not self._attempts.take(trying, now):
            return End(Cause.TOO_MANY)
        if is_ours and len(self._dialled.get(dial.caller, ())) >= MOST_CALLS_OF_DEVICE:
            return End(Cause.TOO_MANY)
        if other is None or (not is_ours and self._directory.site_of(dial.callee) != self.site):
            return End(Cause.UNKNOWN_PERSON)
        if not is_ours and not self._ringing(dial):
            return End(Cause.NOBODY_THERE)
        return None

    def _admit(self, call: str, dial: Dial, other: str, is_ours: bool, now: float) -> End | None:
        """Let glare and admission decide; None if the call may be made."""
        if other == self.site and not is_ours:
            return None  # within the site: decided when our own device dialled
        request, met = self._request(call, dial, other), list[Key]()
        if self._admission.forbidden(request) is None:
            met = sorted(self._unanswered.get((dial.callee, dial.calling_person), ()))
            for key in met:
                if stands((call, dial), (key[0], self._calls[key].dial)) != call:
                    return End(Cause.GLARE, key[0])
        decision = self._admission.ask(request, now, instead=[key[0] for key in met])
        self._events.append(Decided(decision))
        for each in decision.yielding:
            self._yield(each, now)
        if decision.cause is not None:
            return End(decision.cause)
        for key in met:
            if key in self._calls and self._calls[key].state in UNANSWERED:
                self._calls[key].glare(call, now)
                self._after(key, now)
        return None

    def _ringing(self, dial: Dial) -> tuple[str, ...]:
        """Return the devices that are to ring: never the one that dials."""
        devices = self._directory.devices_of(dial.callee)
        return tuple(
            each for each in devices if each != dial.caller and person_of(each) == dial.callee
        )[:MOST_DEVICES]

    def _yield(self, decision: Decision, now: float) -> None:
        self._events.append(Decided(decision))
        for side in Side:
            key = (decision.request.call, side)
            if key in self._calls and decision.cause is not None:
                self._calls[key].preempt(decision.cause, now)
                self._after(key, now)

    # What follows

    def _refuse(
        self, message: Message, dial: Dial, end: End, now: float, reason: Bilingual | None = None
    ) -> None:
        if reason is not None or end.cause not in _DECIDED_BY_ADMISSION:
            request = self._request(message.call, dial, "")
            told = reason or end.cause.sentence
            decision = Decision(now, request, Verdict.REFUSED, told, end.cause)
            self._events.append(Decided(decision))
        self._refusals.remember(message, end)
        self._answer(message)

    def _answer(self, message: Message) -> None:
        for answer in self._refusals.answers(message):
            self._send(message.leg, answer)

    def _request(self, call: str, dial: Dial, other: str) -> Request:
        sites = () if other == self.site else (self.site, other)
        rate = self._rate_bps(dial.precedence)
        person, callee = dial.calling_person, dial.callee
        return Request(call, person, dial.precedence, dial.emergency, sites, rate, callee)

    def _after(self, key: Key, now: float) -> None:
        """Take out what a call has to say and to tell, and when it is to be called again."""
        call = self._calls[key]
        while (event := call.next_event()) is not None:
            people = (call.dial.calling_person, call.dial.callee)
            _take_out(self._unanswered, people, key)
            if isinstance(event, Ended):
                self._standing.discard(key)
                _take_out(self._dialled, call.dial.caller, key)
                self._admission.release(call.call)
            self._events.append(event)
        for leg, message in call.outgoing():
            self._send(leg, message)
        times = [each for each in (call.next_timer(), call.forget_at) if each is not None]
        at, due = max(min(times), now), self._due.get(key)
        if due is None or at < due:  # each message puts a time off: that is seen when it comes
            self._due[key] = at
            heapq.heappush(self._timers, (at, key))

    def _forget(self, key: Key, call: Call) -> None:
        del self._calls[key]
        for leg in call.legs:
            keys = self._of_leg.get(leg)
            if keys is not None:
                keys.pop(key, None)
                if not keys:
                    del self._of_leg[leg]

    def _send(self, leg: str, message: Message) -> None:
        if leg == self.site:
            self._to_self.append(message)
        else:
            caller = message.body.caller if isinstance(message.body, Dial) else ""
            self._outgoing.append(Outgoing(leg, message.encode(), caller))

    def _talk_to_self(self, now: float) -> None:
        """Carry what the two halves of a call within the site say to each other."""
        while self._to_self:
            self._take(self._to_self.popleft(), now)


def _key(message: Message) -> Key:
    """Return the call that a message is of, with our side."""
    side = message.side if is_device(message.leg) else message.side.other
    return message.call, side


def _take_out(sets: dict[_Name, set[Key]], name: _Name, key: Key) -> None:
    keys = sets.get(name)
    if keys is not None:
        keys.discard(key)
        if not keys:
            del sets[name]
