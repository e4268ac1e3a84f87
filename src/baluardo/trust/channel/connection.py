"""One end of one channel, as a pure core: octets and a time in, octets and events out.

    GREETING   nothing of the other end yet, or too little to tell what it is
    HANDSHAKE  TLS is at work
    ADMISSION  TLS is done and we have said whether we let the other end in; it has not
    OPEN       both let each other in
    CLOSING    we have closed and wait for the other end to do the same
    ENDED      over; the last event says how

Each end verifies the other after every handshake, resumed or not (OpenSSL looks at no certificate
on a resumption), and then says in one record inside TLS whether it accepts (`admission`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import Final

from OpenSSL import SSL

from baluardo.errors import (
    BaluardoError,
    ChannelError,
    ChannelLostError,
    HandshakeError,
    InvalidInputError,
    ProfileError,
)
from baluardo.trust.certificates.verification import Peer
from baluardo.trust.channel.admission import ACCEPTED, read_verdict, refusal
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.events import (
    Closed,
    Data,
    Established,
    Event,
    Expected,
    Lost,
    Refused,
    check_expected,
)
from baluardo.trust.channel.greeting import Greeting, greeting
from baluardo.trust.channel.reasons import Reason, reason_of
from baluardo.trust.channel.tls import (
    Role,
    check_handshake,
    renew_buffers,
    verdict_of,
    was_resumed,
)
from baluardo.trust.identity import Identity
from baluardo.trust.labels import Label
from baluardo.trust.primitives.hashing import sha384
from baluardo.trust.secret import Secret

HANDSHAKE_SECONDS: Final = 10.0
CLOSING_SECONDS: Final = 5.0
JUDGE_AGAIN_SECONDS: Final = 60.0
"""How often the other end of an open channel is verified anew (0.4 ms)."""
MOST_BEFORE_OPEN: Final = 131_072
"""Octets taken from an end that is not admitted; a full handshake sends 22 kB one way."""
MOST_RECORDS: Final = 2**24
"""Records sent with one key: RFC 8446 section 5.5 allows 2^24.5 full ones for AES-GCM."""
RECORD: Final = 16_384
CHUNK: Final = 65_536
MOST_PASSED: Final = 262_144
"""Octets both ways after which an open channel's buffers are made anew, to give memory back."""
MOST_EXPORTED: Final = 255 * 48
"""Octets one exporter call yields: the limit of HKDF-Expand with SHA-384 (RFC 5869)."""


class State(Enum):
    """Where a connection stands; see the top of this module."""

    GREETING = "greeting"
    HANDSHAKE = "handshake"
    ADMISSION = "admission"
    OPEN = "open"
    CLOSING = "closing"
    ENDED = "ended"


_BEFORE_OPEN: Final = frozenset({State.GREETING, State.HANDSHAKE, State.ADMISSION})


