"""Edges, phones and a bad network in memory: calls from dial to end on a virtual clock.

A phone here is what a browser's page is to its edge: it rings when it is dialled, remembers what it
was told, and says what its person does. It uses the same `Dialogue` as an edge.
"""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field

from baluardo.calls.admission import Admission, AdmissionSettings
from baluardo.calls.bodies import (
    UNNUMBERED,
    Answer,
    Body,
    Dial,
    End,
    Hold,
    Info,
    Resume,
    Ringing,
    Side,
    Unknown,
    is_device,
    person_of,
)
from baluardo.calls.call_rate import SiteRate
from baluardo.calls.causes import Cause
from baluardo.calls.dialogue import Dialogue
from baluardo.calls.events import Connected, Decided, Ended
from baluardo.calls.media_places import Claim, RelayPlace
from baluardo.calls.messages import Message
from baluardo.calls.switchboard import Switchboard
from baluardo.terms import Precedence

ROME, SHIP = "office/rome", "ship/bergamini"
ANNA, BRUNO, CARLA = "person/anna", "person/bruno", "person/carla"
ANNAS, BRUNOS, BRUNOS_OTHER = f"{ANNA}/phone", f"{BRUNO}/phone", f"{BRUNO}/laptop"
BEGINNING = 1_790_000_000.0
RELAYS = {ROME: "2001:db8:1::1", SHIP: "2001:db8:2::1"}
"""Where the far ports of each edge are; near ports are at one address at every edge."""
NEAR = "192.0.2.1"
OVER = "over"
WAITING = ("dialling", "incoming", "ringing back")
TALKING = "talking"


def fragment_of(device: str, call: str) -> str:
    """The ICE user fragment of a device's browser in a call."""
    return f"{device}/{call[:6]}".replace("person/", "")


@dataclass
class Session:
    """What a relay was told of a session."""

    near: RelayPlace
    far: RelayPlace
    claim: Claim
    fragments: tuple[str, str] | None = None
    other: RelayPlace | None = None


class Relay:
    """The sessions of an edge's relay; naming one that is not open raises KeyError."""

    def __init__(self, edge: str, most: int) -> None:
        """Begin with room for so many."""
        self.edge, self.most = edge, most
        self.sessions: dict[str, Session] = {}
        self._opened = 0

    def open(self, session: str, claim: Claim) -> tuple[RelayPlace, RelayPlace] | None:
        """Open two ports that no session had before."""
        assert session not in self.sessions
        if len(self.sessions) >= self.most:
            return None
        self._opened += 1
        near, far = (RelayPlace(each, self._opened) for each in (NEAR, RELAYS[self.edge]))
        self.sessions[session] = Session(near, far, claim)
        return near, far

    def expect(self, session: str, browser: str, other: str) -> None:
        """Note it."""
        self.sessions[session].fragments = browser, other

    def set_other(self, session: str, place: RelayPlace) -> None:
        """Note it."""
        self.sessions[session].other = place

    def close(self, session: str) -> None:
        """Forget it."""
        del self.sessions[session]

    def may_relay(self, site: str, address: str) -> bool:
        """Whether it is the one address that a site has."""
        return RELAYS.get(site) == address

    def of_call(self, call: str, side: Side) -> dict[str, Session]:
        """The sessions of a call's side that are open, by name."""
        start = f"{call}/{side.value}/"
        return {name: each for name, each in self.sessions.items() if name.startswith(start)}


@dataclass
class PhoneCall:
    """A call as a phone knows it."""

    dialogue: Dialogue
    dial: Dial
    state: str
    """One of WAITING, TALKING or OVER."""
    cause: Cause | None = None
    instead: str = ""
    held_here: bool = False
    held_there: bool = False
    heard: list[bytes] = field(default_factory=list)
    """What the other browser said."""
    fragment: str = ""
    """Of the other browser, as was told last."""
    other: str = ""
    """The device of the callee in the call: the one that answered, or our own."""
    said: dict[str, str] = field(default_factory=dict)
    """New fragments of our own browser: the last that each device of the callee was told."""
    rang: list[str] = field(default_factory=list)
    """The devices of the callee that have rung, as the caller knows."""
    relay: RelayPlace | None = None
    """Where media is sent, as was told last."""


