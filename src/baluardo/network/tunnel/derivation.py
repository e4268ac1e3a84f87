"""What a round makes of a channel's exporter: preshared keys, checks, keys of the probes.

Every context names version, both certificates, both WireGuard keys of a lane, epoch and lane, all
of fixed length, so two ends that differ in any of them get keys that differ. Checks come from a
context that is longer than that of any key, and say nothing about the keys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.network.tunnel.messages import CHECK_OCTETS, LAST_CHECK_OCTETS, VERSION
from baluardo.trust.labels import Label
from baluardo.trust.secret import Secret
from baluardo.trust.wireguard_keys import KEY_OCTETS

MOST_LANES: Final = 2
FINGERPRINT_OCTETS: Final = 32

Exporter = Callable[[Label, bytes, int], Secret]
"""`Channel.export`: label, context, octets."""


class Role(Enum):
    """Which end one is: the initiator has the smaller identity, whoever opened the channel."""

    INITIATOR = 0
    RESPONDER = 1

    @property
    def other(self) -> Role:
        """The role of the other end."""
        return Role.RESPONDER if self is Role.INITIATOR else Role.INITIATOR


@dataclass(frozen=True, slots=True)
class LanePair:
    """The public WireGuard keys of one lane, 32 octets each."""

    initiator: bytes
    responder: bytes

    def __post_init__(self) -> None:
        """Refuse anything of another length."""
        if not len(self.initiator) == len(self.responder) == KEY_OCTETS:
            raise InvalidInputError(f"A key of WireGuard has {KEY_OCTETS} octets.")


@dataclass(frozen=True, slots=True)
class Agreed:
    """All that comes of one epoch, computed while the channel is open: it may close at any time."""

    epoch: int
    preshared_keys: tuple[Secret, ...]
    """One a lane, 32 octets."""
    answer_check: Secret
    last_check: Secret
    probe_keys: tuple[Secret, Secret]
    """Of what the initiator sends, and of what the responder sends; 32 octets."""
    inner_keys: tuple[Secret, Secret]
    """For a second layer: what authenticates, and what enters its keys; 32 octets."""


@dataclass(frozen=True, slots=True)
class Derivation:
    """What both ends of one channel compute."""

    export: Exporter
    initiator_leaf: bytes
    """SHA-256 of the initiator's certificate, 32 octets."""
    responder_leaf: bytes
    lanes: tuple[LanePair, ...]

    def __post_init__(self) -> None:
        """Refuse what has no fixed length, or no lane."""
        if not len(self.initiator_leaf) == len(self.responder_leaf) == FINGERPRINT_OCTETS:
            raise InvalidInputError(f"A fingerprint has {FINGERPRINT_OCTETS} octets.")
        if not 1 <= len(self.lanes) <= MOST_LANES:
            raise InvalidInputError(f"Two sites share 1 to {MOST_LANES} lanes.")

    def offer_check(self, epoch: int, tag: int) -> Secret:
        """Return what shows that the initiator computes these keys, 16 octets."""
        return self._check(Role.INITIATOR, epoch, (tag,), CHECK_OCTETS)

    def agreed(self, epoch: int, tags: tuple[int, int]) -> Agreed:
        """Return all of an epoch; `tags` are the initiator's and the responder's."""
        return Agreed(
            epoch,
            tuple(
                self.export(Label.EXPORT_TUNNEL, self._context(epoch, lane), KEY_OCTETS)
                for lane in range(len(self.lanes))
            ),
            self._check(Role.RESPONDER, epoch, tags, CHECK_OCTETS),
            self._check(Role.INITIATOR, epoch, tags, LAST_CHECK_OCTETS),
            self._pair(Label.EXPORT_PROBES, epoch),
            self._pair(Label.EXPORT_INNER, epoch),
        )

    def _check(self, role: Role, epoch: int, tags: tuple[int, ...], octets: int) -> Secret:
        """Return a check by one end over the contexts of all lanes and the tags told so far."""
        contexts = b"".join(self._context(epoch, lane) for lane in range(len(self.lanes)))
        told = b"".join(tag.to_bytes(4, "big") for tag in tags)
        return self.export(Label.EXPORT_TUNNEL, contexts + told + bytes([role.value]), octets)

    def _pair(self, label: Label, epoch: int) -> tuple[Secret, Secret]:
        """Return two keys of one label, the halves of one export."""
        bound = self._head() + epoch.to_bytes(8, "big")
        both = self.export(label, bound, 2 * KEY_OCTETS).reveal()
        return Secret(both[:KEY_OCTETS]), Secret(both[KEY_OCTETS:])

    def _context(self, epoch: int, lane: int) -> bytes:
        keys = self.lanes[lane]
        return b"".join(
            (
                self._head(),
                keys.initiator,
                keys.responder,
                epoch.to_bytes(8, "big"),
                bytes([lane]),
            )
        )

    def _head(self) -> bytes:
        return bytes([VERSION]) + self.initiator_leaf + self.responder_leaf
