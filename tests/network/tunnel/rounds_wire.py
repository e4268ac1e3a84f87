"""Two cores of key rounds in memory: what they say, install and accept can be looked at."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from baluardo.network.tunnel.derivation import Derivation, LanePair, Role
from baluardo.network.tunnel.events import (
    Accepted,
    Confirmed,
    Event,
    Failed,
    InnerKeys,
    Install,
    ProbeKeys,
)
from baluardo.network.tunnel.round import PeerRounds
from baluardo.trust.labels import Label
from baluardo.trust.secret import Secret

LEAVES = bytes([1]) * 32, bytes([2]) * 32
LANES = (LanePair(bytes([3]) * 32, bytes([4]) * 32), LanePair(bytes([5]) * 32, bytes([6]) * 32))
FLOOR = 1_780_000_000_000


def derivation(channel: bytes, lanes: tuple[LanePair, ...] = LANES) -> Derivation:
    """What one end of a channel derives; two ends of one channel name the same octets."""

    def export(label: Label, context: bytes, octets: int) -> Secret:
        bound = b"|".join((channel, label.value, bytes([octets]), context))
        return Secret(hashlib.sha512(bound).digest()[:octets])

    return Derivation(export, *LEAVES, lanes)


@dataclass
class End:
    """One end: a core, and all it told."""

    rounds: PeerRounds
    installs_at_once: bool = True
    slots: dict[int, tuple[Secret, ...]] = field(default_factory=dict)
    """By epoch, what WireGuard was given."""
    accepted: list[int] = field(default_factory=list)
    probes: list[ProbeKeys] = field(default_factory=list)
    inner: list[InnerKeys] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    confirmed: list[int] = field(default_factory=list)

    def events(self) -> list[Event]:
        """Take all events, installing at once if it does."""
        found: list[Event] = []
        while (event := self.rounds.next_event()) is not None:
            found.append(event)
            if isinstance(event, Install):
                self.slots[event.epoch] = event.keys
                if self.installs_at_once:
                    self.rounds.installed(event.epoch)
            elif isinstance(event, Accepted):
                self.accepted.append(event.epoch)
            elif isinstance(event, ProbeKeys):
                self.probes.append(event)
            elif isinstance(event, InnerKeys):
                self.inner.append(event)
            elif isinstance(event, Failed):
                self.failures.append(event.reason)
            elif isinstance(event, Confirmed):
                self.confirmed.append(event.epoch)
        return found


class Pair:
    """An initiator and a responder."""

    def __init__(self) -> None:
        """Begin without keys."""
        self.initiator = End(PeerRounds(Role.INITIATOR, 0x1111))
        self.responder = End(PeerRounds(Role.RESPONDER, 0x2222))

    @property
    def ends(self) -> tuple[End, End]:
        """Both, the initiator first."""
        return self.initiator, self.responder

    def open(
        self,
        channel: bytes,
        now: float = 0.0,
        floor: int = FLOOR,
        resumed: bool = True,
        lanes: tuple[LanePair, ...] = LANES,
    ) -> None:
        """Give both a new channel; `lanes` are those that the responder believes in."""
        self.responder.rounds.open(derivation(channel, lanes), resumed, now, floor)
        self.initiator.rounds.open(derivation(channel), resumed, now, floor)

    def turn(self, lose_at: int | None = None) -> int:
        """Carry octets until both are silent; return how many messages went.

        The message of this number, and all after it, are lost with the channel.
        """
        count = 0
        moved = True
        while moved:
            moved = False
            for source, target in (self.ends, self.ends[::-1]):
                source.events()
                octets = source.rounds.outgoing()
                if not octets:
                    continue
                moved = True
                if count == lose_at:
                    for end in self.ends:
                        end.rounds.receive_end("the way broke")
                        end.events()
                    return count
                count += 1
                target.rounds.receive(octets)
                target.events()
        return count
