"""Key rounds of one edge with all its peers: a server for those that others begin, a set of peers.

The end with the smaller identity offers, whichever end opened the channel: a responder that needs a
round opens one and waits for the offer. Two rounds with one peer never run at once. Channels judge
certificates, revocations and profile at each handshake, resumed or not (`trust.channel`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Final

from baluardo.errors import CertificateError
from baluardo.network.tunnel.callbacks import Callbacks, PeerState
from baluardo.network.tunnel.card import TunnelCard
from baluardo.network.tunnel.messages import MOST_TAG
from baluardo.network.tunnel.peer import PeerKeys
from baluardo.network.tunnel.timers import FULL_SECONDS
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.server import ChannelServer, Limits, serve
from baluardo.trust.channel.stream import Channel
from baluardo.trust.identity import Identity
from baluardo.trust.wireguard_keys import public_octets

__all__ = ["Callbacks", "KeyRounds", "PeerState"]

LIMITS: Final = Limits(channels=2_048, channels_of_one=4)
"""A channel lives for one round: more than a few of one peer at once are a fault of its own."""


class KeyRounds:
    """Keeps the keys of all tunnels of one edge fresh."""

    def __init__(
        self,
        endpoint: Endpoint,
        lanes: Sequence[str],
        callbacks: Callbacks,
        full_seconds: float = FULL_SECONDS,
        random: Random | None = None,
        sources: Callable[[], Sequence[str]] = tuple,
        device_of: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        """Take who we are, our public WireGuard key of each lane, and whom to tell.

        `random` spreads rounds and picks tags of probes; nothing secret hangs on it. `sources`:
        our own outer addresses, in the order in which channels are to be tried from them; where it
        tells none, the system chooses. `device_of` tells by which device alone an address of ours
        is outside, None where routes say so.
        """
        self._endpoint = endpoint
        self._lanes = tuple(public_octets(each) for each in lanes)
        self._callbacks = callbacks
        self._full_seconds = full_seconds
        self._random = random or Random()  # noqa: S311 - not for keys
        self._sources = sources
        self._device_of = device_of
        self._peers: dict[Identity, PeerKeys] = {}
        self._servers: list[ChannelServer] = []
        self._leaving: set[asyncio.Task[None]] = set()

    async def serve(self, places: Sequence[tuple[str, int]]) -> tuple[int, ...]:
        """Listen at addresses (port 0: any) and return the ports; OSError if one is taken."""
        for host, port in places:
            server = await serve(
                self._endpoint,
                self._take_part,
                host,
                port,
                LIMITS,
                expected=self._expect,
                device=self._device_of(host),
            )
            self._servers.append(server)
        return tuple(server.port for server in self._servers)

    @property
    def peers(self) -> Mapping[Identity, TunnelCard]:
        """Everybody we may have a tunnel with."""
        return {identity: held.card for identity, held in self._peers.items()}

    def set_peers(self, cards: Iterable[TunnelCard]) -> None:
        """Take everybody we may have a tunnel with; those who are missing are let go.

        Peers whose WireGuard keys stay the same are not disturbed. The cards must have been
        verified (`card.verify_card`). Call it in the event loop.
        """
        own = self._endpoint.credential.identity
        wanted = {card.identity: card for card in cards if card.identity != own}
        for identity, held in tuple(self._peers.items()):
            card = wanted.get(identity)
            if card is not None and card.lanes == held.card.lanes:
                held.card = card
                continue
            del self._peers[identity]
            task = asyncio.get_running_loop().create_task(held.leave())
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)
        for identity, card in wanted.items():
            if identity not in self._peers:
                self._peers[identity] = self._meet(card)
                self._peers[identity].turn()

    def observe(
        self, peer: Identity, lane: int, latest_handshake: int, rx: int, tx: int, now: float
    ) -> None:
        """Take what WireGuard shows of a lane, about once a second; `now` is the loop's time.

        Peers and lanes that are not ours are passed over: they may just have been let go.
        """
        held = self._peers.get(peer)
        if held is not None:
            held.observe(lane, latest_handshake, rx + tx, now)

    def full_round(self, peer: Identity) -> None:
        """Begin a round with a full handshake: a policy has changed."""
        held = self._peers.get(peer)
        if held is not None:
            held.want_full()

    def wanted(self, peer: Identity) -> None:
        """Take note that traffic waits at a shut gate; call it as long as it does."""
        held = self._peers.get(peer)
        if held is not None:
            held.want()

    def state(self, peer: Identity) -> PeerState:
        """Return where a peer's keys stand; KeyError if it is no peer of ours."""
        return self._peers[peer].state()

    async def close(self) -> None:
        """Let everybody go: gates shut; keys stay in WireGuard until its interface goes."""
        leaving, self._peers = tuple(self._peers.values()), {}
        await asyncio.gather(*(held.leave() for held in leaving), *self._leaving)
        for server in self._servers:
            await server.close()
        self._servers.clear()

    def _meet(self, card: TunnelCard) -> PeerKeys:
        taken = {held.tag for held in self._peers.values()}
        tag = self._random.randint(1, MOST_TAG)
        while tag in taken:
            tag = self._random.randint(1, MOST_TAG)
        return PeerKeys(
            self._endpoint,
            self._lanes,
            card,
            self._callbacks,
            tag,
            self._random,
            self._full_seconds,
            self._sources,
            self._device_of,
        )

    def _expect(self, identity: Identity) -> None:
        if identity not in self._peers:
            raise CertificateError(
                f"{identity} has no tunnel with {self._endpoint.credential.identity} by the "
                "directory here. If it should have one, its card has yet to arrive."
            )

    async def _take_part(self, channel: Channel) -> None:
        self._callbacks.watch(channel)
        held = self._peers.get(channel.peer.identity)
        if held is not None:
            await held.converse(channel)
            held.turn()