class Phone:
    """One device; `life` tells one start from another."""

    def __init__(self, device: str, edge: str, life: int) -> None:
        """Begin without calls."""
        self.device, self.edge, self.life = device, edge, life
        self.calls: dict[str, PhoneCall] = {}
        self.answers_at_once = False

    def dial(self, call: str, dial: Dial, now: float) -> None:
        """Call somebody."""
        dialogue = Dialogue(call, self.device, self.edge, Side.CALLER, self.life)
        dialogue.say(dial, now)
        self.calls[call] = PhoneCall(dialogue, dial, "dialling")

    def answer(self, call: str, now: float) -> None:
        """Take a call that rings."""
        it = self.calls[call]
        it.state, it.other = TALKING, self.device
        it.dialogue.say(Answer(self.device, b"answer", self.said(call, self.device)), now)

    def end(self, call: str, body: Body, now: float) -> None:
        """Hang up, or refuse."""
        it = self.calls[call]
        it.state = OVER
        it.cause = getattr(body, "cause", None)
        it.dialogue.say(body, now)
        it.dialogue.close()

    def said(self, call: str, device: str) -> str:
        """The fragment of this browser that a device of the callee has to know."""
        return self.calls[call].said.get(device, fragment_of(self.device, call))

    def renew(self, call: str, device: str, fragment: str, now: float) -> None:
        """Make media anew with a device of the callee; empty: with the one that answered."""
        it = self.calls[call]
        is_ours = it.dial.caller != self.device
        it.said[self.device if is_ours else device or it.other] = fragment
        it.dialogue.say(Info(device, b"again", fragment), now)

    def hold(self, call: str, held: bool, now: float) -> None:
        """Begin or end our own hold."""
        self.calls[call].held_here = held
        self.calls[call].dialogue.say(Hold() if held else Resume(), now)

    def hear(self, message: Message, now: float) -> list[Message]:
        """Take a message of the edge; return what is said outside any call."""
        it = self.calls.get(message.call)
        body = message.body
        if it is None:
            if isinstance(body, Dial) and message.number == 1:
                dialogue = Dialogue(message.call, self.device, self.edge, Side.CALLEE, self.life)
                it = PhoneCall(dialogue, body, "incoming")
                it.fragment, it.relay = body.fragment, body.relay
                self.calls[message.call] = it
                dialogue.hear(message, now)
                fragment = fragment_of(self.device, message.call)
                dialogue.say(Ringing(self.device, b"prepared", fragment), now)
                if self.answers_at_once:
                    self.answer(message.call, now)
                return []
            return self._unknown(message)
        if it.dialogue.failure is not None:
            return self._unknown(message)
        for each in it.dialogue.hear(message, now):
            self._take(it, each)
        self._look(it)
        return []

    def _unknown(self, message: Message) -> list[Message]:
        if isinstance(message.body, UNNUMBERED):
            return []
        side = message.side.other
        return [Message(message.call, self.device, side, self.life, 0, Unknown())]

    def _take(self, it: PhoneCall, body: Body) -> None:
        if it.state == OVER:
            return
        if isinstance(body, Ringing | Answer):
            it.fragment, it.relay = body.fragment, body.relay
        match body:
            case Ringing():
                it.state = "ringing back"
                it.rang.append(body.device)
            case Answer():
                it.state, it.other = TALKING, body.device
            case End():
                it.state, it.cause, it.instead = OVER, body.cause, body.instead
                it.dialogue.hush()
                it.dialogue.close()
            case Hold() | Resume():
                it.held_there = isinstance(body, Hold)
            case Info():
                it.heard.append(body.opaque)
                if body.fragment and (it.dial.caller != self.device or body.device == it.other):
                    it.fragment, it.relay = body.fragment, body.relay
            case _:
                raise AssertionError(f"a phone was told {body}")

    def _look(self, it: PhoneCall) -> None:
        if it.dialogue.failure is not None and it.state != OVER:
            it.state, it.cause = OVER, it.dialogue.failure

    def handle_timer(self, now: float) -> None:
        """Do what is due."""
        for it in self.calls.values():
            it.dialogue.handle_timer(now)
            self._look(it)

    def next_timer(self) -> float | None:
        """When something is due next."""
        live = (it for it in self.calls.values() if it.state != OVER or not it.dialogue.is_settled)
        times = [it.dialogue.next_timer() for it in live]
        return min((each for each in times if each is not None), default=None)

    def outgoing(self) -> list[Message]:
        """Take what leaves."""
        return [message for it in self.calls.values() for message in it.dialogue.outgoing()]


@dataclass
class Weather:
    """What the network does to messages."""

    loss: float = 0.0
    repeated: float = 0.0
    longest_delay_s: float = 0.05
    """Delays are drawn anew for each message, so they also overtake each other."""


