"""The replay window against the table of wireguard-go and against a plain set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError, SealError
from baluardo.trust.replay import RING_WORDS, WINDOW, WORD_BITS, ReplayWindow

RING = RING_WORDS * WORD_BITS
LIMIT = 2**64 - 2**4 - 1
T = WINDOW + 1


def accepted(window: ReplayWindow, counter: int) -> bool:
    """Whether the window lets a counter pass."""
    try:
        window.accept(counter)
    except SealError:
        return False
    return True


# Counters and verdicts of wireguard-go (and the Linux kernel before it), replay/replay_test.go,
# whose window has 8,128 counters and whose limit is 2^64 - 2^4 - 1, as here.
WIREGUARD_TABLE = [
    (0, True),
    (1, True),
    (1, False),
    (9, True),
    (8, True),
    (7, True),
    (7, False),
    (T, True),
    (T - 1, True),
    (T - 1, False),
    (T - 2, True),
    (2, True),
    (2, False),
    (T + 16, True),
    (3, False),
    (T + 16, False),
    (T * 4, True),
    (T * 4 - (T - 1), True),
    (10, False),
    (T * 4 - T, False),
    (T * 4 - (T + 1), False),
    (T * 4 - (T - 2), True),
    (T * 4 + 1 - T, False),
    (0, False),
    (LIMIT, False),
    (LIMIT - 1, True),
    (LIMIT, False),
    (LIMIT - 1, False),
    (LIMIT - 2, True),
    (LIMIT + 1, False),
    (LIMIT + 2, False),
    (LIMIT - 2, False),
    (LIMIT - 3, True),
    (0, False),
]

# The bulk tests of the same file: counters that all pass, then counters with their verdicts.
WIREGUARD_BULK = [
    (range(1, WINDOW + 1), [(0, True), (0, False)]),
    (range(2, WINDOW + 2), [(1, True), (0, False)]),
    (range(WINDOW + 1, 0, -1), []),
    (range(WINDOW + 2, 1, -1), [(0, False)]),
    (range(WINDOW, 0, -1), [(WINDOW + 1, True), (0, False)]),
    (range(WINDOW, 0, -1), [(0, True), (WINDOW + 1, True)]),
]


def test_wireguard_table() -> None:
    window = ReplayWindow(LIMIT)
    verdicts = [accepted(window, counter) for counter, _ in WIREGUARD_TABLE]
    assert verdicts == [verdict for _, verdict in WIREGUARD_TABLE]


@pytest.mark.parametrize(("counters", "after"), WIREGUARD_BULK)
def test_wireguard_bulk(counters: range, after: list[tuple[int, bool]]) -> None:
    window = ReplayWindow(LIMIT)
    assert all(accepted(window, counter) for counter in counters)
    assert [accepted(window, counter) for counter, _ in after] == [verdict for _, verdict in after]


steps = st.one_of(
    st.integers(-3, 3),
    st.integers(-70, 70),
    st.integers(-WINDOW - 70, WINDOW + 70),
    st.integers(-(2**40), 2**40),
    st.builds(lambda turns, off: turns * RING + off, st.integers(-1, 3), st.integers(-2, 2)),
)


@given(st.lists(steps, max_size=200))
def test_agrees_with_a_set(moves: list[int]) -> None:
    """The model: new, within the limit, and at most WINDOW behind the newest that passed."""
    limit = 2**41
    window, passed, at = ReplayWindow(limit), set(), 0
    for move in moves:
        at = min(max(at + move, 0), limit)
        new = at not in passed and at < limit and max(passed, default=0) - at <= WINDOW
        assert accepted(window, at) == new
        if new:
            passed.add(at)


@pytest.mark.parametrize("jump", [1, 64, 65, 200, RING - 64, RING - 1, RING, RING + 63, 5 * RING])
def test_no_mark_of_an_earlier_turn_of_the_ring_is_left(jump: int) -> None:
    """With every bit set, jump: all that is new passes once, down to the oldest of the window."""
    window, newest = ReplayWindow(LIMIT), 2 * RING + 17
    assert all(accepted(window, counter) for counter in range(newest + 1))
    ahead = newest + jump
    assert accepted(window, ahead)
    new = range(max(newest + 1, ahead - WINDOW), ahead)
    assert all(accepted(window, counter) for counter in new)
    assert not any(accepted(window, counter) for counter in range(newest - 10, ahead + 1))


@given(st.lists(st.integers(0, 3 * WINDOW), max_size=50), st.integers(0, 3 * WINDOW))
def test_a_check_changes_nothing(before: list[int], counter: int) -> None:
    window = ReplayWindow(LIMIT)
    for each in before:
        accepted(window, each)
    verdicts = []
    for _ in range(2):
        try:
            window.check(counter)
            verdicts.append(True)
        except SealError:
            verdicts.append(False)
    assert verdicts == [accepted(window, counter)] * 2


def test_counters_below_zero_and_windows_of_nothing_are_refused() -> None:
    assert not accepted(ReplayWindow(1), -1)
    with pytest.raises(InvalidInputError):
        ReplayWindow(0)
