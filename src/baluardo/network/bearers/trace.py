"""A small traceroute: UDP with a growing hop limit, answers read from the socket's error queue.

Linux gives ICMP errors to the socket that caused them (IP_RECVERR, ip(7)), so nobody needs root.
Anybody on the way may answer, and with any address: a trace can contradict, it proves nothing.
"""

from __future__ import annotations

import ipaddress
import select
import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from baluardo.errors import InvalidInputError, SourceError
from baluardo.foreign_input import quoted

MOST_HOPS: Final = 24
FIRST_PORT: Final = 33_434
"""Where traceroute begins: nothing listens there."""

# Of Linux, which the module `socket` does not name.
_IP_RECVERR: Final = 11
_IPV6_RECVERR: Final = 25
_ORIGIN_ICMP: Final = (2, 3)
_EXTENDED_ERROR: Final = struct.Struct("=IBBBBII")
"""`struct sock_extended_err`: errno, origin, type, code, pad, info, data; an address follows."""
_PORT_UNREACHABLE: Final = {(2, 3, 3), (3, 1, 4)}
"""Origin, type and code by which the target itself answers (RFC 792, RFC 4443)."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Who answered on the way to a target, one per hop; None where nobody did."""

    target: str
    hops: tuple[str | None, ...]
    reached: bool
    at: float
    """When it was made, seconds of the monotonic clock."""
    round_trips_s: tuple[float | None, ...] = ()
    """How long each hop took to answer; never too short."""


def trace(
    target: str,
    interface: str | None = None,
    most_hops: int = MOST_HOPS,
    timeout_s: float = 2.0,
    clock: Callable[[], float] = time.monotonic,
) -> Trace:
    """Return the way to an address, by one interface if it is named. Takes `timeout_s`.

    SourceError if no packet can leave.
    """
    try:
        version = ipaddress.ip_address(target).version
    except ValueError:
        raise InvalidInputError(f"{quoted(target)} is no IP address.") from None
    if not 1 <= most_hops <= MOST_HOPS:
        raise InvalidInputError(f"most_hops {most_hops}: 1 to {MOST_HOPS}.")
    opened: list[socket.socket] = []
    sent: list[float] = []
    try:
        for hop in range(1, most_hops + 1):
            sent.append(clock())
            opened.append(_probe(target, version, hop, interface))
        found = _gather(opened, clock() + timeout_s, clock)
    except OSError as problem:
        raise SourceError(
            f"The way to {target} cannot be traced: {problem.strerror or problem}."
        ) from None
    finally:
        for one in opened:
            one.close()
    arrived = [hop for hop, (_, is_target, _) in found.items() if is_target]
    last = min(arrived, default=max(found, default=-1))
    hops = tuple(found[hop][0] if hop in found else None for hop in range(last + 1))
    took = tuple(found[hop][2] - sent[hop] if hop in found else None for hop in range(last + 1))
    return Trace(target, hops, bool(arrived), clock(), took)


def _probe(target: str, version: int, hop: int, interface: str | None) -> socket.socket:
    one = socket.socket(
        socket.AF_INET if version == 4 else socket.AF_INET6,
        socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC,
    )
    try:
        if interface is not None:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode() + b"\0")
        if version == 4:
            one.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hop)
            one.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
        else:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, hop)
            one.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
        one.connect((target, FIRST_PORT + hop - 1))
        one.send(b"\0")
    except OSError:
        one.close()
        raise
    return one


def _gather(
    opened: Sequence[socket.socket], until: float, clock: Callable[[], float]
) -> dict[int, tuple[str, bool, float]]:
    """Return by hop (0 the first) who answered, whether it was the target, and when."""
    waiting = {one.fileno(): hop for hop, one in enumerate(opened)}
    found: dict[int, tuple[str, bool, float]] = {}
    poll = select.poll()
    for descriptor in waiting:
        poll.register(descriptor, 0)  # errors are always told
    while waiting and (left := until - clock()) > 0:
        for descriptor, _ in poll.poll(left * 1e3):
            hop = waiting.pop(descriptor)
            poll.unregister(descriptor)
            if (answer := _answer(opened[hop])) is not None:
                found[hop] = (*answer, clock())
        arrived = min((hop for hop, (_, is_target, _) in found.items() if is_target), default=None)
        if arrived is not None and all(hop in found for hop in range(arrived)):
            break
    return found


def _answer(one: socket.socket) -> tuple[str, bool] | None:
    try:
        _, extras, _, _ = one.recvmsg(512, 512, socket.MSG_ERRQUEUE)
    except OSError:
        return None
    for level, kind, data in extras:
        if (level, kind) in (
            (socket.IPPROTO_IP, _IP_RECVERR),
            (socket.IPPROTO_IPV6, _IPV6_RECVERR),
        ):
            return read_extended_error(data)
    return None


def read_extended_error(data: bytes) -> tuple[str, bool] | None:
    """Return who sent an ICMP error, and whether as the target itself; None for anything else."""
    if len(data) < _EXTENDED_ERROR.size + 2:
        return None
    _, origin, kind, code, _, _, _ = _EXTENDED_ERROR.unpack_from(data)
    (family,) = struct.unpack_from("=H", data, _EXTENDED_ERROR.size)
    offender = data[_EXTENDED_ERROR.size :]
    if origin not in _ORIGIN_ICMP:
        return None
    if family == socket.AF_INET and len(offender) >= 8:
        address = str(ipaddress.IPv4Address(offender[4:8]))
    elif family == socket.AF_INET6 and len(offender) >= 24:
        address = str(ipaddress.IPv6Address(offender[8:24]))
    else:
        return None
    return address, (origin, kind, code) in _PORT_UNREACHABLE
