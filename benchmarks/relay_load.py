"""Calls for a relay to carry: packets of RTP both ways at a steady rate, and how late they come.

One socket is every browser and one every other relay, so that the load costs little beside what it
loads. Each packet says when it was handed to the kernel; when it arrived, the kernel's own stamp
says. So neither is moved by the load being kept from running.
"""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, types

from baluardo.network.bearers.engine_state import (
    LENGTH_WORD,
    MESSAGE_WORDS,
    NAME_OCTETS_WORD,
    NAME_WORD,
    VECTOR_WORD,
    VECTORS_WORD,
)
from baluardo.network.links.real_time import exact_timers
from baluardo.network.links.system_calls import MSG_DONTWAIT, ppoll, recvmmsg, sendmmsg

PACKET_OCTETS: Final = 200
PAUSE_NS: Final = 200_000
"""Between two handfuls of packets, where the rate leaves time."""
BATCH: Final = 16
ROW: Final = 256
_STAMP_OFFSET: Final = 12
_CONTROL_WORD, _CONTROL_OCTETS_WORD = 4, 5
_SO_TIMESTAMPNS: Final = 35
_SO_RCVBUFFORCE: Final = 33
_SECOND_NS: Final = 1_000_000_000

_clock_gettime: Any = types.ExternalFunction("clock_gettime", types.int32(types.int32, types.intp))


class Load(NamedTuple):
    """What the compiled load works on; the first axis is the two sides."""

    descriptors: npt.NDArray[np.int64]
    ports: npt.NDArray[np.int64]
    """Shape (2, calls): the relay's."""
    lead: npt.NDArray[np.int64]
    """Shape (2,): octets that stand before each datagram of a side."""
    rows: npt.NDArray[np.uint8]
    names: npt.NDArray[np.uint8]
    messages: npt.NDArray[np.int64]
    vectors: npt.NDArray[np.int64]
    taken_rows: npt.NDArray[np.uint8]
    taken: npt.NDArray[np.int64]
    taken_vectors: npt.NDArray[np.int64]
    controls: npt.NDArray[np.int64]
    """Shape (BATCH, 4): cmsghdr and timespec."""
    delays_ns: npt.NDArray[np.int64]
    scratch: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Outcome:
    """What a run met."""

    sent: int
    arrived: int
    in_time: int
    """Of these, while there was sending."""
    seconds: float
    delays_ms: npt.NDArray[np.float64]

    @property
    def per_s(self) -> float:
        """Packets that arrived in a second."""
        return self.in_time / self.seconds

    def late_ms(self, share: float) -> float:
        """A percentile of the delays."""
        return round(float(np.percentile(self.delays_ms, share)), 3) if self.arrived else 1e9