class ChannelConnection:
    """One end of one channel. It never blocks, reads no clock and owns no socket."""

    def __init__(
        self,
        endpoint: Endpoint,
        role: Role,
        now: float,
        expected: Expected | None = None,
        session_name: str = "",
        handshake_seconds: float = HANDSHAKE_SECONDS,
    ) -> None:
        """Begin; a client has something to send at once.

        `expected` None takes any member of the community. `session_name` tells a client's peers
        apart in its memory of sessions, if `expected` is not one identity. ProfileError if our own
        credential is not of the community's profile.
        """
        self.state = State.GREETING
        self.peer: Peer | None = None
        self.farewell: Callable[[str], bytes] | None = None
        """Makes the last octets for a peer that is no more accepted, of the reason: TLS has no
        place for it once the channel is open, so whoever speaks over it says it in their words."""
        self.resumed = False
        self._endpoint = endpoint
        self._role = role
        self._expected = expected
        self._name = expected.uri if isinstance(expected, Identity) else session_name
        self._events: deque[Event] = deque()
        self._unsent = bytearray()
        self._first = b""
        self._verdict = b""
        self._received = 0
        self._records = 0
        self._passed = MOST_PASSED  # the handshake: buffers are made anew once it is over
        self._handshake_seconds = handshake_seconds
        self._timer: float | None = now + handshake_seconds
        self._context = endpoint.context(role)
        self._session: SSL.Session | None = None
        self._tls: SSL.Connection | None = None
        if role is Role.CLIENT:
            self._session = endpoint.recall(self._name, self._context)
            self._tls = self._context.connection(self._session)
            self._advance(self._tls, now)

    # What comes in

    def receive(self, octets: bytes, now: float) -> None:
        """Take octets from the other end; they may end the connection, and never raise."""
        if self.state in _BEFORE_OPEN:  # what follows its verdict at once may be much, and is data
            room = MOST_BEFORE_OPEN - self._received
            first, octets = octets[:room], octets[room:]
            self._received += len(first)
            self._feed(first, now)
        if octets and self.state in _BEFORE_OPEN:
            self._lost(f"The other end sent over {MOST_BEFORE_OPEN} octets before it was let in.")
        self._feed(octets, now)

    def _feed(self, octets: bytes, now: float) -> None:
        """Give octets to whatever is next to look at them."""
        if self.state is State.ENDED or not octets:
            return
        if self.state is State.GREETING:
            octets = self._greeted(octets)
            if not octets:
                return
        tls = self._tls or self._context.connection()
        self._tls = tls
        self._passed += len(octets)
        tls.bio_write(octets)
        self._advance(tls, now)

    def receive_end(self) -> None:
        """Take note that nothing more will come from the other end."""
        if self.state in _BEFORE_OPEN:
            self._lost("The other end went away before the channel was made.")
        elif self.state is State.CLOSING:
            self._end(Closed())
        elif self.state is State.OPEN:
            self._lost("The other end, or the way to it, is gone; it did not close the channel.")

    def handle_timer(self, now: float, *, due: bool = False) -> None:
        """Act on `next_timer` having come; `due` if it has, though the clock was set back since."""
        if self._timer is None or (now < self._timer and not due):
            return
        if self.state is State.CLOSING:
            self._end(Closed())
        elif self.state is State.OPEN:
            self.judge_again(now)
        else:
            self._lost(f"The channel was not made within {self._handshake_seconds:g} s.")

    def judge_again(self, now: float) -> None:
        """Verify the other end of an open channel anew: it may have been revoked, or expired."""
        if self.state is not State.OPEN or self.peer is None or self._tls is None:
            return
        self._timer = now + JUDGE_AGAIN_SECONDS
        try:
            self.peer = self._endpoint.verifier.verify(self.peer.chain, now)
        except BaluardoError as problem:
            if self.farewell is not None:
                self._tls.sendall(self.farewell(str(problem)))
            self._refused(Reason(str(problem)))

    def abandon(self, reason: str) -> None:
        """End at once, for a reason of our own."""
        if self.state is not State.ENDED:
            self._lost(reason)

    def close(self, now: float) -> None:
        """Close in order: what was sent before still arrives."""
        if self.state is State.OPEN and self._tls is not None:
            self.state = State.CLOSING
            self._timer = now + CLOSING_SECONDS
            self._shut(self._tls)
        elif self.state in _BEFORE_OPEN:
            self._end(Closed())

    # What goes out

    def send(self, plaintext: bytes) -> None:
        """Send octets; ChannelLostError unless the channel is open."""
        if self.state is not State.OPEN or self._tls is None:
            raise ChannelLostError("The channel is not open; nothing was sent.")
        if not plaintext:
            return
        self._records += -(-len(plaintext) // RECORD)
        if self._records > MOST_RECORDS:
            self._lost("This channel's key has sent as much as it may: open a new one.")
            raise ChannelLostError("This channel's key has sent as much as it may; open a new one.")
        self._passed += len(plaintext)
        self._tls.sendall(plaintext)

    def outgoing(self) -> bytes:
        """Return what is to be sent to the other end now; empty if nothing."""
        self._drain()
        unsent, self._unsent = bytes(self._unsent), bytearray()
        return unsent

    def next_event(self) -> Event | None:
        """Return the next event, or None."""
        return self._events.popleft() if self._events else None

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is to be called, or None."""
        return self._timer

    def export(self, label: Label, context: bytes, octets: int = 32) -> Secret:
        """Return keying material that both ends of this channel, and nobody else, can compute.

        TLS exporter (RFC 8446 section 7.5) under a label, bound to both certificates and the
        caller's context. It differs from channel to channel, after a resumption too.
        """
        if self.state is not State.OPEN or self._tls is None or self.peer is None:
            raise ChannelError("Only an open channel has keys to export.")
        if not label.name.startswith("EXPORT_"):
            raise InvalidInputError(f"{label.name} is no label of an exporter.")
        if not 1 <= octets <= MOST_EXPORTED:
            raise InvalidInputError(f"octets {octets}: from 1 to {MOST_EXPORTED} are exported.")
        ours, theirs = self._context.credential.chain.leaf.fingerprint, self.peer.fingerprint
        client, server = (ours, theirs) if self._role is Role.CLIENT else (theirs, ours)
        bound = b"".join(len(p).to_bytes(4, "big") + p for p in (client, server, context))
        return Secret(self._tls.export_keying_material(label.value, octets, sha384(bound)))

    # The steps between

    def _greeted(self, octets: bytes) -> bytes:
        """Judge the first octets; return all that came so far once they are TLS."""
        self._first += octets
        found = greeting(self._first, self._role)
        if found is Greeting.TLS:
            self.state = State.HANDSHAKE
            octets, self._first = self._first, b""
            return octets
        if found is Greeting.HTTP:
            self._refused(
                Reason("The other end speaks plain HTTP, which is no channel of Baluardo.")
            )
        elif found is Greeting.FOREIGN:
            self._refused(Reason("The other end does not begin as TLS does."))
        return b""

    def _advance(self, tls: SSL.Connection, now: float) -> None:
        """Let TLS go on as far as it can with what it has."""
        try:
            if self.state in {State.GREETING, State.HANDSHAKE}:
                tls.do_handshake()
                self._admit(tls, now)
            while self.state in {State.ADMISSION, State.OPEN, State.CLOSING}:
                self._take(tls.recv(CHUNK), now)
        except SSL.WantReadError:
            self._rest(tls)
        except SSL.ZeroReturnError:
            self._peer_closed(tls)
        except SSL.Error as problem:
            self._failed(problem, tls)
        except HandshakeError as problem:  # of ALPN, or of the peer's verdict
            self._refused(Reason(str(problem)))

    def _rest(self, tls: SSL.Connection) -> None:
        """Give back what the buffers have grown to: all that came was taken."""
        if self.state is State.OPEN and self._passed >= MOST_PASSED:
            self._passed = 0
            self._drain()
            renew_buffers(tls)

    def _admit(self, tls: SSL.Connection, now: float) -> None:
        """Judge the other end, and say the verdict to it."""
        self.state = State.ADMISSION
        self.resumed = was_resumed(tls)
        self._context.count(resumed=self.resumed)
        try:
            chain = check_handshake(tls, self._context.profile)
            peer = self._endpoint.verifier.verify(chain, now)
            check_expected(peer, self._expected, self._context.credential.chain.leaf)
        except BaluardoError as problem:
            tls.sendall(refusal(str(problem)))
            self._refused(Reason(str(problem), downgrade=isinstance(problem, ProfileError)))
            return
        self.peer = replace(peer, chain=self._endpoint.shared(peer.chain))
        tls.sendall(ACCEPTED)

    def _take(self, octets: bytes, now: float) -> None:
        """Take decrypted octets: the other end's verdict first, then data."""
        if self.state is State.ADMISSION:
            self._verdict += octets
            verdict = read_verdict(self._verdict)
            if verdict is None:
                return
            if verdict.refusal is not None:
                self._refused(Reason(f"The other end refused us: {verdict.refusal}", by_peer=True))
                return
            octets, self._verdict = self._verdict[verdict.octets :], b""
            self._open(now)
        if octets and self.state is State.OPEN:
            self._events.append(Data(octets))

    def _open(self, now: float) -> None:
        if self.peer is None or self._tls is None:
            raise ChannelError("A channel is opened by two ends that accept each other.")
        self.state = State.OPEN
        self._timer = now + JUDGE_AGAIN_SECONDS
        if self._role is Role.CLIENT:
            self._remember(self._tls.get_session())
        self._events.append(Established(self.peer, self.resumed))

    def _remember(self, session: SSL.Session | None) -> None:
        if session is not None and self._name:
            self._endpoint.remember(self._name, self._context, session)

    def _peer_closed(self, tls: SSL.Connection) -> None:
        if self.state in _BEFORE_OPEN:
            self._refused(Reason("The other end closed without a reason.", by_peer=True))
            return
        if self.state is State.OPEN:
            self._shut(tls)
        self._end(Closed())

    def _failed(self, problem: SSL.Error, tls: SSL.Connection) -> None:
        reason = reason_of(problem, self._context.profile, verdict_of(tls))
        if self.state in _BEFORE_OPEN:
            self._refused(reason)
        else:
            self._lost(reason.text)

    def _refused(self, reason: Reason) -> None:
        shaken = self.state in {State.ADMISSION, State.OPEN}
        if shaken and self._tls is not None:
            self._shut(self._tls)
        self._end(Refused(reason.text, reason.by_peer, reason.downgrade, member=shaken))

    def _lost(self, reason: str) -> None:
        if self.state in _BEFORE_OPEN:
            self._remember(self._session)  # not used up: the way broke, nobody refused it
        self._end(Lost(reason))

    def _end(self, event: Event) -> None:
        """Enter the last state: keep what is still to be sent, drop TLS."""
        if self._tls is not None:
            self._drain()
            if self.peer is not None and not isinstance(event, Refused):
                # OpenSSL forgets the session of a connection that did not close in order. Lost
                # ways are when a resumption is wanted most, and every one is verified anew.
                self._tls.set_shutdown(SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN)
        self._tls = None
        self._timer = None
        self._first = self._verdict = b""
        self.state = State.ENDED
        self._events.append(event)

    def _shut(self, tls: SSL.Connection) -> None:
        try:
            tls.shutdown()
        except SSL.Error:
            return  # TLS had failed before; there is nobody to tell

    def _drain(self) -> None:
        if self._tls is None:
            return
        try:
            while True:
                self._unsent += self._tls.bio_read(CHUNK)
        except SSL.WantReadError:
            return
