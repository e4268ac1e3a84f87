"""Edges with key rounds over real channels, and what stands for WireGuard: one slot a peer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from ipaddress import IPv4Address
from random import Random

from baluardo.errors import LinkError
from baluardo.network.tunnel.callbacks import Callbacks, Told
from baluardo.network.tunnel.card import TunnelCard
from baluardo.network.tunnel.events import Accepted
from baluardo.network.tunnel.exchange import KeyRounds
from baluardo.network.tunnel.place import Place
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.stream import Channel
from baluardo.trust.identity import Identity
from baluardo.trust.secret import Secret
from baluardo.trust.wireguard_keys import WireGuardKey, random_preshared_key
from trust.community import TestCommunity

HOST = "127.0.0.1"


class Site:
    """One edge: its key rounds, and slots as WireGuard has them."""

    def __init__(self, italy: TestCommunity, path: str, lanes: int = 2, seed: int = 1) -> None:
        """Enrol it; `start` begins."""
        credential = italy.credential(path, now=time.time() - 60)
        self.identity = credential.identity
        self.keys = tuple(WireGuardKey.generate() for _ in range(lanes))
        self.verifier = italy.verifier()
        self.endpoint = Endpoint(credential, self.verifier, time.time)
        self.slots: dict[tuple[Identity, int], tuple[Secret, int]] = {}
        self.probes: dict[Identity, tuple[Secret, Secret, int, int]] = {}
        self.told: list[Told] = []
        self.gates: dict[tuple[Identity, int], bool] = {}
        self.alarms: list[str] = []
        self.woken: list[int] = []
        self.channels: list[Channel] = []
        self.refuses_keys = False
        self.sources: tuple[str, ...] = ()
        self.devices: dict[str, str] = {}
        self.handshakes = 0
        self.port = 0
        self._seed = seed
        self._make()

    def _make(self) -> None:
        self.rounds = KeyRounds(
            self.endpoint,
            [key.public for key in self.keys],
            Callbacks(
                self._install,
                self._probe_keys,
                lambda _peer, text: self.alarms.append(text),
                self.channels.append,
                lambda _peer, lane: self.woken.append(lane),
                lambda peer, lane, is_open: self.gates.__setitem__((peer, lane), is_open),
                lambda _peer, told: self.told.append(told),
            ),
            random=Random(self._seed),  # noqa: S311 - not for keys
            sources=lambda: self.sources,
            device_of=self.devices.get,
        )

    async def start(self) -> None:
        """Listen, at the same port as before if there was one."""
        (self.port,) = await self.rounds.serve([(HOST, self.port)])

    async def restart(self) -> None:
        """Lose everything that was in memory, and begin again."""
        await self.rounds.close()
        self.slots = {key: (random_preshared_key(), 0) for key in self.slots}
        self.endpoint = Endpoint(self.endpoint.credential, self.verifier, time.time)
        self._make()
        await self.start()

    def card(self, port: int | None = None, number: int = 1) -> TunnelCard:
        """What it says about itself."""
        place = Place(IPv4Address(HOST), port or self.port)
        lanes = tuple(key.public for key in self.keys)
        return TunnelCard(self.identity, lanes, (place,), (place,), (), number, time.time())

    @property
    def accepted(self) -> list[Accepted]:
        """Rounds that ended well."""
        return [each for each in self.told if isinstance(each, Accepted)]

    def epoch_with(self, peer: Identity) -> int:
        """Of the key in the slot."""
        return self.slots[peer, 0][1]

    def see_handshake(self, peer: Identity, octets: int = 1_000) -> None:
        """Let WireGuard show a handshake that is new."""
        self.handshakes += 1
        now = asyncio.get_running_loop().time()
        self.rounds.observe(peer, 0, 1_000 + self.handshakes, octets, octets, now)

    async def _install(self, peer: Identity, lane: int, psk: Secret, epoch: int) -> None:
        await asyncio.sleep(0)
        if self.refuses_keys:
            raise LinkError("wg0 is gone.")
        self.slots[peer, lane] = psk, epoch

    def _probe_keys(
        self,
        peer: Identity,
        send_key: Secret,
        receive_key: Secret,
        send_tag: int,
        receive_tag: int,
    ) -> None:
        self.probes[peer] = send_key, receive_key, send_tag, receive_tag


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something is so; the limit is for what hangs."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


def same_keys(one: Site, other: Site) -> bool:
    """Whether both have the same key of one epoch in every slot of the other."""
    ours = [one.slots.get((other.identity, lane)) for lane in range(len(one.keys))]
    theirs = [other.slots.get((one.identity, lane)) for lane in range(len(other.keys))]
    return None not in ours and ours == theirs


class Counting:
    """A way between two ports that counts the octets of TCP both ways, connection by connection."""

    def __init__(self, port: int) -> None:
        """Lead to a port of this machine."""
        self._to = port
        self.octets: list[int] = []
        self.is_cut_after: int | None = None
        """Octets of the answer after which the next connection is cut."""

    async def start(self) -> int:
        """Listen, and return the port."""
        self._server = await asyncio.start_server(self._carry, HOST, 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Let nobody through any more."""
        self._server.close()
        await self._server.wait_closed()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(HOST, self._to)
        number = len(self.octets)
        self.octets.append(0)
        cut_after, self.is_cut_after = self.is_cut_after, None

        async def one_way(
            source: asyncio.StreamReader, target: asyncio.StreamWriter, most: int | None
        ) -> None:
            carried = 0
            try:
                while octets := await source.read(65_536):
                    carried += len(octets)
                    self.octets[number] += len(octets)
                    if most is not None and carried > most:
                        writer.transport.abort()
                        back.transport.abort()
                        return
                    target.write(octets)
                    await target.drain()
                target.write_eof()
            except OSError:
                return

        await asyncio.gather(one_way(reader, back, None), one_way(there, writer, cut_after))
        for end in (writer, back):
            end.close()
