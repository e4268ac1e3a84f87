"""Whose is an address: the peer with the longest network that holds it, by one binary search.

Networks either hold each other or have nothing in common, so all prefixes together cut the
addresses into ranges that each belong to one peer or to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from baluardo.errors import InvalidInputError

Network = IPv4Network | IPv6Network

NOBODY: Final = -1
_LOWER: Final = (1 << 64) - 1


class Ranges(NamedTuple):
    """Range k begins at address (upper[k], lower[k]) and ends where the next begins."""

    upper: npt.NDArray[np.uint64]
    lower: npt.NDArray[np.uint64]
    owner: npt.NDArray[np.int32]


def ranges(networks: Mapping[int, Sequence[Network]], version: int) -> Ranges:
    """Return who owns which addresses of IP version 4 or 6.

    InvalidInputError names a network that two peers claim.
    """
    owners: dict[Network, int] = {}
    for peer, theirs in networks.items():
        for network in theirs:
            if owners.setdefault(network, peer) != peer:
                raise InvalidInputError(
                    f"{network} is said to be of peer {owners[network]} and of peer {peer}. "
                    "The networks stay as they were."
                )
    starts: list[tuple[int, int]] = [(0, NOBODY)]
    open_networks: list[tuple[int, int]] = []
    chosen = sorted(
        (int(network.network_address), network.prefixlen, int(network.broadcast_address), peer)
        for network, peer in owners.items()
        if network.version == version
    )
    for first, _, last, peer in chosen:
        _close(open_networks, starts, first)
        starts.append((first, peer))
        open_networks.append((last, peer))
    _close(open_networks, starts, 1 << (32 if version == 4 else 128))
    # Where several begin at one address, the last said is the longest prefix.
    final = dict(starts)
    final.pop(1 << (32 if version == 4 else 128), None)
    return Ranges(
        upper=np.array([start >> 64 for start in final], dtype=np.uint64),
        lower=np.array([start & _LOWER for start in final], dtype=np.uint64),
        owner=np.array(list(final.values()), dtype=np.int32),
    )


def _close(open_networks: list[tuple[int, int]], starts: list[tuple[int, int]], first: int) -> None:
    """End every open network that does not reach `first`: who held it before holds on."""
    while open_networks and open_networks[-1][0] < first:
        last, _ = open_networks.pop()
        starts.append((last + 1, open_networks[-1][1] if open_networks else NOBODY))


@njit(nogil=True, cache=True)
def owner_of(table: Ranges, upper: np.uint64, lower: np.uint64) -> int:
    """Return the peer whose an address is, or NOBODY."""
    low, high = 0, table.owner.size - 1
    while low < high:
        middle = (low + high + 1) // 2
        if table.upper[middle] < upper or (
            table.upper[middle] == upper and table.lower[middle] <= lower
        ):
            low = middle
        else:
            high = middle - 1
    return int(table.owner[low])
