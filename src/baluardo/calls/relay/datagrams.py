"""What the relay reads of a datagram, compiled: its kind, and whom a STUN request names.

Every octet is hostile and every length is checked first. Nothing is read beyond the first octet
(RFC 7983) but of binding requests, whose USERNAME says for which session they are (RFC 8445
section 7.2.2, RFC 8489 sections 5 and 14).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from baluardo.network.bearers.compiled import inner

UNKNOWN, STUN, DTLS, MEDIA = 0, 1, 2, 3
"""Kinds; MEDIA is RTP, RTCP and their secured forms."""

# RFC 8489.
STUN_HEADER_OCTETS: Final = 20
MAGIC_COOKIE: Final = (0x21, 0x12, 0xA4, 0x42)
BINDING_REQUEST: Final = 0x0001
USERNAME: Final = 0x0006
MESSAGE_INTEGRITY: Final = 0x0008
MESSAGE_INTEGRITY_SHA256: Final = 0x001C
FINGERPRINT: Final = 0x8028

DTLS_HEADER_OCTETS: Final = 13
"""RFC 6347 section 4.1; the unified header of RFC 9147 section 4 with its tag is longer."""
RTP_HEADER_OCTETS: Final = 12
"""RFC 3550 section 5.1; an SRTCP packet has 8 octets, 4 of index and its tag (RFC 3711)."""


@njit(nogil=True, cache=True)
def kind_of(octets: npt.NDArray[np.uint8], begin: int, length: int) -> int:
    """Return what a datagram is by its first octet (RFC 7983 section 7), or UNKNOWN."""
    if length < RTP_HEADER_OCTETS:
        return UNKNOWN
    first = octets[begin]
    if 128 <= first <= 191:
        return MEDIA
    if 20 <= first <= 63:
        return DTLS if length >= DTLS_HEADER_OCTETS else UNKNOWN
    if first <= 3:
        return STUN if length >= STUN_HEADER_OCTETS else UNKNOWN
    return UNKNOWN


@njit(nogil=True, cache=True)
def names_user(
    octets: npt.NDArray[np.uint8],
    begin: int,
    length: int,
    user: npt.NDArray[np.uint8],
    user_octets: int,
) -> bool:
    """Say whether this is a binding request whose USERNAME is that; its lengths must all agree.

    Only the first USERNAME counts (RFC 8489 section 14), and none behind MESSAGE-INTEGRITY
    (section 14.5). The integrity itself is for the browser to check, which has the password.
    """
    if length < STUN_HEADER_OCTETS or user_octets == 0:
        return False
    if _sixteen(octets, begin) != BINDING_REQUEST:
        return False
    if _sixteen(octets, begin + 2) != length - STUN_HEADER_OCTETS:
        return False
    for k in range(4):
        if octets[begin + 4 + k] != MAGIC_COOKIE[k]:
            return False
    at, end = begin + STUN_HEADER_OCTETS, begin + length
    while at + 4 <= end:
        attribute, size = _sixteen(octets, at), _sixteen(octets, at + 2)
        at += 4
        if at + size > end:
            return False
        if attribute == USERNAME:
            if size != user_octets:
                return False
            for k in range(size):
                if octets[at + k] != user[k]:
                    return False
            return True
        if attribute in (MESSAGE_INTEGRITY, MESSAGE_INTEGRITY_SHA256, FINGERPRINT):
            return False
        at += (size + 3) & ~3
    return False


@inner
def _sixteen(octets: Any, at: int) -> int:
    """Two octets, most significant first."""
    return int(octets[at]) << 8 | int(octets[at + 1])
