"""The relay of a site on loopback as its calls use it, with an ear on the way between sessions."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Callable

from baluardo.calls.call_rate import INNER_LAYERS, OPUS_BPS, PACKETS_PER_SECOND
from baluardo.calls.media_places import Claim, RelayPlace
from baluardo.calls.relay.engine import MediaRelay
from baluardo.calls.relay.sockets import open_pair, open_port

HOST = "127.0.0.1"
LARGEST_DATAGRAM = 2048
RTP_VERSION = 2
FIRST_DYNAMIC_TYPE = 96
EXTENDED = 0x10
"""The bit of RTP's first octet that says that header extensions follow (RFC 3550 section 5.1)."""
AROUND = ("the relay's octet", "UDP", "IPv6")
"""Layers around what a browser sends."""
SHORTER = 3 + 1 + 6
"""Octets by which a packet may be below the sum of its layers: a counter of one octet where four
are counted, a key's name that begins with zeros, a tag of HMAC-SHA1-80 instead of AES-GCM's."""


class HeardRelay:
    """`MediaPlaces` over a real relay; whatever goes from session to session is kept.

    In the place of each session's far port the others are told a port of the ear's, so that all
    that they send each other passes there.
    """

    def __init__(self, running: MediaRelay, near: str = HOST) -> None:
        """Begin to listen; browsers send to the near address."""
        self.running, self._near = running, near
        self.captured: list[bytes] = []
        """Datagrams between relays, without the octet before them."""
        self.passes: Callable[[bytes], bool] = lambda _: True
        """What is not lost on the way."""
        self._ears: dict[str, socket.socket] = {}
        self._far: dict[str, RelayPlace] = {}
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def open(self, session: str, claim: Claim) -> tuple[RelayPlace, RelayPlace] | None:
        """Add a session, and an ear that stands for it."""
        near, far = open_pair(self._near, HOST)
        self.running.add(session, near, far, precedence=claim.precedence)
        ear = open_port(HOST)
        with self._lock:
            self._ears[session], self._far[session] = ear, _place_of(far)
            self._selector.register(ear, selectors.EVENT_READ, session)
        return _place_of(near), _place_of(ear)

    def expect(self, session: str, browser: str, other: str) -> None:
        """Pass it on."""
        self.running.expect(session, browser, other)

    def set_other(self, session: str, place: RelayPlace) -> None:
        """Pass it on: the place is an ear's already."""
        self.running.set_other(session, place.address, place.port)

    def close(self, session: str) -> None:
        """End the session and its ear."""
        self.running.remove(session)
        with self._lock:
            ear = self._ears.pop(session)
            del self._far[session]
            self._selector.unregister(ear)
            ear.close()

    def may_relay(self, site: str, address: str) -> bool:  # noqa: ARG002 - one site, one machine
        """Say that it may: all are on this machine."""
        return True

    def speech(self) -> list[bytes]:
        """Return the RTP packets among what was captured (RFC 7983, RFC 5761)."""
        return [
            each
            for each in list(self.captured)
            if each[0] >> 6 == RTP_VERSION and each[1] & 0x7F >= FIRST_DYNAMIC_TYPE
        ]

    def stop(self) -> None:
        """Listen no more."""
        self._stopped.set()
        self._thread.join()
        self._selector.close()
        for ear in self._ears.values():
            ear.close()

    def _listen(self) -> None:
        while not self._stopped.is_set():
            if not self._selector.get_map():
                self._stopped.wait(0.02)
                continue
            for key, _ in self._selector.select(0.05):
                with self._lock:
                    self._carry(str(key.data))

    def _carry(self, session: str) -> None:
        """Take what another session sent to this one, and send it on as from that one's ear."""
        ear = self._ears.get(session)
        if ear is None:
            return
        datagram, source = ear.recvfrom(LARGEST_DATAGRAM)
        self.captured.append(datagram[1:])
        for other, far in self._far.items():
            if far.port == source[1] and self.passes(datagram[1:]):
                to = self._far[session]
                self._ears[other].sendto(datagram, (to.address, to.port))


def _place_of(own: socket.socket) -> RelayPlace:
    return RelayPlace(*own.getsockname()[:2])


def check_layers(speech: list[bytes]) -> None:
    """Check that packets are as large as admission counts them, and have no header extensions."""
    assert speech
    assert not any(each[0] & EXTENDED for each in speech)
    within = [each.octets for each in INNER_LAYERS if each.name not in AROUND]
    most = OPUS_BPS // (8 * PACKETS_PER_SECOND) + sum(within)
    longest = max(map(len, speech))
    assert most - SHORTER <= longest <= most, (longest, most)
