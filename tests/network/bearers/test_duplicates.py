"""Exactly once, against a plain model; and the hash against its authors' vectors."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.network.bearers.duplicates import LIFE_NS, is_first, no_deliveries, siphash

SEED = bytes(range(16))

# Aumasson and Bernstein, "SipHash: a fast short-input PRF", appendix A, and `vectors_sip64` of
# their reference implementation: key 00 01 .. 0f, input 00 01 .. of each length.
VECTORS = {
    0: 0x726FDB47DD0E0E31,
    1: 0x74F839C593DC67FD,
    7: 0xAB0200F58B01D137,
    8: 0x93F5F5799A932462,
    15: 0xA129CA6149BE45E5,
}


@pytest.mark.parametrize("length", VECTORS)
def test_siphash_is_its_authors(length: int) -> None:
    k0, k1 = np.frombuffer(SEED, "<u8")
    octets = np.arange(40, dtype=np.uint8)
    assert siphash(octets, 0, length, k0, k1) == VECTORS[length]
    shifted = np.concatenate([octets[:5], octets])
    assert siphash(shifted, 5, length, k0, k1) == VECTORS[length]


class Model:
    """The rule of design: a multiset with counts per lane, each delivery living two seconds."""

    def __init__(self) -> None:
        self.deliveries: dict[int, list[tuple[int, set[int]]]] = defaultdict(list)

    def arrives(self, packet: int, lane: int, now: int) -> bool:
        live = [each for each in self.deliveries[packet] if now - each[0] < LIFE_NS]
        self.deliveries[packet] = live
        for _, lanes in live:
            if lane not in lanes:
                lanes.add(lane)
                return False
        live.append((now, {lane}))
        return True


arrivals = st.lists(
    st.tuples(
        # Hashes 1, 9 and 17 share a chain of 8.
        st.sampled_from([1, 9, 17, 2]),
        st.integers(0, 1),
        st.sampled_from([0, 1, LIFE_NS // 3, LIFE_NS - 1, LIFE_NS]),
    ),
    max_size=60,
)


@settings(deadline=None)  # the first call compiles
@given(sequence=arrivals)
def test_it_decides_as_the_model_does(sequence: list[tuple[int, int, int]]) -> None:
    memory, model, now = no_deliveries(SEED, 64), Model(), 0
    for packet, lane, pause in sequence:
        now += pause
        assert is_first(memory, np.uint64(packet), lane, now) == model.arrives(packet, lane, now)


@settings(deadline=None)  # the first call compiles
@given(
    packets=st.lists(st.integers(1, 5), max_size=30),
    lost=st.sets(st.tuples(st.integers(0, 29), st.integers(0, 1))),
    order=st.randoms(use_true_random=False),
)
def test_distinct_copies_arrive_once_whatever_is_lost(
    packets: list[int], lost: set[tuple[int, int]], order: object
) -> None:
    # Each packet is its own (sequence number in the hash): once if a copy arrives, else never.
    sent = [(number, lane) for number in range(len(packets)) for lane in (0, 1)]
    arriving = [each for each in sent if each not in lost]
    order.shuffle(arriving)  # type: ignore[attr-defined]
    memory = no_deliveries(SEED, 64)
    got = [number for number, lane in arriving if is_first(memory, np.uint64(number), lane, 5)]
    assert sorted(got) == sorted({number for number, _ in arriving})


@settings(deadline=None)  # the first call compiles
@given(times=st.integers(1, 20), order=st.randoms(use_true_random=False))
def test_equal_packets_sent_on_purpose_all_arrive(times: int, order: object) -> None:
    arriving = [0] * times + [1] * times
    order.shuffle(arriving)  # type: ignore[attr-defined]
    memory = no_deliveries(SEED, 64)
    assert sum(is_first(memory, np.uint64(3), lane, 5) for lane in arriving) == times


def test_a_lane_that_was_away_does_not_swallow_what_comes_later() -> None:
    memory, second = no_deliveries(SEED, 64), 1_000_000_000
    heartbeat = np.uint64(3)
    assert all(is_first(memory, heartbeat, 0, k * second) for k in range(100))
    assert not is_first(memory, heartbeat, 1, 99 * second)
    assert is_first(memory, heartbeat, 1, 102 * second)


def test_a_flood_forgets_the_oldest_and_goes_on() -> None:
    memory = no_deliveries(SEED, 8)
    for number in range(100):
        assert is_first(memory, np.uint64(number), 0, number)
        assert not is_first(memory, np.uint64(number), 1, number)
    assert is_first(memory, np.uint64(0), 1, 100)
    assert memory.ring[1] == 8


def test_impossible_memories_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="seed"):
        no_deliveries(b"short")
    with pytest.raises(InvalidInputError, match="power of two"):
        no_deliveries(SEED, 12)
