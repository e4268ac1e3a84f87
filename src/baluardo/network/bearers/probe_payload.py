"""A probe and its answer, as octets: fixed sizes, every octet accounted for.

    0      kind: 0x21 a probe, 0x22 an answer (version 2; 0x11 and 0x12 were version 1)
    1      bit 0: the sender has traffic for the receiver; the others are zero
    2      the sender's bearer that this leaves by
    3      the receiver's bearer that this goes to
    4-7    statement: grows whenever one of the next two octets changes
    8      the sender's bearer at which it receives best now; 0xFF: at none
    9      another one at which it receives now, where second copies go; 0xFF: there is none
    10-11  milliseconds since the sender last heard the bearer of octet 3; 0xFFFF: longer, or never
    12-15  number of the probe
    16-23  the prober's clock when it probed, microseconds; an answer repeats it
  an answer only:
    24-27  microseconds between the probe's arrival and this answer
    28-43  address from which the probe came, IPv6 or IPv4-mapped
    44-45  its port

All big-endian. What seals it also says who sent it, and lets nothing pass twice.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from typing import Final

from baluardo.errors import InvalidInputError

PROBE: Final = 0x21
ANSWER: Final = 0x22
PROBE_OCTETS: Final = 24
ANSWER_OCTETS: Final = 46
MOST_BEARERS: Final = 8
"""Of one site. Our choice: PACE has four."""
NEVER_MS: Final = 0xFFFF
NOWHERE: Final = 0xFF

_HEAD: Final = struct.Struct(">BBBBIBBHIQ")
_TAIL: Final = struct.Struct(">I16sH")
_LARGEST_32: Final = 0xFFFF_FFFF

Source = tuple[str, int]
"""An address in its usual text, and a port."""


@dataclass(frozen=True, slots=True)
class ProbePayload:
    """What one probe or answer says."""

    traffic: bool
    bearer: int
    """The sender's, by its place in the sender's tunnel card."""
    peer_bearer: int
    """The receiver's."""
    statement: int
    best: int | None
    """Where the sender receives best now; None: nowhere."""
    heard_ms: int | None
    """Since the sender last heard `peer_bearer`; None: longer than 65 s, or never."""
    number: int
    probed_us: int
    held_us: int | None = None
    """None in a probe."""
    source: Source | None = None
    """In an answer: the address from which the probe came, as its receiver saw it."""
    second: int | None = None
    """Another one where the sender receives; None: nowhere else. Never the same as `best`."""

    @property
    def answers(self) -> bool:
        """Whether this is an answer."""
        return self.held_us is not None

    def to_octets(self) -> bytes:
        """Return it as it is sealed; durations too long for their field are cut."""
        heard = NEVER_MS if self.heard_ms is None else min(self.heard_ms, NEVER_MS)
        head = _HEAD.pack(
            PROBE if self.held_us is None else ANSWER,
            int(self.traffic),
            self.bearer,
            self.peer_bearer,
            self.statement,
            _told(self.best),
            _told(self.second),
            heard,
            self.number,
            self.probed_us,
        )
        if self.held_us is None:
            return head
        address, port = self.source or ("::", 0)
        return head + _TAIL.pack(min(self.held_us, _LARGEST_32), _packed(address), port)

    @classmethod
    def of_octets(cls, octets: bytes) -> ProbePayload:
        """Read what another edge sealed; InvalidInputError unless every octet is as above."""
        if len(octets) not in (PROBE_OCTETS, ANSWER_OCTETS):
            raise InvalidInputError(
                f"A probe has {PROBE_OCTETS} octets and an answer {ANSWER_OCTETS}, not "
                f"{len(octets)}."
            )
        kind, flags, bearer, peer_bearer, statement, best, second, heard, number, probed = (
            _HEAD.unpack_from(octets)
        )
        if kind != (PROBE if len(octets) == PROBE_OCTETS else ANSWER):
            raise InvalidInputError(f"A probe of {len(octets)} octets is not of kind {kind:#x}.")
        if flags > 1:
            raise InvalidInputError("A probe has bits that say nothing in version 2.")
        named = [each for each in (best, second) if each != NOWHERE]
        if max(bearer, peer_bearer, *named) >= MOST_BEARERS:
            raise InvalidInputError(f"A probe names a bearer beyond the {MOST_BEARERS} of a site.")
        if second != NOWHERE and best in (NOWHERE, second):
            raise InvalidInputError("A probe names a second bearer that is no other than the best.")
        held: int | None = None
        source: Source | None = None
        if kind == ANSWER:
            held, packed, port = _TAIL.unpack_from(octets, PROBE_OCTETS)
            source = _unpacked(packed, port)
        return cls(
            bool(flags),
            bearer,
            peer_bearer,
            statement,
            _named(best),
            None if heard == NEVER_MS else heard,
            number,
            probed,
            held,
            source,
            _named(second),
        )


def _told(bearer: int | None) -> int:
    return NOWHERE if bearer is None else bearer


def _named(octet: int) -> int | None:
    return None if octet == NOWHERE else octet


def _packed(address: str) -> bytes:
    one = ipaddress.ip_address(address.partition("%")[0])
    return one.packed if one.version == 6 else b"\0" * 10 + b"\xff\xff" + one.packed


def _unpacked(packed: bytes, port: int) -> Source | None:
    """Return the source, or None where the other end did not see one."""
    address = ipaddress.IPv6Address(packed)
    if address == ipaddress.IPv6Address(0):
        if port:
            raise InvalidInputError("An answer names a port without an address.")
        return None
    return str(address.ipv4_mapped or address), port
