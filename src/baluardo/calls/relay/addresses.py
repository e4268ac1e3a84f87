"""Addresses of datagrams as the loop compares them: a port, and 128 bits in two words.

An IPv4 address stands as IPv6 writes it on one socket with its own, ::ffff:a.b.c.d (RFC 4291
section 2.5.5.2), so that one comparison serves both families and sockets of both at once.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.network.bearers.compiled import inner
from baluardo.network.bearers.engine_state import ADDRESS_OCTETS
from baluardo.network.bearers.socket_addresses import socket_address

Network = IPv4Network | IPv6Network

MOST_NETWORKS: Final = 64
_MAPPED: Final = 0xFFFF << 32
_AF_INET: Final = int(socket.AF_INET)
_WORD: Final = (1 << 64) - 1


class Place(NamedTuple):
    """Where datagrams are sent: as the loop compares it, and as the kernel takes it."""

    port: int
    upper: int
    lower: int
    name: npt.NDArray[np.uint8]
    """sockaddr_in or sockaddr_in6."""


def place_of(address: str, port: int, family: int) -> Place:
    """Return a place for sockets of a family; InvalidInputError where they cannot send there."""
    try:
        ip = ip_address(address)
    except ValueError:
        raise InvalidInputError(f"{quoted(address)} is no address of IP.") from None
    if ip.version == 6 and family == socket.AF_INET:
        raise InvalidInputError(f"The far socket is one of IPv4 and cannot send to {address}.")
    if ip.is_unspecified or ip.is_multicast:
        raise InvalidInputError(f"{address} is no address of one relay.")
    upper, lower = _words(ip)
    mapped = f"::ffff:{ip}" if ip.version == 4 and family == socket.AF_INET6 else str(ip)
    return Place(port, upper, lower, socket_address(mapped, port))


def network_rows(networks: Sequence[Network]) -> npt.NDArray[np.uint64]:
    """Return networks as `allowed` reads them, shape (networks, 4): address and mask in halves.

    InvalidInputError for more than MOST_NETWORKS.
    """
    if len(networks) > MOST_NETWORKS:
        raise InvalidInputError(
            f"{len(networks)} networks are given, more than {MOST_NETWORKS}. Those that were "
            "allowed before still are; join neighbouring ones."
        )
    rows = np.zeros((len(networks), 4), np.uint64)
    for row, network in zip(rows, networks, strict=True):
        prefix = network.prefixlen + (96 if network.version == 4 else 0)
        mask = (1 << 128) - (1 << (128 - prefix))
        row[:] = (*_words(network.network_address), mask >> 64, mask & _WORD)
    return rows


def _words(ip: IPv4Address | IPv6Address) -> tuple[int, int]:
    if ip.version == 4:
        return 0, _MAPPED | int(ip)
    return int(ip) >> 64, int(ip) & _WORD


@njit(nogil=True, cache=True)
def allowed(
    networks: npt.NDArray[np.uint64], count: int, upper: np.uint64, lower: np.uint64
) -> bool:
    """Say whether one of the first `count` networks has the address."""
    for k in range(count):
        if (upper & networks[k, 2]) == networks[k, 0] and (lower & networks[k, 3]) == networks[
            k, 1
        ]:
            return True
    return False


@inner
def port_of(name: Any) -> int:
    """The port of a sockaddr, of either family."""
    return int(name[2]) << 8 | int(name[3])


@inner
def upper_of(name: Any) -> Any:
    """The upper half of a sockaddr's address."""
    if name[0] == _AF_INET:
        return np.uint64(0)
    return _word(name, 8, 8)


@inner
def lower_of(name: Any) -> Any:
    """The lower half of a sockaddr's address."""
    if name[0] == _AF_INET:
        return np.uint64(_MAPPED) | _word(name, 4, 4)
    return _word(name, 16, 8)


@inner
def name_octets(name: Any) -> int:
    """How many octets a sockaddr has."""
    return 16 if name[0] == _AF_INET else ADDRESS_OCTETS


@inner
def _word(name: Any, at: int, octets: int) -> Any:
    word = np.uint64(0)
    for k in range(octets):
        word = word << np.uint64(8) | np.uint64(name[at + k])
    return word