def side() -> socket.socket:
    """Return a socket that stamps what it receives."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
    made.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    with contextlib.suppress(PermissionError):
        made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 1 << 26)
    return made


def run(
    near: socket.socket,
    far: socket.socket,
    ports: tuple[list[int], list[int]],
    lead: int,
    per_s: int,
    seconds: float,
) -> Outcome:
    """Send so many packets a second, half of them each way, evenly over the calls.

    ports: the relay's near and far ones, one of each a call. lead: octets (of 0) before each
    datagram on the far side.
    """
    exact_timers()
    load = _new_load(near, far, ports, lead, int(per_s * seconds * 1.2) + 1_000)
    _drain(near)
    _drain(far)
    sent, in_time, arrived, elapsed_ns = _run(load, per_s, int(seconds * _SECOND_NS))
    delays = load.delays_ns[: min(arrived, load.delays_ns.size)] / 1e6
    return Outcome(int(sent), int(arrived), int(in_time), elapsed_ns / _SECOND_NS, delays)


def _drain(from_: socket.socket) -> None:
    from_.setblocking(False)
    try:
        while True:
            from_.recv(ROW)
    except BlockingIOError:
        pass


def _new_load(
    near: socket.socket,
    far: socket.socket,
    ports: tuple[list[int], list[int]],
    lead: int,
    most: int,
) -> Load:
    load = Load(
        descriptors=np.array([near.fileno(), far.fileno()]),
        ports=np.array(ports, np.int64),
        lead=np.array([0, lead]),
        rows=np.zeros((2, BATCH, ROW), np.uint8),
        names=np.zeros((2, BATCH, 16), np.uint8),
        messages=np.zeros((2, BATCH, MESSAGE_WORDS), np.int64),
        vectors=np.zeros((2, BATCH, 2), np.int64),
        taken_rows=np.zeros((BATCH, ROW), np.uint8),
        taken=np.zeros((BATCH, MESSAGE_WORDS), np.int64),
        taken_vectors=np.zeros((BATCH, 2), np.int64),
        controls=np.zeros((BATCH, 4), np.int64),
        delays_ns=np.zeros(most, np.int64),
        scratch=np.zeros(4, np.int64),
    )
    for k in range(BATCH):
        for of in (0, 1):
            load.names[of, k, :8] = (socket.AF_INET, 0, 0, 0, 127, 0, 0, 1)
            load.messages[of, k, NAME_WORD] = load.names[of, k].ctypes.data
            load.messages[of, k, NAME_OCTETS_WORD] = 16
            load.messages[of, k, VECTOR_WORD] = load.vectors[of, k].ctypes.data
            load.messages[of, k, VECTORS_WORD] = 1
            octets = PACKET_OCTETS + int(load.lead[of])
            load.vectors[of, k] = load.rows[of, k].ctypes.data, octets
            load.rows[of, k, load.lead[of]] = 0x80
        load.taken[k, VECTOR_WORD] = load.taken_vectors[k].ctypes.data
        load.taken[k, VECTORS_WORD] = 1
        load.taken[k, _CONTROL_WORD] = load.controls[k].ctypes.data
        load.taken_vectors[k] = load.taken_rows[k].ctypes.data, ROW
    return load


@njit(nogil=True, cache=True)
def _run(load: Load, per_s: int, span_ns: int) -> tuple[int, int, int, int]:
    """Send and receive; return packets sent, those that came meanwhile, all that came, and ns."""
    begin = _real_ns(load.scratch)
    calls = load.ports.shape[1]
    sent = arrived = 0
    total = span_ns // _SECOND_NS * per_s + span_ns % _SECOND_NS * per_s // _SECOND_NS
    while True:
        now = _real_ns(load.scratch)
        if now - begin >= span_ns:
            break
        # Even, so that both sides go on with the same call.
        due = min(total, (now - begin) * per_s // _SECOND_NS) & ~1
        behind = due - sent > 4 * BATCH
        for from_side in range(2):
            count = min(BATCH, (due - sent) // 2)
            _send(load, from_side, count, sent // 2, calls)
        sent += min(2 * BATCH, due - sent)
        for at_side in range(2):
            arrived = _take(load, at_side, arrived)
        if not behind:
            load.scratch[2], load.scratch[3] = 0, PAUSE_NS
            ppoll(np.intp(0), np.int64(0), load.scratch.ctypes.data + 16, np.int64(0))
    elapsed, in_time = _real_ns(load.scratch) - begin, arrived
    # What is under way still counts for the delays, not for the rate, whose span is over.
    for _ in range(50):
        load.scratch[2], load.scratch[3] = 0, 1_000_000
        ppoll(np.intp(0), np.int64(0), load.scratch.ctypes.data + 16, np.int64(0))
        for _again in range(64):
            for at_side in range(2):
                arrived = _take(load, at_side, arrived)
    return sent, in_time, arrived, elapsed


@njit(nogil=True, cache=True)
def _send(load: Load, of: int, count: int, first: int, calls: int) -> None:
    if count <= 0:
        return
    lead = load.lead[of]
    for k in range(count):
        number = first + k
        call, sequence = number % calls, number // calls
        port = load.ports[of, call]
        load.names[of, k, 2], load.names[of, k, 3] = port >> 8, port & 0xFF
        row = load.rows[of, k, lead:]
        row[2], row[3] = (sequence >> 8) & 0xFF, sequence & 0xFF
        stamp = sequence * 160
        for octet in range(4):
            row[4 + octet] = (stamp >> (24 - 8 * octet)) & 0xFF
        row[8], row[9], row[10], row[11] = 1, of, call >> 8, call & 0xFF
        now = _real_ns(load.scratch)
        for octet in range(8):
            row[_STAMP_OFFSET + octet] = (now >> (8 * octet)) & 0xFF
    base = load.messages.ctypes.data + of * BATCH * 8 * MESSAGE_WORDS
    sendmmsg(np.int32(load.descriptors[of]), base, np.int32(count), np.int32(MSG_DONTWAIT))


@njit(nogil=True, cache=True)
def _take(load: Load, at: int, arrived: int) -> int:
    """Take a batch, note how late each is, and return how many have come in all."""
    for k in range(BATCH):
        load.taken[k, _CONTROL_OCTETS_WORD] = 32
    count = recvmmsg(
        np.int32(load.descriptors[at]),
        load.taken.ctypes.data,
        np.int32(BATCH),
        np.int32(MSG_DONTWAIT),
        np.int64(0),
    )
    for k in range(count):
        octets = load.taken[k, LENGTH_WORD] & 0xFFFFFFFF
        if octets != PACKET_OCTETS + load.lead[at]:
            continue
        start = load.lead[at] + _STAMP_OFFSET
        stamp = np.int64(0)
        for octet in range(8):
            stamp |= np.int64(load.taken_rows[k, start + octet]) << (8 * octet)
        if arrived < load.delays_ns.size:
            came = load.controls[k, 2] * _SECOND_NS + load.controls[k, 3]
            load.delays_ns[arrived] = came - stamp
        arrived += 1
    return arrived


@njit(nogil=True, cache=True)
def _real_ns(scratch: npt.NDArray[np.int64]) -> int:
    """Return CLOCK_REALTIME, by which the kernel stamps."""
    _clock_gettime(np.int32(0), scratch.ctypes.data)
    return int(scratch[0]) * _SECOND_NS + int(scratch[1])
