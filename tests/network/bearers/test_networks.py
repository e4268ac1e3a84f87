"""The longest prefix, against a plain search through all networks."""

from __future__ import annotations

import ipaddress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.network.bearers.networks import NOBODY, Network, owner_of, ranges

# Few distinct bits, so that networks often hold each other and addresses often fall into them.
edges4 = st.sampled_from([0, 1, 0x0A00_0000, 0x0A01_0000, 0x0A01_0203, 0xFFFF_FFFF])
edges6 = st.sampled_from([0, 1, 0xFD00 << 112, (0xFD00 << 112) + (1 << 64), (1 << 128) - 1])


def network(version: int, address: int, length: int) -> Network:
    cls = ipaddress.IPv4Network if version == 4 else ipaddress.IPv6Network
    return cls((address, length), strict=False)


def plain(networks: dict[Network, int], address: int) -> int:
    holding = [
        each
        for each in networks
        if int(each.network_address) <= address <= int(each.broadcast_address)
    ]
    return networks[max(holding, key=lambda each: each.prefixlen)] if holding else NOBODY


@settings(deadline=None)  # the first call compiles
@given(data=st.data(), version=st.sampled_from([4, 6]))
def test_the_longest_prefix_wins(data: st.DataObject, version: int) -> None:
    edges, bits = (edges4, 32) if version == 4 else (edges6, 128)
    drawn = data.draw(
        st.lists(st.tuples(edges, st.integers(0, bits), st.integers(0, 9)), max_size=12)
    )
    owners: dict[Network, int] = {}
    for address, length, peer in drawn:
        owners.setdefault(network(version, address, length), peer)
    table = ranges(
        {peer: [each for each in owners if owners[each] == peer] for peer in range(10)}, version
    )
    other = ranges({1: [network(10 - version, 0, 0)]}, version)
    for edge in data.draw(st.lists(edges, min_size=1)):
        for address in {max(edge - 1, 0), edge, min(edge + 1, (1 << bits) - 1)}:
            parts = np.uint64(address >> 64), np.uint64(address & (1 << 64) - 1)
            assert owner_of(table, *parts) == plain(owners, address)
            assert owner_of(other, *parts) == NOBODY


def test_a_network_of_two_peers_is_refused() -> None:
    same = ipaddress.ip_network("10.0.0.0/8")
    with pytest.raises(InvalidInputError, match=r"10\.0\.0\.0/8 is said to be of peer 1"):
        ranges({1: [same], 2: [same]}, 4)
