"""A short measured trace on the engine that carries packets: what it measured is what they meet.

Its pings are 100 s apart and path time is set into the middle between them, so that no packet of a
busy machine comes to a border.
"""

from __future__ import annotations

import time

from wire_packets import UDP, Made
from wire_ports import Device, until

from baluardo.network.wire.counts import Cause
from baluardo.network.wire.engine import WireEngine
from baluardo.network.wire.tables import down_segments, up_segments
from baluardo.network.wire.trace import Trace

NEAR, FAR = "10.0.0.1", "10.0.0.2"
TRACE = b"time_s,rtt_ms\n7,40\n107,40\n207,\n307,400\n407,400\n"
LENGTH_S = 500.0
BEGIN = 5_000.0
ROUNDING_S = 1e-4
BETWEEN_S = 0.2
"""Of the two round trips that were measured, each is far from this."""


def packet(number: int) -> bytes:
    return Made(UDP, NEAR, FAR, bytes([number])).octets()


def round_trips(near: Device, far: Device, count: int = 5) -> list[float]:
    """Send packets one after the other, each back from where it arrives; s that each took."""
    found = []
    for number in range(count):
        sent = time.monotonic()
        near.send(packet(number))
        far.send(far.receive())
        assert near.receive() == packet(number)
        found.append(time.monotonic() - sent)
    return found


def test_a_trace_is_replayed_and_begins_again() -> None:
    trace = Trace.read(TRACE, "trace.csv", up_bps=1e9, down_bps=1e9, up_share=0.25)
    path = trace.replayed(BEGIN, BEGIN, BEGIN + 3.0 * LENGTH_S)
    with WireEngine(BEGIN - time.monotonic()) as engine:
        near, far = Device(engine, "near"), Device(engine, "far")
        engine.add_link("up", "near", "far", up_segments(path))
        engine.add_link("down", "far", "near", down_segments(path))
        engine.route("near", None, "up")
        engine.route("far", None, "down")
        for lost, rounds in enumerate((0, 2, 1), 1):
            start = BEGIN + rounds * LENGTH_S
            engine.set_offset(start + 50.0 - time.monotonic())
            short = round_trips(near, far)
            assert min(short) >= 0.040 - ROUNDING_S
            assert min(short) < BETWEEN_S
            engine.set_offset(start + 250.0 - time.monotonic())
            near.send(packet(0))
            until(lambda wanted=lost: engine.counts().links["up"].drops == {Cause.LOSS: wanted})
            engine.set_offset(start + 350.0 - time.monotonic())
            assert min(round_trips(near, far, 2)) >= 0.400 - ROUNDING_S
        assert not near.pending()
        assert not far.pending()
        near.close()
        far.close()
