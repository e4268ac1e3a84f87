"""What can be said of a call: each kind of statement and its bounds, not how it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from baluardo.calls.causes import Cause
from baluardo.calls.media_places import RelayPlace, check_fragment
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.terms import Precedence
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.strict_json import LARGEST_NUMBER

MOST_OPAQUE: Final = 64 * 1_024
"""Octets of what browsers tell each other: two chains of ML-DSA and a key package need 45,000."""
LAST_NUMBER: Final = 2**31 - 1
LONGEST_PATH: Final = 200
"""Of an identity within its community."""
CALL_ID_OCTETS: Final = 16

_CALL = re.compile(r"[0-9a-f]{32}", re.ASCII)
_PERSON = re.compile(r"person/[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)


class Side(StrEnum):
    """On which side of a call somebody stands: devices, and the edge of their site."""

    CALLER = "caller"
    CALLEE = "callee"

    @property
    def other(self) -> Side:
        """The opposite side."""
        return Side.CALLEE if self is Side.CALLER else Side.CALLER


@dataclass(frozen=True, slots=True)
class Dial:
    """Begins a call; always the first that is said of it."""

    caller: str
    """The device that dials: `person/NAME/DEVICE`."""
    callee: str
    """The person who is called: `person/NAME`."""
    precedence: Precedence = Precedence.ROUTINE
    emergency: bool = False
    opaque: bytes = b""
    """The offer of the caller's browser."""
    fragment: str = ""
    """ICE user fragment of the browser that dials; empty where it takes no part in ICE."""
    relay: RelayPlace | None = None
    """Where who hears this sends media; None if a device says it, or where no relay is."""

    def __post_init__(self) -> None:
        """Refuse what is no device, or no person."""
        check_device("caller", self.caller)
        if not _PERSON.fullmatch(self.callee):
            raise InvalidInputError(
                f"callee {quoted(self.callee)} is no person: person/NAME, without a device."
            )
        _check_opaque(self.opaque)
        check_fragment(self.fragment)

    @property
    def calling_person(self) -> str:
        """Who dials, whichever the device: `person/NAME`."""
        return person_of(self.caller)


@dataclass(frozen=True, slots=True)
class Ringing:
    """A device rings; its browser may prepare the media already."""

    device: str
    opaque: bytes = b""
    fragment: str = ""
    """ICE user fragment of the browser that rings."""
    relay: RelayPlace | None = None
    """As of `Dial`."""

    def __post_init__(self) -> None:
        """Refuse what is no device."""
        check_device("device", self.device)
        _check_opaque(self.opaque)
        check_fragment(self.fragment)


@dataclass(frozen=True, slots=True)
class Answer:
    """A device takes the call."""

    device: str
    opaque: bytes = b""
    fragment: str = ""
    """ICE user fragment of the browser that answers."""
    relay: RelayPlace | None = None
    """As of `Dial`."""

    def __post_init__(self) -> None:
        """Refuse what is no device."""
        check_device("device", self.device)
        _check_opaque(self.opaque)
        check_fragment(self.fragment)


@dataclass(frozen=True, slots=True)
class Refuse:
    """A device does not take the call: DECLINED for the person, all others for itself alone.

    PREEMPTED_BY_DEVICE: it rang here, and made room for a more urgent one.
    """

    cause: Cause

    def __post_init__(self) -> None:
        """Refuse causes that are not a device's to say."""
        if self.cause not in REFUSALS:
            raise InvalidInputError(f"{quoted(self.cause.value)} is no refusal of a device.")


@dataclass(frozen=True, slots=True)
class Hold:
    """Who says it neither sends nor wants audio until `Resume`."""


@dataclass(frozen=True, slots=True)
class Resume:
    """The end of a hold, by who began it."""


@dataclass(frozen=True, slots=True)
class Info:
    """Octets from browser to browser at any time of a call (as SIP's INFO, RFC 6086)."""

    device: str
    """Of the callee: whom they are for, or who says them; empty for the one that answered."""
    opaque: bytes
    fragment: str = ""
    """New ICE user fragment of the browser that speaks; empty where it keeps the one it has."""
    relay: RelayPlace | None = None
    """As of `Dial`."""

    def __post_init__(self) -> None:
        """Refuse what is no device."""
        if self.device:
            check_device("device", self.device)
        _check_opaque(self.opaque)
        check_fragment(self.fragment)


@dataclass(frozen=True, slots=True)
class End:
    """The call is over, and why."""

    cause: Cause
    instead: str = ""
    """With GLARE: the call that stands, which the device answers at once."""

    def __post_init__(self) -> None:
        """Refuse what is no call."""
        if self.instead:
            check_call(self.instead)


@dataclass(frozen=True, slots=True)
class Alive:
    """Nothing new; who says it knows of the call."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Everything up to this number has arrived, of a sender that runs since `life`."""

    upto: int
    life: int

    def __post_init__(self) -> None:
        """Refuse numbers that no message has."""
        check_number("upto", self.upto, 0, LAST_NUMBER)
        check_number("life", self.life, 1, LARGEST_NUMBER)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Who says it knows nothing of this call, being started anew or done with it long ago."""


Placed = Dial | Ringing | Answer | Info
"""What says where media goes."""
Body = (
    Dial
    | Ringing
    | Answer
    | Refuse
    | Hold
    | Resume
    | Info
    | End
    | Alive
    | Acknowledgement
    | Unknown
)

REFUSALS: Final = (Cause.DECLINED, Cause.BUSY, Cause.UNABLE, Cause.PREEMPTED_BY_DEVICE)
UNNUMBERED: Final = (Acknowledgement, Unknown)
"""Neither acknowledged nor repeated; their number is 0."""


def check_call(call: str) -> None:
    """Refuse what is no id of a call; InvalidInputError."""
    if not _CALL.fullmatch(call):
        raise InvalidInputError(
            f"call {quoted(call)} is no id: {2 * CALL_ID_OCTETS} small hexadecimal digits."
        )


def check_device(field: str, path: str) -> None:
    """Refuse what is no device of a person; InvalidInputError."""
    if _identity(field, path).kind is not Kind.PERSON:
        raise InvalidInputError(f"{field} {quoted(path)} is no device: person/NAME/DEVICE.")


def is_device(leg: str) -> bool:
    """Whether a leg is a person's device, and no edge."""
    return leg.startswith(f"{Kind.PERSON.value}/")


def person_of(device: str) -> str:
    """Return the person whose device it is: `person/NAME`."""
    return device.rpartition("/")[0]


def _identity(field: str, path: str) -> Identity:
    if len(path) > LONGEST_PATH:
        raise InvalidInputError(f"{field} is longer than {LONGEST_PATH} characters.")
    return Identity.of_path("community", path)


def check_leg(leg: str) -> None:
    """Refuse who takes no part in calls; InvalidInputError."""
    if _identity("leg", leg).kind not in {Kind.PERSON, Kind.OFFICE, Kind.SHIP}:
        raise InvalidInputError(f"leg {quoted(leg)} is neither a device nor the edge of a site.")


def _check_opaque(opaque: bytes) -> None:
    if len(opaque) > MOST_OPAQUE:
        raise InvalidInputError(
            f"{len(opaque):,} octets between browsers are more than {MOST_OPAQUE:,}."
        )


def check_number(field: str, number: int, least: int, most: int) -> None:
    """Refuse a number out of its bounds; InvalidInputError."""
    if not least <= number <= most:
        raise InvalidInputError(f"{field} {quoted(number)} is not between {least} and {most}.")
