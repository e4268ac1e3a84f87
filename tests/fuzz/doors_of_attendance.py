"""Doors at an edge for browsers: attendances, frames of the WebSocket, and its small files."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import asdict

from door import Door
from doors_of_calls import messages
from material import italy, member, verifier

from baluardo.calls.receiver_reports import ReceiverReport
from baluardo.edge.calls.attendance import (
    ATTENDANCE_TYPE,
    LARGEST_STATEMENT,
    Statement,
    verify_there,
)
from baluardo.edge.calls.browser_frames import (
    LARGEST_FRAME,
    Reported,
    call_frame,
    read_attend,
    read_said,
)
from baluardo.edge.calls.missed_calls import Missed, MissedCalls
from baluardo.edge.calls.people import People, Seen
from baluardo.edge.tunnels.serving_satellite import ServingSatellite
from baluardo.errors import CertificateError, InvalidInputError, ProfileError, SignatureError
from baluardo.terms import SLOT_SECONDS, Precedence
from baluardo.trust.envelope import sign
from baluardo.trust.strict_json import write_json

PHONE, ROME, SHIP = "person/anna.rossi/phone", "office/rome", "ship/bergamini"


@functools.cache
def statement() -> Statement:
    return Statement(int(italy().now), "ab" * 32, ROME, "https://rome.baluardo.example")


@functools.cache
def attend() -> bytes:
    """The frame by which a browser sits down."""
    envelope = statement().sign(member(PHONE))
    return write_json({"type": "attend", "attendance": envelope.to_object()})


def attended(octets: bytes) -> None:
    """Nothing comes out but what was signed."""
    found = verify_there(read_attend(text(octets)), verifier(), italy().now, ROME)
    assert (found.device, found.at, found.site) == (PHONE, int(italy().now), ROME)


def stated(octets: bytes) -> None:
    """The payload alone, as if a device signed whatever it was given."""
    assert Statement.of_octets(octets).to_octets() == octets


def attested(octets: bytes) -> None:
    """The same, signed: a device may be hostile too."""
    if len(octets) <= LARGEST_STATEMENT:
        verify_there(sign(octets, ATTENDANCE_TYPE, member(PHONE)), verifier(), italy().now, ROME)
    else:
        stated(octets)


def listed(octets: bytes) -> None:
    assert People.of_octets(ROME, octets).to_octets() == octets


def missed(octets: bytes) -> None:
    assert MissedCalls.of_octets(octets).to_octets() == octets


def serving(octets: bytes) -> None:
    """Whatever is told is told of one slot at most."""
    found = ServingSatellite.of_octets(octets, "The file")
    assert 0.0 < found.end - found.start <= SLOT_SECONDS + 1.0


def text(octets: bytes) -> str:
    """What a WebSocket makes of them; it lets no octets through that are no UTF-8."""
    return octets.decode("utf-8", "surrogateescape")


def framed(read: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda octets: read(text(octets))


def said(frame: str) -> None:
    """A report that is believed has figures, whatever they are."""
    found = read_said(frame)
    if isinstance(found, Reported):
        assert 1.0 <= found.report.quality.mos <= 4.5


REPORT = ReceiverReport(5.0, 240, 10, 48.5, 1.25, 0.04, 42.0)


def frames() -> Sequence[bytes]:
    made = [call_frame(each).encode() for each in messages()]
    made.append(write_json({"type": "report", "call": "0a" * 16, **asdict(REPORT)}))
    made.append(write_json({"type": "noted", "calls": ["0a" * 16, "0b" * 16]}))
    assert max(map(len, made)) < LARGEST_FRAME
    return made


def lists() -> Sequence[bytes]:
    seen = {"person/anna": Seen(ROME, 7), "person/bruno": Seen(SHIP, 9)}
    return [People(ROME).to_octets(), People(ROME, seen).to_octets()]


def missed_lists() -> Sequence[bytes]:
    made = MissedCalls()
    for number, precedence in enumerate(Precedence):
        call = Missed(f"{number:032x}", "person/anna", 1 + number, precedence, number == 0)
        made.keep(f"person/p{number % 2}", call)
    return [MissedCalls().to_octets(), made.to_octets()]


_UNTRUE = (InvalidInputError, CertificateError, SignatureError, ProfileError)

DOORS = (
    Door("calls.attendance", attended, _UNTRUE, lambda: [attend()]),
    Door("calls.statement", stated, (InvalidInputError,), lambda: [statement().to_octets()]),
    Door("calls.attested", attested, _UNTRUE, lambda: [statement().to_octets()]),
    Door("calls.frame", framed(said), (InvalidInputError,), frames),
    Door("calls.people", listed, (InvalidInputError,), lists),
    Door("calls.missed", missed, (InvalidInputError,), missed_lists),
    Door(
        "edge.satellite",
        serving,
        (InvalidInputError,),
        lambda: [ServingSatellite(name, 1.8e9, 1.8e9 + 15).to_octets() for name in ("", "S-1 [D]")],
    ),
)
