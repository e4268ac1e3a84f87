"""Where second copies go: by hand, and at two sites on a virtual clock whose bearers are cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual_sites import Access, VirtualSites

from baluardo.network.bearers.lane_pairs import Ends, LanePairs
from baluardo.network.bearers.pairs import NUMBERS_FROM, PROVEN_SECONDS, Pairs
from baluardo.network.bearers.probe_payload import ProbePayload
from baluardo.network.bearers.probes import Interest, Probing

SETTLES = 4.0
"""Seconds within which both ends agree on two ways that share nothing."""
ENDS = Ends(active=0, second=1, best=0, peer_second=1, living=(0, 1))


def constant(value: float) -> Callable[[float], float]:
    return lambda _: value


def proven(*pairs: tuple[int, int]) -> Pairs:
    known = Pairs()
    for each in pairs:
        known.prove(each, 0.0)
    return known


# By hand


@pytest.mark.parametrize(
    ("known", "second"),
    [
        ([(0, 0), (1, 0), (0, 1), (1, 1)], (1, 1)),  # nothing shared
        ([(0, 0), (1, 0), (0, 1)], (1, 0)),  # another of ours
        ([(0, 0), (0, 1)], (0, 1)),  # another of the peer's
        ([(0, 0)], (1, 0)),  # nothing is proven: as our own choice says
    ],
)
def test_second_copies_share_as_little_as_is_proven(
    known: list[tuple[int, int]], second: tuple[int, int]
) -> None:
    lanes = LanePairs()
    lanes.choose(ENDS, proven(*known), 0.1)
    assert (lanes.first, lanes.second) == ((0, 0), second)


def test_what_was_proven_long_ago_is_not() -> None:
    lanes, pairs = LanePairs(), proven((0, 0), (1, 1))
    lanes.choose(ENDS, pairs, PROVEN_SECONDS)
    assert lanes.second == (1, 1)
    lanes.choose(ENDS, pairs, PROVEN_SECONDS + 0.01)
    assert lanes.second == (1, 0)


def test_one_lane_moves_at_a_time() -> None:
    """The peer leaves one of its bearers for the other: lane 1 waits until lane 0 is heard."""
    lanes, pairs = LanePairs(), proven((0, 0), (1, 0), (1, 1))
    lanes.choose(ENDS, pairs, 0.1)
    swapped = ENDS._replace(best=1, peer_second=0)
    lanes.choose(swapped, pairs, 0.1)
    assert (lanes.first, lanes.second) == ((0, 1), (1, 1))
    pairs.prove((0, 1), 0.2)
    lanes.choose(swapped, pairs, 0.2)
    assert (lanes.first, lanes.second) == ((0, 1), (1, 0))


def test_nothing_goes_where_the_peer_does_not_say_that_it_receives() -> None:
    """Its policy bars a bearer, which answers probes as before."""
    lanes, pairs = LanePairs(), proven((0, 0), (1, 0), (0, 1), (1, 1))
    lanes.choose(ENDS, pairs, 0.1)
    lanes.choose(ENDS._replace(peer_second=None), pairs, 0.1)
    assert (lanes.first, lanes.second) == ((0, 0), (1, 0))
    lanes.choose(ENDS, pairs, 0.1)
    one_of_ours = ENDS._replace(second=None, peer_second=None, living=(0,))
    lanes.choose(one_of_ours, pairs, 0.1)
    assert (lanes.first, lanes.second) == ((0, 0), None)
    lanes.choose(ENDS._replace(best=None, peer_second=None), pairs, 0.1)
    assert (lanes.first, lanes.second) == (None, None)


def test_a_lane_stays_apart_until_the_better_pair_is_proven() -> None:
    """The peer names another second: what is known to share nothing is kept for it."""
    lanes, pairs = LanePairs(), proven((0, 0), (1, 0), (1, 1))
    lanes.choose(ENDS, pairs, 0.1)
    other = ENDS._replace(peer_second=2)
    lanes.choose(other, pairs, 0.2)
    assert lanes.second == (1, 1)
    assert lanes.to_probe(other) == [(1, 2), (1, 1)]
    pairs.prove((1, 2), 0.3)
    lanes.choose(other, pairs, 0.3)
    assert lanes.second == (1, 2)


def test_a_lane_does_not_stay_on_a_bearer_that_may_not_be_taken() -> None:
    lanes, pairs = LanePairs(), proven((1, 1))
    lanes.choose(ENDS, pairs, 0.1)
    assert lanes.second == (1, 1)
    lanes.choose(ENDS._replace(second=None, living=(0,)), pairs, 0.1)
    assert lanes.second is None


@pytest.mark.parametrize(
    ("ends", "lanes"),
    [
        (ENDS._replace(peer_second=None), ((0, 0), (1, 0))),  # the peer has one bearer
        (ENDS._replace(second=None, living=(0,)), ((0, 0), None)),  # so have we, unproven
        (ENDS._replace(active=None, second=None, living=()), (None, None)),
        (ENDS._replace(second=None, peer_second=None, living=(0,)), ((0, 0), None)),
    ],
)
def test_where_there_is_no_other_nothing_new_happens(
    ends: Ends, lanes: tuple[tuple[int, int] | None, tuple[int, int] | None]
) -> None:
    chosen = LanePairs()
    chosen.choose(ends, Pairs(), 0.0)
    assert (chosen.first, chosen.second) == lanes


def test_only_pairs_that_no_bearer_probes_by_itself_have_probes_of_their_own() -> None:
    lanes, pairs = LanePairs(), proven((0, 0), (1, 0))
    lanes.choose(ENDS, pairs, 0.1)
    assert lanes.to_probe(ENDS) == [(1, 1)]
    alone = ENDS._replace(peer_second=None)
    lanes.choose(alone, pairs, 0.1)
    assert lanes.to_probe(alone) == []


def test_only_the_answer_to_a_pairs_own_probe_proves_it() -> None:
    pairs = Pairs()
    number = pairs.sent((1, 1), 5.0)
    assert number >= NUMBERS_FROM
    for pair, said, probed, now in (
        ((0, 1), number, 5_000_000, 5.1),  # by another way
        ((1, 1), number + 1, 5_000_000, 5.1),
        ((1, 1), number, 4_999_999, 5.1),
        ((1, 1), number, 5_000_000, 4.9),
        ((1, 1), number, 5_000_000, 7.1),  # much too late
    ):
        pairs.answered(pair, said, probed, now)
        assert not pairs.is_proven((1, 1), now)
    pairs.answered((1, 1), number, 5_000_000, 5.1)
    assert pairs.is_proven((1, 1), 5.2)


@settings(max_examples=300)
@given(
    story=st.lists(
        st.tuples(
            st.none() | st.integers(0, 2),
            st.none() | st.integers(0, 2),
            st.none() | st.integers(0, 2),
            st.none() | st.integers(0, 2),
            st.sets(st.integers(0, 2)),
            st.sets(st.tuples(st.integers(0, 2), st.integers(0, 2))),
            st.floats(0.0, 1.0),
        ),
        max_size=20,
    )
)
def test_whatever_is_told_no_two_lanes_take_the_same_pair(
    story: list[
        tuple[
            int | None,
            int | None,
            int | None,
            int | None,
            set[int],
            set[tuple[int, int]],
            float,
        ]
    ],
) -> None:
    lanes, pairs, now = LanePairs(), Pairs(), 0.0
    for active, second, best, peer_second, living, answered, seconds in story:
        now += seconds
        for each in answered:
            pairs.prove(each, now)
        kept = lanes.second
        ends = Ends(active, second, best, peer_second, living)
        lanes.choose(ends, pairs, now)
        nothing = active is None or best is None
        assert (lanes.first is None) == nothing
        assert lanes.second is None or (not nothing and lanes.first != lanes.second)
        assert lanes.second is None or peer_second is not None or lanes.second[1] == best
        moved = lanes.second != kept and not nothing
        told = kept is not None and (kept[1] == best or peer_second is not None)
        if moved and told and kept is not None and kept != lanes.first and kept[0] in living:
            # It was left because it did not live, or for a better one while lane 0 lives.
            assert not pairs.is_proven(kept, now) or pairs.is_proven(lanes.first, now)
        assert len(lanes.to_probe(ends)) <= 2


# Both ends, on a virtual clock


class Cuttable:
    """Bearers of both ends that are cut and restored at times."""

    def __init__(self, counts: Sequence[int]) -> None:
        self.cuts: list[tuple[float, int, int, bool]] = []
        ends = [[self._access(end, bearer) for bearer in range(counts[end])] for end in (0, 1)]
        self.sites = VirtualSites(*ends)

    def is_cut(self, end: int, bearer: int, now: float) -> bool:
        found = [cut for at, e, b, cut in self.cuts if (e, b) == (end, bearer) and at <= now]
        return bool(found) and found[-1]

    def living(self, end: int, now: float) -> set[int]:
        count = len(self.sites.sites[end].accesses)
        return {bearer for bearer in range(count) if not self.is_cut(end, bearer, now)}

    def _access(self, end: int, bearer: int) -> Access:
        return Access(
            constant(0.006 + 0.004 * bearer), cut=lambda now: self.is_cut(end, bearer, now)
        )


def test_both_ends_send_by_two_ways_that_share_nothing() -> None:
    sites = Cuttable([2, 2]).sites
    sites.run(2.0)
    for site in sites.sites:
        assert site.probing.lanes("other" if site.name == "one" else "one") == ((0, 0), (1, 1))


@pytest.mark.parametrize(("end", "bearer"), [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("counts", [(2, 2), (3, 2)])
def test_one_cut_at_any_end_loses_nothing_that_goes_twice(
    end: int, bearer: int, counts: tuple[int, int]
) -> None:
    """And lane 0 alone, the control, loses what it did before, within 300 ms."""
    cuttable = Cuttable(counts)
    sites = cuttable.sites
    cuttable.cuts.append((3.013, end, bearer, True))
    sites.run(8.0)
    for index in (0, 1):
        other = sites.sites[1 - index]
        sent = round((7.5 - 2.0) / sites.step)
        arrived = {at for at in (*other.got, *other.copies) if 2.0 <= at < 7.5}
        assert abs(len(arrived) - sent) <= 1  # the ends of the span
        assert sites.lost(index, 2.0, 7.5) <= 0.3
        assert (sites.lost(index, 2.0, 7.5) > 0.1) == (bearer == 0)


CUTS = st.lists(
    st.tuples(st.floats(0.0, 1.5), st.integers(0, 1), st.integers(0, 2), st.booleans()),
    max_size=8,
)


@settings(max_examples=40, deadline=None)
@given(cuts=CUTS)
def test_after_any_cuts_the_lanes_share_nothing_while_two_ways_live(
    cuts: list[tuple[float, int, int, bool]],
) -> None:
    cuttable = Cuttable([3, 3])
    sites = cuttable.sites
    sites.step = 0.010
    sites.run(2.0)
    for seconds, end, bearer, cut in cuts:
        if cut and len(cuttable.living(end, sites.now)) <= 2:
            continue  # two of each end are always there
        cuttable.cuts.append((sites.now, end, bearer, cut))
        sites.run(sites.now + seconds)
    sites.run(sites.now + SETTLES)
    for index in (0, 1):
        site, other = sites.sites[index], sites.sites[1 - index]
        first, second = site.probing.lanes(other.name)
        assert first is not None
        assert second is not None
        assert first[0] != second[0]
        assert first[1] != second[1]
        assert {first[0], second[0]} <= cuttable.living(index, sites.now)
        assert {first[1], second[1]} <= cuttable.living(1 - index, sites.now)
        for _, (one, two) in site.lanes:
            assert one is None or one != two


def test_a_bearer_that_comes_and_goes_does_not_make_lanes_flap() -> None:
    """40 hand-overs of one dish, 0.2 s each, in which half of all is lost."""
    sites = VirtualSites(
        [
            Access(constant(0.012), loss=lambda now: 0.5 if now % 3.0 < 0.14 else 0.0),
            Access(constant(0.02)),
        ],
        [Access(constant(0.012)), Access(constant(0.006))],
    )
    sites.run(62.0)
    for index in (0, 1):
        other = sites.sites[1 - index]
        sent = round((61.0 - 2.0) / sites.step)
        arrived = {at for at in (*other.got, *other.copies) if 2.0 <= at < 61.0}
        assert abs(len(arrived) - sent) <= 1
        assert len(sites.sites[index].lanes) <= 20


def test_without_second_copies_no_pair_is_probed() -> None:
    """A site with one lane pays what it did."""
    sites = VirtualSites([Access(constant(0.01))], [Access(constant(0.01)), Access(constant(0.02))])
    sites.run(5.0)
    before = sites.sites[0].probes
    sites.run(15.0)
    assert (sites.sites[0].probes - before) / 10.0 == pytest.approx(20 + 24, rel=0.06)


def test_pairs_are_not_probed_while_nobody_has_traffic() -> None:
    sites = Cuttable([2, 2]).sites
    sites.run(3.0)
    sites.interests = [Interest.IDLE, Interest.PASSIVE]
    sites.run(10.0)
    before = [site.probes for site in sites.sites]
    sites.run(40.0)
    after = [site.probes for site in sites.sites]
    assert all(b - a <= 6 for a, b in zip(before, after, strict=True))


def test_second_that_was_never_heard_is_asked_rarely() -> None:
    """A card may name anybody's address."""
    probing = Probing(["sky0", "fibre0"])
    probing.meet("other", 2, 0.0)
    probing.set_interest("other", Interest.TRAFFIC, 0.0)
    aims = []
    for tick in range(1, 400):
        now = tick * 0.025
        said = ProbePayload(True, 0, 0, 1, 0, 0, tick, 1, second=1)
        assert probing.receive("other", "sky0", said.to_octets(), now) == said
        probing.set_best("other", "sky0", now, "fibre0", ["sky0", "fibre0"])
        probing.handle_timer(now)
        aims += [each.peer_bearer for each in probing.outgoing(now)]
        assert probing.lanes("other") == ((0, 0), (1, 0))
    assert 5 <= aims.count(1) <= 11
