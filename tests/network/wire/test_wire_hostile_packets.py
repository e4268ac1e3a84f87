"""Packets made to hurt: truncated, with lengths and offload headers that lie."""

from __future__ import annotations

import random
import select
import struct

import pytest
from wire_packets import ACK, PSH, TCP, UDP, Made
from wire_ports import Device, always, until

from baluardo.network.wire.counts import Cause
from baluardo.network.wire.engine import WireEngine

PACKETS = 6_000
TERMINALS = ("192.0.2.1", "2001:db8::1")
LANDINGS = ("192.0.2.2", "2001:db8::2")


def sound(chance: random.Random) -> tuple[Made, int]:
    """A packet that is right, and its pieces' octets (0: whole)."""
    which = chance.randrange(2)
    whole = chance.random() < 0.4
    made = Made(
        chance.choice((TCP, UDP)),
        TERMINALS[which],
        LANDINGS[which],
        chance.randbytes(chance.randint(0, 1_400) if whole else chance.randint(1, 20_000)),
        flags=ACK | PSH,
    )
    return made, 0 if whole else chance.randint(300, 1_400)


def injured(octets: bytes, chance: random.Random) -> bytes:
    """The same with one to three injuries, mostly where headers are."""
    packet = bytearray(octets)
    for _ in range(chance.randint(1, 3)):
        at = min(int(chance.expovariate(1 / 25)), len(packet) - 1)
        injury = chance.randrange(5)
        if injury == 0:
            packet[at] = chance.randrange(256)
        elif injury == 1:
            packet[at : at + 2] = struct.pack("=H", chance.choice((0, 1, 8, 0x7FFF, 0xFFFF)))
        elif injury == 2:
            del packet[chance.randrange(len(packet)) :]
        elif injury == 3:
            packet[at:at] = chance.randbytes(chance.randint(1, 40))
        else:
            packet[at] ^= 1 << chance.randrange(8)
        packet = packet or bytearray(1)
    return bytes(packet)


@pytest.mark.parametrize("from_offload", [False, True])
@pytest.mark.parametrize("to_offload", [False, True])
def test_hostile_packets_crash_nothing_and_no_buffer_is_lost(
    from_offload: bool, to_offload: bool
) -> None:
    chance = random.Random(f"{from_offload}{to_offload}")  # noqa: S311 - it injures, it protects nothing
    engine = WireEngine()
    bad = Device(engine, "bad", offload=from_offload)
    good = Device(engine, "good", offload=to_offload)
    engine.add_link("way", "bad", "good", always(0.0005, 1e9, loss=0.05, jitter_s=0.0001))
    engine.route("bad", None, "way")
    with engine:
        for _ in range(PACKETS):
            made, piece = sound(chance)
            octets = made.left_to_cut(piece) if from_offload else made.octets()
            fate = chance.random()
            if fate < 0.1:
                octets = chance.randbytes(chance.choice((0, 1, 9, 10, 11, 19, 60, 1_990, 60_000)))
            elif fate < 0.8:
                octets = injured(octets, chance)
            bad.send(octets)
            while good.pending():
                good.receive()
        until(lambda: emptied(bad, good) and not queued(engine))
        counts = engine.counts()
        port, link = counts.ports["bad"], counts.links["way"]
        assert counts.buffers_in_use == 0
        assert port.received == link.packets_in + sum(port.drops.values())
        assert link.packets_in == link.packets_out + sum(link.drops.values())
        assert port.drops[Cause.MALFORMED] > 100
        assert link.packets_out > 100
        still_carries(engine, bad, good, from_offload, to_offload)
    bad.close()
    good.close()


def emptied(bad: Device, good: Device) -> bool:
    """Take what has come, and tell whether the wire has read everything."""
    while good.pending():
        good.receive()
    return not select.select([bad.inside], [], [], 0.0)[0]


def queued(engine: WireEngine) -> int:
    """Packets that the link still has."""
    return engine.counts().links["way"].queued_packets


def still_carries(
    engine: WireEngine, bad: Device, good: Device, from_offload: bool, to_offload: bool
) -> None:
    """Prove that a packet passes after all that."""
    engine.extend("way", always())
    until(lambda: not queued(engine))
    while good.pending():
        good.receive()
    made = Made(UDP, *(side[0] for side in (TERMINALS, LANDINGS)), b"after all that")
    bad.send((bytes(10) if from_offload else b"") + made.octets())
    assert good.receive() == (bytes(10) if to_offload else b"") + made.octets()
