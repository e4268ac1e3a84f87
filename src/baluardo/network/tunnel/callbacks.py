"""What key rounds need from the edge, and what its pages show of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from baluardo.network.tunnel.events import Accepted, Confirmed, Failed
from baluardo.network.tunnel.steps import State
from baluardo.trust.channel.stream import Channel
from baluardo.trust.identity import Identity
from baluardo.trust.secret import Secret

Told = Accepted | Confirmed | Failed


class Install(Protocol):
    """Gives WireGuard one preshared key; a BaluardoError says why it did not take it."""

    def __call__(self, peer: Identity, lane: int, psk: Secret, epoch: int) -> Awaitable[None]:
        """Return once the key is in its slot."""


class TakeProbeKeys(Protocol):
    """Takes keys and tags of the probes; the former receive key stays good for some seconds."""

    def __call__(
        self,
        peer: Identity,
        send_key: Secret,
        receive_key: Secret,
        send_tag: int,
        receive_tag: int,
    ) -> None:
        """Use them from now on."""


def _no_second_layer(
    _peer: Identity, _epoch: int, _authentication: Secret, _post_quantum: Secret, _resumed: bool
) -> None:
    return


def _nobody(_peer: Identity, _told: Told) -> None:
    return


@dataclass(frozen=True, slots=True)
class Callbacks:
    """All of them are called in the event loop that runs the rounds, and must not block."""

    install: Install
    probe_keys: TakeProbeKeys
    alarm: Callable[[Identity, str], None]
    """A sentence when there is traffic and no handshake; an empty text when that is over."""
    watch: Callable[[Channel], None]
    """Every channel, opened or accepted, so that a revocation judges it again."""
    wake: Callable[[Identity, int], None]
    """Cause a handshake on a lane: one keepalive."""
    gate: Callable[[Identity, int, bool], None]
    """Open or shut the gate of a lane; all are shut at first."""
    told: Callable[[Identity, Told], None] = _nobody
    """How each round ended, full or resumed."""
    inner_keys: Callable[[Identity, int, Secret, Secret, bool], None] = _no_second_layer
    """Peer, epoch, key that authenticates, post-quantum key, whether the round was resumed. A round
    of which the responder was told may still fail: then the initiator never uses its keys."""


@dataclass(frozen=True, slots=True)
class PeerState:
    """Where the keys of one peer stand, for pages."""

    state: State
    epoch: int
    last_full: float | None
    """When a round with a full handshake ended well, POSIX seconds."""
    last_round: float | None
    key_age: float | None
    """Seconds since the newest handshake with an exchanged key."""
    gates: tuple[bool, ...]
    """Whether traffic may pass, by lane."""
    problem: str
    """Why the last round failed; empty if it did not."""
