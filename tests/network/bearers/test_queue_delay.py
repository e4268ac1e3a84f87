"""The queue of one bearer, by round trips to ends at different distances."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from baluardo.network.bearers.queue_delay import MOST_ENDS, Measure, QueueDelay
from baluardo.network.bearers.rate import BASE_SECONDS, SAMPLING_SECONDS

DISTANCES = {"near": 0.030, "middle": 0.070, "far": 0.250}


def run(queue: QueueDelay, start: float, seconds: float, trips: dict[str, float]) -> list[Measure]:
    """Measure each end every 50 ms, one after the other as answers come."""
    measures = []
    for turn in range(round(seconds / SAMPLING_SECONDS)):
        for place, (peer, rtt) in enumerate(trips.items()):
            at = start + turn * SAMPLING_SECONDS + place * SAMPLING_SECONDS / len(trips)
            measure = queue.take((peer, 0), rtt, at)
            if measure is not None:
                measures.append(measure)
    return measures


def test_distances_are_no_queue() -> None:
    queue = QueueDelay()
    measures = run(queue, 0.0, 60.0, DISTANCES)
    assert max(each.queue_s for each in measures) == 0.0
    assert {each.base_s for each in measures[1:]} == {0.030}
    assert len(measures) > 0.9 * 60.0 / SAMPLING_SECONDS
    control = [trip for _ in range(20) for trip in DISTANCES.values()]
    assert max(control) - min(control) > 0.2  # taken for one end they would be


def test_a_queue_delays_everybody_and_is_seen() -> None:
    queue = QueueDelay()
    run(queue, 0.0, 5.0, DISTANCES)
    late = {peer: rtt + 0.02 for peer, rtt in DISTANCES.items()}
    assert all(abs(each.queue_s - 0.02) < 1e-9 for each in run(queue, 5.0, 5.0, late)[1:])


def test_one_that_is_late_by_itself_is_no_queue() -> None:
    queue, chance = QueueDelay(), random.Random(1)  # noqa: S311 - a network's noise
    for second in range(60):
        trips = DISTANCES | {"evil": 0.04 + chance.uniform(0.0, 0.2)}
        assert all(each.queue_s == 0.0 for each in run(queue, float(second), 1.0, trips))


def test_one_that_comes_while_there_is_a_queue_does_not_hide_it() -> None:
    queue = QueueDelay()
    run(queue, 0.0, 5.0, {"near": 0.030})
    run(queue, 5.0, 1.0, {"near": 0.050})
    measures = run(queue, 6.0, 5.0, {"near": 0.050, "new": 0.120})
    assert all(abs(each.queue_s - 0.02) < 1e-9 for each in measures)


def test_a_least_round_trip_is_forgotten() -> None:
    queue = QueueDelay()
    run(queue, 0.0, 5.0, {"near": 0.030})
    measures = run(queue, 5.0, BASE_SECONDS + 5.0, {"near": 0.050})
    assert measures[0].queue_s > 0.019
    assert measures[-1].queue_s == 0.0
    assert [each.is_anew for each in measures].count(True) == 1
    assert measures[-1].base_s == 0.050


def test_after_a_disturbance_nothing_is_compared_with_before() -> None:
    queue = QueueDelay()
    run(queue, 0.0, 5.0, {"near": 0.030})
    queue.disturb()
    measures = run(queue, 5.0, 1.0, {"near": 0.060})
    assert {(each.queue_s, each.base_s, each.is_anew) for each in measures} == {(0.0, 0.060, False)}


def test_what_is_measured_once_in_a_while_counts_for_nothing() -> None:
    queue = QueueDelay()
    for turn in range(20):
        run(queue, 2.0 * turn, 2.0, {"near": 0.040})
        queue.take(("idle", 0), 0.010 + 0.001 * turn, 2.0 * turn + 1.99)
    measures = run(queue, 40.0, 1.0, {"near": 0.040})
    assert {each.base_s for each in measures} == {0.040}


@given(
    trips=st.lists(
        st.tuples(st.integers(0, 5), st.floats(1e-6, 9.0), st.floats(0.0, 40.0)), max_size=60
    )
)
def test_whatever_is_measured_the_queue_is_one(trips: list[tuple[int, float, float]]) -> None:
    queue, now = QueueDelay(), 0.0
    for peer, rtt, wait in trips:
        now += wait
        measure = queue.take((str(peer), 0), rtt, now)
        if measure is not None:
            assert 0.0 <= measure.queue_s <= 9.0
            assert 0.0 <= measure.base_s <= 9.0


def test_ends_without_number_are_not_all_kept() -> None:
    queue = QueueDelay()
    for number in range(3 * MOST_ENDS):
        queue.take((str(number), 0), 0.05, 1e-4 * number)
    assert len(queue._ends) <= MOST_ENDS
