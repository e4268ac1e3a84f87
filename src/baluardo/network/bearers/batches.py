"""Many datagrams in one system call: sendmmsg(2) and recvmmsg(2) over the engine's buffers.

TUN devices know no such calls: their packets are read and written one by one.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from baluardo.network.bearers import engine_state as at
from baluardo.network.bearers.compiled import inner
from baluardo.network.bearers.engine_state import BATCH, NO_DESCRIPTOR, ROW, Ints, State
from baluardo.network.links.system_calls import MSG_DONTWAIT, read, recvmmsg, sendmmsg, write

_MESSAGE_OCTETS: Final = 8 * at.MESSAGE_WORDS


@inner
def receive_batch(s: State, fd: int, room: int, named: bool) -> int:
    """Receive into the rows, behind so many octets of room; return how many came.

    Lengths and flags stand in `received`, where they came from (if wished) in `names`.
    """
    rows, names = s.rows.ctypes.data, s.names.ctypes.data
    for k in range(BATCH):
        s.received[k, at.NAME_WORD] = names + k * at.ADDRESS_OCTETS if named else 0
        s.received[k, at.NAME_OCTETS_WORD] = at.ADDRESS_OCTETS if named else 0
        s.received[k, at.FLAGS_WORD] = 0
        s.received_vectors[k, 0] = rows + k * ROW + room
        s.received_vectors[k, 1] = ROW - room
    # An error of the socket (somebody there is not listening) is told once and is gone with that.
    count = recvmmsg(
        np.int32(fd),
        s.received.ctypes.data,
        np.int32(BATCH),
        np.int32(MSG_DONTWAIT),
        np.int64(0),
    )
    return max(int(count), 0)


@inner
def read_batch(s: State, fd: int) -> int:
    """Read packets of a TUN device into the rows, as `receive_batch` does; return how many."""
    rows = s.rows.ctypes.data
    for k in range(BATCH):
        length = read(np.int32(fd), rows + k * ROW, np.int64(ROW))
        if length <= 0:
            return k
        s.received[k, at.LENGTH_WORD] = length
        s.received[k, at.FLAGS_WORD] = 0
    return BATCH


@inner
def write_batch(s: State, fd: int, count: int, tally: Ints) -> int:
    """Write the first `count` messages of `sent` to a TUN device; return how many it refused."""
    refused = 0
    for k in range(count):
        length = s.sent_vectors[k, 1]
        if write(np.int32(fd), s.sent_vectors[k, 0], np.int64(length)) == length:
            tally[0] += 1
            tally[1] += length
        else:
            refused += 1
    return refused


@inner
def send_batch(s: State, fd: int, count: int, tally: Ints) -> int:
    """Send the first `count` messages of `sent`; add packets and octets; return how many failed.

    A message that is refused is tried once more: the error may have been an older one's.
    """
    if fd == NO_DESCRIPTOR:
        return count
    first = refused = 0
    again = True
    base = s.sent.ctypes.data
    while first < count:
        taken = sendmmsg(
            np.int32(fd),
            base + first * _MESSAGE_OCTETS,
            np.int32(count - first),
            np.int32(MSG_DONTWAIT),
        )
        if taken > 0:
            for k in range(first, first + taken):
                tally[0] += 1
                tally[1] += s.sent_vectors[k, 1]
            first += taken
            again = True
        elif again:
            again = False
        else:
            refused += 1
            first += 1
            again = True
    return refused
