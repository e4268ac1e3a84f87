"""What a device and its edge, and two edges, say to each other about a call.

Each message is one JSON object (RFC 7493): which call, who says it, on which side of the call they
stand, since when they have been running, the number of what is said, and one body. What browsers
tell each other (SDP, MLS) goes along as octets that nobody reads here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from baluardo.calls.bodies import (
    CALL_ID_OCTETS,
    LAST_NUMBER,
    LONGEST_PATH,
    MOST_OPAQUE,
    UNNUMBERED,
    Acknowledgement,
    Alive,
    Answer,
    Body,
    Dial,
    End,
    Hold,
    Info,
    Placed,
    Refuse,
    Resume,
    Ringing,
    Side,
    Unknown,
    check_call,
    check_leg,
    check_number,
)
from baluardo.calls.causes import Cause
from baluardo.calls.media_places import LONGEST_ADDRESS, LONGEST_FRAGMENT, RelayPlace
from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.terms import Precedence
from baluardo.trust.base64_text import to_base64
from baluardo.trust.strict_json import LARGEST_NUMBER, JsonObject, rewrite_json

MOST_OCTETS: Final = 96 * 1_024
"""Of one message: the opaque octets in base64, and the rest."""
MOST_LEGS: Final = 16_384
"""Whose names are remembered as right; the one longest unused is forgotten."""


@dataclass(frozen=True, slots=True)
class Message:
    """A body with what every message says."""

    call: str
    """16 random octets, in small hexadecimal digits."""
    leg: str
    """Who says it, within the community: `ship/bergamini`, `person/anna.rossi/phone`."""
    side: Side
    """Of who says it."""
    life: int
    """Grows with each start of who says it: trusted time in milliseconds when it began to run."""
    number: int
    """From 1, in the order in which it is to be heard."""
    body: Body

    def __post_init__(self) -> None:
        """Refuse what no message says."""
        check_call(self.call)
        _check_leg(self.leg)
        check_number("life", self.life, 1, LARGEST_NUMBER)
        least = 0 if isinstance(self.body, UNNUMBERED) else 1
        check_number("number", self.number, least, LAST_NUMBER if least else 0)

    def encode(self) -> bytes:
        """Return the message's octets."""
        kind = _KINDS[type(self.body)]
        return rewrite_json(
            {
                "call": self.call,
                "leg": self.leg,
                "side": self.side.value,
                "life": self.life,
                "number": self.number,
                "type": kind,
                **_fields(self.body),
            }
        )

    @classmethod
    def decode(cls, octets: bytes) -> Message:
        """Read a message; InvalidInputError says what is wrong with it."""
        fields = JsonObject.parse(octets, MOST_OCTETS, "The message")
        kind = fields.text("type", 16)
        reader = _READERS.get(kind)
        if reader is None:
            raise InvalidInputError(f"The message is of type {quoted(kind)}, which there is not.")
        names, read = reader
        fields.only(("call", "leg", "side", "life", "number", "type", *names))
        side = fields.text("side", 8)
        if side not in (each.value for each in Side):
            raise fields.wrong("side", "caller or callee")
        return cls(
            fields.text("call", 2 * CALL_ID_OCTETS),
            fields.text("leg", LONGEST_PATH),
            Side(side),
            _whole(fields, "life"),
            _whole(fields, "number"),
            read(fields),
        )


@lru_cache(maxsize=MOST_LEGS)
def _check_leg(leg: str) -> None:
    """As `check_leg`; whoever was found to be right is not read again with each message."""
    check_leg(leg)


def _whole(fields: JsonObject, name: str) -> int:
    value = fields.fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise fields.wrong(name, "a whole number")
    return value


