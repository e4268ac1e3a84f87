"""What a call takes of a site's path, and what a path has for calls: bit/s in each direction.

Audio is Opus at a constant bit rate, one packet each 20 ms. Every layer that its packet gets on the
way from edge to edge stands in `INNER_LAYERS` and `OUTER_LAYERS`; sizes are those over IPv6 and
of the longest header and tag, the larger case. Header extensions of RTP are never negotiated
(`web/src/calls/media/sdp.ts`), so none counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.network.bearers.headers import OUTER_OCTETS
from baluardo.terms import Path, slot_start

OPUS_BPS: Final = 32_000
PACKETS_PER_SECOND: Final = 50
RTCP_SHARE: Final = 0.05
"""RFC 3550 section 6.2: what reports may take besides."""
PADDING: Final = 16
"""WireGuard fills a packet up to a multiple of this (white paper, section 5.4.6)."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Octets that something adds to each packet."""

    name: str
    octets: int
    source: str


INNER_LAYERS: Final = (
    Layer("SFrame header", 10, "RFC 9605 section 4.3: a key id of 5 octets, a counter of 4"),
    Layer("SFrame tag", 16, "RFC 9605 section 4.5: AES-GCM with 128 bits"),
    Layer("RTP header", 12, "RFC 3550 section 5.1"),
    Layer("SRTP tag", 16, "RFC 7714 section 12: AEAD_AES_GCM; HMAC-SHA1-80 has 10"),
    Layer("the relay's octet", 1, "between the relays of two edges"),
    Layer("UDP", 8, "RFC 768"),
    Layer("IPv6", 40, "RFC 8200"),
)
ESP_LAYER: Final = Layer("ESP in UDP", 85, "docs/protocols/two-layers.md, the larger case")
"""Where the policy asks for two layers."""
OUTER_LAYERS: Final = (
    Layer("WireGuard", 32, "white paper, section 5.4.6: header and tag"),
    Layer("the engine's header", OUTER_OCTETS, "docs/protocols/tunnel.md, on the wire"),
    Layer("UDP", 8, "RFC 768"),
    Layer("IPv6", 40, "RFC 8200"),
)


@dataclass(frozen=True, slots=True)
class SiteRate:
    """What calls may take of a site's path, bit/s."""

    up_bps: float
    """From the site."""
    down_bps: float


def packet_octets(opus_bps: int = OPUS_BPS, two_layers: bool = False) -> int:
    """Return the octets of one packet of audio as it leaves a bearer, IP header included."""
    inner = opus_bps // (8 * PACKETS_PER_SECOND) + sum(each.octets for each in INNER_LAYERS)
    if two_layers:
        inner += ESP_LAYER.octets
    padded = -(-inner // PADDING) * PADDING
    return padded + sum(each.octets for each in OUTER_LAYERS)


def call_rate_bps(opus_bps: int = OPUS_BPS, two_layers: bool = False, copies: int = 1) -> float:
    """Return what a call takes in each direction, bit/s; `copies` where packets go out twice."""
    if copies not in {1, 2}:
        raise InvalidInputError(f"A call goes out once or twice, not {copies} times.")
    octets = packet_octets(opus_bps, two_layers)
    return copies * 8 * octets * PACKETS_PER_SECOND * (1 + RTCP_SHARE)


def carried(path: Path, slot: int, share: float = 1.0) -> SiteRate:
    """Return what a path carries all through a slot, times the share that calls may take of it.

    The lowest rate in the slot counts; a part of it that the path does not speak of counts as 0.
    """
    if not 0.0 <= share <= 1.0:
        raise InvalidInputError(f"share {share} is not between 0 and 1.")
    start, end = slot_start(slot), slot_start(slot + 1)
    if path.start > start or path.end < end:
        return SiteRate(0.0, 0.0)
    inside = [each for each in path.segments if each.start < end and each.end > start]
    return SiteRate(
        share * min(each.up.rate_bps for each in inside),
        share * min(each.down.rate_bps for each in inside),
    )
