"""The door for what people measured: ping times that a bearer of the stage replays."""

from __future__ import annotations

from door import Door

from baluardo.errors import InvalidInputError
from baluardo.network.wire.trace import Trace

BEGIN = 1_748_520_012.0
"""First moment of a slot of today's size."""
SLOT_SECONDS = 15.0


def replayed(octets: bytes) -> None:
    """What is taken covers a slot from end to end, wherever the slot is."""
    trace = Trace.read(octets, "trace.csv", up_bps=2e7, down_bps=1e8, up_share=0.3)
    for start in (BEGIN, BEGIN + 7_000.0 * SLOT_SECONDS, BEGIN - 4.0 * SLOT_SECONDS):
        path = trace.replayed(BEGIN, start, start + SLOT_SECONDS)
        if (path.start, path.end) != (start, start + SLOT_SECONDS):
            raise AssertionError(f"from {path.start} to {path.end}")


DOORS = (
    Door(
        "wire.trace",
        replayed,
        (InvalidInputError,),
        lambda: [
            b"time_s,rtt_ms\n100.0,40\n101.0, 60.5\n102.0,\n102.5,50\n",
            b"1748520000.25,31.5\n1748520001.25,\n1748520002.25,29\n",
            b"".join(b"%.1f,%d\n" % (0.1 * k, 20 + k % 7) for k in range(100)),
        ],
    ),
)
