"""The rate of a bearer against a bottleneck on a virtual clock."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.network.bearers.rate import BELIEVED_SECONDS, RateControl
from baluardo.network.bearers.rate_limits import RateLimits
from baluardo.network.bearers.telemetry import Telemetry

STEP = 0.005
PROBE_EVERY = 0.05
MOST_QUEUE = 0.030
"""Issue 6: a full upload adds no more than 30 ms to a call."""


@dataclass
class Bottleneck:
    """A link with a queue without end; a probe waits behind what was sent before it."""

    capacity: Callable[[float], float]
    base: Callable[[float], float]
    control: RateControl
    jitter: float = 0.0005
    seed: int = 1
    pressed: bool = True
    tell_forecast: bool = False
    disturbed: Callable[[float], bool] = lambda _: False
    now: float = 0.0
    backlog: float = 0.0
    queues: list[tuple[float, float]] = field(default_factory=list)
    sent: list[tuple[float, float]] = field(default_factory=list)

    def run(self, until: float) -> None:
        chance = random.Random(self.seed)  # noqa: S311 - a network's noise
        answers: list[tuple[float, float, bool]] = []
        next_probe = self.now
        self.control.press(self.pressed, self.now)
        while self.now < until:
            capacity = self.capacity(self.now)
            if self.tell_forecast:
                soon = min(self.capacity(self.now + a * STEP) for a in range(60))
                self.control.forecast(soon, self.now)
            while answers and answers[0][0] <= self.now:
                at, rtt, disturbed = heapq.heappop(answers)
                self.control.measure(rtt, at, disturbed)
            rate = self.control.rate_bps(self.now) if self.pressed else 0.0
            self.backlog = max(0.0, self.backlog + (rate - capacity) * STEP)
            self.queues.append((self.now, self.backlog / capacity))
            self.sent.append((self.now, rate))
            if self.now >= next_probe:
                rtt = self.base(self.now) + self.backlog / capacity
                rtt += abs(chance.gauss(0.0, self.jitter))
                heapq.heappush(answers, (self.now + rtt, rtt, self.disturbed(self.now)))
                next_probe += PROBE_EVERY
            self.now += STEP

    def worst_queue(self, start: float, end: float) -> float:
        return max(queue for at, queue in self.queues if start <= at < end)

    def mean_rate(self, start: float, end: float) -> float:
        rates = [rate for at, rate in self.sent if start <= at < end]
        return sum(rates) / len(rates)


def steady(value: float) -> Callable[[float], float]:
    return lambda _: value


@pytest.mark.parametrize("capacity", [0.5e6, 6e6, 23e6, 200e6])
@pytest.mark.parametrize("base", [0.010, 0.045, 0.120])
def test_full_upload_keeps_the_queue_short(capacity: float, base: float) -> None:
    control = RateControl(RateLimits(start_bps=capacity / 2))
    link = Bottleneck(steady(capacity), steady(base), control)
    link.run(90.0)
    assert link.worst_queue(0.0, 90.0) < MOST_QUEUE
    assert 0.85 * capacity < link.mean_rate(30.0, 90.0) < capacity


def test_geostationary_bearer_keeps_the_queue_short() -> None:
    link = Bottleneck(steady(2e6), steady(0.6), RateControl(RateLimits(start_bps=1e6)))
    link.run(180.0)
    assert link.worst_queue(0.0, 180.0) < MOST_QUEUE
    assert link.mean_rate(90.0, 180.0) > 0.75 * 2e6


def test_without_the_control_the_queue_grows_without_end() -> None:
    """The control of this test file's bottleneck: it is one."""

    class Blind(RateControl):
        def rate_bps(self, now: float) -> float:  # noqa: ARG002
            return 12e6

    link = Bottleneck(steady(10e6), steady(0.04), Blind())
    link.run(10.0)
    assert link.worst_queue(0.0, 10.0) > 1.0


