"""What proofs measure by: expected delays, gaps, percentiles, and the table that people read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.network.wire.tables import LinkSegment
from baluardo.stage.network.paths import Link
from baluardo.stage.prove.expected import Delay, Way, round_trip_s
from baluardo.stage.prove.probing import Reply, longest_gap, percentile
from baluardo.stage.prove.result import Finding, table
from baluardo.terms import OUT, Direction

UP, DOWN = Link("rome.sky", "landing.milan"), Link("landing.milan", "milan.sky")
WAY = Way((UP, DOWN))


def steady(start: float, end: float, delay_s: float, drift: float = 0.0) -> LinkSegment:
    return LinkSegment(start, end, Direction(delay_s, drift, 0.0, 1e9, 0.0))


def at(moment: float) -> Delay:
    return Delay(moment, moment)


def test_a_way_is_the_sum_of_its_links_each_at_its_own_moment() -> None:
    told = {
        UP.name: [steady(0.0, 10.0, 0.030), steady(10.0, 20.0, 0.050)],
        DOWN.name: [steady(0.0, 10.0, 0.020), steady(10.0, 20.0, 0.100)],
    }
    assert WAY.delay_s(told, at(5.0)) == pytest.approx((0.050, 0.050))
    # Sent before the edge, it comes to its second link after it.
    assert WAY.delay_s(told, at(9.98)) == pytest.approx((0.130, 0.130))
    assert WAY.delay_s(told, at(10.0)) == pytest.approx((0.150, 0.150))


def test_drift_counts_from_the_start_of_the_segment() -> None:
    told = {UP.name: [steady(100.0, 115.0, 0.030, 1e-3)]}
    assert Way((UP,)).delay_s(told, at(110.0)) == pytest.approx((0.040, 0.040))


def test_nobody_is_overtaken_where_the_delay_has_fallen() -> None:
    """Whoever was sent before with 100 ms may hold a packet up until it has left, no longer."""
    told = {
        UP.name: [steady(0.0, 10.0, 0.100), steady(10.0, 20.0, 0.030)],
        DOWN.name: [steady(0.0, 20.0, 0.020)],
    }
    assert WAY.delay_s(told, at(9.99)) == pytest.approx((0.120, 0.120))
    assert WAY.delay_s(told, at(10.01)) == pytest.approx((0.050, 0.110))
    assert WAY.delay_s(told, at(10.08)) == pytest.approx((0.050, 0.050))
    rising = {
        UP.name: [steady(0.0, 10.0, 0.030), steady(10.0, 20.0, 0.100)],
        DOWN.name: told[DOWN.name],
    }
    assert WAY.delay_s(rising, at(10.01)) == pytest.approx((0.120, 0.120))
    out = {UP.name: [LinkSegment(0.0, 10.0, OUT), told[UP.name][1]], DOWN.name: told[DOWN.name]}
    assert WAY.delay_s(out, at(10.01)) == pytest.approx((0.050, 0.050))
    back = round_trip_s(Way((UP,)), lambda _: Way((DOWN,)), told, 10.01)
    assert back == pytest.approx((0.050, 0.110))


def test_what_a_ping_is_held_against_is_an_interval() -> None:
    expected = Delay(0.050, 0.110)
    assert [expected.error_s(each) for each in (0.040, 0.050, 0.080, 0.110, 0.113)] == (
        pytest.approx([-0.010, 0.0, 0.0, 0.0, 0.003])
    )


def test_what_no_link_carries_is_lost() -> None:
    told = {UP.name: [steady(0.0, 10.0, 0.030)], DOWN.name: [LinkSegment(0.0, 10.0, OUT)]}
    assert WAY.delay_s(told, at(5.0)) is None
    assert Way((UP,)).delay_s(told, at(10.0)) is None  # after its last segment
    assert Way((UP,)).delay_s(told, at(-0.1)) is None  # before its first
    assert Way((UP,)).delay_s({}, at(5.0)) is None
    hole = {UP.name: [steady(0.0, 1.0, 0.03), steady(2.0, 3.0, 0.03)]}
    assert Way((UP,)).delay_s(hole, at(1.5)) is None


def test_the_way_back_is_that_of_the_moment_of_turning() -> None:
    told = {
        UP.name: [steady(0.0, 20.0, 0.040)],
        DOWN.name: [steady(0.0, 20.0, 0.010)],
    }
    asked = []

    def back(at: float) -> Way:
        asked.append(at)
        return Way((DOWN,)) if at < 10.0 else Way((UP, DOWN))

    assert round_trip_s(Way((UP,)), back, told, 9.9) == pytest.approx((0.050, 0.050))
    assert round_trip_s(Way((UP,)), back, told, 9.97) == pytest.approx((0.090, 0.090))
    assert asked == pytest.approx([9.94, 10.01])
    assert round_trip_s(Way((UP,)), back, {}, 5.0) is None
    assert round_trip_s(Way((UP,)), lambda _: Way((DOWN,)), {UP.name: told[UP.name]}, 1.0) is None


def replies(*numbers: int) -> list[Reply]:
    return [Reply(each, 1_000.0 + each, 0.01) for each in numbers]


def test_gaps_are_counted_in_what_was_sent() -> None:
    assert longest_gap(replies(1, 2, 3), 0.02) == 0.0
    assert longest_gap(replies(1, 5, 6, 8), 0.02) == pytest.approx(0.06)
    assert longest_gap([], 0.02) == float("inf")
    assert longest_gap(replies(4), 0.02) == float("inf")
    assert replies(1)[0].sent_at == pytest.approx(1_000.99)


@given(st.sets(st.integers(1, 300), min_size=2), st.floats(0.01, 1.0))
def test_a_gap_is_the_longest_run_of_missing_numbers(numbers: set[int], interval_s: float) -> None:
    run, longest = 0, 0
    for each in range(min(numbers), max(numbers) + 1):
        run = 0 if each in numbers else run + 1
        longest = max(longest, run)
    assert longest_gap(replies(*sorted(numbers)), interval_s) == pytest.approx(longest * interval_s)


def test_percentiles_are_by_nearest_rank() -> None:
    # Wikipedia, "Percentile", the nearest-rank method: its first two worked examples.
    assert [percentile([15, 20, 35, 40, 50], p) for p in (5, 30, 40, 50, 100)] == [
        *(15, 20, 20, 35, 50),
    ]
    assert [percentile([3, 6, 7, 8, 8, 10, 13, 15, 16, 20], p) for p in (25, 50, 75, 100)] == [
        *(7, 8, 15, 20),
    ]
    assert percentile([], 99.0) == float("inf")


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.floats(0.1, 100.0))
def test_so_many_values_are_at_most_the_percentile(values: list[float], percent: float) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(each <= found for each in values) >= len(values) * percent / 100.0 - 1e-9


def test_the_table_of_a_proof() -> None:
    findings = [
        Finding("ping between every pair", "10 of 10", "10", True),
        Finding("a cut bearer", "812 ms", "300 ms", False),
    ]
    assert table(findings).splitlines() == [
        "claim                    measured  limit",
        "ping between every pair  10 of 10  10      holds",
        "a cut bearer             812 ms    300 ms  FAILS",
    ]
    assert findings[1].to_object() == {
        "claim": "a cut bearer",
        "measured": "812 ms",
        "limit": "300 ms",
        "holds": False,
    }
    assert table([]).split() == ["claim", "measured", "limit"]
