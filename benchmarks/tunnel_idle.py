"""What a site sends while nobody has traffic, as the wire captures it, by what it is.

The window begins once everything of the start is over, and is a whole number of the periods that
idling has: of probes (40 s), and no shorter than that of key rounds under traffic (two minutes), so
that a round of an idle pair would be in it. All octets of the outer packets count.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from pathlib import Path

from baluardo.network.bearers.headers import PROBE
from baluardo.network.tunnel.timers import REKEY_AFTER_TIME, TRAFFIC_SECONDS
from baluardo.stage.prove.captures import Captured, packets
from baluardo.stage.prove.nation import ProvingNation

PROBES_S = 40.0
"""Between two probes of an idle pair (`network.bearers.probe_way`)."""
LEAST_S = REKEY_AFTER_TIME
"""Of a window: three periods of probes, one of key rounds."""
CHANNEL_S = 45.0
"""After which edges end the channel over which they have told each other who sits there."""
SETTLED_S = CHANNEL_S + TRAFFIC_SECONDS + 10.0
"""After this both sites have fallen silent: the end of that channel is traffic, and a pair has it
until TRAFFIC_SECONDS later; the key round that falls due until then belongs to the start."""
UDP_HEAD = 8


def kind_of(packet: Captured) -> str:
    """Return what a packet is: probe, wireguard (handshakes and keepalives here), or its kind."""
    if packet.kind != "tunnel":
        return packet.kind
    head = 4 * (packet.octets[0] & 15) + UDP_HEAD
    return "probe" if packet.octets[head : head + 1] == bytes([PROBE]) else "wireguard"


async def idle(nation: ProvingNation, seconds: float) -> dict[str, float]:
    """Return what the first site sends without traffic, bit/s, by what it is.

    `seconds` is made a whole number of periods, one at least. RuntimeError without a wire.
    """
    wire, site = nation.network.wire, nation.sites[0]
    if wire is None:
        raise RuntimeError("the wire does not run")
    seconds = PROBES_S * max(round(seconds / PROBES_S), 1)
    await asyncio.sleep(SETTLED_S)
    terminals = nation.network.plan.of(site)
    own, octets = {each.address for each in terminals}, Counter[str]()
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "idle.pcapng"
        await wire.capture(file, [each.port for each in terminals])
        await asyncio.sleep(seconds)
        await wire.capture(None)
        for each in packets(file):
            if str(each.source) in own:
                octets[kind_of(each)] += len(each.octets)
    return {kind: round(8 * many / seconds, 1) for kind, many in sorted(octets.items())}