class World:
    """Two sites, their phones, and the network between all of them."""

    def __init__(self, seed: int = 0, capacity: float = 1e9, sessions: int = 0) -> None:
        """Begin with Anna and Bruno each at a site, with two phones; Carla is with Anna.

        sessions: for how many each edge's relay has room; 0: there are no relays.
        """
        self.chance = random.Random(seed)  # noqa: S311 - weather
        self.now = BEGINNING
        self.weather = Weather()
        self.capacity = capacity
        self.sites = {ANNA: ROME, CARLA: ROME, BRUNO: SHIP}
        self.ceilings = {ANNA: Precedence.FLASH, BRUNO: Precedence.FLASH_OVERRIDE}
        self.lives = 1_000
        self.phones: dict[str, Phone] = {}
        for person, edge in self.sites.items():
            for name in ("laptop", "phone"):
                device = f"{person}/{name}"
                self.phones[device] = Phone(device, edge, self.life())
        self.most_sessions = sessions
        self.relays: dict[str, Relay] = {}
        self.boards = {edge: self._board(edge) for edge in (ROME, SHIP)}
        self.events: dict[str, list[Connected | Ended]] = {ROME: [], SHIP: []}
        self.decisions: dict[str, list[Decided]] = {ROME: [], SHIP: []}
        self.dialled: dict[str, Dial] = {}
        self.restarted = False
        self.delivered = 0
        self._flying: list[tuple[float, int, str, str, bytes]] = []
        self._count = 0

    def site_of(self, person: str) -> str | None:
        """The directory of both edges."""
        return self.sites.get(person)

    def devices_of(self, person: str) -> tuple[str, ...]:
        """The directory of both edges."""
        return tuple(each for each in self.phones if person_of(each) == person)

    def life(self) -> int:
        """A later start than any before."""
        self.lives += 1
        return self.lives

    def _board(self, edge: str) -> Switchboard:
        admission = Admission(
            lambda site, _: SiteRate(self.capacity, self.capacity) if site == edge else None,
            lambda person: self.ceilings.get(person, Precedence.ROUTINE),
            AdmissionSettings(emergency_floor=0),
        )
        if not self.most_sessions:
            return Switchboard(edge, self.life(), self, admission)
        self.relays[edge] = self.relay_of(edge)
        return Switchboard(edge, self.life(), self, admission, media=self.relays[edge])

    def relay_of(self, edge: str) -> Relay:
        """A relay without sessions."""
        return Relay(edge, self.most_sessions)

    def restart(self, leg: str) -> None:
        """Start an edge or a phone anew: it knows nothing."""
        self.restarted = True
        if is_device(leg):
            self.phones[leg] = Phone(leg, self.phones[leg].edge, self.life())
        else:
            self.boards[leg] = self._board(leg)

    def dial(self, device: str, callee: str, **about: object) -> str:
        """Dial; return the call's id."""
        call = self.chance.randbytes(16).hex()
        fragment = fragment_of(device, call)
        dial = Dial(device, callee, opaque=b"offer", fragment=fragment, **about)  # type: ignore[arg-type]
        self.dialled[call] = dial
        self.phones[device].dial(call, dial, self.now)
        self.post()
        return call

    def post(self) -> None:
        """Take what everybody has to say and put it on its way."""
        for device, phone in self.phones.items():
            for message in phone.outgoing():
                self._fly(device, phone.edge, message.encode())
        for edge, board in self.boards.items():
            for leg, octets, _ in board.outgoing():
                self._fly(edge, leg, octets)
            while (event := board.next_event()) is not None:
                if isinstance(event, Decided):
                    self.decisions[edge].append(event)
                else:
                    self.events[edge].append(event)

    def _fly(self, source: str, target: str, octets: bytes) -> None:
        copies = 1 + (self.chance.random() < self.weather.repeated)
        for _ in range(copies):
            if self.chance.random() < self.weather.loss:
                continue
            self._count += 1
            at = self.now + self.chance.uniform(0.001, self.weather.longest_delay_s)
            heapq.heappush(self._flying, (at, self._count, source, target, octets))

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        end = self.now + seconds
        while True:
            timers = [board.next_timer(self.now) for board in self.boards.values()]
            timers += [t for phone in self.phones.values() if (t := phone.next_timer()) is not None]
            at = min([*timers, *(each[0] for each in self._flying[:1])])
            if at > end:
                break
            self.now = max(self.now, at)
            while self._flying and self._flying[0][0] <= self.now:
                _, _, source, target, octets = heapq.heappop(self._flying)
                self._deliver(source, target, octets)
            for board in self.boards.values():
                board.handle_timer(self.now)
            for phone in self.phones.values():
                phone.handle_timer(self.now)
            self.post()
        self.now = end

    def _deliver(self, source: str, target: str, octets: bytes) -> None:
        self.delivered += 1
        if target in self.boards:
            self.boards[target].receive(source, octets, self.now)
            return
        for message in self.phones[target].hear(Message.decode(octets), self.now):
            self._fly(target, source, message.encode())

    def talking(self, call: str) -> list[str]:
        """The phones that are in a call."""
        return [
            device
            for device, phone in self.phones.items()
            if call in phone.calls and phone.calls[call].state == TALKING
        ]

    def state_of(self, call: str) -> dict[str, str]:
        """The state of a call at each edge that goes on with it, by edge and side."""
        return {
            f"{edge} {each.side.value}": each.state.value
            for edge, board in self.boards.items()
            for each in board.calls
            if each.call == call and not each.is_over
        }

    def endings(self, call: str) -> dict[str, Cause]:
        """Why a call ended, by edge and side."""
        return {
            f"{edge} {event.side.value}": event.cause
            for edge, events in self.events.items()
            for event in events
            if isinstance(event, Ended) and event.call == call
        }


def talk(world: World, callee: str = BRUNO, device: str = BRUNOS, **about: object) -> str:
    """A call that was answered."""
    call = world.dial(ANNAS, callee, **about)
    world.run(1)
    world.phones[device].answer(call, world.now)
    world.post()
    world.run(1)
    assert world.talking(call) == [ANNAS, device]
    return call
