"""Doors for calls: what devices and other edges say."""

from __future__ import annotations

from collections.abc import Sequence

from door import Door

from baluardo.calls.admission import Admission
from baluardo.calls.bodies import (
    Acknowledgement,
    Answer,
    Body,
    Dial,
    End,
    Hold,
    Info,
    Refuse,
    Ringing,
    Side,
    Unknown,
)
from baluardo.calls.call_rate import SiteRate
from baluardo.calls.causes import Cause
from baluardo.calls.media_places import Claim, RelayPlace
from baluardo.calls.messages import Message
from baluardo.calls.switchboard import Switchboard
from baluardo.errors import InvalidInputError
from baluardo.terms import Precedence

SHIP, ROME = "ship/bergamini", "office/rome"
CALLER, CALLEE = "person/anna/phone", "person/bruno/phone"
CALL = "0a" * 16
NOW = 1_790_000_000.0


def message(leg: str, side: Side, number: int, body: Body) -> bytes:
    return Message(CALL, leg, side, 7, number, body).encode()


def messages() -> Sequence[bytes]:
    relay = RelayPlace("2001:db8::1", 40_000)
    dial = Dial(CALLER, "person/bruno", Precedence.FLASH, True, b"offer", "anna", relay)
    return [
        message(ROME, Side.CALLER, 1, dial),
        message(CALLEE, Side.CALLEE, 1, Ringing(CALLEE, b"\0\xff", "bruno")),
        message(CALLEE, Side.CALLEE, 2, Answer(CALLEE, b"answer", "bruno")),
        message(CALLEE, Side.CALLEE, 2, Refuse(Cause.BUSY)),
        message(ROME, Side.CALLER, 2, Info(CALLEE, b"welcome", "anna+two", relay)),
        message(ROME, Side.CALLER, 3, Hold()),
        message(ROME, Side.CALLER, 4, End(Cause.GLARE, "0b" * 16)),
        message(ROME, Side.CALLER, 0, Acknowledgement(1, 9)),
        message(ROME, Side.CALLER, 0, Unknown()),
    ]


class Directory:
    """Two people at two sites."""

    def site_of(self, person: str) -> str | None:
        return {"person/anna": ROME, "person/bruno": SHIP}.get(person)

    def devices_of(self, person: str) -> tuple[str, ...]:
        return (CALLEE,) if person == "person/bruno" else ()


class Relay:
    """Sessions of one edge, by name; naming one that is not open raises KeyError."""

    def __init__(self) -> None:
        self.sessions: dict[str, tuple[object, ...]] = {}

    def open(self, session: str, claim: Claim) -> tuple[RelayPlace, RelayPlace] | None:
        assert session not in self.sessions
        self.sessions[session] = (claim,)
        return RelayPlace("192.0.2.1", 1), RelayPlace("2001:db8::2", 1)

    def expect(self, session: str, browser: str, other: str) -> None:
        self.sessions[session] += (browser, other)

    def set_other(self, session: str, place: RelayPlace) -> None:
        assert place.address == "2001:db8::1", "of another edge, where it may have its relay"
        self.sessions[session] += (place,)

    def close(self, session: str) -> None:
        del self.sessions[session]

    def may_relay(self, site: str, address: str) -> bool:
        return (site, address) == (ROME, "2001:db8::1")


def switched(octets: bytes) -> None:
    """An edge in the midst of a call takes it from everybody, and still knows how it stands."""
    admission = Admission(lambda *_: SiteRate(1e6, 1e6), lambda _: Precedence.FLASH_OVERRIDE)
    relay = Relay()
    board = Switchboard(SHIP, 9, Directory(), admission, media=relay)
    board.receive(ROME, messages()[0], NOW)
    refusal = None
    for leg in (ROME, CALLEE, CALLER):
        try:
            board.receive(leg, octets, NOW)
        except InvalidInputError as problem:
            refusal = problem
        else:
            refusal = None
            break
    board.handle_timer(NOW + 1.0)
    for _, each, _ in board.outgoing():
        Message.decode(each)
    for call in board.calls:
        assert call.is_over == (call.cause is not None)
    live = sum(not call.is_over for call in board.calls)
    assert len(relay.sessions) == live, "one for each call: nobody has a second device here"
    if refusal is not None:
        raise refusal


DOORS = (
    Door("calls.message", Message.decode, (InvalidInputError,), messages),
    Door("calls.switchboard", switched, (InvalidInputError,), messages),
)