def _fields(body: Body) -> dict[str, object]:
    match body:
        case Dial():
            return {
                "caller": body.caller,
                "callee": body.callee,
                "precedence": body.precedence.dsn,
                "emergency": body.emergency,
                "opaque": to_base64(body.opaque),
                **_place(body),
            }
        case Ringing() | Answer() | Info():
            opaque = to_base64(body.opaque)
            return {"device": body.device, "opaque": opaque, **_place(body)}
        case Refuse():
            return {"cause": body.cause.value}
        case End():
            return {"cause": body.cause.value, "instead": body.instead}
        case Acknowledgement():
            return {"upto": body.upto, "of": body.life}
        case _:
            return {}


def _place(body: Placed) -> dict[str, object]:
    relay = body.relay
    told = None if relay is None else {"address": relay.address, "port": relay.port}
    return {"fragment": body.fragment, "relay": told}


def _dial(fields: JsonObject) -> Dial:
    emergency = fields.fields.get("emergency")
    if not isinstance(emergency, bool):
        raise fields.wrong("emergency", "true or false")
    return Dial(
        fields.text("caller", LONGEST_PATH),
        fields.text("callee", LONGEST_PATH),
        Precedence.of(fields.text("precedence", 16)),
        emergency,
        _opaque(fields),
        _fragment(fields),
        _relay(fields),
    )


def _ringing(fields: JsonObject) -> Ringing:
    return Ringing(_device(fields), _opaque(fields), _fragment(fields), _relay(fields))


def _answer(fields: JsonObject) -> Answer:
    return Answer(_device(fields), _opaque(fields), _fragment(fields), _relay(fields))


def _info(fields: JsonObject) -> Info:
    return Info(_device(fields), _opaque(fields), _fragment(fields), _relay(fields))


def _device(fields: JsonObject) -> str:
    return fields.text("device", LONGEST_PATH)


def _opaque(fields: JsonObject) -> bytes:
    return fields.octets("opaque", MOST_OPAQUE)


def _fragment(fields: JsonObject) -> str:
    return fields.text("fragment", LONGEST_FRAGMENT)


def _relay(fields: JsonObject) -> RelayPlace | None:
    if "relay" not in fields.fields:
        raise fields.wrong("relay", "null, or an address and a port")
    if fields.fields["relay"] is None:
        return None
    place = fields.inner("relay")
    place.only(("address", "port"))
    return RelayPlace(place.text("address", LONGEST_ADDRESS), _whole(place, "port"))


def _cause(fields: JsonObject) -> Cause:
    text = fields.text("cause", 32)
    for each in Cause:
        if each.value == text:
            return each
    raise InvalidInputError(f"The message ends a call for {quoted(text)}, which is no cause.")


_KINDS: Final[dict[type[Body], str]] = {
    Dial: "dial",
    Ringing: "ringing",
    Answer: "answer",
    Refuse: "refuse",
    Hold: "hold",
    Resume: "resume",
    Info: "info",
    End: "end",
    Alive: "alive",
    Acknowledgement: "acknowledgement",
    Unknown: "unknown",
}

_READERS: Final[dict[str, tuple[tuple[str, ...], Callable[[JsonObject], Body]]]] = {
    "dial": (
        ("caller", "callee", "precedence", "emergency", "opaque", "fragment", "relay"),
        _dial,
    ),
    "ringing": (("device", "opaque", "fragment", "relay"), _ringing),
    "answer": (("device", "opaque", "fragment", "relay"), _answer),
    "refuse": (("cause",), lambda fields: Refuse(_cause(fields))),
    "hold": ((), lambda _: Hold()),
    "resume": ((), lambda _: Resume()),
    "info": (("device", "opaque", "fragment", "relay"), _info),
    "end": (
        ("cause", "instead"),
        lambda fields: End(_cause(fields), fields.text("instead", 2 * CALL_ID_OCTETS)),
    ),
    "alive": ((), lambda _: Alive()),
    "acknowledgement": (
        ("upto", "of"),
        lambda fields: Acknowledgement(_whole(fields, "upto"), _whole(fields, "of")),
    ),
    "unknown": ((), lambda _: Unknown()),
}
