"""The geo-fencing trigger: a message that no phone shows, and that makes it look where it is.

It names messages whose warning-area coordinates a phone is to hold against its position; those
that it names together share their areas (3GPP TS 23.041, 9.4.1.2.2; ATIS-0700041, 5.1.6). One page:
four bits of type, seven of length in octets with this header, five of padding, then message
identifier and serial number of each, 16 bits both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baluardo.emergency.broadcast.message import PAGE_OCTETS, SerialNumber
from baluardo.errors import InvalidInputError

TRIGGER_IDENTIFIER: Final = 0x1130
"""4400."""
SHARE_AREAS: Final = 2
"""The only type there is."""
MOST_NAMED: Final = (PAGE_OCTETS - 2) // 4


@dataclass(frozen=True, slots=True)
class Named:
    """A message that a trigger is about."""

    message_id: int
    serial: SerialNumber


def trigger_page(messages: tuple[Named, ...]) -> bytes:
    """Return the page of a trigger, with the count of its octets; InvalidInputError."""
    if not 1 <= len(messages) <= MOST_NAMED:
        raise InvalidInputError(f"A trigger names 1 to {MOST_NAMED} messages, not {len(messages)}.")
    length = 2 + 4 * len(messages)
    octets = (SHARE_AREAS << 12 | length << 5).to_bytes(2, "big")
    for each in messages:
        if not 0 <= each.message_id <= 0xFFFF:
            raise InvalidInputError(f"{each.message_id} is no message identifier of 16 bits.")
        octets += each.message_id.to_bytes(2, "big") + each.serial.to_int().to_bytes(2, "big")
    return octets.ljust(PAGE_OCTETS, b"\0") + bytes([length])


def read_trigger(page: bytes) -> tuple[Named, ...]:
    """Return the messages that a trigger's page names; InvalidInputError if it is none."""
    header = int.from_bytes(page[:2], "big")
    kind, length = header >> 12, header >> 5 & 0x7F
    if len(page) != PAGE_OCTETS + 1 or kind != SHARE_AREAS:
        raise InvalidInputError("This page is no geo-fencing trigger.")
    if length % 4 != 2 or not 6 <= length <= page[-1] <= PAGE_OCTETS:
        raise InvalidInputError("A geo-fencing trigger has no possible length.")
    return tuple(
        Named(
            int.from_bytes(page[at : at + 2], "big"),
            SerialNumber.of_int(int.from_bytes(page[at + 2 : at + 4], "big")),
        )
        for at in range(2, length, 4)
    )
