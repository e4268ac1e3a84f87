"""Who probes whom while nobody has traffic."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from baluardo.edge.tunnels.idle_pairs import MOST_PAIRED, IdlePairs

names = st.sets(st.text("abcdef/", min_size=1, max_size=6), min_size=2, max_size=60)


def mesh(sites: set[str]) -> dict[str, IdlePairs]:
    """Every site, having met every other."""
    pairs = {own: IdlePairs(own) for own in sites}
    for own, peer in combinations(sites, 2):
        pairs[own].meet(peer)
        pairs[peer].meet(own)
    return pairs


@given(names)
def test_every_site_of_a_mesh_is_probed_and_probes(sites: set[str]) -> None:
    pairs = mesh(sites)
    for own, one in pairs.items():
        others = sites - {own}
        assert any(one.is_ours(peer) for peer in others)
        assert any(pairs[peer].is_ours(own) for peer in others)


@given(names)
def test_every_pair_of_few_is_probed_and_many_cost_as_much_as_one_each(sites: set[str]) -> None:
    pairs = mesh(sites)
    probed = sum(pairs[one].is_ours(other) for one in sites for other in sites - {one})
    if len(sites) - 1 <= MOST_PAIRED:
        for one, other in combinations(sites, 2):
            assert pairs[one].is_ours(other) or pairs[other].is_ours(one)
        assert probed <= len(sites) * (len(sites) - 1) // 2 + len(sites)
    else:
        assert probed == len(sites)


def test_500_sites_around_a_hub_are_probed_once_each() -> None:
    hub, spokes = IdlePairs("m"), [f"{'a' if k % 2 else 'z'}{k}" for k in range(500)]
    ours = []
    for spoke in spokes:
        hub.meet(spoke)
        pair = IdlePairs(spoke)
        pair.meet("m")
        ours.append(pair.is_ours("m"))
    assert all(ours)
    assert sum(hub.is_ours(spoke) for spoke in spokes) == 1


@given(names)
def test_who_parts_is_probed_by_nobody_and_leaves_no_gap(sites: set[str]) -> None:
    pairs = mesh(sites)
    gone = min(sites)
    left = sites - {gone}
    for own in left:
        pairs[own].part(gone)
        pairs[own].part("never met")
    if len(left) > 1:
        for own in left:
            assert any(pairs[own].is_ours(peer) for peer in left - {own})
