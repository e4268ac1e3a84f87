"""A relay on loopback with a browser and another relay that are sockets of the test."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable
from ipaddress import ip_network

from baluardo.calls.relay.counts import SessionCounts, WayCounts
from baluardo.calls.relay.engine import MediaRelay
from baluardo.calls.relay.sockets import open_pair

SECONDS = 10.0
"""Nothing here takes so long unless it hangs."""
SEED = bytes(range(16))
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
BROWSER, OTHER = "near", "farside"
SINGLE, FIRST, SECOND = b"\0", b"\1", b"\2"

ICE_PASSWORD_SHAPED = b"\x00\x08\x00\x14" + bytes(20)
"""MESSAGE-INTEGRITY, which relays do not check."""


def attribute(kind: int, value: bytes) -> bytes:
    """One of STUN's attributes, padded (RFC 8489 section 14)."""
    return struct.pack(">HH", kind, len(value)) + value + bytes(-len(value) % 4)


def stun(attributes: bytes, kind: int = 0x0001, transaction: bytes = b"transaction!") -> bytes:
    """A message of STUN (RFC 8489 section 5)."""
    return struct.pack(">HHI", kind, len(attributes), 0x2112A442) + transaction + attributes


def request(
    browser: str = BROWSER, other: str = OTHER, transaction: bytes = b"abcdefghijkl"
) -> bytes:
    """A browser's connectivity check (RFC 8445 section 7.2.2)."""
    user = attribute(0x0006, f"{other}:{browser}".encode())
    priority = attribute(0x0024, struct.pack(">I", 1_853_824_767))
    return stun(priority + user + ICE_PASSWORD_SHAPED, transaction=transaction)


def rtp(number: int, octets: int = 160, ssrc: int = 7) -> bytes:
    """A packet of RTP whose payload is told by its number."""
    head = struct.pack(">BBHII", 0x80, 111, number & 0xFFFF, number * 960, ssrc)
    return head + struct.pack(">I", number) * (octets // 4)


def dtls(number: int = 0) -> bytes:
    """What begins as a handshake of DTLS does."""
    return b"\x16\xfe\xfd" + bytes(8) + struct.pack(">H", 40) + bytes([number & 0xFF]) * 40


def opened(address: str = "127.0.0.1") -> socket.socket:
    """A socket that waits for what comes."""
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((address, 0))
    made.settimeout(SECONDS)
    return made


def until(true: Callable[[], bool]) -> None:
    """Wait for what comes soon."""
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.002)


def adds_up(counts: WayCounts) -> bool:
    """Whether all that was received was delivered or dropped."""
    return counts.received == counts.delivered + sum(counts.dropped.values())


class Ends:
    """One session of a relay, the browser before it and the relay behind it."""

    def __init__(
        self,
        relay: MediaRelay,
        session: str = "call",
        *,
        address: str = "127.0.0.1",
        far_address: str | None = None,
        shift_ms: int = 0,
    ) -> None:
        """Open the sockets and add the session; the browser has not shown itself."""
        self.relay, self.session = relay, session
        far_address = address if far_address is None else far_address
        near, far = open_pair(address, far_address)
        self.near, self.far = near.getsockname(), far.getsockname()
        relay.add(session, near, far, shift_ms=shift_ms)
        relay.expect(session, BROWSER, OTHER)
        self.browser, self.other = opened(address), opened(far_address)
        relay.set_other(session, *self.other.getsockname()[:2])

    def show(self) -> None:
        """Have the browser be known."""
        assert self.out(request()) == SINGLE + request()

    def out(self, datagram: bytes) -> bytes:
        """Send as the browser; return what the other relay gets."""
        self.browser.sendto(datagram, self.near)
        return self.other.recv(2_048)

    def inward(self, datagram: bytes) -> bytes:
        """Send as the other relay; return what the browser gets."""
        self.other.sendto(datagram, self.far)
        return self.browser.recv(2_048)

    def counts(self) -> SessionCounts:
        """Of the session."""
        return self.relay.counts(self.session)

    def settled(self) -> SessionCounts:
        """The same, once what was sent on is counted as well: that is done after sending."""
        until(lambda: adds_up(self.counts().outward) and adds_up(self.counts().inward))
        return self.counts()

    def close(self) -> None:
        """Close the test's own sockets."""
        self.browser.close()
        self.other.close()

    def __enter__(self) -> Ends:
        """As it is."""
        return self

    def __exit__(self, *problem: object) -> None:
        """Close."""
        self.close()
