"""Where media of a call goes: what signalling says of it, and what an edge asks of its relay."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final, Protocol

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.terms import Precedence

LONGEST_FRAGMENT: Final = 256
"""RFC 8445 section 5.3."""
MOST_DEVICES: Final = 8
"""Of the callee that one call knows: as many as ring."""
LONGEST_ADDRESS: Final = 39
"""Characters: eight groups of four, and their colons."""
_FRAGMENT = re.compile(rf"(?:[A-Za-z0-9+/]{{4,{LONGEST_FRAGMENT}}})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class RelayPlace:
    """One UDP port of a relay."""

    address: str
    """As the standard library writes it: `192.0.2.1`, `2001:db8::1`."""
    port: int

    def __post_init__(self) -> None:
        """Refuse what no relay is reached at, and every second way to write an address."""
        if not 1 <= self.port <= 65_535:
            raise InvalidInputError(f"port {quoted(self.port)} is not between 1 and 65535.")
        try:
            ip = ip_address(self.address) if len(self.address) <= LONGEST_ADDRESS else None
        except ValueError:
            ip = None
        if ip is None or str(ip) != self.address:
            raise InvalidInputError(
                f"{quoted(self.address)} is no address of IP in its shortest form."
            )
        is_mapped = isinstance(ip, IPv6Address) and (
            ip.ipv4_mapped is not None or ip.scope_id is not None
        )
        if ip.is_unspecified or ip.is_multicast or is_mapped:
            raise InvalidInputError(f"{self.address} is no address of one relay.")


def check_fragment(fragment: str) -> None:
    """Refuse what is neither empty nor an ICE user fragment; InvalidInputError."""
    if not _FRAGMENT.fullmatch(fragment):
        raise InvalidInputError(
            f"{quoted(fragment)} is no ICE fragment: 4 to {LONGEST_FRAGMENT} letters, digits, "
            "+ and /, or nothing."
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """Who wants room in a relay."""

    precedence: Precedence
    """With which the media is carried."""
    is_emergency: bool = False
    site: str = ""
    """Another one that dialled (`ship/bergamini`), which has its share of the room; empty: ours."""

    @property
    def rank(self) -> Precedence:
        """As how urgent it takes room: an emergency call as flash, however it was dialled."""
        return max(self.precedence, Precedence.FLASH) if self.is_emergency else self.precedence


class MediaPlaces(Protocol):
    """What an edge's relay does for its calls: done when it returns, and nothing is raised.

    Only sessions are named that `open` has opened and `close` has not closed.
    """

    def open(self, session: str, claim: Claim) -> tuple[RelayPlace, RelayPlace] | None:
        """Open a session's two ports; return the near and the far one, None if there is no room.

        session: at most 128 visible ASCII characters, beginning with the call's id; not open now.
        near: for a browser of ours. far: for the relay of the other edge.
        """

    def expect(self, session: str, browser: str, other: str) -> None:
        """Say which ICE fragments the browser's requests name: its own, and the other browser's."""

    def set_other(self, session: str, place: RelayPlace) -> None:
        """Say where the far port of the other side's session is."""

    def close(self, session: str) -> None:
        """Close both ports: the device is no more in the call."""

    def may_relay(self, site: str, address: str) -> bool:
        """Say whether another edge (`ship/bergamini`) may have its relay at an address."""


class MediaSession:
    """The relay's session of one of our devices in one call; where no relay is, one of nothing."""

    def __init__(
        self,
        places: MediaPlaces | None = None,
        name: str = "",
        ports: tuple[RelayPlace | None, RelayPlace | None] = (None, None),
    ) -> None:
        """Take a session that was opened: its name, its near and its far port."""
        self.near, self.far = ports
        self._places, self._name = places, name
        self._begun = ("", "")
        self._fragments: dict[str, tuple[str, str]] = {}
        """By device of the callee: what our browser said last to the other one, and that to it."""
        self._joined = ""
        """The device of the callee whose media passes here."""
        self._expected = ("", "")
        self._other: RelayPlace | None = None

    def begin(self, browser: str, other: str) -> None:
        """Take the fragments that the call begins with; empty is what nobody has said yet."""
        self._begun = (browser, other)

    @property
    def is_pointed(self) -> bool:
        """Whether the other side of the call has told where it is."""
        return self._other is not None

    def knows(self, device: str) -> bool:
        """Whether a device of the callee has shown itself here, so that fragments are for it."""
        return bool(device) and device in self._fragments

    def take(self, device: str, browser: str = "", other: str = "") -> None:
        """Take a new fragment of our browser or of the other one; empty is nothing new.

        device: the callee's of the two. What is said with one says nothing of another one.
        """
        known = self._fragments.get(device, self._begun)
        if device in self._fragments or len(self._fragments) < MOST_DEVICES:
            self._fragments[device] = (browser or known[0], other or known[1])
        self._expect()

    def join(self, device: str, other: RelayPlace | None) -> None:
        """Let the media of a device of the callee pass, to and from where the other side is."""
        self._joined = device
        self.point(other)
        self._expect()

    def settle(self, device: str) -> None:
        """Forget every other device: this one has answered."""
        self._fragments = {device: self._fragments.get(device, self._begun)}

    def is_joined(self, device: str) -> bool:
        """Whether the media of this device passes here."""
        return device == self._joined

    def point(self, other: RelayPlace | None) -> None:
        """Join it to a session of the other side, if that has told where it is."""
        if self._places is not None and other is not None and other != self._other:
            self._other = other
            self._places.set_other(self._name, other)

    def _expect(self) -> None:
        """Let in the browser that names both fragments, once both are known."""
        fragments = self._fragments.get(self._joined, ("", ""))
        if self._places is not None and all(fragments) and fragments != self._expected:
            self._expected = fragments
            self._places.expect(self._name, *fragments)

    def close(self) -> None:
        """Close it, if it is open; nothing is asked of the relay any more."""
        if self._places is not None:
            self._places.close(self._name)
            self._places = None


def open_sessions(
    places: MediaPlaces | None, call: str, side: str, devices: Sequence[str], claim: Claim
) -> dict[str, MediaSession]:
    """Open a session for each device of a side; those for which there is no room are not in it."""
    if places is None:
        return {device: MediaSession() for device in devices}
    sessions = {}
    for number, device in enumerate(devices):
        name = f"{call}/{side}/{number}"  # a device's own name may be too long for the relay
        ports = places.open(name, claim)
        if ports is not None:
            sessions[device] = MediaSession(places, name, ports)
    return sessions
