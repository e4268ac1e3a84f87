"""What a round tells: keys to install, keys of the probes, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from baluardo.trust.secret import Secret


@dataclass(frozen=True, slots=True)
class Install:
    """Give WireGuard these preshared keys, one a lane, and tell the core whether it took them."""

    epoch: int
    keys: tuple[Secret, ...]


@dataclass(frozen=True, slots=True)
class ProbeKeys:
    """Keys and tags of the probes from now on; those before stay good for a few seconds."""

    send: Secret
    receive: Secret
    send_tag: int
    """What we mark our datagrams with."""
    receive_tag: int
    """What the peer marks its datagrams with."""


@dataclass(frozen=True, slots=True)
class InnerKeys:
    """Keys of a second layer for this epoch. The responder has them before the initiator does."""

    epoch: int
    resumed: bool
    authentication: Secret
    post_quantum: Secret


@dataclass(frozen=True, slots=True)
class Accepted:
    """Both ends have installed the same keys."""

    epoch: int
    resumed: bool
    """Whether the channel's handshake resumed a session; a full one looks at certificates anew."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """WireGuard has made a handshake with the keys of this epoch."""

    epoch: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A round came to nothing; the session in use goes on."""

    reason: str


Event = Install | ProbeKeys | InnerKeys | Accepted | Confirmed | Failed
