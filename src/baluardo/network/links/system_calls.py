"""System calls for compiled loops: libc by name, so that what is compiled can be kept on disk.

A compiled function takes addresses as integers: `array.ctypes.data` and an offset. Each call
returns what libc returns; `last_error()` tells errno of the calling thread after a -1. None of
them holds the interpreter's lock where the caller is compiled with `nogil`.
"""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt
from numba import njit, types

EAGAIN: Final = 11
EINTR: Final = 4
CLOCK_MONOTONIC: Final = 1
POLLIN: Final = 1
MSG_DONTWAIT: Final = 0x40

carray: Any = getattr(numba, "carray")  # noqa: B009 - its stubs do not name it
"""An array over memory, in compiled code."""
_int: Any = types.int32
_size: Any = types.int64
_address: Any = types.intp

read: Any = types.ExternalFunction("read", _size(_int, _address, _size))
"""(descriptor, address, octets) -> octets, 0 at the end, -1."""
write: Any = types.ExternalFunction("write", _size(_int, _address, _size))
"""(descriptor, address, octets) -> octets, -1."""
writev: Any = types.ExternalFunction("writev", _size(_int, _address, _int))
"""(descriptor, address of iovecs, how many) -> octets, -1."""
sendmmsg: Any = types.ExternalFunction("sendmmsg", _int(_int, _address, _int, _int))
"""(descriptor, address of mmsghdrs, how many, flags) -> how many were sent, -1."""
recvmmsg: Any = types.ExternalFunction("recvmmsg", _int(_int, _address, _int, _int, _address))
"""(descriptor, address of mmsghdrs, how many, flags, address of a timespec or 0), -1."""
ppoll: Any = types.ExternalFunction("ppoll", _int(_address, _size, _address, _address))
"""(address of pollfds, how many, address of a timespec or 0, 0) -> how many are ready, -1."""
epoll_wait: Any = types.ExternalFunction("epoll_wait", _int(_int, _address, _int, _int))
"""(epoll, address of events, how many, ms or -1) -> how many are ready, -1."""
epoll_ctl: Any = types.ExternalFunction("epoll_ctl", _int(_int, _int, _int, _address))
"""(epoll, operation, descriptor, address of an event) -> 0, -1."""
_clock_gettime: Any = types.ExternalFunction("clock_gettime", _int(_int, _address))
_pointer: Any = types.CPointer
_errno_location: Any = types.ExternalFunction("__errno_location", _pointer(_int)())

POLLFD: Final = np.dtype([("fd", "<i4"), ("events", "<i2"), ("revents", "<i2")])
"""poll(2)."""


@njit(nogil=True, cache=True)
def last_error() -> int:
    """Return errno of this thread."""
    return int(carray(_errno_location(), 1)[0])


@njit(nogil=True, cache=True)
def monotonic_ns(scratch: npt.NDArray[np.int64]) -> int:
    """Return CLOCK_MONOTONIC in ns; `scratch` holds two int64 of the caller's."""
    _clock_gettime(np.int32(CLOCK_MONOTONIC), scratch.ctypes.data)
    return int(scratch[0]) * 1_000_000_000 + int(scratch[1])
