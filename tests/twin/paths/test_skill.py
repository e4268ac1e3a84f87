"""Log against forecast: what the twin itself wrote is recovered, and a constant shows no skill."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.geo.subscribers import subscribers
from baluardo.terms import Place, slot_at, slot_start
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.model import PathModel
from baluardo.twin.paths.ping_log import LogKind, PingLog
from baluardo.twin.paths.planner import Planner
from baluardo.twin.paths.segments import wire_path
from baluardo.twin.paths.skill import Forecast, compare, forecast_of, slots_of, spearman
from baluardo.twin.paths.world import World
from baluardo.twin.sky.sky import Sky

SLOTS = 80
EVERY_S = 0.2
FIRST = slot_at(1_748_520_000.0)
"""The slot of 2025-05-29T12:00:00Z."""
ONE_MILLISECOND = 1e-3


@pytest.fixture(scope="module")
def planned(default_catalogue):
    """Return twenty minutes of paths of Rome and Berlin."""
    terminals = [
        Terminal("Rome", Place("Rome", 41.9, 12.5)),
        Terminal("Berlin", Place("Berlin", 52.5, 13.4)),
    ]
    world = World(ComputedEphemeris(Sky(default_catalogue)), subscribers())
    planner = Planner(world.around([41.9, 52.5], [12.5, 13.4]))
    return [planner.paths(slot, terminals) for slot in range(FIRST, FIRST + SLOTS)]


def log_of(times, rtt_s, **columns):
    times, rtt_s = np.asarray(times, dtype=float), np.asarray(rtt_s, dtype=float)
    nothing = np.full(len(times), np.nan)
    told = {"lost": np.isnan(rtt_s).astype(float), "down_bps": nothing, "up_bps": nothing} | columns
    return PingLog("log", LogKind.PING_CSV, times, rtt_s, **told)


@pytest.fixture(scope="module")
def written(planned):
    """Return pings through the path of Rome as the wire would carry them."""
    path, random = wire_path(planned, 0), np.random.default_rng(5)
    times = np.arange(path.start, path.end, EVERY_S)
    rtt = np.empty(len(times))
    for k, time in enumerate(times.tolist()):
        part = path.at(time)
        delays = [d.delay_after(time - part.start) for d in (part.up, part.down)]
        jitter = np.hypot(part.up.jitter_s, part.down.jitter_s)
        rtt[k] = max(sum(delays) + random.normal(0.0, jitter), 0.001)
        if random.random() < 1.0 - (1.0 - part.up.loss) * (1.0 - part.down.loss):
            rtt[k] = np.nan
    return log_of(times, rtt)


def test_what_the_twin_wrote_is_recovered(planned, written):
    found = compare(written, forecast_of(planned, 0, PathModel()))
    assert found.compared_slots == found.measured_slots == SLOTS
    assert found.silent_slots == found.out_in_forecast == 0
    assert abs(found.bias_s) < ONE_MILLISECOND / 2.0
    assert found.mean_absolute_error_s < ONE_MILLISECOND
    for _, measured, forecast in found.quantiles:
        assert abs(measured - forecast) < ONE_MILLISECOND
    assert found.spread_s[0] == pytest.approx(found.spread_s[1], rel=0.15)
    assert found.loss[0] == pytest.approx(found.loss[1], abs=0.006)
    assert found.skill.skill > 0.95
    assert found.spearman > 0.95
    seen = found.handovers
    assert seen.steps > SLOTS / 3
    assert seen.on_boundary > 0.9
    assert seen.predicted > SLOTS / 2
    assert seen.predicted_with_step > 0.4
    assert abs(seen.clock_offset_s) < 0.25
    assert found.down is None


def test_the_forecast_of_another_place_has_no_skill(planned, written):
    other = compare(written, forecast_of(planned, 1, PathModel()))
    assert other.skill.skill < 0.2
    assert abs(other.spearman) < 0.4


def test_a_clock_ahead_is_told_but_not_taken_off(planned, written):
    early = replace(written, times=written.times + 3.0)
    # The log now reaches into one more slot than was planned.
    keep = slots_of(early) < FIRST + SLOTS
    early = PingLog(
        "log",
        LogKind.PING_CSV,
        *(getattr(early, n)[keep] for n in ("times", "rtt_s", "lost", "down_bps", "up_bps")),
    )
    forecast = forecast_of(planned, 0, PathModel())
    found = compare(early, forecast)
    assert found.handovers.clock_offset_s == pytest.approx(3.0, abs=0.3)
    assert found.handovers.on_boundary < 0.1
    right = compare(early, forecast, clock_offset_s=3.0)
    assert right.skill.skill > found.skill.skill
    assert abs(right.handovers.clock_offset_s) < 0.3


def test_a_constant_log_shows_no_skill(planned):
    times = slot_start(FIRST) + np.arange(0.0, 15.0 * SLOTS, EVERY_S)
    found = compare(log_of(times, np.full(len(times), 0.03)), forecast_of(planned, 0, PathModel()))
    assert found.skill.skill is None
    assert found.skill.persistence_rms_s == 0.0
    assert found.skill.twin_rms_s > 0.0
    assert found.spearman is None
    assert found.handovers.steps == 0
    assert found.handovers.on_boundary is None
    assert found.handovers.predicted_with_step == 0.0
    assert found.handovers.clock_offset_s is None
    noisy = 0.03 + np.random.default_rng(1).normal(0.0, 0.001, len(times))
    found = compare(log_of(times, noisy), forecast_of(planned, 0, PathModel()))
    assert found.skill.skill < 0.0
    assert found.handovers.clock_offset_s is None


def plain(rtt_s, first=FIRST, handover=None, **columns):
    """Return a forecast of slots that follow each other."""
    n = len(rtt_s)
    told = {
        "jitter_s": np.zeros(n),
        "loss": np.zeros(n),
        "rate_down_bps": np.full(n, 1e8),
        "rate_up_bps": np.full(n, 1e7),
    } | columns
    return Forecast(
        slots=np.arange(first, first + n),
        rtt_s=np.asarray(rtt_s, dtype=float),
        handover=np.zeros(n, dtype=bool) if handover is None else np.array(handover),
        **told,
    )


def each_second(levels, first=FIRST):
    """Return a log of a ping a second, in the middle of the seconds, at a level a slot."""
    times = slot_start(first) + 0.5 + np.arange(15.0 * len(levels))
    return log_of(times, np.repeat(levels, 15))


def test_skill_by_hand():
    # Errors 1, 1, 1 ms against persistence's 10, 20, 10 ms (the first slot has none before it).
    found = compare(each_second([0.03, 0.04, 0.02, 0.03]), plain([0.031, 0.041, 0.021, 0.031]))
    assert found.skill.slots == 3
    assert found.bias_s == pytest.approx(0.001)
    assert found.skill.skill == pytest.approx(1.0 - 1.0 / 200.0)
    assert found.skill.skill_without_bias == pytest.approx(1.0)
    assert found.spearman == pytest.approx(1.0)
    same = compare(each_second([0.03, 0.04, 0.02]), plain([0.09, 0.03, 0.04]))
    assert same.skill.skill == pytest.approx(0.0)
    assert same.skill.skill_without_bias is None


def test_handovers_by_hand():
    log = each_second([0.03, 0.05, 0.05, 0.02, 0.02])
    found = compare(log, plain([0.03] * 5, handover=[True, True, True, False, False])).handovers
    assert found.steps == 2
    assert found.on_boundary == 1.0
    assert (found.predicted, found.predicted_with_step) == (2, 0.5)
    assert (found.other, found.other_with_step) == (2, 0.5)


def test_gaps_outages_and_sparse_lines():
    log = each_second([0.03, 0.04, np.nan, 0.05, 0.05])
    found = compare(log, plain([0.03, np.inf, np.inf, 0.05, 0.05]))
    assert (found.measured_slots, found.compared_slots) == (4, 3)
    assert (found.silent_slots, found.out_in_forecast, found.silent_and_out) == (1, 2, 1)
    assert found.skill.slots == 1
    sparse = log_of(slot_start(FIRST) + np.arange(0.0, 150.0, 4.0), np.full(38, 0.03))
    assert compare(sparse, plain([0.03] * 10)).handovers is None


def test_hours_are_told_apart():
    first = slot_at(1_748_520_000.0 - 45.0)  # the third begins at 11:59:42
    found = compare(
        each_second([0.03, 0.04, 0.05, 0.02, 0.01, 0.03], first),
        plain([0.03, 0.04, 0.05, 0.03, 0.02, 0.01], first),
    )
    assert [h.slots for h in found.hours] == [3, 3]
    assert [h.start for h in found.hours] == [1_748_516_400.0, 1_748_520_000.0]
    assert found.hours[0].spearman == pytest.approx(1.0)
    assert found.hours[1].spearman == pytest.approx(-0.5)
    assert found.hours[1].measured_s == pytest.approx(0.02)
    assert found.spearman_of_hours is None


def test_rates_that_were_used():
    log = each_second([0.03, 0.03])
    used = np.where(np.arange(30) < 3, 2e8, 1e6)
    found = compare(replace(log, down_bps=used), plain([0.03, 0.03]))
    assert found.down.used_highest == 2e8
    assert found.down.forecast_median == 1e8
    assert found.down.above_forecast == pytest.approx(0.1)
    assert found.up is None


def test_what_cannot_be_compared_is_refused():
    log = each_second([0.03, 0.03])
    with pytest.raises(InvalidInputError, match=f"Slot {FIRST + 1} of the log was not forecast"):
        compare(log, plain([0.03]))
    with pytest.raises(InvalidInputError, match="no slot has 3 answers"):
        compare(log, plain([np.inf, np.inf]))
    with pytest.raises(InvalidInputError, match="no slot has 3 answers"):
        compare(log_of(log.times[:2], log.rtt_s[:2]), plain([0.03]))
    for offset in (np.nan, np.inf, 1e6):
        with pytest.raises(InvalidInputError, match="clock_offset_s"):
            compare(log, plain([0.03, 0.03]), offset)
    with pytest.raises(InvalidInputError, match="No slot"):
        forecast_of([], 0, PathModel())


def test_spearman_by_hand():
    # scipy.stats.spearmanr 1.17 gives the same two numbers, the second with ties.
    assert spearman(
        [106, 100, 86, 101, 99, 103, 97, 113, 112, 110], [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]
    ) == pytest.approx(-0.17575757575757575)
    assert spearman([1, 2, 2, 3, 4], [5, 6, 7, 8, 7]) == pytest.approx(0.7631578947368421)
    assert spearman([1, 2], [1, 2]) is None
    assert spearman([1, 1, 1], [1, 2, 3]) is None


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-20, 20), min_size=3, max_size=30), st.integers(0, 1_000))
def test_spearman_is_of_ranks(values, seed):
    other = np.random.default_rng(seed).permutation(len(values))
    found = spearman(values, other)
    if found is None:
        assert len(set(values)) == 1
        return
    assert -1.0 - 1e-12 <= found <= 1.0 + 1e-12
    assert spearman(np.exp(np.array(values) / 10.0), other) == pytest.approx(found)
    assert spearman(values, -other) == pytest.approx(-found)