def test_rate_recovers_after_a_fade() -> None:
    def fading(now: float) -> float:
        return 5e6 if 30.0 <= now < 50.0 else 20e6

    link = Bottleneck(fading, steady(0.04), RateControl(RateLimits(start_bps=10e6)))
    link.run(120.0)
    assert link.worst_queue(0.0, 30.0) < MOST_QUEUE
    assert link.worst_queue(34.0, 120.0) < MOST_QUEUE  # nobody told of it: 4 s to settle
    assert link.mean_rate(40.0, 50.0) > 0.75 * 5e6
    assert link.mean_rate(70.0, 120.0) > 0.85 * 20e6


def test_forecast_fade_never_fills_the_queue() -> None:
    def slots(now: float) -> float:
        return (20e6, 12e6, 16e6, 9e6)[int(now // 15) % 4]

    told, untold = (
        Bottleneck(slots, steady(0.04), RateControl(RateLimits(start_bps=10e6)), tell_forecast=tell)
        for tell in (True, False)
    )
    told.run(180.0)
    untold.run(180.0)
    assert told.worst_queue(0.0, 180.0) < MOST_QUEUE
    assert told.mean_rate(60.0, 180.0) > 0.75 * (20 + 12 + 16 + 9) / 4 * 1e6
    assert untold.worst_queue(60.0, 180.0) > 3 * MOST_QUEUE


def test_rate_after_a_forecast_outage_is_that_of_the_slot_after_it() -> None:
    after, unknown = RateControl(), RateControl()
    for bps, control in ((0.0, after), (None, unknown)):
        control.forecast(20e6, 0.0)
        control.forecast(bps, 1.0)
        assert control.rate_bps(1.0) == 5e6
        control.forecast(8e6, 2.0)
    assert after.rate_bps(2.0) == 2e6
    assert unknown.rate_bps(2.0) == 5e6  # of what nobody knew nothing is compared


def test_forecast_that_is_wrong_by_a_factor_harms_nothing() -> None:
    control = RateControl(RateLimits(start_bps=5e6))
    control.forecast(1e6, 0.0)
    link = Bottleneck(steady(20e6), steady(0.04), control)
    link.run(60.0)
    assert link.mean_rate(30.0, 60.0) > 0.85 * 20e6


def test_another_satellite_is_no_queue() -> None:
    """The least delay changes with each slot: neither cut for good nor hidden queue."""

    def base(now: float) -> float:
        return (0.030, 0.055, 0.026, 0.048)[int(now // 15) % 4]

    def disturbed(now: float) -> bool:
        return now % 15 < 0.14 or now % 15 > 14.925

    link = Bottleneck(steady(20e6), base, RateControl(RateLimits(start_bps=10e6)))
    link.disturbed = disturbed
    link.run(240.0)
    assert link.worst_queue(0.0, 240.0) < MOST_QUEUE
    assert link.mean_rate(60.0, 240.0) > 0.8 * 20e6


def test_delay_that_stays_is_the_paths_own() -> None:
    """Nobody told of the change: the rate comes back by itself."""

    def base(now: float) -> float:
        return 0.03 if now < 30.0 else 0.06

    link = Bottleneck(steady(20e6), base, RateControl(RateLimits(start_bps=10e6), patience=5))
    link.run(120.0)
    assert link.mean_rate(80.0, 120.0) > 0.8 * 20e6
    assert link.worst_queue(0.0, 120.0) < MOST_QUEUE


def test_slot_edges_that_nobody_tells_of_are_outlasted() -> None:
    def base(now: float) -> float:
        return 0.07 if now % 15 < 0.14 else 0.04

    link = Bottleneck(steady(20e6), base, RateControl(RateLimits(start_bps=10e6), patience=5))
    link.run(120.0)
    assert link.mean_rate(45.0, 120.0) > 0.8 * 20e6


def test_a_rate_that_nobody_uses_does_not_grow() -> None:
    control = RateControl(RateLimits(start_bps=5e6))
    link = Bottleneck(steady(20e6), steady(0.04), control, pressed=False)
    link.run(60.0)
    assert control.rate_bps(60.0) == 5e6


def test_outage_told_by_the_device_is_the_floor_while_it_is_news() -> None:
    control = RateControl(RateLimits(floor_bps=64e3, start_bps=5e6))
    control.telemetry(Telemetry(10.0, outage="NO_SATS"))
    assert control.rate_bps(10.5) == 64e3
    assert control.rate_bps(20.0) == 5e6


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1_000),
    rates=st.lists(st.floats(1e6, 1e8), min_size=1, max_size=4),
    base=st.floats(0.005, 0.3),
)
def test_rate_stays_between_floor_and_ceiling(seed: int, rates: list[float], base: float) -> None:
    limits = RateLimits(floor_bps=5e5, ceiling_bps=5e7, start_bps=2e6)
    link = Bottleneck(lambda t: rates[int(t) % len(rates)], steady(base), RateControl(limits))
    link.seed, link.jitter = seed, 0.01
    link.run(10.0)
    assert all(5e5 <= rate <= 5e7 for _, rate in link.sent)


@given(rtt=st.floats())
def test_round_trips_that_cannot_be_are_dropped(rtt: float) -> None:
    control = RateControl()
    control.measure(rtt, 1.0)
    assert control.rate_bps(1.0) == RateLimits().start_bps


def test_limits_out_of_order_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="in this order"):
        RateLimits(floor_bps=10.0, ceiling_bps=5.0, start_bps=7.0)


@pytest.mark.parametrize("capacity", [0.3e6, 6e6])
@pytest.mark.parametrize("patience", [2, 5])
def test_what_the_path_gives_is_known_as_long_as_traffic_fills_it(
    capacity: float, patience: int
) -> None:
    control = RateControl(RateLimits(start_bps=2 * capacity), patience)
    path = Bottleneck(steady(capacity), steady(0.045), control)
    path.run(60.0)  # past the first queue, and what it leaves
    for second in range(60, 240):
        path.run(float(second))
        known = control.path_bps(path.now)
        assert known is not None, second
        assert known < 1.5 * capacity


def test_a_rate_that_nobody_uses_says_nothing_and_not_before_the_path_is_full_again() -> None:
    control = RateControl(RateLimits(start_bps=0.5e6))
    gives = 0.2e6
    path = Bottleneck(lambda _: gives, steady(0.045), control)
    path.run(60.0)
    assert control.path_bps(path.now) is not None
    gives, path.pressed = 20e6, False
    path.run(60.0 + BELIEVED_SECONDS + 1.0)
    assert control.path_bps(path.now) is None
    assert control.path_bps(path.now, 10e6) == 10e6  # what it was told
    path.pressed = True  # as by one call, with the rate as low as it was left
    for second in range(72, 79):
        path.run(float(second))
        assert control.path_bps(path.now) is None
    gives = 0.8 * control.rate_bps(path.now)
    path.run(path.now + 5.0)
    assert control.path_bps(path.now) is not None


def test_a_queue_that_nobody_here_made_is_no_measure_of_the_path() -> None:
    control, at = RateControl(RateLimits(start_bps=5e6)), 0.0
    for turn in range(1_200):  # a neighbour answers later and later
        at += PROBE_EVERY
        control.press(False, at)
        control.measure(0.06 + 0.004 * (turn % 400), at)
    assert control.rate_bps(at) < 1e6
    assert control.path_bps(at) is None


def test_a_forecasts_fall_counts_while_it_lasts_and_an_outage_of_what_is_known() -> None:
    control = RateControl(RateLimits(start_bps=5e6))
    for bps, known in ((4e6, None), (1e6, 1.25e6), (2e6, 2.5e6), (0.0, 2.5e6), (4e6, None)):
        control.forecast(bps, 1.0)
        assert control.path_bps(1.0) == known
    control.forecast(400e6, 2.0)
    control.forecast(4e6, 2.0)  # a hundredth of what was never measured, and wide all the same
    assert control.path_bps(2.0) == 4e6
    control.telemetry(Telemetry(at=3.0, outage="NO_SATS"))
    assert control.path_bps(3.0) == 64e3
    control.forecast(None, 3.0)
    assert control.path_bps(3.0) is None
    assert control.path_bps(3.0, 10e6) == 64e3
    assert control.path_bps(60.0, 10e6) == 10e6
